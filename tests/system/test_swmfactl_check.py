# SPDX-License-Identifier: BSD-3-Clause
"""swmfactl check: it finds exactly what is wrong, changes nothing and sends nothing."""
import json
import os
import pwd
import re
import shutil
import subprocess
from pathlib import Path

import pytest

import harness
import test_swmfactl as ctl

COUNTRIES = "countries = +1555\n"
GOOD_MAP = "alice +15550100182\nbob +15550100183\n"
DENIED = "accounts-unmapped" # carol is in none of these maps: a test of its own
KEY = "SHA256:uNiVztksCsDhcc0u9e8BrrJXVGDrpZcEZ0zxKV2e8q4"
KEY_2 = "SHA256:lS2cYOoIRJ1tUr5mzyHmb1Ug0tgdd27zTN5pHPuoWrM"


@pytest.fixture(autouse=True)
def good(sim):
    """A host on which there is nothing to fix, and nothing to say."""
    harness.configure(sim, limits=COUNTRIES)
    users_map(GOOD_MAP)


def users_map(text):
    harness.write(harness.USERS, text, 0o600)


def check(*arguments, keep_denied=False, **keywords):
    """The document that it prints; the exit status is that of the worst finding."""
    status, out, error = ctl.ctl(*arguments, "check", "--json", **keywords)
    harness.OUTPUT.append(out)
    assert error == ""
    document = json.loads(out)
    document["findings"] = [finding for finding in document["findings"]
                            if finding["id"] != DENIED or keep_denied]
    severities = {finding["severity"] for finding in document["findings"]}
    assert status == (3 if "error" in severities else 2 if "warning" in severities else 0)
    for finding in document["findings"]:
        assert finding["severity"] == "note" or finding["fix"] or "have this problem" in finding["text"], \
            finding
    return document


def found(*arguments, **keywords):
    """{severity id place} of all findings; the place is the number of the line, or the path."""
    return [" ".join([finding["severity"], finding["id"], re.sub(r"^.*:(?=\d+$)", "",
                                                                 finding["where"])])
            for finding in check(*arguments, **keywords)["findings"]]


def texts(*arguments):
    return "\n".join(finding["text"] for finding in check(*arguments)["findings"])


# ---- a good host ----

def test_check_of_a_good_host_lists_what_it_examined():
    users_map(GOOD_MAP + "carol +15550100184\n")
    out = ctl.done("check")
    assert out == (f"{harness.CONF}, 3 users, helper, module, user {harness.SERVICE_USER}, store: "
                   "nothing to fix\n")
    assert check()["examined"] == out.rsplit(":", 1)[0].split(", ")
    assert found() == []


def test_the_last_line_counts_errors_and_warnings():
    users_map(GOOD_MAP + "carol +15550100184\n")
    harness.write(harness.CONF, harness.CONF.read_text() + "[swmfa]\ntries = x\nfail_on = network\n"
                  "[policy]\nservices = a, b\n")
    status, out, _ = ctl.ctl("check")
    assert status == 3 and out.endswith("store: 1 error, 2 warnings, 1 note\n")
    assert re.search(r"^error  \S+swmfa\.conf:\d+: \[swmfa\] tries: .* \[conf\]\n    do: \S", out)


def test_the_installed_example_has_placeholders_and_no_other_problem():
    text = (harness.BUILD / "conf/swmfa.conf").read_text()
    harness.write(harness.CONF, text)
    lines = text.splitlines()

    def line_of(begin):
        return 1 + next(i for i, line in enumerate(lines) if line.startswith(begin))
    assert found() == [f"error placeholder {line_of(key)}" for key in
                       ("space", "project_id", "api_token")] + [f"note countries {harness.CONF}"]
    ours = text.index("[bandwidth]")
    text = text[:ours] + re.sub(r"(?m)^;(?!password_file|ca_file|endpoint)", "", text[ours:])
    harness.write(harness.CONF, text.replace(";providers = signalwire ", "providers = bandwidth ")
                  .replace(";countries = +1, +44", "countries = +1555"))
    assert found() == [f"error placeholder {line_of(';password')}"]


# ---- the configuration ----

def line_number(text):
    """The number of the line of swmfa.conf that has a text, or its path."""
    lines = [i for i, line in enumerate(harness.CONF.read_text().splitlines(), 1) if text == line]
    return str(lines[0]) if lines else str(harness.CONF)


CONFIGURATIONS = [
    # what is given, and what is found: a severity, an id, the line
    ({"swmfa": "fail = safe\n"}, ["warning fail-safe", "fail = safe"]),
    ({"swmfa": "fail = safe\nfail_on = network, limit, credentials, store\n"},
     ["warning fail-safe", "fail = safe"],
     *[["warning fail-on", "fail_on = network, limit, credentials, store"]] * 3),
    ({"swmfa": "fail_on = server\n"}, ["note fail-on-unused", "fail_on = server"]),
    ({"swmfa": "fail = safe\nfail_on = server\n"}, ["warning fail-safe", "fail = safe"]),
    ({"swmfa": "unmapped = ignore\n"}, ["warning unmapped-ignore", "unmapped = ignore"]),
    ({"policy": "exempt_result = success\n"},
     ["warning exempt-success", "exempt_result = success"]),
    ({"policy": "exempt_networks = 192.0.2.0/24, 0.0.0.0/0, 2001:db8::/32\n"},
     ["error exempt-all", "exempt_networks = 192.0.2.0/24, 0.0.0.0/0, 2001:db8::/32"]),
    ({"policy": "exempt_networks = ::/0\n"}, ["error exempt-all", "exempt_networks = ::/0"]),
    ({"policy": "exempt_networks = ::ffff:0:0/96\n"},
     ["error exempt-all", "exempt_networks = ::ffff:0:0/96"]),
    ({"policy": "exempt_networks = 128.0.0.0/1, 2000::/3, 10.0.0.0/8, fd00::/16\n"},
     *[["warning exempt-wide",
        "exempt_networks = 128.0.0.0/1, 2000::/3, 10.0.0.0/8, fd00::/16"]] * 2),
    ({"policy": "exempt_groups = root, robots\nrequire_groups = admins\n"},
     ["error policy-group", "exempt_groups = root, robots"],
     ["error policy-group", "require_groups = admins"]),
    ({"policy": "services = swmfa-nothing, login, ../passwd\n"},
     ["warning policy-service", "services = swmfa-nothing, login, ../passwd"]),
    ({"limits": ""}, ["note countries", "-"]),
    ({"limits": COUNTRIES + "user_sends = 20/10m\n"},
     ["warning limit-high", "user_sends = 20/10m"]),
    ({"limits": COUNTRIES + "user_sends = 100000/10m, 100/1d\nphone_sends = 10/1h\n"},
     ["warning limit-high", "phone_sends = 10/1h"]),
    ({"limits": COUNTRIES + "user_sends = 101/30d\nhost_sends = 1/1s\naddress_sends = 9000/1h\n"},
     ["warning limit-high", "user_sends = 101/30d"], ["warning limit-high", "host_sends = 1/1s"]),
    ({"limits": COUNTRIES + "host_sends = 10000/1d\nuser_sends = 100/1d\n"},),
    ({"signalwire": "valid_for = 601\n"}, ["warning code-long-valid", "valid_for = 601"]),
    ({"signalwire": "valid_for = 600\ntoken_length = 6\n"},),
    ({"signalwire": "token_length = 5\n"}, ["warning code-short", "token_length = 5"]),
    ({"signalwire": "token_length = 5\nallow_alphas = yes\n"},),
    ({"swmfa": "connect_timeout = 11\n"}, ["note connect-timeout", "connect_timeout = 11"]),
    ({"swmfa": "deadline = 10\n"},),
    ({"signalwire": 'from = +15550100171\nmessage = "Code"\n'}, ["warning quotes", 'message = "Code"']),
    # all errors, and what they hide is not guessed
    ({"swmfa": "tries = 0\nnonsense\n", "policy": "exempt_networks = 0.0.0.0/0\n",
      "signalwire": "valid_for = 9999\ntoken = x\n"},
     ["error conf", "tries = 0"], ["error conf", "nonsense"], ["error conf", "token = x"],
     ["error exempt-all", "exempt_networks = 0.0.0.0/0"]),
    ({"project_id": None, "api_token": None}, ["error conf", "-"], ["error conf", "-"]),
]


@pytest.mark.parametrize("case", CONFIGURATIONS, ids=lambda case: str(case[0])[:40])
def test_check_finds_exactly_the_problems_of_a_configuration(sim, case):
    keys, *expected = case
    harness.configure(sim, **{"limits": COUNTRIES, **keys})
    assert sorted(found()) == sorted(f"{what} {line_number(line)}" for what, line in expected)


BOTH = [
    ("digits = 5\nexpiration_minutes = 11\n", {},
     ["warning code-short", "digits = 5"], ["warning code-long-valid", "expiration_minutes = 11"]),
    ("", {"swmfa": "deadline = 10\n"}, ["warning deadline", "deadline = 10"]),
    ("", {"swmfa": "deadline = 11\n"}),
]


@pytest.mark.parametrize("lines, keys, expected", [(case[0], case[1], case[2:]) for case in BOTH])
def test_check_finds_exactly_the_problems_of_two_providers(sim, lines, keys, expected):
    keys = {**keys, "swmfa": keys.get("swmfa", "") + "providers = signalwire, bandwidth\n"}
    harness.configure(sim, limits=COUNTRIES, bandwidth=sim, bandwidth_lines=lines, **keys)
    assert sorted(found()) == sorted(f"{what} {line_number(line)}" for what, line in expected)


def test_a_channel_that_no_provider_has_is_noted(sim):
    harness.configure(sim, limits=COUNTRIES, swmfa="providers = bandwidth\nchannel = call\n",
                      bandwidth=sim)
    text = re.sub(r"voice_application_id.*\n", "", harness.CONF.read_text())
    harness.write(harness.CONF, text)
    users_map("alice +15550100182 sms\nbob +15550100183 call\ncarol +15550100184 call,sms\n")
    assert found() == ["warning users-channel 2", f"note channel {line_number('channel = call')}"]


def test_a_configuration_that_cannot_be_read_is_one_error():
    harness.CONF.chmod(0o644)
    assert found() == [f"error conf {harness.CONF}"]
    assert "mode is 0644" in texts()
    harness.CONF.unlink()
    assert found() == [f"error conf {harness.CONF}"]
    assert "helper" in check()["examined"]


def test_a_group_that_can_read_the_credentials_is_noted():
    harness.CONF.chmod(0o640)
    assert found() == []
    shutil.chown(harness.CONF, group="alice")
    assert found() == [f"note conf-readable {harness.CONF}"]


def test_a_copy_can_be_checked_before_it_is_installed():
    copy = harness.SECURITY / "swmfa.conf.copy"
    harness.write(copy, harness.CONF.read_text().replace("[policy]", "[policy]\nremember = never"))
    try:
        assert found("-c", copy)[0].startswith("error conf ")
        assert found("-c", copy.name, cwd=harness.SECURITY)[0].startswith("error conf ")
        assert found() == []
    finally:
        copy.unlink()


# ---- the users map ----

MAPS = [
    (GOOD_MAP,),
    ("# a comment\n\n" + GOOD_MAP,),
    ("alice +15550100182 sms,call # a comment\n",),
    (f"alice {KEY} +15550100182\nalice {KEY_2} +15550100183\nalice +15550100184\n",),
    ("alice 0155501\nbob +15550100183 pigeon\n", "error users-line 1", "error users-line 2"),
    ("alice +15550100182\n+15550100183\n", "error users-line 2", "warning users-account 2"),
    ("alice +15550100182\nbob +15550100183\nalice +15550100184\n", "warning users-never 3"),
    (f"alice +15550100182\nalice {KEY} +15550100184\n", "warning users-never 2"),
    (f"alice {KEY} +15550100182\nalice {KEY} +15550100184\n", "warning users-never 2"),
    # of a wrong line that never counts no more is said; one that does ends the search
    ("alice +15550100182\nalice 0\n", "warning users-never 2"),
    ("alice 0\nalice +15550100182\n", "error users-line 1", "warning users-never 2"),
    (f"alice {KEY} 0\nalice +15550100182\n", "error users-line 1"),
    ("alice SHA256:short +15550100182\nalice +15550100182\n", "error users-line 1",
     "warning users-never 2"),
    ("nobody-here +15550100182\nbob +15550100183\n", "warning users-account 1"),
    ("alice +442079460000\nbob +15550100183\n", "warning users-country 1"),
    ("alice +15550100182\nbob +15550100182\ncarol +15550100182\n", "note users-shared 1"),
    ("alice +15550100182\nalice +15550100182\n", "warning users-never 2"),
    (f"alice {KEY} +15550100182\nalice +15550100182\n",),
    ("", f"error users-none {harness.USERS}"),
    ("# nobody\n", f"error users-none {harness.USERS}"),
    ("alice +15550100182\nbob +15550100183", "error users-line 2"),
    ("alice +15550100182\n# bob", "warning users-whole 2"),
    ("alice +15550100182\r\nbob +15550100183\n", "error users-line 1"),
    ("# comment\r\nalice +15550100182\r\nbob +15550100183\r\n", "error users-line 2"),
    ("alice +15550100182\n# comment\r\n", "warning users-whole 2"),
    ("alice +1555010018\nbob +155501001833\n", "warning users-length 1", "warning users-length 2"),
    ("\ufeffalice +15550100182\nbob +15550100183\n", f"note users-mark {harness.USERS}"),
    ("\ufeff# comment\nalice +15550100182\n", f"note users-mark {harness.USERS}"),
    ("bob +15550100183\n\ufeffalice +15550100182\n", "error users-line 2"),
    ("alice +15550100182\n".encode("utf-16"), "error users-whole 1"),
    ("alice +15550100182\n#\0\n", "warning users-whole 2"),
    ("alice " + "x" * 2000 + "\n", "error users-line 1"),
]


@pytest.mark.parametrize("case", MAPS, ids=lambda case: repr(case[0])[:40].replace("\\", "_"))
def test_check_finds_exactly_the_problems_of_a_map(case):
    users_map(case[0])
    assert sorted(found()) == sorted(case[1:])


def test_an_incomplete_map_is_an_error_where_it_must_be_complete(sim):
    harness.configure(sim, limits=COUNTRIES, swmfa="unmapped = ignore\n")
    ignore = f"warning unmapped-ignore {line_number('unmapped = ignore')}"
    for text, expected in (("", "error users-whole 1"), ("# nobody", "error users-whole 1"),
                           ("# nobody\n", f"warning users-none {harness.USERS}"),
                           ("bob +15550100183\n#\r\n", "error users-whole 2")):
        users_map(text)
        assert sorted(found()) == sorted([ignore, expected]), text


def test_a_map_that_all_can_read_is_noted_and_a_writable_one_is_an_error():
    harness.USERS.chmod(0o644)
    assert found() == [f"note users-readable {harness.USERS}"]
    harness.USERS.chmod(0o666)
    assert found() == [f"error users-file {harness.USERS}"]
    harness.USERS.unlink()
    assert found() == [f"error users-file {harness.USERS}"]


def test_check_and_logins_agree_on_a_wrong_line():
    """Each line that is called wrong denies its user; the others do not."""
    users_map("alice 0155501\nbob +15550100183\n")
    service = harness.alone()
    assert found() == ["error users-line 1"]
    assert harness.pamhost(service, "bob").result == "PAM_SUCCESS"
    assert harness.pamhost(service, "alice", answers=["123456"] * 3).result != "PAM_SUCCESS"


def test_check_counts_repeated_problems():
    users_map("".join(f"user{i} 0\n" for i in range(50)))
    findings = check()["findings"]
    assert [finding["id"] for finding in findings].count("users-line") == 21
    assert [finding["text"] for finding in findings if "have this problem" in finding["text"]] == \
        ["30 more lines have this problem; only the first 20 are listed"] * 2


def test_a_number_in_the_place_of_a_name_is_not_shown():
    users_map("+15550100183\nbob +15550100182\n")
    assert "*83: expected an E.164 number" in texts() and "0100183" not in texts()


def test_a_user_name_cannot_forge_a_line():
    users_map("al\x1b[2Jice 0\n")
    status, out, _ = ctl.ctl("check")
    assert status == 3 and "\x1b" not in out and r"al\033[2Jice" in out


@pytest.mark.skipif("-fsanitize" in harness.make_variable("flags"), reason="they need memory")
def test_a_million_lines_need_little_memory():
    lines = [f"u{i * 7919 % 1000003:07} +1555{i:07}\n" for i in range(1000000)]
    users_map("".join(lines) + lines[500000] + lines[7].replace("+1", "+2"))
    run = subprocess.run(["prlimit", f"--data={200 << 20}", harness.CTL, "check", "--json"],
                         stdout=subprocess.PIPE, check=False)
    assert run.returncode == 2
    document = json.loads(run.stdout)
    ids = [finding["id"] for finding in document["findings"]]
    assert document["examined"][1] == "1000000 users"
    assert (ids.count("users-never"), ids.count("users-account")) == (2, 22)
    assert set(ids) == {"users-never", "users-account", DENIED}


# ---- what is installed ----

@pytest.fixture
def replaced():
    """replaced(path, ...) keeps a file to be put back."""
    kept = {}

    def keep(path):
        path = Path(path)
        status = path.stat()
        kept[path] = (path.read_bytes(), status)
        return path

    yield keep
    for path, (data, status) in kept.items():
        if path.is_dir():
            path.rmdir()
        path.unlink(missing_ok=True)
        path.write_bytes(data)
        os.chown(path, status.st_uid, status.st_gid)
        path.chmod(status.st_mode & 0o7777)


@pytest.mark.parametrize("program, path", [("helper", harness.HELPER), ("module", harness.MODULE)])
def test_a_program_that_others_can_write_is_an_error(replaced, program, path):
    path = replaced(path)
    for mode in (0o775, 0o757, 0o4755, 0o2755):
        path.chmod(mode)
        assert found() == [f"error {program} {path}"], oct(mode)
    path.chmod(0o755)
    shutil.chown(path, "alice")
    assert found() == [f"error {program} {path}"]
    path.unlink()
    path.symlink_to("/bin/true")
    assert found() == [f"error {program} {path}"]
    path.unlink()
    assert found() == [f"error {program} {path}"]
    path.mkdir()
    assert found() == [f"error {program} {path}"]


def test_a_helper_that_cannot_be_started_is_an_error(replaced):
    helper = replaced(harness.HELPER)
    helper.chmod(0o644)
    assert found() == [f"error helper {helper}"]
    helper.unlink()
    for text in ("nothing\n", "#!/nothing\n", "#!/bin/sh\necho 'swmfa-auth (pam_swmfa) 0.0.1'\n"):
        harness.write(helper, text, 0o755)
        assert found() == [f"error helper-start {helper}"], text
    assert 'expected the version "swmfa-auth (pam_swmfa) ' in texts()


def test_a_module_that_cannot_be_loaded_is_an_error(replaced):
    module = replaced(harness.MODULE)
    harness.write(module, "nothing\n", 0o644)
    assert found() == [f"error module-load {module}"]
    shutil.copy(os.path.realpath("/lib/x86_64-linux-gnu/libm.so.6"), module)
    assert "it is not a PAM module" in texts() or "pam_sm_authenticate" in texts()


@pytest.mark.parametrize("folder", [Path(harness.HELPER).parent, Path(harness.MODULE).parent,
                                    harness.SECURITY, harness.SECURITY.parent])
def test_a_folder_that_others_can_write_is_an_error(folder):
    before = folder.stat()
    try:
        folder.chmod(0o777)
        assert found() == [f"error folder {folder}"]
        folder.chmod(0o1777) # others can put nothing in the place of what is root's
        assert found() == []
        folder.chmod(0o755)
        shutil.chown(folder, "alice")
        assert found() == [f"error folder {folder}"]
    finally:
        os.chown(folder, before.st_uid, before.st_gid)
        folder.chmod(before.st_mode & 0o7777)


def test_a_link_in_the_path_is_followed(tmp_path):
    """A user who can write to the target folder of a link can change the map."""
    (harness.WORK / "far").mkdir(mode=0o777)
    (harness.WORK / "far").chmod(0o777)
    (harness.WORK / "near").symlink_to(harness.WORK / "far")
    try:
        harness.write(harness.WORK / "far/users", GOOD_MAP)
        harness.write(harness.CONF, harness.CONF.read_text().replace(str(harness.USERS),
                                                                     str(harness.WORK / "near/users")))
        assert found() == [f"error folder {harness.WORK / 'far'}"]
    finally:
        (harness.WORK / "near").unlink()
        shutil.rmtree(harness.WORK / "far")


# ---- the service user ----

@pytest.mark.parametrize("change, expected", [
    (lambda text: re.sub(rf"(?m)^{harness.SERVICE_USER}:.*\n", "", text),
     f"error service-user {harness.SERVICE_USER}"),
    (lambda text: re.sub(rf"(?m)^({harness.SERVICE_USER}:x):\d+:", r"\1:0:", text),
     f"error service-user {harness.SERVICE_USER}"),
    (lambda text: re.sub(rf"(?m)^({harness.SERVICE_USER}:.*):.*$", r"\1:/bin/bash", text),
     f"note service-user-shell {harness.SERVICE_USER}"),
    (lambda text: text + f"twin:x:{pwd.getpwnam(harness.SERVICE_USER).pw_uid}:7::/:/bin/false\n",
     f"error service-user-shared {harness.SERVICE_USER}"),
    (lambda text: text + f"twin:x:7777:{pwd.getpwnam(harness.SERVICE_USER).pw_gid}::/:/bin/false\n",
     f"warning service-user-shared {harness.SERVICE_USER}"),
], ids=["missing", "root", "shell", "same-uid", "same-group"])
def test_check_finds_exactly_the_problems_of_the_service_user(replaced, change, expected):
    accounts = replaced("/etc/passwd")
    text = change(accounts.read_text())
    assert text != accounts.read_text()
    harness.write(accounts, text, 0o644)
    assert found() == [expected]


# ---- the store ----

def test_a_missing_store_is_noted_and_not_made():
    harness.reset_store()
    assert found() == [f"note store-none {harness.STATE / 'state.db'}"]
    assert ctl.ctl("check", "--online")[0] == 0
    assert list(harness.STATE.iterdir()) == []
    harness.STATE.rmdir()
    try:
        assert found() == [f"error store {harness.STATE}"]
        assert not harness.STATE.exists()
    finally:
        harness.reset_store()


@pytest.mark.parametrize("owner, mode", [("root", 0o600), (harness.SERVICE_USER, 0o644)])
def test_a_store_file_of_another_owner_is_an_error(owner, mode):
    path = harness.STATE / "state.db"
    shutil.chown(path, owner)
    path.chmod(mode)
    assert found() == [f"error store-file {path}"]


def test_check_suggests_no_change_of_foreign_files_in_the_store():
    path, other = harness.STATE / "state.db-wal", harness.STATE / "other"
    owner = pwd.getpwnam(harness.SERVICE_USER)
    other.touch(0o600)
    for make in (path.symlink_to, path.hardlink_to, lambda _: os.mkfifo(path, 0o600)):
        path.unlink(missing_ok=True)
        make(other)
        os.chown(path, owner.pw_uid, owner.pw_gid, follow_symlinks=False)
        assert found() == [f"error store-file {path}"]
        assert "chmod" not in ctl.ctl("check")[1]
    path.unlink()
    other.unlink()


def test_a_store_folder_that_others_can_access_is_an_error():
    harness.STATE.chmod(0o755)
    try:
        assert found() == [f"error store {harness.STATE}"]
    finally:
        harness.STATE.chmod(0o700)


def test_a_damaged_store_is_an_error():
    path = harness.STATE / "state.db"
    data = path.read_bytes()
    for damaged in (b"", b"nothing", data[:-1024], b"x" * len(data)):
        path.write_bytes(damaged)
        assert found() == [f"error store {path}"], damaged[:10]


def test_a_store_of_another_version_is_not_modified():
    for version, expected in ((1, "note store-version"), (99, "error store")):
        ctl.change(f"UPDATE swmfa_store SET version = {version}")
        assert found() == [f"{expected} {harness.STATE / 'state.db'}"]
        assert harness.store("SELECT version FROM swmfa_store") == [(version,)]


@pytest.mark.parametrize("options, expected", [
    (["-o", "size=1m"], "warning store-space"), (["-o", "nr_inodes=10"], "warning store-space"),
    (["-o", "ro"], "error store-read-only")])
def test_check_examines_the_file_system_of_the_store(options, expected):
    subprocess.run(["mount", "-t", "tmpfs", *options, "tmpfs", harness.STATE], check=True)
    try:
        if "ro" not in options:
            shutil.chown(harness.STATE, harness.SERVICE_USER, harness.SERVICE_USER)
            harness.STATE.chmod(0o700)
        assert f"{expected} {harness.STATE}" in found()
    finally:
        subprocess.run(["umount", harness.STATE], check=True)


def contents():
    tables = [name for name, in harness.store("SELECT name FROM sqlite_master WHERE type = 'table'")]
    return {name: harness.store(f"SELECT * FROM {name}") for name in tables}


def test_check_counts_and_changes_nothing(log):
    assert harness.pamhost(harness.alone(), "alice").result == "PAM_SUCCESS"
    log.begin()
    before, sent = contents(), harness.messages()
    assert check("-c", harness.CONF)["findings"] == []
    assert ctl.ctl("check", "--online")[0] == 0
    assert (contents(), harness.messages()) == (before, sent)
    log.settle()
    assert log.ours() == [] and ctl.ctl_lines(log) == []
    files = [path.stat() for path in harness.STATE.iterdir()]
    assert {status.st_uid for status in files} == {pwd.getpwnam(harness.SERVICE_USER).pw_uid}


# ---- the providers ----

def online(**keywords):
    """(severity and id of each finding, what each provider said); nothing is sent to a phone."""
    before = harness.messages()
    status, out, error = ctl.ctl("check", "--online", "--json", **keywords)
    harness.OUTPUT.append(out)
    document = json.loads(out)
    assert error == "" and status in (0, 2, 3) and harness.messages() == before
    return ([f"{finding['severity']} {finding['id']}" for finding in document["findings"]
             if finding["id"] != DENIED],
            {said["provider"]: said["outcome"] for said in document.get("online", [])})


def use_bandwidth(sim, **keywords):
    harness.configure(sim, limits=COUNTRIES, swmfa="providers = bandwidth\n", bandwidth=sim, **keywords)


def test_check_reaches_a_good_provider_with_the_credentials(sim):
    assert online() == (["note online"], {"signalwire": "good"})
    (path, status, _), = sim.requests()
    assert re.fullmatch(r"/api/relay/rest/mfa/[0-9a-f-]{36}/verify", path) and status == "404"
    use_bandwidth(sim)
    assert online() == (["note online"], {"bandwidth": "good"})
    assert sim.requests()[1][:2] == ("/api/v1/accounts/test-account/code/verify", "200")


def test_check_contacts_both_providers(sim):
    harness.configure(sim, limits=COUNTRIES, swmfa="providers = bandwidth, signalwire\n", bandwidth=sim,
                      api_token="PT-wrong")
    assert online() == (["error online-credentials", "note online"],
                        {"bandwidth": "good", "signalwire": "credentials"})
    findings = json.loads(ctl.ctl("check", "--online", "--json")[1])["findings"]
    fix, = (finding["fix"] for finding in findings if finding["id"] == "online-credentials")
    lines = harness.CONF.read_text().splitlines()
    account, secret = ([line.split(" ")[0] for line in lines].index(key) + 1
                       for key in ("project_id", "api_token"))
    assert fix == (f"correct project_id (line {account}) and api_token (line {secret}) of "
                   f"[signalwire] in {harness.CONF}, or replace the file (a copy is kept): "
                   "swmfactl init --force")
    assert ctl.ctl("check")[0] == 0


def test_check_reports_times_and_the_certificate():
    status, out, _ = ctl.ctl("check", "--online", "--json")
    said, = json.loads(out)["online"]
    assert status == 0 and said["certificate_days"] > 300
    assert 0 < said["resolved_us"] <= said["connected_us"] <= said["secured_us"] <= said["ended_us"]
    assert re.search(r"^note  https://localhost:\d+: SignalWire accepts the credentials: name "
                     r"[\d.]+ ms, connection [\d.]+ ms, TLS [\d.]+ ms, answer [\d.]+ ms; its "
                     r"certificate is valid for \d+ more days \[online\]$",
                     ctl.done("check", "--online"), flags=re.MULTILINE)


FAULTS = [
    ("verify-401", "error online-credentials", "credentials"),
    ("verify-402", "error online-credit", "no-credit"),
    ("verify-403", "error online-credentials", "forbidden"),
    ("verify-422", "note online", "good"),
    ("verify-429", "warning online-limit", "provider-limit"),
    ("verify-500", "error online-server", "provider-error"),
    ("verify-stall", "error online-answer", "network"),
    ("verify-reset", "error online-answer", "network"),
    ("verify-garbage", "error online-answer", "bad-answer"),
]


@pytest.mark.parametrize("name", ["signalwire", "bandwidth"])
@pytest.mark.parametrize("fault, expected, word", FAULTS)
def test_check_reports_errors_of_a_provider(start, name, fault, expected, word):
    sim = start("--fault", fault)
    harness.configure(sim, limits=COUNTRIES, swmfa=f"providers = {name}\ntimeout = 4\n"
                      "connect_timeout = 4\n", bandwidth=sim)
    assert online() == ([expected], {name: word})


def test_an_answer_that_calls_a_random_code_right_is_an_error(sim, tmp_path):
    server = harness.RawServer(tmp_path, harness.http(200, '{"success": true}'))
    harness.configure(sim, limits=COUNTRIES, endpoint=server.endpoint, ca_file=server.certificate)
    assert online() == (["error online-answer"], {"signalwire": "bad-answer"})
    assert "accepted a random code that was never sent" in ctl.ctl("check", "--online")[1]


def test_a_404_of_bandwidth_is_an_error(sim, tmp_path):
    server = harness.RawServer(tmp_path, harness.http(404, '{"error": "no"}'))
    use_bandwidth(sim)
    text = harness.CONF.read_text().split("[bandwidth]")
    text[1] = text[1].replace(sim.endpoint, server.endpoint).replace(str(sim.ca),
                                                                     str(server.certificate))
    harness.write(harness.CONF, "[bandwidth]".join(text))
    assert online() == (["error online-answer"], {"bandwidth": "not-found"})


@pytest.mark.parametrize("keys, expected, word", [
    ({"endpoint": "https://provider.invalid"}, "error online-resolve", "network"),
    ({"endpoint": f"https://localhost:{harness.closed_port()}"}, "error online-connect", "network"),
    ({"api_token": "PT-another"}, "error online-credentials", "credentials"),
    ({"project_id": "another"}, "error online-credentials", "credentials"),
])
def test_check_reports_why_a_provider_is_unreachable(sim, keys, expected, word):
    harness.configure(sim, limits=COUNTRIES, **keys)
    assert online() == ([expected], {"signalwire": word})


@pytest.mark.parametrize("kind", ["expired", "self-signed", "other-host"])
def test_check_reports_a_bad_certificate(start, kind):
    start("--certificate", kind, limits=COUNTRIES)
    assert online() == (["error online-tls"], {"signalwire": "tls"})


def test_check_reports_a_certificate_of_another_authority(start, sim):
    other = start(name="2")
    harness.configure(sim, limits=COUNTRIES, ca_file=other.ca)
    assert online() == (["error online-tls"], {"signalwire": "tls"})
    harness.configure(sim, limits=COUNTRIES, ca_file=None)
    assert online() == (["error online-tls"], {"signalwire": "tls"})


@pytest.mark.parametrize("days, expected", [(13, ["warning online-certificate", "note online"]),
                                            (20, ["note online"])])
def test_a_certificate_that_expires_soon_is_a_warning(sim, tmp_path, days, expected):
    server = harness.RawServer(tmp_path, harness.http(404, '{"error": "no"}'), days=days)
    harness.configure(sim, limits=COUNTRIES, endpoint=server.endpoint, ca_file=server.certificate)
    assert online() == (expected, {"signalwire": "good"})


def test_check_ignores_proxies_in_the_environment(sim):
    environment = {**os.environ, "https_proxy": "http://127.0.0.1:1", "ALL_PROXY": "socks5://[::1]:1",
                   "SSL_CERT_FILE": "/dev/null", "CURL_CA_BUNDLE": "/dev/null"}
    assert online(env=environment) == (["note online"], {"signalwire": "good"})
    assert len(sim.requests()) == 1


def test_check_contacts_no_provider_with_a_wrong_configuration(sim):
    harness.configure(sim, limits=COUNTRIES, swmfa="tries = 0\n")
    assert online() == (["error conf", "note online-not"], {})
    assert sim.requests() == []


def test_without_online_check_contacts_no_provider(sim):
    assert found() == [] and sim.requests() == []


# ---- what it says of itself ----

def test_check_takes_no_arguments():
    assert "too many arguments" in ctl.failed("check", "alice", status=64)
    assert "unrecognized option" in ctl.failed("check", "--of-line", status=64)
    assert "unrecognized option" in ctl.failed("status", "--online", "alice", status=64)


def test_check_names_unmapped_accounts_that_use_a_service():
    """By what they could log in with: a password, or a key; for sudo by their groups."""
    Path("/run/sshd").mkdir(exist_ok=True)

    def denied():
        text, = (f["text"] for f in check(keep_denied=True)["findings"] if f["severity"] == "note")
        return text.split("asks for a code: ")[1]

    assert denied() == "carol (sshd, login)"
    subprocess.run(["usermod", "--append", "--groups", "sudo", "carol"], check=True)
    subprocess.run(["usermod", "--password", "!", "carol"], check=True)
    try:
        assert denied() == "carol (sudo)"
        users_map("alice +15550100182\n")
        assert denied() == "bob (sshd, login); carol (sudo)"
    finally:
        subprocess.run(["gpasswd", "--delete", "carol", "sudo"], check=True, capture_output=True)
        harness.set_password("carol")
    users_map(GOOD_MAP + "carol +15550100184\n")
    assert check(keep_denied=True)["findings"] == []


def test_swmfactl_must_run_as_root():
    prefix = ["setpriv", "--reuid", "alice", "--regid", "alice", "--clear-groups"]
    assert ctl.failed("check", prefix=prefix) == "swmfactl: must be run as root\n"


def test_output_that_cannot_be_written_is_a_failure():
    shell = ["sh", "-c", 'exec "$@" >/dev/full', "sh"]
    for option in ([], ["--json"]):
        assert "No space left" in ctl.failed("check", *option, prefix=shell)


def test_the_man_page_has_its_options_and_every_finding():
    page = (harness.BUILD / "docs/swmfactl.8").read_text()
    messages = (harness.BUILD / "docs/swmfa-messages.7").read_text()
    assert ".It Cm check" in page
    for option in ("online", "json"):
        assert f"--{option}" in ctl.done("check", "--help") and f"Fl Fl {option}" in page
    sources = [path.read_text() for path in (harness.SRC / "pam_swmfa/ctl/check").glob("*.c")]
    ids = set(re.findall(r'SEVERITY_\w+,\s*"([a-z-]+)"', "".join(sources)))
    ids -= {"error", "warning", "note"}
    assert len(ids) > 40
    for name in ids | {"helper", "module", "folder", "users-none"}:
        assert f".It Li {name}\n" in messages, name
