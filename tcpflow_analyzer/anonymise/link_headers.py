"""Headers of links: their addresses are replaced, and what names devices or people is left out.

Where each field stands: https://www.tcpdump.org/linktypes.html, as in decode/link_layer.py, which
has found where the header ends.
"""

from collections.abc import Callable
from typing import Final

from tcpflow_analyzer.anonymise.draft import Draft
from tcpflow_analyzer.decode import link_layer

_BRIDGED: Final = 0x3  # octet of an 802.11 frame control: to and from a distribution system


def link_header(draft: Draft, link_type: int, start: int, end: int) -> None:
    """Write the header of a link type that lies between `start` and `end`."""
    write = _WRITERS.get(link_type)
    if write is None:
        draft.keep(start, end)  # addresses of a point-to-point link or a device are none
    else:
        write(draft, start, end)


def ethernet_header(draft: Draft, start: int, end: int) -> None:
    """Write destination, source, and what follows them: a type, or tags of a switch and a type."""
    draft.link_addresses(start, 2)
    draft.keep(start + 12, end)


def macsec_header(draft: Draft, start: int, end: int) -> None:
    """Write a security tag, IEEE 802.1AE clause 9.3: its channel begins with an address."""
    draft.keep(start, start + 6)
    if end - start == 16:
        draft.link_addresses(start + 6)
        draft.keep(start + 12, start + 14)
    draft.keep(end - 2, end)


def service_header(draft: Draft, start: int, end: int) -> None:
    """Write a network service header, RFC 8300 section 2, without its metadata."""
    draft.keep(start, min(start + 8, end))


def wireless_header(draft: Draft, link_type: int, start: int, end: int) -> None:
    """Write the header of an 802.11 data frame, and what a capture put before it.

    Args:
        draft: of the frame.
        link_type: what the header begins with.
        start, end: of all that.
    """
    from tcpflow_analyzer.decode import slow_path  # noqa: PLC0415  imports dpkt, for few captures

    octets = draft.octets
    at = start + _radio_header(draft, link_type, start)
    flags, kind = octets[at + 1], octets[at]
    draft.keep(at, at + 4)
    draft.link_addresses(at + 4, 3)
    draft.keep(at + 22, at + 24)
    at += 24
    if flags & _BRIDGED == _BRIDGED:
        draft.link_addresses(at)
        at += 6
    is_aggregate = False
    if kind & slow_path.HAS_QUALITY_CONTROL:
        is_aggregate = bool(octets[at] & slow_path.AGGREGATE)
        control = 6 if flags & slow_path.ORDER else 2
        draft.keep(at, at + control)
        at += control
    if is_aggregate:
        draft.link_addresses(at, 2)
        draft.keep(at + 12, end)


def _radio_header(draft: Draft, link_type: int, start: int) -> int:
    """Write what stands before an 802.11 header: only how long it is. Gives its octets."""
    from tcpflow_analyzer.decode import slow_path  # noqa: PLC0415  imports dpkt, for few captures

    if link_type == slow_path.LINK_IEEE_802_11:
        return 0
    # Of a radiotap header the word that says which fields are there stays 0.
    draft.keep(start, start + (4 if link_type == slow_path.LINK_RADIOTAP else 8))
    return slow_path.header_len(draft.octets[start:], link_type)


def _cooked(draft: Draft, start: int, end: int) -> None:
    """Linux, version 1: kind, hardware, length of the address, address, protocol."""
    draft.keep(start, start + 6)
    length = min(int.from_bytes(draft.octets[start + 4 : start + 6], "big"), 8)
    draft.link_addresses(start + 6, 1, length)
    draft.keep(start + 14, end)


def _cooked_2(draft: Draft, start: int, _end: int) -> None:
    """Linux, version 2: protocol, interface, hardware, kind, length of the address, address."""
    draft.keep(start, start + 12)
    draft.link_addresses(start + 12, 1, min(draft.octets[start + 11], 8))


def _fddi(draft: Draft, start: int, _end: int) -> None:
    draft.keep(start, start + 1)
    draft.link_addresses(start + 1, 2)


def _token_ring(draft: Draft, start: int, end: int) -> None:
    """Control, destination, source, whose first bit says that a route follows, and the route."""
    draft.keep(start, start + 2)
    draft.link_addresses(start + 2, 2)
    has_route = draft.octets[start + 8] & 0x80
    draft.out[start + 8] = draft.out[start + 8] & 0x7F | has_route
    draft.keep(start + 14, min(start + 16, end))


def _slip(draft: Draft, start: int, _end: int) -> None:
    draft.keep(start, start + 2)  # behind it are headers once more


def _arcnet(draft: Draft, start: int, end: int) -> None:
    draft.link_addresses(start, 2, 1)
    draft.keep(start + 2, end)


def _fibre_channel(draft: Draft, start: int, _end: int) -> None:
    draft.link_addresses(start, 2, 8)


def _firewire(draft: Draft, start: int, end: int) -> None:
    draft.link_addresses(start, 2, 8)
    draft.keep(start + 16, end)


def _infiniband(draft: Draft, start: int, end: int) -> None:
    """A global route header, which is as IPv6's, and four octets."""
    draft.keep(start, start + 8)
    draft.internet_addresses(start + 8, 2, 16)
    draft.keep(start + 40, end)


def _encapsulated(draft: Draft, start: int, end: int) -> None:
    draft.keep(start, start + 4)
    draft.keep(start + 8, end)


def _packet_filter(draft: Draft, start: int, _end: int) -> None:
    """OpenBSD's log: length, family, action, reason; not interface, rules, users, processes."""
    draft.keep(start, start + 4)


def _netfilter(draft: Draft, start: int, end: int) -> None:
    """Linux's log: attributes, of whose content only the packet is of use."""
    draft.keep(start, start + 4)
    at = start + 4
    while at + 4 <= end:
        draft.keep(at, at + 4)
        at += (max(int.from_bytes(draft.octets[at : at + 2], "little"), 4) + 3) & ~3


def _per_packet(draft: Draft, start: int, end: int) -> None:
    """The head, and of its fields kinds and lengths: a place on earth may be among them."""
    draft.keep(start, start + 8)
    at = start + 8
    while at + 4 <= end:
        draft.keep(at, at + 4)
        at += 4 + int.from_bytes(draft.octets[at + 2 : at + 4], "little")


def _macos_tap(draft: Draft, start: int, end: int) -> None:
    """Length, what follows, link type; flags, family, lengths; no names, no processes."""
    draft.keep(start, min(start + 12, end))
    draft.keep(min(start + 36, end), min(start + 52, end))


_WRITERS: Final[dict[int, Callable[[Draft, int, int], None]]] = {
    link_layer.LINK_ETHERNET: ethernet_header,
    link_layer.LINK_LINUX_COOKED: _cooked,
    link_layer.LINK_LINUX_COOKED_2: _cooked_2,
    link_layer.LINK_FDDI: _fddi,
    link_layer.LINK_TOKEN_RING: _token_ring,
    link_layer.LINK_SLIP: _slip,
    link_layer.LINK_ARCNET_BSD: _arcnet,
    link_layer.LINK_ARCNET_LINUX: _arcnet,
    link_layer.LINK_IP_OVER_FC: _fibre_channel,
    link_layer.LINK_APPLE_FIREWIRE: _firewire,
    link_layer.LINK_IPOIB: _infiniband,
    link_layer.LINK_ENC: _encapsulated,
    link_layer.LINK_PFLOG: _packet_filter,
    link_layer.LINK_NFLOG: _netfilter,
    link_layer.LINK_PPI: _per_packet,
    link_layer.LINK_PKTAP: _macos_tap,
    link_layer.LINK_PKTAP_USER: _macos_tap,
    link_layer.LINK_DSA: ethernet_header,
    link_layer.LINK_DSA_BROADCOM: ethernet_header,
    link_layer.LINK_DSA_ETHERTYPE: ethernet_header,
}
