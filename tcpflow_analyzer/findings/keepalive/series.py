"""What ends a series of keep-alive probes. Registers nothing.

Compiled: yes
"""

from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.endpoint import Endpoint
from tcpflow_analyzer.table.observation import FORM_LIVE, Reset
from tcpflow_analyzer.table.stream_observation import KEEPALIVE_UNANSWERED


def ended_by_reset(connection: Connection, prober: Endpoint) -> int:
    """Frame of the RST by which a prober gives its peer up, 0 for none."""
    for reset in connection.resets or ():
        if reset.of_originator == prober.is_originator and gives_up_probing(connection, reset):
            return reset.frame
    return 0


def gives_up_probing(connection: Connection, reset: Reset) -> bool:
    """Whether a RST ends a series of unanswered keep-alive probes (KA002).

    It is the form of a live socket, and its peer has not spoken since the last probe.
    """
    if connection.stream_observed & KEEPALIVE_UNANSWERED == 0 or reset.form != FORM_LIVE:
        return False
    tally = connection.tally(KEEPALIVE_UNANSWERED, reset.of_originator)
    if tally is None or tally.last.frame >= reset.frame:
        return False
    # Whatever the peer sent last has to be older than the first probe of the series.
    peer = connection.endpoint(not reset.of_originator)
    return peer.last_frame < tally.last.third or peer.last_frame > reset.frame
