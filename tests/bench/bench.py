# SPDX-License-Identifier: BSD-3-Clause
"""bench: what a login costs, as ratios to the baseline measured in the same run.

The baseline is a bare libcurl program that does the same two requests on one connection. Both are
started afresh each time, by turns, with the same pause between, against the same simulator. The
figures are medians; a ratio's limit is the design's.
"""
import math
import os
import random
import re
import shutil
import sqlite3
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pexpect

sys.path.insert(0, os.path.join(os.environ["SWMFA_SRCDIR"], "tests/system"))
import harness  # noqa: E402

ROUNDS = int(os.environ.get("ROUNDS", "100"))
PAUSE = 0.02
MAP = harness.BUILD / "bench.users"
BASELINE = harness.BUILD / "tests/bench/baseline"
STORE_COST = harness.BUILD / "tests/bench/store_cost"
NO_STORE = harness.BUILD / "tests/bench/no_store"
STATE = harness.BUILD / "bench-store" # on a real disk, in place of the one in memory
TRIES = int(os.environ.get("TRIES", "1000"))


def run(*command):
    """One run of a program: (wall, CPU) in microseconds."""
    command = [str(part) for part in command]
    start = time.monotonic_ns()
    pid = os.posix_spawn(command[0], command, {})
    _, status, usage = os.wait4(pid, 0)
    wall = (time.monotonic_ns() - start) / 1000
    assert status == 0, command[0]
    return wall, (usage.ru_utime + usage.ru_stime) * 1e6


def baseline(simulator):
    """One run of the baseline."""
    return run(BASELINE, simulator.endpoint, "test-project", harness.TOKEN, harness.CA, harness.NUMBERS["alice"],
               harness.INBOX)


def login(service, user="alice"):
    """One login through libpam: the figures that pamhost prints."""
    out = harness.pamhost(service, user, arguments=["--cost"])
    assert out.result == "PAM_SUCCESS", out.text
    return {name: int(value) for name, value in re.findall(r"(\w+)=(-?\d+)", out.one("cost"))}


def median(rows, *names):
    return statistics.median(sum(row[name] for name in names) for row in rows)


def row(name, figure, limit, unit=""):
    verdict = "" if limit is None else f"   at most {limit}{unit}: " + \
        ("met" if figure <= limit else "NOT MET")
    print(f"{name:44} {figure:9.2f}{unit}{verdict}")


def by_turns(measure, rounds):
    """What a measure says with the helper, and with one that is linked without the store: two lists."""
    helper, other = Path(harness.HELPER), Path(harness.HELPER + ".other")
    shutil.copy(NO_STORE, other)
    measured = {"with": [], "without": []}
    for turn in ["with", "without"] * rounds:
        time.sleep(PAUSE)
        measured[turn].append(measure())
        harness.INBOX.write_text("")
        beside = helper.rename(harness.HELPER + ".beside")
        other.rename(helper)
        beside.rename(other)
    other.unlink()
    return measured["with"], measured["without"]


def requests_of_one_login(simulator):
    before = len(simulator.requests())
    login(harness.alone())
    rows = simulator.requests()[before:]
    row("requests of a login", len(rows), 2)
    row("TLS handshakes of a login", len({connection for _, _, connection in rows}), 1)


def compare_with_the_baseline(simulator):
    """The baseline counts and limits nothing, as a helper without the store."""
    service, baselines = harness.alone(), []

    def measure():
        baselines.append(baseline(simulator))
        time.sleep(PAUSE)
        return login(service)

    whole, without = by_turns(measure, ROUNDS)
    baseline_wall = statistics.median(wall for wall, _ in baselines)
    baseline_cpu = statistics.median(cpu for _, cpu in baselines)
    print(f"{ROUNDS} logins each; the baseline takes {baseline_wall / 1000:.1f} ms, "
          f"{baseline_cpu / 1000:.1f} ms of CPU")
    for name, rows, limit in ("without the store", without, 1.2), ("with it", whole, None):
        row(f"wall time {name}, ratio to the baseline", median(rows, "wall_us") / baseline_wall, limit)
        row(f"CPU {name}, ratio to the baseline", median(rows, "host_us", "helper_us") / baseline_cpu,
            limit)
    row("CPU in the host", median(whole, "host_us") / 1000, 1, " ms")


def in_the_host(_):
    """The module beside a stack of pam_permit, so that libpam's own cost does not count."""
    harness.stack("swmfa-without", "auth required pam_permit.so", "account required pam_permit.so")
    harness.stack("swmfa-with", "auth required pam_permit.so", harness.ours(),
                  "account required pam_permit.so")
    without = [login("swmfa-without") for _ in range(20)]
    with_it = [login("swmfa-with") for _ in range(20)]
    row("new shared objects in the host", median(with_it, "objects") - median(without, "objects"),
        1)
    row("memory in the host", median(with_it, "kib") - median(without, "kib"), 300, " KiB")


def with_a_map_of(users):
    """The median wall time with a map on the disk of the build folder, alice on its last line."""
    harness.write(MAP, "".join(f"user{n} +1555{n:07d}\n" for n in range(users - 1)) +
                  "alice +15550100182\n", 0o644)
    rows = []
    for _ in range(30):
        time.sleep(PAUSE)
        rows.append(login(harness.alone()))
        harness.INBOX.write_text("")
    return median(rows, "wall_us") / 1000


def by_the_size_of_the_map(simulator):
    harness.write(harness.CONF, harness.configuration(simulator).replace(f"users = {harness.USERS}",
                                                                         f"users = {MAP}"))
    one = with_a_map_of(1)
    million = with_a_map_of(1_000_000)
    row("a map of 1,000,000 users beside one of 1", million - one, 10, " ms")
    MAP.unlink()


# ---- the store ----

def use_a_disk():
    """The store lies on the build folder's disk, and can be reached by the service user."""
    STATE.mkdir(exist_ok=True)
    subprocess.run(["mount", "--bind", STATE, harness.STATE], check=True)
    harness.reset_store()


def ssh_login(key):
    """One login by SSH with a public key and a code: microseconds until ssh has ended."""
    start = time.monotonic_ns()
    client = harness.ssh(2222, "alice", command="true",
                         options=["-i", str(key), "-o", "IdentitiesOnly=yes"])
    client.delaybeforesend = None
    client.expect("Code: ")
    client.sendline(harness.messages()[-1].split()[-1])
    client.expect(pexpect.EOF)
    client.close()
    assert client.exitstatus == 0
    return (time.monotonic_ns() - start) / 1000


def real_sshd():
    """An sshd that wants alice's key and a code; and the key."""
    key = harness.WORK / "bench_key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    harness.write(harness.WORK / "authorized", key.with_suffix(".pub").read_text(), 0o644)
    harness.use_example("sshd-publickey", "sshd")
    return harness.Sshd("bench", "AuthenticationMethods publickey,keyboard-interactive",
                        f"AuthorizedKeysFile {harness.WORK}/authorized"), key


def share_of_the_store(simulator):
    """What the store adds to a login by SSH; and to pam_authenticate alone, with a provider and a
    user that answer immediately."""
    harness.configure(simulator, limits=LOOSE)
    server, key = real_sshd()
    for name, measure, rounds, limit in (
            ("an SSH login", lambda: ssh_login(key), max(ROUNDS // 4, 10), 15),
            ("pam_authenticate", lambda: login(harness.alone())["wall_us"], ROUNDS, None)):
        whole, without = map(statistics.median, by_turns(measure, rounds))
        print(f"the store takes {(whole - without) / 1000:.2f} ms of {name} of {whole / 1000:.1f} ms")
        row(f"wall time that the store adds to {name}", 100 * (whole - without) / without, limit,
            " %")
    server.stop()


def by_the_users_in_the_store(_):
    """What the store takes with ten users in it, and with 100,000, by turns."""
    folders = {}
    for users in (10, 100_000):
        folders[users] = STATE / str(users)
        folders[users].mkdir(mode=0o700)
        run(STORE_COST, folders[users], "alice", users)
    walls = {users: [] for users in folders}
    for _ in range(ROUNDS):
        for users, folder in folders.items():
            time.sleep(PAUSE)
            walls[users].append(run(STORE_COST, folder, "alice")[0])
    ten, many = (statistics.median(walls[users]) for users in folders)
    row("the store with 100,000 users, ratio to 10", many / ten, 1.1)


def side_by_side(simulator, count=200):
    """So many users log in at the same time."""
    users = [f"user{n}" for n in range(count)]
    harness.users_map("".join(f"{user} +1555{n:07d}\n" for n, user in enumerate(users)))
    service = harness.alone()
    running = [subprocess.Popen(harness.pamhost_command(service, (user,), ("@code",)),
                                stdout=subprocess.PIPE, text=True) for user in users]
    outs = [process.communicate()[0] for process in running]
    row(f"of {count} logins side by side succeed", sum("PAM_SUCCESS" in out for out in outs),
        None)
    assert all("PAM_SUCCESS" in out for out in outs), outs
    harness.users_map()
    harness.INBOX.write_text("")


# ---- users told apart by time ----

STEPS = ("first prompt", "second prompt", "end")


def times(user):
    """Microseconds until the first prompt, the one after a wrong code, and the end."""
    out = harness.pamhost(harness.alone(), user, answers=["000000", "000000"], arguments=["--times"])
    assert out.result == "PAM_MAXTRIES", out.text
    return [int(word) for word in out.one("times").split()]


def welch(one, other):
    """Student's t of two samples of unequal variance (Welch)."""
    error = statistics.variance(one) / len(one) + statistics.variance(other) / len(other)
    return abs(statistics.mean(one) - statistics.mean(other)) / math.sqrt(error)


def samples_of(simulator, tries):
    """Times of alice, who is in the map, bob, who is locked, and nobody, who is not in the map; in
    random order."""
    harness.configure(simulator, swmfa="tries = 2\n", limits=LOOSE)
    samples = {user: [] for user in ("alice", "bob", "nobody")}
    for _ in range(150): # so that no latency measured before is left
        times("alice")
        unlock("alice")
    lock_out("bob")
    for _ in range(tries):
        for user in random.sample(sorted(samples), len(samples)):
            samples[user].append(times(user))
        unlock("alice")
        harness.INBOX.write_text("")
    return samples


def compare(samples, limit):
    for user in ("bob", "nobody"):
        for step, name in enumerate(STEPS):
            mapped, decoy = ([row[step] for row in samples[who]] for who in ("alice", user))
            print(f"{user}, {name}: {statistics.mean(decoy) / 1000:.3f} ms, alice "
                  f"{statistics.mean(mapped) / 1000:.3f} ms")
            row(f"t of alice and {user}, {name}", welch(mapped, decoy), limit)


def users_told_apart_by_time(_):
    """What an attacker can measure: with a provider closer than any real one, which answers after 10 to 30 ms;
    and, to know what is left, with one that answers immediately."""
    for latency, tries, limit in ((20, TRIES, 3.3), (0, TRIES // 4, None)):
        print(f"the provider answers after {latency} ms, half of it less or more; {tries} tries")
        harness.reset_store()
        simulator = harness.Simulator("--latency", str(latency))
        compare(samples_of(simulator, tries), limit)
        simulator.stop()


LOOSE = "".join(f"{key} = {value}\n" for key, value in harness.GENEROUS.items())


def lock_out(user):
    """Locks a user permanently, as after 100 wrong codes."""
    database = sqlite3.connect(harness.STATE / "state.db")
    with database:
        database.execute("INSERT INTO swmfa_try VALUES (?, 100, 0, 0)", (user,))
    database.close()
    for path in harness.STATE.iterdir(): # of root's
        if path.is_file():
            shutil.chown(path, harness.SERVICE_USER, harness.SERVICE_USER)


def unlock(user):
    subprocess.run([harness.CTL, "unlock", user], check=True, stdout=subprocess.DEVNULL)


PARTS = {
    "baseline": (requests_of_one_login, compare_with_the_baseline, in_the_host, by_the_size_of_the_map),
    "store": (share_of_the_store, by_the_users_in_the_store, side_by_side),
    "time": (users_told_apart_by_time,),
}


def main():
    """Without a name, every part."""
    names = sys.argv[1:] or PARTS
    harness.prepare()
    use_a_disk()
    simulator = harness.Simulator()
    for name in names:
        for measure in PARTS[name]:
            harness.configure(simulator)
            measure(simulator)
    simulator.stop()
    harness.reset_store()


main()
