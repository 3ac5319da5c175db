"""Ladders that bring two sockets to where a test begins; A's next number is 1001, B's is 5001."""

from typing import Final

OPEN: Final = """
    A                                               B
    SYN-SENT    --> <CTL=SYN>                   --> LISTEN
    ESTABLISHED <-- <CTL=SYN,ACK>               <-- SYN-RECEIVED
    ESTABLISHED --> <CTL=ACK>                   --> ESTABLISHED
"""
# A has closed, B knows: FIN-WAIT-2 and CLOSE-WAIT. A's next number is 1002.
HALF_CLOSED: Final = (
    OPEN
    + """
    FIN-WAIT-1  --> <CTL=FIN,ACK>               --> CLOSE-WAIT
    FIN-WAIT-2  <-- <CTL=ACK>                   <-- CLOSE-WAIT
"""
)
# A has closed, the FIN was lost behind the tap: the observer believes in its arrival all the same.
FIN_LOST: Final = (
    OPEN
    + """
    FIN-WAIT-1  --> <SEQ=1001><ACK=5001><CTL=FIN,ACK>  x
"""
)
# Both have closed, A first: LAST-ACK has been acknowledged. A's next number is 1002, B's 5002.
CLOSED_BY_A: Final = (
    HALF_CLOSED
    + """
    TIME-WAIT   <-- <CTL=FIN,ACK>               <-- LAST-ACK
    TIME-WAIT   --> <CTL=ACK>                   --> CLOSED
"""
)
# The FINs crossed: B's does not acknowledge A's.
CROSSED: Final = (
    OPEN
    + """
    FIN-WAIT-1  --> <SEQ=1001><ACK=5001><CTL=FIN,ACK>  ...
                <-- <SEQ=5001><ACK=1001><CTL=FIN,ACK>  <--
                ... <SEQ=1001><ACK=5001><CTL=FIN,ACK>  --> CLOSING
    CLOSING                                                CLOSING
"""
)
