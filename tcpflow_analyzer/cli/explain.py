"""`tcpflow explain`: one finding in full, or what users may set and write."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import click

from tcpflow_analyzer.cli.help import HelpCommand
from tcpflow_analyzer.cli.look import look_for
from tcpflow_analyzer.cli.outputs import STANDARD_OUTPUT, Output
from tcpflow_analyzer.errors import UsageError

if TYPE_CHECKING:
    from tcpflow_analyzer.report.page import Look


@click.command(cls=HelpCommand)
@click.argument("what", metavar="CODE")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    help="Format of the output.",
)
@click.option("--color/--no-color", default=None, help="Colour; by default if a terminal sees it.")
def explain(what: str, form: str, color: bool | None) -> None:
    """Explain a finding: what it means, when it is set, what to do.

    CODE is a code such as CL005, or the name behind it. Three words explain
    options instead: `parameters` lists the thresholds of --set, `profiles` the
    operating systems of --profile, `where` the fields of --where.
    """
    topic = TOPICS.get(what.lower())
    with Output(STANDARD_OUTPUT) as output:
        look = look_for(output, color) if form == "text" else None
        output.write_text(_finding(what, look) if topic is None else topic(look))


def _finding(what: str, look: "Look | None") -> str:
    """Explain a finding, as JSON where there is no look."""
    from tcpflow_analyzer.findings.registry import (  # noqa: PLC0415  not for --help
        parameters_of,
        rules,
    )
    from tcpflow_analyzer.findings.selection import names_near, rule_called  # noqa: PLC0415
    from tcpflow_analyzer.report.catalogue import (  # noqa: PLC0415
        explanation_json,
        explanation_text,
    )

    every = rules()
    rule = rule_called(what, every)
    if rule is None:
        near = names_near(what, every)
        hint = f"did you mean {' or '.join(near)}?" if near else "see `tcpflow rules`"
        raise UsageError(f"no finding is called {what!r}; {hint}")
    if look is None:
        return explanation_json(rule, parameters_of(rule))
    return explanation_text(rule, look, parameters_of(rule))


def _parameters(look: "Look | None") -> str:
    from tcpflow_analyzer.findings.registry import parameters  # noqa: PLC0415  not for --help
    from tcpflow_analyzer.report.parameter_list import (  # noqa: PLC0415
        parameters_json,
        parameters_text,
    )

    every = parameters().values()
    return parameters_json(every) if look is None else parameters_text(every, look)


def _profiles(look: "Look | None") -> str:
    from tcpflow_analyzer.report.parameter_list import (  # noqa: PLC0415  not for --help
        profiles_json,
        profiles_text,
    )

    return profiles_json() if look is None else profiles_text(look)


def _where(look: "Look | None") -> str:
    from tcpflow_analyzer.where.field_list import fields_json, fields_text  # noqa: PLC0415
    from tcpflow_analyzer.where.fields import FIELDS  # noqa: PLC0415  not for --help

    every = FIELDS.values()
    return fields_json(every) if look is None else fields_text(every, look)


TOPICS: Final[dict[str, Callable[["Look | None"], str]]] = {
    "parameters": _parameters,
    "profiles": _profiles,
    "where": _where,
}
