"""A line of JSON that grows by pieces: for lines of which there are hundreds of thousands.

Compiled: yes

Pieces are octets of ASCII; numbers are written without a Python object in between.
"""

from json.encoder import encode_basestring_ascii
from typing import Final, final

from librt.strings import BytesWriter, write_i64_le
from mypy_extensions import i64

_ZERO: Final = 0x30  # "0"
_MINUS: Final = 0x2D
_QUOTE: Final = 0x22
_POINT: Final = 0x2E
_E: Final = 0x65
_BACKSLASH: Final = 0x5C
_FIRST_PRINTABLE: Final = 0x20
_DELETE: Final = 0x7F

_EIGHT: Final = 100_000_000  # the least number of nine digits
_ZEROS: Final = 0x3030_3030_3030_3030
_NANO: Final = 1_000_000_000
NANO_DIGITS: Final = 9
# Decimal fractions of up to 15 digits are told apart by a double (IEEE 754 binary64), so that the
# shortest text that reads back as one is that fraction.
_MOST_SECONDS: Final = 1_000_000.0
_LEAST_WITH_POINT: Final = 100_000  # nanoseconds: Python writes smaller ones as 3e-05
# 10 ** (9 - n): what the n-th digit behind the point of a second is worth, in nanoseconds.
_UNITS: Final = [10 ** (NANO_DIGITS - digits) for digits in range(NANO_DIGITS + 1)]


def _digits(number: i64) -> i64:
    """The eight digits of a number below 10**8, an octet each, the first in the lowest octet.

    Divides all parts of the word at once: into halves of four digits, into twos, into ones. The
    factors are 100 and 10 inverted: 10486 / 2**20, exact below 10**4, and 103 / 2**10, below 100.
    """
    high = number // 10_000
    word = high | (number - 10_000 * high) << 32
    tops = (word * 10_486) >> 20 & 0x7F_0000_007F
    word = tops | (word - 100 * tops) << 16
    tops = (word * 103) >> 10 & 0x000F_000F_000F_000F
    return tops | (word - 10 * tops) << 8


def _length(number: i64) -> i64:
    """How many digits a number below 10**8 has."""
    if number < 10_000:
        if number < 100:
            return 1 if number < 10 else 2
        return 3 if number < 1000 else 4
    if number < 1_000_000:
        return 5 if number < 100_000 else 6
    return 7 if number < 10_000_000 else 8


@final
class JsonText:
    """The text so far.

    Attributes:
        ns_as_strings: times get quotes, so that JavaScript reads them without loss.
    """

    def __init__(self, ns_as_strings: bool = False) -> None:
        """Begin with nothing."""
        self.ns_as_strings: bool = ns_as_strings
        self._out: BytesWriter = BytesWriter()

    def size(self) -> i64:
        """How many octets there are."""
        return len(self._out)

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
        elif number < _EIGHT:
            self._padded(number, _length(number))
        else:
            above = number // _EIGHT
            self.number(above)
            write_i64_le(out, _digits(number - _EIGHT * above) | _ZEROS)

    def _padded(self, number: i64, length: i64) -> None:
        """Write a number below 10**8 with `length` digits, as many as it has or more."""
        out = self._out
        spare = 8 - length
        write_i64_le(out, (_digits(number) | _ZEROS) >> 8 * spare)
        if spare > 0:
            out.truncate(len(out) - spare)

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

    def decimal(self, value: float) -> bool:
        """Write a number of seconds as `repr` does, if it is one of whole nanoseconds.

        Returns:
            Whether it was, and below 10**6; nothing is written otherwise.
        """
        time_ns = nanoseconds_of(value)
        if time_ns < 0:
            return False
        if 0 < time_ns < _LEAST_WITH_POINT:
            self._with_exponent(time_ns)
            return True
        whole = time_ns // _NANO
        self.number(whole)
        self._out.append(_POINT)
        rest = time_ns - _NANO * whole
        length: i64 = NANO_DIGITS
        while length > 1 and rest % 10 == 0:
            rest //= 10
            length -= 1
        self._fraction(rest, length)
        return True

    def fixed(self, value: float, digits: i64) -> bool:
        """Write a number of seconds with up to 9 digits behind the point, as format(".6f") does.

        Returns:
            False, and nothing is written, unless it is one of whole nanoseconds, below 10**6, and
            not halfway between two neighbours, where the octets of the double decide.
        """
        time_ns = nanoseconds_of(value)
        if time_ns < 0:
            return False
        unit: i64 = _UNITS[digits]
        number = time_ns // unit
        twice = 2 * (time_ns - unit * number)
        if twice == unit:
            return False
        if twice > unit:
            number += 1
        if digits == 0:
            self.number(number)
            return True
        units_of_one = _NANO // unit
        whole = number // units_of_one
        self.number(whole)
        self._out.append(_POINT)
        self._fraction(number - units_of_one * whole, digits)
        return True

    def _fraction(self, number: i64, length: i64) -> None:
        """Write the digits behind a point, at most 9."""
        if length == NANO_DIGITS:
            first = number // _EIGHT
            self._out.append(_ZERO + first)
            number -= _EIGHT * first
            length = 8
        self._padded(number, length)

    def _with_exponent(self, time_ns: i64) -> None:
        """Write less than 10**-4 s, as in 3.15e-05."""
        out = self._out
        exponent = NANO_DIGITS + 1 - _length(time_ns)
        while time_ns % 10 == 0:
            time_ns //= 10
        length = _length(time_ns)
        above: i64 = _UNITS[NANO_DIGITS + 1 - length]
        first = time_ns // above
        out.append(_ZERO + first)
        if length > 1:
            out.append(_POINT)
            self._padded(time_ns - above * first, length - 1)
        out.append(_E)
        out.append(_MINUS)
        self._padded(exponent, 2)

    def word(self, text: bytes) -> None:
        """Write a string that needs no escapes, with its quotes."""
        self._out.append(_QUOTE)
        self._out.write(text)
        self._out.append(_QUOTE)

    def string(self, text: str) -> None:
        """Write a string with its quotes."""
        self._out.append(_QUOTE)
        self.characters(text)
        self._out.append(_QUOTE)

    def characters(self, text: str) -> None:
        """Write what stands between the quotes of a string."""
        try:
            octets = text.encode("ascii")  # cheaper than to ask whether it can be
        except UnicodeEncodeError:
            octets = b'"'
        if not is_plain(octets):
            octets = encode_basestring_ascii(text)[1:-1].encode("ascii")
        self._out.write(octets)

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


def nanoseconds_of(seconds: float) -> i64:
    """Give the whole nanoseconds that a number of seconds stands for, -1 if there are none.

    Only from 0 to 10**6 s, where they tell all there is: number / 10**9 is `seconds` again.
    """
    if not 0.0 <= seconds < _MOST_SECONDS:
        return -1
    number = i64(seconds * 1e9 + 0.5)
    if float(number) / 1e9 != seconds or (number == 0 and str(seconds) != "0.0"):
        return -1
    return number


def is_plain(octets: bytes) -> bool:
    """Whether ASCII text needs no escapes in JSON."""
    for index in range(len(octets)):
        octet = octets[index]
        if octet < _FIRST_PRINTABLE or octet == _QUOTE or octet == _BACKSLASH or octet == _DELETE:
            return False
    return True


def octets_of(names: tuple[str, ...]) -> list[bytes]:
    """Names as octets, for `word`."""
    return [name.encode("ascii") for name in names]
