"""FL009: a service that went away."""

from collections.abc import Iterator

from tcpflow_analyzer.findings.finding import CaptureView, Finding, seconds
from tcpflow_analyzer.findings.flood.counted import NOT_WOKEN, listeners
from tcpflow_analyzer.findings.registry import host_finding
from tcpflow_analyzer.findings.time_wait.crowd import judge_host, socket_name
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.openings import Arrivals, Outage


@host_finding("FL009", severity="error", since="0.2.0", wakes=NOT_WOKEN)
class ListenerDown:
    """A service that accepted connections began refusing or ignoring all.

    Set when, for one listener, all of the following hold:
      - it answered a SYN with a SYN-ACK;
      - then at least 3 SYNs in a row, of one client or several, were refused by RST or had no
        answer for 10 s;
      - no SYN between them was answered.

    It ends with the next SYN that is answered. One finding a listener, about the longest outage.
    Counted for at most max_hosts listeners.

    Supersedes: nothing; each failure is HS001 or HS004 unless FL007 takes them together.
    Why it matters: nobody could connect for that time.
    What to do: look at the service's log at the time of the first failure: crash (RS004 and RS001
        of its connections at that time), restart (TW012 when its own TIME-WAIT holds the port).
    Not proof of: a crash; a filter that was switched on looks the same.
    Other tools: Zeek conn_state REJ after SF; Wireshark, Suricata, tcptrace and conntrack have no
        name for it.
    References: RFC 9293 section 3.10.7.1; otherwise not in any RFC.
    Seen in: fixtures/findings/FL009-listener-down
    """

    def see(self, connection: Connection, capture: CaptureView) -> None:
        """Nothing: the observer has counted."""

    def findings(self, capture: CaptureView) -> Iterator[Finding]:
        """One finding for each listener with an outage."""
        openings = capture.openings
        if openings is None:
            return
        for listener in listeners(capture):
            outage = listener.outage
            if outage is not None and not openings.in_flood(listener.word, outage.first_ns):
                yield _finding(listener, outage)


def _finding(listener: Arrivals, outage: Outage) -> Finding:
    name = socket_name(listener.key, listener.address_len)
    template = (
        "{listener} had answered (frame {before_frame}); then {failures} SYN in a row failed "
        "within {lasted:.6f} s (frames {first_frame} to {last_frame}), {refused} of them refused"
    )
    if outage.after_ns:
        template += "; the next answered SYN came {outage:.6f} s after the first failure"
    return judge_host(
        "FL009",
        subject=name,
        severity="error",
        certainty="observed" if outage.refused == outage.failures else "inferred",
        time_ns=int(outage.last_ns),
        frames=(int(outage.before_frame), int(outage.first_frame), int(outage.last_frame)),
        template=template,
        values={
            "listener": name,
            "failures": int(outage.failures),
            "refused": int(outage.refused),
            "unanswered": int(outage.failures - outage.refused),
            "before_frame": int(outage.before_frame),
            "before_ns": int(outage.before_ns),
            "first_frame": int(outage.first_frame),
            "last_frame": int(outage.last_frame),
            "since_ns": int(outage.first_ns),
            "until_ns": int(outage.after_ns),
            "lasted": seconds(int(outage.last_ns - outage.first_ns)),
            "outage": seconds(max(int(outage.after_ns - outage.first_ns), 0)),
        },
        why="the same address and port answered SYNs before",
        would_disprove="a SYN-ACK for one of these SYNs that the tap did not see",
    )
