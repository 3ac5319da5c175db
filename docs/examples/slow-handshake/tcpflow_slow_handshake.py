"""XH001: a service that is slow to answer a SYN."""

from collections.abc import Iterator

from tcpflow_analyzer.extension import (
    CaptureView,
    Connection,
    Finding,
    duration,
    endpoint_name,
    finding,
    judge,
    seconds,
)
from tcpflow_analyzer.table.observation import HANDSHAKE_COMPLETED

SLOW_HANDSHAKE = duration(
    "slow_handshake", 200_000_000, "an answer to a SYN that takes so long is slow"
)


@finding(
    "XH001",
    severity="warning",
    since="1.0",
    wakes=HANDSHAKE_COMPLETED,
    parameters=(SLOW_HANDSHAKE,),
)
def slow_handshake(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """The answer to a SYN took long.

    Set when all of the following hold:
      - the handshake was completed, and its three segments were captured;
      - the SYN-ACK came slow_handshake (a time, default 200 ms) or longer after the last SYN.

    Supersedes: nothing; a SYN that had to be repeated is HS002 as well.
    Why it matters: each new connection waits for it before the first octet of a request.
    What to do: compare with the round trip to that host; where that is short, look at what answers
        SYNs there: SYN proxies, full listen queues, a virtual machine that sleeps.
    Not proof of: a slow service; the way there and back counts as well, from the tap on.
    Other tools: Wireshark tcp.analysis.initial_rtt, which holds the third segment too; the others
        have no name for it.
    References: RFC 9293 section 3.5.
    """
    responder = connection.responder
    took_ns = connection.synack_time_ns - connection.syn_time_ns
    if took_ns < SLOW_HANDSHAKE.of(capture.settings):
        return
    yield judge(
        "XH001",
        connection,
        about=responder,
        certainty="observed",
        time_ns=connection.synack_time_ns,
        frames=(connection.syn_frame, connection.synack_frame),
        template="{responder} answered the SYN (frame {syn_frame}) after {took:.6f} s",
        values={
            "responder": endpoint_name(connection, responder),
            "syn_frame": connection.syn_frame,
            "synack_frame": connection.synack_frame,
            "took": seconds(took_ns),
            "slow_handshake": seconds(int(SLOW_HANDSHAKE.of(capture.settings))),
        },
        why="the SYN-ACK acknowledges that SYN",
        would_disprove="a SYN-ACK before it that the capture missed",
    )
