"""Parquet: rows and types that pyarrow reads back."""

from io import BytesIO

import pyarrow
from pyarrow import parquet

from support.report_samples import make_capture, make_connection, make_finding, make_summary
from tcpflow_analyzer.report.columns import COLUMNS
from tcpflow_analyzer.report.parquet import ParquetReport
from tcpflow_analyzer.report.sink import Start
from tcpflow_analyzer.settings import Settings

START = Start(["a"], Settings(), {}, lambda _: (None, None), lambda _: None)


def write(numbers: range) -> BytesIO:
    stream = BytesIO()
    report = ParquetReport(stream)
    report.begin(START)
    for number in numbers:
        report.connection(make_connection(number), [make_finding(connection=number)])
    report.end(make_capture(), make_summary(len(numbers)))
    stream.seek(0)
    return stream


def test_rows_are_read_back_with_their_types() -> None:
    table = parquet.read_table(write(range(1, 4)))
    assert table.column("number").to_pylist() == [1, 2, 3]
    assert table.num_columns == len(COLUMNS)
    assert table.schema.field("first_time").type == pyarrow.timestamp("ns", tz="UTC")
    assert table.schema.field("midstream").type == pyarrow.bool_()
    assert table.column("findings").to_pylist() == ["CL005"] * 3


def test_capture_without_connections_is_a_table_without_rows() -> None:
    table = parquet.read_table(write(range(0)))
    assert (table.num_rows, table.num_columns) == (0, len(COLUMNS))
