"""Laws that hold for every exchange of two endpoints that obey the RFC, whatever the tap missed.

The exchanges come from a model of two ends (support/two_ends.py) that knows its own states.
"""

import json
from collections import Counter
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from support.capture_builder import Segment, ethernet, packet
from support.exchanges import acts, clean_exchanges, lossy_exchanges
from support.kernel_truth import ENDPOINTS, endpoint_path, trim
from support.ladder import SOCKET_A, SOCKET_B
from support.states import Json, analysis_of_frames, codes, transitions_text
from support.two_ends import Played, play, redirected
from tcpflow_analyzer.tcp.control_bits import FIN

Frames = list[tuple[int, bytes]]
# Half of what the profile asks for: each example is several analyses.
EXAMPLES = settings(max_examples=settings().max_examples // 2)


def frames_of(played: Played, segments: list[Segment] | None = None) -> Frames:
    """The frames of an exchange, with other segments at the same times."""
    times = [time_ns for time_ns, _ in played.frames]
    chosen = played.sent if segments is None else segments
    return [(time, ethernet(packet(segment))) for time, segment in zip(times, chosen, strict=True)]


def sides(analysis: Json) -> list[dict[str, Any]]:
    """What is said of each socket of each connection, without numbers, times and addresses."""
    said = []
    for connection in analysis["connections"]:
        said += [
            {
                "states": endpoint_path(connection, side),
                "final": connection[side]["state"],
                "certainty": connection[side]["certainty"],
                "possible": connection[side]["possible_states"],
                "shape": connection["close"]["shape"],
                "outcome": connection["handshake"]["outcome"],
            }
            for side, _ in ENDPOINTS
        ]
    return said


def found(analysis: Json) -> Counter[tuple[str, str, str]]:
    """Findings about connections, counted by code, severity and endpoint."""
    return Counter(
        (finding["code"], finding["severity"], str(finding["endpoint"]))
        for finding in analysis["findings"]
        if finding["connection"] is not None
    )


def errors(analysis: Json) -> list[str]:
    return [f["message"] for f in analysis["findings"] if f["severity"] == "error"]


def model_end(path: list[str]) -> str:
    """The last state without TIME-WAIT's timer, which JSON's `state` does not apply either."""
    if path[-2:] == ["TIME-WAIT", "CLOSED"]:
        return "TIME-WAIT"
    return path[-1] if path else "CLOSED"


def side_of(connection: dict[str, Any], address: str) -> str:
    return "originator" if connection["originator"]["address"] == address else "responder"


@EXAMPLES
@given(clean_exchanges())
def test_states_are_the_models_and_nothing_is_wrong(played: Played) -> None:
    analysis = analysis_of_frames(played.frames)
    (connection,) = analysis["connections"]
    for end, socket in enumerate((SOCKET_A, SOCKET_B)):
        side = side_of(connection, socket.address)
        path = [state for state in played.path(end) if state != "LISTEN"]
        assert trim(endpoint_path(connection, side)) == trim(path), transitions_text(analysis)
        assert connection[side]["state"] == model_end(path)
    assert errors(analysis) == []


@EXAMPLES
@given(lossy_exchanges())
def test_loss_behind_the_tap_ends_in_the_models_states(played: Played) -> None:
    analysis = analysis_of_frames(played.frames)
    (connection,) = analysis["connections"]
    for end, socket in enumerate((SOCKET_A, SOCKET_B)):
        side = side_of(connection, socket.address)
        path = played.path(end)
        have = connection[side]["state"]
        if path[-1] != "LISTEN":
            assert have == model_end(path), transitions_text(analysis)
        if connection[side]["certainty"] == "observed":
            assert have in {*path, "CLOSED"}


@EXAMPLES
@given(lossy_exchanges(), st.data())
def test_frames_missing_in_the_capture_never_make_an_error(
    played: Played, data: st.DataObject
) -> None:
    count = len(played.frames)
    # A FIN that the capture missed is another matter: tests/observer/test_closing.py.
    numbers = [n for n in range(count) if not played.sent[n].control_bits & FIN]
    missing = data.draw(st.sets(st.sampled_from(numbers), max_size=3), label="missing")
    thin = [frame for number, frame in enumerate(played.frames) if number not in missing]
    full_errors = errors(analysis_of_frames(played.frames))
    analysis = analysis_of_frames(thin)
    if not full_errors:
        assert errors(analysis) == [], transitions_text(analysis)
    for connection in analysis["connections"]:
        for end, socket in enumerate((SOCKET_A, SOCKET_B)):
            side = side_of(connection, socket.address)
            if connection[side]["certainty"] == "observed":
                assert connection[side]["state"] in {*played.path(end), "CLOSED"}


@EXAMPLES
@given(
    acts(),
    st.integers(0, 2**32 - 1),
    st.integers(0, 2**32 - 1),
    st.integers(-(10**9), 10**9),
)
def test_other_initial_numbers_and_times_change_nothing(
    chosen: list[Any], shift_a: int, shift_b: int, seconds: int
) -> None:
    played = play(chosen)
    usual = analysis_of_frames(frames_of(played))
    moved = [redirected(segment, (shift_a, shift_b)) for segment in played.sent]
    later = [(time + seconds * 10**9, octets) for time, octets in frames_of(played, moved)]
    other = analysis_of_frames(later)
    assert sides(other) == sides(usual)
    assert found(other) == found(usual)


@EXAMPLES
@given(acts())
def test_other_addresses_change_nothing_and_swapped_ones_swap_the_ends(chosen: list[Any]) -> None:
    played = play(chosen)
    usual = analysis_of_frames(frames_of(played))
    names = {SOCKET_A.address: "2001:db8::b", SOCKET_B.address: "2001:db8::a"}
    swapped = {SOCKET_A.address: SOCKET_B.address, SOCKET_B.address: SOCKET_A.address}
    for mapping in (names, swapped):
        renamed = [
            replace(each, source=mapping[each.source], destination=mapping[each.destination])
            for each in played.sent
        ]
        other = analysis_of_frames(frames_of(played, renamed))
        assert sides(other) == sides(usual)
        assert found(other) == found(usual)
        assert [c["originator"]["address"] for c in other["connections"]] == [
            mapping[c["originator"]["address"]] for c in usual["connections"]
        ]


@EXAMPLES
@given(acts(), st.data())
def test_repeated_frame_changes_no_state(chosen: list[Any], data: st.DataObject) -> None:
    played = play(chosen)
    frames = frames_of(played)
    # A pure ACK without an IP identification is no copy but a duplicate ACK.
    candidates = [n for n, segment in enumerate(played.sent) if segment.ip_id]
    if not candidates:
        return
    number = data.draw(st.sampled_from(candidates), label="repeated")
    time_ns, octets = frames[number]
    following = [time for time, _ in frames[number + 1 : number + 2]]
    if following and following[0] <= time_ns + 1000:
        return
    copied = [*frames[: number + 1], (time_ns + 1000, octets), *frames[number + 1 :]]
    usual, other = analysis_of_frames(frames), analysis_of_frames(copied)
    assert sides(other) == sides(usual)
    more = found(other) - found(usual)
    assert {code for code, _, _ in more} <= {"CP006"}
    assert "CP006" in codes(other), (number, found(other), other["findings"])
    assert found(usual) - found(other) == Counter()


@EXAMPLES
@given(acts(), st.data())
def test_split_payload_changes_no_state(chosen: list[Any], data: st.DataObject) -> None:
    played = play(chosen)
    splittable = [n for n, each in enumerate(played.sent) if len(each.payload) > 1]
    if not splittable:
        return
    number = data.draw(st.sampled_from(splittable), label="split")
    whole = played.sent[number]
    at = data.draw(st.integers(1, len(whole.payload) - 1), label="at")
    parts = [
        replace(whole, payload=whole.payload[:at]),
        replace(whole, payload=whole.payload[at:], seq=whole.seq + at),
    ]
    frames = frames_of(played)
    time_ns = frames[number][0]
    split = [(time_ns, ethernet(packet(part))) for part in parts]
    other = analysis_of_frames([*frames[:number], *split, *frames[number + 1 :]])
    assert sides(other) == sides(analysis_of_frames(frames))


@EXAMPLES
@given(st.lists(acts(), min_size=2, max_size=4))
def test_interleaved_connections_give_the_union(several: list[list[Any]]) -> None:
    alone: Counter[Any] = Counter()
    states: Counter[str] = Counter()
    together: Frames = []
    for index, chosen in enumerate(several):
        played = play(chosen)
        ports = {SOCKET_A.port: SOCKET_A.port + index, SOCKET_B.port: 8000 + index}
        moved = [
            replace(s, source_port=ports[s.source_port], destination_port=ports[s.destination_port])
            for s in played.sent
        ]
        frames = frames_of(played, moved)
        together += frames
    together.sort(key=lambda frame: frame[0])
    last_ns = together[-1][0]
    for index in range(len(several)):
        mine = [frame for frame in together if _port_of(frame[1]) % 1000 == index]
        # The others' last frame shows each that time went on.
        end = [(last_ns, ethernet(packet(Segment("192.0.2.9", 1, "192.0.2.8", 2))))]
        analysis = analysis_of_frames([*mine, *end])
        analysis["connections"] = analysis["connections"][:-1]
        number = len(analysis["connections"]) + 1
        analysis["findings"] = [f for f in analysis["findings"] if f["connection"] != number]
        alone += found(analysis)
        states += Counter(json.dumps(each) for each in sides(analysis))
    whole = analysis_of_frames(together)
    assert Counter(json.dumps(each) for each in sides(whole)) == states
    assert found(whole) == alone


def _port_of(frame: bytes) -> int:
    """Of A's and B's ports, the one whose last digits name the exchange: B's."""
    source, destination = int.from_bytes(frame[34:36], "big"), int.from_bytes(frame[36:38], "big")
    return min(source, destination)
