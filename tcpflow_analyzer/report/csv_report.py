"""Connections as comma-separated values (RFC 4180), for spreadsheets.

Times are UTC as in 2026-11-21T09:00:00.000000123Z; what is not known is empty. A text that a
spreadsheet would take for a formula gets an apostrophe in front; control characters are written as
escapes, as the text may be shown in a terminal.
"""

import csv
from collections.abc import Sequence
from io import StringIO
from typing import Final

from tcpflow_analyzer.findings.finding import Finding
from tcpflow_analyzer.report.columns import COLUMNS, Value, row_of
from tcpflow_analyzer.report.row_report import RowReport
from tcpflow_analyzer.report.sink import ByteWriter, Start
from tcpflow_analyzer.report.wording import SECOND, moment, printable
from tcpflow_analyzer.table.connection import Connection

# OWASP, CSV injection; the wide ones are formulas where Japanese is spoken. What breaks lines or
# moves a cursor is written out before.
_FORMULA: Final = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_TIMES: Final = frozenset(i for i, kind in enumerate(COLUMNS.values()) if kind == "time")
_ROWS_HELD: Final = 1000


class CsvReport(RowReport):
    """Sink that writes the head and a line for each connection."""

    def __init__(self, stream: ByteWriter) -> None:
        """Make a report; nothing is written before the run begins."""
        super().__init__(stream)
        self._text = StringIO(newline="")
        self._writer = csv.writer(self._text)
        self._rows = 0

    def begin(self, start: Start) -> None:
        """Write the names of the columns, without the unit where a cell shows its own."""
        super().begin(start)
        names = [
            name.removesuffix("_ns") if kind == "time" else name for name, kind in COLUMNS.items()
        ]
        self._writer.writerow(names)

    def add(
        self,
        connection: Connection,
        findings: Sequence[Finding],
        scope: tuple[str | None, str | None],
    ) -> None:
        """Write a line."""
        row = row_of(connection, findings, scope)
        self._writer.writerow([_cell(value, at in _TIMES) for at, value in enumerate(row)])
        self._rows += 1
        if self._rows >= _ROWS_HELD:
            self.flush()

    def flush(self) -> None:
        """Write the lines that have come together."""
        lines = self._text.getvalue()
        if lines:
            self._stream.write(lines.encode("utf-8", "replace"))
            self._stream.flush()
            self._text.seek(0)
            self._text.truncate()
            self._rows = 0


def _cell(value: Value, is_time: bool) -> Value:
    """What stands in a cell."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        text = printable(value)
        return f"'{text}" if text.startswith(_FORMULA) else text
    if is_time and value is not None:
        return utc_text(value)
    return value


def utc_text(time_ns: int) -> str:
    """A time in nanoseconds since the epoch as RFC 3339 writes it."""
    return f"{moment(time_ns):%Y-%m-%dT%H:%M:%S}.{time_ns % SECOND:09d}Z"
