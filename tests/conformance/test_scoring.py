"""The score itself: what counts as the same path, and which misses it sees."""

from typing import Any

from support.kernel_truth import path_of, score, trim


def change(time_s: float, endpoint: str, to: str, *, correction: bool = False) -> dict[str, Any]:
    """One entry of `transitions`, as far as the score reads it."""
    time_ns = int(time_s * 1_000_000_000)
    return {"time_ns": time_ns, "endpoint": endpoint, "to": to, "correction": correction}


def analysis(*transitions: dict[str, Any], time_wait_until_ns: int | None = None) -> dict[str, Any]:
    """An analysis of one connection, as far as the score reads it."""
    return {
        "connections": [
            {
                "originator": {"address": "2001:db8::1", "port": 40000},
                "responder": {"address": "2001:db8::2", "port": 80},
                "first_time_ns": transitions[0]["time_ns"],
                "transitions": list(transitions),
                "close": {"time_wait_until_ns": time_wait_until_ns},
            }
        ]
    }


def truth(at_s: float, state: str) -> dict[str, Any]:
    """A truth record of one checkpoint at which the client's socket was in a state."""
    socket = {"local": "[2001:db8::1]:40000", "remote": "[2001:db8::2]:80", "state": state}
    checkpoint = {"t": at_s, "step": "then", "client_sockets": [socket], "server_sockets": []}
    return {"client": "2001:db8::1", "server": "2001:db8::2", "checkpoints": [checkpoint]}


OPENED = (change(1, "originator", "SYN-SENT"), change(2, "originator", "ESTABLISHED"))


def test_score_counts_state_at_the_checkpoint_not_the_last_one() -> None:
    assert score(analysis(*OPENED), truth(1.5, "SYN-SENT"), "x", set()).right == 1
    assert score(analysis(*OPENED), truth(2.5, "ESTABLISHED"), "x", set()).right == 1


def test_score_reports_a_wrong_state() -> None:
    result = score(analysis(*OPENED), truth(2.5, "CLOSE-WAIT"), "x", set())
    assert (result.right, result.checkpoints) == (0, 1)
    assert result.misses == [
        "then: client 2001:db8::1:40000>2001:db8::2:80 kernel CLOSE-WAIT, ours ESTABLISHED"
    ]


def test_score_leaves_out_what_no_tap_could_know() -> None:
    entry = "then: client 2001:db8::1:40000>2001:db8::2:80"
    assert score(analysis(*OPENED), truth(2.5, "CLOSE-WAIT"), "x", {entry}).checkpoints == 0


def test_score_ends_time_wait_at_its_deadline() -> None:
    ours = analysis(change(1, "originator", "TIME-WAIT"), time_wait_until_ns=61_000_000_000)
    assert score(ours, truth(60, "TIME-WAIT"), "x", set()).right == 1
    assert score(ours, truth(62, "TIME-WAIT"), "x", set()).right == 0


def test_path_takes_back_what_a_correction_refutes() -> None:
    ours = analysis(
        change(1, "originator", "FIN-WAIT-1"),
        change(2, "originator", "FIN-WAIT-2"),
        change(3, "originator", "TIME-WAIT"),
        change(4, "originator", "FIN-WAIT-1", correction=True),
        change(5, "originator", "CLOSING"),
    )
    assert path_of(ours, "2001:db8::1:40000", "2001:db8::2:80") == ["FIN-WAIT-1", "CLOSING"]


def test_trim_leaves_out_closed_between_two_lives_only() -> None:
    path = ["SYN-SENT", "CLOSED", "SYN-SENT", "ESTABLISHED", "CLOSED"]
    assert trim(path) == ["SYN-SENT", "ESTABLISHED"]
    assert trim(["CLOSED", "CLOSE-WAIT"]) == ["CLOSED", "CLOSE-WAIT"]
