"""Two TCP endpoints, a network that loses segments, and a tap on it: exchanges with known states.

A small model of RFC 9293 3.10 (no window, no options, data in order only, go-back-N): enough to
open, talk, close in any order and repeat what was lost. `play` gives what the tap saw, and what
state each end was in, when.
"""

import heapq
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

from support.capture_builder import SECOND_NS, START_NS, Segment, ethernet, packet
from support.ladder import SOCKET_A, SOCKET_B, Socket
from tcpflow_analyzer.tcp.control_bits import ACK, FIN, RST, SYN

MILLISECOND: Final = 1_000_000
DELAY_NS: Final = 10 * MILLISECOND  # from an end to the tap, and from there to the other end
FIRST_RTO_NS: Final = SECOND_NS
TIME_WAIT_NS: Final = 60 * SECOND_NS
MOST_RETRIES: Final = 5
MSS: Final = 1000


class Act(NamedTuple):
    """What a program does: "open", "listen", "send", "close" or "abort" at a time (nanoseconds)."""

    time_ns: int
    end: int  # 0 or 1
    what: str
    octets: int = 0


@dataclass
class End:
    """One endpoint; numbers are offsets from its ISS, and from its peer's."""

    socket: Socket
    iss: int
    state: str = "CLOSED"
    snd_una: int = 0
    snd_nxt: int = 0
    rcv_nxt: int = 0
    written: int = 0  # octets that the program has sent
    closing: bool = False
    retries: int = 0
    timer: int = 0  # counts up whenever the timer is set anew, so that old ones are known


@dataclass
class Played:
    """Outcome of `play`.

    Attributes:
        frames: (time_ns, octets) at the tap. sent: the segments of these frames.
        states: (time_ns, end, state) in order.
    """

    frames: list[tuple[int, bytes]] = field(default_factory=list)
    sent: list[Segment] = field(default_factory=list)
    states: list[tuple[int, int, str]] = field(default_factory=list)

    def path(self, end: int) -> list[str]:
        """The states that an end went through."""
        return [state for _, which, state in self.states if which == end]


class _Play:
    """The event loop."""

    def __init__(self, lost: Iterable[int], iss: tuple[int, int]) -> None:
        self.ends = (End(SOCKET_A, iss[0]), End(SOCKET_B, iss[1]))
        self.played = Played()
        self.queue: list[tuple[int, int, str, int, object]] = []
        self.lost = set(lost)  # numbers of segments that get lost behind the tap
        self.count = 0
        self.order = 0
        self.now = 0

    def push(self, at_ns: int, kind: str, end: int, what: object) -> None:
        self.order += 1
        heapq.heappush(self.queue, (at_ns, self.order, kind, end, what))

    def run(self) -> None:
        while self.queue:
            self.now, _, kind, end, what = heapq.heappop(self.queue)
            if kind == "act":
                assert isinstance(what, Act)
                self.act(end, what)
            elif kind == "arrive":
                assert isinstance(what, Segment)
                self.receive(end, what)
            else:
                self.expire(end, kind, what)

    def enter(self, which: int, state: str) -> None:
        self.ends[which].state = state
        self.played.states.append((self.now, which, state))

    def send(self, which: int, bits: int, seq: int, octets: int = 0) -> None:
        me, peer = self.ends[which], self.ends[1 - which]
        ack = (peer.iss + me.rcv_nxt) % 2**32 if bits & ACK else 0
        segment = Segment(
            me.socket.address, me.socket.port, peer.socket.address, peer.socket.port,
            seq=(me.iss + seq) % 2**32, ack=ack, control_bits=bits, payload=bytes(octets),
            ip_id=self.count % 2**16,
        )  # fmt: skip
        self.played.frames.append((self.now + DELAY_NS, ethernet(packet(segment))))
        self.played.sent.append(segment)
        if self.count not in self.lost:
            self.push(self.now + 2 * DELAY_NS, "arrive", 1 - which, segment)
        self.count += 1

    def set_timer(self, which: int) -> None:
        me = self.ends[which]
        me.timer += 1
        if me.snd_una < me.snd_nxt and me.state not in ("CLOSED", "TIME-WAIT"):
            self.push(self.now + (FIRST_RTO_NS << me.retries), "retry", which, me.timer)

    def expire(self, which: int, kind: str, what: object) -> None:
        me = self.ends[which]
        if kind == "2MSL":
            if me.state == "TIME-WAIT" and what == me.timer:
                self.enter(which, "CLOSED")
            return
        if what != me.timer or me.retries >= MOST_RETRIES:
            return
        me.retries += 1
        me.snd_nxt = me.snd_una
        self.pump(which, again=True)

    def act(self, which: int, act: Act) -> None:
        me = self.ends[which]
        if act.what == "listen" and me.state == "CLOSED":
            self.enter(which, "LISTEN")
        elif act.what == "open" and me.state == "CLOSED":
            self.enter(which, "SYN-SENT")
            self.pump(which)
        elif act.what == "send" and not me.closing:
            me.written += act.octets
            self.pump(which)
        elif act.what == "close" and not me.closing and me.state not in ("CLOSED", "LISTEN"):
            me.closing = True
            self.pump(which)
        elif act.what == "abort" and me.state in ("ESTABLISHED", "CLOSE-WAIT"):
            self.send(which, RST | ACK, me.snd_nxt)
            me.timer += 1
            self.enter(which, "CLOSED")

    def pump(self, which: int, again: bool = False) -> None:
        """Send what may be sent, from SND.NXT on."""
        me = self.ends[which]
        started = me.snd_nxt
        if me.state in ("SYN-SENT", "SYN-RECEIVED") and me.snd_nxt == 0:
            self.send(which, SYN if me.state == "SYN-SENT" else SYN | ACK, 0)
            me.snd_nxt = 1
        if me.snd_nxt >= 1 and me.state not in ("SYN-SENT", "SYN-RECEIVED"):
            self.pump_data(which)
        if me.snd_nxt > started or again:
            self.set_timer(which)

    def pump_data(self, which: int) -> None:
        me = self.ends[which]
        while me.snd_nxt < 1 + me.written:
            octets = min(MSS, 1 + me.written - me.snd_nxt)
            self.send(which, ACK, me.snd_nxt, octets)
            me.snd_nxt += octets
        if me.closing and me.snd_nxt == 1 + me.written:
            after = {"ESTABLISHED": "FIN-WAIT-1", "CLOSE-WAIT": "LAST-ACK"}.get(me.state)
            self.send(which, FIN | ACK, me.snd_nxt)
            me.snd_nxt += 1
            if after:
                self.enter(which, after)

    def receive(self, which: int, segment: Segment) -> None:
        me, peer = self.ends[which], self.ends[1 - which]
        bits = segment.control_bits
        if me.state == "CLOSED":
            return  # the tests' ends never reuse a socket pair, and answer nothing
        if bits & RST:
            if (segment.seq - peer.iss) % 2**32 == me.rcv_nxt:
                me.timer += 1
                self.enter(which, "CLOSED")
            return
        if bits & SYN:
            self.receive_syn(which, bits)
        if me.state in ("LISTEN", "SYN-SENT") or not bits & ACK:
            return
        self.receive_ack(which, (segment.ack - me.iss) % 2**32)
        self.receive_text(which, segment, (segment.seq - peer.iss) % 2**32)

    def receive_syn(self, which: int, bits: int) -> None:
        me = self.ends[which]
        me.rcv_nxt = max(me.rcv_nxt, 1)
        if me.state == "LISTEN" or (me.state == "SYN-SENT" and not bits & ACK):
            self.enter(which, "SYN-RECEIVED")
            me.snd_nxt = 0
            self.pump(which)
        elif me.state == "SYN-SENT":
            me.snd_una = me.snd_nxt = 1
            self.enter(which, "ESTABLISHED")
            self.send(which, ACK, 1)
            me.retries = 0
            self.pump(which, again=True)
        elif me.state == "SYN-RECEIVED" and not bits & ACK:
            self.send(which, SYN | ACK, 0)
        elif me.state not in ("SYN-RECEIVED",):
            self.send(which, ACK, me.snd_nxt)

    def receive_ack(self, which: int, ack: int) -> None:
        me = self.ends[which]
        if not me.snd_una < ack <= max(me.snd_nxt, 1 + me.written + me.closing):
            return
        me.snd_una, me.retries = ack, 0
        me.snd_nxt = max(me.snd_nxt, ack)
        if me.state == "SYN-RECEIVED":
            self.enter(which, "ESTABLISHED")
        if me.closing and ack == 2 + me.written:
            after = {"FIN-WAIT-1": "FIN-WAIT-2", "CLOSING": "TIME-WAIT", "LAST-ACK": "CLOSED"}
            if me.state in after:
                self.enter(which, after[me.state])
                if me.state == "TIME-WAIT":
                    self.start_time_wait(which)
                    return
        self.pump(which, again=True)

    def receive_text(self, which: int, segment: Segment, seq: int) -> None:
        me = self.ends[which]
        fin = bool(segment.control_bits & FIN)
        end = seq + len(segment.payload) + fin
        if segment.control_bits & SYN or end == seq:
            return
        if seq <= me.rcv_nxt < end:
            me.rcv_nxt = end
            if fin:
                self.receive_fin(which)
        elif fin and me.state == "TIME-WAIT":
            self.start_time_wait(which)
        self.send(which, ACK, me.snd_nxt)

    def receive_fin(self, which: int) -> None:
        me = self.ends[which]
        after = {
            "ESTABLISHED": "CLOSE-WAIT", "FIN-WAIT-1": "CLOSING", "FIN-WAIT-2": "TIME-WAIT",
        }  # fmt: skip
        if me.state in after:
            self.enter(which, after[me.state])
            if me.state == "TIME-WAIT":
                self.start_time_wait(which)

    def start_time_wait(self, which: int) -> None:
        me = self.ends[which]
        me.timer += 1
        self.push(self.now + TIME_WAIT_NS, "2MSL", which, me.timer)


def play(
    acts: Iterable[Act], lost: Iterable[int] = (), iss: tuple[int, int] = (1000, 5000)
) -> Played:
    """Let the programs act; give what the tap saw until everything is quiet.

    Args:
        acts: in any order; times count from the beginning.
        lost: numbers (from 0, in the order of sending) of segments that get lost behind the tap.
        iss: initial sequence numbers.
    """
    made = _Play(lost, iss)
    for act in acts:
        moved = replace_time(act)
        made.push(moved.time_ns, "act", act.end, moved)
    made.run()
    return made.played


def replace_time(act: Act) -> Act:
    """The same at absolute time."""
    return act._replace(time_ns=START_NS + act.time_ns)


def redirected(segment: Segment, shift: tuple[int, int]) -> Segment:
    """The segment with constants added to the numbers of A and of B."""
    of_a = segment.source == SOCKET_A.address
    seq, ack = (shift[0], shift[1]) if of_a else (shift[1], shift[0])
    ack_bit = bool(segment.control_bits & ACK)
    return replace(segment, seq=segment.seq + seq, ack=segment.ack + ack * ack_bit)
