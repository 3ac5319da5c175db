"""Decides what a ladder shows, line by line, whatever it is drawn with.

In: a connection's record, its segments, its findings. Out: `Line`s: a segment each, with the
states of both ends behind it; runs of segments that change nothing folded into one; timers,
findings and what was taken back on lines of their own; and the end of TIME-WAIT.
"""

from collections.abc import Collection, Sequence
from typing import Final, NamedTuple

from tcpflow_analyzer.findings.finding import SEVERITIES, Finding
from tcpflow_analyzer.report.course import (
    ORIGINATOR,
    RESPONDER,
    Standing,
    Step,
    course,
    standing_at_first,
)
from tcpflow_analyzer.report.record import ConnectionRecord, TransitionRecord
from tcpflow_analyzer.report.rungs import Rung
from tcpflow_analyzer.report.wording import counted, duration_text, listed
from tcpflow_analyzer.tcp.control_bits import ACK, FIN, RST, SYN, control_bit_names
from tcpflow_analyzer.tcp.sequence import distance
from tcpflow_analyzer.tcp.states import State

LONGEST_RUN: Final = 6  # of plain segments; of longer ones the first and the last are drawn
MOST_FRAMES_NAMED: Final = 3
# Kinds of lines.
SEGMENT: Final = "segment"
FOLD: Final = "fold"
EVENT: Final = "event"
NOTE: Final = "note"
# Marks of lines, besides severities.
MARKED: Final = "marked"
CORRECTION: Final = "correction"
EVENT_WORDS: Final = {
    "timer TIME-WAIT": "TIME-WAIT ends by the clock",
    "timer give-up": "gives up by the clock",
}
AFTER_CAPTURE: Final = "TIME-WAIT ends (not captured)"


class Line(NamedTuple):
    """One line of a ladder.

    Attributes:
        kind: SEGMENT, FOLD, EVENT (a state changes without a segment) or NOTE.
        parts: what it says, in parts that stay on one line each.
        originator, responder: where the ends stand afterwards.
        shows_originator, shows_responder: whether that is new and to be shown.
        time_ns: nanoseconds since the epoch, None for a fold or a note.
        gap_ns: since the segment before, of a segment that has one before it.
        frame: of a segment or an event, else None.
        from_originator: of a segment who sent it; of an event whose it is.
        mark: what is remarkable: a severity, MARKED, CORRECTION or "".
    """

    kind: str
    parts: tuple[str, ...]
    originator: Standing
    responder: Standing
    shows_originator: bool = False
    shows_responder: bool = False
    time_ns: int | None = None
    gap_ns: int | None = None
    frame: int | None = None
    from_originator: bool = True
    mark: str = ""

    @property
    def text(self) -> str:
        """What it says."""
        return " ".join(self.parts)


class PlanOptions(NamedTuple):
    """What a ladder shows.

    Attributes:
        absolute: sequence numbers as on the wire, not counted from the first of each end.
        unfold: every segment on a line of its own.
        show_all: findings that are mere facts too.
    """

    absolute: bool = False
    unfold: bool = False
    show_all: bool = False


class _Marks(NamedTuple):
    """What is to be said about frames: a mark beside them, and notes below them."""

    beside: dict[int, str]
    below: dict[int, list[Finding]]


def plan_ladder(
    connection: ConnectionRecord,
    rungs: Sequence[Rung],
    findings: Sequence[Finding] = (),
    marked: Collection[int] = (),
    options: PlanOptions | None = None,
) -> list[Line]:
    """Give the lines of a connection's ladder.

    Args:
        connection: its record, with its transitions.
        rungs: its segments in the order of the capture.
        findings: about it; those that are shown are noted at the last of their frames.
        marked: numbers of frames that get a mark and are never folded.
        options: what is shown.
    """
    options = options or PlanOptions()
    shown = shown_findings(findings, options.show_all)
    planner = _Planner(connection, rungs, _marks(rungs, shown, marked), options)
    return planner.lines()


def shown_findings(findings: Sequence[Finding], show_all: bool) -> list[Finding]:
    """Give the findings that a ladder shows: warnings and errors, or all."""
    return [each for each in findings if show_all or each.severity != "info"]


def headline(connection: ConnectionRecord) -> str:
    """Write how a connection was closed, and how it was left."""
    if connection.shape == "none":
        how = "not closed"
    elif connection.active_closer is None:
        how = f"close: {connection.shape}"
    elif connection.active_closer == "both":
        how = f"{connection.shape} close by both ends"
    else:
        how = f"{connection.shape} close by the {connection.active_closer}"
    states = f"{connection.originator.state}/{connection.responder.state}"
    until = ""
    ends = (connection.originator, connection.responder)
    holds = any(end.state == State.TIME_WAIT for end in ends)
    if holds and connection.time_wait_until_ns is not None:
        after = (connection.time_wait_until_ns - connection.first_time_ns) / 1e9
        until = f", TIME-WAIT until +{after:.2f} s"
    return f"{how}; left in {states}{until}"


def _marks(rungs: Sequence[Rung], findings: Sequence[Finding], marked: Collection[int]) -> _Marks:
    """Find the frames that findings rest on, as far as they are of this connection."""
    own = {rung.frame for rung in rungs} if findings else set()
    marks = _Marks(dict.fromkeys(marked, MARKED), {})
    for finding in findings:
        frames = [frame for frame in finding.frames if frame in own]
        for frame in frames:
            marks.beside[frame] = _worse(marks.beside.get(frame, ""), finding.severity)
        if frames:
            marks.below.setdefault(frames[-1], []).append(finding)
    return marks


def _worse(mark: str, severity: str) -> str:
    if mark in SEVERITIES and SEVERITIES.index(mark) > SEVERITIES.index(severity):
        return mark
    return severity


class _Planner:
    """Makes the lines of one ladder."""

    def __init__(
        self,
        connection: ConnectionRecord,
        rungs: Sequence[Rung],
        marks: _Marks,
        options: PlanOptions,
    ) -> None:
        self._connection = connection
        self._rungs = rungs
        self._marks = marks
        self._options = options
        self._numbers = Numbers(connection, rungs, absolute=options.absolute)
        self._lines: list[Line] = []
        self._run: list[Step] = []
        self._last_ns: int | None = None

    def lines(self) -> list[Line]:
        """Give all lines."""
        first = [standing_at_first(self._connection, side) for side in (ORIGINATOR, RESPONDER)]
        if not self._connection.midstream:
            self._lines.append(Line(EVENT, (), first[0], first[1], True, True))
        step = None
        for step in course(self._connection, self._rungs):
            if self._is_plain(step):
                self._run.append(step)
                continue
            self._end_run()
            if step.rung is not None:
                self._segment(step)
            else:
                self._event(step)
        self._end_run()
        if step is not None:
            self._deadline(step)
        if self._connection.midstream and self._lines:
            # Where it stood before nobody has seen.
            self._lines[0] = self._lines[0]._replace(shows_originator=True, shows_responder=True)
        return self._lines

    def _is_plain(self, step: Step) -> bool:
        """Whether a step may be folded: a segment that changes nothing and proves nothing."""
        return (
            step.rung is not None
            and not step.changes
            and step.rung.frame not in self._marks.beside
            and not step.rung.control_bits & (SYN | FIN | RST)
        )

    def _end_run(self) -> None:
        """Write the segments that change nothing; the middle of many as a count."""
        run, self._run = self._run, []
        if self._options.unfold or len(run) <= LONGEST_RUN:
            for step in run:
                self._segment(step)
            return
        self._segment(run[0])
        inner = [step.rung for step in run[1:-1] if step.rung is not None]
        self._lines.append(Line(FOLD, fold_parts(inner), run[0].originator, run[0].responder))
        self._last_ns = inner[-1].time_ns
        self._segment(run[-1])

    def _segment(self, step: Step) -> None:
        rung = step.rung
        if rung is None:
            return
        changed = {change.endpoint for change in step.changes}
        gap = None if self._last_ns is None else rung.time_ns - self._last_ns
        self._last_ns = rung.time_ns
        self._lines.append(
            Line(
                SEGMENT,
                self._numbers.describe(rung),
                step.originator,
                step.responder,
                ORIGINATOR in changed,
                RESPONDER in changed,
                rung.time_ns,
                gap,
                rung.frame,
                rung.from_originator,
                self._marks.beside.get(rung.frame, ""),
            )
        )
        self._corrections(step)
        for finding in self._marks.below.get(rung.frame, ()):
            parts = (finding.code, finding.name)
            self._lines.append(
                Line(NOTE, parts, step.originator, step.responder, mark=finding.severity)
            )

    def _corrections(self, step: Step) -> None:
        """Say which states turned out not to have been reached."""
        for change in step.changes:
            if change.correction:
                parts = ("taken back:", f"the {change.endpoint}", f"was not in {change.from_state}")
                self._lines.append(
                    Line(NOTE, parts, step.originator, step.responder, mark=CORRECTION)
                )

    def _event(self, step: Step) -> None:
        change = step.changes[0]
        is_originator = change.endpoint == ORIGINATOR
        self._lines.append(
            Line(
                EVENT,
                event_parts(change),
                step.originator,
                step.responder,
                is_originator,
                not is_originator,
                step.time_ns,
                None,
                step.frame,
                is_originator,
                CORRECTION if change.correction else "",
            )
        )

    def _deadline(self, last: Step) -> None:
        """Draw TIME-WAIT to its end where the capture ended before."""
        until_ns = self._connection.time_wait_until_ns
        holds = [end.state == State.TIME_WAIT for end in (last.originator, last.responder)]
        if until_ns is None or not any(holds):
            return
        closed = Standing(State.CLOSED, "assumed")
        self._lines.append(
            Line(
                EVENT,
                (AFTER_CAPTURE,),
                closed if holds[0] else last.originator,
                closed if holds[1] else last.responder,
                holds[0],
                holds[1],
                until_ns,
                from_originator=holds[0],
            )
        )


def event_parts(change: TransitionRecord) -> tuple[str, ...]:
    """Say what changed a state where no segment at this place did."""
    words = EVENT_WORDS.get(change.event, change.event)
    if change.correction:
        words = f"taken back: was not in {change.from_state}"
    return (words,) if change.frame is None else (words, f"(frame {change.frame})")


def fold_parts(rungs: Sequence[Rung]) -> tuple[str, ...]:
    """Say what segments carry that are not drawn one by one."""
    data = [rung for rung in rungs if rung.payload_len]
    octets = sum(rung.payload_len for rung in data)
    words = []
    if data:
        words += [counted(len(data), "data segment"), counted(octets, "octet")]
    if len(data) < len(rungs):
        words.append(counted(len(rungs) - len(data), "ACK"))
    frames: dict[str, list[int]] = {}
    for rung in rungs:
        for name in rung.class_names():
            frames.setdefault(name, []).append(rung.frame)
    for name, of_name in frames.items():
        noun = "frame" if len(of_name) == 1 else "frames"
        named = ", ".join(str(frame) for frame in of_name[:MOST_FRAMES_NAMED])
        more = " ..." if len(of_name) > MOST_FRAMES_NAMED else ""
        words.append(f"{len(of_name):,} {class_text(name)} ({noun} {named}{more})")
    words.append(duration_text(rungs[-1].time_ns - rungs[0].time_ns))
    return (*(f"{word}," for word in words[:-1]), words[-1])


def class_text(name: str) -> str:
    """Write the name of a class for people."""
    return name.replace("_", " ").replace(" ack", " ACK")


class Numbers:
    """Describes segments, with sequence numbers relative to the first of each end, or not."""

    def __init__(
        self, connection: ConnectionRecord, rungs: Sequence[Rung], *, absolute: bool = False
    ) -> None:
        """Find the numbers that are shown as 0; none if `absolute`."""
        self._bases: dict[bool, int | None] = {True: None, False: None}
        if not absolute:
            self._bases = {
                True: first_number(connection.originator.iss, rungs, True),
                False: first_number(connection.responder.iss, rungs, False),
            }

    def describe(self, rung: Rung) -> tuple[str, ...]:
        """Say what a segment carries, and what it is by tcp.analysis, in parts."""
        words = [control_bit_names(rung.control_bits) if rung.control_bits else "no flags"]
        if rung.control_bits & (SYN | FIN | RST) or rung.payload_len:
            words.append(f"seq {self.seq(rung)}")
        if rung.control_bits & ACK:
            words.append(f"ack {self.ack(rung)}")
        if rung.payload_len:
            words.append(f"len {rung.payload_len}")
        if rung.window == 0 and not rung.control_bits & RST:
            words.append("win 0")
        if rung.options:
            words += _pairs(rung.options)
        names = rung.class_names()
        if names:
            words.append(f"[{listed([class_text(name) for name in names])}]")
        return tuple(words)

    def seq(self, rung: Rung) -> int:
        """Give its sequence number as it is shown."""
        return self._shown(rung.seq, rung.from_originator)

    def ack(self, rung: Rung) -> int:
        """Give its acknowledgement as it is shown."""
        return self._shown(rung.ack, not rung.from_originator)

    def _shown(self, number: int, of_originator: bool) -> int:
        base = self._bases[of_originator]
        return number if base is None else distance(number, base)


def _pairs(options: str) -> list[str]:
    """Keep the name of an option and its number together."""
    parts: list[str] = []
    for word in options.split():
        if word.isdigit() and parts:
            parts[-1] += f" {word}"
        else:
            parts.append(word)
    return parts


def first_number(iss: int | None, rungs: Sequence[Rung], of_originator: bool) -> int | None:
    """The number that is shown as 0: the ISS, else the one before the first octet seen.

    The other end's acknowledgements stand in for an end that was not seen to send.
    """
    if iss is not None:
        return iss
    for rung in rungs:
        if rung.from_originator == of_originator and not rung.control_bits & RST:
            return (rung.seq - 1) & 0xFFFF_FFFF
        if rung.from_originator != of_originator and rung.control_bits & ACK:
            return (rung.ack - 1) & 0xFFFF_FFFF
    return None
