# SPDX-License-Identifier: BSD-3-Clause
"""What is built and what is written about it."""
import re
import shlex
import subprocess
from pathlib import Path

import pytest

import lab


def run(*command):
    return subprocess.run([str(part) for part in command], check=True, capture_output=True,
                          text=True).stdout


def sanitized():
    return "libasan" in run("readelf", "-d", lab.HELPER)


hardened = pytest.mark.skipif(sanitized(), reason="built with sanitizers")


@hardened
def test_the_module_links_libpam_and_libc_only():
    needed = re.findall(r"NEEDED.*\[(.*)\]", run("readelf", "-d", lab.MODULE))
    assert needed == ["libpam.so.0", "libc.so.6"]


def test_the_module_exports_its_two_entry_points_only():
    symbols = [line.split()[-1] for line in run("nm", "-D", "--defined-only",
                                                lab.MODULE).splitlines()]
    assert sorted(symbols) == ["pam_sm_authenticate", "pam_sm_setcred"]


@hardened
@pytest.mark.parametrize("program", [lab.MODULE, lab.HELPER, lab.CTL])
def test_what_is_installed_is_hardened(program):
    dynamic, headers = run("readelf", "-d", program), run("readelf", "-lW", program)
    assert "BIND_NOW" in dynamic and "GNU_RELRO" in headers
    assert re.search(r"GNU_STACK.* RW ", headers)
    assert "DYN" in run("readelf", "-h", program)
    symbols = run("nm", "-D", program)
    assert "__stack_chk_fail" in symbols and "_chk@" in symbols


def test_the_helper_says_what_it_is():
    assert run(lab.HELPER, "--version").startswith("swmfa-auth (pam_swmfa) ")
    assert "pam_swmfa.so" in run(lab.HELPER, "--help")
    by_hand = subprocess.run([lab.HELPER], capture_output=True, text=True, check=False,
                             stdin=subprocess.DEVNULL)
    assert by_hand.returncode == 64 and "Not to be run by hand" in by_hand.stderr


def test_nothing_installed_is_setuid_or_writable_by_others():
    for path in (Path(lab.MODULE), Path(lab.HELPER), Path(lab.CTL), lab.SECURITY / "swmfa.users"):
        assert path.stat().st_mode & 0o6022 == 0
        assert path.stat().st_uid == 0


# ---- the documents name every option, with its default ----

def known_keys():
    """[(section, key, default or None)], as the parser knows them."""
    rows = run(lab.BUILD / "tests/unit/list_keys").splitlines()
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
    found = conf_keys((lab.BUILD / "conf/swmfa.conf").read_text())
    known = known_keys()
    assert [row[:2] for row in sorted(found)] == sorted(row[:2] for row in known)
    values = {(section, key): value for section, key, value in found}
    for section, key, default in known:
        if default is not None:
            assert values[section, key] == default, key


def man_page_keys():
    """{(section, key): its text} of swmfa.conf(5)."""
    page = (lab.BUILD / "docs/swmfa.conf.5").read_text()
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


def test_the_man_page_has_every_module_option():
    source = (lab.SRC / "pam_swmfa/module/options.c").read_text()
    known = re.findall(r'^    \{"(\w+)=?", ', source, flags=re.MULTILINE)
    page = (lab.BUILD / "docs/pam_swmfa.8").read_text()
    assert len(known) == 3
    for option in known:
        assert re.search(rf"^\.It Cm {option}\b", page, flags=re.MULTILINE), option


def test_the_man_page_has_every_reason_of_the_log():
    ends = (lab.SRC / "pam_swmfa/auth/end.c").read_text()
    outcomes = (lab.SRC / "pam_swmfa/provider/outcome.c").read_text()
    reasons = set(re.findall(r'LOG_\w+, "\w+",\s+"([a-z-]+)"', ends))
    reasons |= set(re.findall(r'\[OUTCOME_\w+\] = "([a-z-]+)"', outcomes))
    page = (lab.BUILD / "docs/pam_swmfa.8").read_text().replace("\\-", "-")
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


def texts_to_the_person():
    """What stands between the conversions of the formats by which the helper makes its texts."""
    ask = literals((lab.SRC / "pam_swmfa/auth/ask.c").read_text())
    end = [text for text in literals((lab.SRC / "pam_swmfa/auth/end.c").read_text())
           if re.match(" ?[A-Z]", text)] # the others are words and forms of the log line
    pieces = {" ".join(piece.split()) for text in ask + end
              for piece in re.split(r"%-?\d*(?:z|ll)?[a-z]", text)}
    return {piece for piece in pieces if re.search("[A-Za-z]", piece)}


def test_the_man_page_has_every_text_that_a_person_can_read():
    page = run("mandoc", "-Tascii", "-Owidth=1000", lab.BUILD / "docs/pam_swmfa.8")
    page = re.sub(".\b", "", page)
    section = re.search(r"^CONVERSATION$(.*?)^PAM CODES$", page, re.DOTALL | re.MULTILINE)[1]
    section = " ".join(section.split())
    texts = texts_to_the_person()
    assert len(texts) > 40
    assert {"Wrong code. Try again.", "Too many wrong codes.", "Only this one counts."} <= texts
    assert [text for text in sorted(texts) if text not in section] == []


@pytest.mark.parametrize("page", ["pam_swmfa.8", "swmfa.conf.5", "swmfa.users.5", "swmfactl.8"])
def test_the_man_pages_are_clean(page):
    linted = subprocess.run(["mandoc", "-Tlint", "-W", "warning", lab.BUILD / "docs" / page],
                            capture_output=True, text=True, check=False)
    assert (linted.returncode, linted.stdout) == (0, "")


def test_the_man_pages_and_examples_are_installed():
    for name in ("man8/pam_swmfa.8", "man5/swmfa.conf.5", "man5/swmfa.users.5",
                 "man8/swmfactl.8"):
        found = list(Path("/usr").glob(f"**/share/man/{name}"))
        assert found, name
    examples = {path.name for path in Path("/usr").glob("**/doc/pam_swmfa/examples/pam.d/*")}
    assert {"sshd", "sshd-publickey", "sudo", "sudo-i", "su", "login"} <= examples


def test_an_administrators_configuration_is_never_overwritten(sim):
    before = lab.CONF.read_text()
    run("make", "-s", "-C", lab.BUILD, "install")
    assert lab.CONF.read_text() == before


def test_the_provider_that_the_guide_shows_compiles(tmp_path):
    guide = (lab.SRC / "docs/providers.md").read_text()
    blocks = re.findall(r"^```c\n(.*?)^```", guide, flags=re.MULTILINE | re.DOTALL)
    assert len(blocks) == 1
    (tmp_path / "example.c").write_text(blocks[0])
    flags = shlex.split(run("make", "-s", "-C", lab.BUILD, "print-flags"))
    flags = [flag.replace("-I../", f"-I{lab.BUILD}/../") for flag in flags]
    run("cc", *flags, "-Werror", f"-I{lab.BUILD}", f"-I{lab.SRC}/pam_swmfa", "-c",
        tmp_path / "example.c", "-o", tmp_path / "example.o")


def test_accounts_of_the_host_make_way_for_those_of_the_tests():
    """Whoever runs the tests may have an alice of their own, with groups and a sudoers' group."""
    run("useradd", "--groups", "sudo", "--no-user-group", "-u", "4242", "lab-host-user")
    run("groupadd", "lab-host-group")
    try:
        for name in ("lab-host-user", "lab-host-group"):
            lab.add_account(name)
            assert run("id", "-Gn", name).split() == [name]
        assert run("id", "-u", "lab-host-user") != "4242\n"
    finally:
        for name in ("lab-host-user", "lab-host-group"):
            lab.free_name(name)
            assert subprocess.run(["getent", "group", name], check=False).returncode != 0
