"""The page as a file: its policy, data and limits; test_page_in_browser opens it."""

import base64
import hashlib
import json
import re
import tomllib
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any, Final

import pytest
from lxml import html

from support.places import FIXTURES, RECORDINGS
from tcpflow_analyzer.report.html_page import OTHER_OCTETS, LeftOut, left_out_text
from tcpflow_analyzer.report.html_report import PageLimits
from tcpflow_analyzer.report.names import Names
from tcpflow_analyzer.settings import Settings
from tcpflow_analyzer.web_page import write_page

ORDERS: Final = FIXTURES / "tutorial" / "orders.pcap"
UPLOT: Final = resources.files("tcpflow_analyzer.report") / "page_parts" / "uplot"


def page_of(
    *paths: Path, limits: PageLimits | None = None, hosts: Names | None = None, where: str = ""
) -> str:
    pieces: list[bytes] = []
    settings = Settings(where=where)
    write_page(paths, pieces.append, settings, limits, hosts=hosts or Names())
    return b"".join(pieces).decode()


@pytest.fixture(scope="module")
def orders() -> str:
    """The page of the tutorial's capture."""
    return page_of(ORDERS)


def embedded(page: str, name: str) -> Any:  # noqa: ANN401  JSON
    (element,) = html.fromstring(page).xpath(f"//script[@id='data-{name}']")
    return json.loads(element.text)


def test_policy_allows_the_scripts_and_styles_of_the_page_and_nothing_else(orders: str) -> None:
    (meta,) = html.fromstring(orders).xpath("//meta[@http-equiv='Content-Security-Policy']")
    policy = dict(each.strip().split(" ", 1) for each in meta.get("content").split(";"))
    assert policy["default-src"] == "'none'"
    assert set(policy) == {
        "default-src", "script-src", "style-src", "base-uri", "form-action",
        "require-trusted-types-for",
    }  # fmt: skip
    for name, pattern in (("script-src", "<script>(.*?)</script>"), ("style-src", "<style>(.*?)<")):
        texts = re.findall(pattern, orders, re.DOTALL)
        sums = [base64.b64encode(hashlib.sha256(text.encode()).digest()) for text in texts]
        assert len(texts) == 2
        assert policy[name].split() == [f"'sha256-{each.decode()}'" for each in sums]


def test_page_refers_to_nothing_outside_of_it(orders: str) -> None:
    document = html.fromstring(orders)
    assert document.xpath("//link | //img | //iframe | //object | //form") == []
    assert document.xpath("//script/@src") == []
    assert all(each.startswith("#") for each in document.xpath("//@href"))
    assert document.xpath("//@style | //@onclick | //@onload") == []


def test_page_tells_findings_with_evidence_and_explanation(orders: str) -> None:
    document = html.fromstring(orders)
    groups = document.xpath("//section[@id='findings']/details")
    assert [each.get("class") for each in groups] == [
        "group error", "group warning", "group warning", "group info",
    ]  # fmt: skip
    first = groups[0].text_content()
    assert "CL005 close-wait-stuck" in first
    assert "192.0.2.1:39170 acknowledged the FIN" in first
    assert "Frames 34, 35." in first
    assert groups[0].xpath(".//ol//a/@href") == ["#connection-3"]
    for target in document.xpath("//@href"):
        if target.startswith("#explain-"):
            assert document.xpath(f"//*[@id='{target[1:]}']"), target


def test_every_identifier_is_there_once(orders: str) -> None:
    identifiers = html.fromstring(orders).xpath("//@id")
    assert len(identifiers) == len(set(identifiers))


def test_data_hold_all_connections(orders: str) -> None:
    rows = embedded(orders, "rows")
    assert len(rows) == embedded(orders, "total") == 31
    assert rows[0][0] == 3
    assert all(row[-1] for row in rows)
    for row in rows:
        assert embedded(orders, f"connection-{row[0]}")["id"] == row[0]
    assert "left-out" not in html.fromstring(orders).xpath("//@id")


def test_hostile_names_end_no_element_and_are_no_markup(tmp_path: Path) -> None:
    path = tmp_path / "<script>alert(1)<!--\x1b[2J\u202e.pcap"
    path.write_bytes((RECORDINGS / "close_by_client.pcap").read_bytes())
    page = page_of(path)
    document = html.fromstring(page)
    assert len(document.xpath("//script[not(@type)]")) == 2
    assert "\x1b" not in page
    assert "\u202e" not in page
    (title,) = document.xpath("//h1")
    assert title.text.endswith("<script>alert(1)<!--\\x1b[2J\\u202e.pcap")
    assert len(embedded(page, "rows")) == 1


def test_data_cannot_end_their_element() -> None:
    # A name stands for an address wherever one is shown, also in the data.
    hosts = Names({"10.9.1.1": "</script><img>&<!--"})
    page = page_of(RECORDINGS / "close_by_client.pcap", hosts=hosts)
    assert html.fromstring(page).xpath("//img") == []
    assert embedded(page, "rows")[0][1] == "</script><img>&<!--:40000"
    raw = re.findall(r'<script type="application/json"[^>]*>(.*?)</script>', page, re.DOTALL)
    assert len(raw) == 4
    assert not any("<" in text or ">" in text or "&" in text for text in raw)


def test_limits_bound_rows_and_drawings_and_are_told() -> None:
    page = page_of(ORDERS, limits=PageLimits(rows=5, drawn=2))
    rows = embedded(page, "rows")
    assert [row[0] for row in rows][:2] == [3, 10]
    assert [row[-1] for row in rows] == [1, 1, 0, 0, 0]
    (told,) = html.fromstring(page).xpath("//div[@id='left-out']")
    assert "The table leaves out 26 connections. It holds 5:" in told.text_content()
    assert "3 connections of the table are not drawn." in told.text_content()
    links = html.fromstring(page).xpath("//section[@id='findings']//ol//a/@href")
    assert set(links) == {"#connection-3", "#connection-10"}  # only what is drawn


def test_file_stays_below_its_limit() -> None:
    nothing = page_of(ORDERS, limits=PageLimits(octets=OTHER_OCTETS))
    assert sum(row[-1] for row in embedded(nothing, "rows")) == 0
    room = len(nothing.encode())  # less than all drawings take
    page = page_of(ORDERS, limits=PageLimits(octets=OTHER_OCTETS + room))
    drawn = sum(row[-1] for row in embedded(page, "rows"))
    assert 0 < drawn < 31
    assert len(page.encode()) <= len(nothing.encode()) + room
    assert "would have made this file larger" in page


@pytest.mark.parametrize(
    ("left_out", "words"),
    [
        (LeftOut(0, 0, 0, 0), []),
        (LeftOut(1, 1, 0, 0), ["leaves out 1 connection.", "1 connection of the table is not"]),
        (LeftOut(0, 3, 1, 2), ["3 connections", "1 had too many segments", "2 would have made"]),
    ],
)
def test_what_is_left_out_is_told(left_out: LeftOut, words: Sequence[str]) -> None:
    sentences = left_out_text(left_out, PageLimits())
    assert len(sentences) == len(words)
    assert all(word in sentence for word, sentence in zip(words, sentences, strict=True))


def test_where_chooses_and_is_told() -> None:
    page = page_of(ORDERS, where='originator.state == "CLOSE-WAIT"')
    assert sorted(row[0] for row in embedded(page, "rows")) == [3, 10, 17, 24, 31]
    assert "of 31 connections: originator.state" in html.fromstring(page).text_content()


def test_several_files_name_their_frames(tmp_path: Path) -> None:
    for name in ("a.pcap", "b.pcap"):
        (tmp_path / name).write_bytes((RECORDINGS / "close_by_client.pcap").read_bytes())
    page = page_of(tmp_path / "a.pcap", tmp_path / "b.pcap")
    assert "a.pcap and 1 other file" in html.fromstring(page).xpath("//h1")[0].text
    drawn = embedded(page, f"connection-{embedded(page, 'rows')[0][0]}")
    assert drawn["lines"][1][1] == "a.pcap:1"


def test_capture_without_connections_gives_a_page() -> None:
    page = page_of(
        FIXTURES / "findings" / "CP010-control-only-trace" / "quiet.pcap", where="port == 1"
    )
    assert embedded(page, "rows") == []
    assert "There were no sockets." in page


def test_vendored_library_is_the_published_one() -> None:
    vendored = tomllib.loads((UPLOT / "vendored.toml").read_text())
    assert vendored["licence"] == "MIT"
    assert {each.name for each in UPLOT.iterdir()} == {*vendored["sha256"], "vendored.toml"}
    for name, expected in vendored["sha256"].items():
        assert hashlib.sha256((UPLOT / name).read_bytes()).hexdigest() == expected
    assert f"(v{vendored['version']})" in (UPLOT / "uPlot.iife.min.js").read_text()[:60]


def test_licence_of_the_library_is_on_the_page(orders: str) -> None:
    assert "Copyright (c) 2022 Leon Sorokin" in orders
    assert (UPLOT / "uPlot.iife.min.js").read_text() in orders
