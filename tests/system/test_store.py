# SPDX-License-Identifier: BSD-3-Clause
"""Logins with a store that cannot be used, and the store after a helper died."""
import contextlib
import os
import pwd
import sqlite3
import stat
import subprocess
import threading
from pathlib import Path

import pexpect
import pytest

import harness
from test_local import ended, on_terminal
from test_swmfactl import HOLD, change, service_user

ALICE = harness.NUMBERS["alice"]
FILE = harness.STATE / "state.db"
WAL = harness.STATE / "state.db-wal"
JOURNAL = harness.STATE / "state.db-journal"
AWAY = harness.STATE.with_name("away")
IDENTITY = "0b9e6ab5-95ba-4a7e-a2b0-4cfbbb53f4ab"

NOT_AVAILABLE = ["error The second factor is not available. Try again later."]
GOES_ON = ["error The second factor is not available. This login continues without it."]

# A process of root's whose real user is alice, as su has it.
AS_ALICE = ["setpriv", "--ruid", "alice"]
# One that can raise none of its limits.
BOUND = ["setpriv", "--bounding-set", "-sys_resource"]


def logged(log):
    """The lines of the helper that tell how a login ended."""
    return [line for line in log.ours() if " reason=" in line]


def good_login():
    out = harness.pamhost(harness.between_permits())
    assert out.result == "PAM_SUCCESS", out.text


def owned(path, mode=0o600, owner=harness.SERVICE_USER):
    os.chown(path, pwd.getpwnam(owner).pw_uid, pwd.getpwnam(owner).pw_gid)
    path.chmod(mode)


# What runs as the service user, with the path of the store: makes the log of changes longer by so many
# pages, or until there is no space for another one, and does not work it off.
GROW = """
import os, sqlite3, sys
store = sqlite3.connect(sys.argv[1], isolation_level=None)
store.execute("PRAGMA wal_autocheckpoint = 0")
try:
    for _ in range(int(sys.argv[2])):
        store.execute("UPDATE swmfa_store SET now_ms = now_ms + 1")
except sqlite3.OperationalError as error:
    assert "full" in str(error), error
os._exit(0)
"""


def grow(pages):
    subprocess.run(**service_user(GROW, str(pages)), check=True)


# ---- what can be wrong with the store ----

CAUSES = {}


def cause(says, kept=("state.db", "state.db-wal")):
    """A way to make the store useless until it is repaired. says: what must be in the log, which is
    what is wrong and what to do. kept: the files that the login must leave as they are."""
    def register(function):
        @contextlib.contextmanager
        def context():
            steps = function()
            next(steps)
            try:
                yield
            finally: # so that one test that fails leaves nothing for the others
                next(steps, None)

        CAUSES[function.__name__] = (context, says, kept)
        return function

    return register


def all_causes(*but):
    return pytest.mark.parametrize("name", [name for name in CAUSES if name not in but])


@cause(rf"{harness.STATE}: No such file or directory; create it with: install -d -o \S+ -g \S+ -m 0700")
def folder_is_missing():
    harness.STATE.rename(AWAY)
    yield
    AWAY.rename(harness.STATE) # fails if another one has been made


@cause(rf"{harness.STATE}: cannot be opened: Not a directory: expected a folder with owner \S+ and mode")
def folder_is_a_file():
    harness.STATE.rename(AWAY)
    harness.STATE.write_text("")
    yield
    harness.STATE.unlink()
    AWAY.rename(harness.STATE)


@cause(rf"{harness.STATE}: cannot be opened: Permission denied: expected a folder with owner \S+ and")
def folder_is_roots():
    os.chown(harness.STATE, 0, 0)
    yield
    owned(harness.STATE, 0o700)


@cause(rf"{harness.STATE}: expected owner \S+ \(uid \d+\) and mode 0700, found uid \d+ and mode 0777")
def folder_is_another_users():
    owned(harness.STATE, 0o777, "alice")
    yield
    owned(harness.STATE, 0o700)


@cause(rf"{harness.STATE}: expected owner \S+ \(uid \d+\) and mode 0700, found uid \d+ and mode 0755")
def folder_can_be_read_by_others():
    harness.STATE.chmod(0o755)
    yield
    harness.STATE.chmod(0o700)


@cause(rf"{harness.STATE}: expected owner .* mode 0720")
def folder_can_be_written_by_a_group():
    harness.STATE.chmod(0o720)
    yield
    harness.STATE.chmod(0o700)


@cause(rf"{FILE}: cannot be opened .*must belong to {harness.SERVICE_USER} with mode 0600")
def file_has_mode_000():
    FILE.chmod(0)
    yield
    FILE.chmod(0o600)


@cause(rf"{FILE}: cannot be opened .*must belong to {harness.SERVICE_USER} with mode 0600")
def file_is_roots():
    os.chown(FILE, 0, 0)
    yield
    owned(FILE)


@cause(rf"{FILE}: (cannot be opened|cannot be written).* {harness.SERVICE_USER} with mode 0600")
def wal_is_roots():
    os.chown(WAL, 0, 0)
    yield
    owned(WAL)


@cause(rf"{FILE}: cannot be written: .*mode 0600")
def file_can_only_be_read():
    FILE.chmod(0o400)
    yield
    FILE.chmod(0o600)


@cause(rf"{FILE}: cannot be (written|opened).* file system is read-only")
def folder_is_mounted_read_only():
    subprocess.run(["mount", "--bind", harness.STATE, harness.STATE], check=True)
    subprocess.run(["mount", "-o", "remount,bind,ro", harness.STATE], check=True)
    yield
    subprocess.run(["umount", harness.STATE], check=True)


@contextlib.contextmanager
def small_disk():
    """The store is on a file system of half a megabyte."""
    files = harness.store_files()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", harness.STATE], check=True)
    try:
        harness.put_store(files)
        yield
    finally:
        subprocess.run(["umount", harness.STATE], check=True)


def fill_disk():
    with open(harness.STATE / "filler", "ab", buffering=0) as filler:
        for size in (4096, 1):
            with contextlib.suppress(OSError):
                while filler.write(b"x" * size):
                    pass
    if FILE.exists():
        grow(10) # the rest of a block that was begun


@cause(rf"{harness.STATE}/state\.db\S*: its file system is full: free some space", kept=())
def disk_is_full_before_there_is_a_store():
    with small_disk():
        harness.reset_store()
        fill_disk()
        yield
        assert not FILE.exists()
        (harness.STATE / "filler").unlink()
        good_login()


@cause(rf"{FILE}: its file system is full: free some space", kept=("state.db",))
def disk_is_full():
    with small_disk():
        good_login()
        fill_disk()
        yield
        (harness.STATE / "filler").unlink()
        good_login()


def work_off():
    """All that is in the log of changes goes to the file."""
    database = sqlite3.connect(FILE)
    assert database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0
    database.close()


def replaced(path, data):
    """The file has other bytes, and then its own again."""
    before = path.read_bytes()
    path.write_bytes(data)
    yield
    path.write_bytes(before)


def page_size(data):
    return int.from_bytes(data[16:18], "big")


DAMAGED = r"is damaged \(.*\)\. Restore a backup with: swmfactl store restore --replace"


@cause(rf"{FILE}: {DAMAGED}")
def file_is_garbage():
    work_off()
    yield from replaced(FILE, os.urandom(FILE.stat().st_size))


@cause(rf"{FILE}: {DAMAGED}")
def file_is_garbage_behind_the_first_page():
    work_off()
    data = FILE.read_bytes()
    page = page_size(data)
    yield from replaced(FILE, data[:page] + os.urandom(len(data) - page))


@cause(rf"{FILE}: {DAMAGED}")
def file_is_empty():
    yield from replaced(FILE, b"")


@cause(rf"{FILE}: {DAMAGED}")
def file_is_cut_in_the_middle():
    work_off()
    yield from replaced(FILE, FILE.read_bytes()[:FILE.stat().st_size // 2])


@cause(rf"{FILE}: {DAMAGED}")
def file_is_cut_in_its_head():
    work_off()
    yield from replaced(FILE, FILE.read_bytes()[:50])


@cause(rf"{FILE}: {DAMAGED}")
def file_is_cut_and_the_wal_is_there():
    assert WAL.stat().st_size > 0
    yield from replaced(FILE, FILE.read_bytes()[:50])


@cause(rf"{FILE}: {DAMAGED}")
def file_is_of_another_program():
    before = harness.store_files()
    harness.reset_store()
    other = sqlite3.connect(FILE)
    other.execute("PRAGMA journal_mode = WAL")
    other.execute("CREATE TABLE something (a)")
    other.close()
    owned(FILE)
    yield
    harness.put_store(before)


@cause(rf"{FILE}: expected journal_mode wal, found delete: set it again with: swmfactl store repair")
def file_has_another_journal_mode():
    set_journal_mode("delete")
    yield
    set_journal_mode("wal")


def set_journal_mode(mode):
    database = sqlite3.connect(FILE)
    assert database.execute(f"PRAGMA journal_mode = {mode}").fetchone() == (mode,)
    database.close()
    owned(FILE)


@cause(rf"{FILE}: expected version 2, found 3: a newer pam_swmfa created it: install that version")
def version_is_newer():
    change("UPDATE swmfa_store SET version = 3")
    yield
    change("UPDATE swmfa_store SET version = 2")


@cause(rf"{FILE}: {DAMAGED}")
def version_is_none():
    change("UPDATE swmfa_store SET version = 0")
    yield
    change("UPDATE swmfa_store SET version = 2")


@cause(rf"{FILE}: {DAMAGED}")
def clock_is_there_twice():
    change("INSERT INTO swmfa_store SELECT * FROM swmfa_store")
    yield
    change("DELETE FROM swmfa_store WHERE rowid > 1")


@cause(rf"{FILE}: {DAMAGED}")
def sends_are_gone():
    change("ALTER TABLE swmfa_send RENAME TO elsewhere")
    yield
    change("ALTER TABLE elsewhere RENAME TO swmfa_send")


@cause(rf"{JOURNAL}: exists, but state\.db never has a journal.*Move it away with: swmfactl store repair")
def journal_is_there():
    JOURNAL.write_bytes(b"\xd9\xd5\x05\xf9 \xa1c\xd7" + bytes(504))
    owned(JOURNAL)
    yield
    JOURNAL.unlink()


@cause(rf"{FILE}: is missing, but other files of it exist\. Restore a backup with: swmfactl store restore --replace")
def wal_is_without_its_file():
    FILE.rename(AWAY)
    yield
    AWAY.rename(FILE)


@cause(rf"{FILE}: is missing, but other files of it exist\. Restore a backup")
def journal_is_without_its_file():
    before = harness.store_files()
    harness.reset_store()
    JOURNAL.write_bytes(b"\xd9\xd5\x05\xf9 \xa1c\xd7" + bytes(504))
    yield
    harness.put_store(before)


@cause(rf"{FILE}: expected a regular file")
def file_is_a_folder():
    FILE.rename(AWAY)
    FILE.mkdir()
    owned(FILE, 0o700)
    yield
    FILE.rmdir()
    AWAY.rename(FILE)


@cause(rf"{FILE}: expected a regular file")
def file_is_a_link():
    FILE.rename(AWAY)
    owned(AWAY)
    FILE.symlink_to(AWAY)
    yield
    FILE.unlink()
    AWAY.rename(FILE)


@cause(rf"{FILE}: expected a regular file")
def file_is_a_link_to_nothing():
    before = harness.store_files()
    harness.reset_store()
    FILE.symlink_to(harness.STATE / "nothing")
    yield
    harness.put_store(before)


@cause(rf"{FILE}: expected a regular file")
def file_is_a_pipe():
    FILE.rename(AWAY)
    os.mkfifo(FILE)
    owned(FILE)
    yield
    FILE.unlink()
    AWAY.rename(FILE)


FOUND_LATE = ["sends_are_gone", "disk_is_full", "file_can_only_be_read"] # can still be read


@contextlib.contextmanager
def broken(name):
    """A store that has been used, and is broken meanwhile."""
    good_login()
    with CAUSES[name][0]():
        yield CAUSES[name][1]


def kept_files(name):
    kept = CAUSES[name][2]
    return {file: data for file, data in harness.store_files().items() if file in kept and data != b""}


# ---- denied ----

def is_denied(log, sim, *arguments, says="", **keywords):
    """A login is denied by the store: nothing is sent, one line says why, and the user is told."""
    log.begin()
    before = sim.requests()
    out = harness.pamhost(*arguments, **keywords)
    assert out.result == "PAM_AUTHINFO_UNAVAIL", out.text
    assert out.prompts == [] and out.all("message") == NOT_AVAILABLE
    assert sim.requests() == before
    line = log.last("result=error reason=store")
    assert logged(log) == [line] and line.startswith("<83>"), "authpriv, err"
    assert "fail = safe" not in line
    log.last(f'reason=store .* sends=0 .*detail="[^"]*{says}')
    return out


@all_causes()
def test_an_unusable_store_denies_and_is_not_modified(sim, log, name):
    with broken(name) as says:
        kept = kept_files(name)
        is_denied(log, sim, harness.between_permits(), says=says)
        harness.configure(sim, swmfa="fail = safe")
        is_denied(log, sim, harness.between_permits(), says=says)
        is_denied(log, sim, harness.between_permits(), "carol", says=says)
        harness.configure(sim, swmfa="fail_on = network, server, limit, credentials, store")
        is_denied(log, sim, harness.between_permits(), says=says)
        assert kept_files(name) == kept
    good_login()
    assert harness.store("PRAGMA integrity_check") == [("ok",)]


def test_a_login_notices_damage_of_every_page_that_it_reads(sim, log):
    """One page after the other is overwritten; some of them a login does not need."""
    good_login()
    work_off()
    before = harness.store_files()
    data = before["state.db"]
    roots = dict(harness.store("SELECT rootpage, tbl_name FROM sqlite_master WHERE type = 'table'"))
    size = page_size(data)
    noticed = set()
    for page in range(len(data) // size):
        damaged = data[:page * size] + b"\x5a" * size + data[page * size + size:]
        harness.put_store(before | {"state.db": damaged})
        out = harness.pamhost(harness.between_permits())
        assert out.result in ("PAM_AUTHINFO_UNAVAIL", "PAM_SUCCESS")
        if out.result != "PAM_SUCCESS":
            noticed.add(roots.get(page + 1, page + 1))
            log.last("reason=store")
    assert {1, "swmfa_store", "swmfa_try", "swmfa_send"} <= noticed


@pytest.mark.parametrize("mode", ["IMMEDIATE", "EXCLUSIVE"])
def test_a_locked_store_denies(sim, log, mode):
    """All those that must wait for it wait at the same time. EXCLUSIVE: it cannot even be read."""
    program = HOLD
    if mode == "EXCLUSIVE":
        program = HOLD.replace('"BEGIN', '"PRAGMA locking_mode = EXCLUSIVE")\nstore.execute("BEGIN')
    good_login()
    conf = harness.SECURITY / "covered.conf"
    harness.write(conf, harness.configuration(sim, swmfa="fail = safe\nfail_on = store"))
    harness.configure(sim, swmfa="fail = safe")
    stacks = {name: harness.between_permits(f"conf={conf}" if name != "secure" else "", service=name)
              for name in ("secure", "covered", "unmapped", "caller")}
    before = sim.requests()
    log.begin()
    outs = {}

    def run(name):
        outs[name] = harness.pamhost(stacks[name], "carol" if name == "unmapped" else "alice",
                                     prefix=AS_ALICE if name == "caller" else ())

    with subprocess.Popen(**service_user(program), stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE) as holder:
        assert holder.stdout.readline() == b"held\n"
        kept = harness.store_files()
        threads = [threading.Thread(target=run, args=(name,)) for name in stacks]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert harness.store_files()["state.db"] == kept["state.db"]
        holder.stdin.close()
    conf.unlink()
    assert {name: out.result for name, out in outs.items()} == {
        "secure": "PAM_AUTHINFO_UNAVAIL", "covered": "PAM_SUCCESS",
        "unmapped": "PAM_AUTHINFO_UNAVAIL", "caller": "PAM_AUTHINFO_UNAVAIL"}
    assert sim.requests() == before
    says = rf"{FILE}: another process has held it locked for too long: find it with fuser\(1\)"
    log.last(f"service=secure .*result=error reason=store .*{says}")
    log.last(rf"service=covered .*result=ignored reason=store .*\(fail = safe\) {says}")
    good_login()


# ---- fail = safe, and fail_on = store ----

def start_at_gate(name, gate, sim, answer, **keywords):
    """A login that has come to its first prompt, with a configuration of its own."""
    conf = harness.SECURITY / f"{name}.conf"
    swmfa = keywords.pop("swmfa", "") + "fail = safe\nfail_on = store"
    harness.write(conf, harness.configuration(sim, swmfa=swmfa, **keywords))
    service = harness.between_permits(f"conf={conf}", service=name)
    command = [*harness.pamhost_command(service, ("alice",), [answer]), "--gate", gate]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline().startswith("prompt ")
    return process


def test_fail_on_store_covers_nobody_refused_or_locked_during_the_login(sim, log, tmp_path):
    """All of them wait until the store is busy, and answer then."""
    gate = harness.WORK / "store-gate"
    gate.unlink(missing_ok=True)
    good_login()
    running = {
        "limit": start_at_gate("limit", gate, sim, "0" * 21, limits="user_sends = 1/10m\n"),
        "country": start_at_gate("country", gate, sim, "0" * 21, limits="countries = +44\n"),
        "locked": start_at_gate("locked", gate, sim, "", swmfa="autosend = no\n")}
    harness.configure(sim, limits="failures = 1\n")
    assert harness.pamhost(harness.between_permits(), answers=["@wrong"]).result == "PAM_CONV_ERR"
    before = sim.requests()
    with subprocess.Popen(**service_user(HOLD), stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE) as holder:
        assert holder.stdout.readline() == b"held\n"
        gate.touch()
        texts = {name: process.communicate(timeout=harness.PATIENCE)[0] for name, process in running.items()}
        holder.stdin.close()
    gate.unlink()
    for name, text in texts.items():
        (harness.SECURITY / f"{name}.conf").unlink()
        assert "result PAM_AUTHINFO_UNAVAIL" in text, (name, text)
    assert sim.requests() == before
    assert len([line for line in log.ours() if "result=error reason=store" in line]) == 3
    assert not [line for line in log.ours() if "fail = safe" in line]


@all_causes()
def test_fail_on_store_logs_a_warning_when_it_passes_a_user(sim, log, name):
    with broken(name) as says:
        before = sim.requests()
        harness.configure(sim, swmfa="fail = safe\nfail_on = store")
        log.begin()
        out = harness.pamhost(harness.between_permits())
        assert out.result == "PAM_SUCCESS" and out.all("message") == GOES_ON
        assert out.prompts == [] and sim.requests() == before
        line = log.last("reason=store")
        assert logged(log) == [line] and line.startswith("<84>"), "authpriv, warning"
        log.last(rf'result=ignored reason=store .*detail="\(fail = safe\) .*{says}')
        # Alone in its stack: a module that ignores lets nobody in.
        assert harness.pamhost(harness.alone()).result == "PAM_PERM_DENIED"
        # An unmapped user, and a caller of su.
        is_denied(log, sim, harness.between_permits(), "carol", says=says)
        is_denied(log, sim, harness.between_permits(), prefix=AS_ALICE, says=says)
    assert harness.pamhost(harness.between_permits(), prefix=AS_ALICE).result == "PAM_SUCCESS"
    good_login()


@pytest.mark.parametrize("name", FOUND_LATE)
def test_fail_on_store_does_not_cover_a_user_known_to_be_locked(sim, log, name):
    harness.configure(sim, swmfa="fail = safe\nfail_on = store")
    good_login()
    change("UPDATE swmfa_try SET attempts = attempts + 10, "
           "locked_until_ms = (SELECT now_ms FROM swmfa_store) + 900000")
    context, says, _ = CAUSES[name]
    with contextlib.ExitStack() as stack:
        if name == "disk_is_full": # its own logins would not pass
            stack.enter_context(small_disk())
            assert harness.pamhost(harness.between_permits(), answers=["@fail"]).result == "PAM_CONV_ERR"
            fill_disk()
        else:
            stack.enter_context(context())
        is_denied(log, sim, harness.between_permits(), says=says)
        assert harness.pamhost(harness.between_permits(), "bob").result == "PAM_SUCCESS"
        log.last("user=bob .*result=ignored reason=store")


@pytest.mark.parametrize("name", FOUND_LATE)
def test_fail_on_store_covers_a_login_that_has_sent_nothing(sim, log, name):
    harness.configure(sim)
    with broken(name):
        before = sim.requests()
        harness.configure(sim, swmfa="autosend = no\nfail = safe\nfail_on = store")
        out = harness.pamhost(harness.between_permits(), answers=["", "123456"])
        assert out.result == "PAM_SUCCESS" and out.all("message") == GOES_ON
        assert sim.requests() == before
        out = harness.pamhost(harness.between_permits(), "carol", answers=["", "123456"])
        assert out.result == "PAM_AUTHINFO_UNAVAIL"
        harness.configure(sim)


# ---- it fails later ----

class Provider:
    """A provider to which every code is right; sent and verified are called before it answers."""

    def __init__(self, sim, folder, sent=None, verified=None, status=200, swmfa=""):
        def send(connection):
            if sent is not None and len(self.paths()) == 1:
                sent()
            connection.sendall(harness.http(status, '{"id":"%s","success":true,"to":"%s","channel":'
                                            '"sms"}' % (IDENTITY, ALICE)))

        def verify(connection):
            if verified is not None:
                verified()
            connection.sendall(harness.http(200, '{"success":true}'))

        self.server = harness.RawServer(folder, send, verify=verify)
        harness.configure(sim, endpoint=self.server.endpoint, ca_file=self.server.certificate,
                          swmfa=swmfa)

    def paths(self):
        return [path.rsplit("/", 1)[1] for path in self.server.requests]


def hide(table="swmfa_try"):
    change(f"ALTER TABLE {table} RENAME TO elsewhere")


def bring_back(table="swmfa_try"):
    change(f"ALTER TABLE elsewhere RENAME TO {table}")


def counts(user="alice"):
    """(attempts, forgiven, sends, break-glass codes), of a store that is sound."""
    [(sound, *row)] = harness.store(
        "SELECT (SELECT group_concat(integrity_check) FROM pragma_integrity_check), (SELECT attempts "
        "FROM swmfa_try WHERE user_name = ?1), (SELECT forgiven FROM swmfa_try WHERE user_name = "
        "?1), (SELECT COUNT(*) FROM swmfa_send WHERE user_name = ?1), (SELECT COUNT(*) FROM "
        "swmfa_code WHERE user_name = ?1)", user)
    assert sound == "ok"
    return tuple(row)


LATER = ["fail = secure", "fail = safe", "fail = safe\nfail_on = network, server, limit, store"]


@pytest.mark.parametrize("lines", LATER)
@pytest.mark.parametrize("breaks", ["table", "disk"])
def test_a_code_that_cannot_be_counted_is_not_verified(sim, log, tmp_path, lines, breaks):
    with small_disk() if breaks == "disk" else contextlib.nullcontext():
        provider = Provider(sim, tmp_path, sent=hide if breaks == "table" else fill_disk,
                            swmfa=lines)
        out = harness.pamhost(harness.between_permits(), answers=["123456"])
        assert out.result == "PAM_AUTHINFO_UNAVAIL", out.text
        assert len(out.prompts) == 1 and out.all("message") == NOT_AVAILABLE
        assert provider.paths() == ["sms"], "no verify"
        line = log.last("result=error reason=store .* sends=1 ")
        assert "fail = safe" not in line and line.startswith("<83>")
        if breaks == "table":
            bring_back()
        else:
            (harness.STATE / "filler").unlink()
        assert counts() == (None, None, 1, 0)
        assert harness.pamhost(harness.between_permits(), answers=["123456"]).result == "PAM_SUCCESS"
        assert counts() == (1, 1, 2, 0)


@pytest.mark.parametrize("lines", LATER)
def test_a_second_send_that_cannot_be_counted_is_not_made(sim, log, tmp_path, lines):
    provider = Provider(sim, tmp_path, sent=lambda: hide("swmfa_send"),
                        swmfa=lines + "\nresend_delay = 0")
    out = harness.pamhost(harness.between_permits(), answers=["resend", "123456"])
    assert out.result == "PAM_AUTHINFO_UNAVAIL" and provider.paths() == ["sms"]
    assert "fail = safe" not in log.last("result=error reason=store")


def test_fail_on_store_does_not_cover_a_send_that_failed_before(sim, log, tmp_path):
    """It stays counted, which a line of its own says."""
    provider = Provider(sim, tmp_path, sent=lambda: hide("swmfa_send"), status=500,
                        swmfa="fail = safe\nfail_on = store")
    out = harness.pamhost(harness.between_permits())
    assert out.result == "PAM_AUTHINFO_UNAVAIL" and provider.paths() == ["sms"]
    assert "fail = safe" not in log.last("result=error reason=provider-error")
    assert log.last(f"a failed send still counts: {FILE}").startswith("<84>")
    bring_back("swmfa_send")
    assert counts() == (None, None, 1, 0)
    assert harness.pamhost(harness.between_permits()).result == "PAM_AUTHINFO_UNAVAIL"
    assert counts() == (None, None, 1, 0), "that one was given back"


@pytest.mark.parametrize("breaks", ["table", "disk"])
def test_a_verified_code_passes_and_stays_counted(sim, log, tmp_path, breaks):
    with small_disk() if breaks == "disk" else contextlib.nullcontext():
        Provider(sim, tmp_path, verified=hide if breaks == "table" else fill_disk)
        out = harness.pamhost(harness.between_permits(), answers=["123456"])
        assert out.result == "PAM_SUCCESS" and out.all("message") == []
        log.last("result=success reason=verified")
        line = log.last(f"the count of wrong codes was not reset: {FILE}: ")
        assert line.startswith("<84>"), "authpriv, warning"
        if breaks == "table":
            bring_back()
        else:
            (harness.STATE / "filler").unlink()
        assert counts() == (1, 0, 1, 0)


# ---- a helper that dies ----

def some_history():
    """alice has tried six times, the last two in vain, and has had three codes sent."""
    assert harness.pamhost(harness.between_permits(), answers=["@wrong"] * 3).result == "PAM_MAXTRIES"
    good_login()
    assert harness.pamhost(harness.between_permits(), answers=["@wrong"] * 2).result == "PAM_CONV_ERR"
    change(*[f"REPLACE INTO swmfa_pace VALUES ({kind}, {slot}, 500)"
             for kind in range(5) for slot in range(32)]) # no page is new in any login
    assert counts()[:3] == (6, 4, 3)


def all_deaths(faults, mode, login, look, start, enough=lambda call: False):
    """Has a helper die at each call that changes the store, always from the same start, with a look
    after each death; until it is enough, or the logins live: the last one, with its calls. A login
    makes two calls less if a millisecond has not passed, so it must live three times."""
    number, lived = 0, 0
    while lived < 3:
        number += 1
        harness.put_store(start)
        faults.kill_at(number, mode)
        out = login()
        calls = faults.calls()
        assert len({call.pid for call in calls}) == 1
        assert [call.number for call in calls] == list(range(1, len(calls) + 1))
        if len(calls) < number:
            lived += 1
            continue
        assert len(calls) == number
        assert out.result not in ("PAM_SUCCESS", "PAM_IGNORE"), out.text
        if enough(calls[-1]):
            break
        faults.kill_at(0)
        look()
    return out, calls


def look_at(seen):
    """Adds the state of a store that a helper has left to those that were seen; then a login must
    work, and be counted."""
    def look():
        state = counts() if FILE.exists() else None
        seen.add(state)
        good_login()
        attempts, _, sends, codes = state or (None, None, 0, 0)
        now = (attempts or 0) + 1
        assert counts() == (now, now, sends + 1, codes)
        assert not {file.name for file in harness.STATE.iterdir()} - {
            "state.db", "state.db-wal", "state.db-shm"}

    return look


MODES = pytest.mark.parametrize("mode", ["before", "after", "torn"])


def test_the_store_survives_a_helper_that_dies_while_making_it(sim, faults):
    seen = set()
    out, calls = all_deaths(faults, "after", lambda: harness.pamhost(harness.between_permits()),
                            look_at(seen), {})
    assert out.result == "PAM_SUCCESS" and counts() == (1, 1, 1, 0)
    assert any(call.name.startswith("rename") for call in calls)
    assert seen - {(1, 1, 1, 0)} == {None, (None, None, 0, 0), (None, None, 1, 0), (1, 0, 1, 0)}


def test_the_store_survives_a_torn_write_while_it_is_made(sim, faults):
    """What the login then writes itself, the next test is about."""
    seen = set()
    all_deaths(faults, "torn", lambda: harness.pamhost(harness.between_permits()), look_at(seen), {},
               enough=lambda call: call.path == str(WAL) and "write" in call.name)
    assert seen == {None, (None, None, 0, 0)}


@MODES
def test_the_store_survives_a_helper_that_dies_while_counting_a_right_code(sim, faults, mode):
    """The first change also works off what is in the log of changes."""
    some_history()
    grow(64)
    seen = set()
    out, calls = all_deaths(faults, mode, lambda: harness.pamhost(harness.between_permits()),
                            look_at(seen), harness.store_files())
    assert out.result == "PAM_SUCCESS" and counts() == (7, 7, 4, 0)
    assert seen - {(7, 7, 4, 0)} == {(6, 4, 3, 0), (6, 4, 4, 0), (7, 4, 4, 0)}
    assert {Path(call.path).name for call in calls} >= {"state.db", "state.db-wal"}


@MODES
def test_the_store_survives_a_helper_that_dies_while_counting_a_wrong_code(sim, faults, mode):
    some_history()
    work_off()
    seen = set()
    out, _ = all_deaths(faults, mode,
                        lambda: harness.pamhost(harness.between_permits(), answers=["@wrong"]),
                        look_at(seen), harness.store_files())
    assert out.result == "PAM_CONV_ERR" and counts() == (7, 4, 4, 0)
    assert seen - {(7, 4, 4, 0)} == {(6, 4, 3, 0), (6, 4, 4, 0)}


@pytest.mark.parametrize("answers, line", [
    (["@wrong"] * 3, "result=denied reason=tries-used"), (["@fail"], "result=denied reason=conversation"),
    (["@code"], "result=success reason=verified"), (["@die"], "result=aborted reason=host-gone")])
def test_a_helper_logs_a_login_before_it_records_it(sim, faults, log, answers, line):
    """It dies before one of its last writes; which they are is seen from a login that lives."""
    good_login()
    before = harness.store_files()

    def run():
        out = harness.pamhost(harness.between_permits(), answers=answers)
        assert harness.wait_until(lambda: harness.helper_processes() == [])
        return out, faults.calls()

    faults.kill_at(100000)
    last = len(run()[1]) - 1
    kept = 2
    while kept == 2: # a login makes two calls less if a millisecond has not passed
        harness.put_store(before)
        log.begin()
        faults.kill_at(last)
        out, _ = run()
        [(kept,)] = harness.store("SELECT COUNT(*) FROM swmfa_login")
        last -= 1
    assert "result PAM_SUCCESS" not in out.text
    assert log.last(line)


# ---- limits of who calls ----

def test_the_store_stays_whole_whichever_write_fails(sim, log):
    """A limit on the size of files that the helper cannot raise, a little higher each time."""
    some_history()
    work_off()
    grow(40) # so that its end is what the limit is about
    start = harness.store_files()
    states = [(6, 4, 3, 0), (6, 4, 4, 0), (7, 4, 4, 0), (7, 7, 4, 0)]
    seen = []
    size = 0
    harness.configure(sim, swmfa="fail = safe")
    while states[-1] not in seen:
        harness.put_store(start)
        out = harness.pamhost(harness.between_permits(), prefix=[*BOUND, "prlimit", f"--fsize={size}"])
        state = counts()
        seen.append(state)
        assert state in states and states.index(state) == max(map(states.index, seen))
        # Verified, and only what is kept of it is missing.
        assert (out.result == "PAM_SUCCESS") == (state[0] == 7), out.text
        if out.result != "PAM_SUCCESS":
            assert out.result == "PAM_AUTHINFO_UNAVAIL" and out.all("message") == NOT_AVAILABLE
            log.last(f"result=error reason=store .*{FILE}: ")
        good_login()
        assert harness.store("PRAGMA integrity_check") == [("ok",)]
        size = max(size, len(start["state.db-wal"]) - 1024) + 1024
    assert set(seen) == set(states)


@pytest.mark.parametrize("size", [0, 1, 1024, 10000, 30000])
def test_a_store_is_made_completely_or_not_at_all(sim, log, size):
    harness.reset_store()
    out = harness.pamhost(harness.between_permits(), prefix=[*BOUND, "prlimit", f"--fsize={size}"])
    assert out.result == "PAM_AUTHINFO_UNAVAIL" and sim.requests() == []
    log.last(f"result=error reason=store .*{harness.STATE}/state.db")
    assert not FILE.exists()
    good_login()
    assert counts() == (1, 1, 1, 0)


def test_no_file_size_limit_of_the_caller_of_su_lets_in(sim, log):
    harness.configure(sim, swmfa="fail = safe\nfail_on = store")
    harness.use_example("su", "su", options="")
    good_login()
    for size in (0, 8, 64):
        client = on_terminal("sh", "-c", f"ulimit -f {size}; exec su bob -c 'echo i-am-in'",
                             user="alice")
        client.expect("Password: ")
        client.sendline(harness.PASSWORD)
        while client.expect(["Code: ", "not available", pexpect.EOF]) == 0:
            client.sendline("000000")
        assert "i-am-in" not in client.before
        client.close(force=True)
        assert harness.store("PRAGMA integrity_check") == [("ok",)]
    assert not [line for line in log.ours() if "fail = safe" in line]
    tried, _, sends, _ = counts("bob")
    client = on_terminal("su", "bob", "-c", "echo i-am-in", user="alice")
    client.expect("Password: ")
    client.sendline(harness.PASSWORD)
    client.expect("Code: ")
    client.sendline(harness.wait_for_code(harness.NUMBERS["bob"], sent_before=sends))
    client.expect("i-am-in")
    assert ended(client) == 0
    now = (tried or 0) + 1
    assert counts("bob") == (now, now, sends + 1, 0)


def test_no_file_size_limit_of_the_caller_of_sudo_lets_in(sim, log):
    harness.configure(sim, swmfa="fail = safe\nfail_on = store")
    harness.use_example("sudo", "sudo")
    harness.write("/etc/sudoers.d/swmfa-test", "alice ALL=(ALL) ALL\nDefaults timestamp_timeout=0, "
                  "passwd_tries=1\n", 0o440)
    client = on_terminal("prlimit", "--fsize=0", "sudo", "id", "-u", user="alice")
    client.expect("password for alice: ")
    client.sendline(harness.PASSWORD)
    while client.expect(["Code: ", pexpect.EOF]) == 0:
        client.sendline("000000")
    assert "\n0\r" not in client.before
    client.close(force=True)
    assert not [line for line in log.ours() if "fail = safe" in line]
    good_login()
    assert harness.store("PRAGMA integrity_check") == [("ok",)]


# ---- simultaneous logins ----

# So many logins share the processors with their provider, on a host that may be busy: all that waits
# for one of them must be as patient as it can.
MANY = 25
PATIENT = "connect_timeout = 30\ntimeout = 30"


def test_two_hundred_logins_of_five_users_all_succeed(sim, tmp_path):
    """The first of them make the store."""
    harness.reset_store()
    users = ["alice", "ann", "art", "ada", "abe"]
    harness.users_map("".join(f"{user} {ALICE}\n" for user in users))
    Provider(sim, tmp_path, swmfa=PATIENT)
    for _ in range(200 // MANY):
        outs = harness.pamhosts(harness.alone(), MANY, users, answers=["123456"])
        assert [out.result for out in outs] == ["PAM_SUCCESS"] * MANY
    for user in users:
        attempts, forgiven, sends, _ = counts(user)
        assert (attempts, forgiven, sends) == (40, 40, 40)
    harness.users_map()


def test_the_store_is_accessible_only_to_the_service_user(sim):
    for prefix in (["sh", "-c", 'umask 0; exec "$@"', "sh"], AS_ALICE):
        for answers in (["@code"], ["@wrong"] * 3, ["resend", "@fail"]):
            harness.pamhost(harness.alone(), answers=answers, prefix=prefix)
    owner = pwd.getpwnam(harness.SERVICE_USER)
    found = {"": harness.STATE.stat(), **{path.name: path.lstat() for path in harness.STATE.iterdir()}}
    assert set(found) == {"", "state.db", "state.db-wal", "state.db-shm"}
    for name, status in found.items():
        assert (status.st_uid, status.st_gid) == (owner.pw_uid, owner.pw_gid), name
        assert stat.S_IMODE(status.st_mode) == (0o600 if name else 0o700), name
