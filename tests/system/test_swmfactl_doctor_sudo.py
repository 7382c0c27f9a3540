# SPDX-License-Identifier: BSD-3-Clause
"""swmfactl doctor and sudo's configuration: what it finds in each file of stacks.SUDOERS, and that the real sudo
does what it predicts."""
import subprocess
from pathlib import Path

import pytest

import harness
import stacks
import test_local
from stacks import DEBIAN, ELSEWHERE, INCLUDE, SUDOERS, Case, Sudoers
from test_swmfactl_doctor import (ACCOUNT, ALICE, PAM, doctor, ended, examine, find, ids, install,
                                  system)  # pylint: disable=unused-import

RULES = Path("/etc/sudoers.d/doctor")
SUDOERS_FILE = Path("/etc/sudoers.d/swmfa-test")
BOB = harness.NUMBERS["bob"]
ROOT = "+15550100184"
UNCHANGED = "Defaults passwd_tries=1\n"


@pytest.fixture(autouse=True)
def sudoers():
    """Files that a test writes go with it."""
    before = SUDOERS_FILE.read_bytes() if SUDOERS_FILE.exists() else None
    SUDOERS_FILE.unlink(missing_ok=True)
    yield
    RULES.unlink(missing_ok=True)
    for path in Path(ELSEWHERE).glob("*"):
        path.unlink()
    if before is not None:
        harness.write(SUDOERS_FILE, before, 0o440)


def put(case, start):
    """The stack of sudo with the module, and the case's files."""
    stack = {"sudo-i": "@include sudo", **dict.fromkeys(case.stacks, INCLUDE)}
    install(Case(case.name, DEBIAN, "sudo", (INCLUDE, f"{stacks.ASK} {case.ask}"), files=stack,
                 users=f"root {ROOT}\n"), start)
    for service in case.stacks:
        harness.stack(service, INCLUDE, *ACCOUNT, folder=PAM)
    harness.write(RULES, UNCHANGED + "\n".join(case.lines) + "\n", 0o440)
    Path(ELSEWHERE).mkdir(exist_ok=True)
    if case.elsewhere:
        harness.write(Path(ELSEWHERE) / "rules", case.elsewhere + "\n", 0o440)


def as_alice(*command):
    return subprocess.run(["setpriv", "--reuid", "alice", "--regid", "alice", "--init-groups", "--",
                           *command], capture_output=True, text=True, check=False, timeout=60)


def is_asked(*command):
    """Whether the real sudo wants to authenticate alice for a command."""
    as_alice("sudo", "-K")
    ran = as_alice("sudo", "-n", *command)
    harness.OUTPUT.append(ran.stdout + ran.stderr)
    assert ran.returncode == 0 or "password is required" in ran.stderr, ran.stderr
    return ran.returncode != 0


@pytest.mark.parametrize("case", SUDOERS, ids=lambda case: case.name)
def test_doctor_reads_sudoers_as_sudo_does(case, start):
    put(case, start)
    findings, services = examine("sudo")
    assert ids(findings) == set(case.findings.split()), findings
    assert services["sudo"]["asked"] == case.asked
    if case.stacks: # it asks alice by another service, whose code is never asked for
        return
    really = {is_asked("id", "-u"), is_asked("true")}
    if case.asked == "always":
        assert really == {True}
    elif case.asked == "never":
        assert really == {False}
    elif case.name != "syntax-error": # real sudo reads on after it, another version does not
        assert False in really


def test_the_table_has_good_and_bad_sudoers():
    assert len({case.name for case in SUDOERS}) == len(SUDOERS) >= 40
    assert sum(case.asked == "always" for case in SUDOERS) >= 12


def test_doctor_names_the_users_and_commands_of_a_rule(start):
    put(Sudoers("names", ("Cmnd_Alias SAFE = /bin/ls", "%admin, !bob web1 = NOPASSWD: SAFE, /usr/bin/id",
                          "Defaults:%ops, #1001 !authenticate")), start)
    texts = [finding["text"] for finding in examine("sudo", "sudo-i")[0]]
    assert texts == ["sudo: Defaults !authenticate for %ops, #1001: sudo asks for neither password nor code",
                     "sudo: %admin, !bob may run SAFE, /usr/bin/id on web1 with NOPASSWD: sudo asks for "
                     "neither password nor code"]
    assert "Every login asks for a code, except those below" in doctor("sudo")[1]


def test_a_list_that_is_too_long_is_cut(start):
    put(Sudoers("long", ("alice ALL = NOPASSWD: " + ", ".join(f"/bin/tool-{n:03}" for n in range(400)),)),
        start)
    text = find(examine("sudo")[0], "sudo-nopasswd")["text"]
    assert "/bin/tool-000, " in text and ", ... with NOPASSWD" in text and len(text) < 900


@pytest.mark.parametrize("name, service", [("service-of-sudo-i", "sudo-i"), ("service", "sudo")])
def test_another_pam_service_of_sudo_asks_for_no_code(start, name, service):
    put(next(case for case in SUDOERS if case.name == name), start)
    findings, services = examine(service)
    finding = find(findings, "sudo-service")
    assert finding["severity"] == "error" and finding["fix"] == "swmfactl doctor weak"
    assert services[service]["asked"] == "never"
    command = ["-i", "id", "-u"] if service == "sudo-i" else ["id", "-u"]
    client = test_local.sudo_as_alice(*command)
    client.expect(r"\n0\r")
    assert ended(client) == 0 and harness.messages() == []


def test_doctor_examines_another_pam_service_of_sudo_as_sudo(start):
    put(Sudoers("named", ("alice ALL=(ALL) NOPASSWD: ALL", "Defaults pam_service=strong, targetpw")), start)
    harness.stack("strong", INCLUDE, stacks.ASK, *ACCOUNT, folder=PAM)
    findings, services = examine("strong")
    assert ids(findings) == {"sudo-nopasswd", "sudo-target"}
    assert services["strong"]["asked"] == "sometimes"
    findings, _ = examine("sudo")
    assert find(findings, "sudo-service")["severity"] == "note"


@pytest.mark.parametrize("defaults, options, password_of, asked", [
    ("targetpw", "", "bob", BOB), ("targetpw", "use_uid", "bob", ALICE),
    ("rootpw", "", "root", ROOT), ("rootpw", "use_uid", "root", ALICE),
    ("runaspw", "", "root", ROOT), ("runaspw", "use_uid", "root", ALICE),
    ("!targetpw", "use_uid", "alice", ALICE), ("!targetpw", "", "alice", ALICE)])
def test_the_code_goes_to_the_phone_that_doctor_names(start, defaults, options, password_of, asked):
    subprocess.run(["chpasswd"], input=f"root:{harness.PASSWORD}\n", text=True, check=True)
    put(Sudoers("target", ("alice ALL=(ALL) ALL", f"Defaults {defaults}"), ask=options), start)
    findings, services = examine("sudo")
    assert ids(findings) == (set() if asked == ALICE else {"sudo-target"})
    assert services["sudo"]["asked"] == "always"
    if asked != ALICE:
        assert find(findings, "sudo-target")["fix"] == f"auth  required  {stacks.M} use_uid"
    client = test_local.on_terminal("sudo", "-u", "bob", "id", "-un", user="alice")
    client.expect(f"password for {password_of}: ")
    client.sendline(harness.PASSWORD)
    client.expect(test_local.PROMPT)
    client.sendline(harness.wait_for_code(asked))
    client.expect("bob")
    assert ended(client) == 0 and len(harness.messages()) == 1


def test_doctor_reads_the_sudoers_file_named_in_sudo_conf(start):
    put(Sudoers("moved", ("alice ALL=(ALL) ALL",), elsewhere="alice ALL=(ALL) NOPASSWD: ALL"), start)
    conf = Path("/etc/sudo.conf")
    before = conf.read_text()
    conf.write_text(f"Plugin sudoers_policy sudoers.so sudoers_file={ELSEWHERE}/rules\n"
                    "Plugin sudoers_io sudoers.so\n")
    try:
        findings, _ = examine("sudo")
        assert find(findings, "sudo-nopasswd")["where"] == f"{ELSEWHERE}/rules"
        assert not is_asked("id", "-u")
    finally:
        conf.write_text(before)


def test_doctor_does_not_call_unknown_rules_safe(start):
    put(Sudoers("unknown", ("alice ALL=(ALL) ALL",)), start)
    program = Path("/usr/bin/cvtsudoers")
    moved = program.rename("/usr/bin/cvtsudoers.away")
    try:
        finding = find(examine("sudo")[0], "sudo-unknown")
        assert finding["severity"] == "warning" and "cvtsudoers" in finding["text"]
        status, text = doctor("sudo")
        assert status == 2 and "Some logins ask for a code." in text
    finally:
        moved.rename(program)
    put(next(case for case in SUDOERS if case.name == "syntax-error"), start)
    assert f"{RULES}:3:" in find(examine("sudo")[0], "sudo-unknown")["text"]


def test_doctor_does_not_call_rules_from_a_directory_safe(start):
    put(Sudoers("sss", ("alice ALL=(ALL) ALL",)), start)
    switch = Path("/etc/nsswitch.conf")
    before = switch.read_text()
    switch.write_text(before + "sudoers: files [NOTFOUND=continue] sss ldap # both\n")
    try:
        findings, services = examine("sudo")
        assert "from sss, ldap as well" in find(findings, "sudo-unknown")["text"]
        assert services["sudo"]["asked"] == "sometimes"
    finally:
        switch.write_text(before)


def test_enable_warns_about_users_whom_sudo_asks_for_nothing(start):
    put(Sudoers("enable", ("alice ALL=(ALL) NOPASSWD: ALL", "Defaults targetpw")), start)
    harness.stack("sudo", INCLUDE, *ACCOUNT, folder=PAM)
    harness.stack("sudo-i", INCLUDE, *ACCOUNT, folder=PAM)
    ran = subprocess.run([harness.CTL, "enable", "--dry-run", "sudo"], capture_output=True, text=True,
                         check=False)
    assert "warning: /etc/sudoers: sudo: alice may run ALL with NOPASSWD" in ran.stderr
    assert "warning: /etc/sudoers: sudo: Defaults targetpw" in ran.stderr
