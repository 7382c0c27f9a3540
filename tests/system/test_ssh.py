# SPDX-License-Identifier: BSD-3-Clause
"""Real logins through a real sshd, with the shipped examples of its PAM stack."""
import signal
import subprocess

import pexpect
import pytest

import harness

PROMPT = r"Code sent by SMS to the number ending in 82\.[^\n]*\s+(\(\S+\) )?Code: "
ALICE = harness.NUMBERS["alice"]


@pytest.fixture
def sshd():
    """Starts sshd with a shipped example as its stack: sshd("sshd", "sshd_config line", ...)."""
    running = []

    def begin(example, *lines):
        harness.use_example(example, "sshd")
        running.append(harness.Sshd(example, *lines))
        return running[-1]

    yield begin
    for server in running:
        server.stop()


@pytest.fixture
def password_and_code(sim, sshd):
    return sshd("sshd", "AuthenticationMethods keyboard-interactive")


@pytest.fixture(scope="module")
def key(tmp_path_factory):
    """A key pair that opens alice's and root's accounts."""
    private = tmp_path_factory.mktemp("key") / "id"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", private], check=True)
    public = (private.parent / "id.pub").read_text()
    harness.write(harness.WORK / "authorized", public, 0o644)
    return private


@pytest.fixture
def key_and_code(sim, sshd, key):
    return sshd("sshd-publickey", "AuthenticationMethods publickey,keyboard-interactive",
                f"AuthorizedKeysFile {harness.WORK}/authorized")


def with_key(key):
    return ["-i", str(key), "-o", "IdentitiesOnly=yes"]


def give_password(client):
    client.expect("Password: ")
    client.sendline(harness.PASSWORD)


def ended(client):
    client.expect(pexpect.EOF)
    client.close()
    return client.exitstatus


def test_ssh_with_password_and_code_gets_a_shell(password_and_code, log):
    client = harness.ssh(2222, "alice")
    give_password(client)
    client.expect(PROMPT)
    client.sendline(harness.wait_for_code(ALICE))
    client.expect("in-the-shell")
    assert ended(client) == 0
    line = log.last("result=success")
    assert "pam_swmfa(sshd:auth): user=alice service=sshd rhost=127.0.0.1 " in line


def test_ssh_with_a_wrong_code_gets_no_shell(password_and_code, sim, log):
    client = harness.ssh(2222, "alice")
    give_password(client)
    client.expect(PROMPT)
    code = harness.wait_for_code(ALICE)
    for _ in range(3):
        client.sendline("1" * 6 if code != "1" * 6 else "2" * 6)
        if client.expect([r"Wrong code\. Try again\.\s+(\(\S+\) )?Code: ", "Too many wrong codes"]):
            break
    assert ended(client) == 255 and "in-the-shell" not in client.before
    assert sim.count("verify") == 3
    assert "reason=tries-used" in log.last("result=denied")


def test_ssh_with_a_wrong_password_sends_no_code(password_and_code, sim):
    client = harness.ssh(2222, "alice")
    client.expect("Password: ")
    client.sendline("wrong")
    assert ended(client) == 255
    assert sim.requests() == []


def test_ssh_of_an_unmapped_user_looks_the_same_and_is_denied(password_and_code, sim, log):
    client = harness.ssh(2222, "carol")
    give_password(client)
    client.expect(PROMPT.replace("82", r"\d\d"))
    for _ in range(3):
        client.sendline("123456")
        client.expect(["Wrong code", "Too many wrong codes"])
    assert ended(client) == 255
    assert sim.requests() == []
    assert "user=carol" in log.last("result=denied")


def test_ssh_with_public_key_and_code_gets_a_shell(key_and_code, key):
    client = harness.ssh(2222, "alice", options=with_key(key))
    client.expect(PROMPT)
    client.sendline(harness.wait_for_code(ALICE))
    client.expect("in-the-shell")
    assert ended(client) == 0


def test_ssh_with_public_key_and_a_wrong_code_gets_no_shell(key_and_code, key):
    client = harness.ssh(2222, "alice", options=with_key(key))
    client.expect(PROMPT)
    for _ in range(3):
        client.sendline("000000")
        client.expect(["Wrong code", "Too many wrong codes"])
    assert ended(client) == 255 and "in-the-shell" not in client.before


def test_ssh_without_the_key_sends_no_code(key_and_code, sim, tmp_path):
    other = tmp_path / "other"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", other], check=True)
    client = harness.ssh(2222, "alice", options=with_key(other))
    assert ended(client) == 255
    assert sim.requests() == []


def test_a_user_refused_by_sshd_is_denied_with_a_hint(sim, sshd, log):
    harness.users_map(f"root {ALICE}\n")
    sshd("sshd-publickey", "AuthenticationMethods keyboard-interactive", "PermitRootLogin no")
    client = harness.ssh(2222, "root")
    client.expect(PROMPT)
    client.sendline(harness.wait_for_code(ALICE))
    assert ended(client) == 255 and "in-the-shell" not in client.before
    assert "check PermitRootLogin" in log.last("reason=sshd-denies")
    assert sim.count("verify") == 0
    harness.users_map()


def test_two_ssh_logins_at_once_each_need_their_own_code(password_and_code):
    alice, bob = harness.ssh(2222, "alice"), harness.ssh(2222, "bob")
    for client in (alice, bob):
        give_password(client)
    alice.expect(PROMPT)
    bob.expect(PROMPT.replace("82", "83"))
    codes = [harness.wait_for_code(harness.NUMBERS[name]) for name in ("alice", "bob")]
    alice.sendline(codes[1])
    alice.expect("Wrong code")
    alice.sendline(codes[0])
    bob.sendline(codes[1])
    for client in (alice, bob):
        client.expect("in-the-shell")
        assert ended(client) == 0


def test_two_ssh_logins_of_one_user_have_two_codes(password_and_code):
    first = harness.ssh(2222, "alice")
    give_password(first)
    first.expect(PROMPT)
    first_code = harness.wait_for_code(ALICE)
    second = harness.ssh(2222, "alice")
    give_password(second)
    second.expect(PROMPT)
    second_code = harness.wait_for_code(ALICE, sent_before=1)
    if first_code != second_code:
        first.sendline(second_code)
        first.expect("Wrong code")
    first.sendline(first_code)
    first.expect("in-the-shell")
    second.sendline(second_code)
    second.expect("in-the-shell")


def test_ssh_gets_its_code_by_bandwidth_while_signalwire_is_down(start, sshd, log):
    signalwire, bandwidth = start(), start(name="2")
    signalwire.endpoint = f"https://localhost:{harness.closed_port()}"
    harness.configure(signalwire, bandwidth=bandwidth, swmfa="providers = signalwire, bandwidth")
    sshd("sshd", "AuthenticationMethods keyboard-interactive")
    client = harness.ssh(2222, "alice")
    give_password(client)
    client.expect(PROMPT)
    client.sendline(harness.wait_for_code(ALICE))
    client.expect("in-the-shell")
    assert ended(client) == 0
    assert signalwire.requests() == [] and len(bandwidth.requests()) == 2
    assert log.last('result=success .*provider=bandwidth .*sends=2 .*detail="signalwire network: ')


@pytest.mark.parametrize("fail, gets_in", [("secure", False), ("safe", True)])
def test_ssh_is_denied_while_both_providers_are_down(start, sshd, log, fail, gets_in):
    simulator = start()
    simulator.endpoint = f"https://localhost:{harness.closed_port()}"
    harness.configure(simulator, bandwidth=simulator,
                      swmfa=f"providers = signalwire, bandwidth\nfail = {fail}")
    sshd("sshd", "AuthenticationMethods keyboard-interactive")
    client = harness.ssh(2222, "alice")
    give_password(client)
    if gets_in:
        client.expect(r"not available\. This login continues without it\.")
        client.expect("in-the-shell")
        assert ended(client) == 0
        assert log.last("result=ignored reason=network .*fail = safe").startswith("<84>")
    else:
        client.expect(r"not available\. Try again later\.")
        assert ended(client) == 255
        assert log.last("result=error reason=network")


def test_after_call_is_typed_ssh_accepts_only_the_code_of_the_call(
        start, sshd, log):
    simulator = start(swmfa="resend_delay = 0")
    sshd("sshd", "AuthenticationMethods keyboard-interactive")
    client = harness.ssh(2222, "alice")
    give_password(client)
    client.expect(PROMPT)
    by_sms = harness.wait_for_code(ALICE)
    client.sendline("call")
    client.expect("Calling the number ending in 82")
    client.expect("New code sent by voice call to the number ending in 82")
    by_call = harness.wait_for_code(ALICE, sent_before=1)
    if by_sms != by_call:
        client.sendline(by_sms)
        client.expect("Wrong code")
    client.sendline(by_call)
    client.expect("in-the-shell")
    assert ended(client) == 0
    assert [line.split()[1] for line in harness.messages(ALICE)] == ["sms", "call"]
    assert "channel=call" in log.last("result=success") and simulator.count("/mfa/call") == 1


def test_ssh_from_an_exempt_network_needs_no_code(start, sshd, log):
    simulator = start(policy="exempt_networks = 127.0.0.0/8")
    sshd("sshd", "AuthenticationMethods keyboard-interactive")
    client = harness.ssh(2222, "alice")
    give_password(client)
    client.expect("in-the-shell")
    assert ended(client) == 0 and simulator.requests() == []
    assert log.last('result=ignored reason=exempt .*detail="exempt_networks: 127.0.0.0/8"')


@pytest.mark.parametrize("expose", ["no", "yes"])
def test_two_keys_of_one_account_use_different_phones(sim, sshd, tmp_path, log, expose):
    keys = {}
    for name in ("alice", "bob", "stranger"):
        keys[name] = tmp_path / name
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519" if name != "bob" else "ecdsa", "-N", "",
                        "-f", keys[name]], check=True)
    harness.write(harness.WORK / "shared", "".join((tmp_path / f"{name}.pub").read_text() for name in keys),
                  0o644)
    lines = ""
    for name in ("alice", "bob"):
        shown = subprocess.run(["ssh-keygen", "-l", "-f", keys[name]], check=True,
                               capture_output=True, text=True).stdout
        lines += f"root {shown.split()[1]} {harness.NUMBERS[name]}\n"
    harness.users_map(lines)
    sshd("sshd-publickey", "AuthenticationMethods publickey,keyboard-interactive",
         f"AuthorizedKeysFile {harness.WORK}/shared", "PermitRootLogin yes", f"ExposeAuthInfo {expose}")
    for name, digits in (("alice", "82"), ("bob", "83")):
        client = harness.ssh(2222, "root", options=with_key(keys[name]))
        client.expect(PROMPT.replace("82", digits))
        client.sendline(harness.wait_for_code(harness.NUMBERS[name]))
        client.expect("in-the-shell")
        assert ended(client) == 0
    # A key that is allowed but has no phone of its own, and no plain line.
    sent = len(harness.messages())
    client = harness.ssh(2222, "root", options=with_key(keys["stranger"]))
    for _ in range(3):
        client.expect("Code: ")
        client.sendline("123456")
    assert ended(client) == 255 and len(harness.messages()) == sent
    assert log.last("result=denied .*for other SSH keys only; key used: SHA256:")
    # With a plain line after the others, that line applies.
    harness.users_map(lines + f"root {ALICE}\n")
    client = harness.ssh(2222, "root", options=with_key(keys["stranger"]))
    client.expect(PROMPT)
    client.sendline(harness.wait_for_code(ALICE, sent_before=1))
    client.expect("in-the-shell")
    harness.users_map()


@pytest.mark.parametrize("example, lines", [
    ("sshd", ["PasswordAuthentication yes", "KbdInteractiveAuthentication no"])])
def test_without_autosend_the_password_method_of_sshd_sends_nothing(start, sshd, log, example, lines):
    for echo in ("yes", "no"):
        simulator = start(swmfa=f"autosend = no\necho = {echo}")
        server = sshd(example, *lines)
        client = harness.ssh(2222, "alice", options=["-o", "PreferredAuthentications=password"])
        client.expect("password: ")
        client.sendline(harness.PASSWORD)
        assert ended(client) == 255 and "in-the-shell" not in client.before
        assert simulator.requests() == []
        assert "sends=0" in log.last("result=denied reason=conversation")
        server.stop()


def test_ssh_without_autosend_prompts_before_sending(start, sshd):
    simulator = start(swmfa="autosend = no")
    sshd("sshd", "AuthenticationMethods keyboard-interactive")
    client = harness.ssh(2222, "alice")
    give_password(client)
    client.expect("Press Enter to receive a code by SMS at the number ending in 82, or type call: ")
    assert simulator.requests() == []
    client.sendline("")
    client.expect(PROMPT)
    client.sendline(harness.wait_for_code(ALICE))
    client.expect("in-the-shell")
    assert ended(client) == 0


def test_no_process_is_left_when_the_ssh_client_disconnects_at_the_prompt(password_and_code, log):
    client = harness.ssh(2222, "alice")
    give_password(client)
    client.expect(PROMPT)
    assert len(harness.helper_processes()) == 1
    # Not by its terminal: a client that is not killed immediately reads its end as empty answers.
    client.kill(signal.SIGKILL)
    assert harness.wait_until(lambda: harness.helper_processes() == [])
    assert "reason=host-gone" in log.last("result=aborted")
    client.close(force=True)


def test_the_password_method_of_sshd_cannot_skip_the_code(sim, sshd):
    sshd("sshd", "PasswordAuthentication yes", "KbdInteractiveAuthentication no")
    client = harness.ssh(2222, "alice", options=["-o", "PreferredAuthentications=password"])
    client.expect("password: ")
    client.sendline(harness.PASSWORD)
    assert ended(client) == 255 and "in-the-shell" not in client.before
