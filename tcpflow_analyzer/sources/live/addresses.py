"""The addresses of this machine, asked of the kernel through a netlink socket (rtnetlink(7)).

Numbers are from linux/netlink.h, linux/rtnetlink.h and linux/if_addr.h.
"""

import socket
import struct
import sys
from collections.abc import Iterator
from typing import Final

NETLINK_ROUTE: Final = 0
RTM_NEWADDR: Final = 20
RTM_GETADDR: Final = 22
NLMSG_ERROR: Final = 2
NLMSG_DONE: Final = 3
REQUEST_DUMP: Final = 0x301  # NLM_F_REQUEST | NLM_F_DUMP
IFA_ADDRESS: Final = 1
IFA_LOCAL: Final = 2
HEADER: Final = struct.Struct("=IHHII")  # struct nlmsghdr
ADDRESS: Final = struct.Struct("=BBBBI")  # struct ifaddrmsg
ATTRIBUTE: Final = struct.Struct("=HH")  # struct rtattr
ANSWER_OCTETS: Final = 1 << 16
SECONDS: Final = 1.0


def local_addresses() -> set[bytes]:
    """Give the addresses of this machine, 4 or 16 octets each; none where it does not say (Linux).

    They are those of the network namespace of this process.
    """
    if not sys.platform.startswith("linux"):
        return set()
    try:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_ROUTE) as kernel:
            kernel.settimeout(SECONDS)
            size = HEADER.size + ADDRESS.size
            header = HEADER.pack(size, RTM_GETADDR, REQUEST_DUMP, 1, 0)
            kernel.sendto(header + ADDRESS.pack(socket.AF_UNSPEC, 0, 0, 0, 0), (0, 0))
            found: set[bytes] = set()
            while True:
                is_last, addresses = read_answer(kernel.recv(ANSWER_OCTETS))
                found |= addresses
                if is_last:
                    return found
    except OSError:
        return set()


def read_answer(octets: bytes) -> tuple[bool, set[bytes]]:
    """Read one datagram of the kernel: whether it is the last one, and the addresses in it."""
    found: set[bytes] = set()
    start = 0
    while start + HEADER.size <= len(octets):
        length, kind, _, _, _ = HEADER.unpack_from(octets, start)
        if kind in (NLMSG_DONE, NLMSG_ERROR) or length < HEADER.size:
            return True, found
        if kind == RTM_NEWADDR:
            message = octets[start + HEADER.size : start + length]
            attributes = dict(_attributes(message[ADDRESS.size :]))
            # On a link between two, IFA_ADDRESS is the other one's.
            address = attributes.get(IFA_LOCAL) or attributes.get(IFA_ADDRESS)
            if address:
                found.add(address)
        start += (length + 3) & ~3
    return False, found


def _attributes(octets: bytes) -> Iterator[tuple[int, bytes]]:
    start = 0
    while start + ATTRIBUTE.size <= len(octets):
        length, kind = ATTRIBUTE.unpack_from(octets, start)
        if length < ATTRIBUTE.size:
            return
        yield kind, octets[start + ATTRIBUTE.size : start + length]
        start += (length + 3) & ~3
