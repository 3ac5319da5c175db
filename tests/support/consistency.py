"""What holds in every report, whatever the capture."""

from typing import Any

Json = dict[str, Any]


def check_analysis(analysis: Json) -> None:
    """Raise AssertionError unless every frame counts once and nothing refers to what is not there.

    Args:
        analysis: the JSON of `tcpflow analyze` of one capture, in which nothing was left out.
    """
    capture = analysis["capture"]
    counted = capture["tcp_segments"] + capture["other_frames"] + capture["fragments"]
    frames = capture["frames"]
    assert counted + sum(capture["undecoded"].values()) == frames
    for connection in analysis["connections"]:
        for change in connection["transitions"]:
            by_clock = change["event"].startswith("timer") and not change["correction"]
            assert (change["frame"] is None) == by_clock
            assert by_clock or 1 <= change["frame"] <= frames
        for side in ("originator", "responder"):
            assert connection[side]["state"] in connection[side]["possible_states"]
    for finding in analysis["findings"]:
        assert all(1 <= frame <= frames for frame in finding["frames"])
