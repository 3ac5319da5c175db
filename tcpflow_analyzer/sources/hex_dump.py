"""Finds hex dumps with offsets in text, and the packet in each dump.

In: text as people paste it: tcpdump -x and -X, Wireshark, text2pcap, xxd and hexdump layouts, one
row a line or all rows run together, from offset 0 or from the middle of a frame. Out: octets of a
frame with its link type, or of a TCP header alone where nothing before it is there.

Web pages and translators drop one of two equal octets and split others ("0 0"): a row that is too
short is mended by doubling the octet that makes the TCP header and its options consistent.
"""

import re
from collections.abc import Iterator
from typing import Final

from tcpflow_analyzer.sources.link_types import EN10MB, RAW
from tcpflow_analyzer.tcp.control_bits import ACK, FIN, RST, SYN, URG

ROW_OCTETS: Final = 16
# Text between two rows of one dump: the readable column, or what a page put there.
ROW_GAP: Final = 200
TCP_HEADER_LEN: Final = 20
IPV4: Final = 4
IPV6: Final = 6

ROW = re.compile(
    r"(?<![0-9A-Fa-f.:])(?:0x)?(?P<offset>[0-9A-Fa-f]{3,8})(?::|\b)[ \t]{1,8}"
    r"(?=[0-9A-Fa-f]{1,4}(?!\w))"
)
TOKEN = re.compile(r"([ \t]*)([0-9A-Fa-f]{1,4})(?![0-9A-Za-z])")

# EtherTypes that a frame may start with: IPv4, ARP, VLAN tags, IPv6, MPLS, PPPoE.
ETHER_TYPES: Final = frozenset(
    (0x0800, 0x0806, 0x8100, 0x86DD, 0x8847, 0x8848, 0x8863, 0x8864, 0x88A8, 0x9100)
)
LINUX_SLL: Final = 113
# Where a TCP header begins behind Ethernet, raw IP, a VLAN tag and a Linux cooked header, IPv4.
TCP_OFFSETS: Final = (34, 20, 38, 36)
# Lengths of options that have one length only; RFC 9293 3.2, 7323, 2018.
OPTION_LENGTHS: Final = {2: 4, 3: 3, 4: 2, 8: 10, 19: 18}


class HexRow:
    """One row: its offset, its octets, and where it stands in the text."""

    def __init__(self, offset: int, octets: bytes, start: int, end: int) -> None:
        """Note a row that spans `start` to `end` of the text."""
        self.offset = offset
        self.octets = octets
        self.start = start
        self.end = end


class HexDump:
    """Rows that belong together, in order."""

    def __init__(self, row: HexRow) -> None:
        """Begin with one row."""
        self.rows = [row]

    @property
    def start(self) -> int:
        """Where the dump begins in the text."""
        return self.rows[0].start

    @property
    def end(self) -> int:
        """Where it ends."""
        return self.rows[-1].end

    @property
    def offset(self) -> int:
        """Offset of the first row in the frame."""
        return self.rows[0].offset

    @property
    def octets_len(self) -> int:
        """Octets in all rows."""
        return sum(len(row.octets) for row in self.rows)


class DumpedFrame:
    """What a dump holds.

    Attributes:
        link_type: LINKTYPE_ number of `octets`, or None where they are a TCP header (and what
            follows it) without anything before.
        octets: as far as the dump goes.
        wire_len: octets of the whole frame as far as its headers say.
        mended: octets that were missing in rows and were put in.
    """

    def __init__(self, link_type: int | None, octets: bytes, wire_len: int, mended: int) -> None:
        """Note what was found."""
        self.link_type = link_type
        self.octets = octets
        self.wire_len = max(wire_len, len(octets))
        self.mended = mended


def find_dumps(text: str) -> Iterator[HexDump]:
    """Find the dumps of `text` in order."""
    dump: HexDump | None = None
    position = 0
    while (match := ROW.search(text, position)) is not None:
        row = _read_row(text, match)
        position = max(row.end, match.end())
        if dump is not None and _continues(dump, row):
            dump.rows.append(row)
            continue
        # A page may glue the readable column to the next offset, but not to the first one.
        if len(row.octets) < 4 or text[row.start - 1 : row.start].isalnum():
            continue
        if dump is not None:
            yield dump
        dump = HexDump(row)
    if dump is not None:
        yield dump


def _continues(dump: HexDump, row: HexRow) -> bool:
    last = dump.rows[-1]
    if row.start - last.end > ROW_GAP or not row.octets:
        return False
    return row.offset in (last.offset + ROW_OCTETS, last.offset + len(last.octets))


def _read_row(text: str, match: re.Match[str]) -> HexRow:
    octets = bytearray()
    position = match.end()
    half = ""
    while len(octets) < ROW_OCTETS and (token := TOKEN.match(text, position)) is not None:
        gap, digits = token.groups()
        # Two blanks end the octets, except in the middle of a row of pairs.
        if octets and len(gap) > 1 and not (len(octets) == 8 and len(digits) == 2):
            break
        if octets and not gap:
            break
        if len(digits) == 1 or half:
            half += digits
            if len(half) > 2:
                break
            if len(half) < 2:
                position = token.end()
                continue
            digits, half = half, ""
        if len(digits) == 3:
            break
        octets += bytes.fromhex(digits)
        position = token.end()
    return HexRow(int(match["offset"], 16), bytes(octets[:ROW_OCTETS]), match.start(), position)


def lacks_octets(dump: HexDump) -> bool:
    """Whether a row is shorter than it should be, so that thousands of ways to mend are tried."""
    return any(len(row.octets) == ROW_OCTETS - 1 for row in dump.rows[1:])


def read_dump(dump: HexDump, mend: bool = True) -> DumpedFrame | None:
    """Find out what the octets of a dump are; None for what is no packet.

    Args:
        dump: as found.
        mend: whether octets that are missing in rows may be put in.
    """
    if dump.offset == 0:
        frame = _read_whole_frame(b"".join(row.octets for row in dump.rows))
        if frame is not None:
            return frame
    return _read_tcp(dump, mend)


def _read_whole_frame(octets: bytes) -> DumpedFrame | None:
    wire_len = internet_len(octets, 0)
    if wire_len:
        return DumpedFrame(RAW, octets, wire_len, 0)
    if len(octets) >= 14 and int.from_bytes(octets[12:14], "big") in ETHER_TYPES:
        return DumpedFrame(EN10MB, octets, 14 + internet_len(octets, 14), 0)
    if len(octets) >= 16 and octets[0] == 0 and internet_len(octets, 16):
        return DumpedFrame(LINUX_SLL, octets, 16 + internet_len(octets, 16), 0)
    return None


def internet_len(octets: bytes, start: int) -> int:
    """Octets of the IP packet at `start` by its own header; 0 where none can be there."""
    header = octets[start : start + 40]
    if len(header) < 20:
        return 0
    version = header[0] >> 4
    if version == IPV4 and header[0] & 15 >= 5:
        total = int.from_bytes(header[2:4], "big")
        # The first octets of an address or a port look like a header now and then.
        plausible = total == 0 or total >= 20
        return (total or len(octets) - start) if plausible and header[8] > 0 else 0
    if version == IPV6 and len(header) == 40:
        length = int.from_bytes(header[4:6], "big")
        return 40 + length if length else len(octets) - start
    return 0


def _read_tcp(dump: HexDump, mend: bool) -> DumpedFrame | None:
    """Find a TCP header in a dump that begins in the middle of a frame."""
    best: tuple[int, bytes, int] | None = None
    for begin in TCP_OFFSETS:
        if not dump.offset <= begin < dump.offset + ROW_OCTETS:
            continue
        for octets, mended in _mended_octets(dump, begin, mend):
            score = header_score(octets)
            if score > 0 and (best is None or (score, -mended) > (best[0], -best[2])):
                best = score, octets, mended
        if best is not None:
            break
    if best is None:
        return None
    _, octets, mended = best
    return DumpedFrame(None, octets, max(len(octets), (octets[12] >> 4) * 4), mended)


def _mended_octets(dump: HexDump, begin: int, mend: bool) -> Iterator[tuple[bytes, int]]:
    """Give what may be the octets from offset `begin` on, with how many were put in.

    The first row lacks its first octets where the dump was cut there; where it is longer than what
    is left of it from `begin`, the octets before `begin` are passed over.
    """
    first = dump.rows[0].octets
    wanted = min(dump.offset + ROW_OCTETS - begin, ROW_OCTETS)
    if len(first) > wanted:
        first = first[begin - dump.offset :] if len(first) == ROW_OCTETS else first[-wanted:]
    if not mend:
        yield first + b"".join(row.octets for row in dump.rows[1:]), 0
        return
    heads = _row_variants(first, wanted) if len(dump.rows) > 1 else [(first, 0)]
    for head, head_mended in heads:
        for octets, mended in _append_rows(head, dump.rows[1:]):
            yield octets, head_mended + mended


def _append_rows(head: bytes, rows: list[HexRow]) -> Iterator[tuple[bytes, int]]:
    if not rows:
        yield head, 0
        return
    if len(head) + ROW_OCTETS * len(rows) > 60 + ROW_OCTETS:
        # Beyond the longest TCP header nothing can be judged.
        yield head + b"".join(row.octets for row in rows), 0
        return
    row = rows[0].octets
    if len(rows) > 1:
        variants = _row_variants(row, ROW_OCTETS)
    else:
        header_len = (head[12] >> 4) * 4 if len(head) > 12 else 0
        variants = _row_variants(row, max(header_len - len(head), len(row)))
    for variant, mended in variants:
        for octets, more in _append_rows(head + variant, rows[1:]):
            yield octets, mended + more


def _row_variants(row: bytes, wanted: int) -> list[tuple[bytes, int]]:
    """Give the row as it is, and with one octet doubled where one is missing."""
    variants = [(row, 0)]
    if len(row) == wanted - 1:
        doubled = {row[: place + 1] + row[place:] for place in range(len(row))}
        variants.extend((octets, 1) for octets in sorted(doubled))
    return variants


def header_score(octets: bytes) -> int:
    """How much `octets` look like a TCP header: 0 not at all, higher is better."""
    if len(octets) < 14:
        return 0
    header_len = (octets[12] >> 4) * 4
    bits = octets[13]
    if header_len < TCP_HEADER_LEN or octets[12] & 0x0E or octets[:2] == b"\0\0":
        return 0
    if bits & (SYN | FIN | RST | ACK) == 0 or (bits & SYN and bits & (FIN | RST)):
        return 0
    score = 1
    ack = octets[8:12]
    if not bits & ACK:
        score += 2 if ack == b"\0\0\0\0" else -1
    if len(octets) >= TCP_HEADER_LEN and (bits & URG or octets[18:20] == b"\0\0"):
        score += 1
    return max(score + _options_score(octets[TCP_HEADER_LEN:header_len], header_len), 0)


def _options_score(options: bytes, header_len: int) -> int:
    """Points for options that fill the header exactly, minus those for broken ones."""
    missing = header_len - TCP_HEADER_LEN - len(options)
    position = 0
    while position < len(options):
        kind = options[position]
        if kind == 0:
            return 2 if missing == 0 and not any(options[position:]) else 0
        if kind == 1:
            position += 1
            continue
        length = options[position + 1] if position + 1 < len(options) else 0
        known = OPTION_LENGTHS.get(kind)
        if length < 2 or (known is not None and length != known):
            return 0 if missing else -1
        position += length
    return 4 if missing == 0 and position == len(options) else 1
