"""Comma-separated values: what a reader gets back, and what a spreadsheet must not run."""

import csv
from io import BytesIO, StringIO

import pytest

from support.report_samples import make_capture, make_connection, make_finding, make_summary
from tcpflow_analyzer.report.csv_report import CsvReport, utc_text
from tcpflow_analyzer.report.sink import Start
from tcpflow_analyzer.settings import Settings


def rows_of(interface: str | None) -> list[dict[str, str]]:
    stream = BytesIO()
    report = CsvReport(stream)
    report.begin(Start(["a"], Settings(), {}, lambda _: (None, interface), lambda _: None))
    for number in (1, 2):
        connection = make_connection(number)
        connection.scope = number - 1
        findings = [make_finding("LC001", connection=number), make_finding(connection=number)]
        report.connection(connection, findings)
    report.end(make_capture(), make_summary(2))
    return list(csv.DictReader(StringIO(stream.getvalue().decode("utf-8"), newline="")))


def test_rows_are_read_back_with_codes_of_findings() -> None:
    first, second = rows_of("eth0")
    assert (first["number"], second["number"]) == ("1", "2")
    assert first["findings"] == "CL005 LC001"
    assert (first["interface"], second["interface"]) == ("", "eth0")
    assert first["midstream"] in {"true", "false"}
    assert first["first_time"].endswith("Z")
    assert None not in first


@pytest.mark.parametrize("hostile", ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\uff1d1"])
def test_formulas_of_a_capture_stay_text(hostile: str) -> None:
    assert rows_of(hostile)[1]["interface"] == f"'{hostile}"


def test_separators_within_a_name_are_quoted() -> None:
    assert rows_of('a,"b"c')[1]["interface"] == 'a,"b"c'


def test_what_moves_a_cursor_or_breaks_a_line_is_written_out() -> None:
    assert rows_of("\t=1\n\x1b[2J\u202e")[1]["interface"] == "\\t=1\\n\\x1b[2J\\u202e"


def test_times_keep_their_nanoseconds() -> None:
    assert utc_text(1_000_000_007) == "1970-01-01T00:00:01.000000007Z"
