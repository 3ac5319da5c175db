"""Counts for host-wide findings: TIME-WAIT held by a host, socket pairs in use at a service.

Compiled: yes

The observer tells what happens to a connection, the findings read the counts (TW009, TW010, TW012).
Nothing is kept of a connection itself. A host or service that goes back to zero without ever having
been busy is forgotten, so that memory follows what is open; each of the three tables has a limit,
and what it turned away is counted in `left_out`.

IPv4 is found by numbers (table/kept.py). Keys are slices of `Connection.key` (decode/segment.py):
addresses and the responder's port, then the octets of the scope. Times are capture time in
nanoseconds. Each call costs one or two look-ups.
"""

from typing import Final

from librt.strings import BytesWriter
from mypy_extensions import i64

from tcpflow_analyzer.settings import MOST_HOSTS, Settings
from tcpflow_analyzer.table.connection import Connection, Entry
from tcpflow_analyzer.table.counts import (
    CHURN_BUCKETS,
    Churn,
    HostCensus,
    ListenerCensus,
    ServiceCensus,
)
from tcpflow_analyzer.table.kept import KeptTable
from tcpflow_analyzer.table.socket_octets import append_address, append_port

_SECOND: Final = 1_000_000_000
_LIGHT: Final = 65_536  # octets of payload, FL006
_REOPENED_WITHIN: Final = 60_000_000_000  # nanoseconds, MB002: new connections work
BUSY: Final = 1_000  # a peak that is remembered when the count is back at zero, or less: see below


def busy_peak(settings: Settings) -> i64:
    """The smallest peak that a finding may ask for: BUSY, or half of a lower threshold set."""
    least: i64 = BUSY
    least = min(least, settings.time_wait_warn // 2)
    ports = settings.ephemeral_ports
    if ports is not None:
        least = min(least, ports // 2)
    return max(least, 1)


def host_key(key: bytes, address_len: i64, of_originator: bool) -> bytes:
    """Address of an end, then the scope's octets."""
    ports = 2 * address_len
    address = key[:address_len] if of_originator else key[address_len:ports]
    if len(key) > ports + 4:
        return address + key[ports + 4 :]
    return address


def service_key(key: bytes, address_len: i64) -> bytes:
    """Originator's address, responder's address and port, then the scope's octets."""
    ports = 2 * address_len
    return key[:ports] + key[ports + 2 :]


def listener_key(key: bytes, address_len: i64) -> bytes:
    """Responder's address and port, then the scope's octets."""
    ports = 2 * address_len
    return key[address_len:ports] + key[ports + 2 :]


def host_key_of(connection: Connection, of_originator: bool) -> bytes:
    """`host_key` of an end, without the connection's own key where its sockets are numbers."""
    if connection.source < 0:
        return host_key(connection.key, connection.address_len, of_originator)
    key = BytesWriter()
    append_address(key, connection.source if of_originator else connection.destination)
    return key.getvalue()


def service_key_of(connection: Connection) -> bytes:
    """`service_key`, likewise."""
    if connection.source < 0:
        return service_key(connection.key, connection.address_len)
    key = BytesWriter()
    append_address(key, connection.source)
    append_address(key, connection.destination)
    append_port(key, connection.destination)
    return key.getvalue()


def listener_key_of(connection: Connection) -> bytes:
    """`listener_key`, likewise."""
    if connection.source < 0:
        return listener_key(connection.key, connection.address_len)
    key = BytesWriter()
    append_address(key, connection.destination)
    append_port(key, connection.destination)
    return key.getvalue()


def port_of(connection: Connection) -> i64:
    """The originator's port."""
    if connection.source >= 0:
        return connection.source & 0xFFFF
    key = connection.key
    at = 2 * connection.address_len
    return (i64(key[at]) << 8) | i64(key[at + 1])


class Census:
    """The three tables.

    Attributes:
        hosts, services, listeners: by `host_key`, `service_key` and `listener_key`.
        left_out: how often something was not counted because a table was full.
    """

    def __init__(
        self, most: i64 = MOST_HOSTS, busy: i64 = BUSY, churn: i64 = 20, churn_seconds: i64 = 10
    ) -> None:
        """Make empty tables of at most `most` entries each.

        Args:
            most: entries of a table; what goes back to zero makes room.
            busy: a `busy_peak`.
            churn: connections a second, over `churn_seconds`, that are many (FL006).
            churn_seconds: see there.
        """
        self.hosts: KeptTable[HostCensus] = KeptTable()
        self.services: KeptTable[ServiceCensus] = KeptTable()
        self.listeners: KeptTable[ListenerCensus] = KeptTable()
        self.left_out: i64 = 0
        self._most: i64 = most
        self._busy: i64 = busy
        self._churn: i64 = churn
        self._churn_seconds: i64 = churn_seconds
        self._room_ns: i64 = 0

    def opened(self, connection: Connection, now: i64) -> None:
        """A connection was made: its SYN was answered by a SYN-ACK at `now`."""
        port = port_of(connection)
        service = self.service_at(connection, connection.address_len)
        if service is None:
            if self.services.count >= self._most:
                self._make_room(now)
            if self.services.count >= self._most:
                self.left_out += 1
            else:
                service = _service_of(connection, port)
                self.services.put(service)
        if service is not None:
            connection.service = service
            service.in_use += 1
            service.last_opened_ns = now
            if service.idle_failed_ns != 0 and now - service.idle_failed_ns <= _REOPENED_WITHIN:
                service.idle_reopened_ns = now
            if service.in_use > service.peak:
                service.peak = service.in_use
                service.peak_time_ns = now
                service.peak_frame = connection.last_frame
            if port < service.first_port:
                service.first_port = port
            if port > service.last_port:
                service.last_port = port
            self._count_churn(service, connection, now)
        self._opened_at_listener(connection, now)

    def _count_churn(self, service: ServiceCensus, connection: Connection, now: i64) -> None:
        """FL006: many connections in one second, or in several one after the other."""
        second = now // _SECOND
        if second == service.second:
            service.in_second += 1
        else:
            service.second = second
            service.in_second = 1
        churn = service.churn
        if churn is None:
            if service.in_second < self._churn:
                return
            churn = Churn(self._churn_seconds, second)
            churn.ring[second % self._churn_seconds] = service.in_second - 1
            churn.opened = service.in_second - 1
            service.churn = churn
        seconds = self._churn_seconds
        if second - churn.second >= seconds:
            churn.ring = [0] * seconds
            churn.opened = 0
            churn.second = second
        while churn.second < second:
            churn.second += 1
            churn.opened -= churn.ring[churn.second % seconds]
            churn.ring[churn.second % seconds] = 0
        at = churn.second % seconds
        churn.ring[at] = churn.ring[at] + 1
        churn.opened += 1
        if churn.opened >= self._churn * seconds and min(churn.ring) > 0:
            if churn.since_ns == 0:
                churn.since_ns = max(now - seconds * _SECOND, 1)
                churn.first_frame = connection.synack_frame
            churn.most = max(churn.most, churn.opened)
            churn.until_ns = now
            churn.last_frame = connection.synack_frame

    def _make_room(self, now: i64) -> None:
        """Forget services without a connection that were never busy; every 10 s at most."""
        if now < self._room_ns:
            return
        self._room_ns = now + 10 * _SECOND
        for service in self.services.all():
            if service.in_use == 0 and service.peak < self._busy and service.churn is None:
                self.services.drop(service)

    def _opened_at_listener(self, connection: Connection, now: i64) -> None:
        length = connection.address_len
        listener = self.listener_at(connection, length)
        if listener is None:
            if self.listeners.count >= self._most:
                self.left_out += 1
                return
            if connection.source >= 0:
                listener = ListenerCensus(connection.destination, None, length)
            else:
                listener = ListenerCensus(-1, listener_key(connection.key, length), length)
            self.listeners.put(listener)
        connection.listener = listener
        listener.connections += 1
        listener.last_opened_ns = now
        if listener.refused != 0 and listener.reopened_ns == 0:
            listener.reopened_ns = now
            listener.reopened_frame = connection.last_frame

    def listener_at(self, entry: Entry, address_len: i64) -> ListenerCensus | None:
        """The listener that an entry leads to, if it is counted."""
        if entry.source >= 0:
            return self.listeners.find(entry.destination, 0)
        return self.listeners.find_key(listener_key(entry.key, address_len))

    def service_at(self, entry: Entry, address_len: i64) -> ServiceCensus | None:
        """The service of a client that an entry leads to, if it is counted."""
        if entry.source >= 0:
            return self.services.find(entry.source >> 16, entry.destination)
        return self.services.find_key(service_key(entry.key, address_len))

    def host_at(self, connection: Connection, of_originator: bool) -> HostCensus | None:
        """The host of an end, if it is counted."""
        if connection.source >= 0:
            socket = connection.source if of_originator else connection.destination
            return self.hosts.find(socket >> 16, 0)
        return self.hosts.find_key(host_key(connection.key, connection.address_len, of_originator))

    def _service_of(self, connection: Connection) -> ServiceCensus | None:
        """Where a connection is counted, None if the table was full."""
        service = connection.service
        if service is None and connection.synack_frame == 0:
            # Nobody saw it open; it may close at a service that others opened.
            service = self.service_at(connection, connection.address_len)
        return service

    def _listener_of(self, connection: Connection) -> ListenerCensus | None:
        listener = connection.listener
        if listener is None and connection.synack_frame == 0:
            listener = self.listener_at(connection, connection.address_len)
        return listener

    def refused(self, entry: Entry, address_len: i64, frame: i64, now: i64) -> None:
        """A RST, `frame`, refused a SYN; `entry` is in the direction of the SYN."""
        listener = self.listener_at(entry, address_len)
        if listener is None or listener.time_wait_count == 0 or listener.reopened_ns != 0:
            return
        if listener.refused == 0:
            listener.refused_since_ns = now
            listener.refused_frame = frame
            listener.until_when_refused_ns = listener.latest_until_ns
        listener.refused += 1

    def time_wait_entered(
        self, connection: Connection, of_originator: bool, now: i64, until: i64
    ) -> None:
        """An end entered TIME-WAIT at `now` and is to hold it until `until`."""
        host = self.host_at(connection, of_originator)
        if host is None:
            if self.hosts.count >= self._most:
                self.left_out += 1
            else:
                host = _host_of(connection, of_originator)
                self.hosts.put(host)
        if host is not None:
            host.entered += 1
            host.time_wait_now += 1
            if of_originator:
                host.originator_now += 1
            if host.time_wait_now > host.peak:
                host.peak = host.time_wait_now
                host.peak_time_ns = now
                host.peak_frame = connection.last_frame
                host.originator_side = host.originator_now
                host.responder_side = host.time_wait_now - host.originator_now
        if of_originator:
            self._client_closed(connection, now)
        else:
            self._listener_closed(connection, now, until)

    def _client_closed(self, connection: Connection, now: i64) -> None:
        service = self._service_of(connection)
        if service is None:
            return
        service.active_closes += 1
        service.time_wait_now += 1
        if service.first_close_ns == 0:
            service.first_close_ns = now
        service.last_close_ns = now

    def _listener_closed(self, connection: Connection, now: i64, until: i64) -> None:
        listener = self._listener_of(connection)
        if listener is None:
            return
        listener.time_wait_count += 1
        listener.entered_ns = now
        listener.entered_frame = connection.last_frame
        if listener.first_until_ns == 0 or until < listener.first_until_ns:
            listener.first_until_ns = until
        if until > listener.latest_until_ns:
            listener.latest_until_ns = until

    def time_wait_left(self, connection: Connection, of_originator: bool) -> None:
        """An end's TIME-WAIT is over: expired, ended by a RST, or reused."""
        host = self.host_at(connection, of_originator)
        if host is not None and host.time_wait_now > 0:
            host.time_wait_now -= 1
            if of_originator and host.originator_now > 0:
                host.originator_now -= 1
            if host.time_wait_now == 0 and host.peak < self._busy:
                self.hosts.drop(host)
        if of_originator:
            service = self._service_of(connection)
            if service is not None and service.time_wait_now > 0:
                service.time_wait_now -= 1

    def left(self, connection: Connection) -> None:
        """The originator's socket is gone (CLOSED, its TIME-WAIT over), or nobody watches it."""
        service = self._service_of(connection)
        if service is not None and service.in_use > 0:
            service.in_use -= 1
            if service.churn is not None:
                _count_end(service.churn, connection)
            elif (
                service.in_use == 0
                and service.peak < self._busy
                # Within the same second more may come, and many of them are churn.
                and connection.last_time_ns // _SECOND != service.second
            ):
                self.services.drop(service)
        listener = self._listener_of(connection)
        if listener is not None:
            listener.closes += 1


def _service_of(connection: Connection, port: i64) -> ServiceCensus:
    """A count of its service; `port` is the originator's."""
    length, profile = connection.address_len, connection.originator.profile
    if connection.source >= 0:
        first, second = connection.source >> 16, connection.destination
        return ServiceCensus(first, second, None, length, profile, port)
    return ServiceCensus(-1, -1, service_key(connection.key, length), length, profile, port)


def _host_of(connection: Connection, of_originator: bool) -> HostCensus:
    """A count of the host of an end."""
    length, profile = connection.address_len, connection.endpoint(of_originator).profile
    if connection.source >= 0:
        socket = connection.source if of_originator else connection.destination
        return HostCensus(socket >> 16, None, length, profile)
    return HostCensus(-1, host_key(connection.key, length, of_originator), length, profile)


def _count_end(churn: Churn, connection: Connection) -> None:
    """Count how long a connection lived, and what it carried."""
    life = connection.last_time_ns - connection.first_time_ns
    octets = connection.originator.payload_octets + connection.responder.payload_octets
    churn.over += 1
    churn.life_ns += life
    if connection.ack_frame != 0:
        churn.handshake_ns += connection.ack_time_ns - connection.syn_time_ns
    if life < _SECOND:
        churn.short += 1
    if octets < _LIGHT:
        churn.light += 1
    at = _bits(life // 1_000_000)
    churn.lives[at] = churn.lives[at] + 1
    at = _bits(octets)
    churn.octets[at] = churn.octets[at] + 1


def _bits(number: i64) -> i64:
    """How many binary digits a number has, at most CHURN_BUCKETS - 1."""
    digits: i64 = 0
    while number > 0 and digits < CHURN_BUCKETS - 1:
        number >>= 1
        digits += 1
    return digits
