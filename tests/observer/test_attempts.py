"""Attempts at a service that failed, and the one that makes amends."""

import pytest

from tcpflow_analyzer.observer.attempts import Attempts
from tcpflow_analyzer.table.connection import Entry

SECOND = 1_000_000_000


def attempt(port: int, host: int = 1, service: int = 80, ipv6: bool = False) -> Entry:
    length = 16 if ipv6 else 4
    addresses = host.to_bytes(length, "big") + (9).to_bytes(length, "big")
    return Entry(addresses + port.to_bytes(2, "big") + service.to_bytes(2, "big"))


@pytest.mark.parametrize("ipv6", [False, True])
def test_another_port_of_the_same_host_makes_amends_within_ten_seconds(ipv6: bool) -> None:
    attempts, length = Attempts(100), 16 if ipv6 else 4
    first, second = attempt(40000, ipv6=ipv6), attempt(40001, ipv6=ipv6)
    attempts.failed(first, length, 5 * SECOND)
    assert not attempts.was_retried(first, length, 4 * SECOND, 5 * SECOND)
    attempts.succeeded(second, length, 15 * SECOND)
    assert attempts.was_retried(first, length, 4 * SECOND, 5 * SECOND)
    assert not attempts.was_retried(first, length, 4 * SECOND, 5 * SECOND - 1)


def test_other_hosts_and_services_make_no_amends() -> None:
    attempts = Attempts(100)
    first = attempt(40000)
    attempts.failed(first, 4, SECOND)
    attempts.succeeded(attempt(40000, host=2), 4, 2 * SECOND)
    attempts.succeeded(attempt(40000, service=81), 4, 2 * SECOND)
    assert not attempts.was_retried(first, 4, 0, SECOND)


def test_only_the_first_success_after_a_failure_counts() -> None:
    attempts = Attempts(100)
    first = attempt(40000)
    attempts.failed(first, 4, SECOND)
    attempts.succeeded(first, 4, 2 * SECOND)
    attempts.succeeded(first, 4, 60 * SECOND)
    assert attempts.was_retried(first, 4, 0, SECOND)


def test_a_success_before_the_attempt_makes_no_amends() -> None:
    attempts = Attempts(100)
    attempts.failed(attempt(40000), 4, SECOND)
    attempts.succeeded(attempt(40001), 4, 2 * SECOND)
    assert not attempts.was_retried(attempt(40002), 4, 3 * SECOND, 3 * SECOND)


def test_failures_are_bounded_and_the_rest_is_counted() -> None:
    attempts = Attempts(100)
    for host in range(103):
        attempts.failed(attempt(1, host=host), 4, SECOND)
    attempts.failed(attempt(2, host=0), 4, SECOND)  # known already
    assert attempts.left_out == 3


def test_services_over_ipv6_are_bounded_as_well() -> None:
    attempts = Attempts(100)
    for host in range(103):
        attempts.failed(attempt(40000, host=host, ipv6=True), 16, SECOND)
    assert attempts.left_out == 3
    attempts.failed(attempt(40000, host=5, ipv6=True), 16, 2 * SECOND)
    assert attempts.left_out == 3
