"""Counts of hosts, services and listeners: peaks, limits, and what is forgotten."""

import pytest

from tcpflow_analyzer.observer.census import (
    BUSY,
    Census,
    busy_peak,
    host_key,
    host_key_of,
    listener_key,
    listener_key_of,
    service_key,
    service_key_of,
)
from tcpflow_analyzer.settings import Settings
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.counts import Churn
from tcpflow_analyzer.table.kept import KeptT, KeptTable

SECOND = 1_000_000_000
CLIENT = bytes((192, 0, 2, 1))
SERVER = bytes((198, 51, 100, 1))
SERVICE_PORT = (443).to_bytes(2, "big")


def connection(port: int, scope: bytes = b"", client: bytes = CLIENT) -> Connection:
    """A connection of the client to the server from a port; its last frame is the port's number."""
    made = Connection(client + SERVER + port.to_bytes(2, "big") + SERVICE_PORT + scope, port)
    made.last_frame = port
    made.last_time_ns = 2_000_000_000  # later than the second in which it is opened
    return made


def by_key(table: KeptTable[KeptT]) -> dict[bytes, KeptT]:
    return {each.key: each for each in table.all()}


def test_keys_are_slices_with_the_scope_behind() -> None:
    key = connection(40000, b"\x00\x07").key
    assert host_key(key, 4, True) == CLIENT + b"\x00\x07"
    assert host_key(key, 4, False) == SERVER + b"\x00\x07"
    assert service_key(key, 4) == CLIENT + SERVER + SERVICE_PORT + b"\x00\x07"
    assert listener_key(key, 4) == SERVER + SERVICE_PORT + b"\x00\x07"


def test_service_counts_what_is_open_and_in_time_wait() -> None:
    census = Census(busy=1)
    for port in (40000, 40001, 40002):
        census.opened(connection(port), port)
    census.left(connection(40000))
    census.opened(connection(40003), 40003)
    service = by_key(census.services)[service_key(connection(40000).key, 4)]
    assert (service.in_use, service.peak, service.peak_time_ns) == (3, 3, 40002)
    assert service.peak_frame == 40002
    assert (service.first_port, service.last_port) == (40000, 40003)
    assert service.last_opened_ns == 40003


def test_time_wait_of_the_client_counts_at_host_and_service() -> None:
    census = Census(busy=1)
    opened = [connection(port) for port in (40000, 40001)]
    for each in opened:
        census.opened(each, 1)
    census.time_wait_entered(opened[0], True, 10, 70)
    census.time_wait_entered(opened[1], True, 11, 71)
    census.time_wait_left(opened[0], True)
    host = by_key(census.hosts)[CLIENT]
    assert (host.time_wait_now, host.peak, host.peak_time_ns, host.entered) == (1, 2, 11, 2)
    assert (host.originator_side, host.responder_side) == (2, 0)
    service = by_key(census.services)[service_key(opened[0].key, 4)]
    assert (service.active_closes, service.time_wait_now) == (2, 1)
    assert (service.first_close_ns, service.last_close_ns) == (10, 11)
    assert by_key(census.listeners)[listener_key(opened[0].key, 4)].time_wait_count == 0


def test_peak_of_a_host_is_split_by_role() -> None:
    census = Census(busy=1)
    to_server = connection(40000)
    from_server = Connection(SERVER + CLIENT + to_server.key[8:], 2)
    census.time_wait_entered(to_server, False, 1, 61)
    census.time_wait_entered(from_server, True, 2, 62)
    host = by_key(census.hosts)[SERVER]
    assert (host.peak, host.originator_side, host.responder_side) == (2, 1, 1)


def test_listener_counts_time_wait_of_its_own_and_closes() -> None:
    census = Census()
    opened = [connection(port) for port in (40000, 40001)]
    for each in opened:
        census.opened(each, 1)
    census.time_wait_entered(opened[0], False, 10, 70)
    census.time_wait_entered(opened[1], False, 12, 72)
    census.left(opened[0])
    listener = by_key(census.listeners)[listener_key(opened[0].key, 4)]
    assert (listener.connections, listener.closes, listener.time_wait_count) == (2, 1, 2)
    assert (listener.first_until_ns, listener.latest_until_ns) == (70, 72)
    assert (listener.entered_ns, listener.entered_frame) == (12, 40001)


def test_refusal_counts_only_at_a_listener_that_has_held_time_wait() -> None:
    census = Census()
    entry = connection(40001)
    census.refused(entry, 4, 5, 5)  # nobody listens there, as far as is known
    census.opened(connection(40000), 1)
    census.refused(entry, 4, 6, 6)
    listener = by_key(census.listeners)[listener_key(entry.key, 4)]
    assert listener.refused == 0
    census.time_wait_entered(connection(40000), False, 10, 70)
    census.refused(entry, 4, 20, 20)
    census.refused(entry, 4, 21, 21)
    assert (listener.refused, listener.refused_since_ns, listener.refused_frame) == (2, 20, 20)
    assert listener.until_when_refused_ns == 70
    census.opened(connection(40002), 71)
    assert (listener.reopened_ns, listener.reopened_frame) == (71, 40002)
    census.refused(entry, 4, 80, 80)  # the restart is over
    assert listener.refused == 2


def test_quiet_entries_are_forgotten_at_zero_and_busy_ones_are_kept() -> None:
    census = Census(busy=2)
    for port in (40000, 40001):
        census.opened(connection(port), 1)
        census.time_wait_entered(connection(port), True, 2, 3)
    lonely = connection(40000, client=bytes((192, 0, 2, 9)))
    census.opened(lonely, 1)
    census.time_wait_entered(lonely, True, 2, 3)
    for each in (connection(40000), connection(40001), lonely):
        census.time_wait_left(each, True)
        census.left(each)
    assert list(by_key(census.hosts)) == [CLIENT]
    assert list(by_key(census.services)) == [service_key(connection(40000).key, 4)]
    assert by_key(census.hosts)[CLIENT].peak == 2


def test_full_tables_are_counted_and_never_go_below_zero() -> None:
    census = Census(most=1)
    census.opened(connection(40000), 1)
    other = connection(40000, client=bytes((192, 0, 2, 9)))
    census.opened(other, 1)  # the service does not fit; the listener is the same
    assert census.left_out == 1
    census.time_wait_entered(other, True, 1, 2)
    census.time_wait_entered(connection(40000), True, 1, 2)  # the second host
    assert census.left_out == 2
    for _ in range(3):
        census.left(other)
        census.time_wait_left(connection(40000), True)
    census.left(connection(40000))
    census.left(connection(40000))
    assert census.services.count == 0


def test_smallest_peak_follows_the_thresholds() -> None:
    assert busy_peak(Settings()) == BUSY
    assert busy_peak(Settings(time_wait_warn=20)) == 10
    assert busy_peak(Settings(ephemeral_ports=30)) == 15
    assert busy_peak(Settings(ephemeral_ports=1)) == 1


ADDRESSES_V6 = bytes.fromhex("20010db800000000000000000000000120010db8000000000000000000000002")


def connection_v6(port: int) -> Connection:
    """A connection over IPv6; its sockets are no numbers."""
    made = Connection(ADDRESSES_V6 + port.to_bytes(2, "big") + SERVICE_PORT, port)
    made.address_len = 16
    made.last_frame, made.last_time_ns = port, 2 * SECOND
    return made


def test_version_6_is_counted_by_the_octets_of_its_addresses() -> None:
    census = Census(busy=1)
    opened = [connection_v6(port) for port in (40000, 40001)]
    for each in opened:
        census.opened(each, 1)
    census.time_wait_entered(opened[0], True, 10, 70)
    census.time_wait_entered(opened[1], False, 11, 71)
    client, server = ADDRESSES_V6[:16], ADDRESSES_V6[16:]
    assert host_key_of(opened[0], True) == client
    assert host_key_of(opened[0], False) == server
    assert set(by_key(census.hosts)) == {client, server}
    service = by_key(census.services)[service_key_of(opened[0])]
    assert (service.in_use, service.first_port, service.last_port) == (2, 40000, 40001)
    listener = by_key(census.listeners)[listener_key_of(opened[0])]
    assert (listener.connections, listener.time_wait_count) == (2, 1)


def test_listener_is_free_when_the_last_of_its_time_waits_ends() -> None:
    # The first holder's system waits 120 s, the second's 60 s.
    census = Census()
    for port, now, until in ((40000, 10, 130), (40001, 20, 80)):
        census.opened(connection(port), 1)
        census.time_wait_entered(connection(port), False, now, until)
    (listener,) = census.listeners.all()
    assert (listener.first_until_ns, listener.latest_until_ns) == (80, 130)


def test_full_table_of_services_makes_room_every_ten_seconds() -> None:
    census = Census(most=1)

    def open_and_close(client: int, now: int) -> None:
        made = connection(40000, client=bytes((192, 0, 2, client)))
        census.opened(made, now)
        made.last_time_ns = now  # within the second in which it was opened: not forgotten yet
        census.left(made)

    open_and_close(1, 20 * SECOND)
    open_and_close(2, 21 * SECOND)
    assert census.left_out == 0
    open_and_close(3, 22 * SECOND)  # too soon after the last time
    assert census.left_out == 1
    open_and_close(3, 32 * SECOND)
    assert census.left_out == 1
    assert [each.key[:4] for each in census.services.all()] == [bytes((192, 0, 2, 3))]


def test_service_in_use_gives_no_room() -> None:
    census = Census(most=1)
    census.opened(connection(40000), 20 * SECOND)
    census.opened(connection(40000, client=bytes((192, 0, 2, 9))), 40 * SECOND)
    assert census.left_out == 1


def test_full_table_of_listeners_is_told_and_nobody_counts_for_them() -> None:
    census = Census(most=1)
    first, second = connection(40000), connection(40001)
    second.key = CLIENT + bytes((198, 51, 100, 9)) + second.key[8:]
    for each in (first, second):
        census.opened(each, 1)
    assert census.left_out == 2  # a service and a listener
    assert second.listener is None
    census.left(second)
    (listener,) = census.listeners.all()
    assert (listener.connections, listener.closes) == (1, 0)


def churned(seconds: list[int], octets: int = 10, ack_frame: int = 3) -> Churn:
    """What is counted of two connections in each of these seconds, which last 0.2 s."""
    census = Census(churn=2, churn_seconds=3)
    for second in seconds:
        for index in range(2):
            made = connection(40000 + 2 * second + index)
            made.synack_frame, made.ack_frame = 2, ack_frame
            made.first_time_ns = made.syn_time_ns = second * SECOND
            made.ack_time_ns = made.first_time_ns + SECOND // 100
            made.last_time_ns = made.first_time_ns + SECOND // 5
            made.originator.payload_octets = octets
            census.opened(made, made.first_time_ns)
            census.left(made)
    (service,) = census.services.all()
    assert service.churn is not None
    return service.churn


def test_churn_is_many_connections_in_seconds_that_follow_each_other() -> None:
    churn = churned([10, 11, 12])
    assert (churn.most, churn.since_ns > 0) == (6, True)
    # The first was over before they were many.
    assert (churn.over, churn.short, churn.light) == (5, 5, 5)
    assert churn.handshake_ns == 5 * SECOND // 100


@pytest.mark.parametrize("seconds", [[10, 11, 30], [10, 11, 13], [10, 30, 50]])
def test_churn_begins_anew_after_a_pause(seconds: list[int]) -> None:
    assert (churned(seconds).most, churned(seconds).since_ns) == (0, 0)


def test_churn_of_large_or_unfinished_connections_is_counted_as_that() -> None:
    assert churned([10, 11, 12], octets=70_000).light == 0
    assert churned([10, 11, 12], ack_frame=0).handshake_ns == 0
