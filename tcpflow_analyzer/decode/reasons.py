"""Why a frame that should be readable is not: the closed list of reasons.

Compiled: yes

The keys of `capture.undecoded` in the machine-readable output are these and no others.
"""

from typing import Final

LINK_TYPE_UNKNOWN: Final = "link-type-unknown"
LINK_HEADER_TRUNCATED: Final = "link-header-truncated"
LINK_HEADER_MALFORMED: Final = "link-header-malformed"
LINK_FRAGMENT: Final = "link-fragment"
IP_HEADER_TRUNCATED: Final = "ip-header-truncated"
IP_HEADER_MALFORMED: Final = "ip-header-malformed"
TCP_HEADER_TRUNCATED: Final = "tcp-header-truncated"
TCP_HEADER_MALFORMED: Final = "tcp-header-malformed"
HEADER_COMPRESSED: Final = "header-compressed"
ENCRYPTED: Final = "encrypted"
NESTING_TOO_DEEP: Final = "nesting-too-deep"
FILTERED: Final = "filtered"

REASONS: Final = {
    LINK_TYPE_UNKNOWN: "the capture's link type is not one that this program reads",
    LINK_HEADER_TRUNCATED: "the snapshot length cut the link layer's header",
    LINK_HEADER_MALFORMED: "the link layer's header breaks its format",
    LINK_FRAGMENT: "the link layer splits packets over frames, which are not put together",
    IP_HEADER_TRUNCATED: "the snapshot length cut the IP header",
    IP_HEADER_MALFORMED: "the IP header breaks its format",
    TCP_HEADER_TRUNCATED: "the snapshot length cut the TCP header",
    TCP_HEADER_MALFORMED: "the TCP header is longer than its segment or shorter than 20 octets",
    HEADER_COMPRESSED: "the link compresses TCP/IP headers (RFC 1144, RFC 2507)",
    ENCRYPTED: "the packet is encrypted",
    NESTING_TOO_DEEP: "more IP headers inside each other than are followed",
    FILTERED: "the filter that was asked for leaves it out; it was not looked at",
}
