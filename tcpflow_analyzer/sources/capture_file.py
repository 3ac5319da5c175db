"""One capture: opens it, finds out by its octets what it is, and feeds its walk.

In: a path, "-" for standard input, or a FIFO, plain or compressed, holding pcap, pcapng or text.
Out: a `RecordWalk` that is fed block by block. What is no capture raises InputError; what is
damaged further on ends the walk with `error` and keeps the frames before.
"""

import codecs
from typing import TYPE_CHECKING, Final, NoReturn

from tcpflow_analyzer.errors import InputError
from tcpflow_analyzer.sources.octets import (
    BLOCK_OCTETS,
    MAGIC_OCTETS,
    PROBE_OCTETS,
    FileOctets,
    OctetSource,
    PeekedOctets,
    StreamDamage,
    UnpackedOctets,
    find_compression,
)
from tcpflow_analyzer.sources.records import RecordWalk

if TYPE_CHECKING:
    from tcpflow_analyzer.sources.text_trace import TextTrace

# A .pcap.gz inside a .zst has been seen; more layers are a mistake or an attack.
COMPRESSION_LAYERS: Final = 2
# Enough to judge text by, and to reach the magic of a tar archive at 257.
HEAD_OCTETS: Final = 512

# What they packed to less than an eighth comes out at gigabytes a second.
FAST_COMPRESSIONS: Final = frozenset(("zstd", "lz4"))
FAST_RATIO: Final = 8

CAPTURE_MAGICS: Final = (
    b"\xa1\xb2\xc3\xd4",
    b"\xd4\xc3\xb2\xa1",
    b"\xa1\xb2\x3c\x4d",
    b"\x4d\x3c\xb2\xa1",
    b"\xa1\xb2\xcd\x34",
    b"\x34\xcd\xb2\xa1",
    b"\x0a\x0d\x0d\x0a",
)

_CONVERT: Final = "convert it with editcap, or use --decoder tshark"
# First octets of files that people mistake for captures, or that only Wireshark reads.
OTHER_FORMATS: Final = (
    (b"snoop\0\0\0", "a snoop capture", _CONVERT),
    (b"btsnoop\0", "a btsnoop capture of Bluetooth", _CONVERT),
    (b"RTSS", "a Microsoft Network Monitor 1 capture", _CONVERT),
    (b"GMBU", "a Microsoft Network Monitor 2 capture", _CONVERT),
    (b"XCP\0", "a Network Associates Sniffer capture", _CONVERT),
    (b"TRSNIFF data", "a Sniffer capture", _CONVERT),
    (b"iptrace ", "an AIX iptrace capture", _CONVERT),
    (b"\x05VNF", "a Visual Networks capture", _CONVERT),
    (b"\x7fver", "an EtherPeek or OmniPeek capture", _CONVERT),
    (b"LOGG", "a Vector BLF log", _CONVERT),
    (b"<?xml", "an XML file", "if it is PDML, save the packets as pcapng instead"),
    (b"PK\x03\x04", "a ZIP archive", "unpack it first"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", "unpack it first"),
    (b"Rar!", "a RAR archive", "unpack it first"),
    (b"\x1f\x9d", "a file compressed by compress", "unpack it first"),
    (b"\x5d\0\0", "a file compressed by lzma", "unpack it first"),
    (b"\x02\x21\x4c\x18", "a file in lz4's legacy format", "unpack it first"),
    (b"%PDF", "a PDF document", ""),
    (b"\x7fELF", "a program", ""),
    (b"\x89PNG", "a picture", ""),
)


def is_capture(path: str) -> bool:
    """Whether the file at `path` is pcap or pcapng, compressed or not, by its first octets.

    Text traces do not count here: a folder of captures often holds notes as well. What cannot be
    opened counts, so that opening it says why.
    """
    try:
        file = FileOctets(path, PROBE_OCTETS)
    except InputError:
        return True
    try:
        source, _ = _unpack(file)
        return source.peek(4).startswith(CAPTURE_MAGICS)
    finally:
        file.close()


def _unpack(file: OctetSource) -> tuple[PeekedOctets, str]:
    """Look through compressions; gives the octets inside and what they were packed with."""
    source = PeekedOctets(file)
    names: list[str] = []
    for _ in range(COMPRESSION_LAYERS):
        compression = find_compression(source.peek(MAGIC_OCTETS))
        if compression is None:
            break
        names.append(compression.name)
        source = PeekedOctets(UnpackedOctets(source, compression))
    return source, "+".join(names)


def looks_like_text(head: bytes) -> bool:
    """Whether octets can be the beginning of a text: no control characters but those of lines."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return True
    return not any(octet < 0x20 and octet not in b"\t\n\r\f\v\x1b" for octet in head)


class CaptureFile:
    """An open capture and its walk.

    Attributes:
        path: as given.
        name: what messages call it.
        walk: the frames found in what was fed so far.
        compression: "gzip", "bz2", "xz", "zstd", "lz4", two of them joined by "+", or "".
        container: "pcap", "pcapng", "text" or "hex".
        ended: whether everything was fed.
    """

    def __init__(self, path: str, block_octets: int = BLOCK_OCTETS) -> None:
        """Open `path` and read its first octets; raises InputError for what is no capture."""
        self.path = path
        self._file = FileOctets(path, block_octets)
        self.name = self._file.name
        self.walk = RecordWalk(self.name)
        self.ended = False
        self._text: TextTrace | None = None
        try:
            packed, self.compression = _unpack(self._file)
            self._source = self._recognise(packed)
            if self.compression and not self._file.can_end_early():
                # Most captures are plain and do without threads.
                from tcpflow_analyzer.sources.read_ahead import ReadAhead  # noqa: PLC0415

                self._source = ReadAhead(self._source, self._pays_to_read_ahead)
        except BaseException:
            self._file.close()
            raise

    def feed_next(self) -> bool:
        """Feed the next block to the walk; False when there is none and the walk is finished.

        Call it when `walk.advance()` has given False.
        """
        if self.ended:
            return False
        try:
            block = self._source.read()
        except StreamDamage as damage:
            self.walk.stop(str(damage))
            self.ended = True
            return False
        if not block or self.walk.damaged:
            self.walk.finish()
            self.ended = True
            return False
        self.walk.feed(block)
        return True

    @property
    def container(self) -> str:
        """What the frames lie in: "pcap", "pcapng", "text" (summary lines) or "hex" (dumps)."""
        return self.walk.format if self._text is None else self._text.container

    @property
    def notes(self) -> list[str]:
        """What could not be taken from a text as it stood, one line each."""
        return [] if self._text is None else self._text.notes()

    @property
    def octets_read(self) -> int:
        """Octets read of the file as it lies there, compressed or not."""
        return self._file.consumed

    @property
    def octets_total(self) -> int | None:
        """Octets of the file as it lies there; None for a pipe."""
        return self._file.total

    def read_in_blocks(self, block_octets: int) -> None:
        """Read so much at a time from here on."""
        self._file.block_octets = block_octets

    def can_end_early(self) -> bool:
        """Whether it is a pipe, which may end anywhere."""
        return not self.ended and self._file.can_end_early()

    def end_early(self) -> None:
        """Make a pipe end where it was read to."""
        self._file.end_early()

    def close(self) -> None:
        """Close the file; what was fed can still be walked."""
        self.ended = True
        self._source.close()

    def _pays_to_read_ahead(self, unpacked: int) -> bool:
        """Whether unpacking takes longer than handing the octets from thread to thread."""
        if FAST_COMPRESSIONS.issuperset(self.compression.split("+")):
            return unpacked < FAST_RATIO * self._file.consumed
        return True

    def _recognise(self, source: PeekedOctets) -> OctetSource:
        head = source.peek(4)
        if head.startswith(CAPTURE_MAGICS):
            return source
        head = source.peek(HEAD_OCTETS)
        if not head:
            self._refuse_empty(source)
        if looks_like_text(head):
            from tcpflow_analyzer.sources.text_trace import TextTrace  # noqa: PLC0415  many patterns

            text = TextTrace(source)
            if text.find_first():
                self._text = text
                return text
            self._refuse("text without a line of a packet trace or hex dump", "")
        for magic, what, advice in OTHER_FORMATS:
            if head.startswith(magic):
                self._refuse(what, advice)
        if head[257:262] == b"ustar":
            self._refuse("a tar archive", "unpack it first")
        found = f"starts with the octets {head[:4].hex(' ')}"
        self._refuse(found, "")

    def _refuse_empty(self, source: PeekedOctets) -> NoReturn:
        try:
            source.read()
        except StreamDamage as damage:
            raise InputError(f"{self.name}: octet 0: {damage}") from damage
        raise InputError(f"{self.name}: octet 0: the file is empty")

    def _refuse(self, what: str, advice: str) -> NoReturn:
        packed = f" (inside {self.compression})" if self.compression else ""
        advice = f"; {advice}" if advice else ""
        raise InputError(f"{self.name}: octet 0: not a capture{packed}: {what}{advice}")
