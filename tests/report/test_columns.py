"""A row for each connection: as many values as columns, the same as the record's."""

import pytest

from support.places import FIXTURES
from tcpflow_analyzer.pipeline import analyze
from tcpflow_analyzer.report.columns import COLUMNS, row_of
from tcpflow_analyzer.table.connection import Connection


def test_row_has_a_value_for_each_column() -> None:
    connection = Connection(bytes((192, 0, 2, 1, 198, 51, 100, 1, 0x9C, 0x40, 0, 80)), 7)
    row = dict(zip(COLUMNS, row_of(connection, [], (None, "eth0")), strict=True))
    assert row["number"] == 7
    assert (row["originator_address"], row["originator_port"]) == ("192.0.2.1", 40000)
    assert (row["responder_address"], row["responder_port"]) == ("198.51.100.1", 80)
    assert (row["vlan"], row["tunnel"], row["interface"]) == (None, None, "eth0")
    assert row["findings"] == ""


@pytest.mark.parametrize("column", [name for name in COLUMNS if name != "findings"])
def test_columns_are_attributes_of_the_public_record(column: str) -> None:
    record = analyze(FIXTURES / "recordings" / "close_by_client.pcap").connections[0]
    if column == "vlan":
        assert record.vlans == ()
        return
    end, _, name = column.partition("_")
    if end in {"originator", "responder"}:
        assert hasattr(getattr(record, end), name)
    else:
        assert hasattr(record, column)
