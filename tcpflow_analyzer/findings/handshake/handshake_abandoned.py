"""HS007: an entry that stayed in the SYN queue."""

from collections.abc import Iterator

from tcpflow_analyzer.findings.finding import CaptureView, Finding, endpoint_name, seconds
from tcpflow_analyzer.findings.handshake.waiting import copies, waited_for_answer
from tcpflow_analyzer.findings.lifecycle.judgement import frames_of, judge
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.observation import (
    HANDSHAKE_UNFINISHED,
    RESET,
    SYNACK_REPEATED,
)


@finding("HS007", severity="warning", since="0.1.0", wakes=HANDSHAKE_UNFINISHED)
def handshake_abandoned(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """SYN and SYN-ACK were exchanged but the originator never completed the handshake.

    Set when all of the following hold:
      - the responder sent SYN-ACK and is believed in SYN-RECEIVED, or was until its entry expired;
      - no segment of the originator acknowledges the SYN-ACK, and no RST came;
      - the capture goes on, after the last SYN-ACK, for 10 s and for twice the last gap between
        SYN-ACKs.

    "Expired" is added when the SYN-ACK was repeated as often as the responder's profile does
    (synack_retries, linux 5) or its half-open lifetime (linux 63 s) is over: the entry is then
    assumed deleted.

    Superseded by: HS008 when the originator sent RST; FL001 for its members.
    Why it matters: the embryonic connection takes a place in the listener's SYN queue all that
        time.
    What to do: `ss -tn state syn-recv`; if many, see SYN cookies (`sysctl net.ipv4.tcp_syncookies`)
        and who sends the SYNs.
    Not proof of: a flood; the originator may have gone, or the way back may lose packets.
    Other tools: Wireshark tcp.completeness 3; Zeek S1, as if established; conntrack SYN_RECV; Argus
        ACC, TIM; Suricata SYN_RECV until the flow times out; tcptrace "complete: no".
    References: RFC 9293 section 3.5; RFC 4987 section 2.
    Seen in: fixtures/findings/HS007-handshake-abandoned
    """
    listener, opener = connection.responder, connection.originator
    repeats = connection.tally(SYNACK_REPEATED, False)
    last_ns = connection.synack_time_ns if repeats is None else repeats.last.time_ns
    if opener.segments == 0 or connection.observed & RESET:
        return
    if not waited_for_answer(capture, last_ns, repeats):
        return
    profile = capture.profile(listener)
    began_ns = connection.syn_time_ns or connection.first_time_ns
    held_ns = capture.last_time_ns - began_ns
    expired = copies(repeats) >= profile.synack_retries or held_ns >= profile.half_open_ns
    frames = [connection.syn_frame, listener.first_frame]
    frames += [] if repeats is None else frames_of(repeats)
    template = (
        "{originator} never completed its handshake with {responder}: {synacks} SYN-ACK (first in "
        "frame {synack_frame}), no ACK in the {silence:.6f} s after the last"
    )
    if expired:
        template += "; entry assumed deleted (profile {profile})"
    yield judge(
        "HS007",
        connection,
        about=opener,
        certainty="inferred",
        time_ns=last_ns,
        frames=frames,
        frame_count=2 + copies(repeats),
        template=template,
        values={
            "originator": endpoint_name(connection, opener),
            "responder": endpoint_name(connection, listener),
            "synacks": 1 + copies(repeats),
            "synack_frame": listener.first_frame,
            "silence": seconds(capture.last_time_ns - last_ns),
            "held": seconds(min(held_ns, profile.half_open_ns)),
            "expired": expired,
            "profile": profile.name,
            "synack_retries": profile.synack_retries,
        },
        why="no segment of the originator acknowledges the SYN-ACK while the capture went on",
        would_disprove="a third segment that took a way past the tap",
    )
