"""Feeds hand-made segments to the words of Zeek and Wireshark, without the rest of the observer.

Only what these two need of an endpoint is kept up to date here, with the observer's own functions
for streams and counts; states are not followed.
"""

from support.capture_builder import Options, ethernet, packet
from support.capture_builder import Segment as Built
from tcpflow_analyzer.decode.segment import Segment
from tcpflow_analyzer.observer.header_prediction import count_segment
from tcpflow_analyzer.observer.stream import absorb, acknowledge
from tcpflow_analyzer.observer.stream_analysis import classify
from tcpflow_analyzer.observer.zeek_history import history_text, record
from tcpflow_analyzer.report.zeek import conn_state
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.tcp.control_bits import ACK, CONTROL_BIT_NAMES, FIN, RST, SYN
from tcpflow_analyzer.tcp.sequence import unwrap

MILLISECOND = 1_000_000
ADDRESSES = {True: "192.0.2.1", False: "198.51.100.1"}
_BITS = {name[0]: bit for bit, name in CONTROL_BIT_NAMES if name in ("SYN", "FIN", "RST", "ACK")}


class Exchange:
    """One connection between 192.0.2.1 and 198.51.100.1, offsets counted from ISS 1000 and 5000."""

    def __init__(self, source_port: int = 40000, destination_port: int = 12345) -> None:
        """Begin without any segment; the ports are the originator's and the responder's."""
        self.frames: list[tuple[int, bytes]] = []
        self.classes: list[int] = []
        self._ports = {True: source_port, False: destination_port}
        key = bytes((192, 0, 2, 1, 198, 51, 100, 1))
        key += source_port.to_bytes(2, "big") + destination_port.to_bytes(2, "big")
        self.connection = Connection(key, 1)
        self._frame = 0
        self._time_ns = 1_000_000_000_000
        self._initial = {True: 1000, False: 5000}

    def __call__(
        self,
        direction: str,
        letters: str,
        sequence: int = 1,
        acknowledgement: int = 1,
        length: int = 0,
        window: int = 1000,
        after_ns: int = MILLISECOND,
        scale: int = -1,
    ) -> int:
        """Send a segment and return its classes.

        Args:
            direction: ">" from the originator, "<" from the responder.
            letters: control bits, as in "SA"; "" for none.
            sequence: offset in the sender's stream.
            acknowledgement: offset in the peer's stream.
            length: octets of payload.
            window: unscaled.
            after_ns: time since the segment before.
            scale: window scale option of a SYN, -1 for none.
        """
        from_originator = direction == ">"
        segment = Segment()
        self._frame += 1
        self._time_ns += after_ns
        segment.frame, segment.time_ns = self._frame, self._time_ns
        segment.key = self.connection.key
        for letter in letters:
            segment.control_bits |= _BITS[letter]
        segment.seq = (self._initial[from_originator] + sequence) % 2**32
        if segment.control_bits & ACK:
            segment.ack = (self._initial[not from_originator] + acknowledgement) % 2**32
        segment.payload_len, segment.window, segment.window_scale = length, window, scale
        self.frames.append((self._time_ns, self._frame_of(from_originator, segment)))
        self.classes.append(self._take(from_originator, segment))
        return self.classes[-1]

    def _frame_of(self, from_originator: bool, segment: Segment) -> bytes:
        """The segment as a frame, for other programs to read."""
        scale = int(segment.window_scale)
        return ethernet(
            packet(
                Built(
                    ADDRESSES[from_originator], self._ports[from_originator],
                    ADDRESSES[not from_originator], self._ports[not from_originator],
                    seq=int(segment.seq), ack=int(segment.ack),
                    control_bits=int(segment.control_bits), window=int(segment.window),
                    options=Options(window_scale=scale if scale >= 0 else None),
                    payload=bytes(int(segment.payload_len)),
                )
            )
        )  # fmt: skip

    def at(self, time_ns: int) -> "Exchange":
        """Let the next segment come not before this time."""
        self._time_ns = time_ns
        return self

    def start_at(self, originator: int, responder: int) -> None:
        """Let the initial sequence numbers be these (wrapped), before any segment."""
        self._initial = {True: originator, False: responder}

    def _take(self, from_originator: bool, segment: Segment) -> int:
        connection = self.connection
        sender = connection.endpoint(from_originator)
        receiver = connection.endpoint(not from_originator)
        bits = segment.control_bits
        if not sender.has_origin:
            sender.has_origin = True
            if bits & SYN:
                sender.iss, sender.iss_seen = segment.seq, True
                sender.window_scale = segment.window_scale
            else:
                sender.iss = (segment.seq - 1) % 2**32
                sender.snd_nxt = sender.snd_una = sender.contiguous = 1
        sequence = unwrap(segment.seq, sender.iss, sender.snd_nxt)
        acknowledgement = -1
        if bits & ACK:
            if not receiver.has_origin:
                receiver.has_origin = True
                receiver.iss = (segment.ack - 1) % 2**32
                receiver.snd_nxt = receiver.contiguous = 1
            acknowledgement = unwrap(segment.ack, receiver.iss, receiver.snd_una)
        record(connection, from_originator, segment, sequence, acknowledgement)
        classes = classify(connection, from_originator, segment, sequence, acknowledgement)
        end = sequence + segment.payload_len + bool(bits & SYN) + bool(bits & FIN)
        new = 0
        is_probe = segment.payload_len <= 1 and (
            (segment.payload_len == 1 and receiver.window == 0 and receiver.segments > 0)
            or sequence == sender.snd_nxt - 1
        )
        if not bits & RST and (not is_probe or bits & (SYN | FIN)):
            new = absorb(sender, sequence, end)
        if bits & FIN and sender.fin_offset < 0:
            sender.fin_offset, sender.fin_time_ns = end - 1, segment.time_ns
        if acknowledgement >= 0:
            acknowledge(receiver, acknowledgement)
        count_segment(connection, sender, receiver, segment, acknowledgement, new > 0)
        return int(classes)

    @property
    def history(self) -> str:
        """Zeek's letters so far."""
        return history_text(self.connection)

    @property
    def conn_state(self) -> str:
        """Zeek's conn_state so far."""
        return conn_state(self.connection)


def open_exchange(scale: int = -1) -> Exchange:
    """An exchange after its three-way handshake of 20 ms."""
    exchange = Exchange()
    exchange(">", "S", 0, scale=scale)
    exchange("<", "SA", 0, 1, scale=scale, after_ns=10 * MILLISECOND)
    exchange(">", "A", after_ns=10 * MILLISECOND)
    exchange.connection.syn_time_ns = exchange.connection.first_time_ns
    exchange.connection.ack_time_ns = exchange.connection.last_time_ns
    return exchange
