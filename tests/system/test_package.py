# SPDX-License-Identifier: BSD-3-Clause
"""The installed files, and the documents about them."""
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

import harness
import test_swmfactl_enable as enabling
from test_local import PROMPT, ended, login_as_alice, sudo_as_alice
from test_swmfactl import done


def run(*command):
    return subprocess.run([str(part) for part in command], check=True, capture_output=True,
                          text=True).stdout


def sanitized():
    return "libasan" in run("readelf", "-d", harness.HELPER)


hardened = pytest.mark.skipif(sanitized(), reason="built with sanitizers")


@hardened
def test_the_module_links_only_libpam_and_libc():
    needed = re.findall(r"NEEDED.*\[(.*)\]", run("readelf", "-d", harness.MODULE))
    assert needed == ["libpam.so.0", "libc.so.6"]


def test_the_module_exports_its_two_entry_points_only():
    symbols = [line.split()[-1] for line in run("nm", "-D", "--defined-only",
                                                harness.MODULE).splitlines()]
    assert sorted(symbols) == ["pam_sm_authenticate", "pam_sm_setcred"]


@hardened
@pytest.mark.parametrize("program", [harness.MODULE, harness.HELPER, harness.CTL])
def test_every_installed_program_is_hardened(program):
    dynamic, headers = run("readelf", "-d", program), run("readelf", "-lW", program)
    assert "BIND_NOW" in dynamic and "GNU_RELRO" in headers
    assert re.search(r"GNU_STACK.* RW ", headers)
    assert "DYN" in run("readelf", "-h", program)
    symbols = run("nm", "-D", program)
    assert "__stack_chk_fail" in symbols and "_chk@" in symbols


def test_the_helper_run_by_hand_explains_itself():
    assert run(harness.HELPER, "--version").startswith("swmfa-auth (pam_swmfa) ")
    assert "pam_swmfa.so" in run(harness.HELPER, "--help")
    by_hand = subprocess.run([harness.HELPER], capture_output=True, text=True, check=False,
                             stdin=subprocess.DEVNULL)
    assert by_hand.returncode == 64 and "Not to be run by hand" in by_hand.stderr


def test_nothing_installed_is_setuid_or_writable_by_others():
    for path in (Path(harness.MODULE), Path(harness.HELPER), Path(harness.CTL), harness.SECURITY / "swmfa.users"):
        assert path.stat().st_mode & 0o6022 == 0
        assert path.stat().st_uid == 0


# ---- the documents name every option, with its default ----

def known_keys():
    """[(section, key, default or None)], as the parser knows them."""
    rows = run(harness.BUILD / "tests/unit/config/list_keys").splitlines()
    return [(section, key, default or None)
            for section, key, default in (row.split("\t") for row in rows)]


def conf_keys(text):
    """[(section, key, value)] of an example, commented out or not."""
    section, found = None, []
    for line in text.splitlines():
        header = re.match(r"\[(\w+)\]", line)
        pair = re.match(r";?(\w+) = (.*?)(\s+;.*)?$", line)
        if header:
            section = header[1]
        elif pair:
            found.append((section, pair[1], pair[2]))
    return found


def test_the_example_configuration_has_every_key_with_its_default():
    found = conf_keys((harness.BUILD / "conf/swmfa.conf").read_text())
    known = known_keys()
    assert [row[:2] for row in sorted(found)] == sorted(row[:2] for row in known)
    values = {(section, key): value for section, key, value in found}
    for section, key, default in known:
        if default is not None:
            assert values[section, key] == default, key


def man_page_keys():
    """{(section, key): its text} of swmfa.conf(5)."""
    page = (harness.BUILD / "docs/swmfa.conf.5").read_text()
    found = {}
    for part in re.split(r"^\.Ss \[", page, flags=re.MULTILINE)[1:]:
        name, text = part.split("]", 1)
        text = re.split(r"^\.S[hs] ", text, flags=re.MULTILINE)[0]
        for item in re.split(r"^\.It Ic ", text, flags=re.MULTILINE)[1:]:
            found[name, item.split()[0]] = item
    return found


def test_the_man_page_has_every_key_with_its_default():
    texts = man_page_keys()
    known = known_keys()
    assert sorted(texts) == sorted((section, key) for section, key, _ in known)
    for section, key, default in known:
        text = texts[section, key].replace("\\", "")
        words = re.sub(r"^\.Cm |^\.Li |^\.Pa | ,$| \.$", "", text, flags=re.MULTILINE)
        if default is not None:
            assert default in text or " ".join(words.split()).find(default) >= 0, (section, key)


def test_every_file_of_the_system_tests_is_distributed():
    listed = (harness.SRC / "tests/tests.mk").read_text()
    for path in (harness.SRC / "tests/system").glob("*.[ps][yh]"):
        assert f"tests/system/{path.name} " in listed.replace("\n", " "), path.name


def test_the_man_page_has_every_module_option():
    source = (harness.SRC / "pam_swmfa/wire/option.c").read_text()
    known = re.findall(r'^    \{"(\w+)=?", ', source, flags=re.MULTILINE)
    page = (harness.BUILD / "docs/pam_swmfa.8").read_text()
    assert len(known) == 3
    for option in known:
        assert re.search(rf"^\.It Cm {option}\b", page, flags=re.MULTILINE), option


def test_the_man_page_has_every_reason_of_the_log():
    ends = (harness.SRC / "pam_swmfa/auth/verdict.c").read_text()
    outcomes = (harness.SRC / "pam_swmfa/provider/outcome.c").read_text()
    reasons = set(re.findall(r'LOG_\w+, "\w+",\s+"([a-z-]+)"', ends))
    reasons |= set(re.findall(r'\[OUTCOME_\w+\] = "([a-z-]+)"', outcomes))
    page = (harness.BUILD / "docs/swmfa-messages.7").read_text().replace("\\-", "-")
    described = set(re.findall(r"^\.It Li ([a-z-]+)\n\.Pq (?:success|ignored|denied|error|aborted)",
                               page, flags=re.MULTILINE))
    assert len(reasons) > 20 and described == reasons


def literals(source):
    """The string literals of a C file, each with what the compiler joins to it; without those of the
    log and of #include."""
    string = r'"(?:\\.|[^"\\])*"'
    source = re.sub(rf"({string})|/\*.*?\*/|^#include.*?$", lambda m: m[1] or "", source,
                    flags=re.DOTALL | re.MULTILINE)
    source = re.sub(rf"\b(?:problem_set|log_\w+)\((?:{string}|[^\"])*?\);", "", source)
    return ["".join(part[1:-1] for part in re.findall(string, run)).replace("\\n", "\n")
            for run in re.findall(rf"{string}(?:\s*{string})*", source)]


def texts_for_users():
    """What stands between the conversions of the formats by which the helper makes its texts."""
    ask = literals((harness.SRC / "pam_swmfa/auth/challenge.c").read_text())
    end = [text for text in literals((harness.SRC / "pam_swmfa/auth/verdict.c").read_text())
           if re.match(" ?[A-Z]", text)] # the others are words and forms of the log line
    pieces = {" ".join(piece.split()) for text in ask + end
              for piece in re.split(r"%-?\d*(?:z|ll)?[a-z]", text)}
    return {piece for piece in pieces if re.search("[A-Za-z]", piece)}


def test_the_man_page_has_every_text_that_a_user_can_read():
    page = run("mandoc", "-Tascii", "-Owidth=1000", harness.BUILD / "docs/swmfa-messages.7")
    page = re.sub(".\b", "", page)
    section = re.search(r"^MESSAGES AT THE PROMPT$(.*?)^SEE ALSO$", page, re.DOTALL | re.MULTILINE)[1]
    section = " ".join(section.split())
    texts = texts_for_users()
    assert len(texts) > 40
    assert {"Wrong code. Try again.", "Too many wrong codes.", "Use only this one."} <= texts
    assert [text for text in sorted(texts) if text not in section] == []


@pytest.mark.parametrize("page", ["pam_swmfa.8", "swmfa-messages.7", "swmfa.conf.5",
                                  "swmfa.users.5", "swmfactl.8"])
def test_mandoc_accepts_the_man_pages(page):
    linted = subprocess.run(["mandoc", "-Tlint", "-W", "warning", harness.BUILD / "docs" / page],
                            capture_output=True, text=True, check=False)
    assert (linted.returncode, linted.stdout) == (0, "")


def test_the_man_pages_and_examples_are_installed():
    for name in ("man8/pam_swmfa.8", "man7/swmfa-messages.7", "man5/swmfa.conf.5",
                 "man5/swmfa.users.5", "man8/swmfactl.8"):
        found = list(Path("/usr").glob(f"**/share/man/{name}"))
        assert found, name
    examples = {path.name for path in Path("/usr").glob("**/doc/pam_swmfa/examples/pam.d/*")}
    assert {"sshd", "sshd-publickey", "sudo", "sudo-i", "su", "login"} <= examples


def test_an_administrators_configuration_is_never_overwritten(sim):
    before = harness.CONF.read_text()
    run("make", "-s", "-C", harness.BUILD, "install")
    assert harness.CONF.read_text() == before


# ---- uninstall and upgrade ----

PAM = Path("/etc/pam.d")


def make(*arguments):
    """make in the build folder: its status and what it says."""
    made = subprocess.run(["make", "-s", "-C", harness.BUILD, *[str(part) for part in arguments]],
                          check=False, capture_output=True, text=True)
    return made.returncode, made.stdout + made.stderr


@pytest.fixture(scope="session")
def installed(tmp_path_factory):
    """The paths that make install makes, without those that uninstall may leave."""
    folder = tmp_path_factory.mktemp("installed")
    assert make("install", f"DESTDIR={folder}")[0] == 0
    found = [path.relative_to(folder) for path in folder.rglob("*") if path.is_file()]
    assert len(found) > 15
    return [Path("/", path) for path in found if path.name not in ("swmfa.conf", "swmfa.users") or
            "examples" in path.parts]


@pytest.fixture
def system(sim):
    """Debian's stacks; and pam_swmfa is installed afterwards, whatever the test did."""
    login_defs = harness.LOGIN_DEFS.read_text()

    def restore():
        harness.LOGIN_DEFS.write_text(login_defs)
        harness.restore_debian()
        shutil.rmtree(harness.SECURITY / "swmfa.before", ignore_errors=True)
    restore()
    harness.set_login_timeout(180)
    for service in ("sshd", "login"):
        text = (PAM / service).read_text()
        (PAM / service).write_text(re.sub("^session.*pam_loginuid.so.*\n", "", text,
                                          flags=re.MULTILINE))
    with open("/etc/ssh/sshd_config", "a", encoding="utf-8") as conf:
        conf.write("PermitRootLogin yes\n")
    harness.write("/etc/sudoers.d/swmfa-test", "alice ALL=(ALL) ALL\nDefaults timestamp_timeout=0, "
                  "passwd_tries=1\n", 0o440)
    alice, bob = harness.NUMBERS["alice"], harness.NUMBERS["bob"]
    harness.users_map(f"alice {alice}\nbob {bob}\ncarol {bob}\nroot {alice}\n")
    Path("/run/sshd").mkdir(exist_ok=True)
    yield
    restore()
    assert make("install")[0] == 0


def use_sshd(asked):
    server = enabling.Sshd()
    try:
        client = enabling.ssh_with_password()
        return enabling.gets_in_by_code(client) if asked else enabling.gets_in(client)
    finally:
        server.stop()


def use_sudo(asked):
    client = sudo_as_alice("id", "-u")
    if asked:
        client.expect(PROMPT)
        client.sendline(harness.wait_for_code(harness.NUMBERS["alice"]))
    client.expect(r"\n0\r")
    return ended(client) == 0


def use_su(asked):
    client = enabling.su_to_bob()
    if asked:
        client.expect(PROMPT)
        client.sendline(harness.wait_for_code(harness.NUMBERS["bob"]))
    client.expect("bob")
    return ended(client) == 0


def use_login(asked):
    if not asked:
        return True # what a console without a code looks like is seen by sudo and su
    client = login_as_alice()
    client.sendline(harness.wait_for_code(harness.NUMBERS["alice"]))
    client.expect(r"\$ ")
    client.sendline("exit")
    ended(client)
    return True


USES = {"sshd": use_sshd, "sudo": use_sudo, "su": use_su, "login": use_login}


@pytest.mark.parametrize("tool", [True, False], ids=["pam-auth-update", "own-file"])
@pytest.mark.parametrize("service", USES)
def test_uninstall_is_refused_until_every_service_is_disabled(system, installed, service,
                                                                          tool):
    if not tool:
        enabling.TOOL.rename("/usr/sbin/pam-auth-update.away")
    try:
        done("enable", service)
        for jobs in ("-j1", "-j2"):
            status, said = make("uninstall", jobs)
            assert status != 0 and f'run "swmfactl disable {service}"' in said, said
            assert [path for path in installed if not path.exists()] == []
        assert "remove this line" not in said and "is missing" not in said
        assert USES[service](asked=True), "all is as it was"
        done("disable", service)
    finally:
        if not tool:
            Path("/usr/sbin/pam-auth-update.away").rename(enabling.TOOL)
    assert make("uninstall", "-j2")[0] == 0
    assert [path for path in installed if path.exists()] == []
    assert all(use(asked=False) for use in USES.values())


def test_uninstall_names_every_enabled_service_and_manual_line(system):
    for service in USES:
        done("enable", service, *["--use-uid"] * (service == "su"))
    (PAM / "cron").write_text("account required pam_permit.so\n" f"auth required {harness.MODULE}\n")
    status, said = make("uninstall")
    assert status != 0
    assert {"sshd", "sudo", "su", "login"} == set(re.findall('run "swmfactl disable ([a-z]+)"', said))
    assert "  /etc/pam.d/cron:2: remove this line\n" in said
    for service in USES:
        done("disable", service)
    status, said = make("uninstall")
    assert status != 0 and "swmfactl" not in said and "/etc/pam.d/cron:2: remove" in said
    (PAM / "cron").unlink()
    assert make("uninstall")[0] == 0


def test_uninstall_is_refused_while_a_profile_can_restore_the_line(system):
    """As after pam-auth-update --remove by hand."""
    done("enable", "sudo")
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run([enabling.TOOL, "--remove", "swmfa"], check=True, env=environment)
    assert harness.MODULE not in enabling.COMMON.read_text()
    status, said = make("uninstall")
    assert status != 0 and re.search(r"^  /usr/share/pam-configs/swmfa:\d+: run \"swmfactl disable "
                                     r"sudo\"$", said, flags=re.MULTILINE), said
    done("disable", "sudo")
    assert make("uninstall")[0] == 0


def test_uninstall_is_refused_even_without_swmfactl(system):
    done("enable", "sudo")
    Path(harness.CTL).unlink()
    status, said = make("uninstall")
    assert status != 0 and f"{harness.CTL} is missing: install pam_swmfa again" in said
    assert Path(harness.MODULE).exists() and use_sudo(asked=True)
    assert make("install")[0] == 0
    done("disable", "sudo")
    assert make("uninstall")[0] == 0


def test_uninstall_with_destdir_checks_only_that_folder(system, tmp_path):
    done("enable", "sudo")
    assert make("install", f"DESTDIR={tmp_path}")[0] == 0
    folder = tmp_path / "usr/lib/pam.d"
    folder.mkdir(parents=True)
    (folder / "sudo").write_text("auth required pam_swmfa.so\n")
    status, said = make("uninstall", f"DESTDIR={tmp_path}")
    assert status != 0 and f"  {folder}/sudo:1: remove this line\n" in said
    assert "/etc/pam.d" not in said
    (folder / "sudo").unlink()
    assert make("uninstall", f"DESTDIR={tmp_path}")[0] == 0
    assert not list(tmp_path.rglob("*swmfa-auth")) and Path(harness.HELPER).exists()


def test_no_step_of_uninstall_removes_anything_while_a_stack_names_the_module(tmp_path):
    """Also one that is added to the Makefile later."""
    steps = set(re.findall(r"^(uninstall-\w+):", (harness.BUILD / "Makefile").read_text(),
                           flags=re.MULTILINE)) - {"uninstall-hook"} # runs after the others
    assert len(steps) > 8
    assert make("install", f"DESTDIR={tmp_path}")[0] == 0
    (tmp_path / "etc/pam.d").mkdir(parents=True, exist_ok=True)
    (tmp_path / "etc/pam.d/x").write_text("auth required pam_swmfa.so\n")
    before = sorted(tmp_path.rglob("*"))
    assert make("-k", "-j2", *sorted(steps), f"DESTDIR={tmp_path}")[0] != 0
    assert sorted(tmp_path.rglob("*")) == before


def in_use(root, **files):
    """What conf/in-use finds in a system of these files: the places of the lines."""
    for path, text in files.items():
        path = root / path.replace("__", ".").replace("_", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    ran = subprocess.run(["sh", harness.SRC / "conf/in-use", harness.CTL, root], check=False,
                         capture_output=True, text=True)
    found = re.findall("^  (.*): remove this line$", ran.stderr, flags=re.MULTILINE)
    assert (ran.returncode, ran.stdout) == (1 if found else 0, "")
    return [place.removeprefix(f"{root}/") for place in found]


@pytest.mark.parametrize("line, counts", [
    ("auth required pam_swmfa.so", True), ("auth required /x/pam_swmfa.so use_uid", True),
    ("  AUTH [success=ok default=die] pam_swmfa.so", True), ("account required pam_swmfa.so", True),
    ("-auth required pam_swmfa.so", True), ("auth required pam_swmfa.so # why", True),
    ("auth required \\\n  pam_swmfa.so", True),
    ("# auth required pam_swmfa.so", False), ("  #auth required pam_swmfa.so", False),
    ("auth required pam_unix.so # pam_swmfa.so", False), ("auth required pam_unix.so", False)])
@pytest.mark.parametrize("path", ["etc_pam__d_my", "usr_lib_pam__d_my", "usr_etc_pam__d_my",
                                  "etc_pam__conf", "usr_share_pam-configs_my"])
def test_uninstall_finds_a_line_that_names_the_module_and_ignores_comments(tmp_path, path, line, counts):
    number = 2 + line.count("\n")
    place = path.replace("__", ".").replace("_", "/")
    found = in_use(tmp_path, **{path: f"# a stack\n{line}"}) # the last line has no newline
    assert found == ([f"{place}:{number}"] if counts else [])


def test_uninstall_searches_included_files_outside_the_usual_folders(tmp_path):
    assert in_use(tmp_path, etc_pam__d_a="auth include /srv/one\n@include ../two\n",
                  srv_one="auth required pam_swmfa.so\nauth substack /srv/three\n",
                  etc_two="#\nauth required pam_swmfa.so", srv_three="auth include /srv/three\n"
                  "auth optional pam_swmfa.so\n", srv_four="auth required pam_swmfa.so\n") == \
        ["srv/one:1", "etc/pam.d/../two:2", "srv/three:2"]


@pytest.mark.parametrize("ours", [True, False])
def test_uninstall_is_refused_while_sshd_uses_the_drop_in_of_enable(tmp_path, ours):
    """By it alone a key does not let in, and swmfactl, which removes it, would be gone."""
    path = tmp_path / "etc/ssh/sshd_config.d/00-swmfa.conf"
    path.parent.mkdir(parents=True)
    path.write_text(("# Made by swmfactl enable sshd\n" if ours else "") + "UsePAM yes\n")
    ran = subprocess.run(["sh", harness.SRC / "conf/in-use", harness.CTL, tmp_path], check=False,
                         capture_output=True, text=True)
    assert ran.returncode == int(ours)
    assert (f"  {path}: sshd reads it: remove this file\n" in ran.stderr) == ours


def test_uninstall_removes_nothing_if_a_stack_is_unreadable():
    root = harness.WORK / "in-use"
    stack = root / "etc/pam.d/x"
    stack.parent.mkdir(parents=True)
    stack.write_text("auth required pam_unix.so\n")
    script = (harness.SRC / "conf/in-use").read_text()
    command = ["setpriv", "--reuid", "alice", "--regid", "alice", "--clear-groups", "sh", "-s",
               harness.CTL, root]
    for path, mode in ((stack, 0o600), (stack.parent, 0o700)):
        path.chmod(mode)
        ran = subprocess.run(command, check=False, capture_output=True, text=True, input=script)
        assert ran.returncode == 1 and f"{path} cannot be read, so it is unknown" in ran.stderr
        path.chmod(0o755)
    assert subprocess.run(command, check=False, text=True, input=script).returncode == 0


@pytest.mark.parametrize("path", [harness.MODULE, harness.HELPER])
def test_an_upgrade_on_a_full_disk_keeps_the_old_file(tmp_path, path):
    """There is the old one or the new one at any moment: logins go on meanwhile."""
    file = Path(f"{tmp_path}{path}")
    file.parent.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", file.parent], check=True)
    try:
        file.write_text("the old one")
        assert make("install", f"DESTDIR={tmp_path}")[0] != 0
        assert file.read_text() == "the old one"
        assert list(file.parent.iterdir()) == [file]
    finally:
        subprocess.run(["umount", file.parent], check=True)


def test_the_example_provider_in_the_guide_compiles(tmp_path):
    guide = (harness.SRC / "docs/providers.md").read_text()
    blocks = re.findall(r"^```c\n(.*?)^```", guide, flags=re.MULTILINE | re.DOTALL)
    assert len(blocks) == 1
    (tmp_path / "example.c").write_text(blocks[0])
    flags = shlex.split(run("make", "-s", "-C", harness.BUILD, "print-flags"))
    flags = [flag.replace("-I../", f"-I{harness.BUILD}/../") for flag in flags]
    run("cc", *flags, "-Werror", f"-I{harness.BUILD}", f"-I{harness.SRC}/pam_swmfa", "-c",
        tmp_path / "example.c", "-o", tmp_path / "example.o")


def test_accounts_of_the_host_do_not_disturb_the_tests():
    """The host may have an account alice, with groups and sudo rights."""
    run("useradd", "--groups", "sudo", "--no-user-group", "-u", "4242", "test-host-user")
    run("groupadd", "test-host-group")
    try:
        for name in ("test-host-user", "test-host-group"):
            harness.add_account(name)
            assert run("id", "-Gn", name).split() == [name]
        assert run("id", "-u", "test-host-user") != "4242\n"
    finally:
        for name in ("test-host-user", "test-host-group"):
            harness.free_name(name)
            assert subprocess.run(["getent", "group", name], check=False).returncode != 0
