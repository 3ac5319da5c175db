"""HS014: a listener that answers others."""

from collections.abc import Iterator

from tcpflow_analyzer.findings.finding import FRAMES_KEPT, CaptureView, Finding, endpoint_name, noun
from tcpflow_analyzer.findings.handshake.listener import listener_key, most_listeners
from tcpflow_analyzer.findings.lifecycle.judgement import tallies
from tcpflow_analyzer.findings.registry import host_finding
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.observation import SYN_DROPPED


class _Listener:
    """SYNs that one listener ignored while it answered others."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.syns = 0
        self.connections = 0
        self.answered = 0
        self.paws = 0
        self.last_ns = 0
        self.frames: list[int] = []


@host_finding("HS014", severity="warning", since="0.1.0", wakes=SYN_DROPPED)
class SynDroppedByListener:
    """A listener that was answering others ignored this SYN.

    Set when, for one listener, all of the following hold:
      - a SYN had no answer for 0.9 s and more, and was sent again;
      - at least 3 other SYNs to the same listener within 1 s of it were answered in less than 0.5
        s.

    "paws" counts SYNs of an address that holds TIME-WAIT at the listener with a newer timestamp.
    State is kept for at most four times max_hosts listeners; how many were left out is told.

    Supersedes: nothing; the repeated SYNs are HS002, those never answered HS001.
    Why it matters: some clients wait a second and more, the others notice nothing.
    What to do: `nstat -az TcpExtListenDrops TcpExtListenOverflows TcpExtPAWSPassive`; see HS013,
        SYN queue and rate limits; clients behind one address translator with different timestamps.
    Not proof of: a full queue; the one SYN may have been lost on its way to the listener.
    Other tools: Zeek conn_state S0 for those never answered; Wireshark, Suricata, tcptrace and
        conntrack have no name for it.
    References: RFC 4987 section 2.2; RFC 7323 section 5.5; RFC 6191.
    Seen in: fixtures/findings/HS014-syn-dropped-by-listener
    """

    def __init__(self) -> None:
        """Begin with no listener."""
        self._listeners: dict[bytes, _Listener] = {}
        self.left_out = 0

    def see(self, connection: Connection, capture: CaptureView) -> None:
        """Take note of the ignored SYNs of one connection."""
        key = listener_key(connection)
        listener = self._listeners.get(key)
        if listener is None:
            if len(self._listeners) >= most_listeners(capture.settings):
                self.left_out += 1
                return
            listener = _Listener(endpoint_name(connection, connection.responder))
            self._listeners[key] = listener
        listener.connections += 1
        for _, tally in tallies(connection, SYN_DROPPED):
            listener.syns += int(tally.count)
            listener.last_ns = max(listener.last_ns, int(tally.last.time_ns))
            for item in tally.kept:
                listener.answered = max(listener.answered, int(item.first))
                listener.paws += int(item.third)
                listener.frames += [int(item.frame), int(item.second)]
        listener.frames = sorted(set(listener.frames) - {0})[:FRAMES_KEPT]

    def findings(self, capture: CaptureView) -> Iterator[Finding]:
        """One finding for each listener that ignored SYNs."""
        for listener in self._listeners.values():
            yield Finding(
                code="HS014",
                name="syn-dropped-by-listener",
                severity="warning",
                certainty="inferred",
                connection=None,
                endpoint=None,
                time_ns=listener.last_ns,
                frames=tuple(listener.frames),
                frame_count=max(listener.syns, len(listener.frames)),
                template=(
                    "{listener} left {syns} SYN of {connections} "
                    + noun(listener.connections, "connection")
                    + " unanswered while it answered {answered} others within 1 s of one of them"
                ),
                values={
                    "listener": listener.name,
                    "syns": listener.syns,
                    "connections": listener.connections,
                    "answered": listener.answered,
                    "paws": listener.paws,
                    "listeners_left_out": self.left_out,
                },
                why="SYNs to the same address and port were answered just before and after",
                would_disprove="the SYNs having been lost between the tap and the listener",
                subject=listener.name,
            )
