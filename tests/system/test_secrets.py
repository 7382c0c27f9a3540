# SPDX-License-Identifier: BSD-3-Clause
"""Runs last: in all that was logged and printed by all tests, and in the store at the end of each, there
is no code, no whole number and no credential. (What a person typed at a terminal with echo is not in
it.)"""
import re

import harness


def test_no_code_stands_in_any_output(log):
    harness.remember_codes()
    # Microseconds, and codes of four or five characters, can be the same by chance.
    text = re.sub(r'"\w+_us": ?\d+', "", "\n".join(harness.OUTPUT))
    words = set(re.findall(r"[0-9A-Za-z]+", text))
    assert {code for code in harness.CODES if len(code) > 5} & words == set()


def test_no_whole_number_stands_in_any_output(log):
    text = "\n".join(harness.OUTPUT)
    assert set(re.findall(r"\+?1555010[0-9]{4}", text)) == set()
    assert set(re.findall(r"14043287382", text)) == set()


def test_no_credential_stands_in_any_output(log):
    text = "\n".join(harness.OUTPUT)
    for secret in (harness.TOKEN, harness.BANDWIDTH_PASSWORD, harness.PASSWORD, "lab-user"):
        assert secret not in text, secret


def test_no_code_stands_in_any_store(log):
    harness.remember_codes()
    words = {word for text in harness.STORED for word in re.findall(r"[0-9A-Za-z]+", text)}
    assert {code for code in harness.CODES if len(code) > 5} & words == set()


def test_no_number_and_no_credential_stands_in_any_file_of_a_store(log):
    for data in harness.STORED_FILES:
        assert re.findall(rb"1?5550101[0-9]{2}|14043287382", data) == []
        for secret in (harness.TOKEN, harness.BANDWIDTH_PASSWORD, harness.PASSWORD, "lab-user"):
            assert secret.encode() not in data, secret


def test_the_search_has_something_to_look_through(sim, log):
    assert harness.pamhost(harness.alone()).result == "PAM_SUCCESS"
    log.last("result=success")
    harness.remember_codes()
    assert harness.wait_for_code(harness.NUMBERS["alice"]) in harness.CODES
    assert any("reason=verified" in line for line in harness.OUTPUT)
    assert any("ending in 82" in line for line in harness.OUTPUT)
    harness.remember_store()
    assert {"alice", "verified", "82"} <= set(harness.STORED)
    assert any(b"verified" in data for data in harness.STORED_FILES)
