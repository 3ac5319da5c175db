"""Turns text into an expression: a Pratt parser over a handful of operators.

    responder.port == 5432 and not (finding.code startswith "RS" or duration < 5ms)
    originator.address in [192.0.2.0/24, "2001:db8::/32"] and responder.state != "CLOSED"

From loose to tight: or, and, not, then one comparison: == != < <= > >= in, not in, startswith,
endswith, contains. A field that is true or false stands alone. Everything that cannot be right (an
unknown field or state, numbers where text belongs) is an error with its column, so that a typing
mistake never chooses nothing without a word.
"""

from collections.abc import Sequence
from difflib import get_close_matches
from ipaddress import ip_address, ip_network
from typing import Final

from tcpflow_analyzer.errors import UsageError
from tcpflow_analyzer.findings.finding import Finding
from tcpflow_analyzer.report.record import ConnectionRecord
from tcpflow_analyzer.settings import duration_ns
from tcpflow_analyzer.where.expression import (
    COMPARE,
    AddressIn,
    All,
    Any,
    Comparison,
    Expression,
    IsTrue,
    Network,
    Not,
    constant,
    placed,
)
from tcpflow_analyzer.where.fields import (
    ADDRESS,
    DURATION,
    FIELDS,
    NUMBER,
    TEXT,
    TRUTH,
    Field,
    Subject,
    Value,
)
from tcpflow_analyzer.where.words import WhereError, Word, split

DEEPEST: Final = 50  # parentheses and `not` inside each other
_OR, _AND, _NOT, _COMPARISON = 1, 2, 3, 4
_TEXT_OPERATORS: Final = frozenset({"startswith", "endswith", "contains"})
_RANKS: Final = {"or": _OR, "and": _AND}
_ORDER: Final = frozenset({"<", "<=", ">", ">="})
_RESERVED: Final = frozenset({"and", "or", "not", "in", "true", "false"}) | _TEXT_OPERATORS
_NOUNS: Final = {
    NUMBER: "a number",
    TEXT: 'text in quotes, as "..."',
    DURATION: "a duration, as 5ms or 60 (seconds)",
    ADDRESS: "an address",
    TRUTH: "true or false",
}


class Where:
    """A compiled expression.

    Attributes:
        text: as it was written.
        asks_findings: whether it names a field of findings.
        asks_connection: whether it names a field of the connection.
    """

    def __init__(
        self, text: str, expression: Expression, asks_findings: bool, asks_connection: bool
    ) -> None:
        """Keep what the parser made; see `compile_where`."""
        self.text = text
        self.asks_findings = asks_findings
        self.asks_connection = asks_connection
        self._expression = expression

    def matches(
        self, connection: ConnectionRecord | None, findings: Sequence[Finding] = ()
    ) -> bool:
        """Whether it holds for a connection and the findings about it, or for one finding of it."""
        return self._expression.holds(Subject(connection, findings))

    def __reduce__(self) -> tuple[object, ...]:
        """Let pickle compile it anew."""
        return compile_where, (self.text,)

    def __eq__(self, other: object) -> bool:
        """Whether both were written alike."""
        return isinstance(other, Where) and other.text == self.text

    def __hash__(self) -> int:
        """Agrees with `__eq__`."""
        return hash(self.text)


def compile_where(text: str) -> Where:
    """Compile an expression.

    Raises:
        WhereError: it makes no sense; the text names the column.
    """
    parser = _Parser(split(text))
    expression = parser.expression(_OR, 0)
    parser.expect_end()
    return Where(text, expression, parser.asks_findings, parser.asks_connection)


class _Parser:
    """Reads words one after the other."""

    def __init__(self, words: Sequence[Word]) -> None:
        self._words = words
        self._next = 0
        self.asks_findings = False
        self.asks_connection = False

    def _peek(self) -> Word:
        return self._words[self._next]

    def _take(self) -> Word:
        word = self._words[self._next]
        self._next = min(self._next + 1, len(self._words) - 1)
        return word

    def _accept(self, *texts: str) -> Word | None:
        """Take the next word if it is one of these, which are no text in quotes."""
        word = self._peek()
        return self._take() if word.kind in ("name", "sign") and word.text in texts else None

    def expect_end(self) -> None:
        word = self._peek()
        if word.kind != "end":
            raise WhereError(word.column, f"and, or, or the end belongs here, not {_shown(word)}")

    def expression(self, rank: int, depth: int) -> Expression:
        """Read operators of at least this rank."""
        if depth > DEEPEST:
            raise WhereError(self._peek().column, f"more than {DEEPEST} levels of parentheses")
        left = self._prefix(depth)
        while True:
            word = self._peek()
            found = _RANKS.get(word.text, 0) if word.kind == "name" else 0
            if found == 0 or found < rank:
                return left
            parts = [left]
            while self._accept(word.text):  # a chain of one operator is flat, not deep
                parts.append(self.expression(found + 1, depth + 1))
            left = All(parts) if found == _AND else Any(parts)

    def _prefix(self, depth: int) -> Expression:
        if self._accept("not"):
            return Not(self.expression(_NOT, depth + 1))
        opening = self._accept("(")
        if opening is None:
            return self._comparison()
        inside = self.expression(_OR, depth + 1)
        if self._accept(")") is None:
            message = f"the parenthesis of column {opening.column} is not closed"
            raise WhereError(self._peek().column, message)
        return inside

    def _comparison(self) -> Expression:
        word = self._take()
        field = self._field(word)
        negated = self._accept("not")
        sign = self._peek()
        if negated is not None and sign.text != "in":
            raise WhereError(sign.column, "in belongs behind not")
        if self._accept("in"):
            expression = self._membership(field)
            return Not(expression) if negated else expression
        if self._accept("!="):
            return Not(self._compared(field, "==", sign))
        if self._accept(*COMPARE):
            return self._compared(field, sign.text, sign)
        if field.kind == TRUTH:
            return IsTrue(field.values)
        raise WhereError(sign.column, f"a comparison belongs behind {field.name}, as == or in")

    def _field(self, word: Word) -> Field:
        if word.kind != "name" or word.text in _RESERVED:
            raise WhereError(word.column, f"a field belongs here, not {_shown(word)}")
        field = FIELDS.get(word.text)
        if field is None:
            near = get_close_matches(word.text, FIELDS, 1)
            hint = f"did you mean {near[0]}?" if near else "`tcpflow explain where` lists them"
            raise WhereError(word.column, f"there is no field {word.text}; {hint}")
        if field.name.startswith("finding."):
            self.asks_findings = True
        else:
            self.asks_connection = True
        return field

    def _compared(self, field: Field, operator: str, sign: Word) -> Expression:
        _check_operator(field, operator, sign)
        word = self._take()
        if word.kind == "name" and word.text in FIELDS:
            other = self._field(word)
            if other.kind != field.kind or other.choices != field.choices:
                raise WhereError(word.column, f"{field.name} and {other.name} cannot be compared")
            return Comparison(placed(field), COMPARE[operator], placed(other))
        if field.kind == ADDRESS:
            return AddressIn(field.values, [_host(_text_of(word, field), word)])
        if operator in _TEXT_OPERATORS:
            return Comparison(field.values, COMPARE[operator], constant(_text_of(word, field)))
        value = _constant_of(word, field)
        return Comparison(placed(field), COMPARE[operator], constant(value))

    def _membership(self, field: Field) -> Expression:
        if field.kind == TRUTH:
            raise WhereError(self._peek().column, f"{field.name} is true or false, in no list")
        words = self._list()
        if field.kind == ADDRESS:
            networks = [_network(_text_of(word, field), word) for word in words]
            return AddressIn(field.values, networks)
        values = [_constant_of(word, field) for word in words]
        return Comparison(placed(field), COMPARE["=="], constant(*values))

    def _list(self) -> list[Word]:
        """Read [a, b], (a, b), or one value."""
        opening = self._accept("[", "(")
        if opening is None:
            return [self._take()]
        closing = "]" if opening.text == "[" else ")"
        words = [self._take()]
        while self._accept(","):
            words.append(self._take())
        if self._accept(closing) is None:
            message = f"the list of column {opening.column} needs , or {closing} here"
            raise WhereError(self._peek().column, message)
        return words


def _check_operator(field: Field, operator: str, sign: Word) -> None:
    if operator in _TEXT_OPERATORS and field.kind != TEXT:
        raise WhereError(sign.column, f"{operator} is for text; {field.name} is {field.kind}")
    is_ordered = field.kind in (NUMBER, DURATION) or field.is_ordered
    if operator in _ORDER and not is_ordered:
        raise WhereError(sign.column, f"{field.name} has no order; use == or in")


def _constant_of(word: Word, field: Field) -> Value:
    """The value that a word stands for beside a field."""
    if field.kind == TEXT:
        return _choice(_text_of(word, field), word, field)
    if field.kind == NUMBER and word.kind == "number":
        return float(word.text) if "." in word.text else int(word.text)
    if field.kind == DURATION and word.kind in ("quantity", "number", "text"):
        return _duration(word)
    if field.kind == TRUTH and word.text in ("true", "false") and word.kind == "name":
        return word.text == "true"
    raise _wrong(word, field)


def _text_of(word: Word, field: Field) -> str:
    if word.kind != "text" and not (word.kind == "address" and field.kind == ADDRESS):
        raise _wrong(word, field)
    return word.text


def _wrong(word: Word, field: Field) -> WhereError:
    return WhereError(word.column, f"{field.name} needs {_NOUNS[field.kind]}, not {_shown(word)}")


def _choice(text: str, word: Word, field: Field) -> Value:
    """A text, checked where only some are possible; a place where they have an order."""
    if not field.choices:
        return text
    if text not in field.choices:
        near = get_close_matches(text.upper() if text.islower() else text, field.choices, 1)
        near = near or get_close_matches(text, field.choices, 1)
        listed = near[0] if near else ", ".join(field.choices)
        raise WhereError(word.column, f"{field.name} is never {_shown(word)}; there is {listed}")
    return field.choices.index(text) if field.is_ordered else text


def _duration(word: Word) -> int:
    try:
        return duration_ns(word.text)
    except UsageError as error:
        raise WhereError(word.column, str(error)) from error


def _host(text: str, word: Word) -> Network:
    try:
        address = ip_address(text)
    except ValueError:
        if "/" in text:
            raise WhereError(word.column, "a network needs in instead of ==") from None
        raise WhereError(word.column, f"{_shown(word)} is no address") from None
    return ip_network(str(address).partition("%")[0])


def _network(text: str, word: Word) -> Network:
    try:
        return ip_network(text, strict=False)
    except ValueError:
        raise WhereError(word.column, f"{_shown(word)} is neither address nor network") from None


def _shown(word: Word) -> str:
    if word.kind == "end":
        return "the end"
    text = word.text if len(word.text) <= 40 else f"{word.text[:40]}..."
    text = text if text.isprintable() else ascii(text)[1:-1]
    return f'"{text}"' if word.kind == "text" else text
