"""Findings of one code together."""

from support.report_samples import START_NS, make_finding
from tcpflow_analyzer.report.groups import HOSTS_COUNTED, Group, Sockets


def group_of(*sockets: Sockets | None, examples: int | None = 20) -> Group:
    group = Group("CL005", "close-wait-stuck", "warning", examples)
    for number, each in enumerate(sockets, 1):
        group.add(make_finding(connection=number if each else None, after_ns=-number), each)
    return group


def test_who_one_service() -> None:
    group = group_of(("192.0.2.1", 1, "192.0.2.9", 80), ("192.0.2.2", 1, "192.0.2.9", 80))
    assert group.who() == "2 connections to 192.0.2.9:80"


def test_who_one_originator_and_service() -> None:
    group = group_of(("192.0.2.1", 1, "2001:db8::9", 80), ("192.0.2.1", 2, "2001:db8::9", 80))
    assert group.who() == "2 connections from 192.0.2.1 to [2001:db8::9]:80"


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
        group.add(make_finding(endpoint=endpoint), sockets)
    assert group.who() == "2 times on 1 connection from 192.0.2.1 to 192.0.2.9:80"


def test_who_host_finding_names_its_subject() -> None:
    group = Group("TW009", "time-wait-accumulation", "warning", 20)
    group.add(make_finding("TW009", connection=None, subject="192.0.2.1"), None)
    assert group.who() == "192.0.2.1"
    group.add(make_finding("TW009", connection=None, subject="192.0.2.2"), None)
    assert group.who() == "2 hosts"


def test_add_bounds_what_is_kept() -> None:
    count = HOSTS_COUNTED + 500
    group = group_of(
        *((f"192.0.2.{n % 256}", n, f"2001:db8::{n:x}", n) for n in range(count)), examples=5
    )
    assert len(group.examples) == 5
    assert group.count == count
    assert group.who() == "1,500 connections from 256 to over 1,000 hosts"


def test_add_keeps_the_earliest_and_latest_time() -> None:
    group = group_of(*[("192.0.2.1", 1, "192.0.2.9", 80)] * 3)
    assert (group.first_time_ns, group.last_time_ns) == (START_NS - 3, START_NS - 1)
