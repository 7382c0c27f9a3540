# SPDX-License-Identifier: BSD-3-Clause
"""swmfactl bypass: lets one user in without a code for a time, and nobody else."""
import re
import subprocess
import time
from pathlib import Path

import pytest

import harness
from test_limits import HOUR, MINUTE, PROMPT, by_ssh
from test_local import ended, on_terminal, sudo_as_alice
from test_store import AS_ALICE
from test_swmfactl import HOLD, change, ctl, ctl_lines, done, failed, service_user, table

ALICE = harness.NUMBERS["alice"]
HOME = ["--rhost", "192.0.2.7"]


def give(user="alice", span="1h", reason="lost her phone", **keywords):
    out = done("bypass", user, "--for", span, "--reason", reason, **keywords)
    harness.OUTPUT.append(out)
    return out


def login(user="alice", answers=("@fail",), service=None, **keywords):
    return harness.pamhost(service or harness.between_permits(), user, answers=answers, arguments=HOME,
                           **keywords)


def asked(user="alice", **keywords):
    """Whether a login is asked; who is not passes, with nothing sent."""
    before = len(harness.messages())
    out = login(user, **keywords)
    passed = out.result == "PAM_SUCCESS"
    assert passed == (out.prompts == []) and (not passed or len(harness.messages()) == before), out.text
    return not passed


# ---- logins ----

def test_a_user_with_a_bypass_needs_no_code(sim, log):
    assert asked()
    give()
    before = sim.requests()
    out = login()
    assert out.result == "PAM_SUCCESS" and out.prompts == out.all("message") == []
    assert sim.requests() == before
    line = log.last("user=alice service=swmfa-permits rhost=192.0.2.7 result=ignored reason=pass ")
    assert line.startswith("<85>"), "authpriv, notice"
    assert re.search(r'tries=0 sends=0 .*detail="bypass for (59 min \d+ s|1 h) more: lost her '
                     r'phone"', line)
    assert harness.store("SELECT * FROM swmfa_remembered") == []


def test_a_revoked_bypass_no_longer_works(sim):
    give()
    assert not asked()
    assert done("bypass", "alice", "--end") == "alice: bypass ended\n"
    assert asked()
    assert done("bypass", "alice", "--end") == "alice: has no bypass\n"


def test_bypass_works_with_a_broken_configuration_and_says_so(sim):
    assert "although" not in give()
    text = harness.CONF.read_text()
    harness.write(harness.CONF, text + "nonsense\n")
    assert "alice: until this is fixed, logins may be denied in spite of the bypass: " in give()
    harness.write(harness.CONF, text)
    assert not asked()


@pytest.mark.parametrize("passes", ["both", "boot", "day"])
def test_a_bypass_ends_by_the_faster_of_two_clocks(sim, clock, passes):
    give()
    for seconds, expected in ((HOUR - MINUTE, False), (HOUR, True)):
        if passes != "day":
            clock.passes(seconds - clock.boot)
        if passes != "boot":
            clock.set_day(seconds)
        assert asked() == expected, seconds


def test_setting_the_time_of_day_extends_nothing(sim, clock):
    give()
    for day in (-24 * HOUR, -6 * MINUTE, 24 * HOUR):
        clock.set_day(day)
        assert asked(), day
    clock.set_day(-4 * MINUTE) # a correction
    assert not asked()
    clock.passes(HOUR)
    for day in (-4 * MINUTE, 0, -24 * HOUR, 24 * HOUR):
        clock.set_day(day)
        assert asked(), day


def test_a_bypass_survives_a_reboot_but_not_its_end(sim, clock):
    give()
    clock.set_day(5 * MINUTE)
    clock.reboot()
    assert not asked()
    clock.set_day(HOUR)
    clock.reboot()
    assert asked()


@pytest.mark.parametrize("name", ["ALICE", "Alice", "alice ", " alice", "alic", "alicex", "bob", "a%",
                                  "_lice", "carol"])
def test_a_bypass_applies_to_the_exact_user_name_only(sim, name):
    harness.configure(sim, swmfa="tries = 1")
    give()
    assert asked(name) and not asked()


def test_a_bypass_of_another_account_does_not_apply(sim):
    """The one who calls su is asked with use_uid: his own pass counts, and that of the target not."""
    service = harness.between_permits("use_uid", service="caller")
    give("bob")
    assert asked("bob", service=service, prefix=AS_ALICE)
    done("bypass", "bob", "--end")
    give("alice")
    assert not asked("bob", service=service, prefix=AS_ALICE)
    assert asked("bob")


def test_bypass_warns_that_a_locked_user_is_still_denied(sim, log):
    harness.configure(sim, limits="failures = 1\n", swmfa="tries = 1")
    login(answers=["@wrong"])
    out = give()
    assert "alice: is locked, which a bypass does not change: swmfactl unlock alice\n" in out
    before = sim.requests()
    assert login(answers=["123456"]).result == "PAM_MAXTRIES" and sim.requests() == before
    log.last("result=denied reason=locked")
    done("unlock", "alice")
    assert not asked()
    assert "locked" not in give()


def test_a_user_locked_during_a_bypass_is_denied(sim, log):
    give()
    change("INSERT INTO swmfa_try SELECT 'alice', 10, 0, now_ms + 900000 FROM swmfa_store")
    assert login(answers=["123456"] * 3).result == "PAM_MAXTRIES"
    log.last("result=denied reason=locked")


def test_the_lock_of_unknown_names_does_not_affect_an_unmapped_user(sim, log):
    """All names that are not in the map are counted under a hundred, by the digits that they see."""
    harness.configure(sim, limits="failures = 1\n", swmfa="tries = 1")
    assert login("carol", answers=["123456"]).result == "PAM_MAXTRIES"
    assert harness.store("SELECT COUNT(*) FROM swmfa_try WHERE user_name LIKE '? %' AND attempts = 1 "
                         "AND locked_until_ms > 0") == [(1,)]
    assert asked("carol")
    assert f"carol: the bypass lets the user in, although carol is not in the users map, {harness.USERS}\n" in \
        give("carol")
    assert not asked("carol")
    log.last("user=carol .*result=ignored reason=pass")


def test_a_lock_denies_even_if_the_map_has_become_wrong(sim):
    harness.configure(sim, limits="failures = 1\n", swmfa="tries = 1")
    login(answers=["@wrong"])
    give()
    for text in ("alice 0155501\n", f"bob {ALICE}\n", f"alice SHA256:{'A' * 43} {ALICE}\n"):
        harness.users_map(text)
        assert login(answers=["123456"]).result == "PAM_MAXTRIES", text
    done("unlock", "alice")
    for text in ("alice 0155501\n", f"bob {ALICE}\n", f"alice SHA256:{'A' * 43} {ALICE}\n"):
        harness.users_map(text)
        assert not asked(), text
    harness.users_map()


def test_exempt_result_sets_the_pam_result(sim, log):
    give()
    assert login(service=harness.alone()).result == "PAM_PERM_DENIED", "PAM_IGNORE alone lets nobody in"
    harness.configure(sim, policy="exempt_result = success")
    assert login(service=harness.alone()).result == "PAM_SUCCESS"
    assert log.last("result=success reason=pass")


def test_a_bypass_applies_to_services_outside_the_policy(sim, log):
    give()
    harness.configure(sim, policy="services = sshd, sudo\nrequire_groups = alice")
    assert not asked() and log.last("reason=pass")
    harness.configure(sim, policy="services = swmfa-permits\nrequire_groups = alice")
    assert not asked()
    log.begin()
    harness.configure(sim, policy="services = swmfa-permits\nexempt_groups = alice")
    assert not asked() and log.last("reason=exempt"), "who is exempt needs none"
    harness.configure(sim, policy="services = sshd\nexempt_groups = alice")
    assert not asked() and log.last("reason=pass")
    done("bypass", "alice", "--end")
    assert asked()


def test_a_bypass_works_in_an_outage_and_at_a_send_limit(sim, log):
    give()
    harness.configure(sim, limits="user_sends = 1/1d\n")
    login("bob")
    assert login("bob").prompts[0].startswith("No code can be sent")
    sim.endpoint = f"https://localhost:{harness.closed_port()}"
    harness.configure(sim)
    assert not asked()


def test_a_bypass_lets_nobody_in_with_a_broken_configuration_or_store(sim):
    give()
    harness.write(harness.CONF, "[swmfa]\ntries = many\n")
    assert login().result == "PAM_SERVICE_ERR"
    harness.configure(sim)
    change("ALTER TABLE swmfa_pass RENAME TO elsewhere")
    assert login().result == "PAM_AUTHINFO_UNAVAIL"
    change("ALTER TABLE elsewhere RENAME TO swmfa_pass")
    assert not asked()


# ---- the real applications ----

def test_ssh_with_a_bypass_asks_only_for_the_password(sim, log, host):
    give()
    client = by_ssh()
    client.expect("in-the-shell")
    assert ended(client) == 0 and "Code" not in client.before and sim.requests() == []
    log.last("user=alice service=sshd rhost=127.0.0.1 result=ignored reason=pass")
    client = harness.ssh(2222, "alice")
    client.expect("Password: ")
    client.sendline("wrong")
    assert ended(client) == 255
    client = harness.ssh(2222, "bob")
    client.expect("Password: ")
    client.sendline(harness.PASSWORD)
    client.expect(PROMPT)
    client.close(force=True)
    done("bypass", "alice", "--end")
    client = by_ssh()
    client.expect(PROMPT)
    client.sendline(harness.wait_for_code(ALICE))
    client.expect("in-the-shell")
    assert ended(client) == 0


def test_ssh_with_a_key_and_a_bypass_needs_the_line_that_remember_needs(sim, log, tmp_path):
    """As in the example sshd-publickey, with the module alone in the stack."""
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    folder = harness.WORK / "home/alice/.ssh"
    folder.mkdir(exist_ok=True)
    (folder / "authorized_keys").write_text(key.with_suffix(".pub").read_text())
    subprocess.run(["chown", "-R", "alice:", folder], check=True)
    rest = [line for line in Path("/etc/pam.d/sshd").read_text().splitlines()
            if not line.startswith("auth") and "common-auth" not in line and "loginuid" not in line]
    server = harness.Sshd("key", "AuthenticationMethods publickey,keyboard-interactive", port=2223)
    try:
        give()
        harness.stack("sshd", harness.ours(), *rest, folder=Path("/etc/pam.d"))
        assert ended(harness.ssh(2223, "alice", options=["-i", str(key)])) == 255
        log.last("service=sshd .*reason=pass")
        harness.stack("sshd", harness.ours(), "auth required pam_permit.so", *rest,
                      folder=Path("/etc/pam.d"))
        client = harness.ssh(2223, "alice", options=["-i", str(key)])
        client.expect("in-the-shell")
        assert ended(client) == 0 and sim.requests() == []
    finally:
        server.stop()
        subprocess.run(["rm", "-rf", folder], check=True)


def test_sudo_and_su_with_a_bypass_need_no_code(sim, log, host):
    give()
    client = sudo_as_alice("id", "-u")
    client.expect(r"\n0\r")
    assert ended(client) == 0 and sim.requests() == []
    log.last("user=alice service=sudo .*result=ignored reason=pass")
    client = on_terminal("su", "bob", "-c", "echo in-the-shell", user="alice")
    client.expect("Password: ")
    client.sendline(harness.PASSWORD)
    client.expect("in-the-shell")
    assert ended(client) == 0
    log.last("user=alice service=su .*result=ignored reason=pass")
    done("bypass", "alice", "--end")
    client = sudo_as_alice("id", "-u")
    client.expect(PROMPT)
    client.sendline(harness.wait_for_code(ALICE))
    client.expect(r"\n0\r")
    assert ended(client) == 0


# ---- the command ----

def test_bypass_prints_and_logs_what_it_did(sim, log):
    before = time.time()
    out = give(span="8h", reason="on call, see ticket 42")
    after = time.time()
    [end] = re.findall(r"^alice: no code is required until (\S+ \S+): on call, see ticket 42\n$", out)
    assert before - 1 <= time.mktime(time.strptime(end, "%Y-%m-%d %H:%M:%S")) - 8 * HOUR <= after + 1
    assert re.fullmatch(r"for (8 h|7 h 59 min \d+ s) more: on call, see ticket 42",
                        table("alice")["bypass"])
    out = give(span="30d", reason="again")
    assert re.search(r"^alice: replaces a bypass with \S+ .*left: on call, see ticket 42$",
                     out, re.MULTILINE)
    done("bypass", "alice", "--end")
    assert harness.wait_until(lambda: len(ctl_lines(log)) == 3)
    lines = ctl_lines(log)
    assert all(line.startswith("<85>") for line in lines), "authpriv, notice"
    assert "bypass granted to alice for 8h (on call, see ticket 42) by uid 0" in lines[0]
    assert "bypass granted to alice for 30d (again) by uid 0" in lines[1]
    assert "bypass ended for alice by uid 0" in lines[2]


def test_bypass_refuses_a_name_that_is_not_the_name_of_the_account(sim):
    for name in ("nobody-here", "ALICE"):
        error = failed("bypass", name, "--for", "1h", "--reason", "x")
        assert error == (f"swmfactl: {name}: no such account (not found); --force grants "
                         "the bypass anyway\n")
    assert harness.store("SELECT * FROM swmfa_pass") == []
    assert "nobody-here: no code" in done("bypass", "nobody-here", "--for", "1h", "--reason", "x",
                                          "--force")
    assert not asked("nobody-here")


def test_bypass_reads_neither_configuration_nor_map(sim):
    harness.CONF.unlink()
    harness.USERS.unlink()
    give("carol")
    assert done("bypass", "carol", "--end") == "carol: bypass ended\n"
    harness.users_map()


TIME = "--for: expected a time such as"
TEXT = "--reason: expected a text of printable ASCII, at most 100 bytes"
BOTH = "expected --for and --reason, or --end"
ALONE = "--end cannot be combined with"


@pytest.mark.parametrize("arguments, says", [
    ([], BOTH), (["--for", "1h"], BOTH), (["--reason", "x"], BOTH), (["--force"], BOTH),
    (["--for", "1h", "--end"], ALONE), (["--reason", "x", "--end"], ALONE),
    (["--end", "--force"], ALONE), (["--for"], "requires an argument"),
    *[(["--for", span, "--reason", "x"], TIME) for span in
      ("", "0", "0s", "1", "-1h", "1.5h", "1h30m", "31d", "721h", "2592001s", "1w", "for ever")],
    *[(["--for", "1h", "--reason", text], TEXT) for text in
      ("", " ", "  ", "a\nb", "\x1b[2J", "\t", "\x7f", "gr\u00fc\u00dfe", "x" * 101)]])
def test_a_wrong_command_line_exits_with_64_and_gives_no_bypass(sim, arguments, says):
    harness.reset_store()
    assert says in failed("bypass", "alice", *arguments, status=64)
    assert not (harness.STATE / "state.db").exists()


def test_bypass_needs_root_and_a_user(sim):
    assert "too few arguments" in failed("bypass", "--for", "1h", "--reason", "x", status=64)
    assert "too many" in failed("bypass", "alice", "bob", "--for", "1h", "--reason", "x", status=64)
    prefix = ["setpriv", "--reuid", "alice", "--regid", "alice", "--clear-groups"]
    assert failed("bypass", "alice", "--for", "1h", "--reason", "x",
                  prefix=prefix) == "swmfactl: must be run as root\n"


def test_the_longest_reason_is_stored_and_logged_whole(sim, log):
    reason = "".join(chr(33 + i % 94) for i in range(100))
    give(reason=reason)
    assert table("alice")["bypass"].endswith(" more: " + reason)
    assert not asked()
    escaped = reason.replace("\\", r"\134").replace('"', r"\"")
    assert escaped in log.last("reason=pass")


def test_a_locked_store_gives_no_bypass(sim):
    with subprocess.Popen(**service_user(HOLD), stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE) as holder:
        assert holder.stdout.readline() == b"held\n"
        status, out, error = ctl("bypass", "alice", "--for", "1h", "--reason", "x")
        assert (status, out) == (1, "") and "another process" in error
        holder.stdin.close()
    assert asked()


def test_simultaneous_logins_with_a_bypass_need_no_code(sim):
    give()
    outs = harness.pamhosts(harness.between_permits(), 50, answers=["@fail"])
    assert [out.result for out in outs] == ["PAM_SUCCESS"] * 50 and sim.requests() == []
