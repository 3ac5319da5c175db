"""A line of JSON that grows by pieces: for lines of which there are hundreds of thousands.

Compiled: yes

Pieces are octets of ASCII; numbers are written without a Python object in between.
"""

from json.encoder import encode_basestring_ascii
from typing import Final

from librt.strings import BytesWriter
from mypy_extensions import i64, u8

_ZERO: Final = 0x30  # "0"
_MINUS: Final = 0x2D
_QUOTE: Final = 0x22


_PAIRS: Final = b"".join(b"%02d" % pair for pair in range(100))
_ROOM: Final = [b"0" * length for length in range(20)]


def _length_of(number: i64) -> i64:
    """How many digits a number from 10 on has."""
    length: i64 = 2
    while length < 19 and number >= 100:
        length += 1
        number //= 10
    return length


class JsonText:
    """The text so far.

    Attributes:
        ns_as_strings: times get quotes, so that JavaScript reads them without loss.
    """

    def __init__(self, ns_as_strings: bool = False) -> None:
        """Begin with nothing."""
        self.ns_as_strings: bool = ns_as_strings
        self._out: BytesWriter = BytesWriter()

    def take(self) -> bytes:
        """Give the text and begin anew."""
        text = self._out.getvalue()
        self._out.truncate(0)
        return text

    def raw(self, text: bytes) -> None:
        """Write what is JSON already."""
        self._out.write(text)

    def number(self, number: i64) -> None:
        """Write an integer."""
        out = self._out
        if number < 0:
            out.append(_MINUS)
            number = -number
        if number < 10:
            out.append(_ZERO + number)
            return
        # Two digits at a time, the last ones first, into room made for all of them.
        first: i64 = len(out)
        out.write(_ROOM[_length_of(number)])
        at: i64 = len(out)
        pairs = _PAIRS
        while number >= 10:
            rest = number // 100
            pair = 2 * (number - 100 * rest)
            at -= 2
            out[at] = u8(pairs[pair])
            out[at + 1] = u8(pairs[pair + 1])
            number = rest
        if at > first:
            out[first] = u8(_ZERO + number)

    def number_or_null(self, number: i64) -> None:
        """Write an integer; null for 0, which means none."""
        if number == 0:
            self._out.write(b"null")
        else:
            self.number(number)

    def time(self, time_ns: i64) -> None:
        """Write a time in nanoseconds."""
        if self.ns_as_strings:
            self._out.append(_QUOTE)
            self.number(time_ns)
            self._out.append(_QUOTE)
        else:
            self.number(time_ns)

    def time_or_null(self, time_ns: i64) -> None:
        """Write a time or duration in nanoseconds; null for a negative one, which means none."""
        if time_ns < 0:
            self._out.write(b"null")
        else:
            self.time(time_ns)

    def word(self, text: bytes) -> None:
        """Write a string that needs no escapes, with its quotes."""
        self._out.append(_QUOTE)
        self._out.write(text)
        self._out.append(_QUOTE)

    def string(self, text: str) -> None:
        """Write a string with its quotes."""
        self._out.write(encode_basestring_ascii(text).encode("ascii"))

    def string_or_null(self, text: str | None) -> None:
        """Write a string with its quotes, or null."""
        if text is None:
            self._out.write(b"null")
        else:
            self.string(text)

    def truth(self, value: bool) -> None:
        """Write true or false."""
        if value:
            self._out.write(b"true")
        else:
            self._out.write(b"false")


def octets_of(names: tuple[str, ...]) -> list[bytes]:
    """Names as octets, for `word`."""
    return [name.encode("ascii") for name in names]
