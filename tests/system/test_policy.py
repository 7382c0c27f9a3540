# SPDX-License-Identifier: BSD-3-Clause
"""[policy]: which users and networks need a code; a failed look-up denies."""
import subprocess
from pathlib import Path

import pytest

import harness

PASSES = "PAM_SUCCESS"      # between two pam_permit lines, PAM_IGNORE lets the stack succeed
DENIED = "PAM_CONV_ERR"     # asked, and nobody answers
NSSWITCH = Path("/etc/nsswitch.conf")


@pytest.fixture(scope="module", autouse=True)
def groups(private_system):
    """alice is in staff, bob in wheel and staff; both have groups of their own names."""
    for name in ("staff2", "wheel2", "domain users"):
        lines = Path("/etc/group").read_text()
        harness.write("/etc/group", lines + f"{name}:x:{60000 + len(lines) % 5000}:\n", 0o644)
    subprocess.run(["gpasswd", "-M", "alice,bob", "staff2"], check=True, capture_output=True)
    subprocess.run(["gpasswd", "-M", "bob", "wheel2"], check=True, capture_output=True)


@pytest.fixture
def nsswitch():
    """Changes the group line of nsswitch.conf."""
    before = NSSWITCH.read_text() if NSSWITCH.exists() else None

    def change(line):
        harness.write(NSSWITCH, f"passwd: files\n{line}\n", 0o644)

    yield change
    if before is None:
        NSSWITCH.unlink()
    else:
        harness.write(NSSWITCH, before, 0o644)


def login(sim, policy, user="alice", rhost="192.0.2.7", **keywords):
    harness.configure(sim, policy=policy, **keywords)
    return harness.pamhost(harness.between_permits(), user, answers=["@fail"],
                           arguments=["--rhost", rhost] if rhost else [])


GROUPS = [  # policy, user, whether asked, the rule
    ("exempt_groups = staff2", "alice", False, "exempt_groups: staff2"),
    ("exempt_groups = wheel2, staff2", "alice", False, "exempt_groups: staff2"),
    ("exempt_groups = wheel2", "alice", True, None),
    ("exempt_groups = alice", "alice", False, "exempt_groups: alice"), # the primary group
    ("exempt_groups = Staff2", "alice", None, "the group Staff2 does not exist"),
    ("exempt_groups = staff2", "nobody-here", None, "cannot be looked up"),
    ("require_groups = wheel2", "bob", True, None),
    ("require_groups = wheel2", "alice", False, "in none of require_groups"),
    ("require_groups = wheel2, staff2", "alice", True, None),
    ("require_groups = bob", "bob", True, None),
    ("require_groups = no-such-group", "alice", None, "the group no-such-group does not exist"),
    ("require_groups = wheel2, no-such-group", "bob", None, "no-such-group"),
    ("require_groups = wheel2\nexempt_groups = staff2", "bob", True, None),
    ("require_groups = wheel2\nexempt_groups = staff2", "alice", False, "exempt_groups: staff2"),
    ("exempt_groups = domain users", "alice", True, None),
]


@pytest.mark.parametrize("policy, user, asked, rule", GROUPS,
                         ids=[f"{row[1]}: {row[0]}".replace("\n", ", ") for row in GROUPS])
def test_groups_decide_who_needs_a_code(sim, log, policy, user, asked, rule):
    out = login(sim, policy, user)
    if asked is None:
        assert out.result == "PAM_AUTHINFO_UNAVAIL"
        assert rule in log.last("result=error reason=groups")
    elif asked:
        assert out.result == DENIED and len(out.prompts) == 1
    else:
        assert out.result == PASSES and out.prompts == []
        assert f'detail="{rule}"' in log.last("result=ignored reason=exempt")
    assert len(sim.requests()) == (1 if asked else 0)


def test_both_of_two_groups_with_one_name_are_searched(sim, log):
    """As a local group beside one of a directory: getgrnam knows the first only."""
    group = Path("/etc/group")
    before = group.read_text()
    harness.write(group, before + "twice:x:61001:bob\ntwice:x:61002:alice\n", 0o644)
    try:
        for user in ("alice", "bob"):
            assert login(sim, "require_groups = twice", user).result == DENIED
        assert login(sim, "require_groups = twice", "carol").result == PASSES
    finally:
        harness.write(group, before, 0o644)


@pytest.mark.parametrize("policy", ["exempt_groups = far", "require_groups = far",
                                    "require_groups = staff2, far"])
@pytest.mark.parametrize("service", ["ldap", "nosuchservice"])
def test_an_unreachable_directory_denies(sim, log, nsswitch, policy, service):
    """Its library is not there, as after an upgrade that went wrong: no group of it can be seen."""
    nsswitch(f"group: files {service}")
    out = login(sim, policy)
    assert out.result == "PAM_AUTHINFO_UNAVAIL" and sim.requests() == []
    assert "the group far" in log.last("reason=groups")


def test_a_user_whose_account_cannot_be_looked_up_is_denied(sim, log):
    out = login(sim, "require_groups = wheel2", "stranger")
    assert out.result == "PAM_AUTHINFO_UNAVAIL"
    assert "the groups of the user cannot be looked up: no such user" in log.last("reason=groups")


NETWORKS = [  # networks, rhost, whether asked
    ("192.0.2.0/24", "192.0.2.7", False),
    ("192.0.2.0/24", "192.0.3.7", True),
    ("192.0.2.7", "192.0.2.7", False),
    ("198.51.100.0/24, 192.0.2.0/29", "192.0.2.7", False),
    ("192.0.2.0/29", "192.0.2.8", True),
    ("0.0.0.0/0", "203.0.113.9", False),
    ("2001:db8::/32", "2001:db8:1::7", False),
    ("2001:db8::/32", "2001:db9::7", True),
    ("192.0.2.0/24", "::ffff:192.0.2.7", False),
    ("::/0", "192.0.2.7", True),
    ("0.0.0.0/0", "2001:db8::7", True),
    ("fe80::/10", "fe80::1%lo", True),
    ("127.0.0.0/8", "localhost", True),
    ("0.0.0.0/0, ::/0", "a-name.example", True),
    ("0.0.0.0/0, ::/0", "192.0.2.7.example", True),
    ("0.0.0.0/0", "192.0.2", True),
    ("0.0.0.0/0", "0xc0000207", True),
    ("0.0.0.0/0", "192.0.02.7", True),
    ("0.0.0.0/0", " 192.0.2.7", True),
    ("0.0.0.0/0", "192.0.2.7 ", True),
    ("0.0.0.0/0", "", True),
]


@pytest.mark.parametrize("networks, rhost, asked", NETWORKS, ids=[f"{r[1]} in {r[0]}" for r in NETWORKS])
def test_networks_match_only_literal_addresses(sim, log, networks, rhost, asked):
    out = login(sim, f"exempt_networks = {networks}", rhost=rhost)
    assert out.result == (DENIED if asked else PASSES)
    if not asked:
        assert "exempt_networks: " in log.last("reason=exempt")


BAD_NETWORKS = ["192.0.2.1/24", "192.0.2.0/33", "192.0.2/24", "office.example", "192.0.2.0/-1",
                "192.0.2.0/024", "2001:db8::1/32", "2001:db8::/129", "192.0.2.0/", "fe80::1%lo"]


@pytest.mark.parametrize("network", BAD_NETWORKS)
def test_an_invalid_network_is_a_configuration_error(sim, log, network):
    out = login(sim, f"exempt_networks = 198.51.100.0/24, {network}", rhost="198.51.100.1")
    assert out.result == "PAM_SERVICE_ERR"
    assert network in log.last(r"swmfa.conf:\d+: \[policy\] exempt_networks: ")


def test_the_policy_applies_to_the_services_that_it_names(sim, log):
    policy = "exempt_groups = staff2\nservices = sshd, swmfa-permits"
    assert login(sim, policy).result == PASSES
    policy = "exempt_groups = staff2\nexempt_networks = 0.0.0.0/0\nservices = sshd, sudo"
    assert login(sim, policy).result == DENIED
    policy = "require_groups = wheel2\nservices = sudo"
    assert login(sim, policy).result == DENIED, "another service asks everybody"


def test_exempt_result_sets_the_pam_result(sim, log):
    harness.configure(sim, policy="exempt_groups = staff2")
    assert harness.pamhost(harness.alone()).result == "PAM_PERM_DENIED", "PAM_IGNORE alone lets nobody in"
    harness.configure(sim, policy="exempt_groups = staff2\nexempt_result = success")
    assert harness.pamhost(harness.alone()).result == "PAM_SUCCESS"
    assert sim.requests() == []
    assert 'detail="exempt_groups: staff2"' in log.last("result=success reason=exempt")


def test_exempt_result_applies_only_to_exemptions(sim):
    harness.configure(sim, policy="exempt_result = success", swmfa="unmapped = ignore")
    assert harness.pamhost(harness.alone(), "carol").result == "PAM_PERM_DENIED"
    sim.endpoint = f"https://localhost:{harness.closed_port()}"
    harness.configure(sim, policy="exempt_result = success", swmfa="fail = safe")
    assert harness.pamhost(harness.alone()).result == "PAM_PERM_DENIED"


def test_an_exempt_user_needs_no_line_in_the_map(sim):
    out = login(sim, "exempt_groups = carol", "carol")
    assert out.result == PASSES


def test_a_broken_configuration_exempts_nobody(sim):
    harness.configure(sim, policy="exempt_groups = staff2", swmfa="tries = 99")
    assert harness.pamhost(harness.between_permits()).result == "PAM_SERVICE_ERR"
    harness.CONF.unlink()
    assert harness.pamhost(harness.between_permits()).result == "PAM_SERVICE_ERR"
