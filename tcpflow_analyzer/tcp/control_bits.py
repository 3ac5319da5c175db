"""Control bits of the TCP header, RFC 9293 section 3.1 (ECE and CWR: RFC 3168).

Compiled: yes
"""

from typing import Final

FIN: Final = 0x01
SYN: Final = 0x02
RST: Final = 0x04
PSH: Final = 0x08
ACK: Final = 0x10
URG: Final = 0x20
ECE: Final = 0x40
CWR: Final = 0x80
AE: Final = 0x100  # accurate ECN, RFC 9768; formerly the nonce sum

# The four that move the state machine.
SYN_FIN_RST: Final = SYN | FIN | RST
SYN_FIN_RST_ACK: Final = SYN | FIN | RST | ACK

CONTROL_BIT_NAMES: Final = (
    (SYN, "SYN"),
    (FIN, "FIN"),
    (RST, "RST"),
    (PSH, "PSH"),
    (ACK, "ACK"),
    (URG, "URG"),
    (ECE, "ECE"),
    (CWR, "CWR"),
    (AE, "AE"),
)


def control_bit_names(control_bits: int) -> str:
    """Names of the bits that are set, as in "SYN ACK"; "none" where no bit is set."""
    return " ".join(name for bit, name in CONTROL_BIT_NAMES if control_bits & bit) or "none"
