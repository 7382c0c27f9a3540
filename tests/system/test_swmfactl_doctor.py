# SPDX-License-Identifier: BSD-3-Clause
"""swmfactl doctor: what it finds in the stacks of stacks.py, and that the real libpam, sshd, sudo, su and login do
what it predicts."""
import functools
import json
import random
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pexpect
import pytest

import harness
import stacks
import test_local
from stacks import ASK, CASES, DEBIAN, INCLUDE, Case
from test_enable_listener import Listener

PAM = Path("/etc/pam.d")
DROP_IN = Path("/etc/ssh/sshd_config.d/00-swmfa.conf")
STUBS = ["pam_sss", "pam_u2f", "pam_local_invention", "pam_authd_exec"] # not installed here; a file is enough
MODULES = next(Path("/lib").glob("*/security/pam_permit.so"), Path("/lib/security/x")).parent
ACCOUNT = "account required pam_permit.so", "session required pam_permit.so"
ALICE = harness.NUMBERS["alice"]
PROMPT = test_local.PROMPT


@pytest.fixture(autouse=True)
def system():
    """pam.d is empty but for what a test writes; the system's own comes back."""
    saved = PAM.with_name("pam.d.saved")
    shutil.rmtree(saved, ignore_errors=True)
    shutil.copytree(PAM, saved)
    made = [MODULES / f"{name}.so" for name in STUBS if not (MODULES / f"{name}.so").exists()]
    for path in made:
        path.touch()
    Path("/run/sshd").mkdir(exist_ok=True)
    yield
    for path in made:
        path.unlink()
    shutil.rmtree(PAM)
    saved.rename(PAM)
    DROP_IN.unlink(missing_ok=True)
    harness.users_map()


def install(case, start):
    """The system of a case."""
    for path in PAM.iterdir():
        path.unlink()
    simulator = start(policy=case.policy, swmfa=case.swmfa)
    harness.users_map("".join(f"{name} {number}\n" for name, number in harness.NUMBERS.items()) + case.users)
    for name, text in {"other": "auth required pam_deny.so\n", **case.base, **case.files}.items():
        (PAM / name).write_text(text + "\n")
    harness.stack(case.service, *case.lines, *ACCOUNT, folder=PAM)
    DROP_IN.write_text("\n".join(case.ssh) + "\n")
    return simulator


def doctor(*arguments):
    """The exit status, and what it printed."""
    ran = subprocess.run([harness.CTL, "doctor", *arguments], capture_output=True, text=True,
                         timeout=harness.PATIENCE, check=False)
    harness.OUTPUT.append(ran.stdout + ran.stderr)
    assert ran.stderr == "", ran.stderr
    return ran.returncode, ran.stdout


def examine(*arguments):
    """The findings, and the predictions by service."""
    status, printed = doctor("--json", *arguments)
    report = json.loads(printed)
    findings = report["findings"]
    assert ids(findings) <= documented()
    severities = {finding["severity"] for finding in findings}
    assert status == (3 if "error" in severities else 2 if "warning" in severities else 0)
    return findings, {entry["service"]: entry for entry in report["services"]}


@functools.cache
def documented():
    """The findings of doctor in swmfa-messages(7)."""
    page = (harness.BUILD / "docs/swmfa-messages.7").read_text()
    section = page.partition(".Sh WHAT DOCTOR FINDS")[2].partition(".Sh ")[0]
    return {name for line in re.findall(r"^\.It Li (.*)$", section, flags=re.MULTILINE)
            for name in line.split(" , ")}


def expected_by_tests():
    """The findings that a case of stacks.py expects, or a test here asserts."""
    source = Path(__file__).read_text()
    asserted = {name for line in source.splitlines() if re.search(r"\b(find|ids|expected)\b", line)
                for name in re.findall(r'"([a-z-]+)"', line)}
    return asserted.union(stacks.found_in_sudoers(), *(case.expected() for case in CASES))


def ids(findings):
    return {finding["id"] for finding in findings}


def find(findings, name):
    found = [finding for finding in findings if finding["id"] == name]
    assert found, (name, findings)
    return found[0]


# ---- the table ----

def test_the_table_is_large_enough():
    assert len({case.name for case in CASES}) == len(CASES) >= 30
    assert sum(case.play != "" for case in CASES) >= 12


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_doctor_finds_exactly_the_problems_of_a_stack(case, start):
    install(case, start)
    findings, _ = examine(case.service)
    assert ids(findings) == case.expected(), findings
    for finding in findings:
        assert finding["text"] and (finding["severity"] == "note" or finding["where"])


# ---- what really happens ----

def answers(case, password, code):
    """What is typed at each prompt. Where the right password is asked for alone, a code is ready for
    what a wrong one leads to."""
    given = {"p": [password], "c": [code] if code == "@code" else [code] * 3}
    return [text for kind in case.play for text in given[kind]] + ["@code"]


def play(case, password=harness.PASSWORD, code="@code"):
    """Whether the real libpam lets in, and whether a code was sent."""
    before = len(harness.messages())
    outcome = harness.pamhost(case.service, answers=answers(case, password, code),
                              arguments=("--confdir", PAM, "--rhost", "198.51.100.7"))
    return outcome.result == "PAM_SUCCESS", len(harness.messages()) > before


@pytest.mark.parametrize("case", [case for case in CASES if case.play], ids=lambda case: case.name)
def test_libpam_does_what_doctor_predicts(case, start):
    install(case, start)
    subprocess.run(["faillock", "--user", "alice", "--reset"], check=True)
    _, predictions = examine(case.service)
    said = predictions[case.service]
    let_in, asked = play(case)
    assert let_in == (said["all_right_lets_in"] != "never"), said
    assert asked == (said["asked"] != "never"), said
    if asked:
        assert play(case, code="@wrong")[0] == (said["wrong_code_lets_in"] != "never"), said
    if "p" in case.play:
        let_in, sent = play(case, password="wrong")
        assert let_in == (said["wrong_first_factor_lets_in"] != "never"), said
        exempt = "exempt-by-line" in case.findings # alice may meet that condition
        assert sent == said["code_sent_without_first_factor"] or (exempt and not sent), said


def played(password, code):
    """Whether the real libpam lets in, how often it asked for a code and for a password, and whether
    a code was sent."""
    before = len(harness.messages())
    outcome = harness.pamhost("sudo", answers=[code] * 20, arguments=("--confdir", PAM, "--password", password,
                                                                       "--rhost", "198.51.100.7"))
    codes = sum("Code" in prompt for prompt in outcome.prompts)
    return (outcome.result == "PAM_SUCCESS", codes, len(outcome.prompts) - codes,
            len(harness.messages()) > before)


def contradictions(said, found):
    """What the real libpam does otherwise than is said. Another condition than those of the play can
    hold, so that what is said to happen sometimes need not."""
    let_in, codes, passwords, _ = played(harness.PASSWORD, "@code")
    yield "not let in", not let_in and said["all_right_lets_in"] == "always"
    yield "let in", let_in and said["all_right_lets_in"] == "never"
    yield "asked", codes > 0 and said["asked"] == "never"
    yield "not asked", passwords > 0 and let_in and codes == 0 and said["asked"] == "always"
    yield "no word of it", let_in and codes == 0 and not found & {
        "skipped", "exempt-by-line", "never-asked", "fails-open", "other-factor", "denial-forgotten"}
    let_in, codes, passwords, _ = played(harness.PASSWORD, "@wrong")
    yield "a wrong code", let_in and codes > 0 and said["wrong_code_lets_in"] == "never"
    yield "unasked", let_in and passwords > 0 and codes == 0 and said["asked"] == "always"
    let_in, _, passwords, sent = played("wrong", "@code")
    strangers = {"sends-to-strangers", "sends-after-refusal"}
    yield "sent", sent and not (said["code_sent_without_first_factor"] and found & strangers)
    yield "a wrong password", passwords > 0 and let_in and said["wrong_first_factor_lets_in"] == "never"
    let_in, codes, passwords, _ = played("wrong", "@wrong")
    yield "both", passwords + codes > 0 and let_in and said["wrong_first_factor_lets_in"] == "never"


@pytest.mark.parametrize("seed", range(4))
def test_doctor_says_nothing_untrue_about_random_stacks(seed, start):
    rng = random.Random(seed)
    examined = 0
    install(case_of("debian-sudo"), start)
    for number in range(20):
        case = stacks.random_stack(rng)
        for name, text in case.files.items():
            (PAM / name).write_text(text + "\n")
        harness.stack("sudo", *case.lines, *ACCOUNT, folder=PAM)
        harness.reset_store()
        findings, services = examine("sudo")
        for said in services.values():
            wrong = [what for what, so in contradictions(said, ids(findings)) if so]
            assert not wrong, (number, case, said, findings)
            examined += 1
    assert examined >= 18


def test_doctor_says_that_a_wrong_code_skips_the_password(start):
    lines = (f"auth [success=1 default=ignore] {stacks.M}", "auth sufficient pam_localuser.so",
             "auth requisite pam_unix.so")
    install(Case("spared", {}, "sudo", lines), start)
    findings, services = examine("sudo")
    assert played("wrong", "@wrong")[:3] == (True, 3, 0)
    assert services["sudo"]["wrong_first_factor_lets_in"] == "sometimes"
    assert ids(findings) == {"denial-forgotten", "sends-to-strangers"}


# ---- real programs ----

def case_of(name):
    return next(case for case in CASES if case.name == name)


def predicted(name, start):
    """Installs the case; what is said of its service."""
    case = case_of(name)
    install(case, start)
    return examine(case.service)[1][case.service]


@pytest.fixture
def sshd():
    """A real sshd with the settings of the case that is installed."""
    running = []

    def begin(*lines):
        running.append(harness.Sshd("doctor", *lines, f"Include {DROP_IN}"))
        return running[-1]

    yield begin
    for server in running:
        server.stop()


@pytest.fixture(scope="module")
def key(tmp_path_factory):
    private = tmp_path_factory.mktemp("key") / "id"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", private], check=True)
    harness.write(harness.WORK / "doctor-keys", (private.parent / "id.pub").read_text(), 0o644)
    return ["-i", str(private), "-o", "IdentitiesOnly=yes"]


KEYS = f"AuthorizedKeysFile {harness.WORK}/doctor-keys"


def ended(client):
    client.expect(pexpect.EOF)
    client.close()
    return client.exitstatus


def ssh_by_password(password, *options):
    client = harness.ssh(2222, "alice", options=options)
    client.expect("[Pp]assword: ")
    client.sendline(password)
    return client


def ssh_by_key_and_code(key):
    client = harness.ssh(2222, "alice", options=key)
    client.expect(PROMPT)
    client.sendline(harness.wait_for_code(ALICE))
    client.expect("in-the-shell")
    assert ended(client) == 0


def test_the_ssh_setup_of_the_documents_asks_for_password_and_code(start, sshd):
    said = predicted("debian-sshd", start)
    sshd()
    client = ssh_by_password("wrong")
    assert ended(client) == 255 and harness.messages() == []
    assert not said["code_sent_without_first_factor"]
    client = ssh_by_password(harness.PASSWORD)
    client.expect(PROMPT)
    client.sendline(harness.wait_for_code(ALICE))
    client.expect("in-the-shell")
    assert ended(client) == 0
    assert (said["asked"], said["all_right_lets_in"]) == ("always", "always")
    assert "password (pam_unix" in said["steps"] and "code (pam_swmfa" in said["steps"]


def test_ssh_with_the_prompt_switched_off_sends_and_denies(start, sshd):
    install(case_of("debian-sshd-kbdint-off"), start)
    findings, _ = examine("sshd")
    assert "sends one, and is denied" in find(findings, "kbdint-off")["text"]
    sshd()
    client = ssh_by_password(harness.PASSWORD, "-o", "PreferredAuthentications=password")
    assert ended(client) == 255 and "in-the-shell" not in client.before
    assert len(harness.messages(ALICE)) == 1


def test_ssh_with_the_module_first_sends_to_strangers(start, sshd):
    said = predicted("debian-sshd-module-first", start)
    sshd()
    client = harness.ssh(2222, "alice")
    client.expect(PROMPT)
    client.close(force=True)
    assert said["code_sent_without_first_factor"] and len(harness.messages(ALICE)) == 1


def test_ssh_without_methods_lets_a_key_in_alone(start, sshd, key):
    install(case_of("debian-sshd-methods-forgotten"), start)
    findings, services = examine("sshd")
    assert services["sshd"]["asked"] == "sometimes"
    sshd(KEYS)
    client = harness.ssh(2222, "alice", options=key)
    client.expect("in-the-shell")
    assert ended(client) == 0 and harness.messages() == []
    assert find(findings, "key-alone")["fix"] == "AuthenticationMethods keyboard-interactive"


def test_ssh_asks_for_key_and_code_as_doctor_predicts(start, sshd, key):
    said = predicted("debian-sshd-key", start)
    sshd(KEYS)
    ssh_by_key_and_code(key)
    assert said["steps"].startswith("1. an SSH key (sshd). 2. code (pam_swmfa")


def test_ssh_with_remember_denies_the_second_login(start, sshd, key):
    said = predicted("debian-sshd-key-remember", start)
    sshd(KEYS)
    ssh_by_key_and_code(key)
    client = harness.ssh(2222, "alice", options=key)
    assert ended(client) == 255 and "in-the-shell" not in client.before
    assert said["exempt_lets_in"] == "never" and len(harness.messages()) == 1


@pytest.mark.parametrize("name", ["debian-sudo", "debian-sudo-optional"])
def test_sudo_denies_wrong_codes_as_doctor_predicts(start, name):
    harness.write("/etc/sudoers.d/swmfa-test", "alice ALL=(ALL) ALL\nDefaults timestamp_timeout=0, "
                  "passwd_tries=1\n", 0o440)
    said = predicted(name, start)
    client = test_local.sudo_as_alice("id", "-u")
    client.expect(PROMPT)
    for _ in range(3):
        client.sendline("000000")
        client.expect(["Wrong code", "incorrect password attempt", "\n0\r"])
    ran = client.after == "\n0\r" or "\n0\r" in client.before + (client.read() or "")
    client.close()
    assert ran == (said["wrong_code_lets_in"] != "never") == (name == "debian-sudo-optional")


@pytest.mark.parametrize("name, asked", [("debian-su", "alice"), ("debian-su-target", "bob")])
def test_su_asks_the_user_that_doctor_predicts(start, name, asked):
    said = predicted(name, start)
    assert subprocess.run(["su", "bob", "-c", "true"], check=False).returncode == 0
    assert harness.messages() == [] # root, by the line that exempt-by-line names
    client = test_local.on_terminal("su", "bob", "-c", "id -un", user="alice")
    client.expect("Password: ")
    client.sendline(harness.PASSWORD)
    client.expect(PROMPT)
    client.sendline(harness.wait_for_code(harness.NUMBERS[asked]))
    client.expect("bob")
    assert ended(client) == 0
    assert (said["asked"], said["all_right_lets_in"]) == ("sometimes", "always")
    assert "Every login asks for a code, except those below." in doctor("su")[1]


def test_login_asks_after_the_password(start):
    said = predicted("debian-login", start)
    client = test_local.login_as_alice()
    client.sendline(harness.wait_for_code(ALICE))
    client.expect(r"\$ ")
    client.sendline("exit")
    ended(client)
    assert said["asked"] == "always" and said["steps"].index("pam_unix") < said["steps"].index("swmfa")


# ---- what it says ----

def test_the_fixed_stack_has_no_findings(start):
    """Each fix that is a whole stack, put in place of what was there."""
    tried = 0
    for case in CASES:
        install(case, start)
        for finding in examine(case.service)[0]:
            lines = finding["fix"].split("\n")
            if len(lines) < 3 or finding["id"] == "exempt-denied":
                continue
            harness.stack(case.service, *lines, *ACCOUNT, folder=PAM)
            left = ids(examine(case.service)[0]) & {"skipped", "sends-after-refusal", "never-asked",
                                                    "code-alone", "sends-to-strangers",
                                                    "denial-forgotten", "fails-open"}
            assert not left, (case.name, finding, left)
            tried += 1
            break
    assert tried >= 8


def test_doctor_says_that_no_service_asks_for_a_code(start):
    install(Case("none", DEBIAN, "sshd", (INCLUDE,)), start)
    findings, services = examine()
    assert ids(findings) == {"not-asked"} and services == {}
    assert find(findings, "not-asked")["fix"] == "swmfactl enable sshd"
    findings = examine("sshd")[0]
    assert ids(findings) == {"not-asked"} and findings[0]["fix"] == "swmfactl enable sshd"


def test_doctor_finds_every_service_that_names_the_module(start):
    install(case_of("debian-sshd"), start)
    harness.stack("sudo", INCLUDE, ASK, folder=PAM)
    harness.stack("vsftpd", INCLUDE, f"account required {stacks.M}", folder=PAM)
    (PAM / "sshd.dpkg-old").write_text(ASK + "\n")
    findings, services = examine()
    assert set(services) == {"sshd", "sudo"}
    assert find(findings, "module-type")["where"] == "/etc/pam.d/vsftpd:2"


def common_auth_with(condition):
    """A common-auth that has the module for some services."""
    condition_line = f"auth [success=1 default=ignore] pam_succeed_if.so quiet service {condition}"
    others = dict.fromkeys(["common-account", "common-password", "common-session-noninteractive"], "")
    return {"common-auth": f"{DEBIAN['common-auth']}{condition_line}\n{ASK}\n", **others}


def test_services_that_skip_the_module_by_a_shared_file_are_only_named(start):
    install(Case("condition", common_auth_with("notin sshd:sudo"), "sshd", (INCLUDE,)), start)
    for service in ("chfn", "login", "su", "sudo", "sudo-i", *(f"t-{i:03}" for i in range(100))):
        harness.stack(service, INCLUDE, folder=PAM)
    findings, services = examine()
    assert set(services) == {"sshd", "sudo"}
    assert {service["asked"] for service in services.values()} == {"always"}
    kept = find(findings, "other-services")
    assert "these ask for no code: chfn, login, su, sudo-i, t-000, t-001, " in kept["text"]
    assert ", t-099" in kept["text"]
    assert kept["where"] == "/etc/pam.d/common-auth:5" and kept["severity"] == "note"
    assert find(findings, "sibling-not-asked")["where"] == "/etc/pam.d/sudo-i"
    assert ids(findings) == {"other-services", "sibling-not-asked", "texts-late"}
    findings, services = examine("su")
    assert services == {} and find(findings, "not-asked")["where"] == "/etc/pam.d/common-auth:5"
    assert len(findings) == 1


def test_a_shared_file_that_skips_the_module_for_all_is_a_warning(start):
    install(Case("condition", common_auth_with("notin ssh"), "sshd", (INCLUDE,)), start)
    findings, services = examine()
    assert services == {} and ids(findings) == {"other-services", "not-asked"}


# ---- programs that cannot ask ----

ROW = re.compile(r'^    \{"([^"]+)",\s+APPLICATION_(\w+),\s+"([^"]+)"\},$', re.MULTILINE)
PROGRAMS = {name: (kind, words) for name, kind, words in
            ROW.findall((harness.SRC / "pam_swmfa/pamstack/applications.c").read_text())}
AS_ALICE = ["setpriv", "--reuid", "alice", "--regid", "alice", "--init-groups"]


def in_common_auth(start, *services, condition_line=""):
    """A common-auth that has the module for all; and services that include it."""
    text = DEBIAN["common-auth"] + (f"{condition_line}\n" if condition_line else "") + ASK
    install(Case("unconditional", {"common-auth": text}, "sudo", (INCLUDE,)), start)
    for service in services:
        harness.stack(service, INCLUDE, *ACCOUNT, folder=PAM)


def test_doctor_names_each_program_that_cannot_ask(start):
    in_common_auth(start, *PROGRAMS)
    findings, services = examine()
    expected = {"NOT_ROOT": "not-root", "NO_PROMPT": "no-prompt", "NO_AUTH": "no-auth"}
    assert len(PROGRAMS) > 80 and {kind for kind, _ in PROGRAMS.values()} == {"ASKS", "CALLER", *expected}
    for service, (kind, words) in PROGRAMS.items():
        found = [finding for finding in findings if finding["text"].startswith(f"{service}: {words} ")]
        named = {finding["id"] for finding in found} & set(expected.values())
        assert named == ({expected[kind]} if kind in expected else set()), (service, found)
        if kind == "NO_AUTH":
            assert service not in services
        else:
            assert services[service]["asked"] == ("never" if kind in expected else "always"), service
            assert services[service]["all_right_lets_in"] == ("never" if kind in expected else "always")
    assert "nobody-gets-in" not in ids(findings)


def test_a_program_without_root_is_denied_until_it_skips_the_module(start):
    in_common_auth(start, "swaylock")
    findings, services = examine("swaylock")
    finding = find(findings, "not-root")
    assert (finding["severity"], finding["where"]) == ("error", "/etc/pam.d/common-auth:4")
    assert services["swaylock"]["steps"] == "" and ids(findings) == {"not-root"}

    def unlock():
        return harness.pamhost("swaylock", answers=[harness.PASSWORD, "@code"], prefix=AS_ALICE,
                               arguments=("--confdir", PAM))
    assert unlock().result != "PAM_SUCCESS" and harness.messages() == []
    condition_line = finding["fix"].splitlines()[0]
    in_common_auth(start, "swaylock", condition_line=condition_line)
    assert unlock().result == "PAM_SUCCESS" and harness.messages() == []
    assert ids(examine("swaylock")[0]) == {"not-asked"}
    assert ids(examine("sudo")[0]) == set()


def test_a_program_without_prompts_sends_a_code_and_is_denied(start):
    in_common_auth(start, "vsftpd")
    findings, _ = examine("vsftpd")
    finding = find(findings, "no-prompt")
    assert finding["severity"] == "error" and "sends a code and is denied" in finding["text"]
    outcome = harness.pamhost("vsftpd", answers=[harness.PASSWORD] * 9, arguments=("--confdir", PAM))
    assert outcome.result != "PAM_SUCCESS" and len(harness.messages()) == 1
    assert doctor("vsftpd")[1].startswith("vsftpd\n    No login succeeds.\n    No login asks for a code.")
    in_common_auth(start, "vsftpd", condition_line=finding["fix"].splitlines()[0])
    outcome = harness.pamhost("vsftpd", answers=[harness.PASSWORD] * 9, arguments=("--confdir", PAM))
    assert outcome.result == "PAM_SUCCESS" and harness.messages() == []


def test_the_fix_of_a_separate_stack_is_to_remove_the_line(start):
    in_common_auth(start)
    harness.stack("vsftpd", DEBIAN["common-auth"], ASK, *ACCOUNT, folder=PAM)
    finding = find(examine("vsftpd")[0], "no-prompt")
    assert finding["text"].endswith(": remove this line") and finding["fix"] == ""


def test_without_autosend_a_program_without_prompts_is_denied(start):
    in_common_auth(start, "vsftpd")
    harness.configure(start(name="second"), swmfa="autosend = no")
    text = find(examine("vsftpd")[0], "no-prompt")["text"]
    assert "is denied" in text and "sent" not in text


def test_doctor_says_that_a_program_is_unknown(start):
    in_common_auth(start, "local-app")
    findings, services = examine("local-app")
    finding = find(findings, "unknown-service")
    assert finding["severity"] == "note" and "runs as root and shows a second prompt" in finding["text"]
    assert services["local-app"]["asked"] == "always" and ids(findings) == {"unknown-service"}


def test_doctor_reports_nopass_rules_of_doas(start):
    rules = Path("/etc/doas.conf")
    in_common_auth(start)
    harness.stack("doas", DEBIAN["common-auth"], f"{ASK} use_uid", *ACCOUNT, folder=PAM)
    assert examine("doas")[1]["doas"]["asked"] == "always"
    try:
        rules.write_text("# permit nopass\npermit alice as nopass-user\npermit nopass keepenv bob # yes\n")
        findings, services = examine("doas")
        assert find(findings, "doas-nopass")["where"] == f"{rules}:3" and len(findings) == 1
        assert services["doas"]["asked"] == "sometimes"
    finally:
        rules.unlink()


@pytest.mark.parametrize("service, wrong", [("su", False), ("su-l", False), ("sudo", False),
                                            ("sudo-i", False), ("doas", False), ("login", True),
                                            ("local-app", True)])
def test_doctor_wants_use_uid_only_for_programs_that_a_user_calls(start, service, wrong):
    in_common_auth(start)
    harness.stack(service, DEBIAN["common-auth"], f"{ASK} use_uid", *ACCOUNT, folder=PAM)
    assert ("use-uid" in ids(examine(service)[0])) == wrong


# ---- modules that are not known ----

def beside_unix(start, module, **keywords):
    """The common-auth of an Ubuntu with another module for passwords, as pam-auth-update writes it."""
    text = (f"auth [success=2 default=ignore] {module}\nauth [success=1 default=ignore] pam_unix.so\n"
            "auth requisite pam_deny.so\nauth required pam_permit.so\n")
    install(Case("beside", {"common-auth": text}, "sudo", (INCLUDE, ASK), **keywords), start)


def test_doctor_knows_the_module_of_authd(start):
    beside_unix(start, "pam_authd_exec.so /usr/libexec/authd-pam")
    findings, services = examine("sudo")
    assert ids(findings) == set() and services["sudo"]["asked"] == "always"
    assert services["sudo"]["steps"].startswith("1. factor of authd (pam_authd_exec")


@pytest.mark.parametrize("value", ["pam_local_invention", "pam_other, pam_local_invention.so"])
def test_first_factor_modules_name_a_module_that_checks_a_password(start, value):
    beside_unix(start, "pam_local_invention.so")
    assert "sends-to-strangers" in ids(examine("sudo")[0])
    beside_unix(start, "pam_local_invention.so", swmfa=f"first_factor_modules = {value}")
    findings, services = examine("sudo")
    assert ids(findings) == set() and services["sudo"]["asked"] == "always"
    assert services["sudo"]["steps"].startswith("1. first factor (pam_local_invention, ")
    assert not services["sudo"]["code_sent_without_first_factor"]


def test_enable_accepts_a_named_first_factor_module(start):
    def enable(swmfa):
        beside_unix(start, "pam_local_invention.so", swmfa=swmfa)
        harness.stack("sudo", INCLUDE, *ACCOUNT, folder=PAM)
        return subprocess.run([harness.CTL, "enable", "--dry-run", "sudo"], capture_output=True, text=True,
                              check=False)
    assert "nothing was changed" in enable("").stderr
    assert enable("first_factor_modules = pam_local_invention").returncode == 0


def test_a_named_module_does_not_replace_what_is_known(start):
    install(Case("permit", {}, "sudo", ("auth required pam_permit.so", ASK),
                 swmfa="first_factor_modules = pam_permit, pam_succeed_if"), start)
    assert "sends-to-strangers" in ids(examine("sudo")[0])


def test_a_login_ignores_first_factor_modules(start):
    install(case_of("debian-sudo"), start)
    harness.configure(start(name="second"), swmfa="first_factor_modules = pam_one, pam_two")
    assert play(case_of("debian-sudo")) == (True, True)


# ---- the users map ----

GERMAN = "alice +4930123456\n"


@pytest.mark.parametrize("text, lines, says", [
    ("alice 15550100182\n", [1], "expected an E.164 number"),
    ("# users\r\nalice +15550100182\r\nbob +15550100183\r\n", [2, 3], "carriage return"),
    ("alice +15550100182\n".encode("utf-16"), [1, 2], ""),
    (GERMAN * 25, range(1, 21), "outside of countries"),
    ("# nobody\n", [], "the map has no user")], ids=["plus", "crlf", "utf-16", "country", "nobody"])
def test_doctor_and_enable_find_a_users_map_that_denies_everybody(text, lines, says, start):
    install(case_of("debian-sudo"), start)
    harness.configure(start(name="second"), limits="countries = +1555\n")
    harness.users_map(text)
    findings, services = examine("sudo")
    finding = find(findings, "users-map")
    assert finding["severity"] == "error" and says in finding["text"]
    named = [finding["where"] for finding in findings if finding["id"] == "users-line"]
    more = [f"{harness.USERS}"] if text == GERMAN * 25 else []
    assert named == [f"{harness.USERS}:{line}" for line in lines] + more
    enable = subprocess.run([harness.CTL, "enable", "su"], capture_output=True, text=True, check=False)
    assert f"{finding['where']}: {finding['text'].partition('denied: ')[2]}" in enable.stderr
    assert (services["sudo"]["all_right_lets_in"], services["sudo"]["steps"]) == ("never", "")
    assert not played(harness.PASSWORD, "000000")[0] and harness.messages() == []


@pytest.mark.parametrize("name", ["debian-sshd", "debian-su", "debian-login"])
def test_each_service_reports_a_bad_users_map(name, start):
    install(case_of(name), start)
    harness.users_map("alice 15550100182\n")
    findings, services = examine(case_of(name).service)
    assert {"users-map", "users-line"} <= ids(findings)
    assert services[case_of(name).service]["all_right_lets_in"] in ("never", "sometimes")


def test_one_wrong_line_is_a_warning(start):
    install(case_of("debian-sudo"), start)
    harness.users_map(f"alice {ALICE}\nbob 15550100183\n")
    findings, services = examine("sudo")
    assert ids(findings) == {"users-line"} and find(findings, "users-line")["where"] == f"{harness.USERS}:2"
    assert services["sudo"]["all_right_lets_in"] == "always"


# ---- what is half done of enable, and the sshd that listen ----

def write_drop_in(methods):
    DROP_IN.write_text("# Made by swmfactl enable sshd, of another version.\nUsePAM yes\nKbdInteractive"
                       f"Authentication yes\nPasswordAuthentication no\nAuthenticationMethods {methods}\n"
                       "LoginGraceTime 180\n")


PASSWORD, BOTH = "keyboard-interactive", "publickey,keyboard-interactive"
KEY_OR_BOTH = f"publickey {BOTH}"
WITH_KEY = "swmfactl enable sshd --publickey"


@pytest.mark.parametrize("methods, lines, says, fix", [
    (PASSWORD, (INCLUDE,), "a login needs the password, and no code; a key is not enough; to undo it: "
     "swmfactl disable sshd", "swmfactl enable sshd"),
    (BOTH, (INCLUDE,), "a login needs the key and the password, and no code", WITH_KEY),
    (KEY_OR_BOTH, (INCLUDE,), "a login needs a key, and no code", WITH_KEY),
    (KEY_OR_BOTH, (ASK, stacks.PERMIT), "still lets a key in alone; a login needs a key, and no code",
     WITH_KEY + "\nsystemctl reload ssh"),
    (BOTH, (INCLUDE, ASK), "needs the key, the password and a code; to undo it: swmfactl enable sshd", WITH_KEY),
    (PASSWORD, (INCLUDE, ASK), None, None),
    (BOTH, (ASK, stacks.PERMIT), None, None)])
def test_doctor_reports_a_half_finished_enable(methods, lines, says, fix, start):
    install(Case("half", DEBIAN, "sshd", lines), start)
    write_drop_in(methods)
    for findings in (examine("sshd")[0], examine()[0]):
        assert ("half-enabled" in ids(findings)) == (says is not None)
        if says is not None:
            finding = find(findings, "half-enabled")
            assert says in finding["text"] and finding["fix"] == fix and finding["where"] == str(DROP_IN)


def test_doctor_does_not_report_a_half_that_is_not_in_effect(start):
    install(Case("half", DEBIAN, "sshd", (INCLUDE,)), start)
    write_drop_in(PASSWORD)
    first = DROP_IN.with_name("00-before.conf")
    first.write_text("AuthenticationMethods publickey\n")
    try:
        text = find(examine("sshd")[0], "half-enabled")["text"]
        assert "it is unknown what a login needs: sshd -T: authenticationmethods is not" in text
    finally:
        first.unlink()


def test_doctor_names_each_sshd_with_another_configuration(start, sshd):
    install(case_of("debian-sshd"), start)
    write_drop_in(PASSWORD)
    with Listener("-o", "Ciphers=aes256-ctr") as process: # that is no matter for doctor
        write_drop_in(PASSWORD)
        findings, _ = examine("sshd")
        finding = find(findings, "sshd-reload")
        assert f"sshd (process {process.pid}) may not have read" in finding["text"]
        assert finding["fix"] == "systemctl reload ssh" and "sshd-other" not in ids(findings)
        own = sshd()
        finding = find(examine("sshd")[0], "sshd-other")
        assert f"sshd (process {own.process.pid}) was started with its own configuration, " in finding["text"]
        assert "-f " in finding["text"]
        own.stop()
        settled = DROP_IN.stat().st_ctime + 1.1
        assert harness.wait_until(lambda: time.time() > settled)
        image = Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()[25]
        process.send_signal(signal.SIGHUP)
        assert harness.wait_until(lambda: image not in Path(f"/proc/{process.pid}/stat").read_text())
        assert harness.wait_until(lambda: "sshd-reload" not in ids(examine("sshd")[0]))
    with Listener("-o", "PidFile=none"): # it has started after the change
        assert not {"sshd-reload", "sshd-other"} & ids(examine("sshd")[0])


@pytest.mark.parametrize("options, program, says", [
    (["-o", "UsePAM=no"], "", "was started with its own configuration, -D -e -p 2299 -o UsePAM=no: "),
    (["-o", "AuthenticationMethods=publickey keyboard-interactive"], "", "options that cannot be read"),
    ([], "/usr/local/sbin/sshd", "is a different program from /usr/sbin/sshd")], ids=["own", "blank", "program"])
def test_doctor_names_an_sshd_that_is_not_covered(options, program, says, start):
    install(case_of("debian-sshd"), start)
    if program:
        shutil.copy("/usr/sbin/sshd", program)
    try:
        with Listener(*options, program=program or "/usr/sbin/sshd") as process:
            finding = find(examine("sshd")[0], "sshd-other")
    finally:
        if program:
            Path(program).unlink()
    assert finding["where"] == (program or "/usr/sbin/sshd")
    assert f"sshd (process {process.pid}) " in finding["text"] and says in finding["text"]
    assert finding["severity"] == "warning"


# ---- what it says ----

def test_doctor_suggests_no_line_for_a_missing_service(start):
    install(case_of("debian-sudo"), start)
    finding = find(examine("sduo")[0], "no-such-service")
    assert finding["text"].startswith("sduo: pam.d has no such file") and finding["fix"] == ""
    assert finding["severity"] == "warning" and finding["where"] == "/etc/pam.d/sduo"


def test_each_finding_names_its_file_and_line(start):
    install(case_of("debian-sudo-sufficient-unix"), start)
    findings, _ = examine("sudo")
    assert find(findings, "skipped")["where"] == "/etc/pam.d/sudo:1"
    install(case_of("fedora-sudo-include"), start)
    findings, _ = examine("sudo")
    assert find(findings, "skipped")["where"] == "/etc/pam.d/system-auth:5"
    install(case_of("debian-sshd-settings-forgotten"), start)
    findings, _ = examine("sshd")
    number = int(find(findings, "kbdint-off")["where"].rpartition(":")[2])
    text = Path("/etc/ssh/sshd_config").read_text().splitlines()[number - 1]
    assert text == "KbdInteractiveAuthentication no"
    install(case_of("debian-sshd-hurry"), start)
    findings, _ = examine("sshd")
    assert find(findings, "login-grace")["where"] == f"{DROP_IN}:1"
    assert find(findings, "max-auth-tries")["where"] == f"{DROP_IN}:2"


def test_connection_selects_the_match_blocks(start):
    install(case_of("debian-sshd-match"), start)
    findings, services = examine("sshd")
    assert find(findings, "match-without-code")["where"] == f"{DROP_IN}:5"
    assert services["sshd"]["asked"] == "sometimes"
    rescue = "user=rescue,host=client.example,addr=192.0.2.10"
    assert "key-alone" in ids(examine("sshd", "--connection", rescue)[0])
    findings, services = examine("sshd", "--connection", rescue[:-2] + "99")
    assert ids(findings) == {"texts-late"} and services["sshd"]["asked"] == "always"
    assert findings[0]["where"] == "/usr/sbin/sshd" and findings[0]["text"].startswith("OpenSSH ")
    assert "sshd-unknown" in ids(examine("sshd", "--connection", "nonsense")[0])


def test_doctor_leaves_a_broken_configuration_to_check(start):
    install(case_of("debian-sudo"), start)
    harness.write(harness.CONF, "[swmfa]\nproviders = pigeon\n")
    finding = find(examine("sudo")[0], "configuration")
    assert (finding["fix"], finding["severity"]) == ("swmfactl check", "error")
    assert "providers" in finding["text"] and "pigeon" in finding["text"]
    assert "    Every login that reaches pam_swmfa is denied: see below.\n" in doctor("sudo")[1]


def test_without_autosend_the_password_method_is_only_a_warning(start):
    case = case_of("debian-sshd-password-method")
    install(case, start)
    assert find(examine("sshd")[0], "password-method")["severity"] == "error"
    harness.configure(start(name="second"), swmfa="autosend = no")
    finding = find(examine("sshd")[0], "password-method")
    assert finding["severity"] == "warning" and "nothing is sent" in finding["text"]


def test_selinux_and_apparmor_are_noted(start):
    install(case_of("debian-sudo"), start)
    selinux = Path("/sys/fs/selinux")
    apparmor = Path("/sys/kernel/security/apparmor")
    for folder in (selinux, apparmor):
        folder.mkdir(parents=True, exist_ok=True)
    (selinux / "enforce").write_text("1")
    (apparmor / "profiles").write_text("/usr/sbin/cups (enforce)\n/usr/sbin/sshd (enforce)\n")
    try:
        findings, _ = examine("sudo")
        assert "swmfa-auth" in find(findings, "selinux")["fix"]
        assert "/usr/sbin/sshd" in find(findings, "apparmor")["text"]
        assert ids(findings) == {"selinux", "apparmor"}
        (selinux / "enforce").write_text("0")
        (apparmor / "profiles").write_text("/usr/sbin/sshd (complain)\n")
        assert ids(examine("sudo")[0]) == set()
    finally:
        shutil.rmtree(selinux)
        shutil.rmtree(apparmor)


def test_doctor_stops_at_includes_in_a_circle(start):
    install(case_of("debian-sudo"), start)
    (PAM / "common-auth").write_text("@include circle\n")
    (PAM / "circle").write_text("auth required pam_env.so\nauth include common-auth\n")
    assert ids(examine("sudo")[0]) == {"unreadable"}
    (PAM / "circle").write_text("@include common-auth\n@include common-auth\n")
    assert ids(examine("sudo")[0]) == {"unreadable"}


def test_the_text_says_what_is_wrong_and_what_to_do(start):
    install(case_of("debian-sudo-optional"), start)
    status, text = doctor("sudo")
    assert status == 3
    assert text.startswith("sudo\n    1. password (pam_unix, /etc/pam.d/common-auth:1). 2. code")
    assert "A wrong code is accepted" in text or "accepted in some cases" in text
    assert f"do: auth  required  {stacks.M}" in text and "[denial-forgotten]" in text


@pytest.mark.parametrize("word", ["", "../sudo", "/etc/pam.d/sudo", ".."])
def test_a_word_that_is_not_a_service_is_refused(word):
    ran = subprocess.run([harness.CTL, "doctor", "--", word], capture_output=True, text=True,
                         check=False)
    assert ran.returncode == 1 and "is not a file name of pam.d" in ran.stderr


def test_the_man_page_has_every_finding_and_a_test_expects_it():
    sources = "".join(path.read_text() for path in (harness.SRC / "pam_swmfa").rglob("*.c"))
    assert all(f'"{name}"' in sources for name in documented())
    newer = {"pam-service", "match-pam-service"} # OpenSSH 10.0: test_sshd_config.py
    assert documented() - expected_by_tests() - newer == {"too-many-ways"}
