"""Values of options: durations, profiles, codes.

Each function takes the words of the command line and raises click.BadParameter where they make no
sense.
"""

import re
from typing import Final, NamedTuple

import click

from tcpflow_analyzer.errors import UsageError
from tcpflow_analyzer.settings import PROFILE_NAMES, duration_ns

OCTETS: Final = {
    "": 1,
    "b": 1,
    "kb": 1000,
    "mb": 1000**2,
    "gb": 1000**3,
    "kib": 1024,
    "mib": 1024**2,
    "gib": 1024**3,
}


def duration(value: str) -> int:
    """Read a duration such as 60s, 1.5min, 500ms; seconds without a unit. Gives nanoseconds."""
    try:
        return duration_ns(value)
    except UsageError as error:
        raise click.BadParameter(str(error)) from error


def size(value: str) -> int:
    """Read a number of octets such as 100MB, 1GiB, 5000000."""
    match = re.fullmatch(r"(\d{1,9})\s*([a-z]*)", value.strip().lower())
    if match is None or match[2] not in OCTETS or int(match[1]) == 0:
        raise click.BadParameter(f"{value!r} is no size such as 100MB or 1GiB")
    return int(match[1]) * OCTETS[match[2]]


def profile_choice(value: str) -> tuple[str, str]:
    """Read `[CIDR=]NAME`: a network ("" for all hosts) and the name of an operating system."""
    network, _, name = value.rpartition("=")
    if name not in PROFILE_NAMES:
        raise click.BadParameter(f"{name!r} is no profile; there are {', '.join(PROFILE_NAMES)}")
    if network:
        import ipaddress  # noqa: PLC0415  few runs name a network

        try:
            network = str(ipaddress.ip_network(network, strict=False))
        except ValueError as error:
            raise click.BadParameter(f"{network!r} is neither address nor network") from error
    return network, name


class HostPort(NamedTuple):
    """Where something listens or is sent to: a host's address or name, and a port."""

    host: str
    port: int

    @property
    def is_ipv6(self) -> bool:
        """Whether the host is an address of IPv6."""
        return ":" in self.host

    def __str__(self) -> str:
        """Write it as in a URL."""
        return f"[{self.host}]:{self.port}" if self.is_ipv6 else f"{self.host}:{self.port}"


def host_port(value: str, host: str = "127.0.0.1") -> HostPort:
    """Read `[HOST:]PORT`, IPv6 in brackets; `host` is that of a lone port."""
    match = re.fullmatch(r"(?:(\[[0-9a-fA-F:.]+\]|[^\s:\[\]]+):)?(\d{1,5})", value.strip())
    if match is None or int(match[2]) > 65_535:
        raise click.BadParameter(f"{value!r} is no address and port such as 127.0.0.1:9464")
    return HostPort(match[1].strip("[]") if match[1] else host, int(match[2]))


def codes(value: str) -> tuple[str, ...]:
    """Read codes, names or families, separated by commas; which exist is checked later."""
    found = tuple(part.strip() for part in value.split(",") if part.strip())
    if not found:
        raise click.BadParameter("no code, name or family is given")
    return found
