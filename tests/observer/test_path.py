"""TTLs, proxies and lost sizes, with header prediction and without."""

import pytest

from support.observed import notes
from support.openings import OPEN
from tcpflow_analyzer.table import stream_cases as cases
from tcpflow_analyzer.table import stream_observation as kinds


def ttls(*sent: int) -> list[tuple[int, int, int]]:
    """(TTL, TTL before, segments) noted of A, whose data comes with these TTLs."""
    text = OPEN + "".join(f"--> <CTL=PSH,ACK><LEN=5><TTL={ttl}> -->\n" for ttl in sent)
    found = notes(kinds.TTL_SHIFT_ORIGINATOR, text)
    return [(first, second, third) for _, _, first, second, third in found]


def test_ttl_that_stays_or_differs_by_one_is_nothing() -> None:
    assert ttls(64, 63, 65, 64) == []


def test_single_segment_with_another_ttl() -> None:
    assert ttls(64, 60, 64) == [(60, 64, 1)]
    assert ttls(60, 64, 60) == [(60, 64, 1), (60, 64, 1)]


def test_ttl_that_changes_for_good_is_the_usual_one_then() -> None:
    assert ttls(*[60] * 9) == [(60, 64, 5)]
    assert ttls(*[60] * 9, 64, 60) == [(60, 64, 5), (64, 60, 1)]
    assert ttls(60, 60, 64, 60) == [(60, 64, 2), (60, 64, 1)]


def proxied(text: str) -> list[int]:
    """PROXIED_... noted of B."""
    return [first for _, _, first, _, _ in notes(kinds.HANDSHAKE_PROXIED, text)]


def answered_after(seconds: float, answer: str = "", synack: str = "") -> str:
    """A handshake of 10 ms, and data that is acknowledged later."""
    text = OPEN.replace("<CTL=SYN,ACK>", f"<CTL=SYN,ACK>{synack}")
    return text + (
        f"--> <CTL=PSH,ACK><LEN=5> -->\n+{seconds} s\n<-- <CTL=ACK>{answer} <--\n"
        f"--> <CTL=ACK> -->\n<-- <CTL=PSH,ACK><LEN=9>{answer} <--\n"
    )


@pytest.mark.parametrize(("seconds", "expected"), [(0.012, []), (0.03, []), (0.08, [1])])
def test_handshake_that_is_far_faster_than_the_first_answer(
    seconds: float, expected: list[int]
) -> None:
    assert proxied(answered_after(seconds)) == expected


def test_fin_that_is_acknowledged_at_once_refutes_it() -> None:
    closed = "--> <CTL=FIN,ACK> -->\n<-- <CTL=ACK> <--\n"
    assert proxied(answered_after(0.08) + closed) == []


def test_syn_ack_with_another_ttl_than_all_that_follows() -> None:
    assert proxied(answered_after(0.01, "<TTL=50>")) == [cases.PROXIED_TTL]
    assert proxied(answered_after(0.01, "<TTL=50>") + "<-- <CTL=ACK><LEN=1> <--") == []


def test_syn_ack_with_another_clock() -> None:
    text = answered_after(0.02, "<TSVAL=777777>", "<TSVAL=100>").replace(
        "--> <CTL=SYN>", "--> <CTL=SYN><TSVAL=1>"
    )
    assert proxied(text) == [cases.PROXIED_CLOCK]
    assert proxied(text.replace("777777", "120")) == []


LARGE = "--> <SEQ=1001><CTL=ACK><LEN=1460> x\n"


def test_large_segment_that_never_arrives() -> None:
    alive = "+0.1 s\n<-- <SEQ=5001><ACK=1001><CTL=PSH,ACK><LEN=3> <--\n"
    lost = OPEN + LARGE + alive + f"+1 s\n{LARGE}" * 3
    (found,) = notes(kinds.SIZE_LOST, lost)
    assert found[2:] == (1460, 3, 0)
    assert notes(kinds.SIZE_LOST, lost.replace("LEN=1460", "LEN=500")) == []
    assert notes(kinds.SIZE_LOST, OPEN + LARGE + f"+1 s\n{LARGE}" * 3) == []
    assert notes(kinds.SIZE_LOST, OPEN + LARGE + alive + f"+1 s\n{LARGE}" * 2) == []


def test_icmp_error_about_a_size_in_flight() -> None:
    error = "--> <ICMP=3/4><FROM=192.0.2.99> -->\n"
    told = OPEN + LARGE + error.replace("-->", "<--")
    assert notes(kinds.SIZE_LOST, told)[0][2:4] == (1460, 0)
    smaller = told + "--> <SEQ=1001><CTL=ACK><LEN=1000> -->\n"
    assert notes(kinds.SIZE_LOST, smaller)[0][2:4] == (1460, 6)
    again = told + LARGE
    assert notes(kinds.SIZE_LOST, again)[0][2:4] == (1460, 0)


def test_large_is_measured_by_the_smaller_mss() -> None:
    # 990 octets are large where the sender takes no more than 1100, and small beside 1460.
    def lost(mss: str) -> int:
        segment = "--> <SEQ=1001><CTL=ACK><LEN=990> x\n"
        alive = "+0.1 s\n<-- <SEQ=5001><ACK=1001><CTL=PSH,ACK><LEN=3> <--\n"
        text = OPEN.replace("--> <CTL=SYN>", f"--> <CTL=SYN>{mss}") + segment + alive
        return len(notes(kinds.SIZE_LOST, text + f"+1 s\n{segment}" * 3))

    assert (lost("<MSS=1100>"), lost("<MSS=1460>")) == (1, 0)


def test_size_reported_in_mid_stream_is_not_known() -> None:
    # The error quotes the header only, and no SYN with an MSS was captured.
    text = "--> <SEQ=1001><ACK=5001><CTL=ACK><LEN=1400> x\n<-- <ICMP=3/4><FROM=192.0.2.99> <--\n"
    assert [found[2] for found in notes(kinds.SIZE_LOST, text)] == [0]


def test_smaller_segment_of_the_other_end_says_nothing_of_the_path() -> None:
    error = "<-- <ICMP=3/4><FROM=192.0.2.99> <--\n"
    other = "x <SEQ=5001><ACK=1001><CTL=ACK><LEN=700> <--\n"
    text = OPEN + LARGE + error + other + "+0.3 s\n" + other + "+0.3 s\n" + other
    assert [found[2:4] for found in notes(kinds.SIZE_LOST, text)] == [(1460, 0)]
