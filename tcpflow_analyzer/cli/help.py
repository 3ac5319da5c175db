"""Help text: click's own words and layout, in colour where the terminal has it."""

import os
import sys

import click


class HelpCommand(click.Command):
    """Command whose help is coloured on a terminal."""

    def get_help(self, ctx: click.Context) -> str:
        """Give the help text of this command."""
        return paint_help(super().get_help(ctx))


class HelpGroup(click.Group):
    """Group whose help is coloured on a terminal."""

    def get_help(self, ctx: click.Context) -> str:
        """Give the help text of this group."""
        return paint_help(super().get_help(ctx))


def paint_help(text: str) -> str:
    """Put colours into a help text for a terminal; unchanged for everything else."""
    if not sys.stdout.isatty() or os.environ.get("NO_COLOR"):
        return text
    from rich.console import Console  # noqa: PLC0415  only help on a terminal needs it
    from rich.text import Text  # noqa: PLC0415

    painted = Text(text)
    painted.highlight_regex(r"(?m)^[A-Z][A-Za-z ]*:", "bold")
    painted.highlight_regex(r"(?<![\w-])--?[A-Za-z][\w-]*", "cyan")
    console = Console(highlight=False, soft_wrap=True)
    with console.capture() as capture:
        console.print(painted, end="")
    return capture.get()
