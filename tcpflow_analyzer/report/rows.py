"""The table of connections: a row each where they fit, two lines each where they do not."""

import heapq
from collections.abc import Sequence
from typing import NamedTuple

from tcpflow_analyzer.findings.finding import SEVERITIES, Finding
from tcpflow_analyzer.observer.outcome import final_state
from tcpflow_analyzer.report.addresses import connection_addresses, socket_text
from tcpflow_analyzer.report.page import Page, Span, cell_width, padded
from tcpflow_analyzer.report.particulars import syn_to_synack_ns, synack_to_ack_ns
from tcpflow_analyzer.report.wording import duration_text
from tcpflow_analyzer.table.connection import (
    OUTCOME_COMPLETED,
    OUTCOME_NAMES,
    SHAPE_NAMES,
    WHO_NAMES,
    Connection,
)
from tcpflow_analyzer.tcp.states import STATE_NAMES

GAP = "  "
HEADS = ("#", "originator", "responder", "opened", "closed by", "how", "end state", "findings")


class Row(NamedTuple):
    """One connection in words; the fields are those of HEADS."""

    number: str
    originator: str
    responder: str
    opened: str
    closed_by: str
    how: str
    states: str
    findings: str


class RankedRow(NamedTuple):
    """A row and what it is ranked by: the worst severity, findings, octets, then the first."""

    severity: int
    findings: int
    octets: int
    minus_number: int
    row: Row


def make_row(
    connection: Connection, findings: Sequence[Finding], interface: str | None
) -> RankedRow:
    """Make the row of a connection.

    Args:
        connection: over, or left when the capture ended.
        findings: about it; those of severity info are not shown.
        interface: the zone of link-local addresses, or None.
    """
    source, source_port, destination, destination_port = connection_addresses(connection, interface)
    originator, responder = connection.originator, connection.responder
    shown = [finding for finding in findings if finding.severity != "info"]
    codes = dict.fromkeys(finding.code for finding in shown)
    row = Row(
        str(connection.number),
        socket_text(source, source_port),
        socket_text(destination, destination_port),
        opened_text(connection),
        WHO_NAMES[connection.active_closer] or "",
        SHAPE_NAMES[connection.shape] if connection.shape else "",
        f"{STATE_NAMES[final_state(originator)]} / {STATE_NAMES[final_state(responder)]}",
        " ".join(codes),
    )
    severities = [SEVERITIES.index(finding.severity) for finding in shown]
    octets = originator.payload_octets + responder.payload_octets
    return RankedRow(max(severities, default=0), len(shown), octets, -connection.number, row)


def opened_text(connection: Connection) -> str:
    """Say how long the handshake took, or how it ended otherwise."""
    first, second = syn_to_synack_ns(connection), synack_to_ack_ns(connection)
    if connection.outcome == OUTCOME_COMPLETED and first >= 0 and second >= 0:
        return duration_text(first + second)
    return OUTCOME_NAMES[connection.outcome]


class Rows:
    """Keeps the rows of the connections that are to be shown, a bounded number of them."""

    def __init__(self, limit: int | None) -> None:
        """Keep nothing yet; `limit` rows at most, None for all."""
        self._limit = limit
        self._rows: list[RankedRow] = []

    def add(self, row: RankedRow) -> None:
        """Keep a row if it ranks among the first `limit`."""
        if self._limit is None or len(self._rows) < self._limit:
            heapq.heappush(self._rows, row)
        elif row > self._rows[0]:
            heapq.heapreplace(self._rows, row)

    def write(self, page: Page, total: int) -> None:
        """Write the table.

        Args:
            page: to write on.
            total: number of all connections; if not all are kept, the worst are written first.
        """
        if len(self._rows) < total:
            ranked = sorted(self._rows, reverse=True)
            title = f"CONNECTIONS  the {len(ranked):,} with the worst findings of {total:,}"
        else:
            ranked = sorted(self._rows, key=lambda each: -each.minus_number)
            title = "CONNECTIONS"
        if not ranked:
            return
        page.line()
        page.line(Span(title, "bold"))
        rows = [Row(*map(page.named, each.row)) for each in ranked]
        widths = [
            max(cell_width(text) for text in column) for column in zip(HEADS, *rows, strict=True)
        ]
        if sum(widths) + len(GAP) * (len(widths) - 1) <= page.width:
            _write_table(page, rows, widths)
        else:
            _write_folded(page, rows)


def _write_table(page: Page, rows: list[Row], widths: list[int]) -> None:
    page.line(Span(_joined(HEADS, widths), "dim"))
    for row in rows:
        page.line(_joined(row[:-1], widths[:-1]) + GAP, Span(row.findings, "yellow"))


def _joined(cells: Sequence[str], widths: Sequence[int]) -> str:
    first = " " * (widths[0] - cell_width(cells[0])) + cells[0]
    rest = [padded(cell, width) for cell, width in zip(cells[1:], widths[1:], strict=True)]
    return GAP.join([first, *rest])


def _write_folded(page: Page, rows: list[Row]) -> None:
    """Write each connection on two lines, who and what; more where they do not fit."""
    indent = " " * (max(len(row.number) for row in rows) + 1) + GAP
    for row in rows:
        head = padded(f"#{row.number}", len(indent))
        page.paragraph(head, f"{row.originator} > {row.responder}")
        opened = f"opened in {row.opened}" if row.opened[:1].isdigit() else row.opened
        closed = f"{row.how} by {row.closed_by}" if row.closed_by else row.how
        what = ", ".join(part for part in (opened, closed, row.states) if part)
        if not row.findings:
            page.paragraph(indent, what, "dim")
        elif len(indent) + cell_width(what) + len(GAP) + len(row.findings) <= page.width:
            page.line(indent, Span(what, "dim"), GAP, Span(row.findings, "yellow"))
        else:
            page.paragraph(indent, what, "dim")
            page.paragraph(indent, row.findings, "yellow")
