"""What a page says, as plain values: for its template, and for its script as JSON.

In: what `HtmlReport` collected, segments of the drawn connections, the census. Out: dictionaries
and lists. What stands in a capture is text here, as it stands there: `html_page` makes it fit to be
shown.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import Any, Final

from tcpflow_analyzer.findings.finding import SEVERITIES, Finding
from tcpflow_analyzer.findings.registry import Rule, parameters_of
from tcpflow_analyzer.report.catalogue import HEADING, items
from tcpflow_analyzer.report.course import ORIGINATOR
from tcpflow_analyzer.report.frame_names import FrameNames
from tcpflow_analyzer.report.groups import Group
from tcpflow_analyzer.report.html_report import Drawn, HtmlReport, Row
from tcpflow_analyzer.report.ladder_plan import FOLD, Line, class_text, headline, plan_ladder
from tcpflow_analyzer.report.record import ConnectionRecord, EndpointRecord, TransitionRecord
from tcpflow_analyzer.report.rungs import Rung
from tcpflow_analyzer.report.state_census import Series
from tcpflow_analyzer.report.stream_graph import StreamGraph, stream_graph
from tcpflow_analyzer.report.summary_words import (
    closer_cells,
    container_text,
    extent_text,
    file_name,
    other_frames,
    outcome_cells,
    quality_cells,
    state_cells,
    without_tcp,
)
from tcpflow_analyzer.report.terminal import MARKS
from tcpflow_analyzer.report.totals import Capture, Summary
from tcpflow_analyzer.report.wording import Clock, absolute_text, counted, duration_text, listed

FILES_SHOWN: Final = 20
NOUNS: Final = {"error": "error", "warning": "warning", "info": "fact"}
LINES_BEFORE: Final = 200  # of a longer ladder; then a gap, then the last
LINES_AFTER: Final = 100
MICROSECOND: Final = 1_000


def summary_content(report: HtmlReport, capture: Capture, summary: Summary) -> dict[str, Any]:
    """What was read, and what became of it: name and sentence."""
    files = [
        {
            "name": file_name(file),
            "what": f"{container_text(file)}, {counted(file.frames, 'frame')}",
            "error": file.error,
        }
        for file in capture.files[:FILES_SHOWN]
    ]
    facts = [("Extent", extent_text(capture))]
    if summary.chosen_of is not None:
        chosen = f"of {counted(summary.chosen_of, 'connection')}: {report.settings.where}"
        facts.append(("Chosen", chosen))
    if summary.connections:
        opened = f"{counted(summary.connections, 'connection')}: {listed(outcome_cells(summary))}"
        facts += [
            ("Connections", opened),
            ("Who closed first", listed(closer_cells(summary))),
            ("Left at the end", listed(state_cells(summary))),
        ]
        others = other_frames(capture)
        if others:
            facts.append(("Without TCP", listed(others)))
    else:
        facts.append(("Connections", "none" if summary.chosen_of else without_tcp(capture)))
    facts.append(("Capture quality", listed(quality_cells(capture, summary))))
    return {
        "files": files,
        "files_left_out": max(len(capture.files) - FILES_SHOWN, 0),
        "facts": facts,
        "counts": [
            {
                "severity": name,
                "mark": MARKS[name],
                "text": counted(summary.findings.get(name, 0), NOUNS[name]),
            }
            for name in reversed(SEVERITIES)
        ],
    }


def group_content(
    group: Group, rule: Rule, names: FrameNames, clock: Clock, drawn: Collection[int]
) -> dict[str, Any]:
    """A group of findings of one code and severity."""
    return {
        "code": group.code,
        "name": group.name,
        "severity": group.severity,
        "mark": MARKS[group.severity],
        "who": group.who(),
        "when": clock.span(group.first_time_ns, group.last_time_ns),
        "summary": rule.summary,
        "more": group.count - len(group.examples),
        "examples": [
            finding_content(each, names) | {"is_drawn": each.connection in drawn}
            for each in sorted(group.examples, key=_by_time)
        ],
    }


def finding_content(finding: Finding, names: FrameNames) -> dict[str, Any]:
    """One finding with its evidence."""
    frames = [names.frame(frame) for frame in finding.frames]
    more = finding.frame_count - len(frames)
    return {
        "code": finding.code,
        "name": finding.name,
        "severity": finding.severity,
        "mark": MARKS[finding.severity],
        "connection": finding.connection,
        "certainty": finding.certainty,
        "message": names.message(finding),
        "frames": listed(frames) + (f" and {more:,} more" if more > 0 else ""),
        "why": finding.why,
        "would_disprove": finding.would_disprove,
    }


def explanation_content(rule: Rule) -> dict[str, Any]:
    """A rule's definition: paragraphs and lists, and the parameters it goes by."""
    blocks: list[dict[str, Any]] = []
    for indent, text in items(rule.definition):
        if indent:
            if not blocks or not blocks[-1]["entries"]:
                blocks.append({"head": "", "text": "", "entries": []})
            blocks[-1]["entries"].append(text)
        elif text:
            heading = HEADING.match(text)
            head = heading[0].strip() if heading is not None else ""
            blocks.append({"head": head, "text": text[len(head) :].strip(), "entries": []})
    parameters = [
        f"--set {each.name}={each.text(each.default)}: {each.meaning}; {each.range_text}."
        for each in parameters_of(rule)
    ]
    return {"code": rule.code, "name": rule.name, "blocks": blocks, "parameters": parameters}


def rows_data(rows: Sequence[Row], drawn: Collection[int], first_time_ns: int) -> list[list[Any]]:
    """The table of connections; the last two cells are the severity and whether it is drawn."""
    return [
        [
            row.number,
            row.originator,
            row.responder,
            _microseconds(row.first_time_ns - first_time_ns),
            _microseconds(row.duration_ns),
            _microseconds(row.handshake_ns) if row.handshake_ns >= 0 else -1,
            row.opened,
            row.closed_by,
            row.how,
            row.states,
            row.sent,
            row.received,
            row.segments,
            row.retransmitted,
            row.findings,
            row.severity,
            int(row.number in drawn),
        ]
        for row in rows
    ]


def census_data(series: Series) -> dict[str, Any]:
    """How many sockets were in each state; times in microseconds from the first frame."""
    first = series.times_ns[0] if series.times_ns else 0
    return {
        "times": [_microseconds(each - first) for each in series.times_ns],
        "states": {str(state): counts for state, counts in series.highest.items()},
    }


def peaks_content(series: Series) -> list[dict[str, Any]]:
    """The most sockets in each state, when that was, and how many were left."""
    if not series.times_ns:
        return []
    first = series.times_ns[0]
    return [
        {
            "state": str(state),
            "most": f"{peak.sockets:,}",
            "when": f"+{(peak.time_ns - first) / 1e9:.3f} s",
            "last": f"{series.counts[state][-1]:,}",
        }
        for state, peak in series.peaks.items()
    ]


def connection_data(drawn: Drawn, rungs: Sequence[Rung], names: FrameNames) -> dict[str, Any]:
    """All that is drawn of a connection."""
    connection = drawn.connection
    lines = plan_ladder(connection, rungs, drawn.findings)
    return {
        "id": connection.number,
        "title": f"{connection.originator} > {connection.responder}",
        "headline": headline(connection),
        "facts": list(_facts(connection, names)),
        "ends": [_end(connection.originator), _end(connection.responder)],
        "findings": [finding_content(each, names) for each in drawn.findings],
        "lines": [_line(line, connection.first_time_ns, names) for line in _shortened(lines)],
        "graphs": list(_graphs(drawn, rungs)),
        "moves": [_move(each, connection.first_time_ns, names) for each in connection.transitions],
    }


def _facts(connection: ConnectionRecord, names: FrameNames) -> Iterator[tuple[str, str]]:
    extent = duration_text(connection.last_time_ns - connection.first_time_ns)
    frames = f"{names.frame(connection.first_frame)} to {names.frame(connection.last_frame)}"
    yield (
        "Extent",
        f"{_absolute(connection.first_time_ns)}, {counted(connection.frames, 'segment')} in "
        f"{extent}, frames {frames}",
    )
    opened = connection.outcome
    if connection.syn_to_synack_ns is not None:
        opened += f", SYN-ACK after {duration_text(connection.syn_to_synack_ns)}"
    if connection.synack_to_ack_ns is not None:
        opened += f", ACK {duration_text(connection.synack_to_ack_ns)} later"
    yield "Opened", opened
    if connection.incarnation > 1:
        yield "Incarnation", f"number {connection.incarnation:,} of these sockets"
    places = [f"VLAN {vlan}" for vlan in connection.vlans]
    places += [each for each in (connection.tunnel, connection.interface) if each]
    if places:
        yield "Seen in", listed(places)
    classes = [
        f"{count:,} {class_text(name)}" for name, count in connection.analysis.items() if count
    ]
    if classes:
        yield "Segments", listed(classes)
    yield "Zeek", f"conn_state {connection.conn_state}, history {connection.history}"


def _absolute(time_ns: int) -> str:
    try:
        return absolute_text(time_ns)
    except OverflowError:  # beyond the year 9999
        return f"{time_ns} ns since the epoch"


def _end(end: EndpointRecord) -> dict[str, Any]:
    others = [str(state) for state in end.possible_states if state != end.state]
    return {
        "socket": str(end),
        "role": end.role,
        "state": str(end.state),
        "certainty": end.certainty,
        "others": others,
        "at_end": str(end.state_at_capture_end),
        "segments": end.segments,
        "octets": end.payload_octets,
        "unique": end.unique_octets,
        "retransmitted": end.retransmitted_segments,
    }


def _shortened(lines: Sequence[Line]) -> list[Line]:
    """Leave the middle of a long ladder out, and say so."""
    if len(lines) <= LINES_BEFORE + LINES_AFTER + 1:
        return list(lines)
    before, after = lines[:LINES_BEFORE], lines[-LINES_AFTER:]
    left_out = len(lines) - len(before) - len(after)
    words = f"{left_out:,} lines are left out: tcpflow show draws them"
    return [*before, Line(FOLD, (words,), before[-1].originator, before[-1].responder), *after]


def _line(line: Line, first_ns: int, names: FrameNames) -> list[Any]:
    """One line: kind, frame, time, gap, sender, text, states, mark."""
    return [
        line.kind,
        "" if line.frame is None else names.frame(line.frame),
        "" if line.time_ns is None else f"{(line.time_ns - first_ns) / 1e9:+.6f}",
        "" if line.gap_ns is None else duration_text(line.gap_ns),
        0 if line.from_originator else 1,
        line.text,
        str(line.originator.state),
        line.originator.certainty,
        int(line.shows_originator),
        str(line.responder.state),
        line.responder.certainty,
        int(line.shows_responder),
        line.mark,
    ]


def _graphs(drawn: Drawn, rungs: Sequence[Rung]) -> Iterator[dict[str, Any]]:
    """The directions that carry data."""
    ends = (drawn.connection.originator, drawn.connection.responder)
    # Who receives says how much may be sent.
    shifts = (drawn.responder_shift, drawn.originator_shift)
    for place, (end, shift) in enumerate(zip(ends, shifts, strict=True)):
        if end.payload_octets:
            graph = stream_graph(rungs, place == 0, end.iss, shift)
            yield _graph(graph, place, str(end))


def _graph(graph: StreamGraph, place: int, who: str) -> dict[str, Any]:
    """Points as flat lists of integers, times in microseconds."""
    return {
        "of": place,
        "who": who,
        "sent": [
            number
            for each in graph.sent
            for number in (_microseconds(each.after_ns), each.start, each.end, each.kind)
        ],
        "allowed": [
            number
            for each in graph.allowed
            for number in (_microseconds(each.after_ns), each.acknowledged, each.edge)
        ],
        "rtt": [
            number
            for each in graph.round_trips
            for number in (_microseconds(each.after_ns), _microseconds(each.value))
        ],
        "rate": [
            number for each in graph.rate for number in (_microseconds(each.after_ns), each.value)
        ],
        "bin": _microseconds(graph.bin_ns),
        "thinned": graph.thinned,
    }


def _move(each: TransitionRecord, first_ns: int, names: FrameNames) -> list[Any]:
    """One change of a state: end, time, frame, from, to, event, certainty, proof, correction."""
    return [
        0 if each.endpoint == ORIGINATOR else 1,
        f"{(each.time_ns - first_ns) / 1e9:+.6f}",
        "" if each.frame is None else names.frame(each.frame),
        str(each.from_state),
        str(each.to_state),
        each.event,
        each.certainty,
        "" if each.proved_by_frame is None else names.frame(each.proved_by_frame),
        int(each.correction),
    ]


def _by_time(finding: Finding) -> tuple[int, int, str]:
    return finding.time_ns, finding.connection or 0, finding.endpoint or ""


def _microseconds(duration_ns: int) -> float:
    """Microseconds, with a fraction only where there is one."""
    whole, rest = divmod(duration_ns, MICROSECOND)
    return whole if not rest else duration_ns / MICROSECOND
