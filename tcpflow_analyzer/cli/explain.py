"""`tcpflow explain CODE`: one finding in full."""

import click

from tcpflow_analyzer.cli.help import HelpCommand
from tcpflow_analyzer.cli.look import look_for
from tcpflow_analyzer.cli.outputs import STANDARD_OUTPUT, Output
from tcpflow_analyzer.errors import UsageError


@click.command(cls=HelpCommand)
@click.argument("code")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    help="Format of the output.",
)
@click.option("--color/--no-color", default=None, help="Colour; by default if a terminal sees it.")
def explain(code: str, form: str, color: bool | None) -> None:
    """Explain a finding: what it means, when it is set, what to do.

    CODE is a code such as CL005, or the name behind it.
    """
    from tcpflow_analyzer.findings.registry import rules  # noqa: PLC0415  not for --help
    from tcpflow_analyzer.findings.selection import names_near, rule_called  # noqa: PLC0415
    from tcpflow_analyzer.report.catalogue import (  # noqa: PLC0415
        explanation_json,
        explanation_text,
    )

    every = rules()
    rule = rule_called(code, every)
    if rule is None:
        near = names_near(code, every)
        hint = f"did you mean {' or '.join(near)}?" if near else "see `tcpflow rules`"
        raise UsageError(f"no finding is called {code!r}; {hint}")
    with Output(STANDARD_OUTPUT) as output:
        if form == "json":
            output.write_text(explanation_json(rule))
        else:
            output.write_text(explanation_text(rule, look_for(output, color)))
