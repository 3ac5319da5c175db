"""What fuzzing begins with: octets that the targets understand, made of the project's fixtures."""

import bz2
import gzip
import lzma
import struct
import sys
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Final

import lz4.frame

from fuzz.targets import LINK_TYPES, NAMES, OUTPUTS
from support.container_builder import (
    block,
    enhanced,
    interface,
    old_packet,
    option,
    pcap_file,
    pcapng_file,
    records,
    section,
    simple,
    statistics,
)
from support.places import FIXTURES, ROOT
from support.small_captures import closed, mixed
from tcpflow_analyzer.sources.recording import Recording

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

HOSTILE: Final = FIXTURES / "hostile"
LARGEST: Final = 8_000  # octets of a seed: larger ones are changed in places that do not matter
MOST_FILES: Final = 60
SEEDS_OF_EACH: Final = 12

TEXTS: Final = (
    """\
12:00:00.000001 IP 192.0.2.1.1025 > 192.0.2.2.http: S 1000:1000(0) win 5840 <mss 1460,sackOK>
12:00:00.000002 IP 192.0.2.2.http > 192.0.2.1.1025: S 9000:9000(0) ack 1001 win 5792 <mss 1460>
12:00:00.000003 IP 192.0.2.1.1025 > 192.0.2.2.http: . ack 1 win 5840
12:00:00.000004 IP 192.0.2.1.1025 > 192.0.2.2.http: P 1:101(100) ack 1 win 5840
""",
    """\
2026-01-01 12:00:00.000001 IP6 (hlim 64) 2001:db8::1.40000 > 2001:db8::2.443: Flags [S], seq 1, \
win 64240, options [mss 1440,sackOK,TS val 1 ecr 0,nop,wscale 7], length 0
2026-01-01 12:00:00.000002 IP6 2001:db8::2.443 > 2001:db8::1.40000: Flags [S.], seq 9, ack 2, \
win 64240, options [mss 1440,sack 1 {1:2},tfo cookiereq], length 0
1767225600.5 IP host-a.example.40000 > host-b.ssh: Flags [FP.], seq 1:5, ack 1, win 3, length 4
""",
    """\
12:00:00.000001 IP 192.0.2.1.1025 > 192.0.2.2.80: tcp 0
\t0x0000:  4500 0034 0000 4000 4006 0000 c000 0201  E..4..@.@.......
\t0x0010:  c000 0202 0401 0050 0000 0001 0000 0000  .......P........
\t0x0020:  8002 ffff 0000 0000 0204 05b4 0103 0307  ................
\t0x0030:  0101 0402                                ....
""",
    """\
0000  02 00 00 00 00 02 02 00 00 00 00 01 08 00 45 00   ..............E.
0010  00 28 00 00 40 00 40 06 00 00 c0 00 02 01 c0 00   .(..@.@.........
0020  02 02 04 01 00 50 00 00 00 01 00 00 00 00 50 02   .....P........P.
0030  ff ff 00 00 00 00                                 ......
""",
)
EXPRESSIONS: Final = (
    'responder.port == 5432 and not (finding.code startswith "RS" or duration < 5ms)',
    'originator.address in [192.0.2.0/24, "2001:db8::/32"] and responder.state != "CLOSED"',
    'midstream or finding.severity >= "warning" and port in (80, 81)',
    'close.active_closer == "originator" or handshake.duration < "1h"',
    "not not midstream == false and finding.name != 'a\\'b' or ::1 == address",
)
FILTERS: Final = (
    "state time-wait exclude established",
    "( dport = :https or sport gt 1024 ) and not src 192.0.2.0/24",
    "dst [2001:db8::/32]:443 && src *:22",
    "state connected dst != 10.0.0.0/8",
)
BASELINES: Final = (
    '{"baseline_version": 1, "entries": [{"fingerprint": "0123456789abcdef0123456789abcdef",'
    ' "code": "RS001", "service": "192.0.2.1:80", "text": "reset", "captures": ["a.pcap"]}]}',
    '{"baseline_version": 1, "entries": []}',
)
CONFIGURATIONS: Final = (
    """\
fail_on = ["warning", "TW004"]
select = ["CL", "RS*", "TW004"]
ignore = ["RS005", { code = "RS003", port = 8080, address = "192.0.2.0/24", reason = "known" }]
min_certainty = "observed"
where = "not midstream"
allow_truncated = true
baseline = "known.json"
msl = "30s"
profile = { "192.0.2.0/24" = "linux" }
counts = { TW004 = "3..5", CL = 2 }

[parameters]
close_wait_warn = "200ms"
retransmission_ratio = 0.5

[[expect]]
name = "database pool"
where = "responder.port == 5432"
captures = "orders*.pcap"
closed_by = "originator"
states = ["TIME-WAIT/CLOSED"]
settle = "2s"
max_connections = 20
handshake_p99 = "5ms"
forbid = ["RS*", "CL005"]
""",
    '[tool.tcpflow]\nfail_on = "error"\n',
    '[display]\ntop = 3\ntime = "utc"\n',
)
VALUES: Final = (
    "2026-11-20T10:44:50Z", "10:44:50.5", "+12.5s", "frame:88", "1795217208.5", "60s", "1.5min",
    "100MB", "192.0.2.0/24=linux", "[2001:db8::1]:9464", "fe80::1%eth0", "close_wait_warn=30s",
)  # fmt: skip


def seeds(target: str) -> Iterator[bytes]:
    """Give what fuzzing a target begins with: made here, then the cases of fixtures/hostile."""
    yield from _MAKERS[target]()
    folder = HOSTILE / target
    if folder.is_dir():
        for path in sorted(folder.iterdir()):
            yield path.read_bytes()


def _captures() -> Iterator[bytes]:
    frames = records(4)
    for magic in (0xA1B2C3D4, 0xA1B23C4D, 0xA1B2CD34):
        for order in "<>":
            yield pcap_file(frames, magic, order)
    for order in "<>":
        yield pcapng_file(frames, order)
        yield _every_block(order)
    yield closed()
    yield mixed(3)
    yield from _small_fixtures()


def _every_block(order: str) -> bytes:
    options = option(2, b"eth0", order) + option(9, b"\x89", order) + option(14, bytes(8), order)
    drops = option(5, bytes(7) + b"\1", order) + option(4, bytes(8), order)
    writer = option(4, b"tcpflow-analyzer 1", order)
    packet = bytes(range(64))
    return b"".join((
        section(order, options=writer),
        interface(1, order, options),
        interface(101, order, option(9, b"\xb0", order), 32),
        enhanced(packet, 1 << 50, 0, order),
        enhanced(packet, 1 << 40, 1, order, 2000),
        simple(packet, order),
        old_packet(packet, 1 << 50, 1, order),
        block(0xBAD, b"unknown", order),
        statistics(0, drops, order, 1 << 50),
        section(order),
        interface(113, order),
        enhanced(packet, 5, 0, order),
    ))  # fmt: skip


def _small_fixtures() -> Iterator[bytes]:
    found = [
        path
        for path in sorted(FIXTURES.rglob("*.pcap*"))
        if path.suffix in (".pcap", ".pcapng") and path.stat().st_size <= LARGEST
    ]
    step = max(len(found) // MOST_FILES, 1)
    for path in found[::step]:
        yield path.read_bytes()


def _files() -> Iterator[bytes]:
    plain = closed()
    packers: list[Any] = [gzip.compress, bz2.compress, lzma.compress, zstd.compress]
    packers.append(lz4.frame.compress)
    for pack in packers:
        yield pack(plain)
        yield pack(plain[:300]) + pack(plain[300:])
        yield pack(pack(plain))
    yield from (text.encode() for text in TEXTS)
    yield TEXTS[0].encode("utf-16")
    yield plain
    yield _every_block("<")


def _frames() -> Iterator[bytes]:
    """A frame of every link type, and those of the fixtures, behind their link types."""
    packet = _first_frames(FIXTURES / "recordings" / "close_by_client.pcap", 1)[0][1]
    for number, _ in enumerate(LINK_TYPES):
        for content in (packet[14:], packet):
            yield bytes([number]) + struct.pack(">H", len(content)) + content
    for path in sorted(FIXTURES.rglob("*.pcap*")):
        if path.suffix not in (".pcap", ".pcapng"):
            continue
        frames = _first_frames(path, 4)
        link_type = LINK_TYPES.index(frames[0][0]) if frames else 0
        yield bytes([link_type]) + b"".join(
            struct.pack(">H", len(frame)) + frame for _, frame in frames
        )


def _first_frames(path: Path, count: int) -> list[tuple[int, bytes]]:
    found: list[tuple[int, bytes]] = []
    recording = Recording([str(path)])
    try:
        for walk, _ in recording.steps():
            while len(found) < count and walk.advance():
                frame = walk.buffer[walk.start : walk.start + walk.captured_len]
                found.append((int(walk.link_type), frame))
            if len(found) == count:
                break
    finally:
        recording.close()
    return found


def _exchanges() -> Iterator[bytes]:
    """An open, a request, an answer and each way to close, and the same after every gap."""
    opened = [(0, 1), (1, 2), (0, 0), (0, 3), (1, 3)]
    closes = (
        [(0, 4), (1, 0), (1, 4), (0, 0)],
        [(0, 4), (1, 4), (0, 0), (1, 0)],
        [(1, 5)],
        [(0, 6), (1, 0)],
        [(0, 1), (1, 2)],
    )
    for number, close in enumerate(closes):
        segments = [*opened, *close]
        yield bytes([number]) + b"".join(
            bytes((side, bits, 0, 0, 4 if bits == 3 else 0, 0, 3 if bits in (1, 2) else 4, 0))
            for side, bits in segments
        )
    for gap in range(16):
        yield bytes([0]) + b"".join(
            bytes((side | gap << 4, bits, 0, 0, 0, 0, 0, 0)) for side, bits in [*opened, *closes[0]]
        )


def _outputs() -> Iterator[bytes]:
    """Captures, for one output after the other; a small exchange for all of them."""
    for number in range(len(OUTPUTS)):
        yield bytes([number]) + closed()
    for number, octets in enumerate(_captures()):
        yield bytes([number % len(OUTPUTS)]) + octets


def _texts(texts: Iterable[str]) -> Iterator[bytes]:
    return (text.encode() for text in texts)


def _configurations() -> Iterator[bytes]:
    yield from _texts(CONFIGURATIONS)
    for path in sorted((ROOT / "docs").rglob("tcpflow*.toml")):
        yield path.read_bytes()


def _any() -> Iterator[bytes]:
    """A few seeds of every target."""
    for number, name in enumerate(NAMES):
        for octets in islice(_MAKERS[name](), SEEDS_OF_EACH):
            yield bytes([number]) + octets


_MAKERS: Final[dict[str, Callable[[], Iterator[bytes]]]] = {
    "records": _captures,
    "capture": _files,
    "hex_dump": lambda: _texts(TEXTS),
    "decode": _frames,
    "report": _captures,
    "exchanges": _exchanges,
    "outputs": _outputs,
    "configuration": _configurations,
    "baseline": lambda: _texts(BASELINES),
    "where": lambda: _texts(EXPRESSIONS),
    "socket_filter": lambda: _texts(FILTERS),
    "values": lambda: _texts(VALUES),
    "any_of": _any,
}
