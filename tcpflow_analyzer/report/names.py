"""Names of hosts, as text reports show them in place of addresses; never asked of the DNS.

They come from a file like hosts(5), which is also how Wireshark takes them. Machine output keeps
addresses, so that the same capture gives the same octets.
"""

import ipaddress
import re
from collections.abc import Mapping
from typing import Final

from tcpflow_analyzer.errors import UsageError

# An address alone or before its port: IPv6 in brackets, bare IPv6, IPv4.
_ADDRESS: Final = re.compile(
    r"\[([0-9A-Fa-f:.]+(?:%[^\]\s]+)?)\]"
    r"|(?<![\w:.])([0-9A-Fa-f]*:[0-9A-Fa-f:.]*[0-9A-Fa-f:](?:%\w+)?)(?![\w:/])"
    r"|(?<![\w.])(\d{1,3}(?:\.\d{1,3}){3})(?!\.?[\w/])"
)


class Names:
    """Puts names in place of addresses."""

    def __init__(self, names: Mapping[str, str] | None = None) -> None:
        """Keep names by the address that they are for, as reports write it."""
        self._names = dict(names or {})

    def __bool__(self) -> bool:
        """Whether there is any name."""
        return bool(self._names)

    def text(self, text: str) -> str:
        """Give the text with each address that has a name replaced by it."""
        if not self._names:
            return text
        return _ADDRESS.sub(self._named, text)

    def _named(self, match: re.Match[str]) -> str:
        address = match[1] or match[2] or match[3]
        return self._names.get(address) or self._names.get(address.partition("%")[0]) or match[0]


NO_NAMES: Final = Names()


def read_names(path: str, text: str) -> Names:
    """Read a file like hosts(5): an address, its name, and more names that are not used.

    Where an address has several lines, the first counts. What follows a # is a comment.

    Args:
        path: for messages.
        text: of the file.

    Raises:
        UsageError: a line is not of this form; the text names it.
    """
    names: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        try:
            address = str(ipaddress.ip_address(words[0].partition("%")[0]))
        except ValueError as error:
            said = f"{path}, line {number}: {words[0]!r} is no address"
            raise UsageError(f"{said}; a line is an address and its name") from error
        if len(words) == 1:
            raise UsageError(f"{path}, line {number}: {words[0]} has no name")
        names.setdefault(address, words[1])
    return Names(names)
