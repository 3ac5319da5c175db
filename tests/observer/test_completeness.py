"""Wireshark's tcp.completeness; tests/differential compares whole captures with tshark's."""

import pytest

from support.ladder import Ladder, capture
from support.states import analysis_of_octets, the_connection

SYN, SYN_ACK, ACK, DATA, FIN, RST = 1, 2, 4, 8, 16, 32


@pytest.mark.parametrize(
    ("rungs", "completeness"),
    [
        ("--> <CTL=SYN> -->", SYN),
        ("--> <CTL=SYN><LEN=5> -->", SYN | DATA),
        ("--> <CTL=SYN> -->\n<-- <CTL=SYN,ACK> <--", SYN | SYN_ACK),
        ("--> <CTL=SYN> -->\n<-- <CTL=SYN,ACK><LEN=5> <--", SYN | SYN_ACK),
        ("--> <SEQ=1><ACK=1><CTL=ACK> -->", ACK),
        ("--> <SEQ=1><ACK=1><CTL=ACK><LEN=5> -->", DATA),
        ("--> <SEQ=1><CTL=PSH><LEN=5> -->", 0),
        ("--> <SEQ=1><CTL=FIN> -->", 0),
        ("--> <SEQ=1><ACK=1><CTL=FIN,ACK> -->", ACK | FIN),
        ("--> <SEQ=1><ACK=1><CTL=FIN,ACK><LEN=5> -->", DATA | FIN),
        ("--> <SEQ=1><CTL=RST> -->", RST),
        ("--> <SEQ=1><ACK=1><CTL=RST,ACK> -->", ACK | RST),
        ("--> <CTL=SYN> -->\n<-- <SEQ=0><ACK=1001><CTL=RST,ACK> <--", SYN | ACK | RST),
    ],
)
def test_completeness_of_what_was_seen_of_a_connection(rungs: str, completeness: int) -> None:
    assert (
        the_connection(analysis_of_octets(capture(Ladder(rungs))))["completeness"] == completeness
    )
