"""Reads text traces of tcpdump and windump, and hex dumps, as people paste them into tickets.

In: octets of a text. Out: octets of a pcapng with nanosecond times, one block a packet, so that
the walk and the decoder see a capture. What a line does not say is filled in and counted:

* `>` between the addresses may be missing, lines may be wrapped or glued together, blanks added;
* relative sequence numbers become absolute by the numbers of the handshake, where it is there; a
  number that is not printed (pure ACKs) is the sender's next one;
* names get addresses of 198.51.100.0/24 in the order they appear, never by DNS; services get their
  well-known ports;
* the payload is as long as the line says, and not there, as behind a short snapshot length.

Formats: tcpdump's print-tcp.c, old (`S 1:1(0) ack 1 win 5840 <mss 1460>`) and new (`Flags [S.]`).
"""

import codecs
import html
import ipaddress
import re
import zlib
from collections import OrderedDict
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from typing import Final

from tcpflow_analyzer.sources.hex_dump import (
    DumpedFrame,
    HexDump,
    find_dumps,
    lacks_octets,
    read_dump,
)
from tcpflow_analyzer.sources.link_types import RAW
from tcpflow_analyzer.sources.octets import OctetSource, StreamDamage
from tcpflow_analyzer.sources.packet_octets import (
    TcpHeader,
    interface_block,
    internet_header,
    packet_block,
    section_start,
    tcp_packet,
)
from tcpflow_analyzer.sources.service_ports import SERVICE_PORTS
from tcpflow_analyzer.tcp.control_bits import ACK, AE, CWR, ECE, FIN, PSH, RST, SYN, URG

# Text held at most while a packet waits for its end.
TEXT_LIMIT: Final = 1 << 20
# A text that shows no packet in its first part is no trace.
SEARCH_LIMIT: Final = 16 << 20
# What one packet's summary may take.
SUMMARY_LIMIT: Final = 800
# Numbers below this are taken for relative ones where no handshake tells.
SMALL_NUMBER: Final = 1 << 24
# Two readings of a number that differ by less cannot be told apart by what is expected.
NEAR: Final = 1 << 20
# Time between packets of a text that gives none, nanoseconds.
MADE_UP_STEP_NS: Final = 1_000_000
SECOND_NS: Final = 1_000_000_000
DAY_NS: Final = 86_400 * SECOND_NS
UNKNOWN_WINDOW: Final = 65_535
MODULUS: Final = 1 << 32
# Dumps with missing octets that are mended: each may take hundredths of a second.
MOST_MENDED: Final = 200
# Conversations whose numbers are remembered; the one that began first makes room.
MOST_DIRECTIONS: Final = 200_000
# Names that are remembered; there are no more addresses to give them.
MOST_NAMES: Final = 0x2_0000
# Ports for service names that the table does not know.
MADE_UP_PORT: Final = 61_000
MADE_UP_PORTS: Final = 4000

_HOST = r"[A-Za-z0-9_:][A-Za-z0-9_:.%\-]{0,254}"
_PORT = r"[A-Za-z0-9_\-]{1,40}"
_CLOCK = r"\d{1,2}\s{0,2}:\s{0,2}\d{2}\s{0,2}:\s{0,2}\d{2}"
# Glued lines: the hour of the next line's time follows the number without a blank.
_BEFORE_CLOCK = r"(?=\d{2}\s{0,2}:\s{0,2}\d{2}\s{0,2}:\s{0,2}\d{2}\.\d{3})"

SUMMARY = re.compile(
    rf"(?<![A-Za-z0-9_.:%\-])(?P<src>{_HOST})\.(?P<sport>{_PORT})(?:\s{{0,80}}>\s{{0,80}}|\s{{1,80}})"
    rf"(?P<dst>{_HOST})\.(?P<dport>{_PORT})\s{{0,3}}:\s{{0,80}}"
    r"(?:Flags\s{0,3}\[(?P<flags>[A-Za-z.\s]{0,12})\]"
    r"|(?P<old>[SFPRUEW]{1,6}(?=[\s\d])|\.)?\s{0,80}(?:\[[^\]\n]{0,60}\]\s{0,80})?"
    r"(?=\d{1,10}\s{0,2}:\s{0,2}\d{1,10}|ack\s{1,80}\d|win\s{1,80}\d))"
)
OLD_DETAILS = re.compile(
    r"(?:(?P<first>\d{1,10})\s{0,2}:\s{0,2}(?P<last>\d{1,10})\s{0,2}(?:\(\s{0,2}(?P<len>\d{1,9})\s{0,2}\))?)?"
    r"[\s,]{0,80}(?:ack\s{1,80}(?P<ack>\d{1,10}))?(?:[\s,]{0,80}ack[ =]{1,3}\d{1,10})?"
    rf"[\s,]{{0,80}}(?:win\s{{1,80}}(?:(?P<cut_win>\d{{1,5}}?){_BEFORE_CLOCK}|(?P<win>\d{{1,10}})))?"
    r"(?:[\s,]{0,80}urg\s{1,80}(?P<urg>\d{1,5}))?"
    r"(?:[\s,]{0,80}<(?P<options>[^<>]{0,400})>)?"
)
SEQ = re.compile(r"\bseq\s{1,80}(\d{1,10})(?:\s{0,2}:\s{0,2}(\d{1,10}))?")
ACK_NUMBER = re.compile(r"\back\s{1,80}(\d{1,10})")
WINDOW = re.compile(r"\bwin\s{1,80}(\d{1,10})")
URGENT = re.compile(r"\burg\s{1,80}(\d{1,5})")
OPTIONS = re.compile(r"\boptions\s{1,80}\[([^\]]{0,400})\]")
LENGTH = re.compile(rf"\blength\s{{1,80}}(?:(\d{{1,9}}?){_BEFORE_CLOCK}|(\d{{1,9}}))")
TIME = re.compile(
    r"(?:(?P<date>\d{4}-\d{2}-\d{2})[ \tT]{1,3})?"
    rf"(?P<clock>{_CLOCK})(?P<fraction>\.\d{{1,9}})?"
    r"|(?<![\d.])(?P<epoch>\d{9,10})\.(?P<epoch_fraction>\d{1,9})(?![\d.])"
)
# Where a packet's line ends that says no length: a blank line, the mark of a cut header, or the
# beginning of the next packet's line.
DETAILS_END = re.compile(
    rf"\n\n|(?<=\[\|tcp\])|\n[ \t]{{0,8}}(?={_CLOCK}\.\d|\d{{4}}-\d{{2}}-\d{{2}}|IP6? )"
)
INTERNET = re.compile(
    r"\b(?:ttl|hlim)\s{1,3}(?P<ttl>\d{1,3})(?:,\s{1,3}id\s{1,3}(?P<id>\d{1,5}))?[^()]{0,200}"
)
# tcpdump -v prints the segment that an ICMP error quotes, as an indented packet below it.
QUOTED = re.compile(r"\bICMP6?[ ,][^\n]{0,300}\n[ \t]{1,20}IP6? \([^\n]{0,300}\n\s*$")
SACK = re.compile(r"\{(\d{1,10}):(\d{1,10})\}")

MODERN_BITS: Final = {
    "S": SYN, "F": FIN, "P": PSH, "R": RST, "U": URG, "W": CWR, "E": ECE, ".": ACK, "e": AE,
}  # fmt: skip


ReadDump = Callable[[HexDump], DumpedFrame | None]


class Summary:
    """What one packet's line says; numbers as printed, None for what it does not say."""

    def __init__(self, match: re.Match[str]) -> None:
        """Start from the addresses and control bits."""
        self.source = match["src"]
        self.source_port = match["sport"]
        self.destination = match["dst"]
        self.destination_port = match["dport"]
        self.modern = match["flags"] is not None
        letters = match["flags"] if self.modern else (match["old"] or "").replace(".", "")
        self.control_bits = sum(MODERN_BITS.get(letter, 0) for letter in set(letters or ""))
        self.seq: int | None = None
        self.ack: int | None = None
        self.payload_len = 0
        self.window: int | None = None
        self.urgent = 0
        self.options = ""
        self.end = match.end()

    def read_old(self, details: re.Match[str]) -> None:
        """Take `S 1:1(0) ack 2 win 5840 <mss 1460>`."""
        self.end = details.end()
        if details["first"] is not None:
            self.seq = int(details["first"]) % MODULUS
            self.payload_len = (int(details["last"]) - self.seq) % MODULUS
            if details["len"] is not None:
                self.payload_len = int(details["len"])
        if details["ack"] is not None:
            self.ack = int(details["ack"]) % MODULUS
            self.control_bits |= ACK
        window = details["cut_win"] or details["win"]
        self.window = int(window) if window is not None else None
        self.urgent = int(details["urg"] or 0)
        self.options = details["options"] or ""

    def read_modern(self, details: str, length: re.Match[str] | None) -> None:
        """Take `, seq 1:2, ack 3, win 502, options [nop], length 1`."""
        if (seq := SEQ.search(details)) is not None:
            self.seq = int(seq[1]) % MODULUS
            if seq[2] is not None:
                self.payload_len = (int(seq[2]) - self.seq) % MODULUS
        if (ack := ACK_NUMBER.search(details)) is not None:
            self.ack = int(ack[1]) % MODULUS
        if (window := WINDOW.search(details)) is not None:
            self.window = int(window[1])
        if (urgent := URGENT.search(details)) is not None:
            self.urgent = int(urgent[1])
        if (options := OPTIONS.search(details)) is not None:
            self.options = options[1]
        if length is not None:
            self.payload_len = int(length[1] or length[2])

    @property
    def is_plausible(self) -> bool:
        """Whether this can be a line of a trace rather than a sentence that looks like one."""
        if self.modern:
            return True
        return self.control_bits & ~ACK != 0 or self.ack is not None


class _Unit:
    """A packet in the text: what stands before it, its summary, its dump, or both."""

    def __init__(self, start: int, end: int) -> None:
        self.start = start
        self.end = end
        self.before = ""
        self.summary: Summary | None = None
        self.dump: HexDump | None = None
        self.frame: DumpedFrame | None = None  # of a dump that was read already


class _Habit:
    """Whether a trace prints relative numbers or absolute ones (tcpdump -S), as seen so far."""

    def __init__(self) -> None:
        self.relative = 0
        self.absolute = 0

    def choose(self, relative: int, absolute: int, expected: int) -> int:
        """Take of two readings the one near the number expected, by habit where both are."""
        distances = _distance(relative, expected), _distance(absolute, expected)
        if 0 not in distances and abs(distances[0] - distances[1]) < NEAR:
            return relative if self.relative >= self.absolute else absolute
        # What cannot be told apart by the distance, or fits exactly, says nothing about the habit.
        certain = abs(distances[0] - distances[1]) >= NEAR
        if distances[0] <= distances[1]:
            self.relative += certain
            return relative
        self.absolute += certain
        return absolute


class _Direction:
    """Numbers of one sender in one conversation, unsigned 32 bit."""

    def __init__(self, habit: _Habit) -> None:
        self.habit = habit
        self.base: int | None = None  # what relative numbers count from
        self.next: int | None = None  # the number after the last octet sent

    def absolute(self, number: int) -> int:
        """Turn a printed number into an absolute one: itself, or counted from the base."""
        if self.base is None:
            return number
        relative = (self.base + number) % MODULUS
        if self.next is None:
            return relative if number < SMALL_NUMBER else number
        return self.habit.choose(relative, number, self.next)


def _distance(one: int, other: int) -> int:
    return min((one - other) % MODULUS, (other - one) % MODULUS)


class TextTrace:
    """A text turned into the octets of a pcapng.

    Attributes:
        container: "hex" where no summary line was found so far, "text" otherwise.
    """

    def __init__(self, source: OctetSource) -> None:
        """Read the text from `source`."""
        self.container = "hex"
        self._source = source
        self._decode: Callable[..., str] | None = None
        self._text = ""
        self._enough = 0  # characters of text with which it is worth while to look again
        self._ended = False
        self._damage: StreamDamage | None = None
        self._out: list[bytes] = []
        self._interfaces: dict[int, int] = {}
        self._packets = 0
        self._counts: dict[str, int] = {}
        self._names: dict[str, int] = {}
        self._services: dict[str, int] = {}
        self._directions: OrderedDict[tuple[bytes, int, bytes, int], _Direction] = OrderedDict()
        self._habit = _Habit()
        self._mended = 0
        self._time_ns = 0
        self._day_ns = 0
        self._clock_ns = -1

    def find_first(self) -> bool:
        """Read up to the first packet; False where there is none to be found."""
        searched = 0
        while not self._packets and not self._ended and searched < SEARCH_LIMIT:
            searched += self._read_more()
        return self._packets > 0

    def read(self) -> bytes:
        """Give octets of the pcapng, b"" at the end; raises StreamDamage as the source does."""
        while not self._out:
            if self._ended:
                if self._damage is not None:
                    raise self._damage
                return b""
            self._read_more()
        octets = b"".join(self._out)
        self._out = []
        return octets

    def close(self) -> None:
        """Close the source."""
        self._source.close()

    def notes(self) -> list[str]:
        """What the text did not say and what was done about it, one line each."""
        lines = [f"{count:,} {what}" for what, count in self._counts.items()]
        if self._names:
            shown = ", ".join(f"{_address(number, 4)} {name}" for name, number in self._shown())
            more = len(self._names) - len(self._shown())
            shown += f" and {more:,} more" if more > 0 else ""
            lines.append(f"names were given addresses: {shown}")
        return lines

    def _shown(self) -> list[tuple[str, int]]:
        return list(self._names.items())[:10]

    # -- text to packets ---------------------------------------------------------------------

    def _read_more(self) -> int:
        block = b""
        try:
            block = self._source.read()
        except StreamDamage as damage:
            self._damage = damage
        if self._decode is None:
            self._decode = _decoder(block)
        if not block:
            self._ended = True
        self._text += html.unescape(self._decode(block, not block)).replace("\u2192", ">")
        self._take_packets()
        return len(block)

    def _take_packets(self) -> None:
        """Turn what is complete into packets; the last one may still grow.

        Text in which nothing was complete is searched again when it has grown by a quarter, or by
        half where it shows no packet at all: small reads must not make the time quadratic.
        """
        if len(self._text) < min(self._enough, TEXT_LIMIT) and not self._ended:
            return
        units = _find_units(self._text, self._read_dump)
        complete = units if self._ended or len(self._text) > TEXT_LIMIT else units[:-1]
        for unit in complete:
            self._take(unit)
        self._enough = 0
        if complete:
            self._text = self._text[complete[-1].end :]
            return
        if len(self._text) > TEXT_LIMIT:
            self._text = self._text[-SUMMARY_LIMIT:]
            return
        self._enough = len(self._text) * 5 // 4 if units else len(self._text) * 3 // 2

    def _take(self, unit: _Unit) -> None:
        frame = unit.frame
        if frame is None and unit.dump is not None:
            frame = self._read_dump(unit.dump)
        if frame is None and unit.summary is None:
            return
        if QUOTED.search(unit.before):
            self._count("segments are quoted by ICMP errors and were left out")
            return
        self._set_time(unit.before)
        if unit.summary is not None:
            self.container = "text"
            header = self._summary_packet(unit.summary, unit.before)
            if frame is None or frame.link_type is None:
                self._write(RAW, *header)
                return
        if frame is not None:
            self._write_dump(frame)

    def _read_dump(self, dump: HexDump) -> DumpedFrame | None:
        if not lacks_octets(dump):
            return read_dump(dump)
        self._mended += 1
        if self._mended <= MOST_MENDED:
            return read_dump(dump)
        self._count("hex dumps lack octets and were not mended, as there are many")
        return read_dump(dump, mend=False)

    def _write(self, link_type: int, octets: bytes, wire_len: int) -> None:
        if not self._packets:
            self._out.append(section_start())
        if link_type not in self._interfaces:
            self._interfaces[link_type] = len(self._interfaces)
            self._out.append(interface_block(link_type))
        self._packets += 1
        interface = self._interfaces[link_type]
        self._out.append(packet_block(interface, self._time_ns, octets, wire_len))

    def _count(self, what: str, number: int = 1) -> None:
        self._counts[what] = self._counts.get(what, 0) + number

    def _write_dump(self, frame: DumpedFrame) -> None:
        if frame.mended:
            self._count("octets of hex dumps were missing and put in", frame.mended)
        if frame.link_type is not None:
            self._write(frame.link_type, frame.octets, frame.wire_len)
            return
        self._count("hex dumps begin behind the addresses: hosts are named by their ports")
        ports = frame.octets[:2], frame.octets[2:4]
        source, destination = (
            self._resolve_host(f"port {int.from_bytes(port, 'big')}", 4) for port in ports
        )
        outer = internet_header(source, destination, frame.wire_len)
        self._write(RAW, outer + frame.octets, len(outer) + frame.wire_len)

    # -- time --------------------------------------------------------------------------------

    def _set_time(self, before: str) -> None:
        """Take the last time in `before`, the text between this packet and the one before."""
        found = None
        for found in TIME.finditer(before):  # noqa: B007 -- the last one is wanted
            pass
        if found is None:
            self._count("packets have no time: each was put 1 ms after the one before")
            self._time_ns += MADE_UP_STEP_NS
            return
        if found["epoch"] is not None:
            self._time_ns = int(found["epoch"]) * SECOND_NS + _fraction_ns(found["epoch_fraction"])
            return
        hours, minutes, seconds = (int(part) for part in found["clock"].split(":"))
        clock_ns = (hours * 3600 + minutes * 60 + seconds) * SECOND_NS
        clock_ns += _fraction_ns((found["fraction"] or ".")[1:])
        if found["date"] is not None:
            self._day_ns = _day_ns(found["date"], self._day_ns)
        elif self._clock_ns - clock_ns > DAY_NS // 2:
            self._day_ns += DAY_NS
        self._clock_ns = clock_ns
        self._time_ns = self._day_ns + clock_ns

    # -- addresses ---------------------------------------------------------------------------

    def _resolve_host(self, host: str, address_len: int) -> bytes:
        literal = _literal(host)
        if literal is not None and len(literal) == address_len:
            return literal
        number = self._names.get(host, 0)
        if number == 0:
            number = len(self._names) + 1
            if number <= MOST_NAMES:
                self._names[host] = number
            else:
                self._count("names were given addresses of others: there are too many")
                number = zlib.crc32(host.encode()) % MOST_NAMES + 1
        return _address(number, 4 if address_len == 4 else 6).packed

    def _resolve_port(self, service: str) -> int:
        if service.isdigit():
            return int(service) & 0xFFFF
        known = SERVICE_PORTS.get(service.lower())
        if known is not None:
            return known
        port = self._services.get(service, 0)
        if port == 0:
            self._count("service names are not known: each was given a port of its own")
            port = MADE_UP_PORT + len(self._services) % MADE_UP_PORTS
            if len(self._services) < MOST_NAMES:
                self._services[service] = port
        return port

    # -- summary lines -----------------------------------------------------------------------

    def _summary_packet(self, summary: Summary, before: str) -> tuple[bytes, int]:
        """Build the packet of a summary line: octets, and length on the wire."""
        literals = (_literal(summary.source), _literal(summary.destination))
        address_len = max((len(literal) for literal in literals if literal), default=4)
        source = self._resolve_host(summary.source, address_len)
        destination = self._resolve_host(summary.destination, address_len)
        header = TcpHeader(
            self._resolve_port(summary.source_port), self._resolve_port(summary.destination_port)
        )
        header.control_bits = summary.control_bits
        here = (source, header.source_port, destination, header.destination_port)
        there = (destination, header.destination_port, source, header.source_port)
        sender, receiver = self._direction(here), self._direction(there)
        self._set_numbers(header, summary, sender, receiver)
        if summary.window is None:
            self._count("packets have no window: 65535 was put in")
        elif summary.window > 0xFFFF:
            self._count("windows are larger than a header can say: 65535 was put in")
        header.window = min(
            UNKNOWN_WINDOW if summary.window is None else summary.window, UNKNOWN_WINDOW
        )
        header.urgent = min(summary.urgent, 0xFFFF)
        header.options = self._option_octets(summary.options, receiver)
        internet = INTERNET.search(before)
        ttl = int(internet["ttl"]) & 0xFF if internet is not None else 64
        identification = int(internet["id"] or 0) & 0xFFFF if internet is not None else 0
        return tcp_packet(source, destination, header, summary.payload_len, ttl, identification)

    def _direction(self, key: tuple[bytes, int, bytes, int]) -> _Direction:
        direction = self._directions.get(key)
        if direction is None:
            direction = self._directions[key] = _Direction(self._habit)
            if len(self._directions) > MOST_DIRECTIONS:
                self._directions.popitem(last=False)
                self._count("directions of conversations were forgotten: there are too many")
        return direction

    def _set_numbers(
        self, header: TcpHeader, summary: Summary, sender: _Direction, receiver: _Direction
    ) -> None:
        """Make sequence and acknowledgement number absolute, and note what they tell."""
        starts = bool(summary.control_bits & SYN)
        if not starts and sender.base is None and receiver.base is None:
            _begin_midstream(summary, sender, receiver)
        if starts and summary.seq is not None:
            header.seq = summary.seq
            # A SYN alone does not change what tcpdump counts from; its answer does.
            if summary.ack is not None or sender.base is None:
                sender.base, sender.next = summary.seq, summary.seq
        elif summary.seq is not None:
            header.seq = sender.absolute(summary.seq)
        else:
            if summary.ack is None or not summary.control_bits & ACK or sender.next is None:
                self._count("packets have no sequence number that is known: it was guessed")
            header.seq = sender.next or 0
        length = summary.payload_len + starts + bool(summary.control_bits & FIN)
        end = (header.seq + length) % MODULUS
        if sender.next is None or (end - sender.next) % MODULUS < MODULUS // 2:
            sender.next = end
        if summary.ack is not None:
            # The second segment of a handshake prints the acknowledgement as it is.
            header.ack = summary.ack if starts else receiver.absolute(summary.ack)
            if starts:
                # What tcpdump counts from, even where the SYN carried data (print-tcp.c).
                receiver.base, receiver.next = (header.ack - 1) % MODULUS, header.ack
            elif None in (sender.base, receiver.base) and summary.ack >= SMALL_NUMBER:
                # No answer to the SYN was captured: tcpdump counts from the first segment with ACK.
                sender.base, receiver.base = header.seq, (header.ack - 1) % MODULUS
            if receiver.next is None:
                receiver.next = header.ack

    def _option_octets(self, options: str, receiver: _Direction) -> bytes:
        octets = b""
        for option in options.split(","):
            words = option.split()
            if not words:
                continue
            encoded = _encode_option(words, receiver)
            if encoded is None:
                self._count("TCP options are not known and were left out")
            else:
                octets += encoded
        return octets


def _begin_midstream(summary: Summary, sender: _Direction, receiver: _Direction) -> None:
    """Set what relative numbers count from when a conversation begins without its handshake.

    tcpdump prints the first segment's numbers as they are and counts from them (print-tcp.c).
    Small numbers mean that the text begins later: then they are all there is.
    """
    seq, ack = summary.seq or 0, summary.ack or 0
    if seq < SMALL_NUMBER and ack < SMALL_NUMBER:
        sender.base = receiver.base = 0
    else:
        sender.base = seq
        receiver.base = (ack - 1) % MODULUS


def _encode_option(words: list[str], receiver: _Direction) -> bytes | None:
    """Encode one printed TCP option; None for one that is not known."""
    kind = words[0].lower()
    numbers = [int(word) % MODULUS for word in words[1:] if word.isdigit()]
    if kind in ("nop", "eol"):
        return b"\1" if kind == "nop" else b"\0"
    if kind == "mss" and numbers:
        return b"\2\4" + (numbers[0] & 0xFFFF).to_bytes(2, "big")
    if kind == "wscale" and numbers:
        return b"\3\3" + (numbers[0] & 0xFF).to_bytes(1, "big")
    if kind == "sackok":
        return b"\4\2"
    if kind in ("ts", "timestamp") and len(numbers) >= 2:
        return b"\10\12" + b"".join(number.to_bytes(4, "big") for number in numbers[:2])
    if kind == "tfo":
        cookie = words[-1] if re.fullmatch(r"(?:[0-9a-f]{2}){1,16}", words[-1]) else ""
        return bytes((34, 2 + len(cookie) // 2)) + bytes.fromhex(cookie)
    if kind == "sack":
        edges = [int(edge) % MODULUS for pair in SACK.findall(" ".join(words)) for edge in pair]
        blocks = b"".join(receiver.absolute(edge).to_bytes(4, "big") for edge in edges[:8])
        return bytes((5, 2 + len(blocks))) + blocks
    return None


# -- finding packets -------------------------------------------------------------------------


def _find_units(text: str, read: ReadDump) -> list[_Unit]:
    """Find the packets of a text, in order, each with the text between it and the one before."""
    units = sorted(
        [*_find_summaries(text), *_find_dump_units(text, read)], key=lambda unit: unit.start
    )
    merged: list[_Unit] = []
    for unit in units:
        last = merged[-1] if merged else None
        if last is not None and unit.start < last.end:
            continue  # digits of a summary that look like a row
        if unit.dump is not None and last is not None and _belongs(text, last, unit):
            last.dump, last.frame = unit.dump, unit.frame
            last.end = unit.end
            continue
        unit.before = text[last.end if last is not None else 0 : unit.start]
        merged.append(unit)
    return merged


def _belongs(text: str, summary: _Unit, dump: _Unit) -> bool:
    """Whether a dump shows the packet of the summary: it follows at once, on the next line."""
    if summary.summary is None or summary.dump is not None or dump.dump is None:
        return False
    between = text[summary.end : dump.start]
    return dump.dump.offset == 0 and between.strip(" \t\r").count("\n") <= 1 and len(between) < 400


def _find_summaries(text: str) -> Iterator[_Unit]:
    matches = list(SUMMARY.finditer(text))
    for number, match in enumerate(matches):
        limit = matches[number + 1].start() if number + 1 < len(matches) else len(text)
        summary = Summary(match)
        if summary.modern:
            details = text[match.end() : min(limit, match.end() + SUMMARY_LIMIT)]
            details = DETAILS_END.split(details, maxsplit=1)[0]
            length = LENGTH.search(details)
            if length is not None:
                details = details[: length.end()]
            summary.end = match.end() + len(details)
            summary.read_modern(details, length)
        elif (old := OLD_DETAILS.match(text, match.end())) is not None:
            summary.read_old(old)
        if summary.is_plausible:
            unit = _Unit(match.start(), min(summary.end, limit))
            unit.summary = summary
            yield unit


def _find_dump_units(text: str, read: ReadDump) -> Iterator[_Unit]:
    for dump in find_dumps(text):
        if dump.octets_len < 16:
            continue
        frame = read(dump) if dump.offset != 0 else None
        if dump.offset == 0 or frame is not None:
            unit = _Unit(dump.start, dump.end)
            unit.dump, unit.frame = dump, frame
            yield unit


# -- small things ----------------------------------------------------------------------------


def _decoder(head: bytes) -> Callable[..., str]:
    """Choose how to turn octets into characters, by the byte order mark."""
    encoding = "utf-8"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"  # PowerShell's `windump > trace.txt`
    elif head.startswith(codecs.BOM_UTF8):
        encoding = "utf-8-sig"
    return codecs.getincrementaldecoder(encoding)("replace").decode


def _literal(host: str) -> bytes | None:
    try:
        return ipaddress.ip_address(host.partition("%")[0]).packed
    except ValueError:
        return None


def _address(number: int, version: int) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """Address number `number`, from 1: of 198.51.100.0/24, then of 198.18.0.0/15 (RFC 2544)."""
    if version == 6:
        return ipaddress.IPv6Address((0x2001_0DB8 << 96) + number)
    if number <= 254:
        return ipaddress.IPv4Address((198 << 24) + (51 << 16) + (100 << 8) + number)
    return ipaddress.IPv4Address((198 << 24) + (18 << 16) + number % 0x2_0000)


def _fraction_ns(digits: str) -> int:
    return int(digits.ljust(9, "0")) if digits else 0


def _day_ns(text: str, otherwise: int) -> int:
    """Midnight UTC of a date as nanoseconds since the epoch."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return otherwise
    return max(int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()), 0) * SECOND_NS
