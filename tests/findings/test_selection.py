"""Findings by code, by name, by family."""

import pytest

from tcpflow_analyzer.errors import UsageError
from tcpflow_analyzer.findings.registry import rules
from tcpflow_analyzer.findings.selection import Codes, codes_of, rule_called


def test_codes_hold_one_or_a_family() -> None:
    assert Codes("RS001", "RS001", True).holds("RS001")
    assert Codes("RS*", "RS", False).holds("RS001")
    assert not Codes("RS001", "RS001", True).holds("RS002")


def test_a_star_behind_a_whole_code_makes_it_a_family() -> None:
    assert not codes_of("RS001*", rules()).is_whole
    assert codes_of("RS001*", rules()).holds("RS001")
    assert not codes_of("RS001", rules()).holds("RS0011")


@pytest.mark.parametrize("text", ["CL005", "cl005", "close-wait-stuck", "Close-Wait-Stuck"])
def test_code_and_name_mean_one_finding(text: str) -> None:
    codes = codes_of(text, rules())
    assert (codes.text, codes.prefix, codes.is_whole) == (text, "CL005", True)


@pytest.mark.parametrize("text", ["CL", "cl", "CL*", "CL00"])
def test_beginning_means_all_that_begin_so(text: str) -> None:
    codes = codes_of(text, rules())
    assert codes.holds("CL001")
    assert not codes.is_whole
    assert not codes.holds("TW001")


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("CL05", "did you mean CL005"),
        ("close-wait-stick", "did you mean close-wait-stuck"),
        ("nothing like it", "see `tcpflow rules`"),
        ("", "see `tcpflow rules`"),
        ("*", "see `tcpflow rules`"),
    ],
)
def test_what_no_finding_is_called_is_refused_with_a_hint(text: str, hint: str) -> None:
    with pytest.raises(UsageError, match=hint):
        codes_of(text, rules())


def test_rule_called_takes_underscores_for_hyphens() -> None:
    assert rule_called("close_wait_stuck", rules()) is rules()["CL005"]
    assert rule_called("CL", rules()) is None


def test_no_name_is_also_a_code_or_a_family() -> None:
    words = [rule.name.upper() for rule in rules().values()]
    assert len(set(words)) == len(words)
    assert not [word for word in words if any(code.startswith(word) for code in rules())]
