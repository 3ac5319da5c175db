"""Turns rows of numbers, one a segment, into records of a pcap file.

Everything is done for many rows at once, by numpy: a million frames take seconds. Checksums of
IPv4 headers and of TCP are valid.
"""

import functools
import struct
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.void]  # of SEGMENT
Integers = npt.NDArray[np.int64]

# What is known of a segment. Addresses are 32 bits, also for IPv6, where they are the last 32.
SEGMENT: Final = np.dtype(
    [
        ("time_us", np.int64),  # since the epoch
        ("source", np.uint32),
        ("destination", np.uint32),
        ("source_port", np.uint16),
        ("destination_port", np.uint16),
        ("seq", np.uint32),
        ("ack", np.uint32),
        ("control_bits", np.uint8),
        ("window", np.uint16),  # as in the header, unscaled
        ("tsval", np.uint32),
        ("tsecr", np.uint32),
        ("payload_len", np.uint16),
        ("options", np.uint8),  # one of the four below
        ("ip_id", np.uint16),
    ]
)

NO_OPTIONS: Final = 0
TIMESTAMP: Final = 1  # NOP, NOP, timestamps: 12 octets
SYN_OPTIONS: Final = 2  # MSS, SACK permitted, timestamps, NOP, window scale 7: 20 octets
MSS_ONLY: Final = 3  # 4 octets
OPTIONS_LEN: Final = (0, 12, 20, 4)

# Classic pcap of version 2.4, little-endian, microseconds, Ethernet.
FILE_HEADER: Final = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1)

_TCP: Final = 6
_PREFIX_2001_DB8: Final = (0x20010DB8, 0, 0)
_ETHERNET_ADDRESSES: Final = bytes.fromhex("020000000001 020000000002")
_OPTION_FIELDS: Final[dict[int, list[tuple[str, str]]]] = {
    NO_OPTIONS: [],
    TIMESTAMP: [("before_ts", ">u4"), ("tsval", ">u4"), ("tsecr", ">u4")],
    SYN_OPTIONS: [
        ("mss", ">u4"),
        ("before_ts", ">u4"),
        ("tsval", ">u4"),
        ("tsecr", ">u4"),
        ("after_ts", ">u4"),
    ],
    MSS_ONLY: [("mss", ">u4")],
}
_MSS_1460: Final = 0x020405B4
_WINDOW_SCALE_7: Final = 0x01030307
_BEFORE_TIMESTAMP: Final = {TIMESTAMP: 0x0101080A, SYN_OPTIONS: 0x0402080A}


class Wire(NamedTuple):
    """What all frames of a capture have in common.

    Attributes:
        ipv6: addresses of 2001:db8::/96 instead of IPv4.
        vlan: identifier of an 802.1Q tag, 1 to 4094; 0 for no tag.
        snap: most octets of a frame that are captured.
        payload: what segments carry, each from its beginning; one octet an element.
    """

    ipv6: bool
    vlan: int
    snap: int
    payload: npt.NDArray[np.uint8]


@functools.cache
def _record_type(options: int, ipv6: bool, tagged: bool) -> np.dtype[np.void]:
    """The layout of a record up to the payload."""
    fields: list[Any] = [("seconds", "<u4"), ("microseconds", "<u4")]
    fields += [("captured_len", "<u4"), ("wire_len", "<u4"), ("ethernet", "V12")]
    if tagged:
        fields += [("tag_protocol", ">u2"), ("tag", ">u2")]
    fields += [("ethertype", ">u2")]
    if ipv6:
        fields += [("version", ">u4"), ("ip_payload_len", ">u2"), ("next_header", "u1")]
        fields += [("hop_limit", "u1"), ("source_prefix", ">u4", 3), ("source", ">u4")]
        fields += [("destination_prefix", ">u4", 3), ("destination", ">u4")]
    else:
        fields += [("version", ">u2"), ("total_len", ">u2"), ("ip_id", ">u2"), ("fragment", ">u2")]
        fields += [("ttl", "u1"), ("protocol", "u1"), ("ip_checksum", ">u2")]
        fields += [("source", ">u4"), ("destination", ">u4")]
    fields += [("source_port", ">u2"), ("destination_port", ">u2"), ("seq", ">u4"), ("ack", ">u4")]
    fields += [("data_offset", "u1"), ("control_bits", "u1"), ("window", ">u2")]
    fields += [("checksum", ">u2"), ("urgent", ">u2")]
    return np.dtype(fields + _OPTION_FIELDS[options])


def _word_sum(octets: npt.NDArray[np.uint8]) -> Integers:
    """The sum of each row's 16-bit words (RFC 1071); an odd last octet counts as a high one."""
    high: Integers = octets[..., 0::2].sum(axis=-1, dtype=np.int64)
    low: Integers = octets[..., 1::2].sum(axis=-1, dtype=np.int64)
    return high * 256 + low


def _checksum(word_sum: Integers) -> Integers:
    """The Internet checksum (RFC 1071) of words with this sum."""
    for _ in range(3):
        word_sum = (word_sum & 0xFFFF) + (word_sum >> 16)
    inverted: Integers = ~word_sum & 0xFFFF
    return inverted


def record_lengths(rows: Rows, wire: Wire) -> Integers:
    """Octets of each row's record in the file, record header included."""
    headers = 14 + (4 if wire.vlan else 0) + (40 if wire.ipv6 else 20) + 20
    frame: Integers = headers + np.array(OPTIONS_LEN)[rows["options"]] + rows["payload_len"]
    lengths: Integers = 16 + np.minimum(frame, wire.snap)
    return lengths


def _alike(rows: Rows, options: int, payload_len: int, wire: Wire) -> npt.NDArray[np.uint8]:
    """Records of rows with the same options and length, a row of octets each."""
    kind = _record_type(options, wire.ipv6, bool(wire.vlan))
    records = np.zeros(len(rows), kind)
    tcp_len = 20 + OPTIONS_LEN[options] + payload_len
    frame_len = kind.itemsize - 16 + payload_len
    records["seconds"], records["microseconds"] = np.divmod(rows["time_us"], 1_000_000)
    records["captured_len"] = min(frame_len, wire.snap)
    records["wire_len"] = frame_len
    records["ethernet"] = np.void(_ETHERNET_ADDRESSES)
    if wire.vlan:
        records["tag_protocol"], records["tag"] = 0x8100, wire.vlan
    _fill_internet_header(records, rows, tcp_len, wire)
    _fill_tcp_header(records, rows, options, tcp_len)
    octets = records.view(np.uint8).reshape(len(rows), -1)
    tcp_start = kind.fields["source_port"][1]  # type: ignore[index]
    addresses = octets[:, kind.fields["source"][1] : tcp_start]  # type: ignore[index]
    if wire.ipv6:
        addresses = octets[:, tcp_start - 32 : tcp_start]
    payload = wire.payload[:payload_len]
    word_sum = _word_sum(octets[:, tcp_start:]) + _word_sum(addresses) + _word_sum(payload)
    records["checksum"] = _checksum(word_sum + _TCP + tcp_len)
    whole = np.empty((len(rows), 16 + min(frame_len, wire.snap)), np.uint8)
    whole[:, : kind.itemsize] = octets[:, : whole.shape[1]]
    whole[:, kind.itemsize :] = payload[: max(0, whole.shape[1] - kind.itemsize)]
    return whole


def _fill_internet_header(records: Rows, rows: Rows, tcp_len: int, wire: Wire) -> None:
    """IPv4 or IPv6, without options or extension headers."""
    records["source"], records["destination"] = rows["source"], rows["destination"]
    if wire.ipv6:
        records["ethertype"], records["version"] = 0x86DD, 0x60000000
        records["ip_payload_len"] = tcp_len
        records["next_header"], records["hop_limit"] = _TCP, 64
        records["source_prefix"] = records["destination_prefix"] = _PREFIX_2001_DB8
        return
    records["ethertype"], records["version"] = 0x0800, 0x4500
    records["total_len"] = 20 + tcp_len
    records["ip_id"] = rows["ip_id"]
    records["fragment"] = 0x4000  # do not fragment
    records["ttl"], records["protocol"] = 64, _TCP
    start = records.dtype.fields["version"][1]  # type: ignore[index]
    header = records.view(np.uint8).reshape(len(rows), -1)[:, start : start + 20]
    records["ip_checksum"] = _checksum(_word_sum(header))


def _fill_tcp_header(records: Rows, rows: Rows, options: int, tcp_len: int) -> None:
    """All but the checksum."""
    for name in ("source_port", "destination_port", "seq", "ack", "control_bits", "window"):
        records[name] = rows[name]
    records["data_offset"] = (20 + OPTIONS_LEN[options]) // 4 << 4
    if options in _BEFORE_TIMESTAMP:
        records["before_ts"] = _BEFORE_TIMESTAMP[options]
        records["tsval"], records["tsecr"] = rows["tsval"], rows["tsecr"]
    if options in (SYN_OPTIONS, MSS_ONLY):
        records["mss"] = _MSS_1460
    if options == SYN_OPTIONS:
        records["after_ts"] = _WINDOW_SCALE_7


def encode(rows: Rows, wire: Wire) -> npt.NDArray[np.uint8]:
    """The records of rows, in their order, as octets of a pcap file.

    Rows with the same options and length are made together. Takes about twice the octets that come
    out, so callers hand in some ten thousand rows at a time.
    """
    lengths = record_lengths(rows, wire)
    ends = np.cumsum(lengths)
    octets = np.empty(int(ends[-1]) if len(rows) else 0, np.uint8)
    kinds = rows["payload_len"].astype(np.int64) * 4 + rows["options"]
    for kind in np.unique(kinds):
        chosen = np.nonzero(kinds == kind)[0]
        records = _alike(rows[chosen], int(kind % 4), int(kind // 4), wire)
        starts = ends[chosen] - lengths[chosen]
        octets[starts[:, None] + np.arange(records.shape[1])] = records
    return octets
