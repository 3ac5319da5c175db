"""Which octets of a stream were captured, acknowledged, repeated.

Compiled: yes

All positions are offsets in the sender's stream (tcp/sequence.py).
"""

from typing import Final

from mypy_extensions import i64

from tcpflow_analyzer.table.endpoint import UNKNOWN, Endpoint

_MAX_RANGES: Final = 64  # captured ranges kept above the contiguous mark; then the two lowest merge


def absorb(endpoint: Endpoint, start: i64, end: i64) -> i64:
    """Mark [start, end) as captured; advance `contiguous` and `snd_nxt`.

    Returns:
        How many of these octets had not been captured or acknowledged before.
    """
    if end > endpoint.snd_nxt:
        endpoint.snd_nxt = end
    if start < endpoint.contiguous:
        start = endpoint.contiguous
    if end <= start:
        return 0
    ranges = endpoint.holes
    if ranges is None:
        new: i64 = end - start
        if start == endpoint.contiguous:
            endpoint.contiguous = end
        else:
            endpoint.holes = [start, end]
        return new
    return _absorb_into(endpoint, ranges, start, end)


def _absorb_into(endpoint: Endpoint, ranges: list[int], start: i64, end: i64) -> i64:
    """The general case of `absorb`: there are captured ranges above the contiguous mark."""
    new: i64 = end - start
    merged: list[int] = []
    placed = False
    for i in range(0, len(ranges), 2):
        left: i64 = ranges[i]
        right: i64 = ranges[i + 1]
        if right < start:
            merged.append(left)
            merged.append(right)
        elif left > end:
            if not placed:
                merged.append(start)
                merged.append(end)
                placed = True
            merged.append(left)
            merged.append(right)
        else:
            overlap_start = left if left > start else start
            overlap_end = right if right < end else end
            # What earlier merging swallowed was counted already, so nothing is counted twice.
            new -= overlap_end - overlap_start
            start = left if left < start else start
            end = right if right > end else end
    if not placed:
        merged.append(start)
        merged.append(end)
    _adopt(endpoint, merged)
    return new if new > 0 else 0


def _adopt(endpoint: Endpoint, ranges: list[int]) -> None:
    """Set the ranges, eating those that touch the contiguous mark."""
    first: i64 = 0
    count: i64 = len(ranges)
    while first < count:
        left: i64 = ranges[first]
        if left > endpoint.contiguous:
            break
        right: i64 = ranges[first + 1]
        if right > endpoint.contiguous:
            endpoint.contiguous = right
        first += 2
    if first >= count:
        endpoint.holes = None
        return
    rest = ranges[first:]
    if len(rest) > 2 * _MAX_RANGES:
        rest = [rest[0], rest[3], *rest[4:]]
        endpoint.rare().ranges_merged += 1
    endpoint.holes = rest


def acknowledge(endpoint: Endpoint, acknowledgement: i64) -> i64:
    """The peer acknowledged everything below `acknowledgement`.

    Returns:
        How many of these octets were never captured (0 in a complete capture).
    """
    unseen: i64 = 0
    if acknowledgement > endpoint.contiguous:
        unseen = acknowledgement - endpoint.contiguous
        ranges = endpoint.holes
        if ranges is not None:
            for i in range(0, len(ranges), 2):
                left: i64 = ranges[i]
                right: i64 = ranges[i + 1]
                if left < acknowledgement:
                    unseen -= (right if right < acknowledgement else acknowledgement) - left
        endpoint.contiguous = acknowledgement
        if ranges is not None:
            _adopt(endpoint, ranges)
    if acknowledgement > endpoint.snd_una:
        endpoint.snd_una = acknowledgement
        endpoint.retries = 0
    if acknowledgement > endpoint.snd_nxt:
        endpoint.snd_nxt = acknowledgement
    return unseen


def take_window_probe(endpoint: Endpoint, reached: i64) -> None:
    """The octet of its window probe was sent after all, if its stream has reached beyond it."""
    rarities = endpoint.rarities
    if (
        rarities is not None
        and rarities.window_probe != UNKNOWN
        and rarities.window_probe < reached
    ):
        absorb(endpoint, rarities.window_probe, rarities.window_probe + 1)
        rarities.window_probe = UNKNOWN


def is_captured(endpoint: Endpoint, start: i64, end: i64) -> bool:
    """Whether all of [start, end) was captured or acknowledged already."""
    if end <= endpoint.contiguous:
        return True
    ranges = endpoint.holes
    if ranges is not None:
        if start < endpoint.contiguous:
            start = endpoint.contiguous
        for i in range(0, len(ranges), 2):
            left: i64 = ranges[i]
            right: i64 = ranges[i + 1]
            if left <= start and end <= right:
                return True
    return False
