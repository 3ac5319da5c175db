"""Octets of a file, FIFO or standard input, unpacked where they are compressed.

What is compressed is known by its first octets, never by its name. Blocks come as data arrives:
no read waits for more than there is. A stream that breaks off or is corrupt gives what came before
and then raises `StreamDamage`, which stays inside this package.
"""

import os
import stat
import sys
import zlib
from collections.abc import Callable
from typing import Any, BinaryIO, Final, Protocol

from tcpflow_analyzer.errors import InputError

# Of 64 KiB to 1 MiB the fastest on large files, by a sixth (docs/performance.md); mmap counts as
# resident memory.
BLOCK_OCTETS: Final = 262_144
# Where only the beginning of a file is looked at, and the rest perhaps never.
PROBE_OCTETS: Final = 4_096
# Unpacked at a time: calls of a decompressor that are long enough for another thread to work.
UNPACKED_OCTETS: Final = BLOCK_OCTETS


# Memory that unpacking may take where the stream says how much: xz with a dictionary of 128 MiB,
# twice what its highest level uses. zstd refuses larger windows than that by itself.
UNPACKER_OCTETS: Final = 144 << 20


class StreamDamage(Exception):
    """The octets stop being readable here; the text says why."""


class OctetSource(Protocol):
    """Something that gives octets in blocks."""

    def read(self) -> bytes:
        """Give the next octets, b"" at the end; raises StreamDamage."""
        ...

    def close(self) -> None:
        """Release what is open."""
        ...


class FileOctets:
    """Octets of a path, or of standard input for "-", as they lie there.

    Attributes:
        name: what messages call it.
        block_octets: how much is read at a time.
        consumed: octets read so far.
        total: octets in all, None for what is not a regular file.
    """

    def __init__(self, path: str, block_octets: int = BLOCK_OCTETS) -> None:
        """Open `path`, to be read in blocks; raises InputError where that fails."""
        self.name = "standard input" if path == "-" else path or "''"
        self.block_octets = block_octets
        self.consumed = 0
        self.total: int | None = None
        self._file: Any = None
        self._pipe_number = -1
        try:
            self._read = self._open(path)
        except OSError as error:
            raise InputError(f"{self.name}: {reason(error)}") from error
        except ValueError as error:  # a NUL in the path
            raise InputError(f"{self.name!r}: not a path: {error}") from error

    def _open(self, path: str) -> Callable[[int], bytes]:
        if path == "-":
            if sys.stdin is None:
                raise InputError(f"{self.name}: it is closed")
            # A replaced standard input need not have a file below it, but has a buffer.
            standard_input = sys.stdin.buffer
            self._pipe_number = _pipe_number(standard_input)
            return getattr(standard_input, "read1", standard_input.read)
        file = open(path, "rb", buffering=0)  # noqa: SIM115 -- closed by close()
        self._file = file
        status = os.fstat(file.fileno())
        if stat.S_ISREG(status.st_mode):
            self.total = status.st_size
        else:
            self._pipe_number = file.fileno()
        return lambda size: file.read(size) or b""

    def read(self) -> bytes:
        """Give what there is, at most a block; b"" at the end."""
        try:
            block = self._read(self.block_octets)
        except OSError as error:
            raise StreamDamage(f"reading failed: {reason(error)}") from error
        self.consumed += len(block)
        return block

    def can_end_early(self) -> bool:
        """Whether this is a pipe, for which `end_early` can be used."""
        return self._pipe_number >= 0

    def end_early(self) -> None:
        """Make a pipe end where it was read to.

        Called while a read waits, which then sees the end: a read that a signal breaks off is
        begun anew (PEP 475), of what has taken the pipe's place.
        """
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, self._pipe_number)
        os.close(nothing)

    def close(self) -> None:
        """Close the file; standard input stays open."""
        if self._file is not None:
            self._file.close()


def _pipe_number(stream: BinaryIO) -> int:
    """Give the number of the pipe below a stream, -1 if it is a file or nothing at all."""
    try:
        number = stream.fileno()
    except (OSError, AttributeError):
        return -1
    return -1 if stat.S_ISREG(os.fstat(number).st_mode) else number


def file_octets(path: str) -> int | None:
    """Give the size of a file, None for "-" and pipes, 0 where there is nothing to be read."""
    if path == "-":
        return None
    try:
        status = os.stat(path)
    except (OSError, ValueError):  # opening it will say why
        return 0
    return None if stat.S_ISFIFO(status.st_mode) or stat.S_ISCHR(status.st_mode) else status.st_size


def is_fifo(path: str) -> bool:
    """Whether `path` is a named pipe; what cannot be looked at is none."""
    try:
        return stat.S_ISFIFO(os.stat(path).st_mode)
    except (OSError, ValueError):  # the latter for a NUL in the path
        return False


def reason(error: OSError) -> str:
    """Say in a few words what an error of the operating system means."""
    if isinstance(error, FileNotFoundError):
        return "no such file"
    text = error.strerror or str(error)
    return text[:1].lower() + text[1:]


class PeekedOctets:
    """A source whose first octets can be looked at before they are read."""

    def __init__(self, source: OctetSource) -> None:
        """Look into `source`, which is read through this object from now on."""
        self._source = source
        self._ahead = b""
        self._damage: StreamDamage | None = None
        self._ended = False

    def peek(self, octets: int) -> bytes:
        """Give the first `octets` octets, fewer only where there are no more."""
        while len(self._ahead) < octets and not self._ended:
            try:
                block = self._source.read()
            except StreamDamage as damage:
                self._damage = damage
                block = b""
            if not block:
                self._ended = True
            self._ahead += block
        return self._ahead[:octets]

    def read(self) -> bytes:
        """Give the next octets, b"" at the end; raises StreamDamage."""
        if self._ahead:
            ahead = self._ahead
            self._ahead = b""
            return ahead
        if self._damage is not None:
            raise self._damage
        return b"" if self._ended else self._source.read()

    def close(self) -> None:
        """Close the source below."""
        self._source.close()


class Unpacker(Protocol):
    """What the decompressors of bz2, lzma, zstd and lz4 have in common."""

    @property
    def eof(self) -> bool:
        """Whether the member is complete."""
        ...

    @property
    def unused_data(self) -> bytes:
        """What follows the member."""
        ...

    @property
    def needs_input(self) -> bool:
        """Whether nothing more comes out before something goes in."""
        ...

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        """Unpack at most `max_length` octets."""
        ...


class GzipUnpacker:
    """zlib's decompressor of one gzip member, in the form of `Unpacker`.

    zlib reports a wrong checksum together with the last octets and gives neither; a copy of the
    state from before goes through them again, octet by octet, up to the damage.
    """

    def __init__(self) -> None:
        """Start a member."""
        self._object = zlib.decompressobj(wbits=31)
        self._damage: zlib.error | None = None
        self.needs_input = True

    @property
    def eof(self) -> bool:
        """Whether the member is complete."""
        return self._object.eof

    @property
    def unused_data(self) -> bytes:
        """What follows the member."""
        return self._object.unused_data

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        """Unpack at most `max_length` octets; raises zlib.error once nothing more can be had."""
        if self._damage is not None:
            raise self._damage
        data = self._object.unconsumed_tail + data
        before = self._object.copy()
        try:
            unpacked = self._object.decompress(data, max_length)
        except zlib.error as damage:
            self._damage = damage
            self.needs_input = False
            return _salvage(before, data)
        self.needs_input = not self._object.unconsumed_tail
        return unpacked


def _salvage(state: "zlib._Decompress", data: bytes) -> bytes:
    unpacked = []
    try:
        for octet in data:
            unpacked.append(state.decompress(bytes((octet,))))
    except zlib.error:
        pass
    return b"".join(unpacked)


def _zstd_unpacker() -> Unpacker:
    if sys.version_info >= (3, 14):
        from compression import zstd  # noqa: PLC0415 -- only who reads such a file pays for it
    else:
        from backports import zstd  # noqa: PLC0415 -- as above

    return zstd.ZstdDecompressor()


def _bz2_unpacker() -> Unpacker:
    import bz2  # noqa: PLC0415 -- as above

    return bz2.BZ2Decompressor()


def _xz_unpacker() -> Unpacker:
    import lzma  # noqa: PLC0415 -- as above

    return lzma.LZMADecompressor(memlimit=UNPACKER_OCTETS)


def _lz4_unpacker() -> Unpacker:
    import lz4.frame  # noqa: PLC0415 -- only who reads such a file pays for the import

    unpacker: Unpacker = lz4.frame.LZ4FrameDecompressor()
    return unpacker


class Compression:
    """One way of compressing: its name, its first octets and who unpacks it."""

    def __init__(
        self, name: str, magics: tuple[bytes, ...], make_unpacker: Callable[[], Unpacker]
    ) -> None:
        """Describe a compression."""
        self.name = name
        self.magics = magics
        self.make_unpacker = make_unpacker


# Frames of zstd and lz4 that carry no data but may come first (zstd format, "skippable frames").
_SKIPPABLE: Final = tuple(bytes((0x50 + number, 0x2A, 0x4D, 0x18)) for number in range(16))

COMPRESSIONS: Final = (
    Compression("gzip", (b"\x1f\x8b\x08",), GzipUnpacker),
    Compression("bz2", tuple(b"BZh%d" % level for level in range(1, 10)), _bz2_unpacker),
    Compression("xz", (b"\xfd7zXZ\0",), _xz_unpacker),
    Compression("zstd", (b"\x28\xb5\x2f\xfd", *_SKIPPABLE), _zstd_unpacker),
    Compression("lz4", (b"\x04\x22\x4d\x18",), _lz4_unpacker),
)
MAGIC_OCTETS: Final = 6


def find_compression(head: bytes) -> Compression | None:
    """Say how octets that start with `head` are compressed, None for not at all."""
    for compression in COMPRESSIONS:
        if head.startswith(compression.magics):
            return compression
    return None


class UnpackedOctets:
    """What is inside a compressed source: all its members or frames, one after the other.

    Zeros and other octets behind the last member are left out, as gzip and xz do.
    """

    def __init__(self, source: OctetSource, compression: Compression) -> None:
        """Unpack `source`, whose first octets are those of `compression`."""
        self._source = source
        self._compression = compression
        self._unpacker: Unpacker | None = compression.make_unpacker()
        self._packed = b""
        self._damage: StreamDamage | None = None

    def read(self) -> bytes:
        """Give the next octets, at most 2 UNPACKED_OCTETS; b"" at the end; raises StreamDamage."""
        if self._damage is not None:
            raise self._damage
        unpacked: list[bytes] = []
        unpacked_len = 0
        while unpacked_len < UNPACKED_OCTETS:
            try:
                piece = self._next_piece(may_wait=not unpacked)
            except StreamDamage as damage:
                self._damage = damage
                if not unpacked:
                    raise
                break
            if piece is None:
                break
            if piece:
                unpacked.append(piece)
                unpacked_len += len(piece)
        if not unpacked and self._damage is not None:
            raise self._damage
        return b"".join(unpacked)

    def close(self) -> None:
        """Close the source below."""
        self._source.close()

    def _next_piece(self, *, may_wait: bool) -> bytes | None:
        """Unpack one piece; None at the end, and where that would mean to wait for the source."""
        unpacker = self._unpacker
        if unpacker is None:
            return None
        piece = b""
        if unpacker.needs_input:
            piece, self._packed = self._packed, b""
            if not piece:
                if not may_wait:
                    return None
                piece = self._source.read()
                if not piece:
                    raise StreamDamage(f"{self._compression.name} stream ends early")
        try:
            unpacked = unpacker.decompress(piece, UNPACKED_OCTETS)
        except Exception as error:  # each library has errors of its own, lz4 even RuntimeError
            text = " ".join(str(error).split())
            raise StreamDamage(f"{self._compression.name} stream is corrupt: {text}") from error
        if unpacker.eof:
            try:
                self._start_next_member(unpacker.unused_data or b"")
            except StreamDamage as damage:  # of a source that is compressed itself
                self._unpacker = None
                self._damage = damage
        return unpacked

    def _start_next_member(self, unused: bytes) -> None:
        rest = unused.lstrip(b"\0")
        while len(rest) < MAGIC_OCTETS:
            block = self._source.read()
            if not block:
                break
            rest = (rest + block).lstrip(b"\0") if not rest else rest + block
        self._packed = rest
        again = rest.startswith(self._compression.magics)
        self._unpacker = self._compression.make_unpacker() if again else None
