"""How long a handshake segment goes unanswered before that means anything. Registers nothing.

Compiled: yes
"""

from typing import Final

from tcpflow_analyzer.findings.finding import CaptureView
from tcpflow_analyzer.settings import NANOSECONDS
from tcpflow_analyzer.table.connection import Connection, Request
from tcpflow_analyzer.table.observation import Tally

SHORTEST_WAIT_NS: Final = 10 * NANOSECONDS  # and at least twice the last gap between repetitions
RETRY_WINDOW_NS: Final = 10 * NANOSECONDS  # a later attempt that succeeds within it makes amends


def wait_ns(repeats: Tally | None) -> int:
    """Waiting time after the last copy of a segment, in nanoseconds.

    Args:
        repeats: observations whose first number is the gap to the copy before; None where the
            segment was sent once.
    """
    last_gap_ns = 0 if repeats is None else repeats.last.first
    return max(2 * last_gap_ns, SHORTEST_WAIT_NS)


def waited_for_answer(capture: CaptureView, last_sent_ns: int, repeats: Tally | None) -> bool:
    """Whether the capture went on long enough after the last copy to call it unanswered."""
    return capture.waited(last_sent_ns, wait_ns(repeats))


def copies(repeats: Tally | None) -> int:
    """How many times the segment was sent again."""
    return 0 if repeats is None else repeats.count


# Of the findings that explain many failed attempts at once.
EXPLAINING: Final = ("FL001", "FL004", "FL007")


def explained(connection: Connection, capture: CaptureView) -> bool:
    """Whether a failed attempt belongs to a flood, a scan or a row of retries: FL001, FL004, FL007.

    What is not known yet when the connection is over does not count, nor what nobody asks for.
    """
    openings = capture.openings
    if not capture.tells_floods:
        return False
    return openings is not None and openings.explains(
        connection, connection.address_len, connection.first_time_ns
    )


def explained_request(request: Request, capture: CaptureView) -> bool:
    """The same of a SYN that was sent once, between IPv4 addresses."""
    openings = capture.openings
    if not capture.tells_floods:
        return False
    return openings is not None and openings.explains(request, 4, request.time_ns)
