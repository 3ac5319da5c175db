"""A comparison as text."""

from pathlib import Path

from support.diffed import diffed, served
from tcpflow_analyzer.gate.difference_text import difference_text
from tcpflow_analyzer.report.page import Look

LOOK = Look(width=80, encoding="ascii")


def test_only_what_changed_is_shown(tmp_path: Path) -> None:
    difference = diffed(tmp_path, served("client", "reset"), served("client", "leak"))
    text = difference_text(difference, LOOK)
    lines = text.splitlines()
    assert all(len(line) <= 80 for line in lines if str(tmp_path) not in line)
    assert lines[0].split() == ["port", "8080", "old", "new"]
    assert "connections" not in text.split("DIFF")[0]
    assert "    left in FIN-WAIT-2/CLOSE-WAIT                      0         1   +1" in lines
    assert "+   CL005 close-wait-stuck (responder)                 0         1   new" in lines
    assert any(
        line.startswith("-   RS002 ") and line.endswith("1         0   gone") for line in lines
    )
    assert "      do: tcpflow explain CL005" in lines
    assert "new.pcap, frames " in " ".join(text.split())
    assert "DIFF 1 of " in text
    assert "kinds of finding: 1 new, 1 gone" in " ".join(text.split())


def test_alike_takes_a_line(tmp_path: Path) -> None:
    text = difference_text(diffed(tmp_path, served("client"), served("client")), LOOK)
    assert text == "SAME 1 service alike; 1 connection in old.pcap, 1 in new.pcap\n"


def test_all_shows_what_did_not_change(tmp_path: Path) -> None:
    difference = diffed(tmp_path, served("client"), served("client"))
    text = difference_text(difference, LOOK, show_all=True)
    assert "    closed first by originator                         1         1\n" in text
    assert "    handshake p99                                   2 ms      2 ms\n" in text


def test_times_that_changed_a_lot_are_shown_though_nothing_else_did(tmp_path: Path) -> None:
    difference = diffed(tmp_path, served("client", step_ns=10_000_000), served("client"))
    text = difference_text(difference, LOOK)
    assert "    handshake p50                                  20 ms      2 ms   faster\n" in text
    assert "SAME 1 service alike; other times in 1; " in text


def test_long_label_stands_above_its_numbers(tmp_path: Path) -> None:
    name = "the pool of connections to the database of orders"
    text = f'[[expect]]\nname = "{name}"\nwhere = "port == 8080"\nat_least = 1\n'
    difference = diffed(tmp_path, served("reset"), served("client"), text)
    assert all(len(line) <= 80 for line in difference_text(difference, LOOK).splitlines())
