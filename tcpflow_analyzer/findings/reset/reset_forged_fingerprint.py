"""RS011: a RST that does not look like its sender.

Compiled: yes
"""

from collections.abc import Iterable
from typing import Final

from mypy_extensions import i64

from tcpflow_analyzer.findings.finding import (
    WARNING,
    CaptureView,
    Finding,
    Verdict,
    endpoint_name,
)
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

TTL_FAR: Final = 5  # hops from the nearest TTL that the endpoint used
TTL_NEAR: Final = 2
TTL_FAR_POINTS: Final = 3
TTL_NEAR_POINTS: Final = 2
ALIVE_POINTS: Final = 3
TOO_FAST_POINTS: Final = 2
IP_ID_POINTS: Final = 1
TIMESTAMP_POINTS: Final = 1


def in_brief(connection: Connection, capture: CaptureView, verdict: Verdict) -> int:
    """What `reset_forged_fingerprint` says, without the words (registry.Brief)."""
    found = 0
    for reset in connection.resets or ():
        if _score(connection, reset) >= ENOUGH:
            found += 1
            verdict.time_ns = reset.time_ns
    verdict.severity = WARNING
    return found


@finding("RS011", severity="warning", since="0.1.0", wakes=RESET, resets=COMPARABLE, brief=in_brief)
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
        score = _score(connection, reset)
        if score < ENOUGH:
            continue
        endpoint = sender_of(connection, reset)
        points = _points(connection, endpoint, reset)
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


def _score(connection: Connection, reset: Reset) -> i64:
    """The sum of all points; 0 where there is too little to compare with."""
    endpoint = sender_of(connection, reset)
    if endpoint.segments <= BASELINE or endpoint.ttl_min < 0:
        return 0
    return (
        _ttl_points(endpoint, reset)
        + _alive_points(connection, reset)
        + _too_fast_points(reset)
        + _ip_id_points(reset)
        + _timestamp_points(reset)
    )


def _points(connection: Connection, endpoint: Endpoint, reset: Reset) -> dict[str, int]:
    """Points by what speaks against the alleged sender."""
    points: dict[str, int] = {
        "ttl": _ttl_points(endpoint, reset),
        "sender went on": _alive_points(connection, reset),
        "too fast": _too_fast_points(reset),
        "ip id": _ip_id_points(reset),
        "no timestamp": _timestamp_points(reset),
    }
    return {name: number for name, number in points.items() if number > 0}


def _ttl_points(endpoint: Endpoint, reset: Reset) -> i64:
    """Its TTL is none of the endpoint's."""
    below = endpoint.ttl_min - reset.ttl
    above = reset.ttl - endpoint.ttl_max
    if below >= TTL_FAR or above >= TTL_FAR:
        return TTL_FAR_POINTS
    return TTL_NEAR_POINTS if below >= TTL_NEAR or above >= TTL_NEAR else 0


def _alive_points(connection: Connection, reset: Reset) -> i64:
    """The endpoint sent more after it."""
    return ALIVE_POINTS if went_on(connection, reset) else 0


def _too_fast_points(reset: Reset) -> i64:
    """It came sooner than the endpoint could have answered."""
    # Only the form of a missing socket answers a segment; a live one sends when it likes.
    too_fast = reset.form == FORM_STATELESS and 2 * answer_ns(reset) < reset.sender_rtt_ns
    return TOO_FAST_POINTS if too_fast else 0


def _ip_id_points(reset: Reset) -> i64:
    """One of the RST and the segment before it has identification 0, the other has not."""
    # Without a socket the kernel answers: Linux with identification 0.
    if reset.form != FORM_LIVE or reset.ip_id < 0 or reset.sender_ip_id < 0:
        return 0
    return IP_ID_POINTS if (reset.ip_id == 0) != (reset.sender_ip_id == 0) else 0


def _timestamp_points(reset: Reset) -> i64:
    """A live socket would have sent timestamps, as the endpoint does."""
    missing = reset.form == FORM_LIVE and reset.tsval < 0 and reset.sender_tsval >= 0
    return TIMESTAMP_POINTS if missing else 0
