"""What tshark says of a capture, stream by stream, in the form that support/peers.py compares."""

import collections
import concurrent.futures
import contextlib
import lzma
import os
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from support.analysis import analyze_each
from support.peers import CLASSES, Comparison, compare_streams

FIELDS = (
    "tcp.stream", "ip.src", "ipv6.src", "ip.dst", "ipv6.dst", "tcp.srcport", "tcp.dstport",
    "tcp.len", "tcp.completeness", *(f"tcp.analysis.{name}" for name in CLASSES),
)  # fmt: skip


def fields_of_frames(capture: Path, fields: Iterable[str], *options: str) -> list[list[str]]:
    """Values of these fields, a list for each frame; of the innermost where a frame has several.

    Raises:
        subprocess.CalledProcessError: tshark cannot read the capture to its end.
    """
    wanted = [word for field in fields for word in ("-e", field)]
    done = subprocess.run(
        ["tshark", "-n", "-2", "-r", capture, *options, "-o", "tcp.desegment_tcp_streams:FALSE",
         "-T", "fields", "-E", "occurrence=l", *wanted],
        capture_output=True, text=True, timeout=300, check=True,
    )  # fmt: skip
    number = len(wanted) // 2
    return [(line.split("\t") + [""] * number)[:number] for line in done.stdout.splitlines()]


def streams_of(capture: Path) -> dict[str, Any]:
    """A capture's streams, as a line of tshark_truth.jsonl holds them."""
    with _unpacked(capture) as readable:
        frames = fields_of_frames(readable, FIELDS, "-Y", "tcp and not icmp and not icmpv6")
    streams: dict[str, dict[str, Any]] = {}
    unparsed = 0
    for number, ip4, ip6, to_ip4, to_ip6, sport, dport, length, completeness, *classes in frames:
        if not (sport and dport and length):
            unparsed += 1  # a header that is cut or malformed
            continue
        source, destination = [ip4 or ip6, int(sport)], [to_ip4 or to_ip6, int(dport)]
        if number not in streams:
            counts = {"pkts_ab": 0, "pkts_ba": 0, "bytes_ab": 0, "bytes_ba": 0}
            streams[number] = {"a": source, "b": destination, "script": f"stream {number}"}
            streams[number] |= counts | {"analysis": collections.Counter[str]()}
        stream = streams[number]
        way = "ab" if stream["a"] == source else "ba"
        stream[f"pkts_{way}"] += 1
        stream[f"bytes_{way}"] += int(length)
        stream["analysis"].update(
            name for name, value in zip(CLASSES, classes, strict=True) if value
        )
        stream["completeness"] = int(completeness)
        if stream["pkts_ab"] + stream["pkts_ba"] == 1 and not stream["completeness"]:
            stream["completeness_caveats"] = ["tshark does not come back to a single segment"]
        else:
            stream.pop("completeness_caveats", None)
    return {
        "paths": [f"{capture.parent.name}/{capture.name}"],
        "streams": list(streams.values()),
        "unparsed_tcp_frames": unparsed,
    }


def compare_captures(captures: Iterable[Path]) -> Comparison:
    """Compare tshark's words on these captures with ours."""
    paths = list(captures)
    comparison = Comparison()
    analyses, complaints = analyze_each(paths)
    assert "Traceback" not in complaints
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for path, truth in zip(paths, pool.map(streams_of, paths), strict=True):
            if path in analyses:
                compare_streams(comparison, truth, analyses[path])
    return comparison


@contextlib.contextmanager
def _unpacked(capture: Path) -> Iterator[Path]:
    """A capture as a file that tshark reads: what xz has packed is unpacked into another."""
    if capture.suffix != ".xz":
        yield capture
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, capture.stem)
        path.write_bytes(lzma.decompress(capture.read_bytes()))
        yield path
