"""The traffic of a test: captures, analysed once, and assertions that explain themselves."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from os import fspath
from os.path import dirname, join
from typing import Final, NoReturn
from warnings import warn

from tcpflow_analyzer.check import check_captures
from tcpflow_analyzer.errors import TcpflowError, UsageError
from tcpflow_analyzer.exchange import Choice, read_exchanges
from tcpflow_analyzer.findings.finding import Finding
from tcpflow_analyzer.findings.registry import rules
from tcpflow_analyzer.findings.selection import Codes, codes_of
from tcpflow_analyzer.gate.baseline import excuse, read_baseline
from tcpflow_analyzer.gate.configuration import Configuration
from tcpflow_analyzer.gate.read_configuration import read_configuration
from tcpflow_analyzer.gate.result import Uncertain
from tcpflow_analyzer.gate.text import WIDTH, check_text
from tcpflow_analyzer.pipeline import Analysis, AnyPath, analyze
from tcpflow_analyzer.report.ladder import LadderOptions, ladder_text
from tcpflow_analyzer.report.page import Look
from tcpflow_analyzer.report.record import ConnectionRecord
from tcpflow_analyzer.settings import Settings
from tcpflow_analyzer.sources.text_file import read_text
from tcpflow_analyzer.tcp.states import CERTAINTY_NAMES
from tcpflow_analyzer.testing.connections import Connections, choose
from tcpflow_analyzer.testing.values import MOST_NAMED
from tcpflow_analyzer.where.parser import Where, compile_where

MOST_LINES: Final = 400  # of a ladder in a build log


class UncertainFinding(UserWarning):
    """Nothing failed, but findings of the codes that should fail are not certain enough to count.

    pytest lists it at its end. `-W error::tcpflow_analyzer.testing.UncertainFinding` fails the
    test.
    """


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

    def connections(
        self, port: int | None = None, address: str | None = None, where: str | None = None
    ) -> Connections:
        """Choose connections; without any argument all.

        Args:
            port: of either end.
            address: of either end.
            where: an expression, as `tcpflow check --where` takes it.

        Raises:
            UsageError: the expression makes no sense; the text names the column.
        """
        words = [] if port is None else [f"port {port}"]
        words += [] if address is None else [f"address {address}"]
        chosen = choose(self.analysis.connections, port, address)
        if where is not None:
            words.append(where)
            chosen = self._matching(compile_where(where), chosen)
        return Connections(self, chosen, ", ".join(words))

    def _matching(
        self, where: Where, records: Sequence[ConnectionRecord]
    ) -> list[ConnectionRecord]:
        """The connections for which an expression holds."""
        about: dict[int | None, list[Finding]] = {}
        if where.asks_findings:
            for finding in self.findings:
                about.setdefault(finding.connection, []).append(finding)
        return [each for each in records if where.matches(each, about.get(each.number, ()))]

    def stop(self) -> None:
        """End the recording, if there is one."""

    def assert_check(self, configuration: AnyPath) -> None:
        """Fail if `tcpflow check` with this configuration would, or could not tell.

        An UncertainFinding tells of findings that only their certainty kept from failing.

        Args:
            configuration: path of a tcpflow.toml, or a pyproject.toml with [tool.tcpflow].

        Raises:
            AssertionError: its message is the text of the check.
            UsageError: the configuration or its baseline makes no sense.
        """
        __tracebackhide__ = True
        self.stop()
        expected = _configuration(fspath(configuration))
        result = check_captures(self.paths, expected, jobs=1)
        if expected.baseline:
            known = read_baseline(expected.baseline, read_text(expected.baseline))
            result = excuse(result, known)
        if result.status:
            look = Look(width=WIDTH, encoding="ascii")
            raise AssertionError(check_text(result, look, False).rstrip("\n"))
        for each in result.uncertain:
            told = f'{each}: min_certainty = "{each.certainty}" in {configuration}'
            warn(told, UncertainFinding, stacklevel=2)

    def assert_no(self, *codes: str, certainty: str = "inferred") -> None:
        """Fail if there is a finding of these codes or families, as "CL005" or "RS".

        An UncertainFinding tells of those that are less certain.
        """
        __tracebackhide__ = True
        self.refuse(self.findings, codes, certainty)

    def assert_graceful(self, port: int | None = None, address: str | None = None) -> None:
        """Fail unless there is a connection, and each was opened and closed by both ends."""
        __tracebackhide__ = True
        self.connections(port, address).assert_graceful()

    def ladder(self, connection: ConnectionRecord, marked: Sequence[int] = ()) -> str:
        """Draw a connection, with a mark at some frames."""
        choice = Choice(numbers=frozenset([connection.number]))
        (exchange,) = read_exchanges(self.paths, choice, self._settings)
        look = Look(width=100, encoding="ascii")
        options = LadderOptions(most_lines=MOST_LINES)
        return ladder_text(connection, exchange.rungs, (), marked, options, look)

    def refuse(self, findings: Sequence[Finding], codes: Sequence[str], certainty: str) -> None:
        """Fail if one of the findings has one of the codes; called by the assertion of a test.

        Raises:
            AssertionError: one has.
            UsageError: no finding has such a code or name, or there is no such certainty.
        """
        __tracebackhide__ = True
        chosen = _chosen(codes, certainty)
        least = CERTAINTY_NAMES.index(certainty)
        named = [each for each in findings if any(one.holds(each.code) for one in chosen)]
        wrong = [each for each in named if CERTAINTY_NAMES.index(each.certainty) <= least]
        if not wrong:
            kinds = Counter((each.code, each.certainty) for each in named)
            for (code, level), number in sorted(kinds.items()):
                told = f'{Uncertain(code, level, number)}: certainty="{level}"'
                warn(told, UncertainFinding, stacklevel=3)
            return
        what = "finding" if len(wrong) == 1 else "findings"
        lines = [f"{len(wrong)} {what} of {', '.join(codes)}, expected none"]
        lines += [f"  {each.code} {each.name}: {each.message}" for each in wrong[:MOST_NAMED]]
        lines += _rest(len(wrong))
        for code in sorted({finding.code for finding in wrong}):
            lines.append(f"  what to do: tcpflow explain {code}")
        about = next((each for each in wrong if each.connection is not None), None)
        if about is not None and about.connection is not None:
            record = next(
                each for each in self.analysis.connections if each.number == about.connection
            )
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


def _configuration(path: str) -> Configuration:
    """Read a configuration; the path of its baseline begins at its folder."""
    found = read_configuration(path, read_text(path), rules())
    if found is None:
        raise UsageError(f"{path}: there is no [tool.tcpflow] in it")
    if not found.baseline:
        return found
    return replace(found, baseline=join(dirname(path), found.baseline))


def _chosen(texts: Sequence[str], certainty: str) -> list[Codes]:
    if not texts:
        raise UsageError("no code was given")
    if certainty not in CERTAINTY_NAMES:
        raise UsageError(f"no such certainty: {certainty!r}")
    every = rules()
    return [codes_of(text, every) for text in texts]


def _rest(count: int) -> list[str]:
    return [f"  and {count - MOST_NAMED:,} more"] if count > MOST_NAMED else []
