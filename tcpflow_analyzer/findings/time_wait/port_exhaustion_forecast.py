"""TW010: running out of source ports."""

from collections.abc import Iterator
from typing import Final

from tcpflow_analyzer.findings.finding import CaptureView, Finding, Severity, seconds
from tcpflow_analyzer.findings.registry import host_finding
from tcpflow_analyzer.findings.time_wait.crowd import busy_services, judge_host, socket_name
from tcpflow_analyzer.observer.standing import ClientStanding
from tcpflow_analyzer.settings import NANOSECONDS, PROFILES, Settings
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.counts import ServiceCensus
from tcpflow_analyzer.table.socket_pair import address_text

NOT_WOKEN: Final = 0  # the census counts; no connection has to be looked at
WARNING_PERCENT: Final = 80
ERROR_PERCENT: Final = 95
STEADY_NS: Final = 10 * NANOSECONDS  # a rate is one that lasted so long


@host_finding(
    "TW010", severity="error", severities=("warning", "error"), since="0.1.0", wakes=NOT_WOKEN
)
class PortExhaustionForecast:
    """The client is about to run out (or ran out) of ephemeral ports toward one service.

    Set when one of the following holds, for one client, one server address and port:
      - connections open or in TIME-WAIT at the client reached 80 % (a warning) or 95 % (an error)
        of its source ports at once;
      - the rate at which the client closed actively, kept up for at least 10 s, fills all ports
        within time_wait of its profile (seconds, Linux 60): an error.
    Source ports are those of the client's profile (Linux 28232, Windows and macOS 16384, FreeBSD
    55536), or the range that was seen where it is wider; ephemeral_ports (a number) overrides them.
    Counted for at most max_hosts pairs of client and service.

    Supersedes: nothing.
    Why it matters: connect() fails with "cannot assign requested address" although the service is
        up, or has to reuse a pair in TIME-WAIT.
    What to do: keep connections open and reuse them; let the server close first; widen
        net.ipv4.ip_local_port_range; use more source or destination addresses.
    Not proof of: a failed connect(): the tap cannot see it. `in_use` counts what was captured.
    Other tools: none of Wireshark, Zeek, Suricata, tcptrace, conntrack counts per service.
    References: RFC 9293 section 3.6; RFC 6056 section 3.2; Linux net.ipv4.ip_local_port_range.
    Seen in: fixtures/findings/TW010-port-exhaustion-forecast
    """

    def see(self, connection: Connection, capture: CaptureView) -> None:
        """Nothing: the census has counted."""

    def findings(self, capture: CaptureView) -> Iterator[Finding]:
        """One finding for each busy pair of client and service, the busiest first."""
        for service in busy_services(capture, _least_peak(capture.settings), STEADY_NS):
            key = service.key
            capacity = ports_of(service, capture.settings)
            held_ns = _time_wait_ns(service, capture.settings)
            rate, needed = _steady(service, held_ns)
            severity = _severity(service.peak, capacity, needed)
            if severity is None:
                continue
            source = capture.source_of_profile(key[: service.address_len], service.profile)
            yield _finding(key, service, severity, capacity, rate, needed, held_ns, source)


def _finding(
    key: bytes,
    service: ServiceCensus,
    severity: Severity,
    capacity: int,
    rate: float,
    needed: int,
    held_ns: int,
    profile_source: str,
) -> Finding:
    length = service.address_len
    client, server = address_text(key[:length]), socket_name(key, length, length)
    template = (
        "{client} had {peak} of {capacity} source ports in use towards {service} at once, "
        "{time_wait} of them in TIME-WAIT in the end; profile {profile} ({profile_source})"
    )
    if needed:
        template += "; {rate:.1f} closes a second for {held:.0f} s each need {needed}"
    return judge_host(
        "TW010",
        subject=f"{client} to {server}",
        severity=severity,
        certainty="assumed",
        time_ns=service.peak_time_ns,
        frames=(service.peak_frame,),
        template=template,
        values={
            "client": client,
            "service": server,
            "peak": service.peak,
            "capacity": capacity,
            "percent": 100 * service.peak // capacity,
            "time_wait": service.time_wait_now,
            "closes": service.active_closes,
            "rate": rate,
            "needed": needed,
            "held": seconds(held_ns),
            "hit": service.peak >= capacity,
            "first_port": service.first_port,
            "last_port": service.last_port,
            "profile": PROFILES[service.profile].name,
            "profile_source": profile_source,
        },
        why="one connection needs one source port, and TIME-WAIT keeps it for the profile's time",
        would_disprove="a wider port range, or a shorter TIME-WAIT, on the client",
    )


def ports_of(client: ServiceCensus | ClientStanding, settings: Settings) -> int:
    """How many source ports the client has."""
    if settings.ephemeral_ports is not None:
        return settings.ephemeral_ports
    profile = PROFILES[client.profile]
    seen = client.last_port - client.first_port + 1
    return max(profile.last_port - profile.first_port + 1, seen)


def _least_peak(settings: Settings) -> int:
    """The smallest peak that may be worth a word, whatever the client's profile."""
    ports = settings.ephemeral_ports
    if ports is None:
        ports = min(profile.last_port - profile.first_port + 1 for profile in PROFILES)
    return WARNING_PERCENT * ports // 100


def _time_wait_ns(service: ServiceCensus, settings: Settings) -> int:
    if settings.msl_ns is not None:
        return 2 * settings.msl_ns
    return PROFILES[service.profile].time_wait_ns


def _steady(service: ServiceCensus, held_ns: int) -> tuple[float, int]:
    """Active closes a second, and the ports that they occupy in the long run; 0 if not steady."""
    lasted_ns = service.last_close_ns - service.first_close_ns
    if lasted_ns < STEADY_NS:
        return 0.0, 0
    # The first close begins the interval, so that one less fell into it.
    rate = (int(service.active_closes) - 1) * NANOSECONDS / int(lasted_ns)
    return rate, int(rate * held_ns / NANOSECONDS)


def _severity(peak: int, capacity: int, needed: int) -> Severity | None:
    if 100 * peak >= ERROR_PERCENT * capacity or needed >= capacity:
        return "error"
    return "warning" if 100 * peak >= WARNING_PERCENT * capacity else None
