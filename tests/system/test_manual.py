# SPDX-License-Identifier: BSD-3-Clause
"""The man pages quote messages that the programs have, and the documents name what is there."""
import functools
import re
from pathlib import Path

import pytest

import harness

PAGES = sorted(path.name for path in (harness.SRC / "docs").glob("*.[578].in"))

CHARACTER = r"'(?:\\.|[^'\\])'"
STRING = r'"(?:\\.|[^"\\])*"'
NAME = r"\b[A-Z][A-Z0-9_]*\b"


def code():
    """The C sources, without comments, #include lines and characters, with lines that go on joined."""
    text = "\n".join(path.read_text() for path in
                     sorted((harness.SRC / "pam_swmfa").glob("**/*.[ch]")))
    text = re.sub(rf"({STRING})|{CHARACTER}|/\*.*?\*/|^#include.*?$", lambda match: match[1] or "", text,
                  flags=re.DOTALL | re.MULTILINE)
    return text.replace("\\\n", " ")


def join(run, macros):
    """A run of strings and macros as one format. A macro that has no text here is a %s."""
    joined = ""
    for part in re.findall(rf"{STRING}|{NAME}", run):
        if re.fullmatch('"[0-9]+"', part):
            joined += "%s"
        elif part[0] == '"':
            joined += part[1:-1]
        else:
            joined += join(macros[part], macros) if part in macros else "%s"
    return joined


@functools.cache
def formats():
    """Every text of the sources: {its literal parts, in order, with a conversion between each two}."""
    text = code()
    macros = dict(re.findall(rf"^#define ({NAME})\s+((?:(?:{STRING}|{NAME})[ \t]*)+)$", text,
                             flags=re.MULTILINE))
    macros = {name: run for name, run in macros.items() if '"' in run}
    runs = re.findall(rf"(?:{NAME}\s*)?{STRING}(?:\s*(?:{STRING}|{NAME}))*", text)
    texts = {join(run, macros) for run in runs} | {join(run, macros) for run in macros.values()}
    texts |= {join(run, {}) for run in re.findall(rf"{STRING}(?:\s*{STRING})*", text)}
    texts = {re.sub(r"\\(.)", r"\1", re.sub(r"\\n", " ", text)) for text in texts}
    conversion = r"%[-+0]?[0-9]*(?:\.(?:[0-9]+|\*))?(?:ll|l|z)?[a-z]"
    return {tuple(re.sub(r"\s+", " ", part) for part in re.split(conversion, text))
            for text in texts}


def fits(parts, text):
    """Whether the text has these parts in order, with something known for each conversion."""
    first, rest = parts[0], parts[1:]
    if not rest:
        return text == first
    if not text.startswith(first):
        return False
    text = text[len(first):]
    for end in range(len(text) + 1):
        if (text.startswith(rest[0], end) and fits(rest, text[end:]) and
                is_known(text[:end].strip())):
            return True
    return False


@functools.cache
def is_known(text):
    """Whether the programs can write the text: a format, a placeholder, or several after each other."""
    if re.fullmatch(r"|[A-Z_]+(/[\w.-]+)?|\*?[\d.]+", text):
        return True
    for parts in formats():
        if not all(part.strip() in text for part in parts):
            continue
        letters = len(re.findall("[a-z]", "".join(parts)))
        padded = (parts[0].lstrip(), *parts[1:])
        padded = (*padded[:-1], padded[-1].rstrip())
        if (len(parts) == 1 or letters >= 4) and fits(padded, text):
            return True
    words = text.split(" ")
    for i in range(1, len(words)):
        if max(i, len(words) - i) < 3:
            continue
        if is_known(" ".join(words[:i])) and is_known(" ".join(words[i:])):
            return True
    return False


def quotations(page):
    """What a page quotes: each item in double quotes, and each .Dq of four words or more."""
    lines = re.findall(r'^\.It "(.*)"$|^\.Dq (.*?)(?: [.,;:)])?$', page, flags=re.MULTILINE)
    found = [item or quoted for item, quoted in lines]
    found = [re.sub(r"\\&", "", text).replace("\\(dq", '"').replace('""', '"') for text in found]
    found = [re.sub(r"@\w+@", "PATH", text) for text in found]
    return [text for (item, _), text in zip(lines, found) if item or len(text.split()) >= 4]


@pytest.mark.parametrize("page", PAGES)
def test_each_message_in_a_man_page_is_in_a_program(page):
    unknown = [text for text in quotations((harness.SRC / "docs" / page).read_text())
               if not is_known(text) and not is_known(text + ".")]
    assert unknown == []


def test_the_page_of_messages_quotes_the_messages():
    page = (harness.SRC / "docs/swmfa-messages.7.in").read_text()
    assert len(quotations(page)) > 80


@pytest.mark.parametrize("invented", [
    "No code could be mailed today.",
    "no provider is configured for the channels of this user",
    "Code sent by pigeon to the number ending in 82.",
    "swmfa-auth did not answer within N seconds; let in",
    "FILE: no space is left for the code",
])
def test_the_check_finds_an_invented_message(invented):
    assert not is_known(invented)


# ---- README.md, CONTRIBUTING.md, SECURITY.md and docs/ ----

DOCUMENTS = sorted(str(path.relative_to(harness.SRC)) for path in
                   [*harness.SRC.glob("*.md"), *harness.SRC.glob("docs/*.md"), *harness.SRC.glob("tests/**/*.md")])


def anchors(path):
    """The anchors of a document's headings, as GitHub makes them."""
    text = re.sub(r"^```.*?^```", "", path.read_text(), flags=re.DOTALL | re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
            for heading in re.findall(r"^#+ (.*)$", text, flags=re.MULTILINE)}


def broken_links(document):
    """The links of a document that lead to no file, or to no heading of a document."""
    broken = []
    for link in re.findall(r"\]\(([^)\s]+)\)", document.read_text()):
        if re.match("https?:", link):
            continue
        path, _, anchor = link.partition("#")
        target = document.parent / path if path else document
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    return broken


@pytest.mark.parametrize("name", DOCUMENTS)
def test_each_link_of_a_document_leads_to_a_file_and_a_heading(name):
    assert broken_links(harness.SRC / name) == []


def test_the_links_of_the_installed_documents_work():
    found = list(Path("/usr").glob("**/doc/pam_swmfa/README.md"))
    assert len(found) == 1
    documents = [found[0], *found[0].parent.glob("*.md"), *found[0].parent.glob("docs/*.md")]
    assert {path.name for path in documents} >= {Path(name).name for name in DOCUMENTS
                                                 if not name.startswith("tests/")}
    assert {path.name: broken_links(path) for path in documents if broken_links(path)} == {}


def test_each_source_file_that_a_document_names_is_there():
    there = {str(path.relative_to(harness.SRC)) for folder in ("pam_swmfa", "tests", "conf", "docs")
             for path in harness.SRC.glob(f"{folder}/**/*") if path.is_file()}
    missing = []
    for name in DOCUMENTS:
        for path in re.findall(r"`([a-z][a-z0-9_./-]*\.(?:[ch]|py|sh|in|mk))`", (harness.SRC / name).read_text()):
            if path[0] != "/" and not any(f"/{known}".endswith(f"/{path}") for known in there):
                missing.append((name, path))
    assert missing == []


def test_the_tree_of_the_architecture_is_the_real_one():
    text = (harness.SRC / "docs/architecture.md").read_text()
    tree, parents = set(), []
    for indent, name in re.findall(r"^    ( *)([a-z]+)/ ", re.search(r"    pam_swmfa/\n.*?\n\n", text, re.DOTALL)[0],
                                   flags=re.MULTILINE):
        parents = [*parents[:len(indent) // 2 - 1], name]
        if indent:
            tree.add("/".join(parents))
    real = {str(path.relative_to(harness.SRC / "pam_swmfa"))
            for path in (harness.SRC / "pam_swmfa").glob("**/") if any(path.glob("*.[ch]"))}
    assert tree == real


def test_troubleshooting_has_a_row_for_each_reason_of_the_log():
    verdicts = (harness.SRC / "pam_swmfa/auth/verdict.c").read_text()
    outcomes = (harness.SRC / "pam_swmfa/provider/outcome.c").read_text()
    reasons = set(re.findall(r'LOG_\w+, "\w+",\s+"([a-z-]+)"', verdicts))
    reasons |= set(re.findall(r'\[OUTCOME_\w+\] = "([a-z-]+)"', outcomes))
    text = (harness.SRC / "docs/troubleshooting.md").read_text()
    rows = re.findall(r"^\| `([a-z-]+)` \|", text, flags=re.MULTILINE)
    assert len(rows) > 20 and sorted(rows) == sorted(reasons)
