"""The same test recorded twice gives nothing new; what is gone is told."""

from dataclasses import replace

import pytest

from support.capture_builder import SECOND_NS, START_NS, pcap
from support.checked import check_all
from support.services import talk
from support.small_captures import clock
from tcpflow_analyzer.errors import UsageError
from tcpflow_analyzer.gate.baseline import baseline_text, excuse, read_baseline
from tcpflow_analyzer.gate.result import CheckResult

TEXT = 'fail_on = "warning"\n[[expect]]\nname = "x"\nmax_connections = 1\nforbid = ["RS*"]'
HOUR_NS = 3600 * SECOND_NS


def recorded(*ends: str, port: int = 40000, service: int = 8080, at_ns: int = START_NS) -> bytes:
    """A test run: connections with these ends, and the time that passes after them."""
    frames = [
        frame
        for number, end in enumerate(ends)
        for frame in talk(
            end,
            port + 7 * number,
            service,
            at_ns + number * SECOND_NS,
            client="192.0.2.9" if at_ns > START_NS else "192.0.2.1",
        )
    ]
    return pcap([*frames, *clock(at_ns + 1000 * SECOND_NS)])


def checked(*ends: str, port: int = 40000, at_ns: int = START_NS) -> CheckResult:
    return check_all([recorded(*ends, port=port, at_ns=at_ns)], TEXT)


def test_second_recording_with_other_ports_and_times_has_nothing_new() -> None:
    first = checked("client", "leak", "reset")
    assert first.status == 1
    baseline = read_baseline("known.json", baseline_text(first))
    second = checked("client", "leak", "reset", port=51234, at_ns=START_NS + HOUR_NS)
    assert second.status == 1
    excused = excuse(second, baseline)
    assert excused.failures == ()
    assert excused.status == 0
    assert excused.known == len(first.failures)  # forbid is told by its findings
    assert excused.stale == ()


def test_listener_on_another_ephemeral_port_is_the_same_service() -> None:
    text = 'fail_on = "error"'
    first = check_all([recorded("leak", service=40001)], text)
    second = check_all([recorded("leak", service=50002, at_ns=START_NS + HOUR_NS)], text)
    known = read_baseline("known.json", baseline_text(first))
    assert excuse(second, known).status == 0
    third = check_all([recorded("leak", service=8081)], text)
    assert excuse(third, known).status == 1


def test_new_finding_fails_beside_known_ones() -> None:
    baseline = read_baseline("known.json", baseline_text(checked("leak")))
    excused = excuse(checked("leak", "reset"), baseline)
    assert excused.status == 1
    codes = {getattr(each, "code", "") for each in excused.failures}
    assert "RS002" in codes
    assert "CL005" not in codes


def test_what_is_gone_is_stale() -> None:
    baseline = read_baseline("known.json", baseline_text(checked("leak")))
    excused = excuse(checked("client"), baseline)
    assert excused.status == 0
    assert {entry.code for entry in excused.stale} == {"CL005"}
    assert excused.baseline == "known.json"


def test_baseline_is_the_same_for_the_same_failures_in_any_order() -> None:
    result = check_all([recorded("leak"), recorded("reset")], TEXT)
    turned = replace(result, captures=result.captures[::-1])
    assert len(baseline_text(result)) == len(baseline_text(turned))
    assert baseline_text(result).isascii()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no baseline"),
        ("[]", "no baseline of version 1"),
        ('{"baseline_version": 2}', "no baseline of version 1"),
        ('{"baseline_version": 1}', "entries is no list"),
        ('{"baseline_version": 1, "entries": [{}]}', "entry 1 has no fingerprint"),
        ('{"baseline_version": 1, "entries": [{"fingerprint": "x"}]}', "entry 1"),
        ("[" * 100_000, "no baseline"),
    ],
)
def test_what_is_no_baseline_is_an_error_of_one_line(text: str, words: str) -> None:
    with pytest.raises(UsageError, match=r"^known.json: ") as caught:
        read_baseline("known.json", text)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
