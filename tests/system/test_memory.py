# SPDX-License-Identifier: BSD-3-Clause
"""The module and the helper under valgrind: a full login and every kind of error path."""
import re

import pytest

import harness
from test_package import hardened

VALGRIND = ["valgrind", "--quiet", "--vgdb=no", "--read-inline-info=no", "--trace-children=yes", "--leak-check=full",
            "--show-leak-kinds=definite,possible", "--errors-for-leak-kinds=definite,possible",
            "--error-exitcode=99", "--log-file=/tmp/valgrind.%p"]

TOGETHER = True # one worker runs all of them: each takes a processor for itself
# No machine is so slow that this is not enough for a request, or a start, under valgrind.
PATIENT = "\nconnect_timeout = 30\ntimeout = 30\n"

# As sshd has it after a key and a password; the key is made up.
AUTH_INFO = ("SSH_AUTH_INFO_0=publickey ssh-ed25519 "
             "AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f\npassword\n")
BOTH = "providers = signalwire, bandwidth\nresend_delay = 0"

# What it is, what the simulator does, the configuration, the user, the answers, the result.
PATHS = [
    ("a full login", [], {}, "alice", ["@code"], "PAM_SUCCESS"),
    ("a call", [], {"swmfa": "channel = call"}, "alice", ["@code"], "PAM_SUCCESS"),
    ("all parameters", [], {"signalwire": "from = +12029167968\nmessage = é€:\ntoken_length = 8"},
     "alice", ["@code"], "PAM_SUCCESS"),
    ("wrong codes", [], {}, "alice", ["@wrong", "", "@wrong", "@wrong"], "PAM_MAXTRIES"),
    ("not in the map", [], {}, "carol", ["123456"] * 3, "PAM_MAXTRIES"),
    ("ignored", [], {"swmfa": "unmapped = ignore"}, "carol", [], "PAM_SUCCESS"),
    ("no conversation", [], {}, "alice", ["@fail"], "PAM_CONV_ERR"),
    ("refused by sshd", [], {}, "alice", ["\b\n\r\x7fINCORRECT"], "PAM_AUTH_ERR"),
    ("bad configuration", [], {"swmfa": "tries = 11"}, "alice", [], "PAM_SERVICE_ERR"),
    ("no such CA file", [], {"ca_file": "/none"}, "alice", [], "PAM_SERVICE_ERR"),
    ("rubbish as CA file", [], {"ca_file": "/etc/passwd"}, "alice", [], "PAM_AUTHINFO_UNAVAIL"),
    ("expired certificate", ["--certificate", "expired"], {}, "alice", [], "PAM_AUTHINFO_UNAVAIL"),
    ("refused credentials", [], {"api_token": "wrong"}, "alice", [], "PAM_AUTHINFO_UNAVAIL"),
    ("errors in a list", ["--fault", "send-422"], {}, "alice", ["call"], "PAM_AUTH_ERR"),
    ("no JSON", ["--fault", "send-garbage"], {}, "alice", [], "PAM_AUTHINFO_UNAVAIL"),
    ("key twice", ["--fault", "send-duplicate"], {}, "alice", [], "PAM_AUTHINFO_UNAVAIL"),
    ("endless answer", ["--fault", "send-endless"], {}, "alice", [], "PAM_AUTHINFO_UNAVAIL"),
    ("no answer", ["--fault", "send-stall"], {"swmfa": "timeout = 4"}, "alice", ["123456"] * 3,
     "PAM_AUTHINFO_UNAVAIL"),
    ("connection reset", ["--fault", "verify-reset"], {}, "alice", ["@code"] * 2,
     "PAM_AUTHINFO_UNAVAIL"),
    ("code void", ["--fault", "verify-404"], {}, "alice", ["@code"] * 3, "PAM_AUTH_ERR"),
    ("Bandwidth", ["--fault", "signalwire:send-500"], {"swmfa": BOTH}, "alice",
     ["@wrong", "call", "?", "@code"], "PAM_SUCCESS"),
    ("both down", ["--fault", "send-500"], {"swmfa": BOTH}, "alice", [], "PAM_AUTHINFO_UNAVAIL"),
    ("a bad [bandwidth]", [], {"swmfa": BOTH, "bandwidth_lines": "digits = 9"}, "alice", [],
     "PAM_SERVICE_ERR"),
    ("first a prompt", [], {"swmfa": "autosend = no"}, "alice", ["x", "", "@code"], "PAM_SUCCESS"),
    ("exempt", [], {"policy": "exempt_groups = alice\nexempt_networks = ::/0\n"
                    "exempt_result = success"}, "alice", [], "PAM_SUCCESS"),
    ("no such group", [], {"policy": "require_groups = none-such"}, "alice", [],
     "PAM_AUTHINFO_UNAVAIL"),
    ("fail safe", ["--fault", "send-500"], {"swmfa": "fail = safe"}, "alice", [], "PAM_SUCCESS"),
]


@hardened
@pytest.mark.parametrize("options, keywords, user, answers, result",
                         [row[1:] for row in PATHS], ids=[row[0] for row in PATHS])
def test_valgrind_finds_no_error_and_no_leak(start, options, keywords, user, answers, result):
    simulator = start(*options)
    swmfa = keywords.get("swmfa", "")
    keywords = {**keywords, "swmfa": swmfa if "timeout" in swmfa else swmfa + PATIENT}
    harness.configure(simulator, bandwidth=simulator, **keywords)
    for old in harness.Path("/tmp").glob("valgrind.*"):
        old.unlink()
    out = harness.pamhost(harness.between_permits("debug"), user, answers=answers, patience=10 * harness.PATIENCE,
                          prefix=["env", f"LD_PRELOAD={harness.PATIENT}", *VALGRIND],
                          arguments=["--pam-env", AUTH_INFO])
    reports = {path.name: path.read_text() for path in harness.Path("/tmp").glob("valgrind.*")}
    assert len(reports) == 2, "host and helper"
    assert not [text for text in reports.values() if re.search(r"\S", text)], reports
    assert out.result == result
