"""The traffic of a test: captures, analysed once, and assertions that explain themselves."""

from collections.abc import Callable, Sequence
from os import fspath
from typing import NoReturn

from tcpflow_analyzer.errors import TcpflowError, UsageError
from tcpflow_analyzer.exchange import read_exchange
from tcpflow_analyzer.findings.finding import Finding
from tcpflow_analyzer.findings.registry import rules
from tcpflow_analyzer.pipeline import Analysis, AnyPath, analyze
from tcpflow_analyzer.report.ladder import ladder_text
from tcpflow_analyzer.report.record import ConnectionRecord
from tcpflow_analyzer.settings import Settings
from tcpflow_analyzer.tcp.states import CERTAINTY_NAMES
from tcpflow_analyzer.testing.connections import Connections, choose
from tcpflow_analyzer.testing.values import MOST_NAMED


class Traffic:
    """Captures of a test as one recording.

    Attributes:
        paths: of the captures.
    """

    def __init__(self, paths: Sequence[AnyPath], settings: Settings | None = None) -> None:
        """Name captures; they are read when something is asked.

        Args:
            paths: of the captures.
            settings: thresholds and choices; the defaults without them.
        """
        self.paths = [fspath(path) for path in paths]
        self._settings = settings or Settings()
        self._analysis: Analysis | None = None

    @property
    def analysis(self) -> Analysis:
        """All that is known of the captures; raises InputError where they cannot be read."""
        if self._analysis is None:
            self._analysis = analyze(*self.paths, settings=self._settings)
        return self._analysis

    @property
    def findings(self) -> Sequence[Finding]:
        """All findings, ordered by time."""
        return self.analysis.findings

    def connections(self, port: int | None = None, address: str | None = None) -> Connections:
        """Give the connections of a port, an address, or all."""
        words = [] if port is None else [f"port {port}"]
        words += [] if address is None else [f"address {address}"]
        chosen = choose(self.analysis.connections, port, address)
        return Connections(self, chosen, ", ".join(words))

    def assert_no(self, *codes: str, certainty: str = "inferred") -> None:
        """Fail if there is a finding of these codes or families, as "CL005" or "RS"."""
        __tracebackhide__ = True
        self.refuse(self.findings, codes, certainty)

    def assert_graceful(self, port: int | None = None, address: str | None = None) -> None:
        """Fail unless there is a connection, and each was opened and closed by both ends."""
        __tracebackhide__ = True
        self.connections(port, address).assert_graceful()

    def ladder(self, connection: ConnectionRecord, marked: Sequence[int] = ()) -> str:
        """Draw a connection, with a mark at some frames."""
        rungs = list(read_exchange(self.paths, connection, self._settings))
        return ladder_text(connection, rungs, marked)

    def refuse(self, findings: Sequence[Finding], codes: Sequence[str], certainty: str) -> None:
        """Fail if one of the findings has one of the codes.

        Raises:
            AssertionError: one has.
            UsageError: no finding has such a code, or there is no such certainty.
        """
        __tracebackhide__ = True
        _check(codes, certainty)
        least = CERTAINTY_NAMES.index(certainty)
        wrong = [
            finding
            for finding in findings
            if finding.code.startswith(tuple(codes))
            and CERTAINTY_NAMES.index(finding.certainty) <= least
        ]
        if not wrong:
            return
        what = "finding" if len(wrong) == 1 else "findings"
        lines = [f"{len(wrong)} {what} of {', '.join(codes)}, expected none"]
        lines += [f"  {each.code} {each.name}: {each.message}" for each in wrong[:MOST_NAMED]]
        lines += _rest(len(wrong))
        for code in sorted({finding.code for finding in wrong}):
            lines.append(f"  what to do: tcpflow explain {code}")
        about = next((each for each in wrong if each.connection is not None), None)
        if about is not None and about.connection is not None:
            record = self.analysis.connections[about.connection - 1]
            lines += ["", self.draw(record, about.frames)]
        raise AssertionError("\n".join(lines))

    def fail(
        self,
        title: str,
        records: Sequence[ConnectionRecord],
        describe: Callable[[ConnectionRecord], str] | None = None,
    ) -> NoReturn:
        """Raise an AssertionError that names connections and draws the first."""
        __tracebackhide__ = True
        lines = [title]
        for record in records[:MOST_NAMED]:
            lines.append(f"  {record}{f'  {describe(record)}' if describe else ''}")
        lines += _rest(len(records))
        if not self.analysis.connections:
            lines.append(
                f"  the capture holds {self.analysis.capture.frames} frames and no connection"
            )
        if records:
            lines += ["", self.draw(records[0])]
        raise AssertionError("\n".join(lines))

    def draw(self, record: ConnectionRecord, marked: Sequence[int] = ()) -> str:
        """Draw a connection for a message; where that fails say why: the assertion matters more."""
        try:
            return self.ladder(record, marked).rstrip("\n")
        except (TcpflowError, OSError) as error:
            return f"(not drawn: {error})"


def _check(codes: Sequence[str], certainty: str) -> None:
    every = rules()
    for prefix in codes:
        if not prefix or not any(code.startswith(prefix) for code in every):
            raise UsageError(f"no finding has the code {prefix!r} or a code that begins so")
    if not codes:
        raise UsageError("no code was given")
    if certainty not in CERTAINTY_NAMES:
        raise UsageError(f"no such certainty: {certainty!r}")


def _rest(count: int) -> list[str]:
    return [f"  and {count - MOST_NAMED:,} more"] if count > MOST_NAMED else []
