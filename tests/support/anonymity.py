"""Anonymous frames and files, and whether they tell the same and nothing more."""

import tempfile
from collections import Counter
from pathlib import Path
from typing import Final

from tcpflow_analyzer import analyze
from tcpflow_analyzer.anonymise.addresses import Addresses
from tcpflow_analyzer.anonymise.frames import Anonymiser
from tcpflow_analyzer.decode.checksum import NOT_VERIFIED, verify
from tcpflow_analyzer.decode.segment import ICMP_ERROR, TCP_SEGMENT, Segment
from tcpflow_analyzer.exchange import Choice
from tcpflow_analyzer.extract import extract
from tcpflow_analyzer.pipeline import Analysis, make_decoder
from tcpflow_analyzer.settings import Settings
from tcpflow_analyzer.sources.chosen_frames import Frame, chosen_frames
from tcpflow_analyzer.sources.records import Interface

KEY: Final = bytes(range(32))
OTHER_KEY: Final = bytes(range(1, 33))
SECRET: Final = b"Secret"  # what must not be found again

# Octets in a row that are no chance when they are found again.
_RUN: Final = 8
_FIELDS: Final = (
    "address_len",
    "scope",
    "vlan",
    "ttl",
    "ip_id",
    "seq",
    "ack",
    "control_bits",
    "window",
    "payload_len",
    "mss",
    "window_scale",
    "sack_permitted",
    "tsval",
    "tsecr",
    "sack_count",
    "sack_left_1",
    "sack_right_1",
    "fast_open",
    "authenticated",
    "multipath",
    "user_timeout_ns",
    "options_cut",
    "oddities",
    "options_len",
    "payload_captured",
    "truncated",
    "reason",
    "icmp_type",
    "icmp_code",
    "icmp_mtu",
)


def frame_of(octets: bytes, link_type: int, wire_len: int | None = None, number: int = 1) -> Frame:
    """A frame of a capture."""
    interface = Interface(link_type, 0, 0)
    interface.name = "SecretDevice"
    return Frame(number, 0, interface, octets, len(octets) if wire_len is None else wire_len)


def anonymous(
    octets: bytes, link_type: int = 1, wire_len: int | None = None, key: bytes = KEY
) -> bytes:
    """What becomes of a frame."""
    return Anonymiser(key).frame(frame_of(octets, link_type, wire_len)).octets


class Reading:
    """What the decoder reads in a frame.

    Attributes:
        status: of the decoder. fields: of the segment, what is replaced left out.
        checksum: what `verify` says of it. key: addresses and ports. icmp_source: of its error.
    """

    def __init__(self, octets: bytes, link_type: int, wire_len: int | None = None) -> None:
        """Decode a frame."""
        segment = Segment()
        length = len(octets) if wire_len is None else wire_len
        decoder = make_decoder(Settings())
        self.status = decoder.decode(octets, 0, len(octets), length, link_type, segment)
        self.fields = {name: getattr(segment, name) for name in _FIELDS}
        self.is_whole = self.status == TCP_SEGMENT and not segment.truncated
        self.checksum = verify(segment) if self.is_whole else NOT_VERIFIED
        self.key = segment.key
        self.payload = bytes(
            segment.buffer[segment.payload_start : segment.payload_start + segment.payload_captured]
        )
        self.icmp_source = segment.icmp_source

    @property
    def addresses(self) -> tuple[bytes, bytes]:
        """Source and destination."""
        length = self.fields["address_len"]
        return self.key[:length], self.key[length : 2 * length]


def assert_tells_the_same(
    octets: bytes, link_type: int = 1, wire_len: int | None = None, key: bytes = KEY
) -> bytes:
    """A frame is read as before but for what is replaced; gives what has become of it."""
    after_octets = anonymous(octets, link_type, wire_len, key)
    assert len(after_octets) == len(octets)
    before = Reading(octets, link_type, wire_len)
    after = Reading(after_octets, link_type, wire_len)
    assert (after.status, after.fields) == (before.status, before.fields)
    assert after.checksum == before.checksum
    assert len(after.payload) == len(before.payload)
    if before.status in (TCP_SEGMENT, ICMP_ERROR):
        replace = Addresses(key).internet
        length = before.fields["address_len"]
        assert after.addresses == tuple(replace(each) for each in before.addresses)
        assert after.key[2 * length : 2 * length + 4] == before.key[2 * length : 2 * length + 4]
        assert after.icmp_source == replace(before.icmp_source)
    return after_octets


def extracted(
    capture: Path, key: bytes | None = None, choice: Choice | None = None
) -> tuple[Analysis, list[Frame], bytes] | None:
    """An extract of a capture, analysed, its frames, and the file; None if nothing is chosen."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, "out.pcapng")
        with target.open("wb") as file:
            count = extract([capture], choice or Choice(), file.write, key=key).frames
        if not count:
            return None
        frames = list(chosen_frames([str(target)], range(1, count + 1)))
        return analyze(target), frames, target.read_bytes()


def findings_of(analysis: Analysis) -> Counter[tuple[object, ...]]:
    """Everything of the findings but words."""
    return Counter(
        (
            each.code,
            each.severity,
            each.certainty,
            each.connection,
            each.endpoint,
            each.time_ns,
            each.frames,
            each.frame_count,
        )
        for each in analysis.findings
    )


def leaks(before: list[Frame], after: list[Frame]) -> list[str]:
    """What of the frames is found again in those that have become of them."""
    octets = b"".join(frame.octets for frame in after)
    runs = _runs(octets)
    found = []
    for frame in before:
        link_type = frame.interface.link_type
        reading = Reading(frame.octets, link_type, frame.wire_len)
        if reading.status in (TCP_SEGMENT, ICMP_ERROR):
            names = [each for each in reading.addresses if any(each) and each[:1] != b"\xff"]
            found += [f"{frame.number}: {each.hex()}" for each in names if each in octets]
        if reading.status == TCP_SEGMENT:
            again = [run for run in _runs(reading.payload) & runs if len(set(run)) > 1]
            found += [f"{frame.number}: {run!r}" for run in again]
        if link_type == 1:
            links = [frame.octets[:6], frame.octets[6:12]]
            found += [f"{frame.number}: {each.hex()}" for each in links if _leaks(each, octets)]
    return found


def _leaks(link: bytes, octets: bytes) -> bool:
    return len(set(link)) > 1 and link in octets


def _runs(octets: bytes) -> set[bytes]:
    return {octets[at : at + _RUN] for at in range(len(octets) - _RUN + 1)}
