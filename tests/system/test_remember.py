# SPDX-License-Identifier: BSD-3-Clause
"""remember of [policy]: where a login needs no new code, and for how long."""
import re
import subprocess

import pytest

import harness
from test_limits import DAY, HOUR, MINUTE, PROMPT, by_ssh
from test_local import ended, on_terminal

ALICE = harness.NUMBERS["alice"]
HOME = "192.0.2.7"


# A session of its own, that another process leads.
IN_ANOTHER_SESSION = ["setsid", "--wait", "sh", "-c", '"$@"; exit $?', "sh"]


def login(*answers, user="alice", rhost=HOME, tty=None, service=None, prefix=()):
    arguments = (["--rhost", rhost] if rhost else []) + (["--tty", tty] if tty else [])
    return harness.pamhost(service or harness.between_permits(), user, answers=answers, arguments=arguments,
                           prefix=prefix)


def asked(**keywords):
    """Whether a login is asked; who is not passes, with nothing sent."""
    before = len(harness.messages())
    out = login("@fail", **keywords)
    assert len(out.prompts) == len(harness.messages()) - before == (out.result == "PAM_CONV_ERR")
    return out.result != "PAM_SUCCESS"


def give_code(**keywords):
    assert login("@code", **keywords).result == "PAM_SUCCESS"


@pytest.fixture
def hour(start):
    """remember = 1h."""
    harness.users_map()
    return start(policy="remember = 1h")


def test_nobody_is_remembered_by_default(sim):
    give_code()
    assert asked() and harness.store("SELECT * FROM swmfa_remembered") == []
    harness.configure(sim, policy="remember = 0")
    give_code()
    assert asked() and harness.store("SELECT * FROM swmfa_remembered") == []


def test_the_second_login_needs_no_code(hour, log):
    give_code()
    before = len(hour.requests())
    out = login()
    assert out.result == "PAM_SUCCESS" and out.prompts == out.all("message") == []
    assert len(hour.requests()) == before == 2
    line = log.last(f"user=alice service=swmfa-permits rhost={HOME} result=ignored reason=remembered ")
    assert "number=*82 tries=0 sends=0 " in line and line.startswith("<86>")
    assert re.search(r'detail="for (59 min \d+ s|1 h) more"', line)


def test_exempt_result_sets_the_pam_result(hour, log):
    service = harness.alone()
    give_code(service=service)
    assert login(service=service).result == "PAM_PERM_DENIED", "PAM_IGNORE alone lets nobody in"
    harness.configure(hour, policy="remember = 1h\nexempt_result = success")
    assert login(service=service).result == "PAM_SUCCESS"
    assert log.last("result=success reason=remembered")


def test_another_user_service_or_remote_host_needs_a_code(hour):
    give_code()
    assert asked(user="bob")
    assert asked(service=harness.between_permits(service="swmfa-other"))
    for rhost in ("192.0.2.8", "192.0.2.70", "::ffff:192.0.2.7", "client.example", None):
        assert asked(rhost=rhost), rhost
        assert asked(rhost=rhost, tty="pts/7"), rhost
    assert not asked() and not asked(tty="pts/7"), "with a remote host the terminal does not matter"


def test_several_origins_are_remembered_at_the_same_time(hour):
    origins = [{"rhost": HOME}, {"rhost": "192.0.2.8"}, {"rhost": None, "tty": "pts/7"}, {"user": "bob"}]
    for origin in origins:
        assert asked(**origin)
        give_code(**origin)
    assert not any(asked(**origin) for origin in origins)


def test_a_login_without_an_origin_is_never_remembered(hour):
    give_code(rhost=None)
    assert asked(rhost=None) and harness.store("SELECT * FROM swmfa_remembered") == []


def test_a_local_login_is_remembered_on_its_terminal_until_the_next_boot(hour, clock):
    here = {"rhost": None, "tty": "/dev/pts/7"}
    give_code(**here)
    assert not asked(**here)
    for tty in ("/dev/pts/8", "/dev/pts/70", "pts/7", None):
        assert asked(rhost=None, tty=tty), tty
    assert asked(rhost="/dev/pts/7") and asked(rhost="/dev/pts/7", tty="/dev/pts/7")
    clock.reboot()
    assert asked(**here)
    give_code(**here)
    assert not asked(**here)


@pytest.mark.parametrize("prefix", [IN_ANOTHER_SESSION, ["setpriv", "--ruid", "carol"]],
                         ids=["another session", "another caller"])
def test_the_next_session_on_a_terminal_needs_a_code(hour, prefix):
    here = {"rhost": None, "tty": "/dev/pts/7"}
    give_code(**here)
    assert asked(**here, prefix=prefix)
    give_code(**here, prefix=prefix)
    assert not asked(**here), "what is remembered of one session is not lost by another"


def test_a_remote_login_is_remembered_for_all_sessions_but_not_for_sudo(hour):
    """sudo with pam_rhost gives the name of this very host."""
    give_code(prefix=IN_ANOTHER_SESSION)
    assert not asked()
    assert asked(prefix=["setpriv", "--ruid", "carol"])


def test_a_session_without_an_identity_is_not_remembered(hour):
    """As one that began outside of a container."""
    here = {"rhost": None, "tty": "/dev/pts/7", "prefix": ["unshare", "--pid", "--fork"]}
    give_code(**here)
    assert asked(**here) and harness.store("SELECT * FROM swmfa_remembered") == []


def test_a_remote_login_outlasts_a_reboot(hour, clock):
    give_code()
    clock.set_day(5 * MINUTE)
    clock.reboot()
    assert not asked()
    clock.set_day(HOUR) # it was off meanwhile: the clock of the store has stood still
    clock.reboot()
    assert asked()


@pytest.mark.parametrize("passes", ["both", "boot", "day"])
def test_a_remembered_login_ends_by_the_faster_of_two_clocks(hour, clock, passes):
    give_code()
    for seconds, expected in ((HOUR - MINUTE, False), (HOUR, True)):
        if passes != "day":
            clock.passes(seconds - clock.boot)
        if passes != "boot":
            clock.set_day(seconds)
        assert asked() == expected, seconds


def test_setting_the_time_of_day_extends_nothing(hour, clock):
    give_code()
    for day in (-DAY, -6 * MINUTE, DAY):
        clock.set_day(day)
        assert asked(), day
    clock.set_day(-4 * MINUTE) # a correction
    assert not asked()
    clock.passes(HOUR - MINUTE)
    assert not asked()
    clock.passes(MINUTE)
    for day in (-4 * MINUTE, 0, -DAY, DAY):
        clock.set_day(day)
        assert asked(), day


def test_using_a_remembered_login_does_not_extend_it(hour, clock):
    give_code()
    for _ in range(3):
        clock.passes(20 * MINUTE - 30)
        assert not asked()
    clock.passes(2 * MINUTE)
    assert asked()
    give_code()
    clock.passes(HOUR - MINUTE)
    assert not asked()


def test_the_store_has_no_phone_number(hour):
    give_code()
    assert harness.store("SELECT length(phone) FROM swmfa_send") == [(32,)]
    assert harness.store("SELECT phone FROM swmfa_send") == harness.store("SELECT phone FROM swmfa_remembered")
    files = b"".join(harness.store_files().values())
    assert HOME.encode() in files # so this would find it
    assert ALICE.encode() not in files and ALICE[1:].encode() not in files


def test_a_changed_number_in_the_map_needs_a_code(hour):
    give_code()
    harness.users_map("alice +15550100184\n")
    assert asked()
    harness.users_map("bob +15550100183\n")
    out = login("123456", "123456", "123456")
    assert out.result == "PAM_MAXTRIES" and len(out.prompts) == 3, "not in the map any more"
    harness.users_map()
    assert not asked()


def test_a_locked_user_needs_a_code_and_is_denied(hour, log):
    give_code()
    give_code(user="bob")
    harness.configure(hour, policy="remember = 1h", swmfa="tries = 1", limits="failures = 1\n")
    login("123456", rhost="192.0.2.8")
    before = len(hour.requests())
    out = login("@code")
    assert out.result == "PAM_MAXTRIES" and len(out.prompts) == 1
    assert len(hour.requests()) == before
    assert log.last(f"rhost={HOME} result=denied reason=locked")
    assert not asked(user="bob")


def test_a_remembered_login_works_at_a_send_limit(start):
    harness.users_map()
    start(policy="remember = 1h", limits="user_sends = 1/1d\n")
    give_code()
    assert not asked() and login("@fail", rhost=None).prompts[0].startswith("No code can be sent")


def test_only_services_of_the_policy_remember_logins(hour):
    harness.configure(hour, policy="remember = 1h\nservices = sshd, sudo")
    give_code()
    assert asked() and harness.store("SELECT * FROM swmfa_remembered") == []
    harness.configure(hour, policy="remember = 1h\nservices = sshd, swmfa-permits")
    give_code()
    assert not asked()
    harness.configure(hour, policy="remember = 1h\nservices = sshd, sudo")
    assert asked(), "what was remembered before"
    harness.configure(hour)
    assert asked()


def test_a_wrong_code_is_not_remembered(hour):
    login("@wrong", "@wrong", "@wrong")
    assert asked() and harness.store("SELECT * FROM swmfa_remembered") == []
    assert login("@wrong", "@code").result == "PAM_SUCCESS"
    assert not asked()


def test_a_login_without_a_code_is_not_remembered(hour):
    working = hour.endpoint
    harness.configure(hour, policy=f"remember = 1h\nexempt_networks = {HOME}")
    assert not asked()
    harness.configure(hour, policy="remember = 1h", swmfa="unmapped = ignore")
    assert not asked(user="carol")
    hour.endpoint = f"https://localhost:{harness.closed_port()}"
    harness.configure(hour, policy="remember = 1h", swmfa="fail = safe")
    assert not asked()
    hour.endpoint = working
    harness.configure(hour, policy="remember = 1h")
    assert asked()
    harness.users_map(f"alice {ALICE}\ncarol +15550100184\n")
    assert asked(user="carol")
    harness.users_map()
    assert harness.store("SELECT * FROM swmfa_remembered") == []


def test_a_remembered_login_works_while_the_provider_is_down(hour):
    give_code()
    hour.endpoint = f"https://localhost:{harness.closed_port()}"
    harness.configure(hour, policy="remember = 1h")
    assert not asked()


def test_swmfactl_forget_revokes_remembered_logins(hour):
    for user in ("alice", "bob"):
        give_code(user=user)
    subprocess.run([harness.CTL, "forget", "alice"], check=True, stdout=subprocess.DEVNULL)
    assert asked() and not asked(user="bob")


# ---- the real applications ----

def test_the_second_ssh_login_needs_no_code(hour, log, host):
    client = by_ssh()
    client.expect(PROMPT)
    client.sendline(harness.wait_for_code(ALICE))
    client.expect("in-the-shell")
    assert ended(client) == 0
    client = by_ssh()
    client.expect("in-the-shell")
    assert ended(client) == 0 and "Code" not in client.before
    assert log.last("user=alice service=sshd rhost=127.0.0.1 result=ignored reason=remembered")
    assert len(hour.requests()) == 2
    client = harness.ssh(2222, "alice") # the password is asked for as ever
    client.expect("Password: ")
    client.sendline("wrong")
    assert ended(client) == 255


def test_a_second_sudo_needs_a_code_only_on_another_terminal(hour, log, host):
    """With a password each time: sudo itself remembers nobody here."""
    client = on_terminal("sh", "-c", "sudo id -u; exec sudo id -u", user="alice")
    for prompt in (True, False):
        client.expect("password for alice: ")
        client.sendline(harness.PASSWORD)
        if prompt:
            client.expect(PROMPT)
            client.sendline(harness.wait_for_code(ALICE))
        client.expect(r"\n0\r")
    assert log.last("user=alice service=sudo rhost=- result=ignored reason=remembered")
    assert len(hour.requests()) == 2
    other = on_terminal("sh", "-c", "read line; exec sudo id -u", user="alice")
    other.sendline("") # a terminal beside the first one has another name, while that is open
    other.expect("password for alice: ")
    other.sendline(harness.PASSWORD)
    other.expect(PROMPT)
    other.sendline(harness.wait_for_code(ALICE, sent_before=1))
    other.expect(r"\n0\r")
    assert ended(other) == ended(client) == 0
