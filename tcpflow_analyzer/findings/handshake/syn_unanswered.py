"""HS001: a connection attempt into silence.

Compiled: yes
"""

from collections.abc import Iterable

from mypy_extensions import i64

from tcpflow_analyzer.findings.finding import (
    ERROR,
    SEVERITIES,
    WARNING,
    CaptureView,
    Finding,
    Verdict,
    endpoint_name,
    seconds,
)
from tcpflow_analyzer.findings.handshake.waiting import (
    copies,
    explained,
    explained_request,
    waited_for_answer,
)
from tcpflow_analyzer.findings.lifecycle.judgement import frames_of, judge
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.table.connection import Connection, Request
from tcpflow_analyzer.table.observation import SYN_REPEATED, UNANSWERED


def of_request(request: Request, capture: CaptureView, verdict: Verdict) -> int:
    """What `syn_unanswered` says of a SYN that was sent once (registry.RequestBrief)."""
    if request.reset_frame != 0 or not waited_for_answer(capture, request.last_time_ns, None):
        return 0
    if explained_request(request, capture):
        return 0
    verdict.time_ns = request.last_time_ns
    verdict.severity = _severity(request.retried)
    return 1


def _severity(retried: bool) -> i64:
    if retried:
        return WARNING
    return ERROR


@finding(
    "HS001",
    severity="error",
    severities=("warning", "error"),
    since="0.1.0",
    wakes=UNANSWERED,
    request=of_request,
)
def syn_unanswered(connection: Connection, capture: CaptureView) -> Iterable[Finding]:
    """A connection attempt got no answer of any kind.

    Set when all of the following hold:
      - the originator sent SYN, once or more;
      - no segment of the responder and no ICMP error that quotes the SYN was captured;
      - the capture goes on, after the last SYN, for 10 s and for twice the last gap between SYNs;
        or the SYN was repeated as often as the originator's profile does (syn_retries, linux 6).

    "Gave up" is added in the latter case, or when its time (syn_give_up, linux 131 s) is over. A
    warning when another attempt of the same originator at the same service succeeds within 10 s.

    Superseded by: HS005 when an ICMP error came; FL001, FL004, FL007 for their members.
    Why it matters: the caller hangs in SYN-SENT, on Linux for more than two minutes.
    What to do: look for a packet filter that drops (it answers nothing), a wrong address, a dead
        host (`ip neigh`), a listener that ignores SYNs (HS014: `nstat -az TcpExtListenDrops`).
    Not proof of: a host that is down; the answer may have been lost, or taken another way past the
        tap (CP003).
    Other tools: Wireshark tcp.completeness 1; Zeek conn_state S0, connection_attempt; tcptrace
        "complete: no (SYNs: 1)"; conntrack SYN_SENT [UNREPLIED]; Suricata has no name for it.
    References: RFC 9293 section 3.8.3; RFC 6298 section 5.7; Linux net/ipv4/tcp_timer.c.
    Seen in: fixtures/findings/HS001-syn-unanswered
    """
    opener, target = connection.originator, connection.responder
    if target.segments:
        return ()
    repeats = connection.tally(SYN_REPEATED, True)
    profile = capture.profile(opener)
    syns = 1 + copies(repeats)
    exhausted = syns > profile.syn_retries
    waited = exhausted or waited_for_answer(capture, opener.last_time_ns, repeats)
    if not waited or explained(connection, capture):
        return ()
    gave_up = exhausted or capture.waited(connection.first_time_ns, profile.syn_give_up_ns)
    frames = [connection.first_frame] + ([] if repeats is None else frames_of(repeats))
    found = judge(
        "HS001",
        connection,
        about=opener,
        severity=SEVERITIES[_severity(connection.retried)],
        certainty="inferred",
        time_ns=opener.last_time_ns,
        frames=frames,
        frame_count=syns,
        template=(
            "{originator} sent {syns} SYN to {responder} within {sending:.6f} s from frame "
            "{first_frame}; nothing came back in the {silence:.6f} s captured after the last"
        ),
        values={
            "originator": endpoint_name(connection, opener),
            "responder": endpoint_name(connection, target),
            "syns": syns,
            "sending": seconds(opener.last_time_ns - connection.first_time_ns),
            "silence": seconds(capture.last_time_ns - opener.last_time_ns),
            "first_frame": connection.first_frame,
            "gave_up": gave_up,
            "profile": profile.name,
            "syn_retries": profile.syn_retries,
            "retried": connection.retried,
        },
        why="no segment and no ICMP error came for this socket pair while the capture went on",
        would_disprove="an answer that took a way past the tap",
    )
    return (found,)
