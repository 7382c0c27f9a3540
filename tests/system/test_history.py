# SPDX-License-Identifier: BSD-3-Clause
"""The list of logins in the store: each outcome of a login is recorded once, with the words of the log line; and a
store that cannot be written changes no login."""
import json
import re
import subprocess

import pytest

import harness
from test_failover import two # pylint: disable=unused-import # a fixture
from test_limits import DAY
from test_store import (ALICE, BOUND, MANY, PATIENT, Provider, all_causes, all_deaths, broken,
                        change, good_login, look_at, some_history)
from test_swmfactl import HOLD, codes_of, done, service_user

ENTRY = re.compile(r"pam_swmfa\([^)]*\): (user=.* result=.*)")
FIELDS = ("user", "service", "rhost", "result", "reason", "channel", "provider", "request", "number",
          "tries", "sends", "ms")
NOT_KEPT = "this login is missing from swmfactl log: "


def listed(*arguments):
    """The logins in the list, as swmfactl prints them."""
    out = done("log", "--json", "--last", 100000, *arguments)
    harness.OUTPUT.append(out)
    return json.loads(out)


def as_line(row):
    """The log line that a row of the list stands for."""
    words = {field: row[field] if row[field] != "" else "-" for field in FIELDS}
    if row["number"]:
        words["number"] = "*" + row["number"]
    detail = f' detail="{row["detail"]}"' if row["detail"] else ""
    return " ".join(f"{field}={words[field]}" for field in FIELDS) + detail


def logged(log):
    """The lines of logins in the system log, without what stands before their words."""
    return [ENTRY.search(line)[1].rstrip("\0") for line in log.ours() if ENTRY.search(line)]


def by(*arguments, service=None, **keywords):
    return harness.pamhost(service or harness.between_permits(), *arguments, **keywords)


# ---- each outcome of a login ----

OUTCOMES = {}


def outcome(function):
    """Registers a function that makes one or more logins; it returns the result and reason of the last one."""
    OUTCOMES[function.__name__] = function
    return function


@outcome
def verified(sim):
    assert by(arguments=["--rhost", "192.0.2.7"]).result == "PAM_SUCCESS"
    return "success verified"


@outcome
def break_glass(sim):
    code = codes_of(done("codes", "alice"))[3]
    assert by(answers=[code]).result == "PAM_SUCCESS"
    return "success break-glass"


@outcome
def exempt(sim):
    harness.configure(sim, policy="exempt_networks = 192.0.2.0/24")
    assert by(arguments=["--rhost", "192.0.2.7"]).result == "PAM_SUCCESS"
    return "ignored exempt"


@outcome
def exempt_as_a_success(sim):
    harness.configure(sim, policy="exempt_networks = 192.0.2.0/24\nexempt_result = success")
    assert by(arguments=["--rhost", "192.0.2.7"], service=harness.alone()).result == "PAM_SUCCESS"
    return "success exempt"


@outcome
def unmapped(sim):
    harness.configure(sim, swmfa="unmapped = ignore")
    assert by("carol").result == "PAM_SUCCESS"
    return "ignored unmapped"


@outcome
def remembered(sim):
    harness.configure(sim, policy="remember = 1h")
    for _ in range(2):
        assert by(arguments=["--rhost", "192.0.2.7"]).result == "PAM_SUCCESS"
    return "ignored remembered"


@outcome
def by_a_pass(sim):
    done("pass", "alice", "--for", "1h", "--reason", 'lost "it" \\ at sea')
    assert by(answers=[]).result == "PAM_SUCCESS"
    return "ignored pass"


@outcome
def by_fail_safe(sim):
    sim.endpoint = f"https://localhost:{harness.closed_port()}"
    harness.configure(sim, swmfa="fail = safe")
    assert by().result == "PAM_SUCCESS"
    return "ignored network"


@outcome
def wrong_codes(sim):
    assert by(answers=["@wrong"] * 3).result == "PAM_MAXTRIES"
    return "denied tries-used"


@outcome
def not_in_the_map(sim):
    assert by("carol", answers=["123456"] * 3).result == "PAM_MAXTRIES"
    return "denied tries-used"


@outcome
def locked(sim):
    harness.configure(sim, limits="failures = 1\n")
    by(answers=["@wrong"])
    assert by(answers=["123456"] * 3).result == "PAM_MAXTRIES"
    return "denied locked"


@outcome
def limit_on_sends(sim):
    harness.configure(sim, limits="user_sends = 1/1d\n")
    by()
    by(answers=["123456"] * 3)
    return "denied send-limit"


@outcome
def conversation_that_fails(sim):
    assert by(answers=["@fail"]).result == "PAM_CONV_ERR"
    return "denied conversation"


@outcome
def name_that_differs(sim):
    harness.configure(sim, swmfa="unmapped = ignore")
    assert by("no such account").result == "PAM_AUTH_ERR"
    return "denied name-differs"


@outcome
def group_that_does_not_exist(sim):
    harness.configure(sim, policy="exempt_groups = no-such-group")
    assert by().result == "PAM_AUTHINFO_UNAVAIL"
    return "error groups"


@outcome
def configuration_that_is_wrong(sim):
    harness.write(harness.CONF, "[swmfa]\ntries = many\n")
    assert by().result == "PAM_SERVICE_ERR"
    return "error configuration"


@outcome
def configuration_that_is_missing(sim):
    harness.CONF.unlink()
    assert by().result == "PAM_SERVICE_ERR"
    return "error configuration"


@outcome
def provider_that_is_down(sim):
    sim.endpoint = f"https://localhost:{harness.closed_port()}"
    harness.configure(sim)
    assert by().result == "PAM_AUTHINFO_UNAVAIL"
    return "error network"


@outcome
def host_that_dies_at_the_prompt(sim):
    process = harness.start_pamhost(harness.between_permits(), answers=["@wait"])
    assert process.stdout.readline().startswith("prompt")
    process.kill()
    process.wait()
    return "aborted host-gone"


@pytest.mark.parametrize("name", OUTCOMES)
def test_each_login_is_recorded_once_with_the_words_of_the_log(sim, log, name):
    how = OUTCOMES[name](sim)
    log.last("result={} reason={} ".format(*how.split()))
    assert harness.wait_until(lambda: harness.helper_processes() == [])
    rows = listed()
    assert [as_line(row) for row in rows] == logged(log)
    assert (rows[-1]["result"], rows[-1]["reason"]) == tuple(how.split())
    assert [row["id"] for row in rows] == list(range(1, len(rows) + 1))
    assert not any(NOT_KEPT in line for line in log.ours())


def test_a_user_cannot_forge_a_row_with_a_name(sim, log):
    """Nor can he forge a row: what is not printable, quotes and blanks are escaped."""
    name = 'x\n{"id":7}, "\\ \x1b[2J\t'
    assert by(name, answers=["123456"] * 3, arguments=["--rhost", 'a b\n"\x1b']).result == "PAM_MAXTRIES"
    [row] = listed()
    assert row["user"] == r'x\012{\"id\":7},\040\"\134\040\033[2J\011'
    assert row["rhost"] == r'a\040b\012\"\033'
    assert [as_line(row)] == logged(log)
    assert all(character.isprintable() for character in done("log", "--full").replace("\n", ""))
    assert len(listed("--user", name)) == 1


def test_the_codes_of_a_login_are_recorded_in_the_order_of_sending(two):
    harness.users_map()
    two("send-stall", swmfa="timeout = 4\nresend_delay = 0")
    assert by(answers=["resend", "call", "@code"]).result == "PAM_SUCCESS"
    [row] = listed()
    assert [(sent["provider"], sent["channel"], sent["certain"]) for sent in row["sent"]] == [
        ("signalwire", "sms", False), ("bandwidth", "sms", True), ("bandwidth", "call", True)]


def test_a_decoy_login_records_no_sent_code(sim):
    by("carol", answers=["123456"] * 3)
    assert listed()[0]["sent"] == []


# ---- many, and how long ----

def test_two_hundred_logins_have_a_row_each(sim, log, tmp_path):
    harness.users_map(f"alice {ALICE}\nann {ALICE}\n")
    Provider(sim, tmp_path, swmfa=PATIENT)
    for _ in range(200 // MANY):
        outs = harness.pamhosts(harness.between_permits(), MANY, ["alice", "ann"], answers=["123456"])
        assert [out.result for out in outs] == ["PAM_SUCCESS"] * MANY
    harness.users_map()
    rows = listed()
    assert [row["id"] for row in rows] == list(range(1, 201))
    assert sorted(as_line(row) for row in rows) == sorted(logged(log))


def test_a_login_is_listed_for_90_days(sim, clock):
    good_login()
    clock.passes(90 * DAY)
    clock.set_day(90 * DAY - 60)
    for _ in range(16):
        good_login()
    assert len(listed()) == 17
    clock.set_day(90 * DAY + 60)
    for _ in range(16):
        good_login()
    assert [row["id"] for row in listed()] == list(range(2, 34))


def test_the_number_of_recorded_logins_is_bounded(sim):
    change("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) "
           "INSERT INTO swmfa_login SELECT i, strftime('%s', 'now') * 1000, 'a', '', '', 'denied', '', "
           "'', '', '', '', 0, 0, 0, '', '' FROM n")
    for _ in range(20):
        good_login()
    [(count, newest)] = harness.store("SELECT COUNT(*), MAX(id) FROM swmfa_login")
    assert newest == 100020 and 100000 <= count < 100016


# ---- a store that cannot be written ----

WITHOUT_STORE = {
    "exempt": ("PAM_SUCCESS", "exempt", {"policy": "exempt_networks = 192.0.2.7"}, "alice"),
    "exempt-success": ("PAM_SUCCESS", "exempt", {"policy": "exempt_networks = 192.0.2.7\n"
                                                 "exempt_result = success"}, "alice"),
    "unmapped": ("PAM_SUCCESS", "unmapped", {"swmfa": "unmapped = ignore"}, "carol"),
    "groups": ("PAM_AUTHINFO_UNAVAIL", "groups", {"policy": "exempt_groups = no-such"}, "alice"),
    "wrong": ("PAM_SERVICE_ERR", "configuration", {"swmfa": "tries = many"}, "alice"),
}


def is_as_ever(sim, log, which):
    """A login that does without the store ends as it always does; the log says that it is not kept."""
    result, reason, keywords, user = WITHOUT_STORE[which]
    harness.configure(sim, **keywords)
    log.begin()
    out = by(user, arguments=["--rhost", "192.0.2.7"], answers=[])
    assert out.result == result, out.text
    log.last(f"reason={reason} ")
    assert len(logged(log)) == 1
    warning = log.last(NOT_KEPT)
    assert warning.startswith("<84>"), "authpriv, warning"
    return warning


@pytest.mark.parametrize("which", WITHOUT_STORE)
def test_a_busy_store_changes_no_login_that_does_not_need_it(sim, log, which):
    good_login()
    with subprocess.Popen(**service_user(HOLD), stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE) as holder:
        assert holder.stdout.readline() == b"held\n"
        assert "another process has held it locked" in is_as_ever(sim, log, which)
        holder.stdin.close()
    assert len(listed()) == 1


@all_causes("sends_are_gone") # of which these logins do not know
def test_an_unusable_store_changes_no_login_that_does_not_need_it(sim, log, name):
    with broken(name) as says:
        is_as_ever(sim, log, "unmapped")
        assert re.search(says, is_as_ever(sim, log, "exempt"))
        harness.configure(sim)


def test_a_missing_store_changes_no_login_that_does_not_need_it(sim, log):
    harness.reset_store()
    harness.STATE.rmdir()
    for which in WITHOUT_STORE:
        assert "No such file or directory" in is_as_ever(sim, log, which)
        assert not harness.STATE.exists()


def test_a_right_code_is_accepted_when_the_login_cannot_be_recorded(sim, log):
    """The failure is not forgiven then: both are one transaction, and the log says so."""
    change("ALTER TABLE swmfa_login RENAME TO elsewhere")
    assert by().result == "PAM_SUCCESS"
    log.last("result=success reason=verified")
    log.last("the count of wrong codes was not reset")
    assert by(answers=["@wrong"] * 3).result == "PAM_MAXTRIES"
    log.last(NOT_KEPT)
    change("ALTER TABLE elsewhere RENAME TO swmfa_login")
    assert harness.store("SELECT attempts, forgiven FROM swmfa_try") == [(4, 0)]
    assert listed() == []


def test_limits_on_the_helper_do_not_deny_an_exempt_login(sim, log):
    harness.configure(sim, policy="exempt_networks = 192.0.2.7")
    good_login()
    for size in (0, 1024):
        out = by(arguments=["--rhost", "192.0.2.7"], answers=[],
                 prefix=[*BOUND, "prlimit", f"--fsize={size}"])
        assert out.result == "PAM_SUCCESS"
        log.last("reason=exempt")


# ---- a store of version 1 ----

def as_version_1():
    """The store as version 1 had it, with all that is in it."""
    change("DROP TABLE swmfa_login", "DROP TABLE swmfa_pass", "UPDATE swmfa_store SET version = 1")


@pytest.mark.parametrize("mode", ["before", "after", "torn"])
def test_the_store_survives_a_helper_that_dies_while_upgrading_it(sim, faults, mode):
    some_history()
    as_version_1()
    start = harness.store_files()
    seen = set()
    all_deaths(faults, mode, lambda: by(answers=["@wrong"]), look_at(seen), start)
    assert (6, 4, 3, 0) in seen and {(6, 4, 4, 0), (7, 4, 4, 0)} >= seen - {(6, 4, 3, 0)}
    assert harness.store("SELECT version FROM swmfa_store") == [(2,)]


def test_many_logins_at_once_upgrade_the_store_once(sim, log, tmp_path):
    good_login()
    as_version_1()
    Provider(sim, tmp_path, swmfa=PATIENT)
    outs = harness.pamhosts(harness.between_permits(), 40, answers=["123456"])
    assert [out.result for out in outs] == ["PAM_SUCCESS"] * 40
    assert harness.store("SELECT version FROM swmfa_store") == [(2,)]
    assert harness.store("SELECT attempts, forgiven FROM swmfa_try") == [(41, 41)]
    assert len(listed()) == 40
    assert harness.store("PRAGMA integrity_check") == [("ok",)]


def test_an_exempt_login_upgrades_the_store_and_is_recorded(sim, log):
    good_login()
    as_version_1()
    harness.configure(sim, policy="exempt_networks = 192.0.2.7")
    assert by(arguments=["--rhost", "192.0.2.7"]).result == "PAM_SUCCESS"
    assert [row["reason"] for row in listed()] == ["exempt"]
    assert harness.store("SELECT attempts, forgiven FROM swmfa_try") == [(1, 1)]
