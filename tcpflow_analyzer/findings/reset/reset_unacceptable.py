"""RS007: a RST that must be ignored."""

from collections.abc import Iterator

from tcpflow_analyzer.findings.finding import CaptureView, Finding
from tcpflow_analyzer.findings.lifecycle.judgement import both, judge
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.findings.reset.evidence import reset_values
from tcpflow_analyzer.findings.reset.traits import UNACCEPTABLE
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.observation import (
    ACKED_UNSEEN,
    ONE_SIDED,
    RESET,
    RST_UNACCEPTABLE,
)
from tcpflow_analyzer.tcp.states import SYN_SENT


@finding("RS007", severity="warning", since="0.1.0", wakes=RESET, resets=UNACCEPTABLE)
def reset_unacceptable(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """A RST lies outside the receiver's window, or has a wrong ACK; the receiver must ignore it.

    Set when all of the following hold:
      - the receiver was synchronised and the RST's sequence number lies outside the widest window
        that it may have; or the receiver was in SYN-SENT and the RST does not acknowledge its SYN;
      - both directions were captured without a gap.

    Supersedes: every cause (RS001 to RS006): a RST that is ignored ends nothing.
    Why it matters: somebody sends resets without knowing the connection: an old duplicate, a
        middlebox that is out of step, or an attempt to cut the connection blindly.
    What to do: compare the TTL with other segments of the same address (RS011); capture on the
        seeming sender to see whether it sent the RST.
    Not proof of: an attack; a host that restarted may answer an old duplicate.
    Other tools: Suricata rst_invalid_ack; conntrack "invalid RST"; Zeek accepts any RST; Wireshark
        and tcptrace have no name for it.
    References: RFC 9293 section 3.5.3; RFC 5961 section 3.2.
    Seen in: fixtures/findings/RS007-reset-unacceptable
    """
    if connection.observed & (ONE_SIDED | ACKED_UNSEEN):
        return
    for sender in both(connection):
        rejected = [
            reset
            for reset in connection.resets or ()
            if reset.verdict == RST_UNACCEPTABLE and reset.of_originator == sender.is_originator
        ]
        if not rejected:
            continue
        reset = rejected[0]
        values = reset_values(connection, reset)
        values["distance"] = reset.seq_offset - reset.expected
        values["count"] = len(rejected)
        if reset.receiver_state == SYN_SENT:
            template = (
                "RST of {sender} (frame {frame}) does not acknowledge the SYN of {peer}, which is "
                "in SYN-SENT and has to ignore it"
            )
        else:
            template = (
                "RST of {sender} (frame {frame}) has sequence number {seq}, {distance:+d} from the "
                "{expected} that {peer} in {peer_state} expects: outside its window"
            )
        yield judge(
            "RS007",
            connection,
            about=sender,
            certainty="inferred",
            time_ns=rejected[-1].time_ns,
            frames=[each.frame for each in rejected],
            template=template,
            values=values,
            why="no window that the receiver may have had holds the RST's sequence number",
            would_disprove="segments that the capture missed and that moved the window",
        )
