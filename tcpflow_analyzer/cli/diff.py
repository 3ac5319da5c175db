"""`tcpflow diff`: compares two recordings of the same test."""

import contextlib
import gc
from typing import TYPE_CHECKING, Final

import click

from tcpflow_analyzer.cli.analysis_options import set_option
from tcpflow_analyzer.cli.configuration import CheckChoice, find_configuration, with_choice
from tcpflow_analyzer.cli.help import HelpCommand
from tcpflow_analyzer.cli.look import look_for
from tcpflow_analyzer.cli.messages import say
from tcpflow_analyzer.cli.option_types import codes, duration, profile_choice
from tcpflow_analyzer.cli.outputs import (
    STANDARD_OUTPUT,
    Output,
    OutputChoice,
    check_outputs,
    describe,
    parse_output,
)
from tcpflow_analyzer.errors import OutputError, UsageError

if TYPE_CHECKING:
    from tcpflow_analyzer.findings.finding import Severity
    from tcpflow_analyzer.gate.configuration import Configuration
    from tcpflow_analyzer.gate.difference import Difference
    from tcpflow_analyzer.gate.survey import Survey

FORMS: Final = ("text", "json")
STATUS_DIFFERENT: Final = 1
Words = tuple[tuple[str, ...], ...]


@click.command(cls=HelpCommand)
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@click.option("--config", metavar="FILE", help="Configuration instead of the nearest tcpflow.toml.")
@click.option("--no-config", is_flag=True, help="Only these options and the defaults.")
@click.option(
    "--select", type=codes, multiple=True, metavar="CODES", help="Only these findings, as CL,TW009."
)
@click.option("--ignore", type=codes, multiple=True, metavar="CODES", help="Not these findings.")
@click.option(
    "--min-severity",
    type=click.Choice(["info", "warning", "error"]),
    default="warning",
    show_default=True,
    help="Findings that are less severe do not count.",
)
@click.option(
    "--min-certainty",
    type=click.Choice(["observed", "inferred", "assumed"]),
    help="How certain a finding must be.  [default: inferred]",
)
@click.option(
    "--where", metavar="EXPR", help="Only connections for which this holds, as 'port == 80'."
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
@click.option("--all", "show_all", is_flag=True, help="What did not change, too.")
@click.option("--format", "form", type=click.Choice(FORMS), help="Format.  [default: text]")
@click.option(
    "-o",
    "--output",
    "outputs",
    multiple=True,
    metavar="[FORMAT:]PATH",
    help="Write there instead; may be given several times.",
)
@click.option("--color/--no-color", default=None, help="Colour; by default if a terminal sees it.")
def diff(
    old: str,
    new: str,
    config: str | None,
    no_config: bool,
    select: Words,
    ignore: Words,
    min_severity: "Severity",
    min_certainty: str | None,
    where: str | None,
    assignments: tuple[tuple[str, str], ...],
    profiles: tuple[tuple[str, str], ...],
    msl: int | None,
    show_all: bool,
    form: str | None,
    outputs: tuple[str, ...],
    color: bool | None,
) -> int:
    """Compare two recordings of the same test.

    OLD and NEW are captures or folders of them. Services are compared one by
    one: connections, who closes, end states, findings, and how long opening
    and closing takes. Other ports, addresses, times and frame numbers make no
    difference. Services have the names that the nearest tcpflow.toml gives.

    Exit status: 0 if connections and findings are alike, whatever the times;
    1 if they differ; 2 if the command line, the configuration or an input is
    unusable; 4 if an output cannot be written.
    """
    if config is not None and no_config:
        raise UsageError("--config and --no-config exclude each other")
    choice = CheckChoice(
        (),
        select,
        ignore,
        (),
        min_certainty,
        where,
        False,
        False,
        False,
        profiles,
        msl,
        None,
        assignments,
    )
    configuration = with_choice(find_configuration(config, not no_config), choice)
    chosen = [parse_output(value, form, FORMS) for value in outputs]
    chosen = chosen or [OutputChoice(form or "text", STANDARD_OUTPUT)]
    check_outputs(chosen, [old, new])
    if old == new == STANDARD_OUTPUT:
        raise UsageError("only one of the two can be standard input")
    gc.freeze()
    gc.enable()
    with contextlib.ExitStack() as stack:
        opened = [(each.form, stack.enter_context(Output(each.path))) for each in chosen]
        try:
            difference = _compare(old, new, configuration, min_severity)
        except OSError as error:  # a temporary file, mostly: the disk is full
            raise OutputError(describe(error)) from error
        for output_form, output in opened:
            _write(difference, output_form, output, color, show_all)
    return STATUS_DIFFERENT if difference.differing else 0


def _compare(old: str, new: str, configuration: "Configuration", least: "Severity") -> "Difference":
    from tcpflow_analyzer.check import survey_captures  # noqa: PLC0415  mistakes first
    from tcpflow_analyzer.gate.difference import compare  # noqa: PLC0415

    surveys = [survey_captures([path], configuration) for path in (old, new)]
    for path, survey in zip((old, new), surveys, strict=True):
        _warn(path, survey)
    return compare(old, surveys[0], new, surveys[1], least)


def _warn(path: str, survey: "Survey") -> None:
    """Say what makes a comparison worth less."""
    for problem in survey.problems:
        say("warning", problem)
    if survey.segments == 0:
        say("warning", f"{path}: no TCP segment")


def _write(
    difference: "Difference", form: str, output: Output, color: bool | None, show_all: bool
) -> None:
    if form == "json":
        from tcpflow_analyzer.gate.difference_json import write_json  # noqa: PLC0415  one of them

        write_json(difference, output)
        return
    from tcpflow_analyzer.gate.difference_text import difference_text  # noqa: PLC0415
    from tcpflow_analyzer.gate.text import WIDTH  # noqa: PLC0415

    look = look_for(output, color)._replace(width=WIDTH)
    output.write_text(difference_text(difference, look, show_all))
