"""What is noted of retransmissions, late segments, duplicate ACKs and numbers out of place."""

from typing import Any

import pytest

from support.openings import OPEN
from support.states import assert_ladder, codes
from tcpflow_analyzer.settings import NANOSECONDS, Settings

# Beside OPEN: A's next number is 1001, B's 5001.
FOUR = """
    --> <SEQ=1001><CTL=ACK><LEN=100><TSVAL=10><TSECR=1> x
    --> <SEQ=1101><CTL=ACK><LEN=100><TSVAL=10><TSECR=1> -->
    --> <SEQ=1201><CTL=ACK><LEN=100><TSVAL=10><TSECR=1> -->
    --> <SEQ=1301><CTL=ACK><LEN=100><TSVAL=10><TSECR=1> -->
"""
THREE_DUPLICATES = (
    4
    * """
    <-- <ACK=1001><CTL=ACK> <--
"""
)


def of_code(analysis: dict[str, Any], code: str) -> list[dict[str, Any]]:
    """The findings of one code."""
    return [found for found in analysis["findings"] if found["code"] == code]


@pytest.mark.parametrize(
    ("pause", "early"),
    [("+0.3 s", 0), ("+0.05 s", 1)],
)
def test_retransmission_nobody_asked_for_is_timed(pause: str, early: int) -> None:
    analysis = assert_ladder(
        OPEN
        + f"""
        --> <SEQ=1001><CTL=ACK><LEN=100> x
        {pause}
        --> <SEQ=1001><CTL=ACK><LEN=100> -->
    """
    )
    (found,) = of_code(analysis, "SQ001")
    assert (found["values"]["count"], found["values"]["early"]) == (1, early)
    assert not codes(analysis) & {"SQ002", "SQ003", "SQ006", "SQ008"}


def test_retransmission_after_three_duplicate_acks_is_fast() -> None:
    analysis = assert_ladder(
        OPEN + FOUR + THREE_DUPLICATES + "--> <SEQ=1001><CTL=ACK><LEN=100><TSVAL=20><TSECR=1> -->"
    )
    assert {"SQ002", "SQ007"} <= codes(analysis)
    assert not codes(analysis) & {"SQ001", "SQ006"}
    assert of_code(analysis, "SQ002")[0]["values"]["duplicate_acks"] >= 3


def test_retransmission_long_after_the_duplicate_acks_is_timed() -> None:
    analysis = assert_ladder(
        OPEN
        + FOUR
        + THREE_DUPLICATES
        + """
        +1 s
        --> <SEQ=1001><CTL=ACK><LEN=100><TSVAL=20><TSECR=1> -->
    """
    )
    assert "SQ001" in codes(analysis)
    assert "SQ002" not in codes(analysis)


def test_sack_block_above_asks_for_what_lies_below_it() -> None:
    analysis = assert_ladder(
        OPEN
        + FOUR
        + """
        <-- <ACK=1001><CTL=ACK><SACK=1101-1201> <--
        --> <SEQ=1001><CTL=ACK><LEN=100><TSVAL=20><TSECR=1> -->
    """
    )
    assert "SQ002" in codes(analysis)
    assert "SQ001" not in codes(analysis)


def test_copy_of_what_was_acknowledged_is_spurious_and_confirmed_by_dsack() -> None:
    analysis = assert_ladder(
        OPEN
        + """
        --> <SEQ=1001><CTL=ACK><LEN=100> -->
        x <ACK=1101><CTL=ACK> <--
        +0.3 s
        --> <SEQ=1001><CTL=ACK><LEN=100> -->
        <-- <ACK=1101><CTL=ACK><SACK=1001-1101> <--
    """
    )
    (found,) = of_code(analysis, "SQ003")
    assert found["values"]["confirmed"] == [7]
    assert "SQ001" not in codes(analysis)


def test_each_spurious_copy_is_confirmed_by_its_own_dsack() -> None:
    again = """
        +0.3 s
        --> <SEQ=1001><CTL=ACK><LEN=100> -->
        <-- <ACK=1101><CTL=ACK><SACK=1001-1101> <--
    """
    analysis = assert_ladder(
        OPEN + "--> <SEQ=1001><CTL=ACK><LEN=100> -->\nx <ACK=1101><CTL=ACK> <--\n" + again * 3
    )
    (found,) = of_code(analysis, "SQ003")
    assert found["values"]["count"] == 3
    assert found["values"]["confirmed"] == [7, 9, 11]


def test_dsack_of_a_copy_that_was_not_captured_confirms_nothing() -> None:
    analysis = assert_ladder(
        OPEN
        + """
        --> <SEQ=1001><CTL=ACK><LEN=100> -->
        <-- <ACK=1101><CTL=ACK> <--
        --> <SEQ=1001><CTL=ACK><LEN=100><UNSEEN> -->
        <-- <ACK=1101><CTL=ACK><SACK=1001-1101> <--
    """
    )
    assert not codes(analysis) & {"SQ001", "SQ002", "SQ003", "SQ007"}


SACKED = """
    --> <SEQ=1001><CTL=ACK><LEN=100> x
    --> <SEQ=1101><CTL=ACK><LEN=100> -->
    --> <SEQ=1201><CTL=ACK><LEN=100> -->
    <-- <SEQ=5001><ACK=1001><CTL=ACK><SACK=1101-1301> <--
"""
WITHOUT = "<-- <SEQ=5001><ACK=1001><CTL=ACK> <--\n"
AFRESH = "<-- <SEQ=5001><ACK=1001><CTL=ACK><SACK=1101-1301> <--\n"


@pytest.mark.parametrize(
    ("rest", "is_reneged"),
    [
        pytest.param(WITHOUT + "+1.1 s\n" + WITHOUT, True, id="gone for a second"),
        pytest.param(WITHOUT + AFRESH + "+1.1 s\n" + AFRESH, False, id="there again"),
        pytest.param(
            WITHOUT + "+0.5 s\n<-- <SEQ=5001><ACK=1301><CTL=ACK> <--\n", False, id="acknowledged"
        ),
        pytest.param(
            "<-- <SEQ=5001><ACK=1001><CTL=ACK><LEN=50> <--\n+1.1 s\n" + AFRESH,
            False,
            id="no room beside data",
        ),
        pytest.param(
            WITHOUT + "--> <SEQ=1101><CTL=ACK><LEN=100> -->\n", True, id="sent again below it"
        ),
        pytest.param(
            WITHOUT + "--> <SEQ=1001><CTL=ACK><LEN=100> -->\n", False, id="sent again beside it"
        ),
        pytest.param(
            "<-- <SEQ=5001><ACK=1001><CTL=ACK><SACK=1301-1101> <--\n", False, id="no block at all"
        ),
    ],
)
def test_sack_block_that_disappears_was_dropped_by_its_receiver(
    rest: str, is_reneged: bool
) -> None:
    # RFC 2018 section 8.
    assert ("SQ014" in codes(assert_ladder(OPEN + SACKED + rest))) == is_reneged


def test_sack_block_that_an_older_segment_lacks_is_still_there() -> None:
    timed = SACKED.replace("<SACK=", "<TSVAL=900><TSECR=1><SACK=")
    overtaken = "<-- <SEQ=5001><ACK=1001><CTL=ACK><TSVAL=890><TSECR=1> <--\n"
    assert "SQ014" not in codes(assert_ladder(OPEN + timed + overtaken + "+1.1 s\n" + overtaken))


def test_burst_keeps_the_highest_octet_that_was_received() -> None:
    analysis = assert_ladder(
        OPEN
        + SACKED
        + AFRESH
        + AFRESH
        + AFRESH
        + "<-- <SEQ=5001><ACK=1001><CTL=ACK><SACK=1101-1201> <--\n"
        + WITHOUT
    )
    (found,) = of_code(analysis, "SQ007")
    assert (found["values"]["repeats"], found["values"]["sack_edge"]) == (6, 301)


HOLE = """
    --> <SEQ=1101><CTL=ACK><LEN=100><TSVAL=20><TSECR=1><ID=51> -->
    +0.001 s
"""


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ("<TSVAL=19><TSECR=1><ID=50>", "SQ006"),
        ("<TSVAL=20><TSECR=1><ID=50>", "SQ006"),
        ("<TSVAL=20><TSECR=1><ID=52>", "SQ008"),
        ("<TSVAL=21><TSECR=1><ID=52>", "SQ008"),
        ("<TSVAL=20><TSECR=1><ID=0>", "SQ006"),  # nothing tells but the time
        ("<TSVAL=20><TSECR=1><ID=30000>", "SQ006"),
        ("<ID=30000>", "SQ006"),
    ],
)
def test_what_fills_a_hole_was_overtaken_if_it_was_sent_before(fields: str, code: str) -> None:
    analysis = assert_ladder(OPEN + HOLE + f"--> <SEQ=1001><CTL=ACK><LEN=100>{fields} -->")
    assert code in codes(analysis)
    assert ({"SQ006", "SQ008"} - {code}).isdisjoint(codes(analysis))


@pytest.mark.parametrize("fields", ["<TSVAL=20><TSECR=1><ID=0>", "<ID=0>"])
def test_what_fills_a_hole_long_after_it_was_sent_again_unless_stamps_tell(fields: str) -> None:
    late = HOLE.replace("+0.001 s", "+0.5 s") + "--> <SEQ=1001><CTL=ACK><LEN=100>{} -->"
    assert "SQ008" in codes(assert_ladder(OPEN + late.format(fields)))
    older = "<TSVAL=19><TSECR=1><ID=0>"
    assert "SQ006" in codes(assert_ladder(OPEN + late.format(older)))


def test_of_very_many_holes_the_oldest_are_forgotten() -> None:
    holes = "".join(f"--> <SEQ={2000 + 200 * hole}><CTL=ACK><LEN=100> -->\n" for hole in range(70))
    first = OPEN + holes + "+0.5 s\n--> <SEQ=2100><CTL=ACK><LEN=100> -->"
    last = OPEN + holes + "+0.5 s\n--> <SEQ=15700><CTL=ACK><LEN=100> -->"
    assert "SQ008" not in codes(assert_ladder(first))
    assert "SQ008" in codes(assert_ladder(last))


@pytest.mark.parametrize(("pause", "code"), [("+0.001 s", "SQ006"), ("+0.5 s", "SQ008")])
def test_without_stamps_only_time_tells_what_was_overtaken(pause: str, code: str) -> None:
    analysis = assert_ladder(
        OPEN
        + f"""
        --> <SEQ=1101><CTL=ACK><LEN=100><ID=0> -->
        {pause}
        --> <SEQ=1001><CTL=ACK><LEN=100><ID=0> -->
    """
    )
    assert code in codes(analysis)


def test_octets_acknowledged_before_they_were_captured_are_no_retransmission() -> None:
    analysis = assert_ladder(
        OPEN
        + """
        <-- <ACK=1101><CTL=ACK> <--
        --> <SEQ=1001><CTL=ACK><LEN=100> -->
    """
    )
    assert not codes(analysis) & {"SQ001", "SQ002", "SQ003"}


def repeated(times: int) -> str:
    """One segment that is never acknowledged, sent again so often, with doubled gaps."""
    lines = ["--> <SEQ=1001><CTL=ACK><LEN=100> x"]
    for index in range(times):
        lines += [f"+{0.2 * 2**index} s", "--> <SEQ=1001><CTL=ACK><LEN=100> x"]
    return OPEN + "\n".join(lines)


@pytest.mark.parametrize(
    ("times", "severity"), [(2, None), (3, "warning"), (5, "warning"), (6, "error")]
)
def test_copies_of_one_segment_are_graded(times: int, severity: str | None) -> None:
    found = of_code(assert_ladder(repeated(times)), "SQ004")
    assert [each["severity"] for each in found] == ([] if severity is None else [severity])
    if found:
        assert found[0]["values"]["count"] == times
        assert found[0]["values"]["doubles"]


@pytest.mark.parametrize(("silence", "given_up"), [(7, True), (5, False)])
def test_silence_of_twice_the_last_gap_shows_that_it_gave_up(silence: int, given_up: bool) -> None:
    # Gaps 0.2, 0.4, 0.8, 1.6, 3.2 s: 6.2 s in all.
    settings = Settings(retransmission_limit_ns=6 * NANOSECONDS)
    analysis = assert_ladder(repeated(5) + f"\n+{silence} s\ntick", settings)
    assert ("SQ005" in codes(analysis)) == given_up
    assert ("SQ004" in codes(analysis)) != given_up


def test_rst_after_the_retries_has_them_for_its_cause() -> None:
    analysis = assert_ladder(repeated(4) + "\n--> <SEQ=1101><ACK=5001><CTL=RST,ACK> -->")
    assert "SQ005" in codes(analysis)
    assert not codes(analysis) & {"SQ004", "RS001", "RS002", "RS003", "RS004"}


@pytest.mark.parametrize(("segments", "severity"), [(12, "warning"), (10, None)])
def test_many_segments_that_are_each_sent_twice_are_too_many(
    segments: int, severity: str | None
) -> None:
    twice = """
        --> <SEQ={0}><CTL=ACK><LEN=100> x
        +0.3 s
        --> <SEQ={0}><CTL=ACK><LEN=100> -->
        <-- <CTL=ACK> <--
    """
    text = OPEN + "".join(twice.format(1001 + 100 * number) for number in range(segments))
    found = of_code(assert_ladder(text), "SQ004")
    assert [each["severity"] for each in found] == ([] if severity is None else [severity])


def test_rst_after_one_retry_has_another_cause() -> None:
    analysis = assert_ladder(repeated(1) + "\n--> <SEQ=1101><ACK=5001><CTL=RST,ACK> -->")
    assert "RS002" in codes(analysis)
    assert "SQ005" not in codes(analysis)


@pytest.mark.parametrize(("ack", "is_wrong"), [(2_000_000_000, True), (1001, False)])
def test_ack_of_what_no_window_allowed_is_unacceptable(ack: int, is_wrong: bool) -> None:
    analysis = assert_ladder(OPEN + f"<-- <ACK={ack}><CTL=ACK><LEN=10> <--")
    assert ("SQ009" in codes(analysis)) == is_wrong


def test_unacceptable_ack_and_its_challenge_belong_together() -> None:
    analysis = assert_ladder(
        OPEN
        + """
        --> <SEQ=1001><ACK=2000000000><CTL=ACK><LEN=10> -->
        <-- <SEQ=5001><ACK=1001><CTL=ACK> <--
    """
    )
    (found,) = of_code(analysis, "SQ009")
    assert found["values"]["answer"] == 5
    assert "RS009" in codes(analysis)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param("+0.6 s\n<-- <SEQ=5001><ACK=1001><CTL=ACK> <--", id="too late"),
        pytest.param("--> <SEQ=1001><ACK=5001><CTL=ACK> -->", id="by its own sender"),
    ],
)
def test_unacceptable_ack_is_not_challenged_by_what_comes_late_or_from_its_sender(
    answer: str,
) -> None:
    bad = "--> <SEQ=1001><ACK=2000000000><CTL=ACK> -->\n"
    analysis = assert_ladder(OPEN + bad + answer)
    (found,) = of_code(analysis, "SQ009")
    assert found["values"]["answer"] == 0
    assert "RS009" not in codes(analysis)


@pytest.mark.parametrize(("sequence", "is_outside"), [(200_000, True), (2_000, False)])
def test_segment_beyond_the_edge_lies_outside(sequence: int, is_outside: bool) -> None:
    analysis = assert_ladder(OPEN + f"--> <SEQ={sequence}><CTL=ACK><LEN=10> -->")
    assert ("SQ010" in codes(analysis)) == is_outside


@pytest.mark.parametrize(("tsval", "is_old"), [(100, True), (4_995, False), (5_001, False)])
def test_timestamp_from_the_past_is_rejected_beyond_a_round_trip(tsval: int, is_old: bool) -> None:
    analysis = assert_ladder(
        OPEN
        + f"""
        --> <SEQ=1001><CTL=ACK><LEN=10><TSVAL=5000><TSECR=1> -->
        <-- <SEQ=5001><ACK=1011><CTL=ACK><LEN=10><TSVAL=1><TSECR=5000> <--
        --> <SEQ=1011><CTL=ACK><LEN=10><TSVAL={tsval}><TSECR=1> -->
    """
    )
    assert ("SQ012" in codes(analysis)) == is_old


def test_user_timeout_option_is_the_limit_of_its_sender() -> None:
    # RFC 5482: kind 28, length 4, 2 seconds; the copies take 3 s.
    option = "<LEN=100><OPT=1c040002>"
    ladder = repeated(4).replace("<LEN=100>", option, 1) + "\n+10 s\ntick"
    analysis = assert_ladder(ladder)
    assert "SQ005" in codes(analysis)
    without = assert_ladder(repeated(4) + "\n+10 s\ntick")
    assert "SQ005" not in codes(without)


def test_jump_that_both_ends_share_is_a_loss_of_the_capture() -> None:
    analysis = assert_ladder(
        OPEN
        + """
        --> <SEQ=90001001><CTL=ACK><LEN=100> -->
        <-- <SEQ=5001><ACK=90051101><CTL=ACK> <--
    """
    )
    assert not codes(analysis) & {"SQ009", "SQ010"}
