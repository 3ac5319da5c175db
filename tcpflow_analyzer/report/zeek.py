"""What Zeek's conn.log would say of a connection: conn_state and history.

Source: Zeek scripts/base/protocols/conn/main.zeek (conn_state, history) and, for the states of the
two ends, src/packet_analysis/protocol/tcp/TCPSessionAdapter.cc. Zeek's ends have seven states of
their own, which follow from the letters of the history, so that this module replays the letters.
The mapping was checked against every row of Zeek's own baselines that has both columns.
"""

import functools
from typing import Final

from tcpflow_analyzer.observer.history import history_text

__all__ = ["conn_state", "history_text"]

INACTIVE: Final = 0
SYN_SENT: Final = 1
SYN_ACK_SENT: Final = 2
PARTIAL: Final = 3
ESTABLISHED: Final = 4
CLOSED: Final = 5  # sent a FIN
RESET: Final = 6  # sent a RST


@functools.lru_cache(maxsize=4096)
def conn_state(history: str) -> str:
    """Zeek's conn_state of a connection with this history.

    Args:
        history: Zeek's letters in order, upper case for the originator, "^" for a flip of roles.
    """
    originator, responder = _states(history)
    originator_inactive = originator in (INACTIVE, PARTIAL)
    responder_inactive = responder in (INACTIVE, PARTIAL)
    if responder == RESET:
        no_data = "D" not in history and "d" not in history
        if originator in (SYN_SENT, SYN_ACK_SENT) or (originator == RESET and no_data):
            return "REJ"
        return "RSTRH" if originator_inactive else "RSTR"
    if originator == RESET:
        return "RSTOS0" if responder_inactive else "RSTO"
    if originator == CLOSED:
        if responder == CLOSED:
            return "SF"
        return "SH" if responder_inactive else "S2"
    if responder == CLOSED:
        return "SHR" if originator_inactive else "S3"
    if originator == SYN_SENT and responder == INACTIVE:
        return "S0"
    if originator == ESTABLISHED and responder == ESTABLISHED:
        return "S1"
    return "OTH"


def _states(history: str) -> tuple[int, int]:
    """Replay the letters; Zeek's states of originator and responder after the last."""
    states = [INACTIVE, INACTIVE]
    before_reset = [INACTIVE, INACTIVE]
    for letter in history:
        upper = letter.upper()
        side = int(letter != upper)
        mine, peer = states[side], states[1 - side]
        if upper == "S" and mine == INACTIVE:
            if peer == SYN_SENT:  # simultaneous open
                states = [ESTABLISHED, ESTABLISHED]
            else:
                states[side] = SYN_SENT
        elif upper == "H" and mine in (INACTIVE, SYN_SENT):
            _answer_syn(states, side)
        elif upper == "F" and mine != RESET:
            states[side] = CLOSED
            if peer == RESET and before_reset[1 - side] == CLOSED:
                states[1 - side] = CLOSED  # a FIN, then a RST after it: closed all the same
        elif upper == "R" and not _is_reset_ignored(states, side):
            before_reset[side] = mine
            states[side] = RESET
        elif upper in "AD":
            if mine == INACTIVE:
                states[side] = PARTIAL
            elif mine == SYN_SENT and peer == SYN_ACK_SENT:
                states = [ESTABLISHED, ESTABLISHED]
    return states[0], states[1]


def _answer_syn(states: list[int], side: int) -> None:
    """A SYN-ACK: Zeek takes both ends as established where it saw the SYN."""
    peer = states[1 - side]
    if peer in (SYN_SENT, ESTABLISHED):
        states[0] = states[1] = ESTABLISHED
    elif peer == INACTIVE:
        states[side] = SYN_ACK_SENT
    elif peer == PARTIAL:
        states[side] = ESTABLISHED


def _is_reset_ignored(states: list[int], side: int) -> bool:
    """Whether Zeek leaves the sender's state as it is: both closed, or a lone RST first of all."""
    both_closed = states == [CLOSED, CLOSED]
    return both_closed or (side == 0 and states == [INACTIVE, INACTIVE])
