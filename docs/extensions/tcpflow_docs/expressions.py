"""The fields of `--where`, tabled from where/fields.py."""

from tcpflow_analyzer.where.fields import FIELDS, Field
from tcpflow_docs.markdown import literal, prose, table


def fields() -> str:
    """The fields by what they are about."""
    groups: dict[str, list[Field]] = {}
    for field in FIELDS.values():
        groups.setdefault(_group(field), []).append(field)
    parts = []
    for title, members in groups.items():
        rows = [
            (literal(field.name), field.kind, prose(field.meaning), _choices(field))
            for field in members
        ]
        parts += [f"### {title}", "", table(("field", "kind", "what", "values"), rows), ""]
    return "\n".join(parts)


def _group(field: Field) -> str:
    head, _, tail = field.name.partition(".")
    if head in {"originator", "responder"} or f"originator.{field.name}" in FIELDS:
        return "Its two ends"
    if head == "finding":
        return "Findings"
    if head == "analysis" and tail:
        return "Segments by Wireshark's words"
    return "The connection"


def _choices(field: Field) -> str:
    return ", ".join(literal(choice) for choice in field.choices)
