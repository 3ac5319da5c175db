"""FL006: many short connections where one would do."""

from collections.abc import Iterator
from itertools import accumulate

from tcpflow_analyzer.findings.finding import CaptureView, Finding, seconds
from tcpflow_analyzer.findings.flood.counted import NOT_WOKEN, churned_services
from tcpflow_analyzer.findings.registry import host_finding
from tcpflow_analyzer.findings.time_wait.crowd import judge_host, socket_name
from tcpflow_analyzer.settings import NANOSECONDS, PROFILES
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.counts import Churn, ServiceCensus
from tcpflow_analyzer.table.socket_pair import address_text


@host_finding("FL006", severity="warning", since="0.2.0", wakes=NOT_WOKEN)
class ConnectionChurn:
    """Very many short connections where one persistent one would do.

    Set when, for one client and one service, all of the following hold:
      - over churn_window (10 s) it opened at least churn_per_second (20) connections a second on
        average, and some in each second: a single burst is none;
      - more than half of its connections that ended lived less than 1 s;
      - more than half of them carried less than 64 KiB of payload.

    Tells the TIME-WAIT load of that rate (rate times time_wait of the client's profile), and the
    share of the connections' time that their handshakes took. Counted for at most
    max_hosts services.

    Supersedes: nothing; TW009 and TW010 tell when TIME-WAIT or source ports run short.
    Why it matters: each costs a round trip, slow start and often TLS anew, and a port for a minute.
    What to do: keep-alive or a connection pool in the client; `ss -tan state time-wait | wc -l`.
    Not proof of: a fault: load generators and health checks do it on purpose.
    Other tools: none of Wireshark, Zeek, Suricata, tcptrace, conntrack.
    References: RFC 9293 section 3.6.1; RFC 9112 section 9.3 (persistent connections); otherwise not
        in any RFC.
    Seen in: fixtures/findings/FL006-connection-churn
    """

    def see(self, connection: Connection, capture: CaptureView) -> None:
        """Nothing: the census has counted."""

    def findings(self, capture: CaptureView) -> Iterator[Finding]:
        """One finding for each client and service with churn."""
        settings = capture.settings
        window = max(settings.churn_window_ns // NANOSECONDS, 1)
        for service, churn in churned_services(capture, settings.churn_per_second * window):
            if 2 * churn.short > churn.over and 2 * churn.light > churn.over:
                key = service.key
                source = capture.source_of_profile(key[: service.address_len], service.profile)
                yield _finding(key, service, churn, window, source)


def _finding(
    key: bytes, service: ServiceCensus, churn: Churn, window: int, profile_source: str
) -> Finding:
    length = int(service.address_len)
    client, server = address_text(key[:length]), socket_name(key, length, length)
    profile = PROFILES[service.profile]
    rate = churn.most / window
    client_closes = service.active_closes > 0
    return judge_host(
        "FL006",
        subject=f"{client} to {server}",
        severity="warning",
        certainty="observed",
        time_ns=int(churn.until_ns),
        frames=(int(churn.first_frame), int(churn.last_frame)),
        template=(
            "{client} opened {most} connections to {service} within {window} s ({rate:.1f} a "
            "second); half of {over} live at most {life} ms and carry at most {octets} octets, "
            "{handshake:.0%} of their time is handshake; {time_wait} TIME-WAIT at that rate, at "
            "the {holder}, by profile {profile} ({profile_source})"
        ),
        values={
            "client": client,
            "service": server,
            "most": int(churn.most),
            "window": window,
            "rate": rate,
            "over": int(churn.over),
            "life": _median(churn.lives),
            "octets": _median(churn.octets),
            "handshake": int(churn.handshake_ns) / max(int(churn.life_ns), 1),
            "time_wait": int(rate * seconds(profile.time_wait_ns)),
            "holder": "client" if client_closes else "service",
            "profile": profile.name,
            "profile_source": profile_source,
            "since_ns": int(churn.since_ns),
            "until_ns": int(churn.until_ns),
        },
        why="handshakes of one client with one service, counted by the second",
        would_disprove="a middlebox that speaks for many clients at this address",
    )


def _median(histogram: list[int]) -> int:
    """Upper bound of the bucket (a power of two) that holds the median."""
    half = sum(histogram) / 2
    digits = next(digits for digits, seen in enumerate(accumulate(histogram)) if seen >= half)
    return int((1 << digits) - 1)
