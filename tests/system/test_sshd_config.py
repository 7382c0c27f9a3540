# SPDX-License-Identifier: BSD-3-Clause
"""swmfactl doctor reads sshd's configuration, and its Match blocks above all, as the real sshd does."""
import dataclasses
import subprocess
from pathlib import Path

import pexpect
import pytest

import harness
from stacks import ASK, DEBIAN, INCLUDE, SSH_KEY, SSH_PASSWORD, Case
from test_swmfactl_doctor import (ALICE, DROP_IN, KEYS, PROMPT, ended, examine, find, ids, install, key,
                                  sshd, system)

__all__ = ["key", "sshd", "system"] # fixtures

FIRST = len(SSH_KEY) + 1 # the line of the drop-in where the blocks of a case begin
MORE = Path("/etc/ssh/more.conf")


@dataclasses.dataclass
class Block:
    name: str
    stack: str       # "password": password and code; "key": key and code
    lines: tuple     # after the settings for all
    findings: str    # "ID:LINE" for each finding of a block, LINE counted from the first of lines
    with_key: str    # what comes of alice's login with a key: "code": in, after a code; "in"; "out"
    without: str     # and without
    sent: int = 0    # messages of the two logins besides those for "code"
    more: str = ""   # a further file
    methods: str = "password,keyboard-interactive" # that the client prefers, after publickey

    def case(self):
        lines, settings = ((ASK,), SSH_KEY) if self.stack == "key" else ((INCLUDE, ASK), SSH_PASSWORD)
        return Case(self.name, DEBIAN, "sshd", lines, ssh=(*settings, *self.lines))


BLOCKS = [
    Block("other-settings", "key", ("Match LocalAddress 127.0.0.1", "  X11Forwarding no"), "", "code", "out"),
    Block("port-of-another", "key", ("Match LocalPort 2223", "  X11Forwarding no"), "", "code", "out"),
    Block("kbdint-off", "password", ("Match User alice", "  KbdInteractiveAuthentication no"),
          "match-locked-out:1", "out", "out"),
    Block("kbdint-off-old-name", "key", ("Match User alice", "  ChallengeResponseAuthentication no"),
          "match-locked-out:1", "out", "out"),
    Block("no-keys-where-one-is-needed", "key", ("Match User=alice", "  PubkeyAuthentication no"),
          "match-locked-out:1", "out", "out"),
    Block("password-method-alone", "password",
          ("Match User alice", "  PasswordAuthentication yes", "  AuthenticationMethods password"),
          "match-locked-out:1", "out", "out", sent=2),
    Block("password-method-as-well", "password",
          ("Match Group alice", "  PasswordAuthentication yes",
           "  AuthenticationMethods password keyboard-interactive"), "match-password:1", "code", "code",
          methods="keyboard-interactive"),
    Block("key-alone-on-a-port", "password", ("Match LocalPort 2222", "  AuthenticationMethods publickey"),
          "match-without-code:1", "in", "out"),
    Block("key-alone-from-a-network", "password",
          ("Match Address 127.0.0.0/8,!127.0.0.128/25",
           "  AuthenticationMethods publickey keyboard-interactive"),
          "match-without-code:1", "in", "code"),
    Block("key-alone-for-others", "password",
          ('Match User "*,!alice"', "  AuthenticationMethods publickey"), "match-without-code:1", "code",
          "code"),
    Block("key-alone-from-another-host", "password",
          ("Match Host *.example.com", "  AuthenticationMethods publickey"), "match-without-code:1", "code",
          "code"),
    Block("code-alone", "key", ("Match Host 127.0.0.1", "  AuthenticationMethods keyboard-interactive"),
          "match-code-alone:1", "code", "code"),
    Block("stricter", "password",
          ("Match User alice", "  AuthenticationMethods publickey,keyboard-interactive"), "", "code", "out"),
    Block("the-first-block-counts", "password",
          ("Match User alice", "  AuthenticationMethods keyboard-interactive",
           "Match Address 127.0.0.0/8", "  AuthenticationMethods publickey"), "match-without-code:3", "code",
          "code"),
    Block("an-exception-for-one-of-them", "password",
          ("Match User alice", "  AuthenticationMethods keyboard-interactive",
           "Match User alice,bob", "  AuthenticationMethods publickey"), "match-without-code:3", "code",
          "code"),
    Block("each-by-itself", "password",
          ("Match User bob", "  KbdInteractiveAuthentication no", "Match User carol",
           "  AuthenticationMethods publickey", "Match User alice", "  Banner none"),
          "match-locked-out:1 match-without-code:3", "code", "code"),
    Block("included", "password", ("Match User alice", f"  Include {MORE}"), "match-without-code:1", "in",
          "out", more="AuthenticationMethods publickey\n"),
    Block("nested", "password", ("Match LocalPort 2222", f"  Include {MORE}"), f"match-without-code:{MORE}:2",
          "in", "out", more="\nMatch User alice\nAuthenticationMethods publickey\n"),
    Block("nobody-is-known", "key", ("Match Group contractors", "  AuthenticationMethods publickey"),
          "match-unknown:1", "code", "out"),
    Block("never", "key", ("Match User !alice", "  AuthenticationMethods publickey"), "", "code", "out"),
]


def expected_findings(block):
    """The findings of a block, each with its file and line."""
    for finding in block.findings.split():
        name, _, place = finding.partition(":")
        yield name, place if "/" in place else f"{DROP_IN}:{FIRST + int(place) - 1}"


@pytest.fixture(autouse=True)
def no_more():
    yield
    MORE.unlink(missing_ok=True)


def log_in(options, methods):
    """What comes of a login of alice's, and how many messages it sent."""
    harness.reset_store()
    before = len(harness.messages(ALICE))
    client = harness.ssh(2222, "alice", options=[*options, "-o", f"PreferredAuthentications=publickey,{methods}"])
    asked = False
    while (at := client.expect([PROMPT, "[Pp]assword: ", "in-the-shell", pexpect.EOF])) < 2:
        asked = asked or at == 0
        client.sendline(harness.wait_for_code(ALICE) if at == 0 else harness.PASSWORD)
    if at == 2:
        ended(client)
    return ("code" if asked else "in") if at == 2 else "out", len(harness.messages(ALICE)) - before


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.name)
def test_doctor_reads_match_blocks_as_sshd_does(block, start, sshd, key):
    harness.write(MORE, block.more, 0o644)
    install(block.case(), start)
    findings, services = examine("sshd")
    found = [(f["id"], f["where"]) for f in findings if f["id"] != "texts-late"]
    assert sorted(found) == sorted(expected_findings(block))
    sshd(KEYS)
    outcomes = [log_in(options, block.methods) for options in (key, ["-o", "PubkeyAuthentication=no"])]
    assert [outcome for outcome, _ in outcomes] == [block.with_key, block.without]
    assert sum(sent - (outcome == "code") for outcome, sent in outcomes) == block.sent
    around = {"match-without-code", "match-unknown"} & {name for name, _ in found}
    assert services["sshd"]["asked"] == ("sometimes" if around else "always")


@pytest.mark.parametrize("block", [block for block in BLOCKS if block.stack == "password"],
                         ids=lambda block: block.name)
def test_doctor_predicts_the_login_of_a_given_connection(block, start):
    """The prediction for alice's own connection is what comes of it."""
    harness.write(MORE, block.more, 0o644)
    install(block.case(), start)
    findings, services = examine("sshd", "--connection", "user=alice,addr=127.0.0.1,lport=2222")
    found = ids(findings)
    assert "sshd-unknown" not in found
    assert ("key-alone" in found) == (block.with_key == "in"), findings
    locked_out = {"kbdint-off", "password-method"} & found and block.with_key != "in"
    expected = block.with_key == block.without == "out" or "password" in block.findings
    assert bool(locked_out) == expected, findings
    assert services["sshd"]["asked"] != "never" or "code" not in (block.with_key, block.without)
    assert "sshd-unknown" not in ids(examine("sshd", "--connection", "user=alice")[0])


def test_doctor_says_why_a_match_block_locks_users_out(start):
    install(next(block for block in BLOCKS if block.name == "password-method-alone").case(), start)
    finding = find(examine("sshd")[0], "match-locked-out")
    assert finding["severity"] == "error"
    assert '"Match User alice"' in finding["text"] and "right password sends a code" in finding["text"]
    install(next(block for block in BLOCKS if block.name == "kbdint-off").case(), start)
    finding = find(examine("sshd")[0], "match-locked-out")
    assert finding["fix"] == "KbdInteractiveAuthentication yes"
    assert "KbdInteractiveAuthentication is no" in finding["text"] and "sends" not in finding["text"]


def test_doctor_sees_a_match_block_that_refuses_root(start):
    lines = ("PermitRootLogin yes", *SSH_KEY, "Match Address 10.0.0.0/8",
             "  PermitRootLogin prohibit-password", "Match User alice", "  PermitRootLogin no")
    case = Case("root", DEBIAN, "sshd", (ASK,), ssh=lines, users="root +15550100184\n")
    install(case, start)
    findings, _ = examine("sshd")
    assert [(f["id"], f["where"]) for f in findings if f["id"] != "texts-late"] == [
        ("match-root-login", f"{DROP_IN}:{FIRST + 1}")]
    assert "after a code was sent" in find(findings, "match-root-login")["text"]


def test_doctor_notices_another_pam_service_name(start):
    case = Case("service", DEBIAN, "sshd", (ASK,), ssh=(*SSH_KEY, "Match User alice", "  PAMServiceName other"))
    install(case, start)
    findings, services = examine("sshd")
    if "sshd-unknown" in ids(findings): # before OpenSSH 10.0
        assert "PAMServiceName" in find(findings, "sshd-unknown")["text"]
        return
    assert find(findings, "match-pam-service")["where"] == f"{DROP_IN}:{FIRST}"
    assert services["sshd"]["asked"] == "sometimes"
    assert "pam-service" in ids(examine("sshd", "--connection", "user=alice")[0])


def test_doctor_does_not_judge_by_a_part_of_sshds_settings(start):
    users = tuple("AllowUsers " + " ".join(f"{'u' * 200}{line}-{i}" for i in range(15)) for line in range(100))
    install(Case("long", DEBIAN, "sshd", (INCLUDE, ASK), ssh=(*SSH_PASSWORD, *users)), start)
    findings, _ = examine("sshd")
    assert "printed more than" in find(findings, "sshd-unknown")["text"]


def has_dash_g():
    """Whether sshd prints its settings without starting; Debian 12's does not."""
    return subprocess.run(["/usr/sbin/sshd", "-G"], capture_output=True, check=False).returncode == 0


def test_doctor_says_how_to_prepare_an_sshd_that_never_started(start):
    install(Case("never-started", DEBIAN, "sshd", (INCLUDE, ASK)), start)
    Path("/run/sshd").rmdir()
    findings, _ = examine("sshd")
    if has_dash_g():
        assert "sshd-unknown" not in ids(findings)
    else:
        finding = find(findings, "sshd-unknown")
        assert finding["fix"] == "mkdir -m 0755 /run/sshd"
        assert "run this command again" in finding["text"]
        subprocess.run(finding["fix"].split(), check=True)
        assert "sshd-unknown" not in ids(examine("sshd")[0])


def test_doctor_says_how_to_make_missing_host_keys(start):
    install(Case("no-keys", DEBIAN, "sshd", (INCLUDE, ASK)), start)
    for path in Path("/etc/ssh").glob("ssh_host_*"):
        path.unlink()
    findings, _ = examine("sshd")
    if has_dash_g():
        assert "sshd-unknown" not in ids(findings)
    else:
        finding = find(findings, "sshd-unknown")
        assert finding["fix"] == "ssh-keygen -A" and "host key" in finding["text"]
    subprocess.run(["ssh-keygen", "-A"], check=True, capture_output=True)
    assert "sshd-unknown" not in ids(examine("sshd")[0])


def test_the_unit_tests_of_sshd_plans_pass_with_a_real_sshd():
    """Elsewhere they leave out what needs /run/sshd."""
    Path("/run/sshd").mkdir(exist_ok=True)
    environment = {"CMOCKA_MESSAGE_OUTPUT": "TAP", "PATH": "/usr/bin:/bin", "SWMFA_ASK_SSHD": "yes"}
    ran = subprocess.run([harness.BUILD / "tests/unit/ctl/sshd_config_test"], capture_output=True, text=True, timeout=60,
                         check=False, cwd=harness.WORK, env=environment)
    assert ran.returncode == 0, ran.stdout + ran.stderr
