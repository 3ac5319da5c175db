"""What the first or second number of some kinds of table/stream_observation.py says.

Compiled: yes
"""

from typing import Final

FIELD_ACK: Final = 1  # an acknowledgement number without ACK
FIELD_URGENT_POINTER: Final = 2  # an urgent pointer without URG
FIELD_URGENT_SYN: Final = 4  # URG on a SYN
FIELD_URGENT_DATA: Final = 8  # URG as it should be

BAD_LENGTH: Final = 1  # wrong for the kind
BAD_OVERRUN: Final = 2  # below 2, or beyond the header
BAD_PADDING: Final = 3  # not zero behind END OF LIST
BAD_FILLERS: Final = 4  # four NO OPERATIONs in a row

VIOLATION_NO_SYN: Final = 1  # on a segment without SYN: mask of OPTION_...
VIOLATION_NO_MSS: Final = 2  # a SYN without the option
VIOLATION_SCALE: Final = 3  # shift above 14
VIOLATION_UNASKED: Final = 4  # in a SYN-ACK, not in the SYN: mask of OPTION_...
VIOLATION_SACK: Final = 5  # SACK blocks that were not agreed on
VIOLATION_SIZE: Final = 6  # octets, MSS of the peer
OPTION_MSS: Final = 1
OPTION_SCALE: Final = 2
OPTION_SACK: Final = 4
OPTION_TIMESTAMPS: Final = 8

HEADER_LENGTH: Final = 1  # length by data offset, octets there are
HEADER_RESERVED: Final = 2  # the three reserved bits
HEADER_PORT: Final = 3  # a port is 0

ECN_REFUSED: Final = 1
ECN_IGNORED: Final = 2
ECN_REFLECTED: Final = 3

RESET_FIRST: Final = 1  # the first segment after the idle time
RESET_ANSWERS: Final = 2  # the answer to that

PROXIED_TIME: Final = 1  # ns of the handshake, ns of the first answer
PROXIED_TTL: Final = 2
PROXIED_CLOCK: Final = 3  # timestamp values, wrapped
