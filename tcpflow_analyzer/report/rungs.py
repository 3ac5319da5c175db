"""The segments of one connection as drawings and extracts see them, kept in few octets each.

In: the segments that a tracing run gives to a connection. Out: `Rung`s in the order of the capture.
"""

from array import array
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple, overload

from tcpflow_analyzer.decode.segment import ABSENT, Segment
from tcpflow_analyzer.table.analysis import CLASS_NAMES
from tcpflow_analyzer.tcp.control_bits import SYN

_FIELDS: Final = 6  # numbers that `RungLog` keeps of a segment
_BITS: Final = 0x1FF


class Rung(NamedTuple):
    """One segment, as far as a ladder shows it.

    Attributes:
        frame: its number in the whole input, from 1.
        time_ns: nanoseconds since the epoch.
        from_originator: who sent it.
        control_bits: as in tcp/control_bits.py.
        seq, ack: wrapped, as on the wire.
        payload_len: octets.
        window: unscaled as sent.
        options: of a SYN, in words; "" for none.
        classes: what Wireshark would call it, by our rules: a bit for each of CLASS_NAMES
            (table/analysis.py).
    """

    frame: int
    time_ns: int
    from_originator: bool
    control_bits: int
    seq: int
    ack: int
    payload_len: int
    window: int
    options: str
    classes: int = 0

    def class_names(self) -> list[str]:
        """Name its classes, as "retransmission"."""
        return [name for place, name in enumerate(CLASS_NAMES) if self.classes >> place & 1]


class RungLog(Sequence[Rung]):
    """The segments of one connection in the order in which they were given, 48 octets each."""

    def __init__(self) -> None:
        """Begin without segments."""
        self._numbers = array("q")
        self._options: dict[int, str] = {}

    def add(self, from_originator: bool, segment: Segment, classes: int) -> None:
        """Add a segment."""
        packed = from_originator | segment.control_bits << 1 | classes << 10 | segment.window << 32
        self._numbers.extend(
            (
                segment.frame,
                segment.time_ns,
                packed,
                segment.seq,
                segment.ack,
                segment.payload_len,
            )
        )
        if segment.control_bits & SYN:
            self._options[segment.frame] = _options(segment)

    def remove(self, frame: int) -> None:
        """Take out the newest segment of a frame: it turned out to belong to another connection."""
        numbers = self._numbers
        for at in range(len(numbers) - _FIELDS, -1, -_FIELDS):
            if numbers[at] == frame:
                del numbers[at : at + _FIELDS]
                return

    def __len__(self) -> int:
        """Count the segments."""
        return len(self._numbers) // _FIELDS

    @overload
    def __getitem__(self, place: int) -> Rung: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[Rung]: ...

    def __getitem__(self, place: int | slice) -> Rung | Sequence[Rung]:
        """Give one segment, or some."""
        if isinstance(place, slice):
            return [self._rung(each) for each in range(*place.indices(len(self)))]
        if not -len(self) <= place < len(self):
            raise IndexError(place)
        return self._rung(place % len(self))

    def __iter__(self) -> Iterator[Rung]:
        """Give all segments in order."""
        return map(self._rung, range(len(self)))

    def _rung(self, place: int) -> Rung:
        at = place * _FIELDS
        frame, time_ns, packed, seq, ack, payload_len = self._numbers[at : at + _FIELDS]
        return Rung(
            frame,
            time_ns,
            bool(packed & 1),
            packed >> 1 & _BITS,
            seq,
            ack,
            payload_len,
            packed >> 32,
            self._options.get(frame, ""),
            packed >> 10 & (1 << len(CLASS_NAMES)) - 1,
        )


def _options(segment: Segment) -> str:
    """Write the options of a SYN that decide how the connection works."""
    words = []
    if segment.mss != ABSENT:
        words.append(f"mss {segment.mss}")
    if segment.window_scale != ABSENT:
        words.append(f"ws {segment.window_scale}")
    if segment.sack_permitted:
        words.append("sack")
    if segment.tsval != ABSENT:
        words.append("ts")
    return " ".join(words)
