# SPDX-License-Identifier: BSD-3-Clause
# What only the tests need. Included by the top Makefile.am.

EXTRA_DIST += tests/system/system.sh tests/system/workers.sh \
	tests/system/conftest.py tests/system/demo.py tests/system/test_enable_property.py \
	tests/system/lab.py tests/system/test_break_glass.py tests/system/test_config.py \
	tests/system/test_conversation.py tests/system/test_failover.py tests/system/test_local.py \
	tests/system/test_history.py tests/system/test_limits.py tests/system/test_memory.py tests/system/test_module.py \
	tests/system/test_manual.py tests/system/test_package.py tests/system/test_remember.py \
	tests/system/test_hostile.py tests/system/test_policy.py tests/system/test_provider.py \
	tests/system/test_secrets.py tests/system/test_sim.py tests/system/test_ssh.py \
	tests/system/test_sshd_config.py \
	tests/system/test_store.py tests/system/test_swmfactl.py \
	tests/system/test_swmfactl_history.py tests/system/test_swmfactl_pass.py \
	tests/system/test_swmfactl_enable.py tests/system/test_swmfactl_init.py \
	tests/system/stacks.py tests/system/test_swmfactl_doctor.py \
	tests/system/test_swmfactl_doctor_sudo.py \
	tests/system/test_swmfactl_check.py \
	tests/system/test_swmfactl_store.py \
	tests/system/test_swmfactl_test.py \
	tests/system/test_swmfactl_user.py \
	tests/bench/bench.py

TEST_EXTENSIONS = .sh
LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
SH_LOG_DRIVER = $(LOG_DRIVER)
AM_TESTS_ENVIRONMENT = CMOCKA_MESSAGE_OUTPUT=TAP; export CMOCKA_MESSAGE_OUTPUT; \
	SWMFA_SRCDIR='$(abs_top_srcdir)' SWMFA_BUILDDIR='$(abs_top_builddir)'; \
	export SWMFA_SRCDIR SWMFA_BUILDDIR;

check_libs = $(helper_libs) $(CMOCKA_LIBS)

if TESTS_WANTED
unit_tests = tests/unit/codes_test tests/unit/config_test tests/unit/delivery_test \
	tests/unit/dispatch_test tests/unit/edit_test tests/unit/file_test tests/unit/filter_test tests/unit/gsm_test \
	tests/unit/history_test \
	tests/unit/json_test tests/unit/key_test tests/unit/limit_test tests/unit/log_test \
	tests/unit/map_test tests/unit/network_test tests/unit/number_test tests/unit/pace_test tests/unit/pass_test \
	tests/unit/people_test tests/unit/phone_test tests/unit/price_test tests/unit/provider_test \
	tests/unit/remember_test tests/unit/reply_test tests/unit/request_test tests/unit/restore_test \
	tests/unit/sends_test \
	tests/unit/sheet_test tests/unit/sshd_test tests/unit/sshkey_test tests/unit/stack_test tests/unit/store_test \
	tests/unit/tries_test tests/unit/upgrade_test tests/unit/users_test tests/unit/wire_test
check_PROGRAMS = $(unit_tests) tests/sim/swmfa-sim tests/module/pamhost tests/module/impostor \
	tests/unit/list_keys tests/bench/floor tests/bench/ledger \
	tests/bench/without
check_DATA = tests/module/meddle.so tests/module/patient.so
TESTS = tests/system/workers.sh $(unit_tests)
endif

# A unit test is one file, with the flags and libraries of the helper and cmocka.
LDADD = $(check_libs)
tests_unit_edit_test_SOURCES = tests/unit/edit_test.c pam_swmfa/ctl/edit.c
tests_unit_filter_test_SOURCES = tests/unit/filter_test.c pam_swmfa/ctl/filter.c
tests_unit_map_test_SOURCES = tests/unit/map_test.c pam_swmfa/ctl/map.c
tests_unit_number_test_SOURCES = tests/unit/number_test.c pam_swmfa/ctl/number.c
tests_unit_sheet_test_SOURCES = tests/unit/sheet_test.c pam_swmfa/ctl/sheet.c pam_swmfa/ctl/number.c
tests_unit_sheet_test_LDADD = $(check_libs) $(CSV_LIBS)
EXTRA_DIST += tests/unit/.clang-tidy tests/unit/unit.h tests/unit/unit_config.h tests/unit/unit_store.h

# What swmfactl makes of PAM stacks, beside libpam itself.
stack_sources = pam_swmfa/ctl/dispatch.c pam_swmfa/ctl/dispatch.h pam_swmfa/ctl/stack.c \
	pam_swmfa/ctl/stack.h
tests_unit_dispatch_test_SOURCES = tests/unit/dispatch_test.c $(stack_sources)
tests_unit_dispatch_test_LDADD = $(check_libs) $(PAM_LIBS)
tests_unit_stack_test_SOURCES = tests/unit/stack_test.c $(stack_sources) \
	pam_swmfa/ctl/explore.c pam_swmfa/ctl/explore.h pam_swmfa/ctl/modules.c pam_swmfa/ctl/modules.h

# The files of sshd.
tests_unit_sshd_test_SOURCES = tests/unit/sshd_test.c pam_swmfa/ctl/sshdfiles.c \
	pam_swmfa/ctl/sshdfiles.h pam_swmfa/ctl/sshdmatch.c pam_swmfa/ctl/sshdmatch.h \
	pam_swmfa/ctl/sshd.c pam_swmfa/ctl/sshd.h pam_swmfa/ctl/sshdblocks.c \
	pam_swmfa/ctl/sshdplan.c

# The simulator of the provider.
tests_sim_swmfa_sim_SOURCES = \
	tests/sim/answer.c tests/sim/answer.h tests/sim/api.c tests/sim/api.h \
	tests/sim/bandwidth.c tests/sim/certificate.c tests/sim/certificate.h \
	tests/sim/challenge.c tests/sim/challenge.h tests/sim/fault.c tests/sim/fault.h \
	tests/sim/main.c tests/sim/options.c tests/sim/options.h tests/sim/phone.c \
	tests/sim/phone.h tests/sim/provider.h tests/sim/random.c tests/sim/random.h \
	tests/sim/request.c tests/sim/request.h tests/sim/server.c tests/sim/server.h \
	tests/sim/signalwire.c tests/sim/sink.c tests/sim/sink.h tests/sim/template.c \
	tests/sim/template.h tests/sim/trouble.c tests/sim/trouble.h \
	pam_swmfa/base/json_ascii.c pam_swmfa/base/json_ascii.h
tests_sim_swmfa_sim_CFLAGS = $(helper_cflags)
tests_sim_swmfa_sim_LDFLAGS = $(helper_ldflags)
tests_sim_swmfa_sim_LDADD = $(JSONC_LIBS) $(MICROHTTPD_LIBS) $(GNUTLS_LIBS)

# A PAM application that says all that the module does to it.
tests_module_pamhost_SOURCES = tests/module/pamhost.c tests/module/hoststate.c \
	tests/module/hoststate.h tests/module/inbox.c tests/module/inbox.h
tests_module_pamhost_LDADD = $(PAM_LIBS)

# A helper that misbehaves.
tests_module_impostor_SOURCES = tests/module/impostor.c pam_swmfa/wire/wire.c pam_swmfa/wire/wire.h
tests_module_impostor_CFLAGS = $(AM_CFLAGS)
tests_module_impostor_LDADD =

# Libraries that are loaded into what a test starts: without the sanitizers.
EXTRA_DIST += tests/module/meddle.c tests/module/patient.c
CLEANFILES += tests/module/meddle.so tests/module/patient.so
tests/module/meddle.so: tests/module/meddle.c
tests/module/patient.so: tests/module/patient.c
tests/module/meddle.so tests/module/patient.so: Makefile
	$(AM_V_CCLD)$(MKDIR_P) $(@D) && $(CC) $(DEFS) $(DEFAULT_INCLUDES) $(AM_CPPFLAGS) $(CPPFLAGS) \
	    $(filter-out -fsanitize% -fno-sanitize%,$(AM_CFLAGS)) $(CFLAGS) -fPIC -shared -o $@ \
	    $(filter %.c,$^)

# The least that a login over libcurl can cost.
tests_bench_floor_SOURCES = tests/bench/floor.c tests/module/inbox.c tests/module/inbox.h
tests_bench_floor_CFLAGS = $(helper_cflags)
tests_bench_floor_LDFLAGS = $(helper_ldflags)
tests_bench_floor_LDADD = $(CURL_LIBS)

# What the store costs, alone.
tests_bench_ledger_SOURCES = tests/bench/ledger.c
tests_bench_ledger_CFLAGS = $(helper_cflags)
tests_bench_ledger_LDFLAGS = $(helper_ldflags)
tests_bench_ledger_LDADD = libswmfa.a $(SQLITE_LIBS) $(CRYPTO_LIBS)
# The helper without it.
tests_bench_without_SOURCES = tests/bench/without.c pam_swmfa/auth/main.c
tests_bench_without_CFLAGS = $(helper_cflags)
tests_bench_without_LDFLAGS = $(helper_ldflags)
tests_bench_without_LDADD = $(helper_libs)

.PHONY: bench
bench: all $(check_PROGRAMS)
	SWMFA_SRCDIR='$(abs_top_srcdir)' SWMFA_BUILDDIR='$(abs_top_builddir)' \
	    $(top_srcdir)/tests/private-root $(PYTHON3) $(abs_top_srcdir)/tests/bench/bench.py $(PARTS)
