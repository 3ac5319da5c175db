"""MB001: the number of hops changed."""

from collections.abc import Iterator

from tcpflow_analyzer.findings.finding import CaptureView, Finding, endpoint_name, noun
from tcpflow_analyzer.findings.lifecycle.judgement import both, frames_of, judge
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.stream_observation import TTL_SHIFT_ORIGINATOR, TTL_SHIFT_RESPONDER
from tcpflow_analyzer.table.stream_observation import ttl_shift as kind_of

_FOR_GOOD = 5  # segments in a row


@finding(
    "MB001",
    severity="info",
    since="0.2.0",
    stream_facts=TTL_SHIFT_ORIGINATOR | TTL_SHIFT_RESPONDER,
)
def ttl_shift(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """The TTL or hop limit of one endpoint changed inside a connection.

    Set when one of the following holds for segments without RST:
      - one differs by 2 or more from the usual TTL of its sender (the one that most of its segments
        had so far);
      - 5 and more in a row do: that is the usual one from then on, the route has changed.

    Supersedes: nothing; RS011 judges the TTL of RSTs, MB004 that of the SYN-ACK.
    Why it matters: a single segment with another TTL came from elsewhere: a device that answers in
        the endpoint's name, or someone who injects.
    What to do: look at what the segment carried; compare the difference with the hops to the
        devices on the path.
    Not proof of: an injection; packets of one connection may take several routes.
    Other tools: Wireshark ip.ttl; Zeek, Suricata, tcptrace and conntrack have no name for it.
    References: RFC 791 section 3.2; RFC 8200 section 3.
    Seen in: fixtures/findings/MB001-ttl-shift
    """
    for sender in both(connection):
        tally = connection.tally(kind_of(sender.is_originator), sender.is_originator)
        if tally is None:
            continue
        first = tally.kept[0]
        lasting = max(item.third for item in tally.kept) >= _FOR_GOOD
        yield judge(
            "MB001",
            connection,
            about=sender,
            certainty="observed",
            time_ns=tally.last.time_ns,
            frames=frames_of(tally),
            frame_count=tally.count,
            template=(
                "{sender} sent frame {frame} with TTL {ttl} in place of {usual}"
                + (
                    ", and kept to it"
                    if lasting
                    else f"; {{times}} such {noun(tally.count, 'change')}"
                )
            ),
            values={
                "sender": endpoint_name(connection, sender),
                "frame": first.frame,
                "ttl": first.first,
                "usual": first.second,
                "times": tally.count,
                "kept": lasting,
                "ttls": ", ".join(f"{item.first} x {item.third}" for item in tally.kept),
                "ttl_min": sender.ttl_min,
                "ttl_max": sender.ttl_max,
            },
            why="an endpoint's TTL stays the same while its route does",
            would_disprove="an endpoint that sets its TTL by segment",
        )
