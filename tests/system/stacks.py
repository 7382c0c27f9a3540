# SPDX-License-Identifier: BSD-3-Clause
"""stacks: PAM stacks as distributions ship them, correct and with the usual mistakes, with exactly the findings
that swmfactl doctor must report for each."""
import dataclasses

import harness

M = harness.MODULE

DEBIAN = {"common-auth": """\
auth	[success=1 default=ignore]	pam_unix.so nullok
auth	requisite			pam_deny.so
auth	required			pam_permit.so
"""}

UBUNTU = {"common-auth": """\
auth	[success=2 default=ignore]	pam_unix.so nullok
auth	[success=1 default=ignore]	pam_sss.so use_first_pass
auth	requisite			pam_deny.so
auth	required			pam_permit.so
"""}

_SSSD = """\
auth        required                                     pam_env.so
auth        required                                     pam_faildelay.so delay=2000000
{preauth}auth        [default=1 ignore=ignore success=ok]         pam_usertype.so isregular
auth        [default=1 ignore=ignore success=ok]         pam_localuser.so
auth        sufficient                                   pam_unix.so nullok
auth        [default=1 ignore=ignore success=ok]         pam_usertype.so isregular
auth        sufficient                                   pam_sss.so forward_pass
{authfail}auth        required                                     pam_deny.so
account     required                                     pam_unix.so
"""
_FEDORA = _SSSD.format(preauth="", authfail="")
FEDORA = {"system-auth": _FEDORA, "password-auth": _FEDORA, "postlogin":
          "session optional pam_umask.so silent\n"}
_RHEL = _SSSD.format(
    preauth="auth        required                 pam_faillock.so preauth silent\n",
    authfail="auth        required                 pam_faillock.so authfail\n")
RHEL9 = {"system-auth": _RHEL, "password-auth": _RHEL, "postlogin":
         "session optional pam_umask.so silent\n"}

ARCH = {"system-auth": """\
auth       required                    pam_faillock.so      preauth
-auth      [success=2 default=ignore]  pam_systemd_home.so
auth       [success=1 default=bad]     pam_unix.so          try_first_pass nullok
auth       [default=die]               pam_faillock.so      authfail
auth       optional                    pam_permit.so
auth       required                    pam_env.so
auth       required                    pam_faillock.so      authsucc
account    required                    pam_unix.so
""", "system-login": """\
auth       required   pam_shells.so
auth       requisite  pam_nologin.so
auth       include    system-auth
account    include    system-auth
""", "system-remote-login": """\
auth       include    system-login
account    include    system-login
"""}

# The lines of the documented setup, followed by those of Debian's sshd_config.
SSH_PASSWORD = ("KbdInteractiveAuthentication yes", "PasswordAuthentication no",
                "AuthenticationMethods keyboard-interactive", "LoginGraceTime 180")
SSH_KEY = ("KbdInteractiveAuthentication yes", "PasswordAuthentication no",
           "AuthenticationMethods publickey,keyboard-interactive", "LoginGraceTime 180")

KEY_LINE = f"carol SHA256:{'A' * 43} +15550100187\n"
INCLUDE = "@include common-auth"
ASK = f"auth required {M}"
PERMIT = "auth required pam_permit.so"


@dataclasses.dataclass
class Case:
    name: str
    base: dict              # files that the stack includes
    service: str
    lines: tuple            # of the service's auth stack
    findings: str = ""      # those besides the ones that every case of the service has
    ssh: tuple = SSH_PASSWORD
    policy: str = ""        # lines of swmfa.conf
    swmfa: str = ""
    users: str = ""         # more lines of the map
    files: dict = dataclasses.field(default_factory=dict)
    # What is played with the real libpam: the prompts of a login in their order, p for the password
    # and c for the code; "": it is not, since modules are missing here.
    play: str = ""

    def expected(self):
        always = {"sshd": {"texts-late"}, "login": {"login-timeout", "console-asks"},
                  "su": {"exempt-by-line"}}
        own = set(self.findings.split())
        return own if own & {"unreadable", "sshd-unknown"} else own | always.get(self.service, set())


def ask(control, options=""):
    return f"auth {control} {M} {options}"


CASES = [
    # ---- Debian 12, sshd ----
    Case("debian-sshd", DEBIAN, "sshd", (INCLUDE, ASK), play="pc"),
    Case("debian-sshd-key", DEBIAN, "sshd", (ASK,), ssh=SSH_KEY),
    Case("debian-sshd-key-password-code", DEBIAN, "sshd", (INCLUDE, ASK), ssh=SSH_KEY),
    Case("debian-sshd-settings-forgotten", DEBIAN, "sshd", (INCLUDE, ASK),
         "kbdint-off password-method key-alone", ssh=()),
    Case("debian-sshd-methods-forgotten", DEBIAN, "sshd", (INCLUDE, ASK), "key-alone",
         ssh=("KbdInteractiveAuthentication yes", "PasswordAuthentication no")),
    Case("debian-sshd-key-methods-forgotten", DEBIAN, "sshd", (ASK,),
         "key-alone sends-to-strangers code-alone", play="c",
         ssh=("KbdInteractiveAuthentication yes", "PasswordAuthentication no")),
    Case("debian-sshd-code-alone", DEBIAN, "sshd", (ASK,), "sends-to-strangers code-alone", play="c"),
    Case("debian-sshd-key-is-one-of-two-ways", DEBIAN, "sshd", (INCLUDE, ASK), "key-alone",
         ssh=("KbdInteractiveAuthentication yes", "PasswordAuthentication no",
              "AuthenticationMethods publickey keyboard-interactive")),
    Case("debian-sshd-password-left-on", DEBIAN, "sshd", (INCLUDE, ASK), "password-method-unused",
         ssh=("PasswordAuthentication yes", *SSH_PASSWORD)),
    Case("debian-sshd-password-method", DEBIAN, "sshd", (INCLUDE, ASK), "password-method",
         ssh=("KbdInteractiveAuthentication yes",
              "AuthenticationMethods keyboard-interactive password")),
    Case("debian-sshd-kbdint-off", DEBIAN, "sshd", (INCLUDE, ASK), "kbdint-off password-method",
         ssh=("KbdInteractiveAuthentication no", "PasswordAuthentication yes",
              "AuthenticationMethods password")),
    Case("debian-sshd-without-pam", DEBIAN, "sshd", (INCLUDE, ASK), "use-pam",
         ssh=("UsePAM no", *SSH_PASSWORD)),
    Case("debian-sshd-unusable", DEBIAN, "sshd", (INCLUDE, ASK), "sshd-unknown",
         ssh=("PubkeyAuthentication no", "KbdInteractiveAuthentication yes",
              "PasswordAuthentication no",
              "AuthenticationMethods publickey,keyboard-interactive")),
    Case("debian-sshd-keys-unused", DEBIAN, "sshd", (INCLUDE, ASK), "keys-unused", users=KEY_LINE),
    Case("debian-sshd-keys-used", DEBIAN, "sshd", (ASK,), ssh=SSH_KEY, users=KEY_LINE),
    Case("debian-sshd-root", DEBIAN, "sshd", (ASK,), "root-login", ssh=SSH_KEY,
         users="root +15550100184\n"),
    Case("debian-sshd-root-permitted", DEBIAN, "sshd", (ASK,), users="root +15550100184\n",
         ssh=("PermitRootLogin yes", *SSH_KEY)),
    Case("debian-sshd-hurry", DEBIAN, "sshd", (INCLUDE, ASK), "login-grace max-auth-tries",
         ssh=("LoginGraceTime 30", "MaxAuthTries 1", *SSH_PASSWORD)),
    Case("debian-sshd-no-hurry", DEBIAN, "sshd", (INCLUDE, ASK),
         ssh=("LoginGraceTime 0", *SSH_PASSWORD)),
    Case("debian-sshd-match", DEBIAN, "sshd", (INCLUDE, ASK), "match-without-code",
         ssh=(*SSH_PASSWORD, "Match User rescue Address 192.0.2.10",
              "    AuthenticationMethods publickey")),
    Case("debian-sshd-match-or", DEBIAN, "sshd", (INCLUDE, ASK), "match-without-code",
         ssh=(*SSH_PASSWORD, "Match User rescue",
              '    authenticationmethods = "publickey,keyboard-interactive" publickey # or')),
    Case("debian-sshd-match-with-code", DEBIAN, "sshd", (INCLUDE, ASK),
         ssh=(*SSH_PASSWORD, "Match User rescue",
              "    AuthenticationMethods publickey,keyboard-interactive keyboard-interactive:pam # key")),
    Case("debian-sshd-match-locked-out", DEBIAN, "sshd", (INCLUDE, ASK), "match-locked-out",
         ssh=(*SSH_PASSWORD, "Match User bob", "    KbdInteractiveAuthentication no")),
    Case("debian-sshd-match-password", DEBIAN, "sshd", (INCLUDE, ASK), "match-password",
         ssh=(*SSH_PASSWORD, "Match Address 10.0.0.0/8", "    PasswordAuthentication yes",
              "    AuthenticationMethods password keyboard-interactive")),
    Case("debian-sshd-match-code-alone", DEBIAN, "sshd", (ASK,), "match-code-alone",
         ssh=(*SSH_KEY, "Match LocalPort 2223", "    AuthenticationMethods keyboard-interactive")),
    Case("debian-sshd-match-root", DEBIAN, "sshd", (ASK,), "match-root-login",
         users="root +15550100184\n",
         ssh=("PermitRootLogin yes", *SSH_KEY, "Match Address 10.0.0.0/8", "    PermitRootLogin no")),
    Case("debian-sshd-match-unknown", DEBIAN, "sshd", (ASK,), "match-unknown",
         ssh=(*SSH_KEY, "Match Group contractors", "    AuthenticationMethods publickey")),
    Case("debian-sshd-match-nothing", DEBIAN, "sshd", (ASK,),
         ssh=(*SSH_KEY, "Match LocalPort 2223", "    X11Forwarding no")),
    Case("debian-sshd-module-first", DEBIAN, "sshd", (ASK, INCLUDE), "sends-to-strangers",
         play="cp"),
    Case("debian-sshd-key-remember", DEBIAN, "sshd", (ASK,), "exempt-denied", ssh=SSH_KEY,
         policy="remember = 12h"),
    Case("debian-sshd-key-remember-permit", DEBIAN, "sshd", (ASK, PERMIT), ssh=SSH_KEY,
         policy="remember = 12h"),
    Case("debian-sshd-key-remember-success", DEBIAN, "sshd", (ASK,), ssh=SSH_KEY,
         policy="remember = 12h\nexempt_result = success"),
    Case("debian-sshd-key-unmapped", DEBIAN, "sshd", (ASK,), "exempt-denied", ssh=SSH_KEY,
         swmfa="unmapped = ignore"),
    Case("debian-sshd-key-fail-safe", DEBIAN, "sshd", (ASK,), "exempt-denied", ssh=SSH_KEY,
         swmfa="fail = safe"),
    Case("debian-sshd-other-services-exempt", DEBIAN, "sshd", (ASK,), ssh=SSH_KEY,
         policy="remember = 12h\nservices = login"),
    Case("debian-sshd-key-optional-permit", DEBIAN, "sshd", (ask("optional"), PERMIT),
         "denial-forgotten", ssh=SSH_KEY),
    Case("debian-sshd-exempt-for-nothing", DEBIAN, "sshd", (ASK, PERMIT),
         "sends-to-strangers code-alone exempt-without-factor", play="c",
         policy="exempt_networks = 192.0.2.0/24"),
    Case("debian-sshd-use_uid", DEBIAN, "sshd", (INCLUDE, ask("required", "use_uid")), "use-uid"),
    Case("debian-sshd-include-missing", DEBIAN, "sshd", ("@include common-oauth", ASK),
         "unreadable"),
    Case("debian-sshd-account", DEBIAN, "sshd", (INCLUDE, ASK, f"account required {M}"),
         "module-type", play="pc"),
    # ---- Debian 12, sudo: the usual mistakes in controls ----
    Case("debian-sudo", DEBIAN, "sudo", (INCLUDE, ASK), play="pc"),
    Case("debian-sudo-requisite", DEBIAN, "sudo", (INCLUDE, ask("requisite")), play="pc"),
    Case("debian-sudo-optional", DEBIAN, "sudo", (INCLUDE, ask("optional")), "denial-forgotten",
         play="pc"),
    Case("debian-sudo-sufficient", DEBIAN, "sudo", (INCLUDE, ask("sufficient")),
         "denial-forgotten", play="pc"),
    Case("debian-sudo-sufficient-first", DEBIAN, "sudo", (ask("sufficient"), INCLUDE),
         "sends-to-strangers code-alone denial-forgotten", play="cp"),
    Case("debian-sudo-default-ignore", DEBIAN, "sudo",
         (INCLUDE, ask("[success=ok default=ignore]")), "denial-forgotten", play="pc"),
    Case("debian-sudo-maxtries-ignored", DEBIAN, "sudo",
         (INCLUDE, ask("[success=ok maxtries=ignore default=die]")), "denial-forgotten",
         play="pc"),
    Case("debian-sudo-required-unix", DEBIAN, "sudo", ("auth required pam_unix.so", ASK),
         "sends-after-refusal", play="pc"),
    Case("debian-sudo-requisite-unix", DEBIAN, "sudo", ("auth requisite pam_unix.so", ASK),
         play="pc"),
    Case("debian-sudo-sufficient-unix", DEBIAN, "sudo", ("auth sufficient pam_unix.so", ASK),
         "skipped sends-after-refusal code-alone", play="p"),
    Case("debian-sudo-jump-too-far", DEBIAN, "sudo",
         ("auth [success=2 default=ignore] pam_unix.so", "auth requisite pam_deny.so", ASK, PERMIT),
         "never-asked", play="p"),
    Case("debian-sudo-jump-beyond-the-end", DEBIAN, "sudo",
         ("auth [success=3 default=ignore] pam_unix.so", "auth requisite pam_deny.so", ASK),
         "bad-jump never-asked", play="p"),
    Case("debian-sudo-deny-that-goes-on", DEBIAN, "sudo",
         ("auth [success=1 default=ignore] pam_unix.so", "auth required pam_deny.so", ASK),
         "sends-after-refusal", play="pc"),
    Case("debian-sudo-permit-before", DEBIAN, "sudo",
         (INCLUDE, "auth sufficient pam_permit.so", ASK), "never-asked", play="p"),
    Case("debian-sudo-optional-unix", DEBIAN, "sudo", ("auth optional pam_unix.so", ASK),
         "sends-after-refusal code-alone", play="pc"),
    Case("debian-sudo-open", DEBIAN, "sudo",
         ("auth sufficient pam_unix.so", "auth sufficient pam_succeed_if.so uid >= 1000", ASK),
         "skipped fails-open exempt-by-line sends-after-refusal code-alone", play="p"),
    Case("debian-sudo-group-exempt", DEBIAN, "sudo",
         (INCLUDE, "auth [success=1 default=ignore] pam_succeed_if.so quiet user ingroup staff",
          ASK), "exempt-by-line", play="pc"),
    Case("debian-sudo-for-sudo-only", DEBIAN, "sudo",
         (INCLUDE, "auth [success=1 default=ignore] pam_succeed_if.so quiet service notin sudo:su",
          ASK), play="pc"),
    Case("debian-sudo-for-all-but-sudo", DEBIAN, "sudo",
         (INCLUDE, "auth [success=1 default=ignore] pam_succeed_if.so quiet service in sudo:su",
          ASK), "never-asked", play="p"),
    Case("debian-sudo-continued-over-a-comment", DEBIAN, "sudo",
         (INCLUDE, "auth optional pam_env.so \\\n  # and now:", ASK, PERMIT), "unreadable"),
    Case("debian-sudo-comment-too-long", DEBIAN, "sudo",
         (INCLUDE, "#" + "x" * 1100, ASK), "unreadable"),
    Case("debian-sudo-line-too-long", DEBIAN, "sudo",
         (INCLUDE, "auth optional pam_env.so " + "x" * 1000, ASK), "unreadable"),
    Case("debian-sudo-isa", DEBIAN, "sudo", # which may be read or not
         ("auth sufficient /lib/security/$ISA/pam_unix.so", ASK),
         "file-missing skipped sends-to-strangers sends-after-refusal code-alone"),
    Case("debian-sudo-twice", DEBIAN, "sudo", (INCLUDE, ASK, ASK), "asked-twice"),
    Case("debian-sudo-conf-relative", DEBIAN, "sudo",
         (INCLUDE, ask("required", "conf=swmfa.conf")), "module-option", play="pc"),
    Case("debian-sudo-conf-missing", DEBIAN, "sudo",
         (INCLUDE, ask("required", "conf=/etc/security/none.conf")), "module-option", play="pc"),
    Case("debian-sudo-unknown-option", DEBIAN, "sudo", (INCLUDE, ask("required", "nullok")),
         "module-option", play="pc"),
    Case("debian-sudo-module-elsewhere", DEBIAN, "sudo",
         (INCLUDE, "auth required pam_swmfa.so"), "module-missing", play="p"),
    Case("debian-sudo-line-without-module", DEBIAN, "sudo", (INCLUDE, ASK, "auth required"),
         "broken-line nobody-gets-in", play="pc"),
    Case("debian-sudo-control-misspelt", DEBIAN, "sudo", (INCLUDE, ask("requird")),
         "broken-line nobody-gets-in", play="pc"),
    Case("debian-sudo-i-forgotten", DEBIAN, "sudo", (INCLUDE, ASK), "sibling-not-asked",
         files={"sudo-i": INCLUDE}),
    Case("debian-sudo-second-factor", DEBIAN, "sudo",
         (INCLUDE, "auth sufficient pam_u2f.so cue", ASK), "other-factor"),
    Case("debian-sudo-unknown-module", DEBIAN, "sudo",
         ("auth sufficient pam_local_invention.so", INCLUDE, ASK), "may-skip"),
    Case("debian-sudo-missing-module", DEBIAN, "sudo",
         ("auth optional pam_not_installed.so", INCLUDE, ASK), "file-missing", play="pc"),
    Case("debian-sudo-in-common-auth", {"common-auth": DEBIAN["common-auth"] + ASK + "\n"}, "sudo",
         (INCLUDE,), play="pc"),
    Case("debian-sudo-fail-safe", DEBIAN, "sudo", (ask("required"),),
         "sends-to-strangers code-alone", swmfa="fail = safe", play="c"),
    # ---- Debian 12, su and login ----
    Case("debian-su", DEBIAN, "su",
         ("auth sufficient pam_rootok.so", INCLUDE, ask("required", "use_uid"))),
    Case("debian-su-target", DEBIAN, "su", ("auth sufficient pam_rootok.so", INCLUDE, ASK),
         "su-target"),
    Case("debian-su-rootok-late", DEBIAN, "su-l",
         (INCLUDE, ask("required", "use_uid"), "auth sufficient pam_rootok.so"), "rootok-late"),
    Case("debian-login", DEBIAN, "login",
         ("auth optional pam_faildelay.so delay=3000000", "auth requisite pam_nologin.so", INCLUDE,
          ASK, "auth optional pam_group.so"), play="pc"),
    Case("debian-login-root-exempt", DEBIAN, "login",
         ("auth requisite pam_nologin.so", INCLUDE,
          "auth [success=1 default=ignore] pam_succeed_if.so quiet user = root", ASK),
         "exempt-by-line", play="pc"),
    # ---- Ubuntu 24.04 ----
    Case("ubuntu-sshd", UBUNTU, "sshd", (INCLUDE, ASK)),
    Case("ubuntu-sudo", UBUNTU, "sudo", (INCLUDE, ASK)),
    Case("ubuntu-sudo-before", UBUNTU, "sudo", (ASK, INCLUDE), "sends-to-strangers"),
    # ---- Fedora ----
    Case("fedora-sshd-substack", FEDORA, "sshd",
         ("auth substack password-auth", ASK, "auth include postlogin"), "sends-after-refusal"),
    Case("fedora-sshd-include", FEDORA, "sshd",
         ("auth include password-auth", ASK, "auth include postlogin"),
         "skipped sends-after-refusal"),
    Case("fedora-sshd-own-lines", FEDORA, "sshd",
         ("auth required pam_env.so", "auth required pam_faildelay.so delay=2000000",
          "auth [success=2 default=ignore] pam_unix.so nullok",
          "auth [success=1 default=ignore] pam_sss.so use_first_pass",
          "auth requisite pam_deny.so", PERMIT, ASK, "auth include postlogin")),
    Case("fedora-sshd-key", FEDORA, "sshd", (ASK, "auth include postlogin"), ssh=SSH_KEY),
    Case("fedora-sudo-include", FEDORA, "sudo", ("auth include system-auth", ASK),
         "skipped sends-after-refusal"),
    Case("fedora-su-substack", FEDORA, "su",
         ("auth required pam_env.so", "auth sufficient pam_rootok.so", "auth substack system-auth",
          ask("required", "use_uid"), "auth include postlogin"), "sends-after-refusal"),
    Case("fedora-sshd-before", FEDORA, "sshd", (ASK, "auth substack password-auth"),
         "sends-to-strangers"),
    # ---- RHEL 9 ----
    Case("rhel9-sshd-substack", RHEL9, "sshd",
         ("auth substack password-auth", ASK, "auth include postlogin"), "sends-after-refusal"),
    Case("rhel9-sshd-own-lines", RHEL9, "sshd",
         ("auth required pam_faillock.so preauth",
          "auth [success=2 default=ignore] pam_unix.so nullok",
          "auth [success=1 default=ignore] pam_sss.so use_first_pass",
          "auth [default=die] pam_faillock.so authfail",
          "auth required pam_faillock.so authsucc", ASK)),
    Case("rhel9-sudo-sufficient", RHEL9, "sudo", ("auth include system-auth", ask("sufficient")),
         "skipped sends-after-refusal"),
    Case("rhel9-login-substack", RHEL9, "login",
         ("auth substack system-auth", ASK, "auth include postlogin"), "sends-after-refusal"),
    # ---- Arch ----
    Case("arch-sshd", ARCH, "sshd", ("auth include system-remote-login", ASK), play="pc"),
    Case("arch-sshd-optional", ARCH, "sshd", ("auth include system-remote-login", ask("optional")),
         "denial-forgotten", play="pc"),
    Case("arch-sudo", ARCH, "sudo", ("auth include system-auth", ASK), play="pc"),
    Case("arch-sudo-before", ARCH, "sudo", (ASK, "auth include system-auth"), "sends-to-strangers",
         play="cp"),
    Case("arch-su", ARCH, "su",
         ("auth sufficient pam_rootok.so", "auth required pam_unix.so",
          ask("required", "use_uid")), "sends-after-refusal"),
]


# ---- sudo's own configuration ----

ELSEWHERE = "/etc/doctor-sudoers"


@dataclasses.dataclass
class Sudoers:
    name: str
    lines: tuple            # of a file in sudoers.d
    findings: str = ""
    asked: str = "always"   # what doctor must say of the service sudo
    ask: str = ""           # options of the module's line
    elsewhere: str = ""     # of the file ELSEWHERE/rules
    stacks: tuple = ()      # more services, without the module


_ALL = "alice ALL=(ALL) ALL"
SUDOERS = [
    Sudoers("plain", (_ALL,)),
    Sudoers("words-that-are-names", (_ALL, "# NOPASSWD, !authenticate", "Cmnd_Alias NOPASSWD_CMDS = /usr/bin/id",
                                     "alice ALL=(ALL) NOPASSWD_CMDS")),
    Sudoers("authenticate", (_ALL, "Defaults authenticate")),
    Sudoers("nopasswd", ("alice ALL=(ALL) NOPASSWD: ALL",), "sudo-nopasswd", "sometimes"),
    Sudoers("nopasswd-of-a-command", (_ALL, "alice ALL = NOPASSWD: /usr/bin/id"), "sudo-nopasswd",
            "sometimes"),
    Sudoers("nopasswd-inherited", ("alice ALL=(ALL) PASSWD: /bin/true, NOPASSWD: /bin/ls, /usr/bin/id",),
            "sudo-nopasswd", "sometimes"),
    Sudoers("nopasswd-by-alias", ("User_Alias OPERATORS = alice, bob", "OPERATORS ALL=(ALL) NOPASSWD: ALL"),
            "sudo-nopasswd", "sometimes"),
    Sudoers("nopasswd-overridden", ("alice ALL=(ALL) NOPASSWD: ALL", _ALL)),
    Sudoers("nopasswd-overridden-by-passwd", ("alice ALL=(ALL) NOPASSWD: /usr/bin/id, PASSWD: ALL",)),
    Sudoers("nopasswd-not-overridden", ("alice ALL=(ALL) NOPASSWD: ALL", "alice ALL=(bob) ALL"),
            "sudo-nopasswd", "sometimes"),
    Sudoers("nopasswd-and-defaults", ("alice ALL=(ALL) NOPASSWD: ALL", "Defaults authenticate"),
            "sudo-nopasswd", "sometimes"),
    Sudoers("include", (_ALL, f"@include {ELSEWHERE}/rules"), "sudo-nopasswd", "sometimes",
            elsewhere="alice ALL=(ALL) NOPASSWD: ALL"),
    Sudoers("include-with-a-hash", (_ALL, f"#include {ELSEWHERE}/rules"), "sudo-nopasswd", "sometimes",
            elsewhere="Defaults:alice !authenticate"),
    Sudoers("includedir", (_ALL, f"@includedir {ELSEWHERE}"), "sudo-nopasswd", "sometimes",
            elsewhere="alice ALL=(ALL) NOPASSWD: ALL"),
    Sudoers("defaults-of-a-user", (_ALL, "Defaults:alice !authenticate"), "sudo-nopasswd", "sometimes"),
    Sudoers("defaults-of-a-user-undone", (_ALL, "Defaults:alice !authenticate", "Defaults authenticate")),
    Sudoers("defaults-of-a-user-undone-for-her", (_ALL, "Defaults:alice !authenticate",
                                                  "Defaults:alice authenticate")),
    Sudoers("defaults-of-a-user-after-all", (_ALL, "Defaults authenticate", "Defaults:alice !authenticate"),
            "sudo-nopasswd", "sometimes"),
    Sudoers("defaults-of-a-host", (_ALL, "Defaults@ALL !authenticate"), "sudo-nopasswd", "sometimes"),
    Sudoers("defaults-of-a-target", (_ALL, "Defaults authenticate", "Defaults>root !authenticate"),
            "sudo-nopasswd", "sometimes"),
    Sudoers("defaults-of-a-command", (_ALL, "Defaults!/usr/bin/id !authenticate"), "sudo-nopasswd",
            "sometimes"),
    Sudoers("defaults-of-all", (_ALL, "Defaults !authenticate"), "sudo-unauthenticated", "never"),
    Sudoers("defaults-of-all-undone", (_ALL, "Defaults !authenticate", "Defaults authenticate")),
    Sudoers("defaults-of-all-but-a-command", (_ALL, "Defaults !authenticate", "alice ALL = PASSWD: /bin/true"),
            "sudo-unauthenticated", "sometimes"),
    Sudoers("exempt-group", (_ALL, "Defaults exempt_group=alice"), "sudo-nopasswd", "sometimes"),
    Sudoers("exempt-group-undone", (_ALL, "Defaults exempt_group=alice", "Defaults !exempt_group")),
    Sudoers("exempt-group-with-passwd", ("Defaults exempt_group=alice", "alice ALL=(ALL) PASSWD: ALL"),
            "sudo-nopasswd", "sometimes"),
    Sudoers("timestamp", (_ALL, "Defaults timestamp_timeout=-1"), "sudo-timestamp"),
    Sudoers("timestamp-of-minutes", (_ALL, "Defaults timestamp_timeout=30")),
    Sudoers("targetpw", (_ALL, "Defaults targetpw"), "sudo-target"),
    Sudoers("targetpw-asks-the-caller", (_ALL, "Defaults targetpw"), ask="use_uid"),
    Sudoers("rootpw-of-a-user", (_ALL, "Defaults:alice rootpw"), "sudo-target"),
    Sudoers("runaspw-of-a-command", (_ALL, "Defaults!/usr/bin/id runaspw"), "sudo-target"),
    Sudoers("targetpw-undone", (_ALL, "Defaults targetpw", "Defaults !targetpw")),
    Sudoers("service", (_ALL, "Defaults pam_service=weak"), "sudo-service", "never", stacks=("weak",)),
    Sudoers("service-of-a-user", (_ALL, "Defaults:alice pam_service=weak"), "sudo-service", "sometimes",
            stacks=("weak",)),
    Sudoers("service-of-askpass", (_ALL, "Defaults pam_askpass_service=weak"), "sudo-service", "sometimes",
            stacks=("weak",)),
    Sudoers("service-of-sudo-i", (_ALL, "Defaults pam_login_service=weak"), "sibling-not-asked",
            stacks=("weak",)),
    Sudoers("service-of-sudo-i-is-sudo", (_ALL, "Defaults pam_login_service=sudo"), stacks=("sudo-i",)),
    Sudoers("service-of-sudo-i-forgotten", (_ALL,), "sibling-not-asked", stacks=("sudo-i",)),
    Sudoers("service-as-before", (_ALL, "Defaults pam_service=sudo")),
    Sudoers("syntax-error", (_ALL, "alice ALL=(ALL) NOPASSWD: ALL here and there"), "sudo-unknown",
            "sometimes"),
]


def found_in_sudoers():
    return {name for case in SUDOERS for name in case.findings.split()}


# ---- stacks as nobody would write them ----

_CONTROLS = ["required", "requisite", "sufficient", "optional", "[success=1 default=ignore]",
             "[success=2 default=ignore]", "[success=ok default=die]", "[success=done default=die]",
             "[default=1 ignore=ignore success=ok]", "[success=ok user_unknown=ignore default=bad]",
             "[success=done default=ignore]", "[default=ignore]", "[success=1 default=bad]",
             "[success=ok default=1]", "[success=reset default=die]",
             "[success=ok auth_err=ignore default=die]", "[success=die default=ok]",
             "[success=done new_authtok_reqd=done maxtries=die default=1]", "[default=ok]",
             "[success=bad default=ignore]", "[auth_err=1 success=1 default=bad]"]
_MODULES = ["pam_unix.so", "pam_unix.so nullok try_first_pass", "pam_permit.so", "pam_deny.so",
            "pam_succeed_if.so quiet user = alice", "pam_succeed_if.so quiet user = bob",
            "pam_succeed_if.so quiet service = sudo", "pam_succeed_if.so quiet service in su:sshd",
            "pam_succeed_if.so quiet service notin sudo user = alice", "pam_rootok.so", "pam_env.so",
            "pam_faildelay.so delay=1", "pam_localuser.so", "pam_nologin.so", "pam_missing.so",
            "pam_wheel.so", "pam_shells.so"]


def _random_lines(rng, count, files, depth):
    lines = []
    for _ in range(count):
        kind = rng.random()
        if kind < 0.12 and depth < 2:
            name = f"part-{len(files)}"
            files[name] = "" # its name is taken
            files[name] = "\n".join(_random_lines(rng, rng.randint(1, 3), files, depth + 1))
            lines.append(rng.choice(["@include", "auth include", "auth substack"]) + f" {name}")
        else:
            module = "pam_unix.so" if kind < 0.3 else M if kind < 0.42 else rng.choice(_MODULES)
            lines.append(f"auth {rng.choice(_CONTROLS)} {module}")
    return lines


def random_stack(rng):
    """A case of sudo with any lines in any order; one of them is the module's."""
    files = {}
    lines = _random_lines(rng, rng.randint(1, 5), files, 0)
    lines.insert(rng.randint(0, len(lines)), f"auth {rng.choice(_CONTROLS[:7])} {M}")
    return Case("random", {}, "sudo", tuple(lines), files=files)
