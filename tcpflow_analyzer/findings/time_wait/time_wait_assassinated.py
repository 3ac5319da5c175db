"""TW007: a RST against TIME-WAIT."""

from collections.abc import Iterator

from tcpflow_analyzer.findings.finding import (
    CaptureView,
    Finding,
    Severity,
    endpoint_name,
    seconds,
)
from tcpflow_analyzer.findings.lifecycle.judgement import judge, peer_of, tallies
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.endpoint import Endpoint
from tcpflow_analyzer.table.observation import RESET_IN_TIME_WAIT, TRAFFIC_AFTER_RESET, Observation


@finding(
    "TW007",
    severity="warning",
    severities=("info", "warning"),
    since="0.1.0",
    wakes=RESET_IN_TIME_WAIT,
)
def time_wait_assassinated(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """A RST ended TIME-WAIT early.

    Set when all of the following hold:
      - an endpoint was in TIME-WAIT, for less than time_wait of its profile (seconds, Linux 60);
      - an acceptable RST came to it. The usual chain: an old duplicate, the endpoint's ACK to it,
        and the RST of its peer, which has no socket any more.
    Only an information where the profile ignores RSTs in TIME-WAIT (rfc1337), and where the
    endpoint shows later that it was in TIME-WAIT still: by an answer to its peer, or, as Linux
    does, by continuing its numbers when the pair is reused (65,537 behind the last one).

    Supersedes: RS005 and every other cause of that RST.
    Why it matters: the quarantine of the socket pair is over at once; the next connection on it is
        not protected from old segments.
    What to do: `sysctl net.ipv4.tcp_rfc1337=1` on the holder makes it ignore such RSTs.
    Not proof of: an attack; a delayed segment is enough.
    Other tools: Wireshark tcp.connection.rst; conntrack CLOSE; tcptrace RESET; Zeek ignores a RST
        behind both FINs; Suricata has no name for it.
    References: RFC 1337 section 3; RFC 9293 section 3.10.7.4 second step.
    Seen in: fixtures/findings/TW007-time-wait-assassinated
    """
    for holder, tally in tallies(connection, RESET_IN_TIME_WAIT):
        first = next((seen for seen in tally.kept if seen.second), tally.kept[0])
        peer = peer_of(connection, holder)
        shown = _frame_that_shows_it(connection, peer, first.frame)
        is_ended = first.second == 1 and not shown
        severity: Severity = "warning" if is_ended else "info"
        remaining_ns = _remaining_ns(holder, first, capture)
        yield judge(
            "TW007",
            connection,
            about=holder,
            severity=severity,
            certainty="inferred" if shown else "assumed",
            time_ns=first.time_ns,
            frames=(first.third, first.frame, shown),
            frame_count=tally.count + 1,
            template=(
                "RST of {peer} (frame {frame}) hit the TIME-WAIT of {holder} after {age:.6f} s; "
                + _outcome(is_ended, shown)
            ),
            values={
                "holder": endpoint_name(connection, holder),
                "peer": endpoint_name(connection, peer),
                "frame": first.frame,
                "ack_frame": first.third,
                "age": seconds(first.first),
                "remaining": seconds(remaining_ns),
                "profile": capture.profile(holder).name,
                "profile_source": capture.profile_source(connection, holder),
                "ended": is_ended,
                "outlived_frame": shown,
            },
            why="the RST is acceptable, and the endpoint had acknowledged its peer's FIN",
            would_disprove="an answer of TIME-WAIT to a later segment",
        )


def _frame_that_shows_it(connection: Connection, peer: Endpoint, reset_frame: int) -> int:
    """The frame that shows that the holder outlived a RST of its peer, 0 if there is none.

    If it outlived a later one, it outlived this one too.
    """
    tally = connection.tally(TRAFFIC_AFTER_RESET, peer.is_originator)
    if tally is None:
        return 0
    seen = (each for each in tally.kept if each.first >= reset_frame and each.second == 0)
    return next((each.frame for each in seen), 0)


def _outcome(is_ended: bool, shown: int) -> str:
    """What became of TIME-WAIT, as a part of the template."""
    if shown:
        return "it was in TIME-WAIT still, as frame {outlived_frame} shows"
    if is_ended:
        return "profile {profile} ({profile_source}) gives it up, {remaining:.6f} s early"
    return "profile {profile} ({profile_source}) ignores it"


def _remaining_ns(holder: Endpoint, seen: Observation, capture: CaptureView) -> int:
    """Quarantine that was lost, by the profile's duration."""
    whole_ns = capture.settings.msl_ns
    duration_ns = capture.profile(holder).time_wait_ns if whole_ns is None else 2 * whole_ns
    return max(0, holder.time_wait_since_ns + duration_ns - seen.time_ns)
