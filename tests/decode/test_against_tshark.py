"""The decoder agrees with tshark on every frame of the captures of other projects' test suites.

Compared are the innermost TCP header, its options and the IP header before it; each difference
that stays has its reason in `DIFFERENCES`.
"""

import functools
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from decode.frames import frames_of, new_decoder, seen
from support.places import shared_folder
from tcpflow_analyzer.decode.segment import ABSENT, ICMP_ERROR, TCP_SEGMENT, Segment

FIELDS = (
    *("frame.number", "frame.protocols", "ip.src", "ip.dst", "ipv6.src", "ipv6.dst"),
    *("tcp.srcport", "tcp.dstport", "tcp.len", "tcp.seq", "tcp.ack_raw", "tcp.flags"),
    *("tcp.window_size_value", "tcp.checksum", "tcp.hdr_len", "ip.ttl", "ipv6.hlim", "ip.id"),
    *("tcp.options.mss_val", "tcp.options.wscale.shift", "tcp.options.sack_perm"),
    *("tcp.options.timestamp.tsval", "tcp.options.timestamp.tsecr"),
    *("tcp.options.sack_le", "tcp.options.sack_re", "tcp.options.mptcp.subtype", "icmp.type"),
)
SHORT_FRAME = "the frame ends before its IP packet; tshark cuts the payload, we keep the IP length"
SHORT_HEADER = "the data offset points beyond the segment; no receiver takes it, so undecoded"

# Capture: what differs there, and why.
DIFFERENCES = {
    "suricata-verify/tests/bug-76/input.pcap": ({"kind", "payload_len"}, SHORT_HEADER),
    "suricata-verify/tests/transform-base64-7296/input.pcap": ({"kind"}, SHORT_HEADER),
    "suricata-verify/tests/telnet/telnet-01/telnet.pcap": ({"payload_len"}, SHORT_FRAME),
    "tcpdump/tests/kday4.pcap": ({"payload_len"}, SHORT_FRAME),
    "tcpdump/tests/kday7.pcap": ({"payload_len"}, SHORT_FRAME),
    "zeek/testing/btest/Traces/tcp/reassembly.pcap": ({"payload_len"}, SHORT_FRAME),
    "suricata-verify/tests/firewall/tcp-session-decode-malformed-ipv4/input.pcap": (
        {"kind"},
        "tshark's own exception in an IP security option of 2 octets hides the segment",
    ),
    "tcpdump/tests/sflow_expanded.pcap": (
        {"kind"},
        "a packet that sFlow sampled is no segment of a connection that could be followed",
    ),
    "zeek/testing/btest/Traces/tunnels/gre-aruba-amsdu.pcap": (
        {"seq", "control_bits", "payload_len", "tsval", "checksum", "ip_id"},
        "one 802.11 frame with two packets: we read the first one, the last one is compared",
    ),
}

# Captures of which tshark reads no frame, or not the same ones.
NOT_READ_BY_TSHARK = {
    "suricata-verify/tests/bug-6875-01/fuzz.pcap": "the two walk a damaged file differently",
    "tcpdump/tests/brcm-tag-prepend.pcap": "link type that tshark 4.0 does not know",
    "tcpdump/tests/brcm-tag.pcap": "link type that tshark 4.0 does not know",
    "tcpdump/tests/dsa-high-vid.pcap": "link type that tshark 4.0 does not know",
    "tcpdump/tests/dsa.pcap": "link type that tshark 4.0 does not know",
    "tcpdump/tests/edsa-high-vid.pcap": "link type that tshark 4.0 does not know",
    "tcpdump/tests/juniper_es_oobr.pcap": "damaged",
    "tcpdump/tests/kday6.pcap": "damaged",
    "tcpdump/tests/vtp_asan-2.pcap": "damaged",
}

Row = dict[str, object]
NOTHING: Row = {"kind": "none"}


def captures() -> list[str]:
    """Paths below the shared captures."""
    folder = shared_folder()
    if folder is None:
        return []
    root = folder / "captures"
    paths = [path for path in sorted(root.rglob("*")) if path.is_file()]
    wanted = (".json", ".jsonl", ".md", ".csv")
    return [str(path.relative_to(root)) for path in paths if path.suffix not in wanted]


def decoded(path: Path) -> dict[int, Row]:
    """What the decoder makes of each frame."""
    decoder, segment = new_decoder(), Segment()
    rows: dict[int, Row] = {}
    for walk in frames_of(path):
        segment.time_ns, segment.interface = walk.time_ns, walk.interface
        outcome = decoder.decode(
            *(walk.buffer, walk.start, walk.captured_len, walk.wire_len, walk.link_type, segment)
        )
        rows[len(rows) + 1] = row_of_segment(outcome, segment)
    return rows


def row_of_segment(outcome: int, segment: Segment) -> Row:
    """The segment in the words of this test."""
    if outcome not in (TCP_SEGMENT, ICMP_ERROR):
        return NOTHING
    row: Row = {
        "kind": "segment" if outcome == TCP_SEGMENT else "icmp",
        "ports": (seen(segment)[1], seen(segment)[3]),
        "seq": segment.seq,
    }
    if outcome == TCP_SEGMENT:
        blocks = range(segment.sack_count)
        octets = segment.address_len
        row |= {
            "addresses": segment.key[: 2 * octets].hex(),
            "payload_len": segment.payload_len,
            "ack": segment.ack,
            "control_bits": segment.control_bits,
            "window": segment.window,
            "checksum": segment.checksum,
            "header_len": 20 + segment.options_len,
            "ttl": segment.ttl,
            "ip_id": segment.ip_id if octets == 4 else ABSENT,
            "mss": segment.mss,
            "window_scale": segment.window_scale,
            "sack_permitted": segment.sack_permitted,
            "tsval": segment.tsval,
            "tsecr": segment.tsecr,
            "sack": [(segment.sack_left(index), segment.sack_right(index)) for index in blocks],
            "multipath": segment.multipath != ABSENT,
        }
    return row


def dissected(path: Path) -> dict[int, Row]:
    """What tshark makes of each frame."""
    command = ["tshark", "-n", "-r", str(path), "-T", "fields", "-E", "occurrence=a"]
    command += ["-E", "aggregator=|", "-o", "tcp.desegment_tcp_streams:FALSE"]
    command += ["-o", "tcp.relative_sequence_numbers:FALSE"]
    command += [word for field in FIELDS for word in ("-e", field)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    rows = {}
    for line in done.stdout.splitlines():
        fields = dict(zip(FIELDS, line.split("\t"), strict=True))
        rows[int(fields["frame.number"])] = row_of_fields(fields)
    return rows


def row_of_fields(fields: dict[str, str]) -> Row:
    """The same row out of tshark's fields, of which the last ones are the innermost."""
    protocols = fields["frame.protocols"].split(":")
    if "tcp" not in protocols or not fields["tcp.srcport"]:
        return NOTHING
    innermost = len(protocols) - 1 - protocols[::-1].index("tcp")
    before = protocols[:innermost]
    number = functools.partial(last_number, fields)
    row: Row = {
        "kind": "icmp" if "icmp" in before or "icmpv6" in before else "segment",
        "ports": (number("tcp.srcport"), number("tcp.dstport")),
        "seq": number("tcp.seq"),
    }
    if row["kind"] == "segment":
        is_ipv6 = [name for name in before if name in ("ip", "ipv6")][-1] == "ipv6"
        lefts, rights = (numbers(fields[f"tcp.options.sack_{edge}"]) for edge in ("le", "re"))
        row |= {
            "addresses": addresses(fields, "ipv6" if is_ipv6 else "ip"),
            "payload_len": number("tcp.len"),
            "ack": number("tcp.ack_raw"),
            "control_bits": number("tcp.flags") & 0x1FF,
            "window": number("tcp.window_size_value"),
            "checksum": number("tcp.checksum"),
            "header_len": number("tcp.hdr_len"),
            "ttl": number("ipv6.hlim" if is_ipv6 else "ip.ttl"),
            "ip_id": ABSENT if is_ipv6 else number("ip.id"),
            "mss": number("tcp.options.mss_val"),
            "window_scale": number("tcp.options.wscale.shift"),
            "sack_permitted": fields["tcp.options.sack_perm"] != "",
            "tsval": number("tcp.options.timestamp.tsval"),
            "tsecr": number("tcp.options.timestamp.tsecr"),
            "sack": list(zip(lefts, rights, strict=True)),
            "multipath": fields["tcp.options.mptcp.subtype"] != "",
        }
    return row


def numbers(text: str) -> list[int]:
    """All values of a field."""
    return [int(value, 0) for value in text.split("|") if value]


def last_number(fields: dict[str, str], name: str) -> int:
    """The innermost value of a field, or ABSENT."""
    values = numbers(fields[name])
    return values[-1] if values else ABSENT


def addresses(fields: dict[str, str], version: str) -> str:
    """Both addresses as hexadecimal digits."""
    ends = (fields[f"{version}.src"], fields[f"{version}.dst"])
    return b"".join(packed(end.split("|")[-1], version) for end in ends).hex()


def packed(address: str, version: str) -> bytes:
    """Octets of an address."""
    family = socket.AF_INET6 if version == "ipv6" else socket.AF_INET
    return socket.inet_pton(family, address)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("tshark") is None, reason="no tshark")
@pytest.mark.parametrize("name", captures())
def test_decoder_agrees_with_tshark(name: str) -> None:
    folder = shared_folder()
    assert folder is not None
    path = folder / "captures" / name
    if name in NOT_READ_BY_TSHARK:
        pytest.skip(NOT_READ_BY_TSHARK[name])
    ours, theirs = decoded(path), dissected(path)
    assert set(ours) == set(theirs)
    differing: set[str] = set()
    unexpected = []
    expected = DIFFERENCES[name][0] if name in DIFFERENCES else set()
    for frame, row in ours.items():
        for key in set(row) | set(theirs[frame]):
            values = (row.get(key), theirs[frame].get(key))
            if row["kind"] == theirs[frame]["kind"] or key == "kind":
                if values[0] == values[1]:
                    continue
                differing.add(key)
                if key not in expected:
                    unexpected.append((frame, key, *values))
    assert unexpected == []
    assert differing == expected, "a difference that is listed is gone"
