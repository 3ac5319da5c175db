"""Traffic of small services, as frames: closed by either end, leaked, reset, probed."""

from dataclasses import replace

from support.capture_builder import START_NS, Options, Segment, ethernet, packet
from support.small_captures import CLIENT, SERVER, Frames
from tcpflow_analyzer.tcp.control_bits import ACK, FIN, PSH, RST, SYN


def talk(
    end: str,
    port: int = 40000,
    service: int = 8080,
    at_ns: int = START_NS,
    step_ns: int = 1_000_000,
    client: str = CLIENT,
    server: str = SERVER,
) -> Frames:
    """One connection with a request and an answer, then an end.

    Args:
        end: "client" or "server" closes first; "leak": the server never closes; "reset": the
            client resets with data under way; "probe": the client resets without any data;
            "open": nothing more.
        port, service: of both ends. client, server: their addresses.
        at_ns, step_ns: time of the first frame, and between frames.
    """
    out = Segment(client, port, server, service, seq=1000)
    back = Segment(server, service, client, port, seq=5000)
    segments = [
        replace(out, control_bits=SYN, options=Options(mss=1460)),
        replace(back, ack=1001, control_bits=SYN | ACK, options=Options(mss=1460)),
        replace(out, seq=1001, ack=5001),
    ]
    if end == "probe":
        segments.append(replace(out, seq=1001, ack=5001, control_bits=RST | ACK))
    else:
        segments += [
            replace(out, seq=1001, ack=5001, control_bits=PSH | ACK, payload=b"request"),
            replace(back, seq=5001, ack=1008, control_bits=PSH | ACK, payload=b"answer"),
            replace(out, seq=1008, ack=5007),
        ]
    here, there = replace(out, seq=1008, ack=5007), replace(back, seq=5007, ack=1008)
    if end == "server":
        here, there = there, here
    first, second = here.seq + 1, there.seq + 1
    if end in ("client", "server", "leak"):
        segments += [replace(here, control_bits=FIN | ACK), replace(there, ack=first)]
    if end in ("client", "server"):
        segments += [
            replace(there, ack=first, control_bits=FIN | ACK),
            replace(here, seq=first, ack=second),
        ]
    if end == "reset":
        segments += [
            replace(here, control_bits=PSH | ACK, payload=b"more"),
            replace(here, seq=here.seq + 4, control_bits=RST | ACK),
        ]
    return [
        (at_ns + number * step_ns, ethernet(packet(segment)))
        for number, segment in enumerate(segments)
    ]
