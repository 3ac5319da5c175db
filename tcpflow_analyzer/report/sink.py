"""What the pipeline asks of whoever shows or keeps the results."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol, runtime_checkable

from tcpflow_analyzer.findings.finding import Finding, Severity
from tcpflow_analyzer.findings.judge import CountMore
from tcpflow_analyzer.findings.registry import Rule
from tcpflow_analyzer.report.totals import Capture, Summary
from tcpflow_analyzer.settings import Settings
from tcpflow_analyzer.table.connection import Connection

# The tunnel and the interface behind `Connection.scope`, in words; None for none.
ScopeName = Callable[[int], tuple[str | None, str | None]]
# The file that holds a frame of the whole input, and the frame's own number in it.
LocateFrame = Callable[[int], tuple[str, int] | None]


class Start(NamedTuple):
    """What is known before the first frame.

    Attributes:
        paths: of the files, as given, in the order by first frame.
        settings: of the run.
        rules: the selected rules by code.
        scope_name, locate_frame: see above; to be asked while the run goes on.
    """

    paths: Sequence[str]
    settings: Settings
    rules: Mapping[str, Rule]
    scope_name: ScopeName
    locate_frame: LocateFrame


class ByteWriter(Protocol):
    """Where machine-readable output goes: a binary file, or what stands in for one."""

    def write(self, data: bytes, /) -> object:
        """Write all of the octets."""

    def flush(self) -> object:
        """Pass on what was written."""


class Sink(Protocol):
    """Takes the results of one run in the order in which they are decided.

    Attributes:
        wants_connections: every connection is wanted, not only those with findings.
        wants_facts: findings of fact rules are wanted, not only their counts.
        wants_first: connections up to this number are wanted in any case.
    """

    wants_connections: bool
    wants_facts: bool
    wants_first: int

    def begin(self, start: Start) -> None:
        """Hear of the run; called once, before anything else."""

    def connection(self, connection: Connection, findings: Sequence[Finding]) -> None:
        """Take a connection that is over, or left when the capture ended.

        Args:
            connection: must not be changed, nor kept if memory is to stay bounded.
            findings: about it, in the order of the output.
        """

    def finding(self, finding: Finding) -> None:
        """Take a finding that is about no single connection."""

    def more_of(self, code: str, name: str, severity: Severity) -> CountMore | None:
        """Who counts more findings of a kind of which only the number matters from now on.

        None where findings of this kind have to be made: always, for a sink that shows each.
        """

    def flush(self) -> None:
        """Pass on what was taken; called whenever a block of the input was read."""

    def end(self, capture: Capture, summary: Summary) -> None:
        """Take the totals; called once, after everything else."""


class PassiveSink:
    """A sink that takes nothing; others are made from it by what they take.

    Compiled sinks cannot be: a compiled class has no interpreted base.
    """

    wants_connections: bool = False
    wants_facts: bool = False
    wants_first: int = 0

    def begin(self, start: Start) -> None:
        """Need nothing of it."""

    def connection(self, connection: Connection, findings: Sequence[Finding]) -> None:
        """Leave it out."""

    def finding(self, finding: Finding) -> None:
        """Leave it out."""

    def more_of(self, code: str, name: str, severity: Severity) -> CountMore | None:
        """None: every finding has to be made."""
        return None

    def flush(self) -> None:
        """Have nothing to pass on."""

    def end(self, capture: Capture, summary: Summary) -> None:
        """Need nothing of it."""


@runtime_checkable
class EventSink(Sink, Protocol):
    """A sink that hears of findings before their connections are over."""

    def about(self, connection: Connection | None) -> None:
        """Hear whose findings come next, None for hosts; a copy, which is not to be kept."""

    def preview(self, number: int, findings: Sequence[Finding]) -> None:
        """Take all that would be said of a connection if it ended now; may be called again.

        Number 0 stands for hosts and the input as a whole: what would be said of all of them.
        """
