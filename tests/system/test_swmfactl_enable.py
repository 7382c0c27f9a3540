# SPDX-License-Identifier: BSD-3-Clause
"""swmfactl enable and disable, on the files of Debian, with the real sshd, sudo, su and login."""
import contextlib
import json
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
from pathlib import Path

import pytest

import harness
import stacks
from test_local import PROMPT, ended, login_as_alice, on_terminal, sudo_as_alice
from test_swmfactl import ctl, ctl_lines, done, failed

ALICE, BOB = harness.NUMBERS["alice"], harness.NUMBERS["bob"]
PAM = Path("/etc/pam.d")
COMMON = PAM / "common-auth"
PROFILE = Path("/usr/share/pam-configs/swmfa")
SSHCONF = Path("/etc/ssh/sshd_config.d/00-swmfa.conf")
COPIES = harness.SECURITY / "swmfa.before"
TOOL = Path("/usr/sbin/pam-auth-update")
SSHD = Path("/usr/sbin/sshd")
PORT = 2299
SERVICES = ["sshd", "sudo", "su", "login"]
CONFIGURATION = [*harness.DEBIAN_FOLDERS, str(COPIES)]


def snapshot(*folders):
    """{path: (mode, bytes)} of all files."""
    found = {}
    for folder in folders or CONFIGURATION:
        for path in Path(folder).rglob("*"):
            if path.is_file():
                found[str(path)] = (path.stat().st_mode, path.read_bytes())
    return found


NO_ROOT = "swmfactl: warning: sshd sends the code but rejects root anyway"


@pytest.fixture(autouse=True)
def debian(sim):
    """Debian's /etc, but for what no process in a namespace can do."""
    harness.restore_debian()
    for service in ("sshd", "login"):
        text = (PAM / service).read_text()
        (PAM / service).write_text(re.sub(r"^session.*pam_loginuid.so.*\n", "", text,
                                          flags=re.MULTILINE))
    conf = Path("/etc/ssh/sshd_config")
    conf.write_text(conf.read_text() + "PerSourcePenalties no\n" * harness.penalties_known() +
                    "PermitRootLogin yes\n")
    harness.write("/etc/sudoers.d/swmfa-test", "alice ALL=(ALL) ALL\nDefaults timestamp_timeout=0, "
                  "passwd_tries=1\n", 0o440)
    shutil.rmtree(COPIES, ignore_errors=True)
    harness.users_map(f"alice {ALICE}\nbob {BOB}\ncarol {BOB}\nroot {ALICE}\n")
    Path("/run/sshd").mkdir(exist_ok=True)
    login_defs = harness.LOGIN_DEFS.read_text()
    harness.set_login_timeout(180)
    yield
    harness.LOGIN_DEFS.write_text(login_defs)
    harness.restore_debian()
    shutil.rmtree(COPIES, ignore_errors=True)


def listens(port):
    """Whether an sshd answers there."""
    try:
        with socket.create_connection(("127.0.0.1", port), 60) as connection:
            return connection.recv(4).startswith(b"SSH")
    except OSError:
        return False


class Sshd:
    """The sshd of the system with its own configuration, but for the port."""

    def __init__(self, options=()):
        self.output = open(harness.WORK / "sshd-real.log", "wb")
        self.process = subprocess.Popen([SSHD, "-D", "-e", "-p", str(PORT), "-o", "UseDNS=no",
                                         *options], stderr=self.output)
        assert harness.wait_until(self.answers), Path(self.output.name).read_text()
        key = Path("/etc/ssh/ssh_host_ed25519_key.pub").read_text().split()[:2]
        harness.KNOWN_HOSTS.write_text(f"[127.0.0.1]:{PORT} {' '.join(key)}\n")

    @staticmethod
    def answers():
        return listens(PORT)

    def reload(self):
        """What systemctl reload ssh does."""
        before = self.image()
        self.process.send_signal(signal.SIGHUP)
        assert harness.wait_until(lambda: self.image() != before)
        assert harness.wait_until(self.answers)

    def image(self):
        """What is another one after each exec: where the kernel has put the stack."""
        return Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()[25]

    def stop(self):
        self.process.terminate()
        self.process.wait(harness.PATIENCE)
        self.output.close()


@pytest.fixture
def sshd():
    server = Sshd()
    yield server
    server.stop()


@pytest.fixture
def key(tmp_path):
    """A key of alice's: the options of ssh that use it."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "key"],
                   check=True)
    folder = harness.WORK / "home/alice/.ssh"
    folder.mkdir(mode=0o700, exist_ok=True)
    shutil.copy(tmp_path / "key.pub", folder / "authorized_keys")
    subprocess.run(["chown", "-R", "alice:", folder], check=True)
    yield ["-i", str(tmp_path / "key")]
    shutil.rmtree(folder)


def ssh(*options, user="alice"):
    return harness.ssh(PORT, user, options=options)


def ssh_with_password(*options):
    client = ssh("-o", "PreferredAuthentications=publickey,keyboard-interactive,password", *options)
    client.expect("[Pp]assword: ")
    client.sendline(harness.PASSWORD)
    return client


def gets_in(client):
    client.expect("in-the-shell")
    return ended(client) == 0


def gets_in_by_code(client, number=ALICE, before=0):
    client.expect(PROMPT)
    client.sendline(harness.wait_for_code(number, sent_before=before))
    return gets_in(client)


NO_KEY = "swmfactl: warning: these accounts have no SSH key, and can no longer log in by sshd: bob, carol\n"


def enable_sshd(server, *options):
    """Both runs, and the reload after each that asks for one; what they print."""
    status, first, error = ctl("enable", "sshd", *options)
    assert (status, error) == (2, NO_KEY if options else "")
    server.reload()
    status, second, error = ctl("enable", "sshd", *options)
    assert (status, error) == (2 if options else 0, "")
    if options:
        assert "Until then a key is enough, as before." in second
        server.reload()
        assert done("enable", "sshd", *options) == "sshd: already enabled\n"
    return first, second


# ---- ssh ----

def test_after_enable_sshd_a_login_needs_a_code_and_after_disable_none(sshd, sim, log):
    before = snapshot()
    assert gets_in(ssh_with_password())
    out, second = enable_sshd(sshd)
    for text in (out, second):
        assert "+auth\t[success=1 default=ignore]\tpam_succeed_if.so quiet service notin sshd" in text
        assert f"+auth\trequired\t{harness.MODULE}" in text
        assert "swmfactl disable sshd" in text and "Keep this session open" in text
    assert "+AuthenticationMethods keyboard-interactive" in out
    assert "\n    systemctl reload ssh\n    swmfactl enable sshd\n" in out and "reload" not in second
    assert (COPIES / "etc_pam.d_common-auth").read_bytes() == before[str(COMMON)][1]
    assert harness.wait_until(lambda: any("enabled for sshd by uid 0" in line
                                          for line in ctl_lines(log)))
    assert gets_in_by_code(ssh_with_password())
    assert "user=alice service=sshd" in log.last("result=success")
    out = done("doctor")
    assert re.findall("^[a-z].*", out.partition("\n\n")[0], flags=re.MULTILINE) == ["sshd"], out
    assert "error" not in out and "warning" not in out
    assert "note  /etc/pam.d/common-auth:26: a condition before this line" in out
    sent = len(harness.messages())
    out = done("disable", "sshd")
    assert "systemctl reload ssh" in out
    assert "sshd: not enabled\n" in (again := done("disable", "sshd"))
    assert "systemctl reload ssh" in again
    assert gets_in(ssh_with_password())
    sshd.reload()
    assert done("disable", "sshd") == "sshd: not enabled\n"
    assert gets_in(ssh_with_password())
    assert len(harness.messages()) == sent
    after = snapshot()
    changed = {path for path in {*before, *after} if before.get(path) != after.get(path)}
    assert changed <= {"/var/lib/pam/seen"}, changed
    assert harness.wait_until(lambda: any("disabled for sshd by uid 0" in line
                                          for line in ctl_lines(log)))


def doctor_on_sshd():
    """What doctor finds of sshd, by the names of its findings."""
    found = json.loads(ctl("doctor", "sshd", "--json")[1])["findings"]
    return {finding["id"]: finding for finding in found}


def test_before_the_reload_of_sshd_logins_do_not_change(sshd, key, sim, log):
    """Otherwise each password would have a code sent and be denied: this sshd cannot prompt."""
    before = snapshot(PAM)
    for _ in range(3):
        status, out, error = ctl("enable", "sshd")
        assert (status, error) == (2, "")
        assert f"sshd (process {sshd.process.pid}) may not have read" in out
        assert gets_in(ssh_with_password()) and gets_in(ssh(*key))
    assert snapshot(PAM) == before and harness.messages() == []
    found = doctor_on_sshd()
    assert found["sshd-reload"]["fix"] == "systemctl reload ssh"
    assert found["half-enabled"]["fix"] == "systemctl reload ssh\nswmfactl enable sshd"
    assert "not-asked" not in found
    assert "after the reload a login needs the password, and no code" in found["half-enabled"]["text"]
    sshd.reload() # between the two: the password, and no code
    assert gets_in(ssh_with_password())
    found = doctor_on_sshd()
    assert found["half-enabled"]["fix"] == "swmfactl enable sshd" and "sshd-reload" not in found
    assert "; a login needs the password, and no code; a key is not enough;" in found["half-enabled"]["text"]
    done("enable", "sshd")
    assert not {"half-enabled", "sshd-reload", "not-asked"} & {*doctor_on_sshd()}
    assert gets_in_by_code(ssh_with_password())
    assert harness.wait_until(lambda: any("enabled for sshd" in line for line in ctl_lines(log)))
    assert sum("sshd's configuration changed" in line for line in ctl_lines(log)) == 1


@pytest.mark.parametrize("options", [[], ["--publickey"]], ids=["password", "key"])
def test_enable_finds_an_sshd_without_a_pid_file(options, key, sim):
    """What it has read is not taken for known because there is no PID file to look at."""
    server = Sshd(["-o", "PidFile=none"])
    try:
        for _ in range(2):
            assert ctl("enable", "sshd", *options)[0] == 2
        assert gets_in(ssh_with_password())
        server.reload()
        assert ctl("enable", "sshd", *options)[0] == (2 if options else 0)
        server.reload()
        assert gets_in_by_code(ssh(*key) if options else ssh_with_password())
    finally:
        server.stop()


def test_enable_waits_for_a_second_sshd_that_has_not_read_the_file(sshd, key, sim):
    second = subprocess.Popen([SSHD, "-D", "-e", "-p", str(PORT + 1), "-o", "PidFile=none"],
                              stderr=subprocess.DEVNULL)
    try:
        assert harness.wait_until(lambda: listens(PORT + 1))
        assert ctl("enable", "sshd", "--publickey")[0] == 2
        sshd.reload()
        status, out, _ = ctl("enable", "sshd", "--publickey")
        assert status == 2 and f"sshd (process {second.pid}) may not have read" in out
    finally:
        second.terminate()
        second.wait(harness.PATIENCE)
    assert ctl("enable", "sshd", "--publickey")[0] == 2
    sshd.reload()
    assert gets_in_by_code(ssh(*key))


def at_the_password():
    early = ssh("-o", "PubkeyAuthentication=no", "-o", "PreferredAuthentications=password")
    early.expect("[Pp]assword: ")
    return lambda: early.close(force=True)


def silent():
    """A client that does not even name its version."""
    early = socket.create_connection(("127.0.0.1", PORT), 60)
    assert early.recv(4) == b"SSH-"
    return early.close


def half_a_handshake():
    """A client that has begun the key exchange, and does not go on."""
    early = socket.create_connection(("127.0.0.1", PORT), 60)
    early.sendall(b"SSH-2.0-test\r\n")
    server = early.makefile("rb")
    assert server.readline().startswith(b"SSH-2.0-")
    size = server.read(4)
    early.sendall(size + server.read(int.from_bytes(size, "big"))) # what the server offers, back
    return lambda: (server.close(), early.close())


@pytest.mark.parametrize("begin", [at_the_password, silent, half_a_handshake])
def test_a_login_that_began_before_the_reload_never_skips_the_password(begin, sshd, key, sim):
    """It was asked for no key: the code alone would let it in."""
    before = (PAM / "sshd").read_text()
    end = begin()
    assert ctl("enable", "sshd", "--publickey")[0] == 2
    sshd.reload()
    with subprocess.Popen([harness.CTL, "enable", "sshd", "--publickey"], stdout=subprocess.PIPE,
                          text=True) as second:
        for line in second.stdout:
            if line.startswith("Waiting for logins that began before the reload: 1"):
                break
        pid, = re.findall(r"\(sshd process (\d+)\)", line)
        assert Path(f"/proc/{pid}/cmdline").read_text().startswith("sshd")
        left = re.fullmatch(r"sshd ends them within (?:(\d) min )?(?:(\d+) s )?"
                            r"\(LoginGraceTime\)\.\n", second.stdout.readline())
        assert 0 < 60 * int(left[1] or 0) + int(left[2] or 0) <= 184
        assert (PAM / "sshd").read_text() == before
        end()
        assert "sshd asks for a code once sshd is reloaded" in second.stdout.read()
    assert second.returncode == 2
    sshd.reload()
    assert gets_in_by_code(ssh(*key))


def test_enable_waits_for_an_sshd_that_does_not_listen_yet(sim, tmp_path):
    """It would let in by what it has read, before a stack that is made for another file."""
    os.mkfifo(tmp_path / "host-key") # sshd reads keys after its file, and waits here
    starting = subprocess.Popen([SSHD, "-D", "-p", str(PORT), "-h", tmp_path / "host-key"],
                                stderr=subprocess.DEVNULL)
    before = snapshot(PAM)
    try:
        status, out, _ = ctl("enable", "sshd")
        assert status == 2 and f"sshd (process {starting.pid}) may not have read" in out
        assert snapshot(PAM) == before
    finally:
        starting.kill()
        starting.wait(harness.PATIENCE)


@pytest.mark.parametrize("lines, options, says", [
    ("PasswordAuthentication no\nKbdInteractiveAuthentication yes\n", ["--publickey"], "the code alone would let users in"),
    ("PasswordAuthentication yes\n", [], "sshd's password method cannot prompt")])
def test_enable_examines_an_sshd_with_its_own_configuration(lines, options, says, sim):
    own = harness.WORK / "own-sshd.conf"
    own.write_text(f"Port {PORT}\nUsePAM yes\nPidFile none\n{lines}")
    second = subprocess.Popen([SSHD, "-D", "-e", "-f", own], stderr=subprocess.DEVNULL)
    before = snapshot()
    try:
        assert harness.wait_until(lambda: listens(PORT))
        for dry in ([], ["--dry-run"]):
            error = failed("enable", "sshd", *options, *dry)
            assert f"sshd (process {second.pid}) runs with options of its own" in error
            assert says in error
    finally:
        second.terminate()
        second.wait(harness.PATIENCE)
    assert snapshot() == before


def test_a_changed_include_outside_etc_ssh_needs_a_reload(sim):
    """An Include line can lead out of sshd_config.d."""
    folder = Path("/etc/ssh/elsewhere")
    folder.mkdir()
    conf = Path("/etc/ssh/sshd_config")
    conf.write_text(conf.read_text() + f"Include {folder}/*.conf\n")
    server = Sshd()
    try:
        assert ctl("enable", "sshd")[0] == 2
        server.reload()
        (folder / "new.conf").write_text("MaxSessions 5\n")
        assert "may not have read" in ctl("enable", "sshd")[1]
        server.reload()
        done("enable", "sshd")
    finally:
        server.stop()
        shutil.rmtree(folder)


def test_without_a_running_sshd_nothing_needs_a_reload(sim):
    assert "reload" not in done("enable", "sshd")
    server = Sshd()
    try:
        assert gets_in_by_code(ssh_with_password())
        client = ssh_with_password()
        client.expect(PROMPT)
        client.sendline("000000")
        client.expect("Wrong code")
        client.close(force=True)
    finally:
        server.stop()


def test_a_key_alone_does_not_log_in(sshd, key, sim):
    assert gets_in(ssh(*key))
    first, second = enable_sshd(sshd)
    assert "Keys will no longer log in" in first and "enable sshd --publickey" in first
    client = ssh(*key, "-o", "PreferredAuthentications=publickey")
    client.expect("Permission denied")


def test_enable_publickey_changes_the_stack_after_the_reload(sshd, key, sim, log):
    """Otherwise the module would be alone in the stack of an sshd that asks for no key."""
    before = snapshot()
    status, out, error = ctl("enable", "sshd", "--publickey")
    assert (status, error) == (2, NO_KEY)
    assert "\n    systemctl reload ssh\n    swmfactl enable sshd --publickey\n" in out
    assert (PAM / "sshd").read_bytes() == before[str(PAM / "sshd")][1]
    assert ctl("enable", "sshd", "--publickey")[0] == 2, "it was not reloaded yet"
    assert gets_in(ssh_with_password()), "as before"
    sshd.reload()
    assert gets_in(ssh(*key)), "between the two: the key, as before"
    client = ssh("-o", "PubkeyAuthentication=no")
    client.expect("Permission denied")
    status, out, error = ctl("enable", "sshd", "--publickey")
    assert (status, error) == (2, "")
    assert "-@include common-auth" in out and "Until then a key is enough, as before." in out
    assert gets_in(ssh(*key))
    for dry in ([], ["--dry-run"]):
        status, out, error = ctl("enable", "sshd", "--publickey", *dry)
        assert (status, error) == (2, "")
        assert "sshd: already enabled, but sshd must be reloaded\n" in out
        assert f"sshd (process {sshd.process.pid}) may not have read" in out
        assert "\n    systemctl reload ssh\n" in out
    assert "sshd-reload" in doctor_on_sshd() and "half-enabled" not in doctor_on_sshd()
    out = done("disable", "sshd")
    assert "sshd no longer asks for a code.\n" in out and "previous settings apply" in out
    enable_sshd(sshd, "--publickey")
    assert not {"half-enabled", "sshd-reload"} & {*doctor_on_sshd()}
    assert gets_in_by_code(ssh(*key))
    assert "user=alice service=sshd" in log.last("result=success")
    client = ssh("-o", "PubkeyAuthentication=no")
    client.expect("Permission denied")
    assert done("enable", "sshd", "--publickey") == "sshd: already enabled\n"
    done("disable", "sshd")
    sshd.reload()
    assert gets_in(ssh(*key)) and gets_in(ssh_with_password("-o", "PubkeyAuthentication=no"))
    assert snapshot() == before


def test_lines_added_to_the_drop_in_of_sshd_are_kept(sshd, key, sim):
    """Here, carol would get in that was not let in."""
    enable_sshd(sshd)
    SSHCONF.write_text(SSHCONF.read_text() + "AllowUsers alice\n")
    before = snapshot()
    for options in ([], ["--publickey"]):
        assert f"{SSHCONF}: has lines that swmfactl did not write" in failed_after_warnings(
            "enable", "sshd", *options)
    assert snapshot() == before


def test_a_missing_drop_in_is_written_and_needs_a_reload(sshd, key, sim):
    """Until then a code alone lets in."""
    enable_sshd(sshd, "--publickey")
    SSHCONF.unlink()
    sshd.reload()
    status, out, _ = ctl("enable", "sshd", "--publickey")
    assert status == 2 and SSHCONF.exists()
    assert f"sshd (process {sshd.process.pid}) may not have read" in out and "the key as well" not in out
    assert "Until then its previous settings apply." in out
    sshd.reload()
    ssh("-o", "PubkeyAuthentication=no").expect("Permission denied")


def test_remember_works_with_a_key_and_a_code(sshd, key, sim):
    """The module alone in a stack is denied by libpam whenever it lets somebody pass."""
    harness.configure(sim, policy="remember = 1h")
    enable_sshd(sshd, "--publickey")
    assert "error" not in done("doctor", "sshd")
    assert gets_in_by_code(ssh(*key))
    assert gets_in(ssh(*key)) and len(harness.messages(ALICE)) == 1
    client = ssh("-o", "PubkeyAuthentication=no")
    client.expect("Permission denied")


def test_enable_does_not_claim_a_key_is_required_when_it_is_enough_alone(sshd, key, sim):
    """Where the last reload was forgotten, and the form is changed, or the code is not wanted."""
    assert ctl("enable", "sshd", "--publickey")[0] == 2
    sshd.reload()
    assert ctl("enable", "sshd", "--publickey")[0] == 2
    status, out, _ = ctl("enable", "sshd")
    assert status == 2 and "Until then its previous settings apply, and a key can be enough." in out
    assert gets_in(ssh(*key))
    assert "Until then its previous settings apply.\n" in done("disable", "sshd")
    assert gets_in(ssh(*key))


def test_enable_adds_the_missing_line_to_a_stack_of_an_older_version(sshd, key, sim):
    enable_sshd(sshd, "--publickey")
    stack = PAM / "sshd"
    text = stack.read_text()
    stack.write_text(text.replace("auth\trequired\tpam_permit.so\n", ""))
    assert "+auth\trequired\tpam_permit.so" in done("enable", "sshd", "--publickey")
    assert stack.read_text() == text


@pytest.mark.parametrize("tool", [True, False], ids=["pam-auth-update", "own-file"])
def test_switching_between_password_and_key_never_stops_asking_for_a_code(sshd, key, sim, tool):
    """At each moment, a password alone and a key alone are not enough, and a code alone is not."""
    away = Path("/usr/sbin/pam-auth-update.away")

    def nobody_gets_in_by_less():
        for options in (key, ["-o", "PubkeyAuthentication=no"]):
            client = ssh(*options, "-o", "PreferredAuthentications=publickey,keyboard-interactive")
            seen = client.expect(["[Pp]assword: ", PROMPT, "Permission denied", "in-the-shell"])
            assert seen != 3
            if seen == 0:
                client.sendline(harness.PASSWORD)
                assert client.expect([PROMPT, "Permission denied", "in-the-shell"]) != 2
            else:
                assert seen == 2 or options is key, "a code alone"
            client.close()

    if not tool:
        TOOL.rename(away)
    try:
        before = snapshot()
        enable_sshd(sshd)
        status, out, _ = ctl("enable", "sshd", "--publickey")
        assert status == 2 and "swmfactl enable sshd --publickey" in out
        assert "To undo it: swmfactl enable sshd\n" in out
        nobody_gets_in_by_less()
        sshd.reload()
        nobody_gets_in_by_less()
        done("enable", "sshd", "--publickey")
        assert gets_in_by_code(ssh(*key), before=len(harness.messages(ALICE)))
        nobody_gets_in_by_less()
        status, out, _ = ctl("enable", "sshd")
        assert status == 2 and "Until then it asks for the key as well" in out
        nobody_gets_in_by_less()
        sshd.reload()
        assert gets_in_by_code(ssh_with_password(), before=len(harness.messages(ALICE)))
        nobody_gets_in_by_less()
        done("disable", "sshd")
        after = snapshot()
        assert {path for path in {*before, *after} if before.get(path) != after.get(path)} <= \
            {"/var/lib/pam/seen"}
    finally:
        if not tool:
            away.rename(TOOL)


def test_with_use_uid_and_targetpw_sudo_asks_the_caller(sim):
    harness.write("/etc/sudoers.d/swmfa-test", "alice ALL=(ALL) ALL\nDefaults timestamp_timeout=0, targetpw\n",
                  0o440)
    done_with_warnings("enable", "sudo", "--use-uid")
    assert ctl("doctor", "sudo", "sudo-i")[0] == 0
    client = on_terminal("sudo", "-u", "bob", "id", "-un", user="alice")
    client.expect("password for bob: ")
    client.sendline(harness.PASSWORD)
    client.expect(PROMPT)
    client.sendline(harness.wait_for_code(ALICE))
    client.expect("bob")
    assert ended(client) == 0 and harness.messages(BOB) == []


def done_with_warnings(*arguments):
    status, out, error = ctl(*arguments)
    assert status == 0, error
    return out


def test_enable_su_switches_the_account_that_is_asked_in_one_step(sim):
    done("enable", "su")
    out = done("enable", "su", "--use-uid")
    assert re.search(r"^-.*pam_swmfa\.so *$", out, flags=re.MULTILINE)
    assert re.search(r"^\+.*pam_swmfa\.so use_uid *$", out, flags=re.MULTILINE)
    assert COMMON.read_text().count(harness.MODULE) == 1
    done("enable", "su")
    assert "use_uid" not in COMMON.read_text() and COMMON.read_text().count(harness.MODULE) == 1


def test_enable_names_accounts_that_have_a_key_and_no_password(sshd, key, sim):
    subprocess.run(["usermod", "--password", "!", "alice"], check=True)
    before = snapshot()
    try:
        error = failed("enable", "sshd")
        assert "have an SSH key and no password" in error and "by sshd: alice." in error
        assert "enable sshd --publickey" in error and "--force" in error
        assert snapshot() == before
        status, out, error = ctl("enable", "sshd", "--force")
        assert status == 2 and "can no longer log in by sshd: alice" in error
        out = done("disable", "sshd")
        assert "sshd: step 1 of enable is undone.\n" in out
        assert "Until then its previous settings apply.\n" in out
        sshd.reload()
        enable_sshd(sshd, "--publickey")
        before = snapshot()
        assert "--force" in failed("enable", "sshd") and snapshot() == before
    finally:
        harness.set_password("alice")


def group_writes(folder):
    folder.parent.chmod(0o777)


def key_of_root(folder):
    os.chown(folder / "authorized_keys", 0, 0)
    (folder / "authorized_keys").chmod(0o600)


def no_key(folder):
    (folder / "authorized_keys").write_text("ssh-ed25519 what is no key\n")


def expired_key(folder):
    keys = folder / "authorized_keys"
    keys.write_text(f'no-pty,expiry-time="20200229" {keys.read_text()}')


def shared_group_writes(folder):
    """A group that is alice's own as well as bob's."""
    folder.parent.chmod(0o775)
    subprocess.run(["usermod", "-aG", "alice", "bob"], check=True)


def pipe(folder):
    (folder / "authorized_keys").unlink()
    os.mkfifo(folder / "authorized_keys")


def test_disable_keeps_a_line_that_other_lines_jump_over(sim):
    """Without it, alice would become root by any password."""
    (PAM / "sudo").write_text("auth [success=1 default=ignore] pam_succeed_if.so quiet user = alice\n"
                              f"auth required {harness.MODULE}\nauth requisite pam_unix.so\n"
                              "auth required pam_permit.so\n@include common-account\n")
    before = snapshot()
    assert "/etc/pam.d/sudo:1: this line jumps over the module's" in failed("disable", "sudo")
    assert snapshot() == before


@pytest.mark.parametrize("lines, says", [
    ("auth required {}\nauth required pam_permit.so\n", "would let some users in without a password"),
    ("auth required pam_faildelay.so\nauth required {}\nauth  required  pam_permit.so # why?\n",
     "would let some users in without a password"),
    ("@include common-auth\nauth [success=1 default=ignore] {}\nauth requisite pam_deny.so\n",
     "would let nobody in, even with the right password")])
def test_disable_keeps_a_line_whose_removal_would_let_in_or_lock_out_all(lines, says, sim):
    (PAM / "sshd").write_text(lines.format(harness.MODULE) + "@include common-account\n")
    before = snapshot()
    assert says in failed("disable", "sshd")
    assert snapshot() == before


@pytest.mark.parametrize("line", ["auth required \\\n {}", "account required {}",
                                  "auth [" + "success=ok " * 60 + "default=bad] {}"])
def test_disable_reports_a_line_that_it_does_not_know(line, sim):
    sudo = PAM / "sudo"
    sudo.write_text("@include common-auth\n" + line.format(harness.MODULE) + "\n")
    assert "names the module: remove it by hand" in failed("disable", "sudo")


def test_enable_changes_nothing_if_it_cannot_print_its_warnings(sim):
    harness.users_map(f"alice {ALICE}\n")
    before = snapshot()
    with open("/dev/full", "w") as full:
        assert subprocess.run([harness.CTL, "enable", "login"], stdout=subprocess.DEVNULL, stderr=full,
                              check=False).returncode == 1
    assert snapshot() == before


@pytest.mark.parametrize("change, left", [
    (lambda text: text.replace("LoginGraceTime 180", "LoginGraceTime 60"), False),
    (lambda text: text + "AllowUsers alice\n", True)], ids=["value", "line"])
def test_disable_reports_that_the_drop_in_of_sshd_stays(change, left, sim):
    done("enable", "sshd")
    SSHCONF.write_text(change(SSHCONF.read_text()))
    status, out, _ = ctl("disable", "sshd")
    assert (status, SSHCONF.exists()) == ((2, True) if left else (0, False))
    assert ("its AuthenticationMethods stays in force" in out) == left
    assert ctl("disable", "sshd")[0] == status


@pytest.mark.parametrize("keywords", [{"policy": "remember = 1h"}, {"swmfa": "fail = safe"},
                                      {"policy": "exempt_networks = 127.0.0.0/8"}, {}])
def test_enable_does_not_turn_key_and_password_into_a_key_alone(keywords, key, sim):
    """A login that the module lets pass needs the key, and no longer the password."""
    conf = Path("/etc/ssh/sshd_config")
    conf.write_text(conf.read_text() + "AuthenticationMethods publickey,password\n")
    harness.configure(sim, **keywords)
    status, _, error = ctl("enable", "sshd", "--publickey", "--dry-run")
    assert (status, "with less than they need now: alice" in error) == \
        ((1, True) if keywords else (0, False)), error


def test_enable_turns_two_keys_into_a_key_and_a_code(key, sim):
    conf = Path("/etc/ssh/sshd_config")
    conf.write_text(conf.read_text() + "AuthenticationMethods publickey,publickey\n")
    out = done_with_warnings("enable", "sshd", "--publickey", "--dry-run")
    assert "\n+AuthenticationMethods publickey,keyboard-interactive\n" in out


def test_enable_refuses_two_match_blocks_that_together_skip_the_key(key, sim):
    """alice would get in from there by a code alone."""
    conf = Path("/etc/ssh/sshd_config")
    both = ("Match User alice\n  KbdInteractiveAuthentication yes\n",
            "Match Address 10.0.0.0/8\n  KbdInteractiveAuthentication no\n"
            "  AuthenticationMethods publickey keyboard-interactive\n")
    before = conf.read_text()
    for text in both:
        conf.write_text(before + text)
        status, _, error = ctl("enable", "sshd", "--publickey", "--dry-run")
        assert status == 0, error
    conf.write_text(before + "".join(both))
    error = failed_after_warnings("enable", "sshd", "--publickey", "--dry-run")
    assert re.search(r"Match User alice, with Match Address 10.0.0.0/8 \(.*\): sshd would require no key", error), error


def test_enable_warns_about_services_that_share_a_stack_of_only_a_code(key, sim):
    for make in (lambda path: path.write_text("@include sshd\n"),
                 lambda path: path.write_text("auth\tinclude\tsshd\n"),
                 lambda path: path.symlink_to("sshd"), lambda path: path.hardlink_to(PAM / "sshd")):
        make(PAM / "site")
        assert f"{PAM}/site: this service uses the stack of sshd" in \
            failed_after_warnings("enable", "sshd", "--publickey", "--dry-run")
        (PAM / "site").unlink()
    harness.write(PAM / "site", "@include sshd\n", 0o666)
    assert f"cannot tell whether a service uses the stack of sshd: {PAM}/site" in \
        failed_after_warnings("enable", "sshd", "--publickey", "--dry-run")


def test_enable_sudo_requires_a_sudo_i_stack_in_etc_pam_d(sim):
    """sudo -i would ask for no code."""
    elsewhere = Path("/usr/lib/pam.d/sudo-i")
    elsewhere.parent.mkdir(exist_ok=True)
    shutil.move(PAM / "sudo-i", elsewhere)
    try:
        assert f"first run cp {elsewhere} {PAM}/sudo-i" in failed("enable", "sudo")
    finally:
        elsewhere.unlink()


def test_a_state_file_of_another_boot_is_ignored(sshd, sim):
    """Where /run outlasts a boot, nobody could enable anything any more."""
    record = Path("/run/swmfactl-sshd-reload")
    assert ctl("enable", "sshd")[0] == 2
    text = re.sub("(?m)^at .*", "at 999999999999", record.read_text())
    text = re.sub("(?m)^sshd .*\n", "", text)
    harness.write(record, re.sub("(?m)^boot .*", "boot 00000000-0000-4000-8000-000000000000", text))
    assert ctl("enable", "sshd")[0] == 2
    sshd.reload()
    assert ctl("enable", "sshd")[0] == 0


@pytest.mark.parametrize("lines", ["PAMServiceName other\n",
                                   "Match User bob\n  PAMServiceName other\n"])
@pytest.mark.parametrize("options", [[], ["--publickey"]], ids=["password", "key"])
def test_enable_refuses_an_sshd_with_another_pam_service_name(lines, options, key, sim):
    """It would not come to the module, and enable would say that it asks for a code."""
    conf = Path("/etc/ssh/sshd_config")
    conf.write_text(conf.read_text() + lines)
    if subprocess.run([SSHD, "-t"], check=False, capture_output=True).returncode != 0:
        pytest.skip("OpenSSH before 10.0")
    before = snapshot()
    assert "PAMServiceName is other" in failed_after_warnings("enable", "sshd", *options)
    assert snapshot() == before


@pytest.mark.parametrize("service", ["sshd", "su", "login"])
def test_enable_names_an_account_without_a_password(service, sim):
    """PAM lets it in by none: common-auth has nullok."""
    shadow = Path("/etc/shadow").read_text()
    conf = Path("/etc/ssh/sshd_config")
    conf.write_text(conf.read_text() + "PermitEmptyPasswords yes\n")
    harness.users_map(f"bob {BOB}\nroot {ALICE}\n")
    try:
        subprocess.run(["passwd", "-d", "alice"], check=True, capture_output=True)
        assert re.search("will deny these accounts.*: alice, carol",
                         ctl("enable", service, "--dry-run")[2])
    finally:
        Path("/etc/shadow").write_text(shadow)


@pytest.mark.parametrize("spoil", [group_writes, shared_group_writes, key_of_root, no_key, expired_key,
                                   pipe])
def test_enable_names_an_account_whose_key_sshd_rejects(spoil, sshd, key, sim):
    folder = harness.WORK / "home/alice/.ssh"
    mode = folder.parent.stat().st_mode
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", harness.WORK / "root-key"],
                   check=True)
    roots = Path("/root/.ssh/authorized_keys")
    roots.parent.mkdir(mode=0o700, exist_ok=True)
    shutil.copy(harness.WORK / "root-key.pub", roots)
    try:
        spoil(folder)
        ssh(*key, "-o", "PreferredAuthentications=publickey").expect("Permission denied")
        error = ctl("enable", "sshd", "--publickey")[2]
        assert "these accounts have no SSH key, and can no longer log in by sshd: alice" in error
    finally:
        folder.parent.chmod(mode)
        subprocess.run(["gpasswd", "-d", "bob", "alice"], capture_output=True, check=False)
        roots.unlink()
        (harness.WORK / "root-key").unlink()


@pytest.mark.parametrize("shell, lines, named", [
    ("/usr/sbin/nologin", "", True), ("/nonexistent", "", False),
    ("/nonexistent", "Match User alice\n  ChrootDirectory /srv\n  ForceCommand internal-sftp\n", True)])
def test_enable_names_an_sftp_account_without_a_shell(shell, lines, named, key, sim):
    """nologin is a shell for sshd, and in a chroot none is looked for."""
    passwd = Path("/etc/passwd").read_text()
    conf = Path("/etc/ssh/sshd_config")
    conf.write_text(re.sub("(?m)^Subsystem.*", "Subsystem sftp internal-sftp", conf.read_text()) + lines)
    harness.users_map(f"bob {BOB}\ncarol {BOB}\nroot {ALICE}\n")
    server = Sshd()
    try:
        Path("/etc/passwd").write_text(re.sub("(?m)^(alice:.*:).*", r"\1" + shell, passwd))
        command = harness.ssh_command(PORT, "alice", command="", options=[*key, "-b", "/dev/null"])
        command = ["sftp", *command[1:-2], "alice@127.0.0.1"]
        command[command.index("-p")] = "-P"
        ran = subprocess.run(command, check=False, capture_output=True, text=True, timeout=harness.PATIENCE)
        assert (ran.returncode == 0) == named, ran.stderr
        error = ctl("enable", "sshd", "-n", "--publickey")[2]
        assert (": alice\n" in error) == named, error
    finally:
        server.stop()
        Path("/etc/passwd").write_text(passwd)


def test_enable_does_not_name_system_accounts(sim):
    """A program can have a key for any account, but daemon and the like are not taken to have one."""
    conf = Path("/etc/ssh/sshd_config")
    conf.write_text("AuthorizedKeysCommand /bin/false\nAuthorizedKeysCommandUser nobody\n" + conf.read_text())
    error = ctl("enable", "sshd", "-n")[2]
    named = re.search("have an SSH key and no password.* by sshd: ([^.]*)", error).group(1).split(", ")
    assert "root" in named and not {"daemon", "bin", "nobody"} & set(named), error


def test_root_with_only_a_key_can_log_in_at_every_step_of_enable(sshd, key, sim):
    """As on most rented servers: PermitRootLogin prohibit-password, and no password."""
    conf = Path("/etc/ssh/sshd_config")
    conf.write_text(conf.read_text().replace("PermitRootLogin yes\n", ""))
    folder = Path("/root/.ssh")
    folder.mkdir(mode=0o700, exist_ok=True)
    shutil.copy(harness.WORK / "home/alice/.ssh/authorized_keys", folder)
    harness.users_map(f"root {ALICE}\n")
    sshd.reload()
    before = snapshot()
    try:
        assert gets_in(ssh(*key, user="root"))
        assert ctl("enable", "sshd", "--publickey")[0] == 2
        assert gets_in(ssh(*key, user="root"))
        sshd.reload()
        assert gets_in(ssh(*key, user="root"))
        assert ctl("enable", "sshd", "--publickey")[0] == 2
        assert gets_in(ssh(*key, user="root"))
        sshd.reload()
        assert gets_in_by_code(ssh(*key, user="root"))
        client = ssh("-o", "PubkeyAuthentication=no", user="root")
        client.expect("Permission denied")
        done("disable", "sshd")
        sshd.reload()
        assert gets_in(ssh(*key, user="root")) and snapshot() == before
    finally:
        (folder / "authorized_keys").unlink()


@pytest.mark.parametrize("lines, mapped, says", [
    ("PermitRootLogin prohibit-password\n", "root", "root: PermitRootLogin is not yes"),
    ("PermitRootLogin no\n", "root", "root: PermitRootLogin is no"),
    ("", "daemon", "daemon: it has no login shell"),
    ("AllowUsers bob\n", "alice", "alice: AllowUsers does not name it"),
    ("AllowUsers bob@127.0.0.1 [a]*\n", "alice", "alice: AllowUsers does not name it"),
    ("DenyUsers al?ce\n", "alice", "alice: DenyUsers names it"),
    ("AllowGroups bob sudo\n", "alice", "alice: AllowGroups names none of its groups"),
    ("DenyGroups alice\n", "alice", "alice: DenyGroups names one of its groups")])
def test_enable_changes_nothing_while_sshd_refuses_every_mapped_user(lines, mapped, says, sim):
    conf = Path("/etc/ssh/sshd_config")
    conf.write_text(lines + conf.read_text().replace("PermitRootLogin yes\n", ""))
    harness.users_map(f"{mapped} {ALICE}\n")
    before = snapshot()
    for dry in ([], ["--dry-run"]):
        error = failed_after_warnings("enable", "sshd", *dry)
        assert f"{harness.USERS}: nobody in the map could log in by sshd: {says}" in error
        assert not lines or error.endswith(f" ({conf}:1)")
    assert snapshot() == before


def failed_after_warnings(*arguments):
    status, out, error = ctl(*arguments)
    assert (status, out) == (1, "")
    return error.splitlines()[-1]


# ---- sudo, su, login ----

def su_to_bob(*options):
    """su on a terminal, as alice, with bob's password given."""
    client = on_terminal("su", *options, "bob", "-c", "id -un", user="alice")
    client.expect("Password: ")
    client.sendline(harness.PASSWORD)
    return client


def test_sudo_and_sudo_i_need_a_code_after_enable_and_none_after_disable(sim, log):
    before = snapshot()
    done("enable", "sudo")
    for sent, arguments in enumerate([("id", "-u"), ("-i", "id", "-u")]):
        client = sudo_as_alice(*arguments)
        client.expect(PROMPT)
        client.sendline(harness.wait_for_code(ALICE, sent_before=sent))
        client.expect(r"\n0\r")
        assert ended(client) == 0
    assert "service=sudo-i" in log.last("result=success")
    client = su_to_bob() # another service
    client.expect("bob")
    assert ended(client) == 0
    done("disable", "sudo")
    client = sudo_as_alice("id", "-u")
    client.expect(r"\n0\r")
    assert ended(client) == 0
    assert {**snapshot(), "/var/lib/pam/seen": 0} == {**before, "/var/lib/pam/seen": 0}


def test_disable_all_disables_every_service_that_is_enabled(sim):
    before = snapshot()
    for service in ("sudo", "su"):
        done("enable", service)
    enabled = snapshot()
    shown = done("disable", "all", "--dry-run")
    assert snapshot() == enabled and shown.count("pam_swmfa.so") >= 2
    done("disable", "all")
    assert {**snapshot(), "/var/lib/pam/seen": 0} == {**before, "/var/lib/pam/seen": 0}


def test_disable_all_continues_after_a_service_that_fails(sim):
    (PAM / "sudo").write_text("auth [success=1 default=ignore] pam_succeed_if.so quiet user = alice\n"
                              f"auth required {harness.MODULE}\nauth requisite pam_unix.so\n"
                              "auth required pam_permit.so\n@include common-account\n")
    done("enable", "su")
    status, _, error = ctl("disable", "all")
    assert status == 1
    assert "swmfactl: disable sudo: /etc/pam.d/sudo:1: this line jumps over the module's" in error
    assert error.endswith("swmfactl: not every service was disabled: see above\n")
    assert "pam_swmfa.so" not in (PAM / "su").read_text()


@pytest.mark.parametrize("option, asked", [([], "bob"), (["--use-uid"], "alice")])
@pytest.mark.parametrize("dash", [[], ["-"]], ids=["su", "su-l"])
def test_su_needs_a_code_after_enable_and_none_after_disable(sim, option, asked, dash):
    done("enable", "su", *option)
    client = su_to_bob(*dash)
    client.expect(PROMPT)
    assert client.match[1] == harness.NUMBERS[asked][-2:]
    client.sendline(harness.wait_for_code(harness.NUMBERS[asked]))
    client.expect("bob")
    assert ended(client) == 0
    assert subprocess.run(["su", "bob", "-c", "true"], check=False).returncode == 0 # root
    done("disable", "su")
    client = su_to_bob(*dash)
    client.expect("bob")
    assert ended(client) == 0


@pytest.mark.parametrize("tool", [True, False], ids=["pam-auth-update", "own-file"])
def test_su_l_with_its_own_stack_needs_a_code_after_enable(sim, tool):
    away = Path("/usr/sbin/pam-auth-update.away")
    if not tool:
        TOOL.rename(away)
    try:
        (PAM / "su-l").write_text((PAM / "su").read_text())
        before = snapshot(PAM)
        done_with_warnings("enable", "su")
        for dash in ([], ["-"]):
            client = su_to_bob(*dash)
            client.expect(PROMPT)
            client.close(force=True)
        done("disable", "su")
        assert snapshot(PAM) == before
    finally:
        if not tool:
            away.rename(TOOL)


def test_login_needs_a_code_after_enable(sim, log):
    done("enable", "login")
    client = login_as_alice()
    client.sendline(harness.wait_for_code(ALICE))
    client.expect(r"\$ ")
    client.sendline("exit")
    ended(client)
    assert "user=alice service=login" in log.last("result=success")


# ---- common-auth, which others include ----

def add_to_common():
    """A line by hand, among those that pam-auth-update keeps."""
    start = '(the "Additional" block)\n'
    text = COMMON.read_text()
    assert start in text
    COMMON.write_text(text.replace(start, start + "auth\toptional\tpam_warn.so\n"))


def test_services_outside_the_condition_need_no_code_and_a_broken_condition_asks_all(sim):
    done("enable", "sshd")
    harness.stack("cron", "@include common-auth", "account required pam_permit.so", folder=PAM)
    harness.stack("sshd-like", "@include common-auth", "account required pam_permit.so", folder=PAM)

    def prompts(service):
        return harness.pamhost(service, "alice", answers=(harness.PASSWORD, "000000"),
                               arguments=("--confdir", str(PAM))).prompts

    for service in ("cron", "sshd-like"):
        assert len(prompts(service)) == 1, service
    COMMON.write_text(COMMON.read_text().replace("pam_succeed_if.so quiet service", "pam_gone.so x"))
    for service in ("cron", "sshd"):
        assert len(prompts(service)) > 1, service


@pytest.mark.parametrize("order", [["su", "sshd", "sudo", "login"], ["login", "sudo", "su", "sshd"]])
def test_enable_of_one_service_does_not_enable_another(order, sim):
    for service in order:
        done("enable", service, *["--use-uid"] * (service == "su"))
    asked = {"login", "sshd", "su", "su-l", "sudo", "sudo-i"}
    status, out, _ = ctl("doctor")
    assert status == 0
    assert set(re.findall(r"^([a-z-]+)\n", out, flags=re.MULTILINE)) == asked
    assert out.count("Every login asks for a code") == len(asked)
    assert "error" not in out and "su-target" not in out and "warning" not in out
    for service in asked:
        assert ctl("doctor", service)[0] == 0


def test_all_services_can_be_enabled_together_and_disabled_one_by_one(sim):
    before = COMMON.read_text()
    for service in SERVICES:
        done("enable", service)
        assert done("enable", service) == f"{service}: already enabled\n"
    text = COMMON.read_text()
    assert text.count(harness.MODULE) == 4
    assert text.index("Additional") < text.index(harness.MODULE) < text.index("end of pam-auth-update")
    for service in ("su", "sshd", "login"):
        done("disable", service)
        assert done("disable", service) == f"{service}: not enabled\n"
    assert COMMON.read_text().count(harness.MODULE) == 1
    assert "service notin sudo:sudo-i\n" in COMMON.read_text()
    done("disable", "sudo")
    assert COMMON.read_text() == before and not PROFILE.exists()


def test_pam_auth_update_of_another_package_keeps_the_line(sim):
    done("enable", "sshd")
    done("enable", "su", "--use-uid")
    before = COMMON.read_text()
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run([TOOL, "--package"], check=True, env=environment)
    assert COMMON.read_text() == before
    subprocess.run([TOOL, "--enable", "mkhomedir"], check=True, env=environment)
    assert COMMON.read_text() == before
    done("disable", "sshd")
    assert "use_uid" in COMMON.read_text()


def test_a_common_auth_changed_by_hand_is_not_modified(sim, sshd):
    add_to_common()
    text = COMMON.read_text()
    before = snapshot()
    assert ctl("enable", "sshd")[0] == 2
    sshd.reload()
    status, out, error = ctl("enable", "sshd")
    assert status == 0 and "the line goes into the service's own file" in error
    assert f"+auth\trequired\t{harness.MODULE}" in out
    assert COMMON.read_text() == text and not PROFILE.exists()
    assert gets_in_by_code(ssh_with_password())
    done("disable", "sshd")
    assert snapshot() == before


def test_disable_removes_the_lines_from_a_common_auth_changed_later(sim):
    done("enable", "sshd")
    add_to_common()
    done("disable", "sshd")
    text = COMMON.read_text()
    assert harness.MODULE not in text and "pam_succeed_if" not in text and "pam_warn.so" in text
    assert not PROFILE.exists()
    copy = COPIES / "etc_pam.d_common-auth"
    assert copy.exists(), "what was there before is kept where it is not what is there now"


def test_without_pam_auth_update_the_line_goes_into_the_file_of_the_service(sim, sshd):
    TOOL.rename("/usr/sbin/pam-auth-update.away")
    try:
        before = snapshot()
        enable_sshd(sshd)
        for service in SERVICES[1:]:
            done("enable", service)
        for name in ("sshd", "sudo", "sudo-i", "su", "login"):
            lines = (PAM / name).read_text().splitlines()
            at = lines.index("@include common-auth")
            assert lines[at + 2] == f"auth\trequired\t{harness.MODULE}", name
        assert gets_in_by_code(ssh_with_password())
        for service in SERVICES:
            done("disable", service)
        assert snapshot() == before
    finally:
        Path("/usr/sbin/pam-auth-update.away").rename(TOOL)


def test_disable_works_after_a_package_replaced_the_file(sim):
    TOOL.rename("/usr/sbin/pam-auth-update.away")
    try:
        done("enable", "sudo")
        text = "# a newer file\n" + (PAM / "sudo").read_text()
        (PAM / "sudo").write_text(text)
        assert "has been changed otherwise, too" in done("disable", "sudo")
        assert (PAM / "sudo").read_text().startswith("# a newer file\n")
        assert harness.MODULE not in (PAM / "sudo").read_text()
    finally:
        Path("/usr/sbin/pam-auth-update.away").rename(TOOL)


def test_disable_removes_a_line_added_by_hand(sim):
    text = (PAM / "sudo").read_text()
    for name in ("sudo", "sudo-i"):
        body = (PAM / name).read_text()
        (PAM / name).write_text(body.replace("@include common-auth\n",
                                             f"@include common-auth\nauth required {harness.MODULE}\n"))
    assert done("enable", "sudo") == "sudo: already enabled\n"
    done("disable", "sudo")
    assert (PAM / "sudo").read_text() == text


def test_enable_does_not_accept_a_manual_line_without_effect(sim):
    for name in ("sudo", "sudo-i"):
        body = (PAM / name).read_text()
        (PAM / name).write_text(body.replace("@include common-auth\n",
                                             f"@include common-auth\nauth optional {harness.MODULE}\n"))
    before = snapshot()
    assert re.search(r"/etc/pam\.d/sudo:\d+: .*users are let in without a correct code", failed("enable", "sudo"))
    assert snapshot() == before


# ---- stacks of other distributions ----

_FEDORA = {**stacks.FEDORA,
           "sshd": "auth substack password-auth\nauth include postlogin\n"
                   "account include password-auth\nsession required pam_permit.so\n",
           "sudo": "auth       include      system-auth\naccount include system-auth\n"
                   "session required pam_permit.so\n",
           "sudo-i": "auth include sudo\naccount include sudo\nsession required pam_permit.so\n",
           "su": "auth sufficient pam_rootok.so\nauth substack system-auth\n"
                 "auth include postlogin\naccount include system-auth\n"
                 "session required pam_permit.so\n",
           "login": "auth substack system-auth\nauth include postlogin\n"
                    "account include system-auth\nsession required pam_permit.so\n"}
_ARCH = {**stacks.ARCH,
         "sshd": "auth include system-remote-login\naccount include system-remote-login\n"
                 "session required pam_permit.so\n",
         "sudo": "auth include system-auth\naccount include system-auth\n"
                 "session required pam_permit.so\n"}
NOTE = "# swmfactl: enable added this; disable removes it"
MODULE_LINES = [NOTE, f"auth\trequired\t{harness.MODULE}"]
ALONE = [*MODULE_LINES, "auth\trequired\tpam_permit.so"]


@pytest.fixture
def other_system():
    """/etc/pam.d as another distribution has it; no pam-auth-update."""
    away = Path("/usr/sbin/pam-auth-update.away")
    TOOL.rename(away)

    def lay(files):
        for path in PAM.iterdir():
            path.unlink()
        for name, text in files.items():
            (PAM / name).write_text(text)
    yield lay
    away.rename(TOOL)


@pytest.mark.parametrize("files, service, options, lines", [
    (_FEDORA, "sshd", ["--publickey"], ["#swmfactl# auth substack password-auth", *ALONE,
                                        "auth include postlogin"]),
    (_ARCH, "sshd", [], ["auth include system-remote-login", *MODULE_LINES,
                         "account include system-remote-login"]),
    (_ARCH, "sudo", [], ["auth include system-auth", *MODULE_LINES, "account include system-auth"])],
    ids=["fedora-sshd", "arch-sshd", "arch-sudo"])
def test_the_line_fits_the_stacks_of_other_distributions(other_system, sim, key,
                                                                        files, service, options,
                                                                        lines):
    other_system(files)
    before = snapshot()
    done_but_for_warnings("enable", service, *options)
    assert "\n".join(lines) in (PAM / service).read_text()
    assert (PAM / "system-auth").read_text() == files["system-auth"]
    done_but_for_warnings("disable", service)
    assert snapshot() == before


@pytest.mark.parametrize("service", SERVICES)
def test_enable_changes_nothing_if_a_wrong_password_would_send_a_code(other_system, sim,
                                                                          service):
    """The stacks of Fedora go on after one, to the end."""
    other_system(_FEDORA)
    before = snapshot()
    assert re.search(r"/etc/pam\.d/(system|password)-auth:\d+: .*after a wrong password the stack continues"
                     ".*nothing was changed. By hand: see", ctl("enable", service)[2])
    assert snapshot() == before


def done_but_for_warnings(*arguments):
    """The modules of these distributions are not all here, which is said."""
    status, out, error = ctl(*arguments)
    assert status == 0, error
    assert not [line for line in error.replace(NO_KEY, "").splitlines()
                if "there is no file" not in line], error
    return out


def test_sudo_needs_a_code_after_enable_with_the_stacks_of_arch(other_system, sim):
    other_system({**_ARCH, "sudo-i": _FEDORA["sudo-i"]})
    done_but_for_warnings("enable", "sudo")
    for sent, arguments in enumerate([("id", "-u"), ("-i", "id", "-u")]):
        client = sudo_as_alice(*arguments)
        client.expect(PROMPT)
        client.sendline(harness.wait_for_code(ALICE, sent_before=sent))
        client.expect(r"\n0\r")
        assert ended(client) == 0
    client = sudo_as_alice("id", "-u", password="wrong")
    client.expect("incorrect")
    client.close()
    assert len(harness.messages(ALICE)) == 2, "none was sent for a wrong password"


def test_sshd_needs_a_code_after_enable_with_the_stacks_of_arch(other_system, sim, sshd):
    other_system({**_ARCH, **{name: text.replace("auth       requisite  pam_nologin.so\n", "")
                              for name, text in _ARCH.items() if name == "system-login"}})
    assert ctl("enable", "sshd")[0] == 2
    sshd.reload()
    done_but_for_warnings("enable", "sshd")
    assert gets_in_by_code(ssh_with_password())


def test_enable_says_to_copy_a_stack_from_the_folder_of_the_package(other_system, sim):
    other_system({})
    vendor = Path("/usr/lib/pam.d/sudo")
    vendor.parent.mkdir(exist_ok=True)
    vendor.write_text(_ARCH["sudo"])
    try:
        assert "first run cp /usr/lib/pam.d/sudo /etc/pam.d/sudo" in failed("enable", "sudo")
    finally:
        vendor.unlink()


# ---- links in /etc/pam.d ----

# As openSUSE ships them; pam-config writes common-auth-pc, to which common-auth leads.
_SUSE = {**{name: "auth     include        common-auth\naccount  include        common-account\n"
                  "session  include        common-session\n" for name in ("sudo", "sudo-i")},
         "sshd": "auth        requisite   pam_nologin.so\nauth        include     common-auth\n"
                 "account     requisite   pam_nologin.so\naccount     include     common-account\n"
                 "session     include     common-session\n",
         "su": "auth     sufficient     pam_rootok.so\nauth     include        common-auth\n"
               "account  sufficient     pam_rootok.so\naccount  include        common-account\n"
               "session  include        common-session\n",
         "su-l": "auth     include        su\naccount  include        su\n"
                 "session  include        su\n",
         "login": "auth     requisite      pam_nologin.so\nauth     include        common-auth\n"
                  "account  include        common-account\nsession  include        common-session\n",
         "common-auth-pc": "auth\trequired\tpam_env.so\t\nauth\trequired\tpam_unix.so\ttry_first_pass \n",
         "common-account-pc": "account\trequired\tpam_unix.so\ttry_first_pass \n",
         "common-session-pc": "session\trequired\tpam_unix.so\ttry_first_pass \n"}
_SUSE_LINKS = {f"common-{name}": f"common-{name}-pc" for name in ("auth", "account", "session")}
# With this change of the administrator's a wrong password is the end.
_SUSE_STRICT = {**_SUSE, "common-auth-pc": _SUSE["common-auth-pc"].replace("required\tpam_unix",
                                                                          "requisite\tpam_unix")}


def lay_links(links):
    for name, target in links.items():
        (PAM / name).unlink(missing_ok=True)
        os.symlink(target, PAM / name)


def links_of():
    return {path.name: os.readlink(path) for path in PAM.iterdir() if path.is_symlink()}


def same_as(before, links):
    """Each file and link of /etc/pam.d is what it was, and there is no other."""
    return snapshot() == before and links_of() == links


def sudo_asks(sent=0, *options):
    client = sudo_as_alice(*options, "id", "-u")
    client.expect(PROMPT)
    client.sendline(harness.wait_for_code(ALICE, sent_before=sent))
    client.expect(r"\n0\r")
    return ended(client) == 0


def sudo_asks_for_no_code():
    client = sudo_as_alice("id", "-u")
    client.expect(r"\n0\r")
    return ended(client) == 0


def test_on_opensuse_links_stay_and_disable_restores_each_file(other_system, sim, sshd):
    other_system(_SUSE_STRICT)
    lay_links(_SUSE_LINKS)
    before = snapshot()
    assert ctl("enable", "sshd")[0] == 2
    sshd.reload()
    for service in SERVICES:
        done_but_for_warnings("enable", service)
    assert links_of() == _SUSE_LINKS
    assert (PAM / "common-auth").read_text() == _SUSE_STRICT["common-auth-pc"]
    assert gets_in_by_code(ssh_with_password())
    assert sudo_asks(len(harness.messages(ALICE))) and sudo_asks(len(harness.messages(ALICE)), "-i")
    client = su_to_bob("-")
    client.expect(PROMPT)
    client.sendline(harness.wait_for_code(BOB))
    client.expect("bob")
    assert ended(client) == 0
    sent = len(harness.messages(ALICE))
    client = login_as_alice()
    client.sendline(harness.wait_for_code(ALICE, sent_before=sent))
    client.expect(r"\$ ")
    client.sendline("exit")
    ended(client)
    for service in SERVICES:
        done_but_for_warnings("disable", service)
    assert same_as(before, _SUSE_LINKS)
    sshd.reload()
    assert gets_in(ssh_with_password()) and sudo_asks_for_no_code()


def test_on_opensuse_defaults_a_key_and_a_code_can_be_required(other_system, sim, sshd,
                                                                           key):
    other_system(_SUSE)
    lay_links(_SUSE_LINKS)
    before = snapshot()
    assert re.search(r"/etc/pam\.d/common-auth:\d+: .*after a wrong password the stack continues",
                     ctl("enable", "sudo")[2]), "the stack is the reason, and not the link"
    assert same_as(before, _SUSE_LINKS)
    assert ctl("enable", "sshd", "--publickey")[0] == 2
    sshd.reload()
    assert ctl("enable", "sshd", "--publickey")[0] == 2
    sshd.reload()
    assert gets_in_by_code(ssh(*key))
    done_but_for_warnings("disable", "sshd")
    assert same_as(before, _SUSE_LINKS)


@pytest.mark.parametrize("links", [
    {"sudo": "sudo-pc"}, {"sudo": "/etc/pam.d/sudo-pc"}, {"sudo": "../pam.d/./sudo-pc"},
    {"sudo": "sudo-site", "sudo-site": "/etc/pam.d/sudo-base", "sudo-base": "./sudo-pc"}],
    ids=["relative", "absolute", "by-the-folder", "chain"])
def test_enable_changes_the_target_of_a_link_and_keeps_the_link(other_system, sim, links):
    other_system({**_SUSE_STRICT, "sudo-pc": _SUSE["sudo"]})
    links = {**_SUSE_LINKS, **links}
    lay_links(links)
    before = snapshot()
    out = done_but_for_warnings("enable", "sudo")
    assert "--- /etc/pam.d/sudo-pc (target of the link /etc/pam.d/sudo)\n" in out
    assert links_of() == links
    assert (PAM / "sudo-pc").read_text().splitlines()[1:3] == MODULE_LINES
    assert sudo_asks() and sudo_asks(1, "-i")
    out = done_but_for_warnings("disable", "sudo")
    assert "--- /etc/pam.d/sudo-pc (target of the link /etc/pam.d/sudo)\n" in out
    assert same_as(before, links)
    assert sudo_asks_for_no_code()


@pytest.mark.parametrize("links", [{"sudo-i": "sudo"}, {"sudo": "sudo-i"}])
def test_a_file_with_two_names_is_changed_once(other_system, sim, links):
    other_system(_SUSE_STRICT)
    lay_links({**_SUSE_LINKS, **links})
    before = snapshot()
    out = done_but_for_warnings("enable", "sudo")
    assert out.count(f"\n+auth\trequired\t{harness.MODULE}") == 1
    assert (PAM / "sudo").read_text().count(harness.MODULE) == 1
    assert sudo_asks() and sudo_asks(1, "-i")
    done_but_for_warnings("disable", "sudo")
    assert same_as(before, {**_SUSE_LINKS, **links})


def lay_foreign_link():
    """The owner of a link could change its target."""
    lay_links({"sudo": "sudo-pc"})
    subprocess.run(["chown", "-h", "alice", PAM / "sudo"], check=True)


def lay_link_to_folder():
    lay_links({"sudo": "folder"})
    (PAM / "folder").mkdir()


def lay_link_to_what_others_write():
    lay_links({"sudo": "sudo-pc"})
    (PAM / "sudo-pc").chmod(0o664)


@pytest.mark.parametrize("lay, says", [
    (lambda: lay_links({"sudo": "/srv/sudo"}),
     "/etc/pam.d/sudo: the link leads to /srv/sudo, which is not in /etc/pam.d"),
    (lambda: lay_links({"sudo": "../../srv/sudo"}),
     "/etc/pam.d/sudo: the link leads to ../../srv/sudo, which is not in /etc/pam.d"),
    (lambda: lay_links({"sudo": "way", "way": "/srv/back"}),
     "/etc/pam.d/sudo: the link leads to /srv/back, which is not in /etc/pam.d"),
    (lambda: lay_links({"sudo": "one", "one": "other", "other": "one"}),
     "/etc/pam.d/sudo: the link leads back to itself, by way of o"),
    (lambda: lay_links({"sudo": "gone"}), "/etc/pam.d/sudo: the link leads to /etc/pam.d/gone: No such"),
    (lay_foreign_link, "/etc/pam.d/sudo: the link must be owned by root"),
    (lay_link_to_folder, "/etc/pam.d/folder: expected a regular file"),
    (lay_link_to_what_others_write, "/etc/pam.d/sudo-pc: mode is 0664")],
    ids=["out", "out-relative", "out-and-back", "circle", "nowhere", "not-roots", "folder", "writable"])
def test_enable_refuses_and_names_a_link_that_it_cannot_follow(other_system, sim, lay, says):
    Path("/srv/sudo").write_text(_SUSE["sudo"])
    Path("/srv/back").unlink(missing_ok=True)
    Path("/srv/back").symlink_to("/etc/pam.d/sudo-pc")
    other_system({**_SUSE_STRICT, "sudo-pc": _SUSE["sudo"]})
    lay_links(_SUSE_LINKS)
    lay()
    before, links = snapshot(), links_of()
    try:
        status, out, error = ctl("enable", "sudo")
        assert status == 1 and error.count(says) == 1, error
        assert same_as(before, links)
        assert f"+auth\trequired\t{harness.MODULE}" not in out or "/etc/pam.d/sudo-i" in out
    finally:
        if (PAM / "folder").exists():
            (PAM / "folder").rmdir()


def test_disable_reports_a_line_in_a_link_that_it_cannot_follow(other_system, sim):
    other_system({**_SUSE_STRICT, "sudo-pc": _SUSE["sudo"]})
    lay_links({**_SUSE_LINKS, "sudo": "sudo-pc"})
    done_but_for_warnings("enable", "sudo")
    (PAM / "sudo-pc").rename("/srv/sudo")
    lay_links({"sudo": "/srv/sudo"})
    assert sudo_asks(), "libpam follows it"
    before, links = snapshot(), links_of()
    status, out, error = ctl("disable", "sudo")
    assert status == 1 and "/etc/pam.d/sudo: the link leads to /srv/sudo" in error
    assert "asks for no code" not in out
    assert same_as(before, links)


@pytest.mark.parametrize("target", ["/srv/common-auth", "common-auth", "gone"])
def test_a_link_to_a_file_that_needs_no_change_is_accepted(other_system, sim, target):
    """Fedora's files are links to those of authselect, for example."""
    Path("/srv/common-auth").write_text(_SUSE_STRICT["common-auth-pc"])
    files = {name: text.replace("common-auth", "system-auth") if target != "/srv/common-auth" else text
             for name, text in _SUSE_STRICT.items()}
    other_system({**files, "system-auth": _SUSE_STRICT["common-auth-pc"]})
    links = {**_SUSE_LINKS, "common-auth": target}
    lay_links(links)
    before = snapshot()
    done_but_for_warnings("enable", "sudo")
    assert sudo_asks()
    assert links_of() == links
    done_but_for_warnings("disable", "sudo")
    assert same_as(before, links)


def test_a_link_changed_during_enable_is_not_modified(other_system, sim):
    """Otherwise a file would be changed that no login reads any more."""
    other_system({**_SUSE_STRICT, "sudo-pc": _SUSE["sudo"], "sudo-new": _SUSE["sudo"]})
    lay_links({**_SUSE_LINKS, "sudo": "sudo-pc"})
    before = snapshot(PAM)
    with wrapped(Path("/usr/bin/diff"), f'ln -sfn sudo-new {PAM}/sudo; exec {{real}} "$@"'):
        assert "changed by another process meanwhile" in ctl("enable", "sudo")[2]
    assert snapshot(PAM) == before
    assert links_of() == {**_SUSE_LINKS, "sudo": "sudo-new"}


@pytest.mark.parametrize("name", ["common-auth", "common-session"])
@pytest.mark.parametrize("folder", ["", "/etc/pam.d/"], ids=["relative", "absolute"])
def test_pam_auth_update_is_not_used_where_it_would_replace_a_link(sim, name, folder):
    (PAM / name).rename(PAM / f"{name}-site")
    lay_links({name: f"{folder}{name}-site"})
    before, links = snapshot(), links_of()
    done("enable", "sudo")
    assert links_of() == links and not PROFILE.exists()
    assert sudo_asks()
    done("disable", "sudo")
    assert same_as(before, links)


def test_disable_removes_lines_from_a_common_auth_that_became_a_link(sim):
    before = COMMON.read_text()
    done("enable", "sudo")
    COMMON.rename(PAM / "common-auth-site")
    lay_links({"common-auth": "common-auth-site"})
    assert sudo_asks()
    out = done("disable", "sudo")
    assert "--- /etc/pam.d/common-auth-site (target of the link /etc/pam.d/common-auth)\n" in out
    assert links_of() == {"common-auth": "common-auth-site"}
    assert COMMON.read_text() == before and not PROFILE.exists()
    assert sudo_asks_for_no_code()


# ---- nothing is changed ----

@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("options", [[], ["--publickey"]], ids=["plain", "publickey"])
def test_a_dry_run_shows_the_change_and_makes_none(service, options, key):
    if options and service != "sshd":
        pytest.skip("only for sshd")
    debconf = ["/var/cache/debconf"]
    before = snapshot(), snapshot(*debconf), snapshot("/run")
    status, out, error = ctl("enable", service, "--dry-run", *options)
    assert (status, error) == (0, NO_KEY if options else "")
    assert "\n+auth\t" in out and out.endswith("Nothing was changed.\n")
    assert (snapshot(), snapshot(*debconf), snapshot("/run")) == before
    if not options:
        shown = re.findall(r"^[-+].*$", out, flags=re.MULTILINE)
        assert re.findall(r"^[-+].*$", done("enable", service), flags=re.MULTILINE) == shown
        before = snapshot(), snapshot(*debconf)
        out = done("disable", service, "-n")
        assert "\n-auth\t" in out and out.endswith("Nothing was changed.\n")
        assert (snapshot(), snapshot(*debconf)) == before


@pytest.mark.parametrize("arguments, says", [
    (["enable", "cron"], "cron: expected sshd, sudo, su or login"),
    (["disable", "../sudo"], "expected sshd, sudo, su, login or all"), (["enable"], "too few"),
    (["enable", "sshd", "su"], "too many"), (["enable", "su", "--publickey"], "--publickey is for sshd"),
    (["enable", "sshd", "--use-uid"], "--use-uid for su and sudo"),
    (["disable", "sshd", "--publickey"], "unrecognized option")])
def test_a_wrong_command_line_exits_with_64_and_changes_nothing(arguments, says):
    before = snapshot()
    assert says in failed(*arguments, status=64)
    assert snapshot() == before


def break_conf():
    harness.CONF.write_text("[swmfa]\ntries = many\n")


def break_map():
    harness.USERS.unlink()


def empty_map():
    harness.USERS.write_text("# nobody\n\n")


def break_store():
    shutil.rmtree(harness.STATE)


def break_module():
    Path(harness.MODULE).rename(harness.MODULE + ".away")


def break_common():
    COMMON.write_text(COMMON.read_text().replace("requisite", "required "))


def insert(path, line, before="@include common-auth"):
    path.write_text(path.read_text().replace(before, line + "\n" + before, 1))


def example():
    harness.CONF.write_text((harness.BUILD / "conf/swmfa.conf").read_text())


def sufficient():
    insert(PAM / "sshd", "auth sufficient pam_unix.so")


def jump():
    insert(PAM / "sshd", "auth [success=2 default=ignore] pam_localuser.so")


def jump_in_common():
    insert(COMMON, "auth [success=4 default=ignore] pam_localuser.so",
           "# here are the per-package")


def no_include():
    (PAM / "sshd").write_text("auth required pam_unix.so\naccount required pam_unix.so\n")


def no_sshd_include():
    path = Path("/etc/ssh/sshd_config")
    path.write_text(path.read_text().replace("Include ", "#Include "))


def earlier_file():
    Path("/etc/ssh/sshd_config.d/00-a.conf").write_text("PasswordAuthentication yes\n")


def keys_only():
    Path("/etc/ssh/sshd_config.d/10-own.conf").write_text("PasswordAuthentication no\n")


def line_in_common():
    insert(COMMON, f"auth required {harness.MODULE}", "# and here are more")


def bad_sshd_config():
    Path("/etc/ssh/sshd_config").write_text("Frobnicate yes\n")


@pytest.mark.parametrize("wrong, says", [
    (break_conf, r"swmfa\.conf:2: \[swmfa\] tries"), (break_map, r"swmfa\.users"),
    (empty_map, "the map has no user"), (example, "the account is still the example's"), (break_store, "install -d -o _swmfa -g _swmfa -m 0700"),
    (break_module, r"pam_swmfa\.so: No such file"),
    (break_common, r"after a wrong password the stack continues to pam_swmfa.*nothing was changed"),
    (sufficient, r'/etc/pam\.d/sshd:4: sshd: "sufficient" ends the stack.*nothing was changed'),
    (jump, r"common-auth:\d+: .*before any first factor is verified"),
    (jump_in_common, r"common-auth:\d+: .*before any first factor is verified"),
    (no_include, "/etc/pam.d/sshd: swmfactl does not recognise the lines that ask for the first factor.*By hand"),
    (no_sshd_include, r"no Include line reads .*: add this as the first line: Include /etc"),
    (earlier_file, "00-a.conf:1: PasswordAuthentication yes"),
    (keys_only, "without a key now, and would then accept a password.*--publickey"),
    (line_in_common, "runs twice in one login"),
    (bad_sshd_config, "Bad configuration option: Frobnicate")])
def test_enable_refuses_and_changes_nothing(wrong, says):
    wrong()
    before = snapshot("/etc/pam.d", "/etc/ssh", "/var/lib/pam", "/usr/share/pam-configs")
    try:
        status, out, error = ctl("enable", "sshd")
        assert status == 1
        assert re.search(says, error), error
        assert snapshot("/etc/pam.d", "/etc/ssh", "/var/lib/pam", "/usr/share/pam-configs") == before
    finally:
        away = Path(harness.MODULE + ".away")
        if away.exists():
            away.rename(harness.MODULE)


def test_enable_checks_the_configuration_that_logins_read(tmp_path):
    before = snapshot()
    shutil.copy(harness.CONF, tmp_path / "other.conf")
    error = failed("-c", tmp_path / "other.conf", "enable", "sudo")
    assert f"logins read {harness.CONF}," in error
    assert snapshot() == before


def test_enable_makes_no_stack_without_a_first_factor(sim):
    harness.use_example("sshd-publickey", "sshd")
    before = snapshot()
    assert 'replace the module\'s line with "@include common-auth" by hand' in failed("disable", "sshd")
    assert snapshot() == before


def test_enable_names_users_who_need_no_code(sim):
    insert(PAM / "sudo", "auth sufficient pam_wheel.so trust")
    status, _, error = ctl("enable", "sudo")
    assert status == 0 and "users who meet the condition of pam_wheel log in without a code" in error


def test_enable_warns_about_a_match_block_that_skips_the_code(sim):
    path = Path("/etc/ssh/sshd_config")
    path.write_text(path.read_text() + "Match User bob\n  AuthenticationMethods publickey\n")
    status, _, error = ctl("enable", "sshd")
    assert status == 0
    assert re.search(r"sshd_config:\d+: Match User bob: sshd lets these users in with a key alone", error)


@pytest.mark.parametrize("lines, says", [
    ("Match User bob\n  AuthenticationMethods password keyboard-interactive\n"
     "Match Address 192.0.2.0/24\n  PasswordAuthentication yes\n",
     r"sshd_config:\d+: Match User bob, with Match Address 192.0.2.0/24 \(.*:\d+\): sshd's password method"),
    ("Match Group bob\n  PubkeyAuthentication no\n"
     "Match LocalPort 2299\n  AuthenticationMethods publickey,keyboard-interactive\n"
     "Match User carol\n  AuthenticationMethods publickey,keyboard-interactive\n",
     r"Match Group bob, with Match LocalPort 2299 \(.*\): sshd cannot ask these users for a code"),
    ("Match User bob\n  PasswordAuthentication yes\n  PermitEmptyPasswords yes\n  AuthenticationMethods none\n",
     r"Match User bob: sshd's password method"),
    ("Match User bob\n  AuthenticationMethods none\n", "Match User bob: sshd cannot ask these users for a code")])
def test_enable_sees_what_match_blocks_do_together(lines, says, sim):
    path = Path("/etc/ssh/sshd_config")
    path.write_text(path.read_text() + lines)
    error = ctl("enable", "sshd", "-n")[2]
    assert re.search(says, error) and "Match User carol" not in error, error


def test_enable_names_users_whom_sudo_asks_for_nothing(sim):
    harness.write("/etc/sudoers.d/all", "bob ALL = NOPASSWD: ALL\n", 0o440)
    status, _, error = ctl("enable", "sudo")
    assert status == 0 and "/etc/sudoers: sudo: bob may run ALL with NOPASSWD" in error
    assert "sudoers" not in ctl("enable", "su")[2]
    harness.write("/etc/sudoers.d/all", "User_Alias OPS = %:ops\nOPS ALL = ALL\n", 0o440)
    assert "/etc/sudoers: a rule is for %:ops, a group of a sudo plugin" in ctl("enable", "sudo")[2]


def test_enable_names_users_who_may_be_locked_out(sim, key):
    harness.users_map()
    status, _, error = ctl("enable", "sshd", "--dry-run")
    assert status == 0 and error == f"swmfactl: warning: sshd will deny these accounts, which have no " \
        f"usable line in the users map, {harness.USERS}: carol\n"
    assert ctl("enable", "sudo", "--dry-run")[2] == ""
    subprocess.run(["usermod", "--append", "--groups", "sudo", "carol"], check=True)
    try:
        assert "sudo will deny these accounts" in ctl("enable", "sudo", "--dry-run")[2]
    finally:
        subprocess.run(["gpasswd", "--delete", "carol", "sudo"], check=True, capture_output=True)
    for rule, named in (("carol ALL=(ALL) ALL", True), ("%carol ALL = /usr/bin/id", True),
                        ("User_Alias OPS = A, !B\nUser_Alias A = alice, B\nUser_Alias B = carol\n"
                         "OPS ALL = ALL", False),
                        ("User_Alias OPS = alice, A\nUser_Alias A = carol\nOPS ALL = ALL", True),
                        (f"#{pwd.getpwnam('carol').pw_uid} ALL = ALL", True),
                        (f"%#{pwd.getpwnam('carol').pw_gid} ALL = ALL", True), ("ALL, !carol ALL = ALL", False)):
        harness.write("/etc/sudoers.d/carol", rule + "\n", 0o440)
        said = subprocess.run(["sudo", "-l", "-U", "carol"], check=True, capture_output=True, text=True).stdout
        assert ("may run the following" in said) == named, said
        assert ("the users map" in ctl("enable", "sudo", "--dry-run")[2]) == named, rule
    Path("/etc/sudoers.d/carol").unlink()
    for options in ([], ["--use-uid"]):
        assert "su will deny these accounts" in ctl("enable", "su", "--dry-run", *options)[2]
    assert "login will deny these accounts" in ctl("enable", "login", "--dry-run")[2]
    for lines, says in (("# LOGIN_TIMEOUT 180\n LOGIN_TIMEOUT 60\n", ":2"), ("LOGIN_TIMEOUTS 180\n", "")):
        harness.LOGIN_DEFS.write_text(lines)
        warning = f"warning: {harness.LOGIN_DEFS}{says}: login ends after 60 seconds, but typing the password, " \
            "receiving the message and typing the code need about 90: set LOGIN_TIMEOUT to 180\n"
        assert warning in ctl("enable", "login", "--dry-run")[2]
    harness.LOGIN_DEFS.write_text("LOGIN_TIMEOUT 0\n")
    assert "LOGIN_TIMEOUT" not in ctl("enable", "login", "--dry-run")[2]
    harness.users_map(f"alice {ALICE}\nbob {BOB}\ncarol {BOB}\nroot {ALICE}\n")
    conf = Path("/etc/ssh/sshd_config")
    conf.write_text(conf.read_text().replace("PermitRootLogin yes\n", ""))
    assert NO_ROOT in ctl("enable", "sshd", "-n")[2]
    status, out, error = ctl("enable", "sshd", "-n", "--publickey")
    assert NO_ROOT not in error and "+PermitRootLogin yes\n" in out
    conf.write_text(conf.read_text() + "PermitRootLogin no\n")
    assert NO_ROOT not in ctl("enable", "sshd", "-n")[2]


@pytest.mark.parametrize("service, lines, most", [
    ("su", "", 1000), ("sshd", "", 1000), ("sshd", "Match User alice\n  Banner none\n", 200)])
def test_enable_mentions_the_accounts_that_it_does_not_examine(service, lines, most, sim):
    passwd = Path("/etc/passwd").read_text()
    conf = Path("/etc/ssh/sshd_config")
    conf.write_text(conf.read_text() + lines)
    shells = [name for name, *_, shell in map(lambda line: line.split(":"), passwd.splitlines())
              if shell.endswith("sh")]
    said = f"swmfactl: warning: there are more than {most} accounts: only the first of them were checked"
    try:
        for count in (most, most + 1):
            Path("/etc/passwd").write_text(passwd + "".join(
                f"many{i}:!:{70000 + i}:70000::/nonexistent:/bin/sh\n" for i in range(count - len(shells))))
            assert (said in ctl("enable", service, "-n")[2]) == (count > most)
    finally:
        Path("/etc/passwd").write_text(passwd)


@pytest.mark.parametrize("command", ["enable", "disable"])
def test_swmfactl_must_run_as_root(command):
    prefix = ["setpriv", "--reuid", "alice", "--regid", "alice", "--clear-groups"]
    assert failed(command, "sshd", prefix=prefix) == "swmfactl: must be run as root\n"


def test_an_unexpected_change_by_pam_auth_update_is_reverted(sim):
    """As when another package comes between the two."""
    before = snapshot("/etc/pam.d", "/usr/share/pam-configs")
    with wrapped(TOOL, f'case "$*" in *--root*) ;; *) sed -i "s/pam_permit.so/pam_permit.so debug/" {COMMON};; '
                 'esac; exec {real} "$@"'):
        status, _, error = ctl("enable", "sudo")
        assert status == 1 and "than was shown; the changes were undone" in error
    after = snapshot("/etc/pam.d", "/usr/share/pam-configs")
    assert {path for path in before if before[path] != after.get(path)} == {str(COMMON)}
    assert harness.MODULE not in COMMON.read_text() and set(before) == set(after)


@pytest.mark.parametrize("first", [True, False], ids=["first", "second"])
def test_a_failing_pam_auth_update_changes_nothing(sim, first):
    """As when apt holds debconf locked."""
    if not first:
        done("enable", "sshd")
    before = snapshot("/etc/pam.d", "/usr/share/pam-configs")
    with wrapped(TOOL, 'case "$*" in *--root*) exec {real} "$@";; esac; '
                 'echo debconf is locked >&2; exit 1'):
        error = ctl("enable", "sudo")[2]
        assert "status 1: debconf is locked" in error and "the changes were undone" in error
    assert snapshot("/etc/pam.d", "/usr/share/pam-configs") == before


@contextlib.contextmanager
def read_only(folder):
    subprocess.run(["mount", "--bind", folder, folder], check=True)
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", folder], check=True)
        yield
    finally:
        subprocess.run(["umount", folder], check=True)


def test_lines_removed_by_pam_auth_update_are_restored_if_the_profile_stays(sim):
    """Otherwise its next run, for another package, would go by a record that lacks the module."""
    done("enable", "sudo")
    record = Path("/var/lib/pam/auth").read_text()
    before = snapshot("/etc/pam.d", "/usr/share/pam-configs")
    assert harness.MODULE in record
    with read_only("/usr/share/pam-configs"):
        error = failed_after_show("disable", "sudo")
    assert error.endswith("Read-only file system; the changes were undone\n")
    assert snapshot("/etc/pam.d", "/usr/share/pam-configs") == before
    assert Path("/var/lib/pam/auth").read_text() == record


def test_a_read_only_run_is_not_reported_as_another_swmfactl(sim):
    with read_only("/run"):
        assert "/run/swmfactl.lock: Read-only file system: nothing was changed" in failed("enable", "su")


def test_a_line_moving_to_common_auth_is_kept_if_that_cannot_change(sim):
    """Otherwise a password alone would do for su."""
    away = Path("/usr/sbin/pam-auth-update.away")
    TOOL.rename(away)
    done_with_warnings("enable", "su")
    away.rename(TOOL)
    before = snapshot("/etc/pam.d", "/usr/share/pam-configs")
    with wrapped(TOOL, 'case "$*" in *--root*) exec {real} "$@";; esac; '
                 'echo debconf is locked >&2; exit 1'):
        assert "debconf is locked" in ctl("enable", "su", "--use-uid")[2]
    assert snapshot("/etc/pam.d", "/usr/share/pam-configs") == before


@pytest.mark.parametrize("command", ["enable", "disable"])
def test_changes_before_a_failure_are_reverted(command, sim):
    """Here the second of two files cannot be replaced."""
    away = Path("/usr/sbin/pam-auth-update.away")
    TOOL.rename(away)
    try:
        if command == "disable":
            done("enable", "sudo")
        before = snapshot(PAM)
        subprocess.run(["mount", "--bind", PAM / "sudo-i", PAM / "sudo-i"], check=True)
        try:
            error = failed_after_show(command, "sudo")
        finally:
            subprocess.run(["umount", PAM / "sudo-i"], check=True)
        assert error == f"swmfactl: {PAM}/sudo-i: Device or resource busy; " \
            "the changes were undone\n"
        assert snapshot(PAM) == before
    finally:
        away.rename(TOOL)


def failed_after_show(*arguments):
    status, _, error = ctl(*arguments)
    assert status == 1
    return error


# ---- killed ----

class wrapped:
    """A program of the system with a shell script in its place."""

    def __init__(self, path, script):
        self.path, self.real = path, Path(str(path) + ".real")
        self.script = "#!/bin/sh\n" + script.replace("{real}", str(self.real)) + "\n"

    def __enter__(self):
        self.path.rename(self.real)
        self.path.write_text(self.script)
        self.path.chmod(0o755)

    def __exit__(self, *_):
        self.real.rename(self.path)


KILL = 'kill -9 $(ps -o ppid= -p $$)'
MOMENTS = {
    "before-sshd-has-checked": (SSHD, f'[ "$*" != -T ] || [ ! -e {SSHCONF} ] || {KILL}; '
                                'exec {real} "$@"'),
    "before-pam-auth-update": (TOOL, 'case "$1" in --enable|--remove) ' + KILL +
                               '; exit 1;; esac; exec {real} "$@"'),
    "after-pam-auth-update": (TOOL, '{real} "$@"; status=$?; case "$1" in --enable|--remove) ' +
                               KILL + ';; esac; exit $status'),
}


def root_gets_in():
    """By what was there before, or by a code."""
    server = Sshd()
    try:
        client = ssh_with_password()
        number = len(harness.messages(ALICE))
        if client.expect([PROMPT, "in-the-shell"]) == 0:
            client.sendline(harness.messages(ALICE)[-1].split()[-1] if number else
                            harness.wait_for_code(ALICE))
            client.expect("in-the-shell")
        return ended(client) == 0
    finally:
        server.stop()


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("command", ["enable", "disable"])
def test_a_killed_enable_locks_nobody_out_and_can_be_repeated(sim, moment, command):
    before = snapshot("/etc/pam.d", "/etc/ssh", "/usr/share/pam-configs")
    if command == "disable":
        if moment == "before-sshd-has-checked":
            pytest.skip("disable does not ask sshd before it is done")
        done("enable", "sshd")
    with wrapped(*MOMENTS[moment]):
        assert ctl(command, "sshd")[0] == -signal.SIGKILL
    assert root_gets_in()
    assert ctl("enable", "sshd")[0] == 0
    assert harness.MODULE in COMMON.read_text() and SSHCONF.exists()
    server = Sshd()
    try:
        assert gets_in_by_code(ssh_with_password(), before=len(harness.messages(ALICE)))
    finally:
        server.stop()
    done("disable", "sshd")
    assert snapshot("/etc/pam.d", "/etc/ssh", "/usr/share/pam-configs") == before


def test_only_one_swmfactl_changes_files_at_a_time(sim, tmp_path):
    gate = tmp_path / "gate"
    with wrapped(TOOL, f"while [ ! -e {gate} ]; do sleep 0.1; done; exec {{real}} \"$@\""):
        first = subprocess.Popen([harness.CTL, "enable", "sudo"], stdout=subprocess.DEVNULL)
        assert harness.wait_until(lambda: list(Path("/run").glob("swmfactl.??????")))
        assert "another swmfactl is already running" in failed("enable", "su")
        gate.touch()
        assert first.wait(harness.PATIENCE) == 0
    done("enable", "su")


def test_enable_leaves_no_temporary_files(sim):
    done("enable", "sudo")
    assert not list(Path("/run").glob("swmfactl.??????"))
    assert not list(Path("/etc/pam.d").glob("*.new"))


# ---- what it says of itself ----

@pytest.mark.parametrize("command", ["enable", "disable"])
def test_the_man_page_has_the_options(command):
    page = (harness.BUILD / "docs/swmfactl.8").read_text()
    assert f".It Cm {command} Ar service" in page
    for option in re.findall(r"--([a-z-]+)", done(command, "--help")):
        assert "Fl Fl " + option in page, option
