"""The picture of a capture that is going on: one screen, drawn anew from figures.

In: figures. Out: a page of exactly as many lines as there is room for, none longer than the
terminal is wide. What finds no room is left out from the end: the newest and the worst come first.
"""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from tcpflow_analyzer.findings.finding import Severity
from tcpflow_analyzer.report.addresses import address_text, socket_text
from tcpflow_analyzer.report.event_report import Change
from tcpflow_analyzer.report.live_events import Moment
from tcpflow_analyzer.report.names import NO_NAMES, Names
from tcpflow_analyzer.report.page import Look, Page, Span, cell_width, cut, padded, shortened
from tcpflow_analyzer.report.terminal import MARKS, STYLES
from tcpflow_analyzer.report.wording import SECOND, counted, duration_text, moment
from tcpflow_analyzer.tcp.states import (
    CLOSE_WAIT,
    CLOSED,
    ESTABLISHED,
    LISTEN,
    STATE_COUNT,
    STATE_NAMES,
)

BARS: Final = " ▁▂▃▄▅▆▇█"
LEAST_FULL: Final = 10.0  # what a full bar stands for at least
GAP: Final = 2
STATE_WIDTH: Final = 12
COUNT_WIDTH: Final = 8
LEFT_WIDTH: Final = STATE_WIDTH + 2 * COUNT_WIDTH
LEAST_RIGHT: Final = 46  # below that listeners stand under the states
HALF_OPEN_WIDTH: Final = 11
ESTABLISHED_WIDTH: Final = 13
CLOSE_WAIT_WIDTH: Final = 11
TIME_WAIT_WIDTH: Final = 10
PORTS_WIDTH: Final = 14
LEAST_NAME: Final = 22  # an IPv4 address with a port fits
WITH_ESTABLISHED: Final = (
    LEAST_NAME + HALF_OPEN_WIDTH + ESTABLISHED_WIDTH + CLOSE_WAIT_WIDTH + TIME_WAIT_WIDTH
)
WITH_PERCENT: Final = 60
CLIENTS_SHOWN: Final = 3
HEAD_LINES: Final = 3
LEAST_FINDINGS: Final = 3
NOTES_SHOWN: Final = 2
# Of a limit: from so much on it is shown as a warning, as an error.
WARNING_SHARE: Final = 0.5
ERROR_SHARE: Final = 0.9
PLURALS: Final[Mapping[Severity, str]] = {"error": "errors", "warning": "warnings", "info": "info"}

Line = list[Span]


class Rates(NamedTuple):
    """What came in a second, lately."""

    frames: float
    octets: float
    segments: float
    connections: float


class Figures(NamedTuple):
    """What a screen shows.

    Attributes:
        title: what is watched, and how.
        keys: how to end it.
        elapsed_ns: since the beginning.
        moment: how things stand; None before the first look.
        backlog: half-open connections that a listener holds.
        rates: None before two looks.
        history: frames a second, the newest last.
        counts: findings by severity, of those that hold.
        findings: the newest first.
        notes: what happened to the capture, the newest last.
        names: of hosts, shown in place of their addresses.
    """

    title: str
    keys: str
    elapsed_ns: int
    moment: Moment | None
    backlog: int
    rates: Rates | None
    history: Sequence[float]
    counts: Mapping[Severity, int]
    findings: Sequence[Change]
    notes: Sequence[str]
    names: Names = NO_NAMES


def draw(figures: Figures, look: Look, height: int) -> Page:
    """Draw a screen.

    Args:
        figures: to show.
        look: of the terminal, its width in cells.
        height: of the terminal, in lines.
    """
    page = Page(look)
    lines = _head(figures, page.width)
    notes = [[Span(cut(f"note: {each}", page.width), "yellow")] for each in figures.notes]
    notes = notes[-NOTES_SHOWN:]
    room = height - len(lines) - len(notes)
    findings = _findings(figures, page.width)
    if figures.moment is not None:
        least = min(len(findings), LEAST_FINDINGS + 1) + 1
        lines += _standing(figures, figures.moment, page.width, max(room - least, 0))
        room = height - len(lines) - len(notes)
    if room > 1:
        lines += [[], *findings[: room - 1]]
    lines = lines[: max(height - len(notes), 0)]
    lines += [[] for _ in range(height - len(lines) - len(notes))]
    for line in [*lines, *notes][:height]:
        # Cleaned first, as that may make it longer.
        shown = [Span(page.clean(span.text), span.style) for span in line]
        page.line(*_fitted(shown, look.width))
    return page


def _head(figures: Figures, width: int) -> list[Line]:
    """The title, the rates and what was lost."""
    now = figures.moment
    at = f"{moment(now.time_ns):%H:%M:%S} UTC" if now is not None and now.time_ns else ""
    running = f"{at}   {duration_text(figures.elapsed_ns // SECOND * SECOND)}   {figures.keys}"
    room = width - cell_width(running) - 3
    title = padded(f" {cut(figures.title, room)}", room + 2) + running + " "
    lines = [[Span(padded(cut(title, width), width), "reverse")]]
    if now is None:
        return [*lines, [Span("waiting for the first packets", "dim")]]
    rates = figures.rates
    if rates is not None:
        parts = [
            f"{rates.frames:,.0f} frames/s",
            f"{_octets(rates.octets if rates.frames else 0)}/s",
            f"{rates.segments:,.0f} segments/s",
            f"{rates.connections:,.0f} connections/s",
        ]
        line = [Span("   ".join(parts))]
        bars = width - len(line[0].text) - GAP
        if bars >= len(BARS):
            line.append(Span(" " * GAP + _sparkline(figures.history, bars), "cyan"))
        lines.append(line)
    else:
        lines.append([])
    return [*lines, _totals(now)]


def _totals(now: Moment) -> Line:
    """What came in all, and what was lost: by the system, and by limits of ours."""
    dropped = Span("drops not known yet", "dim")
    if now.drops is not None:
        text = f"{now.drops:,} dropped by the system"
        dropped = Span(text, STYLES["error"] if now.drops else "")
    ours = sum(now.left_out.values())
    left_out = Span(f"{ours:,} left out here", STYLES["warning"] if ours else "")
    seen = f"{counted(now.frames, 'frame')}, {counted(now.connections, 'connection')}"
    return [Span(seen), Span("   "), dropped, Span("   "), left_out]


def _standing(figures: Figures, now: Moment, width: int, room: int) -> list[Line]:
    """States on the left, listeners and clients on the right, or below them."""
    if room < 3:
        return []
    room -= 1  # a line stands empty above
    left = _states(now)
    right_width = width - LEFT_WIDTH - GAP
    if right_width < LEAST_RIGHT:
        left = left[:room]
        right = _listeners(figures, now, width, room - len(left) - 1)
        return [[], *left, *([[], *right] if right else [])]
    right = _listeners(figures, now, right_width, room)
    lines: list[Line] = [[]]
    for at in range(min(max(len(left), len(right)), room)):
        line = left[at] if at < len(left) else []
        taken = sum(cell_width(span.text) for span in line)
        fill = Span(" " * (LEFT_WIDTH + GAP - taken))
        lines.append([*line, fill, *(right[at] if at < len(right) else [])])
    return lines


def _states(now: Moment) -> list[Line]:
    """How many ends are in which state."""
    standing = now.standing
    both = [
        int(one) + int(other)
        for one, other in zip(standing.originators, standing.responders, strict=True)
    ]
    if now.knows_here:
        titles = "here", "peers"
        first = [int(count) for count in standing.here]
        second = [count - here for count, here in zip(both, first, strict=True)]
    else:
        titles = "opener", "peer"
        first = [int(count) for count in standing.originators]
        second = [int(count) for count in standing.responders]
    names = "".join(f"{title:>{COUNT_WIDTH}}" for title in titles)
    lines = [[Span(padded("STATE", STATE_WIDTH), "bold"), Span(names, "dim")]]
    for state in range(STATE_COUNT):
        if state in (CLOSED, LISTEN) or (state != ESTABLISHED and not both[state]):
            continue
        counts = f"{first[state]:>{COUNT_WIDTH},}{second[state]:>{COUNT_WIDTH},}"
        style = STYLES["warning"] if state == CLOSE_WAIT else ""
        lines.append([Span(padded(STATE_NAMES[state], STATE_WIDTH), style), Span(counts)])
    return lines


def _listeners(figures: Figures, now: Moment, width: int, room: int) -> list[Line]:
    """The listeners that hold most, then the clients that use most of their ports."""
    if room < 2:
        return []
    shows_established = (
        width
        >= LEAST_NAME + HALF_OPEN_WIDTH + ESTABLISHED_WIDTH + CLOSE_WAIT_WIDTH + TIME_WAIT_WIDTH
    )
    titles = f"{'half-open':>{HALF_OPEN_WIDTH}}"
    if shows_established:
        titles += f"{'ESTABLISHED':>{ESTABLISHED_WIDTH}}"
    titles += f"{'CLOSE-WAIT':>{CLOSE_WAIT_WIDTH}}{'TIME-WAIT':>{TIME_WAIT_WIDTH}}"
    name_width = width - len(titles)
    clients = _clients(figures, now, width, min(CLIENTS_SHOWN, max(room - 5, 0)))
    room -= len(clients) + bool(clients)
    lines = [[Span(padded("LISTENER", name_width), "bold"), Span(titles, "dim")]]
    standing = sorted(
        now.standing.listeners.values(),
        key=lambda each: (
            -(each.half_open + each.close_wait + each.time_wait),
            -each.established,
            each.key,
        ),
    )
    for each in standing[: room - 1]:
        socket = _socket(figures, each.key, each.address_len, name_width - 1)
        line = [Span(padded(socket, name_width))]
        half_open = f"{each.half_open:,}/{figures.backlog:,}"
        share = each.half_open / figures.backlog
        line.append(Span(f"{half_open:>{HALF_OPEN_WIDTH}}", _style(share)))
        if shows_established:
            line.append(Span(f"{each.established:>{ESTABLISHED_WIDTH},}"))
        style = STYLES["warning"] if each.close_wait else ""
        line.append(Span(f"{each.close_wait:>{CLOSE_WAIT_WIDTH},}", style))
        line.append(Span(f"{each.time_wait:>{TIME_WAIT_WIDTH},}"))
        lines.append(line)
    if not standing:
        lines.append([Span("none yet", "dim")])
    return [*lines, [], *clients] if clients else lines


def _clients(figures: Figures, now: Moment, width: int, most: int) -> list[Line]:
    """The clients that use most of the source ports that they have towards a service."""
    if not now.clients or most < 1:
        return []
    ports_width = PORTS_WIDTH + (5 if width >= WITH_PERCENT else 0)
    titles = f"{'ports in use':>{ports_width}}{'TIME-WAIT':>{TIME_WAIT_WIDTH}}"
    name_width = width - len(titles)
    lines = [[Span(padded("CLIENT", name_width), "bold"), Span(titles, "dim")]]
    for each, ports in now.clients[:most]:
        client = figures.names.text(address_text(each.key[: each.address_len]))
        service = _socket(figures, each.key[each.address_len :], each.address_len, width)
        name = f"{client} > {service}"
        share = each.in_use / ports
        used = f"{each.in_use:,}/{ports:,}"
        if width >= WITH_PERCENT:
            used += f" {share:4.0%}"
        lines.append(
            [
                Span(padded(shortened(name, name_width - 1), name_width)),
                Span(f"{used:>{ports_width}}", _style(share)),
                Span(f"{each.time_wait:>{TIME_WAIT_WIDTH},}"),
            ]
        )
    return lines


def _findings(figures: Figures, width: int) -> list[Line]:
    """How many findings there are, and the newest."""
    counts = [
        Span(f"   {count:,} {PLURALS[severity] if count != 1 else severity}", STYLES[severity])
        for severity, count in figures.counts.items()
        if count
    ]
    lines = [[Span("FINDINGS", "bold"), *(counts or [Span("   none so far", "dim")])]]
    for change in figures.findings:
        finding = change.finding
        number = f"#{finding.connection} " if finding.connection else ""
        head = f"{moment(finding.time_ns):%H:%M:%S} "
        title = f"{MARKS[finding.severity]} {finding.code} {finding.name} "
        room = width - cell_width(head) - cell_width(title)
        lines.append(
            [
                Span(head, "dim"),
                Span(title, STYLES[finding.severity]),
                Span(cut(f"{number}{figures.names.text(finding.message)}", room)),
            ]
        )
    return lines


def _socket(figures: Figures, key: bytes, address_len: int, width: int) -> str:
    """The socket that a key begins with."""
    port = int.from_bytes(key[address_len : address_len + 2], "big")
    socket = socket_text(address_text(key[:address_len]), port)
    return shortened(figures.names.text(socket), width)


def _style(share: float) -> str:
    """How a share of a limit is shown."""
    if share >= ERROR_SHARE:
        return STYLES["error"]
    return STYLES["warning"] if share >= WARNING_SHARE else ""


def _octets(number: float) -> str:
    """A number of octets with the unit that fits."""
    for unit in ("B", "kB", "MB"):
        if number < 1000:
            return f"{number:.3g} {unit}"
        number /= 1000
    return f"{number:.3g} GB"


def _sparkline(history: Sequence[float], width: int) -> str:
    """The newest values as bars; the highest is full."""
    newest = list(history)[-width:]
    most = max([*newest, LEAST_FULL])
    steps = len(BARS) - 1
    return "".join(BARS[min(round(value / most * steps), steps)] for value in newest)


def _fitted(line: Line, width: int) -> Line:
    """Cut a line at its end so that it takes at most `width` cells."""
    fitted: Line = []
    for span in line:
        room = width - sum(cell_width(each.text) for each in fitted)
        if room <= 0:
            break
        text = span.text
        while cell_width(text) > room:
            text = text[:-1]
        fitted.append(Span(text, span.style))
    return fitted
