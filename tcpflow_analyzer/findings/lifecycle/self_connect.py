"""LC003: a socket that is its own peer."""

from collections.abc import Iterator

from tcpflow_analyzer.findings.finding import CaptureView, Finding, endpoint_name
from tcpflow_analyzer.findings.lifecycle.judgement import judge
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.observation import SELF_CONNECT


@finding("LC003", severity="info", since="0.1.0", wakes=SELF_CONNECT, fact=True)
def self_connect(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """A socket connected to itself: a simultaneous open of one.

    Set when all of the following hold:
      - source and destination address and port are the same;
      - a SYN without ACK was seen.

    Supersedes: LC002.
    Why it matters: a client that tries a local port of the ephemeral range again and again may meet
        itself while nothing listens there, and TIME-WAIT then keeps the listener from its port.
    What to do: let the service use a port outside the ephemeral range
        (`sysctl net.ipv4.ip_local_reserved_ports`); compare getsockname() with getpeername().
    Not proof of: a service that answers.
    Other tools: Wireshark, Zeek and tcptrace have no name for it; conntrack SYN_SENT2; Suricata has
        no name for it.
    References: RFC 9293 section 3.5; Linux net/ipv4/tcp_input.c, tcp_rcv_synsent_state_process.
    Seen in: fixtures/findings/LC003-self-connect
    """
    yield judge(
        "LC003",
        connection,
        about=None,
        certainty="observed",
        time_ns=max(connection.first_time_ns, connection.synack_time_ns),
        frames=(connection.first_frame, connection.synack_frame),
        template="{socket} connected to itself (SYN in frame {syn_frame})",
        values={
            "socket": endpoint_name(connection, connection.originator),
            "syn_frame": connection.first_frame,
            "synack_frame": connection.synack_frame,
        },
        why="both sockets of the pair are the same",
        would_disprove="an address translator that made two sockets look like one",
    )
