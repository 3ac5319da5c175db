"""Attempts at a service with ECN that failed, until one without ECN succeeds (OP007).

Compiled: yes

RFC 3168 section 6.1.1.1: a host may fall back to a SYN without ECE and CWR; programs do so when
they try again. Memory is one entry a service, and bounded.
"""

from typing import Final

from mypy_extensions import i64

from tcpflow_analyzer.decode.segment import Segment
from tcpflow_analyzer.observer.census import service_key, service_key_of
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.stream_cases import (
    ECN_IGNORED,
    ECN_REFUSED,
)
from tcpflow_analyzer.table.stream_observation import (
    ECN_BLOCKED,
    ECN_SYN,
    STREAM,
)
from tcpflow_analyzer.tcp.control_bits import AE, CWR, ECE

# Not in the RFC: how long a host may take to try without, the time in which a SYN is given up.
_FALLBACK_WITHIN: Final = 180_000_000_000


def asks_for_ecn(control_bits: i64) -> bool:
    """Whether a SYN with these bits is an ECN-setup SYN, RFC 3168 section 6.1.1."""
    return control_bits & (ECE | CWR | AE) == ECE | CWR


class Attempt:
    """The first of the SYNs with ECN that failed at a service."""

    def __init__(self, how: i64, frame: i64, time_ns: i64) -> None:
        """Remember it; `how` is ECN_REFUSED or ECN_IGNORED."""
        self.how: i64 = how
        self.frame: i64 = frame
        self.time_ns: i64 = time_ns


class EcnAttempts:
    """Failed attempts by service.

    Attributes:
        is_used: whether there are any.
        left_out: attempts that found no room.
    """

    def __init__(self, most: i64) -> None:
        """Begin with none; keep at most `most`."""
        self.is_used: bool = False
        self.left_out: i64 = 0
        self._most: i64 = most
        self._attempts: dict[bytes, Attempt] = {}

    def refused(self, key: bytes, address_len: i64, frame: i64, time_ns: i64) -> None:
        """A SYN with ECN, `frame`, was answered by a RST; `key` in its direction."""
        self._keep(key, address_len, ECN_REFUSED, frame, time_ns)

    def ignored(self, key: bytes, address_len: i64, frame: i64, time_ns: i64) -> None:
        """A SYN with ECN, `frame`, was repeated with ECN."""
        self._keep(key, address_len, ECN_IGNORED, frame, time_ns)

    def succeeded(self, connection: Connection, segment: Segment) -> None:
        """A handshake is complete: with ECN it refutes, without it may confirm."""
        service = service_key_of(connection)
        attempt = self._attempts.get(service)
        if attempt is None:
            return
        del self._attempts[service]
        self.is_used = len(self._attempts) > 0
        asked = connection.stream_observed & (ECN_SYN & ~STREAM) != 0
        delay = connection.first_time_ns - attempt.time_ns
        if not asked and 0 <= delay <= _FALLBACK_WITHIN:
            connection.note(
                ECN_BLOCKED,
                True,
                connection.first_frame,
                segment.time_ns,
                attempt.how,
                attempt.frame,
                delay,
            )

    def _keep(self, key: bytes, address_len: i64, how: i64, frame: i64, time_ns: i64) -> None:
        service = service_key(key, address_len)
        if service in self._attempts:
            return
        if len(self._attempts) >= self._most:
            self.left_out += 1
            return
        self._attempts[service] = Attempt(how, frame, time_ns)
        self.is_used = True
