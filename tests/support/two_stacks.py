"""Two TCP stacks after RFC 9293 3.10, a bad network between them, and a tap somewhere on it.

Where support/two_ends.py plays a script, this model is driven step by step: it has windows, data
out of order, delayed ACKs, probes, keep-alives, resets, timestamps; the network loses, delays and
repeats segments before or behind the tap. It knows the state of both stacks at every time.
"""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from support.capture_builder import SECOND_NS, START_NS, Options, Segment
from support.ladder import SOCKET_A, SOCKET_B, Socket
from tcpflow_analyzer.tcp.control_bits import ACK, FIN, PSH, RST, SYN
from tcpflow_analyzer.tcp.sequence import distance

MILLISECOND: Final = 1_000_000
MSS: Final = 1000
BUFFER: Final = 4000  # octets of a receiver
FIRST_RTO_NS: Final = SECOND_NS
MOST_RETRIES: Final = 5
DELAYED_ACK_NS: Final = 40 * MILLISECOND
TIME_WAIT_NS: Final = 60 * SECOND_NS
DUPLICATE_ACKS: Final = 3  # RFC 5681 3.2

_TALKS: Final = frozenset({"ESTABLISHED", "CLOSE-WAIT"})
_FIN_SENT: Final = frozenset({"FIN-WAIT-1", "CLOSING", "LAST-ACK"})
_SENDS: Final = _TALKS | _FIN_SENT  # what it repeats
_HEARS: Final = frozenset({"ESTABLISHED", "FIN-WAIT-1", "FIN-WAIT-2"})


class Fate(NamedTuple):
    """What happens to one segment on its way; times in nanoseconds, 0 for no such thing."""

    lost_before: bool = False
    lost_behind: bool = False
    late_before: int = 0
    late_behind: int = 0
    again_before: int = 0  # a second time, so much later
    again_behind: int = 0


class Path(NamedTuple):
    """The network: one way takes `delay_ns`, `to_tap` quarters of it from A to the tap."""

    delay_ns: int = 20 * MILLISECOND
    to_tap: int = 2

    def before(self, which: int) -> int:
        """From an end to the tap."""
        quarters = self.to_tap if which == 0 else 4 - self.to_tap
        return self.delay_ns * quarters // 4


class Traits(NamedTuple):
    """How a stack differs from others."""

    iss: int = 1000
    timestamps: bool = False
    window_scale: int | None = None
    probes_with_octet: bool = False  # into a closed window; else repeats an old number, as Linux


@dataclass
class _Heard:
    """What a stack has received; offsets in the peer's stream."""

    irs: int = 0
    nxt: int = 0
    ahead: list[tuple[int, int]] = field(default_factory=list)
    fin: int = -1
    unread: int = 0
    edge: int = 0  # highest right edge advertised
    newest_tsval: int = -1
    acked: int = 0  # Last.ACK.sent (RFC 7323 4.3)


class Stack:
    """One end. Offsets count from its ISS: SYN 0, data from 1, the FIN behind the data."""

    def __init__(self, link: "Link", which: int, socket: Socket, traits: Traits) -> None:
        """Begin in CLOSED."""
        self.link, self.which, self.socket, self.traits = link, which, socket, traits
        self.states: list[tuple[int, str]] = [(0, "CLOSED")]
        self.iss = traits.iss
        self.una = self.nxt = 0
        self.window = self.window_seq = self.window_ack = 0
        self.written = 0
        self.closing = False
        self.reads = True
        self.passive = False
        self.heard = _Heard()
        self.retries = self.duplicates = 0
        self.timers = {"retry": 0, "ack": 0, "2MSL": 0}
        self.armed: set[str] = set()
        self.ip_id = 0x1000 * (which + 1)
        self.answered = 0

    @property
    def state(self) -> str:
        """Now."""
        return self.states[-1][1]

    @property
    def peer(self) -> "Stack":
        """The other end."""
        return self.link.stacks[1 - self.which]

    @property
    def end(self) -> int:
        """Behind all that it has to send."""
        return 1 + self.written + self.closing

    def enter(self, state: str) -> None:
        """Change the state."""
        self.states.append((self.link.now, state))
        if state in ("CLOSED", "LISTEN", "TIME-WAIT", "FIN-WAIT-2"):
            self.stop("retry")
        if state in ("CLOSED", "LISTEN"):
            self.stop("ack")

    def been_in(self, until_ns: int) -> set[str]:
        """All states until a time."""
        return {state for time_ns, state in self.states if time_ns <= until_ns}

    # The user

    def listen(self) -> None:
        """Passive OPEN."""
        if self.states == [(0, "CLOSED")]:
            self.passive = True
            self.enter("LISTEN")

    def open(self) -> None:
        """Active OPEN."""
        if self.states == [(0, "CLOSED")]:
            self.enter("SYN-SENT")
            self.nxt = 1
            self.emit(SYN, 0)
            self.arm_retry()

    def write(self, octets: int) -> None:
        """SEND."""
        if not self.closing and self.state in (*_TALKS, "SYN-SENT", "SYN-RECEIVED"):
            self.written += octets
            self.pump()

    def close(self) -> None:
        """CLOSE: it sends no more, and goes on receiving."""
        if self.state == "LISTEN":
            self.enter("CLOSED")
        elif self.state in (*_TALKS, "SYN-RECEIVED") and not self.closing:
            self.closing = True
            self.pump()

    def abort(self) -> None:
        """ABORT."""
        if self.state in (*_TALKS, "FIN-WAIT-1", "FIN-WAIT-2"):
            self.link.happened.add("reset")
            self.emit(RST | ACK, self.nxt)
            self.enter("CLOSED")

    def read(self, reads: bool) -> None:
        """Whether the program takes what comes; taking it up again may open the window."""
        self.reads = reads
        if reads and self.heard.unread:
            self.heard.unread = 0
            if self.state in _HEARS:
                self.acknowledge()

    def keep_alive(self) -> None:
        """RFC 9293 3.8.4: a segment that the peer does not accept, only to be answered."""
        if self.state in _TALKS and self.una == self.nxt == self.end:
            self.emit(ACK, self.nxt - 1)

    # Sending

    def emit(self, bits: int, at: int, octets: int = 0) -> None:
        """Send one segment."""
        ack = (self.heard.irs + self.heard.nxt) % 2**32 if bits & ACK else 0
        self.ip_id = (self.ip_id + 1) % 2**16
        if bits & ACK:
            self.stop("ack")
            self.heard.acked = self.heard.nxt
        segment = Segment(
            self.socket.address, self.socket.port, self.peer.socket.address, self.peer.socket.port,
            seq=(self.iss + at) % 2**32, ack=ack, control_bits=bits, payload=bytes(octets),
            window=0 if bits & RST else self.advertise(bits), options=self.options(bits),
            ip_id=self.ip_id,
        )  # fmt: skip
        self.link.transmit(self.which, segment)

    def options(self, bits: int) -> Options:
        """Of a segment: timestamps where both ends have them."""
        first = bool(bits & SYN)
        stamps = None
        both = self.traits.timestamps and (self.peer.traits.timestamps or not bits & ACK)
        if both and not bits & RST:
            stamps = (self.clock(), max(self.heard.newest_tsval, 0) if bits & ACK else 0)
        scale = self.traits.window_scale
        if bits & ACK and self.peer.traits.window_scale is None:
            scale = None
        return Options(
            mss=MSS if first else None, window_scale=scale if first else None, timestamps=stamps
        )

    def clock(self) -> int:
        """Milliseconds, near the wrap for one of the two."""
        return (self.link.now // MILLISECOND + self.iss * 7) % 2**32

    def advertise(self, bits: int) -> int:
        """SEG.WND; the right edge does not move left (RFC 9293 3.8.6)."""
        heard = self.heard
        heard.edge = max(heard.edge, heard.nxt + BUFFER - heard.unread)
        scale = self.traits.window_scale or 0
        if bits & SYN or self.peer.traits.window_scale is None:
            scale = 0
        return (heard.edge - heard.nxt) >> scale

    def acknowledge(self) -> None:
        """An ACK alone."""
        self.emit(ACK, self.nxt)

    def pump(self) -> None:
        """Send what is new and fits the window."""
        if self.state not in _TALKS:
            return
        edge = self.una + self.window
        while self.nxt < self.end and self.nxt < edge:
            data = min(MSS, 1 + self.written - self.nxt, edge - self.nxt)
            self.send(self.nxt, data, self.end)
        if "retry" not in self.armed:
            self.retries = 0
            self.arm_retry()

    def send(self, at: int, octets: int, limit: int) -> None:
        """One segment of the stream, with the FIN if it ends there."""
        after = at + octets
        fin = self.closing and after == 1 + self.written and after < limit
        push = PSH if octets and after == 1 + self.written else 0
        self.emit(ACK | push | (FIN if fin else 0), at, octets)
        self.nxt = max(self.nxt, after + fin)
        if fin and self.state in _TALKS:
            self.enter({"ESTABLISHED": "FIN-WAIT-1", "CLOSE-WAIT": "LAST-ACK"}[self.state])

    def repeat(self) -> None:
        """The oldest segment that is not acknowledged, or a probe into a closed window."""
        if self.state == "SYN-SENT":
            self.emit(SYN, 0)
        elif self.state == "SYN-RECEIVED":
            self.emit(SYN | ACK, 0)
        elif self.una < self.nxt:
            octets = min(MSS, 1 + self.written - self.una, self.nxt - self.una)
            self.send(self.una, octets, self.nxt)
        elif not self.traits.probes_with_octet:
            self.emit(ACK, self.nxt - 1)
        elif self.nxt < 1 + self.written:
            self.send(self.nxt, 1, self.nxt + 1)

    # Timers

    def stop(self, name: str) -> None:
        """Stop a timer."""
        self.timers[name] += 1
        self.armed.discard(name)

    def start(self, name: str, after_ns: int) -> None:
        """Start a timer, or start it anew."""
        self.stop(name)
        self.armed.add(name)
        number = self.timers[name]
        self.link.later(after_ns, lambda: self.expire(name, number), is_timer=True)

    def owes(self) -> bool:
        """Whether something is to be repeated until it is acknowledged."""
        if self.state in ("SYN-SENT", "SYN-RECEIVED"):
            return True
        return self.state in _SENDS and (self.una < self.nxt or self.nxt < self.end)

    def arm_retry(self) -> None:
        """Start the retransmission timer if something waits."""
        if self.owes():
            self.start("retry", FIRST_RTO_NS << self.retries)
        else:
            self.stop("retry")

    def expire(self, name: str, number: int) -> None:
        """A timer runs out, unless it was stopped."""
        if number != self.timers[name]:
            return
        self.armed.discard(name)
        if name == "ack":
            self.acknowledge()
        elif name == "2MSL" or self.retries >= MOST_RETRIES:
            self.enter("CLOSED")
        else:
            if self.window or self.state not in _SENDS:  # else the peer only has no room
                self.retries += 1
            if self.retries == MOST_RETRIES:
                self.link.happened.add("gave up")  # soon, and to be seen already
            self.repeat()
            self.arm_retry()

    # Receiving

    def receive(self, segment: Segment) -> None:
        """SEGMENT ARRIVES, RFC 9293 3.10.7."""
        if self.state == "CLOSED" or (self.state == "LISTEN" and segment.control_bits & ACK):
            self.refuse(segment)
        elif self.state == "LISTEN":
            self.receive_in_listen(segment)
        elif self.state == "SYN-SENT":
            self.receive_in_syn_sent(segment)
        else:
            self.receive_further(segment)

    def refuse(self, segment: Segment) -> None:
        """3.10.7.1: no connection, or in LISTEN: a RST in one of the two forms."""
        bits = segment.control_bits
        if bits & RST:
            return
        self.link.happened.add("refused")
        length = len(segment.payload) + bool(bits & SYN) + bool(bits & FIN)
        with_ack = bool(bits & ACK)
        seq, ack = (segment.ack, 0) if with_ack else (0, segment.seq + length)
        self.reject(seq, ack, RST if with_ack else RST | ACK)

    def reject(self, seq: int, ack: int, bits: int) -> None:
        """A RST that no connection stands behind."""
        self.ip_id = (self.ip_id + 1) % 2**16
        answer = Segment(
            self.socket.address, self.socket.port, self.peer.socket.address, self.peer.socket.port,
            seq=seq, ack=ack % 2**32, control_bits=bits, window=0, ip_id=self.ip_id,
        )  # fmt: skip
        self.link.transmit(self.which, answer)

    def receive_in_listen(self, segment: Segment) -> None:
        """3.10.7.2."""
        if segment.control_bits & (SYN | RST) != SYN:
            return
        self.take_syn(segment)
        self.enter("SYN-RECEIVED")
        self.una, self.nxt, self.retries = 0, 1, 0
        self.emit(SYN | ACK, 0)
        self.arm_retry()

    def take_syn(self, segment: Segment) -> None:
        """Begin to receive."""
        self.heard = _Heard(irs=segment.seq, nxt=1, unread=self.heard.unread)
        self.window = segment.window
        self.remember_time(segment, 0)

    def receive_in_syn_sent(self, segment: Segment) -> None:
        """3.10.7.3."""
        bits = segment.control_bits
        ack = distance(segment.ack, self.iss) if bits & ACK else 1
        if ack != 1:
            if not bits & RST:
                self.reject(segment.ack, 0, RST)
            return
        if bits & RST:
            if bits & ACK:
                self.enter("CLOSED")
            return
        if not bits & SYN:
            return
        self.take_syn(segment)
        self.retries = 0
        if bits & ACK:
            self.una = 1
            self.enter("ESTABLISHED")
            self.stop("retry")
            self.acknowledge()
            self.pump()
        else:
            self.enter("SYN-RECEIVED")
            self.emit(SYN | ACK, 0)
            self.arm_retry()

    def receive_further(self, segment: Segment) -> None:
        """3.10.7.4, with RFC 5961 and RFC 7323 section 5."""
        bits = segment.control_bits
        seq = distance(segment.seq, (self.heard.irs + self.heard.nxt) % 2**32) + self.heard.nxt
        if bits & SYN and seq == 0 and self.state == "SYN-RECEIVED":
            if bits & ACK:
                self.receive_ack(segment, seq)
            else:
                self.emit(SYN | ACK, 0)
            return
        if self.is_old(segment) or not self.is_acceptable(segment, seq):
            if not bits & RST:
                self.answer_unacceptable(segment)
            return
        if bits & RST:
            self.receive_reset(seq)
            return
        if bits & SYN:
            self.acknowledge()
            return
        self.remember_time(segment, seq)
        if bits & ACK and self.receive_ack(segment, seq):
            self.receive_text(segment, seq)
            self.pump()

    def answer_unacceptable(self, segment: Segment) -> None:
        """An ACK; 2 MSL starts again where it is the peer's FIN that came again."""
        if self.state == "SYN-RECEIVED":
            return  # a challenge before the handshake is over helps nobody, and Linux sends none
        if not segment.payload and not segment.control_bits & FIN:
            # Two ends that answer each other's answers never end: as Linux, twice a second at most.
            if self.link.now - self.answered < SECOND_NS // 2:
                return
            self.answered = self.link.now
        self.acknowledge()
        if self.state == "TIME-WAIT" and segment.control_bits & FIN:
            self.start("2MSL", TIME_WAIT_NS)

    def is_acceptable(self, segment: Segment, seq: int) -> bool:
        """Table 6; ACKs count where the window is closed, even those with data."""
        length = len(segment.payload) + bool(segment.control_bits & FIN)
        low, high = self.heard.nxt, max(self.heard.edge, self.heard.nxt)
        if length == 0:
            return low <= seq <= max(high - 1, low)
        return seq <= high and seq + length > low

    def is_old(self, segment: Segment) -> bool:
        """RFC 7323 5.3 R1: PAWS."""
        stamps = segment.options.timestamps
        return (
            stamps is not None
            and self.heard.newest_tsval >= 0
            and distance(stamps[0], self.heard.newest_tsval) < 0
        )

    def remember_time(self, segment: Segment, seq: int) -> None:
        """RFC 7323 4.3."""
        stamps = segment.options.timestamps
        if stamps is not None and seq <= self.heard.acked:
            self.heard.newest_tsval = stamps[0]

    def receive_reset(self, seq: int) -> None:
        """RFC 5961 3.2: only the exact number counts."""
        if seq != self.heard.nxt:
            self.acknowledge()
        elif self.state == "SYN-RECEIVED" and self.passive:
            self.iss = (self.iss + 64_001) % 2**32
            self.written, self.closing = 0, False
            self.enter("LISTEN")
        else:
            self.enter("CLOSED")

    def receive_ack(self, segment: Segment, seq: int) -> bool:
        """Fifth step; whether the segment is looked at further."""
        ack = distance(segment.ack, (self.iss + self.una) % 2**32) + self.una
        if self.state == "SYN-RECEIVED":
            if not self.una < ack <= self.nxt:
                self.reject(segment.ack, 0, RST)
                return False
            self.enter("ESTABLISHED")
        if ack > self.nxt:
            self.acknowledge()
            return False
        self.update_window(segment, seq, ack)
        if ack > self.una:
            self.una, self.retries, self.duplicates = ack, 0, 0
            self.arm_retry()
            self.pump()
            self.fin_acknowledged()
        elif ack == self.una < self.nxt and not segment.payload:
            self.duplicates += 1
            if self.duplicates == DUPLICATE_ACKS and self.state in _SENDS:
                self.repeat()
        return True

    def fin_acknowledged(self) -> None:
        """The peer has all, the FIN too."""
        if self.closing and self.una == self.end and self.state in _FIN_SENT:
            after = {"FIN-WAIT-1": "FIN-WAIT-2", "CLOSING": "TIME-WAIT", "LAST-ACK": "CLOSED"}
            self.enter(after[self.state])
            if self.state == "TIME-WAIT":
                self.start("2MSL", TIME_WAIT_NS)

    def update_window(self, segment: Segment, seq: int, ack: int) -> None:
        """3.10.7.4: SND.WL1 and SND.WL2 keep old segments from changing the window."""
        if ack < self.una or (seq, ack) < (self.window_seq, self.window_ack):
            return
        scale = self.peer.traits.window_scale or 0
        if segment.control_bits & SYN or self.traits.window_scale is None:
            scale = 0
        was = self.window
        self.window, self.window_seq, self.window_ack = segment.window << scale, seq, ack
        if was == 0 and self.window:
            self.retries = 0

    def receive_text(self, segment: Segment, seq: int) -> None:
        """Seventh and eighth step."""
        fin = bool(segment.control_bits & FIN)
        if not segment.payload and not fin:
            return
        if self.state not in _HEARS:
            self.answer_unacceptable(segment)
            return
        heard = self.heard
        stop = min(seq + len(segment.payload), heard.edge)
        if fin and stop == seq + len(segment.payload):
            heard.fin = stop
        before = heard.nxt
        heard.ahead = sorted({*heard.ahead, (seq, stop)})
        for start, end in heard.ahead:
            if start <= heard.nxt < end:
                heard.nxt = end
        heard.ahead = [each for each in heard.ahead if each[1] > heard.nxt]
        if not self.reads:
            heard.unread += heard.nxt - before
        in_order = heard.nxt > before
        if heard.nxt == heard.fin:
            heard.nxt += 1
            self.receive_fin()
        elif in_order and not heard.ahead and "ack" not in self.armed:
            self.start("ack", DELAYED_ACK_NS)
        else:
            self.acknowledge()

    def receive_fin(self) -> None:
        """Eighth step."""
        after = {
            "ESTABLISHED": "CLOSE-WAIT", "FIN-WAIT-1": "CLOSING", "FIN-WAIT-2": "TIME-WAIT",
        }  # fmt: skip
        self.enter(after[self.state])
        self.acknowledge()
        if self.state == "TIME-WAIT":
            self.start("2MSL", TIME_WAIT_NS)


class Link:
    """Both stacks, the network and the clock.

    Attributes:
        now: nanoseconds since the epoch.
        seen: (time_ns, segment) at the tap.
        fates: of the next segments, from either end.
        happened: of what a capture may rightly be told of as an error, or cannot know: "reset",
            "refused", "gave up", "RST astray", "unseen" and "FIN unseen" (lost before the tap),
            "doubled" (a SYN or FIN, before the tap), "late" (before the tap).
    """

    def __init__(self, path: Path, traits: tuple[Traits, Traits]) -> None:
        """Begin with both ends in CLOSED."""
        self.path = path
        self.now = START_NS
        self.seen: list[tuple[int, Segment]] = []
        self.fates: list[Fate] = []
        self.happened: set[str] = set()
        self.on_the_way = 0
        self._queue: list[tuple[int, int, bool, Callable[[], None]]] = []
        self._order = 0
        self.stacks = (Stack(self, 0, SOCKET_A, traits[0]), Stack(self, 1, SOCKET_B, traits[1]))

    def later(self, after_ns: int, what: Callable[[], None], *, is_timer: bool = False) -> None:
        """Do something after a time."""
        self._order += 1
        self.on_the_way += not is_timer
        heapq.heappush(self._queue, (self.now + after_ns, self._order, is_timer, what))

    def transmit(self, which: int, segment: Segment) -> None:
        """Let a segment go, to what fate comes next."""
        fate = self.fates.pop(0) if self.fates else Fate()
        if segment.control_bits & RST and fate != Fate():
            self.happened.add("RST astray")
        if fate.lost_before:
            self.happened.add("FIN unseen" if segment.control_bits & FIN else "unseen")
            return
        if fate.late_before or fate.again_before:
            self.happened.add("late")
        if fate.again_before and segment.control_bits & (SYN | FIN):
            self.happened.add("doubled")
        near = self.path.before(which) + fate.late_before
        self.later(near, lambda: self._pass(which, segment, fate))
        if fate.again_before:
            again = Fate()
            self.later(near + fate.again_before, lambda: self._pass(which, segment, again))

    def _pass(self, which: int, segment: Segment, fate: Fate) -> None:
        self.seen.append((self.now, segment))
        if fate.lost_behind:
            return
        far = self.path.before(1 - which) + fate.late_behind
        receiver = self.stacks[1 - which]
        self.later(far, lambda: receiver.receive(segment))
        if fate.again_behind:
            self.later(far + fate.again_behind, lambda: receiver.receive(segment))

    def run(self, for_ns: int) -> None:
        """Let time pass."""
        until = self.now + for_ns
        while self._queue and self._queue[0][0] <= until:
            self.step()
        self.now = until

    def step(self) -> None:
        """The next thing that happens."""
        self.now, _, is_timer, what = heapq.heappop(self._queue)
        self.on_the_way -= not is_timer
        what()

    @property
    def is_quiet(self) -> bool:
        """Whether nothing is on its way and everything is acknowledged."""
        return self.on_the_way == 0 and not any(
            stack.armed & {"retry", "ack"} or stack.owes() for stack in self.stacks
        )

    def settle(self, most_ns: int = 300 * SECOND_NS) -> bool:
        """Let time pass until it is quiet; whether it is."""
        until = self.now + most_ns
        while not self.is_quiet and self._queue and self._queue[0][0] <= until:
            self.step()
        return self.is_quiet
