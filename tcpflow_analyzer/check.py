"""Checks captures against a configuration, several at the same time.

In: paths and a Configuration (gate/configuration.py). Out: a CheckResult (gate/result.py), the same
however many processes work. `tcpflow check` and the pytest plugin are its users.
"""

import contextlib
import multiprocessing
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from os import fspath
from typing import NamedTuple

from tcpflow_analyzer.errors import InputError, UsageError
from tcpflow_analyzer.gate.conclude import conclude, unusable
from tcpflow_analyzer.gate.configuration import Configuration
from tcpflow_analyzer.gate.result import CheckResult
from tcpflow_analyzer.gate.survey import Survey
from tcpflow_analyzer.gate.watch import Outcome, Watch
from tcpflow_analyzer.pipeline import AnyPath, Run, check_settings, expand_paths, file_octets
from tcpflow_analyzer.settings import Settings
from tcpflow_analyzer.workers import Job, end_if_orphaned, run_jobs, worker_count

Tick = Callable[[int], None]


class Task(NamedTuple):
    """One capture, or several that are one recording, for a worker.

    Attributes:
        paths: of its files.
        configuration: what to check.
    """

    paths: tuple[str, ...]
    configuration: Configuration


def check_captures(
    paths: Sequence[AnyPath],
    configuration: Configuration | None = None,
    jobs: int | None = None,
    tick: Tick | None = None,
) -> CheckResult:
    """Check captures; without a configuration nothing but errors fails.

    Args:
        paths: files, folders of captures, "-" for standard input.
        configuration: what to check.
        jobs: processes at most; None for as many as there are cores.
        tick: is called with the number of captures that are done.

    Raises:
        UsageError: no path was given, or the settings are unusable.
        WorkerError: a worker process died.

    What is no capture is told in its result, whose coverage is "unusable".
    """
    if not paths:
        raise UsageError("no capture was given")
    configuration = configuration or Configuration()
    configuration = replace(configuration, settings=_lean(configuration))
    check_settings(configuration.settings)
    work = _work([fspath(path) for path in paths], configuration)
    tasks = [each for each in work if isinstance(each, Task)]
    done = iter(_outcomes(tasks, jobs, tick))
    outcomes = [next(done) if isinstance(each, Task) else each for each in work]
    return conclude(outcomes, configuration)


def _lean(configuration: Configuration) -> Settings:
    """The settings, without what no part of a check looks at."""
    wheres = [configuration.where, *(each.where for each in configuration.ignore)]
    wheres += [each.where for each in configuration.expectations]
    keep_history = any(where is not None and "zeek." in where.text for where in wheres)
    return replace(configuration.settings, keep_transitions=False, keep_history=keep_history)


def _work(paths: list[str], configuration: Configuration) -> list[Task | Outcome]:
    """Make a task for each capture; a folder without any is an outcome already."""
    if configuration.together:
        return [Task(tuple(paths), configuration)]
    work: list[Task | Outcome] = []
    for path in paths:
        try:
            work += [Task((each,), configuration) for each in expand_paths([path])]
        except InputError as error:
            work.append(unusable(path, str(error)))
    return work


def _outcomes(tasks: Sequence[Task], jobs: int | None, tick: Tick | None) -> list[Outcome]:
    octets = [file_octets(task.paths[0]) for task in tasks]
    known = [size for size in octets if size is not None]
    # As cli/separate.py: a fork is cheap, and safe on Linux while there are no threads.
    context = multiprocessing.get_context("fork" if sys.platform == "linux" else None)
    workers = worker_count(jobs, known, context) if len(known) == len(octets) else 1
    if workers == 1:
        outcomes = []
        for task in tasks:
            outcomes.append(check_one(task))
            if tick is not None:
                tick(len(outcomes))
        return outcomes
    listed = [Job(task, task.paths[0], size) for task, size in zip(tasks, known, strict=True)]
    done = run_jobs(check_one, listed, workers, context, tick)
    with contextlib.closing(done):
        return list(done)


def check_one(task: Task) -> Outcome:
    """Check one capture; runs in a worker, or in this process."""
    watch = Watch(task.paths[0], task.configuration)
    try:
        for _ in Run(task.paths, task.configuration.settings, [watch]).steps():
            end_if_orphaned()
    except InputError as error:
        return unusable(task.paths[0], str(error))
    if watch.outcome is None:  # set by every run that ends
        raise AssertionError
    return watch.outcome


def survey_captures(paths: Sequence[AnyPath], configuration: Configuration | None = None) -> Survey:
    """Sum up what captures hold, each followed alone, all together in one survey.

    Args:
        paths: files, folders of captures, "-" for standard input.
        configuration: names services by its expectations, and chooses connections and findings;
            its settings and `together` count too. Without it all connections and findings count.

    Raises:
        InputError: an input is unusable.
        UsageError: no path was given, or the settings are unusable.
    """
    if not paths:
        raise UsageError("no capture was given")
    survey = Survey(configuration)
    configuration = configuration or Configuration()
    settings = _lean(configuration)
    check_settings(settings)
    names = [fspath(path) for path in paths]
    groups = [names] if configuration.together else [[path] for path in expand_paths(names)]
    for group in groups:
        Run(group, settings, [survey]).run()
    return survey
