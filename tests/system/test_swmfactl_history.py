# SPDX-License-Identifier: BSD-3-Clause
"""swmfactl status, log and report: what they show of the store, as text and for programs."""
import csv
import datetime
import io
import json
import os
import re
import subprocess
import time

import pytest

import harness
from test_limits import DAY, HOUR
from test_local import ended, on_terminal
from test_store import change
from test_swmfactl import (add_remembered_logins, add_sends, ctl, ctl_lines, done, failed, set_failures, start_ctl,
                           table, tick)

DATE = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"
ESCAPE = "\x1b"


def said(*arguments, **keywords):
    """What a command prints, also for the search of secrets; all of it can be printed."""
    out = done(*arguments, **keywords)
    harness.OUTPUT.append(out)
    assert all(line.isprintable() and line.isascii() for line in out.splitlines())
    return out


def as_json(*arguments):
    return json.loads(said(*arguments, "--json"))


def add_logins(*logins):
    """Rows of the list: each a dict of columns, with ago: seconds, and what is not given as usual."""
    tick()
    usual = {"user_name": "alice", "service": "sshd", "rhost": "192.0.2.7", "result": "success",
             "reason": "verified", "channel": "sms", "provider": "signalwire", "request": "x",
             "digits": "82", "tries": 1, "sends": 1, "took_ms": 4711, "sent": "signalwire:sms",
             "detail": ""}
    statements = []
    for login in logins:
        row = usual | login
        row["at_wall_ms"] = round((time.time() - row.pop("ago", 0)) * 1000)
        values = ", ".join(str(value) if isinstance(value, int) else
                           "'" + value.replace("'", "''") + "'" for value in row.values())
        statements.append(f"INSERT INTO swmfa_login (id, {', '.join(row)}) SELECT "
                          f"COALESCE(MAX(id), 0) + 1, {values} FROM swmfa_login")
    change(*statements)


# ---- status of everybody ----

def user_rows(out):
    """{user: its columns} of a table."""
    lines = out.split("\n\n")[1].splitlines()
    rows = [re.split(r" {2,}", line) for line in lines]
    return {row[0]: dict(zip(rows[0], row)) for row in rows[1:]}


def test_status_of_an_empty_store_shows_no_user(sim):
    harness.configure(sim, limits="host_sends = 20/1h, 100/1d\n")
    assert said("status") == "sent by this host in 1h  0 of 20\nsent by this host in 1d  0 of 100\n"
    assert as_json("status") == {
        "host_sends": [{"seconds": HOUR, "sent": 0, "most": 20},
                       {"seconds": DAY, "sent": 0, "most": 100}], "users": []}


def test_status_shows_every_user_in_the_store(sim):
    harness.configure(sim, limits="user_sends = 3/10m, 5/1h\n")
    set_failures("locked", 5, 900000)
    set_failures("for-ever", 100)
    set_failures("forgiven", 0)
    add_sends("sender", 10, 700)
    add_sends("long-ago", 5000)
    add_remembered_logins("placed", 2)
    add_remembered_logins("past", 1, seconds=-5)
    done("codes", "bob")
    done("bypass", "passed", "--for", "1h", "--reason", "x", "--force")
    rows = user_rows(said("status"))
    assert list(rows) == ["bob", "for-ever", "locked", "passed", "placed", "sender"]
    assert re.fullmatch(DATE, rows["locked"]["LOCKED UNTIL"]) and rows["locked"]["FAILURES"] == "5"
    assert rows["for-ever"]["LOCKED UNTIL"] == "swmfactl unlock"
    assert (rows["sender"]["SENT 10m"], rows["sender"]["SENT 1h"]) == ("1/3", "2/5")
    assert rows["placed"]["PLACES"] == "2" and rows["bob"]["CODES"] == "10"
    assert re.fullmatch(DATE, rows["passed"]["BYPASS UNTIL"])
    assert rows["bob"]["LOCKED UNTIL"] == rows["bob"]["BYPASS UNTIL"] == "-"


def test_status_as_json_shows_the_same_users(sim):
    harness.configure(sim, limits="user_sends = 3/10m, 5/1h\n")
    before = time.time()
    set_failures("alice", 5, 900000)
    set_failures("bob", 100)
    add_sends("alice", 10)
    done("bypass", "carol", "--for", "1h", "--reason", "on call")
    alice, bob, carol = as_json("status")["users"]
    assert alice | {"locked_until": None} == {
        "user": "alice", "failures": 5, "locked": True, "locked_until": None,
        "sends": [{"seconds": 600, "sent": 1, "most": 3}, {"seconds": 3600, "sent": 1, "most": 5}],
        "codes": 0, "places": 0, "pass": None}
    end = datetime.datetime.strptime(alice["locked_until"], "%Y-%m-%dT%H:%M:%S%z")
    assert before - 1 <= end.timestamp() - 900 <= time.time() + 1
    assert (bob["locked"], bob["locked_until"], bob["failures"]) == (True, None, 100)
    assert carol["pass"]["reason"] == "on call" and carol["pass"]["until"] > alice["locked_until"]


def test_status_shows_logins_of_known_and_unknown_users(sim):
    harness.pamhost(harness.between_permits(), answers=["@wrong"] * 3)
    out = harness.pamhost(harness.between_permits(), "carol", answers=["123456"] * 3)
    digits = re.search(r"ending in (\d\d)", out.prompts[0])[1]
    out = said("status")
    assert out.endswith('\n\n"? NN" stands for all names not in the users map whose prompt shows a number '
                        "ending in NN\n")
    rows = user_rows(out)
    assert list(rows) == [f"? {digits}", "alice"]
    assert rows["alice"]["FAILURES"] == rows[f"? {digits}"]["FAILURES"] == "3"
    assert as_json("status")["host_sends"][0]["sent"] == 1


def test_names_cannot_forge_a_line(sim):
    set_failures("x", 3)
    change("UPDATE swmfa_try SET user_name = 'a b' || char(10) || '\"' || char(27) || '[2J'")
    rows = user_rows(said("status"))
    assert list(rows) == [r'a\040b\012\"\033[2J']
    assert as_json("status")["users"][0]["user"] == r'a\040b\012\"\033[2J'


def test_status_shows_a_very_long_list_completely(sim):
    tick()
    change("WITH RECURSIVE n(i) AS (SELECT 10000 UNION ALL SELECT i + 1 FROM n WHERE i < 12999) "
           "INSERT INTO swmfa_try SELECT 'user' || i, 3, 0, 0 FROM n")
    assert list(user_rows(said("status"))) == [f"user{i}" for i in range(10000, 13000)]


def test_a_slow_reader_of_status_blocks_no_login(sim):
    tick()
    change("WITH RECURSIVE n(i) AS (SELECT 10000 UNION ALL SELECT i + 1 FROM n WHERE i < 14999) "
           "INSERT INTO swmfa_try SELECT 'user' || i, 3, 0, 0 FROM n")
    process = start_ctl("status") # more than a pipe takes
    assert process.stdout.readline().startswith("sent by")
    database = harness.sqlite3.connect(harness.STATE / "state.db")
    assert harness.wait_until(lambda: database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
                              == 0), "somebody reads it for as long as the output waits"
    database.close()
    assert process.stdout.read().count("\nuser") == 5000
    assert process.stderr.read() == "" and process.wait(harness.PATIENCE) == 0


# ---- status of one ----

def test_status_lists_each_remembered_login(start, clock):
    harness.users_map()
    start(policy="remember = 1h")
    for arguments in (["--rhost", "192.0.2.7"], ["--tty", "/dev/pts/7"]):
        assert harness.pamhost(harness.between_permits(), arguments=arguments).result == "PAM_SUCCESS"
    lines = [line for line in said("status", "alice").splitlines() if line.startswith("remembered ")]
    assert len(lines) == 3 and lines[0].endswith(" 2")
    assert re.fullmatch(r"remembered  +swmfa-permits on /dev/pts/7 in a session of uid 0, until " + \
        DATE, lines[1])
    assert re.fullmatch(r"remembered  +swmfa-permits from 192\.0\.2\.7, until " + DATE, lines[2])
    local, remote = as_json("status", "alice")["remembered"]
    assert (local["tty"], local["uid"], local["rebooted"], remote["rhost"]) == \
        ("/dev/pts/7", 0, False, "192.0.2.7")
    clock.reboot()
    assert "on /dev/pts/7" in (out := said("status", "alice"))
    assert "; ended by a reboot\n" in out
    assert as_json("status", "alice")["remembered"][0]["rebooted"]
    done("forget", "alice")
    assert as_json("status", "alice")["remembered"] == []


def test_status_shows_the_last_login(sim):
    assert table("alice")["last login"] == "not in the list"
    assert as_json("status", "alice")["last_login"] is None
    add_logins({"reason": "older"}, {"user_name": "bob"}, {"result": "denied", "reason": "tries-used"},
               {"user_name": "alicex"})
    assert re.fullmatch(DATE + " sshd from 192.0.2.7: denied tries-used", table("alice")["last login"])
    got = as_json("status", "alice")
    assert got["last_login"]["id"] == 3 and got["in_users_map"] == "yes"
    assert as_json("status", "nobody")["in_users_map"] == "no"


# ---- log ----

def rows_of(out):
    return [re.split(r" {2,}", line) for line in out.splitlines()[1:]]


def ids(*arguments):
    return [row["id"] for row in as_json("log", *arguments)]


def test_an_empty_log_is_not_an_error(sim):
    assert rows_of(said("log")) == []
    assert as_json("log") == []


def test_log_shows_a_row_for_each_login(sim):
    out = harness.pamhost(harness.between_permits(), arguments=["--rhost", "192.0.2.7"])
    assert out.result == "PAM_SUCCESS"
    harness.pamhost(harness.between_permits(), "carol", answers=["123456"] * 3)
    out = said("log")
    assert out.split() [:9] == ["TIME", "USER", "SERVICE", "FROM", "RESULT", "REASON", "CHANNEL",
                                "TRIES", "MS"]
    first, second = rows_of(out)
    assert re.fullmatch(DATE, first[0])
    assert first[1:8] == ["alice", "swmfa-permits", "192.0.2.7", "success", "verified",
                          "sms/signalwire", "1"]
    assert second[1:8] == ["carol", "swmfa-permits", "-", "denied", "tries-used", "-", "3"]
    assert first[8].isdigit() and len(first) == 9


def test_log_full_shows_every_column(sim):
    harness.pamhost(harness.between_permits())
    harness.pamhost(harness.between_permits(), "carol", answers=["123456"] * 3)
    lines = said("log", "--full").splitlines()
    assert re.fullmatch(r"    number \*82, request [0-9a-f-]{36}, requests 1, codes sent "
                        r"signalwire:sms", lines[2])
    assert lines[4:] == ["    number -, request -, requests 0, codes sent -",
                         f"    not in {harness.USERS}"]


def test_log_shows_the_last_logins_in_order(sim):
    add_logins(*[{"user_name": "bob" if i % 2 else "alice"} for i in range(1, 701)])
    assert ids() == list(range(681, 701))
    assert ids("--last", 3) == [698, 699, 700]
    assert ids("--last", "700") == ids("--last", "100000") == list(range(1, 701))
    assert ids("--user", "bob", "--last", 2) == [697, 699]
    assert ids("--user", "bo") == ids("--user", "BOB") == []
    assert len(rows_of(said("log", "--last", 600))) == 600


def test_log_since_shows_all_later_logins(sim):
    add_logins(*[{"ago": hours * HOUR + 60} for hours in range(50, -1, -1)])
    assert ids("--since", "2h") == [50, 51]
    assert len(ids("--since", "30h")) == 30 and len(ids("--since", "90d")) == 51
    assert ids("--since", "30h", "--last", 2) == [50, 51]
    then = datetime.datetime.now() - datetime.timedelta(hours=3)
    for form in ("%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S"):
        assert ids("--since", then.strftime(form))[-3:] == [49, 50, 51]
    day = datetime.datetime.now().strftime("%Y-%m-%d")
    midnight = time.mktime(time.strptime(day, "%Y-%m-%d"))
    assert ids("--since", day) == [row["id"] for row in as_json("log", "--last", 100)
                                   if datetime.datetime.strptime(
                                       row["time"], "%Y-%m-%dT%H:%M:%S%z").timestamp() >= midnight]
    assert ids("--since", "2099-01-01") == []


def test_log_result_selects_logins(sim):
    results = ["success", "ignored", "denied", "error", "aborted"]
    add_logins(*[{"result": result} for result in results * 2])
    for number, result in enumerate(results, 1):
        assert ids("--result", result) == [number, number + 5]
    assert ids("--result", "denied", "--user", "alice", "--since", "1h", "--last", 1) == [8]


@pytest.mark.parametrize("arguments, says", [
    (["alice"], "too many arguments"), (["--last", "0"], "--last"), (["--last", "-1"], "--last"),
    (["--last", "x"], "--last"), (["--last", "100001"], "--last"), (["--last", ""], "--last"),
    (["--last", "5x"], "--last"), (["--since", "0"], "--since"), (["--since", "91d"], "--since"),
    (["--since", "yesterday"], "--since"), (["--since", ""], "--since"),
    (["--since", "2026-13-01"], "--since"), (["--since", "2026-11-22 12"], "--since"),
    (["--since", "2026-11-22x"], "--since"), (["--result", "good"], "--result"),
    (["--result", ""], "--result"), (["--result", "denie"], "--result")])
def test_a_wrong_log_command_line_exits_with_64(arguments, says):
    assert says in failed("log", *arguments, status=64)


def test_log_as_json_has_every_column(sim):
    add_logins({"sent": "signalwire:sms? bandwidth:call", "detail": 'a \\"b\\"', "sends": 2})
    [row] = as_json("log")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4}", row.pop("time"))
    assert row == {"id": 1, "user": "alice", "service": "sshd", "rhost": "192.0.2.7",
                   "result": "success", "reason": "verified", "channel": "sms",
                   "provider": "signalwire", "request": "x", "number": "82", "tries": 1, "sends": 2,
                   "ms": 4711, "detail": 'a \\"b\\"',
                   "sent": [{"provider": "signalwire", "channel": "sms", "certain": False},
                            {"provider": "bandwidth", "channel": "call", "certain": True}]}


def test_log_needs_no_configuration(sim):
    add_logins({})
    harness.CONF.unlink()
    assert ids() == [1]


def test_log_follow_shows_new_logins_until_the_reader_closes(sim):
    add_logins({}, {"user_name": "bob"})
    process = start_ctl("log", "--follow", "--json", "--user", "alice")
    assert json.loads(process.stdout.readline())["id"] == 1
    add_logins({"user_name": "bob"}, {"reason": "new"})
    assert json.loads(process.stdout.readline())["reason"] == "new"
    assert harness.pamhost(harness.between_permits()).result == "PAM_SUCCESS"
    assert json.loads(process.stdout.readline())["service"] == "swmfa-permits"
    assert process.poll() is None
    process.stdout.close()
    assert process.stderr.read() == "" and process.wait(harness.PATIENCE) == 0


def test_log_follow_shows_a_table(sim):
    process = start_ctl("log", "--follow", "--last", "1")
    assert process.stdout.readline().startswith("TIME ")
    add_logins({"reason": "one"})
    assert " one " in process.stdout.readline()
    process.stdout.close()
    assert process.wait(harness.PATIENCE) == 0


def test_log_follow_blocks_no_login(sim):
    add_logins({})
    process = start_ctl("log", "--follow", "--json")
    process.stdout.readline()
    for _ in range(20):
        assert harness.pamhost(harness.between_permits()).result == "PAM_SUCCESS"
        process.stdout.readline()
    database = harness.sqlite3.connect(harness.STATE / "state.db")
    assert database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0
    database.close()
    process.terminate()
    process.communicate()


def test_colours_appear_only_on_a_terminal(sim):
    add_logins({}, {"result": "denied"})
    for environment, coloured in (({"TERM": "xterm"}, True), ({"TERM": "dumb"}, False),
                                  ({"TERM": "xterm", "NO_COLOR": "1"}, False), ({}, False)):
        client = on_terminal(harness.CTL, "log", env=environment)
        assert ended(client) == 0
        assert (ESCAPE in client.before) == coloured, environment
        assert not coloured or ESCAPE + "[31mdenied" in client.before
    assert ESCAPE not in said("log")


# ---- report ----

def day(ago):
    return (datetime.date.today() - datetime.timedelta(days=ago)).isoformat()


@pytest.fixture
def month(sim):
    """What was sent in the last days."""
    harness.configure(sim, bandwidth=sim, swmfa="currency = EUR", signalwire="sms_price = 0.0079\n",
                      bandwidth_lines="call_price = 0.02\n")
    add_logins({"ago": 40 * DAY, "user_name": "too-old"},
               {"ago": 2 * DAY, "sent": "signalwire:sms signalwire:sms"},
               {"ago": 2 * DAY, "sent": "signalwire:sms? bandwidth:call", "user_name": "bob"},
               {"sent": "signalwire:call", "user_name": 'b"o,b'},
               {"sent": "", "result": "ignored", "reason": "exempt"},
               {"sent": "", "result": "denied", "reason": "locked"},
               {"sent": "signalwire:sms", "result": "denied", "reason": "tries-used"},
               {"sent": "", "result": "denied", "reason": "locked"},
               {"sent": "gone:sms", "result": "error", "reason": "network", "user_name": "bob"})


def test_a_report_counts_by_day_channel_provider_and_user(month):
    got = as_json("report")
    assert (got["from"], got["to"], got["currency"]) == (day(29), day(0), "EUR")
    assert got["all"] == {"sent": 7, "in_doubt": 1, "unpriced": 2, "cost": "0.0516"}
    assert got["days"] == [
        {"day": day(2), "sent": 4, "in_doubt": 1, "unpriced": 0, "cost": "0.0437"},
        {"day": day(0), "sent": 3, "in_doubt": 0, "unpriced": 2, "cost": "0.0079"}]
    assert [(way["channel"], way["provider"], way["sent"], way["cost"]) for way in got["ways"]] == [
        ("sms", "signalwire", 4, "0.0316"), ("call", "bandwidth", 1, "0.02"),
        ("call", "signalwire", 1, None), ("sms", "gone", 1, None)]
    assert [(user["user"], user["sent"]) for user in got["users"]] == [
        ("alice", 3), ("bob", 3), ('b"o,b', 1)]
    assert got["failures"] == [{"result": "denied", "reason": "locked", "logins": 2},
                               {"result": "denied", "reason": "tries-used", "logins": 1},
                               {"result": "error", "reason": "network", "logins": 1}]


def test_a_report_is_a_chart_and_tables(month):
    out = said("report", "--days", 4)
    assert out == f"""\
From {day(3)} to {day(0)}: 7 codes sent  EUR 0.0516 and more  (1 in doubt)
2 of them without a price: set sms_price and call_price in swmfa.conf(5)

Codes sent by day
  {day(3)}       0
  {day(2)}       4  ###?
  {day(1)}       0
  {day(0)}       3  ###

By channel and provider
  sms         signalwire             4  EUR 0.0316  (1 in doubt)
  call        bandwidth              1  EUR 0.02
  call        signalwire             1
  sms         gone                   1

Users with the most codes
  alice                              3  EUR 0.0237
  bob                                3  EUR 0.0279 and more  (1 in doubt)
  b"o,b                              1

Logins that failed
  denied      locked                 2
  denied      tries-used             1
  error       network                1
"""


def test_a_csv_report_has_a_row_for_each_day_channel_provider_and_user(month):
    out = subprocess.run([harness.CTL, "report", "--csv"], capture_output=True, check=True).stdout
    assert out.endswith(b"\r\n") and out.count(b"\n") == out.count(b"\r\n") == 7
    rows = list(csv.reader(io.StringIO(out.decode(), newline="")))
    assert rows == [
        ["day", "channel", "provider", "user", "sent", "in_doubt", "cost", "currency"],
        [day(2), "call", "bandwidth", "bob", "1", "0", "0.02", "EUR"],
        [day(2), "sms", "signalwire", "alice", "2", "0", "0.0158", "EUR"],
        [day(2), "sms", "signalwire", "bob", "1", "1", "0.0079", "EUR"],
        [day(0), "call", "signalwire", 'b"o,b', "1", "0", "", "EUR"],
        [day(0), "sms", "gone", "bob", "1", "0", "", "EUR"],
        [day(0), "sms", "signalwire", "alice", "1", "0", "0.0079", "EUR"]]


def test_a_report_without_prices_shows_no_cost(sim):
    add_logins({})
    out = said("report", "--days", 1)
    assert out.startswith(f"From {day(0)} to {day(0)}: 1 codes sent\n1 of them without a price: ")
    assert "USD" not in out and as_json("report")["all"]["cost"] is None
    assert said("report", "--csv").splitlines()[1].endswith(",1,0,,USD")


def test_a_price_of_zero_is_a_price(sim):
    harness.configure(sim, signalwire="sms_price = 0\n")
    add_logins({})
    assert "1 codes sent  USD 0.00\n" in (out := said("report")) and "without a price" not in out


def test_a_report_adds_costs_exactly(sim):
    harness.configure(sim, signalwire="sms_price = 0.000001\ncall_price = 999999.999999\n")
    add_logins(*[{"sent": "signalwire:sms signalwire:sms signalwire:sms"}] * 111,
               *[{"sent": "signalwire:call"}] * 100)
    assert as_json("report")["all"]["cost"] == "100000000.000233"


def test_a_report_covers_the_requested_days(sim):
    add_logins(*[{"ago": days * DAY} for days in (89, 30, 29, 1, 0)])
    for days, sent in ((1, 1), (2, 2), (29, 2), (30, 3), (31, 4), (90, 5)):
        assert as_json("report", "--days", days)["all"]["sent"] == sent, days
        chart = said("report", "--days", days).split("\n\n")[1].splitlines()
        assert len(chart) == days + 1
        assert [line.split()[0] for line in chart[1:]] == [day(i) for i in range(days - 1, -1, -1)]


def test_the_chart_fits_the_terminal(sim):
    tick()
    change("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) "
           "INSERT INTO swmfa_login SELECT i, strftime('%s', 'now') * 1000, 'a', '', '', 'denied', '', "
           "'', '', '', '', 0, 0, 0, 'signalwire:sms', '' FROM n")
    add_logins({"ago": DAY})
    for width in (60, 120):
        client = on_terminal(harness.CTL, "report", "--days", "2", dimensions=(24, width),
                             env={"TERM": "dumb"})
        assert ended(client) == 0
        lines = [line for line in client.before.splitlines() if "#" in line]
        assert len(lines[1]) in range(width - 3, width) and lines[0].count("#") == 1
    client = on_terminal(harness.CTL, "report", env={"TERM": "xterm"})
    assert ended(client) == 0 and ESCAPE + "[36m#" in client.before
    assert max(map(len, said("report").splitlines())) < 80


def test_a_report_shows_ten_users_and_json_shows_all(sim):
    add_logins(*[{"user_name": f"user{i:02}"} for i in range(15)])
    assert len(re.findall(r"^  user\d\d ", said("report"), re.MULTILINE)) == 10
    assert len(as_json("report")["users"]) == 15


def test_a_report_counts_real_sends(sim):
    for user, answers in (("alice", ["@code"]), ("alice", ["@wrong"] * 3), ("carol", ["123456"] * 3)):
        harness.pamhost(harness.between_permits(), user, answers=answers)
    got = as_json("report", "--days", 2)
    assert [(user["user"], user["sent"]) for user in got["users"]] == [("alice", 2)]
    assert got["failures"] == [{"result": "denied", "reason": "tries-used", "logins": 2}]


@pytest.mark.parametrize("arguments, says", [
    (["--days", "0"], "--days"), (["--days", "91"], "--days"), (["--days", "x"], "--days"),
    (["--days", ""], "--days"), (["--days", "3d"], "--days"), (["alice"], "too many arguments")])
def test_a_wrong_report_command_line_exits_with_64(arguments, says):
    assert says in failed("report", *arguments, status=64)


def test_a_report_has_only_one_format():
    assert failed("report", "--csv", "--json") == "swmfactl: --csv and --json cannot be combined\n"


def test_a_report_refuses_an_invalid_price(sim):
    harness.configure(sim, signalwire="sms_price = 0,0079\n")
    assert re.search(r"swmfa\.conf:\d+: \[signalwire\] sms_price: a price such as 0\.0079",
                     failed("report"))


# ---- all of them ----

@pytest.mark.parametrize("arguments", [["status"], ["status", "--json"], ["status", "alice", "--json"],
                                       ["log"], ["log", "--json"], ["log", "--follow"], ["report"],
                                       ["report", "--json"], ["report", "--csv"]])
def test_a_failed_write_is_reported(sim, arguments):
    add_logins({})
    set_failures("alice", 3)
    shell = ["sh", "-c", 'exec "$@" >/dev/full', "sh"]
    assert failed(*arguments, prefix=shell) == "swmfactl: standard output: No space left on device\n"


@pytest.mark.parametrize("arguments", [["status"], ["log"], ["report"]])
def test_reading_needs_root_and_logs_nothing(sim, log, arguments):
    prefix = ["setpriv", "--reuid", "alice", "--regid", "alice", "--clear-groups"]
    assert failed(*arguments, prefix=prefix) == "swmfactl: must be run as root\n"
    said(*arguments)
    log.settle()
    assert ctl_lines(log) == []
    owners = {os.stat(path).st_uid for path in harness.STATE.iterdir()}
    assert owners == {os.stat(harness.STATE).st_uid}


@pytest.mark.parametrize("arguments", [["status"], ["status", "alice"], ["log"], ["report"]])
def test_a_missing_table_is_reported(sim, arguments):
    tick()
    for name in ("swmfa_login", "swmfa_try"):
        change(f"ALTER TABLE {name} RENAME TO elsewhere")
        if (name == "swmfa_try") == (arguments[0] == "status") or arguments == ["status", "alice"]:
            assert f"no such table: {name}" in ctl(*arguments)[2]
        change(f"ALTER TABLE elsewhere RENAME TO {name}")
