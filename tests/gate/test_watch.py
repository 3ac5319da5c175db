"""What fails a capture, and what does not, by severity, code, certainty, place and number."""

import pytest

from support.capture_builder import SECOND_NS, START_NS, pcap
from support.checked import check
from support.services import talk
from support.small_captures import clock, closed, without_tcp
from tcpflow_analyzer.gate.result import CaptureResult, FindingResult

LATE = clock(START_NS + 1000 * SECOND_NS)  # all waiting times have passed
LEAK = pcap([*talk("leak"), *LATE])
RESET = pcap([*talk("reset"), *LATE])
PROBE = pcap([*talk("probe"), *LATE])


def codes(result: CaptureResult) -> list[str]:
    return [each.code for each in result.failures if isinstance(each, FindingResult)]


def test_closed_connection_passes() -> None:
    result = check(closed())
    assert (result.status, result.connections, result.segments) == (0, 1, 9)


def test_errors_fail_by_default_and_say_all() -> None:
    result = check(LEAK)
    (finding,) = result.findings
    assert (finding.code, finding.severity, finding.count) == ("CL005", "error", 1)
    assert finding.service == "port 8080"
    assert finding.endpoint == "responder"
    assert finding.states == "FIN-WAIT-2/CLOSE-WAIT"
    assert finding.sockets == "192.0.2.1:40000 > 198.51.100.1:8080"
    assert [place.frame for place in finding.places] == [7, 8]
    assert finding.advice
    assert str(finding.origin) == "--fail-on error"
    assert result.status == 1


def test_capture_that_stops_does_not_fail() -> None:
    assert check(pcap(talk("leak"))).status == 0
    assert check(pcap(talk("open"))).status == 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('fail_on = "never"', []),
        ('fail_on = "warning"', ["CL005"]),  # CL006 is assumed, by a clock
        ('fail_on = "warning"\nmin_certainty = "assumed"', ["CL005", "CL006"]),
        ('fail_on = ["CL006"]\nmin_certainty = "assumed"', ["CL006"]),
        ('fail_on = ["CL"]\nmin_certainty = "assumed"', ["CL005", "CL006"]),
        ('fail_on = ["TW"]', []),
        ('fail_on = ["LC001"]', ["LC001"]),  # a whole code means information too
        ('fail_on = ["LC"]', []),  # a family does not
        ('select = ["RS"]', []),
        ('select = ["CL005"]', ["CL005"]),
        ('ignore = ["CL005"]', []),
        ('ignore = ["CL"]', []),
        ('ignore = [{ code = "CL005", port = 8080 }]', []),
        ('ignore = [{ code = "CL005", port = 8081 }]', ["CL005"]),
        ('ignore = [{ address = "198.51.100.0/24" }]', []),
        ('ignore = [{ address = "203.0.113.0/24" }]', ["CL005"]),
        ("ignore = [{ where = 'finding.endpoint == \"responder\"' }]", []),
        ('where = "responder.port == 8080"', ["CL005"]),
        ('where = "responder.port != 8080"', []),
        ("where = 'finding.code == \"CL006\"'", []),
        ('parameters.close_wait_error = "2000s"', []),
        ('counts.CL005 = "..1"', []),
        ("counts.CL005 = 1", []),
    ],
)
def test_configuration_says_what_fails(text: str, expected: list[str]) -> None:
    assert codes(check(LEAK, text)) == expected


@pytest.mark.parametrize(
    ("text", "uncertain"),
    [
        ("", []),  # nobody asked about these codes
        ('fail_on = "warning"', []),
        ('fail_on = ["CL006"]', [("CL006", "assumed", 1)]),
        ('fail_on = ["CL"]', [("CL006", "assumed", 1)]),
        ('fail_on = ["CL"]\nselect = ["CL005"]', []),
        ('fail_on = ["CL"]\nignore = ["CL006"]', []),
        ('fail_on = ["CL006"]\nmin_certainty = "assumed"', []),
        ('counts.CL006 = "..1"', [("CL006", "assumed", 1)]),
        ('expect = [{ name = "all", forbid = ["CL006"] }]', [("CL006", "assumed", 1)]),
    ],
)
def test_codes_that_are_asked_about_are_told_where_they_are_not_certain(
    text: str, uncertain: list[tuple[str, str, int]]
) -> None:
    assert list(check(LEAK, text).uncertain) == uncertain


def test_information_fails_where_it_is_asked_for_but_never_lifecycle() -> None:
    found = codes(check(LEAK, 'fail_on = "info"'))
    assert "CL005" in found
    assert not [code for code in found if code.startswith("LC")]


def test_certainty_below_what_is_needed_does_not_fail() -> None:
    text = 'fail_on = "warning"\nselect = ["CL006"]\n'
    (finding,) = check(LEAK, text + 'min_certainty = "assumed"').findings
    assert finding.certainty == "assumed"
    assert check(LEAK, text).findings == ()


@pytest.mark.parametrize(
    ("text", "passed", "found"),
    [
        ('counts.CL005 = "2.."', False, "1"),
        ("counts.CL005 = 0", False, "1"),
        ('counts.CL005 = "1..3"', True, "1"),
        ('counts.LC001 = "1"', None, ""),
        ("counts.LC001 = 1", True, "1"),
        ('min_certainty = "assumed"\ncounts."CL*" = "..1"', False, "2"),
        ("counts.TW009 = 0", True, "0"),
    ],
)
def test_counts(text: str, passed: bool | None, found: str) -> None:
    if passed is None:
        with pytest.raises(Exception, match="is no count"):
            check(LEAK, text)
        return
    result = check(LEAK, text)
    (limit,) = result.expectations
    assert (limit.passed, limit.found) == (passed, found)
    assert (limit in result.failures) == (not passed)


def test_count_names_the_frames_beyond_it() -> None:
    frames = [*talk("leak", 40000), *talk("leak", 40001, at_ns=START_NS + SECOND_NS), *LATE]
    (limit,) = check(pcap(frames), 'counts.CL005 = "..1"').expectations
    assert limit.connections == (2,)
    assert [place.frame for place in limit.places] == [15]
    assert limit.count == 1


def test_health_probe_is_forgiven_unless_its_code_is_named() -> None:
    assert codes(check(PROBE, 'fail_on = ["warning", "RS", "HS"]')) == []
    assert codes(check(PROBE, 'fail_on = ["RS001", "RS003"]')) != []
    assert codes(check(RESET, 'fail_on = ["RS"]')) != []


def test_alike_findings_are_one_with_a_count() -> None:
    frames = [
        frame
        for number in range(30)
        for frame in talk("leak", 40000 + number, at_ns=START_NS + number * SECOND_NS)
    ]
    result = check(pcap([*frames, *LATE]))
    (finding,) = result.findings
    assert finding.count == 30
    assert finding.connections == tuple(range(1, 11))


@pytest.mark.parametrize(
    ("octets", "text", "coverage", "status"),
    [
        (closed()[:-5], "", "damaged", 3),
        (closed()[:-5], "allow_truncated = true", "damaged", 0),
        (closed()[:-5], "allow_empty = true", "damaged", 3),
        (without_tcp(), "", "empty", 3),
        (without_tcp(), "allow_empty = true", "empty", 0),
        (pcap([]), "", "empty", 3),
        (without_tcp()[:-5], "allow_truncated = true", "empty", 3),
        (without_tcp()[:-5], "allow_truncated = true\nallow_empty = true", "damaged", 0),
        (b"", "", "unusable", 2),
        (b"this is no capture at all" * 9, "allow_truncated = true", "unusable", 2),
        (LEAK[:-5], "", "damaged", 1),
    ],
)
def test_coverage(octets: bytes, text: str, coverage: str, status: int) -> None:
    frames = clock(START_NS + 2000 * SECOND_NS)
    if octets == LEAK[:-5]:  # still long enough
        octets = pcap([*talk("leak"), *LATE, *frames])[:-5]
    result = check(octets, text)
    assert (result.coverage, result.status) == (coverage, status)
    assert result.problem
