# SPDX-License-Identifier: BSD-3-Clause
"""The lab, made once; a simulator and a good configuration for each test; TAP on standard output."""
import sys

import pytest

import lab


@pytest.fixture(scope="session", autouse=True)
def laboratory():
    lab.prepare()


@pytest.fixture(scope="session")
def system_log(laboratory):
    return lab.Log()


@pytest.fixture
def log(system_log):
    """The system log, empty at the start of the test."""
    system_log.lines.clear()
    return system_log


@pytest.fixture
def start(log):
    """Starts simulators: start("--fault", "send-500") configures for it as well."""
    running = []

    def begin(*options, **keywords):
        simulator = lab.Simulator(*options)
        running.append(simulator)
        lab.configure(simulator, **keywords)
        return simulator

    yield begin
    for simulator in running:
        simulator.stop()


@pytest.fixture
def sim(start):
    """The simulator without faults, and a good configuration and users map."""
    lab.users_map()
    return start()


@pytest.fixture
def helper():
    """Tests that put something else in the helper's place: it is put back."""
    yield lab.install_helper
    lab.restore_helper()


@pytest.fixture(autouse=True)
def nothing_left():
    """No helper outlives the test that it served."""
    yield
    assert lab.wait_until(lambda: lab.helper_processes() == [], 10), lab.helper_processes()


# ---- TAP, for automake's driver ----

class Tap:
    def __init__(self):
        self.number = 0

    def pytest_collection_finish(self, session):
        sys.__stdout__.write(f"1..{len(session.items)}\n")

    def pytest_runtest_logreport(self, report):
        if report.when == "call" or (report.when == "setup" and not report.passed):
            self.number += 1
            verdict = "not ok" if report.failed else "ok"
            name = report.nodeid.replace("#", "-")
            skip = " # SKIP" if report.skipped else ""
            sys.__stdout__.write(f"{verdict} {self.number} {name}{skip}\n")
            sys.__stdout__.flush()
        if report.failed:
            text = report.longreprtext + "\n" + report.caplog
            sys.__stdout__.write("".join(f"# {line}\n" for line in text.splitlines()))


def pytest_configure(config):
    if config.option.tap:
        config.pluginmanager.unregister(config.pluginmanager.get_plugin("terminalreporter"))
        config.pluginmanager.register(Tap())


def pytest_addoption(parser):
    parser.addoption("--tap", action="store_true", help="print TAP and nothing else")
