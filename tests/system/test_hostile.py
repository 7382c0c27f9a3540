# SPDX-License-Identifier: BSD-3-Clause
"""A hostile or broken provider: no answer of it lets anybody in, nothing of it is shown, nothing unprintable is
logged, and the login continues at the next provider or ends."""
import gzip
import socket
import struct
import threading
import time

import pytest

import harness

ALICE = harness.NUMBERS["alice"]
ID = "0b9e6ab5-95ba-4a7e-a2b0-4cfbbb53f4ab"
MARK = "EVIL" # in all that must not be shown


def sent(identity=f'"{ID}"', success="true", to=f'"{ALICE}"', channel='"sms"', more=""):
    """The body of a good answer to a send, with parts of it replaced by other JSON."""
    return f'{{"id":{identity},"success":{success},"to":{to},"channel":{channel}{more}}}'


def redirect(where):
    return harness.http(302, "", f"Location: {where}\r\n")


def raw(head, body=b""):
    return head.replace("\n", "\r\n").encode() + body


def forever(start, piece):
    """Sends a start and then the same piece for as long as the client takes it."""
    def send(connection):
        connection.sendall(start)
        for _ in range(4096):
            connection.sendall(piece)
    return send


def drip(data):
    """Sends one byte a second."""
    def send(connection):
        for byte in data:
            connection.sendall(bytes([byte]))
            time.sleep(1)
    return send


def stall(start):
    def send(connection):
        connection.sendall(start)
        connection.recv(1)
    return send


def reset(connection):
    """The end of a connection without a word, as of a firewall or a crash."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    socket.socket(fileno=connection.detach()).close()


def cut_off(body):
    return raw(f"HTTP/1.1 200 OK\nContent-Length: {len(body) + 10}\n\n", body.encode())


OK_HEAD = "HTTP/1.1 200 OK\nContent-Type: application/json\n"
BOMB = gzip.compress(b"\0" * 20_000_000)

# A whole answer that makes no sense, or a refusal: nothing was sent.
NONSENSE = {
    "a redirect to http": redirect("http://localhost:9/EVIL"),
    "a redirect to another host": redirect("https://evil.example/EVIL"),
    "a redirect to a file": redirect("file:///etc/passwd"),
    "an endless body": forever(raw(OK_HEAD + "\n"), b"EVIL" * 1024),
    "an endless body of a length": forever(raw(OK_HEAD + "Content-Length: 99999999999\n\n"), b"E" * 4096),
    "chunks without end": forever(raw(OK_HEAD + "Transfer-Encoding: chunked\n\n"),
                                  b"4\r\nEVIL\r\n" * 512),
    "headers without end": forever(raw("HTTP/1.1 200 OK\n"), b"X-EVIL: 1\r\n" * 512),
    "one header without end": forever(raw("HTTP/1.1 200 OK\nX-EVIL: "), b"E" * 4096),
    "interim answers without end": forever(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 512),
    "a gzip bomb": raw(f"{OK_HEAD}Content-Encoding: gzip\nContent-Length: {len(BOMB)}\n\n", BOMB),
    "an empty 200": harness.http(200, ""),
    "no content": harness.http(204, ""),
    "HTML": harness.http(200, "<html><body>EVIL</body></html>"),
    "HTML with status 503": harness.http(503, "<html><body>EVIL</body></html>"),
    "text after the JSON": harness.http(200, sent() + "EVIL"),
    "JSON twice": harness.http(200, sent() + sent()),
    "an array": harness.http(200, f"[{sent()}]"),
    "nested 100,000 deep": harness.http(200, '{"a":' * 100_000 + "1" + "}" * 100_000),
    "nested 10,000 deep": harness.http(200, sent(more=',"a":' + "[" * 10_000 + "]" * 10_000)),
    "a NUL in the text": harness.http(200, sent(identity=f'"{ID}\\u0000"')),
    "success is a string true": harness.http(200, sent(success='"true"')),
    "success is a string false": harness.http(200, sent(success='"false"')),
    "success is 1": harness.http(200, sent(success="1")),
    "success is an array": harness.http(200, sent(success="[]")),
    "success is null": harness.http(200, sent(success="null")),
    "success is false": harness.http(200, sent(success="false")),
    "success is missing": harness.http(200, f'{{"id":"{ID}","to":"{ALICE}","channel":"sms"}}'),
    "success twice": harness.http(200, sent(success="false", more=',"success":true')),
    "an id with dots": harness.http(200, sent(identity='"../../../../EVIL/verify?x=aaaaaaaaaaaaa"')),
    "an id with a question mark": harness.http(200, sent(identity=f'"{ID[:-1]}?"')),
    "an id with CRLF": harness.http(200, sent(identity=f'"{ID}\\r\\nEVIL: 1"')),
    "an id of 37 characters": harness.http(200, sent(identity=f'"{ID}a"')),
    "an id of 60,000 characters": harness.http(200, sent(identity='"' + "a" * 60_000 + '"')),
    "an id that is a number": harness.http(200, sent(identity="1")),
    "another number": harness.http(200, sent(to='"+15550100199"')),
    "another channel": harness.http(200, sent(channel='"call"')),
    "escape sequences in an error": harness.http(
        422, '{"errors":[{"detail":"\\u001b[2J\\u001b]0;EVIL\\u0007\\nuser=root result=success"}]}'),
    "raw control characters in an error": harness.http(500, '{"error":"\x1b[31mEVIL\n"}'),
    "a long error": harness.http(400, '{"error":"' + "EVIL" * 15_000 + '"}'),
    "Retry-After of -1": harness.http(429, "{}", "Retry-After: -1\r\n"),
    "Retry-After of 10^12": harness.http(429, "{}", "Retry-After: 1000000000000\r\n"),
    "another protocol": b"SSH-2.0-EVIL\r\n" * 10,
}

# The request went out, and then there is no whole answer: a code may be on its way. By whether an
# answer had begun.
SILENCE = {
    "one byte a second": (drip(harness.http(200, sent())), False),
    "no answer": (stall(b""), False),
    "a reset": (reset, False),
    "closed": (b"", False),
    "a stall in the headers": (stall(raw("HTTP/1.1 200 OK\nX-EVIL: ")), True),
    "a stall after the headers": (stall(raw(OK_HEAD + "Content-Length: 200\n\n")), True),
    "a body of one byte a second": (lambda connection: (
        connection.sendall(raw(OK_HEAD + "Content-Length: 20\n\n")), drip(b"{" * 20)(connection)), True),
    "a body that is cut off": (cut_off(sent()), True),
    "chunks that are none": (raw(OK_HEAD + "Transfer-Encoding: chunked\n\n", b"zz\r\nEVIL\r\n"), True),
}

WIDEST = "fail = safe\nfail_on = network, server, limit, credentials\ntimeout = 4\nresend_delay = 0"


@pytest.fixture
def hostile(sim, tmp_path):
    """Starts a server with these answers as SignalWire, and the simulator as Bandwidth beside it."""
    def begin(answer, swmfa="", **keywords):
        server = harness.RawServer(tmp_path, answer, **keywords)
        harness.configure(sim, bandwidth=sim, endpoint=server.endpoint, ca_file=server.certificate,
                          swmfa=swmfa)
        return server

    return begin


def assert_clean(out, log):
    assert MARK not in out.text
    assert out.one("state") == "unchanged"
    for line in log.ours():
        assert all(" " <= character <= "~" for character in line.rstrip("\n\0")), line
        assert len(line) < 2000


@pytest.mark.parametrize("case", NONSENSE)
def test_after_nonsense_the_next_provider_sends(hostile, sim, log, case):
    server = hostile(NONSENSE[case], swmfa="providers = signalwire, bandwidth\ntimeout = 5")
    out = harness.pamhost(harness.between_permits())
    assert out.result == "PAM_SUCCESS"
    assert out.prompts[0].startswith("Code sent by SMS")
    assert len(server.requests) == 1 and len(sim.requests()) == 2
    assert_clean(out, log)
    assert log.last('result=success reason=verified .*provider=bandwidth .*detail="signalwire ')


@pytest.mark.parametrize("case", [case for case in NONSENSE if case != "HTML with status 503" and
                                  not case.startswith("Retry-After") and case !=
                                  "raw control characters in an error"])
def test_nonsense_lets_nobody_in_whatever_fail_on_says(hostile, sms_only, log, case):
    """But for the statuses that fail_on names."""
    hostile(NONSENSE[case], swmfa=WIDEST.replace("timeout = 4", "timeout = 5"))
    out = harness.pamhost(harness.between_permits())
    assert out.result in ("PAM_AUTHINFO_UNAVAIL", "PAM_AUTH_ERR") and out.prompts == []
    assert_clean(out, log)
    assert "fail = safe" not in log.last("result=(error|denied)")


@pytest.mark.parametrize("case", SILENCE)
def test_after_silence_nobody_else_sends_unasked(hostile, sim, log, case):
    server = hostile(SILENCE[case][0], swmfa="providers = signalwire, bandwidth\ntimeout = 4\n"
                     "resend_delay = 0")
    out = harness.pamhost(harness.between_permits(), answers=["123456", "resend", "@code"])
    assert out.result == "PAM_SUCCESS"
    assert "may still arrive" in out.prompts[0] and "New code sent" in out.prompts[2]
    assert len(server.requests) == 1 and len(sim.requests()) == 2
    assert_clean(out, log)


@pytest.mark.parametrize("case", SILENCE)
def test_silence_is_an_outage_unless_an_answer_has_started(hostile, log, case):
    answer, begun = SILENCE[case]
    hostile(answer, swmfa=WIDEST)
    out = harness.pamhost(harness.between_permits(), answers=["123456"] * 3)
    assert out.result == ("PAM_AUTHINFO_UNAVAIL" if begun else "PAM_SUCCESS")
    assert log.last("reason=bad-answer" if begun else "result=ignored reason=network .*fail = safe")
    assert_clean(out, log)


# ---- the same as answers to a verify ----

VERIFIES = {
    "valid is a string true": harness.http(200, '{"success":"true"}'),
    "valid is a string false": harness.http(200, '{"success":"false"}'),
    "valid is 1": harness.http(200, '{"success":1}'),
    "valid is an array": harness.http(200, '{"success":[]}'),
    "valid is null": harness.http(200, '{"success":null}'),
    "valid is missing": harness.http(200, "{}"),
    "valid twice": harness.http(200, '{"success":false,"success":true}'),
    "valid twice, by an escape": harness.http(200, '{"success":false,"succes\\u0073":true}'),
    "valid in another case": harness.http(200, '{"Success":true}'),
    "valid inside": harness.http(200, '{"a":{"success":true}}'),
    "true and text after it": harness.http(200, '{"success":true}EVIL'),
    "true with status 201": harness.http(201, '{"success":true}'),
    "true with status 302": harness.http(302, '{"success":true}', "Location: https://evil.example/\r\n"),
    "true with status 400": harness.http(400, '{"success":true}'),
    "true, cut off": raw("HTTP/1.1 200 OK\nContent-Length: 99\n\n", b'{"success":true}'),
    "true in chunks that do not end": stall(raw(OK_HEAD + "Transfer-Encoding: chunked\n\n",
                                                b'10\r\n{"success":true}\r\n')),
    "true and a second answer": harness.http(200, '{"success":"x"}') + harness.http(200, '{"success":true}'),
    "two lengths": raw(OK_HEAD + "Content-Length: 15\nContent-Length: 99\n\n", b'{"success":true}'),
}
VERIFIES.update({case: answer for case, answer in NONSENSE.items()
                 if case.startswith(("a redirect", "an endless", "chunks", "a gzip", "an empty",
                                     "HTML", "nested", "escape", "Retry-After", "interim"))})


@pytest.mark.parametrize("case", VERIFIES)
def test_no_malformed_answer_to_a_verify_lets_in(hostile, log, case):
    server = hostile(harness.http(200, sent()), verify=VERIFIES[case], swmfa="timeout = 4")
    out = harness.pamhost(harness.between_permits(), answers=["123456"])
    assert out.result in ("PAM_AUTHINFO_UNAVAIL", "PAM_AUTH_ERR")
    assert server.requests == ["/api/relay/rest/mfa/sms", f"/api/relay/rest/mfa/{ID}/verify"]
    assert_clean(out, log)


@pytest.mark.parametrize("case", [case for case in VERIFIES if case != "HTML with status 503"])
def test_fail_safe_covers_no_malformed_answer_to_a_verify(hostile, log, case):
    hostile(harness.http(200, sent()), verify=VERIFIES[case],
            swmfa=WIDEST)
    out = harness.pamhost(harness.between_permits(), answers=["123456"])
    assert out.result in ("PAM_AUTHINFO_UNAVAIL", "PAM_AUTH_ERR")
    assert_clean(out, log)


@pytest.mark.parametrize("case", SILENCE)
def test_a_verify_without_an_answer_denies_and_is_not_repeated(hostile, log, case):
    answer, begun = SILENCE[case]
    server = hostile(harness.http(200, sent()), verify=answer, swmfa="timeout = 4\ntries = 2")
    out = harness.pamhost(harness.between_permits(), answers=["123456"] * 2)
    assert out.result == "PAM_AUTHINFO_UNAVAIL"
    if not begun: # on the connection of the send it may only have been idle for too long
        assert out.prompts[1].startswith("The code could not be verified. Type it again.")
    assert len(server.requests) == 1 + len(out.prompts), "a verify for each code that was typed"
    assert_clean(out, log)


@pytest.mark.parametrize("case", [case for case in SILENCE if not SILENCE[case][1]])
def test_an_idle_connection_that_closed_is_not_an_outage(hostile, log, case):
    """A user who types a wrong code when the provider closes the idle connection is not let in;
    only if a fresh connection breaks as well."""
    hostile(harness.http(200, sent()), verify=SILENCE[case][0], swmfa=WIDEST + "\ntries = 1")
    assert harness.pamhost(harness.between_permits(), answers=["123456"]).result == "PAM_AUTHINFO_UNAVAIL"
    assert "fail = safe" not in log.last("result=error reason=network")
    text = harness.CONF.read_text().replace("tries = 1", "tries = 2")
    harness.write(harness.CONF, text)
    assert harness.pamhost(harness.between_permits(), answers=["123456"] * 2).result == "PAM_SUCCESS"
    assert log.last("result=ignored reason=network .*fail = safe")


def once(break_off):
    """Breaks off the first verify; the others are right."""
    broken = []

    def answer(connection):
        if broken:
            connection.sendall(harness.http(200, '{"success":true}'))
        else:
            broken.append(True)
            break_off(connection)
    return answer


BREAKS = {
    "a reset": reset,
    "closed": lambda connection: connection.shutdown(socket.SHUT_RDWR),
    "closed by an alert": lambda connection: connection.unwrap(),
    "no answer": stall(b""),
}


@pytest.mark.parametrize("case", BREAKS)
@pytest.mark.parametrize("answers", [["123456"] * 2, ["123456", "resend", "123456"]],
                         ids=["the code again", "resend"])
def test_after_a_kept_connection_broke_a_fresh_one_is_used(hostile, case, answers):
    server = hostile(harness.http(200, sent()), verify=once(BREAKS[case]),
                     swmfa="timeout = 1\nresend_delay = 0")
    out = harness.pamhost(harness.between_permits(), answers=answers)
    assert out.result == "PAM_SUCCESS"
    assert out.prompts[1].startswith("The code could not be verified. Type it again")
    assert len(server.requests) == 1 + len(answers)


def close_by_alert(connection):
    """Says that it closes, and does not wait for the client to say so as well."""
    connection.settimeout(0)
    try:
        connection.unwrap()
    except OSError:
        connection.shutdown(socket.SHUT_RDWR)


IDLE_ENDS = {"a reset": reset, "closed": BREAKS["closed"], "closed by an alert": close_by_alert,
             "announced": None}


@pytest.mark.parametrize("case", IDLE_ENDS)
def test_a_connection_that_closes_while_the_user_types_is_not_reused(hostile, tmp_path, case):
    gate = tmp_path / "gate" # the user types when it is there
    prompt = threading.Event()
    end = IDLE_ENDS[case]

    def send(connection):
        connection.sendall(harness.http(200, sent(), "" if end else "Connection: close\r\n"))
        prompt.wait()
        if end:
            end(connection)
        gate.touch()

    server = hostile(send, verify=harness.http(200, '{"success":true}'))
    process = harness.start_pamhost(harness.between_permits(), answers=["123456"],
                                    arguments=["--gate", gate])
    assert process.stdout.readline().startswith("prompt on Code sent by SMS")
    prompt.set()
    text, _ = process.communicate(timeout=120)
    assert "result PAM_SUCCESS" in text and "prompt on" not in text
    assert len(server.requests) == 2


def tampered(connection):
    """A TLS record that nobody encrypted."""
    plain = socket.socket(fileno=socket.dup(connection.fileno()))
    plain.sendall(b"\x17\x03\x03\x00\x40" + b"\x00" * 64)
    plain.close()


def test_a_tampered_record_is_not_an_outage(hostile, log):
    hostile(tampered, swmfa=WIDEST)
    out = harness.pamhost(harness.between_permits())
    assert out.result == "PAM_AUTHINFO_UNAVAIL"
    assert "fail = safe" not in log.last("result=error reason=tls")
    hostile(harness.http(200, sent()), verify=tampered, swmfa=WIDEST)
    out = harness.pamhost(harness.between_permits(), answers=["123456"])
    assert out.result == "PAM_AUTHINFO_UNAVAIL"
    assert "fail = safe" not in log.last("result=error reason=tls .*tries=1")


def test_a_host_name_is_not_mistaken_for_a_tls_alert(sim, log):
    harness.configure(sim, endpoint="https://alert.invalid", swmfa="fail = safe")
    assert harness.pamhost(harness.between_permits()).result == "PAM_SUCCESS"
    assert log.last("result=ignored reason=network .*alert.invalid")


ECHOES = [f"to {ALICE} is not valid", f"to {ALICE[1:]}", "to +1 (555) 010-0182", "555.010.0182",
          "the token was 123456", f"the password was {harness.TOKEN}"]


@pytest.mark.parametrize("text", ECHOES)
def test_secrets_that_a_provider_repeats_are_not_logged(hostile, sms_only, log, text):
    error = harness.http(422, '{"errors":[{"detail":"%s"}]}' % text)
    for send, verify in ((error, None), (harness.http(200, sent()), error)):
        hostile(send, verify=verify)
        harness.pamhost(harness.between_permits(), answers=["123456"])
        line = log.last("reason=provider-refused .*sends=1")
        for word in (ALICE[1:], "0100182", "010-0182", "010.0182", harness.TOKEN):
            assert word not in line, line
        assert "123456" not in line or verify is None
        log.begin()


# ---- addresses ----

def test_a_dead_first_address_does_not_stop_the_login(sim, tmp_path, log):
    """The first takes no connection and says nothing; the second is right."""
    server = harness.RawServer(tmp_path, harness.http(200, sent()), harness.http(200, '{"success":true}'),
                               address="127.0.0.3", name="many.example")
    dead = socket.socket()
    dead.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    dead.bind(("127.0.0.2", server.port))
    dead.listen(0)
    waiting = [socket.socket() for _ in range(4)]
    for one in waiting:  # its queue is full, so that the kernel drops what comes then
        one.setblocking(False)
        one.connect_ex(("127.0.0.2", server.port))
    hosts = harness.Path("/etc/hosts")
    before = hosts.read_text() if hosts.exists() else ""
    addresses = [f"127.0.0.{n}" for n in range(2, 12)]
    harness.write(hosts, before + "".join(f"{address} many.example\n" for address in addresses), 0o644)
    try:
        harness.configure(sim, endpoint=server.endpoint, ca_file=server.certificate,
                          swmfa="connect_timeout = 6")
        out = harness.pamhost(harness.alone(), answers=["123456"])
        assert out.result == "PAM_SUCCESS"
        assert len(server.requests) == 2
    finally:
        harness.write(hosts, before, 0o644)
        for one in [dead, *waiting]:
            one.close()
