"""Every (state, event) pair is an edge or has a reason, and figure 5 was read right.

figure_5.txt beside this file is a second transcription of the RFC's figure.
"""

import itertools
import re
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest

from tcpflow_analyzer.observer.transitions import (
    FIGURE_5,
    MAY_SEND,
    NO_EDGE,
    NO_NEXT,
    NOTES_TO_FIGURE_5,
    OBSERVER,
    Edge,
    next_state,
)
from tcpflow_analyzer.tcp.events import (
    EVENT_COUNT,
    EVENT_NAMES,
    RCV_ACK_OF_FIN,
    RCV_ACK_OF_SYN,
    RCV_FIN,
    RCV_RST,
    RCV_SYN,
    RCV_SYN_ACK,
    SND_ACK,
    SND_DATA,
    SND_FIN,
    SND_RST,
    SND_SYN,
    SND_SYN_ACK,
    TIMER_TIME_WAIT,
)
from tcpflow_analyzer.tcp.states import (
    CLOSE_WAIT,
    CLOSED,
    ESTABLISHED,
    FIN_WAIT_1,
    FIN_WAIT_2,
    LISTEN,
    STATE_COUNT,
    STATE_NAMES,
    SYN_RECEIVED,
    SYN_SENT,
    TIME_WAIT,
)

EDGES = FIGURE_5 + NOTES_TO_FIGURE_5 + OBSERVER
PAIRS = set(itertools.product(range(STATE_COUNT), range(EVENT_COUNT)))

# What the tap sees of the figure's "event / action". A LISTEN that receives a SYN is known by its
# answer; everybody else's receipt is an event of its own.
SEEN_AS = {
    "active OPEN / create TCB, snd SYN": SND_SYN,
    "SEND / snd SYN": SND_SYN,
    "rcv SYN / snd SYN,ACK": RCV_SYN,
    "rcv SYN,ACK / snd ACK": RCV_SYN_ACK,
    "rcv ACK of SYN / x": RCV_ACK_OF_SYN,
    "CLOSE / snd FIN": SND_FIN,
    "rcv FIN / snd ACK": RCV_FIN,
    "rcv ACK of FIN / x": RCV_ACK_OF_FIN,
    "Timeout=2MSL / delete TCB": TIMER_TIME_WAIT,
}


class Arrow(NamedTuple):
    """One arrow of the figure."""

    state: str
    next_state: str
    words: str
    left_out: str


def read_figure() -> list[Arrow]:
    text = (Path(__file__).parent / "figure_5.txt").read_text()
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    arrows = []
    for line in lines:
        found = re.fullmatch(r"(\S+) +-> (\S+) +: ([^|]+?) *(?:\| (.+))?", line)
        assert found is not None, line
        arrows.append(Arrow(found[1], found[2], found[3], found[4] or ""))
    return arrows


def event_of(arrow: Arrow) -> int:
    answered = arrow.state == "LISTEN" and arrow.words == "rcv SYN / snd SYN,ACK"
    return SND_SYN_ACK if answered else SEEN_AS[arrow.words]


def name_of(edge: Edge) -> str:
    return f"{STATE_NAMES[edge.state]}, {EVENT_NAMES[edge.event]}"


def test_every_pair_is_an_edge_or_has_a_reason_once() -> None:
    edges = [(edge.state, edge.event) for edge in EDGES]
    stays = [(state, stay.event) for stay in NO_EDGE for state in stay.states]
    assert STATE_COUNT * EVENT_COUNT == 187
    assert (len(edges), len(stays)) == (44, 143)
    twice = [pair for pair, count in Counter(edges + stays).items() if count > 1]
    assert twice == []
    assert PAIRS - set(edges) - set(stays) == set()


def test_every_row_has_a_source_or_a_reason() -> None:
    assert [name_of(edge) for edge in EDGES if len(edge.source) < 10] == []
    assert [stay for stay in NO_EDGE if len(stay.reason) < 10 or not stay.states] == []


def test_no_edge_leads_to_where_it_began() -> None:
    assert [name_of(edge) for edge in EDGES if edge.state == edge.next_state] == []


def test_next_state_is_the_tables_for_every_pair() -> None:
    told = {(edge.state, edge.event): edge.next_state for edge in EDGES}
    for state, event in sorted(PAIRS):
        assert next_state(state, event) == told.get((state, event), NO_NEXT)


def test_figure_5_is_what_a_second_reader_found() -> None:
    numbers = {name: number for number, name in enumerate(STATE_NAMES)}
    want = {
        (numbers[arrow.state], event_of(arrow), numbers[arrow.next_state], arrow.words)
        for arrow in read_figure()
        if not arrow.left_out
    }
    have = {
        (edge.state, edge.event, edge.next_state, edge.source.partition(" (")[0])
        for edge in FIGURE_5
    }
    assert have == want
    assert len(FIGURE_5) == len(want) == 16


def test_arrows_left_out_are_those_that_send_nothing_and_note_1() -> None:
    left_out = [arrow for arrow in read_figure() if arrow.left_out]
    assert [(arrow.state, arrow.next_state) for arrow in left_out] == [
        ("CLOSED", "LISTEN"), ("LISTEN", "CLOSED"), ("SYN-SENT", "CLOSED"),
        ("SYN-RECEIVED", "LISTEN"),
    ]  # fmt: skip
    assert not any("snd" in arrow.words for arrow in left_out)
    # Note 1: back to LISTEN means for the record of this connection that it is over.
    assert next_state(SYN_RECEIVED, RCV_RST) == CLOSED


def test_note_2_needs_no_row() -> None:
    # "The figure omits a transition from FIN-WAIT-1 to TIME-WAIT if a FIN is received and the local
    # FIN is also acknowledged": the ACK is taken first, the FIN second.
    assert not any(e.state == FIN_WAIT_1 and e.next_state == TIME_WAIT for e in EDGES)
    assert next_state(next_state(FIN_WAIT_1, RCV_ACK_OF_FIN), RCV_FIN) == TIME_WAIT
    assert next_state(FIN_WAIT_1, RCV_ACK_OF_FIN) == FIN_WAIT_2


def test_note_3_resets_leave_every_state_that_they_can() -> None:
    # The sender of a RST goes to CLOSED, not TIME-WAIT (docs/adr); nothing but CLOSED has no edge.
    for state in range(STATE_COUNT):
        assert next_state(state, SND_RST) == (NO_NEXT if state == CLOSED else CLOSED)
        ignores = state in {CLOSED, LISTEN}
        assert next_state(state, RCV_RST) == (NO_NEXT if ignores else CLOSED)


@pytest.mark.parametrize(
    "edge", NOTES_TO_FIGURE_5 + OBSERVER, ids=lambda edge: name_of(edge).replace(" ", "-")
)
def test_other_rows_do_not_shadow_the_figure(edge: Edge) -> None:
    assert not any(row[:2] == edge[:2] for row in FIGURE_5)


def test_no_timer_ends_close_wait_or_fin_wait_2_by_itself() -> None:
    # CL005: CLOSE-WAIT has no timer; only data that is never acknowledged gives it up.
    timers = [e for e in EDGES if e.event == TIMER_TIME_WAIT]
    assert [(e.state, e.next_state) for e in timers] == [(TIME_WAIT, CLOSED)]


def states_in(mask: int) -> set[str]:
    return {STATE_NAMES[state] for state in range(STATE_COUNT) if mask >> state & 1}


def test_may_send_fin_only_where_close_sends_one() -> None:
    # RFC 9293 3.10.4; FIN-WAIT-1, CLOSING and LAST-ACK may repeat theirs.
    assert states_in(MAY_SEND[SND_FIN]) == {
        "SYN-RECEIVED", "ESTABLISHED", "CLOSE-WAIT", "FIN-WAIT-1", "CLOSING", "LAST-ACK",
    }  # fmt: skip


def test_may_send_data_in_synchronised_states_before_time_wait() -> None:
    # Behind the own FIN only repetitions; SYN-RECEIVED's are Fast Open's and judged elsewhere.
    assert states_in(MAY_SEND[SND_DATA]) == {
        "ESTABLISHED", "CLOSE-WAIT", "FIN-WAIT-1", "FIN-WAIT-2", "CLOSING", "LAST-ACK",
    }  # fmt: skip
    assert states_in(MAY_SEND[SND_ACK]) == states_in(MAY_SEND[SND_DATA]) | {"TIME-WAIT"}


def test_may_send_syn_before_it_is_synchronised_and_rst_everywhere() -> None:
    assert states_in(MAY_SEND[SND_SYN]) == {"CLOSED", "LISTEN", "SYN-SENT", "SYN-RECEIVED"}
    assert states_in(MAY_SEND[SND_SYN_ACK]) == {"LISTEN", "SYN-RECEIVED"}
    assert states_in(MAY_SEND[SND_RST]) == set(STATE_NAMES)


def test_every_state_can_be_reached_and_left() -> None:
    assert {edge.next_state for edge in EDGES} == set(range(STATE_COUNT))
    assert {edge.state for edge in EDGES} == set(range(STATE_COUNT))
    reached, frontier = {CLOSED}, {CLOSED}
    while frontier:
        frontier = {e.next_state for e in FIGURE_5 if e.state in frontier} - reached
        reached |= frontier
    # By the figure alone LISTEN is reached by a passive OPEN only, which is not on the wire.
    assert set(range(STATE_COUNT)) - reached == {LISTEN}
    assert next_state(ESTABLISHED, RCV_FIN) == CLOSE_WAIT
    assert next_state(SYN_SENT, RCV_SYN) == SYN_RECEIVED
