"""RS005: a RST behind both FINs.

Compiled: yes
"""

from collections.abc import Iterator

from tcpflow_analyzer.findings.finding import CaptureView, Finding, seconds
from tcpflow_analyzer.findings.lifecycle.judgement import judge
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.findings.reset.cause import (
    causes,
    frames_of_resets,
    reset_certainty,
    sender_of,
)
from tcpflow_analyzer.findings.reset.evidence import reset_values
from tcpflow_analyzer.findings.reset.traits import caused
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.observation import RESET


@finding("RS005", severity="info", since="0.1.0", wakes=RESET, resets=caused("RS005"))
def reset_after_close(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """A RST came after both FINs were exchanged; a harmless tail.

    Set when all of the following hold:
      - both endpoints had sent FIN before the RST;
      - the sender of the RST had acknowledged its peer's FIN.

    Supersedes: RS006 to RS001. Superseded by: TW003 (the RST answers a repeated FIN that TIME-WAIT
        should have acknowledged) and TW007 (it hits a TIME-WAIT).
    Why it matters: it does not; counters of resets nevertheless rise.
    What to do: nothing. Clients that close with SO_LINGER after the server's FIN do it.
    Not proof of: lost data; both directions were complete.
    Other tools: Wireshark tcp.connection.rst; Zeek stays SF, letter R in the history; tcptrace
        RESET; conntrack CLOSE; Suricata has no name for it.
    References: RFC 9293 section 3.5.2.
    Seen in: fixtures/findings/RS005-reset-after-close
    """
    for found in causes(connection, "RS005", capture.settings):
        reset = found.reset
        originator, responder = connection.originator, connection.responder
        last_fin_ns = max(originator.fin_time_ns, responder.fin_time_ns)
        values = reset_values(connection, reset)
        values["originator_fin"] = originator.fin_frame
        values["responder_fin"] = responder.fin_frame
        values["delay"] = seconds(reset.time_ns - last_fin_ns)
        yield judge(
            "RS005",
            connection,
            about=sender_of(connection, reset),
            certainty=reset_certainty(connection, reset),
            time_ns=reset.time_ns,
            frames=(originator.fin_frame, responder.fin_frame, *frames_of_resets(found.resets)),
            template=(
                "{sender} in {state} sent RST (frame {frame}) {delay:.6f} s after the second of "
                "the FINs (frames {originator_fin} and {responder_fin})"
            ),
            values=values,
            why="both FINs had been sent, and the RST's sender had acknowledged its peer's",
            would_disprove="one of the FINs belonging to another incarnation",
        )
