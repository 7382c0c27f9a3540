# SPDX-License-Identifier: BSD-3-Clause
"""bench: what a login costs, as ratios to the floor measured in the same run.

The floor is a bare libcurl program that does the same two requests on one connection. Both are
started afresh each time, by turns, with the same pause between, against the same simulator. The
figures are medians; a ratio's limit is the design's.
"""
import os
import re
import statistics
import sys
import time

sys.path.insert(0, os.path.join(os.environ["SWMFA_SRCDIR"], "tests/system"))
import lab  # noqa: E402

ROUNDS = int(os.environ.get("ROUNDS", "100"))
PAUSE = 0.02
MAP = lab.BUILD / "bench.users"
FLOOR = lab.BUILD / "tests/bench/floor"


def floor(simulator):
    """One run of the floor: (wall, CPU) in microseconds."""
    command = [FLOOR, simulator.endpoint, "lab-project", lab.TOKEN, lab.CA, lab.NUMBERS["alice"],
               lab.INBOX]
    start = time.monotonic_ns()
    pid = os.posix_spawn(FLOOR, [str(part) for part in command], {})
    _, status, usage = os.wait4(pid, 0)
    wall = (time.monotonic_ns() - start) / 1000
    assert status == 0, "the floor's login failed"
    return wall, (usage.ru_utime + usage.ru_stime) * 1e6


def login(service, user="alice"):
    """One login through libpam: the figures that pamhost prints."""
    out = lab.pamhost(service, user, arguments=["--cost"])
    assert out.result == "PAM_SUCCESS", out.text
    return {name: int(value) for name, value in re.findall(r"(\w+)=(-?\d+)", out.one("cost"))}


def median(rows, *names):
    return statistics.median(sum(row[name] for name in names) for row in rows)


def row(name, figure, limit, unit=""):
    verdict = "" if limit is None else f"   at most {limit}{unit}: " + \
        ("met" if figure <= limit else "NOT MET")
    print(f"{name:44} {figure:9.2f}{unit}{verdict}")


def requests_of_one_login(simulator):
    before = len(simulator.requests())
    login(lab.alone())
    rows = simulator.requests()[before:]
    row("requests of a login", len(rows), 2)
    row("TLS handshakes of a login", len({connection for _, _, connection in rows}), 1)


def against_the_floor(simulator):
    service, floors, logins = lab.alone(), [], []
    for _ in range(ROUNDS):
        time.sleep(PAUSE)
        floors.append(floor(simulator))
        time.sleep(PAUSE)
        logins.append(login(service))
        lab.INBOX.write_text("")
    floor_wall = statistics.median(wall for wall, _ in floors)
    floor_cpu = statistics.median(cpu for _, cpu in floors)
    print(f"{ROUNDS} logins each; the floor takes {floor_wall / 1000:.1f} ms, "
          f"{floor_cpu / 1000:.1f} ms of CPU")
    row("wall time, ratio to the floor", median(logins, "wall_us") / floor_wall, 1.2)
    row("CPU of host and helper, ratio to the floor",
        median(logins, "host_us", "helper_us") / floor_cpu, 1.2)
    row("CPU in the host", median(logins, "host_us") / 1000, 1, " ms")


def in_the_host():
    """The module beside a stack of pam_permit, so that libpam's own cost does not count."""
    lab.stack("swmfa-without", "auth required pam_permit.so", "account required pam_permit.so")
    lab.stack("swmfa-with", "auth required pam_permit.so", lab.ours(),
              "account required pam_permit.so")
    without = [login("swmfa-without") for _ in range(20)]
    with_it = [login("swmfa-with") for _ in range(20)]
    row("new shared objects in the host", median(with_it, "objects") - median(without, "objects"),
        1)
    row("memory in the host", median(with_it, "kib") - median(without, "kib"), 300, " KiB")


def with_a_map_of(users):
    """The median wall time with a map on the disk of the build folder, alice on its last line."""
    lab.write(MAP, "".join(f"user{n} +1555{n:07d}\n" for n in range(users - 1)) +
              "alice +15550100182\n", 0o644)
    rows = []
    for _ in range(30):
        time.sleep(PAUSE)
        rows.append(login(lab.alone()))
        lab.INBOX.write_text("")
    return median(rows, "wall_us") / 1000


def by_the_size_of_the_map(simulator):
    lab.write(lab.CONF, lab.configuration(simulator).replace(f"users = {lab.USERS}",
                                                             f"users = {MAP}"))
    one = with_a_map_of(1)
    million = with_a_map_of(1_000_000)
    row("a map of 1,000,000 users beside one of 1", million - one, 10, " ms")
    MAP.unlink()


def main():
    lab.prepare()
    simulator = lab.Simulator()
    lab.configure(simulator)
    requests_of_one_login(simulator)
    against_the_floor(simulator)
    in_the_host()
    by_the_size_of_the_map(simulator)
    simulator.stop()


main()
