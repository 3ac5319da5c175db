"""The options that `check` and `diff` share: configuration, what counts, how hosts behave."""

import functools
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import click

from tcpflow_analyzer.cli.shared_options import (
    filter_option,
    ignore_option,
    msl_option,
    profile_option,
    select_option,
    set_option,
)

Words = tuple[tuple[str, ...], ...]

OPTIONS: Final = (
    click.option(
        "--config", metavar="FILE", help="Configuration instead of the nearest tcpflow.toml."
    ),
    click.option("--no-config", is_flag=True, help="Only these options and the defaults."),
    select_option,
    ignore_option,
    click.option(
        "--min-certainty",
        type=click.Choice(["observed", "inferred", "assumed"]),
        help="How certain a finding must be to count.  [default: inferred]",
    ),
    click.option(
        "--where", metavar="EXPR", help="Only connections for which this holds, as 'port == 80'."
    ),
    set_option,
    profile_option,
    filter_option,
    msl_option,
    click.option(
        "--checksum",
        type=click.Choice(["auto", "off", "strict"]),
        help="strict leaves segments with a bad one out, as their receivers do.  [default: auto]",
    ),
    click.option(
        "--tunnel",
        type=click.Choice(["inner", "outer"]),
        help="Which connection of a tunnel is followed.  [default: inner]",
    ),
)


class GateChoice(NamedTuple):
    """The values of these options, under the names that click gives them; None for not given."""

    config: str | None = None
    no_config: bool = False
    select: Words = ()
    ignore: Words = ()
    min_certainty: str | None = None
    where: str | None = None
    assignments: Sequence[tuple[str, str]] = ()
    profiles: Sequence[tuple[str, str]] = ()
    capture_filter: str | None = None
    msl: int | None = None
    checksum: str | None = None
    tunnel: str | None = None


def gate_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options to a command, which gets them together as `chosen`, a GateChoice."""

    @functools.wraps(command)
    def with_options(**values: Any) -> Any:  # noqa: ANN401 -- click's values
        chosen = GateChoice(*(values.pop(name) for name in GateChoice._fields))
        return command(chosen=chosen, **values)

    decorated: Callable[..., Any] = with_options
    for option in reversed(OPTIONS):
        decorated = option(decorated)
    return decorated
