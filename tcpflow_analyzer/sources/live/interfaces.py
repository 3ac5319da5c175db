"""Which interfaces can be captured on."""

import socket
import subprocess
import sys
from typing import Final, NamedTuple

from tcpflow_analyzer.errors import InputError
from tcpflow_analyzer.sources.live.capture_engine import ANY_INTERFACE
from tcpflow_analyzer.sources.live.devices import hardware_type, is_up
from tcpflow_analyzer.sources.live.dumpcap import find_dumpcap
from tcpflow_analyzer.sources.octets import reason

SECONDS: Final = 10
# linux/if_arp.h
KINDS: Final = {
    1: "Ethernet",
    512: "PPP",
    768: "IP in IP",
    772: "loopback",
    776: "IPv6 in IPv4",
    778: "GRE",
    823: "GRE over IPv6",
    801: "wireless",
    803: "wireless monitor",
    65534: "IP without a link layer",
}


class Interface(NamedTuple):
    """A device, by the name that `--interface` takes, and what is known of it."""

    name: str
    description: str


def list_interfaces() -> list[Interface]:
    """Give the interfaces of this system, those of Linux in the order of their numbers.

    Raises:
        InputError: the system does not tell, and neither does dumpcap.
    """
    if not sys.platform.startswith("linux"):
        return _listed_by_dumpcap()
    found = [Interface(name, _describe(name)) for _, name in socket.if_nameindex()]
    return [*found, Interface(ANY_INTERFACE, "all of these")]


def _describe(name: str) -> str:
    number = hardware_type(name)
    kind = KINDS.get(number, f"type {number}")
    return f"{kind}, {'up' if is_up(name) else 'down'}"


def _listed_by_dumpcap() -> list[Interface]:
    path = find_dumpcap()
    if path is None:
        raise InputError("dumpcap was not found; it comes with Wireshark")
    try:
        done = subprocess.run(  # noqa: S603 -- a fixed command line, no shell
            [path, "-D"], capture_output=True, text=True, timeout=SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        text = reason(error) if isinstance(error, OSError) else "does not answer"
        raise InputError(f"dumpcap: {text}") from error
    return read_list(done.stdout)


def read_list(text: str) -> list[Interface]:
    """Read what `dumpcap -D` prints: a number, a name, and in parentheses what people call it."""
    found = []
    for line in text.splitlines():
        number, _, rest = line.partition(". ")
        if number.isdecimal():
            name, _, description = rest.partition(" ")
            found.append(Interface(name, description.strip("()")))
    return found
