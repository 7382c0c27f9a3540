# SPDX-License-Identifier: BSD-3-Clause
"""Two providers: the next one sends if a send certainly did not happen; if it may have, the user decides."""
import pytest

import harness

BOTH = "providers = signalwire, bandwidth"


@pytest.fixture
def two(start):
    """SignalWire and Bandwidth, a simulator each: two("send-500", swmfa="...") breaks SignalWire,
    second= Bandwidth."""
    def begin(*faults, second=(), swmfa="", **keywords):
        first = start(*[word for fault in faults for word in ("--fault", fault)])
        other = start(*[word for fault in second for word in ("--fault", fault)], name="2")
        harness.configure(first, bandwidth=other, swmfa=f"{BOTH}\n{swmfa}", **keywords)
        return first, other

    return begin


def down(simulator):
    """Nobody listens where this simulator was."""
    simulator.endpoint = f"https://localhost:{harness.closed_port()}"


def connections(simulator):
    return {connection for _, _, connection in simulator.requests()}


# ---- Bandwidth alone ----

@pytest.mark.parametrize("channel, path", [("sms", "messaging"), ("call", "voice")])
def test_bandwidth_alone_sends_and_verifies(sim, log, channel, path):
    harness.configure(sim, bandwidth=sim, swmfa=f"providers = bandwidth\nchannel = {channel}")
    out = harness.pamhost(harness.alone())
    assert out.result == "PAM_SUCCESS"
    base = "/api/v1/accounts/test-account/code/"
    assert [row[:2] for row in sim.requests()] == [(base + path, "200"), (base + "verify", "200")]
    assert len(connections(sim)) == 1
    line = log.last("result=success")
    assert f"channel={channel} provider=bandwidth request=" in line and "request=- " not in line


@pytest.mark.parametrize("channel", ["sms", "call"])
def test_both_spellings_of_bandwidth_ids_are_read(start, log, channel):
    sim = start("--fault", "send-old-spelling")
    harness.configure(sim, bandwidth=sim, swmfa=f"providers = bandwidth\nchannel = {channel}")
    out = harness.pamhost(harness.alone(), answers=["@fail"])  # the fault sends no message
    assert "sent by" in out.prompts[0]
    assert "request=- " not in log.last("provider=bandwidth")


BANDWIDTH_SENDS = [
    ("send-401", "PAM_AUTHINFO_UNAVAIL", "credentials", "answered 401: .*check username and password"),
    ("send-402", "PAM_AUTHINFO_UNAVAIL", "no-credit", "answered 402: Payment Required "),
    ("send-403", "PAM_AUTHINFO_UNAVAIL", "forbidden", "answered 403: Forbidden"),
    ("send-404", "PAM_AUTHINFO_UNAVAIL", "not-found", "check account_id"),
    ("send-422", "PAM_AUTH_ERR", "provider-refused", "answered 400: "),
    ("send-429", "PAM_AUTHINFO_UNAVAIL", "provider-limit", "answered 429"),
    ("send-500", "PAM_AUTHINFO_UNAVAIL", "provider-error", "answered 500"),
    ("send-refused", "PAM_AUTHINFO_UNAVAIL", "bad-answer", "messageId must be an id"),
    ("send-garbage", "PAM_AUTHINFO_UNAVAIL", "bad-answer", "not JSON"),
    ("send-bad-id", "PAM_AUTHINFO_UNAVAIL", "bad-answer", "messageId must be an id"),
    ("send-string-true", "PAM_AUTHINFO_UNAVAIL", "bad-answer", "messageId must be an id"),
    ("send-duplicate", "PAM_AUTHINFO_UNAVAIL", "bad-answer", "has a key twice"),
    ("send-wrong-id-key", "PAM_AUTHINFO_UNAVAIL", "bad-answer", "messageId must be an id"),
    ("send-redirect", "PAM_AUTHINFO_UNAVAIL", "bad-answer", "answered 302"),
    ("send-escapes", "PAM_AUTH_ERR", "provider-refused", "033"),
]

BANDWIDTH_VERIFIES = [
    ("verify-401", "PAM_AUTHINFO_UNAVAIL", "credentials", "answered 401"),
    ("verify-403", "PAM_AUTHINFO_UNAVAIL", "forbidden", "answered 403"),
    ("verify-404", "PAM_AUTHINFO_UNAVAIL", "not-found", "answered 404"),
    ("verify-422", "PAM_AUTH_ERR", "provider-refused", "answered 400"),
    ("verify-429", "PAM_AUTHINFO_UNAVAIL", "provider-limit", "answered 429"),
    ("verify-500", "PAM_AUTHINFO_UNAVAIL", "provider-error", "answered 500"),
    ("verify-reset", "PAM_AUTHINFO_UNAVAIL", "network", "https://localhost:"),
    ("verify-string-true", "PAM_AUTHINFO_UNAVAIL", "bad-answer", "valid must be true or false"),
    ("verify-string-false", "PAM_AUTHINFO_UNAVAIL", "bad-answer", "valid must be true or false"),
    ("verify-valid-one", "PAM_AUTHINFO_UNAVAIL", "bad-answer", "valid must be true or false"),
    ("verify-null", "PAM_AUTHINFO_UNAVAIL", "bad-answer", "valid must be true or false"),
    ("verify-missing", "PAM_AUTHINFO_UNAVAIL", "bad-answer", "valid must be true or false"),
    ("verify-array", "PAM_AUTHINFO_UNAVAIL", "bad-answer", "not a JSON object"),
    ("verify-duplicate", "PAM_AUTHINFO_UNAVAIL", "bad-answer", "has a key twice"),
    ("verify-empty", "PAM_AUTHINFO_UNAVAIL", "bad-answer", "not JSON"),
]


@pytest.mark.parametrize("fault, code, reason, detail", BANDWIDTH_SENDS + BANDWIDTH_VERIFIES,
                         ids=[row[0] for row in BANDWIDTH_SENDS + BANDWIDTH_VERIFIES])
def test_a_bandwidth_error_denies_and_is_logged(start, log, sms_only, fault, code, reason, detail):
    sim = start("--fault", fault)
    harness.configure(sim, bandwidth=sim, swmfa="providers = bandwidth\nfail = safe\nfail_on = limit")
    out = harness.pamhost(harness.between_permits(), answers=["@code"] * 3)
    if fault == "send-429": # the only one that this fail_on names
        assert out.result == "PAM_SUCCESS"
    else:
        assert out.result == code
    assert log.last(f"reason={reason} .*provider=bandwidth .*detail=.*{detail}")
    # After a reset of the connection that was kept, the code is typed again: a verify for each.
    assert sim.count("verify") == (2 if fault == "verify-reset" else fault.startswith("verify"))


def test_the_limit_of_bandwidth_on_wrong_codes_lets_nobody_in(sim, log):
    """The 429 that wrong codes bring about, with the widest fail_on."""
    harness.configure(sim, bandwidth=sim, swmfa="providers = bandwidth\ntries = 10\nfail = safe\n"
                      "fail_on = network, server, limit, credentials")
    assert harness.pamhost(harness.between_permits(), answers=["@wrong"] * 10).result == "PAM_MAXTRIES"
    out = harness.pamhost(harness.between_permits(), answers=["@wrong"] * 10)
    assert out.result == "PAM_AUTHINFO_UNAVAIL"
    assert "reason=provider-limit" in log.last("exceeded verification attempts")


def test_a_bandwidth_code_of_one_login_does_not_work_in_another(sim, log):
    harness.configure(sim, bandwidth=sim, swmfa="providers = bandwidth")
    assert harness.pamhost(harness.alone(), answers=["@fail"]).result == "PAM_CONV_ERR"
    other = harness.wait_for_code(harness.NUMBERS["alice"])
    out = harness.pamhost(harness.alone(), answers=[other, "@code"])
    assert out.result == "PAM_SUCCESS"
    assert "Wrong code" in out.prompts[1] and "tries=2" in log.last("result=success")


def test_bandwidth_offers_no_channel_without_its_application(sim, log):
    harness.configure(sim, bandwidth=sim, swmfa="providers = bandwidth")
    text = harness.CONF.read_text().replace("voice_application_id = demo-voice\n", "")
    harness.write(harness.CONF, text)
    out = harness.pamhost(harness.alone(), answers=["call", "@code"])
    assert out.result == "PAM_SUCCESS"
    assert "Type resend." in out.prompts[0] and "not available" in out.prompts[1]
    assert sim.count("voice") == 0
    harness.users_map(f"alice {harness.NUMBERS['alice']} call\n")
    out = harness.pamhost(harness.between_permits())
    harness.users_map()
    assert out.result == "PAM_SERVICE_ERR" and out.prompts == []
    assert log.last("reason=configuration channel=call .*no provider in providers can send")


# ---- the next provider ----

CERTAINLY_NOT_SENT = {
    "send-401": "credentials", "send-402": "no-credit", "send-403": "forbidden",
    "send-404": "not-found",
    "send-422": "provider-refused", "send-429": "provider-limit",
    "send-429-negative": "provider-limit", "send-429-huge": "provider-limit",
    "send-500": "provider-error", "send-refused": "not-queued", "send-garbage": "bad-answer",
    "send-bad-id": "bad-answer", "send-other-to": "bad-answer", "send-other-channel": "bad-answer",
    "send-string-true": "bad-answer", "send-trailing": "bad-answer", "send-endless": "bad-answer",
    "send-redirect": "bad-answer", "send-escapes": "provider-refused",
}


@pytest.mark.parametrize("fault", CERTAINLY_NOT_SENT)
def test_after_a_refused_send_the_next_provider_sends(two, log, fault):
    first, second = two(fault)
    out = harness.pamhost(harness.alone())
    assert out.result == "PAM_SUCCESS"
    assert out.prompts[0].startswith("Code sent by SMS to the number ending in 82.")
    assert len(first.requests()) == 1, "a send is not repeated"
    assert len(second.requests()) == 2 and len(connections(second)) == 1
    line = log.last("result=success")
    assert f'provider=bandwidth request=' in line and " sends=2 " in line
    assert f'detail="signalwire {CERTAINLY_NOT_SENT[fault]}: ' in line
    assert all(" " <= character <= "~" for character in line)
    assert line.startswith("<84>"), "authpriv, warning: somebody should look at it"


def test_an_outage_of_signalwire_costs_only_a_failed_connection(two, log):
    first, second = two()
    down(first)
    harness.configure(first, bandwidth=second, swmfa=BOTH)
    assert harness.pamhost(harness.alone()).result == "PAM_SUCCESS"
    assert first.requests() == []
    assert len(second.requests()) == 2 and len(connections(second)) == 1
    assert log.last('provider=bandwidth .*detail="signalwire network: .*connect')


@pytest.mark.parametrize("certificate", ["expired", "self-signed", "other-host"])
def test_after_a_wrong_certificate_the_next_provider_sends(start, log, certificate):
    first = start("--certificate", certificate)
    second = start(name="2")
    harness.configure(first, bandwidth=second, swmfa=BOTH)
    assert harness.pamhost(harness.alone()).result == "PAM_SUCCESS"
    assert first.requests() == []
    assert log.last('provider=bandwidth .*detail="signalwire tls: ')


def test_providers_are_used_in_the_configured_order(two):
    first, second = two()
    text = harness.CONF.read_text().replace(BOTH, "providers = bandwidth, signalwire")
    harness.write(harness.CONF, text)
    assert harness.pamhost(harness.alone()).result == "PAM_SUCCESS"
    assert first.requests() == [] and len(second.requests()) == 2


def without(key):
    """Takes a key of [bandwidth] away."""
    lines = harness.CONF.read_text().splitlines(keepends=True)
    harness.write(harness.CONF, "".join(line for line in lines if not line.startswith(f"{key} = ")))


def test_a_provider_without_the_channel_uses_another_channel_of_the_user(two, log):
    first, second = two("send-500")
    without("messaging_application_id")
    out = harness.pamhost(harness.alone())
    assert out.result == "PAM_SUCCESS" and "sent by voice call" in out.prompts[0]
    assert log.last("result=success .*channel=call provider=bandwidth .*signalwire provider-error")


@pytest.mark.parametrize("fail", ["secure", "safe"])
def test_a_provider_without_any_channel_of_the_user_is_passed_over(two, log, fail):
    first, second = two("send-500", swmfa=f"fail = {fail}")
    without("messaging_application_id")
    harness.users_map(f"alice {harness.NUMBERS['alice']} sms\n")
    out = harness.pamhost(harness.between_permits())
    harness.users_map()
    assert out.result == ("PAM_SUCCESS" if fail == "safe" else "PAM_AUTHINFO_UNAVAIL")
    assert second.requests() == [] and out.prompts == []
    assert log.last("bandwidth lacks: messaging_application_id")


@pytest.mark.parametrize("lines, answers", [("autosend = yes\ntimeout = 4", ["call", "123456", "123456"]),
                                            ("autosend = no", ["call", "123456", "123456"])])
def test_no_word_skips_a_provider_that_could_still_send(two, log, lines, answers):
    """Bandwidth works, for SMS alone; a user who types call must not pass as in an outage of both."""
    first, second = two("send-stall", swmfa=f"fail = safe\nresend_delay = 0\n{lines}")
    if "no" in lines:
        down(first)
        harness.configure(first, bandwidth=second, swmfa=f"{BOTH}\nfail = safe\n{lines}")
    without("voice_application_id")
    out = harness.pamhost(harness.between_permits(), answers=answers)
    assert out.result != "PAM_SUCCESS"
    assert not [line for line in log.ours() if "fail = safe" in line]


def test_resend_works_after_a_word_that_cannot_send(two, log):
    """SignalWire gave no answer and then goes down; Bandwidth has SMS alone."""
    first, second = two("send-reset", swmfa="resend_delay = 0\ntimeout = 4")
    without("voice_application_id")
    out = harness.pamhost(harness.alone(), answers=["call", "resend", "@code"])
    assert out.result == "PAM_SUCCESS"
    assert "may still arrive by voice call" in out.prompts[1] or \
        out.prompts[1].startswith("No code could be sent by voice call. Type resend")
    assert log.last("result=success .*channel=sms provider=bandwidth")


@pytest.mark.parametrize("fault", ["verify-500", "verify-reset", "verify-401", "verify-garbage",
                                   "verify-429"])
def test_if_a_provider_cannot_verify_its_code_the_next_one_sends_a_new_code(two, log, fault):
    first, second = two(f"signalwire:{fault}", swmfa="resend_delay = 0\ntries = 4")
    out = harness.pamhost(harness.alone(), answers=["@code", "@code", "resend", "@code"])
    assert out.result == "PAM_SUCCESS"
    assert out.prompts[2].split("\\n")[0].endswith("Type resend for a new one.")
    assert len(second.requests()) == 2
    assert log.last("result=success .*provider=bandwidth .*sends=2 .*detail=\"signalwire ")


# ---- a send that may have happened ----

@pytest.mark.parametrize("fault", ["send-stall", "send-reset", "send-slow"])
def test_after_a_send_that_may_have_happened_no_other_provider_sends_unasked(two, log, fault):
    first, second = two(fault, swmfa="timeout = 4\nresend_delay = 0")
    out = harness.pamhost(harness.alone(), answers=["123456", "resend", "@code"])
    assert out.result == "PAM_SUCCESS"
    assert "A code may still arrive by SMS at the number ending in 82" in out.prompts[0]
    assert "cannot be verified" in out.prompts[1] and "resend" in out.prompts[1]
    assert out.prompts[2].startswith("New code sent by SMS")
    assert len(first.requests()) == 1 and len(second.requests()) == 2
    assert log.last("result=success .*provider=bandwidth .* sends=2 .*signalwire network: ")


def test_without_resend_no_second_code_is_sent(two, log):
    first, second = two("send-stall", swmfa="timeout = 4")
    out = harness.pamhost(harness.between_permits(), answers=["123456"] * 3)
    assert out.result == "PAM_AUTHINFO_UNAVAIL"
    assert len(first.requests()) == 1 and second.requests() == []
    assert log.last("result=error reason=network")


def test_a_bandwidth_code_that_arrived_without_an_answer_works(start, log):
    """Its verify needs no id, so the code can be checked although the answer was lost."""
    sim = start("--fault", "send-slow")
    harness.configure(sim, bandwidth=sim, swmfa="providers = bandwidth\ntimeout = 4")
    out = harness.pamhost(harness.alone())
    assert out.result == "PAM_SUCCESS"
    assert "A code may still arrive" in out.prompts[0] and "cannot" not in out.prompts[0]
    assert log.last("result=success reason=verified .*request=- ")


def test_the_deadline_covers_every_attempt_of_a_send(two, log):
    first, second = two("send-slow", swmfa="timeout = 30\ndeadline = 4\nresend_delay = 0")
    out = harness.pamhost(harness.alone(), answers=["resend", "@code"])
    assert out.result == "PAM_SUCCESS"
    assert "may still arrive" in out.prompts[0]
    assert log.last("signalwire network: .*timed out")


# ---- a number that SMS is refused for ----

OFFER = "No code could be sent by SMS. Type call for a code by voice call.\\nCode: "


@pytest.mark.parametrize("provider", ["signalwire", "bandwidth"])
def test_a_refused_sms_offers_a_call_but_does_not_place_it(start, log, provider):
    sim = start("--fault", "send-422-sms")
    harness.configure(sim, bandwidth=sim, swmfa=f"providers = {provider}", limits="user_sends = 1/1d")
    out = harness.pamhost(harness.alone(), answers=["hello", "resend", "123456", "call", "@code"])
    assert out.result == "PAM_SUCCESS", "what was refused does not count, and needs no wait"
    assert out.prompts[:4] == [OFFER] * 4
    assert out.prompts[4] == ("Code sent by voice call to the number ending in 82. "
                              "No code? Type resend or sms.\\nCode: ")
    assert [path.rsplit("/", 1)[1] for path, _, _ in sim.requests()] in (
        ["sms", "sms", "call", "verify"], ["messaging", "messaging", "voice", "verify"])
    assert log.last(f"result=success reason=verified channel=call provider={provider} .*tries=2 sends=3 "
                    f'.*detail="{provider} provider-refused: ')
    again = harness.pamhost(harness.alone(), answers=["@fail"])
    assert again.prompts[0].startswith("No code can be sent now."), "the call has counted"


@pytest.mark.parametrize("fault", ["send-refused", "send-422"])
def test_a_refused_call_after_a_refused_sms_ends_the_login(start, log, fault):
    sim = start("--fault", fault)
    out = harness.pamhost(harness.between_permits(), answers=["call", "@fail"])
    assert out.result == "PAM_AUTH_ERR" and out.prompts == [OFFER]
    assert out.all("message")[-1] == "error No code could be sent. The system log says why."
    assert len(sim.requests()) == 2
    assert log.last("result=denied reason=(provider-refused|not-queued) .*sends=2 ")


# ---- nobody sends ----

COVERED = [  # SignalWire's fault, Bandwidth's, lines, whether it passes
    ("down", "down", "fail = secure", False),
    ("down", "down", "fail = safe", True),
    ("send-500", "down", "fail = safe", True),
    ("send-500", "send-500", "fail = safe\nfail_on = network", False),
    ("down", "send-500", "fail = safe\nfail_on = server", False),
    ("send-429", "down", "fail = safe", False),
    ("send-429", "down", "fail = safe\nfail_on = network, limit", True),
    ("send-401", "send-403", "fail = safe", False),
    ("send-401", "send-403", "fail = safe\nfail_on = credentials", True),
    ("send-401", "down", "fail = safe\nfail_on = credentials", False),
    ("send-garbage", "down", "fail = safe\nfail_on = network, server, limit, credentials", False),
    ("down", "send-garbage", "fail = safe\nfail_on = network, server, limit, credentials", False),
    ("send-refused", "down", "fail = safe\nfail_on = network, server, limit, credentials", False),
    ("send-422", "down", "fail = safe\nfail_on = network, server, limit, credentials", False),
    ("send-402", "down", "fail = safe\nfail_on = network, server, limit, credentials, store", False),
]


@pytest.mark.parametrize("one, other, lines, passes", COVERED,
                         ids=[f"{row[0]}, {row[1]}, {row[2][7:]}" .replace("\n", ", ")
                              for row in COVERED])
def test_with_both_providers_down_secure_denies_and_safe_passes_if_it_covers_both_causes(
        two, log, one, other, lines, passes):
    first, second = two(*[one] if one != "down" else [], second=[other] if other != "down" else [])
    for simulator, fault in ((first, one), (second, other)):
        if fault == "down":
            down(simulator)
    harness.configure(first, bandwidth=second, swmfa=f"{BOTH}\n{lines}")
    out = harness.pamhost(harness.between_permits(), answers=["call"])
    assert out.prompts == [OFFER] * (one in ("send-refused", "send-422"))
    line = log.last("signalwire .*; bandwidth ")
    if passes:
        assert out.result == "PAM_SUCCESS" and out.all("message") == [
            "error The second factor is not available. This login continues without it."]
        assert line.startswith("<84>") and "result=ignored" in line and 'detail="(fail = safe) signalwire' in line
    else:
        assert out.result in ("PAM_AUTHINFO_UNAVAIL", "PAM_AUTH_ERR")
        assert "fail = safe" not in line


def test_fail_safe_returns_pam_ignore(two):
    """Alone in its stack: a module that ignores lets nobody in."""
    first, second = two(swmfa="fail = safe")
    down(first)
    down(second)
    harness.configure(first, bandwidth=second, swmfa=f"{BOTH}\nfail = safe")
    assert harness.pamhost(harness.alone()).result == "PAM_PERM_DENIED"


@pytest.mark.parametrize("reply", ["123456", ""])
def test_fail_safe_passes_nobody_until_every_provider_was_asked(two, log, reply):
    first, second = two("send-stall", swmfa="timeout = 4\nfail = safe")
    out = harness.pamhost(harness.between_permits(), answers=[reply] * (3 if reply else 23))
    assert out.result in ("PAM_AUTHINFO_UNAVAIL", "PAM_MAXTRIES")
    assert second.requests() == []
    assert "fail = safe" not in log.last("result=(error|denied)")


def test_fail_safe_passes_when_every_provider_stalls(two, log):
    first, second = two("send-stall", second=["send-stall"],
                        swmfa="timeout = 4\nfail = safe\nresend_delay = 0")
    out = harness.pamhost(harness.between_permits(), answers=["resend"])
    assert out.result == "PAM_SUCCESS" and len(out.prompts) == 1
    assert log.last("result=ignored reason=network .*fail = safe")


def test_fail_safe_does_not_pass_after_a_delivered_code(sim, log, tmp_path):
    """Wrong guesses spoil the code, and then no other can be sent."""
    good = ('{"id":"0b9e6ab5-95ba-4a7e-a2b0-4cfbbb53f4ab","success":true,"to":"%s","channel":"sms"}'
            % harness.NUMBERS["alice"])

    def gone_and_down(connection):
        server.stop()
        connection.sendall(harness.http(404, '{"error":"Not Found"}', "Connection: close\r\n"))

    server = harness.RawServer(tmp_path, harness.http(200, good), gone_and_down)
    harness.configure(sim, endpoint=server.endpoint, ca_file=server.certificate,
                      swmfa="fail = safe\nresend_delay = 0")
    out = harness.pamhost(harness.between_permits(), answers=["123456", "resend", "123456"])
    assert out.result == "PAM_AUTHINFO_UNAVAIL"
    assert "fail = safe" not in log.last("result=error reason=network")
    # Had the outage come before the first code, it would have passed.
    assert harness.pamhost(harness.between_permits()).result == "PAM_SUCCESS"
    assert log.last("result=ignored reason=network .*fail = safe")
