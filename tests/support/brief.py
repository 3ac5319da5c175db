"""A sink that reads no finding, only their numbers, as the short report for people does."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tcpflow_analyzer.findings.finding import Finding, Severity
from tcpflow_analyzer.findings.judge import CountMore
from tcpflow_analyzer.pipeline import Run
from tcpflow_analyzer.report.sink import Start
from tcpflow_analyzer.report.totals import Capture, Summary
from tcpflow_analyzer.settings import Settings
from tcpflow_analyzer.table.connection import Connection, Entry


class Brief:
    """Counts findings by code and severity, and makes as few of them as it can."""

    wants_connections = False
    wants_facts = False
    wants_first = 0

    def __init__(self) -> None:
        """Begin with none."""
        self.made: Counter[tuple[str, str]] = Counter()
        self.counted: Counter[tuple[str, str]] = Counter()

    def begin(self, start: Start) -> None:
        """Nothing to prepare."""

    def connection(self, connection: Connection, findings: Sequence[Finding]) -> None:
        """Count what was made."""
        self.made.update((finding.code, finding.severity) for finding in findings)

    def finding(self, finding: Finding) -> None:
        """Count what was made."""
        self.made[finding.code, finding.severity] += 1

    def more_of(self, code: str, name: str, severity: Severity) -> CountMore | None:
        """Only the number matters, from the first on."""

        def count_more(time_ns: int, entry: Entry) -> None:
            self.counted[code, severity] += 1

        return count_more

    def flush(self) -> None:
        """Nothing waits."""

    def end(self, capture: Capture, summary: Summary) -> None:
        """Nothing to write."""


def brief_summary(paths: Sequence[Path], settings: Settings | None = None) -> tuple[Summary, Brief]:
    """The totals of captures of which nobody wants to see more, and the sink."""
    sink = Brief()
    run = Run(list(paths), settings or Settings(), [sink])
    run.run()
    assert run.summary is not None
    return run.summary, sink
