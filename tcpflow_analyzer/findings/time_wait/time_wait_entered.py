"""TW001: who holds TIME-WAIT, and for how long.

Compiled: yes
"""

from collections.abc import Iterable
from typing import Final

from tcpflow_analyzer.findings.finding import CaptureView, Finding, endpoint_name, seconds
from tcpflow_analyzer.findings.lifecycle.judgement import judge, peer_of
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.endpoint import Endpoint
from tcpflow_analyzer.table.observation import TIME_WAIT_ORIGINATOR, TIME_WAIT_RESPONDER
from tcpflow_analyzer.tcp.states import CLOSING, STATE_NAMES, TIME_WAIT

_STATES_OF_PATH = 15


@finding(
    "TW001",
    severity="info",
    since="0.1.0",
    wakes=TIME_WAIT_ORIGINATOR | TIME_WAIT_RESPONDER,
    fact=True,
)
def time_wait_entered(connection: Connection, capture: CaptureView) -> Iterable[Finding]:
    """Names the endpoint that holds TIME-WAIT, since when, and until when the pair is locked.

    Set when one of the following holds:
      - an endpoint in FIN-WAIT-2 received its peer's FIN;
      - an endpoint in CLOSING received the ACK of its FIN;
      - an endpoint in FIN-WAIT-1 received a segment that does both.
    It lasts time_wait of the endpoint's profile (seconds: RFC 9293 240, Linux 60, Windows 120,
    macOS 30, FreeBSD 60; one setting overrides them all) from its last ACK. After a simultaneous
    close both ends hold it, and each has a finding.

    Supersedes: nothing.
    Why it matters: TIME-WAIT repeats a lost last ACK and keeps old segments out of a new connection
        on the same socket pair; until it is over, the holder cannot use the pair freely.
    What to do: nothing. Where there are too many, see TW009, TW010 and TW012.
    Not proof of: the deadline: it is the profile's, and the profile may be a guess.
    Other tools: conntrack TIME_WAIT for 120 s, one for both ends; Suricata keeps the state without
        an event; Wireshark, Zeek and tcptrace do not have it.
    References: RFC 9293 sections 3.3.2, 3.4.2 and 3.6; Linux TCP_TIMEWAIT_LEN.
    Seen in: fixtures/findings/TW001-time-wait-entered
    """
    found: list[Finding] = []
    if connection.observed & TIME_WAIT_ORIGINATOR:
        found.append(_entered(connection, connection.originator, capture))
    if connection.observed & TIME_WAIT_RESPONDER:
        found.append(_entered(connection, connection.responder, capture))
    return found


_ENTERED: Final = "{holder} entered TIME-WAIT from {path}; {duration:.0f} s by "
_BY_PROFILE: Final = _ENTERED + "profile {profile} ({profile_source})"
_AS_SET: Final = _ENTERED + "the MSL that is set"


def _entered(connection: Connection, holder: Endpoint, capture: CaptureView) -> Finding:
    peer = peer_of(connection, holder)
    is_acked = peer.fin_acked_frame > 0
    msl_ns, profile = capture.settings.msl_ns, capture.profile(holder)
    duration_ns = profile.time_wait_ns if msl_ns is None else 2 * msl_ns
    held_ns = holder.time_wait_until_ns - holder.time_wait_since_ns
    template = "{holder} entered TIME-WAIT from {path}; {duration:.0f} s "
    template += (
        "by profile {profile} ({profile_source})" if msl_ns is None else "by the MSL that is set"
    )
    if held_ns < duration_ns:
        template += ", ended after {held:.6f} s"
    return judge(
        "TW001",
        connection,
        about=holder,
        certainty="observed" if is_acked else "inferred",
        # A believed receipt is dated half a round trip behind its frame.
        time_ns=min(holder.time_wait_since_ns, capture.last_time_ns),
        frames=(holder.fin_frame, peer.fin_frame, peer.fin_acked_frame),
        template=template,
        values={
            "holder": endpoint_name(connection, holder),
            "role": "originator" if holder.is_originator else "responder",
            "path": _path(holder, peer),
            "since_ns": holder.time_wait_since_ns,
            "until_ns": holder.time_wait_until_ns,
            "duration": seconds(duration_ns),
            "held": seconds(held_ns),
            "profile": profile.name,
            "profile_source": capture.profile_source(connection, holder),
        },
        why=(
            "its ACK covers the FIN of its peer, and its own FIN was acknowledged"
            if is_acked
            else "its peer's FIN was seen on the way to it, after the ACK of its own"
        ),
        would_disprove="a RST of the endpoint, or its own FIN once more",
    )


def _path(holder: Endpoint, peer: Endpoint) -> str:
    """The state that it came from, as the RFC spells it."""
    before = TIME_WAIT
    # The oldest TIME-WAIT counts: a later one may follow a correction.
    for position in range(_STATES_OF_PATH - 2, -1, -1):
        if holder.path >> 4 * position & 15 == TIME_WAIT:
            before = holder.path >> 4 * (position + 1) & 15
            break
    if before == CLOSING:
        return STATE_NAMES[CLOSING]
    # ACK before FIN: one segment that does both passes through FIN-WAIT-2 for no time at all.
    if holder.fin_acked_frame == peer.fin_frame:
        return "FIN-WAIT-1"
    return STATE_NAMES[before]
