"""What is expected of services: who closes, end states, how many, how fast, what never."""

import pytest

from support.capture_builder import SECOND_NS, START_NS, pcap
from support.checked import check, check_all
from support.services import talk
from support.small_captures import Frames, clock
from tcpflow_analyzer.gate.result import ALL_CAPTURES, ExpectationResult

LATE = clock(START_NS + 1000 * SECOND_NS)


def several(*ends: str, step_ns: int = 1_000_000) -> Frames:
    """Connections one after the other, each with its end."""
    return [
        frame
        for number, end in enumerate(ends)
        for frame in talk(end, 40000 + number, at_ns=START_NS + number * SECOND_NS, step_ns=step_ns)
    ]


def expect(frames: Frames, key: str, where: str = "responder.port == 8080") -> ExpectationResult:
    """Hold frames against an expectation with one key."""
    text = f'fail_on = "never"\n[[expect]]\nname = "x"\nwhere = "{where}"\n{key}'
    (result,) = check(pcap(frames), text).expectations
    return result


def test_closed_by_names_who_did_and_where() -> None:
    frames = several("client", "server", "server", "open")
    assert expect(several("client", "open"), 'closed_by = "originator"').passed
    wrong = expect(frames, 'closed_by = "originator"')
    assert not wrong.passed
    assert wrong.found == "responder 2"
    assert "the responder closed first in 2 of 3 connections" in wrong.message
    assert wrong.connections == (2, 3)
    assert [place.frame for place in wrong.places] == [17, 27]
    assert str(wrong.origin) == "tcpflow.toml, line 5"


@pytest.mark.parametrize(
    ("end", "words"),
    [
        ("server", "the end in TIME-WAIT closed first"),
        ("reset", "tcpflow analyze --all"),
        ("leak", "tcpflow explain CL005"),
        ("open", "nobody closed these"),
    ],
)
def test_states_advise_by_what_was_left(end: str, words: str) -> None:
    wrong = expect([*several(end), *LATE], 'states = ["TIME-WAIT/CLOSED"]')
    assert words in wrong.advice


def test_closed_by_counts_resets_and_leaves_out_health_probes_and_other_services() -> None:
    key = 'closed_by = "responder"'
    assert not expect(several("reset"), key).passed
    assert expect(several("probe"), key).passed
    assert expect(several("client"), key, "responder.port == 9").passed


@pytest.mark.parametrize(
    ("end", "late", "states", "passed"),
    [
        ("client", False, '["TIME-WAIT/CLOSED"]', True),
        ("server", False, '["TIME-WAIT/CLOSED"]', False),
        ("server", False, '["TIME-WAIT/CLOSED", "CLOSED/TIME-WAIT"]', True),
        ("reset", False, '["TIME-WAIT/CLOSED"]', False),
        ("leak", False, '["TIME-WAIT/CLOSED"]', True),  # the capture merely stops
        ("leak", True, '["TIME-WAIT/CLOSED"]', False),
        ("open", False, '["TIME-WAIT/CLOSED"]', True),
        ("open", True, '["TIME-WAIT/CLOSED"]', False),
        ("open", True, '["ESTABLISHED/ESTABLISHED"]', True),
        ("probe", True, '["TIME-WAIT/CLOSED"]', True),
    ],
)
def test_states(end: str, late: bool, states: str, passed: bool) -> None:
    result = expect([*talk(end), *(LATE if late else [])], f"states = {states}")
    assert result.passed == passed, result.message
    assert bool(result.places) == (not passed)


def test_states_wait_as_long_as_they_are_told() -> None:
    frames = [*talk("leak"), *clock(START_NS + 2 * SECOND_NS)]
    states = 'states = ["TIME-WAIT/CLOSED"]\n'
    assert expect(frames, states + 'settle = "3s"').passed
    wrong = expect(frames, states + 'settle = "1s"')
    assert "FIN-WAIT-2/CLOSE-WAIT (1)" in wrong.message


def test_max_connections_names_the_first_beyond() -> None:
    frames = several("client", "client", "probe", "client")
    assert expect(frames, "max_connections = 3").passed
    wrong = expect(frames, "max_connections = 2")
    assert (wrong.passed, wrong.found, wrong.connections) == (False, "3", (4,))


def test_handshake_quantiles_are_by_nearest_rank() -> None:
    # Nine handshakes of 2 ms and one of 20 ms.
    frames = several(*["client"] * 9)
    frames += talk("client", 41000, at_ns=START_NS + 20 * SECOND_NS, step_ns=10_000_000)
    assert expect(frames, 'handshake_p90 = "2ms"').passed
    wrong = expect(frames, 'handshake_p99 = "5ms"')
    assert (wrong.passed, wrong.found, wrong.connections) == (False, "20 ms", (10,))
    assert not expect(frames, 'handshake_max = "19ms"').passed
    assert expect(frames, 'handshake_max = "20ms"').passed
    assert not expect(frames, 'handshake_p50 = "1ms"').passed


def test_handshake_time_begins_with_the_first_syn() -> None:
    first = talk("client")[0]
    frames = [first, *((at_ns + SECOND_NS, octets) for at_ns, octets in talk("client"))]
    wrong = expect(frames, 'handshake_p99 = "900ms"')
    assert (wrong.passed, wrong.found) == (False, "1 s")


def test_handshake_of_nothing_passes() -> None:
    assert expect(talk("client")[4:], 'handshake_p99 = "1us"').passed


def test_forbid_gives_findings_of_the_service() -> None:
    text = """
        fail_on = "never"
        [[expect]]
        name = "orders api"
        where = "responder.port == 8080"
        forbid = ["RS*", "CL005"]
    """
    result = check(pcap([*several("leak", "reset", "probe"), *LATE]), text)
    assert {each.code for each in result.findings} == {"CL005", "RS002"}
    assert {each.service for each in result.findings} == {"orders api"}
    assert {each.expectation for each in result.findings} == {"orders api"}
    assert "line 6" in str(result.findings[0].origin)
    (forbid,) = result.expectations
    assert (forbid.key, forbid.passed, forbid.found) == ("forbid", False, "CL005 1, RS002 1")
    assert forbid not in result.failures  # its findings are
    assert check(pcap([*talk("leak", service=9), *LATE]), text).status == 0


@pytest.mark.parametrize(("least", "passed"), [(3, True), (4, False)])
def test_at_least_counts_all_captures_together(least: int, passed: bool) -> None:
    captures = [pcap(several("client")), pcap(several("client", "open")), pcap(LATE)]
    text = f'allow_empty = true\n[[expect]]\nname = "x"\nat_least = {least}'
    result = check_all(captures, text)
    (expectation,) = result.expectations
    assert (expectation.passed, expectation.found) == (passed, "3")
    assert expectation.capture == ALL_CAPTURES
    assert result.status == int(not passed)


def test_at_least_of_one_capture_is_told_with_it() -> None:
    result = check(pcap(LATE), 'allow_empty = true\n[[expect]]\nname = "x"\nat_least = 1')
    assert [each.key for each in result.failures if isinstance(each, ExpectationResult)] == [
        "at_least"
    ]


def test_captures_limit_where_an_expectation_holds() -> None:
    text = '[[expect]]\nname = "x"\ncaptures = "1.pcap"\nclosed_by = "responder"'
    first, second = check_all([pcap(several("client"))] * 2, text).captures
    assert (first.status, second.status) == (0, 1)
