"""The assertions about a finding's captures fail where they should."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from support.places import FIXTURES
from support.small_captures import closed, refused
from tcpflow_analyzer.errors import UsageError
from tcpflow_analyzer.testing import Case, FindingCase, finding_cases

ORIGINAL = FIXTURES / "findings" / "CL005-close-wait-stuck"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of a folder that is as it should be."""
    return Path(shutil.copytree(ORIGINAL, tmp_path / ORIGINAL.name))


def test_folder_of_a_finding_holds_everything(folder: Path) -> None:
    case = FindingCase(folder)
    case.assert_all()
    assert (case.code, case.name, str(case)) == ("CL005", "close-wait-stuck", folder.name)
    assert [each.code for each in case.found] == ["CL005"]


def swap(folder: Path) -> None:
    """Let both captures change places."""
    (folder / "fires.pcap").rename(folder / "other")
    (folder / "quiet.pcap").rename(folder / "fires.pcap")
    (folder / "other").rename(folder / "quiet.pcap")


def both_alike(folder: Path) -> None:
    shutil.copy(folder / "fires.pcap", folder / "quiet.pcap")


def expect_another(folder: Path) -> None:
    text = (folder / "case.toml").read_text()
    (folder / "case.toml").write_text(text.replace('"CP002"]', '"RS001"]'))


def expect_less(folder: Path) -> None:
    text = (folder / "case.toml").read_text()
    (folder / "case.toml").write_text(text.replace("expects_not = []", 'expects_not = ["CP002"]'))


def another_golden(folder: Path) -> None:
    expected = json.loads((folder / "expected.json").read_text())
    expected["states"] = []
    (folder / "expected.json").write_text(json.dumps(expected))


@pytest.mark.parametrize(
    ("change", "check", "words"),
    [
        (swap, FindingCase.assert_fires, "not found in fires.pcap"),
        (swap, FindingCase.assert_quiet, "found in quiet.pcap, the near miss"),
        (swap, FindingCase.assert_provenance, "is not the one of case.toml"),
        (both_alike, FindingCase.assert_provenance, "are the same"),
        (expect_another, FindingCase.assert_fires, r"does not give \['RS001'\]"),
        (expect_less, FindingCase.assert_fires, r"must not give \['CP002'\]"),
        (another_golden, FindingCase.assert_expected, "not as expected.json says"),
        (another_golden, FindingCase.assert_all, "not as expected.json says"),
    ],
)
def test_assertions_fail_where_a_folder_is_wrong(
    folder: Path,
    change: Callable[[Path], None],
    check: Callable[[FindingCase], None],
    words: str,
) -> None:
    change(folder)
    with pytest.raises(AssertionError, match=words):
        check(FindingCase(folder))


def test_expected_findings_are_written_anew(folder: Path) -> None:
    before = (folder / "expected.json").read_text()
    another_golden(folder)
    FindingCase(folder).assert_expected(update=True)
    assert (folder / "expected.json").read_text() == before


def test_case_writes_a_folder_that_can_be_read(tmp_path: Path) -> None:
    folder = tmp_path / "LC004-orderly-close"
    folder.mkdir()
    Case("One that closes", closed(), refused(), ("LC004",), settings={"backlog": 7}).write(
        str(folder / "make.py")
    )
    (case,) = finding_cases(tmp_path)
    assert case.settings == {"backlog": 7}
    assert case.origin == "generated"
    case.assert_expected(update=True)
    case.assert_all()


def test_what_is_no_folder_of_a_finding_is_refused(folder: Path) -> None:
    with pytest.raises(UsageError, match="no case of a finding"):
        FindingCase(folder.parent)
    other = folder.rename(folder.with_name("CL005-something-else"))
    with pytest.raises(UsageError, match="no finding has this code and name"):
        FindingCase(other).assert_all()
    assert finding_cases(folder) == []
