"""Reads exchanges in the notation of RFC 9293 figures 6 to 13 into frames and expected states.

    A                                              B
    SYN-SENT    --> <CTL=SYN>                  --> SYN-RECEIVED
    ESTABLISHED <-- <CTL=SYN,ACK>              <-- SYN-RECEIVED
    ESTABLISHED --> <CTL=ACK>                  --> ESTABLISHED
    +2.5 s
    ESTABLISHED --> <CTL=ACK><LEN=100>           x ESTABLISHED

Lines
  - A rung is `[STATE] ARROW <FIELD>... ARROW [STATE]`. `-->` is sent by A, `<--` by B. States are
    what the endpoints are in after the rung; leaving one out expects nothing.
  - The far arrow may be `x`: captured, but lost behind the tap; or `...`: still on its way. A rung
    that begins with `...` (or, towards A, ends with it) is the arrival of such a segment and makes
    no frame: `... <SEQ=100><CTL=SYN> -->`, `<-- <SEQ=300><CTL=SYN> ...`. Where no such segment is
    on its way, it is an old one: the tap sees it now, and its sender knows nothing of it.
  - `+SECONDS s`: the next frame comes so long after the one before (else the gap, 10 ms).
  - `tick`: a frame of uninvolved hosts, which shows that the capture went on.
  - Only states, in the column of their endpoint: expected without a frame.
  - Ignored: empty lines, the heading, `#` comments, numbers `2.` in front, remarks in parentheses.

Fields (in any order)
  SEQ, ACK   wrapped numbers. Left out: SND.NXT of the sender, and with CTL=..ACK.. what reached it.
  CTL        SYN, ACK, FIN, RST, PSH, URG, ECE, CWR, separated by commas.
  LEN, DATA  octets of payload (DATA alone: 4). TEXT: the payload itself.
  WIN        window as sent; TTL; ID: IP identification (else counted by sender).
  MSS WS TSVAL TSECR SACK=left-right,left-right SACKOK TFO=hex TFO  options; a SYN has MSS 1460.
  OPT        octets of further options, hexadecimal.
  UNSEEN     sent and received, but the tap missed it.
  ICMP=type/code, FROM=address   an ICMP error that quotes the last segment of the endpoint it goes
                                 to; FROM is the address of the host that complains.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

from tcpflow_analyzer.tcp.control_bits import (
    ACK,
    CONTROL_BIT_NAMES,
    FIN,
    RST,
    SYN,
)
from tcpflow_analyzer.tcp.states import STATE_NAMES
from tcpflow_analyzer.testing.captures import (
    SECOND_NS,
    START_NS,
    Options,
    Segment,
    clock_packet,
    ethernet,
    icmp_error,
    packet,
    pcap,
)

DEFAULT_GAP_NS: Final = 10_000_000
DEFAULT_MSS: Final = 1460
MIDDLE_COLUMN: Final = 40  # a state that stands alone left of it is A's

_BITS: Final = {name: bit for bit, name in CONTROL_BIT_NAMES}
_STATE: Final = "|".join(sorted(STATE_NAMES, key=len, reverse=True))
_RUNG: Final = re.compile(
    rf"^\s*(?P<a>{_STATE})?\s*(?P<near>-->|<--|\.\.\.|x)\s*(?P<fields>(?:<[^<>]+>)+)"
    rf"\s*(?P<far>-->|<--|\.\.\.|x)\s*(?P<b>{_STATE})?\s*$"
)
_PAUSE: Final = re.compile(r"^\s*\+(?P<seconds>\d+(?:\.\d+)?)\s*s\s*$")
_REMARK: Final = re.compile(r"\([^()]*\)")
_LINE_NUMBER: Final = re.compile(r"^(\s*)\d+\.")
_HEADING: Final = re.compile(r"^\s*(?:TCP Peer )?A\s+(?:TCP Peer )?B\s*$")


class Socket(NamedTuple):
    """Address in text form and port."""

    address: str
    port: int


SOCKET_A: Final = Socket("192.0.2.1", 40000)
SOCKET_B: Final = Socket("198.51.100.1", 80)


@dataclass(frozen=True, slots=True)
class Rung:
    """One line of a ladder.

    Attributes:
        line: as written. time_ns: of its frame, or of the frame before.
        frame: Ethernet octets; None for an arrival, for states alone and for what the tap missed.
        segment: what was sent; None for states alone, clock frames and ICMP.
        state_a, state_b: expected after it, None for no expectation.
    """

    line: str
    time_ns: int
    frame: bytes | None
    segment: Segment | None
    state_a: str | None
    state_b: str | None


class LadderError(ValueError):
    """A line is no part of the notation."""


@dataclass(slots=True)
class _Peer:
    """What one end has sent and got; numbers as written in the ladder, not wrapped."""

    socket: Socket
    snd_nxt: int
    ip_id: int
    rcv_nxt: int = 0
    ahead: list[tuple[int, int]] = field(default_factory=list)
    sent: Segment | None = None

    def receive(self, segment: Segment) -> None:
        """Move RCV.NXT over a segment, and over what was waiting behind a hole."""
        if segment.control_bits & RST:
            return
        end = segment.seq + _seg_len(segment)
        if segment.control_bits & SYN:
            self.rcv_nxt = end
            return
        self.ahead.append((segment.seq, end))
        for start, stop in sorted(self.ahead):
            if start <= self.rcv_nxt:
                self.rcv_nxt = max(self.rcv_nxt, stop)
        self.ahead = [(start, stop) for start, stop in self.ahead if stop > self.rcv_nxt]


def _seg_len(segment: Segment) -> int:
    """SEG.LEN: payload with SYN and FIN counted."""
    bits = segment.control_bits
    return len(segment.payload) + bool(bits & SYN) + bool(bits & FIN)


class Ladder:
    """One exchange between two sockets.

    Attributes:
        rungs: the lines that mean something, in order.
        sockets: A's and B's.
        gap_ns: time between frames where the ladder says nothing.
        end_ns: time of the last frame.
    """

    def __init__(
        self,
        text: str,
        *,
        a: Socket = SOCKET_A,
        b: Socket = SOCKET_B,
        start_ns: int = START_NS,
        gap_ns: int = DEFAULT_GAP_NS,
        vlan: int | None = None,
        iss_a: int = 1000,
        iss_b: int = 5000,
    ) -> None:
        """Read a ladder.

        Args:
            text: in the notation of this module.
            a: the socket on the left, which usually opens.
            b: the socket on the right.
            start_ns: time of the first frame.
            gap_ns: time between frames where the ladder says nothing.
            vlan: tag of all frames.
            iss_a: SEQ of A's first segment where the ladder leaves it out.
            iss_b: the same for B.

        Raises:
            LadderError: a line cannot be read.
        """
        self.rungs: list[Rung] = []
        self.sockets = (a, b)
        self.end_ns = start_ns
        self._next_ns = start_ns
        self.gap_ns = gap_ns
        self._vlan = vlan
        self._a = _Peer(a, iss_a, 0x1000)
        self._b = _Peer(b, iss_b, 0x8000)
        self._on_the_way: list[tuple[bool, Segment]] = []
        for line in text.splitlines():
            self._read(line)

    def frames(self) -> Iterator[tuple[int, bytes]]:
        """(time_ns, Ethernet octets) of everything the tap saw."""
        for rung in self.rungs:
            if rung.frame is not None:
                yield rung.time_ns, rung.frame

    def _read(self, line: str) -> None:
        bare = _REMARK.sub(lambda found: " " * len(found[0]), line.partition("#")[0])
        bare = _LINE_NUMBER.sub(lambda found: " " * len(found[0]), bare)
        if not bare.strip() or _HEADING.match(bare):
            return
        pause = _PAUSE.match(bare)
        rung = _RUNG.match(bare)
        if pause is not None:
            self._next_ns = self.end_ns + round(float(pause["seconds"]) * SECOND_NS)
        elif bare.strip() == "tick":
            self._add(line, ethernet(clock_packet()), None, None, None)
        elif rung is not None:
            self._read_rung(line, rung)
        else:
            self._read_states(line, bare)

    def _read_states(self, line: str, bare: str) -> None:
        words = bare.split()
        if len(words) > 2 or any(word not in STATE_NAMES for word in words):
            raise LadderError(line)
        if len(words) == 2:
            states: tuple[str | None, str | None] = (words[0], words[1])
        elif bare.index(words[0]) < MIDDLE_COLUMN:
            states = (words[0], None)
        else:
            states = (None, words[0])
        self.rungs.append(Rung(line, self.end_ns, None, None, *states))

    def _read_rung(self, line: str, rung: re.Match[str]) -> None:
        near, far = rung["near"], rung["far"]
        fields = _fields(rung["fields"], line)
        if near == "-->" and far in ("-->", "...", "x"):
            from_a = True
        elif far == "<--" and near in ("<--", "...", "x"):
            from_a = False
        elif near == "..." and far == "-->":
            self._read_arrival(line, True, fields, rung)
            return
        elif near == "<--" and far == "...":
            self._read_arrival(line, False, fields, rung)
            return
        else:
            raise LadderError(line)
        if "ICMP" in fields:
            self._add(line, self._icmp(line, from_a, fields), None, rung["a"], rung["b"])
            return
        segment = self._segment(line, from_a, fields)
        fate = far if from_a else near
        if fate == "...":
            self._on_the_way.append((from_a, segment))
        elif fate != "x":
            self._receiver(from_a).receive(segment)
        frame = ethernet(packet(segment), vlan=self._vlan)
        seen = None if "UNSEEN" in fields else frame
        self._add(line, seen, segment, rung["a"], rung["b"])

    def _add(
        self,
        line: str,
        frame: bytes | None,
        segment: Segment | None,
        state_a: str | None,
        state_b: str | None,
    ) -> None:
        self.end_ns = self._next_ns
        self._next_ns += self.gap_ns
        self.rungs.append(Rung(line, self.end_ns, frame, segment, state_a, state_b))

    def _sender(self, from_a: bool) -> _Peer:
        return self._a if from_a else self._b

    def _receiver(self, from_a: bool) -> _Peer:
        return self._b if from_a else self._a

    def _segment(self, line: str, from_a: bool, fields: dict[str, str]) -> Segment:
        sender = self._sender(from_a)
        control_bits = _control_bits(fields.get("CTL", "ACK"), line)
        default_ack = sender.rcv_nxt if control_bits & ACK else 0
        segment = Segment(
            sender.socket.address,
            sender.socket.port,
            self._receiver(from_a).socket.address,
            self._receiver(from_a).socket.port,
            seq=int(fields.get("SEQ", sender.snd_nxt)),
            ack=int(fields.get("ACK", default_ack)),
            control_bits=control_bits,
            window=int(fields.get("WIN", 65535 if not control_bits & RST else 0)),
            options=_options(fields, control_bits),
            payload=_payload(fields),
            ttl=int(fields.get("TTL", 64)),
            ip_id=int(fields.get("ID", sender.ip_id)),
        )
        sender.ip_id += 1
        sender.sent = segment
        if control_bits & RST:
            return segment
        end = segment.seq + _seg_len(segment)
        # A new SYN begins a stream; an older number (a repetition, a duplicate) does not move it.
        sender.snd_nxt = end if control_bits & SYN else max(sender.snd_nxt, end)
        return segment

    def _read_arrival(
        self, line: str, from_a: bool, fields: dict[str, str], rung: re.Match[str]
    ) -> None:
        """A segment arrives that was seen before, or an old one out of nowhere passes the tap."""
        control_bits = _control_bits(fields.get("CTL", "ACK"), line)
        for waiting in self._on_the_way:
            of_a, segment = waiting
            same_seq = "SEQ" not in fields or int(fields["SEQ"]) == segment.seq
            if of_a == from_a and same_seq and segment.control_bits == control_bits:
                self._on_the_way.remove(waiting)
                self._receiver(from_a).receive(segment)
                self.rungs.append(Rung(line, self.end_ns, None, None, rung["a"], rung["b"]))
                return
        sender = self._sender(from_a)
        before = replace(sender, ahead=list(sender.ahead))
        segment = self._segment(line, from_a, fields)
        sender.snd_nxt, sender.sent = before.snd_nxt, before.sent
        self._receiver(from_a).receive(segment)
        frame = ethernet(packet(segment), vlan=self._vlan)
        self._add(line, frame, segment, rung["a"], rung["b"])

    def _icmp(self, line: str, from_a: bool, fields: dict[str, str]) -> bytes:
        quoted = self._receiver(from_a).sent
        if quoted is None:
            raise LadderError(line)
        kind, _, code = fields["ICMP"].partition("/")
        source = fields.get("FROM", quoted.destination)
        if "SEQ" in fields:
            quoted = replace(quoted, seq=int(fields["SEQ"]))
        return ethernet(icmp_error(packet(quoted), source, int(kind), int(code)), vlan=self._vlan)


def _fields(text: str, line: str) -> dict[str, str]:
    known = {
        "SEQ", "ACK", "CTL", "LEN", "DATA", "TEXT", "WIN", "TTL", "ID", "MSS", "WS", "TSVAL",
        "TSECR", "SACK", "SACKOK", "TFO", "OPT", "UNSEEN", "ICMP", "FROM",
    }  # fmt: skip
    fields = {}
    for item in re.findall(r"<([^<>]+)>", text):
        name, _, value = item.partition("=")
        if name not in known:
            message = f"{name} in: {line}"
            raise LadderError(message)
        fields[name] = value
    return fields


def _control_bits(text: str, line: str) -> int:
    bits = 0
    for name in text.split(","):
        if name not in _BITS:
            message = f"{name} in: {line}"
            raise LadderError(message)
        bits |= _BITS[name]
    return bits


def _payload(fields: dict[str, str]) -> bytes:
    if "TEXT" in fields:
        return fields["TEXT"].encode()
    length = int(fields.get("LEN") or fields.get("DATA", "0") or 4)
    return bytes(ord("a") + position % 26 for position in range(length))


def _options(fields: dict[str, str], control_bits: int) -> Options:
    mss = int(fields["MSS"]) if "MSS" in fields else None
    if mss is None and control_bits & SYN:
        mss = DEFAULT_MSS
    blocks = []
    for block in fields.get("SACK", "").split(","):
        left, _, right = block.partition("-")
        if right:
            blocks.append((int(left), int(right)))
    return Options(
        mss=mss,
        window_scale=int(fields["WS"]) if "WS" in fields else None,
        sack_permitted="SACKOK" in fields,
        timestamps=(
            (int(fields["TSVAL"]), int(fields.get("TSECR", "0"))) if "TSVAL" in fields else None
        ),
        fast_open=bytes.fromhex(fields["TFO"]) if "TFO" in fields else None,
        raw=bytes.fromhex(fields.get("OPT", "")),
        sack_blocks=tuple(blocks),
    )


def capture(*ladders: Ladder) -> bytes:
    """Pcap octets of one or more ladders, merged by time; of equal times the earlier argument's."""
    return pcap(merged(ladders))


def merged(ladders: Iterable[Ladder]) -> list[tuple[int, bytes]]:
    """(time_ns, frame) of all ladders in order of time."""
    frames = [frame for ladder in ladders for frame in ladder.frames()]
    return sorted(frames, key=lambda timed: timed[0])


def numbered(ladder: Ladder) -> Iterator[tuple[int, Rung]]:
    """(frame number, rung) of a ladder that is a capture of its own.

    A rung without a frame has the number of the frame before it: its states are what holds once
    everything up to that frame has arrived.
    """
    number = 0
    for rung in ladder.rungs:
        if rung.frame is not None:
            number += 1
        yield number, rung
