"""Listeners under SYN cookies keep no half-open connections."""

import pytest

from support.ladder import Ladder, Socket, merged
from support.states import analysis_of_frames

ABANDONED = """
    --> <CTL=SYN>         -->
    <-- <CTL=SYN,ACK>     <--
    +2 s
    tick
"""
REPEATED = """
    --> <CTL=SYN>                         -->
    <-- <CTL=SYN,ACK>                     <--
    +1 s
    <-- <SEQ=5000><ACK=1001><CTL=SYN,ACK> <--
    +1.5 s
    tick
"""


def ends(*texts: str) -> list[str]:
    """States of the responders at the end of a capture of all these exchanges at once."""
    ladders = [
        Ladder(text, a=Socket("192.0.2.1", 40000 + number)) for number, text in enumerate(texts)
    ]
    analysis = analysis_of_frames(merged(ladders))
    return [c["responder"]["state_at_capture_end"] for c in analysis["connections"]]


def test_several_syn_acks_never_repeated_belong_to_nobody() -> None:
    assert ends(ABANDONED, ABANDONED, ABANDONED) == ["CLOSED"] * 3


@pytest.mark.parametrize("count", [1, 2])
def test_few_may_have_been_lost(count: int) -> None:
    assert ends(*[ABANDONED] * count) == ["SYN-RECEIVED"] * count


def test_listener_that_repeats_as_many_keeps_its_requests() -> None:
    states = ends(ABANDONED, ABANDONED, ABANDONED, REPEATED, REPEATED, REPEATED)
    assert states == ["SYN-RECEIVED"] * 6
