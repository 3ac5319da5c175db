"""Connections as a Parquet file, for data frames; needs pyarrow (extra `parquet`).

The columns are those of the CSV; times are timestamps in nanoseconds, UTC.
"""

from collections.abc import Sequence
from typing import Any, Final

import pyarrow
from pyarrow import parquet

from tcpflow_analyzer.findings.finding import Finding
from tcpflow_analyzer.report.columns import COLUMNS, Value, row_of
from tcpflow_analyzer.report.row_report import RowReport
from tcpflow_analyzer.report.sink import ByteWriter
from tcpflow_analyzer.report.totals import Capture, Summary
from tcpflow_analyzer.table.connection import Connection

_TYPES: Final[dict[str, Any]] = {
    "int": pyarrow.int64(),
    "text": pyarrow.string(),
    "bool": pyarrow.bool_(),
    "time": pyarrow.timestamp("ns", tz="UTC"),
}
_ROWS: Final = 50_000  # of a row group: some megabytes in memory


class ParquetReport(RowReport):
    """Sink that writes a row group whenever enough connections have come together."""

    def __init__(self, stream: ByteWriter) -> None:
        """Make a report; nothing is written before the first rows."""
        super().__init__(stream)
        self._schema = pyarrow.schema(
            [
                (name.removesuffix("_ns") if kind == "time" else name, _TYPES[kind])
                for name, kind in COLUMNS.items()
            ]
        )
        self._rows: list[tuple[Value, ...]] = []
        self._writer: Any = None

    def add(
        self,
        connection: Connection,
        findings: Sequence[Finding],
        scope: tuple[str | None, str | None],
    ) -> None:
        """Take a row."""
        self._rows.append(row_of(connection, findings, scope))
        if len(self._rows) >= _ROWS:
            self._write()

    def end(self, capture: Capture, summary: Summary) -> None:
        """Write what is left, and the directory at the end of the file."""
        self._write()
        self._writer.close()
        self._stream.flush()

    def _write(self) -> None:
        if self._writer is None:
            file = pyarrow.PythonFile(_File(self._stream), mode="w")
            self._writer = parquet.ParquetWriter(file, self._schema, compression="zstd")
        columns = list(zip(*self._rows, strict=True)) or [()] * len(self._schema)
        arrays = [
            pyarrow.array(column, field.type)
            for column, field in zip(columns, self._schema, strict=True)
        ]
        self._writer.write_table(pyarrow.Table.from_arrays(arrays, schema=self._schema))
        self._rows.clear()


class _File:
    """What pyarrow takes for a file."""

    closed = False

    def __init__(self, stream: ByteWriter) -> None:
        self._stream = stream
        self._position = 0

    def write(self, data: bytes) -> int:
        octets = bytes(data)
        self._stream.write(octets)
        self._position += len(octets)
        return len(octets)

    def tell(self) -> int:
        return self._position

    def flush(self) -> None:
        self._stream.flush()

    def close(self) -> None:
        """Leave the stream open: it is the caller's."""
