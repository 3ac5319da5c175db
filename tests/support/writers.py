"""Every way in which the program writes a file, for tests of what all of them have in common."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple


class Writer(NamedTuple):
    """A command that writes a file.

    Attributes:
        name: of the way.
        words: of the command line; CAPTURE and OUT stand for paths.
        suffix: of the file.
        status: with which the command ends.
    """

    name: str
    words: tuple[str, ...]
    suffix: str = ""
    status: int = 0

    def command(self, capture: Path | str, out: Path | str) -> list[str]:
        """The command line for these paths."""
        return [
            word.replace("CAPTURE", str(capture)).replace("OUT", str(out)) for word in self.words
        ]


def _analyze(form: str) -> Writer:
    return Writer(f"analyze {form}", ("analyze", "CAPTURE", "-o", f"{form}:OUT"))


def _check(form: str) -> Writer:
    return Writer(f"check {form}", ("check", "--no-config", "CAPTURE", "-o", f"{form}:OUT"), "", 1)


def _chosen(form: str, command: str = "show") -> Writer:
    return Writer(
        f"{command} {form}", (command, "CAPTURE", "--connection", "1", "-o", f"{form}:OUT")
    )


WRITERS: Final[Sequence[Writer]] = (
    *(_analyze(form) for form in ("text", "json", "csv", "zeek", "zeek-json", "parquet")),
    Writer("analyze separate", ("analyze", "--separate", "CAPTURE", "CAPTURE", "-o", "json:OUT")),
    *(_check(form) for form in ("text", "json", "junit", "sarif", "github", "gitlab")),
    Writer("check baseline", ("check", "--no-config", "CAPTURE", "--write-baseline", "OUT")),
    Writer("check init", ("check", "--init", "--no-config", "CAPTURE", "-o", "OUT")),
    *(_chosen(form) for form in ("text", "json", "svg", "mermaid")),
    *(
        Writer(f"ss {form}", ("ss", "CAPTURE", "-o", f"{form}:OUT"))
        for form in ("text", "json", "csv")
    ),
    Writer("ss census", ("ss", "CAPTURE", "--census", "-o", "csv:OUT")),
    Writer("extract", ("extract", "CAPTURE", "--connection", "1", "-o", "OUT")),
    Writer(
        "extract anonymous", ("extract", "CAPTURE", "--connection", "1", "--anonymise", "-o", "OUT")
    ),
    Writer("report", ("report", "CAPTURE", "-o", "OUT")),
    Writer("diff text", ("diff", "CAPTURE", "CAPTURE", "-o", "text:OUT")),
    Writer("diff json", ("diff", "CAPTURE", "CAPTURE", "-o", "json:OUT")),
)
# Does not take the place of a file that is there, whatever it is.
NEW_FILES: Final = {"check init"}
