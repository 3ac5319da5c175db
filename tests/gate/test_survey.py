"""Sums over the connections of a capture."""

from array import array

import pytest

from support.capture_builder import SECOND_NS, START_NS, pcap
from support.services import talk
from support.small_captures import clock
from tcpflow_analyzer.check import survey_captures
from tcpflow_analyzer.gate.survey import EPHEMERAL, Survey, quantile


@pytest.fixture
def survey(tmp_path: object) -> Survey:
    frames = [
        *talk("client", 40000),
        *talk("leak", 40001, at_ns=START_NS + SECOND_NS),
        *talk("probe", 40002, at_ns=START_NS + 2 * SECOND_NS),
        *talk("server", 40003, 50000, at_ns=START_NS + 3 * SECOND_NS),
        *clock(START_NS + 1000 * SECOND_NS),
    ]
    path = f"{tmp_path}/a.pcap"
    with open(path, "wb") as file:
        file.write(pcap(frames))
    return survey_captures([path])


def test_services_are_apart_and_random_ports_are_one(survey: Survey) -> None:
    assert set(survey.services) - {"no single connection"} == {"port 8080", "ephemeral ports"}
    orders, random = survey.services["port 8080"], survey.services["ephemeral ports"]
    assert (orders.port, random.port) == (8080, EPHEMERAL)
    assert (orders.name, random.name) == ("port 8080", "ephemeral ports")
    assert (orders.connections, orders.probes) == (2, 1)
    assert orders.closers == {"originator": 2}
    assert random.closers == {"responder": 1}
    assert orders.states == {"TIME-WAIT/CLOSED": 1, "FIN-WAIT-2/CLOSE-WAIT": 1}
    assert list(orders.handshakes) == [2_000_000, 2_000_000]
    assert list(orders.closes) == [3_000_000]
    assert orders.findings["CL005"] == 1


def test_quantile_is_the_nearest_rank() -> None:
    values = array("q", [5, 1, 4, 2, 3])
    assert [quantile(values, part) for part in (0.01, 0.2, 0.5, 0.99, 1.0)] == [1, 1, 3, 5, 5]
    assert quantile(array("q"), 0.5) == 0
