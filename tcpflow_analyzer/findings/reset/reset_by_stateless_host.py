"""RS004: an end that lost its connection.

Compiled: yes
"""

from collections.abc import Iterator

from tcpflow_analyzer.findings.finding import CaptureView, Finding, seconds
from tcpflow_analyzer.findings.lifecycle.judgement import judge
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.findings.reset.cause import causes, frames_of_resets, sender_of
from tcpflow_analyzer.findings.reset.evidence import reset_values
from tcpflow_analyzer.findings.reset.traits import caused
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.observation import ONE_SIDED, RESET


@finding("RS004", severity="error", since="0.1.0", wakes=RESET, resets=caused("RS004"))
def reset_by_stateless_host(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """The RST has the form a stack sends when it has no such connection: the peer lost its state.

    Set when all of the following hold:
      - an endpoint believed in ESTABLISHED or CLOSE-WAIT, which had sent no FIN, sent RST;
      - the RST has no ACK, window 0, and the sequence number that a segment of its peer
        acknowledged at most 1 s before (or, if that segment had no ACK, SEQ 0 and ACK);
      - both directions were captured.

    Supersedes: RS002, RS003, RS001. Superseded by: CL008 where it had sent FIN.
    Why it matters: the host restarted, a failover or a balancer moved the address, or a state
        table on the way lost the entry; every other connection to it is likely to follow.
    What to do: compare the host's uptime and the balancer's log with the time of the RST; look for
        other RS004 of the same host; `ss -tn` on the host shows that the socket is gone.
    Not proof of: a crash; a process that was killed may leave a socket which answers in this form
        once its orphan is dropped.
    Other tools: Wireshark tcp.connection.rst; Zeek RSTR; tcptrace RESET; conntrack CLOSE; Suricata
        has no name for it.
    References: RFC 9293 section 3.5.2 groups 1 and 2, section 3.5.1 (half-open connections);
        Linux net/ipv4/tcp_ipv4.c, tcp_v4_send_reset.
    Seen in: fixtures/findings/RS004-reset-by-stateless-host
    """
    if connection.observed & ONE_SIDED:
        return
    for found in causes(connection, "RS004", capture.settings):
        reset = found.reset
        values = reset_values(connection, reset)
        template = (
            "{sender}, believed in {state}, answered frame {trigger} as if it had no socket: RST "
            "without a connection's numbers {delay:.6f} s later (frame {frame})"
        )
        if reset.sender_data_frame:
            values["silent"] = seconds(reset.time_ns - reset.sender_data_time_ns)
            template += "; its last data was {silent:.6f} s before"
        yield judge(
            "RS004",
            connection,
            about=sender_of(connection, reset),
            certainty="inferred",
            time_ns=reset.time_ns,
            frames=frames_of_resets(found.resets),
            template=template,
            values=values,
            why="its sequence number is the acknowledgement of the segment it answers, without ACK",
            would_disprove="later segments of the same socket that go on with its numbers (RS010)",
        )
