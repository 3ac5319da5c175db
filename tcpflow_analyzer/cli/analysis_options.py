"""The options that say what is analysed and what is told of it, which several commands have."""

import functools
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import click

from tcpflow_analyzer.cli.option_types import parameter_values
from tcpflow_analyzer.cli.shared_options import (
    ignore_option,
    msl_option,
    profile_option,
    select_option,
    set_option,
)
from tcpflow_analyzer.errors import UsageError
from tcpflow_analyzer.settings import Settings, with_parameters

Words = tuple[tuple[str, ...], ...]

OPTIONS: Final = (
    select_option,
    ignore_option,
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
    profile_option,
    msl_option,
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
