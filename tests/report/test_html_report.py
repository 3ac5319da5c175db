"""Which connections a page shows, of more than fit."""

from collections.abc import Iterable

from support.report_samples import make_capture, make_connection, make_finding, make_summary
from tcpflow_analyzer.findings.finding import Finding, Severity
from tcpflow_analyzer.report.html_report import HtmlReport, PageLimits
from tcpflow_analyzer.report.sink import Start
from tcpflow_analyzer.settings import Settings
from tcpflow_analyzer.table.endpoint import UNKNOWN


def report_of(
    limits: PageLimits, connections: Iterable[tuple[int, list[Finding]]], frames: int = 9
) -> HtmlReport:
    """A report that has heard of connections by number with their findings, and of the end."""
    report = HtmlReport(limits)
    report.begin(Start(["a.pcap"], Settings(), {}, lambda _: (None, None), lambda _: None))
    count = 0
    for number, findings in connections:
        connection = make_connection(number)
        connection.frames = frames
        report.connection(connection, findings)
        count += 1
    report.end(make_capture(), make_summary(count))
    return report


def found(number: int, code: str, severity: Severity) -> list[Finding]:
    return [make_finding(code, connection=number, severity=severity)]


def test_all_are_kept_where_they_fit_those_with_findings_first() -> None:
    report = report_of(
        PageLimits(),
        [
            (1, []),
            (2, found(2, "LC001", "info")),
            (3, found(3, "CL005", "warning")),
            (4, found(4, "RS001", "error")),
        ],
    )
    assert [row.number for row in report.rows] == [4, 3, 1, 2]
    assert [each.connection.number for each in report.drawn] == [4, 3, 1, 2]
    assert [row.severity for row in report.rows] == [2, 1, 0, 0]
    assert report.rows[0].findings == "RS001"
    assert report.rows[3].findings == ""
    assert report.drawn[3].findings == ()


def test_rare_kind_comes_before_the_many_of_another() -> None:
    many = [(number, found(number, "RS001", "warning")) for number in range(1, 100)]
    report = report_of(PageLimits(rows=3), [*many, (100, found(100, "CL005", "warning"))])
    assert [row.number for row in report.rows] == [1, 100, 2]


def test_error_comes_before_any_number_of_warnings() -> None:
    many = [(number, found(number, "RS001", "warning")) for number in range(1, 100)]
    report = report_of(PageLimits(rows=2), [*many, (100, found(100, "RS001", "error"))])
    assert [row.number for row in report.rows] == [100, 1]


def test_connections_without_findings_are_a_sample_of_the_whole() -> None:
    report = report_of(PageLimits(rows=100, drawn=10), [(number, []) for number in range(1, 5001)])
    numbers = [row.number for row in report.rows]
    assert len(numbers) == 100
    assert numbers == sorted(numbers)
    tenths = {(number - 1) // 500 for number in numbers}
    assert tenths == set(range(10))
    assert {each.connection.number for each in report.drawn} <= set(numbers)
    assert len(report.drawn) == 10


def test_drawn_connections_have_no_more_segments_together_than_allowed() -> None:
    connections = [(number, found(number, "RS001", "warning")) for number in range(1, 11)]
    report = report_of(PageLimits(segments=45), connections)
    assert [each.connection.number for each in report.drawn] == [1, 2, 3, 4, 5]
    assert report.not_drawn_for_length == 5
    assert len(report.rows) == 10


def test_nothing_is_drawn_where_nothing_is_wanted() -> None:
    report = report_of(PageLimits(drawn=0), [(1, []), (2, [])])
    assert report.drawn == []
    assert len(report.rows) == 2


def test_groups_are_worst_first_and_hold_host_findings() -> None:
    report = HtmlReport(PageLimits())
    report.begin(Start([], Settings(), {}, lambda _: (None, None), lambda _: None))
    report.connection(make_connection(1), found(1, "CL005", "warning"))
    report.connection(make_connection(2), found(2, "CL005", "warning"))
    report.finding(make_finding("FL001", connection=None, severity="error", subject="192.0.2.9"))
    groups = report.groups_worst_first()
    assert [(group.code, group.count, group.who()) for group in groups] == [
        ("FL001", 1, "192.0.2.9"),
        ("CL005", 2, "2 connections from 192.0.2.1 to 192.0.2.2:80"),
    ]


def test_windows_are_shifted_only_where_both_ends_offered_it() -> None:
    shifts = []
    for own, peer, seen in ((7, 3, True), (7, UNKNOWN, True), (7, UNKNOWN, False)):
        connection = make_connection()
        connection.originator.window_scale = own
        connection.responder.window_scale = peer
        connection.responder.iss_seen = seen
        report = HtmlReport(PageLimits())
        report.connection(connection, [])
        report.end(make_capture(), make_summary())
        (drawn,) = report.drawn
        shifts.append((drawn.originator_shift, drawn.responder_shift))
    assert shifts == [(7, 3), (0, 0), (None, None)]
