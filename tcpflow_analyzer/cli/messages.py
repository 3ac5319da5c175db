"""Messages on standard error: one line each, whatever the names in them hold."""

import contextlib

import click


def say(kind: str, message: str) -> None:
    """Write one line on standard error, if there is one that can be written to.

    Args:
        kind: "error", "warning" or "note".
        message: what would move the cursor or break the line is shown as an escape.
    """
    shown = "".join(each if each.isprintable() else _escaped(each) for each in message)
    with contextlib.suppress(OSError):
        click.echo(f"tcpflow: {kind}: {shown}", err=True)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
