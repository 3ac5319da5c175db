"""RS013: a RST that carries text."""

from collections.abc import Iterator

from tcpflow_analyzer.findings.finding import CaptureView, Finding, endpoint_name
from tcpflow_analyzer.findings.lifecycle.judgement import judge
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.findings.reset.cause import sender_of
from tcpflow_analyzer.findings.reset.traits import WITH_PAYLOAD
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.observation import RESET


@finding("RS013", severity="info", since="0.1.0", wakes=RESET, resets=WITH_PAYLOAD)
def reset_with_payload(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """The RST carries data: a diagnostic text, or a device's signature.

    Set when the following holds:
      - a RST has a payload. It never counts as data of the stream.

    Supersedes: nothing; it is an annotation to the cause.
    Why it matters: the text often names who sent the RST and why.
    What to do: read it; at most 80 octets are shown.
    Not proof of: anything by itself; RFC 9293 permits it.
    Other tools: Wireshark tcp.reset_cause; Zeek RST_with_data (disabled in its source); Suricata
        rst_with_data; tcptrace and conntrack have no name for it.
    References: RFC 1122 section 4.2.2.12; RFC 9293 section 3.5.3.
    Seen in: fixtures/findings/RS013-reset-with-payload
    """
    for reset in connection.resets or ():
        if reset.payload_len == 0:
            continue
        endpoint = sender_of(connection, reset)
        yield judge(
            "RS013",
            connection,
            about=endpoint,
            certainty="observed",
            time_ns=reset.time_ns,
            frames=(reset.frame,),
            template='RST of {sender} (frame {frame}) carries {octets} octets: "{text}"',
            values={
                "sender": endpoint_name(connection, endpoint),
                "frame": reset.frame,
                "octets": reset.payload_len,
                "text": printable(reset.excerpt),
            },
            why="the segment has RST set and a payload",
            would_disprove="the octets being padding of the link layer",
        )


def printable(octets: bytes) -> str:
    """Octets as text: printable ASCII as it is, anything else as a full stop."""
    return "".join(chr(octet) if 32 <= octet < 127 else "." for octet in octets)
