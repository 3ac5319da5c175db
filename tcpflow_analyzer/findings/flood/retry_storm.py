"""FL007: a client that does not wait."""

from collections.abc import Iterator

from tcpflow_analyzer.findings.finding import CaptureView, Finding, seconds
from tcpflow_analyzer.findings.flood.counted import NOT_WOKEN, retries
from tcpflow_analyzer.findings.registry import host_finding
from tcpflow_analyzer.findings.time_wait.crowd import judge_host, socket_name
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.openings import Retries, Row
from tcpflow_analyzer.table.socket_pair import address_text


@host_finding("FL007", severity="warning", since="0.2.0", wakes=NOT_WOKEN)
class RetryStorm:
    """A client hammers a failing service.

    Set when, for one client and one service, all of the following hold:
      - at least 5 attempts in a row fail: no answer for 10 s (HS001), RST (HS004), ICMP error
        (HS005), or the client resets the SYN-ACK (HS008);
      - each follows the one before within less than 5 s;
      - none between them succeeds.

    "Backoff" is constant, growing (gaps at least half again as long, more often than not) or
    irregular (the longest gap more than twice the shortest). One finding a client and service,
    about the longest row. Counted for at most twice max_hosts of them.

    Supersedes: HS001 and HS004 of its members, which become counts.
    Superseded by: FL001 of that listener.
    Why it matters: the attempts keep a service that is overloaded from coming back, and fill logs.
    What to do: let the client wait longer after each failure, with jitter; mend the service.
    Not proof of: a broken service: a monitoring probe that resets what answers looks the same.
    Other tools: Zeek counts of conn_state S0, REJ; Wireshark, Suricata, tcptrace and conntrack have
        no name for it.
    References: RFC 6298 section 5.5 (back off); otherwise not in any RFC.
    Seen in: fixtures/findings/FL007-retry-storm
    """

    def see(self, connection: Connection, capture: CaptureView) -> None:
        """Nothing: the observer has counted."""

    def findings(self, capture: CaptureView) -> Iterator[Finding]:
        """One finding for each client and service."""
        openings = capture.openings
        if openings is None:
            return
        for service in retries(capture):
            row = service.worst
            if row is not None and not openings.in_flood(service.destination, row.last_ns):
                yield _finding(service, row)


def _finding(service: Retries, row: Row) -> Finding:
    length = int(service.address_len)
    client = address_text(service.key[:length])
    server = socket_name(service.key, length, length)
    kinds = {
        "refused": int(row.refused),
        "unanswered": int(row.unanswered),
        "rejected by ICMP": int(row.rejected),
        "reset by the client": int(row.aborted),
    }
    failures = ", ".join(f"{count} {kind}" for kind, count in kinds.items() if count)
    return judge_host(
        "FL007",
        subject=f"{client} to {server}",
        severity="warning",
        certainty="inferred" if row.unanswered else "observed",
        time_ns=int(row.last_ns),
        frames=(int(row.first_frame), int(row.last_frame)),
        template=(
            "{client} tried {service} {attempts} times in a row within {lasted:.6f} s (frames "
            "{first_frame} to {last_frame}), gaps {least:.6f} to {most:.6f} s, {backoff}: "
            "{failures}"
        ),
        values={
            "client": client,
            "service": server,
            "attempts": int(row.count),
            "lasted": seconds(int(row.last_ns - row.first_ns)),
            "first_frame": int(row.first_frame),
            "last_frame": int(row.last_frame),
            "first_gap": seconds(int(row.first_gap_ns)),
            "last_gap": seconds(int(row.last_gap_ns)),
            "least": seconds(int(row.least_gap_ns)),
            "most": seconds(int(row.most_gap_ns)),
            "backoff": _backoff(row),
            "failures": failures,
        },
        why="attempts of one client at one service failed, and the next came soon",
        would_disprove="a success between them that the tap did not see",
    )


def _backoff(row: Row) -> str:
    if 2 * row.growths > row.count - 2:
        return "growing"
    return "constant" if row.most_gap_ns <= 2 * row.least_gap_ns else "irregular"
