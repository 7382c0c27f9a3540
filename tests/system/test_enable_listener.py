# SPDX-License-Identifier: BSD-3-Clause
"""swmfactl enable with an sshd that was started in an unusual way: enable predicts it correctly, or refuses."""
import os
import pwd
import resource
import shutil
import signal
import socket
import subprocess
from pathlib import Path

import pytest

import harness
from test_swmfactl import ctl, failed
from test_swmfactl_enable import PORT, SSHD, debian, key, listens, snapshot # noqa: F401


class Listener:
    """An sshd that listens at a port of its own."""

    def __init__(self, *options, program=SSHD, environment=None, prefix=()):
        self.process = subprocess.Popen([*prefix, program, "-D", "-e", "-p", str(PORT), *options],
                                        env=environment, stderr=subprocess.DEVNULL)
        assert harness.wait_until(lambda: listens(PORT))

    def __enter__(self):
        return self.process

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(harness.PATIENCE)


def refused(*options):
    """The refusal of enable and of its dry run, which change nothing."""
    before = snapshot()
    for dry in ([], ["--dry-run"]):
        error = failed("enable", "sshd", *options, *dry)
        assert snapshot() == before
    return error


def test_an_sshd_option_with_spaces_in_its_value_is_read_whole(sim):
    """It permits a code alone, which the first of the two lists does not."""
    with Listener("-o", "KbdInteractiveAuthentication=yes", "-o", "AuthenticationMethods="
                  "publickey,keyboard-interactive keyboard-interactive") as process:
        assert f"sshd (process {process.pid}) runs with options of its own: its options are " \
            "unknown" in refused("--publickey")


def test_options_cut_off_in_the_process_list_are_not_trusted(sim):
    """Without an environment, sshd has no room for what it shows."""
    own = harness.WORK / "own-sshd-of-another-name.conf"
    lines = f"Port {PORT}\nUsePAM yes\nPidFile none\nPasswordAuthentication no\n"
    own.write_text(lines + "KbdInteractiveAuthentication yes\n") # a code alone
    for end in range(1, 16): # wherever it is cut off
        Path(str(own)[:-end]).write_text(lines + "KbdInteractiveAuthentication no\n")
    with Listener("-f", str(own), environment={}) as process:
        shown = Path(f"/proc/{process.pid}/cmdline").read_bytes()
        assert b"[listener]" not in shown and own.name.encode() not in shown
        assert "its options are unknown" in refused("--publickey")


def test_an_sshd_is_found_among_any_number_of_sockets(sim):
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (8192, before[1]))
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(6000)]
    try:
        with Listener() as process:
            status, out, _ = ctl("enable", "sshd")
            assert status == 2 and f"sshd (process {process.pid}) may not have read" in out
    finally:
        for one in sockets:
            one.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.mark.parametrize("path", ["/usr/sbin/sshd.real", "/usr/local/sbin/sshd"])
@pytest.mark.parametrize("options", [[], ["--publickey"]], ids=["password", "key"])
def test_another_sshd_program_is_not_mistaken_for_the_installed_one(path, options, sim):
    """One that was built from source reads its own sshd_config, and not that of /etc/ssh."""
    program = Path(path)
    program.write_bytes(SSHD.read_bytes().replace(b"/etc/ssh/sshd_config\0", b"/etc/ss2/sshd_config\0"))
    program.chmod(0o755)
    folder = Path("/etc/ss2")
    folder.mkdir()
    (folder / "sshd_config").write_text("UsePAM yes\nPasswordAuthentication no\n")
    try:
        with Listener(program=program) as process:
            assert f"sshd (process {process.pid}) runs {path}, not {SSHD}" in refused(*options)
    finally:
        shutil.rmtree(folder)
        program.unlink()


@pytest.mark.parametrize("options", [[], ["--publickey"]], ids=["password", "key"])
def test_enable_detects_an_sshd_that_would_let_nobody_in(options, sim):
    with Listener("-o", "UsePAM=no"):
        assert "it could not ask for a code, and nobody could log in" in refused(*options)


def test_enable_reads_the_match_blocks_of_an_sshd_with_its_own_file(sim):
    own = harness.WORK / "own-sshd.conf"
    own.write_text(f"Port {PORT}\nUsePAM yes\nPidFile none\nPasswordAuthentication no\n"
                   "KbdInteractiveAuthentication no\n"
                   "Match User alice\n  KbdInteractiveAuthentication yes\n")
    with Listener("-f", str(own)):
        error = refused("--publickey")
        assert f"{own}:6: Match User alice: sshd would require no key" in error


def test_an_sshd_limited_to_keys_by_its_options_does_not_start_to_accept_passwords(sim):
    with Listener("-o", "PasswordAuthentication=no"):
        assert "without a key now, and would then accept a password" in refused()


# ---- what is not waited for ----

def read(path):
    """A file of /proc; "" if the process has ended."""
    try:
        return path.read_text()
    except OSError:
        return ""


def state_and_parent(pid):
    state, parent = read(Path(f"/proc/{pid}/stat")).rpartition(") ")[2].split()[:2]
    return state, int(parent)


def begin_login():
    """A login that waits for its password: the client, and the process that serves it."""
    owner = pwd.getpwnam("sshd").pw_uid

    def find():
        return [int(path.name) for path in Path("/proc").glob("[0-9]*")
                if f"\nUid:\t{owner}\t" in read(path / "status")]

    before = find()
    client = harness.ssh(PORT, "alice", options=["-o", "PreferredAuthentications=password",
                                                 "-o", "StrictHostKeyChecking=no"])
    client.expect("assword:")
    assert harness.wait_until(lambda: {*find()} - {*before})
    return client, ({*find()} - {*before}).pop()


def enabled_at_once():
    """With a key, which waits for every sshd, and for the logins that have begun."""
    status, out, error = ctl("enable", "sshd", "--publickey")
    assert status == 0 and "Waiting" not in out and "reload" not in out, (out, error)


def test_enable_does_not_wait_for_an_sshd_with_another_etc_ssh(sim, key):
    """As one in a container: neither it, nor the logins that it has."""
    other = harness.WORK / "etc-ssh"
    shutil.copytree("/etc/ssh", other)
    with Listener(prefix=["unshare", "--mount", "sh", "-c", f'mount --bind {other} /etc/ssh && exec "$@"',
                          "sh"]):
        client, login = begin_login()
        enabled_at_once()
        assert state_and_parent(login)[0] != "Z"
        client.close()


def test_enable_does_not_wait_for_a_login_that_has_ended(sim, key):
    """It is a zombie until the process that watches it takes note."""
    with Listener():
        client, login = begin_login()
        watcher = state_and_parent(login)[1]
        os.kill(watcher, signal.SIGSTOP)
    try:
        client.close()
        assert harness.wait_until(lambda: state_and_parent(login)[0] == "Z")
        enabled_at_once()
        assert state_and_parent(login)[0] == "Z"
    finally:
        os.kill(watcher, signal.SIGCONT)
