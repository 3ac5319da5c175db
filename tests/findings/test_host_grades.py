"""Rules and sub-cases of findings about a host, each on the traffic that makes the difference.

The folders of fixtures/findings hold one capture a finding; what else its definition says is here.
"""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

import tcpflow_analyzer
from support.capture_builder import SECOND_NS, START_NS
from support.ladder import SOCKET_B, Ladder, Socket, capture
from tcpflow_analyzer.findings.finding import CaptureView, Finding
from tcpflow_analyzer.findings.time_wait import time_wait_accumulation
from tcpflow_analyzer.findings.time_wait.port_exhaustion_forecast import PortExhaustionForecast
from tcpflow_analyzer.findings.time_wait.time_wait_accumulation import TimeWaitAccumulation
from tcpflow_analyzer.observer.census import Census
from tcpflow_analyzer.settings import PROFILE_LINUX, PROFILE_RFC, PROFILES, Settings
from tcpflow_analyzer.table.connection import Connection

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


SYN = "--> <CTL=SYN> -->\n"
REFUSAL = SYN + "<-- <SEQ=0><CTL=RST,ACK> <--\n"
OPEN = SYN + "<-- <CTL=SYN,ACK> <--\n--> <CTL=ACK> -->\n"


def at(
    seconds: float, text: str, port: int = 40000, b: Socket = SOCKET_B, host: str = "192.0.2.1"
) -> Ladder:
    """An exchange that begins so many seconds after the first."""
    return Ladder(text, a=Socket(host, port), b=b, start_ns=START_NS + round(seconds * SECOND_NS))


def served(last: int, port: int) -> Socket:
    return Socket(f"198.51.100.{last}", port)


def scan(text: str, targets: list[Socket]) -> list[Ladder]:
    """One exchange with each of the targets, half a second after the other."""
    tried = [at(index / 2, text, b=target) for index, target in enumerate(targets)]
    return [*tried, at(40, "tick")]


PORTS = [served(1, 1000 + index) for index in range(16)]
HOSTS = [served(1 + index, 22) for index in range(16)]
BOTH = [served(1 + index, 1000 + index) for index in range(16)]


@pytest.mark.parametrize(
    ("targets", "axis"), [(PORTS, "vertical"), (HOSTS, "horizontal"), (BOTH, "block")]
)
def test_scan_has_an_axis(findings: Findings, targets: list[Socket], axis: str) -> None:
    assert findings(*scan(REFUSAL, targets))["FL004"].values["axis"] == axis


RST = "<-- <SEQ=0><ACK=1001><CTL=RST,ACK> <--\n"


@pytest.mark.parametrize("answer", ["", RST], ids=["silent", "refused"])
@pytest.mark.parametrize(
    ("probe", "kind"),
    [
        ("--> <SEQ=1000><CTL=ACK> -->\n", "ack"),
        ("--> <SEQ=1000><CTL=FIN,ACK> -->\n", "maimon"),
        ("--> <SEQ=1000><CTL=FIN> -->\n", "fin"),
        ("--> <SEQ=1000><CTL=FIN,PSH,URG> -->\n", "xmas"),
        (SYN, "syn or connect"),
    ],
)
def test_scan_without_a_handshake_has_a_kind(
    findings: Findings, probe: str, kind: str, answer: str
) -> None:
    found = findings(*scan(probe + answer, PORTS))["FL004"]
    assert found.values["kind"] == kind
    assert found.certainty == ("observed" if answer else "inferred")


@pytest.mark.parametrize(
    ("after", "kind"),
    [
        ("--> <CTL=ACK> -->\n--> <CTL=RST,ACK> -->\n", "connect"),
        ("--> <SEQ=1001><CTL=RST> -->\n", "syn"),
    ],
)
def test_scan_tells_what_was_open(findings: Findings, after: str, kind: str) -> None:
    opened = at(9, SYN + "<-- <CTL=SYN,ACK> <--\n" + after, b=served(1, 443))
    found = findings(*scan(REFUSAL, PORTS), opened)["FL004"]
    assert found.values["kind"] == kind
    assert found.values["open"] == "198.51.100.1:443"
    assert "open: 198.51.100.1:443" in found.message


def test_numbers_of_a_scanner_are_its_tools(findings: Findings) -> None:
    answered = [
        at(index / 2, OPEN.replace("<CTL=SYN,ACK>", f"<SEQ={number}><CTL=SYN,ACK>"), b=target)
        for index, (number, target) in enumerate(zip(NUMBERS, BOTH, strict=False))
    ]
    alone = findings(*answered)["FL010"]
    assert (alone.subject, alone.values["rule"]) == ("192.0.2.1", "constant")
    found = findings(*scan(REFUSAL, PORTS), *answered)
    assert "FL004" in found
    assert "FL010" not in found


@pytest.mark.parametrize(
    ("gaps", "backoff"),
    [
        ([1, 1, 1, 1, 1], "constant"),
        ([0.25, 0.5, 1, 2, 4], "growing"),
        ([0.2, 2, 0.2, 0.2, 2], "irregular"),
    ],
)
def test_retries_tell_how_the_client_waits(
    findings: Findings, gaps: list[float], backoff: str
) -> None:
    times = [sum(gaps[:index]) for index in range(len(gaps) + 1)]
    tried = [at(when, REFUSAL, port=40000 + index) for index, when in enumerate(times)]
    assert findings(*tried, at(40, "tick"))["FL007"].values["backoff"] == backoff


def answer_of(host: int, text: str) -> Ladder:
    """An answer of 198.51.100.9 to a host that sent nothing."""
    return at(host, text, host=f"192.0.2.{host}", b=served(9, 80))


LONE_SYNACK = "<-- <SEQ=5000><ACK=1001><CTL=SYN,ACK> <--\n"


def test_answers_that_nobody_asked_for_are_counted_by_form(findings: Findings) -> None:
    both = [at(index, OPEN, port=41000 + index) for index in range(20)]
    answers = [answer_of(host, LONE_SYNACK if host < 4 else RST) for host in range(2, 8)]
    found = findings(*both, *answers)["FL008"]
    assert (found.values["synacks"], found.values["resets"]) == (2, 4)
    assert found.values["destinations"] == 6
    # What is lone, but no answer: a RST without ACK, and data.
    others = ["<-- <SEQ=5000><CTL=RST> <--\n", "<-- <SEQ=5000><ACK=1><CTL=ACK><LEN=5> <--\n"]
    for other in others:
        assert "FL008" not in findings(*both, *(answer_of(host, other) for host in range(2, 8)))


def offered(index: int, answer: str) -> Ladder:
    syn = "--> <CTL=SYN><WS=7><SACKOK><TSVAL=100> -->\n"
    return at(10 + index / 50, syn + f"<-- <CTL=SYN,ACK>{answer} <--\n", port=41000 + index)


def cookies(answers: list[str]) -> list[Ladder]:
    """A listener that answered in full once, and then so while SYNs flood it."""
    full = at(0, "--> <CTL=SYN><WS=7><SACKOK><TSVAL=100> -->\n<-- <CTL=SYN,ACK>" + FULL + " <--")
    flood = [at(10 + index / 100, SYN, port=50000 + index) for index in range(200)]
    return [full, *flood, *(offered(*each) for each in enumerate(answers)), at(60, "tick")]


FULL = "<WS=7><SACKOK><TSVAL=64><TSECR=100>"


def test_cookies_show_by_missing_options_or_by_those_in_the_timestamp(findings: Findings) -> None:
    missing = findings(*cookies(["<MSS=1460>"] * 20))["FL003"]
    assert "without options" in missing.message
    in_time = [f"<WS=7><SACKOK><TSVAL={3200 + 32 * n + 23}><TSECR=100>" for n in range(20)]
    encoded = findings(*cookies(in_time))["FL003"]
    assert "low bits of TSval" in encoded.message
    few = findings(*cookies(["<MSS=1460>"]))
    assert "FL001" in few
    assert "FL003" not in few


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
        pytest.param(
            [0, 1_000_000, 2_100_000, 3_000_000, 4_100_000, 5_000_000, 6_100_000, 7_000_000],
            id="increments that are only nearly equal",
        ),
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


def peak(profile: int, entries: int, warn: int) -> list[Finding]:
    """What is said of a host that held so many TIME-WAIT entries at once, as responder."""
    census = Census(busy=1)
    for port in range(entries):
        key = bytes((192, 0, 2, 1, 198, 51, 100, 1)) + port.to_bytes(2, "big") + b"\0\x50"
        made = Connection(key, port + 1)
        made.last_frame = port + 1
        made.responder.profile = profile
        census.time_wait_entered(made, False, port, port + SECOND_NS)
    settings = Settings(time_wait_warn=warn)
    return list(TimeWaitAccumulation().findings(CaptureView(settings, census=census)))


def test_accumulated_time_wait_goes_by_the_limit_of_its_system(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (found,) = peak(PROFILE_RFC, 20, warn=20)  # no limit of its own; nobody names a service
    assert (found.values["peak"], found.values["responder_side"]) == (20, 20)
    assert "towards" not in found.message
    assert peak(PROFILE_RFC, 19, warn=20) == []
    small = PROFILES[PROFILE_LINUX]._replace(time_wait_buckets=30)
    profiles = [small if each.name == "linux" else each for each in PROFILES]
    monkeypatch.setattr(time_wait_accumulation, "PROFILES", profiles)
    assert len(peak(PROFILE_LINUX, 15, warn=20)) == 1
    assert peak(PROFILE_RFC, 15, warn=20) == []


def in_use(ports: int, closes_a_second: float, settings: Settings) -> list[Finding]:
    """What is said of a client with so many ports open, which closes some for 20 s."""
    census = Census(busy=1)
    made = []
    for port in range(ports):
        key = bytes((192, 0, 2, 1, 198, 51, 100, 1)) + port.to_bytes(2, "big") + b"\0\x50"
        made.append(Connection(key, port + 1))
        made[-1].originator.profile = PROFILE_LINUX
        census.opened(made[-1], port)
    for number in range(round(20 * closes_a_second)):
        now_ns = SECOND_NS + round(number * SECOND_NS / closes_a_second)
        census.time_wait_entered(made[number], True, now_ns, 0)
    return list(PortExhaustionForecast().findings(CaptureView(settings, census=census)))


def test_forecast_takes_a_steady_rate_of_closes_and_how_long_each_is_held() -> None:
    many = Settings(ephemeral_ports=100)
    (found,) = in_use(90, 0, many)
    assert (found.values["needed"], "closes a second" in found.message) == (0, False)
    assert in_use(70, 0.4, many) == []  # 8 closes in 17.5 s: 24 ports for 60 s each
    (found,) = in_use(70, 2, many)
    assert "closes a second for 60 s each" in found.message
    assert found.values["needed"] == 120
    (found,) = in_use(70, 2, Settings(ephemeral_ports=100, msl_ns=60 * SECOND_NS))
    assert "closes a second for 120 s each" in found.message


B_FIRST = """
    <-- <CTL=FIN,ACK> <--
    --> <CTL=FIN,ACK> -->
    <-- <CTL=ACK> <--
"""
COPY_OF_A = "+0.5 s\n--> <SEQ=1001><ACK=5002><CTL=FIN,ACK> -->\n"


def test_time_wait_that_is_silent_is_absent_where_its_listener_answers(findings: Findings) -> None:
    copies = Ladder(OPEN + B_FIRST + COPY_OF_A * 3)
    found = findings(copies, another(10, "192.0.2.9"))["TW003"]
    assert (found.endpoint, found.values["count"]) == ("responder", 3)
    assert "TW003" not in findings(copies)


def test_pair_that_both_ends_held_is_reused_out_of_both(findings: Findings) -> None:
    crossed = """
        --> <SEQ=1001><ACK=5001><CTL=FIN,ACK> ...
        <-- <SEQ=5001><ACK=1001><CTL=FIN,ACK> <--
        ... <SEQ=1001><CTL=FIN,ACK> -->
        --> <SEQ=1002><ACK=5002><CTL=ACK> -->
        <-- <SEQ=5002><ACK=1002><CTL=ACK> <--
        +1 s
        --> <SEQ=90000><CTL=SYN> -->
        <-- <SEQ=80000><CTL=SYN,ACK> <--
        --> <CTL=ACK> -->
    """
    assert findings(Ladder(OPEN + crossed))["TW004"].values["holder"] == "both"
