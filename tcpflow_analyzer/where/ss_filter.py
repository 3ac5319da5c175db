"""Reads the filters of `ss`: `state time-wait`, `dport = :443 and src 10.0.0.0/8`.

The language is that of iproute2 (ss(8), misc/ssfilter.y), as far as it is about TCP sockets: states
first, then an expression over the two ends. States may be written as `ss` or as RFC 9293 does.
"""

import operator
import re
from collections.abc import Callable, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Final, NamedTuple

from tcpflow_analyzer.errors import UsageError
from tcpflow_analyzer.report.socket_table import SocketRow
from tcpflow_analyzer.sources.service_ports import SERVICE_PORTS
from tcpflow_analyzer.tcp.states import STATE_COUNT, State

Takes = Callable[[SocketRow], bool]
Network = IPv4Network | IPv6Network

# Every state that a socket can be shown in; nothing on the wire shows who listens.
CONNECTED: Final = frozenset(State(n) for n in range(STATE_COUNT)) - {State.CLOSED, State.LISTEN}
BUCKET: Final = frozenset({State.TIME_WAIT, State.SYN_RECEIVED})
STATES: Final[dict[str, frozenset[State]]] = {
    **{str(state).lower(): frozenset({state}) for state in State},
    "estab": frozenset({State.ESTABLISHED}),
    "syn-recv": frozenset({State.SYN_RECEIVED}),
    "listening": frozenset({State.LISTEN}),
    "all": CONNECTED,
    "connected": CONNECTED,
    "synchronized": CONNECTED - {State.SYN_SENT},
    "synchronised": CONNECTED - {State.SYN_SENT},
    "bucket": BUCKET,
    "big": CONNECTED - BUCKET,
}
COMPARISONS: Final[dict[str, Callable[[int, int], bool]]] = {
    "=": operator.eq, "==": operator.eq, "eq": operator.eq,
    "!=": operator.ne, "ne": operator.ne, "neq": operator.ne,
    ">": operator.gt, "gt": operator.gt, "<": operator.lt, "lt": operator.lt,
    ">=": operator.ge, "ge": operator.ge, "geq": operator.ge,
    "<=": operator.le, "le": operator.le, "leq": operator.le,
}  # fmt: skip
AND: Final = {"and", "&", "&&"}
OR: Final = {"or", "|", "||"}
NOT: Final = {"not", "!"}
ENDS: Final = ("src", "dst", "sport", "dport")
DEEPEST: Final = 50  # parentheses and `not` within one another
_WORDS: Final = re.compile(r"\(|\)|&&|\|\||[&|]|[=!<>]=|[=<>!]|[^\s()&|=<>!]+")
_SOCKET: Final = re.compile(r"(?P<host>\[[^\]]*\](?:/\d+)?|[^\[\]]*?)(?::(?P<port>[^:\]]*))?")


class SocketFilter(NamedTuple):
    """A filter.

    Attributes:
        states: of which a socket has to be in one.
        takes: whether its ends are as asked for.
    """

    states: frozenset[State]
    takes: Takes

    def holds(self, row: SocketRow) -> bool:
        """Whether a socket is wanted."""
        return row.state in self.states and self.takes(row)


def compile_filter(words: Sequence[str]) -> SocketFilter:
    """Read a filter.

    Args:
        words: of the command line; what stands in one word may be several of the filter.

    Raises:
        UsageError: they make no sense.
    """
    parser = _Parser(_WORDS.findall(" ".join(words)))
    states = parser.states()
    parser.skip_and()
    takes = parser.expression() if parser.peek() else _takes_all
    parser.expect_end()
    return SocketFilter(states, takes)


class _Parser:
    """Reads words one after the other."""

    def __init__(self, words: Sequence[str]) -> None:
        self._words = words
        self._next = 0
        self._depth = 0

    def peek(self) -> str:
        """The next word in lower case, "" at the end."""
        return self._words[self._next].lower() if self._next < len(self._words) else ""

    def take(self, expected: str) -> str:
        """Take the next word.

        Raises:
            UsageError: there is none.
        """
        if self._next == len(self._words):
            raise UsageError(f"the filter ends where {expected} should follow")
        self._next += 1
        return self._words[self._next - 1]

    def states(self) -> frozenset[State]:
        """Read `state NAME` and `exclude NAME`, any number of them."""
        wanted: frozenset[State] | None = None
        while self.peek() in {"state", "exclude"}:
            excludes = self.take("").lower() == "exclude"
            name = self.take("a state").lower()
            if name not in STATES:
                raise UsageError(f"no such state: {name!r}; there are {', '.join(STATES)}")
            if excludes:
                wanted = (CONNECTED if wanted is None else wanted) - STATES[name]
            else:
                wanted = (wanted or frozenset()) | STATES[name]
        return CONNECTED if wanted is None else wanted

    def skip_and(self) -> None:
        """Pass over an `and` between the states and the rest, which `ss` does not want there."""
        if self._next and self.peek() in AND:
            self.take("")

    def expression(self) -> Takes:
        """Read terms joined by `or`."""
        terms = [self._conjunction()]
        while self.peek() in OR:
            self.take("")
            terms.append(self._conjunction())
        return terms[0] if len(terms) == 1 else _Any(terms)

    def expect_end(self) -> None:
        """Refuse what follows a complete filter."""
        if self.peek():
            raise UsageError(f"{self.take('')!r} makes no sense there in a filter")

    def _conjunction(self) -> Takes:
        """Read factors joined by `and`, which may be left out."""
        factors = [self._factor()]
        while self.peek() and self.peek() not in OR and self.peek() != ")":
            if self.peek() in AND:
                self.take("")
            factors.append(self._factor())
        return factors[0] if len(factors) == 1 else _All(factors)

    def _factor(self) -> Takes:
        word = self.take("a condition").lower()
        if word in NOT:
            return _Not(self._inside(self._factor))
        if word == "(":
            inside = self._inside(self.expression)
            if self.peek() != ")":
                raise UsageError("a parenthesis of the filter is not closed")
            self.take("")
            return inside
        if word in {"state", "exclude"}:
            raise UsageError(f"{word} stands in front of the rest of a filter")
        if word not in ENDS:
            raise UsageError(
                f"{word!r} is no condition; there are state, exclude, {', '.join(ENDS)}"
            )
        return self._condition(word)

    def _inside(self, read: Callable[[], Takes]) -> Takes:
        """Read what stands behind `not` or a parenthesis."""
        self._depth += 1
        if self._depth > DEEPEST:
            raise UsageError(f"a filter has at most {DEEPEST} parentheses within one another")
        inside = read()
        self._depth -= 1
        return inside

    def _condition(self, word: str) -> Takes:
        of_local = word.startswith("s")
        compare = COMPARISONS["="]
        if self.peek() in COMPARISONS:
            compare = COMPARISONS[self.take("").lower()]
        value = self.take("an address or a port")
        if word.endswith("port"):
            return _Port(of_local, compare, _port(value.rpartition(":")[2], value))
        if compare not in {COMPARISONS["="], COMPARISONS["!="]}:
            raise UsageError(f"addresses are equal or not; {word} takes no order")
        end = _end(of_local, value)
        return end if compare is COMPARISONS["="] else _Not(end)


class _Any:
    """`or`."""

    def __init__(self, parts: Sequence[Takes]) -> None:
        self._parts = parts

    def __call__(self, row: SocketRow) -> bool:
        return any(part(row) for part in self._parts)


class _All:
    """`and`."""

    def __init__(self, parts: Sequence[Takes]) -> None:
        self._parts = parts

    def __call__(self, row: SocketRow) -> bool:
        return all(part(row) for part in self._parts)


class _Not:
    """`not`."""

    def __init__(self, part: Takes) -> None:
        self._part = part

    def __call__(self, row: SocketRow) -> bool:
        return not self._part(row)


class _Port:
    """Compares a port."""

    def __init__(self, of_local: bool, compare: Callable[[int, int], bool], port: int) -> None:
        self._of_local = of_local
        self._compare = compare
        self._port = port

    def __call__(self, row: SocketRow) -> bool:
        return self._compare(row.local_port if self._of_local else row.peer_port, self._port)


class _Network:
    """Whether an address is in a network."""

    def __init__(self, of_local: bool, network: Network) -> None:
        self._of_local = of_local
        self._network = network

    def __call__(self, row: SocketRow) -> bool:
        address = row.local_address if self._of_local else row.peer_address
        return ip_address(address.partition("%")[0]) in self._network


def _takes_all(_row: SocketRow) -> bool:
    return True


def _end(of_local: bool, value: str) -> Takes:
    """Read `ADDRESS[/PREFIX][:PORT]`, where `*` or nothing is any address."""
    # An IPv6 address without brackets has colons of its own, and no port.
    network = None if "[" in value else _network(value)
    if network is not None:
        return _Network(of_local, network)
    match = _SOCKET.fullmatch(value)
    if match is None:
        raise UsageError(f"{value!r} is neither address nor network, nor one with a port")
    parts: list[Takes] = []
    if match["host"] not in {"", "*"}:
        network = _network(match["host"])
        if network is None:
            raise UsageError(f"{match['host']!r} is neither address nor network")
        parts.append(_Network(of_local, network))
    if match["port"] not in {None, "", "*"}:
        parts.append(_Port(of_local, operator.eq, _port(match["port"], value)))
    return _All(parts)


def _network(text: str) -> Network | None:
    """Read an address or a network, perhaps in brackets; None if it is none."""
    try:
        return ip_network(text.replace("[", "").replace("]", ""), strict=False)
    except ValueError:
        return None


def _port(text: str, value: str) -> int:
    """Read a port's number or the name of a service."""
    port = int(text) if re.fullmatch(r"\d{1,5}", text) else SERVICE_PORTS.get(text.lower(), -1)
    if not 0 <= port <= 65_535:
        raise UsageError(f"{value!r} is no port such as :443 or :https")
    return port
