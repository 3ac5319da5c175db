"""Comments of extracted frames: states after each segment, changes, findings it proves."""

from pathlib import Path

from support.capture_builder import pcap
from support.evidence import exchange_with_evidence
from support.places import FIXTURES
from tcpflow_analyzer.exchange import Choice, read_exchanges
from tcpflow_analyzer.report.frame_comments import frame_comments

#       originator                         responder
#   8.  ESTABLISHED --> FIN,ACK        --> CLOSE-WAIT
#   9.  FIN-WAIT-2  <-- ACK            <-- CLOSE-WAIT


def test_each_segment_tells_where_both_ends_stand() -> None:
    (exchange,) = read_exchanges([FIXTURES / "recordings" / "half_close.pcap"], Choice.of([1]))
    comments = frame_comments(exchange.connection, exchange.rungs, exchange.findings)
    assert list(comments) == [rung.frame for rung in exchange.rungs]
    assert comments[8][0] == ("tcpflow #1: 10.9.6.1:40000 FIN-WAIT-1, 10.9.6.2:8080 CLOSE-WAIT")
    assert "10.9.6.1:40000 ESTABLISHED to FIN-WAIT-1: sent FIN" in comments[8]
    assert "LC007 half-close" in comments[8]
    assert comments[9][0].startswith("tcpflow #1: 10.9.6.1:40000 FIN-WAIT-2")


def test_warnings_and_errors_are_told_in_full() -> None:
    (folder,) = (FIXTURES / "findings").glob("HS004-*")
    (capture,) = folder.glob("fires.*")
    exchanges = read_exchanges([capture], Choice.of(codes=["HS004"]))
    lines = [
        line
        for each in exchanges
        for said in frame_comments(each.connection, each.rungs, each.findings).values()
        for line in said
    ]
    assert any(line.startswith("HS004 ") and ": " in line for line in lines)


def test_findings_stand_on_frames_that_are_no_segments(tmp_path: Path) -> None:
    path = tmp_path / "a.pcap"
    path.write_bytes(pcap(exchange_with_evidence()))
    (each,) = read_exchanges([path], Choice())
    comments = frame_comments(each.connection, each.rungs, each.findings, each.evidence)
    assert sorted(comments) == list(range(1, 10))
    about = "tcpflow #1: 192.0.2.1:40000 > 198.51.100.1:80, no segment of its own"
    assert comments[5] == [about]
    assert comments[9][0] == about
    assert comments[9][1].startswith("OP006 header-malformed (error)")
