"""Captures that are analysed each alone, in this process or in several.

In: paths. Out: the reports, in the order of the paths and the same octets however many processes
work. A worker writes the reports of one capture into files of a temporary folder; they are copied
to the outputs when their turn comes, so that neither process holds a report in memory.
"""

import contextlib
import gc
import multiprocessing
import os
import shutil
import sys
from collections.abc import Sequence
from functools import partial
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

from tcpflow_analyzer.cli.interruption import Interruptible
from tcpflow_analyzer.cli.messages import say
from tcpflow_analyzer.cli.outputs import Output, ReportList, describe
from tcpflow_analyzer.cli.progress import Progress
from tcpflow_analyzer.cli.reports import Display, ReportPlan, make_sink, plan_for, plan_report
from tcpflow_analyzer.cli.runs import (
    STATUS_INTERRUPTED,
    Message,
    messages_of,
    say_all,
    work_through,
)
from tcpflow_analyzer.errors import InputError, OutputError
from tcpflow_analyzer.pipeline import Run, check_settings, expand_paths, file_octets, is_pipe
from tcpflow_analyzer.settings import Settings
from tcpflow_analyzer.workers import Context, Job, end_if_orphaned, run_jobs, worker_count

STATUS_UNUSABLE: Final = 2
COPY_OCTETS: Final = 256 * 1024


class Task(NamedTuple):
    """One capture for a worker.

    Attributes:
        path: of the capture.
        settings: of the run.
        plans: the reports.
        files: where they go: to these paths, with the number of the plan behind a dot.
    """

    path: str
    settings: Settings
    plans: Sequence[ReportPlan]
    files: str


class Outcome(NamedTuple):
    """What came of a task besides the reports.

    Attributes:
        messages: for standard error.
        status: exit status, 0 or 2.
        failure: why the reports could not be written, "" if they could.
    """

    messages: list[Message]
    status: int
    failure: str = ""


def analyze_separately(
    captures: Sequence[str],
    settings: Settings,
    outputs: Sequence[tuple[str, Output]],
    display: Display,
    jobs: int | None,
) -> int:
    """Analyse each capture alone; those that are unusable are named and left out.

    Args:
        captures: files, folders of captures, "-".
        settings: of every run.
        outputs: formats and where they go.
        display: how results are shown.
        jobs: processes at most; None for as many as there are cores.

    Returns:
        The exit status.
    """
    check_settings(settings)
    paths = expand_paths(captures)
    octets = [file_octets(path) for path in paths]
    known = [size for size in octets if size is not None]
    # A fork costs a tenth of a new interpreter, and this process has no threads yet. Where that
    # is not safe (macOS) or not known (Windows), `multiprocessing` does what it thinks best.
    context = multiprocessing.get_context("fork" if sys.platform == "linux" else None)
    # What a pipe brings can be read in this process only.
    workers = worker_count(jobs, known, context) if len(known) == len(octets) else 1
    plans = [plan_report(form, output, display) for form, output in outputs]
    with contextlib.ExitStack() as stack:
        lists = [stack.enter_context(ReportList(output, form)) for form, output in outputs]
        progress = stack.enter_context(Progress(display.progress, display.quiet, "captures"))
        if workers == 1:
            return _analyze_here(paths, settings, plans, lists, progress)
        folder = stack.enter_context(TemporaryDirectory(prefix="tcpflow-"))
        return _analyze_in_workers(
            [
                Job(
                    Task(
                        path,
                        settings,
                        [plan_for(plan, path) for plan in plans],
                        os.path.join(folder, str(number)),
                    ),
                    path,
                    size,
                )
                for number, (path, size) in enumerate(zip(paths, known, strict=True))
            ],
            workers,
            context,
            lists,
            progress,
        )


def _analyze_here(
    paths: Sequence[str],
    settings: Settings,
    plans: Sequence[ReportPlan],
    lists: Sequence[ReportList],
    progress: Progress,
) -> int:
    """Analyse captures one after the other in this process."""
    status = 0
    for number, path in enumerate(paths):
        update = partial(_update, progress, number, len(paths))
        for reports in lists:
            reports.begin_report()
        try:
            own = plans if is_pipe(path) else [plan_for(plan, path) for plan in plans]
            sinks = [make_sink(*each) for each in zip(own, lists, strict=True)]
            with Interruptible([path]) as work:
                run = Run([path], settings, sinks)
                worked = work_through(run, work, progress, update, plans[0].display.quiet)
        except InputError as error:
            say("error", str(error))
            status = STATUS_UNUSABLE
            continue
        if worked == STATUS_INTERRUPTED:
            return worked
        del run, sinks, work
        gc.collect()  # they hold each other, and the collector is off
    return status


def _update(progress: Progress, before: int, captures: int, run: Run) -> None:
    """Tell how many captures are done, the one at work in part."""
    total = run.recording.octets_total
    part = min(run.recording.octets_read / total, 1.0) if total else 0.0
    progress.update(before + part, captures)


def _analyze_in_workers(
    jobs: Sequence[Job[Task]],
    workers: int,
    context: Context,
    lists: Sequence[ReportList],
    progress: Progress,
) -> int:
    """Let workers analyse captures; their reports and messages come in the order of the jobs."""
    status = 0
    outcomes = run_jobs(analyze_one, jobs, workers, context, partial(_tick, progress, len(jobs)))
    with contextlib.closing(outcomes):
        for job, outcome in zip(jobs, outcomes, strict=True):
            progress.hide()
            for number, reports in enumerate(lists):
                reports.begin_report()
                _move(f"{job.task.files}.{number}", reports)
            say_all(outcome.messages)
            if outcome.failure:
                raise OutputError(outcome.failure)
            status = max(status, outcome.status)
    return status


def _tick(progress: Progress, captures: int, done: int) -> None:
    progress.update(done, captures)


def _move(path: str, reports: ReportList) -> None:
    """Copy a report to where it belongs and remove the file; there is none if it is empty."""
    try:
        file = open(path, "rb")  # noqa: SIM115  closed below
    except FileNotFoundError:
        return
    with file:
        shutil.copyfileobj(file, reports, COPY_OCTETS)
    os.unlink(path)


def analyze_one(task: Task) -> Outcome:
    """Analyse one capture and write its reports into files; runs in a worker."""
    gc.disable()  # as in the parent; the worker collects after each capture
    try:
        with contextlib.ExitStack() as stack:
            sinks = []
            for number, plan in enumerate(task.plans):
                file = Output(f"{task.files}.{number}", plan.encoding, at_once=True)
                sinks.append(make_sink(plan, stack.enter_context(file)))
            run = Run([task.path], task.settings, sinks)
            for _ in run.steps():
                end_if_orphaned()
        return Outcome(messages_of(run, task.plans[0].display.quiet), 0)
    except InputError as error:
        return Outcome([Message("error", str(error))], STATUS_UNUSABLE)
    except OSError as error:  # a temporary file of the run
        return Outcome([], 0, describe(error))
    except OutputError as error:
        return Outcome([], 0, str(error))
