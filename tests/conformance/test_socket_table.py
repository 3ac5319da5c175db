"""`tcpflow ss --at` shows the states that `ss` showed on the hosts at the same moment.

Only what was captured until then is known, so that this is harder than what test_kernel_states.py
asks of the transitions, which later frames may have proved or corrected.
"""

from pathlib import Path
from typing import Any

import pytest

from support.kernel_truth import CLOSED, load_truths, load_unknowable, plain
from support.places import RECORDINGS, shared_folder
from tcpflow_analyzer.pipeline import Run, Until
from tcpflow_analyzer.report.socket_table import SocketRow, SocketTable
from tcpflow_analyzer.settings import Settings

LEAST = 0.99


def rows_at(path: Path, at_ns: int) -> list[SocketRow]:
    """The sockets of a capture at a moment."""
    table = SocketTable()
    run = Run([str(path)], Settings(), [table], until=Until(time_ns=at_ns))
    table.watch(lambda: run.now_ns)
    run.run()
    return table.rows()


def score_of(path: Path, truth: dict[str, Any], unknowable: set[str]) -> tuple[int, int, list[str]]:
    """How many entries of `ss` are shown with its state, of how many, and those that are not."""
    right, total = 0, 0
    wrong: list[str] = []
    for checkpoint in truth["checkpoints"]:
        rows = rows_at(path, int(checkpoint["t"] * 1e9))
        for host in ("client", "server"):
            if isinstance(checkpoint[f"{host}_sockets"], str):
                continue  # too many to list
            kernel = {
                (plain(socket["local"]), plain(socket["remote"])): socket["state"]
                for socket in checkpoint[f"{host}_sockets"]
                if socket["state"] != "LISTEN"
            }
            ours = {
                (plain(row.local), plain(row.peer)): str(row.state)
                for row in rows
                if row.local_address == truth[host]
            }
            for key in sorted(kernel.keys() | ours.keys()):
                want, have = kernel.get(key, "CLOSED"), ours.get(key, "CLOSED")
                entry = f"{checkpoint['step']}: {host} {key[0]}>{key[1]}"
                if (want in CLOSED and have in CLOSED) or entry in unknowable:
                    continue
                total += 1
                right += want == have
                if want != have:
                    wrong.append(f"{path.name}: {entry} kernel {want}, ours {have}")
    return right, total, wrong


def check(folder: Path) -> None:
    """Compare all recordings of a folder."""
    unknowable = load_unknowable(folder)
    right, total = 0, 0
    wrong: list[str] = []
    for truth in load_truths(folder):
        for entry in truth["captures"]:
            path = folder / entry["file"]
            score = score_of(path, truth, unknowable.get(entry["file"], set()))
            right, total, wrong = right + score[0], total + score[1], wrong + score[2]
    assert total > 400
    assert right / total >= LEAST, "\n".join(wrong)


@pytest.mark.slow
def test_sockets_are_those_that_ss_showed() -> None:
    check(RECORDINGS)


@pytest.mark.slow
@pytest.mark.skipif(shared_folder() is None, reason="no shared folder")
def test_sockets_on_recordings_outside_the_repository() -> None:
    check((shared_folder() or Path()) / "recordings")
