# SPDX-License-Identifier: BSD-3-Clause
"""[limits]: how many codes are sent and how many may be wrong, over all logins of the host; and the prompts do not
reveal a lock."""
import os
import re
import socket
import subprocess

import pytest

import harness
import test_local
from test_local import ended, on_terminal

ALICE = harness.NUMBERS["alice"]
MINUTE, HOUR, DAY, YEAR = 60, 3600, 86400, 365 * 86400
NO_CODE = "No code can be sent now. Try again later, or type a break-glass code.\\nCode: "
REFUSED = "message error No code can be sent now. Try again later."
NO_NEW_CODE = "No new code can be sent now. The previous code is still valid.\\nCode: "
MANY = "tries = 10\nresend_delay = 0" # tries in one login
LONG = "max_attempts = 20"            # and at the provider
BIG = "user_sends = 100000/30d\naddress_sends = 100000/30d\nhost_sends = 100000/30d\n"
EVERYBODY = "".join(f"u{n} +155501001{n:02}\n" for n in range(20))


def login(*answers, user="alice", rhost=None, service=None):
    return harness.pamhost(service or harness.between_permits(), user, answers=answers,
                           arguments=["--rhost", rhost] if rhost else [])


def sends(user="alice", **keywords):
    """Whether a login has a code sent; if not, it is told so."""
    prompt = login("@fail", user=user, **keywords).prompts[0]
    assert prompt == NO_CODE or prompt.startswith("Code sent by SMS")
    return prompt != NO_CODE


def sent(sim):
    return sim.count("/mfa/sms") + sim.count("/mfa/call") + sim.count("/code/messaging")


def rows():
    """What is counted: (user, remote address, whether for a phone and the host)."""
    return [(user, address, bool(phone) and host != "") for user, phone, address, host in
            harness.store("SELECT user_name, phone, address, host FROM swmfa_send")]


@pytest.fixture
def many_users():
    harness.users_map(EVERYBODY)
    yield [line.split()[0] for line in EVERYBODY.splitlines()]
    harness.users_map()


@pytest.fixture
def gate(tmp_path):
    """Holds the answers of all logins that have it among their arguments back, until it is opened."""
    class Gate:
        path = tmp_path / "gate"
        arguments = ("--gate", path)

        def open_when(self, condition):
            assert harness.wait_until(condition)
            self.path.touch()

    return Gate()


# ---- simultaneous logins ----

@pytest.mark.parametrize("failures", [10, 3])
def test_a_hundred_simultaneous_logins_verify_no_more_codes_than_the_limit(start, log, gate, failures):
    sim = start(limits=f"{BIG}failures = {failures}\n")
    harness.users_map()
    outs = harness.pamhosts(harness.between_permits(), 100, answers=["123456"] * 3, arguments=gate.arguments,
                            meanwhile=lambda: gate.open_when(lambda: sent(sim) == 100))
    assert [out.result for out in outs] == ["PAM_MAXTRIES"] * 100
    assert sim.count("verify") == failures
    assert log.last("reason=locked")
    for out in harness.pamhosts(harness.between_permits(), 5):
        assert out.result != "PAM_SUCCESS"
    assert sim.count("verify") == failures and sent(sim) == 100


def test_codes_of_two_providers_are_counted_together(sim, gate):
    """Fifty simultaneous logins of one user with each."""
    def configure(provider):
        harness.configure(sim, bandwidth=sim, swmfa=f"providers = {provider}",
                          limits=f"{BIG}failures = 10\n")

    def run(service, meanwhile):
        outs.extend(harness.pamhosts(service, 50, answers=["123456"] * 3, arguments=gate.arguments,
                                     meanwhile=meanwhile))

    def second():
        harness.wait_until(lambda: sent(sim) == 50)
        configure("bandwidth")
        run(harness.between_permits(service="swmfa-other"),
            lambda: gate.open_when(lambda: sent(sim) == 100))

    outs = []
    configure("signalwire")
    run(harness.between_permits(), second)
    assert [out.result for out in outs] == ["PAM_MAXTRIES"] * 100
    assert sim.count("/mfa/sms") == 50 and sim.count("/code/messaging") == 50
    assert sim.count("verify") == 10


SCOPES = { # the limit; the users; the arguments; the map
    "user_sends": (["alice"], [], None),
    "phone_sends": ([f"u{n}" for n in range(20)], [], f"* {ALICE}\n"),
    "address_sends": ([f"u{n}" for n in range(20)], ["--rhost", "192.0.2.7"], EVERYBODY),
    "host_sends": ([f"u{n}" for n in range(20)], [], EVERYBODY),
}


@pytest.mark.parametrize("scope", SCOPES)
def test_simultaneous_logins_send_no_more_codes_than_the_limit(start, log, scope):
    users, arguments, text = SCOPES[scope]
    if scope == "phone_sends":
        text = "".join(f"{user} {ALICE}\n" for user in users)
    limits = dict(line.split(" = ") for line in BIG.splitlines()) | {scope: "3/10m"}
    sim = start(limits="".join(f"{key} = {value}\n" for key, value in limits.items()))
    harness.users_map(text)
    outs = harness.pamhosts(harness.between_permits(), 100 if scope == "user_sends" else 60, user=users,
                            answers=["@fail"], arguments=arguments)
    harness.users_map()
    prompts = [out.prompts[0] for out in outs]
    assert sum(prompt.startswith("Code sent by SMS") for prompt in prompts) == 3
    assert prompts.count(NO_CODE) == len(outs) - 3
    assert sent(sim) == 3 and len(harness.messages()) == 3 and len(rows()) == 3
    line = log.last("reason=conversation .*sends=0 ")
    assert re.search(rf'detail=".*\[limits\] {scope}: 3/10m is reached, for (9 min \d+ s|10 min) more"',
                     line)


# ---- the limits, one after the other ----

def test_each_window_of_a_limit_holds_and_ends(start, log, clock):
    sim = start(limits="user_sends = 3/10m, 5/1h, 10/1d\nhost_sends = 100000/30d\n")
    harness.users_map()
    now = 0
    # at that minute so many more are sent; then this is the limit that is reached for longest
    for minute, more, window in [
            (0, 3, "3/10m"), (9, 0, "3/10m"), (10, 2, "5/1h"), (58, 0, "5/1h"), (60, 3, "3/10m"),
            (69, 0, "3/10m"), (70, 2, "10/1d"), (130, 0, "10/1d"), (1438, 0, "10/1d"), (1440, 3, "3/10m"),
            (1450, 2, "5/1h"), (3000, 3, "3/10m")]:
        clock.passes((minute - now) * MINUTE)
        now = minute
        before = sent(sim)
        assert [sends() for _ in range(more + 1)] == [True] * more + [False], minute
        assert sent(sim) == before + more
        assert f"user_sends: {window} is reached" in log.last("sends=0 "), minute
        log.begin()


def test_at_a_limit_the_user_is_told_and_denied(start, log):
    sim = start(limits="user_sends = 1/10m\n", swmfa="fail = safe\nfail_on = network, server, limit, "
                "credentials, store\nresend_delay = 0")
    harness.users_map()
    assert sends()
    out = login("123456", "", "?", "resend", "call", "123456", "123456")
    assert out.result == "PAM_MAXTRIES"
    assert out.lines[0] == f"prompt on {NO_CODE}" and out.lines.count(REFUSED) == 1
    assert [prompt for prompt in out.prompts if "sent by" in prompt] == []
    assert sent(sim) == 1 and sim.count("verify") == 0
    line = log.last("result=denied")
    assert line.startswith("<84>") and "reason=send-limit " in line and "tries=3 sends=0" in line
    assert re.search(r'detail="\[limits\] user_sends: 1/10m is reached, for (9 min \d+ s|10 min) more"',
                     line)


def test_at_a_limit_the_code_sent_before_still_works(start, log):
    sim = start(limits="user_sends = 1/10m\n", swmfa="resend_delay = 0")
    harness.users_map()
    out = login("resend", "call", "@wrong", "resend", "@code")
    assert out.result == "PAM_SUCCESS" and out.all("message") == []
    assert [out.prompts[n] for n in (1, 2, 4)] == [NO_NEW_CODE] * 3
    assert sent(sim) == 1 and "tries=2 sends=1" in log.last("result=success")
    # When no try is left it is the codes that were wrong.
    harness.reset_store()
    out = login("resend", "@wrong", "@wrong", "@wrong")
    assert out.result == "PAM_MAXTRIES" and "message error Too many wrong codes." in out.lines
    assert log.last("result=denied reason=tries-used")


def test_a_right_code_does_not_refund_a_send(start):
    sim = start(limits="user_sends = 3/10m\n")
    harness.users_map()
    assert [login("@code").result for _ in range(3)] == ["PAM_SUCCESS"] * 3
    assert not sends() and sent(sim) == 3


def test_after_a_refused_send_resend_needs_no_wait(start, clock):
    """resend_delay counts from a send, and there was none in this login."""
    start(limits="user_sends = 1/10m\n", swmfa="resend_delay = 600")
    harness.users_map()
    assert sends()
    clock.reboot()
    assert login("resend", "@fail").prompts == [NO_CODE, NO_CODE]


@pytest.mark.parametrize("rhosts, together", [
    (["192.0.2.7", "::ffff:192.0.2.7"], True), (["192.0.2.7", "192.0.2.8"], False),
    (["2001:db8:1:2::3", "2001:db8:1:2:ffff::9"], True), (["2001:db8:1:2::3", "2001:db8:1:3::3"], False),
    (["client.example", "client.example"], True), (["", ""], False)])
def test_addresses_of_one_ipv6_prefix_count_as_one(start, rhosts, together):
    start(limits="address_sends = 1/10m\n")
    harness.users_map()
    assert [sends(user=user, rhost=rhost) for user, rhost in zip(("alice", "bob"), rhosts)] == [
        True, not together]


def test_a_phone_has_the_limits_of_a_user_by_default(start):
    start(limits="user_sends = 2/10m\n")
    harness.users_map(f"alice {ALICE}\nbob {ALICE}\n")
    assert [sends(user=user) for user in ("alice", "bob", "alice", "bob")] == [True, True, False, False]
    harness.reset_store()
    start(limits="user_sends = 1/10m\nphone_sends = 2/10m\n")
    assert [sends(user=user) for user in ("alice", "bob", "alice", "bob")] == [True, True, False, False]
    harness.users_map()


# ---- clocks ----

def test_the_time_of_day_changes_no_limit(start, clock):
    sim = start(limits="user_sends = 2/10m\n")
    harness.users_map()
    assert [sends() for _ in range(3)] == [True, True, False]
    for day in (-DAY, DAY, 0, -DAY):
        clock.set_day(day)
        assert not sends(), day
    clock.passes(10 * MINUTE)
    assert [sends() for _ in range(3)] == [True, True, False], "a day behind, but ten minutes later"
    clock.set_day(DAY)
    assert not sends() and sent(sim) == 4


def test_a_reboot_neither_resets_a_limit_nor_blocks_forever(start, clock):
    start(limits="user_sends = 2/10m\n")
    harness.users_map()
    assert [sends() for _ in range(3)] == [True, True, False]
    for _ in range(3):
        clock.reboot(up=10)
        assert not sends()
    clock.passes(8 * MINUTE)
    assert not sends()
    clock.passes(2 * MINUTE)
    assert [sends() for _ in range(3)] == [True, True, False]
    clock.reboot(up=10 * MINUTE)
    assert sends()


def test_only_elapsed_time_ends_a_lock(start, clock):
    sim = start(limits=f"{BIG}failures = 1\n", swmfa="tries = 1")
    harness.users_map()
    login("123456")
    for day in (-DAY, DAY, 0):
        clock.set_day(day)
        assert login("@code").result == "PAM_MAXTRIES", day
    clock.reboot()
    assert login("@code").result == "PAM_MAXTRIES"
    assert sent(sim) == 1 and sim.count("verify") == 1
    clock.passes(15 * MINUTE)
    assert login("@code").result == "PAM_SUCCESS"


# ---- sends that fail ----

CERTAINLY_NOT_SENT = ["send-refused", "send-401", "send-403", "send-404", "send-422", "send-429",
                      "send-500", "send-redirect", "send-escapes"]
PERHAPS_SENT = ["send-reset", "send-garbage", "send-bad-id", "send-other-to", "send-other-channel",
                "send-string-true", "send-duplicate", "send-trailing", "send-endless"]


@pytest.mark.parametrize("fault", CERTAINLY_NOT_SENT)
def test_a_refused_send_is_refunded(start, log, fault):
    sim = start("--fault", fault, limits="user_sends = 1/10m\n")
    harness.users_map()
    for n in (1, 2): # the second shows that the first one is not counted
        assert "reason=send-limit" not in login("@fail").text
        assert sent(sim) == n and rows() == []
        assert "sends=1" in log.last("reason=(?!send-limit)")


@pytest.mark.parametrize("fault", PERHAPS_SENT + ["send-stall"])
def test_a_send_that_may_have_happened_is_counted(start, fault):
    sim = start("--fault", fault, limits="user_sends = 1/10m\n", swmfa="timeout = 4")
    harness.users_map()
    login("@fail", rhost="192.0.2.7")
    assert sent(sim) == 1 and rows() == [("alice", "192.0.2.7", True)]
    assert not sends() and sent(sim) == 1


@pytest.mark.parametrize("status, counted", [(502, 1), (504, 1), (408, 1), (503, 0), (409, 0), (201, 1)])
def test_only_a_status_that_rules_out_a_send_refunds_it(
        sim, tmp_path, status, counted):
    server = harness.RawServer(tmp_path, harness.http(status, "{}"))
    harness.configure(sim, endpoint=server.endpoint, ca_file=server.certificate)
    login("@fail")
    assert len(server.requests) == 1 and len(rows()) == counted


def no_record(secure):
    """What TLS does not know, when the whole request has come."""
    with socket.socket(fileno=os.dup(secure.fileno())) as connection:
        connection.sendall(b"\x17\x03\x03\x00\x20" + bytes(32))


@pytest.mark.parametrize("answer, counted", [
    (no_record, 1), (b"HTTP/1.1 502 X\r\nContent-Length: 9\r\n\r\n", 1),
    (b"HTTP/1.1 504 X\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", 1),
    (b"HTTP/1.1 503 X\r\nContent-Length: 9\r\n\r\n", 0), (harness.http(999, "{}"), 1),
    (harness.http(302, "{}"), 0)], ids=["tls", "502", "504", "503", "999", "302"])
def test_a_send_that_breaks_off_after_the_request_is_counted_unless_refused(
        sim, tmp_path, answer, counted):
    server = harness.RawServer(tmp_path, answer)
    harness.configure(sim, endpoint=server.endpoint, ca_file=server.certificate)
    assert login().result == "PAM_AUTHINFO_UNAVAIL" or counted
    assert len(server.requests) == 1 and len(rows()) == counted


@pytest.mark.parametrize("trouble", ["nobody-listens", "no-such-host", "expired", "self-signed",
                                     "other-host"])
def test_a_send_that_never_left_the_host_is_refunded(start, log, trouble):
    certificate = trouble if trouble in ("expired", "self-signed", "other-host") else "good"
    sim = start("--certificate", certificate, limits="user_sends = 1/10m\n")
    harness.users_map()
    if trouble == "nobody-listens":
        sim.endpoint = f"https://localhost:{harness.closed_port()}"
    elif trouble == "no-such-host":
        sim.endpoint = "https://swmfa.invalid"
    harness.configure(sim, limits="user_sends = 1/10m\n")
    for _ in range(2):
        login("@fail")
        assert log.last("result=error reason=(network|tls) ") and rows() == []
        log.begin()


@pytest.mark.parametrize("first, second, counted", [
    ("send-500", None, 1), ("send-502", None, 1), ("send-500", "send-500", 0),
    ("send-502", "send-500", 1), ("send-500", "send-garbage", 1)])
def test_a_failover_counts_as_one_send(start, tmp_path, first, second, counted):
    options = ["--fault", f"signalwire:{first}"] if first != "send-502" else []
    sim = start(*options, *(["--fault", f"bandwidth:{second}"] if second else []))
    harness.users_map()
    replaced = {}
    if first == "send-502":
        server = harness.RawServer(tmp_path, harness.http(502, "{}"))
        replaced = {"endpoint": server.endpoint, "ca_file": server.certificate}
    harness.configure(sim, bandwidth=sim, swmfa="providers = signalwire, bandwidth",
                      limits="user_sends = 2/10m\n", **replaced)
    out = login("@code")
    assert (out.result == "PAM_SUCCESS") == (second is None)
    assert sim.count("/code/messaging") == 1 and len(rows()) == counted


def test_a_resend_without_an_answer_is_counted_and_a_failed_one_is_not(start):
    sim = start("--fault", "send-500", swmfa="resend_delay = 0", limits="user_sends = 2/10m\n")
    harness.users_map()
    harness.configure(sim, bandwidth=sim, swmfa="providers = bandwidth, signalwire\nresend_delay = 0",
                      limits="user_sends = 2/10m\n")
    login("@fail")
    assert sent(sim) == 2 and rows() == [], "both have said no"


def test_a_send_stays_counted_when_its_host_process_is_gone(start):
    sim = start("--fault", "send-slow", limits="user_sends = 1/10m\n")
    harness.users_map()
    process = harness.start_pamhost(harness.between_permits())
    assert harness.wait_until(lambda: harness.messages() != [])
    process.kill()
    process.communicate()
    assert harness.wait_until(lambda: harness.helper_processes() == [])
    assert rows() == [("alice", "", True)] and not sends()
    assert len(harness.messages()) == 1 and sent(sim) <= 1


# ---- countries ----

@pytest.mark.parametrize("countries, permitted", [
    ("+44", False), ("+2", False), ("+15551", False), ("+15550100183", False), ("+155501001820", False),
    ("+1", True), ("+44, +1555", True), ("+15550100182", True)])
def test_no_code_is_sent_to_a_number_of_another_country(start, log, countries, permitted):
    sim = start(limits=f"countries = {countries}\n", swmfa="resend_delay = 0")
    harness.users_map()
    if permitted:
        assert login("@code").result == "PAM_SUCCESS" and sent(sim) == 1
        return
    out = login("resend", "call", "123456", "123456", "123456")
    assert out.result == "PAM_MAXTRIES" and out.prompts == [NO_CODE] * 5
    assert out.lines.count(REFUSED) == 1
    assert sim.requests() == [] and rows() == []
    line = log.last("result=denied reason=country .*number=\\*82 tries=3 sends=0 ")
    assert line.startswith("<83>") and "is in none of [limits] countries" in line


def test_without_autosend_a_number_of_another_country_is_refused_after_enter(start):
    sim = start(limits="countries = +44\n", swmfa="autosend = no")
    harness.users_map()
    out = login("", "123456")
    assert "Press Enter" in out.prompts[0] and out.prompts[1] == NO_CODE and sim.requests() == []


# ---- locks ----

def fail_ten_times(sim):
    before = sim.count("verify")
    assert login(*["123456"] * 10).result == "PAM_MAXTRIES"
    assert sim.count("verify") == before + 10


def is_locked(sim):
    """Whether a login with the right code is denied without a word to the provider."""
    before = len(sim.requests())
    out = login("@code")
    assert out.result in ("PAM_SUCCESS", "PAM_MAXTRIES", "PAM_CONV_ERR")
    return out.result != "PAM_SUCCESS" and len(sim.requests()) == before


def lock_time(log):
    """What the log says of the lock, as seconds."""
    login("@fail")
    line = log.last("result=denied reason=conversation .*detail=")
    log.begin()
    text = re.search(r'detail="\d+ failures in a row; locked for ([^;]*); swmfactl unlock alice"', line)
    units = {"d": DAY, "h": HOUR, "min": MINUTE, "s": 1}
    return sum(int(n) * units[unit] for n, unit in re.findall(r"(\d+) (\w+)", text[1]))


def test_each_lock_is_twice_as_long_and_a_hundred_failures_lock_permanently(start, log, clock):
    sim = start(limits=f"{BIG}failures = 10\n", swmfa=MANY, signalwire=LONG)
    harness.users_map()
    for minutes in (15, 30, 60, 120, 240, 480, 960, 1440, 1440):
        fail_ten_times(sim)
        assert minutes * MINUTE - 30 < lock_time(log) <= minutes * MINUTE
        clock.passes(minutes * MINUTE - 30)
        before = len(sim.requests())
        login("123456")
        assert len(sim.requests()) == before, minutes
        clock.passes(30)
    fail_ten_times(sim)
    for passed in (0, DAY, YEAR):
        clock.passes(passed)
        assert is_locked(sim)
        assert 'detail="100 failures in a row; locked until an administrator unlocks; ' \
            'swmfactl unlock alice"' in log.last("reason=(locked|conversation)")


def test_after_a_lock_a_right_code_works(start, log, clock):
    sim = start(limits=f"{BIG}failures = 10\n", swmfa=MANY, signalwire=LONG)
    harness.users_map()
    fail_ten_times(sim)
    assert is_locked(sim)
    clock.passes(15 * MINUTE)
    assert not is_locked(sim)
    fail_ten_times(sim)
    assert lock_time(log) <= 15 * MINUTE, "the right code has reset the count"


def test_a_right_code_resets_the_count_of_wrong_ones(start):
    sim = start(limits=f"{BIG}failures = 4\n", swmfa=MANY, signalwire=LONG)
    harness.users_map()
    for _ in range(3):
        assert login(*["@wrong"] * 3, "@code").result == "PAM_SUCCESS"
    assert sim.count("verify") == 12
    login(*["@wrong"] * 5, "@code")
    assert sim.count("verify") == 16


def test_failures_add_up_across_codes_sessions_services_providers_and_numbers(sim):
    limits = f"{BIG}failures = 6\n"
    harness.configure(sim, bandwidth=sim, swmfa=MANY, limits=limits)
    login("@wrong", "resend", "@wrong", "@fail")
    login("@wrong", "call", "@fail", service=harness.between_permits(service="swmfa-other"))
    harness.configure(sim, bandwidth=sim, swmfa=f"providers = bandwidth\n{MANY}", limits=limits)
    login("@wrong", "@fail", rhost="192.0.2.7")
    harness.users_map("alice +15550100184\n")
    login("@wrong", "@wrong", "@wrong", "@code")
    harness.users_map()
    assert sim.count("verify") == 6
    assert is_locked(sim)


def test_an_attempt_without_an_answer_counts_as_a_failure(start):
    sim = start("--fault", "verify-500", limits=f"{BIG}failures = 2\n")
    harness.users_map()
    for _ in range(3):
        login("@code")
    assert sim.count("verify") == 2 and is_locked(sim)


def test_text_that_cannot_be_a_code_is_not_a_failure(start):
    sim = start(limits=f"{BIG}failures = 1\n", swmfa=MANY)
    harness.users_map()
    assert login("12345", "1234567", "?", "resend", "", "no", "@code").result == "PAM_SUCCESS"
    assert sim.count("verify") == 1


def test_unlock_ends_a_lock_and_resets_the_failures(start):
    sim = start(limits=f"{BIG}failures = 2\n", swmfa=MANY, signalwire=LONG)
    harness.users_map()
    login("@wrong", "@wrong")
    assert is_locked(sim)
    subprocess.run([harness.CTL, "unlock", "alice"], check=True, stdout=subprocess.DEVNULL)
    before = sim.count("verify")
    login("@wrong", "@fail")
    assert not is_locked(sim)
    assert sim.count("verify") == before + 2


def unlock(*options, user="alice"):
    return subprocess.run([harness.CTL, "unlock", *options, user], check=True, capture_output=True,
                          text=True).stdout


def test_unlock_names_the_limit_that_applies_and_lifts_it(start, log):
    sim = start(limits="user_sends = 2/1d\nphone_sends = 2/1d\naddress_sends = 3/1h\n")
    harness.users_map()
    assert [sends(rhost="192.0.2.7") for _ in range(3)] == [True, True, False]
    assert re.fullmatch(r"alice: nothing to unlock\n"
                        r"alice: \[limits\] user_sends: 2/1d is reached, no code is sent for "
                        r"(23 h 59 min|1 d).*; swmfactl unlock --sends alice\n", unlock())
    assert unlock("--sends") == "alice: nothing to unlock\nalice: sends reset: 2\n"
    assert harness.wait_until(lambda: any("limit on codes sent lifted for alice by uid 0" in line
                                          for line in log.lines))
    assert [sends(rhost="192.0.2.7"), sends(rhost="192.0.2.7")] == [True, False], \
        "the limit of the address is not the user's"
    assert re.search(r"address_sends: 3/1h is reached, no code is sent for .*; raise that "
                     r"limit, or use a break-glass code\n", unlock("--sends"))
    assert not sends(rhost="192.0.2.7") and sends(rhost="192.0.2.8") and sent(sim) == 4


def test_unlock_works_with_a_broken_configuration(start):
    start(limits=f"{BIG}failures = 1\n", swmfa="tries = 1")
    harness.users_map()
    login("@wrong")
    text = harness.CONF.read_text()
    harness.write(harness.CONF, text + "countrys = +1\n")
    assert re.fullmatch(r"alice: unlocked\nalice: whether a limit is reached is unknown: "
                        r".*countrys: unknown key; did you mean \[limits\] countries\?\n", unlock())
    harness.write(harness.CONF, text)
    assert login("@code").result == "PAM_SUCCESS"


SPELLINGS = ("alice", "alice@example.org", "EXAMPLE\\alice")


@pytest.fixture
def spellings():
    """One account with several names, as a directory has it, and a line of the map for each."""
    before = harness.PASSWD.read_text()
    line = next(line for line in before.splitlines() if line.startswith("alice:"))
    others = "".join(line.replace("alice:", f"{name}:", 1) + "\n" for name in SPELLINGS[1:])
    harness.write(harness.PASSWD, before + others, 0o644)
    harness.users_map("".join(f"{name} {ALICE}\n" for name in SPELLINGS))
    yield SPELLINGS
    harness.write(harness.PASSWD, before, 0o644)
    harness.users_map()


def test_all_names_of_an_account_are_counted_together(start, log, spellings):
    sim = start(limits=f"{BIG}failures = 3\n", swmfa="tries = 1")
    for name in spellings:
        assert login("123456", user=name).result == "PAM_MAXTRIES"
    assert sim.count("verify") == 3
    for name in spellings:
        assert login("@code", user=name).result == "PAM_MAXTRIES", name
        assert log.last("reason=locked") and "failures = 3" not in log.last("reason=locked")
        shown = subprocess.run([harness.CTL, "status", name], check=True, capture_output=True, text=True)
        assert re.search(r"^failures in a row +3$", shown.stdout, re.M), name
    assert sim.count("verify") == 3
    done = subprocess.run([harness.CTL, "unlock", spellings[2]], check=True, capture_output=True, text=True)
    assert done.stdout == "EXAMPLE\\134alice: unlocked\n"
    assert [login("@code", user=name).result for name in spellings] == ["PAM_SUCCESS"] * 3


def test_sends_and_codes_are_for_all_names_of_an_account(start, spellings):
    start(limits="user_sends = 2/1d\nphone_sends = 100/1d\n")
    assert [sends(name) for name in spellings] == [True, True, False]
    codes = subprocess.run([harness.CTL, "codes", spellings[1]], check=True, capture_output=True,
                           text=True).stdout.split()
    assert login(codes[0], user=spellings[0]).result == "PAM_SUCCESS"
    assert login(codes[0], codes[1], user=spellings[2]).result == "PAM_SUCCESS"


def test_an_account_that_cannot_be_looked_up_is_denied(start, log):
    """Otherwise its other names would be counted by themselves while the directory fails."""
    sim = start()
    kept = harness.PASSWD.with_suffix(".kept")
    harness.PASSWD.rename(kept)
    harness.PASSWD.symlink_to(harness.PASSWD)
    try:
        assert login().result == "PAM_AUTHINFO_UNAVAIL"
    finally:
        kept.rename(harness.PASSWD)
    assert "the account of alice cannot be looked up: " in log.last("result=error reason=account")
    assert sim.requests() == []


def test_a_lock_applies_to_one_user_only(start):
    start(limits=f"{BIG}failures = 1\n", swmfa="tries = 1")
    harness.users_map()
    login("123456")
    login("123456", user="carol") # not in the map
    assert login("@code").result == "PAM_MAXTRIES"
    assert login("@code", user="bob").result == "PAM_SUCCESS"


def test_a_lock_during_a_login_stops_verifying_and_sending(start, log, gate):
    """The code is the right one, and was sent before."""
    sim = start(limits=f"{BIG}failures = 3\n", swmfa="resend_delay = 0")
    harness.users_map()

    def lock():
        assert harness.wait_until(lambda: sent(sim) == 2)
        login("123456", "123456", "123456")
        gate.path.touch()

    outs = harness.pamhosts(harness.between_permits(), 2, answers=["@code", "@older", "resend", "call", "@code"],
                            arguments=gate.arguments, meanwhile=lock)
    assert [out.result for out in outs] == ["PAM_MAXTRIES"] * 2
    for out in outs:
        assert "New code sent by SMS" in out.prompts[3] and "New code sent by voice" in out.prompts[4]
        assert out.all("message") == ["info Calling the number ending in 82. This can take a few "
                                      "seconds.", "error Too many wrong codes."]
    assert sim.count("verify") == 3 and sent(sim) == 3
    assert len([line for line in log.ours() if "reason=locked" in line]) == 2


@pytest.mark.parametrize("autosend, answers", [("yes", ["resend", "call", "@code"]),
                                               ("no", ["", "@code"])])
def test_a_user_locked_before_the_first_prompt_gets_no_code(start, log, gate, autosend, answers):
    settings = f"resend_delay = 0\nautosend = {autosend}\ntries = 1"
    sim = start(limits=f"{BIG}failures = 1\n", swmfa=settings)
    harness.users_map()
    first = [] if autosend == "yes" else [""]

    process = harness.start_pamhost(harness.between_permits(), answers=answers, arguments=gate.arguments)
    assert process.stdout.readline().startswith("prompt on ")
    login(*first, "123456")
    before = sent(sim)
    gate.path.touch()
    text = process.communicate(timeout=harness.PATIENCE)[0]
    assert text.count("prompt on") == len(answers) - 1 and "result PAM_MAXTRIES" in text
    assert sent(sim) == before and sim.count("verify") == 1
    assert log.last("result=denied reason=locked .*1 failures? in a row")


def test_a_code_sent_before_a_lock_does_not_work_after_it(start, gate):
    sim = start(limits=f"{BIG}failures = 3\n")
    harness.users_map()

    def lock():
        assert harness.wait_until(lambda: sent(sim) == 1)
        code = harness.wait_for_code(ALICE)
        login("123456", "123456", "123456")
        assert login(code, code, code).result == "PAM_MAXTRIES"
        gate.path.touch()

    harness.pamhosts(harness.between_permits(), 1, answers=["@fail"], arguments=gate.arguments, meanwhile=lock)
    assert sim.count("verify") == 3 and sent(sim) == 2


def test_fail_safe_lets_no_locked_user_in(start, log):
    sim = start(limits=f"{BIG}failures = 1\n", swmfa="tries = 1")
    harness.users_map()
    login("123456")
    sim.endpoint = f"https://localhost:{harness.closed_port()}"
    harness.configure(sim, swmfa="fail = safe\nfail_on = network, server, limit, credentials, store")
    assert login("123456", user="bob").result == "PAM_SUCCESS", "the provider is down"
    assert login("123456", "resend", "123456", "123456").result == "PAM_MAXTRIES"
    assert log.last("user=alice .*result=denied reason=locked")


# ---- what a locked user sees ----

def shown(out):
    """All that an application is told, without the digits of the number, a time to wait, and what
    pamhost prints of itself."""
    text = re.sub(r"ending in \d\d", "ending in NN", "\n".join(out.lines))
    text = re.sub(r"in \d+ seconds?:", "in N seconds:", text)
    text = re.sub(r"^delay \d+$", "delay N", text, flags=re.MULTILINE) # libpam draws it
    return [line for line in text.splitlines() if not line.startswith("state ")]


def lock_alice(sim, **keywords):
    harness.configure(sim, limits=f"{BIG}failures = 1\n", swmfa="tries = 1")
    login("123456")
    harness.configure(sim, **keywords)


WRONG = ["123456"]
CONVERSATIONS = { # lines of [swmfa], answers
    "wrong codes": ("", WRONG * 3),
    "ten wrong codes": ("tries = 10", WRONG * 10),
    "help": ("", ["?", "help"] + WRONG + ["?"] + WRONG * 2),
    "resend": ("resend_delay = 0", ["resend"] + WRONG + ["RESEND"] + WRONG + ["resend"] + WRONG),
    "resend too soon": ("resend_delay = 600", ["resend"] + WRONG + ["call"] + WRONG * 2),
    "call": ("resend_delay = 0", ["call"] + WRONG + ["?", "sms"] + WRONG + ["call"] + WRONG),
    "more sends than one login has": ("resend_delay = 0", ["resend"] * 7 + WRONG * 3),
    "words without end": ("resend_delay = 0", ["?"] * 25),
    "what is no code": ("", ["", "@null", "@huge"] * 8),
    "bytes": ("", ["@bytes", "hello", " 123 456 "]),
    "hidden": ("echo = no", WRONG * 3),
    "called first": ("channel = call", WRONG * 3),
    "the conversation fails": ("", WRONG + ["@fail"]),
    "no autosend": ("autosend = no", [""] + WRONG * 3),
    "no autosend, a code first": ("autosend = no", WRONG + [""] + WRONG * 3),
    "no autosend, never asked for": ("autosend = no", WRONG * 3),
    "no autosend, call": ("autosend = no\nresend_delay = 0",
                          ["call"] + WRONG + ["sms", "?"] + WRONG * 2),
    "a break-glass code that is none": ("", ["0" + "a" * 20] * 3),
    "no autosend, a break-glass code that is none": ("autosend = no",
                                                     ["0" + "a" * 20, ""] + WRONG * 2),
    "sshd has refused": ("", ["\b\n\r\x7fINCORRECT"]),
}


@pytest.mark.parametrize("provider", ["signalwire", "bandwidth"])
def test_a_locked_user_sees_the_texts_of_wrong_codes(sim, log, provider):
    lock_alice(sim)
    for n, (name, (swmfa, answers)) in enumerate(CONVERSATIONS.items()):
        harness.configure(sim, bandwidth=sim, swmfa=f"providers = {provider}\n{swmfa}")
        # Bandwidth counts wrong codes for a number, and says so.
        harness.users_map(f"alice {ALICE}\nbob +155501001{n:02}\n")
        out = {}
        for user in ("alice", "carol", "bob"): # locked, not in the map, neither
            before = len(sim.requests())
            out[user] = login(*answers, user=user, rhost="192.0.2.7")
            assert (len(sim.requests()) > before) == (user == "bob" and "never" not in name), name
        assert shown(out["alice"]) == shown(out["bob"]), name
        assert shown(out["carol"]) == shown(out["bob"]), name
        assert out["alice"].result in ("PAM_MAXTRIES", "PAM_CONV_ERR", "PAM_AUTH_ERR"), name
    harness.users_map()


@pytest.mark.parametrize("order", ["bandwidth, signalwire", "signalwire, bandwidth"])
@pytest.mark.parametrize("lacks", ["messaging_application_id", "voice_application_id"])
def test_a_missing_channel_does_not_reveal_a_lock(sim, lacks, order):
    """The provider that would send decides on the channel, and on what a code looks like."""
    lock_alice(sim)
    for channel in ("sms", "call"):
        harness.configure(sim, bandwidth=sim, signalwire="token_length = 8\nmax_attempts = 2",
                          swmfa=f"providers = {order}\nchannel = {channel}\nresend_delay = 0\ntries = 4")
        harness.write(harness.CONF, re.sub(f"{lacks} = .*\n", "", harness.CONF.read_text()))
        alice, carol, bob = (shown(login("123456", "call", "12345", "12345678", "sms", "123456",
                                         user=user)) for user in ("alice", "carol", "bob"))
        assert alice == bob and carol == bob


def test_the_log_names_a_lock(sim, log):
    lock_alice(sim)
    harness.configure(sim, swmfa="resend_delay = 0")
    login("resend", "123456", "123456", "123456", rhost="192.0.2.7")
    line = log.last("user=alice .*result=denied reason=locked ")
    assert line.startswith("<84>") and "number=*82 tries=3 sends=0 " in line
    assert re.search(r'detail="1 failures? in a row; locked for (14 min \d+ s|15 min); '
                     'swmfactl unlock alice"', line)
    login("123456", "123456", "123456", user="carol")
    assert "not in " in log.last("user=carol .*result=denied reason=tries-used")


def test_an_expired_code_does_not_reveal_a_lock(sim, log):
    lock_alice(sim)
    harness.configure(sim, signalwire="valid_for = 1", swmfa="resend_delay = 0\ntries = 2")
    alice, bob, carol = harness.pamhosts(harness.between_permits(), 3, user=["alice", "bob", "carol"],
                                         answers=["123456~", "123456"])
    assert shown(alice) == shown(bob) == shown(carol)
    assert alice.result == "PAM_AUTH_ERR" and "The code has expired." in alice.prompts[1]
    assert sent(sim) == 1 + 1
    assert log.last("user=alice .*reason=locked")


@pytest.mark.parametrize("limits, rhost", [
    ("user_sends = 2/10m\n", None), ("address_sends = 2/10m\n", "192.0.2.%d")],
    ids=["user_sends", "address_sends"])
@pytest.mark.parametrize("autosend", ["yes", "no"])
def test_at_a_limit_locked_and_unknown_users_see_the_same_texts(
        sim, clock, autosend, limits, rhost):
    lock_alice(sim, swmfa=f"resend_delay = 0\nautosend = {autosend}", limits=limits)
    clock.passes(11 * MINUTE) # the send before the lock is out of the window, and the lock goes on
    first = [] if autosend == "yes" else [""]
    seen = {}
    for n, user in enumerate(("alice", "carol", "bob")):
        before = sent(sim)
        outs = [login(*first, *answers, user=user, rhost=rhost % n if rhost else None)
                for answers in (["resend", "resend", "123456", "call", "?", "123456", "123456"],
                                ["123456", "resend", "call", "?", "123456", "123456"])]
        seen[user] = shown(outs[0]) + shown(outs[1])
        assert sent(sim) == before + (2 if user == "bob" else 0)
        assert REFUSED in outs[1].lines and outs[1].result == "PAM_MAXTRIES"
        assert f"prompt on {NO_NEW_CODE}" in outs[0].lines
        assert f"prompt on {NO_CODE}" in outs[1].lines
    assert seen["alice"] == seen["bob"] == seen["carol"]


# ---- what the store keeps ----

def test_unknown_names_are_recorded_only_in_the_bounded_list_of_logins(start):
    start(swmfa="tries = 1", limits=BIG)
    harness.users_map()
    service = harness.between_permits()
    for first in range(0, 300, 30):
        names = [f"mistyped-{n}" for n in range(first, first + 30)]
        harness.pamhost(service, *names, answers=["123456"])
    kept = {row[0] for table in ("try", "send") for row in
            harness.store(f"SELECT user_name FROM swmfa_{table}")}
    assert 1 < len(kept) <= 100 and all(re.fullmatch(r"\? \d\d", name) for name in kept)
    assert len(harness.store("SELECT user_name FROM swmfa_try")) <= 100
    tables = {row[0] for row in harness.store("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert not any("mistyped" in str(row) for table in tables - {"swmfa_login"}
                   for row in harness.store(f"SELECT * FROM {table}"))
    assert len(harness.store("SELECT * FROM swmfa_login WHERE user_name LIKE 'mistyped-%'")) == 300
    assert not any(counted for _, _, counted in rows()), "for no phone, and not for the host"


def test_the_store_has_no_whole_number_and_no_code(start):
    sim = start(swmfa="resend_delay = 0", limits=f"{BIG}failures = 3\n", policy="remember = 1h")
    harness.users_map()
    login("@code", user="bob", rhost="192.0.2.7")
    for n, answers in enumerate((["call", "@code"], ["@wrong"] * 3, ["@code"] * 3)):
        login(*answers, rhost=f"192.0.2.{n}")
    assert sent(sim) == 4 and len(harness.store("SELECT place FROM swmfa_remembered")) == 2
    files = {path.name: path.read_bytes() for path in harness.STATE.iterdir()}
    assert any(b"alice" in text for text in files.values()), "the search finds what is there"
    for number in harness.NUMBERS.values():
        for text in files.values():
            assert number[1:].encode() not in text and number[-7:].encode() not in text


# ---- the real applications ----

PROMPT = test_local.PROMPT.replace("Code: ", r"(\(\S+\) )?Code: ")
NOW = r"No code can be sent now\. Try again later, or type a break-glass code\.\s+(\(\S+\) )?Code: "


def by_ssh():
    client = harness.ssh(2222, "alice")
    client.expect("Password: ")
    client.sendline(harness.PASSWORD)
    return client


def by_sudo():
    return test_local.sudo_as_alice("id", "-u")


def by_su():
    client = on_terminal("su", "bob", "-c", "echo in-the-shell", user="alice")
    client.expect("Password: ")
    client.sendline(harness.PASSWORD)
    return client


def type_wrong(client, times, last=False):
    for n in range(times):
        client.sendline("123456")
        if not last or n < times - 1:
            client.expect("Wrong code")


def test_wrong_codes_by_ssh_sudo_and_su_are_counted_together(start, log, host):
    sim = start(limits=f"{BIG}failures = 4\n")
    harness.users_map()
    ssh, sudo, su = by_ssh(), by_sudo(), by_su()
    for client, wrong in ((ssh, 2), (sudo, 1), (su, 2)): # the last one is not looked at any more
        client.expect(PROMPT)
        type_wrong(client, wrong)
    su.sendline(harness.wait_for_code(ALICE, sent_before=2))
    assert ended(su) == 1 and "in-the-shell" not in su.before
    ssh.close(force=True)
    sudo.close(force=True)
    assert sim.count("verify") == 4
    assert log.last("user=alice service=su .*reason=locked")
    clients = [(begin(), status) for begin, status in ((by_ssh, 255), (by_sudo, 1), (by_su, 1))]
    for client, _ in clients:
        client.expect(PROMPT)
        type_wrong(client, 3, last=True)
    for client, status in clients:
        assert ended(client) == status and "in-the-shell" not in client.before
    assert sim.count("verify") == 4 and sent(sim) == 3
    for service in ("sshd", "sudo", "su"):
        assert log.last(f"user=alice service={service} .*reason=locked")


def test_sends_by_ssh_sudo_and_su_are_counted_together(start, log, host):
    sim = start(limits="user_sends = 3/10m\n")
    harness.users_map()
    for begin, what in ((by_ssh, "in-the-shell"), (by_sudo, r"\n0\r"), (by_su, "in-the-shell")):
        before = len(harness.messages())
        client = begin()
        client.expect(PROMPT)
        client.sendline(harness.wait_for_code(ALICE, sent_before=before))
        client.expect(what)
        assert ended(client) == 0
    assert [row[0] for row in rows()] == ["alice"] * 3, "su with use_uid is counted for the caller"
    clients = [(begin(), status) for begin, status in ((by_ssh, 255), (by_sudo, 1), (by_su, 1))]
    for client, _ in clients:
        for answer in ("resend", "123456", "222222", "333333"):
            client.expect(NOW)
            client.sendline(answer)
    for client, status in clients:
        client.expect("incorrect password attempt" if b"sudo" in client.args else
                      r"No code can be sent now\. Try again later\.\s")
        assert ended(client) == status and "in-the-shell" not in client.before
    assert sent(sim) == 3
    for service in ("sshd", "sudo", "su"):
        assert log.last(f"user=alice service={service} .*reason=send-limit .*3/10m is reached")


def test_su_without_use_uid_counts_for_the_target(start):
    start()
    harness.users_map()
    harness.use_example("su", "su", options="")
    client = by_su()
    client.expect(PROMPT)
    client.close(force=True)
    assert harness.wait_until(lambda: harness.helper_processes() == [])
    assert rows() == [("bob", "", True)]
