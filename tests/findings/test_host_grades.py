"""Rules and sub-cases of findings about a host, each on the traffic that makes the difference.

The folders of fixtures/findings hold one capture a finding; what else its definition says is here.
"""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

import tcpflow_analyzer
from support.capture_builder import SECOND_NS, START_NS
from support.ladder import Ladder, Socket, capture
from tcpflow_analyzer.findings.finding import Finding

Findings = Callable[..., dict[str, Finding]]
RANDOM = random.Random(9293)


@pytest.fixture
def findings(tmp_path: Path) -> Findings:
    """Findings by code of the capture that some ladders make."""

    def find(*ladders: Ladder) -> dict[str, Finding]:
        path = tmp_path / "capture.pcap"
        path.write_bytes(capture(*ladders))
        return {found.code: found for found in tcpflow_analyzer.analyze(path).findings}

    return find


def opened(isns: list[int], times_s: list[float]) -> list[Ladder]:
    """Connections of one host from one port after the other, with these initial numbers."""
    return [
        Ladder(
            f"--> <SEQ={isn}><CTL=SYN> -->\n"
            f"<-- <SEQ={RANDOM.getrandbits(32)}><CTL=SYN,ACK> <--\n--> <CTL=ACK> -->",
            a=Socket("192.0.2.1", 40_000 + index),
            start_ns=START_NS + round(time_s * SECOND_NS),
        )
        for index, (isn, time_s) in enumerate(zip(isns, times_s, strict=True))
    ]


REGULAR = [2.0 * index for index in range(9)]
UNEVEN = [0, 1.3, 4, 4.9, 8, 9.1, 13, 17.7, 20.2]
NUMBERS = [RANDOM.getrandbits(32) for _ in range(9)]


@pytest.mark.parametrize(
    ("isns", "times_s", "rule"),
    [
        ([0] * 9, UNEVEN, "zero"),
        ([77_000] * 9, UNEVEN, "constant"),
        ([(4_294_000_000 + 64_000 * n) % 2**32 for n in range(9)], UNEVEN, "equal increments"),
        ([round(250_000 * s) for s in UNEVEN], UNEVEN, "equal increments a second"),
        ([*NUMBERS[:5], *NUMBERS[1:5]], UNEVEN, "repeated"),
    ],
)
def test_initial_numbers_that_follow_a_rule(
    findings: Findings, isns: list[int], times_s: list[float], rule: str
) -> None:
    assert findings(*opened(isns, times_s))["FL010"].values["rule"] == rule


@pytest.mark.parametrize(
    "isns",
    [
        pytest.param(NUMBERS, id="random"),
        pytest.param([*NUMBERS[:8], NUMBERS[0]], id="one number twice may be chance"),
        pytest.param([64_000 * n * n for n in range(9)], id="increments that grow"),
        pytest.param([64_000 * n for n in range(7)], id="too few"),
    ],
)
def test_initial_numbers_that_follow_none(findings: Findings, isns: list[int]) -> None:
    assert "FL010" not in findings(*opened(isns, REGULAR[: len(isns)]))


CLOSED_BY_A = """
    --> <CTL=SYN> -->
    <-- <CTL=SYN,ACK> <--
    --> <CTL=ACK> -->
    --> <CTL=FIN,ACK> -->
    <-- <CTL=FIN,ACK> <--
    --> <CTL=ACK> -->
"""
COPY = "+0.5 s\n<-- <SEQ=5001><CTL=FIN,ACK> <--\n"


def another(after_s: float, host: str = "192.0.2.1") -> Ladder:
    """A connection that the same host, or another, opens later."""
    text = "--> <CTL=SYN> -->\n<-- <CTL=SYN,ACK> <--\n--> <CTL=ACK> -->"
    start_ns = START_NS + round(after_s * SECOND_NS)
    return Ladder(text, a=Socket(host, 50_000), start_ns=start_ns)


def test_time_wait_that_is_silent_is_absent_where_its_host_lives(findings: Findings) -> None:
    copies = Ladder(CLOSED_BY_A + COPY * 3)
    found = findings(copies, another(10))["TW003"]
    assert found.values["count"] == 3
    assert found.certainty == "inferred"


@pytest.mark.parametrize(
    ("text", "second"),
    [
        pytest.param(CLOSED_BY_A + COPY * 2, another(10), id="two copies may be lost"),
        pytest.param(CLOSED_BY_A + COPY * 3, another(10, "192.0.2.9"), id="another host lives"),
        pytest.param(
            CLOSED_BY_A + COPY * 3 + "--> <CTL=ACK> -->\n", another(10), id="it answers at last"
        ),
    ],
)
def test_time_wait_that_is_silent_may_be_there(
    findings: Findings, text: str, second: Ladder
) -> None:
    assert "TW003" not in findings(Ladder(text), second)
