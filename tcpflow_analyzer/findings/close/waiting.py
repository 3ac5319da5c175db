"""When silence is long enough to say that something did not come. Registers nothing."""

from typing import Final

from tcpflow_analyzer.settings import NANOSECONDS
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.endpoint import Endpoint
from tcpflow_analyzer.table.observation import ACKED_UNSEEN, ONE_SIDED, RST_UNACCEPTABLE

LEAST_NS: Final = 5 * NANOSECONDS
LEAST_TIMEOUT_NS: Final = 200_000_000  # Linux TCP_RTO_MIN; RFC 6298 section 2.4 says 1 s


def patience_ns(endpoint: Endpoint, peer: Endpoint) -> int:
    """How long an answer to `endpoint` may take: three retransmission timeouts, at least 5 s.

    The timeout is estimated as the shortest round trip, tap to both ends, and the least variance
    that stacks allow.
    """
    round_trip_ns = max(endpoint.rtt_ns, 0) + max(peer.rtt_ns, 0)
    return max(3 * (round_trip_ns + LEAST_TIMEOUT_NS), LEAST_NS)


def is_full_view(connection: Connection) -> bool:
    """Whether both directions were captured, with nothing acknowledged that was not seen."""
    return connection.observed & (ONE_SIDED | ACKED_UNSEEN) == 0


def was_reset(connection: Connection) -> bool:
    """Whether a RST ended the connection; then the RST's cause says what went wrong."""
    return any(
        reset.verdict != RST_UNACCEPTABLE and not reset.reverted
        for reset in connection.resets or ()
    )
