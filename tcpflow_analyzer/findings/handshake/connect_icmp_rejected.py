"""HS005: an ICMP error for a SYN."""

from collections.abc import Iterator

from tcpflow_analyzer.findings.finding import CaptureView, Finding, endpoint_name
from tcpflow_analyzer.findings.handshake.icmp_error import icmp_error_name
from tcpflow_analyzer.findings.lifecycle.judgement import frames_of, judge, tallies
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.observation import ICMP_REJECTED, SYN_REPEATED
from tcpflow_analyzer.table.socket_pair import address_text


@finding(
    "HS005",
    severity="error",
    severities=("warning", "error"),
    since="0.1.0",
    wakes=ICMP_REJECTED,
)
def connect_icmp_rejected(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """The SYN drew an ICMP or ICMPv6 error.

    Set when all of the following hold:
      - an endpoint is in SYN-SENT;
      - an ICMP error of type 3 (codes 0 to 4, 9, 10, 13) or 11, or ICMPv6 of type 1, 2 or 3, quotes
        its SYN: addresses, ports and sequence number.

    Hard errors (ICMP codes 2 and 3, ICMPv6 codes 1 and 4) end the attempt; the others are soft, the
    originator may go on. A warning when the connection opened in spite of it.

    Supersedes: HS001, HS002, HS004.
    Why it matters: connect() fails with EHOSTUNREACH, ENETUNREACH or ECONNREFUSED, or hangs on
        although the reason is known.
    What to do: ask the sender of the error: a router without a route (`ip route get`), or a filter
        that rejects with an ICMP error (`nft list ruleset`, `iptables -L -v`).
    Not proof of: an error of the host addressed; the sender of the ICMP error is named.
    Other tools: Wireshark icmp fields of another packet; Zeek icmp_unreachable; conntrack RELATED;
        Argus states URH, URP, URN; Suricata and tcptrace have no name for it.
    References: RFC 9293 section 3.9.2.2; RFC 1122 section 4.2.3.9; RFC 5461; RFC 5927.
    Seen in: fixtures/findings/HS005-connect-icmp-rejected
    """
    for _, tally in tallies(connection, ICMP_REJECTED):
        opener = connection.originator
        error = tally.last
        source = "unknown"
        if len(connection.icmp_source) in (4, 16):
            source = address_text(bytes(connection.icmp_source))
        opened = connection.ack_frame > 0
        repeats = connection.tally(SYN_REPEATED, True)
        went_on = repeats is not None and repeats.last.time_ns > tally.kept[0].time_ns
        yield judge(
            "HS005",
            connection,
            about=opener,
            severity="warning" if opened else "error",
            certainty="observed",
            time_ns=error.time_ns,
            frames=[opener.first_frame, *frames_of(tally)],
            frame_count=tally.count + 1,
            template=(
                "{source} answered the SYN of {originator} to {responder} (frame {syn_frame}) with "
                'ICMP "{error}" (frame {icmp_frame}), {hardness}'
            ),
            values={
                "source": source,
                "originator": endpoint_name(connection, opener),
                "responder": endpoint_name(connection, connection.responder),
                "syn_frame": opener.first_frame,
                "icmp_frame": error.frame,
                "error": icmp_error_name(connection.address_len, error.first, error.second),
                "type": error.first,
                "code": error.second,
                "hardness": "a hard error" if error.third else "a soft error",
                "kept_trying": went_on,
                "opened": opened,
            },
            why="the ICMP error quotes this SYN's addresses, ports and sequence number",
            would_disprove="a forged ICMP error from outside the path",
        )
