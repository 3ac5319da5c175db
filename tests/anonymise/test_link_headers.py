"""Headers of links: read as before, without addresses and names."""

import struct

import pytest

from decode.frames import LINK_RAW, MACS, TCP_IN_IPV4
from decode.test_link_layer import HEADERS_BEFORE_IPV4
from decode.test_slow_path import AVS, FRAMES, RADIOTAP
from support.anonymity import KEY, SECRET, anonymous, assert_tells_the_same
from tcpflow_analyzer.anonymise.addresses import Addresses

LINK = Addresses(KEY).link


@pytest.mark.parametrize("name", HEADERS_BEFORE_IPV4)
def test_every_link_is_read_as_before(name: str) -> None:
    link_type, header = HEADERS_BEFORE_IPV4[name]
    out = assert_tells_the_same(header + TCP_IN_IPV4, link_type)
    assert MACS[:6] not in out
    assert MACS[6:] not in out
    # The packet becomes the same, whatever carries it.
    assert anonymous(TCP_IN_IPV4, LINK_RAW)[12:36] in out


@pytest.mark.parametrize("name", FRAMES)
def test_wireless_frame_is_read_as_before(name: str) -> None:
    out = assert_tells_the_same(FRAMES[name], 105)
    assert out[4:10] == LINK(FRAMES[name][4:10])
    assert out[22:24] == FRAMES[name][22:24]


@pytest.mark.parametrize(
    ("link_type", "header"), [(127, RADIOTAP), (163, AVS), (119, AVS), (119, bytes(144))]
)
def test_radio_header_tells_only_how_long_it_is(link_type: int, header: bytes) -> None:
    header = header[:8] + SECRET * (len(header) // len(SECRET)) + header[8:]
    header = header[: len(header) - len(SECRET) * ((len(header) - 8) // len(SECRET) // 2)]
    if link_type == 127:
        header = header[:2] + len(header).to_bytes(2, "little") + header[4:]
    elif header[:2] == b"\x80\x21":
        header = header[:4] + len(header).to_bytes(4, "big") + header[8:]
    else:
        header = (header[:8] + SECRET * 30)[:144]
    out = assert_tells_the_same(header + FRAMES["quality of service"], link_type)
    assert SECRET not in out


def test_ethernet_addresses_stay_equal_and_of_their_kind() -> None:
    out = anonymous(b"\xff" * 6 + MACS[6:] + b"\x08\x00" + TCP_IN_IPV4)
    assert out[:6] == b"\xff" * 6
    assert out[6:12] == LINK(MACS[6:])
    back = anonymous(MACS[6:] + b"\x01\x00\x5e\x00\x00\x01" + b"\x08\x00" + TCP_IN_IPV4)
    assert back[:6] == out[6:12]
    assert back[6] & 3 == 1


def test_padding_and_trailer_of_a_frame_are_zeros() -> None:
    out = assert_tells_the_same(MACS + b"\x08\x00" + TCP_IN_IPV4 + SECRET)
    assert out[-len(SECRET) :] == bytes(len(SECRET))


def test_cooked_address_has_the_length_that_it_says() -> None:
    header = bytes.fromhex("000000010006") + b"SECRETxx" + b"\x08\x00"
    out = assert_tells_the_same(header + TCP_IN_IPV4, 113)
    assert out[6:14] == LINK(b"SECRET") + bytes(2)
    header = bytes.fromhex("0800000000000007000100") + b"\x06" + b"SECRETxx"
    assert assert_tells_the_same(header + TCP_IN_IPV4, 276)[12:20] == LINK(b"SECRET") + bytes(2)
    header = bytes.fromhex("0000ffff0020") + b"SECRETxx" + b"\x08\x00"
    assert b"SECRET" not in assert_tells_the_same(header + TCP_IN_IPV4, 113)


# Link types whose headers name devices, users, processes or places.
TALKATIVE = {
    "PFLOG": (117, b"\x3d\x02\x00\x00" + SECRET * 10),
    "PKTAP": (258, struct.pack("<III", 108, 1, 1) + SECRET * 4 + bytes(16) + b"Secr"
              + SECRET * 8 + bytes(4) + MACS + b"\x08\x00"),
    "PPI": (192, struct.pack("<BBHIHH", 0, 0, 24, 1, 30002, 12) + SECRET * 2 + MACS + b"\x08\x00"),
    "SLIP": (8, b"\x00\x45" + (SECRET * 3)[:14]),
    "ENC": (109, b"\x02\x00\x00\x00" + SECRET[:4] + bytes(4)),
    "NFLOG": (
        239,
        b"\x02\x00\x00\x00"
        + struct.pack("<HH", 4 + 12, 10)
        + SECRET * 2
        + struct.pack("<HH", 4 + len(TCP_IN_IPV4), 9),
    ),
    "NSH": (1, MACS + bytes.fromhex("894f0fc60103") + bytes(4) + (SECRET * 3)[:16] + MACS
            + b"\x08\x00"),
    "MACsec": (1, MACS + bytes.fromhex("88e52000" + "00000001") + SECRET + b"\x00\x01\x08\x00"),
    "FDDI": (10, b"\x50" + SECRET * 2 + bytes.fromhex("aaaa030000000800")),
    "IP over FireWire": (138, b"SecretSe" * 2 + b"\x08\x00"),
    "IP over Fibre Channel": (122, b"SecretSe" * 2 + bytes.fromhex("aaaa030000000800")),
    "IP over InfiniBand": (242, bytes(8) + b"SecretSecretSecr" * 2 + b"\x08\x00\x00\x00"),
}  # fmt: skip


@pytest.mark.parametrize("name", TALKATIVE)
def test_names_and_places_are_left_out(name: str) -> None:
    link_type, header = TALKATIVE[name]
    trailer = bytes(10) + SECRET if name == "MACsec" else b""
    out = assert_tells_the_same(header + TCP_IN_IPV4 + trailer, link_type)
    assert SECRET[:4] not in out


def test_link_type_that_nobody_reads_becomes_zeros() -> None:
    assert anonymous(SECRET * 20, 9999) == bytes(len(SECRET) * 20)
    assert anonymous(SECRET * 20, 253) == bytes(len(SECRET) * 20)
