"""Real sockets, segment by segment: the believed states of both ends after every frame.

Each table line is a frame (or a range of frames with equal states), who sent it with which control
bits ("*" where they differ), and the states of client and server before the next frame. "~" marks a
state that the kernel's own record contradicts: what moved that end had not reached the tap yet, or
was lost behind it. The test demands that the kernel agrees with all states without that mark
wherever the wire is quiet for 50 ms, and contradicts all that have it.
"""

import json
from typing import Any, NamedTuple

import pytest

from support.kernel_truth import path_of, trim
from support.ladder import Socket
from support.places import RECORDINGS
from support.states import Json, analysis_of_file, pair_at
from support.wire import Seen, frames_of

QUIET_NS = 50_000_000
LAST_LOOK_NS = 1_000_000_000  # after the last frame, or within a long silence
# A system call is on the kernel's record before its segment is on the wire.
BEFORE_NEXT_NS = 5_000_000

TABLES = {
    "simultaneous_open@client.pcap": """
        1       C:S   SYN-SENT       ~CLOSED
        2       S:S   SYN-RECEIVED   SYN-RECEIVED
        3       C:SA  SYN-RECEIVED   ~ESTABLISHED
        4-10    *     ESTABLISHED    ESTABLISHED
        11      C:FA  FIN-WAIT-1     CLOSE-WAIT
        12      S:A   FIN-WAIT-2     ~CLOSE-WAIT
        13      S:FA  TIME-WAIT      LAST-ACK
        14      C:A   TIME-WAIT      CLOSED
    """,
    "simultaneous_open@server.pcap": """
        1       S:S   ~CLOSED        SYN-SENT
        2       C:S   SYN-RECEIVED   SYN-RECEIVED
        3       S:SA  ~ESTABLISHED   SYN-RECEIVED
        4-9     *     ESTABLISHED    ESTABLISHED
        10      C:A   ~ESTABLISHED   ESTABLISHED
        11      C:FA  FIN-WAIT-1     CLOSE-WAIT
        12      S:A   FIN-WAIT-2     CLOSE-WAIT
        13      S:FA  TIME-WAIT      LAST-ACK
        14      C:A   TIME-WAIT      CLOSED
    """,
    "simultaneous_close@client.pcap": """
        1       C:S   SYN-SENT       CLOSED
        2       S:SA  ESTABLISHED    SYN-RECEIVED
        3-7     *     ESTABLISHED    ESTABLISHED
        8       C:FA  FIN-WAIT-1     ~CLOSE-WAIT
        9       S:FA  FIN-WAIT-1     CLOSING
        10      C:A   CLOSING        ~TIME-WAIT
        11      S:A   TIME-WAIT      TIME-WAIT
    """,
    "simultaneous_close@server.pcap": """
        1       C:S   SYN-SENT       CLOSED
        2       S:SA  ESTABLISHED    SYN-RECEIVED
        3-7     *     ESTABLISHED    ESTABLISHED
        8       S:FA  ~CLOSE-WAIT    FIN-WAIT-1
        9       C:FA  CLOSING        CLOSING
        10      S:A   ~TIME-WAIT     CLOSING
        11      C:A   TIME-WAIT      TIME-WAIT
    """,
    "half_close.pcap": """
        1       C:S   SYN-SENT       CLOSED
        2       S:SA  ESTABLISHED    SYN-RECEIVED
        3-7     *     ESTABLISHED    ESTABLISHED
        8       C:FA  FIN-WAIT-1     CLOSE-WAIT
        9-226   *     FIN-WAIT-2     CLOSE-WAIT
        227     S:FA  TIME-WAIT      LAST-ACK
        228     C:A   TIME-WAIT      CLOSED
    """,
    "close_three_segments.pcap": """
        1       C:S   SYN-SENT       CLOSED
        2       S:SA  ESTABLISHED    SYN-RECEIVED
        3-7     *     ESTABLISHED    ESTABLISHED
        8       C:FA  FIN-WAIT-1     CLOSE-WAIT
        9       S:FA  TIME-WAIT      LAST-ACK
        10      C:A   TIME-WAIT      CLOSED
    """,
    "connection_refused.pcap": """
        1       C:S   SYN-SENT       CLOSED
        2       S:RA  CLOSED         CLOSED
    """,
    "syn_dropped.pcap": """
        1-8     C:S   SYN-SENT       CLOSED
    """,
    "synack_retransmitted@client.pcap": """
        1       C:S   SYN-SENT       CLOSED
        2       S:SA  ESTABLISHED    SYN-RECEIVED
        3       C:A   ESTABLISHED    ~ESTABLISHED
        4-6     *     ESTABLISHED    SYN-RECEIVED
        7       C:A   ESTABLISHED    ~SYN-RECEIVED
        8-11    *     ESTABLISHED    ESTABLISHED
        12      C:FA  FIN-WAIT-1     CLOSE-WAIT
        13      S:A   FIN-WAIT-2     CLOSE-WAIT
        14      S:FA  TIME-WAIT      LAST-ACK
        15      C:A   TIME-WAIT      CLOSED
    """,
    "synack_retransmitted@server.pcap": """
        1       C:S   SYN-SENT       CLOSED
        2-4     S:SA  ESTABLISHED    SYN-RECEIVED
        5-9     *     ESTABLISHED    ESTABLISHED
        10      C:FA  FIN-WAIT-1     CLOSE-WAIT
        11      S:A   FIN-WAIT-2     CLOSE-WAIT
        12      S:FA  TIME-WAIT      LAST-ACK
        13      C:A   TIME-WAIT      CLOSED
    """,
    "time_wait_port_reuse.pcap": """
        1       C:S   SYN-SENT       CLOSED
        2       S:SA  ESTABLISHED    SYN-RECEIVED
        3-7     *     ESTABLISHED    ESTABLISHED
        8       S:FA  CLOSE-WAIT     FIN-WAIT-1
        9       C:A   CLOSE-WAIT     FIN-WAIT-2
        10      C:FA  LAST-ACK       TIME-WAIT
        11      S:A   CLOSED         TIME-WAIT
        12      C:S   SYN-SENT       TIME-WAIT
        13      S:SA  ESTABLISHED    SYN-RECEIVED
        14-18   *     ESTABLISHED    ESTABLISHED
        19      C:FA  FIN-WAIT-1     CLOSE-WAIT
        20      S:A   FIN-WAIT-2     CLOSE-WAIT
        21      S:FA  TIME-WAIT      LAST-ACK
        22      C:A   TIME-WAIT      CLOSED
    """,
    "time_wait_unsafe_reuse.pcap": """
        1       C:S   SYN-SENT       CLOSED
        2       S:SA  ESTABLISHED    SYN-RECEIVED
        3-7     *     ESTABLISHED    ESTABLISHED
        8       S:FA  CLOSE-WAIT     FIN-WAIT-1
        9       C:A   CLOSE-WAIT     FIN-WAIT-2
        10      C:FA  LAST-ACK       TIME-WAIT
        11      S:A   CLOSED         TIME-WAIT
        12      C:S   SYN-SENT       TIME-WAIT
        13      S:SA  ESTABLISHED    SYN-RECEIVED
        14-18   *     ESTABLISHED    ESTABLISHED
        19      C:FA  FIN-WAIT-1     CLOSE-WAIT
        20      S:A   FIN-WAIT-2     CLOSE-WAIT
        21      S:FA  TIME-WAIT      LAST-ACK
        22      C:A   TIME-WAIT      CLOSED
    """,
    "time_wait_syn_refused.pcap": """
        1       C:S   SYN-SENT       CLOSED
        2       S:SA  ESTABLISHED    SYN-RECEIVED
        3-7     *     ESTABLISHED    ESTABLISHED
        8       S:FA  CLOSE-WAIT     FIN-WAIT-1
        9       C:A   CLOSE-WAIT     FIN-WAIT-2
        10      C:FA  LAST-ACK       TIME-WAIT
        11      S:A   CLOSED         TIME-WAIT
        12-13   *     SYN-SENT       TIME-WAIT
        14-15   *     SYN-SENT       CLOSED
        16      S:SA  ESTABLISHED    SYN-RECEIVED
        17      C:A   ESTABLISHED    ESTABLISHED
        18      C:FA  FIN-WAIT-1     CLOSE-WAIT
        19      S:A   FIN-WAIT-2     CLOSE-WAIT
        20      S:FA  TIME-WAIT      LAST-ACK
        21      C:A   TIME-WAIT      CLOSED
    """,
    "time_wait_refuses_every_syn.pcap": """
        1       C:S   SYN-SENT       CLOSED
        2       S:SA  ESTABLISHED    SYN-RECEIVED
        3-7     *     ESTABLISHED    ESTABLISHED
        8       S:FA  CLOSE-WAIT     FIN-WAIT-1
        9       C:A   CLOSE-WAIT     FIN-WAIT-2
        10      C:FA  LAST-ACK       TIME-WAIT
        11      S:A   CLOSED         TIME-WAIT
        12-13   *     SYN-SENT       TIME-WAIT
        14      C:R   SYN-SENT       CLOSED
        15      C:S   SYN-SENT       ~CLOSED
        16      C:S   SYN-SENT       CLOSED
        17-18   *     SYN-SENT       TIME-WAIT
    """,
    "fin_retransmitted_into_time_wait@client.pcap": """
        1       C:S   SYN-SENT       CLOSED
        2       S:SA  ESTABLISHED    SYN-RECEIVED
        3-7     *     ESTABLISHED    ESTABLISHED
        8       C:FA  FIN-WAIT-1     CLOSE-WAIT
        9       S:A   FIN-WAIT-2     CLOSE-WAIT
        10      S:FA  TIME-WAIT      LAST-ACK
        11      C:A   TIME-WAIT      ~CLOSED
        12      S:FA  TIME-WAIT      LAST-ACK
        13      C:A   TIME-WAIT      CLOSED
    """,
    "fin_retransmitted_into_time_wait@server.pcap": """
        1       C:S   SYN-SENT       CLOSED
        2       S:SA  ESTABLISHED    SYN-RECEIVED
        3-7     *     ESTABLISHED    ESTABLISHED
        8       C:FA  FIN-WAIT-1     CLOSE-WAIT
        9       S:A   FIN-WAIT-2     CLOSE-WAIT
        10-11   S:FA  TIME-WAIT      LAST-ACK
        12      C:A   TIME-WAIT      CLOSED
    """,
    "time_wait_assassination.pcap": """
        1       C:S   SYN-SENT       CLOSED
        2       S:SA  ESTABLISHED    SYN-RECEIVED
        3-7     *     ESTABLISHED    ESTABLISHED
        8       C:FA  FIN-WAIT-1     CLOSE-WAIT
        9       S:A   FIN-WAIT-2     CLOSE-WAIT
        10      S:FA  TIME-WAIT      LAST-ACK
        11-13   *     TIME-WAIT      CLOSED
        14      S:R   CLOSED         CLOSED
    """,
    "abort_by_linger.pcap": """
        1       C:S   SYN-SENT       CLOSED
        2       S:SA  ESTABLISHED    SYN-RECEIVED
        3-7     *     ESTABLISHED    ESTABLISHED
        8       C:RA  CLOSED         CLOSED
    """,
    "abort_in_flight@client.pcap": """
        1       C:S   SYN-SENT       ~CLOSED
        2       S:SA  ESTABLISHED    SYN-RECEIVED
        3-8     *     ESTABLISHED    ESTABLISHED
        9       C:RA  CLOSED         CLOSED
    """,
    "abort_in_flight@server.pcap": """
        1       C:S   SYN-SENT       CLOSED
        2       S:SA  ESTABLISHED    SYN-RECEIVED
        3-6     *     ESTABLISHED    ESTABLISHED
        7       C:A   ~ESTABLISHED   ESTABLISHED
        8       C:PA  ESTABLISHED    ESTABLISHED
        9       C:RA  CLOSED         CLOSED
    """,
    "abort_loses_data@client.pcap": """
        1       C:S   SYN-SENT       CLOSED
        2       S:SA  ESTABLISHED    SYN-RECEIVED
        3-8     *     ESTABLISHED    ESTABLISHED
        9       C:RA  CLOSED         CLOSED
        10      S:A   CLOSED         ESTABLISHED
        11      C:R   CLOSED         CLOSED
    """,
    "abort_loses_data@server.pcap": """
        1       C:S   SYN-SENT       CLOSED
        2       S:SA  ESTABLISHED    SYN-RECEIVED
        3-6     *     ESTABLISHED    ESTABLISHED
        7       C:A   ~ESTABLISHED   ESTABLISHED
        8-9     *     ESTABLISHED    ESTABLISHED
        10      C:R   CLOSED         CLOSED
    """,
    "abort_with_unread_data.pcap": """
        1       C:S   SYN-SENT       CLOSED
        2       S:SA  ESTABLISHED    SYN-RECEIVED
        3-9     *     ESTABLISHED    ESTABLISHED
        10      S:RA  CLOSED         CLOSED
    """,
}


class Row(NamedTuple):
    """What a table says of one frame."""

    frame: int
    words: str
    states: tuple[str, str]
    contradicted: tuple[bool, bool]


def rows_of(table: str) -> list[Row]:
    rows = []
    for line in table.split("\n"):
        if not line.strip():
            continue
        frames, words, client, server = line.split()
        first, _, last = frames.partition("-")
        marks = (client.startswith("~"), server.startswith("~"))
        states = (client.lstrip("~"), server.lstrip("~"))
        rows += [
            Row(frame, words, states, marks) for frame in range(int(first), int(last or first) + 1)
        ]
    return rows


class Recorded:
    """A recording: its frames, the kernel's record, and the program's analysis."""

    def __init__(self, capture: str) -> None:
        """Read all of it; `capture` is a file name."""
        scenario = capture.removesuffix(".pcap").partition("@")[0]
        self.truth: Json = json.loads((RECORDINGS / f"{scenario}.truth.json").read_text())
        self.client, self.server = (socket_of(self.truth["flow"][s]) for s in ("client", "server"))
        self.frames: list[Seen] = list(frames_of(RECORDINGS / capture, self.client.address))
        self.analysis = analysis_of_file(RECORDINGS / capture)

    def moment_behind(self, frame: int) -> int:
        """The last nanosecond before the next frame, at most a second later."""
        later = [seen.time_ns for seen in self.frames[frame : frame + 1]]
        return min([self.frames[frame - 1].time_ns + LAST_LOOK_NS, *later]) - 1

    def is_quiet_behind(self, frame: int) -> bool:
        return self.moment_behind(frame) - self.frames[frame - 1].time_ns >= QUIET_NS

    def kernel_states(self, at_ns: int) -> tuple[str, str]:
        return tuple(state_of(self.truth["timeline"][s], at_ns) for s in ("client", "server"))  # type: ignore[return-value]


def socket_of(name: str) -> Socket:
    address, _, port = name.rpartition(":")
    return Socket(address.strip("[]"), int(port))


def state_of(timeline: list[dict[str, Any]], at_ns: int) -> str:
    past = [each["state"] for each in timeline if each["t"] is None or each["t"] * 1e9 <= at_ns]
    return str(past[-1])


def is_same(one: str, other: str) -> bool:
    return one == other or {one, other} <= {"CLOSED", "LISTEN"}


@pytest.mark.parametrize("capture", TABLES)
def test_states_of_both_ends_after_every_segment(capture: str) -> None:
    recorded = Recorded(capture)
    rows = rows_of(TABLES[capture])
    assert [row.frame for row in rows] == list(range(1, len(recorded.frames) + 1))
    wrong = []
    for row in rows:
        seen = recorded.frames[row.frame - 1]
        if row.words not in ("*", seen.words):
            wrong.append(f"frame {row.frame} is {seen.words}")
        at_ns = recorded.moment_behind(row.frame)
        have = tuple(pair_at(recorded.analysis, recorded.client, recorded.server, at_ns))
        if have != row.states:
            wrong.append(f"behind frame {row.frame}: {have}, not {row.states}")
    assert wrong == [], "\n".join(wrong)


@pytest.mark.parametrize("capture", TABLES)
def test_kernel_agrees_wherever_the_wire_is_quiet(capture: str) -> None:
    recorded = Recorded(capture)
    wrong = []
    for row in rows_of(TABLES[capture]):
        at_ns = recorded.moment_behind(row.frame) - BEFORE_NEXT_NS
        kernel = recorded.kernel_states(at_ns)
        for state, said, contradicted in zip(row.states, kernel, row.contradicted, strict=True):
            quiet = recorded.is_quiet_behind(row.frame)
            if contradicted and not quiet:
                wrong.append(f"frame {row.frame}: a mark where nothing is compared")
            elif quiet and is_same(state, said) == contradicted:
                wrong.append(f"behind frame {row.frame}: {state}, the kernel {said}")
    assert wrong == [], "\n".join(wrong)


@pytest.mark.parametrize("capture", TABLES)
def test_both_ends_went_the_kernels_way(capture: str) -> None:
    recorded = Recorded(capture)
    flow = recorded.truth["flow"]
    for side, other in (("client", "server"), ("server", "client")):
        timeline = recorded.truth["timeline"][side]
        kernel = [each["state"] for each in timeline if each["t"] is not None]
        ours = path_of(recorded.analysis, flow[side], flow[other])
        assert trim(ours) == trim(kernel), side


def test_every_situation_has_a_recording() -> None:
    shapes = {
        name: [
            connection["close"]["shape"] for connection in Recorded(name).analysis["connections"]
        ]
        for name in TABLES
    }
    outcomes = {
        name: Recorded(name).analysis["connections"][0]["handshake"]["outcome"] for name in TABLES
    }
    assert outcomes["simultaneous_open@client.pcap"] == "simultaneous"
    assert outcomes["connection_refused.pcap"] == "refused"
    assert outcomes["syn_dropped.pcap"] == "unanswered"
    assert shapes["simultaneous_close@server.pcap"] == ["simultaneous"]
    assert shapes["close_three_segments.pcap"] == ["3-segment"]
    assert shapes["half_close.pcap"] == ["4-segment"]
    assert shapes["abort_by_linger.pcap"] == shapes["abort_in_flight@client.pcap"] == ["reset"]
    assert shapes["time_wait_port_reuse.pcap"] == ["4-segment", "4-segment"]
