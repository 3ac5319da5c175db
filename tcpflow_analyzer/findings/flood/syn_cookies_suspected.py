"""FL003: the listener answers without keeping anything."""

from collections.abc import Iterator
from typing import Final

from tcpflow_analyzer.findings.finding import CaptureView, Finding, seconds
from tcpflow_analyzer.findings.flood.counted import NOT_WOKEN, listeners
from tcpflow_analyzer.findings.flood.syn_queue_pressure import WARNING_PERCENT
from tcpflow_analyzer.findings.registry import host_finding
from tcpflow_analyzer.findings.time_wait.crowd import judge_host, socket_name
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.openings import Arrivals, Cookies

MISSING: Final = 3  # SYN-ACKs without options that were given before
ENCODED: Final = 8  # by chance once in 32**8


@host_finding("FL003", severity="info", since="0.2.0", wakes=NOT_WOKEN)
class SynCookiesSuspected:
    """The listener switched to SYN cookies.

    Set when, for one listener with FL001 or FL002, all of the following hold:
      - at least 3 SYN-ACKs lack window scale, SACK or timestamps that SYN-ACKs for equal offers had
        carried before; or at least 8 SYN-ACKs in a row carry the client's window scale and SACK in
        the low bits of their timestamp, as Linux encodes them;
      - in the former case, the MSS of each is one of 536, 1220, 1300, 1440, 1460;
      - none of its SYN-ACKs was sent again from the first to the last of these.

    Supersedes: nothing; it explains why no SYN-ACK is repeated in FL001.
    Why it matters: the listener goes on, but without options, and a lost third ACK is not noticed.
    What to do: nothing, if the flood is real; else raise the backlog: FL002, `nstat -az
        TcpExtSyncookiesSent`, dmesg "possible SYN flooding".
    Not proof of: cookies; a middlebox that answers in the listener's name looks alike (MB004).
    Other tools: none of Wireshark, Zeek, Suricata, tcptrace, conntrack.
    References: RFC 4987 section 3.6; Linux net/ipv4/syncookies.c cookie_init_timestamp.
    Seen in: fixtures/findings/FL003-syn-cookies-suspected
    """

    def see(self, connection: Connection, capture: CaptureView) -> None:
        """Nothing: the observer has counted."""

    def findings(self, capture: CaptureView) -> Iterator[Finding]:
        """One finding for each listener that seems to use cookies."""
        backlog = capture.settings.backlog
        for listener in listeners(capture):
            bare = listener.bare
            pressed = 100 * listener.peak >= WARNING_PERCENT * backlog
            if bare is None or bare.repeats or not (listener.floods or pressed):
                continue
            if (bare.missing >= MISSING and not bare.odd_mss) or bare.most_encoded >= ENCODED:
                yield _finding(listener, bare)


def _finding(listener: Arrivals, bare: Cookies) -> Finding:
    name = socket_name(listener.key, listener.address_len)
    missing = bare.missing >= MISSING
    template = "{listener} sent {synacks} SYN-ACK from frame {first_frame} to {last_frame} "
    if missing:
        template += "without options that frame {before_frame} still carried, and repeated none"
    else:
        template += "with the client's options in the low bits of TSval, and repeated none"
    return judge_host(
        "FL003",
        subject=name,
        severity="info",
        certainty="inferred",
        time_ns=int(bare.last_ns),
        frames=(int(bare.before_frame), int(bare.first_frame), int(bare.last_frame)),
        template=template,
        values={
            "listener": name,
            "synacks": int(bare.missing if missing else bare.most_encoded),
            "encoded": not missing,
            "mss": int(bare.mss),
            "before_frame": int(bare.before_frame),
            "first_frame": int(bare.first_frame),
            "last_frame": int(bare.last_frame),
            "lasted": seconds(int(bare.last_ns - bare.first_ns)),
        },
        why="its answers carry only what fits a cookie, and it does not repeat them",
        would_disprove="one of these SYN-ACKs sent again",
    )
