"""JUnit XML: valid by its schema, and what a build service makes of it."""

import io
from xml.etree import ElementTree

import pytest
from lxml import etree

from support.check_samples import EXPECTATION, FAILED, PASSED, every_result
from support.places import ROOT
from tcpflow_analyzer.gate.junit import write_junit
from tcpflow_analyzer.gate.result import CheckResult

SCHEMA = etree.XMLSchema(etree.parse(str(ROOT / "tests" / "schemas" / "junit-10.xsd")))


def written(result: CheckResult) -> bytes:
    """The file."""
    stream = io.BytesIO()
    write_junit(result, stream)
    return stream.getvalue()


def cases(result: CheckResult) -> dict[tuple[str, str, str], str]:
    """Suite, class and name of each case, and what became of it."""
    found = {}
    for suite in ElementTree.fromstring(written(result)):  # noqa: S314  our own
        for case in suite:
            tags = [child.tag for child in case]
            package, _, group = case.attrib["classname"].rpartition(".")
            assert package == suite.attrib["name"]
            key = (package, group, case.attrib["name"])
            assert key not in found
            found[key] = tags[0] if tags else "passed"
    return found


@pytest.mark.parametrize("result", every_result())
def test_file_is_valid_by_the_schema(result: CheckResult) -> None:
    document = etree.fromstring(written(result))
    assert SCHEMA.validate(document), SCHEMA.error_log


def test_every_expectation_and_service_is_a_case() -> None:
    orders, cut, none, every = (
        "captures/orders 1.pcap",
        "cut.pcap",
        "none.pcap",
        "all captures together",
    )
    assert cases(FAILED) == {
        (orders, "capture", "the capture is complete"): "passed",
        (orders, "database pool", "closed_by"): "failure",
        (orders, "database pool", "max_connections"): "passed",
        (orders, "findings", "port 80"): "failure",
        (orders, "findings", "port 81"): "skipped",
        (cut, "capture", "the capture is complete"): "error",
        (cut, "findings", "findings"): "passed",
        (none, "capture", "the capture is complete"): "skipped",
        (none, "findings", "findings"): "passed",
        (every, "database pool", "at_least"): "failure",
    }


def test_counts_are_those_of_the_cases() -> None:
    root = ElementTree.fromstring(written(FAILED))  # noqa: S314  our own
    assert root.attrib == {"name": "tcpflow", "tests": "10", "failures": "3", "errors": "1"}
    assert [suite.attrib["skipped"] for suite in root] == ["1", "0", "1", "0"]


def test_failure_says_what_and_where() -> None:
    root = ElementTree.fromstring(written(FAILED))  # noqa: S314  our own
    failure = root.find(".//testcase[@name='port 80']/failure")
    assert failure is not None
    assert failure.attrib == {
        "message": "192.0.2.2:80 holds CLOSE-WAIT for 64 s (and 1 more)",
        "type": "CL005",
    }
    assert failure.text is not None
    assert "Frames: captures/orders 1.pcap:412, captures/orders 1.pcap:413" in failure.text
    assert "HS006" in failure.text


def test_forbidden_findings_are_the_failure_of_their_expectation() -> None:
    forbids = every_result()[4]
    found = {key[1:]: what for key, what in cases(forbids).items()}
    assert found[EXPECTATION.name, "forbid"] == "failure"
    assert b'type="CL005"' in written(forbids)


def test_what_passed_has_cases_too() -> None:
    assert set(cases(PASSED).values()) == {"passed"}
