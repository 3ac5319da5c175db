"""The options that choose connections, of commands that look at some of them."""

import functools
from collections.abc import Callable
from typing import Any

import click

from tcpflow_analyzer.cli.option_types import codes, network

OPTIONS = (
    click.option(
        "--connection",
        "numbers",
        type=click.IntRange(min=1),
        multiple=True,
        metavar="N",
        help="The connection with this number; may be given several times.",
    ),
    click.option(
        "--address",
        "addresses",
        type=network,
        multiple=True,
        metavar="CIDR",
        help="Connections with an end at this address or in this network.",
    ),
    click.option(
        "--port",
        "ports",
        type=click.IntRange(0, 65535),
        multiple=True,
        metavar="N",
        help="Connections with an end on this port.",
    ),
    click.option(
        "--finding",
        "found",
        type=codes,
        multiple=True,
        metavar="CODES",
        help="Connections with one of these findings: codes or families, as in RS,TW003.",
    ),
    click.option(
        "--where", metavar="EXPR", help="Connections for which this holds, as 'duration > 60'."
    ),
)


def choice_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options to a command, which gets what they say as `wanted`, and `where`."""

    @functools.wraps(command)
    def with_choice(**values: Any) -> Any:  # noqa: ANN401 -- click's values
        from tcpflow_analyzer.exchange import Choice  # noqa: PLC0415  mistakes first

        found = [code for group in values.pop("found") for code in group]
        numbers, addresses = values.pop("numbers"), values.pop("addresses")
        return command(wanted=Choice.of(numbers, addresses, values.pop("ports"), found), **values)

    decorated: Callable[..., Any] = with_choice
    for option in reversed(OPTIONS):
        decorated = option(decorated)
    return decorated
