# SPDX-License-Identifier: BSD-3-Clause
"""swmfactl init: at a terminal, and by options."""
import os
import re
import shutil
import signal
import stat
import subprocess
import termios
import threading
from pathlib import Path

import pytest

import harness
import test_swmfactl_enable
from test_local import ended, on_terminal
from test_swmfactl import ctl, ctl_lines, done, failed, start_ctl

ALICE = harness.NUMBERS["alice"]
COPIES = harness.SECURITY / "swmfa.before"
EXAMPLES = {harness.CONF: harness.BUILD / "conf/swmfa.conf", harness.USERS: harness.BUILD / "conf/swmfa.users"}
APPLICATION = "11111111-2222-3333-4444-555555555555"


@pytest.fixture(autouse=True)
def installed(start):
    """As after an installation: both files are the examples. The simulator that init is told of."""
    simulator = start()
    for path, example in EXAMPLES.items():
        harness.write(path, example.read_bytes())
    shutil.rmtree(COPIES, ignore_errors=True)
    secret = harness.WORK / "token"
    harness.write(secret, harness.TOKEN + "\n")
    yield simulator
    secret.unlink()
    shutil.rmtree(COPIES, ignore_errors=True)
    harness.users_map()


def files():
    return {path: path.read_bytes() if path.exists() else None for path in EXAMPLES}


def options(simulator, *more, user="alice", number=ALICE, secret=("--secret-file", "token")):
    secret = [str(harness.WORK / part) if part == "token" else part for part in secret]
    return ["init", "--provider=signalwire", "--endpoint", simulator.endpoint, "--ca-file",
            simulator.ca, "--project-id", "test-project", *secret, "--user", user, "--number",
            number, "--no-check", "--no-test", *more]


def active(path=harness.CONF):
    """The lines that count, without comments."""
    lines = path.read_text().splitlines()
    return [re.sub(r"\s+;.*", "", line) for line in lines if line and line[0] not in ";#"]


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


# ---- by options ----

def test_init_with_options_writes_both_files_and_sends_a_code(installed, log):
    out = done(*options(installed))
    assert f"Written: {harness.CONF}, {harness.USERS}" in out
    assert "Codes are sent only to numbers that begin with +1 " in out
    assert "Not tested yet; to test: swmfactl test alice" in out and "swmfactl enable sshd" in out
    assert harness.TOKEN not in out
    assert active() == [
        "[swmfa]", "providers = signalwire", "[policy]", "[limits]", "countries = +1",
        "[signalwire]", f"endpoint = {installed.endpoint}", "project_id = test-project",
        f"api_token = {harness.TOKEN}", f"ca_file = {installed.ca}", "[bandwidth]"]
    assert active(harness.USERS) == [f"alice\t{ALICE}"]
    for path, example in EXAMPLES.items():
        status = path.stat()
        assert (status.st_uid, status.st_gid, mode(path)) == (0, 0, 0o600)
        assert len(path.read_text().splitlines()) >= len(example.read_text().splitlines())
    comments = [line for line in EXAMPLES[harness.CONF].read_text().splitlines() if line[:2] == "; "]
    assert all(line in harness.CONF.read_text() for line in comments)
    assert harness.pamhost(harness.alone(), "alice").result == "PAM_SUCCESS"
    assert harness.wait_until(lambda: any("set up with user alice by uid 0" in line
                                          for line in ctl_lines(log)))


def test_init_reads_the_token_from_standard_input(installed):
    process = start_ctl(*options(installed, secret=()), stdin=subprocess.PIPE)
    out, error = process.communicate(harness.TOKEN + "\n", timeout=harness.PATIENCE)
    assert (process.returncode, error) == (0, "") and harness.TOKEN not in out
    assert f"api_token = {harness.TOKEN}" in active()


def test_init_sets_up_bandwidth(start):
    simulator = start(name="-bandwidth")
    harness.write(harness.WORK / "token", harness.BANDWIDTH_PASSWORD)
    done("init", "--provider", "bandwidth", "--account-id", "test-account", "--username", "test-user",
         "--from=+12029167968", "--messaging-application-id", "demo-messaging", "--endpoint",
         simulator.endpoint, "--ca-file", simulator.ca, "--user=alice", "--number", ALICE,
         "--countries=+1555, +44", "--secret-file", harness.WORK / "token", "--no-check", "--no-test")
    assert "providers = bandwidth" in active() and "countries = +1555, +44" in active()
    assert f"password = {harness.BANDWIDTH_PASSWORD}" in active()
    assert not any(line.startswith("voice_application_id") for line in active())
    assert harness.pamhost(harness.alone(), "alice").result == "PAM_SUCCESS"


@pytest.mark.parametrize("number, code", [
    ("+4915550100", "+49"), ("+35315550100", "+353"), ("+79155501001", "+7"),
    ("+12025550100", "+1"), ("+390655501001", "+39"), ("+212555010010", "+212")])
def test_init_sets_the_country_of_the_number(installed, number, code):
    done(*options(installed, number=number))
    assert f"countries = {code}" in active()


def test_init_keeps_existing_lines_of_the_map(installed):
    harness.USERS.write_text(f"bob {harness.NUMBERS['bob']}")
    done(*options(installed))
    assert harness.USERS.read_text() == f"bob {harness.NUMBERS['bob']}\nalice\t{ALICE}\n"
    harness.write(harness.CONF, EXAMPLES[harness.CONF].read_bytes())
    done(*options(installed))
    assert harness.USERS.read_text().count("alice") == 1


def test_init_makes_missing_files(installed):
    for path in EXAMPLES:
        path.unlink()
    os.umask(0)
    try:
        done(*options(installed))
    finally:
        os.umask(0o022)
    assert {mode(path) for path in EXAMPLES} == {0o600}


def test_init_replaces_a_configuration_only_with_force_and_keeps_a_copy(installed):
    done(*options(installed))
    before = files()
    error = failed(*options(installed, "--countries=+44"))
    assert "already set up; nothing was changed" in error and "--force" in error
    assert files() == before
    harness.CONF.chmod(0o640)
    out = done(*options(installed, "--force", "--countries=+1, +44"))
    assert "countries = +1, +44" in active() and mode(harness.CONF) == 0o640
    copy, = COPIES.iterdir()
    assert copy.read_bytes() == before[harness.CONF] and mode(copy) == 0o600
    assert mode(COPIES) == 0o700 and str(copy) in out


def test_init_writes_no_token_to_a_file_that_others_can_read(installed):
    harness.CONF.chmod(0o644)
    assert "chmod o-r" in failed(*options(installed))
    assert harness.CONF.read_bytes() == EXAMPLES[harness.CONF].read_bytes()


def test_init_writes_the_file_named_by_c(installed):
    other = harness.SECURITY / "init-other.conf"
    before = files()
    try:
        done("-c", other, *options(installed))
        assert f"api_token = {harness.TOKEN}" in active(other) and mode(other) == 0o600
        assert files()[harness.CONF] == before[harness.CONF]
    finally:
        other.unlink()


@pytest.mark.parametrize("more, says", [
    (["--provider", "twilio"], "twilio: expected signalwire or bandwidth"),
    (["--project-id", "a b"], r"\[signalwire\] project_id: up to 250 letters"),
    (["--project-id", "a ;b"], r"\[signalwire\] project_id: expected no ; .* after a blank"),
    (["--project-id", ";b"], r"\[signalwire\] project_id: expected no ; at the beginning"),
    (["--endpoint", "http://x"], r"\[signalwire\] endpoint: https://HOST"),
    (["--ca-file", "/nowhere"], r"/nowhere: No such file"),
    (["--number", "0155501"], "0155501: expected an E.164 number .*: it does not begin with"),
    (["--user", "nobody-here"], "nobody-here: no such account"),
    (["--user", "a b"], "the users map cannot have such a name"),
    (["--countries", "1"], r"\[limits\] countries: item 1 must be"),
    (["--countries", ""], "one line that is not empty"),
    (["--countries", "+1\n[x]"], "one line that is not empty"),
    (["--secret-file", "/nowhere"], "/nowhere: No such file"),
    (["--secret-file", "/dev/null"], "the first line must be the token or password")])
def test_a_wrong_option_writes_nothing_and_does_not_prompt(installed, more, says):
    before = files()
    error = failed(*options(installed, *more))
    assert re.search(says, error), error
    assert files() == before and not COPIES.exists()


def test_a_number_with_an_unusual_length_for_its_country_is_a_warning(installed):
    status, _, error = ctl(*options(installed, number="+1555010018"))
    assert (status, error) == \
        (0, "swmfactl: warning: the number is too short for +1: 10 digits follow it, not 9\n")


@pytest.mark.parametrize("missing", ["--provider", "--project-id", "--user", "--number"])
def test_without_a_terminal_init_needs_every_option(installed, missing):
    before = files()
    given = options(installed)
    at = next(i for i, word in enumerate(given) if str(word).startswith(missing))
    del given[at:at + (1 if "=" in str(given[at]) else 2)]
    error = failed(*given, stdin=subprocess.DEVNULL)
    assert missing.strip("-") in error and "is required without a terminal" in error
    assert files() == before


@pytest.mark.parametrize("token, says", [
    ("two words", "[signalwire] api_token: printable characters, no blanks or quotes"),
    ('"PT123"', "[signalwire] api_token: write it without quotes"),
    ("two ;words", "[signalwire] api_token: expected no ;"),
    ("two\0words", "the first line must be the token or password"),
    ("", "the first line must be the token or password"),
    ("two words" * 1000, "the first line must be the token or password")])
def test_an_invalid_token_is_not_shown(installed, token, says):
    before = files()
    harness.write(harness.WORK / "token", f"{token}\n")
    error = failed(*options(installed))
    assert says in error and "two" not in error and files() == before


def test_a_token_file_that_others_can_read_is_a_warning(installed):
    (harness.WORK / "token").chmod(0o644)
    status, _, error = ctl(*options(installed))
    assert status == 0 and f"warning: {harness.WORK}/token: others can read it: chmod 0600" in error


def test_init_does_not_change_the_number_of_a_user(installed):
    harness.USERS.write_text(f"alice {harness.NUMBERS['bob']}\n")
    before = files()
    assert "alice has another number there" in failed(*options(installed))
    assert files() == before


def test_init_does_not_add_to_an_invalid_map(installed):
    harness.USERS.write_text("alice 0155501\n")
    before = files()
    assert "swmfa.users:1: alice: expected an E.164 number" in failed(*options(installed))
    assert files() == before


@pytest.mark.parametrize("arguments, says", [
    (["x"], "too many arguments"), (["--frobnicate"], "unrecognized option"),
    (["--user"], "requires an argument"), (["--api-token=x"], "unrecognized option")])
def test_a_wrong_command_line_exits_with_64(arguments, says):
    before = files()
    assert says in failed("init", *arguments, status=64)
    assert files() == before


def test_swmfactl_must_run_as_root(installed):
    prefix = ["setpriv", "--reuid", "alice", "--regid", "alice", "--clear-groups"]
    assert failed("init", prefix=prefix) == "swmfactl: must be run as root\n"


# ---- at a terminal ----

def echoes(client):
    return bool(termios.tcgetattr(client.child_fd)[3] & termios.ECHO)


def break_off(client):
    """Types ^C, once the process sleeps in read(2) after its prompt: readpassphrase(3) forgets a signal
    that comes before."""
    stat_of = Path(f"/proc/{client.pid}/stat")
    assert harness.wait_until(lambda: stat_of.read_text().rpartition(")")[2].split()[0] == "S")
    client.sendintr()


@pytest.mark.parametrize("pasted, space", [
    ("https://Example.signalwire.com", "example"), ("http://x-1.signalwire.com/signin?a=b", "x-1"),
    ("x.signalwire.com/", "x"), ("x", "x")])
def test_init_accepts_a_pasted_space_address_and_requires_a_uuid(installed, pasted, space):
    token = harness.WORK / "token"
    identity = "0123ABCD-89ab-cdef-0123-456789abcdef"
    words = ["init", "--provider=signalwire", "--space", pasted, "--secret-file", token, "--user", "alice",
             "--number", ALICE, "--no-check", "--no-test", "--project-id"]
    before = files()
    for wrong in ("test-project", "x", identity[:-1], identity.replace("-", ""), f"{identity}0"):
        assert "[signalwire] project_id: expected a UUID, such as " in failed(*words, wrong)
        assert files() == before
    done(*words, identity)
    assert f"space = {space}" in active() and f"project_id = {identity}" in active()


def test_init_refuses_an_address_that_is_not_a_space(installed):
    words = options(installed, "--space", "https://signalwire.com.example")
    del words[words.index("--endpoint"):words.index("--endpoint") + 2]
    words[words.index("test-project")] = "01234567-89ab-cdef-0123-456789abcdef"
    before = files()
    assert re.search(r"\[signalwire\] space: the SPACE of https", failed(*words))
    assert files() == before


def start_init(*more, **keywords):
    client = on_terminal(harness.CTL, "init", *more, **keywords)
    client.expect(r"Provider \(signalwire or bandwidth\) \[signalwire\]: ")
    return client


def answer_until_token(client, simulator):
    client.sendline("")
    client.expect("Project ID \\(on the dashboard's API page\\): ")
    client.sendline("test-project")
    client.expect(r"API token with the scope Management \(not shown\): ")
    assert harness.wait_until(lambda: not echoes(client))
    assert simulator


def test_at_a_terminal_init_prompts_until_the_value_is_valid(installed):
    client = start_init("--endpoint", installed.endpoint, "--ca-file", installed.ca,
                        "--no-check", "--no-test")
    client.sendline("twilio")
    client.expect("twilio: expected signalwire or bandwidth")
    client.expect("Provider")
    client.sendline("signalwire")
    client.expect("Project ID")
    client.sendline("a b")
    client.expect(r"\[signalwire\] project_id: up to 250 letters")
    client.expect("Project ID")
    client.sendline("test-project")
    client.expect("API token")
    assert harness.wait_until(lambda: not echoes(client))
    client.sendline(harness.TOKEN)
    client.expect("First user, such as yourself: ")
    assert harness.TOKEN not in client.before and harness.wait_until(lambda: echoes(client))
    client.sendline("nobody-here")
    client.expect("nobody-here: no such account")
    client.expect("First user")
    client.sendline("alice")
    client.expect(r"Phone number of this user, such as \+15550100101: ")
    client.sendline("015550100")
    client.expect("expected an E.164 number")
    client.expect("Phone number")
    client.sendline(ALICE)
    client.expect(r"begin with \(separate several by commas\) \[\+1\]: ")
    client.sendline("one")
    client.expect(r"\[limits\] countries: item 1 must be")
    client.expect(r"\[\+1\]: ")
    client.sendline("")
    client.expect("Written: ")
    client.expect("swmfactl codes alice and print the codes; then swmfactl enable sshd")
    assert ended(client) == 0
    assert f"api_token = {harness.TOKEN}" in active() and "countries = +1" in active()
    assert active(harness.USERS) == [f"alice\t{ALICE}"]
    assert harness.pamhost(harness.alone(), "alice").result == "PAM_SUCCESS"


def test_init_prompts_for_the_space(installed):
    client = start_init("--no-check", "--no-test", "--user=alice", "--number", ALICE,
                        "--countries=+1")
    client.sendline("")
    client.expect(r"Space \(the SPACE of https://SPACE.signalwire.com\): ")
    client.sendline("https://acme.example")
    client.expect(r"\[signalwire\] space: the SPACE of https://SPACE.signalwire.com")
    client.expect("Space")
    client.sendline("https://acme.signalwire.com")
    client.expect("Project ID")
    client.sendline("test-project")
    client.expect(r"\[signalwire\] project_id: expected a UUID")
    client.expect("Project ID")
    client.sendline("01234567-89ab-cdef-0123-456789abcdef")
    client.expect("API token")
    client.sendline(harness.TOKEN)
    client.expect("Written")
    assert ended(client) == 0 and "space = acme" in active()
    assert re.search(r"^space = acme +; the first label of", harness.CONF.read_text(), re.MULTILINE)


def test_init_of_bandwidth_needs_one_application(installed):
    client = start_init("--no-check", "--no-test", "--user=alice", "--number", ALICE,
                        "--countries=+1")
    client.sendline("bandwidth")
    for prompt, answer in [("Account ID: ", "5550100"), ("User for the MFA API: ", "swmfa"),
                           ("Password", harness.BANDWIDTH_PASSWORD), ("Your Bandwidth phone number", "+12029167968"),
                           (r"Messaging application ID \(Enter: no SMS\): ", ""),
                           ("Voice application", "")]:
        client.expect(prompt)
        client.sendline(answer)
    client.expect("one line that is not empty")
    client.expect("Voice application")
    client.sendline(APPLICATION)
    client.expect("Written")
    assert ended(client) == 0 and f"voice_application_id = {APPLICATION}" in active()


def test_an_interrupt_at_any_prompt_changes_neither_files_nor_terminal(installed):
    answers = ["", "test-project", harness.TOKEN, "alice", ALICE]
    for count in range(len(answers) + 1):
        before = files()
        client = start_init("--endpoint", installed.endpoint, "--ca-file", installed.ca)
        for answer in answers[:count]:
            client.sendline(answer)
            client.expect(": $")
        if count == 2:
            assert harness.wait_until(lambda: not echoes(client)) # pylint: disable=cell-var-from-loop
        break_off(client)
        assert harness.wait_until(lambda: not client.isalive()) # pylint: disable=cell-var-from-loop
        assert client.signalstatus == signal.SIGINT, count
        assert echoes(client), count
        assert files() == before and not COPIES.exists()


def on_terminal_with_all(simulator, *more):
    given = options(simulator)
    return on_terminal(harness.CTL, *given[:-2], "--countries=+1", *more)


def test_init_ends_with_a_test_login(installed):
    client = on_terminal_with_all(installed, "--no-check")
    client.expect("swmfactl test alice")
    client.expect("Code sent by SMS to the number ending in 82.*Code: ")
    client.sendline(harness.wait_for_code(ALICE))
    client.expect("PAM_SUCCESS")
    client.expect("Next: run swmfactl codes alice")
    assert ended(client) == 0


def test_a_failed_test_login_is_reported_and_the_files_stay(installed):
    client = on_terminal_with_all(installed, "--no-check")
    for _ in range(3):
        client.expect("Code: ")
        client.sendline("000000")
    client.expect("both files are written, but swmfactl test alice ended with status 1")
    assert ended(client) == 1 and f"api_token = {harness.TOKEN}" in active()


def test_init_ends_with_a_check(installed):
    client = on_terminal_with_all(installed, "--no-test")
    client.expect("swmfactl check --online")
    client.expect("SignalWire accepts the credentials")
    client.expect("Next: run swmfactl codes alice")
    assert ended(client) == 0


# ---- secrets ----

OTHER_TOKEN = "PT-that-no-other-process-knows"


def test_a_token_never_appears_in_command_line_environment_output_log_or_core(installed, log):
    seen, stop = [], threading.Event()

    def look():
        while not stop.is_set():
            for path in Path("/proc").glob("[0-9]*/*"):
                if path.name in ("cmdline", "environ"):
                    try:
                        seen.append(path.read_bytes())
                    except OSError:
                        pass

    thread = threading.Thread(target=look)
    thread.start()
    folder = harness.WORK / "core"
    folder.mkdir(mode=0o777, exist_ok=True)
    shell = f"cd {folder}; ulimit -c unlimited; exec {harness.CTL} init --endpoint {installed.endpoint} " \
            f"--ca-file {installed.ca} --user alice --number {ALICE} --countries +1"
    client = on_terminal("sh", "-c", shell, logfile=open(harness.WORK / "typescript", "w",
                                                         encoding="utf-8"))
    client.logfile_read, client.logfile = client.logfile, None
    client.expect("Provider")
    answer_until_token(client, installed)
    client.sendline(OTHER_TOKEN)
    client.expect("swmfactl check")
    ended(client)
    client = on_terminal("sh", "-c", shell + " --force --no-check")
    client.expect("Provider")
    answer_until_token(client, installed)
    client.send(OTHER_TOKEN)
    os.kill(client.pid, signal.SIGSEGV)
    client.wait()
    stop.set()
    thread.join()
    log.settle()
    token = OTHER_TOKEN.encode()
    assert any(b"swmfactl" in text for text in seen)
    assert not any(token in text for text in seen)
    assert token not in (harness.WORK / "typescript").read_bytes()
    assert not any(OTHER_TOKEN in line for line in log.lines)
    assert not list(folder.iterdir())
    for path in (*harness.SECURITY.rglob("*"), *Path("/run").glob("swmfactl*"), *Path("/tmp").iterdir()):
        if path.is_file() and path != harness.CONF:
            assert token not in path.read_bytes() or path.parent == COPIES, path


def test_init_killed_between_the_two_files_can_be_repeated(installed):
    """The map comes first: a swmfa.conf that is set up would be in the way."""
    harness.USERS.write_text(harness.USERS.read_text() + f"alice\t{ALICE}\n")
    done(*options(installed))
    assert active(harness.USERS) == [f"alice\t{ALICE}"]


def test_init_writes_no_configuration_if_it_cannot_write_the_map(installed):
    beside = Path(str(harness.USERS) + ".swmfactl")
    beside.mkdir()
    try:
        before = files()
        assert "swmfa.users.swmfactl: Is a directory: nothing was changed" in failed(*options(installed))
        assert files() == before
    finally:
        beside.rmdir()


# ---- from the installation to a login ----

def test_init_enable_login_and_disable_work_together(installed):
    harness.restore_debian()
    sshd = Path("/etc/pam.d/sshd")
    sshd.write_text(re.sub(r"^session.*pam_loginuid.so.*\n", "", sshd.read_text(), flags=re.MULTILINE))
    Path("/run/sshd").mkdir(exist_ok=True)
    server = test_swmfactl_enable.Sshd()
    try:
        assert done(*options(installed))
        assert ctl("enable", "sshd")[0] == 2
        server.reload()
        assert ctl("enable", "sshd")[0] == 0
        client = test_swmfactl_enable.ssh_with_password()
        assert test_swmfactl_enable.gets_in_by_code(client)
        done("disable", "sshd")
        server.reload()
        assert test_swmfactl_enable.gets_in(test_swmfactl_enable.ssh_with_password())
        assert len(harness.messages()) == 1
    finally:
        server.stop()
        harness.restore_debian()


# ---- what it says of itself ----

def test_the_man_page_has_every_option():
    page = (harness.BUILD / "docs/swmfactl.8").read_text()
    assert "\n.It Cm init\n" in page
    for option in re.findall(r"--([a-z-]+)", done("init", "--help")):
        assert "Fl Fl " + option in page, option
