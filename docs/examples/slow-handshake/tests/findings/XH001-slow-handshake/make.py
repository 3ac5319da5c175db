"""The SYN is answered after 300 ms; in quiet.pcap after 150 ms."""

from tcpflow_analyzer.testing import Case
from tcpflow_analyzer.testing.ladder import Ladder, capture

LADDER = """
    SYN-SENT    --> <CTL=SYN>      --> CLOSED
    +{gap} s
    ESTABLISHED <-- <CTL=SYN,ACK>  <-- SYN-RECEIVED
    ESTABLISHED --> <CTL=ACK>      --> ESTABLISHED
"""

CASE = Case(
    purpose="The SYN is answered after 300 ms; in quiet.pcap after 150 ms",
    fires=capture(Ladder(LADDER.format(gap=0.3))),
    quiet=capture(Ladder(LADDER.format(gap=0.15))),
    expects=("XH001", "LC001"),
    expects_not=("HS002",),
)

if __name__ == "__main__":
    CASE.write(__file__)
