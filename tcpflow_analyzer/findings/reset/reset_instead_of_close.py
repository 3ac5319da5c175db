"""RS001: an abort with nothing in flight.

Compiled: yes
"""

from collections.abc import Iterable

from tcpflow_analyzer.findings.finding import WARNING, CaptureView, Finding, Verdict, seconds
from tcpflow_analyzer.findings.lifecycle.judgement import judge
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.findings.reset.cause import (
    all_causes,
    causes,
    frames_of_resets,
    reset_certainty,
    sender_of,
)
from tcpflow_analyzer.findings.reset.evidence import reset_values
from tcpflow_analyzer.findings.reset.traits import caused
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.observation import RESET


def in_brief(connection: Connection, capture: CaptureView, verdict: Verdict) -> int:
    """What `reset_instead_of_close` says, without the words (registry.Brief)."""
    found = 0
    for each in all_causes(connection, capture.unread_window_ns):
        if each.code == "RS001":
            found += 1
            verdict.time_ns = each.reset.time_ns
    verdict.severity = WARNING
    return found


@finding(
    "RS001",
    severity="warning",
    since="0.1.0",
    wakes=RESET,
    resets=caused("RS001"),
    brief=in_brief,
)
def reset_instead_of_close(connection: Connection, capture: CaptureView) -> Iterable[Finding]:
    """An established connection was aborted by its own socket although nothing was lost.

    Set when all of the following hold:
      - an endpoint sent a RST that ended the connection;
      - all data of both directions had been acknowledged before it;
      - none of the causes that come first holds (refused or aborted handshake, TW003, RS002 to
        RS006, CL008, TW007): it is the rest, in practice a RST with ACK at SND.NXT.

    Superseded by: every other cause of a RST; RS003 where data arrived less than unread_window
        (seconds, default 5) before.
    Why it matters: the peer's application sees "connection reset" where it expects end of file, and
        no TIME-WAIT guards the socket pair against old segments (TW013).
    What to do: look for SO_LINGER with a time of 0, for abort(), for a client that closes without
        having read the last answer, for a listener closed while connections waited in its queue,
        for a proxy that ends idle connections by RST.
    Not proof of: a fault; load balancers and health checks do it on purpose.
    Other tools: Wireshark tcp.connection.rst; Zeek RSTO or RSTR; tcptrace RESET; conntrack CLOSE;
        Suricata has no name for it.
    References: RFC 9293 sections 3.10.5 (ABORT) and 3.5.2; Linux net/ipv4/tcp.c, tcp_close.
    Seen in: fixtures/findings/RS001-reset-instead-of-close
    """
    found: list[Finding] = []
    for each in causes(connection, "RS001", capture.settings):
        reset = each.reset
        values = reset_values(connection, reset)
        template = (
            "{sender} reset the connection in {state} (frame {frame}), with nothing in flight"
        )
        last_ns = max(reset.sender_data_time_ns, reset.receiver_data_time_ns)
        if last_ns:
            values["idle"] = seconds(reset.time_ns - last_ns)
            template += ", {idle:.6f} s after the last data"
        found.append(
            judge(
                "RS001",
                connection,
                about=sender_of(connection, reset),
                certainty=reset_certainty(connection, reset),
                time_ns=reset.time_ns,
                frames=frames_of_resets(each.resets),
                template=template,
                values=values,
                why="the RST ended the connection and both ends' data had been acknowledged",
                would_disprove="octets that were sent before the RST and that the capture missed",
            )
        )
    return found
