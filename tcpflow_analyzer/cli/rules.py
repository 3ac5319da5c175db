"""`tcpflow rules`: the findings and their codes."""

import click

from tcpflow_analyzer.cli.help import HelpCommand
from tcpflow_analyzer.cli.look import look_for
from tcpflow_analyzer.cli.option_types import codes
from tcpflow_analyzer.cli.outputs import STANDARD_OUTPUT, Output


@click.command(cls=HelpCommand)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    help="Format of the output.",
)
@click.option(
    "--select",
    type=codes,
    multiple=True,
    metavar="CODES",
    help="Only these: codes, names or families, as in CL,TW009.",
)
@click.option("--ignore", type=codes, multiple=True, metavar="CODES", help="Not these.")
@click.option(
    "--min-severity",
    type=click.Choice(["info", "warning", "error"]),
    default="info",
    help="Only those that may be at least so severe.",
)
@click.option("--color/--no-color", default=None, help="Colour; by default if a terminal sees it.")
def rules(
    form: str,
    select: tuple[tuple[str, ...], ...],
    ignore: tuple[tuple[str, ...], ...],
    min_severity: str,
    color: bool | None,
) -> None:
    """List the findings with their codes, severities and meanings."""
    from tcpflow_analyzer.pipeline import selected_rules  # noqa: PLC0415  not for --help
    from tcpflow_analyzer.report.catalogue import list_json, list_text  # noqa: PLC0415
    from tcpflow_analyzer.settings import Settings  # noqa: PLC0415

    chosen = selected_rules(
        Settings(
            select=tuple(code for group in select for code in group),
            ignore=tuple(code for group in ignore for code in group),
            min_severity=min_severity,
        )
    )
    with Output(STANDARD_OUTPUT) as output:
        if form == "json":
            output.write_text(list_json(chosen.values()))
        else:
            output.write_text(list_text(chosen.values(), look_for(output, color)))
