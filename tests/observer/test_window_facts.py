"""What is noted of windows: closed, probed, filled, taken back."""

from typing import Any

import pytest

from support.openings import OPEN
from support.states import assert_ladder, codes

# B advertises 200 octets, which A fills.
FILLED = (
    OPEN
    + """
    <-- <ACK=1001><CTL=ACK><WIN=200> <--
    --> <SEQ=1001><CTL=ACK><LEN=200> -->
    <-- <ACK=1201><CTL=ACK><WIN=0> <--
"""
)


def of_code(analysis: dict[str, Any], code: str) -> list[dict[str, Any]]:
    """The findings of one code."""
    return [found for found in analysis["findings"] if found["code"] == code]


@pytest.mark.parametrize(("pause", "severity"), [(0.9, "info"), (1.1, "warning")])
def test_closed_window_is_graded_by_the_time_until_it_opens(pause: float, severity: str) -> None:
    analysis = assert_ladder(FILLED + f"+{pause} s\n<-- <ACK=1201><CTL=ACK><WIN=500> <--")
    (found,) = of_code(analysis, "WN001")
    assert found["severity"] == severity
    assert found["endpoint"] == "responder"
    assert found["values"]["longest"] == pytest.approx(pause)
    assert found["values"]["opened_frame"] == 7


def test_window_of_0_after_the_peers_fin_is_none_that_closes() -> None:
    analysis = assert_ladder(
        OPEN
        + """
        --> <SEQ=1001><CTL=FIN,ACK> -->
        <-- <ACK=1002><CTL=ACK><WIN=0> <--
    """
    )
    assert "WN001" not in codes(analysis)


@pytest.mark.parametrize(
    ("probe", "is_probe"),
    [
        ("--> <SEQ=1200><CTL=ACK> -->", True),  # Linux
        ("--> <SEQ=1201><CTL=ACK><LEN=1> -->", True),
        ("--> <SEQ=1201><CTL=ACK> -->", False),
    ],
)
def test_probe_sends_next_to_nothing_into_a_closed_window(probe: str, is_probe: bool) -> None:
    analysis = assert_ladder(FILLED + f"+0.3 s\n{probe}\n<-- <ACK=1201><CTL=ACK><WIN=0> <--")
    found = of_code(analysis, "WN002")
    assert bool(found) == is_probe
    if found:
        assert found[0]["endpoint"] == "originator"
        assert found[0]["values"]["unanswered"] == 0


def test_same_probe_into_an_open_window_is_none() -> None:
    analysis = assert_ladder(
        OPEN
        + """
        --> <SEQ=1001><CTL=ACK><LEN=200> -->
        <-- <ACK=1201><CTL=ACK> <--
        +5 s
        --> <SEQ=1200><CTL=ACK> -->
        <-- <ACK=1201><CTL=ACK> <--
    """
    )
    assert "WN002" not in codes(analysis)


@pytest.mark.parametrize(("pause", "severity"), [(9, None), (11, "warning"), (31, "error")])
def test_window_closed_for_long_while_data_waits_is_a_stall(
    pause: int, severity: str | None
) -> None:
    analysis = assert_ladder(FILLED + f"+{pause} s\n<-- <ACK=1201><CTL=ACK><WIN=500> <--")
    assert [found["severity"] for found in of_code(analysis, "WN003")] == (
        [] if severity is None else [severity]
    )
    assert of_code(analysis, "WN001")[0]["severity"] == ("info" if severity else "warning")


def test_window_closed_while_nothing_waits_is_no_stall() -> None:
    analysis = assert_ladder(
        OPEN
        + """
        <-- <ACK=1001><CTL=ACK><WIN=0> <--
        +60 s
        <-- <ACK=1001><CTL=ACK><WIN=500> <--
    """
    )
    assert "WN001" in codes(analysis)
    assert "WN003" not in codes(analysis)


@pytest.mark.parametrize(
    ("end", "severity"),
    [
        ("<-- <SEQ=5001><ACK=1201><CTL=RST,ACK><WIN=0> <--", "error"),
        ("<-- <SEQ=5001><ACK=1201><CTL=FIN,ACK><WIN=0> <--", "warning"),
    ],
)
def test_window_that_never_opened_again_is_a_stall_however_short(end: str, severity: str) -> None:
    (found,) = of_code(assert_ladder(FILLED + f"+0.5 s\n{end}"), "WN003")
    assert found["severity"] == severity
    assert found["values"]["duration"] == pytest.approx(0.5)


@pytest.mark.parametrize(("silence", "is_stall"), [(9, False), (11, True)])
def test_end_of_the_capture_shows_a_stall_only_after_the_time_for_one(
    silence: int, is_stall: bool
) -> None:
    analysis = assert_ladder(FILLED + f"+{silence} s\ntick")
    assert ("WN003" in codes(analysis)) == is_stall


def test_window_filled_exactly_is_told_with_the_windows_size() -> None:
    (found,) = of_code(assert_ladder(FILLED), "WN004")
    assert (found["values"]["count"], found["values"]["window"]) == (1, 200)
    assert found["severity"] == "info"


@pytest.mark.parametrize("rounds", [9, 10])
def test_many_full_windows_are_a_warning_from_ten_on(rounds: int) -> None:
    ladder = OPEN + "<-- <ACK=1001><CTL=ACK><WIN=200> <--\n"
    for index in range(rounds):
        start = 1001 + 200 * index
        ladder += f"--> <SEQ={start}><CTL=ACK><LEN=200> -->\n"
        ladder += f"<-- <ACK={start + 200}><CTL=ACK><WIN=200> <--\n"
    (found,) = of_code(assert_ladder(ladder), "WN004")
    assert found["severity"] == ("warning" if rounds == 10 else "info")


@pytest.mark.parametrize(("window", "is_shrunk"), [(400, True), (500, False), (700, False)])
def test_edge_that_moves_left_is_a_shrunk_window(window: int, is_shrunk: bool) -> None:
    analysis = assert_ladder(
        OPEN
        + f"""
        --> <SEQ=1001><CTL=ACK><LEN=100> -->
        <-- <ACK=1101><CTL=ACK><WIN=600> <--
        --> <SEQ=1101><CTL=ACK><LEN=100> -->
        <-- <ACK=1201><CTL=ACK><WIN={window}> <--
    """
    )
    # The first ACK takes back from the window of the SYN-ACK, which does not count.
    assert [found["values"]["largest"] for found in of_code(analysis, "WN005")] == (
        [100] if is_shrunk else []
    )


def test_overtaken_ack_takes_nothing_back() -> None:
    analysis = assert_ladder(
        OPEN
        + """
        --> <SEQ=1001><CTL=ACK><LEN=100> -->
        --> <SEQ=1101><CTL=ACK><LEN=100> -->
        <-- <ACK=1201><CTL=ACK> <--
        <-- <ACK=1101><CTL=ACK> <--
    """
    )
    assert "WN005" not in codes(analysis)


@pytest.mark.parametrize(("option", "is_shrunk"), [("", False), ("<WS=8>", True)])
def test_scale_holds_only_where_both_ends_offer_it(option: str, is_shrunk: bool) -> None:
    analysis = assert_ladder(
        f"""
        --> <CTL=SYN><WS=8> -->
        <-- <CTL=SYN,ACK>{option} <--
        --> <CTL=ACK><WIN=1000> -->
        <-- <CTL=ACK><LEN=100> <--
        --> <CTL=ACK><WIN=900> -->
    """
    )
    assert ("WN005" in codes(analysis)) == is_shrunk
