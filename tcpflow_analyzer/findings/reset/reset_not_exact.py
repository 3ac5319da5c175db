"""RS008: a RST that RFC 5961 answers with a challenge."""

from collections.abc import Iterator

from tcpflow_analyzer.findings.finding import CaptureView, Finding
from tcpflow_analyzer.findings.lifecycle.judgement import judge
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.findings.reset.cause import sender_of
from tcpflow_analyzer.findings.reset.evidence import reset_values
from tcpflow_analyzer.findings.reset.traits import NOT_EXACT
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.observation import (
    CHALLENGE_ACK,
    RESET,
    RST_NOT_EXACT,
    Reset,
)


@finding("RS008", severity="warning", since="0.1.0", wakes=RESET, resets=NOT_EXACT)
def reset_not_exact(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """A RST lies inside the window but not at RCV.NXT: stacks challenge it instead of closing.

    Set when all of the following hold:
      - the receiver was synchronised and the RST's sequence number lies in its window;
      - the number is certainly not RCV.NXT, not the right edge of a SACK block that the receiver
        sent, and not RCV.NXT less one after it received a FIN (Linux accepts these).
    The outcome is told: challenged (RS009), ignored (the receiver went on), or unknown.

    Supersedes: nothing; an exact RST that follows the challenge has a cause of its own.
    Why it matters: a genuine abort takes one more round trip; a forged one fails.
    What to do: nothing where an exact RST follows. Without one, look for who sent it (RS011).
    Not proof of: forgery; data that was lost before the RST makes it inexact, too.
    Other tools: Suricata judges by operating system, without an event; conntrack only checks the
        window; Wireshark, Zeek and tcptrace have no name for it.
    References: RFC 5961 section 3.2; Linux net/ipv4/tcp_input.c, tcp_validate_incoming.
    Seen in: fixtures/findings/RS008-reset-not-exact
    """
    for reset in connection.resets or ():
        if reset.verdict != RST_NOT_EXACT:
            continue
        outcome, answer = _outcome(connection, reset)
        values = reset_values(connection, reset)
        values |= {
            "offset": reset.seq_offset - reset.expected,
            "outcome": outcome,
            "answer": answer,
        }
        yield judge(
            "RS008",
            connection,
            about=sender_of(connection, reset),
            certainty="inferred",
            time_ns=reset.time_ns,
            frames=(reset.frame, answer),
            template=(
                "RST of {sender} (frame {frame}) is {offset:+d} octets off RCV.NXT of {peer}: "
                + _OUTCOMES[outcome]
            ),
            values=values,
            why="its sequence number is in the window and differs from every RCV.NXT possible",
            would_disprove="segments that the capture missed and that moved RCV.NXT",
        )


_OUTCOMES = {
    "challenged": "answered by a challenge ACK (frame {answer})",
    "ignored": "{peer} went on (frame {answer})",
    "unknown": "{peer} sent nothing afterwards",
}


def _outcome(connection: Connection, reset: Reset) -> tuple[str, int]:
    """What the receiver did, and the frame that shows it (0 for none)."""
    tally = connection.tally(CHALLENGE_ACK, not reset.of_originator)
    for seen in tally.kept if tally is not None else ():
        if seen.first == reset.frame:
            return "challenged", seen.frame
    receiver = connection.endpoint(not reset.of_originator)
    if receiver.last_frame > reset.frame:
        return "ignored", receiver.last_frame
    return "unknown", 0
