"""TW011: initial sequence numbers that go back."""

from collections.abc import Iterator

from tcpflow_analyzer.findings.finding import CaptureView, Finding
from tcpflow_analyzer.findings.lifecycle.judgement import judge
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.findings.time_wait.reuse import Reuse, reuse, reuse_values
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.observation import REUSED


@finding("TW011", severity="warning", since="0.1.0", wakes=REUSED, context="pair")
def isn_regression(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """A later incarnation started below the previous one's sequence space.

    Set when all of the following hold:
      - the same socket opened two connections on one socket pair, the second less than 2 MSL (240
        s) after the end of the first, by FIN or RST; in fact less than 137 s, because after that
        the clock of a Linux host has passed half of the number space;
      - the new initial number is below the highest number of the old connection;
      - timestamps do not tell old from new.

    Superseded by: TW005 where an end holds TIME-WAIT; TW013 where it warns of the same overlap.
    Why it matters: segments of the old connection may look like data of the new one; a stack with
        a clock of initial numbers keeps them apart.
    What to do: find out what made the number: a stack with random numbers, a proxy or a NAT gateway
        that maps several hosts to one address, a host that restarted.
    Not proof of: danger; random numbers fall below as often as above.
    Other tools: conntrack compares with td_end only; Wireshark, Zeek, Suricata and tcptrace do not
        look.
    References: RFC 9293 section 3.4.1; RFC 6528 section 3; Linux net/core/secure_seq.c.
    Seen in: fixtures/findings/TW011-isn-regression
    """
    found = reuse(connection)
    if found is None or not _is_due(found):
        return
    values = reuse_values(connection, found)
    values["expected"] = found.age_ns // 4_000  # RFC 9293 section 3.4.1: a clock of 4 microseconds
    yield judge(
        "TW011",
        connection,
        about=connection.originator,
        certainty="observed",
        time_ns=found.syn_time_ns,
        frames=(found.previous.end_frame, found.syn_frame),
        template=(
            "{opener} opened the socket pair of connection {previous} again after {age:.6f} s "
            "with initial number {new_number} (frame {syn_frame}), {advance:+d} from the old "
            "{old_number}"
        ),
        values=values,
        why="the new initial number lies below the end of the old stream, modulo 2**32",
        would_disprove="the old connection having been another host's behind one address",
    )


def _is_due(found: Reuse) -> bool:
    if found.previous.reset:
        return found.is_regression and found.overlap == 0  # else TW013 warns of it
    return found.code == "TW011"
