"""Counts of connection attempts: floods, rows of failures, scans, series of numbers."""

from tcpflow_analyzer.observer.openings import (
    REFUSED,
    SECOND,
    UNANSWERED,
    Openings,
)
from tcpflow_analyzer.settings import Settings
from tcpflow_analyzer.table.connection import Entry
from tcpflow_analyzer.table.openings import Arrivals, Prober, Retries

START = 1_700_000_000 * SECOND


def entry(source: int, port: int = 80) -> Entry:
    octets = bytes((192, 0, 2, 1)) if source < 0 else (0x0A00_0000 + source).to_bytes(4, "big")
    ports = (40000).to_bytes(2, "big") + port.to_bytes(2, "big")
    return Entry(octets + bytes((198, 51, 100, 1)) + ports)


def flooded(number: int, seconds: int) -> Arrivals | None:
    """Unanswered SYNs of as many sources, evenly over some seconds."""
    openings = Openings(Settings())
    for index in range(number):
        when = START + index * seconds * SECOND // number
        openings.failed(entry(index), 4, UNANSWERED, when, index + 1)
    openings.finish(START + (seconds + 20) * SECOND)
    found = openings.listeners.entries
    return found[0] if found and isinstance(found[0], Arrivals) else None


def test_flood_needs_its_number_within_the_window() -> None:
    full, thin = flooded(150, 8), flooded(150, 30)
    assert full is not None
    assert full.floods == 1
    assert full.total_unfinished == 150
    assert thin is None or thin.floods == 0


def test_flood_explains_its_members_only() -> None:
    openings = Openings(Settings())
    for index in range(150):
        openings.failed(entry(index), 4, UNANSWERED, START + index * SECOND // 50, index + 1)
    openings.finish(START + 60 * SECOND)
    assert openings.explains(entry(3), 4, START + SECOND)
    assert not openings.explains(entry(3), 4, START + 30 * SECOND)
    assert not openings.explains(entry(3, 81), 4, START + SECOND)


def scan(targets: int, gap: int) -> Prober:
    openings = Openings(Settings())
    for index in range(targets):
        openings.failed(entry(-1, 1000 + index), 4, REFUSED, START + index * gap, index + 1)
    found = openings.probers.entries[0]
    assert isinstance(found, Prober)
    return found


def test_scan_needs_different_targets_within_a_minute() -> None:
    assert scan(15, SECOND).scanning
    assert not scan(14, SECOND).scanning
    assert not scan(30, 5 * SECOND).scanning
    assert scan(15, SECOND).refused == 14  # the first stood in the sieve


def test_same_target_again_is_no_scan() -> None:
    openings = Openings(Settings())
    for index in range(40):
        openings.failed(entry(-1, 1000 + index % 14), 4, REFUSED, START + index, index + 1)
    assert openings.scans == 0


def test_row_of_retries_ends_with_a_pause() -> None:
    openings = Openings(Settings())
    for index, second in enumerate((0, 1, 2, 3, 20, 21)):
        openings.failed(entry(-1), 4, REFUSED, START + second * SECOND, index + 1)
    assert openings.rows == 0
    for second in (22, 23, 24):
        openings.failed(entry(-1), 4, REFUSED, START + second * SECOND, 10 + second)
    service = openings.services.entries[0]
    assert isinstance(service, Retries)
    assert service.worst is not None
    assert (service.worst.count, service.worst.refused) == (5, 5)
