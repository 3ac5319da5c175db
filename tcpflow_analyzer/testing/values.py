"""What several connections have in common, comparable with what is expected of each of them."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from tcpflow_analyzer.report.record import ConnectionRecord

MOST_NAMED: Final = 5  # connections listed in an explanation


class Values:
    """One value for each connection; equal to a value if all of them are, and there is one.

    So `connections.closed_by == "originator"` says that there was a connection and that the
    originator closed each; `!=` is its opposite.
    """

    def __init__(
        self,
        name: str,
        connections: Sequence[ConnectionRecord],
        value_of: Callable[[ConnectionRecord], str | None],
        draw: Callable[[ConnectionRecord], str],
    ) -> None:
        """Take the values of connections.

        Args:
            name: what they are, for messages.
            connections: whose.
            value_of: gives the value of one.
            draw: gives its ladder, for an explanation.
        """
        self.name = name
        self._draw = draw
        self._pairs = [(connection, value_of(connection)) for connection in connections]

    def __eq__(self, other: object) -> bool:
        """Whether there is a connection and all have this value."""
        if isinstance(other, Values):
            return list(self) == list(other)
        return bool(self._pairs) and all(value == other for _, value in self._pairs)

    __hash__ = None  # type: ignore[assignment]  # compared with other kinds of objects

    def __iter__(self) -> Iterator[str | None]:
        """Give the value of each connection."""
        return iter([value for _, value in self._pairs])

    def __len__(self) -> int:
        """Give the number of connections."""
        return len(self._pairs)

    def __repr__(self) -> str:
        """Write each value and how many connections have it."""
        counts = Counter(value or "nobody" for _, value in self._pairs)
        words = ", ".join(f"{value} {count}" for value, count in counts.most_common())
        return f"<{self.name}: {words or 'no connection'}>"

    def others(self, expected: object) -> list[ConnectionRecord]:
        """Give the connections whose value is another one."""
        return [connection for connection, value in self._pairs if value != expected]

    def explain(self, expected: object) -> list[str]:
        """Say in lines which connections have another value."""
        lines = [f"{self!r} == {expected!r}"]
        if not self._pairs:
            return [*lines, "there is no such connection"]
        wrong = self.others(expected)
        lines += [f"  {connection}" for connection in wrong[:MOST_NAMED]]
        if len(wrong) > MOST_NAMED:
            lines.append(f"  and {len(wrong) - MOST_NAMED:,} more")
        return lines

    def ladder(self, expected: object) -> str:
        """Draw the first connection that has another value; "" if there is none."""
        wrong = self.others(expected)
        return self._draw(wrong[0]) if wrong else ""
