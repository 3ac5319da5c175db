"""Names of findings as people write them: a code, its name, a family, a beginning with a star."""

from collections.abc import Mapping
from dataclasses import dataclass

from tcpflow_analyzer.errors import UsageError
from tcpflow_analyzer.findings.registry import Rule


@dataclass(frozen=True, slots=True)
class Codes:
    """Codes as they are written: `CL005`, `close-wait-stuck`, or a beginning, `RS*` or `RS`.

    Attributes:
        text: as written.
        prefix: what codes begin with; a whole code for one.
        is_whole: whether it is one code.
    """

    text: str
    prefix: str
    is_whole: bool

    def holds(self, code: str) -> bool:
        """Whether a code is one of them."""
        return code == self.prefix if self.is_whole else code.startswith(self.prefix)


def codes_of(text: str, known: Mapping[str, Rule]) -> Codes:
    """Read a code, a name, or the beginning of codes with or without a star behind it.

    Args:
        text: as somebody wrote it, in capitals or not.
        known: the rules of all findings by code.

    Raises:
        UsageError: no finding is meant.
    """
    word = text.strip()
    prefix = word.upper().removesuffix("*")
    if prefix in known:
        return Codes(text, prefix, not word.endswith("*"))
    if prefix and any(code.startswith(prefix) for code in known):
        return Codes(text, prefix, False)
    rule = rule_called(word, known)
    if rule is not None:
        return Codes(text, rule.code, True)
    near = names_near(word, known)
    hint = f"did you mean {' or '.join(near)}?" if near else "see `tcpflow rules`"
    raise UsageError(f"no finding has the code or name {text!r}, or a code that begins so; {hint}")


def rule_called(text: str, known: Mapping[str, Rule]) -> Rule | None:
    """Give the rule with this code or name; capitals do not matter."""
    rule = known.get(text.upper())
    if rule is not None:
        return rule
    name = text.lower().replace("_", "-")
    return next((each for each in known.values() if each.name == name), None)


def names_near(text: str, known: Mapping[str, Rule]) -> list[str]:
    """Give codes and names that somebody may have meant who wrote something else, best first."""
    from difflib import get_close_matches  # noqa: PLC0415  only mistakes need it

    near = get_close_matches(text.upper(), known, 2, 0.7)
    names = [each.name for each in known.values()]
    return near or get_close_matches(text.lower(), names, 2)
