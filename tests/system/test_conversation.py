# SPDX-License-Identifier: BSD-3-Clause
"""What a user can type instead of a code, and the texts that follow."""
import re

import pytest

import harness

ALICE = harness.NUMBERS["alice"]


@pytest.fixture
def map_line():
    """Gives alice a line of her own in the map."""
    yield lambda rest: harness.users_map(f"alice {rest}\n")
    harness.users_map()


def paths(sim):
    return [path.rsplit("/", 1)[1] for path, _, _ in sim.requests()]


def test_resend_sends_a_new_code_by_the_same_channel(start, log):
    sim = start(swmfa="resend_delay = 0")
    out = harness.pamhost(harness.alone(), answers=["resend", "@code"])
    assert out.result == "PAM_SUCCESS"
    assert out.prompts == [
        "Code sent by SMS to the number ending in 82. No code? Type resend or call.\\nCode: ",
        "New code sent by SMS to the number ending in 82. Use only this one. "
        "No code? Type resend or call.\\nCode: "]
    assert paths(sim) == ["sms", "sms", "verify"]
    assert "tries=1 sends=2" in log.last("result=success")


def test_call_announces_a_voice_call_and_then_sends_a_new_code(start, log):
    sim = start(swmfa="resend_delay = 0")
    out = harness.pamhost(harness.alone(), answers=["call", "@code"])
    assert out.result == "PAM_SUCCESS"
    assert out.all("message") == [
        "info Calling the number ending in 82. This can take a few seconds."]
    assert out.lines.index(f"message {out.all('message')[0]}") == 1, "before the second prompt"
    assert "New code sent by voice call" in out.prompts[1]
    assert paths(sim) == ["sms", "call", "verify"]
    assert "channel=call" in log.last("result=success")


@pytest.mark.parametrize("provider", ["signalwire", "bandwidth"])
def test_after_call_only_the_code_of_the_call_works(sim, log, provider):
    harness.configure(sim, bandwidth=sim, swmfa=f"providers = {provider}\nresend_delay = 0")
    out = harness.pamhost(harness.alone(), answers=["call", "@older", "@code"])
    assert out.result == "PAM_SUCCESS"
    assert [line.split()[1] for line in harness.messages(ALICE)] == ["sms", "call"]
    assert "Wrong code" in out.prompts[2]
    assert "tries=2" in log.last("result=success")


@pytest.mark.parametrize("word", ["?", "help", "HELP", "  Help "])
def test_help_lists_what_can_be_typed_and_uses_no_attempt(start, log, word):
    sim = start(swmfa="tries = 1")
    out = harness.pamhost(harness.alone(), answers=[word, "@code"])
    assert out.result == "PAM_SUCCESS"
    for words in ("resend  for a new code by SMS", "call    for a new code by voice call",
                  "Tries left: 1."):
        assert words in out.prompts[1]
    assert paths(sim) == ["sms", "verify"]
    assert "tries=1 sends=1" in log.last("result=success")


def test_a_new_code_does_not_reset_the_attempts(start, log):
    sim = start(swmfa="resend_delay = 0\ntries = 3", signalwire="max_attempts = 20")
    out = harness.pamhost(harness.between_permits(),
                          answers=["@wrong", "resend", "@wrong", "call", "@wrong", "@code"])
    assert out.result == "PAM_MAXTRIES" and len(out.prompts) == 5
    assert sim.count("verify") == 3
    assert "reason=tries-used" in log.last("result=denied.*tries=3 sends=3")


def test_a_new_code_does_not_reset_the_attempts_at_the_provider(start):
    sim = start(swmfa="resend_delay = 0\ntries = 10", signalwire="max_attempts = 2")
    out = harness.pamhost(harness.between_permits(), answers=["@wrong", "resend", "@wrong", "@code"])
    assert out.result == "PAM_MAXTRIES"
    assert sim.count("verify") == 2


def test_a_resend_requested_too_soon_says_how_long_to_wait(start):
    sim = start(swmfa="resend_delay = 600")
    out = harness.pamhost(harness.alone(), answers=["resend", "call", "@code"])
    assert out.result == "PAM_SUCCESS"
    for prompt in out.prompts[1:]:
        assert prompt in [f"You can request a new code in {n} seconds.\\nCode: " for n in range(500, 601)]
    assert paths(sim) == ["sms", "verify"]


def test_the_resend_delay_starts_at_the_last_send(start):
    sim = start(swmfa="resend_delay = 1")
    out = harness.pamhost(harness.alone(), answers=["123456~", "resend", "@code"])
    assert out.result == "PAM_SUCCESS" and paths(sim).count("sms") == 2


def test_a_login_sends_at_most_five_codes(start, log):
    sim = start(swmfa="resend_delay = 0")
    out = harness.pamhost(harness.alone(), answers=["resend"] * 4 + ["?", "resend", "call", "@code"])
    assert out.result == "PAM_SUCCESS"
    assert "No code?" not in out.prompts[4] and "resend" not in out.prompts[5]
    assert out.prompts[6].startswith("No more codes can be sent in this login.")
    assert paths(sim).count("sms") == 5 and paths(sim).count("call") == 0
    assert "sends=5" in log.last("result=success")


def test_words_without_a_code_end_the_login_eventually(start, log):
    start()
    out = harness.pamhost(harness.between_permits(), answers=["?"] * 30)
    assert out.result == "PAM_MAXTRIES" and len(out.prompts) == 23
    assert "tries=3 sends=1" in log.last("result=denied")


@pytest.mark.parametrize("last", ["", "resend", "call"])
def test_a_word_that_uses_the_last_attempt_sends_nothing(start, last):
    """The word that uses the last try up does nothing else."""
    sim = start(swmfa="autosend = no\ntries = 1")
    out = harness.pamhost(harness.between_permits(), answers=["?"] * 20 + [last])
    assert out.result == "PAM_MAXTRIES" and sim.requests() == []
    sim = start(swmfa="tries = 1\nresend_delay = 0")
    out = harness.pamhost(harness.between_permits(), answers=["?"] * 20 + [last])
    assert out.result == "PAM_MAXTRIES" and paths(sim) == ["sms"]


# ---- the channels of the map ----

def test_a_number_without_sms_is_called_at_once(start, map_line):
    sim = start(swmfa="resend_delay = 0")
    map_line(f"{ALICE} call")
    out = harness.pamhost(harness.alone(), answers=["sms", "?", "resend", "@code"])
    assert out.result == "PAM_SUCCESS"
    assert out.lines[0] == "message info Calling the number ending in 82. This can take a few seconds."
    assert out.prompts[0].endswith("No code? Type resend.\\nCode: ")
    assert out.prompts[1] == "Codes by SMS are not available.\\nCode: "
    assert "sms" not in out.prompts[2]
    assert paths(sim) == ["call", "call", "verify"]


def test_a_number_for_sms_alone_is_never_called(start, map_line):
    sim = start(swmfa="channel = call\nresend_delay = 0")
    map_line(f"{ALICE} sms")
    out = harness.pamhost(harness.alone(), answers=["call", "@code"])
    assert out.result == "PAM_SUCCESS" and out.all("message") == []
    assert "call" not in out.prompts[0] and "not available" in out.prompts[1]
    assert paths(sim) == ["sms", "verify"]


def test_the_first_channel_in_the_users_map_is_used_first(start, map_line):
    sim = start(swmfa="resend_delay = 0")
    map_line(f"{ALICE} call,sms")
    out = harness.pamhost(harness.alone(), answers=["sms", "@code"])
    assert out.result == "PAM_SUCCESS" and paths(sim) == ["call", "sms", "verify"]


# ---- codes that are no more ----

def test_after_an_expired_code_the_user_can_request_a_new_one(start, log):
    start(signalwire="valid_for = 1", swmfa="resend_delay = 0")
    out = harness.pamhost(harness.alone(), answers=["@code~", "@code", "resend", "@code"])
    assert out.result == "PAM_SUCCESS"
    assert out.prompts[1] == "The code has expired. Type resend for a new one.\\nCode: "
    line = log.last("result=success")
    assert "tries=3 sends=2" in line and "detail" not in line


def test_a_code_unknown_to_the_provider_is_verified_only_once(start, log):
    sim = start("--fault", "verify-404", swmfa="resend_delay = 0")
    out = harness.pamhost(harness.between_permits(), answers=["@code"] * 3)
    assert out.result == "PAM_AUTH_ERR" and sim.count("verify") == 1
    assert "no longer valid. Type resend" in out.prompts[1]
    assert log.last("reason=code-void .*tries=3 sends=1 .*answered 404")


def test_after_a_failed_resend_the_first_code_still_works(sim, log, tmp_path):
    """The first code is still good when no second one can be sent."""
    identity = "0b9e6ab5-95ba-4a7e-a2b0-4cfbbb53f4ab"
    good = '{"id":"%s","success":true,"to":"%s","channel":"sms"}' % (identity, ALICE)
    server = harness.RawServer(tmp_path, harness.http(200, good), harness.http(500, "{}"),
                               harness.http(200, '{"success":true}'))
    harness.configure(sim, endpoint=server.endpoint, ca_file=server.certificate,
                      swmfa="resend_delay = 0\nfail = safe")
    out = harness.pamhost(harness.alone(), answers=["resend", "123456"])
    assert out.result == "PAM_SUCCESS"
    assert out.prompts[1].startswith("No new code could be sent. The previous code")
    assert server.requests[2].endswith(f"/mfa/{identity}/verify")
    assert log.last("result=success reason=verified .*sends=2 .*signalwire provider-error")


# ---- nobody can tell who is in the map ----

def test_words_do_not_reveal_who_is_in_the_map(start, log):
    start(swmfa="resend_delay = 0\ntries = 4", signalwire="max_attempts = 20")
    answers = ["resend", "?", "call", "123456", "sms", "call", "hello", "resend", "resend",
               "123456", "", "123456", "123456"]
    outs = [harness.pamhost(harness.between_permits(), user, answers=answers) for user in ("alice", "carol")]
    shown = [[re.sub(r"ending in \d\d", "ending in NN", line)
              for line in out.lines if not line.startswith("delay")] for out in outs]
    assert shown[0] == shown[1]
    assert "sends=0" in log.last("user=carol")


def test_an_expired_code_does_not_reveal_who_is_in_the_map(start):
    start(signalwire="valid_for = 1", swmfa="resend_delay = 0\ntries = 2")
    answers = ["123456~", "resend", "123456~"]
    outs = [harness.pamhost(harness.between_permits(), user, answers=answers) for user in ("alice", "carol")]
    assert [len(out.prompts) for out in outs] == [3, 3]
    for out in outs:
        assert out.result == "PAM_AUTH_ERR"
        assert out.prompts[1].startswith("The code has expired.")


# ---- autosend = no ----

def test_without_autosend_nothing_is_sent_before_an_answer(start, log):
    sim = start(swmfa="autosend = no")
    out = harness.pamhost(harness.between_permits(), answers=["@fail"])
    assert out.result == "PAM_CONV_ERR"
    assert out.all("prompt on") == ["Press Enter to receive a code by SMS at the number ending "
                                    "in 82, or type call: "]
    assert sim.requests() == []
    assert "sends=0" in log.last("reason=conversation")


@pytest.mark.parametrize("answer, path", [("", "sms"), ("  ", "sms"), ("call", "call"),
                                          ("sms", "sms"), ("RESEND", "sms")])
def test_enter_or_a_channel_sends_the_first_code(start, answer, path):
    sim = start(swmfa="autosend = no\ntries = 1")
    out = harness.pamhost(harness.alone(), answers=[answer, "@code"])
    assert out.result == "PAM_SUCCESS"
    assert paths(sim) == [path, "verify"]


@pytest.mark.parametrize("answer", ["@null", "@huge", "@bytes", "123456", harness.PASSWORD, "yes"])
def test_other_text_at_the_first_prompt_sends_nothing(start, log, answer):
    sim = start(swmfa="autosend = no")
    out = harness.pamhost(harness.between_permits(), answers=[answer] * (3 if answer == "123456" else 23))
    assert out.result == "PAM_MAXTRIES" and sim.requests() == []
    assert out.prompts[1].startswith("Nothing has been sent yet.")
    assert out.all("message") == ["error No code was requested."]
    assert "tries=3 sends=0" in log.last("result=denied")


def test_the_first_prompt_echoes_whatever_echo_is_set_to(start):
    start(swmfa="autosend = no\necho = no")
    out = harness.pamhost(harness.alone(), answers=["", "@code"])
    assert [line[:9] for line in out.lines if line.startswith("prompt")] == ["prompt on", "prompt of"]


def test_without_autosend_prompts_do_not_reveal_who_is_in_the_map(start):
    sim = start(swmfa="autosend = no")
    out = harness.pamhost(harness.between_permits(), "carol", answers=["", "123456", "123456", "123456"])
    assert out.result == "PAM_MAXTRIES" and sim.requests() == []
    assert "Press Enter" in out.prompts[0] and "Code sent" in out.prompts[1]


def test_a_user_refused_by_sshd_gets_no_code(start, log):
    sim = start(swmfa="autosend = no")
    out = harness.pamhost(harness.between_permits(), answers=["\b\n\r\x7fINCORRECT"])
    assert out.result == "PAM_AUTH_ERR" and sim.requests() == []
    assert log.last("reason=sshd-denies")
