"""Attempts with ECN that fail, and attempts without that succeed."""

import pytest

from support.capture_builder import SECOND_NS, START_NS
from support.ladder import Ladder, Socket
from support.observed import notes
from support.openings import OPEN
from tcpflow_analyzer.observer.ecn_attempts import EcnAttempts, asks_for_ecn
from tcpflow_analyzer.table import stream_cases as cases
from tcpflow_analyzer.table.stream_observation import ECN_BLOCKED
from tcpflow_analyzer.tcp.control_bits import ACK, AE, CWR, ECE, SYN

SYN_ECN = "--> <SEQ=1000><CTL=SYN,ECE,CWR> -->\n"
REFUSED = SYN_ECN + "<-- <SEQ=0><ACK=1001><CTL=RST,ACK> <--\n"
IGNORED = SYN_ECN + "+1 s\n" + SYN_ECN
WITH_ECN = OPEN.replace("CTL=SYN>", "CTL=SYN,ECE,CWR>")


def later(text: str, seconds: int, service: int = 80) -> Ladder:
    """Another attempt of the same host."""
    start_ns = START_NS + seconds * SECOND_NS
    b = Socket("198.51.100.1", service)
    return Ladder(text, a=Socket("192.0.2.1", 40001), b=b, start_ns=start_ns)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (REFUSED, later(OPEN, 5), [cases.ECN_REFUSED]),
        (IGNORED, later(OPEN, 5), [cases.ECN_IGNORED]),
        (SYN_ECN, later(OPEN, 5), []),
        (REFUSED, later(WITH_ECN, 5), []),
        (REFUSED, later(OPEN, 200), []),
        (REFUSED, later(OPEN, 5, service=81), []),
        (REFUSED.replace(",ECE,CWR", ""), later(OPEN, 5), []),
    ],
)
def test_attempt_without_ecn_after_one_with_it(
    first: str, second: Ladder, expected: list[int]
) -> None:
    found = notes(ECN_BLOCKED, first, second)
    assert [how for _, _, how, _, _ in found] == expected


@pytest.mark.parametrize(
    ("bits", "expected"),
    [(SYN | ECE | CWR, True), (SYN | ECE, False), (SYN | ECE | CWR | AE, False), (SYN, False)],
)
def test_asks_for_ecn(bits: int, expected: bool) -> None:
    assert asks_for_ecn(bits | 0) == expected
    assert not asks_for_ecn(ACK)


def test_attempts_beyond_the_limit_are_counted() -> None:
    attempts = EcnAttempts(2)
    for port in range(5):
        attempts.refused(bytes(10) + bytes((0, port)), 4, 1, 1)
        attempts.ignored(bytes(10) + bytes((0, port)), 4, 1, 1)
    assert attempts.is_used
    assert attempts.left_out == 6
