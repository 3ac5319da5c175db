"""KA005: who closes idle connections, and after what time."""

from collections.abc import Iterator
from typing import Final

from tcpflow_analyzer.findings.finding import (
    FRAMES_KEPT,
    CaptureView,
    Finding,
    Severity,
    endpoint_name,
    seconds,
)
from tcpflow_analyzer.findings.handshake.listener import listener_key, most_listeners
from tcpflow_analyzer.findings.lifecycle.judgement import tallies
from tcpflow_analyzer.findings.registry import host_finding
from tcpflow_analyzer.settings import NANOSECONDS
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.endpoint import Endpoint
from tcpflow_analyzer.table.socket_pair import socket_text
from tcpflow_analyzer.table.stream_observation import IDLE_CLOSE

CONNECTIONS_WANTED: Final = 3
TIMES_KEPT: Final = 8  # different idle times of one closer; further ones replace the least frequent
SLACK_NS: Final = NANOSECONDS // 2


class _Time:
    """Connections that were closed after about the same idle time."""

    def __init__(self, idle_ns: int, time_ns: int) -> None:
        self.mean_ns: float = idle_ns
        self.count = 0
        self.shortest_ns = idle_ns
        self.longest_ns = idle_ns
        self.first_ns = time_ns
        self.last_ns = time_ns
        self.races = 0
        self.frames: list[int] = []

    def fits(self, idle_ns: int) -> bool:
        """Within 2 % or half a second of the common value."""
        return abs(idle_ns - self.mean_ns) <= max(self.mean_ns / 50, SLACK_NS)

    def add(self, idle_ns: int, time_ns: int, race: bool, frame: int) -> None:
        self.count += 1
        self.mean_ns += (idle_ns - self.mean_ns) / self.count
        self.shortest_ns = min(self.shortest_ns, idle_ns)
        self.longest_ns = max(self.longest_ns, idle_ns)
        self.first_ns = min(self.first_ns, time_ns)
        self.last_ns = max(self.last_ns, time_ns)
        self.races += race
        if len(self.frames) < FRAMES_KEPT:
            self.frames.append(frame)


class _Closer:
    """A listener, or a client of a service, that closes idle connections."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.times: list[_Time] = []

    def time_of(self, idle_ns: int, time_ns: int) -> _Time:
        for time in self.times:
            if time.fits(idle_ns):
                return time
        if len(self.times) == TIMES_KEPT:
            self.times.remove(min(self.times, key=lambda each: each.count))
        time = _Time(idle_ns, time_ns)
        self.times.append(time)
        return time


@host_finding(
    "KA005",
    severity="info",
    severities=("info", "warning"),
    since="0.2.0",
    stream_wakes=IDLE_CLOSE,
)
class IdleTimeoutClose:
    """A side closes connections after a constant idle time: an idle time-out was found.

    Set when, for one listener or for one client of a service, all of the following hold:
      - it sent the first FIN, without data, at least 1 s after the last data of both ends (or after
        the handshake, where there was none);
      - it did so on at least 3 connections after the same time T, within 2 % or 0.5 s.

    A warning when on one of them the other end's next request crossed the FIN and was answered by
    RST: the race that each idle time-out has. State is kept for at most four times max_hosts
    sides, with their 8 most frequent times.

    Supersedes: nothing.
    Why it matters: a client that reuses a connection just when the time is over loses its request.
    What to do: let the client close first: its idle time-out has to be shorter than the server's;
        or repeat requests that may be repeated.
    Not proof of: a setting; a client that asks once a minute closes regularly, too.
    Other tools: none of Wireshark, Zeek, Suricata, tcptrace, conntrack looks for it.
    References: RFC 9293 section 3.6; RFC 9112 section 9.5.
    Seen in: fixtures/findings/KA005-idle-timeout-close
    """

    def __init__(self) -> None:
        """Begin with no side."""
        self._closers: dict[bytes, _Closer] = {}
        self.left_out = 0

    def see(self, connection: Connection, capture: CaptureView) -> None:
        """Take note of a connection that was closed after idle time."""
        for closer, tally in tallies(connection, IDLE_CLOSE):
            side = self._side(connection, closer, capture)
            if side is not None:
                note = tally.kept[0]
                time = side.time_of(int(note.first), int(note.time_ns))
                race = _is_race(connection, closer)
                time.add(int(note.first), int(note.time_ns), race, int(note.frame))

    def _side(
        self, connection: Connection, closer: Endpoint, capture: CaptureView
    ) -> _Closer | None:
        length = int(connection.address_len)
        key = listener_key(connection)
        if closer.is_originator:
            key = b"\0" + bytes(connection.key)[:length] + key
        side = self._closers.get(key)
        if side is None:
            if len(self._closers) >= most_listeners(capture.settings):
                self.left_out += 1
                return None
            side = _Closer(_name(connection, closer))
            self._closers[key] = side
        return side

    def findings(self, capture: CaptureView) -> Iterator[Finding]:
        """One finding for each side: its most frequent time."""
        for side in self._closers.values():
            time = max(side.times, key=lambda each: each.count)
            if time.count >= CONNECTIONS_WANTED:
                yield self._finding(side, time)

    def _finding(self, side: _Closer, time: _Time) -> Finding:
        severity: Severity = "warning" if time.races else "info"
        return Finding(
            code="KA005",
            name="idle-timeout-close",
            severity=severity,
            certainty="inferred",
            connection=None,
            endpoint=None,
            time_ns=time.last_ns,
            frames=tuple(sorted(time.frames)),
            frame_count=time.count,
            template=(
                "{side} closed {connections} connections after {idle:.3f} s without data; on "
                "{races} of them a request crossed the FIN and was lost"
            ),
            values={
                "side": side.name,
                "connections": time.count,
                "idle": time.mean_ns / NANOSECONDS,
                "shortest": seconds(time.shortest_ns),
                "longest": seconds(time.longest_ns),
                "races": time.races,
                "interval": seconds(time.last_ns - time.first_ns),
                "other_times": len(side.times) - 1,
                "sides_left_out": self.left_out,
            },
            why="FINs came the same time after the last data of their connections",
            would_disprove="a program that closes for another reason at that pace",
            subject=side.name,
        )


def _name(connection: Connection, closer: Endpoint) -> str:
    """The listener, or the client without its port and the service it uses."""
    listener = endpoint_name(connection, connection.responder)
    if not closer.is_originator:
        return listener
    client = socket_text(connection.key, connection.address_len, True).rpartition(":")[0]
    return f"{client}, client of {listener}"


def _is_race(connection: Connection, closer: Endpoint) -> bool:
    """Whether new data of the other end met a socket that was closed already."""
    return any(
        reset.of_originator == closer.is_originator
        and reset.frame > closer.fin_frame
        and reset.trigger_payload_len > 0
        and reset.trigger_new
        for reset in connection.resets or ()
    )
