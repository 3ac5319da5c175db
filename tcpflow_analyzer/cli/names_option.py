"""`--names FILE`: names of hosts for text output, of all commands that write addresses as text."""

from typing import TYPE_CHECKING, Final

import click

if TYPE_CHECKING:
    from tcpflow_analyzer.report.names import Names

_NAMES: Final = "tcpflow_analyzer.names"  # of click's Context.meta


def _read(ctx: click.Context, _option: click.Parameter, path: str | None) -> None:
    """Read the file, so that mistakes in it are told before any work."""
    if path is None or ctx.resilient_parsing:
        return
    from tcpflow_analyzer.report.names import read_names  # noqa: PLC0415  few runs name hosts
    from tcpflow_analyzer.sources.text_file import read_text  # noqa: PLC0415

    ctx.meta[_NAMES] = read_names(path, read_text(path))


names_option = click.option(
    "--names",
    metavar="FILE",
    expose_value=False,
    callback=_read,
    help="Names to show for addresses in text, from a file like /etc/hosts; never from the DNS.",
)


def chosen_names() -> "Names":
    """Give the names that the running command was told of."""
    from tcpflow_analyzer.report.names import NO_NAMES  # noqa: PLC0415

    ctx = click.get_current_context(silent=True)
    names: Names = NO_NAMES if ctx is None else ctx.meta.get(_NAMES, NO_NAMES)
    return names
