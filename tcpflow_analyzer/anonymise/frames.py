"""Makes captured frames anonymous: the same frames, of other people who said something else.

In: `Frame`s. Out: `Frame`s of the same lengths, times and link types that give the same findings.
The decoder itself finds header after header, so that what it reads is what is replaced; whatever it
does not read (other protocols, padding, trailers) becomes zeros.
"""

from collections.abc import Iterable
from typing import Final

from tcpflow_analyzer.anonymise import carriers, internet_headers, link_headers, tcp_header
from tcpflow_analyzer.anonymise.draft import Draft, Substitutes, Sum
from tcpflow_analyzer.decode import internet_layer, link_layer
from tcpflow_analyzer.decode.decoder import (
    AUTHENTICATION,
    add_fragment,
    enter_header,
    is_icmp_error,
)
from tcpflow_analyzer.decode.fragments import Fragments
from tcpflow_analyzer.decode.layer import (
    END_FRAGMENT,
    END_OTHER,
    END_UNDECODED,
    ETHERTYPE_ETHERNET,
    ETHERTYPE_IPV4,
    ETHERTYPE_IPV6,
    ICMP,
    ICMPV6,
    IP,
    IP_PROTOCOL,
    LINK,
    TCP,
    UDP,
    Layer,
    layer_of,
)
from tcpflow_analyzer.decode.reasons import LINK_TYPE_UNKNOWN
from tcpflow_analyzer.decode.tunnels import PROTOCOL_GRE
from tcpflow_analyzer.sources.chosen_frames import Frame
from tcpflow_analyzer.sources.records import Interface

_GRE: Final = IP_PROTOCOL + PROTOCOL_GRE
_ICMP_HEADER_LEN: Final = 8
_REDIRECT: Final = 5  # RFC 792: the address of a gateway follows
_PROTOCOL_UDP: Final = 17
_PROTOCOL_ICMPV6: Final = 58

# RFC 4884 sections 4 and 5: which errors say how long the quotation is, in which octet, and in
# words of how many octets; by IP version.
_QUOTE_LENGTHS: Final = {4: ((3, 11, 12), 5, 4), 6: ((1, 3), 4, 8)}


class Anonymiser:
    """Makes frames anonymous, all by one key."""

    def __init__(self, key: bytes, tunnel_outer: bool = False) -> None:
        """Begin with a key.

        Args:
            key: the same key replaces everything by the same.
            tunnel_outer: as of the decoder that read the frames.
        """
        self._substitutes = Substitutes(key)
        self._tunnel_outer = tunnel_outer
        self._interfaces: dict[int, tuple[Interface, Interface]] = {}
        self._pieces: dict[int, bytes] = {}

    def address(self, octets: bytes) -> bytes:
        """Give what stands for an IP address."""
        return self._substitutes.addresses.internet(octets)

    def learn(self, frames: Iterable[Frame]) -> None:
        """Put fragments of datagrams together, which is needed before they are made anonymous.

        Args:
            frames: in the order of the capture; those without fragments are passed over.
        """
        fragments = Fragments()
        for frame in frames:
            layer = _layer_of(frame)
            self._walk(layer, Draft(frame.octets, self._substitutes))
            if layer.protocol == END_FRAGMENT and add_fragment(
                layer, fragments, frame.number, frame.time_ns
            ):
                datagram = self._datagram(layer)
                for number in fragments.frames:
                    self._pieces[number] = datagram

    def frame(self, frame: Frame) -> Frame:
        """Make a frame anonymous."""
        draft = Draft(frame.octets, self._substitutes)
        layer = _layer_of(frame)
        self._walk(layer, draft)
        if layer.protocol == END_FRAGMENT:
            self._fragment(frame, layer, draft)
        return frame._replace(octets=draft.finish(), interface=self._interface(frame.interface))

    def _fragment(self, frame: Frame, layer: Layer, draft: Draft) -> None:
        """Write a fragment: its part of the datagram, or what a first one shows without it."""
        datagram = self._pieces.get(frame.number)
        start, end = layer.start, layer.end
        if datagram is not None:
            piece = datagram[layer.fragment_at :][: end - start]
            draft.out[start : start + len(piece)] = piece
        elif layer.fragment_at == 0 and layer.fragment_protocol == TCP:
            tcp_header.tcp_segment(draft, start, end, end + 1, *_ends(layer))

    def _interface(self, captured_by: Interface) -> Interface:
        """Give the interface that stands for one: of the same kind, without a name."""
        known = self._interfaces.get(id(captured_by))
        if known is None:
            nameless = Interface(captured_by.link_type, captured_by.snaplen, 0)
            # The first of the two is kept so that no other object gets its identity.
            known = self._interfaces[id(captured_by)] = captured_by, nameless
        return known[1]

    def _datagram(self, layer: Layer) -> bytes:
        """Make a datagram anonymous at which `layer` stands, behind its addresses."""
        draft = Draft(layer.buffer, self._substitutes)
        start = layer.start
        self._walk(layer, draft)
        return draft.finish()[start:]

    def _walk(self, layer: Layer, draft: Draft) -> None:
        """Write header after header, up to one of the ends, at which `layer` then stands."""
        while True:
            protocol = layer.protocol
            if protocol == TCP:
                self._segment(layer, draft)
                return
            if protocol in (ICMP, ICMPV6):
                self._icmp(layer, draft)
                return
            if protocol >= END_OTHER:
                if not self._is_wireless(layer, draft):
                    return
                continue
            start, end, wire_end = layer.start, layer.end, layer.wire_end
            link_type = layer.link_type
            enter_header(layer, self._tunnel_outer)
            if layer.protocol == END_OTHER:
                return
            if layer.protocol == END_UNDECODED and layer.start == start:
                if layer.reason != LINK_TYPE_UNKNOWN:
                    return
                continue
            if protocol == LINK:
                link_headers.link_header(draft, link_type, start, layer.start)
            elif protocol == UDP:
                self._udp(layer, draft, start, end, wire_end)
            elif protocol == _GRE:
                carriers.gre_header(draft, start, layer.start)
                if draft.octets[start] & 0x80:
                    draft.renew(Sum(start + 4, start, end, end == wire_end))
            else:
                _write_header(draft, protocol, start, layer.start)

    def _segment(self, layer: Layer, draft: Draft) -> None:
        source, destination = _ends(layer)
        tcp_header.tcp_segment(draft, layer.start, layer.end, layer.wire_end, source, destination)

    def _udp(self, layer: Layer, draft: Draft, start: int, end: int, wire_end: int) -> None:
        """Write a UDP header and that of the tunnel behind it; `end`, `wire_end`: of the packet."""
        header_end = start + carriers.UDP_HEADER_LEN
        draft.keep(start, header_end)
        carriers.udp_tunnel_header(draft, layer.tunnel_head >> 40, header_end, layer.start)
        udp_len = int.from_bytes(draft.octets[start + 4 : start + 6], "big")
        if udp_len >= carriers.UDP_HEADER_LEN:
            wire_end = min(wire_end, start + udp_len)
            end = min(end, wire_end)
        source, destination = _ends(layer)
        pseudo = draft.pseudo(source, destination, _PROTOCOL_UDP, wire_end - start)
        draft.renew(Sum(start + 6, start, end, end == wire_end, pseudo))

    def _icmp(self, layer: Layer, draft: Draft) -> None:
        """Write an ICMP error and the packet that it quotes; other messages become zeros."""
        start, end = layer.start, layer.end
        octets = draft.octets
        version = 4 if layer.protocol == ICMP else 6
        if end - start < _ICMP_HEADER_LEN or not is_icmp_error(version, octets[start]):
            return
        draft.keep(start, start + _ICMP_HEADER_LEN)
        if version == 4 and octets[start] == _REDIRECT:
            draft.internet_addresses(start + 4, 1, 4)
        quote_end = end
        errors, length_at, word = _QUOTE_LENGTHS[version]
        if octets[start] in errors and octets[start + length_at]:
            # What follows the quotation goes, and so does the length that says that there is more.
            draft.out[start + length_at] = 0
            quote_len = octets[start + length_at] * word
            quote_end = min(end, start + _ICMP_HEADER_LEN + quote_len)
        pseudo = None
        if version == 6:
            pseudo = draft.pseudo(*_ends(layer), _PROTOCOL_ICMPV6, layer.wire_end - start)
        draft.renew(Sum(start + 2, start, end, end == layer.wire_end, pseudo))
        self._quote(layer, draft, start + _ICMP_HEADER_LEN, quote_end)

    def _quote(self, layer: Layer, draft: Draft, start: int, end: int) -> None:
        quote = Layer()
        quote.begin(draft.octets, start, end, layer.wire_end)
        if layer.protocol == ICMP:
            internet_layer.enter_ipv4(quote)
        else:
            internet_layer.enter_ipv6(quote)
        if quote.protocol == END_UNDECODED:
            return
        internet_headers.internet_header(draft, start, quote.start)
        if quote.protocol == END_FRAGMENT and quote.fragment_at == 0:
            quote.protocol = quote.fragment_protocol
        if quote.protocol == TCP:
            self._segment(quote, draft)

    def _is_wireless(self, layer: Layer, draft: Draft) -> bool:
        """Step over an 802.11 header, which the decoder leaves to dpkt; False if there is none."""
        if layer.protocol != END_UNDECODED or layer.reason != LINK_TYPE_UNKNOWN:
            return False
        from tcpflow_analyzer.decode import slow_path  # noqa: PLC0415  imports dpkt

        start, link_type = layer.start, layer.link_type
        octets = layer.buffer[start : layer.end]
        content, protocol, _ = slow_path.read_frame(octets, link_type)
        if not content:
            return False
        header_len = octets.rfind(content)
        link_headers.wireless_header(draft, link_type, start, start + header_len)
        cut = layer.wire_end - layer.end
        layer.start = start + header_len
        layer.end = layer.start + len(content)
        layer.wire_end = layer.end + cut
        layer.protocol = protocol
        return True


def _write_header(draft: Draft, protocol: int, start: int, end: int) -> None:
    """Write a header of a protocol, as in `Layer.protocol`, that lies between `start` and `end`."""
    if protocol in (ETHERTYPE_IPV4, ETHERTYPE_IPV6, IP):
        internet_headers.internet_header(draft, start, end)
    elif protocol == ETHERTYPE_ETHERNET:
        link_headers.ethernet_header(draft, start, end)
    elif protocol == AUTHENTICATION:
        internet_headers.authentication_header(draft, start)
    elif protocol == link_layer.ETHERTYPE_MACSEC:
        link_headers.macsec_header(draft, start, end)
    elif protocol == link_layer.ETHERTYPE_NSH:
        link_headers.service_header(draft, start, end)
    else:
        draft.keep(start, end)  # tags, labels, LLC, PPP: numbers only


def _layer_of(frame: Frame) -> Layer:
    return layer_of(frame.octets, frame.wire_len, frame.interface.link_type)


def _ends(layer: Layer) -> tuple[bytes, bytes]:
    """Source and destination of the last IP header, as they were."""
    length = layer.address_len
    return (
        layer.buffer[layer.source_at : layer.source_at + length],
        layer.buffer[layer.destination_at : layer.destination_at + length],
    )
