"""The kernel's list of addresses, real and made."""

import socket
import struct

from support.network import Network
from tcpflow_analyzer.sources.live.addresses import local_addresses, read_answer


def test_addresses_are_those_of_the_network_namespace(hosts: Network) -> None:
    hosts.a.run("ip", "address", "add", "192.0.2.77/24", "dev", "eth0")
    hosts.a.run("ip", "address", "add", "2001:db8::77/64", "dev", "lo")
    with hosts.a.inside():
        found = local_addresses()
    v4 = {socket.inet_ntop(socket.AF_INET, each) for each in found if len(each) == 4}
    v6 = {socket.inet_ntop(socket.AF_INET6, each) for each in found if len(each) == 16}
    assert v4 == {"127.0.0.1", "192.0.2.1", "192.0.2.77"}
    assert v6 == {"::1", "2001:db8::77"}


def test_own_end_of_a_link_between_two_is_the_local_one() -> None:
    attributes = b"".join(
        struct.pack("=HH4s", 8, kind, bytes(octets))
        for kind, octets in ((1, (192, 0, 2, 9)), (2, (192, 0, 2, 1)))
    )
    message = struct.pack("=BBBBI", socket.AF_INET, 32, 0, 0, 3) + attributes
    datagram = struct.pack("=IHHII", 16 + len(message), 20, 2, 1, 7) + message
    assert read_answer(datagram) == (False, {bytes((192, 0, 2, 1))})


def test_answer_ends_with_done_error_or_what_cannot_be() -> None:
    for kind in (2, 3):
        assert read_answer(struct.pack("=IHHII", 16, kind, 0, 1, 7)) == (True, set())
    assert read_answer(bytes(16)) == (True, set())
    assert read_answer(b"") == (False, set())
