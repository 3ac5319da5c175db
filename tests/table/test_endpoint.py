"""What most endpoints never need is made when it is asked for, and then stays."""

from tcpflow_analyzer.table.endpoint import Endpoint
from tcpflow_analyzer.tcp.states import CLOSED


def test_endpoint_begins_closed_without_a_stream() -> None:
    endpoint = Endpoint(True)
    assert (endpoint.proven, endpoint.believed) == (CLOSED, CLOSED)
    assert not endpoint.has_origin
    assert endpoint.rarities is None


def test_rare_is_made_once() -> None:
    endpoint = Endpoint(False)
    assert (endpoint.fin_copies, endpoint.reset_time_ns) == (0, 0)
    endpoint.rare().fin_copies = 2
    endpoint.rare().reset_time_ns = 5
    assert endpoint.rare() is endpoint.rarities
    assert (endpoint.fin_copies, endpoint.reset_time_ns) == (2, 5)
