"""Turns a block of a packet socket's ring into pcapng packets.

Compiled: yes

In: a copy of a TPACKET_V3 block (linux/if_packet.h). Out: enhanced packet blocks in this machine's
byte order. VLAN tags that the system took off are put back, as libpcap does (pcap-linux.c); of the
two copies of each packet on a loopback device the outgoing one is left out, as libpcap does.
"""

from typing import Final

from librt.strings import BytesWriter, write_i32_be, write_i32_le
from mypy_extensions import i32, i64

from tcpflow_analyzer.sources.records import (
    ENHANCED_PACKET_BLOCK,
    NANOSECONDS,
    unsigned_16,
    unsigned_32,
)

# struct tpacket_block_desc
BLOCK_PACKETS: Final = 12
BLOCK_FIRST: Final = 16
BLOCK_HEADER_LEN: Final = 48

# struct tpacket3_hdr, and the struct sockaddr_ll behind it
PACKET_NEXT: Final = 0
PACKET_SECONDS: Final = 4
PACKET_NANOSECONDS: Final = 8
PACKET_CAPTURED: Final = 12
PACKET_WIRE: Final = 16
PACKET_STATUS: Final = 20
PACKET_MAC: Final = 24
PACKET_VLAN_TCI: Final = 32
PACKET_VLAN_TPID: Final = 36
ADDRESS_PROTOCOL: Final = 50
ADDRESS_INDEX: Final = 52
ADDRESS_HATYPE: Final = 56
ADDRESS_KIND: Final = 58
ADDRESS_LEN: Final = 59
ADDRESS_OCTETS: Final = 60
PACKET_HEADER_LEN: Final = 68

STATUS_CHECKSUM_NOT_READY: Final = 1 << 3
STATUS_VLAN_VALID: Final = 1 << 4
STATUS_TPID_VALID: Final = 1 << 6

KIND_OUTGOING: Final = 4  # PACKET_OUTGOING
TPID_8021Q: Final = 0x8100
TAG_OFFSET: Final = 12  # behind the two Ethernet addresses
TAG_LEN: Final = 4
COOKED_LEN: Final = 20  # LINKTYPE_LINUX_SLL2


def put_32(writer: BytesWriter, value: i64, big: bool) -> None:
    """Write the lower 32 bits of a value."""
    value = value & 0xFFFF_FFFF
    if value > 0x7FFF_FFFF:
        value -= 0x1_0000_0000
    if big:
        write_i32_be(writer, i32(value))
    else:
        write_i32_le(writer, i32(value))


def put_16_be(writer: BytesWriter, value: i64) -> None:
    """Write 16 bits in the network's byte order."""
    writer.append((value >> 8) & 0xFF)
    writer.append(value & 0xFF)


class RingBlockReader:
    """Reads the blocks of one socket's ring.

    Attributes:
        packets: frames given so far.
        left_out: outgoing copies on a loopback device, which are left out.
        unfinished_checksums: frames whose transport checksum the sender leaves to the hardware.
    """

    def __init__(self, interface: i64, cooked: bool, loopback: i64, big_endian: bool) -> None:
        """Describe a socket.

        Args:
            interface: number that its packets carry in pcapng.
            cooked: whether the socket gives no link layer; then one of LINKTYPE_LINUX_SLL2 is
                made. Otherwise frames are Ethernet's.
            loopback: index of the loopback device.
            big_endian: byte order of this machine.
        """
        self.packets: i64 = 0
        self.left_out: i64 = 0
        self.unfinished_checksums: i64 = 0
        self._interface: i64 = interface
        self._cooked = cooked
        self._loopback: i64 = loopback
        self._big = big_endian

    def read(self, block: bytes) -> bytes:
        """Give the packets of a block; a packet that would lie outside of it ends it."""
        writer = BytesWriter()
        end: i64 = len(block)
        if end < BLOCK_HEADER_LEN:
            return b""
        big = self._big
        count = unsigned_32(block, BLOCK_PACKETS, big)
        offset = unsigned_32(block, BLOCK_FIRST, big)
        for _ in range(count):
            if offset + PACKET_HEADER_LEN > end:
                break
            start: i64 = offset + unsigned_16(block, offset + PACKET_MAC, big)
            captured = unsigned_32(block, offset + PACKET_CAPTURED, big)
            if start + captured > end:
                break
            self._take(writer, block, offset, start, captured)
            step = unsigned_32(block, offset + PACKET_NEXT, big)
            if step == 0:
                break
            offset += step
        return writer.getvalue()

    def _take(
        self, writer: BytesWriter, block: bytes, offset: i64, start: i64, captured: i64
    ) -> None:
        """Write one packet, unless it is the outgoing copy on a loopback device."""
        big = self._big
        index = unsigned_32(block, offset + ADDRESS_INDEX, big)
        kind: i64 = block[offset + ADDRESS_KIND]
        if kind == KIND_OUTGOING and index == self._loopback:
            self.left_out += 1
            return
        status = unsigned_32(block, offset + PACKET_STATUS, big)
        if status & STATUS_CHECKSUM_NOT_READY != 0:
            self.unfinished_checksums += 1
        wire = unsigned_32(block, offset + PACKET_WIRE, big)
        has_tag = status & STATUS_VLAN_VALID != 0
        if not self._cooked and captured < TAG_OFFSET:
            has_tag = False
        added: i64 = COOKED_LEN if self._cooked else 0
        if has_tag:
            added += TAG_LEN
        self._begin(writer, block, offset, captured + added, wire + added)
        if self._cooked:
            self._put_cooked_header(writer, block, offset, index, kind, has_tag)
            writer.write(block[start : start + captured])
        elif has_tag:
            writer.write(block[start : start + TAG_OFFSET])
            put_16_be(writer, self._tag_protocol(block, offset))
            put_16_be(writer, unsigned_32(block, offset + PACKET_VLAN_TCI, big))
            writer.write(block[start + TAG_OFFSET : start + captured])
        else:
            writer.write(block[start : start + captured])
        self._end(writer, captured + added)

    def _tag_protocol(self, block: bytes, offset: i64) -> i64:
        status = unsigned_32(block, offset + PACKET_STATUS, self._big)
        if status & STATUS_TPID_VALID != 0:
            return unsigned_16(block, offset + PACKET_VLAN_TPID, self._big)
        return TPID_8021Q

    def _put_cooked_header(
        self,
        writer: BytesWriter,
        block: bytes,
        offset: i64,
        index: i64,
        kind: i64,
        has_tag: bool,
    ) -> None:
        """Write the header of LINKTYPE_LINUX_SLL2; a tag comes behind it, its protocol in it."""
        protocol = unsigned_16(block, offset + ADDRESS_PROTOCOL, True)
        put_16_be(writer, self._tag_protocol(block, offset) if has_tag else protocol)
        put_16_be(writer, 0)
        put_32(writer, index, True)
        put_16_be(writer, unsigned_16(block, offset + ADDRESS_HATYPE, self._big))
        writer.append(kind)
        writer.append(block[offset + ADDRESS_LEN])
        writer.write(block[offset + ADDRESS_OCTETS : offset + ADDRESS_OCTETS + 8])
        if has_tag:
            put_16_be(writer, unsigned_32(block, offset + PACKET_VLAN_TCI, self._big))
            put_16_be(writer, protocol)

    def _begin(
        self, writer: BytesWriter, block: bytes, offset: i64, captured: i64, wire: i64
    ) -> None:
        """Write the head of an enhanced packet block."""
        big = self._big
        seconds = unsigned_32(block, offset + PACKET_SECONDS, big)
        # Below 2**32 * 10**9 + 2**32, which is below 2**62.
        time_ns: i64 = seconds * NANOSECONDS + unsigned_32(block, offset + PACKET_NANOSECONDS, big)
        put_32(writer, ENHANCED_PACKET_BLOCK, big)
        put_32(writer, 32 + ((captured + 3) & ~3), big)
        put_32(writer, self._interface, big)
        put_32(writer, time_ns >> 32, big)
        put_32(writer, time_ns, big)
        put_32(writer, captured, big)
        put_32(writer, wire if wire > captured else captured, big)
        self.packets += 1

    def _end(self, writer: BytesWriter, captured: i64) -> None:
        """Pad the packet and write the block's length behind it."""
        for _ in range(-captured & 3):
            writer.append(0)
        put_32(writer, 32 + ((captured + 3) & ~3), self._big)
