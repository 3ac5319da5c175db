"""TW009: too many at once."""

from collections.abc import Iterator
from typing import Final

from tcpflow_analyzer.findings.finding import CaptureView, Finding
from tcpflow_analyzer.findings.registry import host_finding
from tcpflow_analyzer.findings.time_wait.crowd import judge_host, socket_name
from tcpflow_analyzer.observer.census import Census
from tcpflow_analyzer.settings import PROFILES
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.socket_pair import address_text

TOP: Final = 3  # services that are named
NOT_WOKEN: Final = 0  # the census counts; no connection has to be looked at


@host_finding("TW009", severity="warning", since="0.1.0", wakes=NOT_WOKEN)
class TimeWaitAccumulation:
    """Too many TIME-WAIT entries at one host at once.

    Set when the following holds:
      - the endpoints of one address that were in TIME-WAIT at the same time, each for time_wait of
        its profile (seconds, Linux 60), were at least time_wait_warn (connections, default 10000),
        or half of the profile's limit (Linux tcp_max_tw_buckets, 262144).
    One finding a host, about its highest count. Counted for at most max_hosts hosts.

    Supersedes: nothing; TW010 tells of a client that runs out of ports by it.
    Why it matters: each entry takes memory and, at a client, a source port; above the limit Linux
        drops new ones without TIME-WAIT (TW003).
    What to do: keep connections open and reuse them; let the other end close first; `ss -s` and
        `nstat -az TcpTW` count them on the host.
    Not proof of: harm; a server holds a hundred thousand without trouble.
    Other tools: conntrack -S and -C count only; Wireshark, Zeek, Suricata and tcptrace do not.
    References: RFC 9293 section 3.6; Linux net.ipv4.tcp_max_tw_buckets.
    Seen in: fixtures/findings/TW009-time-wait-accumulation
    """

    def see(self, connection: Connection, capture: CaptureView) -> None:
        """Nothing: the census has counted."""

    def findings(self, capture: CaptureView) -> Iterator[Finding]:
        """One finding for each host with a high peak, the highest first."""
        census = capture.census
        if census is None:
            return
        buckets = [profile.time_wait_buckets for profile in PROFILES]
        least = min(count // 2 for count in buckets if count is not None)
        least = min(least, capture.settings.time_wait_warn)
        busy = [host for host in census.hosts.all() if host.peak >= least]
        for host in sorted(busy, key=lambda host: (-host.peak, host.key)):
            key = host.key
            profile = PROFILES[host.profile]
            limit = capture.settings.time_wait_warn
            if profile.time_wait_buckets is not None:
                limit = min(limit, profile.time_wait_buckets // 2)
            if host.peak < limit:
                continue
            name = address_text(key[: host.address_len])
            services = _services(census, key[: host.address_len])
            template = (
                "{host} held {peak} TIME-WAIT at once, {originator_side} as originator and "
                "{responder_side} as responder, {entered} in all (profile {profile}, "
                "{profile_source})"
            )
            if services:
                template += "; most of them towards {services}"
            yield judge_host(
                "TW009",
                subject=name,
                severity="warning",
                certainty="assumed",
                time_ns=host.peak_time_ns,
                frames=(host.peak_frame,),
                template=template,
                values={
                    "host": name,
                    "peak": host.peak,
                    "originator_side": host.originator_side,
                    "responder_side": host.responder_side,
                    "entered": host.entered,
                    "limit": limit,
                    "profile": profile.name,
                    "profile_source": capture.source_of_profile(
                        key[: host.address_len], host.profile
                    ),
                    "services": ", ".join(services),
                },
                why="TIME-WAIT entered and not yet over by the profile, counted together",
                would_disprove="a shorter TIME-WAIT than the profile's on this host",
            )


def _services(census: Census, client: bytes) -> list[str]:
    """The services towards which a client closed most often, as originator."""
    length = len(client)
    closed = [
        (service.active_closes, socket_name(service.key, length, length))
        for service in census.services.all()
        if service.active_closes
        and service.address_len == length
        and service.key[:length] == client
    ]
    return [name for _, name in sorted(closed, key=lambda item: (-item[0], item[1]))[:TOP]]
