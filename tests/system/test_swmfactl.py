# SPDX-License-Identifier: BSD-3-Clause
"""swmfactl: codes, status, unlock, forget, help and completion, with the store that logins use."""
import ctypes
import os
import pwd
import re
import shutil
import stat
import subprocess
import sys
import time
from pathlib import Path

import pexpect
import pytest

import harness
import test_local

COMMANDS = ["bypass", "check", "codes", "disable", "doctor", "enable", "forget", "init", "log", "report",
            "status", "store backup", "store repair", "store reset", "store restore", "test", "unlock",
            "user add", "user import", "user list", "user remove", "user set",
            "user show"] # all of them, with and without blanks
STORE_COMMANDS = ["codes", "forget", "status", "unlock"] # those that are for what the store has of a user
CODE = re.compile(r"[0-9](?:[0-9a-hjkmnp-tv-z]{6})(?:-[0-9a-hjkmnp-tv-z]{7}){2}")

# What runs as the service user, with the path of the store.
CHANGE = """
import sqlite3, sys
store = sqlite3.connect(sys.argv[1], isolation_level=None)
store.execute("BEGIN IMMEDIATE")
for sql in sys.argv[2:]:
    store.execute(sql)
store.execute("COMMIT")
"""
HOLD = """
import sqlite3, sys
store = sqlite3.connect(sys.argv[1], isolation_level=None)
store.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
"""


def start_ctl(*arguments, prefix=(), **keywords):
    return subprocess.Popen([*prefix, harness.CTL, *map(str, arguments)], stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True, **keywords)


def finish(process):
    """(status, standard output, standard error); no code may be seen in what others print."""
    out, error = process.communicate(timeout=harness.PATIENCE)
    for code in CODE.findall(out):
        harness.CODES.update([code.replace("-", ""), *code.split("-")])
    harness.OUTPUT.append(error)
    return process.returncode, out, error


def ctl(*arguments, **keywords):
    return finish(start_ctl(*arguments, **keywords))


def done(*arguments, **keywords):
    """What a command prints that must succeed, without a word on standard error."""
    status, out, error = ctl(*arguments, **keywords)
    assert (status, error) == (0, "")
    return out


def failed(*arguments, status=1, **keywords):
    """What a command says that must fail; it prints nothing else."""
    got, out, error = ctl(*arguments, **keywords)
    assert (got, out) == (status, "")
    return error


def service_user(program, *arguments):
    """What is needed to run a program of Python as the service user, on the store."""
    return {"args": [sys.executable, "-B", "-c", program, harness.STATE / "state.db", *arguments],
            "user": harness.SERVICE_USER, "group": harness.SERVICE_USER, "extra_groups": [], "umask": 0o077}


def change(*statements):
    """Changes the store, in one transaction."""
    subprocess.run(**service_user(CHANGE, *statements), check=True)


def codes_of(out):
    return [line.replace("-", "") for line in out.splitlines()]


def table(user):
    """{label: value} of a status."""
    rows = [re.split(r" {2,}", line, maxsplit=1) for line in done("status", user).splitlines()]
    assert all(len(row) == 2 for row in rows), rows
    return dict(rows)


def kept_hashes(user):
    return [row[0] for row in harness.store(
        "SELECT hash FROM swmfa_code WHERE user_name = ? ORDER BY number", user)]


def are_those(codes, hashes):
    """Whether these are the hashes of the codes."""
    library = ctypes.CDLL("libcrypt.so.1")
    library.crypt.restype = ctypes.c_char_p
    library.crypt.argtypes = [ctypes.c_char_p, ctypes.c_char_p]
    return len(codes) == len(hashes) and all(
        library.crypt(code.encode(), kept.encode()) == kept.encode()
        for code, kept in zip(codes, hashes))


def ctl_lines(log):
    return [line for line in log.lines if "swmfactl" in line]


@pytest.fixture(autouse=True)
def limits(sim):
    """Limits that the tests know."""
    harness.configure(sim, limits="user_sends = 3/10m, 5/1h\n")


# ---- codes ----

def test_codes_prints_ten_different_codes_of_21_characters():
    out = done("codes", "alice")
    assert all(CODE.fullmatch(line) for line in out.splitlines())
    codes = codes_of(out)
    assert len(set(codes)) == 10 and {len(code) for code in codes} == {21}
    assert [code[0] for code in codes] == list("0123456789")
    hashes = kept_hashes("alice")
    assert all(kept.startswith("$y$") for kept in hashes) and are_those(codes, hashes)
    assert table("alice")["break-glass codes"] == "10 left"
    assert table("bob")["break-glass codes"] == "0 left"


def test_codes_on_a_terminal_explains_what_they_are_for():
    client = test_local.on_terminal(harness.CTL, "codes", "alice")
    client.expect(r"Each works once\. They do not work while the user is locked\.")
    for _ in range(10):
        client.expect(CODE.pattern)
        harness.CODES.update(client.match[0].split("-"))
    client.expect("not shown again: keep them on paper")
    assert test_local.ended(client) == 0


def test_codes_replaces_the_old_codes():
    old = codes_of(done("codes", "alice"))
    change("DELETE FROM swmfa_code WHERE number < 7")
    new = codes_of(done("codes", "alice"))
    assert not set(old) & set(new)
    assert are_those(new, kept_hashes("alice"))


def test_codes_of_one_user_leave_those_of_another_unchanged():
    alices = codes_of(done("codes", "alice"))
    done("codes", "bob")
    assert are_those(alices, kept_hashes("alice"))


def test_two_simultaneous_calls_leave_one_complete_set_of_codes():
    out = [finish(process) for process in [start_ctl("codes", "alice") for _ in range(2)]]
    assert [(status, error) for status, _, error in out] == [(0, "")] * 2
    hashes = kept_hashes("alice")
    assert sorted(are_those(codes_of(printed), hashes) for _, printed, _ in out) == [False, True]


def test_codes_refuses_a_user_without_a_line():
    harness.reset_store()
    assert f"mallory is not in the users map, {harness.USERS}" in failed("codes", "mallory")
    assert not (harness.STATE / "state.db").exists()
    assert table("mallory")["in the users map"] == "no"


def test_codes_accepts_a_user_with_only_a_line_for_a_key():
    harness.users_map(f"alice SHA256:{'A' * 43} {harness.NUMBERS['alice']}\n")
    assert len(codes_of(done("codes", "alice"))) == 10
    assert table("alice")["in the users map"] == "for SSH keys only"


def test_codes_warns_about_a_wrong_line():
    harness.users_map("alice 0155501\n")
    status, out, error = ctl("codes", "alice")
    assert status == 0 and len(codes_of(out)) == 10
    assert re.fullmatch(r"swmfactl: warning: no code works until this is fixed: \S+:1: alice: "
                        r"expected an E.164 number.*\n", error)
    assert table("alice")["in the users map"] == "yes, but the line is wrong"


def test_another_configuration_names_another_map():
    other, users = harness.SECURITY / "other.conf", harness.SECURITY / "other.users"
    harness.write(users, f"dora {harness.NUMBERS['alice']}\n")
    harness.write(other, harness.CONF.read_text().replace(str(harness.USERS), str(users)))
    failed("codes", "dora")
    for arguments in (["-c", other, "codes", "dora"], ["codes", f"--conf={other}", "dora"],
                      ["codes", "dora", "-c", other]):
        assert len(codes_of(done(*arguments))) == 10
    assert len(codes_of(done("codes", "dora", "-c", "other.conf", cwd=harness.SECURITY))) == 10


@pytest.mark.parametrize("redirection, why", [(">&-", "Bad file descriptor"),
                                              (">/dev/full", "No space left on device")])
def test_codes_reports_codes_lost_by_a_failed_write(redirection, why):
    old = codes_of(done("codes", "alice"))
    shell = ["sh", "-c", f'exec "$@" {redirection}', "sh"]
    error = failed("codes", "alice", prefix=shell)
    assert error == (f"swmfactl: standard output: {why}; the new codes are lost and the older "
                     "ones void; run the command again\n")
    hashes = kept_hashes("alice")
    assert len(hashes) == 10 and not are_those(old[:1], hashes[:1])
    assert why in failed("status", "alice", prefix=shell)
    assert harness.store("PRAGMA integrity_check") == [("ok",)]


def test_codes_notices_a_closed_pipe():
    process = start_ctl("codes", "alice")
    process.stdout.close()
    error = process.stderr.read()
    assert process.wait(harness.PATIENCE) == 1 and "standard output: Broken pipe" in error


# ---- status, unlock, forget ----

def tick():
    """Makes the store, if there is none yet, and has it look at the clock."""
    done("unlock", "nobody-knows")


def set_failures(user, failures, locked_ms=0):
    tick()
    change(f"DELETE FROM swmfa_try WHERE user_name = '{user}'",
           "INSERT INTO swmfa_try (user_name, attempts, forgiven, locked_until_ms) "
           f"SELECT '{user}', {failures + 2}, 2, now_ms + {locked_ms} FROM swmfa_store")


def add_sends(user, *ages_s):
    tick()
    change(*[f"INSERT INTO swmfa_send SELECT '{user}{age}', now_ms - {age} * 1000, '{user}', "
             "'', '', '' FROM swmfa_store" for age in ages_s])


def add_remembered_logins(user, count, seconds=3600):
    tick()
    wall = int(time.time() * 1000)
    change(*[f"INSERT INTO swmfa_remembered SELECT '{user}', 'sshd', 'host {seconds} {i}', '', "
             f"now_ms + {seconds} * 1000, {wall}, {wall} + {seconds} * 1000 FROM swmfa_store"
             for i in range(count)])


def test_status_shows_a_user_who_never_logged_in():
    assert table("alice") == {
        "user": "alice", "in the users map": "yes", "failures in a row": "0", "locked": "no",
        "codes sent in 10m": "0 of 3", "codes sent in 1h": "0 of 5",
        "break-glass codes": "0 left", "bypass": "no", "remembered logins": "0",
        "last login": "not in the list"}


def test_status_shows_the_counts_of_the_store():
    set_failures("alice", 4)
    add_sends("alice", 10, 500, 700, 3000, 4000)
    add_sends("bob", 20)
    add_remembered_logins("alice", 2)
    add_remembered_logins("alice", 1, seconds=-5)
    got = table("alice")
    assert (got["failures in a row"], got["locked"]) == ("4", "no")
    assert (got["codes sent in 10m"], got["codes sent in 1h"]) == ("2 of 3", "4 of 5")
    assert got["remembered logins"] == "2"


def test_status_shows_a_lock_with_its_estimated_end():
    before = time.time()
    set_failures("alice", 5, (14 * 60 + 3) * 1000)
    got = table("alice")
    after = time.time()
    minutes, seconds = re.fullmatch(r"for (\d+) min(?: (\d+) s)? more", got["locked"]).groups("0")
    assert 842 - (after - before) <= int(minutes) * 60 + int(seconds) <= 843
    end = time.mktime(time.strptime(got["estimated end"].split(",")[0], "%Y-%m-%d %H:%M:%S"))
    assert before - 1 <= end - 843 <= after + 1
    assert "if the host stays up" in got["estimated end"]


@pytest.mark.parametrize("seconds, shown", [(86400, "23 h 59 min|1 d"), (7200, "1 h 59 min|2 h"),
                                            (30, r"[12]?\d s|30 s")], ids=["a-day", "hours", "seconds"])
def test_status_shows_a_lock_of_any_length(seconds, shown):
    set_failures("alice", 5, seconds * 1000)
    assert re.search(rf"^for ({shown})\b", table("alice")["locked"])


def test_status_shows_a_permanent_lock_and_unlock_ends_it():
    set_failures("alice", 100, 1000)
    got = table("alice")
    assert got["locked"] == "until swmfactl unlock" and "estimated end" not in got
    assert done("unlock", "alice") == "alice: unlocked\n"
    assert table("alice")["locked"] == "no"


def test_unlock_ends_the_lock_and_clears_the_failures(log):
    set_failures("alice", 5, 900000)
    set_failures("bob", 5, 900000)
    assert done("unlock", "alice") == "alice: unlocked\n"
    got = table("alice")
    assert (got["failures in a row"], got["locked"]) == ("0", "no")
    assert table("bob")["failures in a row"] == "5"
    assert done("unlock", "alice") == "alice: nothing to unlock\n"
    assert harness.wait_until(lambda: len(ctl_lines(log)) == 1)
    assert re.search(r"swmfactl\[\d+\]: lock ended for alice by uid 0\b", ctl_lines(log)[0])


def test_unlock_says_that_a_user_is_not_locked(log):
    unknown = "; no account has that name\n"
    assert done("unlock", "nobody-knows") == f"nobody-knows: nothing to unlock{unknown}"
    assert done("forget", "nobody-knows") == f"nobody-knows: nothing to forget{unknown}"
    assert table("nobody-knows")["account"] == "none of that name" and "account" not in table("alice")
    set_failures("alice", 3)
    assert done("unlock", "alice") == "alice: was not locked; failures forgotten: 3\n"
    assert harness.wait_until(lambda: len(ctl_lines(log)) == 1)
    assert "failures forgotten for alice by uid 0" in ctl_lines(log)[0]


def test_forget_revokes_the_remembered_logins_of_one_user(log):
    add_remembered_logins("alice", 3)
    add_remembered_logins("bob", 1)
    assert done("forget", "alice") == "alice: places forgotten: 3\n"
    assert done("forget", "alice") == "alice: nothing to forget\n"
    assert (table("alice")["remembered logins"], table("bob")["remembered logins"]) == ("0", "1")
    assert harness.wait_until(lambda: len(ctl_lines(log)) == 1)
    assert "remembered logins forgotten for alice by uid 0" in ctl_lines(log)[0]


def test_a_user_name_cannot_forge_a_line(log):
    name = 'a b\n"\\x\x1b[2J' # as it is, and escaped
    shown = r'a\040b\012\"\134x\033[2J'
    set_failures("x", 3)
    change("UPDATE swmfa_try SET user_name = 'a b' || char(10) || '\"\\x' || char(27) || '[2J'")
    assert table(name)["user"] == shown
    assert done("unlock", name).startswith(shown + ": ")
    assert harness.wait_until(lambda: ctl_lines(log))
    assert f"failures forgotten for {shown} by uid 0" in ctl_lines(log)[0]
    assert "\x1b" not in failed("codes", name)


# ---- when something is wrong ----

def test_a_broken_configuration_stops_only_codes_and_status():
    harness.write(harness.CONF, "[swmfa]\ntries = many\n")
    for command in ("codes", "status"):
        assert re.fullmatch(r"swmfactl: \S+swmfa.conf:2: \[swmfa\] tries: .*\n",
                            failed(command, "alice"))
    assert re.fullmatch(r"alice: nothing to unlock\nalice: whether a limit .* is unknown: .*:2: .*\n",
                        done("unlock", "alice"))
    assert done("forget", "alice") == "alice: nothing to forget\n"


def test_a_map_that_is_missing_stops_codes():
    harness.USERS.unlink()
    assert str(harness.USERS) in failed("codes", "alice")


@pytest.mark.parametrize("command", STORE_COMMANDS)
def test_swmfactl_must_run_as_root(command):
    prefix = ["setpriv", "--reuid", "alice", "--regid", "alice", "--clear-groups"]
    assert failed(command, "alice", prefix=prefix) == "swmfactl: must be run as root\n"
    assert "COMMAND [OPTION...] [ARGUMENT...]" in done("--help", prefix=prefix)


def test_help_is_available_in_every_usual_spelling():
    for arguments in (["help"], ["-h"], ["-?"]):
        assert done(*arguments) == done("--help")
    for arguments in (["enable", "-h"], ["help", "enable"], ["enable", "-?"]):
        assert done(*arguments) == done("enable", "--help")
    assert done("help", "user", "add") == done("user", "add", "-h") == done("user", "add", "--help")
    group = done("user", "--help")
    for arguments in (["user", "-h"], ["user", "help"], ["help", "user"]):
        assert done(*arguments) == group
    assert sorted(re.findall(r"^  (user \w+)", group, re.M)) == \
        [name for name in COMMANDS if name.startswith("user ")]
    for word in ("del", "delete", "rm"):
        assert done("user", word, "--help") == done("user", "remove", "--help")


@pytest.mark.parametrize("arguments, says", [
    ([], "no COMMAND is given"), (["-c", "x"], "no COMMAND is given"), (["explode"], "no such command"),
    (["explode", "alice"], "no such command"), (["Codes", "alice"], "no such command"),
    (["", "alice"], "no such command"), (["codes"], "too few arguments"),
    (["codes", "--"], "too few arguments"), (["unlock", "alice", "bob"], "too many arguments"),
    (["forget", ""], "1 to 511 bytes"), (["status", "x" * 512], "1 to 511 bytes"),
    (["--frobnicate"], "unrecognized option"), (["codes", "--f", "alice"], "unrecognized option"),
    (["-c"], "requires an argument"), (["codes", "-c"], "requires an argument")])
def test_a_wrong_command_line_exits_with_64(arguments, says):
    harness.reset_store()
    assert says in failed(*arguments, status=64)
    assert not (harness.STATE / "state.db").exists()


def test_a_name_may_be_long_or_begin_with_a_hyphen():
    assert table("x" * 511)["user"] == "x" * 511
    assert done("unlock", "--", "-x").startswith("-x: nothing to unlock")


def test_a_store_that_others_can_write_is_refused():
    harness.STATE.chmod(0o755)
    try:
        for command in STORE_COMMANDS:
            assert "mode 0700" in failed(command, "alice")
    finally:
        harness.STATE.chmod(0o700)


def test_swmfactl_waits_for_a_locked_store_for_a_limited_time():
    old = codes_of(done("codes", "alice"))
    with subprocess.Popen(**service_user(HOLD), stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE) as holder:
        assert holder.stdout.readline() == b"held\n"
        assert table("alice")["break-glass codes"] == "10 left" # who only reads need not wait
        waiting = [start_ctl(command, "alice") for command in ("codes", "unlock", "forget")]
        for process in waiting:
            status, out, error = finish(process)
            assert (status, out) == (1, "") and "another process" in error
        later = start_ctl("unlock", "alice")
        time.sleep(0.3)
        assert later.poll() is None
        holder.stdin.close()
        assert finish(later)[0] == 0
    assert are_those(old, kept_hashes("alice"))


def test_the_store_stays_owned_by_the_service_user():
    os.umask(0)
    try:
        for command in STORE_COMMANDS:
            done(command, "alice", prefix=["env", "SQLITE_TMPDIR=/tmp", "TMPDIR=/tmp"])
    finally:
        os.umask(0o022)
    owner = pwd.getpwnam(harness.SERVICE_USER).pw_uid
    folder = harness.STATE.stat()
    assert (folder.st_uid, stat.S_IMODE(folder.st_mode)) == (owner, 0o700)
    files = {path.name: path.stat() for path in harness.STATE.iterdir()}
    assert "state.db" in files
    for name, status in files.items():
        assert (status.st_uid, stat.S_IMODE(status.st_mode)) == (owner, 0o600), name


# ---- secrets ----

def test_codes_logs_the_caller_and_no_code(log):
    codes = done("codes", "alice").split()
    assert harness.wait_until(lambda: ctl_lines(log))
    line, = ctl_lines(log)
    assert line.startswith("<85>") # authpriv, notice
    assert re.search(r"swmfactl\[\d+\]: break-glass codes made for alice by uid 0"
                     r"( \(login uid \d+\))?\x00?$", line)
    log.settle()
    for code in codes:
        for part in [code, code.replace("-", ""), *code.split("-")]:
            assert not any(part in line for line in log.lines)
            assert not any(part.encode() in path.read_bytes() for path in harness.STATE.iterdir())


# ---- what it says of itself ----

def listed_commands():
    return re.findall(r"^  ([a-z]+(?: [a-z]+)?)(?: [A-Z[]|  )", done("--help"), flags=re.MULTILINE)


def test_help_and_version_are_printed():
    assert sorted(listed_commands()) == COMMANDS
    assert done("--version") == done("codes", "--version")
    assert re.fullmatch(r"swmfactl \(pam_swmfa\) [0-9.]+\n", done("--version"))
    for command in COMMANDS:
        text = done(*command.split(), "--help")
        assert text.startswith(f"Usage: swmfactl {command} ") and "--conf=FILE" in text


def test_the_man_page_has_every_command_and_option():
    page = (harness.BUILD / "docs/swmfactl.8").read_text()
    for command in COMMANDS:
        assert re.search(rf"^\.It Cm {command}( |$)", page, flags=re.MULTILINE), command
        for option in re.findall(r"--([\w-]+)", done(*command.split(), "--help")):
            assert f"Fl Fl {option}" in page, (command, option)


def test_the_man_page_has_every_row_of_a_status():
    page = (harness.BUILD / "docs/swmfactl.8").read_text()
    set_failures("alice", 5, 900000)
    for label in table("alice"):
        assert ".It Li " + re.sub(r" in 1?[0h].*$", "", label) in page, label


def complete(*words):
    """What bash offers for the last of the words."""
    folder = subprocess.run(["make", "-s", "-C", harness.BUILD, "print-completionsdir"], check=True,
                            capture_output=True, text=True).stdout.strip()
    script = (f'. {folder}/swmfactl; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); '
              '$(complete -p swmfactl | sed "s/.*-F \\([^ ]*\\).*/\\1/"); '
              'printf "%s\\n" "${COMPREPLY[@]}"')
    # The function runs in this shell, not in one for the pipe: what it sets must be seen.
    ran = subprocess.run(["bash", "-euc", script, "bash", harness.CTL, *words], check=True,
                         capture_output=True, text=True, cwd=harness.SECURITY)
    assert ran.stderr == ""
    return ran.stdout.split()


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash")
def test_the_bash_completion_offers_commands_options_users_and_files():
    assert sorted(complete("")) == sorted({command.split()[0] for command in COMMANDS})
    assert complete("un") == ["unlock"]
    assert complete("-c", "x.conf", "un") == ["unlock"]
    assert complete("codes", "ali") == ["alice"]
    assert complete("--conf", "x.conf", "codes", "ali") == ["alice"]
    assert complete("-c", "swmfa.c") == ["swmfa.conf"]
    assert complete("enable", "su") == ["sudo", "su"] and complete("disable", "l") == ["login"]
    assert "--reason" in complete("pass", "alice", "--re") and "--reason" in complete("bypass", "alice", "--re")
    assert complete("enable", "a") == [] and complete("disable", "a") == ["all"]
    assert "sshd" in complete("doctor", "ssh")
    options = set(re.findall(r"--\w+|-c\b", done("--help")))
    assert options <= set(complete("-")) and complete("codes", "--c") == ["--conf"]


def zsh_completes(line):
    """What zsh makes of the line after swmfactl when Tab is typed."""
    folder = subprocess.run(["make", "-s", "-C", harness.BUILD, "print-zshcompletionsdir"], check=True,
                            capture_output=True, text=True).stdout.strip()
    shell = pexpect.spawn("zsh", ["-f", "-i"], encoding="utf-8", timeout=harness.PATIENCE,
                          cwd=harness.SECURITY, dimensions=(24, 200),
                          env={"TERM": "dumb", "PATH": "/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"})
    try:
        shell.sendline(f"fpath=({folder} $fpath); autoload -U compinit; compinit -u -D; "
                       "unsetopt automenu beep; tell() { print -r -- \"<$BUFFER>\"; zle .kill-buffer }; "
                       "zle -N tell; bindkey '^X' tell; bindkey '^I' complete-word; print rea''dy")
        shell.expect("ready")
        shell.send(f"{harness.CTL} {line}\t\x18")
        shell.expect("<([^>]*)>")
        return shell.match[1].removeprefix(f"{harness.CTL} ")
    finally:
        shell.close(force=True)


@pytest.mark.skipif(shutil.which("zsh") is None or "-fsanitize" in harness.make_variable("flags"),
                    reason="no zsh, or the search for leaks never ends below it")
@pytest.mark.parametrize(("line", "completed"), [
    ("un", "unlock "), ("by", "bypass "), ("pas", "pas"), ("user li", "user list "),
    ("store re", "store re"), ("store rep", "store repair "), ("-c x.conf unl", "-c x.conf unlock "),
    ("-c swmfa.c", "-c swmfa.conf "), ("codes ali", "codes alice "), ("disable log", "disable login "),
    ("doctor sshd", "doctor sshd "), ("store restore --dr", "store restore --dry-run "),
    ("user import --cou", "user import --country "), ("--vers", "--version ")])
def test_the_zsh_completion_offers_commands_and_options(line, completed):
    assert zsh_completes(line) == completed


def test_the_help_is_grouped_by_task():
    text = done("--help")
    tasks = re.findall(r"^(\w[\w ]*):$", text, flags=re.MULTILINE)
    assert tasks == ["Set up", "Users", "Day to day", "Diagnose", "Options"]
    assert max(map(len, text.splitlines())) <= 82
    for command in COMMANDS:
        assert "Mandatory" not in done(*command.split(), "--help")


def test_a_group_alone_prints_its_commands():
    for group in ("user", "store"):
        status, out, error = ctl(group)
        assert (status, out) == (64, "")
        assert re.findall(rf"^  ({group} [a-z]+)", error, flags=re.MULTILINE) == [
            command for command in listed_commands() if command.startswith(group + " ")]


def test_pass_is_an_alias_of_bypass():
    assert done("pass", "--help") == done("bypass", "--help")
    assert done("pass", "alice", "--end") == done("bypass", "alice", "--end")
    assert "pass" not in re.findall(r"\w+", done("--help"))
