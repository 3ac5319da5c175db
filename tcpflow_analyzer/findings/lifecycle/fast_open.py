"""LC009: data in the SYN."""

from collections.abc import Iterator

from tcpflow_analyzer.findings.finding import CaptureView, Finding, endpoint_name
from tcpflow_analyzer.findings.lifecycle.judgement import judge, tallies
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.observation import FAST_OPEN


@finding("LC009", severity="info", since="0.1.0", wakes=FAST_OPEN)
def fast_open(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """TCP Fast Open was used or asked for.

    Set when one of the following holds:
      - used: the SYN has a cookie of 4 to 16 octets (option 34, or 254 with magic number F989) and
        data, and the SYN-ACK acknowledges more than ISS+1;
      - request: the SYN asks for a cookie with an empty option.

    Supersedes: HS016 where the data was accepted.
    Why it matters: saves one round trip; the data of the SYN may arrive twice.
    What to do: nothing; `sysctl net.ipv4.tcp_fastopen` and `nstat -az | grep FastOpen` on Linux.
    Not proof of: that the program read the data before the handshake was complete.
    Other tools: Wireshark tcp.options.tfo, tcp.analysis.tfo_syn and tfo_ack; Zeek SYN_with_data;
        Suricata follows it without an event; tcptrace and conntrack have no name for it.
    References: RFC 7413 sections 3 and 4.
    Seen in: fixtures/findings/LC009-fast-open
    """
    for opener, tally in tallies(connection, FAST_OPEN):
        # The SYN-ACK tells how much was accepted, so the last observation knows most.
        last = tally.last
        if last.first == 0:
            template = "{socket} asked for a Fast Open cookie (frame {syn_frame})"
        elif last.third > 0:
            template = (
                "{socket} sent {octets} octets in its SYN (frame {syn_frame}) with a cookie of "
                "{cookie} octets; the SYN-ACK (frame {synack_frame}) accepted {accepted}"
            )
        else:
            continue
        yield judge(
            "LC009",
            connection,
            about=opener,
            certainty="observed",
            time_ns=last.time_ns,
            frames=(connection.syn_frame or opener.first_frame, last.frame),
            template=template,
            values={
                "socket": endpoint_name(connection, opener),
                "use": "used" if last.first else "request",
                "cookie": last.first,
                "octets": last.second,
                "accepted": last.third,
                "syn_frame": connection.syn_frame or opener.first_frame,
                "synack_frame": connection.synack_frame,
            },
            why="the option of the SYN"
            if last.first == 0
            else "SEG.ACK of the SYN-ACK is beyond ISS+1",
            would_disprove="a SYN-ACK that acknowledges ISS+1 only",
        )
