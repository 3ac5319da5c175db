"""Connections, findings and totals made by hand, for tests of reports."""

from collections.abc import Mapping
from socket import AF_INET6, inet_pton

from tcpflow_analyzer.findings.finding import Finding, Severity
from tcpflow_analyzer.report.totals import Capture, CaptureFile, Summary
from tcpflow_analyzer.table.connection import (
    ORIGINATOR,
    OUTCOME_COMPLETED,
    SHAPE_4_SEGMENT,
    Connection,
)
from tcpflow_analyzer.table.transition import Transition
from tcpflow_analyzer.tcp.events import RCV_SYN, SND_SYN, SND_SYN_ACK
from tcpflow_analyzer.tcp.states import (
    CLOSED,
    INFERRED,
    LISTEN,
    OBSERVED,
    SYN_RECEIVED,
    SYN_SENT,
    TIME_WAIT,
)

START_NS = 1_767_225_600_000_000_000  # 2026-01-01T00:00:00Z
V4_KEY = bytes([192, 0, 2, 1, 192, 0, 2, 2]) + (40000).to_bytes(2, "big") + (80).to_bytes(2, "big")
V6_KEY = (
    inet_pton(AF_INET6, "fe80::1")
    + inet_pton(AF_INET6, "2001:db8::2")
    + (40000).to_bytes(2, "big")
    + (443).to_bytes(2, "big")
)


def make_connection(number: int = 1, key: bytes = V4_KEY) -> Connection:
    """A connection that was opened and closed by its originator, which is in TIME-WAIT."""
    connection = Connection(key, number)
    connection.address_len = (len(key) - 4) // 2
    connection.first_time_ns, connection.last_time_ns = START_NS, START_NS + 9_000
    connection.first_frame, connection.last_frame, connection.frames = 1, 9, 9
    connection.syn_frame, connection.synack_frame, connection.ack_frame = 1, 2, 3
    connection.syn_time_ns = START_NS
    connection.synack_time_ns = START_NS + 400_000
    connection.ack_time_ns = START_NS + 410_000
    connection.outcome, connection.shape = OUTCOME_COMPLETED, SHAPE_4_SEGMENT
    connection.active_closer = ORIGINATOR
    connection.completeness = 31
    connection.transitions = [
        make_transition(0, 1, SND_SYN, CLOSED, SYN_SENT, from_originator=True),
        make_transition(9, 2, RCV_SYN, CLOSED, LISTEN, certainty=INFERRED),
        make_transition(9, 2, SND_SYN_ACK, LISTEN, SYN_RECEIVED),
    ]
    originator = connection.originator
    originator.proven = originator.believed = TIME_WAIT
    originator.iss, originator.iss_seen = 1000, True
    originator.segments, originator.payload_octets, originator.unique_octets = 5, 100, 100
    originator.time_wait_since_ns = START_NS + 9_000
    originator.time_wait_until_ns = START_NS + 9_000 + 60_000_000_000
    connection.responder.segments = 4
    return connection


def make_transition(
    after_ns: int,
    frame: int,
    event: int,
    from_state: int,
    to_state: int,
    *,
    from_originator: bool = False,
    certainty: int = OBSERVED,
) -> Transition:
    """A transition, `after_ns` nanoseconds after the start."""
    return Transition(
        START_NS + after_ns, frame, from_originator, from_state, to_state, event, certainty, False
    )


def make_finding(
    code: str = "CL005",
    *,
    connection: int | None = 1,
    endpoint: str | None = "responder",
    severity: Severity = "warning",
    after_ns: int = 5_000,
    frames: tuple[int, ...] = (4, 5),
    frame_count: int | None = None,
    subject: str = "",
    template: str = "received FIN (frame {fin_frame}), nothing for {silence:.3f} s",
    values: Mapping[str, object] | None = None,
) -> Finding:
    """A finding with a time, frames and words of its own."""
    usual = {"fin_frame": frames[0] if frames else 0, "silence": 61.5, "since_ns": 17}
    return Finding(
        code=code,
        name="close-wait-stuck",
        severity=severity,
        certainty="observed",
        connection=connection,
        endpoint=endpoint,
        time_ns=START_NS + after_ns,
        frames=frames,
        frame_count=len(frames) if frame_count is None else frame_count,
        template=template,
        values=usual if values is None else values,
        why="the FIN was acknowledged",
        would_disprove="a FIN that the capture missed",
        subject=subject,
    )


def make_capture(frames: int = 10, tcp_segments: int = 9, **others: int) -> Capture:
    """A capture of one file."""
    file = CaptureFile("a.pcap", "pcap", ("EN10MB",), 1, frames, False, None)
    return Capture(
        files=(file,),
        frames=frames,
        tcp_segments=tcp_segments,
        other_frames=frames - tcp_segments,
        fragments=0,
        duplicate_frames=0,
        undecoded={},
        first_time_ns=START_NS,
        last_time_ns=START_NS + 2_000_000_000,
        others=others,
    )


def make_summary(connections: int = 1, **codes: int) -> Summary:
    """Totals of connections like `make_connection`."""
    return Summary(
        connections=connections,
        by_state={"TIME-WAIT/CLOSED": connections} if connections else {},
        findings={"error": 0, "warning": 1, "info": sum(codes.values())},
        codes=codes,
        left_out={},
        outcomes={"completed": connections} if connections else {},
        shapes={"4-segment": connections} if connections else {},
        closers={"originator": connections} if connections else {},
    )
