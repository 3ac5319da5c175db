"""`tcpflow check`: fails a build if captures hold what they should not."""

import contextlib
import gc
import os
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

import click

from tcpflow_analyzer.cli.analysis_options import set_option
from tcpflow_analyzer.cli.check_outputs import FORMS, Show, choose_outputs
from tcpflow_analyzer.cli.configuration import CheckChoice, find_configuration, with_choice
from tcpflow_analyzer.cli.help import HelpCommand
from tcpflow_analyzer.cli.messages import say
from tcpflow_analyzer.cli.option_types import codes, duration, profile_choice
from tcpflow_analyzer.cli.outputs import Output, describe
from tcpflow_analyzer.cli.progress import Progress
from tcpflow_analyzer.errors import OutputError, UsageError

if TYPE_CHECKING:
    from tcpflow_analyzer.gate.configuration import Configuration
    from tcpflow_analyzer.gate.result import CheckResult

STATUS_UNUSABLE: Final = 2
Words = tuple[tuple[str, ...], ...]


@click.command(cls=HelpCommand)
@click.argument("captures", nargs=-1, required=True, metavar="CAPTURE...")
@click.option("--config", metavar="FILE", help="Configuration instead of the nearest tcpflow.toml.")
@click.option("--no-config", is_flag=True, help="Only these options and the defaults.")
@click.option(
    "--fail-on",
    type=codes,
    multiple=True,
    metavar="WHAT",
    help="Severity (error, warning, info, never) and codes that fail.  [default: error]",
)
@click.option(
    "--select", type=codes, multiple=True, metavar="CODES", help="Only these findings, as CL,TW009."
)
@click.option("--ignore", type=codes, multiple=True, metavar="CODES", help="Not these findings.")
@click.option(
    "--min-severity",
    type=click.Choice(["info", "warning", "error"]),
    help="Only findings at least this severe are looked at.  [default: info]",
)
@click.option(
    "--min-certainty",
    type=click.Choice(["observed", "inferred", "assumed"]),
    help="How certain a finding must be to fail.  [default: inferred]",
)
@click.option(
    "--max", "limits", multiple=True, metavar="CODE=N", help="At most N findings of this code."
)
@click.option(
    "--where", metavar="EXPR", help="Only connections for which this holds, as 'port == 80'."
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
@set_option
@click.option(
    "--profile",
    "profiles",
    type=profile_choice,
    multiple=True,
    metavar="[CIDR=]NAME",
    help="How hosts behave where the wire does not show it: linux, windows, macos, freebsd, rfc.",
)
@click.option("--msl", type=duration, metavar="TIME", help="Maximum segment lifetime, as 30s.")
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
@click.option("--color/--no-color", default=None, help="Colour; by default if a terminal sees it.")
@click.option("--progress/--no-progress", default=None, help="A bar while it takes longer.")
@click.option("--quiet", is_flag=True, help="Only what failed.")
def check(
    captures: tuple[str, ...],
    config: str | None,
    no_config: bool,
    fail_on: Words,
    select: Words,
    ignore: Words,
    min_severity: str | None,
    min_certainty: str | None,
    limits: tuple[str, ...],
    where: str | None,
    baseline: str | None,
    write_baseline: str | None,
    allow_truncated: bool,
    allow_empty: bool,
    together: bool,
    jobs: int | None,
    assignments: tuple[tuple[str, str], ...],
    profiles: tuple[tuple[str, str], ...],
    msl: int | None,
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
    with [tool.tcpflow]; options win. Without any, errors fail.

    Exit status: 0 if nothing failed; 1 if findings or expectations failed; 2
    if the command line, the configuration or an input is unusable; 3 if
    nothing failed but an input is damaged or holds no TCP segment; 4 if an
    output cannot be written or a process that helps (--jobs) dies.
    """
    if config is not None and no_config:
        raise UsageError("--config and --no-config exclude each other")
    choice = CheckChoice(
        fail_on, select, ignore, limits, min_certainty, where, allow_truncated, allow_empty,
        together, profiles, msl, baseline, assignments, min_severity,
    )  # fmt: skip
    if init:
        from tcpflow_analyzer.cli.check_init import write_configuration  # noqa: PLC0415  rare

        return write_configuration(
            captures, with_choice(find_configuration(None, wanted=False), choice), outputs
        )
    configuration = with_choice(find_configuration(config, not no_config), choice)
    chosen = choose_outputs(outputs, form, captures, quiet)
    known = _known(configuration, write_baseline)
    # What was imported is no garbage; what the captures leave is collected as in a library.
    gc.freeze()
    gc.enable()
    with contextlib.ExitStack() as stack:
        opened = [(each.form, stack.enter_context(Output(each.path))) for each in chosen]
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


def _known(configuration: "Configuration", write_baseline: str | None) -> tuple[str, str] | None:
    """Read the baseline, before any work; the one that is to be written need not be there."""
    path = configuration.baseline
    if not path:
        return None
    if write_baseline is not None and not os.path.exists(path):
        return None
    from tcpflow_analyzer.gate.baseline import read_baseline  # noqa: PLC0415
    from tcpflow_analyzer.sources.text_file import read_text  # noqa: PLC0415

    text = read_text(path)
    read_baseline(path, text)  # its mistakes first
    return path, text


def _check(
    captures: Sequence[str], configuration: "Configuration", jobs: int | None, progress: Progress
) -> "CheckResult":
    """Check all captures; those that are unusable are named on standard error too."""
    from tcpflow_analyzer.check import check_captures  # noqa: PLC0415  mistakes first

    with progress:
        tick = partial(_tick, progress, len(captures))
        result = check_captures(captures, configuration, jobs, tick)
    for capture in result.captures:
        if capture.coverage == "unusable":
            say("error", capture.problem)
        elif capture.coverage == "damaged":
            say("warning", capture.problem)
    return result


def _tick(progress: Progress, captures: int, done: int) -> None:
    progress.update(done, max(captures, done))
