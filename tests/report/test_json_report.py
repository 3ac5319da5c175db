"""The JSON object and the NDJSON lines."""

import io
import json
from typing import Any

import pytest

from support.report_samples import make_capture, make_connection, make_finding, make_summary
from tcpflow_analyzer.report.json_report import OCTETS_HELD, JsonReport, NdjsonReport
from tcpflow_analyzer.report.sink import Start
from tcpflow_analyzer.settings import Settings

START = Start(["a.pcap"], Settings(), {}, lambda _: ("vxlan vni 5", None), lambda _: None)


def report_all(report: JsonReport | NdjsonReport) -> None:
    """Three connections in another order than that of their numbers, with findings."""
    report.begin(START)
    for number, after_ns in ((3, 50), (1, 900), (2, 7)):
        connection = make_connection(number)
        connection.scope = number - 1
        report.connection(connection, [make_finding(connection=number, after_ns=after_ns)])
    report.finding(make_finding("TW009", connection=None, endpoint=None, after_ns=60))
    report.end(make_capture(), make_summary(3, CL005=3, TW009=1))


def object_of(**options: bool) -> dict[str, Any]:
    stream = io.BytesIO()
    report_all(JsonReport(stream, **options))
    return dict(json.loads(stream.getvalue()))


def lines_of() -> list[dict[str, Any]]:
    stream = io.BytesIO()
    report_all(NdjsonReport(stream))
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_json_members_in_the_order_of_the_contract() -> None:
    assert list(object_of()) == [
        *("schema_version", "tool", "capture", "summary", "connections", "findings")
    ]


def test_json_connections_by_number_findings_by_time() -> None:
    found = object_of()
    assert [connection["id"] for connection in found["connections"]] == [1, 2, 3]
    assert [finding["id"] for finding in found["findings"]] == [
        *("2:CL005:responder:4", "3:CL005:responder:4", "0:TW009:-:4", "1:CL005:responder:4")
    ]
    assert [connection["findings"] for connection in found["connections"]] == [
        [f"{number}:CL005:responder:4"] for number in (1, 2, 3)
    ]


def test_json_scope_is_asked_only_where_there_is_one() -> None:
    tunnels = [connection["scope"]["tunnel"] for connection in object_of()["connections"]]
    assert tunnels == [None, "vxlan vni 5", "vxlan vni 5"]


def test_json_nothing_is_written_before_the_end() -> None:
    stream = io.BytesIO()
    report = JsonReport(stream)
    report.begin(START)
    report.connection(make_connection(), [])
    report.flush()
    assert stream.getvalue() == b""


def test_json_empty_capture_is_an_object_too() -> None:
    stream = io.BytesIO()
    report = JsonReport(stream)
    report.begin(START)
    report.end(make_capture(0, 0), make_summary(0))
    found = json.loads(stream.getvalue())
    assert (found["connections"], found["findings"]) == ([], [])


def test_json_times_as_strings() -> None:
    found = object_of(ns_as_strings=True)
    assert isinstance(found["capture"]["first_time_ns"], str)
    assert isinstance(found["connections"][0]["first_time_ns"], str)
    assert isinstance(found["findings"][0]["time_ns"], str)


def test_ndjson_kinds_start_first_summary_last() -> None:
    kinds = [line["kind"] for line in lines_of()]
    assert kinds == ["start", *["connection", "finding"] * 3, "finding", "capture", "summary"]
    assert all(next(iter(line)) == "kind" for line in lines_of())


def test_ndjson_equals_json_but_for_order_and_its_own_members() -> None:
    whole, lines = object_of(), lines_of()
    found: dict[str, list[dict[str, Any]]] = {}
    for line in lines:
        kind = line.pop("kind")
        if kind == "finding":
            assert (line.pop("revision"), line.pop("withdrawn")) == (1, False)
        found.setdefault(kind, []).append(line)
    assert sorted(found["connection"], key=lambda each: each["id"]) == whole["connections"]
    assert sorted(found["finding"], key=lambda each: each["time_ns"]) == whole["findings"]
    assert found["capture"] == [whole["capture"]]
    assert found["summary"] == [whole["summary"]]
    assert found["start"] == [
        {"schema_version": 1, "tool": whole["tool"], "files": [{"path": "a.pcap"}]}
    ]


def test_ndjson_flush_writes_what_is_decided() -> None:
    stream = io.BytesIO()
    report = NdjsonReport(stream)
    report.begin(START)
    assert stream.getvalue().count(b"\n") == 1
    report.connection(make_connection(), [])
    report.flush()
    assert stream.getvalue().count(b"\n") == 2


def test_ndjson_many_at_once_are_not_held() -> None:
    class Watched(io.BytesIO):
        longest = 0

        def write(self, data: bytes, /) -> int:  # type: ignore[override]
            self.longest = max(self.longest, len(data))
            return super().write(data)

    stream = Watched()
    report = NdjsonReport(stream)
    report.begin(START)
    for number in range(3 * OCTETS_HELD // 1000):
        report.connection(make_connection(number + 1), [])
    assert 0 < stream.longest <= OCTETS_HELD + 10_000
    assert len(stream.getvalue()) > 2 * OCTETS_HELD


@pytest.mark.parametrize("make", [JsonReport, NdjsonReport])
def test_reports_do_not_change_a_connection(make: type[JsonReport] | type[NdjsonReport]) -> None:
    connection = make_connection()
    before = {name: getattr(connection, name) for name in ("number", "observed", "transitions")}
    make(io.BytesIO()).connection(connection, [])
    assert before == {name: getattr(connection, name) for name in before}
