# SPDX-License-Identifier: BSD-3-Clause
"""The simulator: it refuses what the documents of the providers do not allow, so that a client that violates them
fails; it accepts what they allow; each fault does what its name says."""
import base64
import http.client
import json
import re
import ssl
import subprocess
from urllib.parse import urlsplit

import pytest

import harness

TO = harness.NUMBERS["alice"]
OTHER_TO = harness.NUMBERS["bob"]
OWNED = "+12029167968" # harness.Simulator gives it to the account
GONE = object()        # in place of a value: the key is not there

UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"

# ---- the two APIs ----

SIGNALWIRE = "/api/relay/rest/mfa/"
SIGNALWIRE_USER = ("test-project", harness.TOKEN)
NO_SUCH_ID = "00000000-0000-4000-8000-000000000000"

BANDWIDTH = "/api/v1/accounts/test-account/code/"
BANDWIDTH_USER = ("test-user", "test-password")
BANDWIDTH_OPTIONS = ("--account-id", "test-account", "--username", BANDWIDTH_USER[0], "--password",
                     BANDWIDTH_USER[1], "--messaging-application", "test-messaging",
                     "--voice-application", "test-voice")

# A good body for each path.
BODIES = {
    SIGNALWIRE + "sms": {"to": TO},
    SIGNALWIRE + "call": {"to": TO},
    SIGNALWIRE + NO_SUCH_ID + "/verify": {"token": "123456"},
    BANDWIDTH + "messaging": {"to": TO, "from": OWNED, "applicationId": "test-messaging",
                              "message": "{NAME} {SCOPE}: {CODE}", "digits": 6},
    BANDWIDTH + "voice": {"to": TO, "from": OWNED, "applicationId": "test-voice",
                          "message": "{NAME} {SCOPE}: {CODE}", "digits": 6},
    BANDWIDTH + "verify": {"to": TO, "code": "123456", "expirationTimeInMinutes": 3},
}
SW_SMS, SW_CALL, SW_VERIFY, BW_SMS, BW_CALL, BW_VERIFY = BODIES


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.text = response.read().decode()

    @property
    def json(self):
        return json.loads(self.text)


class Client:
    """Sends to one simulator what it is told to, good or bad."""

    def __init__(self, simulator):
        self.address = urlsplit(simulator.endpoint)
        self.context = ssl.create_default_context(cafile=harness.CA)

    def open(self, path, body, method="POST", user=None, content_type="application/json"):
        """The response to a body that is text or bytes, not read yet."""
        if user is None:
            user = SIGNALWIRE_USER if path.startswith(SIGNALWIRE) else BANDWIDTH_USER
        credentials = base64.b64encode(":".join(user).encode()).decode()
        headers = {"Authorization": "Basic " + credentials, "Connection": "close"}
        if content_type is not None:
            headers["Content-Type"] = content_type
        connection = http.client.HTTPSConnection(self.address.hostname, self.address.port,
                                                 context=self.context, timeout=harness.PATIENCE)
        connection.request(method, path, body, headers)
        return connection.getresponse()

    def send(self, path, body, **keywords):
        """The answer to a body that is text or bytes."""
        with self.open(path, body, **keywords) as response:
            return Answer(response)

    def post(self, path, **fields):
        """The answer to the good body of that path, with those fields in place of its own."""
        body = {**BODIES.get(path, {}), **fields}
        return self.send(path, json.dumps({key: value for key, value in body.items()
                                           if value is not GONE}))

    def code(self, path, **fields):
        """The code that a send brings to the phone."""
        number = fields.get("to", TO)
        before = len(harness.messages(number))
        assert self.post(path, **fields).status == 200
        return harness.wait_for_code(number, before)

    def valid(self, code, **fields):
        """What Bandwidth says of a code."""
        answer = self.post(BW_VERIFY, code=code, **fields)
        assert answer.status == 200, answer.text
        return answer.json["valid"]


@pytest.fixture(scope="module")
def client(private_system):
    """One simulator for all tests that leave it as it was but for the messages."""
    simulator = harness.Simulator(*BANDWIDTH_OPTIONS)
    yield Client(simulator)
    simulator.stop()


@pytest.fixture
def start_client(start):
    return lambda *options: Client(start(*BANDWIDTH_OPTIONS, *options))


def errors_of(answer):
    """What an answer in a provider's own form says is wrong."""
    if "errors" in answer.json:
        for error in answer.json["errors"]:
            assert set(error) == {"detail", "status", "title", "code"}
            assert error["status"] == str(answer.status)
        return " ".join(error["detail"] for error in answer.json["errors"])
    assert set(answer.json) == {"error", "requestId"}
    assert re.fullmatch(UUID, answer.json["requestId"])
    return answer.json["error"]


def cases(rows):
    """Rows as parameters, with an id made of the first two values."""
    return [pytest.param(*row, id=f"{row[0].split('/')[2]}-{row[0].split('/')[-1]}-{number}")
            for number, row in enumerate(rows)]


# ---- what is refused ----

# The path, the fields of a body that break it, and a word that the error has.
BREACHES = [
    (SW_SMS, {"to": GONE}, "to is required"),
    (SW_SMS, {"to": None}, "to must be"),
    (SW_SMS, {"to": 15550100182}, "to must be"),
    (SW_SMS, {"to": "15550100182"}, "to must be"),
    (SW_SMS, {"to": "+05550100182"}, "to must be"),
    (SW_SMS, {"to": "+1555010018255555"}, "to must be"),
    (SW_SMS, {"to": TO + "\0"}, "to must be"),
    (SW_SMS, {"from": None}, "from must be"),
    (SW_SMS, {"from": OTHER_TO}, "from must be a number of this account"),
    (SW_SMS, {"message": "Code:"}, "message needs a from"),
    (SW_SMS, {"message": 1, "from": OWNED}, "message must be a string"),
    (SW_SMS, {"message": "a" * 161, "from": OWNED}, "message must fit"),
    (SW_SMS, {"message": "\u4e00" * 71, "from": OWNED}, "message must fit"),
    (SW_SMS, {"token_length": 3}, "token_length must be"),
    (SW_SMS, {"token_length": 21}, "token_length must be"),
    (SW_SMS, {"token_length": "6"}, "token_length must be"),
    (SW_SMS, {"token_length": 6.0}, "token_length must be"),
    (SW_SMS, {"valid_for": 0}, "valid_for must be"),
    (SW_SMS, {"valid_for": 604801}, "valid_for must be"),
    (SW_SMS, {"max_attempts": 0}, "max_attempts must be"),
    (SW_SMS, {"max_attempts": 21}, "max_attempts must be"),
    (SW_SMS, {"allow_alphas": 1}, "allow_alphas must be"),
    (SW_SMS, {"digits": 6}, "digits is not a parameter"),
    (SW_CALL, {"to": GONE}, "to is required"),
    (SW_CALL, {"message": "a" * 495, "from": OWNED}, "message must be 500"),
    (SW_VERIFY, {"token": GONE}, "token is required"),
    (SW_VERIFY, {"token": 123456}, "token must be"),
    (SW_VERIFY, {"token": None}, "token must be"),
    (SW_VERIFY, {"code": "123456"}, "code is not a parameter"),

    (BW_SMS, {"to": GONE}, "to is required"),
    (BW_SMS, {"to": None}, "to must be"),
    (BW_SMS, {"to": "5550100182"}, "to must be"),
    (BW_SMS, {"from": GONE}, "from is required"),
    (BW_SMS, {"from": 12029167968}, "from must be"),
    (BW_SMS, {"from": OTHER_TO}, "from must be a number of this account"),
    (BW_SMS, {"applicationId": GONE}, "applicationId is required"),
    (BW_SMS, {"applicationId": None}, "applicationId must be"),
    (BW_SMS, {"applicationId": "a" * 51}, "applicationId must have"),
    (BW_SMS, {"applicationId": "test-voice"}, "applicationId must be the messaging"),
    (BW_SMS, {"message": GONE}, "message is required"),
    (BW_SMS, {"message": ["{CODE}"]}, "message must be a string"),
    (BW_SMS, {"message": "Your code is"}, "message must contain {CODE}"),
    (BW_SMS, {"message": "{CODE}" + "a" * 2043}, "message must have 1 to 2048"),
    (BW_SMS, {"digits": GONE}, "digits is required"),
    (BW_SMS, {"digits": 3}, "digits must be"),
    (BW_SMS, {"digits": 9}, "digits must be"),
    (BW_SMS, {"digits": "6"}, "digits must be"),
    (BW_SMS, {"digits": 6.0}, "digits must be"),
    (BW_SMS, {"scope": None}, "scope must be"),
    (BW_SMS, {"scope": ""}, "scope must have"),
    (BW_SMS, {"scope": "a" * 26}, "scope must have 1 to 25"),
    (BW_SMS, {"token_length": 6}, "token_length is not a parameter"),
    (BW_SMS, {"expirationTimeInMinutes": 3}, "expirationTimeInMinutes is not a parameter"),
    (BW_CALL, {"from": GONE}, "from is required"),
    (BW_CALL, {"applicationId": "test-messaging"}, "applicationId must be the voice"),
    (BW_CALL, {"message": "Your code is"}, "message must contain {CODE}"),
    (BW_VERIFY, {"to": GONE}, "to is required"),
    (BW_VERIFY, {"to": 15550100182}, "to must be"),
    (BW_VERIFY, {"code": GONE}, "code is required"),
    (BW_VERIFY, {"code": 123456}, "code must be"),
    (BW_VERIFY, {"code": "123"}, "code must be"),
    (BW_VERIFY, {"code": "123456789"}, "code must be"),
    (BW_VERIFY, {"code": "12345a"}, "code must be"),
    (BW_VERIFY, {"code": "1234\0"}, "code must be"),
    (BW_VERIFY, {"expirationTimeInMinutes": GONE}, "expirationTimeInMinutes is required"),
    (BW_VERIFY, {"expirationTimeInMinutes": 0}, "expirationTimeInMinutes must be"),
    (BW_VERIFY, {"expirationTimeInMinutes": -1}, "expirationTimeInMinutes must be"),
    (BW_VERIFY, {"expirationTimeInMinutes": 15.01}, "expirationTimeInMinutes must be"),
    (BW_VERIFY, {"expirationTimeInMinutes": float("nan")}, "expirationTimeInMinutes must be"),
    (BW_VERIFY, {"expirationTimeInMinutes": float("inf")}, "expirationTimeInMinutes must be"),
    (BW_VERIFY, {"expirationTimeInMinutes": "3"}, "expirationTimeInMinutes must be"),
    (BW_VERIFY, {"scope": 2}, "scope must be"),
    (BW_VERIFY, {"scope": "a" * 26}, "scope must have"),
    (BW_VERIFY, {"applicationId": "test-messaging"}, "applicationId is not a parameter"),
    (BW_VERIFY, {"token": "123456"}, "token is not a parameter"),
]


def refused_body(path):
    return 422 if path.startswith(SIGNALWIRE) else 400


@pytest.mark.parametrize("path, fields, word", cases(BREACHES))
def test_a_field_that_breaks_the_schema_is_refused(client, path, fields, word):
    before = harness.messages()
    answer = client.post(path, **fields)
    assert answer.status == refused_body(path)
    assert word in errors_of(answer)
    assert harness.messages() == before


def test_every_error_of_a_request_is_reported(client):
    for path in (SW_SMS, BW_SMS):
        errors = errors_of(client.post(path, to=GONE, **{"from": 1}, first=1, second=2))
        for word in ("to is required", "from must be", "first is not", "second is not"):
            assert word in errors


# Bodies that are not one JSON object: a name, the text, the content type, and a word that the error has.
NO_BODIES = [
    ("text", "%s", "text/plain", "Content-Type"),
    ("jsonp", "%s", "application/jsonp", "Content-Type"),
    ("form", "%s", "application/x-www-form-urlencoded", "Content-Type"),
    ("no-content-type", "%s", None, "Content-Type"),
    ("empty", "", "application/json", "JSON object"),
    ("array", "[%s]", "application/json", "JSON object"),
    ("two-objects", "%s {}", "application/json", "JSON object"),
    ("text-after", "%s x", "application/json", "JSON object"),
    ("comma-after", "%s,", "application/json", "JSON object"),
    ("nul-after", "%s\0", "application/json", "JSON object"),
    ("object-after-nul", "%s\0{}", "application/json", "JSON object"),
    ("null", "null", "application/json", "JSON object"),
    ("newline-in-string", '{"to":"a\nb"}', "application/json", "JSON object"),
    ("single-quotes", "{'to':'+15550100182'}", "application/json", "JSON object"),
    ("invalid-utf8", b'{"to":"\xff"}', "application/json", "JSON object"),
    ("non-ascii-escape", b'{"to":"\\\xc3\xa9"}', "application/json", "JSON object"),
    ("too-long", " " * 65536 + "%s", "application/json", "65536 bytes"),
]


@pytest.mark.parametrize("path", BODIES, ids=lambda path: "-".join(path.split("/")[2::3]))
@pytest.mark.parametrize("text, content_type, word", [row[1:] for row in NO_BODIES],
                         ids=[row[0] for row in NO_BODIES])
def test_a_body_that_is_not_one_json_object_is_refused(client, path, text, content_type, word):
    if isinstance(text, str):
        text = text.replace("%s", json.dumps(BODIES[path]))
    answer = client.send(path, text, content_type=content_type)
    assert answer.status == refused_body(path)
    assert word in errors_of(answer)


@pytest.mark.parametrize("path", [SW_SMS, BW_SMS], ids=["signalwire", "bandwidth"])
def test_a_content_type_may_have_a_charset(client, path):
    answer = client.send(path, json.dumps(BODIES[path]),
                         content_type="Application/JSON; charset=utf-8")
    assert answer.status == 200


@pytest.mark.parametrize("path", BODIES, ids=lambda path: "-".join(path.split("/")[2::3]))
@pytest.mark.parametrize("change", ["password", "user", "other api"])
def test_wrong_credentials_are_refused_before_other_errors(client, path, change):
    right, other = SIGNALWIRE_USER, BANDWIDTH_USER
    if path.startswith(BANDWIDTH):
        right, other = other, right
    user = {"password": (right[0], "wrong"), "user": ("wrong", right[1]), "other api": other}[change]
    answer = client.send(path, "no body", user=user)
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"].startswith("Basic ")
    key = "error" if path.startswith(SIGNALWIRE) else "message"
    assert answer.json == {key: "Unauthorized"}


@pytest.mark.parametrize("path", [BW_SMS, BW_CALL, BW_VERIFY], ids=["sms", "call", "verify"])
def test_another_account_is_forbidden_with_valid_credentials(client, path):
    other = path.replace("test-account", "other-account")
    answer = client.send(other, "no body")
    assert answer.status == 403
    assert answer.json == {"message": "Forbidden"}
    assert client.send(other, "no body", user=("wrong", "wrong")).status == 401


# A request that is refused for its path or method.
@pytest.mark.parametrize("method, path, status", [
    ("POST", "/", 404),
    ("POST", SIGNALWIRE, 404),
    ("POST", SIGNALWIRE + "fax", 404),
    ("POST", SIGNALWIRE + "sms/", 404),
    ("POST", SIGNALWIRE + "/verify", 404),
    ("POST", SIGNALWIRE + "a/b/verify", 404),
    ("POST", SIGNALWIRE + "a" * 200 + "/verify", 404),
    ("POST", BANDWIDTH, 404),
    ("POST", BANDWIDTH + "sms", 404),
    ("POST", BANDWIDTH + "verify/", 404),
    ("POST", "/api/v1/accounts//code/verify", 404),
    ("POST", "/api/v1/accounts/a/b/code/verify", 404),
    ("POST", "/api/v1/accounts/test-account/code", 404),
    ("GET", SW_SMS, 405),
    ("PUT", SW_VERIFY, 405),
    ("GET", BW_SMS, 405),
    ("DELETE", BW_VERIFY, 405),
])
def test_another_path_or_method_is_refused(client, method, path, status):
    answer = client.send(path, "", method=method, user=("wrong", "wrong"))
    assert answer.status == status
    bandwidth = path.startswith("/api/v1/accounts/")
    assert set(answer.json) == ({"error", "requestId"} if bandwidth else {"error"})
    assert answer.headers["Allow"] == ("POST" if status == 405 else None)


# ---- what is taken ----

# The path, fields at the edges of what is allowed, and what the phone shows, # being a digit.
TAKEN = [
    (SW_SMS, {}, "sms Your Personal Authorization Code is: ######"),
    (SW_CALL, {}, "call Your Personal Authorization Code is: ######"),
    (SW_SMS, {"from": OWNED, "message": "a" * 160}, "sms " + "a" * 160 + " ######"),
    (SW_SMS, {"from": OWNED, "message": "\u4e00" * 70}, "sms " + "\u4e00" * 70 + " ######"),
    (SW_CALL, {"from": OWNED, "message": "a" * 494}, "call " + "a" * 494 + " ######"),
    (SW_SMS, {"token_length": 4, "valid_for": 1, "max_attempts": 1, "allow_alphas": False},
     "sms Your Personal Authorization Code is: ####"),
    (SW_SMS, {"token_length": 20, "valid_for": 604800, "max_attempts": 20},
     "sms Your Personal Authorization Code is: " + "#" * 20),
    (BW_SMS, {}, "sms Simulator 2FA: ###### ######"),
    (BW_CALL, {}, "call Simulator 2FA: ###### ######"),
    (BW_SMS, {"message": "{CODE}", "digits": 4}, "sms #### ####"),
    (BW_CALL, {"message": "{CODE} {CODE}", "digits": 8}, "call ######## ######## ########"),
    (BW_SMS, {"message": "{SCOPE} {CODE}", "scope": "{CODE}"}, "sms {CODE} ###### ######"),
    (BW_SMS, {"message": "{CODE}{", "scope": "\u00e9" * 25}, "sms ######{ ######"),
    (BW_SMS, {"message": "a" * 2042 + "{CODE}"}, "sms " + "a" * 2042 + "###### ######"),
]


@pytest.mark.parametrize("path, fields, shown", cases(TAKEN))
def test_a_request_that_fits_the_schema_sends_to_the_phone(client, path, fields, shown):
    before = len(harness.messages(TO))
    assert client.post(path, **fields).status == 200
    got = harness.messages(TO)[before:]
    assert len(got) == 1
    assert re.fullmatch(re.escape(f"{TO} {shown}").replace(r"\#", "[0-9]"), got[0])


@pytest.mark.parametrize("path, shape", [
    (SW_SMS, {"id": UUID, "success": True, "to": re.escape(TO), "channel": "sms"}),
    (SW_CALL, {"id": UUID, "success": True, "to": re.escape(TO), "channel": "call"}),
    (BW_SMS, {"messageId": "[0-9a-z]{29}"}),
    (BW_CALL, {"callId": "c-[0-9a-f]{8}-" + UUID}),
], ids=["sw-sms", "sw-call", "bw-sms", "bw-call"])
def test_an_answer_to_a_send_has_the_documented_keys(client, path, shape):
    answer = client.post(path).json
    assert set(answer) == set(shape)
    for key, wanted in shape.items():
        assert answer[key] is wanted or re.fullmatch(wanted, answer[key])


# ---- SignalWire's codes ----

def test_a_signalwire_code_works_once_and_only_for_its_id(client):
    first, second = (client.post(SW_SMS).json["id"] for _ in range(2))
    code = harness.messages(TO)[-1].split()[-1]
    answers = [client.post(f"{SIGNALWIRE}{name}/verify", token=code)
               for name in (first, second, second, NO_SUCH_ID)]
    assert [answer.status for answer in answers] == [200, 200, 404, 404]
    assert [answer.json for answer in answers[:2]] == [{"success": False}, {"success": True}]


def test_signalwire_limits_the_attempts(client):
    verify = SIGNALWIRE + client.post(SW_SMS, max_attempts=2).json["id"] + "/verify"
    code = harness.messages(TO)[-1].split()[-1]
    assert [client.post(verify, token="x").json for _ in range(2)] == [{"success": False}] * 2
    assert client.post(verify, token=code).status == 404


# ---- Bandwidth's codes ----

def test_a_bandwidth_code_works_once(client):
    code = client.code(BW_SMS)
    assert [client.valid(code), client.valid(code)] == [True, False]


def test_any_bandwidth_code_of_the_number_and_scope_works(client):
    codes = [client.code(BW_SMS, digits=8), client.code(BW_CALL, digits=7)]
    assert [client.valid(code, scope="2FA") for code in codes] == [True, True]


def test_a_bandwidth_code_works_only_for_its_scope_and_number(client):
    code = client.code(BW_SMS, scope="one", digits=8)
    assert not client.valid(code)
    assert not client.valid(code, scope="other")
    assert not client.valid(code, scope="one", to=OTHER_TO)
    assert client.valid(code, scope="one")


def test_a_bandwidth_verify_limits_the_age_of_a_code(client):
    code = client.code(BW_SMS, digits=8)
    assert not client.valid(code, expirationTimeInMinutes=1e-9)
    assert client.valid(code, expirationTimeInMinutes=15)


def test_ten_wrong_codes_in_a_row_lock_a_bandwidth_number(client):
    to = "+15550100199"
    for _ in range(2): # a right one between starts the count again
        code = client.code(BW_SMS, to=to, digits=8)
        assert not any(client.valid("0000", to=to) for _ in range(9))
        assert client.valid(code, to=to)
    code = client.code(BW_SMS, to=to, digits=8)
    assert not any(client.valid("0000", to=to, scope=str(number)) for number in range(10))
    answer = client.post(BW_VERIFY, to=to, code=code)
    assert answer.status == 429
    assert errors_of(answer) == ("This number has exceeded verification attempts, "
                                 "please wait 2 minutes")
    assert client.valid(client.code(BW_SMS))


def test_codes_of_one_api_do_not_work_in_the_other(client):
    assert not client.valid(client.code(SW_SMS, token_length=8))


# ---- faults ----

# The fault, the path, and the status and body of each API's answer, $ID being any id.
FAULTS = [
    ("send-refused", SW_SMS, 200, '{"id":"$ID","success":false,"to":"$TO","channel":"sms"}'),
    ("send-refused", BW_SMS, 200, "{}"),
    ("send-401", SW_SMS, 401, '{"error":"Unauthorized"}'),
    ("send-401", BW_SMS, 401, '{"message":"Unauthorized"}'),
    ("send-402", SW_SMS, 402, '{"error":"Payment Required"}'),
    ("send-402", BW_CALL, 402, '{"error":"Payment Required","requestId":"$ID"}'),
    ("send-403", SW_SMS, 403, '{"error":"Forbidden"}'),
    ("send-403", BW_SMS, 403, '{"Message":"Forbidden"}'),
    ("send-404", BW_SMS, 404, '{"error":"Not Found","requestId":"$ID"}'),
    ("send-422", BW_SMS, 400, '{"error":"The first of two errors. The second of two errors.",'
                              '"requestId":"$ID"}'),
    ("send-500", BW_CALL, 500, '{"error":"Internal Server Error","requestId":"$ID"}'),
    ("send-bad-id", BW_SMS, 200, '{"messageId":"../../x"}'),
    ("send-other-to", BW_SMS, 200, '{"messageId":null}'),
    ("send-other-channel", BW_SMS, 200, '{"messageId":["$ID"]}'),
    ("send-string-true", BW_SMS, 200, '{"messageId":1}'),
    ("send-duplicate", BW_CALL, 200, '{"callId":"../../x","callId":"$ID"}'),
    ("send-garbage", BW_SMS, 200, "<html><body>This is not JSON.</body></html>\n"),
    ("send-redirect", BW_SMS, 302, ""),
    ("send-trailing", BW_CALL, 200, '{"callId":"$ID"} {"more":true}'),
    ("send-old-spelling", BW_SMS, 200, '{"MessageId":"$ID"}'),
    ("send-old-spelling", BW_CALL, 200, '{"CallId":"$ID"}'),
    ("send-wrong-id-key", BW_SMS, 200, '{"callId":"$ID"}'),
    ("send-wrong-id-key", BW_CALL, 200, '{"messageId":"$ID"}'),
    ("verify-402", SW_VERIFY, 402, '{"error":"Payment Required"}'),
    ("verify-403", BW_VERIFY, 403, '{"message":"Forbidden"}'),
    ("verify-404", SW_VERIFY, 404, '{"error":"Not Found"}'),
    ("verify-429", BW_VERIFY, 429, '{"error":"This number has exceeded verification attempts, '
                                   'please wait 2 minutes","requestId":"$ID"}'),
    ("verify-string-true", BW_VERIFY, 200, '{"valid":"true"}'),
    ("verify-string-false", SW_VERIFY, 200, '{"success":"false"}'),
    ("verify-string-false", BW_VERIFY, 200, '{"valid":"false"}'),
    ("verify-valid-one", SW_VERIFY, 200, '{"success":1}'),
    ("verify-valid-one", BW_VERIFY, 200, '{"valid":1}'),
    ("verify-null", BW_VERIFY, 200, '{"valid":null}'),
    ("verify-missing", SW_VERIFY, 200, "{}"),
    ("verify-missing", BW_VERIFY, 200, "{}"),
    ("verify-duplicate", BW_VERIFY, 200, '{"valid":false,"valid":true}'),
    ("verify-array", SW_VERIFY, 200, "[]"),
    ("verify-array", BW_VERIFY, 200, "[]"),
    ("verify-empty", BW_VERIFY, 200, ""),
    ("verify-trailing", BW_VERIFY, 200, '{"valid":true} {"more":true}'),
]


@pytest.mark.parametrize("fault", dict.fromkeys(row[0] for row in FAULTS))
def test_a_fault_answers_in_the_form_of_the_api(start_client, fault):
    client = start_client("--fault", fault)
    for path, status, body in (row[1:] for row in FAULTS if row[0] == fault):
        answer = client.post(path)
        assert answer.status == status
        wanted = re.escape(body.replace("$TO", TO)).replace(r"\$ID", "[0-9a-z-]{20,}")
        assert re.fullmatch(wanted, answer.text)
        assert client.post(path, unknown=1).status == refused_body(path), "checks come first"
    assert harness.messages() == []


@pytest.mark.parametrize("fault, value", [("send-429", "5"), ("send-429-negative", "-1"),
                                          ("send-429-huge", "1000000000000")])
def test_a_rate_limit_says_when_to_retry(start_client, fault, value):
    client = start_client("--fault", fault)
    for path in (SW_SMS, BW_SMS):
        answer = client.post(path)
        assert (answer.status, answer.headers["Retry-After"]) == (429, value)


def test_control_characters_are_escaped(start_client):
    client = start_client("--fault", "send-escapes")
    for path in (SW_SMS, BW_SMS):
        answer = client.post(path)
        assert answer.status == refused_body(path)
        assert "\x1b[2J" in errors_of(answer)
        assert "\x1b" not in answer.text


def test_a_reset_comes_after_the_message(start_client):
    client = start_client("--fault", "send-reset", "--fault", "verify-reset")
    for path in (SW_SMS, BW_SMS, BW_VERIFY):
        with pytest.raises((http.client.RemoteDisconnected, ConnectionError, ssl.SSLError)):
            client.post(path)
    assert len(harness.messages(TO)) == 2


@pytest.mark.parametrize("path, start_of_body", [(SW_SMS, '{"id":"aaa'), (BW_CALL, '{"callId":"aaa')])
def test_an_endless_body_starts_as_a_good_one(start_client, path, start_of_body):
    client = start_client("--fault", "send-endless")
    response = client.open(path, json.dumps(BODIES[path]))
    assert response.status == 200
    assert response.read(100000).decode().rstrip("a") + "aaa" == start_of_body


def test_a_fault_can_apply_to_one_api(start_client):
    client = start_client("--fault", "signalwire:send-500", "--fault", "bandwidth:send-404",
                          "--fault", "bandwidth:verify-500")
    assert [client.post(path).status for path in BODIES] == [500, 500, 404, 404, 404, 500]
    # 404 is what SignalWire's own verify says of an id that it does not know.


def test_a_fault_can_apply_to_one_channel(start_client):
    client = start_client("--fault", "send-422-sms")
    assert [client.post(path).status for path in (SW_SMS, SW_CALL, BW_SMS, BW_CALL)] == [
        422, 200, 400, 200]


@pytest.mark.parametrize("options, word", [
    (["--fault", "nonsense"], "nonsense"),
    (["--fault", "other:send-500"], "other:send-500"),
    (["--fault", "signalwire:send-old-spelling"], "send-old-spelling"),
    (["--fault", "send-500", "--fault", "bandwidth:send-404"], "exclude each other"),
    (["--username", "a:b"], "a:b"),
    (["--number", "12029167968"], "12029167968"),
    (["--port", "65536"], "65536"),
])
def test_a_wrong_command_line_is_refused(options, word):
    ended = subprocess.run([harness.SIM, *options], capture_output=True, text=True, timeout=harness.PATIENCE,
                               check=False)
    assert ended.returncode == 64
    assert word in ended.stderr
