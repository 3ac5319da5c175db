"""Works through one run: progress while it goes on, messages when it is over."""

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from tcpflow_analyzer.cli.interruption import Interruptible
from tcpflow_analyzer.cli.messages import say
from tcpflow_analyzer.cli.progress import Shown

if TYPE_CHECKING:
    from tcpflow_analyzer.pipeline import Run

STATUS_INTERRUPTED = 130


class Message(NamedTuple):
    """A line for standard error: "error", "warning" or "note", and what it says."""

    kind: str
    text: str


def work_through(
    run: "Run",
    work: Interruptible,
    progress: Shown,
    update: Callable[["Run"], None],
    quiet: bool,
) -> int:
    """Work through a recording, with a progress bar where somebody waits for it.

    Args:
        run: the work.
        work: what an interrupt may end.
        progress: is hidden while the report is written.
        update: tells `progress` how far it is.
        quiet: whether notes are left out.

    Returns:
        The exit status: an interrupt ends a pipe that is read, and what came until then is
        reported.
    """
    work.source = run.recording
    for _ in run.steps():
        if run.is_read:
            progress.hide()  # the report comes next
        else:
            update(run)
    say_all(messages_of(run, quiet))
    if not work.ended or work.is_live:
        return 0
    say("warning", "interrupted; the report covers what was read until then")
    return STATUS_INTERRUPTED


def messages_of(run: "Run", quiet: bool) -> list[Message]:
    """Give what is to be said besides the report once a run is over.

    Args:
        run: has come to its end.
        quiet: whether notes are left out.
    """
    messages = [Message("warning", problem) for problem in run.problems()]
    if not quiet:
        messages += [Message("note", note) for note in run.notes()]
    return messages


def say_all(messages: list[Message]) -> None:
    """Write messages on standard error, a line each."""
    for message in messages:
        say(message.kind, message.text)
