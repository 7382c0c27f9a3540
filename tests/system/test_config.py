# SPDX-License-Identifier: BSD-3-Clause
"""Bad configurations and bad maps in a real login: the result of each, and the log line that says why."""
import base64
import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

import harness


def remove(path):
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def to_directory(path):
    remove(path)
    path.mkdir()


def to_fifo(path):
    remove(path)
    os.mkfifo(path, 0o600)


def to_symlink(path):
    real = path.with_suffix(".real")
    path.rename(real)
    path.symlink_to(real)


BAD_FILES = {
    "missing": (remove, "No such file"),
    "directory": (to_directory, "expected a regular file"),
    "fifo": (to_fifo, "expected a regular file"),
    "symlink": (to_symlink, "symbolic link"),
    "group-writable": (lambda path: path.chmod(0o660), "only its owner may write it"),
    "world-writable": (lambda path: path.chmod(0o602), "only its owner may write it"),
    "another-owner": (lambda path: os.chown(path, 1, 0), "must be owned by root"),
}
BAD_CONF = dict(BAD_FILES)
BAD_CONF["world-readable"] = (lambda path: path.chmod(0o604), "others must not read")
BAD_CONF["empty"] = (lambda path: harness.write(path, ""), "[signalwire] project_id: missing")
BAD_CONF["rubbish"] = (lambda path: harness.write(path, os.urandom(5000)), "swmfa.conf:1: ")


def assert_service_error(log, out, words):
    """A denial with one line in the log, whatever else the stack would do."""
    assert out.result == "PAM_SERVICE_ERR"
    assert out.prompts == []
    assert len(log.ours()) == 1
    assert "reason=configuration" in log.ours()[0] and words in log.ours()[0]


@pytest.mark.parametrize("case", BAD_CONF)
def test_a_configuration_that_cannot_be_trusted_denies(sim, log, case):
    spoil, words = BAD_CONF[case]
    spoil(harness.CONF)
    assert_service_error(log, harness.pamhost(harness.between_permits()), words)
    assert sim.requests() == []
    remove(harness.CONF)


@pytest.mark.parametrize("case", BAD_FILES)
def test_a_map_that_cannot_be_trusted_denies_everybody(start, log, case):
    start(swmfa="unmapped = ignore")
    spoil, words = BAD_FILES[case]
    spoil(harness.USERS)
    for user in ("alice", "carol"):
        log.begin()
        assert_service_error(log, harness.pamhost(harness.between_permits(), user), words)
    remove(harness.USERS)
    harness.users_map()


FOLDERS_OF = {"configuration": harness.CONF, "map": harness.USERS, "token": harness.WORK / "kept" / "token",
              "CA certificate": harness.WORK / "kept" / "ca.pem"}


@pytest.fixture
def kept(sim):
    """Each file that a login reads is in a folder of its own; swmfa.conf by a link to its folder."""
    folder = harness.WORK / "kept"
    link = harness.WORK / "link"
    folder.mkdir(mode=0o755)
    link.symlink_to(harness.SECURITY)
    harness.write(folder / "token", harness.TOKEN + "\n")
    harness.write(folder / "ca.pem", Path(sim.ca).read_text())
    harness.configure(sim, api_token=None, api_token_file=folder / "token", ca_file=folder / "ca.pem")
    yield harness.alone(f"conf={link}/swmfa.conf")
    link.unlink()
    shutil.rmtree(folder)


@pytest.mark.parametrize("case", FOLDERS_OF)
def test_a_folder_that_others_can_write_denies_everybody(kept, log, case):
    folder = FOLDERS_OF[case].parent
    before = folder.stat()
    try:
        for mode, owner, group, words in ((0o777, 0, 0, "mode is 0777"), (0o775, 0, 1, "mode is 0775"),
                                          (0o755, 1, 0, "must be owned by root, not by uid 1")):
            folder.chmod(mode)
            os.chown(folder, owner, group)
            log.begin()
            assert_service_error(log, harness.pamhost(kept), f"{folder}: {words}")
        for mode, group in ((0o1777, 1), (0o775, 0), (0o755, 1)):
            folder.chmod(mode)
            os.chown(folder, 0, group)
            assert harness.pamhost(kept).result == "PAM_SUCCESS", oct(mode)
    finally:
        os.chown(folder, before.st_uid, before.st_gid)
        folder.chmod(before.st_mode & 0o7777)


def test_a_link_in_a_folder_that_others_can_write_denies_everybody(kept, log):
    harness.WORK.chmod(0o777)
    try:
        assert_service_error(log, harness.pamhost(kept), f"{harness.WORK}: mode is 0777")
    finally:
        harness.WORK.chmod(0o755)


BAD_LINES = {
    "unknown key": ("[swmfa]\nchanel = sms\n", ":2: [swmfa] chanel: unknown key"),
    "unknown section": ("[swmfa]\n[bandwith]\n", ":2: unknown section [bandwith]"),
    "doubled key": ("[swmfa]\ntries = 3\ntries = 3\n", ":3: [swmfa] tries: given twice"),
    "out of range": ("[signalwire]\n\ntoken_length = 40\n",
                     ':3: [signalwire] token_length: 4 to 20, not \\"40\\"'),
    "a limit without a unit": ("[limits]\nuser_sends = 3/10\n",
                               ":2: [limits] user_sends: NUMBER/TIME such as 3/10m"),
    "control character": ("[swmfa]\ntries = 3\x1b[2J\n", ":2: control character 0x1b"),
    "no section": ("tries = 3\n", "tries: unknown key"),
    "no value": ("[swmfa]\ntries\n", ":2: expected [section] or key = value"),
}


@pytest.mark.parametrize("case", BAD_LINES)
def test_a_bad_line_denies_every_login_and_is_logged(sim, log, case):
    text, words = BAD_LINES[case]
    harness.write(harness.CONF, text)
    assert_service_error(log, harness.pamhost(harness.between_permits()), words)


def test_a_token_is_never_logged(sim, log):
    harness.write(harness.CONF, harness.configuration(sim, api_token="PT-bad token with blanks"))
    assert harness.pamhost(harness.between_permits("debug")).result == "PAM_SERVICE_ERR"
    harness.write(harness.CONF, "[signalwire]\nPT-bad-token-alone\n")
    assert harness.pamhost(harness.between_permits("debug")).result == "PAM_SERVICE_ERR"
    assert not any("PT-bad" in line for line in log.lines)


def test_the_token_can_be_in_a_separate_file(sim, log):
    token = harness.WORK / "token"
    harness.write(token, harness.TOKEN + "\n")
    harness.configure(sim, api_token=None, api_token_file=token)
    assert harness.pamhost(harness.alone()).result == "PAM_SUCCESS"
    token.chmod(0o644)
    assert harness.pamhost(harness.alone()).result == "PAM_SERVICE_ERR"
    assert "api_token_file" in log.last("others must not read")


BAD_MAP_LINES = {
    "no number": "alice\n",
    "bad number": "alice 15550100182\n",
    "number too long": "alice +1555010018212345678\n",
    "number of zero": "alice +05550100182\n",
    "no final newline": "alice +15550100182",
    "carriage returns": "alice +15550100182\r\n",
    "only a name and a carriage return": "alice\r\n",
    "bad channel": "alice +15550100182 fax\n",
    "channel twice": "alice +15550100182 sms,sms\n",
    "too many fields": "alice +15550100182 sms bob\n",
    "a line of 1 MB": "alice +15550100182" + " " * 1048576 + "\n",
}


@pytest.mark.parametrize("case", BAD_MAP_LINES)
def test_a_bad_line_of_the_map_denies_that_user_alone(start, log, case):
    sim = start(swmfa="unmapped = ignore")
    harness.users_map("bob +15550100183\n" + BAD_MAP_LINES[case])
    out = harness.pamhost(harness.between_permits(), "alice", answers=["123456"] * 3)
    assert out.result == "PAM_MAXTRIES"
    assert harness.messages() == [] and sim.requests() == []
    assert re.search(r'detail=".*swmfa\.users:2: alice: ', log.last("user=alice"))
    assert harness.pamhost(harness.alone(), "bob").result == "PAM_SUCCESS"
    harness.users_map()


def test_a_prefix_of_a_user_name_never_gets_its_number(start, log):
    start(swmfa="unmapped = deny")
    harness.users_map("alicea +15550100101\nxalice +15550100102\nalice.b +15550100103\n"
                      "al +15550100104\n#alice +15550100105\n")
    out = harness.pamhost(harness.between_permits(), "alice", answers=["123456"] * 3)
    assert out.result == "PAM_MAXTRIES"
    assert harness.messages() == []
    harness.users_map()


def test_the_first_line_of_a_user_decides_even_if_it_is_wrong(sim):
    harness.users_map("alice +1555\x00\nalice +15550100182\n")
    out = harness.pamhost(harness.between_permits(), "alice", answers=["123456"] * 3)
    assert out.result == "PAM_MAXTRIES" and harness.messages() == []
    harness.users_map("alice +15550100182\nalice +15550100199\n")
    assert harness.pamhost(harness.alone(), "alice").result == "PAM_SUCCESS"
    assert harness.messages()[-1].startswith("+15550100182 ")
    harness.users_map()


DOUBTFUL_MAPS = {
    "empty": b"",
    "cut off in a name": b"bob +15550100183\nalic",
    "cut off before a name": b"bob +15550",
    "byte order mark": b"bob +15550100183\n# \xef\xbb\xbf\n",
    "UTF-16": "alice +15550100182\n".encode("utf-16"),
    "carriage returns alone": b"bob +15550100183\ralice +15550100182\r",
    "NUL after the name": b"alice\0 +15550100182\n",
}


@pytest.mark.parametrize("case", DOUBTFUL_MAPS)
def test_an_incomplete_map_passes_nobody_as_unmapped(start, log, case):
    sim = start(swmfa="unmapped = ignore")
    harness.users_map(DOUBTFUL_MAPS[case])
    assert_service_error(log, harness.pamhost(harness.between_permits(), "alice"), "swmfa.users: ")
    assert sim.requests() == []
    harness.users_map()


def test_a_name_that_no_line_can_have_does_not_skip_the_checks_of_the_map(start, log):
    start(swmfa="unmapped = ignore")
    harness.USERS.chmod(0o666)
    for name in ("dom user", "#carol"):
        log.begin()
        assert_service_error(log, harness.pamhost(harness.between_permits(), name), "only its owner")
    harness.users_map()


def test_a_token_in_the_wrong_place_is_not_logged(sim, log):
    for line in ("project_id = PT/misplaced", "api_token_file = PT-misplaced", "PT-misplaced = x",
                 "PT-misplaced:x", "[PT-misplaced]", "endpoint = https://p:PT-misplaced@localhost",
                 "space = " + "PT0123456789" * 4 + "misplaced"):
        harness.write(harness.CONF, "[signalwire]\n" + line + "\n")
        assert harness.pamhost(harness.between_permits("debug")).result == "PAM_SERVICE_ERR"
    assert log.ours() and not any("misplaced" in line for line in log.lines)


def test_a_map_rewritten_during_logins_never_gives_a_wrong_number(sim):
    stop = harness.WORK / "stop"
    stop.unlink(missing_ok=True)
    writer = subprocess.Popen(["sh", "-c", f"""
        while [ ! -e {stop} ]; do
            printf 'bob +15550100183\\nalice +15550100182\\n' >{harness.USERS}
            : >{harness.USERS}
        done"""])
    for _ in range(20):
        harness.pamhost(harness.alone(), "alice", answers=["123456"])
    stop.touch()
    writer.wait()
    assert {line.split()[0] for line in harness.messages()} <= {"+15550100182"}
    harness.users_map()


KEY = "AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"
FINGERPRINT = "SHA256:" + base64.b64encode(
    hashlib.sha256(base64.b64decode(KEY)).digest()).decode().rstrip("=")
OTHER = "SHA256:" + "A" * 43
USED = f"SSH_AUTH_INFO_0=publickey ssh-ed25519 {KEY}\n"

KEY_LINES = [  # the map, the variable, the digits of the prompt and whether something is sent
    (f"alice {FINGERPRINT} +15550100171\n", USED, "71"),
    (f"alice {OTHER} +15550100170\nalice {FINGERPRINT} +15550100171\n", USED, "71"),
    (f"alice {OTHER} +15550100170\nalice +15550100172\n", USED, "72"),
    (f"alice +15550100172\nalice {FINGERPRINT} +15550100171\n", USED, "72"),
    (f"alice {FINGERPRINT} +15550100171\nalice +15550100172\n", None, "72"),
    (f"alice {FINGERPRINT} +15550100171\n", None, None),
    (f"alice {FINGERPRINT} +15550100171\n", "SSH_AUTH_INFO_0=", None),
    (f"alice {FINGERPRINT} +15550100171\n", "SSH_AUTH_INFO_0=" + "x" * 10000, None),
    (f"alice {FINGERPRINT} +15550100171\n", USED.replace("publickey", "password"), None),
    (f"alice {FINGERPRINT} +15550100171\n", USED.replace("AAAAIA", "AAAAIB"), None),
    (f"alice {FINGERPRINT} +15550100171\n", f"OTHER={USED}", None),
    (f"alice {OTHER} +15550100170\n", USED, None),
    (f"alice SHA256:short +15550100170\nalice {FINGERPRINT} +15550100171\n", USED, None),
    (f"alice {FINGERPRINT} 5550100171\nalice +15550100172\n", USED, None),
    (f"alice {FINGERPRINT}\n", USED, None),
    (f"alice {FINGERPRINT} {FINGERPRINT} +15550100171\n", USED, None),
]


@pytest.mark.parametrize("unmapped", ["deny", "ignore"])
@pytest.mark.parametrize("text, variable, digits", KEY_LINES, ids=lambda part: ascii(part)[:50])
def test_a_line_for_a_key_applies_to_that_key_only(start, text, variable, digits, unmapped):
    sim = start(swmfa=f"unmapped = {unmapped}")
    harness.users_map(text)
    out = harness.pamhost(harness.between_permits(), answers=["@code"] if digits else ["123456"] * 3,
                          arguments=["--pam-env", variable] if variable else [])
    harness.users_map()
    if digits:
        assert out.result == "PAM_SUCCESS" and f"ending in {digits}" in out.prompts[0]
    else:
        assert out.result == "PAM_MAXTRIES" and sim.requests() == []


def test_use_uid_ignores_the_key_of_the_target(sim):
    harness.users_map(f"root {FINGERPRINT} +15550100171\nroot +15550100172\n")
    out = harness.pamhost(harness.alone("use_uid"), arguments=["--pam-env", USED])
    harness.users_map()
    assert out.result == "PAM_SUCCESS" and "ending in 72" in out.prompts[0]


EXAMPLE = (harness.SRC / "conf/swmfa.conf.in").read_text()
RANGES = re.findall(r"^;?([a-z_]+) = \d+ +; (\d+) to (\d+)\b", EXAMPLE, flags=re.MULTILINE)


@pytest.mark.parametrize("key, least, most", RANGES, ids=[row[0] for row in RANGES])
def test_the_example_and_the_man_page_give_the_ranges_of_the_parser(sim, log, key, least, most):
    section = re.findall(r"^\[(\w+)\]", EXAMPLE[:EXAMPLE.index(f"{key} = ")], flags=re.MULTILINE)[-1]
    harness.write(harness.CONF, f"[{section}]\n{key} = {int(most) + 1}\n")
    assert_service_error(log, harness.pamhost(harness.between_permits()),
                         f"[{section}] {key}: {least} to {most}, not")
    manual = (harness.BUILD / "docs/swmfa.conf.5").read_text()
    assert f"{least} to {most}" in manual.split(f".It Ic {key}\n")[1].split("\n.It ")[0]


def test_the_example_gives_the_range_of_every_number():
    assert len(RANGES) == 11


# ---- an upgrade ----

FIRST_CONF = """\
[swmfa]
providers = signalwire
channel = sms                ; sms or call: for users whose line in the map names none
users = {users}
unmapped = deny              ; deny or ignore: users who are not in the map; ignore lets them in without a code
fail = secure                ; secure or safe: no provider; safe lets pass without a code
tries = 3                    ; 1 to 10: codes asked for in one login
echo = yes                   ; yes or no: show the code as it is typed
connect_timeout = 5          ; 1 to 30 seconds
timeout = 10                 ; 1 to 30 seconds for one request in all

[signalwire]
endpoint = {endpoint} ; in place of the space
project_id = test-project
api_token = {token}
;api_token_file = /etc/security/swmfa.token ; in place of the token; same owner and mode as here
from = +12029167968          ; example: a number of your own at SignalWire
message = Your code is:      ; example: needs from
token_length = 6             ; 4 to 20 characters
valid_for = 300              ; 1 to 604800 seconds
max_attempts = 3             ; 1 to 20 wrong codes for one that was sent
allow_alphas = no            ; yes or no: letters in codes
ca_file = {ca} ; example: in place of the system's CA certificates
"""
FIRST_MAP = """\
# The users map of pam_swmfa: see swmfa.users(5).
#
#   user   number   [channels]   [# comment]
#
alice   +15550100182
bob     +15550100183  call
carol   +15550100184  sms,call   # no line has a key
"""


def test_the_configuration_and_map_of_the_first_version_still_work(sim, log):
    harness.write(harness.CONF, FIRST_CONF.format(users=harness.USERS, endpoint=sim.endpoint,
                                                  token=harness.TOKEN, ca=sim.ca))
    harness.users_map(FIRST_MAP)
    checked = subprocess.run([harness.CTL, "check"], capture_output=True, text=True, check=False)
    out = harness.pamhost(harness.between_permits())
    harness.users_map()
    assert checked.stderr == "" and not re.search(r"^(error|warning) .*swmfa\.(conf|users)",
                                                  checked.stdout, re.MULTILINE), checked.stdout
    assert out.result == "PAM_SUCCESS" and "ending in 82" in out.prompts[0]
    assert log.last("result=success")
