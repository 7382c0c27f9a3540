# SPDX-License-Identifier: BSD-3-Clause
"""harness: a system to test pam_swmfa in: the provider simulator, the configuration, accounts, PAM stacks,
the system log and sshd.

Everything here changes /etc, so it refuses to run outside of tests/private-root.
"""
import collections
import functools
import os
import pwd
import re
import shutil
import signal
import socket
import ssl
import sqlite3
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import pexpect

SRC = Path(os.environ["SWMFA_SRCDIR"])
BUILD = Path(os.environ["SWMFA_BUILDDIR"])
if os.environ.get("SWMFA_PRIVATE_ROOT") != "entered":
    raise SystemExit("harness: run me by tests/private-root")


@functools.cache
def make_variable(name):
    made = subprocess.run(["make", "-s", "-C", BUILD, "print-" + name], check=True,
                          capture_output=True, text=True)
    return made.stdout.strip()


MODULE = make_variable("pamdir") + "/pam_swmfa.so"
HELPER = make_variable("helper")
CTL = make_variable("sbindir") + "/swmfactl"
SECURITY = Path(make_variable("securitydir"))
SERVICE_USER = make_variable("user")
CONF = SECURITY / "swmfa.conf"
USERS = SECURITY / "swmfa.users"
STATE = Path(make_variable("statedir"))
PAMHOST = BUILD / "tests/module/pamhost"
FAKE_HELPER = BUILD / "tests/module/fake_helper"
PRELOAD_FAULTS = BUILD / "tests/module/preload_faults.so"
PATIENT = BUILD / "tests/module/patient.so"
SIM = BUILD / "tests/sim/swmfa-sim"

WORK = Path("/run/swmfa-test")
INBOX = WORK / "inbox"
CA = WORK / "ca.pem"
CONFDIR = WORK / "pam.d"
KNOWN_HOSTS = WORK / "known_hosts"
LOGIN_DEFS = Path("/etc/login.defs")
PASSWD = Path("/etc/passwd")
DEBIAN = WORK / "debian" # files of the system, as they were before the first test
DEBIAN_FOLDERS = ("/etc/pam.d", "/etc/ssh", "/var/lib/pam", "/usr/share/pam-configs",
                  "/etc/sudoers.d")

PASSWORD = "correct horse"
TOKEN = "PT-test-secret-token"
BANDWIDTH_PASSWORD = "BW-test-secret-password"
PATIENCE = 120 # seconds after which a wait fails; no machine is that slow
NUMBERS = {"alice": "+15550100182", "bob": "+15550100183"}
NUMBER = r"\+?1?555010[0-9]{4}|14043287382" # a whole number
CREDENTIALS = (TOKEN, BANDWIDTH_PASSWORD, PASSWORD, "test-user")


# What find_leaks searches, and for which codes: everything since it was last called.
OUTPUT = [] # what the programs under test logged and printed
CODES = set() # the codes that they sent or made
OUTPUT_FILES = {} # files that programs are writing to, and how many bytes of each are in OUTPUT


def collect_codes():
    if INBOX.exists():
        CODES.update(line.split()[-1] for line in INBOX.read_text().splitlines() if line)


def collect_output(path):
    """Adds to OUTPUT what a program has written to a file since the last call."""
    data = path.read_bytes()[OUTPUT_FILES[path]:]
    OUTPUT_FILES[path] += len(data)
    OUTPUT.append(data.decode("utf-8", "replace"))


def find_leaks(log):
    """Each code, whole number and credential in the output and the store, as "code 123456 in the output".
    Forgets output and codes, so that what one test leaked is not found again in the next one."""
    log.settle()
    collect_codes()
    for path in OUTPUT_FILES:
        collect_output(path)
    # Microseconds, and codes of four or five characters, can be the same by chance.
    output = re.sub(r'"\w+_us": ?\d+', "", "\n".join(OUTPUT))
    codes = {code for code in CODES if len(code) > 5}
    OUTPUT.clear()
    CODES.clear()
    files = b"\n".join(store_files().values()).decode("latin-1")
    in_output = codes_in(output, codes) + numbers_in(output) + credentials_in(output)
    in_store = codes_in("\n".join(stored_texts()), codes) + numbers_in(files) + credentials_in(files)
    return [f"{leak} in the output" for leak in in_output] + [f"{leak} in the store" for leak in in_store]


def codes_in(text, codes):
    return [f"code {code}" for code in sorted(codes & set(re.findall(r"[0-9A-Za-z]+", text)))]


def numbers_in(text):
    return [f"number {number}" for number in sorted(set(re.findall(NUMBER, text)))]


def credentials_in(text):
    return [f"credential {credential}" for credential in CREDENTIALS if credential in text]


class Log:
    """The system log: the socket that syslog(3) writes to, and what came."""

    def __init__(self):
        self.lines = []
        self.marks = 0
        self.arrived = threading.Condition()
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        Path("/dev/log").unlink(missing_ok=True)
        self.socket.bind("/dev/log")
        os.chmod("/dev/log", 0o666)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        while True:
            line = self.socket.recv(65536).decode("latin-1")
            OUTPUT.append(line)
            with self.arrived:
                self.lines.append(line)
                self.arrived.notify_all()

    def settle(self):
        """Waits until every earlier log line has arrived."""
        self.marks += 1
        mark = f"mark {self.marks} of the harness"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.sendto(mark.encode(), "/dev/log")
        with self.arrived:
            assert self.arrived.wait_for(lambda: mark in self.lines, PATIENCE)

    def begin(self):
        """Forgets every line logged so far."""
        self.settle()
        self.lines.clear()

    def ours(self):
        """All lines of the module and the helper so far."""
        self.settle()
        return [line for line in self.lines if "pam_swmfa(" in line]

    def last(self, pattern):
        """Waits for a line that has the pattern; the newest of them."""
        end = time.monotonic() + PATIENCE
        while True:
            found = [line for line in self.ours() if re.search(pattern, line)]
            if found:
                return found[-1]
            if time.monotonic() > end:
                raise AssertionError(f"no log line has {pattern!r}; there were: {self.ours()}")
            time.sleep(0.02)


class Simulator:
    """One run of swmfa-sim. It speaks both APIs; a second one, of another name, adds its messages
    to those of the first."""

    def __init__(self, *options, name=""):
        self.log_path = WORK / f"requests{name}"
        self.ca = Path(str(CA) + name)
        self.log_path.write_text("")
        OUTPUT_FILES[self.log_path] = 0
        if name == "":
            collect_codes()
            INBOX.write_text("")
        self.process = subprocess.Popen(
            [SIM, "--project-id", "test-project", "--api-token", TOKEN, "--account-id", "test-account",
             "--username", "test-user", "--password", BANDWIDTH_PASSWORD, "--inbox", INBOX,
             "--log", self.log_path, "--ca-out", self.ca, "--number", "+12029167968", *options],
            stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        assert line.startswith("listening on "), line
        self.endpoint = line.split()[2]

    def requests(self):
        """(path, status, connection) of each request answered."""
        rows = []
        for line in self.log_path.read_text().splitlines():
            _, path, status, connection, *_ = line.split()
            rows.append((path, status, connection))
        return rows

    def count(self, word):
        return sum(word in path for path, _, _ in self.requests())

    def stop(self):
        self.process.terminate()
        self.process.wait(PATIENCE)
        collect_codes()
        collect_output(self.log_path)


class RawServer:
    """A TLS server that answers whatever it is asked with the bytes that it was given: the first
    request of a connection with the first answer, the next with the next; or with verify, each
    verify with that and all else with the first answer. An answer is bytes, or a function that
    writes to the connection as it likes."""

    def __init__(self, folder, *answers, verify=None, client_certificate=False,
                 address="127.0.0.1", name="localhost", days=30):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:P-256", "-nodes", "-days", str(days), "-subj", f"/CN={name}", "-addext",
                        f"subjectAltName=DNS:{name}", "-keyout", folder / "key", "-out",
                        folder / "cert"], check=True, capture_output=True)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(folder / "cert", folder / "key")
        if client_certificate:
            self.context.verify_mode = ssl.CERT_REQUIRED
        self.certificate = folder / "cert"
        self.answers = answers
        self.verify = verify
        self.requests = []
        self.socket = socket.create_server((address, 0), backlog=1024) # for simultaneous logins
        self.port = self.socket.getsockname()[1]
        self.endpoint = f"https://{name}:{self.port}"
        threading.Thread(target=self._serve, daemon=True).start()

    def stop(self):
        """Nobody listens any more."""
        self.socket.shutdown(socket.SHUT_RDWR)

    def _serve(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self._connection, args=(connection,), daemon=True).start()

    def _connection(self, connection):
        secure = self.context.wrap_socket(connection, server_side=True,
                                          do_handshake_on_connect=False)
        try:
            secure.do_handshake()
            for answer in self.answers if self.verify is None else [*self.answers] * 9:
                self.requests.append(self._read_request(secure))
                if self.verify is not None and self.requests[-1].endswith("/verify"):
                    answer = self.verify
                if callable(answer):
                    answer(secure)
                else:
                    secure.sendall(answer)
        except OSError:
            pass
        number = secure.detach()
        if number >= 0:
            self._close(socket.socket(fileno=number))

    @staticmethod
    def _read_request(secure):
        got = b""
        while b"\r\n\r\n" not in got:
            more = secure.recv(65536)
            if not more:
                raise OSError("the client has gone")
            got += more
        head, _, body = got.partition(b"\r\n\r\n")
        length = int(re.search(rb"(?i)content-length: (\d+)", head).group(1))
        while len(body) < length:
            body += secure.recv(65536)
        return head.split(b" ", 2)[1].decode()

    @staticmethod
    def _close(connection):
        """As servers do: reads what the client is still sending, since a close that leaves it unread
        sends a reset, which can overtake the last bytes of the answer."""
        with connection:
            try:
                connection.settimeout(PATIENCE)
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(65536):
                    pass
            except OSError:
                pass


def http(status, body, headers=""):
    """The bytes of a whole answer."""
    return (f"HTTP/1.1 {status} Status\r\nContent-Type: application/json\r\n{headers}"
            f"Content-Length: {len(body)}\r\n\r\n{body}").encode()


def closed_port():
    """A port on which nobody listens: the system gives it to no server that takes any."""
    return 1


def messages(number=None):
    """The messages that the phones received: the lines of the inbox."""
    lines = INBOX.read_text().splitlines()
    return [line for line in lines if number is None or line.startswith(number + " ")]


def wait_for_code(number, sent_before=0):
    """The code of the newest message to a number that came after so many others."""
    assert wait_until(lambda: len(messages(number)) > sent_before), f"no message came to {number}"
    return messages(number)[-1].split()[-1]


def write(path, text, mode=0o600):
    """Replaces a file atomically, with its mode."""
    beside = Path(str(path) + ".new")
    beside.write_bytes(text if isinstance(text, bytes) else text.encode())
    beside.chmod(mode)
    beside.rename(path)


def section(name, keys, lines=""):
    body = "".join(f"{key} = {value}\n" for key, value in keys.items() if value is not None)
    return f"[{name}]\n{body}{lines}\n"


def bandwidth_keys(simulator):
    return {"endpoint": simulator.endpoint, "account_id": "test-account", "username": "test-user",
            "password": BANDWIDTH_PASSWORD, "from": "+12029167968", "ca_file": simulator.ca,
            "messaging_application_id": "demo-messaging", "voice_application_id": "demo-voice"}


GENEROUS = {"user_sends": "100000/1d", "address_sends": "100000/1d", "host_sends": "100000/1d",
            "failures": 100} # no test meets a limit without meaning to


def configuration(simulator, swmfa="", signalwire="", policy="", limits=None, bandwidth=None,
                  bandwidth_lines="", **replaced):
    """A good swmfa.conf for a simulator; more lines for its sections; keys of [signalwire] replaced,
    or None. limits: those, and none that no test meets. bandwidth: the simulator that serves as
    Bandwidth."""
    keys = {"endpoint": simulator.endpoint, "project_id": "test-project", "api_token": TOKEN,
            "ca_file": simulator.ca}
    keys.update(replaced)
    text = section("swmfa", {"users": USERS}, swmfa) + section("policy", {}, policy)
    text += section("limits", GENEROUS if limits is None else {}, limits or "")
    text += section("signalwire", keys, signalwire)
    if bandwidth is not None:
        text += section("bandwidth", bandwidth_keys(bandwidth), bandwidth_lines)
    return text


def configure(simulator, **keywords):
    write(CONF, configuration(simulator, **keywords))


def users_map(text=None):
    if text is None:
        text = "".join(f"{name}\t{number}\n" for name, number in NUMBERS.items())
    write(USERS, text, 0o644)


def stack(service, *lines, folder=CONFDIR):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / service).write_text("".join(line + "\n" for line in lines))


def ours(options="", control="required"):
    """The line of the module in a stack."""
    return f"auth {control} {MODULE} {options}".rstrip()


def alone(options="", service="swmfa-alone"):
    """A stack with nothing but the module; returns the service's name."""
    stack(service, ours(options), "account required pam_permit.so")
    return service


def between_permits(options="", service="swmfa-permits"):
    """A stack that lets everybody in if the result of the module is ignored."""
    stack(service, "auth required pam_permit.so", ours(options), "auth required pam_permit.so",
          "account required pam_permit.so")
    return service


def use_example(name, service, options=None):
    """Puts a shipped example in place as /etc/pam.d/SERVICE; options replace the module's."""
    text = (BUILD / "conf/pam.d" / name).read_text()
    assert text.count(f"{MODULE}") >= 1
    if options is not None:
        text = re.sub(rf"^(auth\s+required\s+{re.escape(MODULE)}).*$", rf"\1 {options}", text,
                      flags=re.MULTILINE)
    # The kernel lets no process set its login uid from within a container or namespace.
    text = re.sub(r"^session.*pam_loginuid.so.*$", "", text, flags=re.MULTILINE)
    write(Path("/etc/pam.d") / service, text, 0o644)


class Outcome:
    """What pamhost printed."""

    def __init__(self, process):
        self.text = process.stdout
        OUTPUT.append(self.text)
        self.status = process.returncode
        self.lines = self.text.splitlines()

    def all(self, word):
        return [line[len(word) + 1:] for line in self.lines if line.startswith(word + " ")]

    def one(self, word):
        found = self.all(word)
        assert len(found) == 1, f"{word}: {self.text}"
        return found[0]

    @property
    def result(self):
        return self.one("result")

    @property
    def prompts(self):
        return self.all("prompt on") + self.all("prompt off")


def pamhost_command(service, users, answers):
    command = [PAMHOST, "--confdir", CONFDIR, "--service", service, "--inbox", INBOX]
    for user in users or ("alice",):
        command += ["--user", user]
    for answer in answers:
        command += ["--answer", answer]
    return command


def pamhost(service, *users, answers=("@code",), arguments=(), prefix=(), patience=PATIENCE):
    """Authenticates through the real libpam; see tests/module/pamhost.c."""
    command = [*prefix, *pamhost_command(service, users, answers), *arguments]
    return Outcome(subprocess.run(command, stdout=subprocess.PIPE, timeout=patience, check=False,
                                  text=True, errors="surrogateescape"))


def pamhosts(service, n, user="alice", answers=("@code",), arguments=(), meanwhile=None):
    """Runs n of them at the same time, and returns each outcome. user: one user, or several in turn.
    meanwhile: is called while they run."""
    users = [user] if isinstance(user, str) else list(user)
    commands = [[*pamhost_command(service, [users[i % len(users)]], answers), *arguments]
                for i in range(n)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True,
                                errors="surrogateescape") for command in commands]
    try:
        if meanwhile is not None:
            meanwhile()
        texts = [process.communicate(timeout=PATIENCE)[0] for process in running]
    finally:
        for process in running:
            process.kill()
    return [Outcome(subprocess.CompletedProcess(command, process.returncode, text))
            for command, process, text in zip(commands, running, texts)]


def start_pamhost(service, *users, answers=(), arguments=()):
    """Starts pamhost, and returns the process."""
    return subprocess.Popen([*pamhost_command(service, users, answers), *arguments],
                            stdout=subprocess.PIPE, text=True)


def install_helper(source=None):
    """Installs another program as the helper, or removes it; restore_helper undoes this."""
    saved = Path(HELPER + ".saved")
    if not saved.exists():
        os.rename(HELPER, saved)
    else:
        Path(HELPER).unlink(missing_ok=True)
    if source is not None:
        shutil.copy(source, HELPER)
        os.chmod(HELPER, 0o755)


def restore_helper():
    saved = Path(HELPER + ".saved")
    if saved.exists():
        os.replace(saved, HELPER)


def helper_processes():
    """The running swmfa-auth processes, as (pid, state)."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                name = (folder / "comm").read_text().strip()
                state = (folder / "stat").read_text().rsplit(")", 1)[1].split()[0]
            except OSError:
                continue
            if name == "swmfa-auth":
                found.append((int(folder.name), state))
    return found


# ---- the store ----

def reset_store():
    """Empties the store's folder, as after the installation."""
    if STATE.is_symlink() or STATE.is_file():
        STATE.unlink()
    STATE.mkdir(parents=True, exist_ok=True)
    for path in STATE.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    user = pwd.getpwnam(SERVICE_USER)
    os.chown(STATE, user.pw_uid, user.pw_gid)
    STATE.chmod(0o700)


def new_store():
    """Empties the folder, and puts a store in it that was made once, so that only that is logged."""
    reset_store()
    pristine = WORK / "state.db"
    if not pristine.exists():
        subprocess.run([CTL, "unlock", "nobody"], check=True, stdout=subprocess.DEVNULL)
        database = sqlite3.connect(STATE / "state.db")
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        database.close()
        shutil.copy(STATE / "state.db", pristine)
        reset_store()
    shutil.copy(pristine, STATE / "state.db")
    shutil.chown(STATE / "state.db", SERVICE_USER, SERVICE_USER)


def store_files():
    """{name: bytes} of all files in the store's folder, for put_store."""
    return {path.name: path.read_bytes() for path in STATE.iterdir() if path.is_file()} \
        if STATE.is_dir() else {}


def put_store(files):
    """Restores the files of the store; no process may be using it."""
    reset_store()
    user = pwd.getpwnam(SERVICE_USER)
    for name, data in files.items():
        path = STATE / name
        path.write_bytes(data)
        os.chown(path, user.pw_uid, user.pw_gid)
        path.chmod(0o600)


def store(sql, *parameters):
    """The rows that a query of the store finds. It is made in a copy, so that nothing of root's is
    left in the folder; no login must be writing meanwhile."""
    with tempfile.TemporaryDirectory() as folder:
        for path in STATE.glob("state.db*"):
            if not path.name.endswith("-shm"):
                shutil.copyfile(path, Path(folder) / path.name)
        database = sqlite3.connect(f"file:{folder}/state.db?mode=rw", uri=True)
        try:
            return database.execute(sql, parameters).fetchall()
        finally:
            database.close()


def stored_texts():
    """Every text in the store; none if a test left something else in its place."""
    try:
        tables = store("SELECT name FROM sqlite_master WHERE type = 'table'")
        return [cell for (table,) in tables for row in store(f"SELECT * FROM {table}")
                for cell in row if isinstance(cell, str)]
    except (OSError, sqlite3.Error):
        return []


Call = collections.namedtuple("Call", "pid number name path")


class Faults:
    """While it is entered, helpers that start see the clocks and the boot id that it sets, and die where it says;
    see tests/module/preload_faults.c."""

    preload = Path("/etc/ld.so.preload")
    library = WORK / "preload_faults.so" # where every account can load it
    files = {name: WORK / name for name in ("clock", "boot_id", "kill", "calls")}

    def __enter__(self):
        shutil.copy(PRELOAD_FAULTS, self.library)
        self.library.chmod(0o755)
        self.before = self.preload.read_text() if self.preload.exists() else None
        write(self.preload, f"{self.before or ''}\n{self.library}\n", 0o644)
        return self

    def __exit__(self, *_):
        if self.before is None:
            self.preload.unlink()
        else:
            write(self.preload, self.before, 0o644)
        for path in (self.library, *self.files.values()):
            path.unlink(missing_ok=True)

    def set_clock(self, real=0, boot=0, boot_id=None):
        """So many seconds are added to the time of day and to CLOCK_BOOTTIME; another boot id, or
        the kernel's. The host has been booted ten seconds ago if boot is
        10 - time.clock_gettime(time.CLOCK_BOOTTIME), and boot_id a new one."""
        write(self.files["clock"], f"{round(real * 1000)} {round(boot * 1000)}\n", 0o644)
        if boot_id is None:
            self.files["boot_id"].unlink(missing_ok=True)
        else:
            write(self.files["boot_id"], f"{boot_id}\n", 0o644)

    def kill_at(self, n, mode="before", folder=""):
        """Each helper dies at its nth call that changes the store's folder: "before" or "after" it,
        or with half of its bytes written, "torn"; 0: never. calls() starts again from 1. folder: that one
        instead, and swmfactl dies as well."""
        assert mode in ("before", "after", "torn")
        write(self.files["calls"], "", 0o666)
        write(self.files["kill"], f"{n} {mode} {folder}\n", 0o644)

    def calls(self):
        """The calls that helpers have made since kill_at, the one they died at included."""
        rows = [line.split(" ", 3) for line in self.files["calls"].read_text().splitlines()]
        return [Call(int(pid), int(number), name, path) for pid, number, name, path in rows]


class Clock:
    """The host's clocks, as helpers see them: lets time pass, sets the time of day, and reboots the host."""

    def __init__(self, faults):
        self.faults = faults
        self.boot, self.real, self.boots = 0, 0, 0

    def _set(self):
        boot_id = f"00000000-0000-4000-8000-{self.boots:012}" if self.boots else None
        self.faults.set_clock(real=self.real, boot=self.boot, boot_id=boot_id)

    def passes(self, seconds):
        """Lets so many seconds pass, except for the time of day."""
        self.boot += seconds
        self._set()

    def set_day(self, seconds):
        """Sets the time of day so many seconds after the real one."""
        self.real = seconds
        self._set()

    def reboot(self, up=10):
        """The host was booted that many seconds ago."""
        self.boot = up - time.clock_gettime(time.CLOCK_BOOTTIME)
        self.boots += 1
        self._set()


def wait_until(condition):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return False


def free_name(name):
    """Removes an account and a group: the private root starts as a copy of the host, which may have them."""
    for database, command in (("passwd", "userdel"), ("group", "groupdel")):
        if subprocess.run(["getent", database, name], check=False,
                          stdout=subprocess.DEVNULL).returncode == 0:
            subprocess.run([command, "--force", name], check=True, capture_output=True)


def use_local_accounts():
    """Looks up accounts only in local files."""
    path = Path("/etc/nsswitch.conf")
    if path.exists():
        write(path, re.sub(r"(?m)^(passwd|group|shadow|gshadow|initgroups|subid|sudoers):.*$",
                           r"\1: files", path.read_text()), 0o644)


def set_password(name):
    """Sets PASSWORD with a cheap hash, since hundreds of logins check it."""
    subprocess.run(["chpasswd", "--crypt-method", "SHA256", "--sha-rounds", "1000"],
                   input=f"{name}:{PASSWORD}\n", text=True, check=True)


def shut_accounts():
    """Disables every account of the host: no shell, no password, no key."""
    rows = [line.split(":") for line in Path("/etc/passwd").read_text().splitlines()]
    for row in rows:
        if row[0] != "root":
            row[5:7] = ["/nonexistent", "/usr/sbin/nologin"]
    Path("/etc/passwd").write_text("".join(":".join(row) + "\n" for row in rows))
    Path("/etc/shadow").write_text("".join(f"{row[0]}:*:19000:0:99999:7:::\n" for row in rows))
    shutil.rmtree("/root/.ssh", ignore_errors=True)


def set_login_timeout(seconds):
    LOGIN_DEFS.write_text(re.sub(r"(?m)^LOGIN_TIMEOUT.*$", f"LOGIN_TIMEOUT\t{seconds}",
                                 LOGIN_DEFS.read_text()))


def read_accounts():
    """All accounts, groups and passwords, for put_accounts."""
    return {path: path.read_bytes() for path in map(Path, (
        "/etc/passwd", "/etc/group", "/etc/shadow", "/etc/gshadow"))}


def put_accounts(files):
    """Restores these files. Homes that were made since stay."""
    for path, data in files.items():
        if path.read_bytes() != data:
            path.write_bytes(data) # in its place: its owner and mode stay


def add_account(name):
    free_name(name)
    home = WORK / "home" / name
    home.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["useradd", "--create-home", "--home-dir", home, "--shell", "/bin/sh", name],
                   check=True, stdout=subprocess.DEVNULL)
    set_password(name)
    return home


class Sshd:
    """A real sshd on loopback, with its configuration file."""

    def __init__(self, name, *lines, port=2222):
        self.port = port
        config = WORK / f"sshd-{name}.conf"
        key = WORK / "host_key"
        if not key.exists():
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
        known = " ".join(key.with_suffix(".pub").read_text().split()[:2])
        KNOWN_HOSTS.write_text(f"[127.0.0.1]:{port} {known}\n")
        config.write_text("\n".join([
            f"Port {port}", "ListenAddress 127.0.0.1", f"HostKey {key}", "UsePAM yes",
            *lines, "PasswordAuthentication no", "KbdInteractiveAuthentication yes",
            *["PerSourcePenalties no"] * penalties_known(),
            "StrictModes no", "PrintMotd no", "PrintLastLog no", "UseDNS no", "PidFile none",
            ""])) # the first line of a key counts
        Path("/run/sshd").mkdir(exist_ok=True)
        self.output = open(WORK / f"sshd-{name}.log", "wb")
        OUTPUT_FILES[Path(self.output.name)] = 0
        self.process = subprocess.Popen(["/usr/sbin/sshd", "-D", "-e", "-f", config],
                                        stderr=self.output)
        assert wait_until(self._answers), (WORK / f"sshd-{name}.log").read_text()

    def _answers(self):
        try:
            with socket.create_connection(("127.0.0.1", self.port), PATIENCE) as connection:
                return connection.recv(4).startswith(b"SSH")
        except OSError:
            return False

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(PATIENCE)
        self.output.close()
        collect_output(Path(self.output.name))


@functools.cache
def penalties_known():
    """Whether sshd has PerSourcePenalties, and refuses an address that fails as often as ours."""
    Path("/run/sshd").mkdir(exist_ok=True)
    return subprocess.run(["/usr/sbin/sshd", "-t", "-o", "PerSourcePenalties=no"],
                          capture_output=True, check=False).returncode == 0


def ssh_command(port, user, command="echo in-the-shell", options=()):
    """The real ssh client, which trusts our sshd only. The key exchange is one that costs the client
    little: hundreds of logins make one."""
    return ["ssh", *options, "-F", "none", "-p", str(port), "-o", "StrictHostKeyChecking=yes",
            "-o", "KexAlgorithms=curve25519-sha256",
            "-o", f"UserKnownHostsFile={KNOWN_HOSTS}", "-o", "NumberOfPasswordPrompts=1",
            "-o", "PreferredAuthentications=publickey,keyboard-interactive",
            f"{user}@127.0.0.1", command]


def ssh(port, user, **keywords):
    """The same on a terminal of its own."""
    command = ssh_command(port, user, **keywords)
    return pexpect.spawn(command[0], command[1:], timeout=PATIENCE, encoding="utf-8")


def restore_debian():
    """Restores the folders with stacks and sshd's configuration as Debian has them."""
    for folder in DEBIAN_FOLDERS:
        shutil.rmtree(folder)
        shutil.copytree(str(DEBIAN) + folder, folder)


def deny_without_delay():
    """A login that fails after pam_unix would take two seconds otherwise. The files stay as
    pam-auth-update would write them."""
    for name in ("/usr/share/pam-configs/unix", "/var/lib/pam/auth", "/etc/pam.d/common-auth"):
        path = Path(name)
        if path.is_file():
            path.write_text(path.read_text().replace("pam_unix.so nullok", "pam_unix.so nullok nodelay"))


def prepare():
    """Makes the system that every test finds: folders, accounts, the users map."""
    WORK.mkdir(mode=0o755, exist_ok=True)
    deny_without_delay()
    for folder in DEBIAN_FOLDERS:
        if Path(folder).is_dir(): # sudo is not needed for the demo
            shutil.copytree(folder, str(DEBIAN) + folder)
    stack("other", "auth required pam_deny.so", "account required pam_deny.so")
    use_local_accounts()
    shut_accounts()
    for name in ("alice", "bob", "carol"):
        add_account(name)
    users_map()
