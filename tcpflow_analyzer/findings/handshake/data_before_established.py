"""HS015: data too early."""

from collections.abc import Iterator

from tcpflow_analyzer.findings.finding import CaptureView, Finding, endpoint_name
from tcpflow_analyzer.findings.lifecycle.judgement import frames_of, judge, tallies
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.observation import DATA_BEFORE_ESTABLISHED, MIDSTREAM, Observation
from tcpflow_analyzer.tcp.states import STATE_NAMES


@finding("HS015", severity="warning", since="0.1.0", wakes=DATA_BEFORE_ESTABLISHED)
def data_before_established(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """Payload was sent before the sender could be ESTABLISHED.

    Set when one of the following holds, and Fast Open does not allow it:
      - the originator sends data, not in a SYN, before any SYN-ACK was captured;
      - the responder sends data before the third segment, and before any data, was captured.

    Superseded by: CP004 and CP007, where a lost or reordered frame explains it; CP001.
    Why it matters: a stack cannot send it; somebody else may have put it there.
    What to do: compare TTL and IP identification with the endpoint's other segments.
    Not proof of: an injection; a capture that lost the SYN-ACK looks the same.
    Other tools: Zeek data_before_established; Suricata 3whs_ack_data_inject; conntrack invalid;
        Wireshark and tcptrace have no name for it.
    References: RFC 9293 section 3.4; RFC 7413.
    Seen in: fixtures/findings/HS015-data-before-established
    """
    if connection.observed & MIDSTREAM:
        return
    for sender, tally in tallies(connection, DATA_BEFORE_ESTABLISHED):
        early = (item for item in tally.kept if not item.third)
        first = next((item for item in early if not _completed_before(connection, item)), None)
        if first is None:
            continue
        yield judge(
            "HS015",
            connection,
            about=sender,
            certainty="inferred",
            time_ns=tally.last.time_ns,
            frames=frames_of(tally),
            frame_count=tally.count,
            template="{socket} sent {octets} octets in {state} (frame {frame}); {fate}",
            values={
                "socket": endpoint_name(connection, sender),
                "octets": first.first,
                "state": STATE_NAMES[first.second],
                "frame": first.frame,
                "fate": _fate(sender.snd_una > first.first),
            },
            why="nothing captured before allows the sender to be ESTABLISHED",
            would_disprove="a segment of the handshake that the capture missed",
        )


def _completed_before(connection: Connection, early: Observation) -> bool:
    """Whether the third segment was captured before: its receipt is not proven, but plausible."""
    return 0 < connection.ack_frame < early.frame


def _fate(acknowledged: bool) -> str:
    return "acknowledged later" if acknowledged else "never acknowledged"
