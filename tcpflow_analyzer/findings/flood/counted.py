"""What findings about many attempts share: walking over the counts. Registers nothing.

Compiled: yes

There may be some ten thousand of each.
"""

from typing import Final

from mypy_extensions import i64

from tcpflow_analyzer.findings.finding import CaptureView
from tcpflow_analyzer.table.counts import Churn, ServiceCensus
from tcpflow_analyzer.table.openings import Arrivals, IsnSeries, Prober, Retries

NOT_WOKEN: Final = 0  # observer/openings.py counts; no connection has to be looked at


def listeners(capture: CaptureView) -> list[Arrivals]:
    """Listeners at which attempts were counted, in the order of their sockets."""
    if capture.openings is None:
        return []
    found = [each for each in capture.openings.listeners.entries if isinstance(each, Arrivals)]
    return sorted(found, key=lambda each: bytes(each.key))


def probers(capture: CaptureView) -> list[Prober]:
    """Sources that failed at several targets, in the order of their addresses."""
    if capture.openings is None:
        return []
    found = [each for each in capture.openings.probers.entries if isinstance(each, Prober)]
    return sorted(found, key=lambda each: bytes(each.address))


def retries(capture: CaptureView) -> list[Retries]:
    """Clients and services with a long row of failures, in the order of their addresses."""
    if capture.openings is None:
        return []
    found = [each for each in capture.openings.services.entries if isinstance(each, Retries)]
    return sorted((each for each in found if each.worst), key=lambda each: bytes(each.key))


def isn_series(capture: CaptureView, fewest: i64) -> list[IsnSeries]:
    """Hosts of which so many initial sequence numbers were kept, in the order of their addresses.

    Args:
        capture: that they were counted in.
        fewest: numbers.
    """
    found: list[IsnSeries] = []
    if capture.openings is not None:
        for each in capture.openings.hosts.entries:
            if isinstance(each, IsnSeries) and len(each.isns) >= fewest:
                found.append(each)
    return sorted(found, key=_address)


def _address(series: IsnSeries) -> bytes:
    return series.address


def churned_services(capture: CaptureView, fewest: i64) -> list[tuple[ServiceCensus, Churn]]:
    """Services with so many connections within one window, in the order of their keys.

    Args:
        capture: that they were counted in.
        fewest: connections (`Churn.most`).
    """
    found: list[tuple[ServiceCensus, Churn]] = []
    if capture.census is not None:
        for each in capture.census.services.all():
            churn = each.churn
            if churn is not None and churn.most >= fewest:
                found.append((each, churn))
    return sorted(found, key=_key)


def _key(found: tuple[ServiceCensus, Churn]) -> bytes:
    return found[0].key


def scanning(capture: CaptureView) -> set[bytes]:
    """Addresses of the sources that scan (FL004)."""
    return {bytes(prober.address) for prober in probers(capture) if prober.scanning}
