"""RS011: a RST that does not look like its sender.

Compiled: yes
"""

from collections.abc import Iterable
from typing import Final

from tcpflow_analyzer.findings.finding import CaptureView, Finding, endpoint_name
from tcpflow_analyzer.findings.lifecycle.judgement import judge
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.findings.reset.cause import sender_of, went_on
from tcpflow_analyzer.findings.reset.evidence import answer_ns
from tcpflow_analyzer.findings.reset.traits import BASELINE, COMPARABLE
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.endpoint import Endpoint
from tcpflow_analyzer.table.observation import (
    FORM_LIVE,
    FORM_STATELESS,
    RESET,
    Reset,
)

ENOUGH: Final = 3  # points that make a finding

TTL_FAR: Final = 5  # hops from the nearest TTL that the endpoint used: 3 points
TTL_NEAR: Final = 2  # 2 points
ALIVE_POINTS: Final = 3
TOO_FAST_POINTS: Final = 2
IP_ID_POINTS: Final = 1
TIMESTAMP_POINTS: Final = 1


@finding("RS011", severity="warning", since="0.1.0", wakes=RESET, resets=COMPARABLE)
def reset_forged_fingerprint(connection: Connection, capture: CaptureView) -> Iterable[Finding]:
    """The RST does not look like its alleged sender.

    Set when the points of the following reach 3:
      - its TTL differs from every TTL that the endpoint used by 2 (2 points) or 5 hops (3 points);
      - the endpoint went on after it (RS010, 3 points);
      - it came in less than half of the endpoint's shortest round trip after the segment that it
        answers (2 points);
      - it has the form of a live socket, but not the timestamps of its other segments (1 point), or
        its IPv4 identification is 0 and the endpoint's is not, or the reverse (1 point).
    At least two other segments of the endpoint are needed to compare with.

    Supersedes: nothing; it is an annotation to the cause.
    Why it matters: the RST was made by a middlebox or by an attacker, not by the other end.
    What to do: capture on the seeming sender; count the hops that its TTL betrays, to find the
        device; ask whoever runs the firewall or intrusion prevention at that distance.
    Not proof of: forgery; kernels answer for a missing socket with other IP fields than a socket
        does, and a changed route changes the TTL, too.
    Other tools: none of Wireshark, Zeek, Suricata, tcptrace, conntrack compares them.
    References: RFC 9293 section 3.5.2; RFC 3360.
    Seen in: fixtures/findings/RS011-reset-forged-fingerprint
    """
    found: list[Finding] = []
    for reset in connection.resets or ():
        endpoint = sender_of(connection, reset)
        if endpoint.segments <= BASELINE or endpoint.ttl_min < 0:
            continue
        points = _points(connection, endpoint, reset)
        score = sum(points.values())
        if score < ENOUGH:
            continue
        found.append(
            judge(
                "RS011",
                connection,
                about=endpoint,
                certainty="inferred",
                time_ns=reset.time_ns,
                frames=(reset.frame,),
                template=(
                    "RST with the address of {sender} (frame {frame}, TTL {ttl}) does not look "
                    "like its other segments (TTL {ttl_min} to {ttl_max}): {score} points for "
                    "{points}"
                ),
                values={
                    "sender": endpoint_name(connection, endpoint),
                    "frame": reset.frame,
                    "ttl": reset.ttl,
                    "ttl_min": endpoint.ttl_min,
                    "ttl_max": endpoint.ttl_max,
                    "ip_id": reset.ip_id,
                    "score": score,
                    "points": ", ".join(f"{name} {number}" for name, number in points.items()),
                },
                why="IP fields and timing of the RST differ from those of the endpoint's segments",
                would_disprove="a capture at the seeming sender that shows it sending this RST",
            )
        )
    return found


def _points(connection: Connection, endpoint: Endpoint, reset: Reset) -> dict[str, int]:
    """Points by what speaks against the alleged sender."""
    points: dict[str, int] = {}
    hops = max(endpoint.ttl_min - reset.ttl, reset.ttl - endpoint.ttl_max)
    if hops >= TTL_NEAR:
        points["ttl"] = 3 if hops >= TTL_FAR else 2
    if went_on(connection, reset):
        points["sender went on"] = ALIVE_POINTS
    # Only the form of a missing socket answers a segment; a live one sends when it likes.
    if reset.form == FORM_STATELESS and 2 * answer_ns(reset) < reset.sender_rtt_ns:
        points["too fast"] = TOO_FAST_POINTS
    if reset.form != FORM_LIVE:
        return points  # the kernel answers for a missing socket: Linux with identification 0
    if reset.ip_id >= 0 and reset.sender_ip_id >= 0 and _ids_differ(reset):
        points["ip id"] = IP_ID_POINTS
    if reset.tsval < 0 <= reset.sender_tsval:
        points["no timestamp"] = TIMESTAMP_POINTS
    return points


def _ids_differ(reset: Reset) -> bool:
    """One of the RST and the segment before it has identification 0, the other has not."""
    return (reset.ip_id == 0) != (reset.sender_ip_id == 0)
