"""The formats of `tcpflow check`, each made on first use."""

from collections.abc import Callable, Sequence
from typing import Final

from tcpflow_analyzer.cli.look import look_for
from tcpflow_analyzer.cli.outputs import (
    STANDARD_OUTPUT,
    Output,
    OutputChoice,
    check_outputs,
    parse_output,
)
from tcpflow_analyzer.gate.result import CheckResult


class Show:
    """How text is shown: `--color`, `--quiet`."""

    def __init__(self, color: bool | None, quiet: bool) -> None:
        """Keep what the user asked for; None lets the terminal decide."""
        self.color = color
        self.quiet = quiet


Write = Callable[[CheckResult, Output, Show], None]


def _write_text(result: CheckResult, output: Output, show: Show) -> None:
    from tcpflow_analyzer.gate.text import WIDTH, check_text  # noqa: PLC0415  other formats need none

    look = look_for(output, show.color)._replace(width=WIDTH)
    text = check_text(result, look, show.quiet)
    if text:
        output.write_text(text)


# Format -> what writes it, and suffix of a file -> format.
FORMS: Final[dict[str, Write]] = {
    "text": _write_text,
}
SUFFIXES: Final[dict[str, str]] = {}


def choose_outputs(
    values: Sequence[str], form: str | None, captures: Sequence[str], quiet: bool
) -> list[OutputChoice]:
    """Say what goes where.

    A report into a file leaves the text on standard output, where a build log is read, unless
    `--quiet` was given.

    Args:
        values: of `--output`.
        form: of `--format`, None if it was not given.
        captures: that are to be read.
        quiet: of `--quiet`.

    Raises:
        UsageError: two outputs are the same, or one is a capture.
    """
    choices = [parse_output(value, form, FORMS, SUFFIXES) for value in values]
    taken = any(choice.path == STANDARD_OUTPUT for choice in choices)
    if not choices:
        choices = [OutputChoice(form or "text", STANDARD_OUTPUT)]
    elif not taken and not quiet:
        choices.append(OutputChoice("text", STANDARD_OUTPUT))
    check_outputs(choices, captures)
    return choices
