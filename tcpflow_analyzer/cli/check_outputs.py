"""The formats of `tcpflow check`, each made on first use."""

import os
from collections.abc import Callable, Sequence
from typing import Final

from tcpflow_analyzer.cli.look import look_for
from tcpflow_analyzer.cli.outputs import (
    STANDARD_OUTPUT,
    Output,
    OutputChoice,
    append_text,
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


def _write_json(result: CheckResult, output: Output, _: Show) -> None:
    from tcpflow_analyzer.gate.check_json import write_json  # noqa: PLC0415  as above

    write_json(result, output)


def _write_junit(result: CheckResult, output: Output, _: Show) -> None:
    from tcpflow_analyzer.gate.junit import write_junit  # noqa: PLC0415  as above

    write_junit(result, output)


def _write_sarif(result: CheckResult, output: Output, _: Show) -> None:
    from tcpflow_analyzer.gate.sarif import write_sarif  # noqa: PLC0415  as above

    write_sarif(result, output)


def _write_gitlab(result: CheckResult, output: Output, _: Show) -> None:
    from tcpflow_analyzer.gate.gitlab import write_gitlab  # noqa: PLC0415  as above

    write_gitlab(result, output)


def _write_github(result: CheckResult, output: Output, _: Show) -> None:
    """Write the annotations, and the summary where GitHub's runner wants it."""
    from tcpflow_analyzer.gate.github import summary, write_github  # noqa: PLC0415  as above

    write_github(result, output)
    path = os.environ.get(GITHUB_SUMMARY)
    if path:
        append_text(path, summary(result))


# Format -> what writes it, and suffix of a file -> format.
FORMS: Final[dict[str, Write]] = {
    "text": _write_text,
    "json": _write_json,
    "junit": _write_junit,
    "sarif": _write_sarif,
    "github": _write_github,
    "gitlab": _write_gitlab,
}
SUFFIXES: Final[dict[str, str]] = {".json": "json", ".xml": "junit", ".sarif": "sarif"}
# Names the file to which a step of GitHub Actions adds Markdown for the summary of its job.
GITHUB_SUMMARY: Final = "GITHUB_STEP_SUMMARY"


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
