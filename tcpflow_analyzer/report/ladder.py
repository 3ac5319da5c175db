"""Draws one connection as a ladder: its segments, and the state of both ends beside them.

In: a connection's record and its segments, read again from the capture (`exchange`). Out: lines
for people, in ASCII, which a build log can show.
"""

from collections.abc import Collection, Sequence
from typing import Final, NamedTuple

from tcpflow_analyzer.report.page import Look, Page
from tcpflow_analyzer.report.record import ConnectionRecord, TransitionRecord
from tcpflow_analyzer.report.rungs import Rung
from tcpflow_analyzer.report.wording import counted, duration_text
from tcpflow_analyzer.tcp.control_bits import ACK, FIN, RST, SYN, control_bit_names
from tcpflow_analyzer.tcp.sequence import distance

STATE_WIDTH: Final = 13  # SYN-RECEIVED and its mark
ARROW_WIDTH: Final = 42
TIME_WIDTH: Final = 11
FRAME_WIDTH: Final = 6
LONGEST_RUN: Final = 6  # of plain segments; of longer ones the first and the last are drawn
MOST_RUNGS: Final = 400  # drawn at most, the first and the last halves
ORIGINATOR: Final = "originator"
# What follows a state that was not seen to be so.
MARKS: Final = {"observed": "", "inferred": "*", "assumed": "~"}
MARK_NOTES: Final = {
    "*": "* inferred: nothing that the end sent by then proves it",
    "~": "~ assumed: by a clock or by how its operating system behaves",
    "!": "! a frame that the finding rests on",
}


class _Row(NamedTuple):
    """A line of the ladder; the states are those entered there, "" for none."""

    time_ns: int
    frame: int | None
    left: str
    middle: str
    right: str


def ladder_text(
    connection: ConnectionRecord,
    rungs: Sequence[Rung],
    marked: Collection[int] = (),
    indent: str = "",
) -> str:
    """Draw a connection; each line is closed by a line feed.

    Args:
        connection: its record, with its transitions.
        rungs: its segments in the order of the capture.
        marked: numbers of frames that get a mark, and are never left out.
        indent: what every line begins with.
    """
    page = Page(Look(width=100, encoding="ascii"))
    page.line(f"{indent}{_headline(connection)}")
    page.line(f"{indent}{_columns('frame', 'time', 'originator', '', 'responder')}")
    rows = _rows(connection, rungs, frozenset(marked))
    cut = len(rows) - MOST_RUNGS
    for number, row in enumerate(rows):
        if cut > 0 and MOST_RUNGS // 2 <= number < MOST_RUNGS // 2 + cut:
            if number == MOST_RUNGS // 2:
                page.line(f"{indent}{_columns('', '', '', f'({cut:,} lines left out)', '')}")
            continue
        frame = "" if row.frame is None else str(row.frame)
        if row.frame in marked:
            frame = f"!{frame}"
        time = "" if not row.time_ns else f"{(row.time_ns - connection.first_time_ns) / 1e9:+.6f}"
        page.line(f"{indent}{_columns(frame, time, row.left, row.middle, row.right)}")
    text = page.text()
    body = text.split("\n", 1)[1]
    notes = [note for mark, note in MARK_NOTES.items() if mark in body]
    return text + "".join(f"{indent}{note}\n" for note in notes)


def _columns(frame: str, time: str, left: str, middle: str, right: str) -> str:
    return (
        f"{frame:>{FRAME_WIDTH}}  {time:<{TIME_WIDTH}} {left:<{STATE_WIDTH}} "
        f"{middle:^{ARROW_WIDTH}}  {right}"
    ).rstrip()


def _headline(connection: ConnectionRecord) -> str:
    """Write who, how it closed, and how it was left."""
    if connection.shape == "none":
        how = "not closed"
    elif connection.active_closer is None:
        how = f"close: {connection.shape}"
    elif connection.active_closer == "both":
        how = f"{connection.shape} close by both ends"
    else:
        how = f"{connection.shape} close by the {connection.active_closer}"
    states = f"{connection.originator.state}/{connection.responder.state}"
    return f"{connection}   {how}; left in {states}"


def _rows(
    connection: ConnectionRecord, rungs: Sequence[Rung], marked: frozenset[int]
) -> list[_Row]:
    """Put segments and timers into lines, and long runs of plain segments into one."""
    by_frame: dict[int, list[TransitionRecord]] = {}
    timers: list[TransitionRecord] = []
    for transition in connection.transitions:
        if transition.frame is None:
            timers.append(transition)
        else:
            by_frame.setdefault(transition.frame, []).append(transition)
    numbers = _Numbers(connection, rungs)
    rows: list[_Row] = []
    run: list[Rung] = []
    for rung in rungs:
        while timers and timers[0].time_ns <= rung.time_ns:
            rows += _run_rows(run, numbers)
            run = []
            rows.append(_timer_row(timers.pop(0)))
        transitions = by_frame.pop(rung.frame, [])
        if (
            not transitions
            and rung.frame not in marked
            and not rung.control_bits & (SYN | FIN | RST)
        ):
            run.append(rung)
            continue
        rows += _run_rows(run, numbers)
        run = []
        rows.append(_segment_row(rung, transitions, numbers))
    rows += _run_rows(run, numbers)
    return rows + [_timer_row(transition) for transition in timers]


def _run_rows(run: list[Rung], numbers: "_Numbers") -> list[_Row]:
    """Write segments that change nothing; the middle of many as a count."""
    if len(run) <= LONGEST_RUN:
        return [_segment_row(rung, [], numbers) for rung in run]
    inner = run[1:-1]
    octets = sum(rung.payload_len for rung in inner)
    took = duration_text(inner[-1].time_ns - inner[0].time_ns)
    words = f"({counted(len(inner), 'segment')}, {counted(octets, 'octet')}, {took})"
    return [
        _segment_row(run[0], [], numbers),
        _Row(0, None, "", words, ""),
        _segment_row(run[-1], [], numbers),
    ]


def _segment_row(rung: Rung, transitions: Sequence[TransitionRecord], numbers: "_Numbers") -> _Row:
    words = numbers.describe(rung)
    room = max(ARROW_WIDTH - len(words) - 3, 2)
    line = "-" * (room // 2), "-" * (room - room // 2)
    middle = f"{line[0]} {words} {line[1]}"
    middle = f"{middle}>" if rung.from_originator else f"<{middle}"
    left = [each for each in transitions if each.endpoint == ORIGINATOR]
    right = [each for each in transitions if each.endpoint != ORIGINATOR]
    return _Row(rung.time_ns, rung.frame, _state_text(left), middle, _state_text(right))


def _timer_row(transition: TransitionRecord) -> _Row:
    text = _state_text([transition])
    is_left = transition.endpoint == ORIGINATOR
    left, right = (text, "") if is_left else ("", text)
    return _Row(transition.time_ns, None, left, f"({transition.event})", right)


def _state_text(transitions: Sequence[TransitionRecord]) -> str:
    """The state that an end is in afterwards, with the mark of its certainty."""
    if not transitions:
        return ""
    last = transitions[-1]
    certainty = "observed" if last.proved_by_frame is not None else last.certainty
    return f"{last.to_state}{MARKS[certainty]}"


class _Numbers:
    """Sequence numbers relative to the first of each end."""

    def __init__(self, connection: ConnectionRecord, rungs: Sequence[Rung]) -> None:
        self._bases = {
            True: _base(connection.originator.iss, rungs, True),
            False: _base(connection.responder.iss, rungs, False),
        }

    def describe(self, rung: Rung) -> str:
        """Write what a segment carries."""
        words = [control_bit_names(rung.control_bits)]
        if rung.control_bits & (SYN | FIN | RST) or rung.payload_len:
            words.append(f"seq {self._relative(rung.seq, rung.from_originator)}")
        if rung.control_bits & ACK:
            words.append(f"ack {self._relative(rung.ack, not rung.from_originator)}")
        if rung.payload_len:
            words.append(f"len {rung.payload_len}")
        if rung.window == 0 and not rung.control_bits & RST:
            words.append("win 0")
        if rung.options:
            words.append(rung.options)
        return " ".join(words)

    def _relative(self, number: int, of_originator: bool) -> int:
        base = self._bases[of_originator]
        return number if base is None else distance(number, base)


def _base(iss: int | None, rungs: Sequence[Rung], of_originator: bool) -> int | None:
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
