"""The catalogue of findings, as a list and one by one; all of it comes out of the docstrings."""

import inspect
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from tcpflow_analyzer.findings.registry import Rule
from tcpflow_analyzer.report.page import Look, Page, Span
from tcpflow_analyzer.report.parameter_list import parameter_members
from tcpflow_analyzer.settings import Parameter

# Headings of a definition, and the members of the JSON that they become.
SECTIONS: Final = {
    "What to do": "advice",
    "References": "references",
    "Other tools": "peers",
}
HEADING: Final = re.compile(
    r"^(Set when\b[^:]*|Supersedes|Superseded by|Why it matters|What to do|Not proof of|Other tools"
    r"|References|Seen in):(?: |$)"
)


def list_text(rules: Iterable[Rule], look: Look) -> str:
    """Write a line for each rule: code, name, severity, meaning."""
    page = Page(look)
    chosen = list(rules)
    width = max((len(rule.name) for rule in chosen), default=0)
    for rule in chosen:
        severities = "/".join(rule.severities)
        page.line(Span(rule.code, "bold"), f"  {rule.name:{width}}  {severities}")
        page.paragraph("       ", rule.summary, "dim")
    return page.text()


def list_json(rules: Iterable[Rule]) -> str:
    """Write the rules as a JSON list, in their order."""
    return json.dumps([_members(rule) for rule in rules], indent=1) + "\n"


def explanation_text(rule: Rule, look: Look, parameters: Sequence[Parameter] = ()) -> str:
    """Write all that is known of a rule, and the parameters that it goes by."""
    page = Page(look)
    severities = " or ".join(rule.severities)
    page.line(Span(f"{rule.code} {rule.name}", "bold"), f"   {severities}, {_since(rule)}")
    page.line()
    for indent, text in items(rule.definition):
        heading = HEADING.match(text)
        if heading is None:
            page.paragraph(indent, text)
        else:
            # Wrapped below the heading's first column, as headings differ in length.
            page.paragraph("", text, hanging="    ", bold_len=len(heading[0].rstrip()))
    for parameter in parameters:
        option = f"--set {parameter.name}={parameter.text(parameter.default)}:"
        text = f"{option} {parameter.meaning}; {parameter.range_text}."
        page.paragraph("", text, hanging="    ", bold_len=len(option))
    return page.text()


def explanation_json(rule: Rule, parameters: Sequence[Parameter] = ()) -> str:
    """Write all that is known of a rule, and its parameters, as a JSON object."""
    sections = _sections(rule.definition)
    members = _members(rule) | {"definition": rule.definition}
    members |= {member: sections.get(heading, "") for heading, member in SECTIONS.items()}
    members["parameters"] = [parameter_members(each) for each in parameters]
    return json.dumps(members, indent=1) + "\n"


def advice(rule: Rule) -> str:
    """Give what the definition says under "What to do", on one line; "" if it says nothing."""
    return _sections(rule.definition).get("What to do", "")


def _since(rule: Rule) -> str:
    return f"from {rule.package}" if rule.package else f"since {rule.since}"


def _members(rule: Rule) -> dict[str, object]:
    members: dict[str, object] = {
        "code": rule.code,
        "name": rule.name,
        "severity": rule.severity,
        "severities": list(rule.severities),
        "context": rule.context,
        "status": rule.status,
        "since": rule.since,
        "summary": rule.summary,
    }
    return members | {"package": rule.package} if rule.package else members


def items(definition: str) -> Iterator[tuple[str, str]]:
    """Give the paragraphs, headings and list entries of a definition, each on one line.

    Yields:
        What stands before it ("", or "  - " for a list entry), and its text; ("", "") for an
        empty line.
    """
    head, words = "", ""
    for line in inspect.cleandoc(definition).splitlines():
        text = line.strip()
        starts = not text or text.startswith("- ") or not line.startswith(" ")
        if starts and HEADING.match(line) is None and not line.startswith(" ") and words and text:
            starts = HEADING.match(words) is not None  # a paragraph goes on at the left edge
        if not starts:
            words = f"{words} {text}"
            continue
        if words:
            yield head, words
        head, words = ("  - ", text[2:]) if text.startswith("- ") else ("", text)
        if not text:
            yield "", ""
    if words:
        yield head, words


def _sections(definition: str) -> dict[str, str]:
    """Give the text below each heading of a definition, on one line."""
    sections: dict[str, list[str]] = {}
    current: list[str] = []
    for line in inspect.cleandoc(definition).splitlines():
        heading = HEADING.match(line)
        if heading is not None:
            current = sections.setdefault(heading[1], [])
            line = line[len(heading[0]) :]  # noqa: PLW2901  the rest belongs to the section
        if line.strip():
            current.append(line.strip())
    return {heading: " ".join(lines) for heading, lines in sections.items()}
