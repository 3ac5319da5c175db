"""OP005: timestamps that were agreed on are missing, or echo what nobody sent."""

from collections.abc import Iterator

from tcpflow_analyzer.findings.finding import CaptureView, Finding, endpoint_name, noun
from tcpflow_analyzer.findings.lifecycle.judgement import frames_of, judge, peer_of, tallies
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.observation import ACKED_UNSEEN
from tcpflow_analyzer.table.stream_observation import TIMESTAMP_DROPPED


@finding("OP005", severity="warning", since="0.2.0", stream_wakes=TIMESTAMP_DROPPED)
def timestamp_dropped(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """Timestamps were negotiated, then segments came without them, or with an echo of nobody's.

    Set when SYN and SYN-ACK both carried timestamps, and one of the following holds:
      - a later segment without RST carries none: its receiver must drop it;
      - TSecr is newer than every TSval of the peer, by more than its clock can have run on in a
        part of the stream that the capture missed.

    Supersedes: nothing.
    Why it matters: segments without the option are dropped silently (RFC 7323 section 3.2); a wrong
        echo spoils the round trip times that the sender computes.
    What to do: compare the TTL of those segments with the others', and the options at both ends: a
        device on the path strips or rewrites the option.
    Not proof of: a broken stack; old ones leave the option out of keep-alives.
    Other tools: Suricata pkt_invalid_timestamp; Wireshark, Zeek, tcptrace and conntrack have no
        name for it.
    References: RFC 7323 section 3.2.
    Seen in: fixtures/findings/OP005-timestamp-dropped
    """
    for sender, tally in tallies(connection, TIMESTAMP_DROPPED):
        kept = tally.kept
        if connection.observed & ACKED_UNSEEN:
            kept = [item for item in kept if item.first == 0]  # what it echoes may be missing
        if not kept:
            continue
        first = kept[0]
        is_echo = first.first == 1
        what = "without the timestamps it had agreed on"
        if is_echo:
            what = "with TSecr {echo}, which {peer} never sent (newest TSval {newest})"
        yield judge(
            "OP005",
            connection,
            about=sender,
            certainty="inferred" if is_echo else "observed",
            time_ns=tally.last.time_ns,
            frames=frames_of(tally),
            frame_count=tally.count,
            template=(
                "{sender} sent {segments} "
                + noun(tally.count, "segment")
                + f" {what} (first: frame {{frame}})"
            ),
            values={
                "sender": endpoint_name(connection, sender),
                "peer": endpoint_name(connection, peer_of(connection, sender)),
                "segments": tally.count,
                "of": sender.segments,
                "echo": first.second,
                "newest": first.third,
                "frame": first.frame,
                "ttl_min": sender.ttl_min,
                "ttl_max": sender.ttl_max,
            },
            why="SYN and SYN-ACK carried timestamps",
            would_disprove="a SYN-ACK without timestamps that the capture missed",
        )
