"""Counts know the octets of what they count."""

from tcpflow_analyzer.table.counts import HostCensus, ListenerCensus, ServiceCensus

CLIENT = 0xC000_0201  # 192.0.2.1
SERVER_443 = 0xC633_6401 << 16 | 443  # 198.51.100.1:443


def test_octets_of_numbers_are_those_of_the_sockets() -> None:
    service = ServiceCensus(CLIENT, SERVER_443, None, 4, 0, 40000)
    assert service.key == bytes((192, 0, 2, 1, 198, 51, 100, 1, 1, 187))
    assert ListenerCensus(SERVER_443, None, 4).key == bytes((198, 51, 100, 1, 1, 187))
    assert HostCensus(CLIENT, None, 4, 0).key == bytes((192, 0, 2, 1))
