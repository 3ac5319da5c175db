"""Octets that a thread reads ahead: same blocks, same damage, and a thread that ends."""

import threading
import time

import pytest

from tcpflow_analyzer.sources.octets import BLOCK_OCTETS, StreamDamage
from tcpflow_analyzer.sources.read_ahead import (
    BLOCKS_AHEAD,
    BLOCKS_BEFORE,
    MOST_THREADS,
    ReadAhead,
)

NAME = "tcpflow-read-ahead"


class Numbered:
    """A source of numbered blocks, with damage behind them if there is a text for it."""

    def __init__(self, blocks: int, damage: BaseException | None = None) -> None:
        """Give so many blocks."""
        self.blocks = blocks
        self.damage = damage
        self.read_blocks = 0
        self.readers: set[str] = set()
        self.closed = False

    def read(self) -> bytes:
        assert not self.closed
        self.readers.add(threading.current_thread().name)
        if self.read_blocks == self.blocks:
            if self.damage is not None:
                raise self.damage
            return b""
        self.read_blocks += 1
        return b"%d" % self.read_blocks

    def close(self) -> None:
        self.closed = True


def always(_octets: int) -> bool:
    return True


def threads() -> int:
    return sum(thread.name == NAME for thread in threading.enumerate())


def read_all(source: ReadAhead) -> list[bytes]:
    blocks = []
    while block := source.read():
        blocks.append(block)
    return blocks


@pytest.mark.parametrize("blocks", [0, 1, BLOCKS_BEFORE, BLOCKS_BEFORE + 1, 1000])
def test_blocks_are_those_of_the_source_and_in_order(blocks: int) -> None:
    below = Numbered(blocks)
    source = ReadAhead(below, always)
    assert read_all(source) == [b"%d" % (number + 1) for number in range(blocks)]
    assert source.read() == source.read() == b""
    source.close()
    assert below.closed
    assert threads() == 0


def test_small_source_is_read_without_a_thread() -> None:
    below = Numbered(BLOCKS_BEFORE - 1)
    source = ReadAhead(below, always)
    read_all(source)
    source.close()
    assert below.readers == {threading.current_thread().name}


def test_large_source_is_read_by_a_thread() -> None:
    below = Numbered(100)
    source = ReadAhead(below, always)
    read_all(source)
    source.close()
    assert NAME in below.readers


def test_source_for_which_it_does_not_pay_is_read_without_a_thread() -> None:
    asked: list[int] = []

    def never(octets: int) -> bool:
        asked.append(octets)
        return False

    below = Numbered(100)
    source = ReadAhead(below, never)
    assert len(read_all(source)) == 100
    source.close()
    assert below.readers == {threading.current_thread().name}
    assert asked == [sum(len(b"%d" % (number + 1)) for number in range(BLOCKS_BEFORE))]


def test_large_blocks_come_in_pieces() -> None:
    class Large(Numbered):
        def read(self) -> bytes:
            return super().read() * (3 * BLOCK_OCTETS)

    source = ReadAhead(Large(9), always)
    pieces = read_all(source)
    assert pieces == [b"%d" % (number + 1) * BLOCK_OCTETS for number in range(9) for _ in range(3)]
    source.close()


@pytest.mark.parametrize("blocks", [3, 100])
@pytest.mark.parametrize("damage", [StreamDamage("here"), ZeroDivisionError()])
def test_damage_comes_behind_the_blocks_before_it(blocks: int, damage: BaseException) -> None:
    source = ReadAhead(Numbered(blocks, damage), always)
    for number in range(blocks):
        assert source.read() == b"%d" % (number + 1)
    for _ in range(2):
        with pytest.raises(type(damage)):
            source.read()
    source.close()
    assert threads() == 0


def test_no_more_is_read_ahead_than_there_is_room_for() -> None:
    below = Numbered(1000)
    source = ReadAhead(below, always)
    for _ in range(BLOCKS_BEFORE + 1):
        source.read()
    most = BLOCKS_BEFORE + 1 + BLOCKS_AHEAD + 1
    for _ in range(100):
        if below.read_blocks == most:
            break
        time.sleep(0.02)
    time.sleep(0.1)
    assert below.read_blocks == most
    source.close()


def test_close_ends_a_thread_that_waits_for_room() -> None:
    source = ReadAhead(Numbered(1000), always)
    for _ in range(BLOCKS_BEFORE + 1):
        source.read()
    assert threads() == 1
    source.close()
    assert threads() == 0


def test_few_threads_at_the_same_time() -> None:
    sources = [ReadAhead(Numbered(1000), always) for _ in range(MOST_THREADS + 3)]
    for _ in range(BLOCKS_BEFORE + 2):
        for source in sources:
            source.read()
    assert threads() == MOST_THREADS
    expected = [b"%d" % (number + 1) for number in range(BLOCKS_BEFORE + 2, 1000)]
    for source in sources:
        assert read_all(source) == expected
        source.close()
    assert threads() == 0


def test_system_without_another_thread_reads_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    below = Numbered(100)
    assert len(read_all(ReadAhead(below, always))) == 100
    assert below.readers == {threading.current_thread().name}
