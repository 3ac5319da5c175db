"""What is fuzzed: functions from any octets to a JSON value, or to a refusal.

A target raises `InputError` and `UsageError`, whose text is the one line that a user would see.
Everything else that comes out of a target is a defect, and so is a warning. The same octets give
the same value, whether the modules are compiled or not.

Nothing here needs a fuzzer, so that tests can give the cases of fixtures/hostile to the targets.
"""

import contextlib
import csv
import gc
import io
import json
import re
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any, Final

import click

from fuzz.exchanges import frames_of
from support.capture_builder import pcap
from support.checked import analyzed_capture
from support.consistency import check_analysis
from support.small_captures import mixed
from tcpflow_analyzer.cli import option_types
from tcpflow_analyzer.cli.main import run
from tcpflow_analyzer.decode.segment import Segment
from tcpflow_analyzer.errors import InputError, UsageError
from tcpflow_analyzer.findings.registry import rules
from tcpflow_analyzer.gate.baseline import read_baseline
from tcpflow_analyzer.gate.read_configuration import read_configuration
from tcpflow_analyzer.pipeline import Analysis, Run, make_decoder
from tcpflow_analyzer.report.json_report import JsonReport
from tcpflow_analyzer.report.socket_table import SocketRow
from tcpflow_analyzer.settings import Settings
from tcpflow_analyzer.sources.capture_file import CaptureFile
from tcpflow_analyzer.sources.hex_dump import find_dumps, read_dump
from tcpflow_analyzer.sources.link_types import LINK_TYPE_NAMES
from tcpflow_analyzer.sources.records import RecordWalk
from tcpflow_analyzer.tcp.states import State
from tcpflow_analyzer.where.parser import compile_where
from tcpflow_analyzer.where.ss_filter import compile_filter

Json = Any
Target = Callable[[bytes], Json]

SMALL_BLOCKS: Final = 61  # a prime: records begin at every place of a block
# One `Decoder` decodes so many frames of an input, so that fragments meet.
MOST_FRAMES: Final = 16
# Statuses of the program that are no defect: done, failed, unusable, incomplete.
STATUSES: Final = frozenset({0, 1, 2, 3})
LINK_TYPES: Final = tuple(sorted(LINK_TYPE_NAMES))


def result_of(target: Target, octets: bytes) -> Json:
    """Give what a target makes of octets: its value, or {"refused": why}.

    Raises:
        Exception: a defect; warnings are some as well.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            return target(octets)
        except (InputError, UsageError) as refusal:
            text = str(refusal)
            assert text, "a refusal has to say why"
            assert "\n" not in text, f"a refusal is one line: {text!r}"
            return {"refused": text}


@contextlib.contextmanager
def standard_input(octets: bytes) -> Iterator[None]:
    """Let standard input hold octets."""
    before = sys.stdin
    sys.stdin = io.TextIOWrapper(io.BytesIO(octets), "utf-8", "replace")
    try:
        yield
    finally:
        sys.stdin = before


# -- readers -----------------------------------------------------------------------------------


def records(octets: bytes) -> Json:
    """Frames of a pcap or pcapng, the same whether fed whole or in small blocks."""
    found = _walked(octets, len(octets) or 1)
    assert found == _walked(octets, SMALL_BLOCKS), "the size of blocks changes what is read"
    return found


def _walked(octets: bytes, block_octets: int) -> Json:
    walk = RecordWalk("made")
    frames: list[Json] = []
    for start in range(0, len(octets), block_octets):
        walk.feed(octets[start : start + block_octets])
        _take_frames(walk, frames)
    walk.finish()
    return [frames, _ending(walk)]


def _take_frames(walk: RecordWalk, frames: list[Json]) -> None:
    while True:
        if walk.advance():
            assert 0 <= walk.captured_len <= walk.wire_len
            assert 0 <= walk.start <= len(walk.buffer) - walk.captured_len
            assert 0 <= walk.time_ns < 1 << 62
            frame = walk.buffer[walk.start : walk.start + walk.captured_len]
            place = [walk.time_ns, walk.link_type, walk.interface, walk.wire_len]
            frames.append([*map(int, place), frame.hex()])
            continue
        clock_ns = int(walk.take_clock())
        if clock_ns < 0:
            return
        frames.append(clock_ns)


def _ending(walk: RecordWalk) -> Json:
    interfaces = [[int(each.link_type), each.name, int(each.drops)] for each in walk.interfaces]
    end = [walk.format, walk.error, int(walk.error_offset), walk.truncated, int(walk.frames)]
    return [*end, interfaces]


def capture(octets: bytes) -> Json:
    """A file of any kind: compressed, pcap, pcapng, text or hex dump."""
    with standard_input(octets):
        file = CaptureFile("-")
        frames: list[Json] = []
        try:
            _take_frames(file.walk, frames)
            while file.feed_next():
                _take_frames(file.walk, frames)
        finally:
            file.close()
    return [frames, _ending(file.walk), file.container, file.compression, file.notes]


def hex_dump(octets: bytes) -> Json:
    """Rows of hexadecimal digits in a text."""
    found: list[Json] = []
    for dump in find_dumps(octets.decode("utf-8", "replace")):
        frame = read_dump(dump)
        place: list[Json] = [dump.start, dump.end, dump.offset, dump.octets_len]
        if frame is not None:
            place += [frame.link_type, frame.octets.hex(), frame.wire_len, frame.mended]
        found.append(place)
    return found


# -- decoder and pipeline ----------------------------------------------------------------------


def decode(octets: bytes) -> Json:
    """Frames of one link type: its number, then frames, each behind its length."""
    link_type = LINK_TYPES[octets[0] % len(LINK_TYPES)] if octets else 1
    found: list[Json] = []
    for settings in (Settings(), Settings(tunnel_outer=True, vlan_separates=True)):
        decoder = make_decoder(settings)
        segment = Segment()
        for frame in _frames_behind_lengths(octets[1:]):
            segment.time_ns = 1
            kind = decoder.decode(frame, 0, len(frame), len(frame) + 7, link_type, segment)
            found.append([int(kind), _segment_values(segment, kind, len(frame))])
        found.append(decoder.other_kinds())
        found.append([int(decoder.scopes_left_out), int(decoder.fragments.left_out)])
    return found


def _frames_behind_lengths(octets: bytes) -> list[bytes]:
    frames: list[bytes] = []
    position = 0
    while position + 2 <= len(octets) and len(frames) < MOST_FRAMES:
        length = int.from_bytes(octets[position : position + 2], "big")
        frames.append(octets[position + 2 : position + 2 + length])
        position += 2 + length
    return frames


def _segment_values(segment: Segment, kind: int, frame_len: int) -> Json:
    """All that a segment says, once; what it says of places must lie inside the octets."""
    if segment.reason:
        return segment.reason
    if kind not in (0, 3):
        return None
    assert 0 <= segment.tcp_start <= len(segment.buffer)
    if kind == 0 and segment.payload_captured:
        assert segment.payload_captured <= segment.payload_len
        assert segment.payload_start + segment.payload_captured <= len(segment.buffer)
    names = (
        "address_len", "scope", "vlan", "ttl", "ip_id", "seq", "ack", "control_bits", "window",
        "checksum", "payload_len", "mss", "window_scale", "tsval", "tsecr", "sack_count",
        "fast_open", "multipath", "user_timeout_ns", "oddities", "options_len",
        "payload_captured", "icmp_type", "icmp_code", "icmp_version", "icmp_mtu",
    )  # fmt: skip
    values = [int(getattr(segment, name)) for name in names]
    edges = [
        (int(segment.sack_left(index)), int(segment.sack_right(index)))
        for index in range(segment.sack_count)
    ]
    flags = [segment.sack_permitted, segment.authenticated, segment.options_cut]
    return [segment.key.hex(), values, edges, flags, segment.truncated]


def report(octets: bytes) -> Json:
    """The JSON report of a capture."""
    return _checked(_report(octets, Settings()))


def _checked(written: bytes) -> Json:
    analysis = json.loads(written)
    check_analysis(analysis)
    analysis["tool"].pop("compiled")
    return analysis


def _report(octets: bytes, settings: Settings) -> bytes:
    written = io.BytesIO()
    with standard_input(octets):
        Run(["-"], settings, [JsonReport(written)]).run()
    return written.getvalue()


def exchanges(octets: bytes) -> Json:
    """Segments that the octets choose, among few sockets and near the numbers that are due."""
    made = pcap(frames_of(octets))
    written = _report(made, Settings())
    plain = _report(made, Settings(header_prediction=False))
    assert written == plain, "header prediction changes the report"
    return _checked(written)


CAPTURE: Final = "CAPTURE"
OUTPUTS: Final[tuple[tuple[str, ...], ...]] = (
    ("analyze", "-", "--all", "--connections"),
    ("analyze", "-", "--format", "ndjson", "--ns-as-strings"),
    ("analyze", "-", "--format", "csv"),
    ("analyze", "-", "--format", "zeek"),
    ("analyze", "-", "--where", 'duration > 1ms and finding.severity >= "info"'),
    ("show", "-", "--all"),
    ("ss", "-", "--format", "json"),
    ("ss", "-", "--census"),
    ("check", "-", "--no-config", "--fail-on", "info", "--format", "junit"),
    ("check", "-", "--no-config", "--fail-on", "info", "--format", "sarif"),
    ("analyze", "-", "--format", "zeek-json"),
    ("show", "-", "--format", "svg"),
    ("show", "-", "--format", "mermaid", "--unfold"),
    ("show", "-", "--format", "json"),
    ("check", "-", "--no-config", "--fail-on", "info", "--format", "github"),
    ("check", "-", "--no-config", "--fail-on", "info", "--format", "gitlab"),
    ("report", CAPTURE, "-o", "-"),
    ("extract", CAPTURE, "--port", "80", "-o", "-"),
    ("extract", CAPTURE, "--where", "duration >= 0", "--slim", "--anonymise", "-o", "-"),
)


def outputs(octets: bytes) -> Json:
    """An output of a command that reads a capture: its number in OUTPUTS, then the capture."""
    words = OUTPUTS[octets[0] % len(OUTPUTS)] if octets else OUTPUTS[0]
    if CAPTURE not in words:
        return _output(words, octets[1:])
    with tempfile.NamedTemporaryFile(prefix="tcpflow-fuzzing-") as file:
        file.write(octets[1:])
        file.flush()
        found = _output([file.name if word == CAPTURE else word for word in words], b"")
        return json.loads(json.dumps(found).replace(file.name, CAPTURE))


def _output(words: Sequence[str], octets: bytes) -> Json:
    out, err = io.BytesIO(), io.BytesIO()
    enabled = gc.isenabled()
    with contextlib.ExitStack() as stack:
        stack.enter_context(standard_input(octets))
        if enabled:
            stack.callback(gc.enable)  # commands switch it off, as their processes end soon
        stack.callback(gc.unfreeze)
        texts = [io.TextIOWrapper(each, "utf-8", write_through=True) for each in (out, err)]
        stack.enter_context(contextlib.redirect_stdout(texts[0]))
        stack.enter_context(contextlib.redirect_stderr(texts[1]))
        status = run(words)
        for text in texts:
            text.flush()
        complaint = err.getvalue().decode()
        written = out.getvalue()
    assert status in STATUSES, f"{words}: status {status}: {complaint}"
    assert status != 2 or "error: " in complaint or "Usage:" in complaint, f"{words}: {complaint!r}"
    assert "\x1b" not in complaint, f"{words}: an escape sequence reaches the output"
    if words[0] == "extract":
        # The key of anonymous addresses is another each time, so octets are not the same.
        return [status, _extracted(written), complaint]
    shown = written.decode().replace('"compiled":true', '"compiled":false')
    assert "\x1b" not in shown, f"{words}: an escape sequence reaches the output"
    if shown:
        _check_syntax(words, shown)
    return [status, shown, complaint]


def _check_syntax(words: Sequence[str], written: str) -> None:
    """Parse what other programs are to parse; raises where they could not."""
    if {"ndjson", "zeek-json"} & set(words):
        for line in written.splitlines():
            json.loads(line)
    elif {"json", "sarif", "gitlab"} & set(words):
        json.loads(written)
    elif "csv" in words:
        widths = {len(row) for row in csv.reader(io.StringIO(written))}
        assert len(widths) == 1, f"rows of {widths} cells"
    elif {"junit", "svg"} & set(words):
        from lxml import etree  # noqa: PLC0415  no other target needs it

        etree.fromstring(written.encode())


def _extracted(written: bytes) -> list[list[int]]:
    """Time, captured and original length of the frames of an extract, which has to be whole."""
    walk = RecordWalk("written")
    walk.feed(written)
    found = []
    while walk.advance():
        found.append([int(walk.time_ns), int(walk.captured_len), int(walk.wire_len)])
    walk.finish()
    assert not walk.error or not written, walk.error
    assert not walk.truncated
    return found


# -- languages ---------------------------------------------------------------------------------


def configuration(octets: bytes) -> Json:
    """A tcpflow.toml."""
    found = read_configuration("tcpflow.toml", _text(octets), rules())
    return None if found is None else re.sub(" at 0x[0-9a-f]+", "", repr(found))


def baseline(octets: bytes) -> Json:
    """A file of known failures."""
    return sorted(read_baseline("known.json", _text(octets)).entries)


def _text(octets: bytes) -> str:
    """Decode as `sources.text_file.read_text` does."""
    try:
        return octets.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"octet {error.start}: this is not UTF-8") from error


@cache
def _analysis() -> Analysis:
    return analyzed_capture(mixed(2))


def where(octets: bytes) -> Json:
    """An expression of --where, and for which connections of a capture it holds."""
    text = octets.decode("utf-8", "replace")
    expression = compile_where(text)
    analysis = _analysis()
    return [
        expression.matches(
            each, [found for found in analysis.findings if found.connection == each.number]
        )
        for each in analysis.connections
    ]


ROWS: Final = (
    SocketRow(
        1, "192.0.2.1", 40000, "198.51.100.1", 443, State.ESTABLISHED, "observed",
        (State.ESTABLISHED,), None,
    ),
    SocketRow(
        2, "2001:db8::1", 40001, "fe80::1%eth0", 22, State.TIME_WAIT, "inferred",
        (State.TIME_WAIT, State.CLOSED), None,
    ),
)  # fmt: skip


def socket_filter(octets: bytes) -> Json:
    """A filter of `tcpflow ss`, and which sockets it takes."""
    found = compile_filter(octets.decode("utf-8", "replace").split("\0"))
    return [found.holds(row) for row in ROWS]


def values(octets: bytes) -> Json:
    """Values of options: moments, durations, sizes, networks, profiles, hosts with ports."""
    text = octets.decode("utf-8", "surrogateescape")
    readers = (
        option_types.moment, option_types.duration, option_types.size, option_types.network,
        option_types.profile_choice, option_types.host_port, option_types.assignment,
    )  # fmt: skip
    return [_value(read, text) for read in readers]


def _value(read: Callable[[str], object], text: str) -> Json:
    try:
        return repr(read(text))
    except click.BadParameter as refusal:
        return refusal.message


TARGETS: Final[dict[str, Target]] = {
    target.__name__: target
    for target in (
        records, capture, hex_dump, decode, report, exchanges, outputs,
        configuration, baseline, where, socket_filter, values,
    )
}  # fmt: skip
NAMES: Final = tuple(TARGETS)


def any_of(octets: bytes) -> Json:
    """The target that the first octet chooses, with the others."""
    name = NAMES[octets[0] % len(NAMES)] if octets else NAMES[0]
    return [name, TARGETS[name](octets[1:])]


TARGETS["any_of"] = any_of
