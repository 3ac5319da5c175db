"""The time of a capture goes on although the system's clock is set back."""

import pytest

from support import container_builder as build
from tcpflow_analyzer.sources import pcapng_blocks
from tcpflow_analyzer.sources.live.time_shift import SECOND_NS, TimeShift
from tcpflow_analyzer.sources.records import Interface, RecordWalk

HOUR_NS = 3600 * SECOND_NS
START_NS = 1_800_000_000 * SECOND_NS


class Clocks:
    """The system's clock and a steady one."""

    def __init__(self) -> None:
        """Begin at START_NS."""
        self.steady = 0
        self.step = 0

    def wall_ns(self) -> int:
        """The system's time."""
        return START_NS + self.steady + self.step

    def steady_ns(self) -> int:
        """Time that nobody sets."""
        return self.steady


@pytest.fixture
def clocks() -> Clocks:
    """Clocks that agree."""
    return Clocks()


@pytest.fixture
def shift(clocks: Clocks) -> TimeShift:
    """A shift that looks at them."""
    return TimeShift(clocks.wall_ns, clocks.steady_ns)


def test_clock_that_is_not_set_changes_nothing(clocks: Clocks, shift: TimeShift) -> None:
    for step in (0, 900_000_000, 1_800_000_000, 1_000_000_000):  # slewed, never by a second
        clocks.steady += SECOND_NS
        clocks.step = step
        assert shift.look() == 0
        assert shift.offset_ns == 0
    assert shift.apply(b"anything", []) == b"anything"


def test_time_goes_on_behind_a_step_back(clocks: Clocks, shift: TimeShift) -> None:
    clocks.steady = 10 * SECOND_NS
    clocks.step = -HOUR_NS
    assert shift.look() == HOUR_NS
    assert shift.look() == 0
    assert shift.now_ns() == START_NS + 10 * SECOND_NS
    clocks.step = -2 * HOUR_NS
    assert shift.look() == HOUR_NS
    assert shift.now_ns() == START_NS + 10 * SECOND_NS


def test_step_forward_takes_a_step_back_again(clocks: Clocks, shift: TimeShift) -> None:
    clocks.step = -HOUR_NS
    shift.look()
    clocks.step = 0
    assert (shift.look(), shift.offset_ns) == (0, 0)
    clocks.step = HOUR_NS
    assert (shift.look(), shift.offset_ns) == (0, 0)
    assert shift.now_ns() == START_NS + HOUR_NS
    clocks.step = 0  # from there it is an hour back
    assert shift.look() == HOUR_NS


@pytest.mark.parametrize(("exponent", "binary"), [(6, False), (9, False), (20, True)])
def test_blocks_are_dated_later_unless_they_were_on_their_way(
    clocks: Clocks, shift: TimeShift, exponent: int, binary: bool
) -> None:
    units = int(2**exponent if binary else 10**exponent)
    interface = Interface(1, 0, 0)
    interface.exponent = exponent
    interface.binary = binary
    clocks.steady = 10 * SECOND_NS
    clocks.step = -HOUR_NS
    shift.look()
    times_s = [9, 10 - 3600, 11 - 3600]

    def ticks(time_s: int) -> int:
        return (START_NS // SECOND_NS + time_s) * units

    blocks = [build.enhanced(b"abcde", ticks(time_s)) for time_s in times_s]
    statistics = pcapng_blocks.statistics(0, ticks(12 - 3600), 7, 3)
    octets = b"".join(blocks) + statistics + pcapng_blocks.statistics(1, 1)
    dated = shift.apply(octets, [interface])
    later = [build.enhanced(b"abcde", ticks(time_s)) for time_s in (9, 10, 11)]
    end = pcapng_blocks.statistics(0, ticks(12), 7, 3) + pcapng_blocks.statistics(1, 1)
    assert dated == b"".join(later) + end


def test_dated_blocks_can_be_read(clocks: Clocks, shift: TimeShift) -> None:
    walk = RecordWalk("")
    walk.feed(pcapng_blocks.section() + pcapng_blocks.interface(1, "eth0"))
    clocks.step = -HOUR_NS
    shift.look()
    packets = [build.enhanced(b"x", clocks.wall_ns() + number) for number in range(3)]
    walk.feed(shift.apply(b"".join(packets), [Interface(1, 0, 0)]))
    walk.advance()
    interfaces = walk.interfaces
    walk = RecordWalk("")
    walk.feed(pcapng_blocks.section() + pcapng_blocks.interface(1, "eth0"))
    walk.feed(shift.apply(b"".join(packets), interfaces))
    found = []
    while walk.advance():
        found.append(int(walk.time_ns))
    assert found == [START_NS, START_NS + 1, START_NS + 2]
