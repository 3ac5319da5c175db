"""OP003 in words: which option it is, what is wrong with it, and what would be right."""

import pytest

from support.capture_builder import START_NS, Options, Segment, ethernet, packet, pcap
from support.checked import analyzed_capture


def told(*options: str) -> str:
    """The message about segments with these octets as their options."""
    frames = [
        Segment("192.0.2.1", 40000, "198.51.100.1", 80, 1000 + number, 5000, payload=b"x",
                options=Options(raw=bytes.fromhex(octets)))
        for number, octets in enumerate(options)
    ]  # fmt: skip
    octets = pcap((START_NS + at, ethernet(packet(each))) for at, each in enumerate(frames))
    (found,) = (each for each in analyzed_capture(octets).findings if each.code == "OP003")
    return found.message


@pytest.mark.parametrize(
    ("octets", "fault"),
    [
        ("0809 00000000 000000", "option 8 (timestamps) has length 9, not 10"),
        ("0503 00000000000000000000", "option 5 (SACK) has length 3, not 10, 18, 26 or 34"),
        ("2204 0000", "option 34 (Fast Open) has length 4, not 2, or even from 6 to 18"),
        ("0200 05b4", "option 2 (MSS) has length 0, less than its own two octets"),
        ("4c01 0000", "option 76 has length 1, less than its own two octets"),
        ("02ff 05b4", "option 2 (MSS) has length 255, which goes beyond the header"),
        ("01010108", "option 8 (timestamps) is the last octet of the header, without a length"),
        ("00010000", "octets behind END OF OPTION LIST are not 0"),
        (
            "01010101 00000000",
            "four NO OPERATIONs in a row, as a device leaves that takes an option out",
        ),
    ],
)
def test_fault_is_named(octets: str, fault: str) -> None:
    shown = bytes.fromhex(octets)[:7].hex(" ")
    if fault.endswith("without a length"):
        shown = "08"
    begin = "192.0.2.1:40000 sent a segment with malformed options; frame 1: "
    assert told(octets).startswith(f"{begin}{fault} ({shown}")


def test_faults_of_several_segments_are_not_all_told_as_the_first() -> None:
    assert told("08090000", "0200 05b4") == (
        "192.0.2.1:40000 sent 2 segments with malformed options; first, frame 1: "
        "option 8 (timestamps) has length 9, which goes beyond the header (08 09 00 00)"
    )
