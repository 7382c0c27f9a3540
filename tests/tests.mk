# SPDX-License-Identifier: BSD-3-Clause
# Rules that only the tests need. Included by the top Makefile.am.

EXTRA_DIST += tests/system/system.sh tests/system/workers.sh \
	tests/system/conftest.py tests/system/demo.py tests/system/test_enable_property.py \
	tests/system/harness.py tests/system/test_break_glass.py tests/system/test_config.py \
	tests/system/test_conversation.py tests/system/test_failover.py tests/system/test_local.py \
	tests/system/test_history.py tests/system/test_limits.py tests/system/test_memory.py tests/system/test_module.py \
	tests/system/test_manual.py tests/system/test_package.py tests/system/test_remember.py \
	tests/system/test_enable_listener.py tests/system/test_fail2ban.py \
	tests/system/test_hostile.py tests/system/test_policy.py tests/system/test_provider.py \
	tests/system/test_secrets.py tests/system/test_sim.py tests/system/test_ssh.py \
	tests/system/test_sshd_config.py \
	tests/system/test_store.py tests/system/test_swmfactl.py \
	tests/system/test_swmfactl_history.py tests/system/test_swmfactl_bypass.py \
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
unit_tests = \
	tests/unit/base/log_test tests/unit/base/problem_test tests/unit/base/sshkey_test tests/unit/base/subprocess_test \
	tests/unit/wire/wire_test \
	tests/unit/config/config_test tests/unit/config/file_test tests/unit/config/gsm_test \
	tests/unit/config/key_test tests/unit/config/limit_test tests/unit/config/network_test \
	tests/unit/config/phone_test tests/unit/config/price_test tests/unit/config/users_test \
	tests/unit/store/bypass_test tests/unit/store/codes_test tests/unit/store/failures_test \
	tests/unit/store/history_test tests/unit/store/latency_test tests/unit/store/remember_test \
	tests/unit/store/restore_test tests/unit/store/sends_test tests/unit/store/store_test \
	tests/unit/store/upgrade_test tests/unit/store/user_iter_test \
	tests/unit/provider/json_test tests/unit/provider/provider_test \
	tests/unit/provider/request_test \
	tests/unit/auth/delivery_test tests/unit/auth/reply_test \
	tests/unit/pamstack/dispatch_test tests/unit/pamstack/pamstack_test \
	tests/unit/ctl/atomic_write_test tests/unit/ctl/csv_test tests/unit/ctl/filter_test \
	tests/unit/ctl/number_test tests/unit/ctl/sshd_config_test tests/unit/ctl/users_map_test
check_PROGRAMS = $(unit_tests) tests/sim/swmfa-sim tests/module/pamhost tests/module/fake_helper \
	tests/unit/config/list_keys tests/bench/baseline tests/bench/store_cost \
	tests/bench/no_store
check_DATA = tests/module/preload_faults.so tests/module/patient.so
TESTS = tests/system/workers.sh $(unit_tests)
endif

# A unit test is one file, with the flags and libraries of the helper and cmocka.
LDADD = $(check_libs)
tests_unit_ctl_atomic_write_test_SOURCES = tests/unit/ctl/atomic_write_test.c pam_swmfa/ctl/files/atomic_write.c
tests_unit_ctl_filter_test_SOURCES = tests/unit/ctl/filter_test.c pam_swmfa/ctl/filter.c
tests_unit_ctl_users_map_test_SOURCES = tests/unit/ctl/users_map_test.c pam_swmfa/ctl/users/users_map.c
tests_unit_ctl_number_test_SOURCES = tests/unit/ctl/number_test.c pam_swmfa/ctl/users/number.c
tests_unit_ctl_csv_test_SOURCES = tests/unit/ctl/csv_test.c pam_swmfa/ctl/users/csv.c pam_swmfa/ctl/users/number.c
tests_unit_ctl_csv_test_LDADD = $(check_libs) $(CSV_LIBS)
EXTRA_DIST += tests/unit/.clang-tidy tests/unit/unit.h tests/unit/unit_config.h tests/unit/store/unit_store.h

# What swmfactl predicts of PAM stacks, compared with libpam.
stack_sources = pam_swmfa/pamstack/dispatch.c pam_swmfa/pamstack/dispatch.h pam_swmfa/pamstack/parse.c \
	pam_swmfa/pamstack/parse.h
tests_unit_pamstack_dispatch_test_SOURCES = tests/unit/pamstack/dispatch_test.c $(stack_sources)
tests_unit_pamstack_dispatch_test_LDADD = $(check_libs) $(PAM_LIBS)
tests_unit_pamstack_pamstack_test_SOURCES = tests/unit/pamstack/pamstack_test.c $(stack_sources) \
	pam_swmfa/pamstack/paths.c pam_swmfa/pamstack/paths.h pam_swmfa/pamstack/modules.c pam_swmfa/pamstack/modules.h

# The files of sshd.
tests_unit_ctl_sshd_config_test_SOURCES = tests/unit/ctl/sshd_config_test.c pam_swmfa/ctl/host/sshd_files.c \
	pam_swmfa/ctl/host/sshd_files.h pam_swmfa/ctl/host/sshd_match.c pam_swmfa/ctl/host/sshd_match.h \
	pam_swmfa/ctl/host/sshd_config.c pam_swmfa/ctl/host/sshd_config.h pam_swmfa/ctl/host/sshd_blocks.c \
	pam_swmfa/ctl/host/sshd_plan.c

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

# A PAM application that prints everything the module does to it.
tests_module_pamhost_SOURCES = tests/module/pamhost.c tests/module/hoststate.c \
	tests/module/hoststate.h tests/module/inbox.c tests/module/inbox.h
tests_module_pamhost_LDADD = $(PAM_LIBS)

# A helper that misbehaves.
tests_module_fake_helper_SOURCES = tests/module/fake_helper.c pam_swmfa/wire/wire.c pam_swmfa/wire/wire.h
tests_module_fake_helper_CFLAGS = $(AM_CFLAGS)
tests_module_fake_helper_LDADD =

# Libraries that are loaded into what a test starts: without the sanitizers.
EXTRA_DIST += tests/module/preload_faults.c tests/module/patient.c
CLEANFILES += tests/module/preload_faults.so tests/module/patient.so
tests/module/preload_faults.so: tests/module/preload_faults.c
tests/module/patient.so: tests/module/patient.c
tests/module/preload_faults.so tests/module/patient.so: Makefile
	$(AM_V_CCLD)$(MKDIR_P) $(@D) && $(CC) $(DEFS) $(DEFAULT_INCLUDES) $(AM_CPPFLAGS) $(CPPFLAGS) \
	    $(filter-out -fsanitize% -fno-sanitize%,$(AM_CFLAGS)) $(CFLAGS) -fPIC -shared -o $@ \
	    $(filter %.c,$^)

# The least that a login over libcurl can cost, to compare with.
tests_bench_baseline_SOURCES = tests/bench/baseline.c tests/module/inbox.c tests/module/inbox.h
tests_bench_baseline_CFLAGS = $(helper_cflags)
tests_bench_baseline_LDFLAGS = $(helper_ldflags)
tests_bench_baseline_LDADD = $(CURL_LIBS)

# What the store alone costs.
tests_bench_store_cost_SOURCES = tests/bench/store_cost.c
tests_bench_store_cost_CFLAGS = $(helper_cflags)
tests_bench_store_cost_LDFLAGS = $(helper_ldflags)
tests_bench_store_cost_LDADD = libswmfa.a $(SQLITE_LIBS) $(CRYPTO_LIBS)
# The helper without the store.
tests_bench_no_store_SOURCES = tests/bench/no_store.c pam_swmfa/auth/main.c
tests_bench_no_store_CFLAGS = $(helper_cflags)
tests_bench_no_store_LDFLAGS = $(helper_ldflags)
tests_bench_no_store_LDADD = $(helper_libs)

.PHONY: bench
bench: all $(check_PROGRAMS)
	SWMFA_SRCDIR='$(abs_top_srcdir)' SWMFA_BUILDDIR='$(abs_top_builddir)' \
	    $(top_srcdir)/tests/private-root $(PYTHON3) $(abs_top_srcdir)/tests/bench/bench.py $(PARTS)

# The developer's loop. One unit test builds only what it needs.
#     make unit              all unit tests          make unit T=reply or T=store/
#     make system            all system tests        make system T=test_ssh.py K=public_key
.PHONY: unit system
unit_wanted = $(if $(T),$(or $(filter %/$(T)_test $(T:%/=tests/unit/%/%),$(unit_tests)),$(T)_test),$(unit_tests))
unit: $(unit_wanted)
	@export SWMFA_SRCDIR='$(abs_top_srcdir)' SWMFA_BUILDDIR='$(abs_top_builddir)'; \
	failed=0; for test in $(unit_wanted); do ./$$test || { echo "FAILED $$test"; failed=1; }; done; exit $$failed
system: all
	$(MAKE) check TESTS=
	SWMFA_SRCDIR='$(abs_top_srcdir)' SWMFA_BUILDDIR='$(abs_top_builddir)' \
	    $(abs_top_srcdir)/tests/system/$(if $(T),system.sh $(T),workers.sh) $(if $(K),-k '$(K)')
