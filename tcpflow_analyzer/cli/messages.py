"""Messages on standard error: one line each, whatever the names in them hold."""

import contextlib
from collections.abc import Callable
from typing import Final

import click

MOST_HELD: Final = 100


class Holding:
    """Keeps messages back while the terminal shows something else, and writes them later."""

    _current: "Holding | None" = None

    def __init__(self, listener: Callable[[str], object]) -> None:
        """Hold nothing yet; `listener` hears of each message as it comes."""
        self._listener = listener
        self._messages: list[tuple[str, str]] = []

    def begin(self) -> None:
        """Hold what is said from now on."""
        Holding._current = self

    def end(self) -> None:
        """Write what was held, and hold nothing any more."""
        Holding._current = None
        messages, self._messages = self._messages, []
        for kind, message in messages:
            say(kind, message)

    @classmethod
    def take(cls, kind: str, message: str) -> bool:
        """Hold a message, if messages are held now; gives whether they are."""
        current = cls._current
        if current is None:
            return False
        if len(current._messages) < MOST_HELD:
            current._messages.append((kind, message))
        current._listener(message)
        return True


def say(kind: str, message: str) -> None:
    """Write one line on standard error, if there is one that can be written to.

    Args:
        kind: "error", "warning" or "note".
        message: what would move the cursor or break the line is shown as an escape.
    """
    if Holding.take(kind, message):
        return
    shown = "".join(each if each.isprintable() else _escaped(each) for each in message)
    with contextlib.suppress(OSError):
        click.echo(f"tcpflow: {kind}: {shown}", err=True)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
