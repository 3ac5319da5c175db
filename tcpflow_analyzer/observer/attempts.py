"""Which services refused or ignored an originator lately, to know the attempt that makes amends.

Compiled: yes

A service is what one originator asks of: its address, the responder's address and port. HS001 and
HS004 are milder where another attempt at the same service succeeds within ten seconds.
"""

from typing import Final

from mypy_extensions import i64

from tcpflow_analyzer.table.connection import Entry

_RETRY_WINDOW: Final = 10_000_000_000  # nanoseconds


class Attempts:
    """Failed attempts by service, and the first success after each.

    Times are capture time in nanoseconds.

    Attributes:
        left_out: failures that found no room.
    """

    def __init__(self, most: i64) -> None:
        """Begin with none; remember failures of at most `most` services."""
        self.left_out: i64 = 0
        self._most: i64 = most
        # Keys: two numbers where the sockets are numbers, else octets.
        self._failed: dict[tuple[int, int], int] = {}
        self._succeeded: dict[tuple[int, int], int] = {}
        self._failed_others: dict[bytes, int] = {}
        self._succeeded_others: dict[bytes, int] = {}

    def failed(self, entry: Entry, address_len: i64, time_ns: i64) -> None:
        """An attempt failed, or is about to."""
        if entry.source < 0:
            octets = _service_octets(entry.key, address_len)
            if octets in self._failed_others or len(self._failed_others) < self._most:
                self._failed_others[octets] = time_ns
            else:
                self.left_out += 1
            return
        service = _service_numbers(entry)
        if len(self._failed) < self._most or service in self._failed:
            self._failed[service] = time_ns
        else:
            self.left_out += 1

    def succeeded(self, entry: Entry, address_len: i64, time_ns: i64) -> bool:
        """An attempt succeeded; gives whether one had failed before."""
        failed_ns: i64 = -1
        if entry.source < 0:
            octets = _service_octets(entry.key, address_len)
            failed_ns = self._failed_others.get(octets, -1)
            if failed_ns >= 0 and self._succeeded_others.get(octets, -1) < failed_ns:
                self._succeeded_others[octets] = time_ns
        elif len(self._failed) > 0:
            service = _service_numbers(entry)
            failed_ns = self._failed.get(service, -1)
            if failed_ns >= 0 and self._succeeded.get(service, -1) < failed_ns:
                self._succeeded[service] = time_ns
        return failed_ns >= 0

    def was_retried(self, entry: Entry, address_len: i64, begun_ns: i64, failed_ns: i64) -> bool:
        """Whether another attempt succeeded since this one began, at most 10 s after it failed."""
        succeeded: i64 = -1
        if entry.source < 0:
            if len(self._succeeded_others) > 0:
                octets = _service_octets(entry.key, address_len)
                succeeded = self._succeeded_others.get(octets, -1)
        elif len(self._succeeded) > 0:
            succeeded = self._succeeded.get(_service_numbers(entry), -1)
        return succeeded >= 0 and begun_ns <= succeeded <= failed_ns + _RETRY_WINDOW


def _service_numbers(entry: Entry) -> tuple[int, int]:
    """Originator's address, and the responder's address and port: 80 bits, too many for one."""
    return entry.source >> 16, entry.destination


def _service_octets(key: bytes, address_len: i64) -> bytes:
    """The same of a key (decode/segment.py), and its scope."""
    ports = 2 * address_len
    return key[:ports] + key[ports + 2 :]
