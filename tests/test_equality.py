"""How the work is done changes no result: header prediction, size of reads, splitting of files.

All in this process, on whichever twin is installed; tests/compiled compares the twins.
"""

import functools
import io
import json
import random
import re
from pathlib import Path

import pytest

from support import container_builder as build
from support.brief import brief_summary
from support.capture_builder import (
    SECOND_NS,
    START_NS,
    Segment,
    clock_packet,
    ethernet,
    packet,
    pcap,
)
from support.cut import is_classic, octets_of, times_of, two_parts
from support.places import (
    FIXTURES,
    capture_parameters,
    fixture_captures,
    shared_captures,
    shared_folder,
)
from support.states import report_of
from tcpflow_analyzer.errors import InputError
from tcpflow_analyzer.pipeline import Run
from tcpflow_analyzer.report.json_report import JsonReport
from tcpflow_analyzer.report.totals import Summary
from tcpflow_analyzer.settings import Settings
from tcpflow_analyzer.sources.octets import BLOCK_OCTETS
from tcpflow_analyzer.sources.recording import Recording
from tcpflow_analyzer.tcp.control_bits import ACK, RST, SYN

BLOCKS = (1, 7, 4096, 262_144, 1024 * 1024)
SMALL = 20_000  # octets; larger captures are not read octet by octet

every_capture = capture_parameters(fixture_captures())


def difference(one: bytes, other: bytes) -> str:
    """The first lines in which two reports differ; empty where they agree."""
    pairs = zip([*one.splitlines(), b"end"], [*other.splitlines(), b"end"], strict=False)
    for here, there in pairs:
        if here != there:
            at = next(
                (i for i, (x, y) in enumerate(zip(here, there, strict=False)) if x != y),
                min(len(here), len(there)),
            )
            return f"...{here[max(0, at - 60) : at + 80]!r}, other ...{there[at : at + 80]!r}"
    return ""


@functools.cache
def usual_run(capture: Path) -> tuple[bytes, Summary]:
    """Report and totals of a capture with the usual settings, made once."""
    stream = io.BytesIO()
    run = Run([capture], Settings(), [JsonReport(stream)])
    run.run()
    assert run.summary is not None
    return stream.getvalue(), run.summary


def usual_report(capture: Path) -> bytes:
    """The report alone."""
    return usual_run(capture)[0]


@every_capture
def test_header_prediction_changes_nothing(capture: Path) -> None:
    without = report_of([capture], Settings(header_prediction=False))
    assert difference(usual_report(capture), without) == ""


@every_capture
def test_history_left_out_changes_nothing_else(capture: Path) -> None:
    usual, zeek = usual_report(capture), rb'"zeek":\{[^}]*\}'
    without = report_of([capture], Settings(keep_history=False))
    assert difference(re.sub(zeek, b"", usual), re.sub(zeek, b"", without)) == ""


@every_capture
def test_what_is_only_counted_is_counted_like_what_is_shown(capture: Path) -> None:
    summary, sink = brief_summary([capture])
    assert summary == usual_run(capture)[1]
    named = sink.made + sink.counted
    assert all(
        sum(number for (found, _), number in named.items() if found == code) in {0, count}
        for code, count in summary.codes.items()
    )


@every_capture
def test_size_of_reads_changes_nothing(capture: Path) -> None:
    usual = usual_report(capture)
    for size in BLOCKS:
        if size < 4096 and capture.stat().st_size > SMALL:
            continue
        if size > capture.stat().st_size and capture.suffix != ".xz":
            continue  # it is read at once, as usually
        assert difference(usual, report_of([capture], Settings(block_octets=size))) == "", size


@pytest.mark.parametrize("size", BLOCKS)
def test_reads_have_the_size_that_was_asked_for(tmp_path: Path, size: int) -> None:
    # Without this, the tests above would compare a thing with itself.
    path = tmp_path / "many.pcap"
    path.write_bytes(build.pcap_file([build.Record(n, 0, bytes(100), 100) for n in range(100)]))
    recording = Recording([str(path)], block_octets=size)
    steps = 0
    for walk, _ in recording.steps():
        while walk.advance():
            pass
        steps += 1
    assert recording.octets_read == path.stat().st_size
    assert (steps > 1) == (size < path.stat().st_size)
    assert BLOCK_OCTETS in BLOCKS


def without_files(report: bytes) -> bytes:
    """A report without what two files and one say differently: the value of `capture.files`."""
    text = report.decode()
    start = text.index('"files":') + len('"files":')
    return (text[:start] + text[json.JSONDecoder().raw_decode(text, start)[1] :]).encode()


@every_capture
def test_two_files_are_the_recording_that_they_were_cut_from(capture: Path, tmp_path: Path) -> None:
    octets = octets_of(capture)
    times = times_of(octets) if is_classic(octets) else []
    if len(times) < 2 or times != sorted(times):
        pytest.skip("one frame only, or out of order: nothing to cut")
    whole = without_files(usual_report(capture))
    source = random.Random(capture.name)
    paths = [tmp_path / "2.pcap", tmp_path / "1.pcap"]
    for count in sorted({source.randrange(1, len(times)) for _ in range(3)}):
        for path, part in zip(paths, two_parts(octets, count), strict=True):
            path.write_bytes(part)
        found = difference(whole, without_files(report_of(paths)))
        assert found == "", f"cut behind frame {count}"


@pytest.mark.slow
@pytest.mark.skipif(shared_folder() is None, reason="no shared folder")
def test_nothing_changes_on_captures_outside_the_repository() -> None:
    differences = {}
    for capture in shared_captures():
        try:
            usual, totals = usual_run(capture)
        except InputError:
            continue
        if brief_summary([capture])[0] != totals:
            differences[f"{capture.name}, only counted"] = "other totals"
        ways = {"no prediction": Settings(header_prediction=False)}
        sizes = (1, 7) if capture.stat().st_size <= SMALL else (4099,)
        ways |= {f"reads of {size}": Settings(block_octets=size) for size in sizes}
        for name, settings in ways.items():
            found = difference(usual, report_of([capture], settings))
            if found:
                differences[f"{capture.name}, {name}"] = found
    assert differences == {}


def test_difference_sees_one() -> None:
    assert difference(b"a\nx", b"a\ny") == "...b'x', other ...b'y'"
    assert difference(b"a", b"a\nmore") != ""
    assert difference(b"a", b"a") == ""


def test_lone_syns_are_counted_without_a_connection(tmp_path: Path) -> None:
    # Without this, the comparison of totals could pass because every finding is made.
    frames, time_ns = [], START_NS
    for port in range(40000, 40003):
        syn = Segment("192.0.2.1", port, "198.51.100.1", 80, seq=100, control_bits=SYN)
        frames.append((time_ns, ethernet(packet(syn))))
    refusal = Segment("198.51.100.1", 80, "192.0.2.1", 40001, ack=101, control_bits=RST | ACK)
    frames.append((time_ns + 1, ethernet(packet(refusal))))
    frames.append((time_ns + 20 * SECOND_NS, ethernet(clock_packet())))
    capture = tmp_path / "lone.pcap"
    capture.write_bytes(pcap(frames))
    summary, sink = brief_summary([capture])
    assert sink.counted == {("HS001", "error"): 2, ("HS004", "error"): 1}
    assert not sink.made
    assert summary == usual_run(capture)[1]


def test_aborts_are_counted_without_words() -> None:
    capture = FIXTURES / "findings" / "RS001-reset-instead-of-close" / "fires.pcap"
    summary, sink = brief_summary([capture])
    assert sink.counted["RS001", "warning"] == summary.codes["RS001"] > 0
