"""Analyses captures each alone, several at the same time, and keeps everything of each.

The public function for a folder of independent captures; `tcpflow analyze --separate` does the same
with reports (cli/separate.py).
"""

import contextlib
import multiprocessing
import os
import pickle
from collections.abc import Generator
from os import fspath
from tempfile import TemporaryDirectory

from tcpflow_analyzer.errors import InputError, UsageError
from tcpflow_analyzer.pipeline import (
    Analysis,
    AnyPath,
    analyze,
    check_settings,
    expand_paths,
    file_octets,
)
from tcpflow_analyzer.settings import Settings
from tcpflow_analyzer.workers import Job, run_jobs, worker_count


def analyze_each(
    *paths: AnyPath, settings: Settings | None = None, jobs: int | None = None
) -> Generator[tuple[str, Analysis | InputError], None, None]:
    """Analyse captures, each alone, several at the same time, and keep everything of each.

    Worker processes do it where that pays: several files, large enough, and no pipe among them.
    They are started as `multiprocessing` does by default (`multiprocessing.set_start_method`);
    unless that is "fork", the calling script needs its `if __name__ == "__main__":`. Memory: the
    analysis that was given last and one run in each worker; analyses that are done before their
    turn wait in a temporary folder.

    Args:
        paths: files, folders of captures, or "-" for standard input.
        settings: thresholds and choices; the defaults without them.
        jobs: processes at most, at least 1; None for as many as there are cores.

    Yields:
        The path and its analysis, or why it cannot be analysed, in the order of the paths.

    Raises:
        InputError: a folder holds no capture.
        UsageError: the settings are unusable, `jobs` is below 1, or no path was given.
        WorkerError: a worker process died.
    """
    if not paths:
        raise UsageError("no capture was given")
    if jobs is not None and jobs < 1:
        raise UsageError(f"no such number of jobs: {jobs}")
    settings = settings or Settings()
    check_settings(settings)
    every = expand_paths([fspath(path) for path in paths])
    octets = [file_octets(path) for path in every]
    known = [size for size in octets if size is not None]
    context = multiprocessing.get_context()
    workers = worker_count(jobs, known, context) if len(known) == len(every) else 1
    if workers == 1:
        for path in every:
            yield path, _analysis_or_error(path, settings)
        return
    with TemporaryDirectory(prefix="tcpflow-") as folder:
        tasks = [
            Job((path, settings, f"{folder}/{number}"), path, size)
            for number, (path, size) in enumerate(zip(every, known, strict=True))
        ]
        done = run_jobs(_analyze_into_file, tasks, workers, context)
        with contextlib.closing(done):
            for job, _ in zip(tasks, done, strict=True):
                path, _, file = job.task
                yield path, _take_from_file(file)


def _analysis_or_error(path: str, settings: Settings) -> Analysis | InputError:
    try:
        return analyze(path, settings=settings)
    except InputError as error:
        return error


def _analyze_into_file(task: tuple[str, Settings, str]) -> None:
    """Analyse a capture and leave the analysis in a file; runs in a worker."""
    path, settings, file_path = task
    result = _analysis_or_error(path, settings)
    with open(file_path, "wb") as file:
        pickle.dump(result, file, pickle.HIGHEST_PROTOCOL)


def _take_from_file(file_path: str) -> Analysis | InputError:
    """Read what a worker left in the temporary folder of this process, and remove it."""
    with open(file_path, "rb") as file:
        result: Analysis | InputError = pickle.load(file)  # noqa: S301  written by our own worker
    os.unlink(file_path)
    return result
