"""Zeek's conn.log: its head, its cells, JSON, roles as Zeek sees them, Community ID."""

import json
from io import BytesIO

import pytest

from support.report_samples import make_capture, make_summary
from tcpflow_analyzer.observer.zeek_history import ROLES_SWAPPED
from tcpflow_analyzer.report.sink import Start
from tcpflow_analyzer.report.zeek_log import FIELDS, ZeekLog
from tcpflow_analyzer.settings import Settings
from tcpflow_analyzer.table.connection import Connection

START = Start(["a"], Settings(), {}, lambda _: (None, None), lambda _: None)
# The flow of the Community ID specification's baseline, and its identifier.
KEY = bytes((128, 232, 110, 120, 66, 35, 250, 204)) + b"\x88\x27\x00\x50"
COMMUNITY = "1:LQU9qZlK+B5F3KDmev6m5PMibrg="


def make(swapped: bool = False) -> Connection:
    connection = Connection(KEY, 1)
    connection.first_time_ns = 1_700_000_000_123_456_500
    connection.last_time_ns = 1_700_000_001_123_456_500
    if swapped:
        connection.history_seen = ROLES_SWAPPED
    return connection


def write(as_json: bool, swapped: bool = False) -> str:
    stream = BytesIO()
    report = ZeekLog(stream, as_json)
    report.begin(START)
    report.connection(make(swapped), [])
    report.end(make_capture(), make_summary(1))
    return stream.getvalue().decode("ascii")


def test_text_has_zeeks_head_and_as_many_cells_as_fields() -> None:
    lines = write(as_json=False).splitlines()
    assert lines[0] == "#separator \\x09"
    assert lines[5].split("\t") == ["#fields", *FIELDS]
    assert lines[6].split("\t") == ["#types", *FIELDS.values()]
    assert lines[-1].startswith("#close\t")
    row = dict(zip(FIELDS, lines[7].split("\t"), strict=True))
    assert row["ts"] == "1700000000.123457"
    assert row["duration"] == "1.000000"
    assert (row["id.orig_h"], row["id.orig_p"]) == ("128.232.110.120", "34855")
    assert (row["service"], row["tunnel_parents"]) == ("-", "-")
    assert row["community_id"] == COMMUNITY
    assert row["uid"].startswith("C")
    assert len(row["uid"]) == 18


def test_json_leaves_out_what_is_not_set() -> None:
    (line,) = write(as_json=True).splitlines()
    row = json.loads(line)
    assert row["ts"] == pytest.approx(1700000000.123457)
    assert row["community_id"] == COMMUNITY
    assert "service" not in row
    assert list(row) == [field for field in FIELDS if field in row]


def test_swapped_roles_are_swapped_and_the_community_id_stays() -> None:
    row = json.loads(write(as_json=True, swapped=True))
    assert (row["id.orig_h"], row["id.resp_h"]) == ("66.35.250.204", "128.232.110.120")
    assert row["community_id"] == COMMUNITY


def test_equal_input_gives_equal_logs() -> None:
    assert write(as_json=False) == write(as_json=False)
