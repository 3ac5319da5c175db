"""Compares analyses with what tshark and Zeek said of captures that none of the three made.

`tshark_truth.jsonl` holds a line a capture: per stream the endpoints, packets by direction,
tcp.completeness and counts of tcp.analysis flags; `zeek_truth.jsonl` rows of conn.log.
"""

import collections
import json
from pathlib import Path
from typing import Any, Final

CLASSES: Final = (
    "retransmission", "fast_retransmission", "spurious_retransmission", "out_of_order",
    "lost_segment", "ack_lost_segment", "duplicate_ack", "zero_window", "window_update",
    "window_full", "keep_alive", "keep_alive_ack",
)  # fmt: skip

Pair = tuple[tuple[str, int], tuple[str, int]]


class Comparison:
    """Counts of what was compared and of what was equal, by name; notes say what was not."""

    def __init__(self) -> None:
        """Begin with nothing compared."""
        self.all: collections.Counter[str] = collections.Counter()
        self.equal: collections.Counter[str] = collections.Counter()
        self.classes: collections.Counter[tuple[str, bool, bool]] = collections.Counter()
        self.notes: list[str] = []

    def add(self, what: str, mine: object, theirs: object, where: str) -> None:
        """Compare two values."""
        self.all[what] += 1
        if mine == theirs:
            self.equal[what] += 1
        else:
            self.notes.append(f"{where}: {what} {theirs!r}, ours {mine!r}")

    def share(self, what: str) -> float:
        """Share of equal values, 0 to 1."""
        return self.equal[what] / self.all[what]

    def f1(self, name: str) -> float:
        """Harmonic mean of precision and recall of "this stream has segments of the class"."""
        both = self.classes[name, True, True]
        one = self.classes[name, True, False] + self.classes[name, False, True]
        return 2 * both / (2 * both + one)


def truths(folder: Path, name: str) -> list[dict[str, Any]]:
    """The lines of a truth file."""
    return [json.loads(line) for line in (folder / name).read_text().splitlines()]


def capture_of(folder: Path, truth: dict[str, Any]) -> Path:
    """The capture that a line of tshark_truth.jsonl is about."""
    return folder / str(truth["paths"][0])


def _pair(one: tuple[str, int], other: tuple[str, int]) -> Pair:
    first, second = sorted([(one[0].lower(), int(one[1])), (other[0].lower(), int(other[1]))])
    return first, second


def _by_pair(analysis: dict[str, Any]) -> dict[Pair, list[dict[str, Any]]]:
    found: dict[Pair, list[dict[str, Any]]] = collections.defaultdict(list)
    for connection in analysis["connections"]:
        ends = [(connection[side]["address"], connection[side]["port"])
                for side in ("originator", "responder")]  # fmt: skip
        found[_pair(ends[0], ends[1])].append(connection)
    return found


def compare_streams(
    comparison: Comparison, truth: dict[str, Any], analysis: dict[str, Any]
) -> None:
    """Compare tshark's streams of a capture with our connections of the same socket pairs."""
    if any(truth.get(key) for key in ("multi_tcp_frames", "unparsed_tcp_frames", "ip_frag_frames")):
        return  # tshark counts frames there, not segments
    mine = _by_pair(analysis)
    theirs: dict[Pair, list[dict[str, Any]]] = collections.defaultdict(list)
    for stream in truth["streams"]:
        if stream["a"][1] is not None and stream["b"][1] is not None:
            theirs[_pair(stream["a"], stream["b"])].append(stream)
    for pair, streams in theirs.items():
        connections = mine.get(pair, [])
        where = f"{truth['paths'][0]} {pair}"
        _compare_pair(comparison, streams, connections, where)
        if connections and len(connections) != len(streams):
            continue  # another view of what is one connection
        for index, stream in enumerate(streams):
            if not connections:
                comparison.add("streams", None, stream["script"], where)
                continue
            _compare_stream(comparison, stream, connections[index], where)


def _compare_pair(
    comparison: Comparison,
    streams: list[dict[str, Any]],
    connections: list[dict[str, Any]],
    where: str,
) -> None:
    """Compare what went between two sockets in all, however it is divided into connections."""
    ends = [connection[side] for connection in connections for side in ("originator", "responder")]
    packets = sum(end["segments"] for end in ends)
    octets = sum(end["payload_octets"] for end in ends)
    theirs = sum(stream["pkts_ab"] + stream["pkts_ba"] for stream in streams)
    comparison.add("packets", packets, theirs, where)
    theirs = sum(stream["bytes_ab"] + stream["bytes_ba"] for stream in streams)
    comparison.add("octets", octets, theirs, where)


def _compare_stream(
    comparison: Comparison, stream: dict[str, Any], connection: dict[str, Any], where: str
) -> None:
    segments = {
        (connection[side]["address"].lower(), connection[side]["port"]): connection[side][
            "segments"
        ]
        for side in ("originator", "responder")
    }
    ends = [(stream[end][0].lower(), int(stream[end][1])) for end in ("a", "b")]
    theirs = [stream["pkts_ab"], stream["pkts_ba"]]
    mine = theirs if ends[0] == ends[1] else [segments.get(end, -1) for end in ends]
    comparison.add("streams", mine, theirs, where)
    for name in CLASSES:
        said, have = stream["analysis"].get(name, 0), connection["analysis"][name]
        comparison.classes[name, said > 0, have > 0] += 1
        if (said > 0) != (have > 0):
            comparison.notes.append(f"{where}: {name} {said}, ours {have}")
    if not stream.get("completeness_caveats"):
        comparison.add("completeness", connection["completeness"], stream["completeness"], where)


def compare_zeek(comparison: Comparison, row: dict[str, Any], analysis: dict[str, Any]) -> None:
    """Compare the rows of a conn.log with our connections, where both have one on a socket pair."""
    mine = _by_pair(analysis)
    rows: dict[Pair, list[dict[str, Any]]] = collections.defaultdict(list)
    for zeek in row["tcp"]:
        if None not in (zeek["orig_h"], zeek["orig_p"], zeek["resp_h"], zeek["resp_p"]):
            ends = (zeek["orig_h"], zeek["orig_p"]), (zeek["resp_h"], zeek["resp_p"])
            rows[_pair(*ends)].append(zeek)
    for pair, found in rows.items():
        connections = mine.get(pair, [])
        # Zeek's timeouts split what is one connection; its filters leave out what others see.
        if len(found) != 1 or len(connections) != 1 or found[0]["tshark_match"] != "same":
            continue
        where = f"{row['trace']} {pair}"
        have = connections[0]["zeek"]
        if (found[0]["conn_state"] or "-") != "-":
            comparison.add("conn_state", have["conn_state"], found[0]["conn_state"], where)
            comparison.add("history", have["history"], found[0]["history"], where)
