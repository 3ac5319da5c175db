"""Connections of a test's traffic, and what has to hold for all of them."""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, overload

from tcpflow_analyzer.findings.finding import Finding
from tcpflow_analyzer.report.record import ConnectionRecord
from tcpflow_analyzer.testing.values import Values

if TYPE_CHECKING:
    from tcpflow_analyzer.testing.traffic import Traffic

# How a connection may close that lost nothing and left nobody waiting.
GRACEFUL_SHAPES = ("4-segment", "3-segment", "piggyback", "simultaneous")


class Connections(Sequence[ConnectionRecord]):
    """Some connections of a capture, in the order of their first frames.

    Each assertion raises an AssertionError that names the connections at fault and draws the first
    of them. None of them holds for no connection at all, except `assert_no`.
    """

    def __init__(self, traffic: "Traffic", records: Sequence[ConnectionRecord], what: str) -> None:
        """Choose connections.

        Args:
            traffic: that they are part of.
            records: the connections.
            what: how they were chosen, for messages, as in "port 8080"; "" for all.
        """
        self._traffic = traffic
        self._records = tuple(records)
        self._what = what

    @overload
    def __getitem__(self, index: int) -> ConnectionRecord: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[ConnectionRecord]: ...

    def __getitem__(self, index: int | slice) -> ConnectionRecord | Sequence[ConnectionRecord]:
        """Give one connection or several."""
        return self._records[index]

    def __len__(self) -> int:
        """Give the number of connections."""
        return len(self._records)

    def __repr__(self) -> str:
        """Write how many there are, and the first."""
        names = ", ".join(str(record) for record in self._records[:3])
        more = ", ..." if len(self) > 3 else ""
        return f"<{self._title()}: {names}{more}>"

    @property
    def closed_by(self) -> Values:
        """Who sent the first FIN that was acknowledged: "originator", "responder", "both", None."""
        return self._values("closed_by", lambda record: record.active_closer)

    @property
    def shape(self) -> Values:
        """How they closed: "4-segment", "reset", "half-closed", "none" ..."""
        return self._values("shape", lambda record: record.shape)

    @property
    def outcome(self) -> Values:
        """What became of the handshakes: "completed", "refused", "unanswered" ..."""
        return self._values("outcome", lambda record: record.outcome)

    @property
    def states(self) -> Values:
        """How both ends were left, as in "TIME-WAIT/CLOSED"."""
        return self._values(
            "states", lambda record: f"{record.originator.state}/{record.responder.state}"
        )

    @property
    def findings(self) -> list[Finding]:
        """The findings about these connections."""
        numbers = {record.number for record in self._records}
        return [each for each in self._traffic.findings if each.connection in numbers]

    def _values(self, name: str, value_of: Callable[[ConnectionRecord], str | None]) -> Values:
        return Values(name, self._records, value_of, self._traffic.draw)

    def assert_count(self, at_least: int = 1, at_most: int | None = None) -> None:
        """Fail unless there are so many connections; of `at_most` alone, at least one."""
        __tracebackhide__ = True
        if len(self) < at_least:
            self._traffic.fail(f"{self._title()}, expected at least {at_least}", self._records)
        if at_most is not None and len(self) > at_most:
            excess = self._records[at_most:]
            self._traffic.fail(f"{self._title()}, expected at most {at_most}", excess)

    def assert_closed_by(self, end: str) -> None:
        """Fail unless there is a connection, and `end` ("originator", "responder") closed each."""
        __tracebackhide__ = True
        self.assert_count()
        wrong = self.closed_by.others(end)
        if wrong:
            title = f"{len(wrong)} of {self._title()} not closed by the {end}"
            self._traffic.fail(
                title, wrong, lambda each: f"closed by {each.active_closer or 'nobody'}"
            )

    def assert_graceful(self) -> None:
        """Fail unless there is a connection, and each was opened and closed by both ends.

        Neither refused nor reset, and at the end nobody waits for the other's FIN.
        """
        __tracebackhide__ = True
        self.assert_count()
        wrong = [record for record in self._records if record.shape not in GRACEFUL_SHAPES]
        if wrong:
            title = f"{len(wrong)} of {self._title()} not closed gracefully"
            self._traffic.fail(title, wrong, _ending)

    def assert_no(self, *codes: str, certainty: str = "inferred") -> None:
        """Fail if there is a finding of these codes or families about these connections.

        Args:
            codes: such as "CL005", or "RS" for all that begin so.
            certainty: the least that counts: "observed", "inferred" or "assumed".
        """
        __tracebackhide__ = True
        self._traffic.refuse(self.findings, codes, certainty)

    def _title(self) -> str:
        noun = "connection" if len(self) == 1 else "connections"
        return f"{len(self)} {noun}{f' ({self._what})' if self._what else ''}"


def choose(
    records: Iterable[ConnectionRecord], port: int | None, address: str | None
) -> list[ConnectionRecord]:
    """Give the connections of a port or an address of either end."""
    return [
        record
        for record in records
        if (port is None or port in (record.originator.port, record.responder.port))
        and (address is None or address in (record.originator.address, record.responder.address))
    ]


def _ending(record: ConnectionRecord) -> str:
    """Say how a connection ended that did not end well."""
    if record.outcome not in ("completed", "simultaneous", "split", "midstream"):
        return record.outcome
    states = f"{record.originator.state}/{record.responder.state}"
    if record.shape == "none":
        return f"not closed: left in {states}"
    return f"{record.shape}: left in {states}"
