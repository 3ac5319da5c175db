"""HS019: closing what was never open."""

from collections.abc import Iterator

from tcpflow_analyzer.findings.finding import CaptureView, Finding, endpoint_name
from tcpflow_analyzer.findings.lifecycle.judgement import frames_of, judge, tallies
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.observation import FIN_BEFORE_ESTABLISHED, MIDSTREAM, ONE_SIDED
from tcpflow_analyzer.tcp.states import STATE_NAMES


@finding("HS019", severity="warning", since="0.1.0", wakes=FIN_BEFORE_ESTABLISHED)
def fin_before_established(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """A FIN was sent before the sender was synchronized.

    Set when all of the following hold:
      - an endpoint sends FIN while believed in CLOSED, LISTEN or SYN-SENT (in SYN-RECEIVED it may);
      - both directions were captured from the beginning of the connection.

    Superseded by: CP001, CP003.
    Why it matters: a stack in these states sends no FIN; FIN scans and broken programs do.
    What to do: look who sends it: `nmap -sF` leaves such traces.
    Not proof of: a scan; a capture that lost the handshake looks the same.
    Other tools: Zeek inappropriate_FIN, spontaneous_FIN, conn_state SH; Suricata
        fin_but_no_session; Wireshark tcp.completeness without the SYN-ACK bit; conntrack invalid
        (sIV); tcptrace has no name for it.
    References: RFC 9293 sections 3.9.1.4, 3.10.7.1 to 3.10.7.3.
    Seen in: fixtures/findings/HS019-fin-before-established
    """
    if connection.observed & (MIDSTREAM | ONE_SIDED):
        return
    for sender, tally in tallies(connection, FIN_BEFORE_ESTABLISHED):
        first = tally.kept[0]
        rst_frame = next(
            (
                reset.frame
                for reset in connection.resets or ()
                if reset.of_originator != sender.is_originator and reset.frame > first.frame
            ),
            0,
        )
        yield judge(
            "HS019",
            connection,
            about=sender,
            certainty="inferred",
            time_ns=tally.last.time_ns,
            frames=[connection.first_frame, rst_frame, *frames_of(tally)],
            frame_count=tally.count,
            template="{socket} sent FIN in {state} (frame {frame}); {answer}",
            values={
                "socket": endpoint_name(connection, sender),
                "state": STATE_NAMES[first.first],
                "frame": first.frame,
                "answer": f"RST in frame {rst_frame}" if rst_frame else "no RST seen",
            },
            why="nothing captured before allows the sender to be synchronized",
            would_disprove="a segment of the handshake that the capture missed",
        )
