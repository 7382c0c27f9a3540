# SPDX-License-Identifier: BSD-3-Clause
"""Fixtures: the private system, made once, a simulator and a good configuration for each test. TAP on standard
output. The share of the tests that one of several workers runs."""
import signal
import sys
from pathlib import Path

import pytest

import harness


@pytest.fixture(scope="session", autouse=True)
def private_system():
    # A shell that starts us in the background ignores SIGINT, and so would everything that we start.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    harness.prepare()


@pytest.fixture(autouse=True)
def watchdog():
    """A test that hangs fails, and the others continue."""
    def expire(*_):
        raise TimeoutError("this test hung for half an hour")

    signal.signal(signal.SIGALRM, expire)
    signal.alarm(15 * harness.PATIENCE)
    yield
    signal.alarm(0)


@pytest.fixture(scope="module", autouse=True)
def no_leak_by_a_file(system_log):
    """The output of fixtures that serve a whole file has no code, no whole number and no credential."""
    yield
    assert harness.find_leaks(system_log) == []


@pytest.fixture(scope="module", autouse=True)
def same_accounts(no_leak_by_a_file):
    """A file of tests finds the accounts of the harness, whichever files were before it."""
    before = harness.read_accounts()
    yield
    harness.put_accounts(before)


@pytest.fixture(scope="session")
def system_log(private_system):
    return harness.Log()


@pytest.fixture
def log(system_log):
    """The system log, empty at the start of the test."""
    system_log.begin()
    return system_log


@pytest.fixture
def start(log):
    """Starts simulators: start("--fault", "send-500") configures for it as well."""
    running = []

    def begin(*options, name="", **keywords):
        simulator = harness.Simulator(*options, name=name)
        running.append(simulator)
        if name == "":
            harness.configure(simulator, **keywords)
        return simulator

    yield begin
    for simulator in running:
        simulator.stop()


@pytest.fixture
def sim(start):
    """The simulator without faults, and a good configuration and users map."""
    harness.users_map()
    return start()


@pytest.fixture
def sms_only():
    """The number of alice takes only SMS, so no call is offered if a provider refuses to send one."""
    harness.users_map(f"alice {harness.NUMBERS['alice']} sms\n")
    yield
    harness.users_map()


@pytest.fixture
def helper():
    """Installs another program as the helper; restores the real one afterwards."""
    yield harness.install_helper
    harness.restore_helper()


@pytest.fixture
def faults():
    """Changes the clocks that helpers see, and kills helpers; see harness.Faults."""
    if "-fsanitize" in harness.make_variable("flags"):
        pytest.skip("the sanitizers must be loaded before all else")
    with harness.Faults() as injected:
        yield injected


@pytest.fixture
def clock(faults):
    """Lets time pass, sets the time of day, or reboots; see harness.Clock."""
    return harness.Clock(faults)


@pytest.fixture
def host():
    """A host with the shipped examples for sshd, sudo and su; su asks its caller for the code."""
    harness.use_example("sshd", "sshd")
    harness.use_example("sudo", "sudo")
    harness.use_example("su", "su", options="use_uid")
    harness.write("/etc/sudoers.d/swmfa-test", "alice ALL=(ALL) ALL\nDefaults timestamp_timeout=0, "
                  "passwd_tries=1\n", 0o440)
    server = harness.Sshd("host", "AuthenticationMethods keyboard-interactive")
    yield
    server.stop()


@pytest.fixture(autouse=True)
def no_leak(system_log):
    """The store is empty at the start. Afterwards no code, whole number or credential is in what the test logged,
    printed and stored; what a user typed at a terminal with echo is not searched. See test_secrets.py."""
    harness.new_store()
    yield
    assert harness.find_leaks(system_log) == []


@pytest.fixture(autouse=True)
def nothing_left(no_leak):
    """No helper outlives the test that it served."""
    yield
    assert harness.wait_until(lambda: harness.helper_processes() == []), harness.helper_processes()


def pytest_collection_modifyitems(items):
    """The files that take longest come first, so that no worker waits for one of them at the end."""
    longest = ["test_memory.py", "test_enable_property.py"]
    items.sort(key=lambda item: longest.index(item.path.name) if item.path.name in longest else len(longest))


# ---- one of several workers ----

GROUP = 4 # tests of one file that a worker takes at a time


def share(items, folder):
    """Yields the tests that this worker takes: no other worker has taken them before."""
    counts, groups = {}, {}
    for item in items:
        file = item.path.stem
        group = f"{file}.{counts.get(file, 0) // GROUP}"
        counts[file] = counts.get(file, 0) + 1
        if getattr(item.module, "TOGETHER", False): # one worker runs the whole file
            group = file
        if group not in groups:
            groups[group] = take(folder / group)
        if groups[group]:
            yield item


def take(path):
    try:
        path.touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


def pytest_runtestloop(session):
    """As pytest's own, for a worker's share. A test ends what the next one does not need, so this must
    know which that is."""
    if not session.config.option.taken or session.testsfailed:
        return None
    items = share(session.items, Path(session.config.option.taken))
    item = next(items, None)
    while item is not None:
        following = next(items, None)
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        item = following
    return True


# ---- TAP, for automake's driver ----

class Tap:
    """One line for each test, and for each thing that goes wrong before or after one."""

    def __init__(self, writer):
        self.number = 0
        self._tw = writer # pytest 8 asks the plugin "terminalreporter" for it to explain an assertion

    @staticmethod
    def print(text):
        sys.__stdout__.write(text + "\n")
        sys.__stdout__.flush()

    @staticmethod
    def note(text):
        """For tests/all, which shows how far it is: what automake makes of TAP comes at the end."""
        with open(harness.BUILD / "progress.log", "a", encoding="ascii") as progress:
            progress.write(text + "\n")

    def pytest_runtest_logstart(self, nodeid):
        self.note(f"now {ascii(nodeid.split('[')[0])[1:-1]}")

    def pytest_runtest_logreport(self, report):
        if report.when == "call" or not report.passed:
            self.number += 1
            verdict = "not ok" if report.failed else "ok"
            name = report.nodeid.encode("ascii", "backslashreplace").decode().replace("#", "-")
            line = f"{verdict} {self.number} - {name[:120]}" + (" # SKIP" if report.skipped else "")
            self.print(line)
            self.note(line)
        self.note(f"took {report.duration:.1f} {report.when} {ascii(report.nodeid)[1:-1]}")
        if report.failed:
            self.print("\n".join("# " + line for line in report.longreprtext.splitlines()))

    def pytest_collectreport(self, report):
        if report.failed:
            self.number += 1
            self.print(f"not ok {self.number} - {report.nodeid} cannot be read")
            self.print("\n".join("# " + line for line in report.longreprtext.splitlines()))

    def pytest_sessionfinish(self):
        self.print(f"1..{self.number}")


@pytest.hookimpl(trylast=True)
def pytest_configure(config):
    if config.option.tap:
        manager = config.pluginmanager
        tap = Tap(config.get_terminal_writer())
        manager.unregister(manager.get_plugin("terminalreporter"))
        manager.register(tap, "terminalreporter")


def pytest_addoption(parser):
    parser.addoption("--tap", action="store_true", help="print TAP and nothing else")
    parser.addoption("--taken", help="run the tests that no other worker has taken, by this folder")
