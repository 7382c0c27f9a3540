# SPDX-License-Identifier: BSD-3-Clause
"""A provider that is down, slow, broken or an impostor: each has its own result, and none lets anybody in."""
import shutil
import subprocess

import pytest

import harness

# A send that goes wrong: the fault, the PAM code, reason= and what detail= holds.
SENDS = [
    ("send-refused", "PAM_AUTH_ERR", "not-queued", "success is false"),
    ("send-401", "PAM_AUTHINFO_UNAVAIL", "credentials", "401: Unauthorized"),
    ("send-402", "PAM_AUTHINFO_UNAVAIL", "no-credit", "402: Payment Required; check the account's balance"),
    ("send-403", "PAM_AUTHINFO_UNAVAIL", "forbidden", "403: Forbidden"),
    ("send-404", "PAM_AUTHINFO_UNAVAIL", "not-found", "404: Not Found"),
    ("send-422", "PAM_AUTH_ERR", "provider-refused", "answered 422; .*; "),
    ("send-429", "PAM_AUTHINFO_UNAVAIL", "provider-limit", "answered 429"),
    ("send-500", "PAM_AUTHINFO_UNAVAIL", "provider-error", "500: Internal Server Error"),
    ("send-garbage", "PAM_AUTHINFO_UNAVAIL", "bad-answer", "not JSON"),
    ("send-bad-id", "PAM_AUTHINFO_UNAVAIL", "bad-answer", "id must be a UUID"),
    ("send-other-to", "PAM_AUTHINFO_UNAVAIL", "bad-answer", "to is not the requested number"),
    ("send-other-channel", "PAM_AUTHINFO_UNAVAIL", "bad-answer", "channel is not sms"),
    ("send-string-true", "PAM_AUTHINFO_UNAVAIL", "bad-answer", "success must be true or false"),
    ("send-duplicate", "PAM_AUTHINFO_UNAVAIL", "bad-answer", "has a key twice"),
    ("send-trailing", "PAM_AUTHINFO_UNAVAIL", "bad-answer", "not JSON"),
    ("send-endless", "PAM_AUTHINFO_UNAVAIL", "bad-answer", "longer than 65536 bytes"),
    ("send-redirect", "PAM_AUTHINFO_UNAVAIL", "bad-answer", "answered 302"),
    ("send-escapes", "PAM_AUTH_ERR", "provider-refused", "033"),
]

# A verify that goes wrong.
VERIFIES = [
    ("verify-401", "PAM_AUTHINFO_UNAVAIL", "credentials", "401: Unauthorized"),
    ("verify-402", "PAM_AUTHINFO_UNAVAIL", "no-credit", "402: Payment Required"),
    ("verify-403", "PAM_AUTHINFO_UNAVAIL", "forbidden", "403: Forbidden"),
    ("verify-404", "PAM_AUTH_ERR", "code-void", "answered 404"),
    ("verify-422", "PAM_AUTH_ERR", "provider-refused", "answered 422"),
    ("verify-429", "PAM_AUTHINFO_UNAVAIL", "provider-limit", "answered 429"),
    ("verify-500", "PAM_AUTHINFO_UNAVAIL", "provider-error", "500: Internal Server Error"),
    ("verify-garbage", "PAM_AUTHINFO_UNAVAIL", "bad-answer", "not JSON"),
    ("verify-string-true", "PAM_AUTHINFO_UNAVAIL", "bad-answer", "must be true or false"),
    ("verify-null", "PAM_AUTHINFO_UNAVAIL", "bad-answer", "must be true or false"),
    ("verify-duplicate", "PAM_AUTHINFO_UNAVAIL", "bad-answer", "has a key twice"),
    ("verify-empty", "PAM_AUTHINFO_UNAVAIL", "bad-answer", "not JSON"),
    ("verify-trailing", "PAM_AUTHINFO_UNAVAIL", "bad-answer", "not JSON"),
]


def assert_outcome(log, out, code, reason, detail):
    assert out.result == code
    line = log.last(f"reason={reason} .*detail=.*{detail}")
    assert all(" " <= character <= "~" for character in line)
    assert out.one("state") == "unchanged"


@pytest.mark.parametrize("fault, code, reason, detail", SENDS, ids=[row[0] for row in SENDS])
def test_a_failed_send_denies_and_logs_why(start, log, sms_only, fault, code, reason, detail):
    sim = start("--fault", fault)
    out = harness.pamhost(harness.between_permits(), answers=["@code"])
    assert out.prompts == []
    assert_outcome(log, out, code, reason, detail)
    assert len(sim.requests()) == 1, "a send is not repeated"


@pytest.mark.parametrize("fault, code, reason, detail", VERIFIES, ids=[row[0] for row in VERIFIES])
def test_a_failed_verify_denies_and_is_never_repeated(start, log, fault, code, reason, detail):
    sim = start("--fault", fault)
    out = harness.pamhost(harness.between_permits(), answers=["@code"] * 3)
    assert_outcome(log, out, code, reason, detail)
    assert sim.count("verify") == 1, "a verify is not repeated"


@pytest.mark.parametrize("fault", ["send-stall", "verify-stall"])
def test_a_stalled_provider_is_abandoned_after_the_timeout(start, log, fault):
    start("--fault", fault, swmfa="timeout = 4")
    out = harness.pamhost(harness.between_permits(), answers=["123456"] * 3)
    assert_outcome(log, out, "PAM_AUTHINFO_UNAVAIL", "network", "timed out")


@pytest.mark.parametrize("fault", ["send-slow", "verify-slow"])
def test_a_slow_provider_is_waited_for(start, fault):
    start("--fault", fault)
    assert harness.pamhost(harness.alone()).result == "PAM_SUCCESS"


def test_a_provider_that_closes_the_connection_is_reconnected(start):
    sim = start("--fault", "close-after-send")
    assert harness.pamhost(harness.alone()).result == "PAM_SUCCESS"
    assert sim.count("verify") == 1


def test_the_user_never_sees_text_of_the_provider(start):
    start("--fault", "send-escapes")
    out = harness.pamhost(harness.alone(), answers=["call"])
    assert out.prompts == ["No code could be sent by SMS. Type call for a code by voice call.\\nCode: "]
    assert out.all("message") == [
        "info Calling the number ending in 82. This can take a few seconds.",
        "error No code could be sent. The system log says why."]


def test_an_unreachable_provider_returns_pam_authinfo_unavail(sim, log):
    sim.endpoint = f"https://localhost:{harness.closed_port()}"
    harness.configure(sim)
    out = harness.pamhost(harness.between_permits())
    assert_outcome(log, out, "PAM_AUTHINFO_UNAVAIL", "network", "connect to localhost")


def test_an_unresolvable_name_returns_pam_authinfo_unavail(sim, log):
    harness.configure(sim, endpoint=None, space="no-such-space")
    out = harness.pamhost(harness.between_permits())
    assert_outcome(log, out, "PAM_AUTHINFO_UNAVAIL", "network", "no-such-space.signalwire.com")


@pytest.mark.parametrize("swmfa, code", [("fail = secure", "PAM_AUTHINFO_UNAVAIL"),
                                         ("fail = safe", "PAM_SUCCESS")])
def test_fail_decides_the_result_of_an_outage(sim, log, swmfa, code):
    sim.endpoint = f"https://localhost:{harness.closed_port()}"
    harness.configure(sim, swmfa=swmfa)
    assert harness.pamhost(harness.between_permits()).result == code
    assert log.last("result=ignored.*fail = safe" if "safe" in swmfa else "result=error")


@pytest.mark.parametrize("fault, code", [("send-500", "PAM_SUCCESS"), ("verify-500", "PAM_SUCCESS"),
                                         ("send-401", "PAM_AUTHINFO_UNAVAIL"),
                                         ("send-refused", "PAM_AUTH_ERR"),
                                         ("send-garbage", "PAM_AUTHINFO_UNAVAIL"),
                                         ("verify-404", "PAM_AUTH_ERR"),
                                         ("verify-string-true", "PAM_AUTHINFO_UNAVAIL")])
def test_fail_safe_covers_only_an_outage(start, sms_only, fault, code):
    start("--fault", fault, swmfa="fail = safe")
    assert harness.pamhost(harness.between_permits(), answers=["@code"] * 3).result == code


def test_fail_safe_does_not_cover_an_invalid_address(sim):
    """What can never be reached is a mistake in the configuration, not an outage."""
    for endpoint in ("https://localhost:99999", "https://localhost:0", "https://[:::::]",
                     "https://[1.2]", "https://a..b", "http://localhost"):
        harness.configure(sim, endpoint=endpoint, swmfa="fail = safe")
        assert harness.pamhost(harness.between_permits()).result == "PAM_SERVICE_ERR", endpoint
    harness.configure(sim, endpoint=None, space="a" * 200, swmfa="fail = safe")
    assert harness.pamhost(harness.between_permits()).result == "PAM_SERVICE_ERR"


NO_OUTAGE = {
    "401 cut off": b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 99\r\n\r\n{}",
    "200 cut off": b'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"success":false}',
    "bad chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n",
    "not HTTP": b"SSH-2.0-OpenSSH_9.2\r\n",
    "a client certificate is wanted": None,
}


@pytest.mark.parametrize("case", NO_OUTAGE)
def test_fail_safe_does_not_cover_a_partial_answer(sim, tmp_path, case):
    answer = NO_OUTAGE[case]
    server = harness.RawServer(tmp_path, answer or b"", client_certificate=answer is None)
    harness.configure(sim, swmfa="fail = safe", endpoint=server.endpoint, ca_file=server.certificate)
    out = harness.pamhost(harness.between_permits(), answers=["123456"] * 3)
    assert out.result == "PAM_AUTHINFO_UNAVAIL"


def test_fail_safe_does_not_cover_a_wrong_code(start):
    start(swmfa="fail = safe")
    assert harness.pamhost(harness.between_permits(), answers=["@wrong"] * 3).result == "PAM_MAXTRIES"


@pytest.mark.parametrize("certificate, words", [("expired", "expired"),
                                                ("self-signed", "self.signed"),
                                                ("other-host", "localhost")])
@pytest.mark.parametrize("fail", ["secure", "safe"])
def test_a_bad_certificate_is_refused(start, log, certificate, words, fail):
    sim = start("--certificate", certificate, swmfa=f"fail = {fail}")
    out = harness.pamhost(harness.between_permits())
    assert_outcome(log, out, "PAM_AUTHINFO_UNAVAIL", "tls", words)
    assert sim.requests() == []


def test_without_ca_file_the_system_authorities_are_trusted(sim, log):
    harness.configure(sim, ca_file=None)
    assert harness.pamhost(harness.alone()).result == "PAM_AUTHINFO_UNAVAIL"
    shutil.copy(harness.CA, "/usr/local/share/ca-certificates/swmfa-test.crt")
    subprocess.run(["update-ca-certificates"], check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    try:
        assert harness.pamhost(harness.alone()).result == "PAM_SUCCESS"
        # ... and with it they are not: another authority's file, although the system's would do.
        other = "/etc/ssl/certs/ca-certificates.crt"
        first = open(other, encoding="ascii").read().split("-----END CERTIFICATE-----")[0]
        harness.write(harness.WORK / "other.pem", first + "-----END CERTIFICATE-----\n", 0o644)
        harness.configure(sim, ca_file=harness.WORK / "other.pem")
        assert harness.pamhost(harness.alone()).result == "PAM_AUTHINFO_UNAVAIL"
        assert "reason=tls" in log.last("result=error")
    finally:
        subprocess.run(["rm", "/usr/local/share/ca-certificates/swmfa-test.crt"], check=True)
        subprocess.run(["update-ca-certificates"], check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)


def test_wrong_credentials_are_logged_as_such(sim, log):
    harness.configure(sim, api_token="PT-another-token")
    out = harness.pamhost(harness.between_permits())
    assert_outcome(log, out, "PAM_AUTHINFO_UNAVAIL", "credentials", "401: Unauthorized")
    assert not any("PT-another-token" in line for line in log.lines)


def test_hundreds_of_simultaneous_logins_succeed(sim):
    harness.users_map("".join(f"u{n} +1555010{n:04d}\n" for n in range(200)))
    service = harness.alone()
    # The last two digits tell the phones apart, so a hundred of them at a time.
    for base in (0, 100):
        running = [harness.start_pamhost(service, f"u{n}", answers=["@code"])
                   for n in range(base, base + 100)]
        outputs = [process.communicate(timeout=harness.PATIENCE)[0] for process in running]
        assert all("result PAM_SUCCESS" in text for text in outputs)
        harness.INBOX.write_text("")
    assert sim.count("verify") == 200
    harness.users_map()
