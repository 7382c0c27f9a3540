# SPDX-License-Identifier: BSD-3-Clause
"""The filter for fail2ban, with the real fail2ban-regex, on the log lines of real logins."""
import re
import shutil
import subprocess

import pytest

import harness

FILTER = harness.SRC / "conf/fail2ban/pam_swmfa.conf"
INSTALLED = "/etc/fail2ban/filter.d/pam_swmfa.conf" # it includes another file of that folder


def login(rhost, *answers, user="alice"):
    return harness.pamhost(harness.alone(), user, answers=answers,
                           arguments=["--rhost", rhost] if rhost else [])


def matched(log):
    """The remote hosts whose lines the filter counts, as often as it does."""
    lines = [re.sub(r"^<\d+>(.{15} )", r"\1host ", line) for line in log.ours()]
    path = harness.WORK / "auth.log"
    path.write_text("".join(f"{line}\n" for line in lines))
    shutil.copy(FILTER, INSTALLED)
    return subprocess.run(["fail2ban-regex", "--out", "ip", path, INSTALLED], check=True,
                          capture_output=True, text=True).stdout.split()


def test_the_filter_counts_wrong_codes_and_nothing_else(start, log):
    start(limits="user_sends = 100/1h\nfailures = 6\n")
    harness.users_map()
    log.begin()
    login("192.0.2.1", "@code")                     # a right code
    login("192.0.2.2", "@fail")                     # broken off
    login("192.0.2.3", "123456", "123456", "123456")
    login("2001:db8::4", "123456", "123456", "123456") # the user is locked now
    login("192.0.2.5", "123456", "123456", "123456")
    login("192.0.2.6", "123456", "123456", "123456", user="carol") # not in the users map
    login("192.0.2.7", "@fail", user="bob\" rhost=192.0.2.66 result=denied reason=locked ") # a forged line
    login("localhost", "123456", "123456", "123456") # a name, which its owner can give to any address
    login(None, "123456", "123456", "123456")       # a local one
    harness.write(harness.CONF, "")
    login("192.0.2.8")                              # an error
    log.settle()
    assert sorted(matched(log)) == ["192.0.2.3", "192.0.2.5", "192.0.2.6", "2001:db8::4"]
