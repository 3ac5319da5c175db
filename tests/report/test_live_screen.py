"""The screen of a live capture fits whatever terminal there is, and says what matters first."""

import html
import io
import re

import pytest
from rich.console import Console
from rich.text import Text

from support.places import ROOT
from support.report_samples import make_finding
from tcpflow_analyzer.findings.finding import Finding, Severity
from tcpflow_analyzer.observer.standing import ClientStanding, ListenerStanding, Standing
from tcpflow_analyzer.observer.timing import Timing
from tcpflow_analyzer.report.event_report import Change
from tcpflow_analyzer.report.live_events import Moment
from tcpflow_analyzer.report.live_screen import Figures, Rates, draw
from tcpflow_analyzer.report.page import Look, cell_width
from tcpflow_analyzer.settings import Settings
from tcpflow_analyzer.tcp.states import CLOSE_WAIT, ESTABLISHED, SYN_RECEIVED, TIME_WAIT

NINE_O_CLOCK = 1_700_038_800_000_000_000  # 2023-11-15 09:00:00 UTC
V6 = bytes.fromhex("20010db8000000000000000000000001")


def listener(address: bytes, port: int, **counts: int) -> ListenerStanding:
    made = ListenerStanding(address + port.to_bytes(2, "big"), len(address))
    for name, count in counts.items():
        setattr(made, name, count)
    return made


def moment(knows_here: bool = True, drops: int | None = 0) -> Moment:
    """A host that serves two ports and uses many connections to a database."""
    standing = Standing(set(), Timing(Settings()))
    standing.originators[ESTABLISHED], standing.originators[TIME_WAIT] = 30, 14_000
    standing.responders[ESTABLISHED], standing.responders[CLOSE_WAIT] = 30, 12
    standing.responders[SYN_RECEIVED] = 3900
    standing.here[ESTABLISHED], standing.here[TIME_WAIT] = 25, 14_000
    standing.here[CLOSE_WAIT], standing.here[SYN_RECEIVED] = 12, 3900
    standing.listeners = {
        1: listener(bytes((192, 0, 2, 1)), 80, established=20),
        2: listener(V6, 8443, half_open=3900, close_wait=12, time_wait=7),
    }
    client = ClientStanding(bytes((192, 0, 2, 1, 198, 51, 100, 7)) + b"\x15\x38", 4, 1, 40_000)
    client.in_use, client.time_wait = 14_200, 14_000
    return Moment(
        NINE_O_CLOCK, 1_204_331, 1_200_000, 9_000_000, 8_412, drops, {"connections": 3}, {}, {},
        standing, [(client, 28_232)], knows_here,
    )  # fmt: skip


def told(code: str, name: str, severity: Severity, number: int, after_s: int, text: str) -> Change:
    """A finding as the manual shows it."""
    finding = Finding(
        code, name, severity, "observed", number or None, None,
        NINE_O_CLOCK - after_s * 1_000_000_000, (1,), 1, text.replace("{", "{{"), {}, "", "",
    )  # fmt: skip
    return Change(1, False, finding)


SHOWN = [
    told(
        "TW010", "port-exhaustion-forecast", "warning", 0, 2, "192.0.2.1 had 14,200 of 28,232 "
        "source ports in use towards 198.51.100.7:5432 at once, 14,000 of them in TIME-WAIT",
    ),
    told(
        "FL001", "syn-flood", "error", 0, 9, "[2001:db8::1]:8443 received 39,114 SYN within "
        "9.98 s of which 38,870 were never completed",
    ),
    told(
        "CL005", "close-wait-stuck", "warning", 7310, 21, "192.0.2.1:51044 acknowledged the FIN "
        "of 198.51.100.7:5432 and sent nothing that closes its own direction for 60.2 s",
    ),
    told(
        "RS001", "reset-instead-of-close", "warning", 8214, 44, "198.51.100.20:40112 reset the "
        "connection in ESTABLISHED (frame 1,182,001), with nothing in flight",
    ),
    told(
        "HS004", "connection-refused", "warning", 8102, 67, "192.0.2.1:9090 answered the SYN of "
        "198.51.100.31:52110 with RST after 0.000031 s",
    ),
]  # fmt: skip


def change(code: str = "CL005", severity: Severity = "warning", after_s: int = 0) -> Change:
    time_ns = NINE_O_CLOCK + after_s * 1_000_000_000
    return Change(1, False, make_finding(code, severity=severity, after_ns=time_ns))


def figures(now: Moment | None = None, findings: int = 2, notes: tuple[str, ...] = ()) -> Figures:
    return Figures(
        title="tcpflow live   eth0",
        keys="q quits",
        elapsed_ns=751 * 1_000_000_000,
        moment=now,
        backlog=4096,
        rates=Rates(1204.4, 912_000, 1180, 35) if now is not None else None,
        history=[0, 300, 1204.4],
        counts={"error": 1, "warning": findings, "info": 0},
        findings=[change(after_s=number) for number in range(findings)],
        notes=notes,
    )


def shown(of: Figures, width: int = 80, height: int = 24, encoding: str = "utf-8") -> list[str]:
    """The lines of a screen, each no wider than it may be."""
    lines = draw(of, Look(width, False, encoding), height).text().split("\n")[:-1]
    assert len(lines) == height
    assert max(cell_width(line) for line in lines) <= width
    return lines


def test_screen_of_80_by_24() -> None:
    lines = shown(figures(moment()))
    assert lines[0].startswith(" tcpflow live   eth0    ")
    assert lines[0].endswith("    09:00:00 UTC   12 min 31 s   q quits")
    assert lines[1].startswith("1,204 frames/s   912 kB/s   1,180 segments/s   35 connections/s")
    assert (
        lines[2]
        == "1,204,331 frames, 8,412 connections   0 dropped by the system   3 left out here"
    )
    assert lines[4].split() == [
        "STATE", "here", "peers", "LISTENER", "half-open", "CLOSE-WAIT", "TIME-WAIT",
    ]  # fmt: skip
    assert lines[5].split() == [
        "SYN-RECEIVED", "3,900", "0", "[2001…b8::1]:8443", "3,900/4,096", "12", "7",
    ]  # fmt: skip
    assert lines[6].split() == ["ESTABLISHED", "25", "35", "192.0.2.1:80", "0/4,096", "0", "0"]
    assert lines[7].split() == ["CLOSE-WAIT", "12", "0"]
    assert lines[8].split()[:4] == ["TIME-WAIT", "14,000", "0", "CLIENT"]
    assert lines[9].split() == ["192.0.2.…98.51.100.7:5432", "14,200/28,232", "14,000"]
    assert lines[11] == "FINDINGS   1 error   2 warnings"
    assert lines[12].startswith("09:00:00 ▲ CL005 close-wait-stuck #1 received FIN (frame 4)")
    assert lines[14:] == [""] * 10


def test_wide_screen_has_room_for_more() -> None:
    lines = shown(figures(moment()), 120, 40)
    assert "ESTABLISHED" in lines[4]
    assert "[2001:db8::1]:8443" in lines[5]
    assert "192.0.2.1 > 198.51.100.7:5432" in lines[9]
    assert lines[9].split()[-3:] == ["14,200/28,232", "50%", "14,000"]


def test_ends_are_told_by_role_where_addresses_are_not_known() -> None:
    lines = shown(figures(moment(knows_here=False)))
    assert lines[4].split()[:3] == ["STATE", "opener", "peer"]
    assert lines[6].split()[:3] == ["ESTABLISHED", "30", "30"]


@pytest.mark.parametrize("width", [20, 40, 60, 79, 80, 81, 100, 132, 300])
@pytest.mark.parametrize("height", [1, 2, 5, 8, 12, 24, 60])
@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_every_size_is_filled_and_not_exceeded(width: int, height: int, encoding: str) -> None:
    full = figures(moment(), findings=30, notes=("dumpcap ended and was started again",) * 3)
    lines = shown(full, width, height, encoding)
    if encoding == "ascii":
        assert "".join(lines).isascii()
    if height >= 5:
        assert lines[-1].startswith("note: dumpcap")
    if height >= 12 and width > 8:
        assert any(line.startswith("FINDINGS") for line in lines)


def test_losses_and_limits_are_marked() -> None:
    page = draw(figures(moment(drops=7)), Look(80, True), 24)
    styles = {span.text.strip(): span.style for line in page.lines() for span in line}
    assert styles["7 dropped by the system"] == "bold red"
    assert styles["3 left out here"] == "yellow"
    assert styles["3,900/4,096"] == "bold red"
    assert styles["14,200/28,232"] == "yellow"
    assert styles["0/4,096"] == ""


def test_screen_before_the_first_packets() -> None:
    lines = shown(figures(None, findings=0))
    assert lines[1] == "waiting for the first packets"
    assert "FINDINGS   1 error" in lines


def test_drops_that_nobody_tells_are_not_zero() -> None:
    assert "drops not known yet" in shown(figures(moment(drops=None)))[2]


def test_control_characters_do_not_reach_the_terminal() -> None:
    lines = shown(figures(moment(), notes=("a\x1b[2Jb",)))
    assert lines[-1] == "note: a\\x1b[2Jb"


def picture_of(of: Figures, width: int, height: int) -> str:
    """A screen as SVG, which needs nothing from elsewhere."""
    console = Console(record=True, width=width, file=io.StringIO(), color_system="truecolor")
    for line in draw(of, Look(width, True), height).lines():
        console.print(Text.assemble(*[(span.text, span.style) for span in line]), crop=True)
    drawn = console.export_svg(title="tcpflow live", unique_id="live")
    drawn = re.sub(r"@font-face \{.*?\}\n", "", drawn, flags=re.DOTALL)
    return "".join(f"{line.rstrip()}\n" for line in drawn.splitlines())


def words_in(picture: str) -> list[str]:
    """The words that an SVG shows."""
    texts = re.findall(r"<text[^>]*>([^<]*)</text>", picture)
    return html.unescape(" ".join(texts)).split()


def test_picture_in_the_manual_is_of_this_screen(update_golden: bool) -> None:
    shown_there = figures(moment())._replace(
        findings=SHOWN,
        counts={"error": 1, "warning": 4, "info": 0},
        history=[300 + 90 * (number * number % 11) for number in range(60)],
    )
    drawn = picture_of(shown_there, 112, 20)
    picture = ROOT / "docs" / "static" / "live.svg"
    if update_golden:
        picture.write_text(drawn)
    kept = picture.read_text()
    assert words_in(kept) == words_in(drawn)
    assert "url(http" not in kept
