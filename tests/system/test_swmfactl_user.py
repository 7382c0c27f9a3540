# SPDX-License-Identifier: BSD-3-Clause
"""swmfactl user: it shows and changes the users map safely, and logins use the changed map."""
import grp
import json
import os
import re
import shutil
import stat
import subprocess

import pytest

import harness
from test_swmfactl import add_remembered_logins, codes_of, complete, ctl, ctl_lines, done, failed, finish, \
    kept_hashes, service_user, start_ctl, table, HOLD

KEY = "SHA256:uNiVztksCsDhcc0u9e8BrrJXVGDrpZcEZ0zxKV2e8q4"
OTHER_KEY = "SHA256:lS2cYOoIRJ1tUr5mzyHmb1Ug0tgdd27zTN5pHPuoWrM"
ALICE, BOB = harness.NUMBERS["alice"], harness.NUMBERS["bob"]
CAROL = "+15550100184"
MAP = f"# the map\nalice\t{ALICE}   sms # hers\n\n  bob {BOB}\nroot {KEY} +15550100101\nroot +15550100100\n"
COMMANDS = ["add", "import", "list", "remove", "set", "show"]
ARGUMENTS = {"add": ["carol", CAROL], "import": ["list.csv"], "list": [], "remove": ["alice"],
             "set": ["alice", CAROL], "show": ["alice"]}
BESIDE = harness.Path(f"{harness.USERS}.swmfactl")


@pytest.fixture(autouse=True)
def the_map(sim):
    harness.configure(sim, limits="countries = +1555\n")
    harness.users_map(MAP)


def text():
    return harness.USERS.read_text()


def user(command, *arguments, **keywords):
    return done("user", command, *arguments, **keywords)


def refused(command, *arguments, **keywords):
    """What a command says that must fail, and change nothing."""
    before = harness.USERS.read_bytes(), harness.USERS.stat()
    error = failed("user", command, *arguments, **keywords)
    assert (harness.USERS.read_bytes(), harness.USERS.stat()) == before
    assert not BESIDE.exists()
    return error


def new_lines(log):
    log.settle()
    return [re.search(r"swmfactl\[\d+\]: (.*?) by uid 0", line).group(1) for line in ctl_lines(log)]


# ---- list, show ----

def test_list_shows_the_map_with_masked_numbers():
    harness.users_map(MAP + "bob +15550100199\ncarol 0155\n")
    rows = [line.split(maxsplit=5) for line in user("list").splitlines()]
    assert rows == [
        ["LINE", "USER", "NUMBER", "CHANNELS", "KEY"],
        ["2", "alice", "*82", "sms", "-"], ["4", "bob", "*83", "-", "-"],
        ["5", "root", "*01", "-", KEY], ["6", "root", "*00", "-", "-"],
        ["7", "bob", "*99", "-", "-", "has no effect: line 4 decides"],
        ["8", "carol", "-", "-", "-", "wrong, and denies the user: expected an E.164 number such as "
                                      "+12029167968: it does not begin with + and the country code"]]
    assert "+1555" not in user("list") and ALICE in user("list", "--numbers")


def test_list_prints_json():
    harness.users_map(MAP + "EXAMPLE\\ivan +15550100102 call,sms\nz\xebd +15550100103\ncarol 0155\n")
    rows = {row["line"]: row for row in json.loads(user("list", "--json"))}
    assert rows[2] == {"line": 2, "user": "alice", "number": "*82", "channels": ["sms"], "key": None,
                       "wrong": None, "counts": True}
    assert rows[5]["key"] == KEY and rows[7]["user"] == "EXAMPLE\\ivan"
    assert rows[7]["channels"] == ["call", "sms"] and rows[8]["user"] == r"z\303\253d"
    assert "expected an E.164" in rows[9]["wrong"] and not rows[9]["counts"]
    assert json.loads(user("show", "alice", "--json", "--numbers"))[0]["number"] == ALICE


def test_list_reports_every_error_of_the_map():
    harness.users_map(MAP + f"carol {CAROL}")
    status, out, error = ctl("user", "list")
    assert status == 0 and "the file ends within this line" in out
    assert error == f"swmfactl: warning: {harness.USERS}: does not end with a newline, and may be cut off\n"
    harness.users_map("# none\n")
    assert user("list").count("\n") == 1


def test_show_names_the_lines_that_apply():
    harness.users_map(f"root +15550100100\nroot {KEY} +15550100101\nroot +15550100102\n")
    assert [line.split(maxsplit=5)[5] for line in user("show", "root").splitlines()[1:]] == [
        "counts", "has no effect: line 1 decides", "has no effect: line 1 decides"]
    harness.users_map(MAP)
    assert user("show", "root").count("counts") == 2
    assert f"rooty is not in the users map, {harness.USERS}" in refused("show", "rooty")


# ---- add ----

def test_a_user_who_is_added_gets_a_code(log):
    service = harness.alone()
    assert harness.pamhost(service, "carol").result != "PAM_SUCCESS"
    assert user("add", "carol", CAROL) == "carol: added, number *84\n"
    assert text() == MAP + f"carol   {CAROL}\n"
    assert harness.pamhost(service, "carol").result == "PAM_SUCCESS"
    assert harness.messages(CAROL) != []
    assert new_lines(log) == ["user carol added to the users map, number *84"]


def test_add_reads_the_number_from_standard_input(log):
    process = start_ctl("user", "add", "carol", "-", "call,sms", stdin=subprocess.PIPE)
    process.stdin.write(CAROL + "\n")
    assert finish(process) == (0, "carol: added, number *84\n", "")
    assert text() == MAP + f"carol   {CAROL}   call,sms\n"
    assert not any(CAROL in line for line in log.lines)
    for wrong in ("", "\n", CAROL + " \n", CAROL * 9):
        process = start_ctl("user", "set", "carol", "-", stdin=subprocess.PIPE)
        process.stdin.write(wrong)
        assert finish(process)[0] == 1
    assert text() == MAP + f"carol   {CAROL}   call,sms\n"


def test_add_puts_a_line_for_a_key_where_it_takes_effect():
    user("add", "root", "+15550100102", "--key", OTHER_KEY)
    assert text() == MAP.replace("root +1", f"root   {OTHER_KEY}   +15550100102\nroot +1")
    assert user("show", "root").count("  counts") == 3
    assert "already has a line" in refused("add", "root", "+15550100103", "--key", KEY)


@pytest.mark.parametrize("arguments, says", [
    (["alice", CAROL], rf"{harness.USERS}:2: alice already has a line; change it with user set"),
    (["carol", "5550100184"], "number: expected an E.164 number such as +12029167968: it does not begin with +"),
    (["carol", "+1 5550100184"], "it has a blank"),
    (["carol", CAROL + "\n"], "it has a blank or a line break"),
    (["carol", "+445550100184"], "number: no code is sent to that country, see countries"),
    (["carol", CAROL, "fax"], "channels: expected sms, call, or both"),
    (["carol", CAROL, "sms #"], "channels: expected sms, call, or both"),
    (["carol x", CAROL], "name: expected a name without blanks"),
    (["#carol", CAROL], "name: expected a name without blanks"),
    (["carol\n", CAROL], "name: expected a name without blanks")])
def test_add_refuses_an_invalid_entry(arguments, says, log):
    assert says in refused("add", *arguments)
    assert new_lines(log) == []


def test_force_adds_a_number_of_another_country():
    user("add", "carol", "+445550100184", "--force")
    assert "set" not in refused("set", "carol", "+445550100185")
    user("set", "carol", "+445550100185", "--force")
    assert "+445550100185" in text()


def test_add_warns_about_an_account_that_does_not_exist():
    status, out, error = ctl("user", "add", "carlo", CAROL)
    assert (status, out) == (0, "carlo: added, number *84\n")
    assert error == "swmfactl: warning: carlo: no such account\n"


# ---- set ----

def test_set_changes_the_line_in_place(log):
    assert user("set", "alice", CAROL) == "alice: changed, number *84 in place of *82\n"
    assert text() == MAP.replace(ALICE, CAROL)
    user("set", "alice", CAROL, "call,sms")
    assert text() == MAP.replace(ALICE, CAROL).replace("   sms # hers", "   call,sms # hers")
    user("set", "root", "+15550100109", "--key", KEY)
    assert f"root {KEY} +15550100109\nroot +15550100100\n" in text()
    assert new_lines(log) == ["user alice changed in the users map, number *84 in place of *82",
                              "user alice changed in the users map, number *84 in place of *84",
                              f"user root changed in the users map for key {KEY}, number *09 in "
                              "place of *01"]
    assert "carol has no line that is for all keys; add one with user add" in refused(
        "set", "carol", CAROL)
    assert "alice has no line for that key" in refused("set", "alice", CAROL, "--key", KEY)


def test_set_fixes_a_wrong_line():
    harness.users_map(MAP + "carol 0155 # hers")
    assert user("set", "carol", CAROL) == "carol: changed, number *84 in place of a wrong line\n"
    assert text() == MAP + f"carol {CAROL}   # hers\n"


def test_a_change_without_effect_is_refused():
    harness.users_map(MAP + f"carol SHA256:short {CAROL}\n")
    assert f"{harness.USERS}:7: carol: this line counts, and not the new one" in refused(
        "add", "carol", CAROL)


@pytest.mark.parametrize("before, says", [
    (MAP + f"carol {CAROL[:-3]}", ":7: the file ends within this line, and may be cut off"),
    (MAP.replace("\n", "\r\n"), "has a carriage return"),
    (MAP.encode() + b"# \xef\xbb\xbf\n", "has a byte order mark"),
    (MAP.encode() + b"\0\n", "has a NUL")])
def test_a_map_that_is_not_valid_text_is_not_changed(before, says):
    harness.users_map(before)
    assert says in refused("add", "dora", CAROL)
    assert says in refused("set", "bob", CAROL)
    assert says in refused("remove", "alice")


# ---- remove ----

def test_a_removed_user_cannot_log_in_by_leftovers(log):
    service = harness.alone()
    codes = codes_of(done("codes", "alice"))
    add_remembered_logins("alice", 2)
    done("bypass", "alice", "--for", "1h", "--reason", "no phone")
    done("codes", "bob")
    log.begin()
    assert user("remove", "alice") == ("alice: lines removed: 1\nalice: break-glass codes voided: 10\n"
                                       "alice: places forgotten: 2\nalice: bypass ended\n")
    assert text() == MAP.replace(f"alice\t{ALICE}   sms # hers\n", "")
    assert new_lines(log) == ["user alice removed from the users map",
                              "break-glass codes voided for alice",
                              "remembered logins forgotten for alice", "bypass ended for alice"]
    assert harness.pamhost(service, answers=("123456",) * 3).result != "PAM_SUCCESS"
    assert len(kept_hashes("bob")) == 10
    user("add", "alice", ALICE)
    assert harness.pamhost(service, answers=(codes[0], codes[1], codes[2])).result != "PAM_SUCCESS"
    assert harness.pamhost(service).result == "PAM_SUCCESS"


def test_remove_can_keep_codes_and_remembered_logins():
    done("codes", "alice")
    assert "are kept" in user("remove", "alice", "--keep")
    assert len(kept_hashes("alice")) == 10


def test_remove_can_remove_one_of_several_lines():
    done("codes", "root")
    out = user("remove", "root", "--key", KEY)
    assert "lines removed: 1" in out and "are kept" in out and len(kept_hashes("root")) == 10
    assert text() == MAP.replace(f"root {KEY} +15550100101\n", "")
    assert "is not in the users map for key" in refused("remove", "root", "--key", KEY)
    user("remove", "root")
    assert "root" not in text() and kept_hashes("root") == []


def test_remove_removes_all_lines_of_a_user():
    harness.users_map(MAP + "root wrong\nroot SHA256:short +15550100102\nroots +15550100103\n")
    assert user("remove", "root").startswith("root: lines removed: 4\n")
    assert text() == MAP.split("root")[0] + "roots +15550100103\n"


def test_remove_of_an_unmapped_user_fails_and_clears_the_store():
    assert f"carol is not in the users map, {harness.USERS}" in refused("remove", "carol")
    done("codes", "alice")
    harness.users_map(MAP.replace("alice", "alicia"))
    assert user("remove", "alice") == "alice: break-glass codes voided: 10\n"
    assert "alice is not in the users map" in refused("remove", "alice")


def test_remove_reports_what_an_unusable_store_still_has():
    done("codes", "alice")
    with subprocess.Popen(**service_user(HOLD), stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE) as holder:
        assert holder.stdout.readline() == b"held\n"
        status, out, error = ctl("user", "remove", "alice")
        assert (status, out) == (1, "alice: lines removed: 1\n")
        assert "the user is removed; break-glass codes, remembered logins and a bypass of alice are " \
            "still there: " in error
        holder.stdin.close()
    assert "alice" not in text()
    assert user("remove", "alice") == "alice: break-glass codes voided: 10\n"


def test_the_last_user_is_removed_only_with_force(sim):
    harness.users_map(f"# empty soon\nalice {ALICE}\n")
    assert "alice is the last user, and without users every login that needs a code is denied; --force" \
        in refused("remove", "alice")
    user("remove", "alice", "--force")
    assert text() == "# empty soon\n"


def test_with_unmapped_ignore_remove_warns_that_the_user_needs_no_code(sim):
    harness.configure(sim, swmfa="unmapped = ignore\n")
    assert "without a line, alice needs no code; --force" in refused("remove", "alice")
    user("remove", "root", "--key", KEY)
    user("remove", "alice", "--force")
    assert "alice" not in text()
    harness.users_map(f"alice {ALICE}\n")
    assert "is empty" in refused("remove", "alice", "--force")


# ---- whatever happens meanwhile ----

def test_simultaneous_changes_are_all_kept():
    running = [start_ctl("user", "add", f"user{i}", CAROL) for i in range(20)]
    assert [finish(process)[:2] for process in running] == [
        (0, f"user{i}: added, number *84\n") for i in range(20)]
    lines = text()[len(MAP):].splitlines()
    assert sorted(lines) == sorted(f"user{i}   {CAROL}" for i in range(20))
    assert text().startswith(MAP) and not BESIDE.exists()


def test_a_kill_at_any_call_leaves_the_old_map_or_the_new_one(faults):
    new = MAP + f"carol   {CAROL}\n"
    folder = harness.SECURITY
    faults.kill_at(0, folder=folder)
    user("add", "carol", CAROL)
    calls = faults.calls()
    assert [call.name for call in calls] == ["open", "fchown", "fchmod", "ftruncate", "write",
                                             "fchown", "fchmod", "fsync", "rename", "fsync"]
    seen = set()
    for number in range(1, len(calls) + 1):
        for mode in ("before", "after", "torn"):
            harness.users_map(MAP)
            faults.kill_at(number, mode, folder)
            status, _, _ = ctl("user", "add", "carol", CAROL)
            assert status == -9, (number, mode)
            assert text() in (MAP, new), (number, mode)
            seen.add(text())
            left = text()
            faults.kill_at(0, folder=folder)
            user("set", "bob", BOB) # the next is not kept from it, and uses what was left
            assert text() == left and not BESIDE.exists()
            user("show", "alice")
    assert seen == {MAP, new}


@pytest.fixture
def small_disk():
    """A map on a file system of its own, of 64 KiB."""
    folder = harness.WORK / "small"
    folder.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k,mode=755", "tmpfs", folder], check=True)
    users = folder / "users"
    harness.write(users, MAP)
    yield users
    subprocess.run(["umount", folder], check=True)


def check_kept(users, error, why):
    assert error == f"swmfactl: {users}{why}: nothing was changed\n"
    assert users.read_text() == MAP
    assert [path.name for path in users.parent.iterdir() if path.name != "filler"] == ["users"]


def test_a_full_disk_keeps_the_old_map(small_disk, log):
    with open(small_disk.parent / "filler", "wb", buffering=0) as filler, pytest.raises(OSError):
        while True:
            filler.write(bytes(4096))
    error = failed("user", "add", "carol", CAROL, "--users", small_disk)
    check_kept(small_disk, error, ": No space left on device")
    assert new_lines(log) == []
    (small_disk.parent / "filler").unlink()
    user("add", "carol", CAROL, "--users", small_disk)
    assert small_disk.read_text() == MAP + f"carol   {CAROL}\n" and text() == MAP


def test_a_read_only_file_system_keeps_the_old_map(small_disk):
    subprocess.run(["mount", "-o", "remount,ro", small_disk.parent], check=True)
    error = failed("user", "add", "carol", CAROL, "--users", small_disk)
    check_kept(small_disk, error, ".swmfactl: Read-only file system")
    assert "*82" in user("list", "--users", small_disk)
    harness.write(harness.WORK / "list.csv", f"carol,{CAROL}\n")
    assert "+carol   *84" in user("import", "--dry-run", "--users", small_disk, harness.WORK / "list.csv")


def test_a_partial_write_keeps_the_old_map():
    prefix = ["prlimit", f"--fsize={len(MAP) + 5}"]
    assert "File too large: nothing was changed" in refused("add", "carol", CAROL, prefix=prefix)


def test_a_change_keeps_owner_group_and_mode():
    group = grp.getgrnam("shadow").gr_gid
    for mode in (0o600, 0o640, 0o644, 0o400):
        harness.users_map(MAP)
        os.chown(harness.USERS, 0, group)
        harness.USERS.chmod(mode)
        user("add", "carol", CAROL, umask=0)
        status = harness.USERS.stat()
        assert (status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode)) == (0, group, mode)


def test_a_map_that_logins_refuse_is_refused():
    harness.USERS.chmod(0o664)
    assert "only its owner may write it" in refused("add", "carol", CAROL)
    harness.users_map(MAP)
    os.chown(harness.USERS, 12345, 0)
    assert "must be owned by root" in refused("add", "carol", CAROL)
    harness.users_map(MAP)
    link = harness.SECURITY / "link"
    link.symlink_to(harness.USERS)
    assert "is a symbolic link" in refused("add", "carol", CAROL, "--users", link)
    harness.USERS.rename(harness.SECURITY / "elsewhere")
    assert "No such file" in failed("user", "add", "carol", CAROL)
    assert not BESIDE.exists() and not harness.USERS.exists()


def test_another_file_of_the_administrator_is_not_modified():
    beside = harness.Path(f"{harness.USERS}.new")
    beside.write_text("what somebody is working at\n")
    user("add", "carol", CAROL)
    assert beside.read_text() == "what somebody is working at\n"


def test_a_map_of_a_million_lines_is_changed_correctly():
    many = "".join(f"user{i:07} +1555{i:07} # {i}\n" for i in range(1000000))
    harness.users_map(many)
    user("set", "user0500000", CAROL, "call")
    user("add", "carol", CAROL)
    expected = many.replace("user0500000 +15550500000", f"user0500000 {CAROL}   call")
    assert text() == expected + f"carol   {CAROL}\n"


@pytest.mark.parametrize("redirection, why", [(">&-", "Bad file descriptor"),
                                              (">/dev/full", "No space left on device")])
def test_output_that_cannot_be_written_is_a_failure(redirection, why):
    shell = ["sh", "-c", f'exec "$@" {redirection}', "sh"]
    for command, *arguments in (["list"], ["show", "alice"], ["add", "carol", CAROL]):
        assert failed("user", command, *arguments, prefix=shell) == \
            f"swmfactl: standard output: {why}\n"
    assert text() == MAP + f"carol   {CAROL}\n"


# ---- when the configuration is broken ----

def test_a_broken_configuration_needs_the_path_of_the_map():
    harness.write(harness.CONF, "[swmfa]\ntries = many\n")
    for command in ("list", "add", "set", "remove"):
        assert re.fullmatch(r"swmfactl: \S+swmfa.conf:2: \[swmfa\] tries: .* \(--users FILE works "
                            r"without it\)\n", refused(command, *ARGUMENTS[command]))
    assert "*82" in user("list", "--users", harness.USERS)
    status, _, error = ctl("user", "add", "carol", "+445550100184", "--users", "swmfa.users",
                           cwd=harness.SECURITY)
    assert status == 0
    assert error.startswith("swmfactl: warning: countries and unmapped are unknown: ")
    assert text() == MAP + "carol   +445550100184\n"


# ---- import ----

def make_list(content):
    path = harness.WORK / "list.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_import_adds_every_row(log):
    path = make_list("\ufeffname,number,channels,key\r\n"
                     f"carol,{CAROL},\"call,sms\",\r\n"
                     f"root,+15550100102,,{OTHER_KEY}\r\n\r\n"
                     f"nobody,+15550100103\r\nnobody,+15550100104,sms,{KEY}\r\n")
    assert user("import", path) == "added: 4, changed: 0, as before: 0\n"
    assert text() == MAP.replace("root +1", f"root   {OTHER_KEY}   +15550100102\nroot +1") + (
        f"nobody   {KEY}   +15550100104   sms\ncarol   {CAROL}   call,sms\n"
        "nobody   +15550100103\n")
    assert new_lines(log) == ["user carol added to the users map, number *84",
                              f"user root added to the users map for key {OTHER_KEY}, number *02",
                              "user nobody added to the users map, number *03",
                              f"user nobody added to the users map for key {KEY}, number *04"]
    assert harness.pamhost(harness.alone(), "carol").result == "PAM_SUCCESS"


def test_import_reads_standard_input():
    process = start_ctl("user", "import", "-", stdin=subprocess.PIPE)
    process.stdin.write(f"carol,{CAROL}\n")
    assert finish(process) == (0, "added: 1, changed: 0, as before: 0\n", "")
    assert text() == MAP + f"carol   {CAROL}\n"


def test_import_changes_nothing_and_names_each_bad_row(log):
    path = make_list(f"carol,{CAROL}\n"
                     "a,0155\n"
                     "b c,+15550100105\n"
                     "d,+15550100105,fax\n"
                     "e,+15550100105,,SHA256:x\n"
                     "f,+445550100105\n"
                     f"alice,{ALICE}\n"
                     "g;+15550100105\n"
                     ",+15550100105\n"
                     f"{'x' * 512},+15550100105\n"
                     "h,+15550100105,sms,,x\n"
                     "i,\"+15550100105\n")
    for option in ([], ["--dry-run"]):
        error = refused("import", path, *option).splitlines()
        assert error[-1] == "swmfactl: wrong rows: 11; nothing was changed"
        rows = [re.fullmatch(rf"{path}:(\d+): (?:(\w+): )?(\w+ \w+).*", line).groups()
                for line in error[:-1]]
        assert rows == [
            ("2", "number", "expected an"), ("3", "name", "expected a"),
            ("4", "channels", "expected sms"), ("5", "key", "expected SHA256"),
            ("6", "number", "no code"), ("7", "name", "already has"), ("8", None, "expected 2"),
            ("9", "name", "expected a"), ("10", "name", "expected at"), ("11", None, "expected 2"),
            ("12", None, "has a")]
    assert new_lines(log) == []


def test_import_refuses_two_rows_for_one_line():
    path = make_list(f"carol,{CAROL}\ncarol,+15550100102,,{KEY}\ncarol,+15550100103\n")
    assert refused("import", path).startswith(f"{path}:3: name: the same as in line 1\n")


def test_import_refuses_a_row_without_effect():
    harness.users_map(MAP + "carol SHA256:short +15550100102\n")
    assert "this line counts, and not the new one" in refused("import", make_list(f"carol,{CAROL}\n"))


def test_import_update_changes_existing_users(log):
    path = make_list(f"alice,{CAROL}\nbob,{BOB},\nroot,+15550100101,call,{KEY}\ncarol,{CAROL}\n")
    assert "already has line 2 in the map; change it with --update" in refused("import", path)
    assert user("import", "--update", path) == "added: 1, changed: 2, as before: 1\n"
    assert text() == MAP.replace(ALICE, CAROL).replace("0101\n", "0101   call\n") + \
        f"carol   {CAROL}\n"
    assert len(new_lines(log)) == 3
    assert user("import", "--update", path) == "added: 0, changed: 0, as before: 4\n"
    assert len(new_lines(log)) == 3


def test_the_dry_run_of_import_masks_numbers(log):
    path = make_list(f"alice,+15550199182\nbob,{BOB},call\ncarol,{CAROL}\n")
    before = text(), harness.USERS.stat()
    out = user("import", "--update", "--dry-run", path)
    assert (text(), harness.USERS.stat()) == before and new_lines(log) == []
    assert [line for line in out.splitlines() if line[0] in "-+"] == [
        f"--- {harness.USERS}", f"+++ {harness.USERS}, new",
        "-alice\t*82   sms # hers", "+alice\t*82   sms # hers   (another number)",
        "-  bob *83", "+  bob *83   call", "+carol   *84"]
    assert out.splitlines()[-1] == \
        "added: 1, changed: 2, as before: 0; nothing was changed (--dry-run)"
    assert not re.search(r"\d{5}", re.sub(r"SHA256:\S+", "", out))
    whole = user("import", "--update", "--dry-run", "--numbers", path)
    assert f"-alice\t{ALICE}   sms # hers\n+alice\t+15550199182   sms # hers\n" in whole
    assert user("import", "--dry-run", make_list("")).startswith("added: 0, changed: 0")


SHEETS = [
    ("User Name;Mobile Phone;Channels\r\n\"carol\" ;+1 (555) 010-0184;SMS, Call\r\n;;\r\n", []),
    ("account\tcell\tmethod\ncarol\t+1.555.010.0184\tsms,call\t\t\n", []),
    ("name\tnumber\tchannels\ncarol\t+1\u00a0555\u00a00100184\tSMS,CALL\n".encode("utf-16"), []),
    ("carol,0015550100184,\"sms,call\",,\n,,,\n", ["--country", "1"]),
    ("carol,(555) 010-0184,\"sms,call\"\n", ["--country", "+1"]),
]


@pytest.mark.parametrize("sheet, options", SHEETS, ids=["semicolons", "tabs", "utf-16", "no-header", "country"])
def test_import_reads_lists_as_spreadsheets_save_them(sheet, options):
    path = make_list(sheet)
    assert user("import", *options, path) == "added: 1, changed: 0, as before: 0\n"
    assert text() == MAP + f"carol   {CAROL}   sms,call\n"


def test_import_refuses_an_ambiguous_number_by_line_and_column():
    path = make_list("name;number\n\ncarol;4,4E+11\ndora;1555010010\nerin;+1555010010\n"
                     "frank;+44 (0)7700 900123\nfr\u00adank;+15550100184\n")
    assert refused("import", path, "--country", "1").splitlines() == [
        f"{path}:3: number: the spreadsheet has rounded this number; format the column as text, and "
        "enter the number again",
        f"{path}:4: number: expected 10 digits that begin with 2 to 9, or 1 and these, as in the "
        "country +1",
        f"{path}:5: number: is too short for +1: 10 digits follow it, not 9; --force accepts it",
        f"{path}:6: number: (0) stands for a 0 that is dialled only within the country: leave it out",
        f"{path}:7: name: has a no-break space or another invisible character",
        "swmfactl: wrong rows: 5; nothing was changed"]
    assert "it is not clear which separate the" in refused("import", make_list("a;+1;sms,call\n"))


def test_a_number_of_a_wrong_length_for_its_country_needs_force():
    harness.users_map(MAP + "dora +15550100102\n")
    for command, name in (("add", "carol"), ("set", "dora")):
        assert "is too short for +1: 10 digits follow it, not 9; --force accepts it" in \
            refused(command, name, "+1555010018")
        assert "is too long for +1" in refused(command, name, "+155501001844")
        user(command, name, "+1555010018", "--force")
    assert "carol   +1555010018\n" in text() and "dora +1555010018\n" in text()
    assert harness.pamhost(harness.alone(), "carol").result == "PAM_SUCCESS" # a login takes each number


def test_a_byte_order_mark_hides_no_user_and_a_change_removes_it():
    harness.users_map(b"\xef\xbb\xbf" + f"alice {ALICE}\n".encode())
    assert harness.pamhost(harness.alone(), "alice").result == "PAM_SUCCESS"
    user("set", "alice", CAROL)
    assert harness.USERS.read_bytes() == f"alice {CAROL}\n".encode()


def test_import_names_a_list_that_it_cannot_read():
    assert "No such file" in refused("import", "/nonexistent.csv")
    assert "Is a directory" in refused("import", "/")


# ---- what it says of itself ----

@pytest.mark.parametrize("command", COMMANDS)
def test_swmfactl_must_run_as_root(command):
    prefix = ["setpriv", "--reuid", "alice", "--regid", "alice", "--clear-groups"]
    assert "must be run as root" in failed("user", command, *ARGUMENTS[command], prefix=prefix)


@pytest.mark.parametrize("arguments, says", [
    (["user"], "  user list             Show the users map\n  user show USER "), (["user", "explode"], "user: expected one of"),
    (["user", "add", "carol"], "too few arguments"),
    (["user", "add", "carol", CAROL, "sms", "x"], "too many arguments"),
    (["user", "add", "", CAROL], "1 to 511 bytes"), (["user", "show"], "too few arguments"),
    (["user", "list", "alice"], "too many arguments"),
    (["user", "add", "carol", CAROL, "--key", "SHA256:x"], "--key: expected SHA256:"),
    (["user", "add", "carol", CAROL, "--numbers"], "unrecognized option"),
    (["user", "import"], "too few arguments"),
    (["user", "import", "--country", "999", "x"], "--country: expected a country code such as +44")])
def test_a_wrong_command_line_exits_with_64(arguments, says):
    assert says in failed(*arguments, status=64)
    assert text() == MAP


def options_of(command):
    return set(re.findall(r"--([a-z-]+)", user(command, "--help"))) - {"help", "usage", "version",
                                                                       "conf"}


def test_the_man_page_has_every_command_and_option():
    page = (harness.BUILD / "docs/swmfactl.8").read_text()
    items = dict(re.findall(r"^\.It Cm user (\w+)(.*(?:\n\.Oc.*|\n\.Op.*)*)$", page, re.MULTILINE))
    assert sorted(items) == COMMANDS
    for command in COMMANDS:
        for option in options_of(command):
            assert f"Fl Fl {option}" in page, option
            assert f"Fl Fl {option}" in items[command], (command, option)


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash")
def test_the_completion_offers_the_commands_of_the_group():
    assert complete("us") == ["user"]
    assert sorted(complete("user", "")) == COMMANDS
    assert complete("user", "li") == ["list"]
    assert complete("user", "show", "ali") == ["alice"]
    assert complete("user", "import", "swmfa.c") == ["swmfa.conf"]
    assert {"--key", "--force", "--users"} <= set(complete("user", "add", "-"))
    assert complete("user", "import", "--d") == ["--dry-run"]
    assert complete("user", "import", "--cou") == ["--country"]
