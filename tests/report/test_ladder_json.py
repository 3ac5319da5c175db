"""Ladders as JSON."""

import json
from pathlib import Path

from support.places import RECORDINGS
from support.small_captures import closed
from tcpflow_analyzer.exchange import Choice, read_exchanges
from tcpflow_analyzer.report.ladder_json import ladder_json


def test_steps_carry_the_segments_and_the_states(tmp_path: Path) -> None:
    path = tmp_path / "a.pcap"
    path.write_bytes(closed())
    (found,) = read_exchanges([path], Choice())
    result = json.loads("".join(ladder_json(found.connection, found.rungs, found.findings)))
    assert result["id"] == 1
    assert result["originator"] == {"address": "192.0.2.1", "port": 40000}
    assert [finding["code"] for finding in result["findings"]] == [
        finding.code for finding in found.findings
    ]
    assert len(result["steps"]) == 9
    fin = result["steps"][5]
    assert (fin["kind"], fin["frame"]) == ("segment", 6)
    assert fin["segment"]["control_bits"] == ["FIN", "ACK"]
    assert (fin["segment"]["seq"], fin["segment"]["relative_seq"]) == (1008, 8)
    assert (fin["segment"]["ack"], fin["segment"]["relative_ack"]) == (5007, 7)
    assert fin["originator"] == {"state": "FIN-WAIT-1", "certainty": "observed"}
    assert [change["event"] for change in fin["transitions"]] == ["sent FIN", "received FIN"]


def test_change_without_a_segment_is_an_event() -> None:
    path = RECORDINGS / "syn_rejected_by_icmp@client.pcap"
    (found,) = read_exchanges([path], Choice())
    result = json.loads("".join(ladder_json(found.connection, found.rungs, found.findings)))
    event = result["steps"][-1]
    assert (event["kind"], event["segment"], event["frame"]) == ("event", None, 2)
    assert event["originator"]["state"] == "CLOSED"
