"""What is said of connections and hosts while the capture goes on."""

import io
import json
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from support.capture_builder import SECOND_NS, START_NS, clock_packet, ethernet, pcap
from support.report_samples import make_finding
from support.small_captures import Frames, refusal
from tcpflow_analyzer.findings.finding import Finding
from tcpflow_analyzer.findings.preview import AGAIN_NS, HOSTS_NS, MOST_OF_HOSTS, Hosts, has_grown
from tcpflow_analyzer.pipeline import Run
from tcpflow_analyzer.report.event_report import NdjsonEvents
from tcpflow_analyzer.settings import Settings

NOW = 1000 * SECOND_NS


class Judge:
    """Says of hosts what it is told to."""

    def __init__(self, *found: Finding) -> None:
        """Say this at first."""
        self.found: Sequence[Finding] = found

    def preview_hosts(self) -> list[Finding]:
        return list(self.found)


def about(subject: str, count: int = 10, severity: str = "warning") -> Finding:
    """A finding about a host."""
    chosen = make_finding("TW009", connection=None, endpoint=None, subject=subject)
    fields = {"frame_count": count, "severity": severity}
    return make_finding(
        "TW009",
        connection=None,
        endpoint=None,
        subject=chosen.subject,
        **fields,  # type: ignore[arg-type]
    )


def test_host_is_told_once_until_it_gets_worse() -> None:
    judge = Judge(about("192.0.2.1"))
    hosts = Hosts(judge)  # type: ignore[arg-type]
    assert hosts.is_due(NOW)
    assert hosts.judge(NOW)
    assert not hosts.is_due(NOW + HOSTS_NS - 1)
    judge.found = [about("192.0.2.1", 19)]
    assert not hosts.judge(NOW + HOSTS_NS)
    assert hosts.said() == [about("192.0.2.1", 10)]
    judge.found = [about("192.0.2.1", 20)]
    assert hosts.judge(NOW + 2 * HOSTS_NS)
    assert hosts.said() == [about("192.0.2.1", 20)]


def test_host_is_told_again_after_a_while_and_when_another_joins_or_leaves() -> None:
    judge = Judge(about("192.0.2.1"))
    hosts = Hosts(judge)  # type: ignore[arg-type]
    assert hosts.judge(NOW)
    judge.found = [about("192.0.2.1", 11)]
    assert not hosts.judge(NOW + AGAIN_NS - 1)
    assert hosts.judge(NOW + AGAIN_NS)
    judge.found = [about("192.0.2.1", 11), about("192.0.2.9")]
    assert hosts.judge(NOW + AGAIN_NS + 1)
    judge.found = [about("192.0.2.9")]
    assert hosts.judge(NOW + AGAIN_NS + 2)
    assert hosts.said() == [about("192.0.2.9")]


def test_many_findings_are_judged_less_often_and_the_worst_are_told() -> None:
    judge = Judge(*(about(f"host {number}") for number in range(2 * MOST_OF_HOSTS)))
    judge.found = [*judge.found, about("the worst", severity="error")]
    hosts = Hosts(judge)  # type: ignore[arg-type]
    assert hosts.judge(NOW)
    assert len(hosts.said()) == MOST_OF_HOSTS
    assert hosts.said()[0].subject == "the worst"
    assert not hosts.is_due(NOW + HOSTS_NS)


@pytest.mark.parametrize(
    ("count", "severity", "grown"),
    [(19, "warning", False), (20, "warning", True), (10, "error", True), (5, "info", False)],
)
def test_grown_is_twice_as_many_or_worse(count: int, severity: str, grown: bool) -> None:
    assert has_grown(about("x", 10), about("x", count, severity)) is grown


def events_of(octets: bytes, settings: Settings) -> list[dict[str, Any]]:
    """The lines of a run over a capture that is fed little by little."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "made.pcap"
        path.write_bytes(octets)
        stream = io.BytesIO()
        Run([path], replace(settings, block_octets=2000), [NdjsonEvents(stream)]).run()
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def syns(seconds: int, each_second: int) -> Frames:
    """SYNs to one listener, which nobody answers."""
    return [
        (START_NS + (second * each_second + n) * SECOND_NS // each_second, octets)
        for second in range(seconds)
        for n in range(each_second)
        for _, octets in refusal(20_000 + second * each_second + n)[:1]
    ]


def test_flood_is_told_while_it_goes_on() -> None:
    events = events_of(pcap(syns(40, 20)), Settings(flood_half_open=60))
    floods = [event for event in events if event.get("code") == "FL001"]
    assert events.index(floods[0]) < len(events) // 2
    assert [event["revision"] for event in floods] == list(range(1, len(floods) + 1))
    assert 2 <= len(floods) < 8  # when it has grown much, and in the end
    assert floods[-1]["values"]["attempts"] == 780  # those of the last second are too young
    assert {event["withdrawn"] for event in floods} == {False}


def test_unanswered_syn_is_told_before_it_leaves() -> None:
    others = [(START_NS + n * SECOND_NS, ethernet(clock_packet())) for n in range(1, 30)]
    events = events_of(pcap([*syns(1, 1), *others]), Settings())
    codes = [event.get("code") for event in events]
    kinds = [event["kind"] for event in events]
    assert codes.index("HS001") < kinds.index("connection")
