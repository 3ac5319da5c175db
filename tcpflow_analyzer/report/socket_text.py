"""Writes the sockets of a moment, and their number over time, for people and for programs.

The table looks like that of `ss -tan`; JSON is that of the contract; CSV has a line for each socket
or for each time.
"""

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Final

from tcpflow_analyzer.report.page import Look, Page, Span
from tcpflow_analyzer.report.socket_table import SocketRow, SocketTimer
from tcpflow_analyzer.report.state_census import Series
from tcpflow_analyzer.report.wording import counted
from tcpflow_analyzer.tcp.states import State

HEADS: Final = ("State", "Local Address:Port", "Peer Address:Port", "Timer", "Certainty")
BLOCKS: Final = " ▁▂▃▄▅▆▇█"
ASCII_BLOCKS: Final = " .:-=+*#@"
LONG_SECONDS: Final = 10  # from so many on fractions are not shown
LONG_MINUTES: Final = 10


def table_text(rows: Sequence[SocketRow], look: Look) -> str:
    """Write a line for each socket."""
    page = Page(look)
    cells = [HEADS, *(tuple(map(page.named, _cells(row))) for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(HEADS) - 1)]
    for number, line in enumerate(cells):
        padded = [f"{cell:<{width}}" for cell, width in zip(line, widths, strict=False)]
        style = "" if number else "bold"
        page.line(Span("  ".join([*padded, line[-1]]), style))
    return page.text()


def _cells(row: SocketRow) -> tuple[str, ...]:
    certainty = row.certainty
    others = [str(state) for state in row.possible_states if state != row.state]
    if others:
        certainty += f", or {' or '.join(others)}"
    timer = "" if row.timer is None else timer_text(row.timer)
    return str(row.state), row.local, row.peer, timer, certainty


def timer_text(timer: SocketTimer) -> str:
    """Write a timer as `ss` does: `timewait,41sec`, `on,1.6sec,2`."""
    text = f"{timer.name},{_remaining(timer.remaining_ns)}"
    return f"{text},{timer.retransmissions}" if timer.name == "on" else text


def _remaining(duration_ns: int) -> str:
    milliseconds = duration_ns // 1_000_000
    seconds, minutes = milliseconds // 1000, milliseconds // 60_000
    if minutes >= LONG_MINUTES:
        return f"{minutes}min"
    if minutes:
        return f"{minutes}min{seconds % 60}sec"
    if seconds >= LONG_SECONDS:
        return f"{seconds}sec"
    if seconds:
        return f"{milliseconds / 1000:.1f}sec"
    return f"{milliseconds}ms"


def table_json(rows: Sequence[SocketRow], at_ns: int) -> Iterator[str]:
    """Give the JSON object of all sockets, a socket a line."""
    yield f'{{"at_ns":{at_ns},"sockets":['
    for number, row in enumerate(rows):
        yield f"{',' if number else ''}\n{_compact(_socket(row))}"
    yield "\n]}\n" if rows else "]}\n"


def _socket(row: SocketRow) -> dict[str, Any]:
    timer = row.timer
    return {
        "connection": row.connection,
        "local": {"address": row.local_address, "port": row.local_port},
        "peer": {"address": row.peer_address, "port": row.peer_port},
        "state": str(row.state),
        "certainty": row.certainty,
        "possible_states": [str(state) for state in row.possible_states],
        "timer": None
        if timer is None
        else {
            "name": timer.name,
            "remaining_ns": timer.remaining_ns,
            "retransmissions": timer.retransmissions,
        },
    }


def table_csv(rows: Sequence[SocketRow]) -> str:
    """Write a line for each socket, after one of names."""
    lines = [
        (
            row.connection,
            row.local_address,
            row.local_port,
            row.peer_address,
            row.peer_port,
            row.state,
            row.certainty,
            " ".join(str(state) for state in row.possible_states),
            "" if row.timer is None else row.timer.name,
            "" if row.timer is None else row.timer.remaining_ns,
        )
        for row in rows
    ]
    names = "connection local_address local_port peer_address peer_port state certainty"
    return _csv([*names.split(), "possible_states", "timer", "timer_remaining_ns"], lines)


def summary_text(rows: Sequence[SocketRow], look: Look) -> str:
    """Write how many sockets are in each state, as `ss -s` does."""
    page = Page(look)
    unsure = Counter(row.state for row in rows if row.certainty != "observed")
    page.line(Span(f"Total: {counted(len(rows), 'socket')}", "bold"))
    for state, count in sorted(Counter(row.state for row in rows).items()):
        note = f"   {unsure[state]:,} not proven" if unsure[state] else ""
        page.line(f"{state!s:<13}{count:>9,}{note}")
    return page.text()


def summary_json(rows: Sequence[SocketRow], at_ns: int) -> str:
    """Write the counts as a JSON object."""
    counts = Counter(str(row.state) for row in sorted(rows, key=_state))
    return f"{_compact({'at_ns': at_ns, 'sockets': len(rows), 'by_state': counts})}\n"


def summary_csv(rows: Sequence[SocketRow]) -> str:
    """Write a line for each state."""
    return _csv(["state", "sockets"], sorted(Counter(row.state for row in rows).items()))


def census_text(series: Series, look: Look, *, is_ascii: bool = False) -> str:
    """Write for each state a line of small bars, with its peak and its last number."""
    page = Page(look)
    if not series.counts:
        page.line("no sockets")
        return page.text()
    first, last = series.times_ns[0], series.times_ns[-1]
    blocks = ASCII_BLOCKS if is_ascii or not _fits(look.encoding) else BLOCKS
    tails = {
        state: f"peak {peak.sockets:,} at +{(peak.time_ns - first) / 1e9:.3f} s, "
        f"{series.counts[state][-1]:,} at the end"
        for state, peak in series.peaks.items()
    }
    longest = max(len(tail) for tail in tails.values())
    room = max(min(page.width - 14 - longest - 2, len(series.times_ns)), 1)
    for state, highest in series.highest.items():
        bars = sparkline(highest, room, blocks)
        page.line(Span(f"{state!s:<13} ", "bold"), Span(bars, "cyan"), f"  {tails[state]}")
    page.line(Span(f"{'':13} from +0 to +{(last - first) / 1e9:.3f} s", "dim"))
    return page.text()


def sparkline(counts: Sequence[int], width: int, blocks: str = BLOCKS) -> str:
    """Draw numbers as bars of one line, the highest of those that share a bar."""
    width = min(width, len(counts))
    edges = [place * len(counts) // width for place in range(width + 1)]
    bars = [max(counts[edges[n] : edges[n + 1]]) for n in range(width)]
    top = max(bars, default=0)
    levels = len(blocks) - 1
    # Anything but nothing has at least the lowest bar.
    return "".join(blocks[-(-bar * levels // top)] if bar else blocks[0] for bar in bars)


def census_json(series: Series) -> str:
    """Write the counts as a JSON object."""
    value = {
        "times_ns": series.times_ns,
        "counts": {str(state): counts for state, counts in series.counts.items()},
        "highest": {str(state): highest for state, highest in series.highest.items()},
        "peaks": {
            str(state): {"count": peak.sockets, "time_ns": peak.time_ns}
            for state, peak in series.peaks.items()
        },
    }
    return f"{_compact(value)}\n"


def census_csv(series: Series) -> str:
    """Write a line for each time, after one of names."""
    names = ["time_ns", *(str(state) for state in series.counts)]
    return _csv(names, zip(series.times_ns, *series.counts.values(), strict=True))


def _fits(encoding: str) -> bool:
    try:
        BLOCKS.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _csv(names: Sequence[str], lines: Any) -> str:  # noqa: ANN401 -- what csv takes
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(names)
    writer.writerows(lines)
    return out.getvalue()


def _state(row: SocketRow) -> State:
    return row.state


def _compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))
