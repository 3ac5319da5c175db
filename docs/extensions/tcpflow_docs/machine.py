"""The state machine, drawn and tabled from observer/transitions.py."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from tcpflow_analyzer.observer.transitions import (
    FIGURE_5,
    NO_EDGE,
    NOTES_TO_FIGURE_5,
    OBSERVER,
    Edge,
)
from tcpflow_analyzer.report.machine_svg import machine_svg
from tcpflow_analyzer.tcp.events import EVENT_NAMES
from tcpflow_analyzer.tcp.states import STATE_NAMES
from tcpflow_docs.markdown import prose, table

SECTIONS: Final = (
    ("Figure 5 of RFC 9293", FIGURE_5),
    ("Its notes, and the texts of section 3.10", NOTES_TO_FIGURE_5),
    ("What an observer infers, and what clocks do", OBSERVER),
)


def diagram() -> str:
    """The drawing of figure 5's transitions, as SVG within the page."""
    return f"<figure>\n{machine_svg()}</figure>\n"


def edges() -> str:
    """Every transition, with its source."""
    parts = []
    for title, rows in SECTIONS:
        parts += [f"### {title}", "", _edges_table(rows), ""]
    return "\n".join(parts)


def stays() -> str:
    """Every event that changes nothing in a state, with the reason."""
    rows = [
        (EVENT_NAMES[stay.event], ", ".join(_names(stay.states)), prose(stay.reason, "findings/"))
        for stay in NO_EDGE
    ]
    return table(("event", "in", "changes nothing, because"), rows)


def _edges_table(rows: Iterable[Edge]) -> str:
    cells = [
        (
            STATE_NAMES[edge.state],
            EVENT_NAMES[edge.event],
            STATE_NAMES[edge.next_state],
            prose(edge.source, "findings/"),
        )
        for edge in rows
    ]
    return table(("state", "event", "next state", "source"), cells)


def _names(states: Sequence[int]) -> Iterator[str]:
    if len(states) == len(STATE_NAMES):
        yield "every state"
        return
    yield from (STATE_NAMES[state] for state in states)
