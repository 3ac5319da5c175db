"""Ladders as pictures."""

from pathlib import Path
from typing import Final

from lxml import etree

from support.places import RECORDINGS
from support.small_captures import closed
from tcpflow_analyzer.exchange import Choice, read_exchanges
from tcpflow_analyzer.report.ladder_svg import ladder_svg

SVG: Final = "{http://www.w3.org/2000/svg}"


def picture(path: Path) -> etree._Element:
    """The picture of the only connection of a capture."""
    (found,) = read_exchanges([path], Choice())
    text = ladder_svg(found.connection, found.rungs, found.findings)
    return etree.fromstring(text.encode(), etree.XMLParser(resolve_entities=False))


def elements(root: etree._Element, tag: str, kind: str) -> list[etree._Element]:
    """The elements of a tag that have a class."""
    return [each for each in root.iter(SVG + tag) if kind in each.get("class", "").split()]


def test_picture_has_an_arrow_for_each_segment_in_its_direction(tmp_path: Path) -> None:
    path = tmp_path / "a.pcap"
    path.write_bytes(closed())
    root = picture(path)
    arrows = elements(root, "line", "arrow")
    assert [int(each.get("x1")) < int(each.get("x2")) for each in arrows] == [
        True, False, True, True, False, True, False, False, True,
    ]  # fmt: skip
    heights = [int(each.get("y1")) for each in arrows]
    assert heights == sorted(heights)
    assert float(root.get("height")) > heights[-1]
    states = [each.text for each in elements(root, "text", "state")]
    assert states[-2:] == ["CLOSED ¹", "CLOSED ²"]


def test_time_line_is_dashed_while_a_state_is_believed_only() -> None:
    root = picture(RECORDINGS / "capture_starts_midstream.pcap")
    assert elements(root, "line", "dashed")
    assert len(elements(root, "line", "dashed")) < len(elements(root, "line", "life"))


def test_texts_stay_inside_the_picture() -> None:
    root = picture(RECORDINGS / "zero_window.pcap")
    width, height = float(root.get("width")), float(root.get("height"))
    for text in root.iter(SVG + "text"):
        assert 0 <= float(text.get("x")) <= width
        assert 0 <= float(text.get("y")) <= height
        if text.get("text-anchor") == "middle":
            half = 6.7 * len(text.text) / 2
            assert float(text.get("x")) - half >= 0
