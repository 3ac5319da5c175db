"""Scores believed states against what the Linux kernel's sockets were in.

Every NAME.truth.json of a folder of recordings names its captures and holds checkpoints: moments at
which `ss` was asked for the sockets of both hosts. The program's `transitions` are replayed up to
each checkpoint; an entry is one socket of one host that either side knows of, right where the state
is the same (a socket that is gone matches CLOSED or LISTEN, and is then not counted). The *path* of
the tracked connection is its sequence of states at one endpoint; an end reached by a timer that
nothing on the wire shows may be missing.

unknowable.json names entries that no tap could know: the segment has not reached it yet, a timer
that shows nothing, a moment outside the capture, a host that silently dropped what the tap saw
arrive. They are left out.
"""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

Analysis = dict[str, Any]  # the JSON of one capture
Truth = dict[str, Any]

CLOSED: Final = frozenset({"CLOSED", "LISTEN"})
ENDPOINTS: Final = (("originator", "responder"), ("responder", "originator"))


@dataclass
class Score:
    """Of one capture: what was right, of how much, and a line for each miss."""

    capture: str
    right: int = 0
    checkpoints: int = 0
    paths_right: int = 0
    paths: int = 0
    misses: list[str] = field(default_factory=list)


def load_truths(recordings: Path) -> list[Truth]:
    """Every truth record of a folder, by name."""
    return [json.loads(path.read_text()) for path in sorted(recordings.glob("*.truth.json"))]


def load_unknowable(recordings: Path) -> dict[str, set[str]]:
    """By capture, the entries that are not scored."""
    listed = json.loads((recordings / "unknowable.json").read_text())
    return {capture: set(entries) for capture, entries in listed.items()}


def score(analysis: Analysis, truth: Truth, capture: str, unknowable: set[str]) -> Score:
    """Score one capture's analysis."""
    result = Score(capture)
    for checkpoint in truth["checkpoints"]:
        for host in ("client", "server"):
            if isinstance(checkpoint[f"{host}_sockets"], str):
                _score_count(analysis, truth, checkpoint, host, result)
            else:
                _score_sockets(analysis, truth, checkpoint, host, unknowable, result)
    _score_paths(analysis, truth, unknowable, result)
    return result


def _score_count(
    analysis: Analysis, truth: Truth, checkpoint: dict[str, Any], host: str, result: Score
) -> None:
    """A checkpoint with too many sockets to list: only "100 TIME-WAIT" is known of it."""
    counted = re.fullmatch(r"(\d+) ([A-Z0-9-]+)", checkpoint[f"{host}_state"])
    if counted is None:
        return
    ours = sockets_at(analysis, truth[host], int(checkpoint["t"] * 1e9))
    count = list(ours.values()).count(counted[2])
    result.checkpoints += 1
    if count == int(counted[1]):
        result.right += 1
    else:
        result.misses.append(f"{checkpoint['step']}: {host} kernel {counted[0]}, ours {count}")


def _score_sockets(
    analysis: Analysis,
    truth: Truth,
    checkpoint: dict[str, Any],
    host: str,
    unknowable: set[str],
    result: Score,
) -> None:
    kernel = {
        (plain(socket["local"]), plain(socket["remote"])): socket["state"]
        for socket in checkpoint[f"{host}_sockets"]
        if socket["state"] != "LISTEN"
    }
    ours = sockets_at(analysis, truth[host], int(checkpoint["t"] * 1e9))
    for key in sorted(kernel.keys() | ours.keys()):
        want, have = kernel.get(key, "CLOSED"), ours.get(key, "CLOSED")
        entry = f"{checkpoint['step']}: {host} {key[0]}>{key[1]}"
        if (want in CLOSED and have in CLOSED) or entry in unknowable:
            continue
        result.checkpoints += 1
        if want == have:
            result.right += 1
        else:
            result.misses.append(f"{entry} kernel {want}, ours {have}")


def _score_paths(analysis: Analysis, truth: Truth, unknowable: set[str], result: Score) -> None:
    tracked = []
    if truth.get("flow") and truth.get("timeline"):
        flow = truth["flow"]
        for side, other in (("client", "server"), ("server", "client")):
            tracked.append((side, flow[side], flow[other], truth["timeline"][side]))
    for flow in truth.get("flows", []):
        tracked.append((flow["local"], flow["local"], flow["remote"], flow["timeline"]))
    for label, local, remote, timeline in tracked:
        if f"path: {label}" in unknowable:
            continue
        want = [step["state"] for step in timeline if step["t"] is not None]
        have = path_of(analysis, local, remote)
        result.paths += 1
        if trim(want) == trim(have):
            result.paths_right += 1
        else:
            result.misses.append(f"{label} kernel {' > '.join(want)}; ours {' > '.join(have)}")


def sockets_at(analysis: Analysis, host: str, at_ns: int) -> dict[tuple[str, str], str]:
    """The analysis's sockets of one host, by (local, remote); the newest incarnation wins."""
    found: dict[tuple[str, str], str] = {}
    for connection in analysis["connections"]:
        if connection["first_time_ns"] > at_ns:
            continue
        for side, other in ENDPOINTS:
            if connection[side]["address"] != host:
                continue
            key = (socket_name(connection[side]), socket_name(connection[other]))
            if key not in found or has_moved(connection, side, at_ns):
                found[key] = state_at(connection, side, at_ns)
    return found


def has_moved(connection: dict[str, Any], side: str, at_ns: int) -> bool:
    """Whether an endpoint has left CLOSED and LISTEN by a time."""
    return any(
        change["endpoint"] == side and change["time_ns"] <= at_ns and change["to"] not in CLOSED
        for change in connection["transitions"]
    )


def state_at(connection: dict[str, Any], side: str, at_ns: int) -> str:
    """The believed state of an endpoint at a time; TIME-WAIT ends by its deadline."""
    state = "CLOSED"
    for change in connection["transitions"]:
        if change["time_ns"] > at_ns:
            break
        if change["endpoint"] == side:
            state = change["to"]
    until = connection["close"]["time_wait_until_ns"]
    if state == "TIME-WAIT" and until is not None and until <= at_ns:
        return "CLOSED"
    return state


def path_of(analysis: Analysis, local: str, remote: str) -> list[str]:
    """The states that one socket went through, over all its incarnations, corrections applied.

    A correction returns to a state that the endpoint has been in; what was believed since is
    taken back, and the new branch follows as ordinary transitions.
    """
    path: list[str] = []
    for connection in analysis["connections"]:
        for side, other in ENDPOINTS:
            names = (socket_name(connection[side]), socket_name(connection[other]))
            if names == (plain(local), plain(remote)):
                path += endpoint_path(connection, side)
    path = without_repeats(path)
    return path[1:] if path and path[0] in CLOSED else path


def endpoint_path(connection: dict[str, Any], side: str) -> list[str]:
    """The states that one endpoint of one connection entered, corrections applied."""
    steps: list[str] = []
    for change in connection["transitions"]:
        if change["endpoint"] != side:
            continue
        if change["correction"]:
            while len(steps) > 1 and steps[-1] != change["to"]:
                steps.pop()
        if not steps or steps[-1] != change["to"]:
            steps.append(change["to"])
    return steps


def trim(path: list[str]) -> list[str]:
    """A path without LISTEN, without a closing end, and without CLOSED between two lives."""
    while path and path[-1] in CLOSED:
        path = path[:-1]
    path = [state for state in path if state != "LISTEN"]
    begins = {"CLOSED", "SYN-SENT", "SYN-RECEIVED"}
    kept = [
        state
        for state, after in zip(path, [*path[1:], "CLOSED"], strict=False)
        if not (state == "CLOSED" and after in begins)
    ]
    return without_repeats(kept)


def without_repeats(path: list[str]) -> list[str]:
    """A path in which no state follows itself."""
    return [state for i, state in enumerate(path) if i == 0 or path[i - 1] != state]


def socket_name(endpoint: dict[str, Any]) -> str:
    """address:port of an endpoint, without the brackets around IPv6."""
    return plain(f"{endpoint['address']}:{endpoint['port']}")


def plain(socket: str) -> str:
    """A socket's name without brackets: `ss` writes them, other sources do not."""
    return socket.replace("[", "").replace("]", "")
