"""Text of captures made harmless for a build service: what moves a cursor or hides is written out.

A capture, and with it a path, a host's name or a message, comes from elsewhere. XML forbids most
control characters, terminals obey them, and characters of direction turn a line around.
"""

import re
from typing import Final

LINE_FEED: Final = "\n"
# Code points that XML 1.0 section 2.2 does not allow at all, even escaped.
_NOT_IN_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def shown(text: str) -> str:
    """Write what cannot be printed as an escape; line feeds stay."""
    if text.isprintable():
        return text
    return "".join(
        each if each.isprintable() or each == LINE_FEED else _escaped(each) for each in text
    )


def in_one_line(text: str) -> str:
    """Likewise, in one line."""
    return " ".join(shown(text).split("\n"))


def for_xml(text: str) -> str:
    """Write what XML forbids as an escape."""
    return _NOT_IN_XML.sub(lambda found: _escaped(found[0]), shown(text))


def _escaped(character: str) -> str:
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")
