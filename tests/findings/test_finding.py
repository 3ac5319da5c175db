"""The output type of the findings, and what a finding may ask about the capture."""

import copy
import pickle
import re

import pytest

from support.places import ROOT
from tcpflow_analyzer.findings.finding import (
    CaptureView,
    Finding,
    endpoint_name,
    noun,
    seconds,
    side_name,
)
from tcpflow_analyzer.settings import NANOSECONDS
from tcpflow_analyzer.table.connection import Connection


def make(**changes: object) -> Finding:
    fields: dict[str, object] = {
        "code": "HS001",
        "name": "syn-unanswered",
        "severity": "error",
        "certainty": "inferred",
        "connection": 7,
        "endpoint": "originator",
        "time_ns": 5,
        "frames": (3, 9),
        "frame_count": 2,
        "template": "{syns} SYN in {time:.6f} s",
        "values": {"syns": 2, "time": 1.5},
        "why": "because",
        "would_disprove": "that",
    }
    return Finding(**(fields | changes))  # type: ignore[arg-type]


def connection_of(key: bytes, address_len: int) -> Connection:
    connection = Connection(key, 1)
    connection.address_len = address_len
    return connection


def test_message_is_the_template_with_its_values() -> None:
    assert make().message == "2 SYN in 1.500000 s"


def test_identifier_names_connection_code_endpoint_and_first_frame() -> None:
    assert make().identifier == "7:HS001:originator:3"
    assert make(connection=None, endpoint=None, frames=()).identifier == "0:HS001:-:0"


def test_findings_are_equal_by_their_fields_and_survive_pickling() -> None:
    assert make() == make()
    assert hash(make()) == hash(make())
    assert make() != make(values={"syns": 3, "time": 1.5})
    assert pickle.loads(pickle.dumps(make())) == make()  # noqa: S301  made just now
    assert copy.copy(make(subject="a host")).subject == "a host"


def test_endpoint_name_has_brackets_for_ipv6_only() -> None:
    ports = (40000).to_bytes(2, "big") + (80).to_bytes(2, "big")
    ipv4 = connection_of(bytes((192, 0, 2, 1, 192, 0, 2, 2)) + ports, 4)
    assert endpoint_name(ipv4, ipv4.originator) == "192.0.2.1:40000"
    assert endpoint_name(ipv4, ipv4.responder) == "192.0.2.2:80"
    first, second = (bytes.fromhex("20010db8" + "00" * 11 + last) for last in ("01", "02"))
    ipv6 = connection_of(first + second + ports, 16)
    assert endpoint_name(ipv6, ipv6.responder) == "[2001:db8::2]:80"


def test_waited_counts_from_the_moment_to_the_last_frame() -> None:
    view = CaptureView(last_time_ns=20 * NANOSECONDS)
    assert view.waited(10 * NANOSECONDS, 10 * NANOSECONDS)
    assert not view.waited(10 * NANOSECONDS + 1, 10 * NANOSECONDS)


def test_small_words() -> None:
    assert (side_name(True), side_name(False)) == ("originator", "responder")
    assert seconds(1_500_000_000) == 1.5


@pytest.mark.parametrize(
    "template",
    [
        "{word} in {whole:>8} of {share:.3f} and {large:,}",
        "{{not a field}} {word}",
        "{word!r} {whole}",
        "{things[0]} and {word.__class__.__name__}",
        "{share:{width}.2f}",
        "nothing at all",
        "",
    ],
)
def test_message_is_what_python_makes_of_the_template(template: str) -> None:
    values = {"word": "x", "whole": 7, "share": 1 / 3, "large": 10**9, "things": ["y"], "width": 9}
    for _ in range(2):  # taken apart, then remembered
        assert make(template=template, values=values).message == template.format_map(values)


@pytest.mark.parametrize(
    ("count", "word"), [(0, "frames are"), (1, "frame is"), (2, "frames are"), (1000, "frames are")]
)
def test_noun_agrees_with_its_number(count: int, word: str) -> None:
    assert noun(count, "frame is", "frames are") == word
    assert noun(count, "frame") == word.split(maxsplit=1)[0]


def test_no_message_leaves_the_number_open() -> None:
    for path in (ROOT / "tcpflow_analyzer").rglob("*.py"):
        assert not re.search(r"[a-z]\((?:s|es)\)", path.read_text("utf-8")), path
