"""`--config` and `--no-config` of `analyze`: how results are shown, by a file; options win."""

import os
from collections.abc import Callable
from typing import Any, Final

import click

from tcpflow_analyzer.errors import UsageError

NAMES: Final = ("tcpflow.toml", "pyproject.toml")  # in a folder the first counts
_SEEN: Final = "tcpflow_analyzer.display"  # of click's Context.meta


def _note(ctx: click.Context, option: click.Parameter, value: Any) -> Any:  # noqa: ANN401  click's
    """Take note of an option; when both are known, let the file give defaults to the others."""
    seen = ctx.meta.setdefault(_SEEN, {})
    seen[option.name] = value
    if len(seen) == 2 and not ctx.resilient_parsing:
        if seen["config"] is not None and seen["no_config"]:
            raise UsageError("--config and --no-config exclude each other")
        path, ctx.default_map = _display(seen["config"], not seen["no_config"])
        seen["path"] = path if ctx.default_map else ""
    return value


# Eager: read before the options for which the file gives defaults.
OPTIONS: Final = (
    click.option(
        "--config",
        metavar="FILE",
        is_eager=True,
        expose_value=False,
        callback=_note,
        help="How results are shown, by this file instead of the nearest tcpflow.toml.",
    ),
    click.option(
        "--no-config",
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=_note,
        help="Look for no such file.",
    ),
)


def display_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options to a command; they have done their work when it is called."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


def display_path() -> str:
    """Path of the file that says how results are shown, "" if none says anything."""
    seen = click.get_current_context().meta.get(_SEEN, {})
    return str(seen.get("path", ""))


def _display(path: str | None, wanted: bool) -> tuple[str, dict[str, object]]:
    """Read the file that holds here.

    Raises:
        UsageError: it cannot be read or makes no sense.
    """
    if path is None and not wanted:
        return "", {}
    from tcpflow_analyzer.gate.display import read_display  # noqa: PLC0415  not for --help
    from tcpflow_analyzer.sources.text_file import nearest_files, read_text  # noqa: PLC0415

    if path is not None:
        found = read_display(path, read_text(path))
        if found is None:
            raise UsageError(f"{path}: there is no [tool.tcpflow] in it")
        return path, found
    for near in nearest_files(os.getcwd(), NAMES):
        shown = os.path.relpath(near)
        found = read_display(shown, read_text(near))
        if found is not None:
            return shown, found
    return "", {}
