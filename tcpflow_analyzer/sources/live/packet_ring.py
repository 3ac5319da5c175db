"""The packets of the last moments in memory, and those of one connection out of them.

In: whole pcapng blocks of this machine's byte order, as `LiveRecording` gives them. Out: blocks of
packets, as they came. A packet belongs to a connection when the two addresses stand in it side by
side, as in every IP header, and the two ports soon behind them: in tunnels, behind VLAN tags and
in the packets that ICMP errors quote as well.
"""

import struct
from collections import deque
from typing import Final, NamedTuple

from tcpflow_analyzer.sources.records import (
    ENHANCED_PACKET_BLOCK,
    INTERFACE_BLOCK,
    SECTION_HEADER,
)

# From the addresses to the ports: no options, or the longest of IPv4 (40 octets), or some
# extension headers of IPv6.
PORTS_WITHIN: Final = 64


class Ends(NamedTuple):
    """Two sockets: addresses of 4 or 16 octets, ports of 2, in network byte order."""

    address: bytes
    port: bytes
    peer_address: bytes
    peer_port: bytes


class PacketRing:
    """Keeps what came last.

    Attributes:
        head: the section and the interfaces of it.
        octets: kept now.
    """

    def __init__(self, most_octets: int) -> None:
        """Keep nothing yet, and never much more than so many octets."""
        self.head = b""
        self.octets = 0
        self._most_octets = most_octets
        self._pieces: deque[bytes] = deque()

    def feed(self, octets: bytes) -> None:
        """Take whole blocks; what is oldest makes room."""
        length = self._note_head(octets)
        if length == len(octets):
            return
        self._pieces.append(octets[length:])
        self.octets += len(octets) - length
        while self.octets > self._most_octets and len(self._pieces) > 1:
            self.octets -= len(self._pieces.popleft())

    def packets_of(self, ends: Ends) -> bytes:
        """The packets between two sockets, oldest first."""
        return b"".join([packets_between(piece, ends) for piece in self._pieces])

    def _note_head(self, octets: bytes) -> int:
        """Keep the section and the interfaces that stand at the beginning; gives their length."""
        offset = 0
        while offset + 12 <= len(octets):
            kind, length = struct.unpack_from("=II", octets, offset)
            if kind == SECTION_HEADER:
                self.head = b""
                # Packets of another section have other interfaces.
                self._pieces.clear()
                self.octets = 0
            elif kind != INTERFACE_BLOCK:
                break
            self.head += octets[offset : offset + length]
            offset += length
        return offset


def packets_between(octets: bytes, ends: Ends) -> bytes:
    """The packet blocks of a piece that belong to two sockets."""
    places = sorted(
        [
            *_places(octets, ends.address + ends.peer_address, ends.port + ends.peer_port),
            *_places(octets, ends.peer_address + ends.address, ends.peer_port + ends.port),
        ]
    )
    if not places:
        return b""
    found = []
    offset = at = 0
    while offset + 12 <= len(octets) and at < len(places):
        kind, length = struct.unpack_from("=II", octets, offset)
        if length < 12:
            break
        end = offset + length
        if places[at] < end:
            if kind == ENHANCED_PACKET_BLOCK:
                found.append(octets[offset:end])
            while at < len(places) and places[at] < end:
                at += 1
        offset = end
    return b"".join(found)


def _places(octets: bytes, addresses: bytes, ports: bytes) -> list[int]:
    """Where two addresses stand side by side with the ports soon behind them."""
    places = []
    place = octets.find(addresses)
    while place >= 0:
        behind = place + len(addresses)
        if octets.startswith(ports, behind) or ports in octets[behind : behind + PORTS_WITHIN]:
            places.append(place)
        place = octets.find(addresses, behind)
    return places
