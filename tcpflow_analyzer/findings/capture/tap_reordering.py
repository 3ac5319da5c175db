"""CP007: the capture's order is not the order of events."""

from collections.abc import Iterator

from tcpflow_analyzer.findings.capture.whole_input import NOT_WOKEN, judge_input
from tcpflow_analyzer.findings.finding import CaptureView, Finding, noun, seconds
from tcpflow_analyzer.findings.registry import host_finding
from tcpflow_analyzer.table.connection import Connection


@host_finding("CP007", severity="info", since="0.2.0", wakes=NOT_WOKEN, context="file")
class TapReordering:
    """Capture order contradicts causality.

    Set when one of the following holds:
      - a frame, of whatever protocol, carries an earlier time than a frame before it: the file is
        not in "strict time order", as capinfos puts it;
      - on one connection, and at most 50 ms apart, an effect was captured before its cause: a
        SYN-ACK before its SYN, an ACK before the octets that it acknowledges.

    The observer goes by acknowledgement numbers rather than by the capture's order, so states
    change little; octets that come within reorder_slack (10 ms) are not reported by CP004.

    Supersedes: CP004 for octets that came within reorder_slack.
    Why it matters: times between the two directions are off by the skew, and so are round trips.
    What to do: capture both directions on one card; `reordercap`; `mergecap` with exact clocks.
    Not proof of: reordering on the network (SQ006).
    Other tools: Wireshark ack_lost_segment and out_of_order; Zeek history ^; tcptrace out-of-order
        warnings; Suricata and conntrack have no name for it.
    References: not in any RFC: the observer's position.
    Seen in: fixtures/findings/CP007-tap-reordering
    """

    def see(self, connection: Connection, capture: CaptureView) -> None:
        """Nothing: the observer has counted."""

    def findings(self, capture: CaptureView) -> Iterator[Finding]:
        """One finding for the whole input."""
        quality = capture.quality
        if quality is None or not quality.backwards + quality.early:
            return
        parts = []
        if quality.backwards:
            are = noun(int(quality.backwards), "frame is", "frames are")
            parts.append(f"{{backwards}} {are} earlier than one before, by up to {{back:.6f}} s")
        if quality.early:
            came = noun(
                int(quality.early),
                "segment came behind what it caused",
                "segments came behind what they caused",
            )
            parts.append(f"{{early}} {came}, by up to {{skew:.6f}} s")
        yield judge_input(
            "CP007",
            severity="info",
            time_ns=max(int(quality.backwards_last_ns), int(quality.early_last_ns)),
            frames=(int(quality.backwards_frame), int(quality.early_frame)),
            frame_count=int(quality.backwards + quality.early),
            template="; ".join(parts),
            values={
                "backwards": int(quality.backwards),
                "back": seconds(int(quality.backwards_ns)),
                "early": int(quality.early),
                "skew": seconds(int(quality.early_ns)),
            },
            why="time does not run backwards, and nothing is answered before it is sent",
            would_disprove="a segment sent twice, whose first copy the tap has missed",
        )
