"""Reads a source in a thread beside whoever uses its octets: decompression takes another core.

The decompressors release the interpreter lock, and so does a reader that waits. Blocks come in
their order and end as the source ends, with its damage if there is one, so nothing depends on
the clock. Only for sources that never wait for anybody, as files do and pipes do not: `close` waits
for the read that is under way.
"""

from collections.abc import Callable
from queue import SimpleQueue
from threading import Lock, Thread
from typing import Final

from tcpflow_analyzer.sources.octets import BLOCK_OCTETS, OctetSource

# Blocks of the source that are read before there is a thread: small files do without one.
BLOCKS_BEFORE: Final = 4
# Blocks that wait to be used. Both threads need the interpreter lock between two blocks, and one
# that works holds it; more blocks ahead only let each of them wait longer for the other.
BLOCKS_AHEAD: Final = 2
# Threads at the same time: captures that overlap are all open, and each would hold its blocks.
MOST_THREADS: Final = 4


class ReadAhead:
    """Octets of a source, read ahead by a thread if there are many."""

    def __init__(self, source: OctetSource, pays: Callable[[int], bool]) -> None:
        """Read `source`, which is read and closed through this object from now on.

        Args:
            source: gives large blocks; small ones cost more to hand over than to make.
            pays: says from the octets given so far whether a thread is worth it; asked once.
        """
        self._source = source
        self._pays = pays
        self._blocks_given = 0
        self._octets_given = 0
        self._block = b""
        self._position = 0
        self._thread: Thread | None = None
        self._closing = False
        self._end: bytes | BaseException | None = None
        self._blocks: SimpleQueue[bytes | BaseException] = SimpleQueue()
        self._room: SimpleQueue[None] = SimpleQueue()

    def read(self) -> bytes:
        """Give the next octets, at most BLOCK_OCTETS, b"" at the end; raises StreamDamage."""
        if self._position >= len(self._block):
            self._block = self._next_block()
            self._position = 0
        start = self._position
        self._position = end = start + BLOCK_OCTETS
        return self._block[start:end]

    def _next_block(self) -> bytes:
        if self._blocks_given == BLOCKS_BEFORE and self._thread is None:
            self._start()
        if self._thread is None:
            block = self._source.read()
            self._blocks_given += 1
            self._octets_given += len(block)
            return block
        if self._end is None:
            block_or_error = self._blocks.get()
            if isinstance(block_or_error, BaseException):
                self._end = block_or_error
            elif block_or_error:
                self._room.put(None)
                return block_or_error
            else:
                self._end = b""
        if isinstance(self._end, BaseException):
            raise self._end
        return b""

    def close(self) -> None:
        """End the thread and close the source below."""
        if self._thread is not None:
            self._closing = True
            self._room.put(None)
            self._thread.join()
        self._source.close()

    def _start(self) -> None:
        """Start the thread, unless it does not pay or there can be none now."""
        if not self._pays(self._octets_given) or not _take_thread():
            return
        # A daemon: nobody waits for it when the interpreter ends before `close`.
        thread = Thread(target=self._read_all, name="tcpflow-read-ahead", daemon=True)
        try:
            thread.start()
        except RuntimeError:  # the system has no more
            _give_thread_back()
            return
        self._thread = thread
        for _ in range(BLOCKS_AHEAD):
            self._room.put(None)

    def _read_all(self) -> None:
        """Read up to the end, the damage or `close`; runs in the thread."""
        try:
            while not self._closing:
                block = self._source.read()
                self._blocks.put(block)
                if not block:
                    break
                self._room.get()
        except BaseException as error:  # it is raised where the block is wanted
            self._blocks.put(error)
        finally:
            _give_thread_back()


_lock = Lock()
_threads = 0


def _take_thread() -> bool:
    """Count one more thread; False if there are too many."""
    global _threads  # noqa: PLW0603  of the whole process, as is the memory
    with _lock:
        if _threads >= MOST_THREADS:
            return False
        _threads += 1
        return True


def _give_thread_back() -> None:
    global _threads  # noqa: PLW0603  as above
    with _lock:
        _threads -= 1
