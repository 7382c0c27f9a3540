# SPDX-License-Identifier: BSD-3-Clause
"""Real logins through a real sshd, with the shipped examples of its PAM stack."""
import subprocess

import pexpect
import pytest

import lab

PROMPT = r"Code sent by SMS to the number ending in 82\.[^\n]*\s+(\(\S+\) )?Code: "
ALICE = lab.NUMBERS["alice"]


@pytest.fixture
def sshd():
    """Starts sshd with a shipped example as its stack: sshd("sshd", "sshd_config line", ...)."""
    running = []

    def begin(example, *lines):
        lab.use_example(example, "sshd")
        running.append(lab.Sshd(example, *lines))
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
    lab.write(lab.WORK / "authorized", public, 0o644)
    return private


@pytest.fixture
def key_and_code(sim, sshd, key):
    return sshd("sshd-publickey", "AuthenticationMethods publickey,keyboard-interactive",
                f"AuthorizedKeysFile {lab.WORK}/authorized")


def with_key(key):
    return ["-i", str(key), "-o", "IdentitiesOnly=yes"]


def give_password(client):
    client.expect("Password: ")
    client.sendline(lab.PASSWORD)


def ended(client):
    client.expect(pexpect.EOF)
    client.close()
    return client.exitstatus


def test_ssh_with_password_and_code_gets_a_shell(password_and_code, log):
    client = lab.ssh(2222, "alice")
    give_password(client)
    client.expect(PROMPT)
    client.sendline(lab.wait_for_code(ALICE))
    client.expect("in-the-shell")
    assert ended(client) == 0
    line = log.last("result=success")
    assert "pam_swmfa(sshd:auth): user=alice service=sshd rhost=127.0.0.1 " in line


def test_ssh_with_a_wrong_code_gets_no_shell(password_and_code, sim, log):
    client = lab.ssh(2222, "alice")
    give_password(client)
    client.expect(PROMPT)
    code = lab.wait_for_code(ALICE)
    for _ in range(3):
        client.sendline("1" * 6 if code != "1" * 6 else "2" * 6)
        if client.expect([r"Wrong code\. Try again\.\s+(\(\S+\) )?Code: ", "Too many wrong codes"]):
            break
    assert ended(client) == 255 and "in-the-shell" not in client.before
    assert sim.count("verify") == 3
    assert "reason=tries-used" in log.last("result=denied")


def test_ssh_with_a_wrong_password_sends_no_code(password_and_code, sim):
    client = lab.ssh(2222, "alice")
    client.expect("Password: ")
    client.sendline("wrong")
    assert ended(client) == 255
    assert sim.requests() == []


def test_ssh_of_a_user_not_in_the_map_looks_the_same_and_is_denied(password_and_code, sim, log):
    client = lab.ssh(2222, "carol")
    give_password(client)
    client.expect(PROMPT.replace("82", r"\d\d"))
    for _ in range(3):
        client.sendline("123456")
        client.expect(["Wrong code", "Too many wrong codes"])
    assert ended(client) == 255
    assert sim.requests() == []
    assert "user=carol" in log.last("result=denied")


def test_ssh_with_public_key_and_code_gets_a_shell(key_and_code, key):
    client = lab.ssh(2222, "alice", options=with_key(key))
    client.expect(PROMPT)
    client.sendline(lab.wait_for_code(ALICE))
    client.expect("in-the-shell")
    assert ended(client) == 0


def test_ssh_with_public_key_and_a_wrong_code_gets_no_shell(key_and_code, key):
    client = lab.ssh(2222, "alice", options=with_key(key))
    client.expect(PROMPT)
    for _ in range(3):
        client.sendline("000000")
        client.expect(["Wrong code", "Too many wrong codes"])
    assert ended(client) == 255 and "in-the-shell" not in client.before


def test_ssh_without_the_key_sends_no_code(key_and_code, sim, tmp_path):
    other = tmp_path / "other"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", other], check=True)
    client = lab.ssh(2222, "alice", options=with_key(other))
    assert ended(client) == 255
    assert sim.requests() == []


def test_a_user_whom_sshd_has_refused_is_denied_with_a_hint(sim, sshd, log):
    lab.users_map(f"root {ALICE}\n")
    sshd("sshd-publickey", "AuthenticationMethods keyboard-interactive", "PermitRootLogin no")
    client = lab.ssh(2222, "root")
    client.expect(PROMPT)
    client.sendline(lab.wait_for_code(ALICE))
    assert ended(client) == 255 and "in-the-shell" not in client.before
    assert "see PermitRootLogin" in log.last("reason=sshd-denies")
    assert sim.count("verify") == 0
    lab.users_map()


def test_two_ssh_logins_at_once_each_need_their_own_code(password_and_code):
    alice, bob = lab.ssh(2222, "alice"), lab.ssh(2222, "bob")
    for client in (alice, bob):
        give_password(client)
    alice.expect(PROMPT)
    bob.expect(PROMPT.replace("82", "83"))
    codes = [lab.wait_for_code(lab.NUMBERS[name]) for name in ("alice", "bob")]
    alice.sendline(codes[1])
    alice.expect("Wrong code")
    alice.sendline(codes[0])
    bob.sendline(codes[1])
    for client in (alice, bob):
        client.expect("in-the-shell")
        assert ended(client) == 0


def test_two_ssh_logins_of_one_user_have_two_codes(password_and_code):
    first = lab.ssh(2222, "alice")
    give_password(first)
    first.expect(PROMPT)
    first_code = lab.wait_for_code(ALICE)
    second = lab.ssh(2222, "alice")
    give_password(second)
    second.expect(PROMPT)
    second_code = lab.wait_for_code(ALICE, sent_before=1)
    if first_code != second_code:
        first.sendline(second_code)
        first.expect("Wrong code")
    first.sendline(first_code)
    first.expect("in-the-shell")
    second.sendline(second_code)
    second.expect("in-the-shell")


def test_no_process_is_left_when_the_ssh_client_goes_at_the_prompt(password_and_code, log):
    client = lab.ssh(2222, "alice")
    give_password(client)
    client.expect(PROMPT)
    assert len(lab.helper_processes()) == 1
    client.close(force=True)
    assert lab.wait_until(lambda: lab.helper_processes() == [], 5)
    assert "reason=host-gone" in log.last("result=aborted")


def test_sshds_password_method_cannot_pass_the_code(sim, sshd):
    sshd("sshd", "PasswordAuthentication yes", "KbdInteractiveAuthentication no")
    client = lab.ssh(2222, "alice", options=["-o", "PreferredAuthentications=password"])
    client.expect("password: ")
    client.sendline(lab.PASSWORD)
    assert ended(client) == 255 and "in-the-shell" not in client.before
