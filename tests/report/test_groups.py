"""Findings of one code together."""

from ipaddress import ip_address

from support.report_samples import START_NS, make_finding
from tcpflow_analyzer.report.groups import HOSTS_COUNTED, Group
from tcpflow_analyzer.table.connection import Connection, Entry

Sockets = tuple[str, int, str, int]  # address and port of originator and responder


def key_of(sockets: Sockets) -> bytes:
    source, source_port, destination, destination_port = sockets
    addresses = ip_address(source).packed + ip_address(destination).packed
    return addresses + source_port.to_bytes(2, "big") + destination_port.to_bytes(2, "big")


def connection_of(sockets: Sockets, number: int = 1) -> Connection:
    connection = Connection(key_of(sockets), number)
    connection.address_len = len(ip_address(sockets[0]).packed)
    return connection


def group_of(*sockets: Sockets, examples: int | None = 20) -> Group:
    group = Group("CL005", "close-wait-stuck", "warning", examples)
    for number, each in enumerate(sockets, 1):
        finding = make_finding(connection=number, after_ns=-number)
        group.add(finding, connection_of(each, number), None)
    return group


def test_who_one_service() -> None:
    group = group_of(("192.0.2.1", 1, "192.0.2.9", 80), ("192.0.2.2", 1, "192.0.2.9", 80))
    assert group.who() == "2 connections to 192.0.2.9:80"


def test_who_one_originator_and_service() -> None:
    group = group_of(("2001:db8::1", 1, "2001:db8::9", 80), ("2001:db8::1", 2, "2001:db8::9", 80))
    assert group.who() == "2 connections from 2001:db8::1 to [2001:db8::9]:80"


def test_who_one_responder_with_many_ports() -> None:
    group = group_of(("192.0.2.1", 1, "192.0.2.9", 80), ("192.0.2.2", 1, "192.0.2.9", 81))
    assert group.who() == "2 connections to 192.0.2.9, 2 ports"


def test_who_one_originator_to_many_hosts() -> None:
    group = group_of(("192.0.2.1", 1, "192.0.2.8", 80), ("192.0.2.1", 1, "192.0.2.9", 81))
    assert group.who() == "2 connections from 192.0.2.1 to 2 hosts"


def test_who_many_to_many() -> None:
    group = group_of(("192.0.2.1", 1, "192.0.2.8", 80), ("192.0.2.2", 1, "192.0.2.9", 81))
    assert group.who() == "2 connections from 2 to 2 hosts"


def test_who_several_findings_on_one_connection() -> None:
    group = Group("CL002", "fin-retransmitted", "warning", 20)
    sockets = ("192.0.2.1", 1, "192.0.2.9", 80)
    for endpoint in ("originator", "responder"):
        group.add(make_finding(endpoint=endpoint), connection_of(sockets), None)
    assert group.who() == "2 times on 1 connection from 192.0.2.1 to 192.0.2.9:80"


def test_who_host_finding_names_its_subject() -> None:
    group = Group("TW009", "time-wait-accumulation", "warning", 20)
    group.add(make_finding("TW009", connection=None, subject="192.0.2.1"), None, None)
    assert group.who() == "192.0.2.1"
    group.add(make_finding("TW009", connection=None, subject="192.0.2.2"), None, None)
    assert group.who() == "2 hosts"


def test_add_bounds_what_is_kept() -> None:
    count = HOSTS_COUNTED + 500
    group = group_of(
        *((f"2001:db8::{n % 256:x}", n, f"2001:db8::{n:x}", n) for n in range(count)), examples=5
    )
    assert len(group.examples) == 5
    assert group.count == count
    assert group.who() == "1,500 connections from 256 to over 1,000 hosts"


def test_add_keeps_the_earliest_and_latest_time() -> None:
    group = group_of(*[("192.0.2.1", 1, "192.0.2.9", 80)] * 3)
    assert (group.first_time_ns, group.last_time_ns) == (START_NS - 3, START_NS - 1)


def test_more_are_counted_once_there_are_enough_examples() -> None:
    first = ("192.0.2.1", 1, "192.0.2.9", 80)
    group = group_of(first, examples=2)
    assert not group.has_examples()
    group.add(make_finding(connection=2, after_ns=5), connection_of(first, 2), None)
    assert group.has_examples()
    group.add_more(START_NS + 9, Entry(key_of(("192.0.2.2", 1, "192.0.2.9", 80))))
    assert (group.count, group.last_time_ns) == (3, START_NS + 9)
    assert len(group.examples) == 2
    assert group.who() == "3 connections to 192.0.2.9:80"


def test_groups_that_keep_every_finding_never_only_count() -> None:
    assert not group_of(("192.0.2.1", 1, "192.0.2.9", 80), examples=None).has_examples()
