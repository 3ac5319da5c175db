"""The table of connections."""

import re

from support.report_samples import V6_KEY, make_connection, make_finding
from tcpflow_analyzer.findings.finding import Finding
from tcpflow_analyzer.report.page import Look, Page
from tcpflow_analyzer.report.rows import HEADS, Rows, make_row, opened_text
from tcpflow_analyzer.table.connection import OUTCOME_REFUSED


def written(rows: Rows, total: int, width: int = 120) -> list[str]:
    page = Page(Look(width=width))
    rows.write(page, total)
    return page.text().splitlines()


def rows_of(findings: dict[int, list[Finding]], limit: int | None) -> Rows:
    rows = Rows(limit)
    for number, each in findings.items():
        rows.add(make_row(make_connection(number), each, None))
    return rows


def test_opened_text_is_the_time_of_the_whole_handshake() -> None:
    connection = make_connection()
    assert opened_text(connection) == "410 us"
    connection.outcome = OUTCOME_REFUSED
    assert opened_text(connection) == "refused"


def test_write_all_rows_by_number() -> None:
    error = make_finding("HS004", severity="error")
    lines = written(
        rows_of({2: [error, error], 1: [make_finding("LC001", severity="info")]}, 20), 2
    )
    assert lines[1] == "CONNECTIONS"
    assert re.split(r"  +", lines[2]) == list(HEADS)
    assert re.split(r"  +", lines[3].strip()) == [
        *("1", "192.0.2.1:40000", "192.0.2.2:80", "410 us", "originator", "4-segment"),
        "TIME-WAIT / CLOSED",
    ]
    assert lines[4].split()[0] == "2"
    assert lines[4].endswith("TIME-WAIT / CLOSED  HS004")


def test_write_limited_rows_the_worst_first() -> None:
    rows = rows_of(
        {
            1: [],
            2: [make_finding("CL005", severity="warning")] * 3,
            3: [make_finding("HS004", severity="error")],
            4: [],
        },
        limit=3,
    )
    lines = written(rows, 4)
    assert lines[1] == "CONNECTIONS  the 3 with the worst findings of 4"
    assert [line.split()[0] for line in lines[3:]] == ["3", "2", "1"]


def test_write_narrow_uses_two_lines_and_keeps_addresses_whole() -> None:
    rows = Rows(None)
    rows.add(make_row(make_connection(key=V6_KEY), [make_finding()], "eth0"))
    lines = written(rows, 1, width=80)
    assert lines[2] == "#1  [fe80::1%eth0]:40000 > [2001:db8::2]:443"
    assert lines[3] == ("    opened in 410 us, 4-segment by originator, TIME-WAIT / CLOSED  CL005")
    assert max(map(len, lines)) <= 80


def test_write_nothing_without_rows() -> None:
    assert written(Rows(None), 0) == []


def test_write_narrow_never_overruns() -> None:
    codes = [f"CL{number:03}" for number in range(1, 14)]
    findings = [make_finding(code, severity="warning") for code in codes]
    rows = Rows(20)
    rows.add(make_row(make_connection(1), findings[:3], None))
    rows.add(make_row(make_connection(2, key=V6_KEY), findings, None))
    for width in (50, 60, 72, 80):
        lines = written(rows, 2, width=width)
        assert max(map(len, lines)) <= width
        assert " ".join(" ".join(lines).split()).count("CL0") == 16
