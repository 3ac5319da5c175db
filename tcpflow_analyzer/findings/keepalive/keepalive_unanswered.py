"""KA002: the other end does not answer any more."""

from collections.abc import Iterator

from tcpflow_analyzer.findings.finding import CaptureView, Finding, endpoint_name, seconds
from tcpflow_analyzer.findings.keepalive.series import ended_by_reset
from tcpflow_analyzer.findings.lifecycle.judgement import frames_of, judge, peer_of, tallies
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.settings import NANOSECONDS
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.stream_observation import KEEPALIVE_UNANSWERED

PROBES_WANTED = 2
ANSWER_NS = NANOSECONDS  # KA001: how long an answer may take


@finding(
    "KA002",
    severity="error",
    severities=("warning", "error"),
    since="0.2.0",
    stream_wakes=KEEPALIVE_UNANSWERED,
)
def keepalive_unanswered(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """Keep-alive probes stayed unanswered: the peer or the path is dead.

    Set when all of the following hold:
      - an endpoint sent 2 keep-alive probes (KA001) in a row, and not one segment of its peer came
        between them, nor an answer within 1 s after the last;
      - the capture went on for 1 s after the last of them;
      - both directions were captured.

    An error when it sent as many as its operating system does before it gives up (Linux: 9), or a
    RST after them; else a warning.

    Supersedes: RS001, RS002 and RS003 for the RST by which the prober gives up.
    Why it matters: the peer is gone without a FIN (power, cable, crash), or a device on the path
        has forgotten the connection; what is written now is lost.
    What to do: see whether other connections of the peer fell silent, too (KA003), or this one only
        after an idle time (MB002).
    Not proof of: a dead peer; a one-way path looks the same.
    Other tools: Wireshark shows the series of tcp.analysis.keep_alive; Zeek, Suricata, tcptrace and
        conntrack have no name for it.
    References: RFC 9293 section 3.8.4.
    Seen in: fixtures/findings/KA002-keepalive-unanswered
    """
    if connection.one_sided:
        return
    for prober, tally in tallies(connection, KEEPALIVE_UNANSWERED):
        peer = peer_of(connection, prober)
        last = tally.last
        if not capture.waited(last.time_ns, ANSWER_NS) or peer.segments == 0:
            continue
        longest = max(last.first, *(item.first for item in tally.kept))
        if longest < PROBES_WANTED:
            continue
        limit = capture.profile(prober).keepalive_probes
        reset = ended_by_reset(connection, prober)
        dead = reset > 0 or longest >= limit
        yield judge(
            "KA002",
            connection,
            about=peer,
            severity="error" if dead else "warning",
            certainty="inferred",
            time_ns=last.time_ns,
            frames=[last.third, *frames_of(tally), reset],
            frame_count=longest,
            template=(
                "{peer} answered none of {probes} keep-alive probes of {prober} (frames {first} to "
                "{last}), {interval:.3f} s apart; {outcome}"
            ),
            values={
                "peer": endpoint_name(connection, peer),
                "prober": endpoint_name(connection, prober),
                "probes": longest,
                "first": last.third,
                "last": last.frame,
                "interval": seconds(last.second),
                "outcome": _outcome(reset, longest >= limit),
                "silent": seconds(last.time_ns - peer.last_time_ns),
                "limit": limit,
                "profile": capture.profile(prober).name,
                "reset_frame": reset,
            },
            why="probes follow each other and no segment of the peer lies between them",
            would_disprove="answers on a path that the capture does not see",
        )


def _outcome(reset: int, is_limit: bool) -> str:
    if reset:
        return f"the prober gave up by RST (frame {reset})"
    return "as many as its system sends" if is_limit else "it has not given up yet"
