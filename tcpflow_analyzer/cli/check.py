"""`tcpflow check`: fails a build if captures hold what they should not."""

import contextlib
import gc
import os
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

import click

from tcpflow_analyzer.cli.check_outputs import FORMS, Show, choose_outputs
from tcpflow_analyzer.cli.configuration import (
    CheckChoice,
    configuration_for,
    with_check,
    with_options,
)
from tcpflow_analyzer.cli.gate_options import GateChoice, Words, gate_options
from tcpflow_analyzer.cli.help import HelpCommand
from tcpflow_analyzer.cli.messages import say
from tcpflow_analyzer.cli.names_option import names_option
from tcpflow_analyzer.cli.option_types import codes
from tcpflow_analyzer.cli.outputs import Output, OutputChoice, check_outputs, describe
from tcpflow_analyzer.cli.progress import Progress
from tcpflow_analyzer.errors import OutputError, UsageError
from tcpflow_analyzer.gate.configuration import Configuration

if TYPE_CHECKING:
    from tcpflow_analyzer.gate.result import CheckResult

STATUS_UNUSABLE: Final = 2


@click.command(cls=HelpCommand)
@click.argument("captures", nargs=-1, required=True, metavar="CAPTURE...")
@gate_options
@click.option(
    "--fail-on",
    type=codes,
    multiple=True,
    metavar="WHAT",
    help="Severity (error, warning, info, never) and codes that fail.  [default: error]",
)
@click.option(
    "--min-severity",
    type=click.Choice(["info", "warning", "error"]),
    help="Only findings at least this severe are looked at.  [default: info]",
)
@click.option(
    "--max", "limits", multiple=True, metavar="CODE=N", help="At most N findings of this code."
)
@click.option("--baseline", metavar="FILE", help="What is known already does not fail.")
@click.option(
    "--write-baseline", metavar="FILE", help="Write down what fails, as known from now on."
)
@click.option("--allow-truncated", is_flag=True, help="A capture may be cut short or damaged.")
@click.option("--allow-empty", is_flag=True, help="A capture may hold no TCP segment.")
@click.option("--together", is_flag=True, help="All captures are one recording.")
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    metavar="N",
    help="Captures checked at the same time.  [default: the cores]",
)
@click.option("--format", "form", type=click.Choice(list(FORMS)), help="Format.  [default: text]")
@click.option(
    "-o",
    "--output",
    "outputs",
    multiple=True,
    metavar="[FORMAT:]PATH",
    help="Write to a file as well; may be given several times.",
)
@click.option("--init", is_flag=True, help="Write a configuration from what the captures hold.")
@names_option
@click.option("--color/--no-color", default=None, help="Colour; by default if a terminal sees it.")
@click.option("--progress/--no-progress", default=None, help="A bar while it takes longer.")
@click.option("--quiet", is_flag=True, help="Only what failed.")
def check(
    captures: tuple[str, ...],
    chosen: GateChoice,
    fail_on: Words,
    min_severity: str | None,
    limits: tuple[str, ...],
    baseline: str | None,
    write_baseline: str | None,
    allow_truncated: bool,
    allow_empty: bool,
    together: bool,
    jobs: int | None,
    form: str | None,
    outputs: tuple[str, ...],
    init: bool,
    color: bool | None,
    progress: bool | None,
    quiet: bool,
) -> int:
    """Fail a build if captures hold what they should not.

    CAPTURE is what `tcpflow analyze` takes; each file is checked alone.
    What is expected stands in the nearest tcpflow.toml, or pyproject.toml
    with [tool.tcpflow]; options win. Without any, errors fail; --init
    writes a first one.

    Exit status: 0 if nothing failed; 1 if findings or expectations failed; 2
    if the command line, the configuration or an input is unusable; 3 if
    nothing failed but an input is damaged or holds no TCP segment; 4 if an
    output cannot be written or a process that helps (--jobs) dies.
    """
    choice = CheckChoice(
        fail_on, limits, allow_truncated, allow_empty, together, baseline, min_severity
    )
    if init:
        from tcpflow_analyzer.cli.check_init import write_configuration  # noqa: PLC0415  rare

        plain = with_options(Configuration(together=together), chosen)
        return write_configuration(captures, plain, outputs)
    configuration = with_check(configuration_for(chosen), choice)
    places = choose_outputs(outputs, form, captures, quiet)
    _check_files(places, captures, configuration, write_baseline)
    known = _known(configuration, write_baseline)
    # What was imported is no garbage; what the captures leave is collected as in a library.
    gc.freeze()
    gc.enable()
    with contextlib.ExitStack() as stack:
        opened = [(each.form, stack.enter_context(_open(each, len(places)))) for each in places]
        kept = None
        if write_baseline is not None:
            kept = stack.enter_context(Output(write_baseline))
        try:
            result = _check(captures, configuration, jobs, Progress(progress, quiet, "captures"))
            if kept is not None:
                from tcpflow_analyzer.gate.baseline import baseline_text  # noqa: PLC0415

                text = baseline_text(result)
                kept.write_text(text)
                known = (kept.name, text)
            if known is not None:
                from tcpflow_analyzer.gate.baseline import excuse, read_baseline  # noqa: PLC0415

                result = excuse(result, read_baseline(*known))
            for name, output in opened:
                FORMS[name](result, output, Show(color, quiet))
        except (BrokenPipeError, OutputError):
            raise
        except OSError as error:
            raise OutputError(describe(error)) from error
    return result.status


def _check_files(
    places: Sequence[OutputChoice],
    captures: Sequence[str],
    configuration: Configuration,
    write_baseline: str | None,
) -> None:
    """Refuse what would overwrite the configuration, the baseline or a capture."""
    check_outputs(
        places,
        captures,
        read=[configuration.path, configuration.baseline],
        written=[write_baseline],
    )
    if write_baseline is not None:
        baseline = OutputChoice("baseline", write_baseline)
        check_outputs([baseline], captures, read=[configuration.path])


def _open(choice: OutputChoice, outputs: int) -> Output:
    return Output(choice.path, is_optional=outputs > 1)


def _known(configuration: Configuration, write_baseline: str | None) -> tuple[str, str] | None:
    """Read the baseline, before any work; the one that is to be written need not be there."""
    path = configuration.baseline
    if not path:
        return None
    if not os.path.exists(path):
        if write_baseline is not None:
            return None
        raise UsageError(f"{path}: there is no such baseline; --write-baseline makes one")
    from tcpflow_analyzer.gate.baseline import read_baseline  # noqa: PLC0415
    from tcpflow_analyzer.sources.text_file import read_text  # noqa: PLC0415

    text = read_text(path)
    read_baseline(path, text)  # its mistakes first
    return path, text


def _check(
    captures: Sequence[str], configuration: Configuration, jobs: int | None, progress: Progress
) -> "CheckResult":
    """Check all captures; those that are unusable are named on standard error too."""
    from tcpflow_analyzer.check import check_captures  # noqa: PLC0415  mistakes first
    from tcpflow_analyzer.report.summary_words import limits_text  # noqa: PLC0415

    with progress:
        tick = partial(_tick, progress, len(captures))
        result = check_captures(captures, configuration, jobs, tick)
    for capture in result.captures:
        if capture.coverage == "unusable":
            say("error", capture.problem)
        elif capture.coverage == "damaged":
            say("warning", capture.problem)
        if limits := limits_text(capture.left_out):
            say("warning", f"{capture.path}: {limits}")
    if not result.failures:  # else there is enough to do first
        for each in result.uncertain:
            say("warning", f"{each}: --min-certainty {each.certainty}")
    return result


def _tick(progress: Progress, captures: int, done: int) -> None:
    progress.update(done, max(captures, done))
