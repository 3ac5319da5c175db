"""Compares with tshark and prints the figures.

    PYTHONPATH=tests python -m differential [PATH ...]

A path is a capture or a folder of captures; without one, all of fixtures/.
"""

import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

from support.peers import CLASSES
from support.places import fixture_captures, is_capture
from support.tshark import compare_captures


def captures_of(words: list[str]) -> list[Path]:
    """The captures that a command line names."""
    found: list[Path] = []
    for path in map(Path, words):
        found += sorted(each for each in path.rglob("*") if is_capture(each)) or [path]
    return found if words else fixture_captures()


def main() -> None:
    """Print what was compared, what was equal, and a line for each difference."""
    captures = captures_of(sys.argv[1:])
    comparison = compare_captures(captures)
    words = Table(title=f"{len(captures)} captures", title_justify="left")
    for heading in ("", "compared", "equal", "share"):
        words.add_column(heading, justify="right" if heading else "left")
    for what, count in comparison.all.items():
        share = f"{100 * comparison.share(what):.2f} %"
        words.add_row(what, f"{count}", f"{comparison.equal[what]}", share)
    classes = Table(title="streams that have segments of a class", title_justify="left")
    for heading in ("", "both", "only tshark", "only ours", "F1"):
        classes.add_column(heading, justify="right" if heading else "left")
    for name in CLASSES:
        both, theirs, ours = (
            comparison.classes[name, *has] for has in ((True, True), (True, False), (False, True))
        )
        f1 = f"{comparison.f1(name):.3f}" if both + theirs + ours else "-"
        classes.add_row(name, f"{both}", f"{theirs}", f"{ours}", f1)
    console = Console()
    console.print(words, classes)
    for note in comparison.notes:
        console.out(note, highlight=False)


if __name__ == "__main__":
    main()
