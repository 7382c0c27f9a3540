# SPDX-License-Identifier: BSD-3-Clause
"""swmfactl enable and disable as a property, against the real sshd.

After `enable` says 0, each account that could log in before either still can, with a code, or was
named before anything was changed; and no way in needs less than it did. After `disable` everybody can
log in as before. What a dry run says is what the real run does.

A combination is a configuration of sshd, a users map, a way in which sshd keeps its PID, a layout of
/etc/pam.d, and a form of `enable`.
"""
import itertools
import os
import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import harness
from test_swmfactl import ctl
from test_swmfactl_enable import CONFIGURATION, PAM, TOOL, PORT, Sshd, debian, snapshot # noqa: F401

# What an account has: a password, a key, or both.
ACCOUNTS = {"both": (True, True), "word": (True, False), "only-key": (False, True),
            "root": (True, True)}
NUMBERS = {name: f"+1555010019{digit}" for digit, name in enumerate(ACCOUNTS)}
PROOFS = [(), ("key",), ("password",), ("key", "password")]
SSHD_CONFIG = Path("/etc/ssh/sshd_config")
KEY = harness.WORK / "property-key"
ASKPASS = harness.WORK / "askpass"

ASKPASS_TEXT = """#!/bin/sh
# Answers ssh's prompts with what this login may use; at any other prompt ssh ends.
case "$1" in
*Code*)
    [ -n "$CODE_NUMBER" ] || { kill "$PPID"; exit 1; }
    tries=0
    while [ "$(grep -c "^$CODE_NUMBER " "$INBOX")" -le "$CODES_BEFORE" ]; do
        tries=$((tries + 1))
        [ "$tries" -lt 2000 ] || { kill "$PPID"; exit 1; }
        sleep 0.05
    done
    grep "^$CODE_NUMBER " "$INBOX" | tail -n 1 | sed 's/.* //'
    ;;
*[Pp]assword*)
    [ -n "$PASSWORD" ] || { kill "$PPID"; exit 1; }
    printf '%s\\n' "$PASSWORD"
    ;;
*)
    kill "$PPID"
    exit 1
    ;;
esac
"""


@pytest.fixture(scope="module", autouse=True)
def accounts(private_system):
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", KEY], check=True)
    ASKPASS.write_text(ASKPASS_TEXT)
    ASKPASS.chmod(0o755)
    for name, (password, key) in ACCOUNTS.items():
        home = Path("/root") if name == "root" else harness.add_account(name)
        if name == "root":
            harness.set_password("root")
        if not password:
            subprocess.run(["usermod", "--password", "!", name], check=True)
        if key:
            (home / ".ssh").mkdir(mode=0o700, exist_ok=True)
            shutil.copy(KEY.with_suffix(".pub"), home / ".ssh/authorized_keys")
            subprocess.run(["chown", "-R", f"{name}:", home / ".ssh"], check=True)
    yield
    for name in ACCOUNTS:
        if name != "root":
            subprocess.run(["userdel", "--remove", name], check=True, capture_output=True)
    (Path("/root/.ssh/authorized_keys")).unlink()


# ---- one login ----

def gets_in(name, proofs, code):
    """Whether sshd lets the account in with these proofs, and a code if it asks for one."""
    environment = {"PATH": os.environ["PATH"], "SSH_ASKPASS": str(ASKPASS),
                   "SSH_ASKPASS_REQUIRE": "force", "INBOX": str(harness.INBOX),
                   "PASSWORD": harness.PASSWORD if "password" in proofs else "",
                   "CODE_NUMBER": NUMBERS[name] if code and is_mapped(name) else "",
                   "CODES_BEFORE": str(len(harness.messages(NUMBERS[name])))}
    options = ["-i", str(KEY), "-o", "IdentitiesOnly=yes"] if "key" in proofs else \
        ["-o", "PubkeyAuthentication=no"]
    options += ["-o", "PreferredAuthentications=publickey,keyboard-interactive,password"]
    done = subprocess.run(harness.ssh_command(PORT, name, options=options), env=environment,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    return "in-the-shell" in done.stdout


def is_mapped(name):
    """Whether a code can come; otherwise nothing is waited for at that prompt."""
    return f"{name} {NUMBERS[name]}\n".encode() in harness.USERS.read_bytes()


def owned(name, proofs):
    password, key = ACCOUNTS[name]
    return ("password" not in proofs or password) and ("key" not in proofs or key)


def ways_in(names, code):
    """{name: the proofs that let it in}. A login of one account after the other, since each has a
    code of its own. Without a code, nothing at all is not tried."""
    def of(name):
        return {proofs for proofs in PROOFS
                if owned(name, proofs) and (proofs or code) and gets_in(name, proofs, code)}

    with ThreadPoolExecutor() as pool:
        return dict(zip(ACCOUNTS, pool.map(of, names)))


# ---- the combinations ----

def prepend(text):
    SSHD_CONFIG.write_text(text + SSHD_CONFIG.read_text())


def append(text):
    SSHD_CONFIG.write_text(SSHD_CONFIG.read_text() + text)


def replace(pattern, text):
    body = SSHD_CONFIG.read_text()
    changed = re.sub(pattern, text, body, flags=re.MULTILINE)
    assert changed != body
    SSHD_CONFIG.write_text(changed)


INCLUDE = "Include /etc/ssh/sshd_config.d/*.conf\n"


def include_at_the_end():
    replace("^Include .*\n", "")
    append(INCLUDE)


def include_in_a_match():
    replace("^Include .*\n", "")
    append("Match User word\n" + INCLUDE)


SETTINGS = {
    "default": lambda: None,
    "root-keys-only": lambda: replace("^PermitRootLogin.*\n", "PermitRootLogin prohibit-password\n"),
    "root-not-at-all": lambda: replace("^PermitRootLogin.*\n", "PermitRootLogin no\n"),
    "keys-only": lambda: append("PasswordAuthentication no\n"),
    "allow-users": lambda: append("AllowUsers word root\n"),
    "deny-groups": lambda: append("DenyGroups both\n"),
    "match-user-kbdint-no": lambda: append("Match User word\n  KbdInteractiveAuthentication no\n"),
    "match-user-password": lambda: append("Match User word\n  PasswordAuthentication yes\n"
                                          "  AuthenticationMethods password\n"),
    "match-user-any": lambda: append("Match User both\n  AuthenticationMethods any\n"),
    "match-address-kbdint": lambda: append("Match Address 127.0.0.0/8\n"
                                           "  AuthenticationMethods keyboard-interactive\n"),
    "match-local-port": lambda: append("Match LocalPort 2223\n  PasswordAuthentication no\n"),
    "match-group-key": lambda: append("Match Group both\n  AuthenticationMethods publickey\n"),
    "no-include": lambda: replace("^Include ", "#Include "),
    "include-at-the-end": include_at_the_end,
    "include-in-a-match": include_in_a_match,
    "methods-first": lambda: prepend("AuthenticationMethods publickey password\n"),
    "kbdint-no-first": lambda: prepend("KbdInteractiveAuthentication no\n"),
    "key-and-password": lambda: append("AuthenticationMethods publickey,password\n"),
    "methods-publickey": lambda: append("AuthenticationMethods publickey\n"),
    "match-user-no-password": lambda: append("Match User both\n  PasswordAuthentication no\n"),
    "usepam-no": lambda: replace("^UsePAM .*\n", "UsePAM no\n"),
    "keys-only-without-pam": lambda: (replace("^UsePAM .*\n", "UsePAM no\n"),
                                      replace("^KbdInteractiveAuthentication .*\n",
                                              "PasswordAuthentication no\n")),
    "no-pam": lambda: prepend("UsePAM no\n"),
}

ALL = [f"{name} {number}" for name, number in NUMBERS.items()]
MAPS = {
    "all": "\n".join(ALL) + "\n",
    "both-and-word": "\n".join(ALL[:2]) + "\n",
    "only-key": ALL[2] + "\n",
    "root": ALL[3] + "\n",
    "word-and-a-bad-line": f"{ALL[1]}\nboth {NUMBERS['both'][1:]}\n",
}
BAD_MAPS = {
    "no-plus": f"word {NUMBERS['word'][1:]}\n",
    "cr-lf": f"word {NUMBERS['word']}\r\n",
    "cr-lf-and-no-end": f"word {NUMBERS['word']}\r",
    "no-end": f"word {NUMBERS['word']}",
    "utf-16": f"word {NUMBERS['word']}\n".encode("utf-16"),
    "colon": f"word:{NUMBERS['word']}\n",
    "spreadsheet": f"word,{NUMBERS['word']}\n",
    "nobody-here": f"nobody-here {NUMBERS['word']}\n",
}

def stolen_pid_file():
    """A second sshd, with the same PID file, comes and goes and takes the file along."""
    second = subprocess.Popen(["/usr/sbin/sshd", "-D", "-e", "-p", str(PORT + 1)],
                              stderr=subprocess.DEVNULL)
    pid_file = Path("/run/sshd.pid")
    assert harness.wait_until(lambda: pid_file.exists() and
                              pid_file.read_text().strip() == str(second.pid))
    second.terminate()
    second.wait(harness.PATIENCE)
    assert harness.wait_until(lambda: not pid_file.exists())


PID_FILES = {"usual": ([], lambda: None), "none": (["-o", "PidFile=none"], lambda: None),
             "stolen": ([], stolen_pid_file)}


def common_auth_is_a_link():
    (PAM / "common-auth").rename(PAM / "common-auth-pc")
    (PAM / "common-auth").symlink_to("common-auth-pc")


STACKS = {"pam-auth-update": lambda: None, "own-files": lambda: None, "links": common_auth_is_a_link}
FORMS = {"password": [], "key": ["--publickey"]}


def rotate(names, number):
    names = list(names)
    return names[number % len(names)]


# Each setting of sshd with each form, the others by turns.
COMBINATIONS = [(setting, rotate(MAPS, number // 2), rotate(PID_FILES, number),
                 rotate(STACKS, number // 3), form)
                for number, (setting, form) in enumerate(itertools.product(SETTINGS, FORMS))]


@pytest.fixture
def without_tool(request):
    """pam-auth-update is only where the layout has it."""
    away = Path("/usr/sbin/pam-auth-update.away")
    if request.getfixturevalue("combination")[3] != "pam-auth-update":
        TOOL.rename(away)
    yield
    if away.exists():
        away.rename(TOOL)


def lay(setting, users, pids, stack):
    SETTINGS[setting]()
    STACKS[stack]()
    if harness.penalties_known():
        prepend("PerSourcePenalties no\n")
    harness.users_map(MAPS.get(users, BAD_MAPS.get(users)))
    options, after = PID_FILES[pids]
    server = Sshd(options)
    after()
    return server


def same_verdict(dry, real):
    return (dry[0] == 0) == (real[0] in (0, 2)) and \
        (dry[0] == 0 or dry[2].splitlines()[-1] == real[2].splitlines()[-1])


def check_ways(before, after, said):
    """Nobody gets in by less, and who no longer gets in was named."""
    for name, proofs in before.items():
        for proof in after[name]:
            assert proof in proofs, f"{name} gets in by {proof}; before it did not: {said}"
        if proofs and not after[name]:
            assert re.search(rf"(?<![\w-]){name}(?![\w-])", said), \
                f"{name} can no longer log in, and was not named: {said}"


def enable(server, form, before):
    """Runs it, with a reload where it asks for one; after that, nobody gets in by less than before.
    Returns the last status, and all that was said."""
    said = ""
    dry = ctl("enable", "sshd", "--dry-run", *FORMS[form])
    for turn in range(4):
        status, out, error = ctl("enable", "sshd", *FORMS[form])
        said += out + error
        assert turn > 0 or same_verdict(dry, (status, out, error)), (dry, status, out, error)
        if status != 2:
            return status, said
        assert "systemctl reload ssh" in out or "kill -HUP" in out
        server.reload()
        between = ways_in(ACCOUNTS, code=False)
        assert all(proofs <= before[name] for name, proofs in between.items()), between
        if turn == 0:
            check_ways(before, between, said)
    raise AssertionError(f"it is never content: {said}")


@pytest.mark.parametrize("combination", COMBINATIONS, ids="-".join)
def test_enable_names_everyone_it_locks_out_and_opens_no_way_in(combination, without_tool, sim):
    setting, users, pids, stack, form = combination
    server = lay(setting, users, pids, stack)
    try:
        files = snapshot()
        before = ways_in(ACCOUNTS, code=False)
        status, said = enable(server, form, before)
        if status != 0:
            assert status == 1 and snapshot() == files, said
            assert ways_in(ACCOUNTS, code=True) == before, said
            return
        server.reload() # whatever it said of a reload
        after = ways_in(ACCOUNTS, code=True)
        check_ways(before, after, said)
        assert any(after.values()), f"nobody gets in: {said}"
        assert ctl("disable", "sshd")[0] == 0
        server.reload()
        assert ways_in(ACCOUNTS, code=False) == before
        now = snapshot()
        assert {path for path in {*files, *now} if files.get(path) != now.get(path)} <= \
            {"/var/lib/pam/seen"}
    finally:
        server.stop()


@pytest.mark.parametrize("users", BAD_MAPS)
@pytest.mark.parametrize("form", FORMS)
def test_enable_refuses_a_map_that_locks_everybody_out(users, form, sim):
    harness.users_map(BAD_MAPS[users])
    files = snapshot()
    for service in ("sshd", "sudo", "login") if form == "password" else ("sshd",):
        for dry in ([], ["--dry-run"]):
            status, out, error = ctl("enable", service, *FORMS[form], *dry)
            assert status == 1 and out == "" and str(harness.USERS) in error, (service, out, error)
            assert users == "nobody-here" or re.search(rf"{harness.USERS}:1: ", error), error
    assert snapshot() == files


def test_enable_refuses_a_map_with_only_numbers_outside_countries(sim):
    harness.configure(sim, limits="countries = +44\n")
    harness.users_map(MAPS["all"])
    files = snapshot()
    status, out, error = ctl("enable", "sshd")
    assert status == 1 and out == "" and snapshot() == files
    for line in range(1, len(ACCOUNTS) + 1):
        assert f"{harness.USERS}:{line}: the number is outside of countries" in error


def test_the_combinations_cover_every_part():
    assert len(COMBINATIONS) >= 36
    for part, names in zip(range(5), (SETTINGS, MAPS, PID_FILES, STACKS, FORMS)):
        assert {combination[part] for combination in COMBINATIONS} == set(names)
