"""What reports of rows leave out, and how they hear of scopes."""

from collections.abc import Sequence
from io import BytesIO

from support.report_samples import make_capture, make_connection, make_finding, make_summary
from tcpflow_analyzer.findings.finding import Finding
from tcpflow_analyzer.report.row_report import RowReport
from tcpflow_analyzer.report.sink import Start
from tcpflow_analyzer.settings import Settings
from tcpflow_analyzer.table.connection import Connection

START = Start(["a.pcap"], Settings(), {}, lambda scope: (f"vni {scope}", None), lambda _: None)


class Numbers(RowReport):
    """A line with a connection's number, its tunnel and the number of its findings."""

    def add(
        self,
        connection: Connection,
        findings: Sequence[Finding],
        scope: tuple[str | None, str | None],
    ) -> None:
        self._stream.write(f"{connection.number} {scope[0]} {len(findings)}\n".encode())


def test_connections_become_rows_and_other_findings_do_not() -> None:
    stream = BytesIO()
    report = Numbers(stream)
    report.begin(START)
    report.connection(make_connection(1), [make_finding(connection=1)])
    tunnelled = make_connection(2)
    tunnelled.scope = 5
    report.connection(tunnelled, [])
    report.finding(make_finding("TW009", connection=None, endpoint=None))
    assert report.more_of("CL005", "close-wait-leak", "error") is None
    report.end(make_capture(), make_summary(2, CL005=1))
    assert stream.getvalue() == b"1 None 1\n2 vni 5 0\n"
