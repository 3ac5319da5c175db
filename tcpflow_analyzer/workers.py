"""Runs tasks in worker processes and gives their results in the order of the tasks.

Rules: what goes to a worker and what comes back is pickled through a pipe, so both are small; what
is large goes through files that the tasks name. A worker that dies ends everything with one line.
Workers never outlive their parent for long, whatever ends it: an idle one sees the end of its pipe,
one at work calls `end_if_orphaned`.

Plain `multiprocessing` processes rather than `concurrent.futures`: its executor cannot end workers
at once before Python 3.14, does not say which task a dead worker had, and forked workers that wait
keep the pipe open among themselves when the parent is killed.
"""

import contextlib
import gc
import os
import signal
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import TYPE_CHECKING, Any, Final, Generic, NamedTuple, Protocol, TypeVar, cast

from tcpflow_analyzer.errors import ExtensionError, WorkerError

# A forked worker costs some milliseconds, less than any capture; one that has to import everything
# anew (spawn, forkserver) costs a tenth of a second, in which about so much is analysed.
OCTETS_A_WORKER: Final = 16 << 20
SECONDS_BETWEEN_TICKS: Final = 0.2
SECONDS_TO_DIE: Final = 2.0

T = TypeVar("T")
R = TypeVar("R")
if TYPE_CHECKING:
    Pipe = Connection[Any, Any]


class Context(Protocol):
    """What is used of a context of `multiprocessing`; the library's own type lacks `Process`."""

    @property
    def Process(self) -> Callable[..., BaseProcess]:
        """The class of processes."""

    def Pipe(self) -> "tuple[Pipe, Pipe]":
        """Make a pipe."""

    def get_start_method(self) -> str:
        """Say how processes are started."""


class Job(NamedTuple, Generic[T]):
    """One thing to do.

    Attributes:
        task: what the worker gets; pickled.
        name: of the input, for messages.
        octets: of the input; the largest are begun first, so that none is left over at the end.
    """

    task: T
    name: str
    octets: int


def available_cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def worker_count(jobs: int | None, octets: Sequence[int], context: Context) -> int:
    """Say how many workers are worth starting; 1 means to do the work in this process.

    Args:
        jobs: at most so many; None for as many as there are cores.
        octets: of each input.
        context: how they would be started.
    """
    most = min(available_cores() if jobs is None else jobs, len(octets))
    if context.get_start_method() != "fork":
        most = min(most, sum(octets) // OCTETS_A_WORKER)
    return max(most, 1)


class _Worker(Generic[T]):
    """A worker process, seen from the parent."""

    def __init__(self, process: BaseProcess, pipe: "Pipe") -> None:
        self.process = process
        self.pipe = pipe
        self.number = -1  # of its job


def run_jobs(
    work: Callable[[T], R],
    jobs: Sequence[Job[T]],
    workers: int,
    context: Context,
    tick: Callable[[int], None] | None = None,
) -> Generator[R, None, None]:
    """Do jobs in worker processes; gives the results in the order of the jobs.

    Close the generator to end the workers early; they are killed then, as they are when it ends.

    Args:
        work: a function of a module, which the workers can import.
        jobs: what to do.
        workers: how many processes to start.
        context: of `multiprocessing`, says how to start them.
        tick: is called with the number of finished jobs, now and then while results are waited for.

    Raises:
        WorkerError: a worker died.
        ExtensionError: a finding of another package failed.
    """
    pool = _start(work, min(workers, len(jobs)), context)
    try:
        yield from _in_order(pool, jobs, tick)
    finally:
        _kill(pool)


def end_if_orphaned() -> None:
    """End this process if it is a worker whose parent is gone; to be called while it works."""
    if _parent and os.getppid() != _parent:
        os._exit(1)


_parent = 0  # process number of the parent of this worker, 0 in every other process


def _start(work: Callable[[T], R], count: int, context: Context) -> list[_Worker[T]]:
    pool: list[_Worker[T]] = []
    try:
        for _ in range(count):
            here, there = context.Pipe()
            # A forked process holds the ends of all pipes before it; it would keep them open.
            forked = context.get_start_method() == "fork"
            inherited = [*(worker.pipe for worker in pool), here] if forked else []
            process = context.Process(target=_serve, args=(work, there, inherited), daemon=True)
            with _signals_held():
                process.start()
            there.close()
            pool.append(_Worker(process, here))
    except BaseException:
        _kill(pool)
        raise
    return pool


def _in_order(
    pool: list[_Worker[T]], jobs: Sequence[Job[T]], tick: Callable[[int], None] | None
) -> Iterator[R]:
    """Hand out jobs, take results, give them in the order of the jobs."""
    waiting = deque(sorted(range(len(jobs)), key=lambda number: -jobs[number].octets))
    results: dict[int, R] = {}
    given = 0
    while given < len(jobs):
        for worker in pool:
            if worker.number < 0 and waiting:
                worker.number = waiting.popleft()
                _hand_out(worker, jobs[worker.number])
        if given in results:
            yield results.pop(given)
            given += 1
            continue
        busy = {worker.pipe: worker for worker in pool if worker.number >= 0}
        for pipe in wait(list(busy), None if tick is None else SECONDS_BETWEEN_TICKS):
            worker = busy[cast("Pipe", pipe)]
            results[worker.number] = _result(worker, jobs[worker.number])
            worker.number = -1
        if tick is not None:
            tick(given + len(results))


def _hand_out(worker: _Worker[T], job: Job[T]) -> None:
    try:
        worker.pipe.send(job.task)
    except OSError:
        raise _death(worker, job) from None


def _result(worker: _Worker[T], job: Job[T]) -> Any:  # noqa: ANN401  what `work` gives
    try:
        result = worker.pipe.recv()
    except (EOFError, OSError):
        raise _death(worker, job) from None
    if isinstance(result, ExtensionError):
        raise result
    return result


def _death(worker: _Worker[T], job: Job[T]) -> WorkerError:
    """Say how a worker ended, which has closed its pipe."""
    worker.process.join(SECONDS_TO_DIE)
    status = worker.process.exitcode
    if status is None:
        how = "no longer answers"
    elif status < 0:
        how = f"was killed by {_signal_name(-status)}"
        if -status == getattr(signal, "SIGKILL", 0):
            how += ", perhaps for lack of memory; fewer --jobs need less"
    else:
        how = f"ended with status {status}"
    return WorkerError(f"{job.name}: the worker that analysed it {how}")


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _kill(pool: Sequence[_Worker[T]]) -> None:
    """End all workers at once; there is nothing that they would have to tidy up."""
    for worker in pool:
        worker.process.kill()
    for worker in pool:
        worker.process.join(SECONDS_TO_DIE)
        worker.pipe.close()


@contextlib.contextmanager
def _signals_held() -> Iterator[None]:
    """Keep signals from a new process until it says what they do, and from this one meanwhile."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM))
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _done(work: Callable[[T], R], task: T) -> R | ExtensionError:
    """Do a job; what a finding of another package did wrong is for the parent to tell."""
    try:
        return work(task)
    except ExtensionError as error:
        return error


def _serve(
    work: Callable[[T], R],
    pipe: "Pipe",
    inherited: "Sequence[Pipe]",
) -> None:
    """Do jobs until there are no more; runs in the worker."""
    global _parent  # noqa: PLW0603  a process is a worker from here to its end
    _parent = os.getppid()
    # The interrupt key reaches all processes of a terminal; the parent decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGINT, signal.SIGTERM))
    for other in inherited:
        other.close()
    # What was there before belongs to the parent as well; looking at it would copy its memory.
    gc.freeze()
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):  # the parent is gone
        while True:
            pipe.send(_done(work, pipe.recv()))
            gc.collect()  # a run and what it knows hold each other
