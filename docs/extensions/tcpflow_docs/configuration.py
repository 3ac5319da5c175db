"""What may be set: parameters of findings and profiles of operating systems, from settings.py."""

from typing import Final

from tcpflow_analyzer.report.wording import duration_text
from tcpflow_analyzer.settings import PARAMETERS, PROFILES
from tcpflow_docs.markdown import literal, prose, table

_NS: Final = "_ns"


def parameters() -> str:
    """The parameters, with their defaults, bounds and findings."""
    rows = [
        (
            literal(each.name),
            literal(each.text(each.default)),
            each.range_text,
            prose(each.meaning, "findings/"),
            ", ".join(f"[{code}](findings/{code}.md)" for code in each.codes),
        )
        for each in PARAMETERS.values()
    ]
    return table(("parameter", "default", "values", "what", "findings"), rows)


def profiles() -> str:
    """What the program takes operating systems to do, where the wire does not show it."""
    rows = [
        (literal(profile.name), *(_shown(name, value) for name, value in _items(profile)))
        for profile in PROFILES
    ]
    names = [name.removesuffix(_NS) for name, _ in _items(PROFILES[0])]
    turned = [
        (literal(name), *(row[column + 1] for row in rows)) for column, name in enumerate(names)
    ]
    return table(("", *(row[0] for row in rows)), turned)


def _items(profile: object) -> list[tuple[str, object]]:
    values = profile._asdict()  # type: ignore[attr-defined]
    return [(name, value) for name, value in values.items() if name != "name"]


def _shown(name: str, value: object) -> str:
    if value is None:
        return "no limit"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return duration_text(value) if name.endswith(_NS) and isinstance(value, int) else f"{value:,}"
