"""Where streams begin: at the ISN of a SYN, or at a virtual one where none was captured."""

from support.openings import OPEN
from support.states import assert_ladder, codes, the_connection


def test_second_isn_in_syn_sent_is_a_new_attempt_which_the_answer_chooses() -> None:
    analysis = assert_ladder(
        """
        SYN-SENT    --> <SEQ=1000><CTL=SYN>                  x
        +1 s
        SYN-SENT    --> <SEQ=7000><CTL=SYN>                  --> LISTEN
        ESTABLISHED <-- <SEQ=5000><ACK=7001><CTL=SYN,ACK>    <-- SYN-RECEIVED
        ESTABLISHED --> <SEQ=7001><ACK=5001><CTL=ACK>        --> ESTABLISHED
        """
    )
    assert "HS003" in codes(analysis)


def test_without_a_syn_the_first_octet_seen_is_number_one() -> None:
    analysis = assert_ladder(
        """
        ESTABLISHED --> <SEQ=4294967290><ACK=77><CTL=ACK><LEN=10>  --> ESTABLISHED
        ESTABLISHED <-- <SEQ=77><ACK=4><CTL=ACK><LEN=3>            <-- ESTABLISHED
        ESTABLISHED --> <SEQ=4><ACK=80><CTL=ACK><LEN=5>            --> ESTABLISHED
        """
    )
    connection = the_connection(analysis)
    assert connection["originator"]["unique_octets"] == 15
    assert connection["responder"]["unique_octets"] == 3
    assert "CP004" not in codes(analysis)


def test_signed_connection_makes_a_reset_no_certain_end() -> None:
    # RFC 2385: a RST without the signature is not taken, and the tap cannot verify one.
    signed = "<OPT=131200112233445566778899aabbccddeeff0101>"
    text = OPEN.replace("<CTL=SYN>", f"<CTL=SYN>{signed}") + "--> <CTL=RST,ACK> -->"
    plain, with_signature = (assert_ladder(each) for each in (OPEN + "--> <CTL=RST,ACK> -->", text))
    for analysis, certainty in ((plain, "observed"), (with_signature, "inferred")):
        (found,) = (each for each in analysis["findings"] if each["code"] == "RS001")
        assert found["certainty"] == certainty
