# SPDX-License-Identifier: BSD-3-Clause
"""Break-glass codes: each works once, at every prompt for a code, and only for its user."""
import re

import pytest

import harness
from test_local import ended, login_as_alice, sudo, sudo_as_alice
from test_ssh import give_password, sshd
from test_store import BOUND, all_deaths, counts, grow, some_history, work_off
from test_swmfactl import change, codes_of, done, kept_hashes

ALICE = harness.NUMBERS["alice"]
LIMITS = {key: value for key, value in harness.GENEROUS.items() if key != "failures"}


def failures(count):
    """[limits] with these failures before a lock, and none besides that a test meets."""
    return "".join(f"{key} = {value}\n" for key, value in LIMITS.items()) + f"failures = {count}\n"


MADE = {} # alice's, made once: the codes, the store with them
SECRETS = set() # all codes that were made here, and what is kept of them


def make(user):
    made = codes_of(done("codes", user))
    SECRETS.update(made, [code[at:at + 7] for code in made for at in (0, 7, 14)])
    SECRETS.update(kept.rsplit("$", 1)[1] for kept in kept_hashes(user))
    return made


@pytest.fixture
def codes(sim):
    """alice has ten."""
    if not MADE:
        MADE["codes"] = make("alice")
        MADE["store"] = harness.store_files()
    harness.put_store(MADE["store"])
    return MADE["codes"]


def left(user="alice"):
    return counts(user)[3]


def is_good(code, *before, user="alice", service=None, **keywords):
    """The code, typed after other answers, lets the user in, and is gone then."""
    count = left(user)
    out = harness.pamhost(service or harness.alone(), user, answers=[*before, code], **keywords)
    assert out.result == "PAM_SUCCESS", out.text
    assert len(out.prompts) == len(before) + 1 and left(user) == count - 1
    return out


def is_wrong(code, user="alice", before=()):
    """The code is said to be wrong, like any other, and nothing is used up."""
    count = counts(user)[3]
    out = harness.pamhost(harness.between_permits(), user, answers=[*before, code])
    assert out.result == "PAM_CONV_ERR", out.text
    assert out.prompts[-1].startswith("Wrong code. Try again.") and left(user) == count
    return out


def other_end(code):
    return code[:-1] + ("0" if code[-1] != "0" else "1")


# ---- good, and once ----

SPELLINGS = [
    lambda code: "\t".join(code),
    lambda code: code.replace("1", "I"),
    lambda code: "-".join(code[at:at + 7] for at in (0, 7, 14)),
    lambda code: code,
    lambda code: code.upper(),
    lambda code: " ".join(code),
    lambda code: code.replace("1", "l").replace("0", "o"),
    lambda code: code.upper().replace("1", "L"),
    lambda code: f"  {code[:3]}--{code[3:9]} - {code[9:]}\t ",
    lambda code: "-" + "-".join(code.upper().replace("1", "i")) + "-",
]


def test_each_of_the_ten_codes_works_once_in_any_spelling(codes, sim, log):
    for number, (code, spelling) in enumerate(zip(codes, SPELLINGS)):
        log.begin()
        out = is_good(spelling(code))
        assert out.prompts[0].startswith("Code sent by SMS to the number ending in 82.")
        assert out.all("message") == []
        line = log.last("reason=")
        assert line.startswith("<84>"), "authpriv, warning"
        assert "user=alice service=swmfa-alone rhost=- result=success reason=break-glass " in line
        assert f'detail="a break-glass code was used; {9 - number} left"' in line
        is_wrong(code)
    assert left() == 0 and sim.count("verify") == 0
    for code in codes:
        is_wrong(code)


@pytest.mark.parametrize("number, letter", [(0, "O"), (0, "o"), (1, "I"), (1, "i"), (1, "L"), (1, "l")])
def test_letters_that_look_like_digits_are_read_as_digits(codes, number, letter):
    is_good(letter + codes[number][1:])


def test_the_codes_work_in_any_order(codes):
    for code in reversed(codes):
        is_good(code)


def test_a_user_with_break_glass_codes_can_still_use_a_sent_code(codes, log):
    assert harness.pamhost(harness.alone()).result == "PAM_SUCCESS"
    assert left() == 10
    assert "reason=verified" in log.last("result=success")


def test_a_break_glass_login_resets_the_failures(codes):
    assert harness.pamhost(harness.between_permits(), answers=["@wrong"] * 3).result == "PAM_MAXTRIES"
    is_wrong(other_end(codes[4]))
    assert counts()[:2] == (4, 0)
    is_good(codes[4])
    assert counts()[:2] == (5, 5)


# ---- wherever a code is asked for ----

def down(simulator, **keywords):
    simulator.endpoint = f"https://localhost:{harness.closed_port()}"
    harness.configure(simulator, **keywords)


def test_a_break_glass_code_works_while_the_provider_is_down(codes, sim, log):
    down(sim)
    out = is_good(codes[0])
    assert out.prompts[0] == ("No code could be sent by SMS. Type resend or call to try again. "
                              "A break-glass code also works.\\nCode: ")
    line = log.last("result=success reason=break-glass .*signalwire network: .*; a break-glass code")
    assert line.startswith("<84>")


def test_without_codes_left_an_outage_denies_without_a_prompt(codes, sim, log):
    change("DELETE FROM swmfa_code WHERE number > 0")
    down(sim)
    for user in ("alice", "bob"):
        if user == "alice":
            is_good(codes[0])
        out = harness.pamhost(harness.between_permits(), user)
        assert out.result == "PAM_AUTHINFO_UNAVAIL" and out.prompts == []
        assert log.last(f"user={user} .*result=error reason=network")


def test_a_wrong_break_glass_code_is_denied_while_the_provider_is_down(codes, sim, log):
    down(sim)
    out = harness.pamhost(harness.between_permits(), answers=[other_end(codes[0]), "123456", "123456"])
    assert out.result == "PAM_MAXTRIES" and left() == 10
    assert out.prompts[2] == out.prompts[0], "no code has been sent that could have expired"
    log.last("result=denied reason=tries-used .*tries=3 .*signalwire network: ")
    out = harness.pamhost(harness.between_permits(), answers=[other_end(code) for code in codes[:3]])
    assert out.result == "PAM_MAXTRIES" and left() == 10


def test_a_break_glass_code_works_at_the_send_limit(codes, sim, log):
    harness.configure(sim, limits="user_sends = 1/1d")
    assert harness.pamhost(harness.alone(), answers=["@fail"]).result == "PAM_CONV_ERR"
    out = is_good(codes[3])
    assert out.prompts[0].startswith("No code can be sent now. Try again later, or type a break")
    assert len(sim.requests()) == 1
    assert "sends=0" in log.last("reason=break-glass")


def test_a_break_glass_code_works_before_anything_is_sent(codes, sim, log):
    harness.configure(sim, swmfa="autosend = no")
    out = is_good(codes[5])
    assert out.prompts[0].startswith("Press Enter to receive a code")
    is_good(codes[6], other_end(codes[6]))
    is_good(codes[7], "", "@wrong")
    assert sim.count("sms") == 1 and sim.count("verify") == 1
    harness.configure(sim, swmfa="autosend = no\ntries = 2")
    out = harness.pamhost(harness.between_permits(), answers=[codes[5], codes[6], codes[8]])
    assert out.result == "PAM_MAXTRIES" and left() == 7, "both are used, and there are two tries"


def test_a_break_glass_code_works_after_wrong_codes_and_words(codes, sim, log):
    harness.configure(sim, swmfa="resend_delay = 0\ntries = 4")
    is_good(codes[1], "@wrong", "?", "resend", "@wrong", other_end(codes[1]))
    assert "tries=4 sends=2" in log.last("reason=break-glass")


def test_a_break_glass_code_works_for_a_number_outside_countries(codes, sim, log):
    harness.configure(sim, limits="countries = +44")
    out = is_good(codes[2])
    assert out.prompts[0].startswith("No code can be sent now.")
    assert sim.requests() == []


def test_a_break_glass_code_works_after_a_failover(start, codes, log):
    first, second = start("--fault", "send-500"), start(name="2")
    harness.configure(first, bandwidth=second, swmfa="providers = signalwire, bandwidth")
    out = is_good(codes[8])
    assert out.prompts[0].startswith("Code sent by SMS") and second.count("verify") == 0
    log.last("reason=break-glass .*provider=bandwidth .*signalwire provider-error")


def test_a_break_glass_code_works_after_a_send_without_an_answer(start, codes):
    start("--fault", "send-reset")
    is_good(codes[8])


def test_ssh_accepts_a_break_glass_code_while_the_provider_is_down(codes, sim, sshd, log):
    down(sim)
    sshd("sshd", "AuthenticationMethods keyboard-interactive")
    for good in (True, False):
        client = harness.ssh(2222, "alice")
        give_password(client)
        client.expect(r"A break-glass code also works\.\s+(\(\S+\) )?Code: ")
        client.sendline("-".join([codes[0][:7], codes[0][7:14], codes[0][14:]]))
        assert client.expect(["Wrong code", "in-the-shell"]) == good
        client.close(force=True)
    assert "user=alice service=sshd rhost=127.0.0.1 " in log.last("reason=break-glass")
    assert left() == 9


def test_sudo_accepts_a_break_glass_code(codes, sudo, log):
    for good in (True, False):
        client = sudo_as_alice("id", "-u")
        client.expect("Code: ")
        client.sendline(codes[9].upper())
        assert client.expect(["Wrong code", r"\n0\r"]) == good
        client.close(force=True)
    assert "user=alice service=sudo" in log.last("reason=break-glass")


def test_login_accepts_a_break_glass_code_on_the_console(codes, log):
    harness.use_example("login", "login")
    for good in (True, False):
        client = login_as_alice()
        client.sendline(codes[7])
        assert client.expect(["Wrong code", r"\$ "]) == good
        if good:
            client.sendline("exit")
            ended(client)
        client.close(force=True)
    assert "user=alice service=login" in log.last("reason=break-glass")


# ---- not good ----

def test_a_wrong_break_glass_code_counts_as_a_failure(codes, sim, log):
    """And who is locked has none that is good, but still has it when unlocked."""
    harness.configure(sim, limits=failures(4))
    is_wrong(other_end(codes[0]))
    is_wrong(codes[0][:1] + codes[1][1:])
    is_wrong(codes[0][:1] + codes[0][:0:-1])
    assert counts()[:2] == (3, 0)
    is_wrong(other_end(codes[2]))
    before = sim.requests()
    out = harness.pamhost(harness.between_permits(), answers=codes[:3])
    assert out.result == "PAM_MAXTRIES" and left() == 10
    assert out.all("message") == ["error Too many wrong codes."]
    log.last("result=denied reason=locked .*4 failures in a row; locked for ")
    assert counts()[:2] == (4, 0) and sim.requests() == before
    done("unlock", "alice")
    is_good(codes[0])


def test_a_user_locked_during_a_login_cannot_use_break_glass_codes(codes, sim, log):
    harness.configure(sim, limits=failures(2))
    out = harness.pamhost(harness.between_permits(), answers=["@wrong", other_end(codes[0]), codes[0]])
    assert out.result == "PAM_MAXTRIES" and left() == 10
    log.last("result=denied reason=locked")


def test_a_code_of_one_user_does_not_work_for_another(codes):
    is_wrong(codes[0], "bob")
    bobs = make("bob")
    is_wrong(codes[0], "bob")
    is_wrong(bobs[0])
    assert (left(), left("bob")) == (10, 10)
    is_good(bobs[0], user="bob")
    is_good(codes[0])


def test_a_user_without_a_line_cannot_use_break_glass_codes(codes, log):
    """Not even with rows in the store, under the name or under that which stands for such names."""
    out = harness.pamhost(harness.between_permits(), "carol", answers=["@fail"])
    digits = re.search(r"ending in (\d\d)", out.prompts[0])[1]
    for name in ("carol", f"? {digits}"):
        change("INSERT INTO swmfa_code (user_name, number, hash) SELECT "
               f"'{name}', number, hash FROM swmfa_code WHERE user_name = 'alice'")
    out = harness.pamhost(harness.between_permits(), "carol", answers=codes[:3])
    assert out.result == "PAM_MAXTRIES"
    assert (left("carol"), left(f"? {digits}")) == (10, 10)
    # Once in the map, the rows are good: so the name alone was in the way.
    harness.users_map(f"carol {ALICE}\n")
    is_good(codes[0], user="carol")
    harness.users_map()


def test_a_wrong_line_or_one_for_another_key_denies_break_glass_codes(codes):
    for line in (f"alice SHA256:{'A' * 43} {ALICE}", "alice 0155501"):
        harness.users_map(line + "\n")
        out = harness.pamhost(harness.between_permits(), answers=codes[:3])
        assert out.result == "PAM_MAXTRIES" and left() == 10
    harness.users_map()


def test_new_codes_revoke_the_old_ones(codes):
    new = make("alice")
    for code in codes[:3]:
        is_wrong(code)
    for code in new[:3]:
        is_good(code)


@pytest.mark.parametrize("spoil", [
    lambda code: code[:-1], lambda code: code + "0", lambda code: code[:10] + "u" + code[11:],
    lambda code: "a" + code[1:], lambda code: code[:10] + "_" + code[11:]])
def test_text_of_another_shape_is_not_a_break_glass_code(codes, spoil):
    out = harness.pamhost(harness.between_permits(), answers=[spoil(codes[0])])
    assert out.result == "PAM_CONV_ERR"
    assert out.prompts[1].startswith("That is not a code of 6 digits.")
    assert left() == 10 and counts()[0] is None


# ---- simultaneous logins, and helpers that die ----

@pytest.mark.parametrize("limits", [None, failures(10)], ids=["no-lock", "with-a-lock"])
def test_only_one_of_fifty_simultaneous_logins_uses_a_code(codes, sim, limits):
    harness.configure(sim, limits=limits)
    outs = harness.pamhosts(harness.between_permits(), 50, answers=[codes[6]])
    results = [out.result for out in outs]
    assert sorted(set(results)) == ["PAM_CONV_ERR", "PAM_SUCCESS"]
    assert results.count("PAM_SUCCESS") == 1
    assert counts()[3] == 9
    assert kept_hashes("alice") == [kept for number, kept in enumerate(kept_of_made())
                                    if number != 6]


def kept_of_made():
    """The hashes of the codes as they were made."""
    now = harness.store_files()
    harness.put_store(MADE["store"])
    kept = kept_hashes("alice")
    harness.put_store(now)
    return kept


def with_history(codes):
    some_history()
    work_off()
    return codes[3]


STATES = {(6, 4, 3, 10), (6, 4, 4, 10), (7, 4, 4, 10), (7, 7, 4, 9)}


@pytest.mark.parametrize("mode", ["after", "torn"])
def test_no_code_works_twice_wherever_the_helper_dies(codes, sim, faults, mode):
    code = with_history(codes)
    seen = set()

    def login():
        return harness.pamhost(harness.between_permits(), answers=[code])

    def look():
        before = counts()
        seen.add(before)
        assert login().result == ("PAM_SUCCESS" if before[3] == 10 else "PAM_CONV_ERR")
        assert counts()[3] == 9

    out, _ = all_deaths(faults, mode, login, look, harness.store_files())
    assert out.result == "PAM_SUCCESS" and counts() == (7, 7, 4, 9)
    assert seen | {(7, 7, 4, 9)} == STATES
    faults.kill_at(0)
    is_wrong(code)


def test_a_login_uses_up_its_code_wherever_a_write_fails(codes, sim, log):
    code = with_history(codes)
    grow(40) # so that its end is what the limit is about
    start = harness.store_files()
    size = 0
    seen = set()
    while (7, 7, 4, 9) not in seen:
        harness.put_store(start)
        harness.configure(sim, swmfa="fail = safe")
        out = harness.pamhost(harness.between_permits(), answers=[code],
                              prefix=[*BOUND, "prlimit", f"--fsize={size}"])
        state = counts()
        seen.add(state)
        assert (out.result == "PAM_SUCCESS") == (state[3] == 9)
        assert out.result in ("PAM_SUCCESS", "PAM_AUTHINFO_UNAVAIL")
        size = max(size, len(start["state.db-wal"]) - 1024) + 1024
    assert seen == STATES


# ---- secrets ----

def test_no_code_and_no_hash_is_logged_or_stored_in_the_clear(codes, log):
    log.begin()
    is_good(codes[0], other_end(codes[0]), "-".join([codes[1][:7], codes[1][7:14], "0000000"]))
    is_wrong(codes[0])
    harness.pamhost(harness.alone("debug"), answers=[codes[2]])
    harness.pamhost(harness.between_permits(), "carol", answers=[codes[3]] * 3)
    log.last("user=carol .*reason=")
    assert len(SECRETS) >= 50
    for text in harness.OUTPUT:
        for secret in SECRETS:
            assert secret not in text and secret.upper() not in text
    for path in harness.STATE.iterdir():
        data = path.read_bytes()
        for code in codes:
            for part in (code, code[:7], code[7:14], code[14:]):
                assert part.encode() not in data and part.upper().encode() not in data
    assert all(kept.startswith("$y$") for kept in kept_hashes("alice"))
