"""What findings about hosts share: names of census entries, the output type. Registers nothing.

Compiled: yes
"""

from collections.abc import Iterable, Mapping

from mypy_extensions import i64

from tcpflow_analyzer.findings.finding import CaptureView, Finding, Severity
from tcpflow_analyzer.findings.registry import rules
from tcpflow_analyzer.table.counts import ListenerCensus, ServiceCensus
from tcpflow_analyzer.table.socket_pair import address_text


def socket_name(key: bytes, address_len: int, position: int = 0) -> str:
    """`address:port` of a census key whose address begins at `position`, its port behind it."""
    address = address_text(key[position : position + address_len])
    end = position + address_len
    port = int.from_bytes(key[end : end + 2], "big")
    return f"[{address}]:{port}" if address_len == 16 else f"{address}:{port}"


def busy_services(capture: CaptureView, least_peak: i64, steady_ns: i64) -> list[ServiceCensus]:
    """Services that had many source ports in use, or were closed for long, the busiest first.

    Args:
        capture: that they were counted in.
        least_peak: ports in use at once.
        steady_ns: from the first active close to the last, in nanoseconds.
    """
    found: list[ServiceCensus] = []
    if capture.census is not None:
        for each in capture.census.services.all():
            if each.peak >= least_peak or each.last_close_ns - each.first_close_ns >= steady_ns:
                found.append(each)
    return sorted(found, key=_most_ports_first)


def _most_ports_first(service: ServiceCensus) -> tuple[int, bytes]:
    return -service.peak, service.key


def listeners_in_time_wait(capture: CaptureView) -> list[ListenerCensus]:
    """Listeners that entered TIME-WAIT, those with the most entries first."""
    found: list[ListenerCensus] = []
    if capture.census is not None:
        for each in capture.census.listeners.all():
            if each.time_wait_count > 0:
                found.append(each)
    return sorted(found, key=_most_entries_first)


def _most_entries_first(listener: ListenerCensus) -> tuple[int, bytes]:
    return -listener.time_wait_count, listener.key


def judge_host(
    code: str,
    *,
    subject: str,
    severity: Severity,
    certainty: str,
    time_ns: int,
    frames: Iterable[int],
    template: str,
    values: Mapping[str, object],
    why: str,
    would_disprove: str,
) -> Finding:
    """Make a finding about a host, a listener or a service, whose name is `subject`."""
    proving = sorted({frame for frame in frames if frame > 0})
    return Finding(
        code=code,
        name=rules()[code].name,
        severity=severity,
        certainty=certainty,
        connection=None,
        endpoint=None,
        time_ns=time_ns,
        frames=tuple(proving),
        frame_count=len(proving),
        template=template,
        values=values,
        why=why,
        would_disprove=would_disprove,
        subject=subject,
    )
