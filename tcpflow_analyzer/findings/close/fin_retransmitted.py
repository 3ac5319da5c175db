"""CL002: the same FIN again."""

from collections.abc import Iterator
from typing import Final

from tcpflow_analyzer.findings.finding import CaptureView, Finding, endpoint_name, seconds
from tcpflow_analyzer.findings.lifecycle.judgement import frames_of, judge, tallies
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.observation import FIN_REPEATED, Tally

TOO_EARLY_NS: Final = 200_000_000  # Linux TCP_RTO_MIN: anything faster is a tail loss probe


@finding("CL002", severity="warning", since="0.1.0", wakes=FIN_REPEATED)
def fin_retransmitted(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """The same FIN was sent again.

    Set when all of the following hold:
      - an endpoint sent FIN at the same sequence number at least twice;
      - the later one is no copy made by the capture (CP006).
    The cause is told: `ack-lost` where an acknowledgement of it had been captured before,
    `too-early` where it came less than 200 ms after the one before, else `fin-lost`.

    Supersedes: nothing; TW002 or TW003 tell what TIME-WAIT made of it, CL001 that none was
        answered.
    Why it matters: the close takes a retransmission timeout longer; frequent ones show loss.
    What to do: compare captures of both ends; look for loss in the direction that the cause names.
    Not proof of: loss before the tap; the FIN or its ACK died behind it.
    Other tools: Wireshark tcp.analysis.retransmission, tcp.fin_retransmission; tcptrace "SYN/FIN
        pkts sent"; Suricata flags it in FIN states; Zeek writes F once; conntrack stays in its
        state ("Retransmitted FIN").
    References: RFC 6298 section 5; RFC 9293 section 3.6; RFC 8985 section 7 (tail loss probe).
    Seen in: fixtures/findings/CL002-fin-retransmitted
    """
    for sender, tally in tallies(connection, FIN_REPEATED):
        first = tally.kept[0]
        acks = sorted({seen.second for seen in tally.kept if seen.second > 0})
        yield judge(
            "CL002",
            connection,
            about=sender,
            certainty="observed",
            time_ns=tally.last.time_ns,
            frames=(sender.fin_frame, *acks, *frames_of(tally)),
            frame_count=1 + len(acks) + tally.count,
            template=_TEMPLATES[_cause(tally)],
            values={
                "sender": endpoint_name(connection, sender),
                "fin_frame": sender.fin_frame,
                "frame": first.frame,
                "gap": seconds(first.first),
                "count": tally.count,
                "ack_frame": first.second,
                "cause": _cause(tally),
            },
            why="a segment with FIN ends at the same octet as the first FIN",
            would_disprove="the capture having recorded one segment twice",
        )


_TEMPLATES: Final = {
    "ack-lost": (
        "{sender} repeated its FIN (frame {fin_frame}) {count} times, first after {gap:.6f} s "
        "(frame {frame}), although frame {ack_frame} acknowledges it: that ACK did not arrive"
    ),
    "too-early": (
        "{sender} repeated its FIN (frame {fin_frame}) {count} times, first after only {gap:.6f} s "
        "(frame {frame})"
    ),
    "fin-lost": (
        "{sender} repeated its FIN (frame {fin_frame}) {count} times, first after {gap:.6f} s "
        "(frame {frame}); no ACK of it was captured before"
    ),
}


def _cause(tally: Tally) -> str:
    first = tally.kept[0]
    if first.second > 0:
        return "ack-lost"
    return "too-early" if first.first < TOO_EARLY_NS else "fin-lost"
