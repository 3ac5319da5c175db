"""Draws the transitions of RFC 9293, figure 5, as SVG, from the table in observer/transitions.py.

Where a state stands in the drawing is said here; which arrows there are, and what they are called,
comes from the table. Colours are those of the page around it. States and arrows carry their names,
so that a page can light the path that a connection took: `data-state` of a state, with
`data-life="over"` where CLOSED is its end, and `data-from`, `data-to`, `data-event` of an arrow.
"""

from typing import Final, NamedTuple

from tcpflow_analyzer.observer.transitions import FIGURE_5, OBSERVER, Edge
from tcpflow_analyzer.tcp.events import (
    EVENT_NAMES,
    RCV_ACK_OF_FIN,
    RCV_ACK_OF_SYN,
    RCV_FIN,
    RCV_SYN,
    RCV_SYN_ACK,
    SND_FIN,
    SND_SYN,
    SND_SYN_ACK,
    TIMER_TIME_WAIT,
)
from tcpflow_analyzer.tcp.states import (
    CLOSE_WAIT,
    CLOSED,
    CLOSING,
    ESTABLISHED,
    FIN_WAIT_1,
    FIN_WAIT_2,
    LAST_ACK,
    LISTEN,
    STATE_NAMES,
    SYN_RECEIVED,
    SYN_SENT,
    TIME_WAIT,
)

WIDTH, HEIGHT = 760, 640
BOX_WIDTH, BOX_HEIGHT = 128, 34


class Route(NamedTuple):
    """How an arrow runs: from a point of a box by corners to a point of another, and its label.

    Points of a box are (across, down) from its centre, in halves of its width and height.
    """

    start: tuple[float, float]
    end: tuple[float, float]
    label: tuple[int, int]
    anchor: str = "start"
    corners: tuple[tuple[int, int], ...] = ()


CENTRES: Final = {
    CLOSED: (380, 40),
    LISTEN: (380, 140),
    SYN_RECEIVED: (150, 220),
    SYN_SENT: (620, 220),
    ESTABLISHED: (380, 300),
    FIN_WAIT_1: (150, 380),
    CLOSE_WAIT: (620, 380),
    FIN_WAIT_2: (150, 490),
    CLOSING: (380, 490),
    LAST_ACK: (620, 490),
    TIME_WAIT: (380, 600),
}
# Where CLOSED is reached at the end of life, it is drawn once more, so that no arrow crosses all.
CLOSED_AGAIN: Final = (620, 600)

ROUTES: Final = {
    (CLOSED, SND_SYN): Route((1, 0), (0, -1), (632, 120), "start", ((620, 40),)),
    (CLOSED, RCV_SYN): Route((0, 1), (0, -1), (392, 95), "start"),
    (LISTEN, SND_SYN): Route((1, 0), (-0.5, -1), (540, 132), "middle", ((588, 140),)),
    (LISTEN, SND_SYN_ACK): Route((-1, 0), (0, -1), (162, 172), "start", ((150, 140),)),
    (SYN_SENT, RCV_SYN): Route((-1, 0), (1, 0), (380, 212), "middle"),
    (SYN_SENT, RCV_SYN_ACK): Route((0, 1), (1, -0.4), (632, 268), "start", ((620, 293),)),
    (SYN_RECEIVED, RCV_ACK_OF_SYN): Route((0.5, 1), (-1, -0.4), (192, 285), "start", ((182, 293),)),
    (SYN_RECEIVED, SND_FIN): Route((-0.5, 1), (-0.5, -1), (108, 305), "end"),
    (ESTABLISHED, SND_FIN): Route((-1, 0.4), (0.5, -1), (192, 325), "start", ((182, 307),)),
    (ESTABLISHED, RCV_FIN): Route((1, 0.4), (0, -1), (632, 345), "start", ((620, 307),)),
    (FIN_WAIT_1, RCV_ACK_OF_FIN): Route((0, 1), (0, -1), (140, 440), "end"),
    (FIN_WAIT_1, RCV_FIN): Route((1, 0), (0, -1), (300, 372), "middle", ((380, 380),)),
    (CLOSE_WAIT, SND_FIN): Route((0, 1), (0, -1), (632, 440), "start"),
    (FIN_WAIT_2, RCV_FIN): Route((0, 1), (-1, 0), (162, 560), "start", ((150, 600),)),
    (CLOSING, RCV_ACK_OF_FIN): Route((0, 1), (0, -1), (392, 550), "start"),
    (LAST_ACK, RCV_ACK_OF_FIN): Route((0, 1), (0, -1), (632, 550), "start"),
    (TIME_WAIT, TIMER_TIME_WAIT): Route((1, 0), (-1, 0), (500, 592), "middle"),
}


def machine_svg(name: str = "state-machine") -> str:
    """Draw the machine; the text is one SVG element without empty lines.

    Args:
        name: what the identifiers of its elements begin with; each drawing of a page needs another.
    """
    lines = [
        f'<svg class="state-machine" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"',
        f' aria-labelledby="{name}-title" xmlns="http://www.w3.org/2000/svg">',
        f'<title id="{name}-title">The transitions of RFC 9293, figure 5</title>',
        f'<defs><marker id="{name}-arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8"'
        ' markerHeight="8" orient="auto"><path d="M0 0L8 4L0 8z"/></marker></defs>',
        *(_arrow(edge, "", name) for edge in FIGURE_5),
        *(
            _arrow(edge, "inferred", name)
            for edge in OBSERVER
            if (edge.state, edge.event) in ROUTES
        ),
        *(_box(STATE_NAMES[state], centre) for state, centre in CENTRES.items()),
        _box(STATE_NAMES[CLOSED], CLOSED_AGAIN, ' data-life="over"'),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _box(name: str, centre: tuple[int, int], more: str = "") -> str:
    across, down = centre
    left, top = across - BOX_WIDTH // 2, down - BOX_HEIGHT // 2
    return (
        f'<g data-state="{name}"{more}>'
        f'<rect x="{left}" y="{top}" width="{BOX_WIDTH}" height="{BOX_HEIGHT}" rx="6"/>'
        f'<text class="state" x="{across}" y="{down + 5}" text-anchor="middle">{name}</text></g>'
    )


def _arrow(edge: Edge, kind: str, name: str) -> str:
    route = ROUTES[edge.state, edge.event]
    target = CENTRES[edge.next_state]
    if edge.next_state == CLOSED:
        target = CLOSED_AGAIN
    points = [
        _point(CENTRES[edge.state], route.start),
        *route.corners,
        _point(target, route.end),
    ]
    path = "L".join(f"{across:g} {down:g}" for across, down in points)
    across, down = route.label
    event = EVENT_NAMES[edge.event]
    label = f'<text x="{across}" y="{down}" text-anchor="{route.anchor}">{event}</text>'
    return (
        f'<g class="arrow" data-from="{STATE_NAMES[edge.state]}" data-event="{event}"'
        f' data-to="{STATE_NAMES[edge.next_state]}">'
        f'<path class="{kind}" d="M{path}" marker-end="url(#{name}-arrow)"/>{label}</g>'
    )


def _point(centre: tuple[int, int], offset: tuple[float, float]) -> tuple[float, float]:
    return centre[0] + offset[0] * BOX_WIDTH / 2, centre[1] + offset[1] * BOX_HEIGHT / 2
