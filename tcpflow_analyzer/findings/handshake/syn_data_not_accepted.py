"""HS016: data in the SYN for nothing."""

from collections.abc import Iterator

from tcpflow_analyzer.findings.finding import CaptureView, Finding, Severity, endpoint_name
from tcpflow_analyzer.findings.lifecycle.judgement import judge, tallies
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.endpoint import Endpoint
from tcpflow_analyzer.table.observation import (
    FAST_OPEN,
    HANDSHAKE_COMPLETED,
    SYN_WITH_DATA,
    Observation,
)


@finding(
    "HS016",
    severity="info",
    severities=("info", "warning"),
    since="0.1.0",
    wakes=SYN_WITH_DATA,
)
def syn_data_not_accepted(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """The SYN carried data that was not used by Fast Open.

    Set when a SYN has payload and one of the following holds:
      - "no-cookie": it has no Fast Open cookie;
      - "ignored": it has one, but the SYN-ACK acknowledges ISS+1 only.

    A warning when the handshake was completed, the sender then closed, and the data was not sent
    again.

    Superseded by: LC009 where the data was accepted.
    Why it matters: the data costs a round trip more, or is lost if the sender does not repeat it.
    What to do: `sysctl net.ipv4.tcp_fastopen` at the listener (bit 2), and the cookie's age.
    Not proof of: loss; the stack repeats the data after the handshake.
    Other tools: Wireshark tcp.analysis.tfo_ignored; Zeek SYN_with_data; Suricata
        3whs_synack_tfo_data_ignored; tcptrace and conntrack have no name for it.
    References: RFC 7413 section 4.2; RFC 9293 section 3.10.7.2.
    Seen in: fixtures/findings/HS016-syn-data-not-accepted
    """
    for opener, tally in tallies(connection, SYN_WITH_DATA):
        syn = tally.last
        if _accepted(connection, opener):
            continue
        lost = _lost(connection, opener, syn)
        severity: Severity = "warning" if lost else "info"
        has_cookie = syn.second > 0
        yield judge(
            "HS016",
            connection,
            about=opener,
            severity=severity,
            certainty="observed",
            time_ns=max(syn.time_ns, connection.synack_time_ns),
            frames=(syn.frame, connection.synack_frame),
            template=(
                "{socket} sent {octets} octets in its SYN (frame {frame}) {cookie}; {answer}, and "
                "they were {fate}"
            ),
            values={
                "socket": endpoint_name(connection, opener),
                "octets": syn.first,
                "frame": syn.frame,
                "sub_case": "ignored" if has_cookie else "no-cookie",
                "cookie": "with a cookie" if has_cookie else "without a Fast Open cookie",
                "answer": _answer(connection),
                "fate": _fate(opener, syn, lost),
            },
            why="the SYN has payload and the SYN-ACK does not acknowledge it",
            would_disprove="an acknowledgement of the data before it was sent again",
        )


def _answer(connection: Connection) -> str:
    if connection.synack_frame:
        return f"the SYN-ACK (frame {connection.synack_frame}) did not accept them"
    return "no SYN-ACK was captured"


def _accepted(connection: Connection, opener: Endpoint) -> bool:
    tally = connection.tally(FAST_OPEN, opener.is_originator)
    return tally is not None and tally.last.third > 0


def _sent_again(opener: Endpoint, syn: Observation) -> bool:
    """Whether the octets of the SYN, which its SYN-ACK left out, were acknowledged later."""
    return opener.snd_una > syn.first


def _lost(connection: Connection, opener: Endpoint, syn: Observation) -> bool:
    completed = connection.observed & HANDSHAKE_COMPLETED != 0
    return completed and opener.fin_frame > 0 and not _sent_again(opener, syn)


def _fate(opener: Endpoint, syn: Observation, lost: bool) -> str:
    if _sent_again(opener, syn):
        return "delivered later"
    return "never sent again" if lost else "not acknowledged so far"
