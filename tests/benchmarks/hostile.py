"""Captures made to exhaust whoever reads them, of any length, and what the program takes for them.

Each case grows in one way that a reader may not follow without a bound: connections, hosts, holes,
fragments, interfaces, octets that were packed. A case is measured at its size and at a multiple of
it: time may grow with the size, memory may not once the bound is reached.
"""

import bz2
import gzip
import lzma
import random
import struct
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple

import lz4.frame
import numpy as np

from benchmarks.frames import FILE_HEADER, SEGMENT, Wire, encode
from benchmarks.process import Usage, measure
from support.container_builder import (
    Record,
    block,
    enhanced,
    interface,
    option,
    pcap_file,
    pcap_header,
    section,
)

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

RAW: Final = 101
MIB: Final = 1 << 20
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
_TOGETHER: Final = 4096  # frames that are written at once
_BEGIN_US: Final = 1_767_225_600 * 1_000_000  # of every capture, microseconds since the epoch
_HEADERS: Final = 54  # octets of a frame of Ethernet, IPv4 and TCP without options


class Case(NamedTuple):
    """A hostile capture.

    Attributes:
        what: it holds, for the table.
        size: of these in the small form, which tests take.
        blocks: makes the octets of the file for a count.
        bound: what holds memory down, and where that is set or told.
        options: of `tcpflow analyze`.
        suffix: of the file's name.
    """

    what: str
    size: int
    blocks: Callable[[int], Iterator[bytes]]
    bound: str
    options: tuple[str, ...] = ()
    suffix: str = ".pcap"


class Measured(NamedTuple):
    """What a case took: its size, octets of the file, and the program."""

    size: int
    octets: int
    usage: Usage


def measure_streamed(case: Case, count: int, program: Iterable[str]) -> Measured:
    """Give the capture of a case to the program by a pipe; it is never a file.

    Raises:
        RuntimeError: the program failed.
    """
    written = 0

    def counted() -> Iterator[bytes]:
        nonlocal written
        for octets in case.blocks(count):
            written += len(octets)
            yield octets

    command = [*program, "analyze", "-", "--format", "ndjson", *case.options]
    usage = measure(command, counted())
    return Measured(count, written, usage)


def measure_case(case: Case, count: int, program: Iterable[str], folder: Path) -> Measured:
    """Make the capture of a case, analyse it to NDJSON, and remove it.

    Raises:
        RuntimeError: the program failed.
    """
    path = folder / f"hostile{case.suffix}"
    with path.open("wb") as file:
        octets = sum(file.write(octets) for octets in case.blocks(count))
    try:
        command = [*program, "analyze", str(path), "--format", "ndjson", *case.options]
        return Measured(count, octets, measure(command))
    finally:
        path.unlink()


# -- frames ------------------------------------------------------------------------------------


def _frame(
    source: int,
    source_port: int,
    destination: int,
    port: int,
    seq: int,
    ack: int,
    bits: int,
    payload_len: int = 0,
    options: bytes = b"",
) -> bytes:
    """An IPv4 packet of a segment up to the end of its TCP header; the payload is not captured."""
    header_len = 20 + len(options)
    total = 20 + header_len + payload_len
    offset = header_len // 4 << 4
    words = struct.pack(
        ">BBHHHBBHIIHHIIBBHHH", 0x45, 0, total & 0xFFFF, 0, 0x4000, 64, 6, 0, source, destination,
        source_port, port, seq, ack, offset, bits, 65_535, 0, 0,
    )  # fmt: skip
    if payload_len:
        return words + options
    pseudo = struct.pack(">IIHH", source, destination, 6, header_len) + words[20:] + options
    total = sum(struct.unpack(f">{len(pseudo) // 2}H", pseudo))
    total = (total & 0xFFFF) + (total >> 16)
    total = 0xFFFF ^ ((total & 0xFFFF) + (total >> 16))
    return words[:36] + total.to_bytes(2, "big") + words[38:] + options


def _capture(
    frames: Iterable[tuple[bytes, int]], gap_us: int = 20, link_type: int = RAW
) -> Iterator[bytes]:
    """A pcap of frames and their lengths on the wire, each some microseconds after the other."""
    yield pcap_header(link_type=link_type)
    parts = []
    for number, (octets, wire_len) in enumerate(frames):
        seconds, fraction = divmod(number * gap_us, 1_000_000)
        head = struct.pack("<IIII", 1_767_225_600 + seconds, fraction, len(octets), wire_len)
        parts.append(head + octets)
        if len(parts) == _TOGETHER:
            yield b"".join(parts)
            parts.clear()
    yield b"".join(parts)


CLIENTS: Final = 0x0A00_0000  # 10.0.0.0/8: 16 million of them are needed
SERVER: Final = 0xC633_6401
HOME: Final = 0xC000_0201


def _singles(count: int, bits: int, payload_len: int, gap_us: int) -> Iterator[bytes]:
    """One segment of a new connection each; by numpy, as millions are needed."""
    wire = Wire(False, 0, _HEADERS, np.zeros(payload_len, np.uint8))
    yield FILE_HEADER
    for first in range(0, count, _TOGETHER):
        number = np.arange(first, min(first + _TOGETHER, count))
        rows = np.zeros(len(number), SEGMENT)
        rows["time_us"] = _BEGIN_US + number * gap_us
        rows["source"], rows["destination"] = CLIENTS + (number >> 4), SERVER
        rows["source_port"], rows["destination_port"] = 1024 + number % 16, 443
        rows["seq"], rows["control_bits"], rows["window"] = number, bits, 65_535
        rows["ack"] = 1 if bits & ACK else 0
        rows["payload_len"] = payload_len
        yield encode(rows, wire).tobytes()


def _attempts(count: int) -> Iterator[bytes]:
    """A SYN of a new client each."""
    return _singles(count, SYN, 0, 20)


def _attempts_at_once(count: int) -> Iterator[bytes]:
    """The same within one moment: nothing becomes older."""
    return _singles(count, SYN, 0, 0)


def _midstream(count: int) -> Iterator[bytes]:
    """A data segment of a new connection each."""
    return _singles(count, ACK, 100, 20)


def _midstream_at_once(count: int) -> Iterator[bytes]:
    """The same within one moment."""
    return _singles(count, ACK, 100, 0)


def _scan(count: int) -> Iterator[bytes]:
    """One host asks all ports of all hosts; every port refuses."""

    def frames() -> Iterator[tuple[bytes, int]]:
        for n in range(count):
            target, port = CLIENTS + (n >> 16), n & 0xFFFF
            yield _frame(HOME, 40_000, target, port, n, 0, SYN), 40
            yield _frame(target, port, HOME, 40_000, 0, (n + 1) % 2**32, RST | ACK), 40

    return _capture(frames())


def _flow(count: int) -> Iterator[bytes]:
    """One flow of segments of 65,000 octets, of which only headers were captured."""

    def frames() -> Iterator[tuple[bytes, int]]:
        yield _frame(HOME, 40_000, SERVER, 80, 99, 0, SYN), 40
        yield _frame(SERVER, 80, HOME, 40_000, 4999, 100, SYN | ACK), 40
        for n in range(count):
            seq = (100 + n * 65_000) % 2**32
            yield _frame(HOME, 40_000, SERVER, 80, seq, 5000, ACK, 65_000), 65_040
            yield _frame(SERVER, 80, HOME, 40_000, 5000, (seq + 65_000) % 2**32, ACK), 40

    return _capture(frames())


def _holes(count: int) -> Iterator[bytes]:
    """One flow of which the capture has every second segment, with SACK blocks of all others."""

    def frames() -> Iterator[tuple[bytes, int]]:
        for n in range(count):
            seq = (n * 200) % 2**32
            yield _frame(HOME, 40_000, SERVER, 80, seq, 5000, ACK, 100), 140
            edges = [(seq - back * 200 + place) % 2**32 for back in range(3) for place in (0, 100)]
            sack = struct.pack(">BBBB6I", 1, 1, 5, 26, *edges)
            yield _frame(SERVER, 80, HOME, 40_000, 5000, 100, ACK, 0, sack), 68

    return _capture(frames())


def _unanswered(count: int) -> Iterator[bytes]:
    """One sender whose data is never acknowledged, some of it again and again."""
    return _capture(
        (_frame(HOME, 40_000, SERVER, 80, (n - n % 3) * 100 % 2**32, 1, ACK, 100), 140)
        for n in range(count)
    )


def _noise(count: int) -> Iterator[bytes]:
    """Any control bits and numbers on four pairs of sockets, within one moment."""
    source = random.Random(1)

    def frames() -> Iterator[tuple[bytes, int]]:
        for _ in range(count):
            port = 40_000 + source.randrange(4)
            seq, ack = source.choice((1000, 1001, source.getrandbits(32))), source.getrandbits(10)
            bits, octets = source.getrandbits(6), source.choice((0, 0, 1, 100))
            ends = (HOME, port, SERVER, 80) if source.random() < 0.5 else (SERVER, 80, HOME, port)
            yield _frame(*ends, seq, ack, bits, octets), 40 + octets

    return _capture(frames(), gap_us=0)


def _incarnations(count: int) -> Iterator[bytes]:
    """The same two sockets open and reset a connection again and again, within one moment."""

    def frames() -> Iterator[tuple[bytes, int]]:
        for n in range(count):
            isn = n * 70_000 % 2**32
            yield _frame(HOME, 40_000, SERVER, 80, isn, 0, SYN), 40
            yield _frame(SERVER, 80, HOME, 40_000, isn, (isn + 1) % 2**32, SYN | ACK), 40
            yield _frame(HOME, 40_000, SERVER, 80, (isn + 1) % 2**32, isn + 1, ACK), 40
            yield _frame(HOME, 40_000, SERVER, 80, (isn + 1) % 2**32, isn + 1, RST | ACK), 40

    return _capture(frames(), gap_us=0)


def _fragment(identification: int, at: int, more: bool, octets: int) -> bytes:
    flags = (0x2000 if more else 0) | at // 8
    total = 20 + octets
    head = struct.pack(
        ">BBHHHBBHII", 0x45, 0, total, identification, flags, 64, 6, 0, HOME, SERVER
    )  # fmt: skip
    return head + bytes(octets)


def _first_fragments(count: int) -> Iterator[bytes]:
    """First fragments of 1,400 octets, nothing follows; the sender changes as well."""

    def frames() -> Iterator[tuple[bytes, int]]:
        for n in range(count):
            octets = bytearray(_fragment(n & 0xFFFF, 0, True, 1400))
            octets[12:16] = (CLIENTS + (n >> 16)).to_bytes(4, "big")
            yield bytes(octets), len(octets)

    return _capture(frames(), gap_us=1)


def _overlapping_fragments(count: int) -> Iterator[bytes]:
    """Fragments of one datagram that overlap in every way and never complete it."""

    def frames() -> Iterator[tuple[bytes, int]]:
        yield _fragment(7, 65_000, False, 100), 120
        for n in range(count):
            yield _fragment(7, 8 * (n * 7 % 8000 + 1), True, 8 + 8 * (n % 90)), 28 + 8 * (n % 90)

    return _capture(frames(), gap_us=1)


def _tunnels(count: int) -> Iterator[bytes]:
    """A VXLAN network identifier of its own for each segment."""
    inner = b"\2" * 12 + b"\x08\0" + _frame(HOME, 40_000, SERVER, 80, 1, 1, ACK)

    def frames() -> Iterator[tuple[bytes, int]]:
        for n in range(count):
            vxlan = struct.pack(">II", 0x0800_0000, (n & 0xFF_FFFF) << 8) + inner
            datagram = struct.pack(">HHHH", 5000, 4789, 8 + len(vxlan), 0) + vxlan
            total = 20 + len(datagram)
            head = struct.pack(
                ">BBHHHBBHII", 0x45, 0, total, 0, 0, 64, 17, 0, CLIENTS + (n >> 24), SERVER
            )
            yield head + datagram, total

    return _capture(frames())


def _quoted(count: int) -> Iterator[bytes]:
    """ICMP errors about segments that nobody sent."""

    def frames() -> Iterator[tuple[bytes, int]]:
        for n in range(count):
            quoted = _frame(CLIENTS + n, 1024, SERVER, n & 0xFFFF, n, 0, SYN)[:28]
            total = 28 + len(quoted)
            head = struct.pack(
                ">BBHHHBBHII", 0x45, 0, total, 0, 0, 64, 1, 0, CLIENTS - n, CLIENTS + n
            )
            yield head + struct.pack(">BBHI", 3, 3, 0, 0) + quoted, total

    return _capture(frames())


# -- files -------------------------------------------------------------------------------------

ONE: Final = Record(1_767_225_600, 0, _frame(HOME, 40_000, SERVER, 80, 1, 0, SYN), 40)
# Frames of zeros, as long as they may be, so that unpacking is what takes the time.
ZEROS: Final = struct.pack("<IIII", 1_767_225_600, 0, 262_128, 262_128) + bytes(262_128)


def _packed(open_packed: Callable[[BinaryIO], Any]) -> Callable[[int], Iterator[bytes]]:
    """A pcap of so many MiB of zeros, packed."""

    class Sink:
        """Keeps what was written until it is taken."""

        def __init__(self) -> None:
            self.parts: list[bytes] = []

        def write(self, octets: bytes) -> int:
            self.parts.append(bytes(octets))
            return len(octets)

        def flush(self) -> None:
            """Nothing waits."""

    def blocks(count: int) -> Iterator[bytes]:
        sink = Sink()
        with open_packed(sink) as file:  # type: ignore[arg-type]
            file.write(pcap_file([ONE], link_type=RAW))
            for _ in range(count):
                file.write(ZEROS * 4)
                yield b"".join(sink.parts)
                sink.parts.clear()
        yield b"".join(sink.parts)

    return blocks


def _gzip_in_gzip(count: int) -> Iterator[bytes]:
    inner = b"".join(_packed(_gzip)(count))
    yield gzip.compress(inner)


def _interfaces(count: int) -> Iterator[bytes]:
    yield section()
    for _ in range(count // 1000):
        yield interface() * 1000
    yield enhanced(bytes(60), 1)


def _sections(count: int) -> Iterator[bytes]:
    for _ in range(count // 1000):
        yield (section() + interface()) * 1000
    yield enhanced(bytes(60), 1)


def _options(count: int) -> Iterator[bytes]:
    """One block of so many MiB of options, packed."""
    options = option(1, bytes(65_532))
    body = interface()[8:-4] + options * (count * 16)
    yield gzip.compress(section() + block(1, body) + enhanced(bytes(60), 1))


def _long_record(count: int) -> Iterator[bytes]:
    """A segment, and a USB transfer of so many MiB, packed."""
    interfaces = section() + interface(RAW) + interface(220)
    transfer = enhanced(bytes(count * MIB), 2, 1)
    yield gzip.compress(interfaces + enhanced(ONE.octets, 1) + transfer)


TRACE: Final = b"12:00:00.000001 IP 192.0.2.1.1025 > 192.0.2.2.80: Flags [S], seq 1, length 0\n"


def _endless_line(count: int) -> Iterator[bytes]:
    """A text of one line of so many MiB."""
    yield TRACE
    for _ in range(count):
        yield b"x" * MIB


def _names(count: int) -> Iterator[bytes]:
    """A text trace in which every packet has hosts and services of its own."""
    for n in range(count):
        yield b"12:00:00.000001 IP host%d.s%d > h%d.80: Flags [S], seq 1, length 0\n" % (n, n, n)


CONNECTIONS: Final = "`--max-connections`; `connections` in left_out"


def _gzip(file: BinaryIO) -> Any:  # noqa: ANN401  what they have in common has no name
    return gzip.GzipFile(fileobj=file, mode="wb")


def _bzip2(file: BinaryIO) -> Any:  # noqa: ANN401
    return bz2.BZ2File(file, "wb")


def _xz(file: BinaryIO) -> Any:  # noqa: ANN401
    return lzma.LZMAFile(file, "wb", preset=1)


def _zstd(file: BinaryIO) -> Any:  # noqa: ANN401
    return zstd.ZstdFile(file, "wb")


def _lz4(file: BinaryIO) -> Any:  # noqa: ANN401
    return lz4.frame.LZ4FrameFile(file, "wb")


CASES: Final[dict[str, Case]] = {
    "attempts": Case("one SYN a connection", 100_000, _attempts, CONNECTIONS),
    "midstream": Case("one data segment a connection", 100_000, _midstream, CONNECTIONS,
                      ("--max-connections", "20000")),
    "attempts-at-once": Case("one SYN a connection, all within one moment", 100_000,
                             _attempts_at_once, CONNECTIONS, ("--max-connections", "20000")),
    "midstream-at-once": Case("one data segment a connection, all within one moment", 100_000,
                              _midstream_at_once, CONNECTIONS, ("--max-connections", "20000")),
    "scan": Case("one host asks all ports of all hosts", 50_000, _scan,
                 "16,384 hosts; `attempts` in left_out"),
    "incarnations": Case("two sockets connect again and again", 30_000, _incarnations,
                         "a connection that is over is forgotten"),
    "flow": Case("segments of 65,000 octets in one flow", 80_000, _flow, "numbers wrap at 2^32"),
    "holes": Case("every second segment missing, SACK", 60_000, _holes, "64 ranges a sender"),
    "unanswered": Case("data that is never acknowledged", 100_000, _unanswered,
                       "8 to 32 segments remembered a sender"),
    "noise": Case("any control bits and numbers", 100_000, _noise, "states replace each other"),
    "first-fragments": Case("datagrams of which only the first fragment comes", 60_000,
                            _first_fragments, "4 MiB, 4,096 datagrams, 30 s; `fragments`"),
    "overlapping-fragments": Case("fragments of one datagram that overlap", 60_000,
                                  _overlapping_fragments, "512 pieces a datagram"),
    "tunnels": Case("a VXLAN network of its own a segment", 100_000, _tunnels,
                    "65,535 tunnels; `scopes`"),
    "icmp-errors": Case("ICMP errors about nothing", 100_000, _quoted, "nothing is kept"),
    "gzip": Case("MiB of zeros in gzip", 64,
                 _packed(_gzip),
                 "256 KiB at a time", suffix=".pcap.gz"),
    "gzip-in-gzip": Case("MiB of zeros in gzip in gzip", 64, _gzip_in_gzip, "two layers",
                         suffix=".pcap.gz"),
    "bzip2": Case("MiB of zeros in bzip2", 64, _packed(_bzip2),
                  "256 KiB at a time", suffix=".pcap.bz2"),
    "xz": Case("MiB of zeros in xz", 64, _packed(_xz),
               "dictionary of 128 MiB", suffix=".pcap.xz"),
    "zstd": Case("MiB of zeros in zstd", 64, _packed(_zstd),
                 "window of 128 MiB", suffix=".pcap.zst"),
    "lz4": Case("MiB of zeros in lz4", 64,
                _packed(_lz4), "blocks of 4 MiB",
                suffix=".pcap.lz4"),
    "interfaces": Case("interfaces in a pcapng", 200_000, _interfaces, "65,536, then an error",
                       suffix=".pcapng"),
    "sections": Case("sections with an interface each", 100_000, _sections,
                     "65,536 interfaces, then an error", suffix=".pcapng"),
    "options": Case("MiB of options in one block", 64, _options, "the first MiB is looked at",
                    suffix=".pcapng.gz"),
    "long-record": Case("MiB in one record, USB", 64, _long_record,
                        "256 KiB a frame, of USB and D-Bus 128 MiB", suffix=".pcapng.gz"),
    "endless-line": Case("MiB in one line of a text trace", 8, _endless_line, "1 MiB of text",
                         suffix=".txt"),
    "names": Case("names in a text trace", 30_000, _names,
                  "131,072 names, 200,000 conversations; a note", suffix=".txt"),
}  # fmt: skip
