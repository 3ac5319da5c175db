"""Writes Markdown: tables, and text of the program with its codes and RFC sections made links."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from tcpflow_analyzer.settings import PARAMETERS

_SPECIAL: Final = re.compile(r"([\\*_<>\[\]|~])")
_CODE: Final = re.compile(r"(?<![\w/-])([A-Z]{2}\d{3})\b")
# "RFC 9293 section 3.6", "RFC 9293 3.10.7.4", "RFC 1337"
_RFC: Final = re.compile(r"\bRFC (\d{3,4})(?:(,? sections?)? (\d+(?:\.\d+)*))?")


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table of cells that are Markdown already."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines) + "\n"


def literal(text: str) -> str:
    """Text as it is typed; nothing for nothing."""
    return f"`{text}`" if text else ""


def prose(text: str, codes: str = "") -> str:
    """Make Markdown of a sentence of the program: what stands in backticks stays, links are added.

    Args:
        text: plain, but for backticks.
        codes: folder of the findings' pages as seen from this page, with a slash; "" for the same.
    """
    parts = text.split("`")
    plain = [_linked(part, codes) for part in parts[::2]]
    quoted = [
        _parameter(part, codes) if part in PARAMETERS else f"`{part}`" for part in parts[1::2]
    ]
    mixed = [part for pair in zip(plain, [*quoted, ""], strict=False) for part in pair]
    return "".join(mixed)


def _linked(text: str, codes: str) -> str:
    """Plain text, with links. A parameter is known by its underscores: `backlog` is also a word."""
    words = re.split(r"\b([a-z]+(?:_[a-z]+)+)\b", text)
    return "".join(
        _parameter(word, codes) if word in PARAMETERS and "_" in word else _escaped(word, codes)
        for word in words
    )


def _quoted(text: str, codes: str) -> str:
    return _parameter(text, codes) if text in PARAMETERS else f"`{text}`"


def _parameter(name: str, codes: str) -> str:
    page = "configuration.md" if codes else "../configuration.md"
    return f"[`{name}`]({page}#parameters)"


def _escaped(text: str, codes: str) -> str:
    text = _SPECIAL.sub(r"\\\1", text)
    text = _CODE.sub(rf"[\1]({codes}\1.md)", text)
    return _RFC.sub(_rfc_link, text)


def _rfc_link(found: re.Match[str]) -> str:
    number, _, section = found.groups()
    anchor = f"#section-{section}" if section else ""
    return f"[{found[0]}](https://www.rfc-editor.org/rfc/rfc{number}.html{anchor})"
