"""Keep-alives, silence and idle time: what is noted, with header prediction and without."""

import pytest

from support.capture_builder import SECOND_NS, START_NS
from support.ladder import Ladder, Socket, capture
from support.observed import Notes, notes, observe
from support.openings import HALF_CLOSED, OPEN
from tcpflow_analyzer.observer.liveness import is_open
from tcpflow_analyzer.table import stream_observation as kinds
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.tcp.states import CLOSE_WAIT, ESTABLISHED, FIN_WAIT_1, FIN_WAIT_2

TALK = (
    OPEN
    + """
    --> <CTL=PSH,ACK><LEN=100> -->
    <-- <CTL=PSH,ACK><LEN=300> <--
    --> <CTL=ACK> -->
"""
)
PROBE = "--> <SEQ=1100><ACK=5301><CTL=ACK> -->\n"
ANSWER = "<-- <SEQ=5301><ACK=1101><CTL=ACK> <--\n"


def probes(text: str) -> list[tuple[int, int, int]]:
    """(seconds since the segment before, frame of the answer, answered before) of A's probes."""
    found = notes(kinds.KEEPALIVE_ORIGINATOR, text)
    return [(first // SECOND_NS, second, third) for _, _, first, second, third in found]


def test_probes_are_noted_with_their_answers() -> None:
    once = "+5 s\n" + PROBE + ANSWER
    assert probes(TALK + once * 3) == [(5, 8, 0), (5, 10, 1), (5, 12, 2)]


def test_probe_with_an_octet_is_one_too() -> None:
    with_octet = "+5 s\n--> <SEQ=1100><ACK=5301><CTL=ACK><LEN=1> -->\n"
    assert probes(TALK + with_octet + ANSWER) == [(5, 8, 0)]


@pytest.mark.parametrize(
    "tail",
    [
        PROBE,  # too soon after the segment before
        "+5 s\n--> <CTL=ACK> -->\n",  # at SND.NXT
        "--> <CTL=ACK><LEN=10> x\n+5 s\n--> <SEQ=1110><CTL=ACK><LEN=1> -->\n",  # outstanding data
        "<-- <CTL=ACK><WIN=0> <--\n+5 s\n" + PROBE,  # asks for the window
    ],
    ids=["soon", "at SND.NXT", "outstanding", "closed window"],
)
def test_what_looks_like_a_probe(tail: str) -> None:
    assert probes(TALK + tail) == []


def test_answer_that_comes_late_is_none() -> None:
    assert probes(TALK + "+5 s\n" + PROBE + "+1.5 s\n" + ANSWER) == [(5, 0, 0)]


def test_data_answers_a_probe() -> None:
    data = "<-- <SEQ=5301><ACK=1101><CTL=PSH,ACK><LEN=7> <--\n"
    assert probes(TALK + "+5 s\n" + PROBE + data) == [(5, 8, 0)]


def test_unanswered_probes_are_counted_from_the_second() -> None:
    text = TALK + ("+5 s\n" + PROBE) * 4
    found = notes(kinds.KEEPALIVE_UNANSWERED, text)
    assert [(frame, first, third) for _, frame, first, _, third in found] == [
        (8, 2, 7), (9, 3, 7), (10, 4, 7),
    ]  # fmt: skip


def test_answer_to_the_last_probe_is_taken_off() -> None:
    text = TALK + ("+5 s\n" + PROBE) * 2 + ANSWER
    assert [first for _, _, first, _, _ in notes(kinds.KEEPALIVE_UNANSWERED, text)] == [1]


def test_any_segment_of_the_peer_begins_the_count_anew() -> None:
    word = "<-- <CTL=PSH,ACK><LEN=5> <--\n"
    text = TALK + "+5 s\n" + PROBE + "+2 s\n" + word + "+5 s\n" + PROBE
    assert notes(kinds.KEEPALIVE_UNANSWERED, text) == []


LOST = "--> <SEQ=1101><ACK=5301><CTL=PSH,ACK><LEN=100> x\n"


def repeated(*gaps: float) -> str:
    """Data of A that is sent once, and again after each of the gaps."""
    return TALK + LOST + "".join(f"+{gap} s\n{LOST}" for gap in gaps)


def test_silence_needs_three_segments_and_ten_seconds() -> None:
    assert notes(kinds.PEER_SILENT, repeated(0.2, 0.4, 0.8, 1.6, 3.2)) == []
    assert notes(kinds.PEER_SILENT, repeated(11)) == []
    (found,) = notes(kinds.PEER_SILENT, repeated(0.2, 0.4, 9.5))
    assert found[:3] == (False, 5, 4)


def test_silence_ends_when_the_peer_speaks() -> None:
    text = repeated(1, 2, 4, 8) + "+1 s\n<-- <SEQ=5301><ACK=1201><CTL=ACK> <--\n"
    (found,) = notes(kinds.PEER_SILENT, text)
    assert found[4] > found[3]


def silent(*starts_s: float) -> list[Connection]:
    """Connections to one listener that falls silent, each begun at such a time."""
    text = TALK + LOST + "".join(f"+{gap} s\n{LOST}" for gap in (0.2, 0.4, 9.5))
    ladders = [
        Ladder(
            text,
            a=Socket("192.0.2.1", 40000 + index),
            start_ns=START_NS + round(start_s * SECOND_NS),
        )
        for index, start_s in enumerate(starts_s)
    ]
    return observe(capture(*ladders))


@pytest.mark.parametrize("starts_s", [(0, 2), (2, 0)])
def test_silence_of_a_listener_spans_its_connections(starts_s: tuple[float, float]) -> None:
    first, second = silent(*starts_s)
    assert first.listener is not None
    assert first.listener is second.listener
    spoke = sorted(each.responder.last_time_ns for each in (first, second))
    assert first.listener.silent == 2
    assert [first.listener.silent_from_ns, first.listener.silent_until_ns] == spoke


def test_silence_of_a_client_is_none_of_its_listener() -> None:
    lost = "x <SEQ=5301><ACK=1101><CTL=PSH,ACK><LEN=100> <--\n"
    text = TALK + lost + "".join(f"+{gap} s\n{lost}" for gap in (0.2, 0.4, 9.5))
    (connection,) = observe(capture(Ladder(text)))
    assert connection.tally(kinds.PEER_SILENT, True) is not None
    assert connection.listener is not None
    assert connection.listener.silent == 0


def test_end_that_sent_a_rst_owes_no_answer() -> None:
    text = TALK + "x <SEQ=5301><CTL=RST,ACK> <--\n" + LOST + f"+5 s\n{LOST}" * 4
    assert notes(kinds.PEER_SILENT, text) == []


def test_probes_want_an_answer_as_well() -> None:
    assert len(notes(kinds.PEER_SILENT, TALK + ("+5 s\n" + PROBE) * 4)) == 1


def idle(text: str) -> list[tuple[bool, int, int]]:
    """(of originator, seconds, longest survived in seconds) of idle times."""
    found = notes(kinds.IDLE, text)
    return [(side, first // SECOND_NS, second // SECOND_NS) for side, _, first, second, _ in found]


AGAIN = "--> <CTL=PSH,ACK><LEN=10> -->\n<-- <CTL=PSH,ACK><LEN=10> <--\n--> <CTL=ACK> -->\n"


def test_idle_times_are_noted_with_the_longest_survived() -> None:
    text = TALK + f"+40 s\n{AGAIN}+31 s\n{AGAIN}+29 s\n{AGAIN}+35 s\n{AGAIN}"
    assert idle(text) == [(True, 40, 0), (True, 31, 40), (True, 35, 40)]


def test_idle_time_that_only_its_own_end_survived_is_not_survived() -> None:
    word = "--> <SEQ=1101><ACK=5301><CTL=ACK> -->\n"
    assert idle(TALK + f"+40 s\n{word}+50 s\n{word}") == [(True, 40, 0), (True, 50, 0)]


def test_waiting_for_an_acknowledgement_is_no_idle_time() -> None:
    assert idle(TALK + LOST + "+40 s\n" + LOST) == []


def test_idle_time_that_nothing_answers() -> None:
    dead = "+90 s\n" + LOST + "+0.3 s\n" + LOST + "+0.6 s\n" + LOST
    (found,) = notes(kinds.IDLE_UNANSWERED, TALK + f"+40 s\n{AGAIN}" + dead.replace("1101", "1111"))
    assert (found[0], found[2] // SECOND_NS, found[3]) == (True, 90, 3)
    assert found[4] // SECOND_NS == 40
    assert notes(kinds.IDLE_UNANSWERED, TALK + dead.replace("+90", "+50")) == []


def resets(text: str) -> Notes:
    """Idle times that a RST ended: about whom, RESET_..., signs."""
    return [(side, 0, how, signs, 0) for side, _, _, how, signs in notes(kinds.IDLE_RESET, text)]


def test_reset_after_idle_time() -> None:
    at_once = TALK + "+60 s\n<-- <SEQ=5301><ACK=1101><CTL=RST,ACK> <--\n"
    assert resets(at_once) == [(False, 0, 1, 0, 0)]
    foreign = TALK + "+60 s\n<-- <SEQ=5301><ACK=1101><CTL=RST,ACK><TTL=50> <--\n"
    assert resets(foreign) == [(False, 0, 1, 2, 0)]
    assert resets(at_once.replace("+60", "+29")) == []


def test_reset_that_answers_the_first_segment_after_idle_time() -> None:
    answer = TALK + "+60 s\n--> <CTL=PSH,ACK><LEN=10> -->\n<-- <SEQ=5301><CTL=RST> <--\n"
    assert resets(answer) == [(False, 0, 2, 1, 0)]


SENT = "+90 s\n--> <SEQ=1101><ACK=5301><CTL=PSH,ACK><LEN=10> -->\n"
FOREIGN = "<-- <SEQ=5301><CTL=RST><TTL=50> <--\n"


def test_reset_after_idle_time_that_something_waits_for_is_none() -> None:
    lost = TALK + LOST + "+60 s\n<-- <SEQ=5301><ACK=1101><CTL=RST,ACK> <--\n"
    assert resets(lost) == []


def test_reset_that_comes_later_than_an_answer_is_none() -> None:
    assert len(resets(TALK + SENT + FOREIGN)) == 1
    assert resets(TALK + SENT + "+0.9 s\n" + FOREIGN) == []


def test_reset_of_a_middlebox_for_the_first_segment_fails_the_idle_time() -> None:
    # MB002: no socket sent it, and its TTL is not the peer's; the idle time was 60 s or more.
    (found,) = notes(kinds.IDLE_UNANSWERED, TALK + SENT + FOREIGN)
    assert (found[0], found[2] // SECOND_NS, found[3]) == (True, 90, 0)
    assert notes(kinds.IDLE_UNANSWERED, TALK + SENT.replace("90", "50") + FOREIGN) == []
    assert notes(kinds.IDLE_UNANSWERED, TALK + SENT + FOREIGN.replace("<TTL=50>", "")) == []


def test_idle_time_of_a_connection_that_was_running_before_the_capture_fails_as_well() -> None:
    running = """
        --> <SEQ=1001><ACK=5001><CTL=PSH,ACK><LEN=100> -->
        <-- <SEQ=5001><ACK=1101><CTL=PSH,ACK><LEN=300> <--
        --> <SEQ=1101><ACK=5301><CTL=ACK> -->
    """
    assert len(notes(kinds.IDLE_UNANSWERED, running + SENT + FOREIGN)) == 1
    dead = running + "+90 s\n" + LOST + f"+0.3 s\n{LOST}" * 2
    assert len(notes(kinds.IDLE_UNANSWERED, dead)) == 1
    (connection,) = observe(capture(Ladder(running + "+60 s\n" + FOREIGN)))
    assert connection.listener is None
    assert connection.tally(kinds.IDLE_RESET, False) is not None


def test_service_that_was_opened_shortly_before_the_failure_works() -> None:
    dead = Ladder(TALK + "+90 s\n" + LOST + f"+0.3 s\n{LOST}" * 2)
    before = Ladder(
        OPEN, a=Socket("192.0.2.1", 40001), start_ns=Ladder(TALK).end_ns + 85 * SECOND_NS
    )
    first, _ = observe(capture(dead, before))
    assert first.service is not None
    assert first.service.idle_reopened_ns == first.service.last_opened_ns > 0


@pytest.mark.parametrize(("second_s", "times"), [(60.5, 2), (63, 1)])
def test_idle_time_after_which_a_listener_resets_is_the_same_each_time(
    second_s: float, times: int
) -> None:
    reset = "<-- <SEQ=5301><ACK=1101><CTL=RST,ACK> <--\n"
    ladders = [
        Ladder(TALK + f"+{idle_s} s\n{reset}", a=Socket("192.0.2.1", 40000 + index))
        for index, idle_s in enumerate((60, second_s))
    ]
    first, _ = observe(capture(*ladders))
    assert first.listener is not None
    assert first.listener.idle_resets == times


def test_long_idle_time_is_noted_in_the_middle_and_at_the_end() -> None:
    (middle,) = notes(kinds.LONG_IDLE, TALK + "+700 s\n" + AGAIN)
    assert middle[4] == 1
    (end,) = notes(kinds.LONG_IDLE, TALK + "+700 s\ntick")
    assert end[4] == 0
    assert notes(kinds.LONG_IDLE, TALK + "+590 s\ntick") == []
    assert notes(kinds.LONG_IDLE, TALK + "+700 s\n" + PROBE) == []


def test_of_several_long_idle_times_the_longest_is_the_last() -> None:
    text = TALK + f"+900 s\n{AGAIN}+700 s\n{AGAIN}+1000 s\n{AGAIN}"
    (connection,) = observe(capture(Ladder(text)))
    tally = connection.tally(kinds.LONG_IDLE, True)
    assert tally is not None
    assert (tally.count, tally.last.first // SECOND_NS) == (3, 1000)


def test_close_after_idle_time() -> None:
    fin = "<-- <CTL=FIN,ACK> <--\n"
    (found,) = notes(kinds.IDLE_CLOSE, TALK + "+5 s\n" + fin)
    assert (found[0], found[2] // 10_000_000) == (False, 501)  # since the last data
    assert notes(kinds.IDLE_CLOSE, TALK + "+0.5 s\n" + fin) == []
    assert notes(kinds.IDLE_CLOSE, TALK + "+5 s\n--> <CTL=FIN,ACK><LEN=5> -->") == []
    assert notes(kinds.IDLE_CLOSE, HALF_CLOSED + "+5 s\n" + fin) == []


def test_failed_idle_time_is_told_to_the_service() -> None:
    dead = TALK + "+90 s\n" + LOST + f"+0.3 s\n{LOST}" * 2 + "+300 s\ntick"
    after = Ladder(
        OPEN, a=Socket("192.0.2.1", 40001), start_ns=Ladder(TALK).end_ns + 95 * SECOND_NS
    )
    first, _ = observe(capture(Ladder(dead), after))
    assert first.service is not None
    assert first.service.idle_reopened_ns - first.service.idle_failed_ns < 10 * SECOND_NS


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (ESTABLISHED, ESTABLISHED, True),
        (CLOSE_WAIT, FIN_WAIT_2, True),
        (FIN_WAIT_2, CLOSE_WAIT, True),
        (FIN_WAIT_1, ESTABLISHED, False),
        (CLOSE_WAIT, CLOSE_WAIT, False),
    ],
)
def test_is_open(first: int, second: int, expected: bool) -> None:
    assert is_open(first, second) == expected
