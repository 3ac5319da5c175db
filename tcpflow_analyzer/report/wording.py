"""Numbers, durations and times in words, the same everywhere in text for people."""

from datetime import UTC, datetime, timedelta
from typing import Final

SECOND: Final = 1_000_000_000
MINUTE: Final = 60
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR
DATE_CHANGES: Final = "%Y-%m-%d %H:%M:%S"

# Link types by the names that people know; others keep libpcap's.
LINK_TYPE_WORDS: Final = {
    "EN10MB": "Ethernet",
    "LINUX_SLL": "Linux cooked",
    "LINUX_SLL2": "Linux cooked v2",
    "RAW": "raw IP",
    "IPV4": "raw IPv4",
    "IPV6": "raw IPv6",
    "NULL": "loopback",
    "LOOP": "loopback",
    "IEEE802_11": "802.11",
    "IEEE802_11_RADIO": "802.11",
}


def counted(number: int, noun: str, nouns: str = "") -> str:
    """Write `1 frame`, `1,180 frames`; `nouns` is the plural where it is not `noun` and an s."""
    return f"{number:,} {noun if number == 1 else nouns or noun + 's'}"


def listed(words: list[str]) -> str:
    """Join with commas."""
    return ", ".join(words)


def shortly_listed(words: list[str], most: int) -> str:
    """Join with commas; of more than `most` words the rest is counted."""
    if len(words) <= most + 1:
        return listed(words)
    return f"{listed(words[:most])} and {len(words) - most:,} others"


def printable(text: str) -> str:
    """Write what would move a cursor, break a line or hide text as an escape."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else _escaped(each) for each in text)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def duration_text(duration_ns: int) -> str:
    """Write a duration with the two units that matter: `41 us`, `1.23 s`, `4 min 12 s`."""
    if duration_ns < 1_000:
        return f"{duration_ns} ns"
    if duration_ns < 999_500:
        return f"{duration_ns / 1e3:.3g} us"
    if duration_ns < 999_500_000:
        return f"{duration_ns / 1e6:.3g} ms"
    seconds = round(duration_ns / SECOND)
    if duration_ns < 99.5 * SECOND:
        return f"{duration_ns / SECOND:.3g} s"
    if seconds < HOUR:
        return f"{seconds // MINUTE} min {seconds % MINUTE} s"
    if seconds < DAY:
        return f"{seconds // HOUR} h {seconds % HOUR // MINUTE} min"
    return f"{seconds // DAY} d {seconds % DAY // HOUR} h"


def moment(time_ns: int, *, local: bool = False) -> datetime:
    """Turn nanoseconds since the epoch into a date and time, to the second."""
    utc = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=time_ns // SECOND)
    return utc.astimezone() if local else utc


def absolute_text(time_ns: int) -> str:
    """Write a time as date and time, UTC, to the second."""
    return f"{moment(time_ns):{DATE_CHANGES}} UTC"


class Clock:
    """Writes times in the way that the user asked for."""

    def __init__(self, mode: str, first_time_ns: int, last_time_ns: int) -> None:
        """Set the clock.

        Args:
            mode: "relative" (to the first frame), "utc", "local" or "epoch".
            first_time_ns: of the capture.
            last_time_ns: of the capture; if both are on one day, times go without the date.
        """
        self._mode = mode
        self._first_ns = first_time_ns
        local = mode == "local"
        try:
            same = (
                moment(first_time_ns, local=local).date()
                == moment(last_time_ns, local=local).date()
            )
        except OverflowError:  # beyond the year 9999
            same, self._mode = False, "relative"
        self._format = "%H:%M:%S" if same else DATE_CHANGES

    def text(self, time_ns: int) -> str:
        """Write a time, with microseconds."""
        if self._mode == "relative":
            return f"{(time_ns - self._first_ns) / SECOND:+.6f}"
        if self._mode == "epoch":
            return f"{time_ns // SECOND}.{time_ns % SECOND // 1000:06d}"
        at = moment(time_ns, local=self._mode == "local")
        return f"{at:{self._format}}.{time_ns % SECOND // 1000:06d}"

    def span(self, from_ns: int, to_ns: int) -> str:
        """Write `at T` or `T to T`."""
        first, last = self.text(from_ns), self.text(to_ns)
        unit = " s" if self._mode == "relative" else ""
        return f"at {first}{unit}" if first == last else f"{first} to {last}{unit}"
