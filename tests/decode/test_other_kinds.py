"""Names of what is not TCP."""

import pytest

from tcpflow_analyzer.decode.other_kinds import name_of_kind


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (0x0806, "ARP"),
        (0x1234, "EtherType 0x1234"),
        (0x1_0001, "ICMP"),
        (0x1_00FD, "IP protocol 253"),
        (0x4_0035, "DNS (UDP port 53)"),
        (0x4_2710, "UDP port 10000"),
        (0x5_01BB, "UDP on port 443 that looks like QUIC"),
        (0x6_C021, "PPP protocol 0xc021"),
        (0x7_0042, "spanning tree"),
        (0x7_0012, "LLC 0x12"),
        (0x8_0000, "link type 0"),
        (0x8_00FD, "link type 253"),
        (-1, "other"),
    ],
)
def test_name_of_kind(kind: int, name: str) -> None:
    assert name_of_kind(kind) == name
