"""Counts that connections share: of a client's use of a service, of a listener. State only.

Compiled: yes

Every rule that changes them lives in observer/census.py.
"""

from typing import Final

from librt.strings import BytesWriter
from mypy_extensions import i64

from tcpflow_analyzer.table.kept import Kept
from tcpflow_analyzer.table.socket_octets import append_address, append_port

ANSWERED_KEPT: Final = 8  # answered SYNs of one listener
CHURN_BUCKETS: Final = 32  # of a histogram: powers of two


class Churn:
    """Connections of one client to one service that come thick and fast (FL006).

    Attributes:
        ring: connections opened in each of the last seconds; second: the newest of them.
        opened: sum of the ring. most: its highest value where no second of it was empty and it
            was high; since_ns, until_ns: from the first to the last such time. first_frame,
            last_frame: SYN-ACKs of these times.
        lives: connections over, by the bits of their milliseconds; short: shorter than a second.
        octets: likewise by the bits of their payload; light: with less than 64 KiB.
        over: all of them. handshake_ns: sum of their handshakes' times, and life_ns: of lives.
    """

    def __init__(self, seconds: i64, second: i64) -> None:
        """Begin with a ring of so many seconds."""
        self.ring: list[int] = [0] * seconds
        self.second: i64 = second
        self.opened: i64 = 0
        self.most: i64 = 0
        self.since_ns: i64 = 0
        self.until_ns: i64 = 0
        self.first_frame: i64 = 0
        self.last_frame: i64 = 0
        self.lives: list[int] = [0] * CHURN_BUCKETS
        self.octets: list[int] = [0] * CHURN_BUCKETS
        self.short: i64 = 0
        self.light: i64 = 0
        self.over: i64 = 0
        self.handshake_ns: i64 = 0
        self.life_ns: i64 = 0


class ServiceCensus(Kept):
    """Socket pairs of one client towards one service (client, server, server's port).

    Found by the number of the client's address and that of the service's socket.

    Attributes:
        address_len: the key is client address, server address, port.
        profile: of the client, index into settings.PROFILES, as first seen.
        in_use, peak, peak_time_ns, peak_frame: connections open or in TIME-WAIT at the client now,
            most at once, when that was reached first, and the frame that did it.
        first_port, last_port: lowest and highest source port seen.
        time_wait_now: how many of `in_use` are in TIME-WAIT at the client.
        active_closes: how often the client entered TIME-WAIT; first_close_ns and last_close_ns:
            when it did first and last, 0 while it did not.
        last_opened_ns: when the last connection was opened.
        idle_failed_ns: when a connection was found dead after an idle time (MB002), 0 for never;
            idle_reopened_ns: when another one was opened within a minute of that.
        second, in_second: the second of the last one since the epoch, and how many it has.
        churn: None unless many were opened in one second.
    """

    def __init__(
        self,
        first: i64,
        second: i64,
        key: bytes | None,
        address_len: i64,
        profile: i64,
        port: i64,
    ) -> None:
        """Begin with no connection; `port` is the first source port seen."""
        super().__init__(first, second, key)
        self.address_len: i64 = address_len
        self.profile: i64 = profile
        self.in_use: i64 = 0
        self.peak: i64 = 0
        self.peak_time_ns: i64 = 0
        self.peak_frame: i64 = 0
        self.first_port: i64 = port
        self.last_port: i64 = port
        self.time_wait_now: i64 = 0
        self.active_closes: i64 = 0
        self.first_close_ns: i64 = 0
        self.last_close_ns: i64 = 0
        self.last_opened_ns: i64 = 0
        self.idle_failed_ns: i64 = 0
        self.idle_reopened_ns: i64 = 0
        self.second: i64 = 0
        self.in_second: i64 = 0
        self.churn: Churn | None = None

    def octets(self) -> bytes:
        """Client, server, server's port."""
        key = BytesWriter()
        append_address(key, self.first_word << 16)
        append_address(key, self.second_word)
        append_port(key, self.second_word)
        return key.getvalue()


class Answered:
    """The last answered SYNs of one listener: times and frames in two rings."""

    def __init__(self) -> None:
        """Begin with none."""
        self.times: list[int] = [0] * ANSWERED_KEPT
        self.frames: list[int] = [0] * ANSWERED_KEPT
        self.next: i64 = 0


class ListenerCensus(Kept):
    """What became of the connections of one listener (address and port).

    Found by the number of its socket.

    Attributes:
        address_len: the key is address, port.
        connections: opened at it. closes: connections of it that are over.
        time_wait_count: how often it was the listener's end that entered TIME-WAIT.
        first_until_ns, latest_until_ns: earliest and latest end of these.
        entered_ns, entered_frame: when the newest of these was entered, and the frame that did it.
        refused: SYNs refused after it had entered TIME-WAIT; refused_since_ns, refused_frame: the
            first of them.
        until_when_refused_ns: `latest_until_ns` at that time.
        reopened_ns, reopened_frame: first connection opened after a refusal, 0 for none.
        last_opened_ns: when the last connection was opened.
        verified: segments of its connections whose checksum was verified (observer/quality.py),
            those with SYN, FIN or RST left out.
        answered: SYNs that it answered lately (observer/listeners.py), None for none.
        idle_reset_ns, idle_resets: idle time that a RST ended last, and how many in a row were the
            same within 2 % (MB003).
        silent, silent_from_ns, silent_until_ns: its ends that fell silent (KA003), and the first
            and last time at which one of them spoke last.
    """

    def __init__(self, first: i64, key: bytes | None, address_len: i64) -> None:
        """Begin with no connection."""
        super().__init__(first, 0 if first >= 0 else -1, key)
        self.address_len: i64 = address_len
        self.connections: i64 = 0
        self.closes: i64 = 0
        self.time_wait_count: i64 = 0
        self.first_until_ns: i64 = 0
        self.latest_until_ns: i64 = 0
        self.entered_ns: i64 = 0
        self.entered_frame: i64 = 0
        self.refused: i64 = 0
        self.refused_since_ns: i64 = 0
        self.refused_frame: i64 = 0
        self.until_when_refused_ns: i64 = 0
        self.reopened_ns: i64 = 0
        self.reopened_frame: i64 = 0
        self.last_opened_ns: i64 = 0
        self.verified: i64 = 0
        self.answered: Answered | None = None
        self.idle_reset_ns: i64 = 0
        self.idle_resets: i64 = 0
        self.silent: i64 = 0
        self.silent_from_ns: i64 = 0
        self.silent_until_ns: i64 = 0

    def octets(self) -> bytes:
        """Address, port."""
        key = BytesWriter()
        append_address(key, self.first_word)
        append_port(key, self.first_word)
        return key.getvalue()


class HostCensus(Kept):
    """TIME-WAIT held by one host. Found by the number of its address.

    Attributes:
        address_len: the address is `key[:address_len]`.
        profile: index into settings.PROFILES, as first seen.
        time_wait_now, peak, peak_time_ns, peak_frame: held now, most at once, when that was reached
            first, and the last frame of the connection that did it.
        originator_side, responder_side: how many of the peak it held as originator, as responder.
        entered: how often it entered TIME-WAIT in all.
    """

    def __init__(self, first: i64, key: bytes | None, address_len: i64, profile: i64) -> None:
        """Begin with no TIME-WAIT."""
        super().__init__(first, 0 if first >= 0 else -1, key)
        self.address_len: i64 = address_len
        self.profile: i64 = profile
        self.time_wait_now: i64 = 0
        self.peak: i64 = 0
        self.peak_time_ns: i64 = 0
        self.peak_frame: i64 = 0
        self.originator_side: i64 = 0
        self.responder_side: i64 = 0
        self.entered: i64 = 0
        self.originator_now: i64 = 0

    def octets(self) -> bytes:
        """The address."""
        key = BytesWriter()
        append_address(key, self.first_word << 16)
        return key.getvalue()
