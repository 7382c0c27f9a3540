# SPDX-License-Identifier: BSD-3-Clause
"""swmfactl test: a whole login at the terminal."""
import re
import subprocess

import pytest

import harness
from test_local import ended, on_terminal
from test_swmfactl import done, failed

ALICE = harness.NUMBERS["alice"]


def start_test(*arguments, user="alice"):
    return on_terminal(harness.CTL, "test", user, *map(str, arguments))


def rest(client):
    """What is printed until the end, and the exit status."""
    lines = client.read()
    return lines, ended(client)


def same_line(text, log):
    """The log line that was printed is the one in the log."""
    printed, = re.findall(r"^log: (.*?)\r?$", text, flags=re.MULTILINE)
    assert log.last(re.escape(printed))
    return printed


def test_a_right_code_passes_the_test_login(sim, log):
    client = start_test()
    client.expect("Code sent by SMS to the number ending in 82.*Code: ")
    client.sendline(harness.wait_for_code(ALICE))
    text, status = rest(client)
    assert status == 0 and "PAM: PAM_SUCCESS: the code was right" in text
    line = same_line(text, log)
    assert line.startswith("user=alice service=swmfactl rhost=- result=success reason=verified ")
    assert [path.rsplit("/", 1)[1] for path, _, _ in sim.requests()] == ["sms", "verify"]
    assert harness.store("SELECT attempts, forgiven FROM swmfa_try") == [(1, 1)]


def test_wrong_codes_are_denied_and_counted(sim, log):
    client = start_test()
    for _ in range(3):
        client.expect("Code: ")
        client.sendline("000000")
    text, status = rest(client)
    assert status == 1 and "PAM: PAM_MAXTRIES: denied" in text
    assert "swmfactl: this login would have been denied" in text
    assert "result=denied reason=tries-used" in same_line(text, log)
    assert harness.store("SELECT attempts - forgiven FROM swmfa_try") == [(3,)]


@pytest.mark.parametrize("channel, words", [("sms", "Code sent by SMS"), ("call", "Calling the number")])
def test_test_uses_only_the_given_channel(sim, channel, words):
    harness.users_map(f"alice {ALICE} {'call,sms' if channel == 'sms' else 'sms,call'}\n")
    client = start_test(f"--channel={channel}")
    client.expect(words)
    client.expect("Code: ")
    client.sendline("sms" if channel == "call" else "call")
    client.expect("Codes by .* are not available.*Code: ")
    client.sendline(harness.wait_for_code(ALICE))
    assert rest(client)[1] == 0
    assert [path.rsplit("/", 1)[1] for path, _, _ in sim.requests()] == [channel, "verify"]


def test_a_channel_that_the_user_may_not_use_is_denied(sim, log):
    harness.users_map(f"alice {ALICE} sms\n")
    text, status = rest(start_test("--channel", "call"))
    assert status == 1 and "PAM_SERVICE_ERR: denied: wrong configuration" in text
    assert "no provider in providers can send by a channel of this user" in same_line(text, log)
    assert sim.requests() == []


def test_test_uses_the_given_service_and_address(start, log):
    start(policy="services = sshd\nexempt_networks = 192.0.2.0/24\n")
    text, status = rest(start_test("--service", "sshd", "--from", "192.0.2.7"))
    assert status == 0 and "PAM: PAM_IGNORE: no code required" in text
    assert "service=sshd rhost=192.0.2.7 result=ignored reason=exempt" in same_line(text, log)
    client = start_test("--from", "192.0.2.7") # another service
    client.expect("Code: ")
    client.sendline(harness.wait_for_code(ALICE))
    assert rest(client)[1] == 0


def test_test_tells_an_unmapped_user_no_more_than_a_login(sim, log):
    client = start_test(user="mallory")
    for _ in range(3):
        client.expect("Code: ")
        client.sendline("123456")
    text, status = rest(client)
    assert status == 1 and 'detail="not in ' in same_line(text, log)
    assert sim.requests() == []


def test_without_a_terminal_test_sends_nothing(sim):
    assert failed("test", "alice", stdin=subprocess.DEVNULL) == "swmfactl: must be run at a terminal\n"
    assert sim.requests() == []


def test_test_accepts_a_relative_path_to_the_configuration(sim, tmp_path):
    text = harness.CONF.read_text()
    harness.write(harness.SECURITY / "other.conf", text)
    harness.write(harness.CONF, "[swmfa]\ntries = many\n")
    text, status = rest(start_test())
    assert status == 1 and "PAM_SERVICE_ERR" in text
    client = on_terminal("sh", "-c", f"cd {harness.SECURITY} && exec {harness.CTL} test alice -c other.conf")
    client.expect("Code: ")
    client.sendline(harness.wait_for_code(ALICE))
    assert rest(client)[1] == 0
    text, status = rest(start_test("-c", "/nonexistent.conf"))
    assert status == 1 and "No such file" in text


def test_a_missing_helper_denies_the_test_login(sim, helper):
    helper()
    text, status = rest(start_test())
    assert status == 1 and "PAM_SYSTEM_ERR: denied: the helper cannot be used" in text


def test_an_unusable_store_points_to_the_system_log(sim):
    harness.STATE.chmod(0o755)
    try:
        text, status = rest(start_test())
    finally:
        harness.STATE.chmod(0o700)
    assert status == 1 and "PAM_AUTHINFO_UNAVAIL" in text and "log: the system log has the line" in text


@pytest.mark.parametrize("arguments, says", [
    ([], "too few arguments"), (["alice", "bob"], "too many arguments"),
    (["alice", "--channel=fax"], "sms or call"), (["alice", "--service="], "1 to 255 bytes"),
    (["alice", "--from", "x" * 1088], "1087 bytes at most")])
def test_a_wrong_command_line_exits_with_64(arguments, says):
    assert says in failed("test", *arguments, status=64)


def test_test_leaves_no_files(sim):
    before = sorted(path.name for path in harness.Path("/run").iterdir())
    client = start_test()
    client.expect("Code: ")
    client.sendline(harness.wait_for_code(ALICE))
    assert rest(client)[1] == 0
    assert sorted(path.name for path in harness.Path("/run").iterdir()) == before
    assert "swmfactl test" in done("test", "--help")
