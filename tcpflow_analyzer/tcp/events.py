"""Events that move the state machine, as seen from outside.

Compiled: yes

User calls are not on the wire: an active OPEN is seen as a SYN sent, CLOSE as a FIN sent, ABORT as
a RST sent; a passive OPEN is inferred when a SYN is answered. `SND_` events are facts about the
endpoint that sent the segment, `RCV_` events are proven or believed receipts, `TIMER_` events are
assumed from the capture's clock and an operating system profile.
"""

from typing import Final

SND_SYN: Final = 0
SND_SYN_ACK: Final = 1
SND_ACK: Final = 2  # a segment with ACK and without SYN, FIN, RST and payload
SND_DATA: Final = 3
SND_FIN: Final = 4
SND_RST: Final = 5
RCV_SYN: Final = 6
RCV_SYN_ACK: Final = 7  # acknowledges our SYN
RCV_ACK_OF_SYN: Final = 8
RCV_FIN: Final = 9  # in order: RCV.NXT has reached and passes it
RCV_ACK_OF_FIN: Final = 10
RCV_RST: Final = 11  # acceptable by RFC 5961
RCV_ICMP_ERROR: Final = 12  # a hard error that quotes our SYN
TIMER_GIVE_UP: Final = 13  # retransmissions exhausted, or the request's lifetime over
TIMER_TIME_WAIT: Final = 14  # 2 MSL are over
PICK_UP: Final = 15  # not an event of TCP: the capture began after the connection did
REPLACED: Final = 16  # the peer's acceptance of a new SYN shows that nothing is left of it

EVENT_COUNT: Final = 17

# As the JSON output spells them (docs: stable once released).
EVENT_NAMES: Final = (
    "sent SYN",
    "sent SYN ACK",
    "sent ACK",
    "sent data",
    "sent FIN",
    "sent RST",
    "received SYN",
    "received SYN ACK",
    "received ACK of SYN",
    "received FIN",
    "received ACK of FIN",
    "received RST",
    "received ICMP error",
    "timer give-up",
    "timer TIME-WAIT",
    "picked up in mid-stream",
    "replaced by a new incarnation",
)
