"""The order of segments and states."""

from pathlib import Path

import pytest

from support.places import RECORDINGS
from support.small_captures import closed
from tcpflow_analyzer.exchange import Choice, Exchange, read_exchanges
from tcpflow_analyzer.report.course import Step, course

# Recordings in which receipts come late, states are taken back, or ends are not seen.
NAMES = (
    "abort_in_flight@server",
    "data_crosses_close@client",
    "old_duplicate_syn@client",
    "reordering@server",
    "simultaneous_close@client",
    "simultaneous_open_syn_lost@client",
    "syn_rejected_by_icmp@client",
    "time_wait_port_reuse",
)


def steps_of(exchange: Exchange) -> list[Step]:
    """All steps of a connection."""
    return list(course(exchange.connection, exchange.rungs))


@pytest.mark.parametrize("name", NAMES)
def test_every_segment_and_every_transition_comes_once_in_order(name: str) -> None:
    for exchange in read_exchanges([RECORDINGS / f"{name}.pcap"], Choice()):
        steps = steps_of(exchange)
        assert [step.rung for step in steps if step.rung] == list(exchange.rungs)
        changes = [change for step in steps for change in step.changes]
        for side in ("originator", "responder"):
            assert [change for change in changes if change.endpoint == side] == [
                change for change in exchange.connection.transitions if change.endpoint == side
            ]
        last = steps[-1]
        assert last.originator.state == exchange.connection.originator.state_at_capture_end
        assert last.responder.state == exchange.connection.responder.state_at_capture_end


def test_states_stand_beside_the_segments_that_bring_them(tmp_path: Path) -> None:
    path = tmp_path / "a.pcap"
    path.write_bytes(closed())
    (exchange,) = read_exchanges([path], Choice())
    states = [f"{step.originator.state}/{step.responder.state}" for step in steps_of(exchange)]
    assert states == [
        "SYN-SENT/CLOSED",
        "ESTABLISHED/SYN-RECEIVED",
        "ESTABLISHED/ESTABLISHED",
        "ESTABLISHED/ESTABLISHED",
        "ESTABLISHED/ESTABLISHED",
        "FIN-WAIT-1/CLOSE-WAIT",
        "FIN-WAIT-2/CLOSE-WAIT",
        "TIME-WAIT/LAST-ACK",
        "TIME-WAIT/CLOSED",
    ]
    assert steps_of(exchange)[-1].responder.certainty == "inferred"


def test_receipt_that_comes_after_an_answer_is_a_step_of_its_own() -> None:
    path = RECORDINGS / "simultaneous_close@client.pcap"
    (exchange,) = read_exchanges([path], Choice())
    late = [step for step in steps_of(exchange) if step.rung is None]
    assert [(step.frame, str(step.responder.state)) for step in late] == [(8, "CLOSING")]
