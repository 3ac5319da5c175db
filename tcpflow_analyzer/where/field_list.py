"""The fields of expressions as a list, for people and programs."""

import json
from collections.abc import Iterable
from typing import Final

from tcpflow_analyzer.report.page import Look, Page, Span
from tcpflow_analyzer.where.fields import Field

INTRODUCTION: Final = """\
An expression compares fields, as in
  responder.state == "CLOSE-WAIT" and duration > 60
  address in 10.0.0.0/8 and not (port == 22 or port == 53)
  finding.code startswith "RS"
with == != < <= > >= in, not in, startswith, endswith, contains; joined by and, or, not and \
parentheses. Text stands in quotes; addresses and networks need none; durations are seconds, or \
have a unit, as 5ms. A field that either end has, as port, holds if it holds for one of them."""
_EITHER: Final = "either end: "


def fields_text(fields: Iterable[Field], look: Look) -> str:
    """Write how expressions are written, and a line for each field."""
    page = Page(look)
    for line in INTRODUCTION.splitlines():
        page.paragraph("  " if line.startswith("  ") else "", line.strip())
    page.line()
    for each in fields:
        if each.name.startswith(("originator.", "responder.")):
            continue  # written behind the field of either end
        of_ends = each.meaning.startswith(_EITHER)
        name = f"[originator.|responder.]{each.name}" if of_ends else each.name
        page.line(Span(name, "bold"), f"  {each.kind}")
        meaning = each.meaning.removeprefix(_EITHER)
        choices = f": {', '.join(each.choices)}" if each.choices else ""
        page.paragraph("    ", f"{meaning}{choices}", "dim")
    return page.text()


def fields_json(fields: Iterable[Field]) -> str:
    """Write the fields as a JSON list."""
    members = [
        {
            "name": each.name,
            "kind": each.kind,
            "meaning": each.meaning,
            "values": list(each.choices),
            "ordered": each.is_ordered or each.kind in ("number", "duration"),
        }
        for each in fields
    ]
    return json.dumps(members, indent=1) + "\n"
