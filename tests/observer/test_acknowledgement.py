"""SEG.ACK: which ones may be true, and what they say of the stream that they acknowledge."""

import pytest

from support.openings import OPEN
from support.states import assert_ladder, codes


@pytest.mark.parametrize("number", [1000, 1002, 900000])
def test_syn_sent_acknowledgement_outside_iss_and_snd_nxt_is_wrong(number: int) -> None:
    # RFC 9293 3.10.7.3, first step: SEG.ACK =< ISS or SEG.ACK > SND.NXT.
    analysis = assert_ladder(
        f"""
        SYN-SENT --> <SEQ=1000><CTL=SYN>                     --> LISTEN
        SYN-SENT <-- <SEQ=5000><ACK={number}><CTL=SYN,ACK>   <--
        """
    )
    assert "HS009" in codes(analysis)


def test_established_acknowledgement_of_octets_not_captured_counts_them_as_unseen() -> None:
    analysis = assert_ladder(
        OPEN
        + """
        --> <SEQ=1001><ACK=5001><CTL=ACK><LEN=10>  -->
        <-- <SEQ=5001><ACK=1111><CTL=ACK>          <--
        """
    )
    (unseen,) = [each for each in analysis["findings"] if each["code"] == "CP004"]
    assert unseen["values"]["octets"] == 100


def test_established_acknowledgement_beyond_what_may_be_in_flight_moves_nothing() -> None:
    # 1 GiB ahead of anything that fits a window: RFC 9293 3.10.7.4, fifth step, drops it.
    analysis = assert_ladder(
        OPEN
        + """
        FIN-WAIT-1  --> <SEQ=1001><ACK=5001><CTL=FIN,ACK>        --> CLOSE-WAIT
        FIN-WAIT-1  <-- <SEQ=5001><ACK=1073741824><CTL=ACK>      <--
        """
    )
    assert "CP004" not in codes(analysis)


def test_newer_echo_shows_that_the_capture_missed_window_updates() -> None:
    # 200 kB, far beyond the window last captured; B echoes what A sent after that.
    assert_ladder(
        """
        SYN-SENT    --> <CTL=SYN><TSVAL=100><TSECR=0>                                 -->
        ESTABLISHED <-- <CTL=SYN,ACK><TSVAL=900><TSECR=100>                           <--
                    --> <SEQ=1101><ACK=5301><CTL=FIN,ACK><TSVAL=200><TSECR=950>       -->
        +1 s
        FIN-WAIT-2  <-- <SEQ=205301><ACK=1102><CTL=FIN,ACK><TSVAL=1900><TSECR=700>    <-- LAST-ACK
        """
    )
