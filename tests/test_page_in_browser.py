"""The page of `tcpflow report` in a headless Chromium: what it shows, what it does, what it may."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from support.browser import Browser, browser
from support.places import FIXTURES, RECORDINGS
from support.report_samples import V4_KEY, make_capture, make_connection, make_summary
from tcpflow_analyzer.report.html_page import HtmlPage
from tcpflow_analyzer.report.html_report import HtmlReport, PageLimits
from tcpflow_analyzer.report.names import NO_NAMES, Names
from tcpflow_analyzer.report.state_census import Series
from tcpflow_analyzer.web_page import write_page

pytestmark = pytest.mark.slow

ORDERS: Final = FIXTURES / "tutorial" / "orders.pcap"
ENTER: Final = (
    "\ue007"  # as WebDriver names keys, https://www.w3.org/TR/webdriver/#keyboard-actions
)
TAB: Final = "\ue004"
ROWS: Final = 5_000
LONGEST_SORT: Final = 200  # milliseconds; the acceptance of this page
# From a click to the picture: layout is forced, and a frame has been drawn since.
TIME_OF_SORT: Final = """
const done = arguments[arguments.length - 1];
const button = document.querySelectorAll("#table thead button")[COLUMN];
const begin = performance.now();
button.click();
document.querySelector("#table").getBoundingClientRect();
requestAnimationFrame(() => setTimeout(() => done(performance.now() - begin)));
"""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for all tests."""
    with browser() as started:
        yield started


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the pages lie."""
    return tmp_path_factory.mktemp("pages")


def write(target: Path, *captures: Path, hosts: Names = NO_NAMES) -> Path:
    with target.open("wb") as stream:
        write_page(captures, stream.write, limits=PageLimits(), hosts=hosts)
    return target


@pytest.fixture(scope="module")
def orders(folder: Path) -> Path:
    """The page of the tutorial's capture."""
    return write(folder / "orders.html", ORDERS)


@pytest.fixture(scope="module")
def loss(folder: Path) -> Path:
    """The page of a transfer with retransmissions."""
    return write(folder / "loss.html", RECORDINGS / "sack_on@client.pcap")


@pytest.fixture(scope="module")
def many(folder: Path) -> Path:
    """A page with as many connections as the table takes, without an analysis."""
    report = HtmlReport(PageLimits(drawn=0))
    for number in range(1, ROWS + 1):
        key = V4_KEY[:8] + (10_000 + number).to_bytes(2, "big") + V4_KEY[10:]
        connection = make_connection(number, key)
        connection.first_time_ns += number * 7_000_000
        connection.last_time_ns = connection.first_time_ns + number * 7919 % ROWS * 1_000
        report.connection(connection, ())
    report.end(make_capture(), make_summary(ROWS))
    page = HtmlPage(report, Series([], {}, {}, {}), lambda _: (), PageLimits())
    path = folder / "many.html"
    path.write_bytes(b"".join(page.pieces()))
    return path


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [400, 1400])
def test_page_renders_without_a_message_or_a_request(
    chromium: Browser, orders: Path, loss: Path, theme: str, width: int
) -> None:
    for page in (orders, loss):
        number = 3 if page is orders else 1
        chromium.requested()
        chromium.open(
            page, f"#connection-{number}", width=width, theme="dark" if theme == "dark" else "light"
        )
        assert chromium.logged() == []
        asked = [each for each in chromium.requested() if not each.startswith("about:")]
        assert asked == [page.as_uri() + f"#connection-{number}"] or asked == [page.as_uri()]
        assert chromium.run("return document.documentElement.scrollWidth") <= width
        dark = chromium.run("return getComputedStyle(document.body).backgroundColor")
        assert (dark == "rgb(255, 255, 255)") == (theme == "light")


def test_connection_opens_with_ladder_graphs_and_lit_path(chromium: Browser, orders: Path) -> None:
    chromium.open(orders)
    assert not chromium.run("return document.getElementById('connection').checkVisibility()")
    chromium.click("#findings a[href='#connection-3']")
    assert chromium.texts("#connection-title") == [
        "Connection #3: 192.0.2.1:39170 > 192.0.2.2:8080"
    ]
    assert chromium.run("return document.activeElement.id") == "connection-title"
    arrows = chromium.texts("#ladder .arrow")
    assert len(arrows) == 11
    assert arrows[0].endswith("SYN seq 0 mss 1460 ws 10 sack ts")
    states = [text for text in chromium.texts("#ladder td.own") if text]
    assert states == ["CLOSED", "SYN-SENT", "ESTABLISHED", "CLOSE-WAIT"]
    assert len(chromium.texts("#graphs canvas")) == 4  # in one bin there is no rate
    lit = chromium.run(
        "return [...document.querySelectorAll('#machine-of-originator .arrow.lit')]"
        ".map((each) => `${each.dataset.from} ${each.dataset.to}`)"
    )
    assert lit == ["CLOSED SYN-SENT", "SYN-SENT ESTABLISHED", "ESTABLISHED CLOSE-WAIT"]
    last = "return document.querySelector('#machine-of-originator .last').dataset.state"
    assert chromium.run(last) == "CLOSE-WAIT"
    chromium.click("#next")
    assert chromium.texts("#connection-title")[0].startswith("Connection #10:")
    chromium.driver.back()
    assert chromium.texts("#connection-title")[0].startswith("Connection #3:")
    chromium.click("#connection-findings a")
    assert chromium.run("return document.getElementById('explain-CL005').open")
    assert chromium.logged() == []


def test_table_sorts_and_filters(chromium: Browser, orders: Path) -> None:
    chromium.open(orders)
    heads = chromium.texts("#table thead th")
    assert heads[:3] == ["#", "originator", "responder"]
    chromium.click("#table thead th:nth-child(1) button")
    numbers = chromium.texts("#table tbody td:first-child")
    assert numbers == [f"#{number}" for number in range(1, 32)]
    chromium.click("#table thead th:nth-child(1) button")
    assert chromium.texts("#table tbody td:first-child") == numbers[::-1]
    sorts = "return [...document.querySelectorAll('#table th')].map((each) => each.ariaSort)"
    assert chromium.run(sorts)[:2] == ["descending", None]
    chromium.click("#table thead th:nth-child(2) button")
    assert chromium.run(sorts)[:2] == [None, "ascending"]
    ports = [int(each.split(":")[1]) for each in chromium.texts("#table tbody td:nth-child(2)")]
    assert ports == sorted(ports)
    chromium.run("document.getElementById('filter').focus()")
    chromium.press("close-wait 8080")
    assert len(chromium.texts("#table tbody tr")) == 5
    assert chromium.texts("#count") == ["5 of 5 connections that match, of 31"]
    chromium.run(
        "const box = document.getElementById('severity'); box.value = '2';"
        "box.dispatchEvent(new Event('change'))"
    )
    assert chromium.texts("#table tbody td:first-child") == ["#3"]


def test_table_is_used_by_keyboard(chromium: Browser, orders: Path) -> None:
    chromium.open(orders)
    chromium.press(TAB)
    assert chromium.run("return document.activeElement.className") == "skip"
    chromium.run("document.getElementById('severity').focus()")
    chromium.press(TAB)  # the region that scrolls
    chromium.press(TAB)
    assert chromium.run("return document.activeElement.innerText") == "#"
    ring = "return getComputedStyle(document.activeElement).outlineStyle"
    assert chromium.run(ring) == "solid"
    chromium.press(ENTER)
    assert chromium.texts("#table tbody td:first-child")[0] == "#1"
    for _ in range(14):
        chromium.press(TAB)
    assert chromium.run("return document.activeElement.hash") == "#connection-1"
    chromium.press(ENTER)
    assert chromium.texts("#connection-title")[0].startswith("Connection #1:")


@pytest.mark.parametrize("shown", ["at first", "all"])
def test_sorting_5000_rows_takes_less_than_200_ms(
    chromium: Browser, many: Path, shown: str
) -> None:
    chromium.open(many)
    assert chromium.texts("#count") == ["200 of 5,000 connections"]
    if shown == "all":
        chromium.click("#everything")
        assert len(chromium.texts("#table tbody tr")) == ROWS
    for column in (1, 3, 8):
        script = TIME_OF_SORT.replace("COLUMN", str(column))
        times = [chromium.run_async(script) for _ in range(4)]
        assert min(times) < LONGEST_SORT, f"column {column}, {shown}: {times}"


def test_more_rows_are_shown_on_request(chromium: Browser, many: Path) -> None:
    chromium.open(many)
    chromium.click("#more")
    assert len(chromium.texts("#table tbody tr")) == 400
    assert chromium.texts("#count") == ["400 of 5,000 connections"]
    chromium.run("document.getElementById('filter').focus()")
    chromium.press(":10018")
    assert len(chromium.texts("#table tbody tr")) == 1


def test_hostile_names_stay_text(chromium: Browser, folder: Path) -> None:
    name = "<script>document.title=`hit`<"  # a file's name holds no slash
    capture = folder / f"{name}img src=x onerror=alert(1)>.pcap"
    capture.write_bytes((RECORDINGS / "close_by_client.pcap").read_bytes())
    hosts = Names({"10.9.1.1": "<img src=x onerror=document.title='hit'></script>"})
    page = write(folder / "hostile.html", capture, hosts=hosts)
    chromium.open(page, "#connection-1")
    assert chromium.texts("h1")[0].endswith(f"{name}img src=x onerror=alert(1)>.pcap")
    assert "</script>:40000" in chromium.texts("#table tbody td:nth-child(2)")[0]
    assert "<img src=x onerror" in chromium.texts("#connection-title")[0]
    assert chromium.run("return document.images.length") == 0
    assert chromium.run("return document.title").endswith("- tcpflow report")
    assert chromium.logged() == []


def test_policy_holds_even_against_a_script_of_the_page(chromium: Browser, orders: Path) -> None:
    chromium.open(orders)
    with pytest.raises(Exception, match="TrustedHTML"):
        chromium.run("document.body.innerHTML = '<p>'")
    script = "const done = arguments[0]; fetch('http://192.0.2.1/').catch((e) => done(e.message))"
    assert chromium.run_async(script) == "Failed to fetch"
    assert any("Content Security Policy" in each for each in chromium.logged())
    assert not any("192.0.2.1" in each for each in chromium.requested())


def test_theme_is_the_systems_unless_somebody_chooses(chromium: Browser, orders: Path) -> None:
    background = "return getComputedStyle(document.body).backgroundColor"
    chromium.open(orders, theme="dark")
    dark = chromium.run(background)
    chromium.show_as("light")
    assert chromium.run(background) == "rgb(255, 255, 255)" != dark
    choose = (
        "const box = document.getElementById('theme'); box.value = arguments[0];"
        "box.dispatchEvent(new Event('change'))"
    )
    chromium.run(choose, "dark")
    assert chromium.run(background) == dark
    chromium.run(choose, "")
    assert chromium.run(background) == "rgb(255, 255, 255)"


def test_print_shows_what_is_open_without_controls(chromium: Browser, orders: Path) -> None:
    chromium.open(orders, "#connection-3", media="print")
    visible = "return document.querySelector(arguments[0]).checkVisibility()"
    for selector, is_shown in (("nav", False), ("#filter", False), ("#ladder", True), ("h1", True)):
        assert chromium.run(visible, selector) == is_shown, selector
    paper = chromium.driver.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True})
    assert len(paper["data"]) > 50_000


def test_graphs_zoom_together(chromium: Browser, loss: Path) -> None:
    chromium.open(loss, "#connection-1")
    ticks = "return [...document.querySelectorAll('#graphs .uplot')].length"
    assert chromium.run(ticks) == 3
    picture = (
        "return [...document.querySelectorAll('#graphs canvas')].map((each) => each.toDataURL())"
    )
    before = chromium.run(picture)
    chromium.run("[...document.querySelectorAll('#graphs button')][1].click()")
    after = chromium.run_async(
        "const done = arguments[0]; requestAnimationFrame(() => setTimeout(() => done("
        "[...document.querySelectorAll('#graphs canvas')].map((each) => each.toDataURL()))))"
    )
    assert all(one != other for one, other in zip(before, after, strict=True))
    assert chromium.logged() == []
