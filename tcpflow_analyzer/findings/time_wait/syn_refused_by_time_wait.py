"""TW006: a SYN that TIME-WAIT did not let in."""

from collections.abc import Iterator

from tcpflow_analyzer.findings.finding import CaptureView, Finding, endpoint_name, seconds
from tcpflow_analyzer.findings.lifecycle.judgement import frames_of, judge, peer_of, tallies
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.findings.time_wait.reuse import ENDED_BEFORE
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.endpoint import Endpoint
from tcpflow_analyzer.table.observation import SYN_REFUSED_BY_TIME_WAIT, Observation

_ANSWERS = {0: "no answer", 1: "an ACK without SYN", 2: "RST"}


@finding(
    "TW006",
    severity="warning",
    since="0.1.0",
    wakes=SYN_REFUSED_BY_TIME_WAIT,
    context="pair",
)
def syn_refused_by_time_wait(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """A new SYN hit TIME-WAIT and was not accepted at once: connect was delayed or failed.

    Set when all of the following hold:
      - a SYN came to an endpoint in TIME-WAIT on the same socket pair, less than time_wait of its
        profile (seconds, Linux 60) old;
      - it was answered by an ACK without SYN, by RST, or not at all.
    `delay` is the time from the first SYN to the SYN-ACK that came in the end.

    Supersedes: HS001 and HS004 for that SYN.
    Why it matters: the client waits a retransmission timeout or gets an error, though the service
        is up.
    What to do: let the end that does not reconnect close first; switch timestamps on (RFC 6191);
        do not bind a fixed source port.
    Not proof of: a fault; TIME-WAIT does its work.
    Other tools: Wireshark tcp.analysis.reused_ports; conntrack drops or ignores it; Zeek, Suricata
        and tcptrace have no name for it.
    References: RFC 9293 section 3.10.7.4 fourth step (SYN in TIME-WAIT); RFC 6191.
    Seen in: fixtures/findings/TW006-syn-refused-by-time-wait
    """
    for opener, tally in tallies(connection, SYN_REFUSED_BY_TIME_WAIT):
        first = tally.kept[0]
        holder = peer_of(connection, opener)
        values: dict[str, object] = {
            "opener": endpoint_name(connection, opener),
            "holder": endpoint_name(connection, holder),
            "frame": first.frame,
            "answer": _ANSWERS.get(first.first, "no answer"),
            "answer_frame": first.second,
            "count": tally.count,
        }
        template = "SYN of {opener} (frame {frame}) met TIME-WAIT at {holder} and drew {answer}"
        if first.second:
            template += " (frame {answer_frame})"
        since_ns = _held_since_ns(connection, holder)
        if since_ns:
            values["age"] = seconds(first.time_ns - since_ns)
            template += ", {age:.6f} s into it"
        delay_ns = _delay_ns(connection, opener, first)
        values["delay"] = None if delay_ns is None else seconds(delay_ns)
        if delay_ns is not None:
            template += "; the connection opened {delay:.6f} s after that SYN"
        yield judge(
            "TW006",
            connection,
            about=opener,
            certainty="inferred",
            time_ns=tally.last.time_ns,
            frames=(*frames_of(tally), *(seen.second for seen in tally.kept)),
            frame_count=tally.count,
            template=template,
            values=values,
            why="the pair was in TIME-WAIT when the SYN came, and no SYN-ACK answered it",
            would_disprove=ENDED_BEFORE.format(
                profile=capture.profile(holder).name,
                source=capture.profile_source(connection, holder),
            ),
        )


def _held_since_ns(connection: Connection, holder: Endpoint) -> int:
    """Since when the holder was in TIME-WAIT; it is noted on the old or on the new connection."""
    previous = connection.previous
    if holder.time_wait_since_ns or previous is None:
        return holder.time_wait_since_ns
    is_originator = holder.is_originator == (previous.key == connection.key)
    if is_originator:
        return previous.originator_time_wait_since_ns
    return previous.responder_time_wait_since_ns


def _delay_ns(connection: Connection, opener: Endpoint, first: Observation) -> int | None:
    """From the refused SYN to the SYN-ACK of the same connection, None if none came."""
    if opener.is_originator and connection.synack_frame > first.frame:
        return connection.synack_time_ns - first.time_ns
    return None
