"""UDP and GRE headers with those of the tunnel behind them.

Identifiers of tunnels (VNI, key, session, tunnel endpoint id) stay, as VLAN ids do: they tell
connections apart. Addresses, identities, signatures and options of unknown content do not. The
formats are those of decode/tunnels.py, which has found where the headers end.
"""

from collections.abc import Callable
from typing import Final

from tcpflow_analyzer.anonymise.draft import Draft
from tcpflow_analyzer.decode import tunnels

UDP_HEADER_LEN: Final = 8
_TUNNEL_HEADER_LEN: Final = 8  # VXLAN, Geneve, GTP-U, AYIYA
_GTP_EXTENSIONS: Final = 4  # bit of the first octet
_GTP_FLAGS: Final = 7
_GTP_0_LEN: Final = 20


def gre_header(draft: Draft, start: int, end: int) -> None:
    """Write a GRE header, and ERSPAN's or WCCP's behind it; routes of RFC 1701 become zeros."""
    octets = draft.octets
    bits = int.from_bytes(octets[start : start + 2], "big")
    if bits & 7 != 0 or bits & tunnels.GRE_ROUTING == 0:
        draft.keep(start, end)
        return
    at = start + 8
    at += 4 if bits & tunnels.GRE_KEY else 0
    at += 4 if bits & tunnels.GRE_SEQUENCE else 0
    draft.keep(start, at)
    while at + 4 <= end:
        draft.keep(at, at + 4)
        length = octets[at + 3]
        at += 4 + length
        if length == 0:
            break
    draft.keep(at, end)


def udp_tunnel_header(draft: Draft, kind: int, start: int, end: int) -> None:
    """Write what stands behind a UDP header.

    Args:
        draft: of the frame.
        kind: KIND_* of the tunnel.
        start, end: of the tunnel's header.
    """
    write = _WRITERS.get(kind)
    if write is not None:
        write(draft, start, end)
    else:
        gre_header(draft, start, end)  # RFC 8086


def _keep(draft: Draft, start: int, end: int) -> None:
    draft.keep(start, end)


def _geneve(draft: Draft, start: int, end: int) -> None:
    """The header, and of options class, type and length."""
    draft.keep(start, start + _TUNNEL_HEADER_LEN)
    at = start + _TUNNEL_HEADER_LEN
    while at + 4 <= end:
        draft.keep(at, at + 4)
        at += 4 + ((draft.octets[at + 3] & 0x1F) << 2)


def _gtp(draft: Draft, start: int, end: int) -> None:
    """GTP-U, of extension headers length and successor; GTP version 0 without the subscriber."""
    octets = draft.octets
    if octets[start] >> 4 == 1:
        draft.keep(start, start + _GTP_0_LEN - 8)
        return
    at = start + _TUNNEL_HEADER_LEN
    if octets[start] & _GTP_FLAGS:
        at += 4
    draft.keep(start, at)
    if octets[start] & _GTP_EXTENSIONS:
        while at < end:
            following = at + (octets[at] << 2)
            draft.keep(at, at + 1)
            draft.keep(following - 1, following)
            at = following


def _teredo(draft: Draft, start: int, end: int) -> None:
    """Authentication without its content; the origin's address, which is stored inverted."""
    octets = draft.octets
    at = start
    if end - at >= 13 and octets[at : at + 2] == b"\x00\x01":
        draft.keep(at, at + 4)
        at += 13 + octets[at + 2] + octets[at + 3]
    if end - at >= 8:
        draft.keep(at, at + 4)
        origin = _inverted(octets[at + 4 : at + 8])
        draft.out[at + 4 : at + 8] = _inverted(draft.substitutes.addresses.internet(origin))


def _inverted(octets: bytes) -> bytes:
    return bytes(octet ^ 0xFF for octet in octets)


def _ayiya(draft: Draft, start: int, _end: int) -> None:
    """The header, without identity and signature."""
    draft.keep(start, start + _TUNNEL_HEADER_LEN)


_WRITERS: Final[dict[int, Callable[[Draft, int, int], None]]] = {
    tunnels.KIND_VXLAN: _keep,
    tunnels.KIND_VXLAN_GPE: _keep,
    tunnels.KIND_L2TP: _keep,
    tunnels.KIND_MPLS: _keep,
    tunnels.KIND_GENEVE: _geneve,
    tunnels.KIND_GTP: _gtp,
    tunnels.KIND_TEREDO: _teredo,
    tunnels.KIND_AYIYA: _ayiya,
}
