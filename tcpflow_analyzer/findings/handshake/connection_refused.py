"""HS004: a RST for a SYN.

Compiled: yes
"""

from collections.abc import Iterable
from typing import Final

from mypy_extensions import i64

from tcpflow_analyzer.findings.finding import (
    ERROR,
    SEVERITIES,
    WARNING,
    CaptureView,
    Finding,
    Verdict,
    endpoint_name,
    seconds,
)
from tcpflow_analyzer.findings.handshake.waiting import (
    RETRY_WINDOW_NS,
    explained,
    explained_request,
)
from tcpflow_analyzer.findings.lifecycle.judgement import judge, peer_of, tallies
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.table.connection import Connection, Request
from tcpflow_analyzer.table.observation import ICMP_REJECTED, REFUSED

HOPS_APART: Final = 3  # more than this between RST and the host's other segments: another sender


def of_request(request: Request, capture: CaptureView, verdict: Verdict) -> int:
    """What `connection_refused` says of a SYN that was sent once (registry.RequestBrief)."""
    if request.reset_frame == 0 or explained_request(request, capture):
        return 0
    verdict.time_ns = request.reset_time_ns
    verdict.severity = _severity(request.retried, request.reset_time_ns, capture)
    return 1


def _severity(retried: bool, refused_ns: i64, capture: CaptureView) -> i64:
    """An error when it is the last word."""
    if not retried and capture.waited(refused_ns, RETRY_WINDOW_NS):
        return ERROR
    return WARNING


@finding(
    "HS004",
    severity="warning",
    severities=("warning", "error"),
    since="0.1.0",
    wakes=REFUSED,
    request=of_request,
)
def connection_refused(connection: Connection, capture: CaptureView) -> Iterable[Finding]:
    """The SYN was answered by RST: nothing listens, or a filter rejects.

    Set when all of the following hold:
      - an endpoint in SYN-SENT receives RST with ACK;
      - it acknowledges exactly what the SYN sent (ISS+1 and the SYN's data).

    An error when it is the last word: the capture goes on for 10 s and no other attempt of the same
    originator at the same service succeeds in that time.

    Superseded by: HS005 when an ICMP error came first; FL001, FL004, FL007 for their members.
    Why it matters: connect() fails with ECONNREFUSED at once.
    What to do: `ss -ltn` on the host that refused; is the service up, bound to this address, and
        not behind a filter with REJECT --reject-with tcp-reset?
    Not proof of: a host without the service; a filter on the way may have sent the RST (its TTL
        then often differs).
    Other tools: Wireshark tcp.connection.rst, tcp.completeness 37; Zeek conn_state REJ,
        connection_rejected; conntrack deletes the entry; tcptrace RESET; Suricata has no name for
        it.
    References: RFC 9293 sections 3.5.2 group 1, 3.10.7.1, 3.10.7.3.
    Seen in: fixtures/findings/HS004-connection-refused
    """
    if connection.observed & ICMP_REJECTED or explained(connection, capture):
        return ()
    found: list[Finding] = []
    for noted, tally in tallies(connection, REFUSED):
        refusal = tally.last
        opener = connection.originator
        refuser = noted if not noted.is_originator else peer_of(connection, noted)
        other_hops = refuser.ttl_min > 0 and abs(int(refusal.second - refuser.ttl_min)) > HOPS_APART
        template = (
            "{responder} answered the SYN of {originator} (frame {syn_frame}) with RST (frame "
            "{rst_frame}) after {delay:.6f} s"
        )
        if other_hops:
            template += "; its TTL {ttl} differs from {host_ttl} of the host's other segments"
        found.append(
            judge(
                "HS004",
                connection,
                about=refuser,
                severity=SEVERITIES[_severity(connection.retried, refusal.time_ns, capture)],
                certainty="observed",
                time_ns=refusal.time_ns,
                frames=(connection.syn_frame or opener.first_frame, refusal.frame),
                frame_count=tally.count + 1,
                template=template,
                values={
                    "originator": endpoint_name(connection, opener),
                    "responder": endpoint_name(connection, refuser),
                    "syn_frame": connection.syn_frame or opener.first_frame,
                    "rst_frame": refusal.frame,
                    "delay": seconds(refusal.first),
                    "ttl": refusal.second,
                    "host_ttl": refuser.ttl_min,
                    "by": "middlebox?" if other_hops else "host",
                    "retried": connection.retried,
                },
                why="RST with ACK that acknowledges exactly the SYN",
                would_disprove="a SYN-ACK of the same host for the same SYN",
            )
        )
    return found
