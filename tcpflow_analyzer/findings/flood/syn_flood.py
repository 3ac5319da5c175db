"""FL001: SYNs that are never completed."""

from collections.abc import Iterator

from tcpflow_analyzer.findings.finding import CaptureView, Finding, noun, seconds
from tcpflow_analyzer.findings.flood.counted import NOT_WOKEN, listeners
from tcpflow_analyzer.findings.registry import host_finding
from tcpflow_analyzer.findings.time_wait.crowd import judge_host, socket_name
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.openings import Arrivals


@host_finding("FL001", severity="error", since="0.2.0", wakes=NOT_WOKEN)
class SynFlood:
    """A listener receives SYNs that are never completed.

    Set when, for one listener and within flood_window (10 s), all of the following hold:
      - at least flood_half_open (100) SYNs were not completed by a third segment within 3 s; where
        the capture ends before, within 1 s;
      - these are at least flood_percent (80) percent of the SYNs that were not refused.

    It is over when they are less than 40 percent. "Spoofed" is added when more than half of the
    sources appear once and send neither ACK nor RST. One finding a listener, with its counts over
    all its floods. Seconds are those in which the SYNs were sent. Counted for at most
    max_hosts listeners, and four times as many sources; listeners that found no room are `attempts`
    in summary.left_out.

    Supersedes: HS001 and FL007 of its members, which become counts.
    Why it matters: half-open connections fill the queue, and other clients are left out (HS014).
    What to do: `ss -tn state syn-recv | wc -l`; net.ipv4.tcp_syncookies=1; limit SYNs per source at
        the edge; where the sources are real, look at the way back to them.
    Not proof of: an attack; answers that take another way, or are lost, look the same.
    Other tools: Zeek conn_state S0 and S1 counts; conntrack "table full"; Wireshark, Suricata and
        tcptrace have no name for it.
    References: RFC 4987 section 2.
    Seen in: fixtures/findings/FL001-syn-flood
    """

    def see(self, connection: Connection, capture: CaptureView) -> None:
        """Nothing: the observer has counted."""

    def findings(self, capture: CaptureView) -> Iterator[Finding]:
        """One finding for each listener that was flooded."""
        for listener in listeners(capture):
            if listener.floods:
                yield _finding(listener)


def _finding(listener: Arrivals) -> Finding:
    name = socket_name(listener.key, listener.address_len)
    lasted = max(seconds(listener.flood_last_ns - listener.flood_first_ns), 1e-6)
    sources = listener.sources or {}
    once = sum(1 for times in sources.values() if times == 1)
    spoofed = 2 * once > len(sources) and 2 * listener.resets < listener.total_unfinished
    template = (
        "{listener} received {attempts} SYN within {lasted:.6f} s of which {unfinished} were never "
        "completed ({share:.0%}), from "
        + ("at least " if listener.other_sources else "")
        + "{sources} "
        + noun(len(sources), "source")
    )
    if spoofed:
        template += "; most sources appear once and answer nothing: spoofed"
    return judge_host(
        "FL001",
        subject=name,
        severity="error",
        certainty="inferred",
        time_ns=int(listener.flood_last_ns),
        frames=(int(frame) for frame in listener.frames),
        template=template,
        values={
            "listener": name,
            "attempts": int(listener.total_attempts),
            "unfinished": int(listener.total_unfinished),
            "share": int(listener.total_unfinished) / max(int(listener.total_attempts), 1),
            "lasted": lasted,
            "since_ns": int(listener.flood_first_ns),
            "until_ns": int(listener.flood_last_ns),
            "floods": int(listener.floods),
            "most_in_window": int(listener.flood_unfinished),
            "rate": int(listener.total_attempts) / max(lasted, 1.0),
            "sources": len(sources),
            "sources_once": once,
            "reset_by_source": int(listener.resets),
            "spoofed": spoofed,
            "synack_repeats": int(listener.repeats),
            "queue_peak": int(listener.peak),
        },
        why="SYNs came, and no segment of their sources acknowledged an answer",
        would_disprove="the third segments, having taken a way past the tap",
    )
