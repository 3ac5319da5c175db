"""What findings about many attempts share: walking over the counts. Registers nothing."""

from typing import Final

from tcpflow_analyzer.findings.finding import CaptureView
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


def isn_series(capture: CaptureView) -> list[IsnSeries]:
    """Hosts whose initial sequence numbers were kept, in the order of their addresses."""
    if capture.openings is None:
        return []
    found = [each for each in capture.openings.hosts.entries if isinstance(each, IsnSeries)]
    return sorted(found, key=lambda each: bytes(each.address))


def scanning(capture: CaptureView) -> set[bytes]:
    """Addresses of the sources that scan (FL004)."""
    return {bytes(prober.address) for prober in probers(capture) if prober.scanning}
