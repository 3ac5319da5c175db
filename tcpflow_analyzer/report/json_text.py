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
        first: i64 = len(out)
        rest = number
        out.append(_ZERO)
        while rest >= 10:
            out.append(_ZERO)
            rest //= 10
        at: i64 = len(out) - 1
        while at >= first:
            digit: i64 = number % 10
            out[at] = u8(_ZERO + digit)
            number //= 10
            at -= 1

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
