"""When connections are looked at before they are over."""

import pytest

from support.capture_builder import SECOND_NS
from tcpflow_analyzer.findings.preview import LATEST_FIRST_NS, provisional_ns, stage_of
from tcpflow_analyzer.table.connection import Connection


@pytest.mark.parametrize(
    ("quiet_ns", "stage"),
    [
        (0, 0),
        (SECOND_NS // 5, 1),
        (10 * SECOND_NS, 1),
        (11 * SECOND_NS, 2),
        (60 * SECOND_NS, 2),
        (61 * SECOND_NS, 3),
        (3600 * SECOND_NS, 4),
    ],
)
def test_stages_of_quiet(quiet_ns: int, stage: int) -> None:
    assert stage_of(quiet_ns) == stage


@pytest.mark.parametrize(
    ("rtt_ns", "expected"), [(-1, 0), (SECOND_NS, 2 * SECOND_NS), (9 * SECOND_NS, LATEST_FIRST_NS)]
)
def test_two_round_trips_are_provisional(rtt_ns: int, expected: int) -> None:
    connection = Connection(b"", 1)
    connection.responder.rtt_ns = rtt_ns
    assert provisional_ns(connection) == expected
