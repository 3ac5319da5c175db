"""Which operating system's TCP an endpoint is, guessed from the form of its SYN or SYN-ACK.

Compiled: yes

Not in any RFC: initial TTLs and option orders as passive fingerprinting tools know them. A guess
only chooses times that the wire does not show; reports name it wherever a statement rests on it.
"""

from typing import Final

from mypy_extensions import i64

from tcpflow_analyzer.decode.segment import ABSENT, Segment
from tcpflow_analyzer.settings import (
    PROFILE_FREEBSD,
    PROFILE_LINUX,
    PROFILE_MACOS,
    PROFILE_RFC,
    PROFILE_WINDOWS,
)

_BSD_WINDOW: Final = 65535  # macOS and FreeBSD open with the largest unscaled window
_FIXED_HEADER: Final = 20
_NOP: Final = 1
_SACK_PERMITTED: Final = 4
_TIMESTAMPS: Final = 8


def guess_profile(segment: Segment) -> i64:
    """Index into settings.PROFILES for the sender of a segment.

    Initial TTL 128 is Windows, 64 a Unix, 255 neither. Among the Unixes those whose SYN opens with
    window 65535 are BSDs; macOS puts timestamps before SACK permitted, FreeBSD behind it.
    """
    if segment.ttl > 128 or segment.ttl == 0:
        return PROFILE_RFC
    if segment.ttl > 64:
        return PROFILE_WINDOWS
    if segment.window != _BSD_WINDOW or segment.mss == ABSENT or segment.tsval == ABSENT:
        return PROFILE_LINUX
    return _bsd_by_option_order(segment)


def _bsd_by_option_order(segment: Segment) -> i64:
    buffer = segment.buffer
    at = segment.tcp_start + _FIXED_HEADER
    end = at + segment.options_len
    end = min(end, len(buffer))
    while at + 1 < end:
        kind: i64 = buffer[at]
        if kind == _TIMESTAMPS:
            return PROFILE_MACOS
        if kind == _SACK_PERMITTED:
            return PROFILE_FREEBSD
        if kind == _NOP:
            at += 1
            continue
        length: i64 = buffer[at + 1]
        if kind == 0 or length < 2:
            break
        at += length
    return PROFILE_LINUX
