"""Settings: every threshold with its unit, default and source, and the operating system profiles.

A profile says how an endpoint behaves where the wire does not show it: how long it holds TIME-WAIT,
how often it retries. Windows, macOS and FreeBSD columns are from their documentation as the
catalogue gives them; the Linux column was checked against a 6.18 kernel's sysctls.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Final, NamedTuple

from tcpflow_analyzer.errors import UsageError

NANOSECONDS: Final = 1_000_000_000
UNITS_NS: Final = {
    "ns": 1,
    "us": 1_000,
    "ms": 1_000_000,
    "s": NANOSECONDS,
    "min": 60 * NANOSECONDS,
    "m": 60 * NANOSECONDS,
    "h": 3600 * NANOSECONDS,
    "": NANOSECONDS,
}
LONGEST_NS: Final = 1 << 62  # as far as times of captures go

# Kinds of parameters.
DURATION: Final = "duration"
COUNT: Final = "count"
SHARE: Final = "share"
MOST_HOSTS: Final = 16_384  # that findings about many connections count for
_UNBOUNDED: Final = 1 << 40  # no count of a capture is larger


class Parameter(NamedTuple):
    """A threshold that users may set: what is told of it everywhere, and how it is read.

    Attributes:
        name: as users write it: that of its setting, without the unit.
        setting: the attribute of `Settings`; "" for one that a finding of another package declares
            (findings/extending.py), whose value is in `Settings.own`.
        kind: "duration" (nanoseconds), "count" or "share" (a part of 1).
        default: None where something else decides unless it is set.
        least, most: both included.
        meaning: one line.
        codes: the findings that go by it; none for a limit of what is kept.
    """

    name: str
    setting: str
    kind: str
    default: float | None
    least: int
    most: int
    meaning: str
    codes: tuple[str, ...]

    def of(self, settings: "Settings") -> int | float:
        """Give the value that holds for a run; not for one whose default is None."""
        if self.setting:
            value = getattr(settings, self.setting)
        else:
            value = settings.own.get(self.name, self.default)
        if not isinstance(value, int | float):
            message = f"{self.name} is not set"
            raise TypeError(message)
        return value

    def of_text(self, text: str) -> int | float:
        """Read a value from the command line; durations without a unit are in seconds.

        Raises:
            UsageError: it makes no sense.
        """
        word = text.strip()
        if self.kind == DURATION:
            return self.checked(duration_ns(word))
        number, percent = word.removesuffix("%").strip(), word.endswith("%")
        if self.kind == SHARE and re.fullmatch(r"\d{1,9}(\.\d{1,9})?", number, re.ASCII):
            return self.checked(float(number) / 100 if percent else float(number))
        if self.kind == COUNT and re.fullmatch(r"\d{1,12}", word, re.ASCII):
            return self.checked(int(word))
        raise UsageError(f"{text!r} is no {self._noun()}")

    def of_value(self, value: object) -> int | float:
        """Read a value from a configuration, where durations are text with a unit.

        Raises:
            UsageError: it makes no sense.
        """
        if isinstance(value, str) and self.kind == DURATION and not value.strip()[-1:].isdigit():
            return self.checked(duration_ns(value))
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if is_number and (self.kind == SHARE or (self.kind == COUNT and isinstance(value, int))):
            return self.checked(value)
        raise UsageError(f"{value!r} is no {self._noun()}")

    def checked(self, value: object) -> int | float:
        """Give a value back if it lies between the least and the most.

        Raises:
            UsageError: it does not, or is no number.
        """
        if not isinstance(value, int | float) or not self.least <= value <= self.most:
            raise UsageError(f"{self.text(value)} is not {self.range_text}")
        if self.kind == SHARE and value == 0:
            raise UsageError(f"0 is not {self.range_text}")
        return value

    def text(self, value: object) -> str:
        """Write a value with its unit, as users may write it."""
        if self.kind != DURATION or not isinstance(value, int):
            return "not set" if value is None else f"{value}"
        for unit in ("s", "ms", "us"):
            if value % UNITS_NS[unit] == 0:
                return f"{value // UNITS_NS[unit]}{unit}"
        return f"{value}ns"

    def _noun(self) -> str:
        if self.kind == DURATION:
            return 'duration with its unit, as "60s", "2min" or "500ms"'
        return "number such as 20" if self.kind == COUNT else "part of 1, as 0.01"

    @property
    def range_text(self) -> str:
        """Write which values there may be."""
        if self.kind == SHARE:
            return f"above {self.least} and at most {self.most}"
        if self.kind == DURATION and self.least == 0:
            return "any duration"
        if self.most >= _UNBOUNDED:
            return f"at least {self.text(self.least)}"
        return f"{self.text(self.least)} to {self.text(self.most)}"


def duration_ns(text: str) -> int:
    """Read a duration such as 60s, 1.5min, 500ms; seconds without a unit. Gives nanoseconds.

    Raises:
        UsageError: it is none, or longer than any capture.
    """
    match = re.fullmatch(r"(\d{1,12}(?:\.\d{1,9})?)\s*([a-z]*)", text.strip(), re.ASCII)
    if match is None or match[2] not in UNITS_NS:
        raise UsageError(f"{text!r} is no duration such as 60s, 2min or 500ms")
    whole, _, fraction = match[1].partition(".")
    unit = UNITS_NS[match[2]]
    nanoseconds = int(whole) * unit + int(fraction.ljust(9, "0") or 0) * unit // NANOSECONDS
    if nanoseconds > LONGEST_NS:
        raise UsageError(f"{text!r} is longer than any capture")
    return nanoseconds


def _duration(default: int, meaning: str, *codes: str, least: int = 0) -> Any:  # noqa: ANN401
    """Declare a parameter of `Settings`, in nanoseconds."""
    return _parameter(DURATION, default, least, LONGEST_NS, meaning, codes)


def _count(
    default: int | None, meaning: str, *codes: str, least: int = 1, most: int = _UNBOUNDED
) -> Any:  # noqa: ANN401
    """Declare a parameter of `Settings`, a number."""
    return _parameter(COUNT, default, least, most, meaning, codes)


def _share(default: float, meaning: str, *codes: str) -> Any:  # noqa: ANN401
    """Declare a parameter of `Settings`, above 0 and at most 1."""
    return _parameter(SHARE, default, 0, 1, meaning, codes)


def _parameter(
    kind: str, default: float | None, least: int, most: int, meaning: str, codes: tuple[str, ...]
) -> Any:  # noqa: ANN401  dataclasses take it for the default of a field
    declared = Parameter("", "", kind, default, least, most, meaning, codes)
    return field(default=default, metadata={"parameter": declared})


class Profile(NamedTuple):
    """How one operating system's TCP behaves. Times in nanoseconds; None where there is no limit.

    Attributes:
        time_wait_ns: how long TIME-WAIT lasts (RFC 9293 3.4.2: 2 MSL, MSL 2 minutes).
        fin_timeout_ns: how long an orphan stays in FIN-WAIT-2.
        syn_retries: retransmissions of a SYN before connect() fails; syn_give_up_ns: total time.
        synack_retries: retransmissions of a SYN-ACK; half_open_ns: total life of such an entry.
        data_give_up_ns: how long unacknowledged data is retransmitted.
        orphan_give_up_ns: how long an orphan's FIN is retransmitted.
        keepalive_probes: unanswered probes that end a connection.
        first_port, last_port: ephemeral ports.
        reset_ends_time_wait: whether a RST ends TIME-WAIT (RFC 1337 says it should not).
        time_wait_buckets: how many TIME-WAIT entries the host holds, None if not limited.
        data_retries: retransmissions of data before the connection is given up.
    """

    name: str
    time_wait_ns: int
    fin_timeout_ns: int | None
    syn_retries: int
    syn_give_up_ns: int
    synack_retries: int
    half_open_ns: int
    data_give_up_ns: int
    orphan_give_up_ns: int
    keepalive_probes: int
    first_port: int
    last_port: int
    reset_ends_time_wait: bool
    time_wait_buckets: int | None
    data_retries: int | None = None


def _seconds(value: float) -> int:
    return int(value * NANOSECONDS)


PROFILES: Final = (
    # RFC 9293: MSL 2 min; R2 for SYN at least 3 min and for data at least 100 s (section 3.8.3).
    Profile(
        "rfc",
        _seconds(240),
        None,
        6,
        _seconds(180),
        5,
        _seconds(180),
        _seconds(100),
        _seconds(100),
        9,
        49152,
        65535,
        False,
        None,
    ),
    # Linux 6.18: TCP_TIMEWAIT_LEN 60 s, tcp_fin_timeout 60, tcp_syn_retries 6 (the first four one
    # second apart since 6.5: 131 s; 127 s before), tcp_synack_retries 5 (63 s), tcp_retries2 15
    # (at least 924.6 s), tcp_orphan_retries 8 (about 100 s), tcp_max_tw_buckets 262144 typical.
    Profile(
        "linux",
        _seconds(60),
        _seconds(60),
        6,
        _seconds(131),
        5,
        _seconds(63),
        _seconds(924.6),
        _seconds(100),
        9,
        32768,
        60999,
        True,
        262144,
        15,
    ),
    Profile(
        "windows",
        _seconds(120),
        _seconds(120),
        4,
        _seconds(21),
        2,
        _seconds(21),
        _seconds(21),
        _seconds(21),
        10,
        49152,
        65535,
        True,
        None,
        5,
    ),
    Profile(
        "macos",
        _seconds(30),
        _seconds(60),
        11,
        _seconds(75),
        3,
        _seconds(30),
        _seconds(540),
        _seconds(540),
        8,
        49152,
        65535,
        True,
        None,
        12,
    ),
    Profile(
        "freebsd",
        _seconds(60),
        _seconds(60),
        11,
        _seconds(75),
        3,
        _seconds(15),
        _seconds(540),
        _seconds(540),
        8,
        10000,
        65535,
        True,
        None,
        12,
    ),
)
PROFILE_NAMES: Final = tuple(profile.name for profile in PROFILES)
PROFILE_RFC: Final = 0
PROFILE_LINUX: Final = 1
PROFILE_WINDOWS: Final = 2
PROFILE_MACOS: Final = 3
PROFILE_FREEBSD: Final = 4


@dataclass(frozen=True, slots=True)
class Settings:
    """What a run may vary. Times in nanoseconds unless the name says otherwise.

    The parameters among them are declared here, and only here: their names on the command line
    (`--set`) and in a configuration, their bounds and what is told of them come from PARAMETERS.
    """

    # reading
    decoder: str = "native"  # or "tshark"
    capture_filter: str = ""  # of libpcap's language: which frames of files are looked at
    tunnel_outer: bool = False
    vlan_separates: bool = False
    checksum: str = "auto"  # or "off", or "strict": segments with a bad one are not observed
    # observing
    header_prediction: bool = True
    keep_transitions: bool = True
    keep_history: bool = True  # Zeek's
    msl_ns: int | None = None  # overrides every profile's TIME-WAIT (2 MSL) where set
    profiles: Mapping[str, str] = field(default_factory=dict)  # CIDR ("" for all hosts) -> name
    reorder_slack_ns: int = _duration(
        10_000_000, "octets that come this late after their acknowledgement were reordered by the "
        "tap", "CP004", "CP007",
    )  # fmt: skip
    # limits of what is kept at the same time
    max_connections: int = _count(
        1_000_000, "connections followed; beyond it attempts that failed are concluded, then the "
        "longest idle",
    )  # fmt: skip
    max_remembered: int = _count(
        200_000, "connections that are over, remembered for their successors on the same pair of "
        "sockets", least=0,
    )  # fmt: skip
    max_hosts: int = _count(
        MOST_HOSTS, "hosts, listeners and services that are counted for findings about many "
        "connections, each; half as many sources of scans, four times as many listeners that did "
        "not answer",
        "FL001", "FL002", "FL004", "FL006", "FL007", "FL008", "FL009", "FL010", "HS013", "HS014",
        "KA005", "TW009", "TW010", "TW012",
        least=2, most=1 << 24,
    )  # fmt: skip
    max_fragment_octets: int = _count(
        4 << 20, "octets of fragments that wait for the rest of their datagram, one datagram for "
        "each 1024 of them",
        least=1 << 16, most=1 << 36,
    )  # fmt: skip
    # findings
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    min_severity: str = "info"
    where: str = ""  # expression that chooses connections and findings (where/parser.py)
    syn_variants: int = _count(
        3, "more different sequence numbers of one SYN than this are an error", "HS003"
    )
    backlog_window_ns: int = _duration(
        10 * NANOSECONDS, "connections of a listener within this are counted together", "HS013"
    )
    close_wait_warn_ns: int = _duration(
        60 * NANOSECONDS, "CLOSE-WAIT without an answer for so long is a warning", "CL005"
    )
    close_wait_error_ns: int = _duration(
        300 * NANOSECONDS, "CLOSE-WAIT without an answer for so long is an error", "CL005"
    )
    unread_window_ns: int = _duration(
        5 * NANOSECONDS,
        "data that came less than this before a RST may be unread",
        "RS001",
        "RS003",
    )
    retransmission_ratio: float = _share(
        0.01, "more of a sender's data segments than this are a warning", "SQ001"
    )
    retries_warn: int = _count(
        3, "R1: retransmissions of the same octets (RFC 9293 section 3.8.3)", "SQ004", "SQ005"
    )
    retransmission_limit_ns: int = _duration(
        100 * NANOSECONDS, "R2: after so long without an answer a sender gives up", "SQ005"
    )
    time_wait_warn: int = _count(10_000, "entries in TIME-WAIT that a host holds at once", "TW009")
    silent_window_ns: int = _duration(
        10 * NANOSECONDS, "an end that is asked and says nothing for so long", "KA003"
    )
    idle_note_ns: int = _duration(
        600 * NANOSECONDS, "a connection without any segment for so long", "KA004"
    )
    backlog: int = _count(
        4096, "half-open connections that a listener holds (Linux: somaxconn)", "FL002", "FL003"
    )
    flood_window_ns: int = _duration(
        10 * NANOSECONDS, "SYNs within this are counted, in whole seconds", "FL001",
        least=NANOSECONDS,
    )  # fmt: skip
    flood_half_open: int = _count(100, "SYNs within flood_window that are not completed", "FL001")
    flood_percent: int = _count(
        80,
        "of the SYNs within flood_window, this many percent are not completed",
        "FL001",
        most=100,
    )
    scan_window_ns: int = _duration(
        60 * NANOSECONDS, "sockets that a source tries within this are counted", "FL004",
        least=NANOSECONDS,
    )  # fmt: skip
    scan_targets: int = _count(
        15, "different closed or silent sockets within scan_window", "FL004", least=2
    )
    churn_per_second: int = _count(20, "connections a second of one client to one service", "FL006")
    churn_window_ns: int = _duration(
        10 * NANOSECONDS, "for so long, in whole seconds", "FL006", least=NANOSECONDS
    )
    ephemeral_ports: int | None = _count(
        None, "source ports that a client has; the profile's range if not set", "TW010", most=65536
    )
    own: Mapping[str, float] = field(default_factory=dict)  # parameters of other packages' findings
    examples: int = 20  # findings of one code kept in memory
    block_octets: int = 65_536  # how much is read at a time


def _declared() -> dict[str, Parameter]:
    found = {}
    for each in fields(Settings):
        if "parameter" in each.metadata:
            name = each.name.removesuffix("_ns")
            found[name] = each.metadata["parameter"]._replace(name=name, setting=each.name)
    return found


# The parameters by the names that users write.
PARAMETERS: Final = _declared()


def with_parameters(
    settings: Settings, values: Mapping[str, float], known: Mapping[str, Parameter]
) -> Settings:
    """Give settings with other values of some parameters.

    Args:
        settings: to begin with.
        values: by names of `known`, checked already.
        known: all parameters by name.
    """
    changes: dict[str, Any] = {}
    own = dict(settings.own)
    for name, value in values.items():
        if known[name].setting:
            changes[known[name].setting] = value
        else:
            own[name] = value
    return replace(settings, own=own, **changes)


def check_parameters(settings: Settings) -> None:
    """Refuse values outside the bounds of their parameters.

    Raises:
        UsageError: one is; the text names it.
    """
    for name, parameter in PARAMETERS.items():
        value = getattr(settings, parameter.setting)
        if value is None and parameter.default is None:
            continue
        try:
            parameter.checked(value)
        except UsageError as error:
            raise UsageError(f"{name}: {error}") from error
