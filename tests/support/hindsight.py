"""Transitions as they were known at a time: what a cut capture has to give as well."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tcpflow_analyzer.findings.finding import Finding, Severity
from tcpflow_analyzer.pipeline import Run
from tcpflow_analyzer.report.connection_json import in_time_order
from tcpflow_analyzer.report.sink import Start
from tcpflow_analyzer.report.totals import Capture, Summary
from tcpflow_analyzer.settings import Settings
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.transition import Transition
from tcpflow_analyzer.tcp.events import EVENT_NAMES
from tcpflow_analyzer.tcp.states import CERTAINTY_NAMES, STATE_NAMES

Changes = dict[int, list[dict[str, Any]]]


def changes_until(analysis: dict[str, Any], time_ns: int, frame: int) -> Changes:
    """By connection, the transitions up to a time that no later frame caused."""
    found: Changes = {}
    for connection in analysis["connections"]:
        if connection["first_frame"] > frame:
            continue
        found[connection["id"]] = [
            {key: value for key, value in change.items() if key != "proved_by_frame"}
            for change in connection["transitions"]
            if change["time_ns"] <= time_ns and (change["frame"] or 0) <= frame
        ]
    return found


def brief(changes: list[dict[str, Any]] | None) -> str:
    """Transitions in a line, for a failure."""
    return ", ".join(
        f"{c['endpoint'][0]} {c['from']}>{c['to']} {c['time_ns'] % 10**12} "
        f"({c['frame']}, {c['event']}, {c['certainty']}{', correction' * c['correction']})"
        for c in changes or []
    )


class Transitions:
    """A sink that keeps of each connection what `changes_until` asks for, as the JSON has it."""

    wants_connections = True
    wants_facts = False
    wants_first = 0

    def __init__(self) -> None:
        """Keep nothing yet."""
        self.connections: list[dict[str, Any]] = []

    def begin(self, start: Start) -> None:
        """Nothing of it is kept."""

    def connection(self, connection: Connection, findings: Sequence[Finding]) -> None:
        """Note the number, where it begins, and its transitions."""
        transitions = in_time_order(connection.transitions or [])
        self.connections.append(
            {
                "id": connection.number,
                "first_frame": connection.first_frame,
                "transitions": [_as_members(each) for each in transitions],
            }
        )

    def finding(self, finding: Finding) -> None:
        """Nothing of it is kept."""

    def more_of(self, code: str, name: str, severity: Severity) -> None:
        """Nothing of it is kept."""

    def flush(self) -> None:
        """Nothing waits."""

    def end(self, capture: Capture, summary: Summary) -> None:
        """Nothing of it is kept."""


def _as_members(change: Transition) -> dict[str, Any]:
    """A transition as the JSON has it."""
    return {
        "time_ns": change.time_ns,
        "frame": change.frame or None,
        "endpoint": "originator" if change.from_originator else "responder",
        "from": STATE_NAMES[change.from_state],
        "to": STATE_NAMES[change.to_state],
        "event": EVENT_NAMES[change.event],
        "certainty": CERTAINTY_NAMES[change.certainty],
        "proved_by_frame": change.proved_by_frame or None,
        "correction": change.correction,
    }


def transitions_of_octets(octets: bytes) -> dict[str, Any]:
    """The transitions of all connections of a capture, without the rest of the report.

    Writing and reading the whole JSON takes several times as long as the analysis.
    """
    sink = Transitions()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "made.pcap"
        path.write_bytes(octets)
        Run([path], Settings(), [sink]).run()
    return {"connections": sorted(sink.connections, key=lambda each: int(each["id"]))}
