"""Parts of a compiled expression; each says whether it holds for a subject.

A comparison holds if any of a field's values makes it hold; `!=` and `not in` are the opposites of
`==` and `in`, so that `port != 80` means that neither end has port 80.
"""

import operator
from collections.abc import Callable, Iterable, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Final, Protocol

from tcpflow_analyzer.where.fields import Field, Subject, Value

Network = IPv4Network | IPv6Network
Values = Callable[[Subject], Iterable[Value]]
# Values as they are compared: words of an order become their places in it.
Compare = Callable[[Value, Value], bool]


class Expression(Protocol):
    """A part of a compiled expression."""

    def holds(self, subject: Subject) -> bool:
        """Whether it holds."""


class All:
    """`and`."""

    def __init__(self, parts: Sequence[Expression]) -> None:
        """Join parts of which all have to hold."""
        self._parts = parts

    def holds(self, subject: Subject) -> bool:
        """Whether all parts hold."""
        return all(part.holds(subject) for part in self._parts)


class Any:
    """`or`."""

    def __init__(self, parts: Sequence[Expression]) -> None:
        """Join parts of which one has to hold."""
        self._parts = parts

    def holds(self, subject: Subject) -> bool:
        """Whether a part holds."""
        return any(part.holds(subject) for part in self._parts)


class Not:
    """`not`."""

    def __init__(self, part: Expression) -> None:
        """Turn a part into its opposite."""
        self._part = part

    def holds(self, subject: Subject) -> bool:
        """Whether the part does not hold."""
        return not self._part.holds(subject)


class Comparison:
    """Compares the values of two sides, each with each."""

    def __init__(self, left: Values, compare: Compare, right: Values) -> None:
        """Compare what `left` and `right` give."""
        self._left = left
        self._compare = compare
        self._right = right

    def holds(self, subject: Subject) -> bool:
        """Whether some value of the left and some of the right compare so."""
        right = list(self._right(subject))
        compare = self._compare
        return any(compare(one, other) for one in self._left(subject) for other in right)


class AddressIn:
    """Whether an address is in one of some networks."""

    def __init__(self, values: Values, networks: Sequence[Network]) -> None:
        """Look for the addresses that `values` gives."""
        self._values = values
        self._networks = networks
        self._known: dict[str, bool] = {}  # captures repeat few addresses very often

    def holds(self, subject: Subject) -> bool:
        """Whether one of the addresses is in one of the networks."""
        return any(self._is_inside(str(value)) for value in self._values(subject))

    def _is_inside(self, text: str) -> bool:
        inside = self._known.get(text)
        if inside is None:
            address = ip_address(text.partition("%")[0])
            inside = any(address in network for network in self._networks)
            if len(self._known) < MOST_REMEMBERED:
                self._known[text] = inside
        return inside


class IsTrue:
    """A field that is true or false, alone."""

    def __init__(self, values: Values) -> None:
        """Look at what `values` gives."""
        self._values = values

    def holds(self, subject: Subject) -> bool:
        """Whether it is true."""
        return any(self._values(subject))


MOST_REMEMBERED: Final = 10_000


def constant(*values: Value) -> Values:
    """Give the same values for every subject."""

    def give(_subject: Subject) -> tuple[Value, ...]:
        return values

    return give


def placed(field: Field) -> Values:
    """Give the values of a field, as places in its order where it has one."""
    if not field.is_ordered:
        return field.values
    places = {choice: place for place, choice in enumerate(field.choices)}
    values = field.values

    def give(subject: Subject) -> list[Value]:
        return [places[str(value)] for value in values(subject)]

    return give


def starts(text: Value, beginning: Value) -> bool:
    """`startswith`."""
    return str(text).startswith(str(beginning))


def ends(text: Value, end: Value) -> bool:
    """`endswith`."""
    return str(text).endswith(str(end))


def contains(text: Value, part: Value) -> bool:
    """`contains`."""
    return str(part) in str(text)


COMPARE: Final[dict[str, Compare]] = {
    "==": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "startswith": starts,
    "endswith": ends,
    "contains": contains,
}
