"""`tcpflow diff`: compares two recordings of the same test."""

import contextlib
import gc
from typing import TYPE_CHECKING, Final

import click

from tcpflow_analyzer.cli.configuration import configuration_for
from tcpflow_analyzer.cli.gate_options import GateChoice, gate_options
from tcpflow_analyzer.cli.help import HelpCommand
from tcpflow_analyzer.cli.look import look_for
from tcpflow_analyzer.cli.messages import say
from tcpflow_analyzer.cli.names_option import names_option
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


@click.command(cls=HelpCommand)
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@gate_options
@click.option(
    "--min-severity",
    type=click.Choice(["info", "warning", "error"]),
    default="warning",
    show_default=True,
    help="Findings that are less severe do not count.",
)
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
@names_option
@click.option("--color/--no-color", default=None, help="Colour; by default if a terminal sees it.")
def diff(
    old: str,
    new: str,
    chosen: GateChoice,
    min_severity: "Severity",
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
    configuration = configuration_for(chosen)
    choices = [parse_output(value, form, FORMS) for value in outputs]
    choices = choices or [OutputChoice(form or "text", STANDARD_OUTPUT)]
    check_outputs(choices, [old, new])
    if old == new == STANDARD_OUTPUT:
        raise UsageError("only one of the two can be standard input")
    gc.freeze()
    gc.enable()
    with contextlib.ExitStack() as stack:
        opened = [(each.form, stack.enter_context(_open(each, len(choices)))) for each in choices]
        try:
            difference = _compare(old, new, configuration, min_severity)
        except OSError as error:  # a temporary file, mostly: the disk is full
            raise OutputError(describe(error)) from error
        for output_form, output in opened:
            _write(difference, output_form, output, color, show_all)
    return STATUS_DIFFERENT if difference.differing else 0


def _open(choice: OutputChoice, outputs: int) -> Output:
    return Output(choice.path, is_optional=outputs > 1)


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
