"""Link types that are rare enough to be left to dpkt: IEEE 802.11 and what captures put before it.

Plain Python, and the only decoder module that imports a third-party package: the pipeline hands
`read_frame` to the `Decoder`, which asks it for frames of link types that it does not know.

Data frames without encryption are read; of several packets in one frame (A-MSDU) the first one.
"""

from typing import Final

import dpkt.dpkt
import dpkt.ieee80211

from tcpflow_analyzer.decode.layer import LLC
from tcpflow_analyzer.decode.reasons import (
    ENCRYPTED,
    LINK_FRAGMENT,
    LINK_HEADER_MALFORMED,
    LINK_HEADER_TRUNCATED,
    LINK_TYPE_UNKNOWN,
)

# Link types, https://www.tcpdump.org/linktypes.html.
LINK_IEEE_802_11: Final = 105
LINK_PRISM: Final = 119
LINK_RADIOTAP: Final = 127
LINK_AVS: Final = 163

PRISM_HEADER_LEN: Final = 144
AVS_MAGIC: Final = b"\x80\x21\x10"

# IEEE 802.11 clause 9.2.4.1, octets of the frame control field.
KIND_MASK: Final = 0x0C
KIND_DATA: Final = 0x08
NO_DATA: Final = 0x40  # subtypes "null", which carry nothing
HAS_QUALITY_CONTROL: Final = 0x80
MORE_FRAGMENTS: Final = 0x04
PROTECTED: Final = 0x40
ORDER: Final = 0x80

FRAME_CONTROL_LEN: Final = 2
HIGH_THROUGHPUT_CONTROL_LEN: Final = 4
AGGREGATE: Final = 0x80  # A-MSDU present, in the first octet of the QoS control field
SUBFRAME_HEADER_LEN: Final = 14

Answer = tuple[bytes, int, str]


def read_frame(octets: bytes, link_type: int) -> Answer:
    """Find what an unusual frame carries.

    Args:
        octets: the captured octets of the frame.
        link_type: number of its link type.

    Returns:
        The octets within and what they are (as `Layer.protocol`, `LLC`); or b"", 0 and a reason of
        `reasons.REASONS`; or b"", 0 and "" for a frame that is readable and carries no packet.
    """
    if link_type == LINK_IEEE_802_11:
        return _read_wireless(octets)
    before = header_len(octets, link_type)
    if before == 0:
        return b"", 0, LINK_TYPE_UNKNOWN
    if before < 0 or before > len(octets):
        return b"", 0, LINK_HEADER_TRUNCATED
    return _read_wireless(octets[before:])


def header_len(octets: bytes, link_type: int) -> int:
    """Octets before the 802.11 header; 0 for a link type not known, -1 where they are cut."""
    if link_type not in (LINK_PRISM, LINK_RADIOTAP, LINK_AVS):
        return 0
    if len(octets) < 8:
        return -1
    if link_type == LINK_RADIOTAP:
        # https://www.radiotap.org: version, padding, length with the least octet first.
        return max(8, int.from_bytes(octets[2:4], "little"))
    # Files of the link type Prism may hold AVS headers as well.
    if octets[1:4] == AVS_MAGIC or octets[0:3] == AVS_MAGIC or link_type == LINK_AVS:
        return max(8, int.from_bytes(octets[4:8], "big"))
    return PRISM_HEADER_LEN


def _read_wireless(octets: bytes) -> Answer:
    """Find the LLC header in an 802.11 frame."""
    if len(octets) < FRAME_CONTROL_LEN:
        return b"", 0, LINK_HEADER_TRUNCATED
    kind, flags = octets[0], octets[1]
    if kind & KIND_MASK != KIND_DATA or kind & NO_DATA:
        return b"", 0, ""
    if flags & PROTECTED:
        return b"", 0, ENCRYPTED
    try:
        frame = dpkt.ieee80211.IEEE80211(octets)
        fragment_number = frame.data_frame.fragment_number
        content = bytes(frame.data)
    except dpkt.dpkt.NeedData:
        return b"", 0, LINK_HEADER_TRUNCATED
    except (dpkt.dpkt.Error, AttributeError):
        # A subtype of the point coordination function, which dpkt does not read.
        return b"", 0, LINK_HEADER_MALFORMED
    if flags & MORE_FRAGMENTS or fragment_number:
        return b"", 0, LINK_FRAGMENT
    if kind & HAS_QUALITY_CONTROL:
        # dpkt has stepped over the QoS control field, but neither of what it announces.
        if flags & ORDER:
            content = content[HIGH_THROUGHPUT_CONTROL_LEN:]
        if frame.qos_data.control >> 8 & AGGREGATE:
            content = content[SUBFRAME_HEADER_LEN:]
    return (content, LLC, "") if content else (b"", 0, LINK_HEADER_TRUNCATED)
