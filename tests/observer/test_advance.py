"""The order of evaluation: causality before capture order, copies left out, octets counted once.

States are in test_<state>.py and test_rfc9293_figures.py; here is what one segment does besides.
"""

import json
from typing import Any

import pytest

from support.ladder import Ladder, capture
from support.openings import OPEN
from support.places import FIXTURES
from support.states import (
    analysis_of_octets,
    assert_ladder,
    report_of,
    the_connection,
)
from tcpflow_analyzer.settings import Settings


def test_fin_earlier_in_the_capture_was_not_received_if_it_is_not_acknowledged() -> None:
    # RFC 9293 figure 13 by its numbers alone, whatever the order of the capture.
    connection = the_connection(
        assert_ladder(
            OPEN
            + """
            --> <SEQ=1001><ACK=5001><CTL=FIN,ACK>  ...
            <-- <SEQ=5001><ACK=1001><CTL=FIN,ACK>  <--
            <-- <SEQ=5002><ACK=1002><CTL=ACK>      <--
            --> <SEQ=1002><ACK=5002><CTL=ACK>      -->
        """
        )
    )
    assert connection["close"]["shape"] == "simultaneous"


def test_octets_are_counted_once() -> None:
    connection = the_connection(
        assert_ladder(
            OPEN
            + """
            --> <SEQ=1001><ACK=5001><CTL=ACK><LEN=100> -->
            +0.3 s
            --> <SEQ=1001><ACK=5001><CTL=ACK><LEN=100> -->
            --> <SEQ=1051><ACK=5001><CTL=ACK><LEN=100> -->
            --> <SEQ=1151><ACK=5001><CTL=FIN,ACK><LEN=10> -->
        """
        )
    )
    originator = connection["originator"]
    assert (originator["payload_octets"], originator["unique_octets"]) == (310, 160)
    assert (originator["segments"], originator["retransmitted_segments"]) == (6, 1)


def test_timestamp_echo_proves_a_pure_ack() -> None:
    # B's data acknowledges nothing new, but names the timestamp of A's ACK of the FIN.
    connection = the_connection(
        assert_ladder("""
            --> <CTL=SYN><TSVAL=10>                             -->
            <-- <CTL=SYN,ACK><TSVAL=90><TSECR=10>               <--
            --> <CTL=ACK><TSVAL=11><TSECR=90>                   -->
            <-- <CTL=FIN,ACK><TSVAL=91><TSECR=11>               <--
            --> <CTL=ACK><TSVAL=12><TSECR=91>                   --> FIN-WAIT-2
            --> <CTL=ACK><LEN=5><TSVAL=13><TSECR=91>            -->
            <-- <CTL=ACK><TSVAL=92><TSECR=13>                   <-- FIN-WAIT-2
        """)
    )
    change = next(c for c in connection["transitions"] if c["to"] == "FIN-WAIT-2")
    assert (change["frame"], change["proved_by_frame"]) == (5, 7)


def test_believed_receipts_are_dated_half_a_round_trip_after_the_frame() -> None:
    connection = the_connection(
        analysis_of_octets(capture(Ladder(OPEN + "--> <CTL=FIN,ACK> -->", gap_ns=40_000_000)))
    )
    change = connection["transitions"][-1]
    assert change["event"] == "received FIN"
    assert change["time_ns"] == connection["last_time_ns"] + 20_000_000


def test_first_transition_has_the_time_of_the_first_frame() -> None:
    connection = the_connection(assert_ladder(OPEN))
    assert connection["transitions"][0]["time_ns"] == connection["first_time_ns"]
    assert connection["handshake"]["syn_to_synack_ns"] == 10_000_000
    assert connection["handshake"]["synack_to_ack_ns"] == 10_000_000


@pytest.mark.parametrize("codes", ["LC00*", "HS01*", "TW00*", "RS010*", "CP0[01]1*"])
def test_keeping_the_way_to_a_state_changes_nothing(codes: str) -> None:
    def without_ways(settings: Settings) -> list[dict[str, Any]]:
        analyses = [json.loads(report_of([path], settings)) for path in captures]
        for analysis in analyses:
            for connection in analysis["connections"]:
                for name in ("transitions", "zeek"):
                    del connection[name]
        return [{key: each[key] for key in ("connections", "findings")} for each in analyses]

    captures = sorted((FIXTURES / "findings").glob(f"{codes}/fires.pcap"))
    assert captures
    kept, not_kept = Settings(), Settings(keep_transitions=False, keep_history=False)
    assert without_ways(kept) == without_ways(not_kept)
