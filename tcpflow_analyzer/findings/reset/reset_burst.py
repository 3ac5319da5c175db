"""RS012: several RSTs at once."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from tcpflow_analyzer.findings.finding import CaptureView, Finding, endpoint_name, seconds
from tcpflow_analyzer.findings.lifecycle.judgement import judge
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.findings.reset.traits import SEVERAL
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.observation import FORM_STATELESS, RESET, Reset

BURST_NS: Final = 100_000_000  # from one sender
BOTH_WAYS_NS: Final = 5_000_000  # towards both ends


@finding("RS012", severity="warning", since="0.1.0", wakes=RESET, resets=SEVERAL)
def reset_burst(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """Several RSTs with different sequence numbers, or RSTs to both ends, came at once.

    Set when one of the following holds:
      - at least two RSTs of one endpoint within 100 ms have different sequence numbers;
      - RSTs in both directions lie within 5 ms of each other.
    RSTs that answer a segment as a stack without a socket does are not counted.

    Supersedes: nothing; it is an annotation to the cause.
    Why it matters: devices that cut connections send several numbers, to hit the window of a
        connection that goes on meanwhile, and reset both ends. A stack sends one.
    What to do: compare TTLs (RS011); ask whoever runs firewalls and intrusion prevention.
    Not proof of: injection; two ends may abort in the same moment.
    Other tools: Zeek RST_storm from 1000 on; tcptrace counts "resets sent"; Wireshark, Suricata and
        conntrack have no name for it.
    References: RFC 3360; RFC 5961 section 3.
    Seen in: fixtures/findings/RS012-reset-burst
    """
    # The answers of a stack without a socket bear the numbers of what they answer.
    resets = [
        reset
        for reset in connection.resets or ()
        if not (reset.form == FORM_STATELESS and reset.trigger_frame)
    ]
    burst = _from_one_sender(resets) or _both_ways(resets)
    if not burst:
        return
    senders = {reset.of_originator for reset in burst}
    about = connection.endpoint(burst[0].of_originator) if len(senders) == 1 else None
    values = {
        "count": len(burst),
        "duration": seconds(burst[-1].time_ns - burst[0].time_ns),
        "senders": " and ".join(
            endpoint_name(connection, connection.endpoint(sender)) for sender in sorted(senders)
        ),
        "numbers": ", ".join(f"{reset.seq_offset}" for reset in burst),
        "ttls": ", ".join(f"{reset.ttl}" for reset in burst),
    }
    yield judge(
        "RS012",
        connection,
        about=about,
        certainty="inferred",
        time_ns=burst[-1].time_ns,
        frames=[reset.frame for reset in burst],
        frame_count=max(len(burst), connection.reset_count if len(burst) == len(resets) else 0),
        template=(
            "{count} RSTs with the address of {senders} within {duration:.6f} s, sequence numbers "
            "{numbers}, TTLs {ttls}"
        ),
        values=values,
        why="a stack sends one RST for one abort",
        would_disprove="two aborts that have nothing to do with each other",
    )


def _from_one_sender(resets: list[Reset]) -> list[Reset]:
    """RSTs of one endpoint within the burst time, if they have at least two numbers."""
    for first in resets:
        burst = [
            reset
            for reset in resets
            if reset.of_originator == first.of_originator
            and 0 <= reset.time_ns - first.time_ns <= BURST_NS
        ]
        if len({reset.seq for reset in burst}) > 1:
            return burst
    return []


def _both_ways(resets: list[Reset]) -> list[Reset]:
    """Neighbouring RSTs of both endpoints that lie close together."""
    for first, second in pairwise(resets):
        apart_ns = second.time_ns - first.time_ns
        if first.of_originator != second.of_originator and apart_ns <= BOTH_WAYS_NS:
            return [first, second]
    return []
