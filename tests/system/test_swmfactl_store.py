# SPDX-License-Identifier: BSD-3-Clause
"""swmfactl store, and a store whose service user was taken over: that user plants files in its folder and writes
texts of its choice into the database."""
import json
import os
import pwd
import re
import signal
import subprocess
from pathlib import Path

import pexpect
import pytest

import harness
import test_swmfactl as ctl
from test_local import ended, on_terminal

FILE = harness.STATE / "state.db"
SECRET = b"root:$y$precious:19000::::::\n"
EVIL = "\x1b]0;owned\x07\x1b[2J\x9b2Jx\rsuccess\n\x7f" # with a C1 byte, which is no UTF-8
EVIL_SQL = f"CAST(X'{EVIL.encode('latin-1').hex()}' AS TEXT)"


@pytest.fixture(name="folder")
def folder_of_roots(tmp_path, sim):
    """Root's folder for backups."""
    tmp_path.chmod(0o700)
    return tmp_path


def backup(folder):
    path = folder / "swmfa.db"
    ctl.done("store", "backup", path)
    return path


# ---- what a backup is, and where it may be ----

def test_a_backup_is_a_new_file_owned_by_root(folder, log):
    ctl.done("unlock", "nobody") # a log of changes, besides the file
    path = backup(folder)
    status = path.stat()
    assert (status.st_uid, status.st_mode & 0o7777, status.st_nlink) == (0, 0o600, 1)
    assert path.read_bytes().startswith(b"SQLite format 3\0")
    assert os.listdir(folder) == ["swmfa.db"]
    assert harness.wait_until(lambda: ctl.ctl_lines(log)[-1:] and "store saved to" in ctl.ctl_lines(log)[-1])
    assert "already exists" in ctl.failed("store", "backup", path)
    ctl.done("store", "backup", "--force", path)
    saved = path.read_bytes()
    harness.reset_store()
    assert "nothing to save" in ctl.failed("store", "backup", "--force", path)
    assert path.read_bytes() == saved and os.listdir(folder) == ["swmfa.db"]


def test_a_backup_replaces_nothing_but_a_regular_file(folder):
    other = folder / "other"
    other.write_bytes(SECRET)
    for make in (lambda path: path.symlink_to(other), os.mkfifo, os.mkdir):
        path = folder / "there"
        make(path)
        for options in ([], ["--force"]):
            assert "is not a regular file" in ctl.failed("store", "backup", *options, path)
        path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
    assert other.read_bytes() == SECRET and os.listdir(folder) == ["other"]


def test_a_backup_needs_a_folder_that_only_root_can_write(folder):
    path = backup(folder)
    folder.chmod(0o777)
    for arguments in (["backup", folder / "new"], ["restore", path], ["backup", FILE.with_name("new")]):
        assert "users other than root can change this directory" in ctl.failed("store", *arguments)
    folder.chmod(0o700)
    os.chown(folder.parent, 1, 0)
    for arguments in (["backup", folder / "new"], ["restore", path]):
        assert f"{folder.parent}: must be owned by root" in ctl.failed("store", *arguments)
    os.chown(folder.parent, 0, 0)
    for change, says in ((lambda: os.chown(path, 1, 0), "owned by root"),
                         (lambda: path.chmod(0o666), "only its owner may write it"),
                         (lambda: (folder / "second").hardlink_to(path), "hard link"),
                         (lambda: path.write_bytes(b"x" * 4096), "not a valid backup")):
        saved = path.read_bytes()
        change()
        assert says in ctl.failed("store", "restore", path)
        (folder / "second").unlink(missing_ok=True)
        path.write_bytes(saved)
        os.chown(path, 0, 0)
        path.chmod(0o600)
    link = folder / "link"
    link.symlink_to(path)
    assert "symbolic link" in ctl.failed("store", "restore", link)


# ---- what comes back ----

def test_a_restore_adds_locks_and_lets_nobody_in(folder, log):
    code, *_ = ctl.codes_of(ctl.done("codes", "alice"))
    ctl.set_failures("bob", 4)
    ctl.add_remembered_logins("bob", 2)
    ctl.done("bypass", "bob", "--for", "1h", "--reason", "x")
    path = backup(folder)
    assert harness.pamhost(harness.alone(), "alice", answers=[code]).result == "PAM_SUCCESS"
    ctl.done("bypass", "bob", "--end")
    ctl.done("forget", "bob")
    before = harness.store_files()
    assert "failures or locks of 0 users" in ctl.done("store", "restore", "--dry-run", path)
    assert harness.store_files().keys() == before.keys()
    out = ctl.done("store", "restore", "--codes", path)
    assert "Not restored: 10 break-glass codes, 2 remembered logins, 1 bypasses." in out
    assert harness.pamhost(harness.alone(), "alice", answers=[code]).result != "PAM_SUCCESS"
    got = ctl.table("bob")
    assert (got["failures in a row"], got["bypass"], got["remembered logins"]) == ("4", "no", "0")
    assert harness.wait_until(lambda: any("store restored from" in line for line in ctl.ctl_lines(log)))


def test_a_restore_replaces_an_unusable_store(folder, log):
    ctl.set_failures("alice", 4)
    path = backup(folder)
    FILE.write_bytes(b"x" * 4096)
    assert harness.pamhost(harness.alone()).result == "PAM_AUTHINFO_UNAVAIL"
    assert "store restore --replace" in log.last("reason=store")
    assert "is damaged" in ctl.failed("store", "restore", path)
    ctl.done("store", "restore", "--replace", path)
    assert ctl.table("alice")["failures in a row"] == "4"
    aside, = harness.STATE.glob("replaced-*")
    assert (aside / "state.db").read_bytes() == b"x" * 4096
    assert harness.pamhost(harness.alone()).result == "PAM_SUCCESS"
    assert "to make it, add --force" in ctl.failed("store", "reset")
    ctl.done("store", "reset", "--force")
    assert ctl.table("alice")["failures in a row"] == "0"


# ---- a folder that is turned against root ----

def plant(kind, path, other):
    """Puts something in the place of a file of the store, as the service user could."""
    path.unlink(missing_ok=True)
    if kind == "symlink":
        path.symlink_to(other)
    elif kind == "hard link":
        path.hardlink_to(other)
    elif kind == "fifo":
        os.mkfifo(path)
    else: # a journal of SQLite that names another one, which SQLite then deletes
        name = str(other).encode()
        path.write_bytes(bytes.fromhex("d9d505f920a163d7") + bytes(504) + b"\0\0\0\1" + name +
                         len(name).to_bytes(4, "big") + sum(name).to_bytes(4, "big") +
                         bytes.fromhex("d9d505f920a163d7"))
    if kind != "hard link":
        owner = pwd.getpwnam(harness.SERVICE_USER)
        os.chown(path, owner.pw_uid, owner.pw_gid, follow_symlinks=False)


@pytest.mark.parametrize("kind", ["symlink", "hard link", "fifo", "journal"])
def test_store_commands_read_and_change_no_file_of_root(folder, kind):
    path, other = backup(folder), harness.STATE.with_name("shadow") # on one file system with the store
    other.write_bytes(SECRET)
    other.chmod(0o640)
    before = other.stat()
    names = ["state.db-journal"] if kind == "journal" else ["state.db", "state.db-wal"]
    for name in names:
        for command in (["backup", folder / "new"], ["restore", path], ["repair"],
                        ["restore", "--replace", path], ["reset", "--force"]):
            plant(kind, harness.STATE / name, other)
            ctl.ctl("check")
            status, out, error = ctl.ctl("store", *command)
            assert status == 0 or error != ""
            assert other.stat().st_mtime_ns == before.st_mtime_ns
            assert other.read_bytes() == SECRET and "precious" not in out + error
            now = other.stat()
            assert (now.st_uid, now.st_mode) == (before.st_uid, before.st_mode)
            new = folder / "new"
            assert not new.exists() or SECRET not in new.read_bytes()
            new.unlink(missing_ok=True)
        harness.new_store()
    assert os.listdir(folder) == ["swmfa.db"]
    other.unlink()


# ---- texts that are turned against a terminal ----

def test_texts_of_the_store_are_escaped_for_the_terminal(folder):
    """Of what is printed, a terminal obeys no more than the colours, line ends and tabs."""
    ctl.tick()
    columns = ("user_name", "service", "rhost", "result", "reason", "channel", "provider", "request",
               "digits", "sent", "detail")
    wall = "(SELECT 1000 * CAST(strftime('%s', 'now') AS INTEGER))"
    ctl.change(f"INSERT INTO swmfa_login (id, at_wall_ms, tries, sends, took_ms, {', '.join(columns)}) "
               f"SELECT 1, {wall}, 1, 1, 1{f', {EVIL_SQL}' * len(columns)}",
               f"INSERT INTO swmfa_try VALUES ({EVIL_SQL}, 3, 0, 0)",
               "INSERT INTO swmfa_login SELECT 2, at_wall_ms, 'alice', service, rhost, result, reason, "
               "channel, provider, request, digits, tries, sends, took_ms, sent, detail FROM swmfa_login",
               f"INSERT INTO swmfa_pass SELECT 'alice', now_ms + 9999999, 0, {wall} + 9999999, {EVIL_SQL} "
               "FROM swmfa_store",
               f"INSERT INTO swmfa_remembered SELECT 'alice', {EVIL_SQL}, 'host ' || {EVIL_SQL}, '', "
               f"now_ms + 9999999, 0, {wall} + 9999999 FROM swmfa_store")
    for command in (["log", "--full"], ["report"], ["report", "--csv"], ["status"], ["status", "alice"]):
        client = on_terminal(harness.CTL, *command, env={"TERM": "xterm"}, codec_errors="surrogateescape")
        assert ended(client) == 0
        left = re.sub(r"\x1b\[(0|31|32|33|36)m|\r+\n|\t", "", client.before)
        assert "2J" in left and re.fullmatch(r"[ -~]*", left), (command, left)
        if "--csv" not in command and command != ["report"]:
            document = ctl.done(*[word for word in command if word != "--full"], "--json")
            json.loads(document)
            assert re.fullmatch(r"[ -~\n]*", document)
    assert ctl.done("log").count("\n") == 3 # no text has begun a row


# ---- the process that reads ----

def reader_of(root):
    """The process that reads the store for a swmfactl: its only child."""
    ran = subprocess.run(["ps", "-o", "pid=", "--ppid", str(root)], capture_output=True, text=True, check=True)
    return int(ran.stdout)


def gone(pid):
    return harness.wait_until(lambda: not Path(f"/proc/{pid}").exists())


def test_the_process_that_reads_the_store_has_no_privileges(sim):
    client = on_terminal(harness.CTL, "log", "--follow")
    client.expect("TIME ")
    reader = reader_of(client.pid)
    uid = pwd.getpwnam(harness.SERVICE_USER).pw_uid
    assert f"Uid:\t{uid}\t{uid}\t{uid}\t{uid}\n" in Path(f"/proc/{reader}/status").read_text()
    fields = Path(f"/proc/{reader}/stat").read_text().rpartition(")")[2].split()
    assert (int(fields[3]), int(fields[4])) == (reader, 0), "a session of its own, and no terminal"
    files = {int(fd.name): os.readlink(fd) for fd in Path(f"/proc/{reader}/fd").iterdir()}
    assert files[0] == "/dev/null" and files[1].startswith("pipe:") and files[2].startswith("pipe:")
    others = [name for fd, name in files.items() if fd > 2 and not name.startswith("socket:")]
    assert others and all(name.startswith(str(FILE)) for name in others), files
    assert not Path(f"/proc/{reader}/environ").read_bytes().strip(b"\0")
    client.sendintr()
    client.expect(pexpect.EOF)
    client.close()
    assert client.signalstatus == signal.SIGINT and gone(reader)


def test_a_killed_reader_is_reported(sim):
    process = ctl.start_ctl("log", "--follow")
    process.stdout.readline()
    os.kill(reader_of(process.pid), signal.SIGSEGV)
    status, out, error = ctl.finish(process)
    assert (status, out) == (1, "")
    assert error == "swmfactl: the process that reads the store was killed by signal 11\n"
