"""The eleven connection states of RFC 9293 section 3.3.2, and certainty.

Compiled: yes

Plain integers rather than an enumeration, because the compiled modules compare them for every
segment; `State` is the same list for readers of the public interface.
"""

import enum
from typing import Final

CLOSED: Final = 0
LISTEN: Final = 1
SYN_SENT: Final = 2
SYN_RECEIVED: Final = 3
ESTABLISHED: Final = 4
FIN_WAIT_1: Final = 5
FIN_WAIT_2: Final = 6
CLOSE_WAIT: Final = 7
CLOSING: Final = 8
LAST_ACK: Final = 9
TIME_WAIT: Final = 10

STATE_COUNT: Final = 11

# As RFC 9293 spells them; the index is the state's number.
STATE_NAMES: Final = (
    "CLOSED",
    "LISTEN",
    "SYN-SENT",
    "SYN-RECEIVED",
    "ESTABLISHED",
    "FIN-WAIT-1",
    "FIN-WAIT-2",
    "CLOSE-WAIT",
    "CLOSING",
    "LAST-ACK",
    "TIME-WAIT",
)

# How sure a state, a transition or a finding is (docs/adr: proven and believed). Smaller is surer.
OBSERVED: Final = 0  # only possible so, given what the endpoint itself sent
INFERRED: Final = 1  # follows from a segment whose receipt is not proven, or back from later ones
ASSUMED: Final = 2  # by a clock, an operating system profile, or a pick-up in mid-stream

CERTAINTY_NAMES: Final = ("observed", "inferred", "assumed")


class State(enum.IntEnum):
    """A connection state of one endpoint; `str(State.TIME_WAIT)` is "TIME-WAIT"."""

    CLOSED = 0
    LISTEN = 1
    SYN_SENT = 2
    SYN_RECEIVED = 3
    ESTABLISHED = 4
    FIN_WAIT_1 = 5
    FIN_WAIT_2 = 6
    CLOSE_WAIT = 7
    CLOSING = 8
    LAST_ACK = 9
    TIME_WAIT = 10

    def __str__(self) -> str:
        """The name as RFC 9293 writes it."""
        return STATE_NAMES[self.value]
