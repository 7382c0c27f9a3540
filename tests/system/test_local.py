# SPDX-License-Identifier: BSD-3-Clause
"""sudo, su and login on a terminal, with the shipped examples, and a hostile caller of su."""
import os
import subprocess
import time
from pathlib import Path

import pexpect
import pytest

import harness

PROMPT = r"Code sent by SMS to the number ending in (\d\d)\.[^\n]*\s+Code: "
ALICE, BOB = harness.NUMBERS["alice"], harness.NUMBERS["bob"]


def on_terminal(*command, user=None, **keywords):
    """Runs a command on a terminal of its own, as a user, who then is the caller of setuid."""
    command = [str(part) for part in command]
    if user is not None:
        command = ["setpriv", "--reuid", user, "--regid", user, "--init-groups", "--", *command]
    return pexpect.spawn(command[0], command[1:], timeout=harness.PATIENCE, encoding="utf-8", **keywords)


def ended(client):
    client.expect(pexpect.EOF)
    client.close()
    return client.exitstatus


# ---- sudo ----

@pytest.fixture
def sudo(sim):
    harness.use_example("sudo", "sudo")
    harness.write("/etc/sudoers.d/swmfa-test", "alice ALL=(ALL) ALL\nDefaults timestamp_timeout=0, "
                  "passwd_tries=1\n", 0o440)


def sudo_as_alice(*arguments, password=harness.PASSWORD):
    """sudo on a terminal, with the password given."""
    client = on_terminal("sudo", *arguments, user="alice")
    client.expect("password for alice: ")
    client.sendline(password)
    return client


def test_sudo_with_password_and_code_runs_the_command(sudo, log):
    client = sudo_as_alice("id", "-u")
    client.expect(PROMPT)
    client.sendline(harness.wait_for_code(ALICE))
    client.expect(r"\n0\r")
    assert ended(client) == 0
    assert "user=alice service=sudo" in log.last("result=success")


def test_sudo_i_asks_for_a_code(sudo, log):
    harness.use_example("sudo-i", "sudo-i")
    client = sudo_as_alice("-i", "id", "-u")
    client.expect(PROMPT)
    client.sendline(harness.wait_for_code(ALICE))
    client.expect(r"\n0\r")
    assert ended(client) == 0
    assert "user=alice service=sudo-i" in log.last("result=success")


def test_sudo_accepts_words_and_exempts_a_group(start, sudo, log):
    simulator = start(swmfa="resend_delay = 0")
    client = sudo_as_alice("id", "-u")
    client.expect(PROMPT)
    client.sendline("call")
    client.expect("New code sent by voice call")
    client.sendline(harness.wait_for_code(ALICE, sent_before=1))
    client.expect(r"\n0\r")
    assert ended(client) == 0
    harness.configure(simulator, policy="exempt_groups = alice\nservices = sudo")
    client = sudo_as_alice("id", "-u")
    client.expect(r"\n0\r")
    assert ended(client) == 0
    assert log.last('service=sudo .*reason=exempt .*detail="exempt_groups: alice"')


def test_sudo_with_a_wrong_code_does_not_run_the_command(sudo):
    client = sudo_as_alice("id", "-u")
    client.expect(PROMPT)
    for _ in range(3):
        client.sendline("000000")
        client.expect(["Wrong code", "incorrect password attempt"]) # sudo authenticates silently
    assert ended(client) == 1 and "\n0\r" not in client.before


@pytest.mark.parametrize("option, sudoers", [
    (["-p", "Password: "], ""), ([], 'Defaults passprompt_override, passprompt="Password: "\n')],
    ids=["-p", "passprompt_override"])
def test_if_sudo_replaces_the_prompt_the_user_still_reads_what_to_type(
        sudo, log, option, sudoers):
    """A user who mistakes the prompt for that of the password types the password, which costs nothing."""
    with open("/etc/sudoers.d/swmfa-test", "a", encoding="ascii") as rules:
        rules.write(sudoers)
    output = harness.WORK / "output"
    harness.write(output, "", 0o666)
    client = on_terminal("sh", "-c", f'exec sudo "$@" >{output}', "sh", *option, "id", "-u",
                         user="alice")
    client.expect_exact("Password: ")
    client.sendline(harness.PASSWORD)
    client.expect(r"Code sent by SMS to the number ending in 82\. No code\? Type resend or call\."
                  r"\r\nPassword: $")
    for _ in range(4):
        client.sendline(harness.PASSWORD)
        client.expect(r"That is not a code of 6 digits\. Type the one-time code, not your password, "
                      r"or \? for help\.\r\nPassword: $")
    client.sendline(harness.wait_for_code(ALICE))
    assert ended(client) == 0
    assert output.read_text() == "0\n", "nothing of it is in the command's output"
    assert "user=alice service=sudo" in log.last("result=success .* tries=1 ")
    output.unlink()


def test_ctrl_c_at_a_prompt_of_sudo_ends_the_helper_and_sudo(sudo):
    client = sudo_as_alice("id", "-u")
    client.expect(PROMPT)
    client.sendintr()
    assert ended(client) == 1
    assert harness.wait_until(lambda: harness.helper_processes() == [])


# ---- su ----

@pytest.mark.parametrize("options, asked", [("", "bob"), ("use_uid", "alice")],
                         ids=["of-the-one-it-becomes", "with-use_uid-of-the-caller"])
def test_su_asks_for_the_code(sim, log, options, asked):
    harness.use_example("su", "su", options=options)
    client = on_terminal("su", "bob", "-c", "id -un", user="alice")
    client.expect("Password: ")
    client.sendline(harness.PASSWORD)
    client.expect(PROMPT)
    assert client.match[1] == harness.NUMBERS[asked][-2:]
    client.sendline(harness.wait_for_code(harness.NUMBERS[asked]))
    client.expect("bob")
    assert ended(client) == 0
    assert f"user={asked} service=su" in log.last("result=success")


def test_su_with_a_wrong_code_opens_no_shell(sim):
    harness.use_example("su", "su", options="")
    client = on_terminal("su", "bob", "-c", "echo i-am-in", user="alice")
    client.expect("Password: ")
    client.sendline(harness.PASSWORD)
    client.expect(PROMPT)
    for _ in range(3):
        client.sendline("000000")
        client.expect(["Wrong code", "Too many wrong codes"])
    assert ended(client) == 1 and "i-am-in" not in client.before


def test_su_does_not_ask_root_for_a_code(sim):
    harness.use_example("su", "su", options="")
    assert subprocess.run(["su", "bob", "-c", "true"], check=False).returncode == 0
    assert sim.requests() == []


# ---- login ----

class Console(pexpect.spawn):
    """A terminal that login(1) may hang up, as it does before it asks: that is not its end."""

    def read_nonblocking(self, size=1, timeout=-1):
        try:
            return super().read_nonblocking(size, timeout)
        except pexpect.EOF:
            self.flag_eof = False # with it, isalive waits for the end
            if not self.isalive():
                self.flag_eof = True
                raise
            time.sleep(0.05)
            return ""


def login_as_alice():
    client = Console("login", ["alice"], timeout=harness.PATIENCE, encoding="utf-8",
                     env={"TERM": "dumb", "PATH": "/bin:/usr/bin"})
    client.expect("Password: ")
    client.sendline(harness.PASSWORD)
    client.expect(PROMPT)
    return client


def test_login_on_the_console_with_password_and_code_gets_a_shell(sim, log):
    harness.use_example("login", "login")
    client = login_as_alice()
    client.sendline(harness.wait_for_code(ALICE))
    client.expect(r"\$ ")
    client.sendline("id -un; exit")
    client.expect("alice")
    ended(client)
    assert "user=alice service=login" in log.last("result=success")


def test_the_console_announces_a_call_before_the_prompt(start, log):
    start(swmfa="resend_delay = 0")
    harness.use_example("login", "login")
    client = login_as_alice()
    client.sendline("call")
    client.expect(r"Calling the number ending in 82\. This can take a few seconds\.")
    client.expect(r"New code sent by voice call to the number ending in 82\.[^\n]*\s+Code: ")
    client.sendline(harness.wait_for_code(ALICE, sent_before=1))
    client.expect(r"\$ ")
    client.sendline("exit")
    ended(client)
    assert "channel=call" in log.last("result=success")


def test_login_on_the_console_with_wrong_codes_gets_none(sim):
    harness.use_example("login", "login")
    client = login_as_alice()
    for _ in range(3):
        client.sendline("000000")
        client.expect(["Wrong code", "Too many wrong codes"])
    assert client.expect(["login: ", r"\$ ", pexpect.EOF]) != 1
    client.close(force=True)


# ---- a hostile caller of setuid su ----

@pytest.fixture
def hostile(sim, tmp_path_factory):
    """alice's folder with all that might mislead a library, and the environment that names it."""
    harness.use_example("su", "su", options="")
    folder = harness.WORK / "hostile"
    folder.mkdir(exist_ok=True)
    os.chmod(folder, 0o777)
    (folder / ".netrc").write_text("default login evil password evil\n")
    (folder / ".curlrc").write_text('insecure\nproxy = "http://127.0.0.1:9"\n')
    (folder / "openssl.cnf").write_text(
        "openssl_conf = o\n[o]\nengines = e\n[e]\nx = x\n[x]\n"
        f"dynamic_path = {folder}/evil.so\ninit = 1\n")
    source = folder / "evil.c"
    source.write_text("#include <fcntl.h>\n__attribute__((constructor)) static void go(void)\n"
                      f'{{ (void)open("{folder}/made", O_CREAT | O_WRONLY, 0600); }}\n')
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", folder / "evil.so", source], check=True)
    source.unlink()
    yield folder
    subprocess.run(["rm", "-rf", folder], check=True)


HOSTILE = {
    "SSLKEYLOGFILE": "{folder}/keys",
    "https_proxy": "http://127.0.0.1:9",
    "HTTPS_PROXY": "http://127.0.0.1:9",
    "ALL_PROXY": "socks5://127.0.0.1:9",
    "OPENSSL_CONF": "{folder}/openssl.cnf",
    "SSL_CERT_FILE": "{folder}/none",
    "SSL_CERT_DIR": "{folder}",
    "CURL_CA_BUNDLE": "{folder}/none",
    "LD_PRELOAD": "{folder}/evil.so",
    "LD_LIBRARY_PATH": "{folder}",
    "GCONV_PATH": "{folder}",
    "HOME": "{folder}",
    "CURL_HOME": "{folder}",
    "NETRC": "{folder}/.netrc",
    "RES_OPTIONS": "debug",
    "LOCALDOMAIN": "evil.example",
    "MALLOC_TRACE": "{folder}/trace",
    "TMPDIR": "{folder}",
}


@pytest.mark.parametrize("names", [[name] for name in HOSTILE] + [list(HOSTILE)],
                         ids=[*HOSTILE, "all-of-them"])
def test_su_ignores_the_environment_of_its_caller(hostile, sim, names):
    before = sorted(path.name for path in hostile.iterdir())
    environment = {"PATH": "/usr/bin:/bin", "TERM": "dumb"}
    environment.update({name: HOSTILE[name].format(folder=hostile) for name in names})
    wrapper = ["env", "-i", *(f"{name}={value}" for name, value in environment.items())]
    client = on_terminal(*wrapper, "su", "bob", "-c", "echo i-am-in", user="alice")
    client.expect("Password: ")
    client.sendline(harness.PASSWORD)
    client.expect(PROMPT)
    # What the caller's own process or the shell of bob makes is theirs; su's must have made nothing.
    made_by_su = [name for name in os.listdir(hostile)
                  if name not in before and os.stat(hostile / name).st_uid == 0]
    client.sendline(harness.wait_for_code(BOB))
    client.expect("i-am-in")
    assert ended(client) == 0
    assert made_by_su == []
    made = [path for path in hostile.iterdir()
            if path.name not in before and path.stat().st_uid in (0, service_uid())]
    assert made == []
    assert len({connection for _, _, connection in sim.requests()}) == 1, "straight to the provider"


def service_uid():
    return int(subprocess.run(["id", "-u", harness.SERVICE_USER], check=True, capture_output=True,
                              text=True).stdout)


def test_limits_of_the_caller_of_su_leave_no_core_and_no_file(hostile):
    client = on_terminal("sh", "-c", f"cd {hostile}; ulimit -c unlimited; umask 000; "
                         "exec su bob -c 'echo i-am-in'", user="alice")
    client.expect("Password: ")
    client.sendline(harness.PASSWORD)
    client.expect(PROMPT)
    [(pid, _)] = harness.helper_processes()
    os.kill(pid, 11)
    client.sendline("000000")
    assert ended(client) == 1 and "i-am-in" not in client.before
    assert not list(Path(hostile).glob("core*"))


LIMITS = ["prlimit --nofile=3", "prlimit --nofile=5", "prlimit --nofile=8", "prlimit --as=60000000",
          "prlimit --fsize=0", "prlimit --nproc=1", "prlimit --stack=65536", "prlimit --data=100000",
          "prlimit --cpu=1", "nice -n 19", "chrt -i 0"]


@pytest.mark.parametrize("limit", LIMITS)
def test_limits_of_the_caller_of_su_never_let_in(start, limit):
    """A wrong certificate is no outage, whatever the caller's limits make of it."""
    start("--certificate", "expired", swmfa="fail = safe")
    harness.use_example("su", "su", options="")
    client = on_terminal("sh", "-c", f"exec {limit} su bob -c 'echo i-am-in'", user="alice")
    if client.expect(["Password: ", pexpect.EOF]) == 0:
        client.sendline(harness.PASSWORD)
        client.expect(pexpect.EOF)
    assert "i-am-in" not in client.before
    client.close(force=True)


def test_fail_safe_does_not_cover_the_callers_of_su(start, log):
    """They own enough of what a request needs to make an outage themselves."""
    start("--fault", "send-500", swmfa="fail = safe")
    harness.use_example("su", "su", options="")
    client = on_terminal("su", "bob", "-c", "echo i-am-in", user="alice")
    client.expect("Password: ")
    client.sendline(harness.PASSWORD)
    assert ended(client) == 1 and "i-am-in" not in client.before
    assert "reason=provider-error" in log.last("result=error")


def test_a_large_timer_slack_of_the_caller_delays_nothing(start):
    """PR_SET_TIMERSLACK is kept through setuid programs."""
    start("--fault", "verify-stall", swmfa="timeout = 4")
    harness.use_example("su", "su", options="")
    slack = ("import ctypes, os; ctypes.CDLL(None).prctl(29, ctypes.c_ulong(3600 * 10**9), 0, 0, 0); "
             "os.execvp('su', ['su', 'bob', '-c', 'echo i-am-in'])")
    client = on_terminal("/usr/bin/python3", "-c", slack, user="alice")
    client.expect("Password: ")
    client.sendline(harness.PASSWORD)
    client.expect(PROMPT)
    client.sendline(harness.wait_for_code(BOB))
    client.expect("The code could not be verified. Type it again.")
    client.sendline(harness.wait_for_code(BOB))
    client.expect("not available")
