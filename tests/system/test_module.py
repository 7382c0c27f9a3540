# SPDX-License-Identifier: BSD-3-Clause
"""The module in the real libpam: its results, its texts, and the state of its host afterwards."""
import concurrent.futures
import os
import re
import shutil
import signal
import socket
import subprocess

import pytest

import harness
from test_package import hardened

SENT = "Code sent by SMS to the number ending in 82. No code? Type resend or call.\\nCode: "
WRONG = "Wrong code. Try again.\\nCode: "
NO_CODE = ("That is not a code of 6 digits. Type the one-time code, not your password, or ? for help."
           "\\nCode: ")


def test_the_right_code_is_a_success(sim, log):
    out = harness.pamhost(harness.alone())
    assert out.result == "PAM_SUCCESS"
    assert out.prompts == [SENT]
    line = log.last("result=success")
    assert "user=alice service=swmfa-alone rhost=- result=success reason=verified " in line
    assert "channel=sms provider=signalwire request=" in line
    assert "number=*82 tries=1 sends=1 ms=" in line


def test_one_login_is_two_requests_on_one_connection(sim):
    assert harness.pamhost(harness.alone()).result == "PAM_SUCCESS"
    requests = sim.requests()
    assert [status for _, status, _ in requests] == ["200", "200"]
    assert len({connection for _, _, connection in requests}) == 1


def test_blanks_and_hyphens_in_a_code_are_dropped(sim):
    assert harness.pamhost(harness.alone(), answers=["@spaced"]).result == "PAM_SUCCESS"


def test_a_code_pasted_with_surrounding_text_works(sim):
    assert harness.pamhost(harness.alone(), answers=["@pasted"]).result == "PAM_SUCCESS"


def test_a_wrong_code_asks_again_and_then_the_right_one_lets_in(sim, log):
    out = harness.pamhost(harness.alone(), answers=["@wrong", "@code"])
    assert out.result == "PAM_SUCCESS"
    assert out.prompts == [SENT, WRONG]
    assert "tries=2 sends=1" in log.last("result=success")


def test_using_up_the_attempts_returns_pam_maxtries(sim, log):
    out = harness.pamhost(harness.alone(), answers=["@wrong"] * 5)
    assert out.result == "PAM_MAXTRIES"
    assert out.prompts == [SENT, WRONG, WRONG]
    assert out.all("message") == ["error Too many wrong codes."]
    assert "result=denied reason=tries-used" in log.last("result=")
    assert sim.count("verify") == 3


def test_the_configured_attempts_are_allowed(start):
    sim = start(swmfa="tries = 1")
    out = harness.pamhost(harness.alone(), answers=["@wrong"] * 5)
    assert out.result == "PAM_MAXTRIES" and len(out.prompts) == 1
    assert sim.count("verify") == 1


def test_the_limit_of_the_provider_ends_the_attempts(start):
    sim = start(swmfa="tries = 10", signalwire="max_attempts = 2")
    out = harness.pamhost(harness.alone(), answers=["@wrong"] * 10)
    assert out.result == "PAM_MAXTRIES" and len(out.prompts) == 2
    assert sim.count("verify") == 2


def test_the_user_reads_that_a_code_expired(start, log):
    start(signalwire="valid_for = 1")
    out = harness.pamhost(harness.alone(), answers=["@code~"] + ["123456"] * 2)
    assert out.result == "PAM_AUTH_ERR"
    assert out.prompts[1].startswith("The code has expired. Type resend")
    assert out.all("message") == ["error The code has expired. Log in again to get a new one."]
    assert "reason=code-expired" in log.last("result=denied")


def test_the_configuration_or_the_map_selects_a_voice_call(start):
    sim = start(swmfa="channel = call")
    out = harness.pamhost(harness.alone())
    assert out.result == "PAM_SUCCESS"
    assert out.prompts == [SENT.replace("SMS", "voice call").replace("or call", "or sms")]
    assert sim.count("/mfa/call") == 1
    harness.users_map("alice +15550100182 sms\n")
    assert harness.pamhost(harness.alone()).result == "PAM_SUCCESS"
    assert sim.count("/mfa/sms") == 1
    harness.users_map()


def test_letters_are_accepted_only_if_a_code_can_have_them(start):
    start(signalwire="allow_alphas = yes\ntoken_length = 12")
    assert harness.pamhost(harness.alone()).result == "PAM_SUCCESS"


def test_every_parameter_reaches_the_provider(start):
    start(signalwire="from = +12029167968\nmessage = Door code:\ntoken_length = 8\n"
                     "valid_for = 60\nmax_attempts = 1\nallow_alphas = no")
    out = harness.pamhost(harness.alone(), answers=["@wrong"] * 3)
    assert len(out.prompts) == 1, "max_attempts = 1"
    message = harness.messages()[-1]
    assert message.startswith("+15550100182 sms Door code: ")
    assert len(message.split()[-1]) == 8


NO_API_CALL = ["", "@null", "@huge", "@bytes", "12345", "1234567", "abcdef", "12345a",
               "٣٤٥٦٧٨", "      ", "------", "+12345", "%n%n%n", harness.PASSWORD]


@pytest.mark.parametrize("answer", NO_API_CALL)
def test_text_that_cannot_be_a_code_makes_no_request(sim, answer):
    out = harness.pamhost(harness.alone(), answers=[answer, "@code"])
    assert out.result == "PAM_SUCCESS", "a mistyped answer leaves the code good"
    assert out.prompts == [SENT, NO_CODE]
    assert sim.count("verify") == 1


def test_text_that_cannot_be_a_code_uses_no_attempt_until_there_is_too_much(sim, log):
    """Somebody who types the password again and again has not lost the login."""
    such = ["", "@null", "@huge", harness.PASSWORD] * 5
    out = harness.pamhost(harness.alone(), answers=[*such, "@wrong", "@wrong", "@code"])
    assert out.result == "PAM_SUCCESS" and out.prompts[1:21] == [NO_CODE] * 20
    assert "tries=3 sends=1" in log.last("result=success")
    assert sim.count("verify") == 3
    out = harness.pamhost(harness.between_permits(), answers=[*such, *such[:9]])
    assert out.result == "PAM_MAXTRIES" and len(out.prompts) == 23
    assert sim.count("verify") == 3
    assert harness.store("SELECT attempts - forgiven FROM swmfa_try") == [(0,)], "no failure"


@pytest.mark.parametrize("service", ["sudo", "sudo-i"])
def test_sudo_on_a_terminal_gets_a_message_and_a_short_prompt(start, service):
    """Also where the application asks for silence, as sudo does; without a terminal all is the prompt."""
    sent, no_code = (text.removesuffix("\\nCode: ") for text in (SENT, NO_CODE))
    start(swmfa="autosend = no")
    out = harness.pamhost(harness.alone(service=service), answers=["", "", "@code"],
                          arguments=["--tty", "/dev/pts/1", "--silent"])
    assert out.result == "PAM_SUCCESS"
    assert out.lines[:6] == [
        "message info Press Enter to receive a code by SMS at the number ending in 82, or type call:",
        "prompt on Answer: ", f"message info {sent}", "prompt on Code: ",
        f"message info {no_code}", "prompt on Code: "]
    start()
    for where, arguments in ((service, ["--silent"]), ("swmfa-su", ["--tty", "/dev/pts/1"])):
        out = harness.pamhost(harness.alone(service=where), arguments=arguments)
        assert out.lines[0] == f"prompt on {SENT}" and out.all("message") == []


def test_the_answer_of_sshd_for_a_refused_user_is_recognised(sim, log):
    for answer in ["\b\n\r\x7fINCORRECT", "\b\n\r\x7fIN", "\b\n\r\x7fINCORRECT\b\n"]:
        out = harness.pamhost(harness.alone(), answers=[answer, "@code"])
        assert out.result == "PAM_AUTH_ERR"
        assert "PermitRootLogin" in log.last("reason=sshd-denies")
    assert sim.count("verify") == 0


def test_a_failed_conversation_returns_pam_conv_err(sim, log):
    out = harness.pamhost(harness.alone(), answers=["@fail"])
    assert out.result == "PAM_CONV_ERR"
    assert "reason=conversation" in log.last("result=denied")
    assert sim.count("verify") == 0


def test_echo_follows_the_configuration(start):
    start(swmfa="echo = no")
    assert len(harness.pamhost(harness.alone()).all("prompt off")) == 1
    start(swmfa="echo = yes")
    assert len(harness.pamhost(harness.alone()).all("prompt on")) == 1


def test_silent_suppresses_messages_but_not_prompts(sim):
    out = harness.pamhost(harness.alone(), answers=["@wrong"] * 3, arguments=["--silent"])
    assert out.all("message") == [] and len(out.prompts) == 3


def test_a_denial_requests_a_delay_and_a_success_does_not(sim):
    denied = harness.pamhost(harness.alone(), answers=["@fail"])
    assert 1_000_000 <= int(denied.one("delay")) <= 3_000_000, "libpam spreads the two seconds"
    assert harness.pamhost(harness.alone()).one("delay") == "0"


# ---- who is asked ----

def without_digits(out):
    return [re.sub(r"ending in \d\d", "ending in NN", line) for line in out.lines
            if not line.startswith("delay")]


def test_an_unmapped_user_sees_the_same_prompts_and_gets_no_message(sim, log):
    first = harness.pamhost(harness.alone(), "carol", answers=["123456"] * 5)
    again = harness.pamhost(harness.alone(), "carol", answers=["123456"] * 5)
    mapped = harness.pamhost(harness.alone(), "alice", answers=["@wrong"] * 5)
    assert without_digits(first) == without_digits(again) == without_digits(mapped)
    assert first.prompts == again.prompts
    assert len(harness.messages()) == 1 and sim.count("verify") == 3, "only alice's"
    assert "user=carol" in log.last("result=denied reason=tries-used.*not in ")


def test_unmapped_ignore_passes_an_unmapped_user(start, log):
    start(swmfa="unmapped = ignore")
    assert harness.pamhost(harness.between_permits(), "carol").result == "PAM_SUCCESS"
    assert "reason=unmapped" in log.last("result=ignored")
    assert harness.pamhost(harness.between_permits(), "alice", answers=["@fail"]).result == "PAM_CONV_ERR"


def test_unmapped_ignore_denies_a_name_without_an_account(start, log):
    start(swmfa="unmapped = ignore")
    assert harness.pamhost(harness.between_permits(), "no-such-user").result == "PAM_AUTH_ERR"
    assert "reason=name-differs" in log.last("result=denied")


HOSTILE_NAMES = ["", "x" * 65536, "../x", "alice\n", "a\nb", "%n%s%n", "\udcff\udcfe", "#", "alice ",
                 " alice", "alic", "alicee", "ALICE", "alice\tbob", "-", "--help"]


@pytest.mark.parametrize("name", HOSTILE_NAMES, ids=lambda name: ascii(name)[:20])
def test_a_hostile_user_name_is_denied_and_logged_harmlessly(sim, log, name):
    out = harness.pamhost(harness.between_permits(), name, answers=["123456"] * 3)
    assert out.result in ("PAM_AUTH_ERR", "PAM_MAXTRIES", "PAM_CONV_ERR")
    assert harness.messages() == [], "nobody got a message"
    line = log.last("pam_swmfa")
    assert all(" " <= character <= "~" for character in line)


# ---- module options ----

@pytest.mark.parametrize("option", ["nonsense", "conf", "conf=", "conf=relative", "Debug", "debug=1"])
def test_an_unknown_module_option_returns_pam_service_err(sim, log, option):
    out = harness.pamhost(harness.between_permits(option))
    assert out.result == "PAM_SERVICE_ERR"
    assert "module option" in log.last("denied")
    assert sim.requests() == []


def test_conf_names_another_configuration(sim, tmp_path):
    shutil.copy(harness.CONF, tmp_path / "other.conf")
    harness.CONF.unlink()
    assert harness.pamhost(harness.alone()).result == "PAM_SERVICE_ERR"
    assert harness.pamhost(harness.alone(f"conf={tmp_path}/other.conf")).result == "PAM_SUCCESS"


def test_debug_logs_more_but_no_code(sim, log):
    assert harness.pamhost(harness.alone("debug")).result == "PAM_SUCCESS"
    code = harness.messages()[-1].split()[-1]
    assert len(log.ours()) > 1
    assert not any(code in line for line in log.ours())


# ---- the helper misbehaves: never a success, never ignored ----

DENIED_AT_ONCE = ["exits", "garbage", "too-short", "too-long", "head-only", "other-version",
                  "unknown-type", "reply-type", "success-exit-1", "success-killed", "ignore-exit-1",
                  "success-then-prompt", "success-twice", "strange-code", "negative-code",
                  "new-authtok-code", "unterminated", "escapes", "empty-packet",
                  "killed-before-info", "killed-before-done", "success-then-hang",
                  "success-close-hang", "no-such-act"]


@pytest.mark.parametrize("act", DENIED_AT_ONCE)
@pytest.mark.parametrize("sigchld", ["default", "ignore", "reap"])
def test_a_misbehaving_helper_denies(sim, helper, log, act, sigchld):
    if sigchld != "default" and act in ("success-exit-1", "success-killed", "ignore-exit-1",
                                        "no-such-act"):
        pytest.skip("no exit status can be had; the answer itself was proper")
    helper(harness.FAKE_HELPER)
    arguments = [] if sigchld == "default" else ["--sigchld", sigchld]
    out = harness.pamhost(harness.between_permits(f"conf=/fake_helper/{act}"), answers=["123456"],
                          arguments=arguments)
    assert out.result == "PAM_SYSTEM_ERR"
    assert out.one("state") == "unchanged"
    assert "denied" in log.last("pam_swmfa.*(swmfa-auth)")
    assert harness.helper_processes() == []


@pytest.mark.parametrize("sigchld", ["default", "ignore", "reap"])
@pytest.mark.parametrize("act, result", [("honest-success", "PAM_SUCCESS"),
                                         ("honest-ignore", "PAM_PERM_DENIED")])
def test_the_login_works_however_the_host_handles_sigchld(sim, helper, sigchld, act, result):
    helper(harness.FAKE_HELPER)
    arguments = [] if sigchld == "default" else ["--sigchld", sigchld]
    out = harness.pamhost(harness.alone(f"conf=/fake_helper/{act}"), arguments=arguments)
    assert out.result == result
    assert out.one("state") == "unchanged"


def test_a_silent_helper_denies_within_the_deadline(sim, helper, log):
    """The real one, stopped at its prompt, and two others: they all wait at the same time."""
    real = harness.start_pamhost(harness.between_permits(service="swmfa-real"), answers=["@stop"])
    harness.wait_for_code(harness.NUMBERS["alice"])
    helper(harness.FAKE_HELPER)
    services = [harness.between_permits(f"conf=/fake_helper/{act}", f"swmfa-{act}")
                for act in ("stopped", "deaf")]
    with concurrent.futures.ThreadPoolExecutor() as pool:
        for out in pool.map(harness.pamhost, services):
            assert out.result == "PAM_SYSTEM_ERR"
            assert out.one("state") == "unchanged"
    text = real.communicate(timeout=harness.PATIENCE)[0]
    assert "result PAM_SYSTEM_ERR" in text and "state unchanged" in text
    assert len([line for line in log.ours() if "did not answer within 40 seconds; denied" in line]) == 3
    assert harness.helper_processes() == [] and sim.count("verify") == 0


@hardened # a sanitizer brings handlers of its own
def test_the_helper_starts_with_nothing_of_its_host(sim, helper):
    helper(harness.FAKE_HELPER)
    with open("/etc/passwd", "rb") as kept:
        os.set_inheritable(kept.fileno(), True)
        out = harness.pamhost(harness.alone("conf=/fake_helper/inspect"),
                              prefix=["env", "LD_LIBRARY_PATH=/x", "sh", "-c",
                                      'trap "" INT QUIT TERM HUP; exec "$@" 7</etc/passwd', "sh"])
    assert out.all("message") == [
        "info environment empty fds 0 signals default mask empty session own"]


def test_a_missing_helper_denies(sim, helper, log):
    helper(None)
    assert harness.pamhost(harness.between_permits()).result == "PAM_SYSTEM_ERR"
    assert "cannot start" in log.last("No such file")


def test_a_helper_that_is_not_executable_denies(sim, helper, log):
    helper(harness.FAKE_HELPER)
    os.chmod(harness.HELPER, 0o644)
    assert harness.pamhost(harness.between_permits()).result == "PAM_SYSTEM_ERR"
    assert "cannot start" in log.last("Permission denied")


def test_a_helper_that_is_not_a_program_denies(sim, helper):
    helper("/etc/passwd")
    assert harness.pamhost(harness.between_permits()).result == "PAM_SYSTEM_ERR"


def test_the_real_helper_killed_at_the_prompt_denies(sim, log):
    out = harness.pamhost(harness.between_permits(), answers=["@kill"])
    assert out.result == "PAM_SYSTEM_ERR"
    assert out.one("state") == "unchanged"
    assert "denied" in log.last("ended during its prompt|ended without")
    assert sim.count("verify") == 0


@pytest.mark.parametrize("fault, word", [("send-stall", "sms"), ("verify-stall", "verify")])
def test_the_real_helper_killed_before_its_next_message_denies(start, log, fault, word):
    sim = start("--fault", fault)
    process = harness.start_pamhost(harness.between_permits(), answers=["@code"])
    assert harness.wait_until(lambda: sim.count(word) == 1)
    for pid, _ in harness.helper_processes():
        os.kill(pid, 9)
    text = process.communicate(timeout=harness.PATIENCE)[0]
    assert "result PAM_SYSTEM_ERR" in text
    assert "ended without answering" in log.last("denied")


@pytest.mark.parametrize("answer", ["@wait", "@die"])
def test_no_process_is_left_when_the_host_dies(sim, log, answer):
    process = harness.start_pamhost(harness.alone(), answers=[answer])
    assert process.stdout.readline().startswith("prompt")
    if answer == "@wait":
        assert harness.wait_until(lambda: len(harness.helper_processes()) == 1)
        process.kill()
    process.wait()
    assert harness.wait_until(lambda: harness.helper_processes() == [])
    assert "reason=host-gone" in log.last("result=aborted")


def test_no_process_is_left_when_the_host_dies_during_a_request(start, log):
    sim = start("--fault", "send-stall")
    process = harness.start_pamhost(harness.alone())
    assert harness.wait_until(lambda: sim.count("sms") == 1)
    process.kill()
    process.wait()
    assert harness.wait_until(lambda: harness.helper_processes() == [])
    assert "reason=host-gone" in log.last("result=aborted")


# ---- no login ends without its line in the log ----

SIGNALS = [signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGALRM,
           signal.SIGUSR1, signal.SIGUSR2, signal.SIGXCPU]


def helper_pid():
    [(pid, _)] = harness.helper_processes()
    return pid


@pytest.mark.parametrize("number", SIGNALS)
def test_a_terminated_helper_denies_and_is_logged(sim, log, tmp_path, number):
    gate = tmp_path / "gate"
    process = harness.start_pamhost(harness.between_permits(), answers=["@code"],
                                    arguments=["--gate", gate])
    assert process.stdout.readline().startswith("prompt")
    os.kill(helper_pid(), number)
    assert log.last(f'result=aborted reason=host-gone .*detail="signal {number:d}"')
    gate.touch()
    text = process.communicate(timeout=harness.PATIENCE)[0]
    assert "result PAM_SYSTEM_ERR" in text and sim.count("verify") == 0


@pytest.mark.parametrize("fault, word", [("send-stall", "sms"), ("verify-stall", "verify")])
def test_a_session_killed_with_all_its_processes_is_logged(start, log, fault, word):
    """As by systemd, which ends the host as well; in the midst of a request."""
    sim = start("--fault", fault)
    process = harness.start_pamhost(harness.alone(), answers=["@code"])
    assert harness.wait_until(lambda: sim.count(word) == 1)
    os.kill(helper_pid(), signal.SIGTERM)
    process.kill()
    process.wait()
    assert log.last('result=aborted reason=host-gone .*detail=".*signal 15"')


def test_a_host_that_exits_before_the_request_is_logged(log):
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        process = subprocess.Popen([harness.HELPER], stdin=theirs)
    ours.close()
    assert process.wait(harness.PATIENCE) == 1
    assert log.last('user=- service=- rhost=- result=aborted reason=host-gone .*'
                    'detail="before it named the user"')


# ---- the host ----

@pytest.mark.parametrize("answers", [["@code"], ["@wrong"] * 3, ["@fail"], ["@kill"]])
@pytest.mark.parametrize("sigchld", ["default", "ignore", "reap"])
def test_a_login_leaves_the_state_of_the_host_unchanged(sim, answers, sigchld):
    arguments = [] if sigchld == "default" else ["--sigchld", sigchld]
    out = harness.pamhost(harness.alone(), answers=answers, arguments=arguments)
    assert out.one("state") == "unchanged"
    assert (out.result == "PAM_SUCCESS") == (answers == ["@code"])


def test_transactions_in_two_threads_are_independent(sim):
    out = harness.pamhost(harness.alone(), "alice", "bob")
    assert "alice: result PAM_SUCCESS" in out.lines and "bob: result PAM_SUCCESS" in out.lines
    assert sorted(line for line in out.lines if "prompt" in line) == [
        "alice: prompt on " + SENT, "bob: prompt on " + SENT.replace("82", "83")]


def test_a_login_works_in_a_host_without_a_terminal_or_standard_files(sim):
    out = harness.pamhost(harness.alone(), prefix=["sh", "-c", 'exec "$@" <&- 2>&-', "sh"])
    assert out.result == "PAM_SUCCESS" and out.one("state") == "unchanged"


def test_a_host_that_is_not_root_is_denied(sim, log):
    os.chmod(harness.INBOX, 0o644)
    out = harness.pamhost(harness.between_permits(),
                          prefix=["setpriv", "--reuid", "carol", "--regid", "carol", "--clear-groups"])
    assert out.result == "PAM_SERVICE_ERR"
    assert "must run as root" in log.last("reason=privileges")


def test_a_missing_service_user_denies(sim, log):
    subprocess.run(["usermod", "--login", "elsewhere", harness.SERVICE_USER], check=True)
    try:
        assert harness.pamhost(harness.between_permits()).result == "PAM_SERVICE_ERR"
        assert f"the user {harness.SERVICE_USER} does not exist" in log.last("reason=privileges")
        assert sim.requests() == []
    finally:
        subprocess.run(["usermod", "--login", harness.SERVICE_USER, "elsewhere"], check=True)


def test_the_helper_drops_privileges_before_it_uses_the_network(start):
    sim = start("--fault", "send-stall")
    process = harness.start_pamhost(harness.alone())
    assert harness.wait_until(lambda: sim.count("sms") == 1)
    [(pid, _)] = harness.helper_processes()
    status = dict(line.split(":\t", 1) for line in
                  open(f"/proc/{pid}/status", encoding="ascii").read().splitlines() if ":\t" in line)
    uid = subprocess.run(["id", "-u", harness.SERVICE_USER], capture_output=True, text=True,
                         check=True).stdout.strip()
    assert status["Uid"].split() == [uid] * 4
    assert uid != "0" and "0" not in status["Gid"].split()
    assert status["Groups"].strip() == ""
    assert status["CapPrm"] == status["CapEff"] == status["CapInh"] == "0" * 16
    assert status["NoNewPrivs"] == "1"
    assert os.stat(f"/proc/{pid}/mem").st_uid == 0, "not dumpable"
    assert open(f"/proc/{pid}/environ", "rb").read() == b""
    assert os.readlink(f"/proc/{pid}/cwd") == "/"
    process.kill()
    process.wait()
