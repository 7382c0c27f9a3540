# SPDX-License-Identifier: BSD-3-Clause
"""After every test, no_leak in conftest.py searches what the test logged, printed and stored for codes, whole
numbers and credentials. Here that search finds nothing after a real login, and finds each secret that is planted."""
import sqlite3
import syslog

import pytest

import harness

ALICE = harness.NUMBERS["alice"]
OTHER = "14043287382"


@pytest.fixture
def code(sim, log):
    """The code of a real login, which leaked nothing."""
    assert harness.pamhost(harness.alone("debug")).result == "PAM_SUCCESS"
    log.last("result=success")
    assert harness.find_leaks(log) == []
    return harness.wait_for_code(ALICE)


def log_text(text):
    syslog.openlog("planted")
    syslog.syslog(text)
    syslog.closelog()


def print_text(text):
    """A user reads it at a prompt."""
    harness.stack("swmfa-planted", f"auth required pam_echo.so {text}", "auth required pam_permit.so",
                  "account required pam_permit.so")
    assert text in harness.pamhost("swmfa-planted").text


def store_text(text):
    database = sqlite3.connect(harness.STATE / "state.db")
    with database:
        database.execute("CREATE TABLE planted (text TEXT)")
        database.execute("INSERT INTO planted VALUES (?)", (text,))
    database.close()


def test_no_code_stands_in_any_output(code, log):
    for plant in (log_text, print_text):
        plant(f"the code is {code}.")
        assert harness.find_leaks(log) == [f"code {code} in the output"]


def test_no_whole_number_stands_in_any_output(log):
    for plant in (log_text, print_text):
        for number in (ALICE, ALICE[1:], OTHER):
            plant(f"the number is {number}.")
            assert harness.find_leaks(log) == [f"number {number} in the output"]


def test_no_credential_stands_in_any_output(log):
    for plant in (log_text, print_text):
        for credential in (harness.TOKEN, harness.BANDWIDTH_PASSWORD, harness.PASSWORD, "test-user"):
            plant(f"the credential is {credential}.")
            assert harness.find_leaks(log) == [f"credential {credential} in the output"]


def test_no_code_stands_in_any_store(code, log):
    store_text(f"the code is {code}.")
    assert harness.find_leaks(log) == [f"code {code} in the store"]
    harness.new_store()


def test_no_number_and_no_credential_stands_in_any_file_of_a_store(log):
    planted = harness.STATE / "planted"
    for number in (ALICE[1:], ALICE[2:], OTHER):
        planted.write_text(f"x{number}x")
        assert harness.find_leaks(log) == [f"number {number} in the store"]
    for credential in (harness.TOKEN, harness.BANDWIDTH_PASSWORD, harness.PASSWORD, "test-user"):
        planted.write_text(f"x{credential}x")
        assert harness.find_leaks(log) == [f"credential {credential} in the store"]
    planted.unlink()


def test_the_search_has_something_to_look_through(sim, log, request):
    assert "no_leak" in request.fixturenames
    assert harness.pamhost(harness.alone()).result == "PAM_SUCCESS"
    log.last("result=success")
    harness.collect_codes()
    assert harness.wait_for_code(ALICE) in harness.CODES
    assert any("reason=verified" in line for line in harness.OUTPUT)
    assert any("ending in 82" in line for line in harness.OUTPUT)
    assert {"alice", "verified", "82"} <= set(harness.stored_texts())
    assert any(b"verified" in data for data in harness.store_files().values())
    assert harness.find_leaks(log) == []
