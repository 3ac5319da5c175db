"""Two recordings compared, service by service."""

from pathlib import Path

import pytest

from support.diffed import diffed, served
from tcpflow_analyzer.gate.difference import CountChange, Difference, TimeChange


def changes(difference: Difference) -> list[CountChange]:
    """The counts that differ, of all services."""
    return [each for service in difference.services for each in service.counts if each.differs]


def test_other_ports_make_no_difference(tmp_path: Path) -> None:
    old = served("client", "server", "leak", "reset", "probe")
    new = served("client", "server", "leak", "reset", "probe", port=50000)
    difference = diffed(tmp_path, old, new)
    assert difference.differing == ()
    (service,) = [each for each in difference.services if each.name == "port 8080"]
    assert (service.old.connections, service.new.probes) == (4, 1)
    assert {each.kind.finding.code for each in service.findings} >= {"CL005", "RS002"}
    assert all(each.counts == (1, 1) for each in service.findings)


def test_who_closes_and_how_it_ends_differ(tmp_path: Path) -> None:
    difference = diffed(
        tmp_path, served("client", "client", "client"), served("client", "server", "open")
    )
    assert len(difference.differing) == 1
    assert changes(difference) == [
        CountChange("closed_by", "originator", 3, 1),
        CountChange("closed_by", "nobody", 0, 1),
        CountChange("closed_by", "responder", 0, 1),
        CountChange("end", "graceful", 3, 2),
        CountChange("end", "none", 0, 1),
        CountChange("states", "TIME-WAIT/CLOSED", 3, 1),
        CountChange("states", "CLOSED/TIME-WAIT", 0, 1),
        CountChange("states", "ESTABLISHED/ESTABLISHED", 0, 1),
    ]


def test_new_finding_and_one_that_is_gone(tmp_path: Path) -> None:
    difference = diffed(tmp_path, served("reset", "client"), served("leak", "client"))
    (service,) = difference.differing
    by_code = {each.kind.finding.code: each for each in service.findings}
    assert by_code["CL005"].counts == (0, 1)
    assert by_code["CL005"].old is None
    assert by_code["RS002"].counts == (1, 0)
    assert by_code["CL005"].kind.states == "FIN-WAIT-2/CLOSE-WAIT"
    assert [place.frame for place in by_code["CL005"].kind.places]


def test_findings_below_the_least_severity_are_left_out(tmp_path: Path) -> None:
    old, new = served("client"), served("leak")

    def codes(difference: Difference) -> set[str]:
        findings = [each for service in difference.services for each in service.findings]
        return {each.kind.finding.code for each in findings}

    assert "CL005" in codes(diffed(tmp_path, old, new, least="error"))
    everything = codes(diffed(tmp_path, old, new, least="info"))
    assert codes(diffed(tmp_path, old, new, least="error")) < everything


def test_configuration_names_services_and_ignores(tmp_path: Path) -> None:
    text = (
        'ignore = ["CL"]\n[[expect]]\nname = "orders"\nwhere = "responder.port == 8080"\n'
        "at_least = 1\n"
    )
    difference = diffed(tmp_path, served("leak"), served("leak", "leak", port=45000), text)
    (service,) = [each for each in difference.services if each.new.connections]
    assert service.name == "orders"
    assert not any(each.kind.finding.code.startswith("CL") for each in service.findings)
    assert changes(difference)[0] == CountChange("connections", "", 1, 2)


def test_what_only_informs_makes_no_service(tmp_path: Path) -> None:
    difference = diffed(tmp_path, served("client"), served("client"), least="error")
    assert [each.name for each in difference.services] == ["port 8080"]


def test_service_that_is_new_is_compared_with_nothing(tmp_path: Path) -> None:
    difference = diffed(tmp_path, served("client"), served("client", service=9090))
    assert {each.name for each in difference.differing} == {"port 8080", "port 9090"}
    assert CountChange("connections", "", 0, 1) in changes(difference)


def test_times_are_told_and_make_no_difference(tmp_path: Path) -> None:
    old, new = served("client", "client"), served("client", "client", step_ns=30_000_000)
    difference = diffed(tmp_path, old, new)
    assert difference.differing == ()
    times = {(each.what, each.part): each for each in difference.services[0].times}
    assert times["handshake", "p50"] == TimeChange("handshake", "p50", 2_000_000, 60_000_000)
    assert times["close", "max"] == TimeChange("close", "max", 3_000_000, 90_000_000)
    assert len(difference.services[0].slower) == 6


@pytest.mark.parametrize(
    ("old_ns", "new_ns", "is_much"),
    [
        (1_000_000, 2_000_000, True),
        (2_000_000, 1_000_000, True),
        (1_000_000, 1_999_999, False),
        (1_000, 900_000, False),  # some scheduler's doing
        (0, 1_000_000, True),
        (None, 1_000_000, False),
        (1_000_000, None, False),
    ],
)
def test_much_is_a_factor_and_a_millisecond(
    old_ns: int | None, new_ns: int | None, is_much: bool
) -> None:
    assert TimeChange("handshake", "p50", old_ns, new_ns).is_much is is_much
