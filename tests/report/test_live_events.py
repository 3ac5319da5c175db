"""Watchers hear each finding once, and what becomes of it."""

from collections.abc import Sequence
from pathlib import Path

from support.places import FIXTURES
from tcpflow_analyzer.findings.finding import Finding
from tcpflow_analyzer.pipeline import Run
from tcpflow_analyzer.report.event_report import Change
from tcpflow_analyzer.report.live_events import LiveEvents, Moment, Watcher
from tcpflow_analyzer.report.sink import EventSink, Start
from tcpflow_analyzer.report.totals import Capture, Summary
from tcpflow_analyzer.settings import Settings
from tcpflow_analyzer.table.connection import Connection

CAPTURE = FIXTURES / "recordings" / "abort_by_linger.pcap"


class Notebook(Watcher):
    """Writes down what it hears."""

    def __init__(self, wants_connections: bool = False) -> None:
        """Write from now on."""
        self.wants_connections = wants_connections
        self.heard: list[str] = []
        self.changes: list[Change] = []

    def begun(self, start: Start) -> None:
        self.heard.append("begun")

    def decided(self, change: Change) -> None:
        self.heard.append("decided")
        self.changes.append(change)

    def finished(self, connection: Connection, findings: Sequence[Finding]) -> None:
        self.heard.append(f"finished {connection.number}")

    def ticked(self, moment: Moment) -> None:
        self.heard.append(f"ticked {moment.frames}")

    def ended(self, capture: Capture, summary: Summary) -> None:
        self.heard.append(f"ended {summary.connections}")


def watched(notebook: Notebook, path: Path = CAPTURE) -> Run:
    events = LiveEvents([notebook])
    assert isinstance(events, EventSink)
    run = Run([path], Settings(block_octets=400), [events])
    run.run()
    return run


def test_watcher_hears_findings_before_the_connection_is_over() -> None:
    notebook = Notebook()
    watched(notebook)
    assert notebook.heard[0] == "begun"
    assert notebook.heard[-1].startswith("ended ")
    assert notebook.heard.index("decided") < notebook.heard.index("finished 1")
    assert {change.finding.code for change in notebook.changes} >= {"RS001"}


def test_watcher_that_wants_them_hears_of_connections_without_findings() -> None:
    path = FIXTURES / "recordings" / "close_by_client.pcap"
    few, all_of_them = Notebook(), Notebook(wants_connections=True)
    watched(few, path)
    watched(all_of_them, path)
    assert [each for each in few.heard if each != "decided"] == ["begun", "ended 1"]
    assert all_of_them.heard[-2:] == ["finished 1", "ended 1"]


def test_moment_tells_how_far_the_run_has_come() -> None:
    notebook = Notebook()
    events = LiveEvents([notebook])
    run = Run([CAPTURE], Settings(block_octets=400), [events])
    for _ in run.steps():
        if not run.is_read:
            moment = run.moment(set())
            events.tick(moment)
    ticks = [int(each.split()[1]) for each in notebook.heard if each.startswith("ticked")]
    assert len(ticks) > 2
    assert ticks == sorted(ticks)
    assert run.capture is not None
    assert (moment.frames, moment.drops) == (run.capture.frames, None)
    assert moment.time_ns == run.capture.last_time_ns
