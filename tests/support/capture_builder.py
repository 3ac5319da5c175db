"""Captures by code: what the package exports for authors of findings, under the name here."""

from tcpflow_analyzer.testing.captures import (
    LINKTYPE_ETHERNET,
    LINKTYPE_RAW,
    SECOND_NS,
    START_NS,
    Options,
    Segment,
    checksum,
    clock_packet,
    ethernet,
    icmp_error,
    ip,
    packet,
    pcap,
    tcp,
)
from tcpflow_analyzer.testing.finding_case import Case

__all__ = [
    "Case",
    "LINKTYPE_ETHERNET",
    "LINKTYPE_RAW",
    "Options",
    "SECOND_NS",
    "START_NS",
    "Segment",
    "checksum",
    "clock_packet",
    "ethernet",
    "icmp_error",
    "ip",
    "packet",
    "pcap",
    "tcp",
]
