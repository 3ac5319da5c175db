"""The catalogue: an overview, and a page for each finding made of its docstring.

The pages lie in docs/reference/findings while the site is built; git does not know them.
"""

import os
import re
import tempfile
import tomllib
from collections.abc import Iterable, Iterator
from contextlib import chdir
from pathlib import Path
from typing import Final

from tcpflow_analyzer.cli.main import run
from tcpflow_analyzer.findings.registry import Rule, rules
from tcpflow_analyzer.report.catalogue import HEADING, items
from tcpflow_analyzer.settings import PARAMETERS
from tcpflow_docs.markdown import prose, table

ROOT: Final = Path(__file__).parents[3]
FAMILIES: Final = {
    "LC": "The life of a connection",
    "HS": "Opening",
    "CL": "Closing",
    "TW": "TIME-WAIT and the reuse of ports",
    "RS": "Resets",
    "SQ": "Sequence numbers and retransmission",
    "WN": "Windows",
    "KA": "Keep-alive and idle time",
    "OP": "Header and options",
    "FL": "Many connections at once",
    "MB": "Between the two ends",
    "CP": "The capture itself",
}
CONTEXTS: Final = {
    "conn": "looks at one connection",
    "pair": "looks at the connections of one socket pair",
    "host": "looks at all connections of a host or service",
    "file": "looks at the whole capture",
}


def overview() -> str:
    """The findings by family: code, name, severity, meaning."""
    parts = []
    for family, title in FAMILIES.items():
        parts += [f"## {title} ({family})", "", _table(family, "findings/"), ""]
    return "\n".join([*parts, *_contents(f"findings/{family}" for family in FAMILIES)])


def write_pages(folder: Path) -> None:
    """Write a page for each family and each finding; files that are right already stay."""
    folder.mkdir(exist_ok=True)
    pages = {family: family_page(family) for family in FAMILIES}
    pages |= {rule.code: page(rule) for rule in rules().values()}
    for name, text in pages.items():
        path = folder / f"{name}.md"
        if not path.is_file() or path.read_text() != text:
            path.write_text(text)
    for path in folder.glob("*.md"):
        if path.stem not in pages:
            path.unlink()


def family_page(family: str) -> str:
    """The page of a family."""
    codes = [rule.code for rule in rules().values() if rule.family == family]
    return "\n".join(
        [f"# {FAMILIES[family]} ({family})", "", _table(family, ""), *_contents(codes)]
    )


def page(rule: Rule) -> str:
    """The page of a finding."""
    severities = " or ".join(f"**{severity}**" for severity in rule.severities)
    facts = f"{severities}; {CONTEXTS[rule.context]}; {rule.status} since {rule.since}."
    lead, *body = definition(rule.definition)
    head = [f"# {rule.code} {rule.name}", "", lead, "", facts, "", *_example(rule)]
    return "\n".join([*head, *body]) + "\n"


def _contents(names: Iterable[str]) -> list[str]:
    """A table of contents for the side bar."""
    return ["", "```{toctree}", ":hidden:", ":titlesonly:", "", *names, "```", ""]


def _table(family: str, folder: str) -> str:
    rows = [
        (
            f"[{rule.code}]({folder}{rule.code}.md)",
            rule.name,
            " or ".join(rule.severities),
            prose(rule.summary, folder),
        )
        for rule in rules().values()
        if rule.family == family
    ]
    return table(("code", "name", "severity", "what it says"), rows)


def definition(docstring: str) -> Iterator[str]:
    """The lines of a definition as Markdown: its headings become headings."""
    for head, text in items(docstring):
        heading = HEADING.match(text)
        if heading is not None and heading[1].startswith("Set when"):
            yield from ("", "## When it is set", "")
        elif heading is not None:
            yield from ("", f"## {heading[1]}", "")
            text = _sentence(text[len(heading[0]) :])  # noqa: PLW2901  the rest is the section
        yield f"- {prose(text)}" if head else prose(text)
        if not head:
            yield ""


def _sentence(text: str) -> str:
    """What follows a heading, begun as a sentence; a command or a name stays as it is."""
    return text[:1].upper() + text[1:] if re.match(r"[a-z]+[ ,;.]", text) else text


def _example(rule: Rule) -> Iterator[str]:
    """What the program says of the capture that shows the finding."""
    for folder in (ROOT / "fixtures" / "findings").glob(f"{rule.code}-*"):
        for capture in folder.glob("fires.*"):
            path = capture.relative_to(ROOT).as_posix()
            options = ["--all", "--quiet", "--select", rule.code, *_parameters(folder)]
            arguments = ["analyze", *options, path]
            yield from ("## Example", "", "```console", f"$ tcpflow {' '.join(arguments)}")
            yield from _output(arguments).splitlines()
            yield from ("```", "")


def _parameters(folder: Path) -> list[str]:
    """Options that a capture needs to show its finding, as a flood that is small enough to ship."""
    case = tomllib.loads((folder / "case.toml").read_text())
    return [
        word
        for name, value in case.get("settings", {}).items()
        if name.removesuffix("_ns") in PARAMETERS
        for word in ("--set", f"{name.removesuffix('_ns')}={_written(name, value)}")
    ]


def _written(setting: str, value: int) -> str:
    """A value as an option takes it."""
    return f"{value / 1e9:g}s" if setting.endswith("_ns") else str(value)


def _output(arguments: list[str]) -> str:
    """What a command prints, run in the root of the source."""
    with tempfile.TemporaryDirectory() as folder, chdir(ROOT):
        path = os.path.join(folder, "out.txt")
        status = run([*arguments, "--output", f"text:{path}"])
        if status != 0:
            message = f"tcpflow {' '.join(arguments)}: status {status}"
            raise ValueError(message)
        return Path(path).read_text()
