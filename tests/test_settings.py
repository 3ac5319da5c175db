"""Parameters: declared once, read from text and from configurations, refused out of bounds."""

from dataclasses import replace

import pytest

from tcpflow_analyzer.errors import UsageError
from tcpflow_analyzer.findings.registry import parameters, parameters_of, rules
from tcpflow_analyzer.pipeline import check_settings
from tcpflow_analyzer.settings import (
    COUNT,
    DURATION,
    PARAMETERS,
    Parameter,
    Settings,
    check_parameters,
    with_parameters,
)

# Limits of what is kept, by which no finding goes.
LIMITS = ("max_connections", "max_remembered", "max_fragment_octets")
SECOND_NS = 1_000_000_000
# Of another package's finding.
OWN = Parameter("slow_accept", "", DURATION, 2 * SECOND_NS, 0, 1 << 62, "as said", ("XA001",))


def test_every_threshold_has_a_name_a_meaning_bounds_and_findings() -> None:
    for name, each in PARAMETERS.items():
        assert each.name == name == each.setting.removesuffix("_ns")
        assert getattr(Settings(), each.setting) == each.default
        assert each.setting.endswith("_ns") == (each.kind == DURATION)
        assert each.meaning
        assert set(each.codes) <= rules().keys(), name
        assert bool(each.codes) != (name in LIMITS)
        if each.default is not None:
            assert each.checked(each.default) == each.default
            text = each.text(each.default)
            assert each.of_text(text) == each.default
            assert each.of(Settings()) == each.default


@pytest.mark.parametrize("name", sorted(PARAMETERS))
def test_definitions_name_the_parameters_they_go_by(name: str) -> None:
    for code in PARAMETERS[name].codes:
        assert name in rules()[code].definition, code


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("close_wait_warn", "30s", 30 * SECOND_NS),
        ("close_wait_warn", "30", 30 * SECOND_NS),
        ("close_wait_warn", " 1.5min", 90 * SECOND_NS),
        ("time_wait_warn", "500", 500),
        ("retransmission_ratio", "0.05", 0.05),
        ("retransmission_ratio", "5%", 0.05),
    ],
)
def test_of_text_reads_what_people_write(name: str, text: str, value: float) -> None:
    assert PARAMETERS[name].of_text(text) == value


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("close_wait_warn", "soon", "'soon' is no duration"),
        ("close_wait_warn", "-1s", "is no duration"),
        ("time_wait_warn", "1.5", "'1.5' is no number such as 20"),
        ("time_wait_warn", "0", "0 is not at least 1"),
        ("flood_percent", "101", "101 is not 1 to 100"),
        ("flood_window", "10ms", "10ms is not at least 1s"),
        ("retransmission_ratio", "0", "0 is not above 0 and at most 1"),
        ("retransmission_ratio", "150%", "1.5 is not above 0"),
        ("retransmission_ratio", "few", "is no part of 1"),
    ],
)
def test_of_text_refuses_with_what_may_be_written(name: str, text: str, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        PARAMETERS[name].of_text(text)
    assert words in str(caught.value)


def test_settings_out_of_bounds_are_refused_by_name() -> None:
    for check in (check_parameters, check_settings):
        with pytest.raises(UsageError, match="scan_targets: 0 is not at least 2"):
            check(Settings(scan_targets=0))
    check_parameters(Settings(ephemeral_ports=None))


def test_parameters_of_other_packages_are_kept_beside_the_settings() -> None:
    known = {**PARAMETERS, OWN.name: OWN}
    values = {"slow_accept": 5 * SECOND_NS, "backlog": 128}
    settings = with_parameters(Settings(), values, known)
    assert settings.backlog == 128
    assert OWN.of(settings) == 5 * SECOND_NS
    assert OWN.of(Settings()) == 2 * SECOND_NS
    assert replace(settings, own={}) == Settings(backlog=128)


def test_value_that_nobody_set_is_none() -> None:
    assert PARAMETERS["ephemeral_ports"].default is None
    assert PARAMETERS["ephemeral_ports"].kind == COUNT
    with pytest.raises(TypeError, match="ephemeral_ports is not set"):
        PARAMETERS["ephemeral_ports"].of(Settings())
    assert PARAMETERS["ephemeral_ports"].text(None) == "not set"


def test_parameters_of_a_finding() -> None:
    names = [each.name for each in parameters_of(rules()["CL005"])]
    assert names == ["close_wait_warn", "close_wait_error"]
    assert parameters_of(rules()["LC001"]) == []
    assert parameters().keys() >= PARAMETERS.keys()
