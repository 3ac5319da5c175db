"""Names of what a frame without TCP holds, for a capture in which there is nothing else.

The numbers are those of layer.py: EtherTypes, IP protocols, UDP ports and a few of its own.
"""

from typing import Final

from tcpflow_analyzer.decode.layer import (
    IP_PROTOCOL,
    LLC,
    OTHER_LINK,
    OTHER_LLC,
    OTHER_PPP,
    OTHER_QUIC_PORT,
    OTHER_UDP_PORT,
)

# IEEE registration authority, and the RFC or vendor's document of each.
ETHERTYPE_NAMES: Final = {
    0x0806: "ARP",
    0x0842: "Wake-on-LAN",
    0x6003: "DECnet",
    0x8035: "RARP",
    0x809B: "AppleTalk",
    0x80F3: "AppleTalk ARP",
    0x8137: "IPX",
    0x8808: "Ethernet flow control",
    0x8809: "LACP",
    0x8847: "MPLS",
    0x8848: "MPLS",
    0x8863: "PPPoE discovery",
    0x8864: "PPPoE",
    0x888E: "802.1X",
    0x8892: "PROFINET",
    0x889A: "HyperSCSI",
    0x88A2: "ATA over Ethernet",
    0x88B8: "GOOSE",
    0x88CC: "LLDP",
    0x88E5: "MACsec",
    0x88F7: "PTP",
    0x8902: "802.1ag CFM",
    0x8906: "FCoE",
    0x8914: "FCoE initialization",
    0x8915: "RoCE",
    0x892F: "HSR",
    0x9000: "Ethernet loopback",
    0x99FE: "TIPC",
}

# IANA "Assigned Internet Protocol Numbers".
PROTOCOL_NAMES: Final = {
    1: "ICMP",
    2: "IGMP",
    4: "IPv4 tunnel",
    8: "EGP",
    17: "UDP",
    33: "DCCP",
    41: "IPv6 tunnel",
    46: "RSVP",
    47: "GRE",
    58: "ICMPv6",
    59: "IPv6 without payload",
    88: "EIGRP",
    89: "OSPF",
    97: "EtherIP",
    103: "PIM",
    112: "VRRP",
    115: "L2TP",
    132: "SCTP",
    135: "Mobile IPv6",
    136: "UDP-Lite",
}

# IANA "Service Name and Transport Protocol Port Number Registry".
PORT_NAMES: Final = {
    53: "DNS",
    67: "DHCP",
    68: "DHCP",
    69: "TFTP",
    88: "Kerberos",
    123: "NTP",
    137: "NetBIOS",
    138: "NetBIOS",
    161: "SNMP",
    162: "SNMP",
    500: "IKE",
    514: "syslog",
    520: "RIP",
    546: "DHCPv6",
    547: "DHCPv6",
    1194: "OpenVPN",
    1701: "L2TP",
    1812: "RADIUS",
    1813: "RADIUS",
    1900: "SSDP",
    2152: "GTP",
    3478: "STUN",
    4500: "IPsec",
    4789: "VXLAN",
    5060: "SIP",
    5353: "mDNS",
    5355: "LLMNR",
    6081: "Geneve",
    6343: "sFlow",
    51820: "WireGuard",
}

LLC_NAMES: Final = {
    0x42: "spanning tree",
    0xAA: "SNAP",
    0xE0: "IPX",
    0xF0: "NetBEUI",
    0xFE: "OSI",
}


def name_of_kind(kind: int) -> str:
    """Name a kind of frame as counted by the decoder; -1 stands for kinds beyond its limit."""
    if kind < 0:
        return "other"
    number = kind & 0xFFFF
    if kind < IP_PROTOCOL:
        return ETHERTYPE_NAMES.get(number, f"EtherType 0x{number:04x}")
    if kind < LLC:
        return PROTOCOL_NAMES.get(number, f"IP protocol {number}")
    if kind < OTHER_QUIC_PORT:
        return _name_of_port(kind - OTHER_UDP_PORT)
    if kind < OTHER_PPP:
        return f"UDP on port {number} that looks like QUIC"
    if kind < OTHER_LLC:
        return f"PPP protocol 0x{number:04x}"
    if kind < OTHER_LINK:
        return LLC_NAMES.get(number, f"LLC 0x{number:02x}")
    return f"link type {kind - OTHER_LINK}"


def _name_of_port(port: int) -> str:
    """Name a UDP port; one without a name that is registered may as well be ephemeral."""
    name = PORT_NAMES.get(port)
    if name is not None:
        return f"{name} (UDP port {port})"
    return f"UDP port {port}"
