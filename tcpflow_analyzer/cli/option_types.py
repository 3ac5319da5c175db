"""Values of options: durations, profiles, codes.

Each function takes the words of the command line and raises click.BadParameter where they make no
sense.
"""

import difflib
import re
from collections.abc import Sequence
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


def network(value: str) -> str:
    """Read an address or a network, as 192.0.2.1 or 192.0.2.0/24, and write it as a network."""
    import ipaddress  # noqa: PLC0415  few runs name a network

    try:
        return str(ipaddress.ip_network(value.strip("[]"), strict=False))
    except ValueError as error:
        raise click.BadParameter(f"{value!r} is neither address nor network") from error


class MomentText(NamedTuple):
    """A moment of a capture as the user said it; one of the four is given.

    Attributes:
        time_ns: nanoseconds since the epoch.
        after_ns: nanoseconds after the first frame.
        of_day_ns: nanoseconds after midnight, UTC.
        frame: right after this frame.
    """

    time_ns: int | None = None
    after_ns: int | None = None
    of_day_ns: int | None = None
    frame: int | None = None


def moment(value: str) -> MomentText:
    """Read ISO 8601, a time of day, seconds since the epoch, `+SECONDS` or `frame:N`."""
    text = value.strip()
    if frame := re.fullmatch(r"frame:(\d{1,18})", text):
        if int(frame[1]) == 0:
            raise click.BadParameter("frames are counted from 1")
        return MomentText(frame=int(frame[1]))
    if after := re.fullmatch(r"\+(\d{1,9})(?:\.(\d{1,9}))?s?", text):
        return MomentText(after_ns=_nanoseconds(after[1], after[2]))
    if epoch := re.fullmatch(r"(\d{1,9}|[1-3]\d{9})(?:\.(\d{1,9}))?", text):
        return MomentText(time_ns=_nanoseconds(epoch[1], epoch[2]))
    if day := re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:\.(\d{1,9}))?)?", text):
        seconds = int(day[1]) * 3600 + int(day[2]) * 60 + int(day[3] or 0)
        return MomentText(of_day_ns=_nanoseconds(str(seconds), day[4]))
    if (iso_ns := _iso_ns(text)) is not None:
        return MomentText(time_ns=iso_ns)
    raise click.BadParameter(
        f"{value!r} is no time such as 2026-11-20T10:44:50Z, 10:44:50, 1795217208.5, +12.5 or "
        "frame:88"
    )


def _nanoseconds(seconds: str, fraction: str | None) -> int:
    return int(seconds) * 1_000_000_000 + int((fraction or "").ljust(9, "0"))


def _iso_ns(text: str) -> int | None:
    """Read a date and time; the fraction may have nine digits. None if it is none."""
    from datetime import UTC, datetime, timedelta  # noqa: PLC0415  few runs name a time

    match = re.fullmatch(r"(\d.*?:\d\d)\.(\d{1,9})(\D.*)?", text)
    whole, fraction = (match[1] + (match[3] or ""), match[2]) if match else (text, None)
    try:
        at = datetime.fromisoformat(whole.removesuffix(" UTC"))
    except ValueError:
        return None
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at
    seconds = (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(seconds=1)
    return _nanoseconds(str(seconds), fraction) if seconds >= 0 else None


def codes(value: str) -> tuple[str, ...]:
    """Read codes, names or families, separated by commas; which exist is checked later."""
    found = tuple(part.strip() for part in value.split(",") if part.strip())
    if not found:
        raise click.BadParameter("no code, name or family is given")
    return found


def assignment(value: str) -> tuple[str, str]:
    """Read `NAME=VALUE`; which names there are is checked later."""
    name, sign, text = value.partition("=")
    if not sign or not name.strip() or not text.strip():
        raise click.BadParameter(f"{value!r} is no NAME=VALUE such as close_wait_warn=30s")
    return name.strip(), text.strip()


def parameter_values(assignments: Sequence[tuple[str, str]]) -> dict[str, float]:
    """Read the values of `--set`.

    Raises:
        UsageError: there is no such parameter, or a value makes no sense.
    """
    if not assignments:
        return {}
    from tcpflow_analyzer.findings.registry import parameters  # noqa: PLC0415  not for --help

    known = parameters()
    values = {}
    for name, text in assignments:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = f"did you mean {near[0]}?" if near else "see `tcpflow explain parameters`"
            raise UsageError(f"--set: there is no parameter {name!r}; {hint}")
        try:
            values[name] = known[name].of_text(text)
        except UsageError as error:
            raise UsageError(f"--set {name}={text}: {error}") from error
    return values
