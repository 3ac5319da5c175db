"""Builds the pcapng blocks of a live capture: section, interfaces, statistics.

In: numbers and names. Out: octets in this machine's byte order, as draft-ietf-opsawg-pcapng has
them. A statistics block of a section begun here is a clock record (see sources/records.py).
"""

import struct
import sys
from typing import Final

from tcpflow_analyzer.sources.records import (
    CLOCK_WRITER,
    INTERFACE_BLOCK,
    SECTION_HEADER,
    STATISTICS_BLOCK,
)
from tcpflow_analyzer.version import __version__

IS_BIG_ENDIAN: Final = sys.byteorder == "big"
NANOSECONDS: Final = 9  # if_tsresol: decimal places of a second

SHB_OS: Final = 3
SHB_USERAPPL: Final = 4
IF_NAME: Final = 2
IF_TSRESOL: Final = 9
IF_FILTER: Final = 11
ISB_IFRECV: Final = 4
ISB_OSDROP: Final = 7
COMMENT: Final = 1
OPTION_LIMIT: Final = 65_532  # octets of a value, a whole number of words


def block(kind: int, body: bytes) -> bytes:
    """A block of a kind, `body` padded to whole words."""
    body += bytes(-len(body) % 4)
    length = struct.pack("=I", 12 + len(body))
    return struct.pack("=I", kind) + length + body + length


def option(code: int, value: bytes) -> bytes:
    """An option, padded; a value that is too long is cut."""
    value = value[:OPTION_LIMIT]
    return struct.pack("=HH", code, len(value)) + value + bytes(-len(value) % 4)


def options(*parts: bytes) -> bytes:
    """A list of options with its end; nothing where there are none."""
    joined = b"".join(parts)
    return joined + option(0, b"") if joined else b""


def section(comment: str = "") -> bytes:
    """A section header of unknown section length, whose statistics are clock records.

    Args:
        comment: for people.
    """
    head = struct.pack("=IHHq", 0x1A2B3C4D, 1, 0, -1)
    writer = CLOCK_WRITER + f" {__version__}".encode()
    parts = [option(COMMENT, comment.encode())] if comment else []
    parts += [option(SHB_OS, sys.platform.encode()), option(SHB_USERAPPL, writer)]
    return block(SECTION_HEADER, head + options(*parts))


def interface(link_type: int, name: str, snaplen: int = 0, capture_filter: str = "") -> bytes:
    """An interface whose times are nanoseconds.

    Args:
        link_type: LINKTYPE_ number.
        name: of the device.
        snaplen: most octets kept of a frame, 0 for no limit.
        capture_filter: what was captured, in the words of libpcap; "" for everything.
    """
    parts = [option(IF_NAME, name.encode()), option(IF_TSRESOL, bytes([NANOSECONDS]))]
    if capture_filter:
        parts.append(option(IF_FILTER, b"\0" + capture_filter.encode()))  # 0: as a text
    return block(INTERFACE_BLOCK, struct.pack("=HHI", link_type, 0, snaplen) + options(*parts))


def statistics(
    number: int,
    ticks: int,
    received: int | None = None,
    dropped: int | None = None,
    comment: str = "",
) -> bytes:
    """A clock record of an interface.

    Args:
        number: of the interface in its section.
        ticks: since the epoch, in units of the interface.
        received: frames that came since the capture began, dropped ones included.
        dropped: those of them that the system had no room for.
        comment: for people.
    """
    parts = []
    if comment:
        parts.append(option(COMMENT, comment.encode()))
    if received is not None:
        parts.append(option(ISB_IFRECV, struct.pack("=Q", received)))
    if dropped is not None:
        parts.append(option(ISB_OSDROP, struct.pack("=Q", dropped)))
    head = struct.pack("=III", number, ticks >> 32, ticks & 0xFFFF_FFFF)
    return block(STATISTICS_BLOCK, head + options(*parts))
