"""Figure 5 as SVG: every transition of the table, each with its names."""

from xml.etree import ElementTree

from tcpflow_analyzer.observer.transitions import FIGURE_5
from tcpflow_analyzer.report.machine_svg import machine_svg
from tcpflow_analyzer.tcp.events import EVENT_NAMES
from tcpflow_analyzer.tcp.states import STATE_NAMES

SVG = "{http://www.w3.org/2000/svg}"


def test_drawing_has_every_state_and_transition_by_name() -> None:
    drawing = ElementTree.fromstring(machine_svg())  # noqa: S314  our own text
    groups = list(drawing.iter(f"{SVG}g"))
    assert {each.get("data-state") for each in groups} - {None} == set(STATE_NAMES)
    arrows = {
        (each.get("data-from"), each.get("data-event"), each.get("data-to")) for each in groups
    }
    for edge in FIGURE_5:
        names = STATE_NAMES[edge.state], EVENT_NAMES[edge.event], STATE_NAMES[edge.next_state]
        assert names in arrows


def test_identifiers_begin_with_the_name_of_the_drawing() -> None:
    text = machine_svg("left")
    assert text.count('id="left-') == 2
    assert text.count("url(#left-arrow)") == len(FIGURE_5) + 1
