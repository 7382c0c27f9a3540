# SPDX-License-Identifier: BSD-3-Clause
"""demo: a real SSH login that needs a code, against the simulator of the provider.

At a terminal the user types password and code. Without one the same is done by script, and the
exit status is 0 only if the right code got a shell and a wrong one did not.
"""
import subprocess
import sys
import threading
import time

import pexpect

import harness

PORT = 2222
USER = "alice"
NUMBER = harness.NUMBERS[USER]


def say(text=""):
    print(text, flush=True)


def show_phone():
    """Prints each message as it arrives at the phone."""
    shown = 0
    while True:
        for line in harness.messages()[shown:]:
            shown += 1
            time.sleep(0.3) # let the prompt come first
            number, channel, text = line.split(" ", 2)
            sys.stdout.write(f"\n      [phone {number}, {channel}]  {text}\nCode: ")
            sys.stdout.flush()
        time.sleep(0.1)


def say_log(log):
    say("What the system log says:")
    for line in log.ours():
        say(line[line.index("pam_swmfa("):])
    say()


def by_hand(log):
    say(f"Log in as {USER} with the password:  {harness.PASSWORD}")
    say("The code arrives at the phone below. A wrong one is asked for again, three times in all.")
    say()
    threading.Thread(target=show_phone, daemon=True).start()
    command = "echo; echo This is a shell of $(id -un), by SSH with password and code."
    status = subprocess.run(harness.ssh_command(PORT, USER, command), check=False).returncode
    say()
    say("You were let in." if status == 0 else "You were not let in.")
    say()
    say_log(log)
    say("Run it again to try a wrong code. To set it up for real, see README.md.")
    return status


def typed(client, text, shown=None):
    """Types at a prompt when it is there."""
    time.sleep(0.1)
    client.sendline(text)
    say(f"      {shown or text}      <- typed")


def scripted(title, wrong):
    say(f"--- {title}")
    sent_before = len(harness.messages(NUMBER))
    say(f"$ ssh {USER}@127.0.0.1")
    client = harness.ssh(PORT, USER, command="echo shell of $(id -un)")
    client.setecho(False)
    client.expect("Password: ")
    say("Password:")
    typed(client, harness.PASSWORD, "(the password)")
    client.expect(r"Code sent.*?Code: ")
    say(client.after.replace("\r", ""))
    code = harness.wait_for_code(NUMBER, sent_before)
    say(f"      [phone {NUMBER}]  {harness.messages(NUMBER)[-1].split(' ', 2)[2]}")
    if wrong:
        code = code[:-1] + str((int(code[-1]) + 1) % 10)
    for _ in range(3):
        typed(client, code)
        if client.expect(["Wrong code.*?Code: ", pexpect.EOF]):
            break
        say(client.after.replace("\r", ""))
    say(client.before.replace("\r", "").strip())
    client.close()
    say(f"ssh ended with status {client.exitstatus}")
    say()
    return client.exitstatus == 0 and "shell of alice" in client.before


def by_script(log):
    right = scripted("the right code", wrong=False)
    wrong = scripted("a wrong code", wrong=True)
    say_log(log)
    good = right and not wrong
    say("The right code got a shell and the wrong one did not." if good else "THE DEMO FAILED.")
    return 0 if good else 1


def main():
    say("pam_swmfa: an SSH login with password and code. Provider: the simulator, on this machine.")
    say("The system is not changed: this runs in a private view of it.")
    say()
    harness.prepare()
    log = harness.Log()
    simulator = harness.Simulator()
    harness.configure(simulator)
    harness.use_example("sshd", "sshd")
    sshd = harness.Sshd("demo", "AuthenticationMethods keyboard-interactive", port=PORT)
    try:
        return by_hand(log) if sys.stdin.isatty() and sys.stdout.isatty() else by_script(log)
    except KeyboardInterrupt:
        say("\nBroken off.")
        return 130
    finally:
        sshd.stop()
        simulator.stop()


if __name__ == "__main__":
    sys.exit(main())
