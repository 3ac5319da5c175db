"""Worker processes: order, deaths, and that none is left behind."""

import multiprocessing
import operator
import os
import signal
import time
from pathlib import Path

import pytest

from tcpflow_analyzer import workers
from tcpflow_analyzer.errors import WorkerError
from tcpflow_analyzer.workers import OCTETS_A_WORKER, Job, available_cores, run_jobs, worker_count

FORK = multiprocessing.get_context("fork")
SPAWN = multiprocessing.get_context("spawn")
KILLED = "b: the worker that analysed it was killed by SIGKILL, perhaps for lack of memory"


def later(seconds: float) -> tuple[float, int]:
    """Wait, and say who waited."""
    time.sleep(seconds)
    return seconds, os.getpid()


def note_down(task: tuple[Path, str]) -> None:
    """Add a line to a file."""
    path, line = task
    with path.open("a") as file:
        file.write(f"{line}\n")


def do(action: str) -> str:
    """Do something to this very process."""
    if action == "be killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if action == "leave":
        os._exit(7)
    if action == "ignore signals":
        return f"{signal.getsignal(signal.SIGINT)!r} {signal.getsignal(signal.SIGTERM)!r}"
    return action


def is_gone(process: int) -> bool:
    """Whether a process ends within some seconds."""
    for _ in range(600):
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def test_results_come_in_the_order_of_the_jobs() -> None:
    jobs = [Job(seconds, "", 1) for seconds in (0.5, 0.0, 0.1, 0.0)]
    results = list(run_jobs(later, jobs, 2, FORK))
    assert [seconds for seconds, _ in results] == [0.5, 0.0, 0.1, 0.0]
    processes = [process for _, process in results]
    assert len(set(processes)) == 2
    assert processes.count(processes[0]) == 1  # the other one did the rest meanwhile
    assert all(is_gone(process) for process in processes)


def test_largest_input_is_begun_first(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    jobs = [Job((path, str(size)), "", size) for size in (5, 30, 20, 30)]
    assert list(run_jobs(note_down, jobs, 1, FORK)) == [None] * 4
    assert path.read_text().split() == ["30", "30", "20", "5"]


def test_other_ways_to_start_processes() -> None:
    jobs = [Job(number, "", 1) for number in range(5)]
    assert list(run_jobs(operator.neg, jobs, 2, SPAWN)) == [0, -1, -2, -3, -4]


def test_tick_counts_what_is_done() -> None:
    ticks: list[int] = []
    jobs = [Job(seconds, "", 1) for seconds in (0.6, 0.0)]
    list(run_jobs(later, jobs, 2, FORK, ticks.append))
    assert ticks[0] <= 1
    assert ticks.count(1) >= 2  # while the first was waited for
    assert ticks[-1] == 2
    assert ticks == sorted(ticks)


@pytest.mark.parametrize(
    ("action", "how"), [("be killed", KILLED), ("leave", "ended with status 7")]
)
def test_worker_that_dies_is_told_with_its_input(action: str, how: str) -> None:
    jobs = [Job("live", "a", 1), Job(action, "b", 1)]
    with pytest.raises(WorkerError, match=how):
        list(run_jobs(do, jobs, 2, FORK))


def test_signals_of_a_terminal_are_for_the_parent() -> None:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    done = list(run_jobs(do, [Job("ignore signals", "", 1)], 1, FORK))
    assert done == ["<Handlers.SIG_IGN: 1> <Handlers.SIG_DFL: 0>"]
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == before


def test_closing_early_ends_workers_at_once() -> None:
    results = run_jobs(later, [Job(seconds, "", 1) for seconds in (0.0, 60.0, 60.0)], 2, FORK)
    _, process = next(results)
    begin = time.monotonic()
    results.close()
    assert time.monotonic() - begin < 5
    assert is_gone(process)
    assert not multiprocessing.active_children()


def test_exception_of_the_work_is_not_hidden(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(WorkerError, match="the worker that analysed it ended with status 1"):
        list(run_jobs(int, [Job("no number", "a", 1)], 1, FORK))
    assert "ValueError: invalid literal" in capfd.readouterr().err


def test_orphan_ends_when_it_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    workers.end_if_orphaned()  # this process is no worker
    ended: list[int] = []
    monkeypatch.setattr(os, "_exit", ended.append)
    monkeypatch.setattr(workers, "_parent", os.getppid())
    workers.end_if_orphaned()
    assert ended == []
    monkeypatch.setattr(workers, "_parent", os.getppid() + 1)
    workers.end_if_orphaned()
    assert ended == [1]


def test_worker_count_is_what_pays() -> None:
    assert worker_count(4, [1] * 10, FORK) == 4
    assert worker_count(4, [1, 1], FORK) == 2
    assert worker_count(4, [], FORK) == 1
    assert worker_count(None, [1] * 1000, FORK) == available_cores()
    assert worker_count(4, [1] * 10, SPAWN) == 1
    assert worker_count(4, [OCTETS_A_WORKER] * 2, SPAWN) == 2
