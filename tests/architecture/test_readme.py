"""The README's set-up is two commands on files that exist, and no document links into the void."""

import re
from pathlib import Path

import pytest

from support.places import ROOT
from support.program import run_program

DOCUMENTS = [ROOT / "README.md", ROOT / "tests/README.md", *sorted((ROOT / "docs").rglob("*.md"))]
LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)")


def set_up_commands() -> list[str]:
    """The lines of the README's first block of shell, which .ci/run executes."""
    text = (ROOT / "README.md").read_text()
    return text.partition("```sh\n")[2].partition("```")[0].splitlines()


def test_set_up_is_two_commands() -> None:
    install, tests = set_up_commands()
    assert " analyze fixtures/" in install
    assert tests.endswith("pytest")


def test_set_up_analyses_a_capture_that_is_there() -> None:
    capture = set_up_commands()[0].split()[-1]
    assert (ROOT / capture).is_file()


def test_set_up_prints_what_the_readme_shows(update_golden: bool) -> None:
    readme = ROOT / "README.md"
    head, begin, rest = readme.read_text().partition("ends with:\n\n```\n")
    shown, end, tail = rest.partition("```\n")
    arguments = set_up_commands()[0].rpartition("/tcpflow ")[2].split()
    printed = run_program(arguments, folder=ROOT).stdout.decode()
    if update_golden:
        readme.write_text(head + begin + printed + end + tail)
    else:
        assert shown == printed


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    broken = []
    for target in LINK.findall(document.read_text()):
        if not (document.parent / target).exists():
            broken.append(target)
    assert broken == []
