"""What Zeek's conn.log would say of a connection: conn_state and history.

Source: Zeek scripts/base/protocols/conn/main.zeek, conn_state(); the states of the two ends and the
letters are kept by observer/zeek_history.py.

Compiled: yes
"""

import re
from typing import Final

from tcpflow_analyzer.observer.zeek_history import (
    CLOSED,
    ESTABLISHED,
    INACTIVE,
    PARTIAL,
    RESET,
    ROLES_SWAPPED,
    SYN_ACK_SENT,
    SYN_SENT,
    history_text,
    zeek_state,
)
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.endpoint import UNKNOWN, Endpoint

__all__ = ["conn_state", "history_text"]

# A SYN and a RST of the originator, with nothing of it in between but retransmissions.
_SYN_THEN_RESET: Final = re.compile(r"\^?S[^HAFGIQ]*R.*")


def conn_state(connection: Connection) -> str:
    """Zeek's conn_state: S0, S1, SF, REJ, S2, S3, RSTO, RSTR, RSTOS0, RSTRH, SH, SHR or OTH."""
    originator, responder = connection.originator, connection.responder
    if connection.history_seen & ROLES_SWAPPED:
        originator, responder = responder, originator
    originator_state, responder_state = zeek_state(originator), zeek_state(responder)
    is_originator_silent = originator_state == INACTIVE or originator_state == PARTIAL
    is_responder_silent = responder_state == INACTIVE or responder_state == PARTIAL
    if responder_state == RESET:
        if originator_state in (SYN_SENT, SYN_ACK_SENT):
            return "REJ"
        if (
            originator_state == RESET
            and zeek_octets(originator) == 0
            and zeek_octets(responder) == 0
        ):
            return "REJ"
        return "RSTRH" if is_originator_silent else "RSTR"
    if originator_state == RESET:
        if not is_responder_silent:
            return "RSTO"
        return "RSTOS0" if _SYN_THEN_RESET.fullmatch(history_text(connection)) else "OTH"
    if originator_state == CLOSED:
        if responder_state == CLOSED:
            return "SF"
        return "SH" if is_responder_silent else "S2"
    if responder_state == CLOSED:
        return "SHR" if is_originator_silent else "S3"
    if originator_state == SYN_SENT and responder_state == INACTIVE:
        return "S0"
    if originator_state == ESTABLISHED and responder_state == ESTABLISHED:
        return "S1"
    return "OTH"


def zeek_octets(endpoint: Endpoint) -> int:
    """Octets an end sent by its sequence numbers, as Zeek counts them; SYN and FIN left out."""
    end = max(endpoint.snd_nxt, endpoint.snd_una) - 1
    if endpoint.fin_offset != UNKNOWN:
        end -= 1
    return max(end, 0)
