"""The options that say what is analysed and what is told of it, which several commands have."""

import functools
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import click

from tcpflow_analyzer.cli.option_types import (
    assignment,
    codes,
    duration,
    parameter_values,
    profile_choice,
)
from tcpflow_analyzer.errors import UsageError
from tcpflow_analyzer.settings import Settings, with_parameters

Words = tuple[tuple[str, ...], ...]

set_option: Final = click.option(
    "--set",
    "assignments",
    type=assignment,
    multiple=True,
    metavar="NAME=VALUE",
    help="A threshold, as close_wait_warn=30s; `tcpflow explain parameters` lists them.",
)
OPTIONS: Final = (
    click.option(
        "--select",
        type=codes,
        multiple=True,
        metavar="CODES",
        help="Only these findings: codes, names or families, as in CL,TW009.",
    ),
    click.option(
        "--ignore", type=codes, multiple=True, metavar="CODES", help="Not these findings."
    ),
    click.option(
        "--min-severity",
        type=click.Choice(["info", "warning", "error"]),
        default="info",
        help="Only findings at least this severe.",
    ),
    click.option(
        "--where",
        metavar="EXPR",
        help="Only connections and findings for which this holds, as 'port == 80'.",
    ),
    set_option,
    click.option(
        "--profile",
        "profiles",
        type=profile_choice,
        multiple=True,
        metavar="[CIDR=]NAME",
        help="How hosts behave where the wire does not show it: linux, windows, macos, freebsd, "
        "rfc.",
    ),
    click.option(
        "--msl",
        type=duration,
        metavar="TIME",
        help="Maximum segment lifetime, as 30s or 2min; TIME-WAIT lasts two of them.",
    ),
)


class AnalysisChoice(NamedTuple):
    """The values of these options, under the names that click gives them."""

    select: Words
    ignore: Words
    min_severity: str
    where: str | None
    assignments: Sequence[tuple[str, str]]
    profiles: Sequence[tuple[str, str]]
    msl: int | None

    def settings(self) -> Settings:
        """Give the settings that they ask for; everything else has its default.

        Raises:
            UsageError: `--set` makes no sense, or `--where` is empty.
        """
        if self.where is not None and not self.where.strip():
            raise UsageError("--where: there is no expression; see `tcpflow explain where`")
        settings = Settings(
            select=tuple(code for group in self.select for code in group),
            ignore=tuple(code for group in self.ignore for code in group),
            min_severity=self.min_severity,
            where=self.where or "",
            profiles=dict(self.profiles),
            msl_ns=self.msl,
        )
        return set_parameters(settings, self.assignments)


def set_parameters(settings: Settings, assignments: Sequence[tuple[str, str]]) -> Settings:
    """Give settings with what `--set` asks for.

    Raises:
        UsageError: it makes no sense.
    """
    if not assignments:
        return settings
    from tcpflow_analyzer.findings.registry import parameters  # noqa: PLC0415  not for --help

    return with_parameters(settings, parameter_values(assignments), parameters())


def analysis_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options to a command, which gets them together as `chosen`, an AnalysisChoice."""

    @functools.wraps(command)
    def with_choice(**values: Any) -> Any:  # noqa: ANN401 -- click's values
        chosen = AnalysisChoice(*(values.pop(name) for name in AnalysisChoice._fields))
        return command(chosen=chosen, **values)

    decorated: Callable[..., Any] = with_choice
    for option in reversed(OPTIONS):
        decorated = option(decorated)
    return decorated
