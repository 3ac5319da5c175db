"""Settings: every threshold with its unit, default and source, and the operating system profiles.

A profile says how an endpoint behaves where the wire does not show it: how long it holds TIME-WAIT,
how often it retries. Windows, macOS and FreeBSD columns are from their documentation as the
catalogue gives them; the Linux column was checked against a 6.18 kernel's sysctls.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

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

    Sources: catalogue parameters (docs/reference) unless a line names another.
    """

    # reading
    decoder: str = "native"  # or "tshark"
    tunnel_outer: bool = False
    vlan_separates: bool = False
    checksum: str = "auto"  # or "off", or "strict": segments with a bad one are not observed
    # observing
    header_prediction: bool = True
    keep_transitions: bool = True
    keep_history: bool = True  # Zeek's
    msl_ns: int | None = None  # overrides every profile's TIME-WAIT (2 MSL) where set
    profiles: Mapping[str, str] = field(default_factory=dict)  # CIDR ("" for all hosts) -> name
    reorder_slack_ns: int = 10_000_000
    max_connections: int = 1_000_000
    max_remembered: int = 200_000
    # findings
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    min_severity: str = "info"
    where: str = ""  # expression that chooses connections and findings (where/parser.py)
    syn_variants: int = 3
    backlog_window_ns: int = 10 * NANOSECONDS
    close_wait_warn_ns: int = 60 * NANOSECONDS
    close_wait_error_ns: int = 300 * NANOSECONDS
    unread_window_ns: int = 5 * NANOSECONDS
    retransmission_ratio: float = 0.01  # of a sender's data segments: from here on a warning
    retries_warn: int = 3  # R1: retransmissions of the same octets (RFC 9293 3.8.3)
    retransmission_limit_ns: int = 100 * NANOSECONDS  # R2: likewise, when it is given up
    time_wait_warn: int = 10_000
    silent_window_ns: int = 10 * NANOSECONDS
    idle_note_ns: int = 600 * NANOSECONDS
    backlog: int = 4096  # half-open connections that a listener holds (Linux: somaxconn)
    flood_window_ns: int = 10 * NANOSECONDS  # whole seconds
    flood_half_open: int = 100  # SYNs within the window that are not completed
    flood_percent: int = 80  # of all SYNs within the window
    scan_window_ns: int = 60 * NANOSECONDS
    scan_targets: int = 15  # different closed or silent sockets within the window
    churn_per_second: int = 20  # connections of one client to one service
    churn_window_ns: int = 10 * NANOSECONDS  # whole seconds
    ephemeral_ports: int | None = None  # source ports a client has; overrides the profile's range
    examples: int = 20  # findings of one code kept in memory
    block_octets: int = 65_536  # how much is read at a time


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
