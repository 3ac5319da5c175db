"""What may be set: parameters of findings and profiles of operating systems, from settings.py."""

from dataclasses import fields
from typing import Final

from tcpflow_analyzer.findings.registry import Rule, rules
from tcpflow_analyzer.gate.read_configuration import PARAMETERS
from tcpflow_analyzer.report.wording import duration_text
from tcpflow_analyzer.settings import PROFILES, Settings
from tcpflow_docs.markdown import literal, table

_NS: Final = "_ns"


def parameters() -> str:
    """The parameters, with their defaults and the findings whose definitions name them."""
    defaults = Settings()
    known = {field.name for field in fields(Settings)}
    rows = []
    for name, setting in PARAMETERS.items():
        if setting not in known:
            continue
        value = getattr(defaults, setting)
        shown = duration_text(value) if setting.endswith(_NS) and value is not None else str(value)
        rows.append((literal(name), literal(shown), _named_by(name)))
    return table(("parameter", "default", "findings"), rows)


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


def _named_by(parameter: str) -> str:
    return ", ".join(
        f"[{rule.code}](findings/{rule.code}.md)"
        for rule in rules().values()
        if _names(rule, parameter)
    )


def _names(rule: Rule, parameter: str) -> bool:
    words = rule.definition.replace("`", " ").replace(",", " ").replace(".", " ").split()
    return parameter in {word.strip("()") for word in words}


def _items(profile: object) -> list[tuple[str, object]]:
    values = profile._asdict()  # type: ignore[attr-defined]
    return [(name, value) for name, value in values.items() if name != "name"]


def _shown(name: str, value: object) -> str:
    if value is None:
        return "no limit"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return duration_text(value) if name.endswith(_NS) and isinstance(value, int) else f"{value:,}"
