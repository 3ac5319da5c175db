"""IP headers: their addresses are replaced wherever they stand, and options that may tell more go.

Lengths, time to live, identification and what decides how a packet is read stay. Sources: RFC 791,
RFC 8200, RFC 4302; the structure was checked by decode/internet_layer.py.
"""

from typing import Final

from tcpflow_analyzer.anonymise.draft import Draft, Sum
from tcpflow_analyzer.decode import internet_layer

_IPV4_ADDRESSES: Final = 12
_IPV6_ADDRESSES: Final = 8

_RECORD_ROUTE: Final = 7  # RFC 791 section 3.1
_TIMESTAMP: Final = 68
_ROUTER_ALERT: Final = 148  # RFC 2113
_ROUTES: Final = (_RECORD_ROUTE, internet_layer.IPV4_LOOSE_ROUTE, internet_layer.IPV4_STRICT_ROUTE)

_ROUTER_ALERT_V6: Final = 5  # RFC 2711
_HOME_ADDRESS: Final = 0xC9  # RFC 6275 section 6.3
_KEPT_OPTIONS: Final = (internet_layer.OPTION_JUMBO, _ROUTER_ALERT_V6)


def internet_header(draft: Draft, start: int, end: int) -> None:
    """Write an IPv4 header, or an IPv6 header with its extension headers, up to `end`."""
    if draft.octets[start] >> 4 == 4:
        _ipv4_header(draft, start, end)
    else:
        _ipv6_header(draft, start, end)


def authentication_header(draft: Draft, start: int) -> None:
    """Write an authentication header without what authenticates."""
    draft.keep(start, start + internet_layer.IPV4_HEADER_LEN - 8)


def _ipv4_header(draft: Draft, start: int, end: int) -> None:
    draft.keep(start, start + _IPV4_ADDRESSES)
    draft.internet_addresses(start + _IPV4_ADDRESSES, 2, 4)
    at = start + internet_layer.IPV4_HEADER_LEN
    while at < end:
        kind = draft.octets[at]
        draft.keep(at, min(at + 2, end))
        if kind == internet_layer.IPV4_END_OF_LIST:
            draft.out[at : at + 2] = bytes(min(2, end - at))
            break
        if kind == internet_layer.IPV4_NO_OPERATION:
            at += 1
            continue
        length = draft.octets[at + 1] if at + 1 < end else 0
        if length < 2 or at + length > end:
            break
        _ipv4_option(draft, kind, at, at + length)
        at += length
    draft.renew(Sum(start + 10, start, end, is_whole=True))


def _ipv4_option(draft: Draft, kind: int, start: int, end: int) -> None:
    """Write routes and time stamps with other addresses, "router alert" as it is, else zeros."""
    if kind in _ROUTES:
        draft.keep(start + 2, min(start + 3, end))
        draft.internet_addresses(start + 3, max(end - start - 3, 0) // 4, 4)
    elif kind == _TIMESTAMP and end - start >= 4:
        draft.keep(start + 2, start + 4)
        if draft.octets[start + 3] & 0xF == 0:
            draft.keep(start + 4, end)
            return
        for at in range(start + 4, end - 7, 8):
            draft.internet_addresses(at, 1, 4)
            draft.keep(at + 4, at + 8)
    elif kind == _ROUTER_ALERT:
        draft.keep(start + 2, end)


def _ipv6_header(draft: Draft, start: int, end: int) -> None:
    draft.keep(start, start + _IPV6_ADDRESSES)
    draft.internet_addresses(start + _IPV6_ADDRESSES, 2, 16)
    header = draft.octets[start + 6]
    at = start + internet_layer.IPV6_HEADER_LEN
    while at < end:
        following = draft.octets[at]
        if header == internet_layer.FRAGMENT_HEADER:
            length = 8
            draft.keep(at, at + length)
        else:
            length = (draft.octets[at + 1] + 1) << 3
            draft.keep(at, at + 2)
            if header in (internet_layer.HOP_BY_HOP, internet_layer.DESTINATION_OPTIONS):
                _ipv6_options(draft, at + 2, at + length)
            elif header == internet_layer.ROUTING:
                _routing_header(draft, at, at + length)
        header = following
        at += length


def _ipv6_options(draft: Draft, start: int, end: int) -> None:
    at = start
    while at + 1 < end:
        kind = draft.octets[at]
        if kind == internet_layer.OPTION_PAD_1:
            at += 1
            continue
        length = 2 + draft.octets[at + 1]
        draft.keep(at, at + 2)
        if at + length > end:
            return
        if kind in _KEPT_OPTIONS:
            draft.keep(at, at + length)
        elif kind == _HOME_ADDRESS and length == 18:
            draft.internet_addresses(at + 2, 1, 16)
        at += length


def _routing_header(draft: Draft, start: int, end: int) -> None:
    """Write a routing header with other addresses, without what follows them."""
    draft.keep(start, start + 8)
    kind = draft.octets[start + 2]
    room = (end - start - 8) // 16
    if kind == internet_layer.ROUTING_SOURCE_ROUTE:
        draft.internet_addresses(start + 8, room, 16)
    elif kind == internet_layer.ROUTING_MOBILE:
        draft.internet_addresses(start + 8, min(room, 1), 16)
    elif kind == internet_layer.ROUTING_SEGMENTS:
        draft.internet_addresses(start + 8, min(room, draft.octets[start + 4] + 1), 16)
