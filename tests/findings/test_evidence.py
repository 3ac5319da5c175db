"""What findings make of observations that few captures hold: connections noted by hand.

Most sub-cases are shown by exchanges (test_grades.py, fixtures/findings); here are the bounds, the
precedence between findings, and words for rare evidence.
"""

import pytest

from support.capture_builder import SECOND_NS, START_NS
from support.ladder import Ladder, Socket, capture
from support.observed import observe
from support.openings import HALF_CLOSED, OPEN
from tcpflow_analyzer.findings.capture import duplicate_frame
from tcpflow_analyzer.findings.finding import CaptureView, Finding, Verdict
from tcpflow_analyzer.findings.flood import backscatter
from tcpflow_analyzer.findings.flood.counted import retries
from tcpflow_analyzer.findings.handshake import accept_queue_overflow, syn_dropped_by_listener
from tcpflow_analyzer.findings.handshake.icmp_error import icmp_error_name
from tcpflow_analyzer.findings.keepalive import idle_timeout_close
from tcpflow_analyzer.findings.registry import rules
from tcpflow_analyzer.observer.census import Census
from tcpflow_analyzer.observer.openings import UNANSWERED, Openings
from tcpflow_analyzer.settings import NANOSECONDS, PROFILE_RFC, Settings
from tcpflow_analyzer.table import observation as kinds
from tcpflow_analyzer.table import stream_cases as cases
from tcpflow_analyzer.table import stream_observation as stream
from tcpflow_analyzer.table.analysis import Analysis
from tcpflow_analyzer.table.connection import BOTH, RESPONDER, Connection, Request
from tcpflow_analyzer.table.observation import FORM_STATELESS, Reset
from tcpflow_analyzer.table.stream_observation import both_words
from tcpflow_analyzer.tcp.states import CLOSE_WAIT, ESTABLISHED, SYN_SENT

LONG_AFTER = CaptureView(last_time_ns=1000 * NANOSECONDS)
FOUR_LISTENERS = CaptureView(Settings(max_hosts=1), last_time_ns=1000 * NANOSECONDS)


def made(port: int = 40000, service: int = 80) -> Connection:
    """A connection between 192.0.2.1 and 198.51.100.1, with a handshake of frames 1, 2 and 3."""
    ports = port.to_bytes(2, "big") + service.to_bytes(2, "big")
    connection = Connection(bytes((192, 0, 2, 1, 198, 51, 100, 1)) + ports, 1)
    connection.first_frame = connection.syn_frame = connection.originator.first_frame = 1
    connection.synack_frame = connection.responder.first_frame = 2
    connection.ack_frame = 3
    connection.frames = 3
    connection.originator.segments, connection.responder.segments = 2, 1
    return connection


def noted(*observations: tuple[int, bool, int, int, int, int]) -> Connection:
    """A connection with (kind, of_originator, frame, first, second, third) observed."""
    connection = made()
    for kind, of_originator, frame, first, second, third in observations:
        connection.note(kind, of_originator, frame, frame * NANOSECONDS, first, second, third)
    return connection


def judged(code: str, connection: Connection, view: CaptureView = LONG_AFTER) -> list[Finding]:
    """What one rule says of a connection."""
    rule = rules()[code]
    assert rule.detect is not None
    awake = both_words(connection.observed, connection.stream_observed)
    assert awake & (rule.awake | rule.facts)
    return list(rule.detect(connection, view))


@pytest.mark.parametrize(
    ("delay_ns", "rst_frame", "severity", "certainty"),
    [
        (1_010_000_000, 6, "info", "observed"),
        (3_000_000_000, 6, "warning", "observed"),
        (-1, 6, "error", "inferred"),
        (-1, 0, "error", "inferred"),
    ],
)
def test_stale_connection_is_graded_by_the_delay(
    delay_ns: int, rst_frame: int, severity: str, certainty: str
) -> None:
    connection = noted((kinds.STALE_RECOVERY, True, 7, delay_ns, 5, rst_frame))
    (found,) = judged("HS018", connection)
    assert (found.severity, found.certainty) == (severity, certainty)
    assert 5 in found.frames
    assert (rst_frame in found.frames) == (rst_frame > 0)


def test_stale_connection_that_hangs_needs_the_capture_to_go_on() -> None:
    connection = noted((kinds.STALE_RECOVERY, True, 7, -1, 5, 0))
    assert judged("HS018", connection, CaptureView(last_time_ns=16 * NANOSECONDS)) == []
    assert judged("HS018", connection, CaptureView(last_time_ns=17 * NANOSECONDS)) != []


@pytest.mark.parametrize(
    ("code", "kind", "numbers"),
    [
        ("HS003", kinds.SYN_CHANGED, (1000, 90000, NANOSECONDS)),
        ("HS009", kinds.HANDSHAKE_ACK_WRONG, (5, 1001, 0)),
        ("HS017", kinds.SYN_ON_LIVE, (90000, ESTABLISHED, 0)),
    ],
)
def test_recovery_of_a_stale_connection_supersedes(
    code: str, kind: int, numbers: tuple[int, int, int]
) -> None:
    alone = noted((kind, True, 5, *numbers))
    both = noted((kind, True, 5, *numbers), (kinds.STALE_RECOVERY, True, 7, NANOSECONDS, 5, 6))
    assert len(judged(code, alone)) == 1
    assert judged(code, both) == []


@pytest.mark.parametrize(
    ("code", "kind", "numbers", "explained_by"),
    [
        ("HS009", kinds.HANDSHAKE_ACK_WRONG, (5, 1001, 1), kinds.ONE_SIDED),
        ("HS011", kinds.WRONG_DIRECTION, (1, SYN_SENT, 0), kinds.SIMULTANEOUS_OPEN),
        ("HS011", kinds.WRONG_DIRECTION, (4, 0, 0), kinds.SPLIT_HANDSHAKE),
        ("HS015", kinds.DATA_BEFORE_ESTABLISHED, (10, SYN_SENT, 0), kinds.MIDSTREAM),
        ("HS019", kinds.FIN_BEFORE_ESTABLISHED, (SYN_SENT, 0, 0), kinds.MIDSTREAM),
        ("HS019", kinds.FIN_BEFORE_ESTABLISHED, (SYN_SENT, 0, 0), kinds.ONE_SIDED),
        ("HS004", kinds.REFUSED, (NANOSECONDS, 64, 0), kinds.ICMP_REJECTED),
        ("CP004", kinds.ACKED_UNSEEN, (10, 1, 11), kinds.ONE_SIDED),
    ],
)
def test_finding_is_silent_where_another_explains_it(
    code: str, kind: int, numbers: tuple[int, int, int], explained_by: int
) -> None:
    connection = noted((kind, False, 2, *numbers))
    assert len(judged(code, connection)) == 1
    connection.observed |= explained_by
    assert judged(code, connection) == []


def test_wrong_ack_of_a_changed_syn_or_synack_is_left_to_its_finding() -> None:
    wrong = (kinds.HANDSHAKE_ACK_WRONG, False, 3, 1001, 90001, 0)
    assert judged("HS009", noted(wrong, (kinds.SYN_CHANGED, True, 2, 1000, 90000, 5))) == []
    assert judged("HS009", noted(wrong, (kinds.SYNACK_CHANGED, True, 2, 1000, 90000, 0))) == []
    assert len(judged("HS009", noted(wrong, (kinds.SYN_CHANGED, True, 2, 7, 90000, 5)))) == 1


def test_wrong_ack_tells_its_answer() -> None:
    connection = noted((kinds.HANDSHAKE_ACK_WRONG, False, 3, 77000, 1001, 0))
    reset = Reset(True, 4, 4 * NANOSECONDS)
    reset.seq = 77000
    connection.resets = [reset]
    (found,) = judged("HS009", connection)
    assert (found.values["rst_frame"], found.values["distance"]) == (4, 75999)
    assert "RST in frame 4" in found.message


def test_early_data_is_told_with_its_fate() -> None:
    connection = noted((kinds.DATA_BEFORE_ESTABLISHED, True, 2, 10, SYN_SENT, 0))
    assert "never acknowledged" in judged("HS015", connection)[0].message
    connection.originator.snd_una = 11
    assert "acknowledged later" in judged("HS015", connection)[0].message


def test_early_data_is_none_under_fast_open_or_after_the_third_segment() -> None:
    under_fast_open = noted((kinds.DATA_BEFORE_ESTABLISHED, False, 2, 10, 3, 1))
    after_third = noted((kinds.DATA_BEFORE_ESTABLISHED, False, 4, 10, 3, 0))
    assert judged("HS015", under_fast_open) == judged("HS015", after_third) == []


def test_split_handshake_names_the_acceptor() -> None:
    (found,) = judged("HS010", noted((kinds.SPLIT_HANDSHAKE, False, 4, 0, 0, 0)))
    assert (found.endpoint, found.certainty) == ("responder", "inferred")


@pytest.mark.parametrize(
    ("third", "words"), [(0, "with SEQ 90000"), (1, "with ACK 1001"), (2, "with other options")]
)
def test_changed_synack_says_what_changed(third: int, words: str) -> None:
    first, second = (0, 1) if third == 1 else (5000, 90000)
    connection = noted((kinds.SYNACK_CHANGED, False, 4, first, second, third))
    connection.originator.iss = 1000
    assert words in judged("HS012", connection)[0].message


def test_changed_synack_is_explained_by_a_syn_that_changed_before_it() -> None:
    before = (kinds.SYN_CHANGED, True, 1, 1000, 90000, 5)
    between = (kinds.SYN_CHANGED, True, 3, 1000, 90000, 5)
    other_ack = (kinds.SYNACK_CHANGED, False, 4, 1, 2, 1)
    other_seq = (kinds.SYNACK_CHANGED, False, 4, 5000, 7000, 0)
    assert judged("HS012", noted(before, other_ack)) == []
    assert judged("HS012", noted(between, other_seq)) == []
    assert len(judged("HS012", noted(before, other_seq))) == 1


def test_refusal_from_far_away_is_called_a_middlebox() -> None:
    connection = noted((kinds.REFUSED, False, 2, 1000, 250, 0))
    connection.responder.ttl_min = 60
    (found,) = judged("HS004", connection)
    assert found.values["by"] == "middlebox?"
    assert "TTL 250 differs from 60" in found.message
    connection.responder.ttl_min = 247
    assert judged("HS004", connection)[0].values["by"] == "host"


def test_answer_to_a_syn_on_a_live_connection_may_be_a_reset() -> None:
    connection = noted((kinds.SYN_ON_LIVE, True, 4, 90000, CLOSE_WAIT, 0))
    assert "no answer" in judged("HS017", connection)[0].message
    reset = Reset(False, 5, 5 * NANOSECONDS)
    reset.trigger_frame = 4
    connection.resets = [reset]
    assert "answered by RST (frame 5)" in judged("HS017", connection)[0].message


def test_one_sided_view_is_none_of_a_socket_that_is_both_ends() -> None:
    connection = noted((kinds.ONE_SIDED, True, 12, 12, 50, 0))
    connection.originator.segments = 12
    assert len(judged("CP003", connection)) == 1
    connection.observed |= kinds.SELF_CONNECT
    assert judged("CP003", connection) == []


def test_one_sided_view_needs_ten_segments_or_a_whole_life() -> None:
    connection = noted((kinds.ONE_SIDED, True, 5, 5, 50, 0))
    seen = connection.originator
    seen.segments = 5
    assert judged("CP003", connection) == []
    seen.iss_seen, seen.fin_frame = True, 5
    assert len(judged("CP003", connection)) == 1


def test_closer_that_had_no_socket_is_found_among_the_resets() -> None:
    connection = made()
    connection.observed |= kinds.ACTIVE_CLOSE
    connection.active_closer = RESPONDER
    connection.resets = [Reset(False, 9, 9 * NANOSECONDS)]
    (found,) = judged("LC006", connection)
    assert (found.endpoint, found.frames) == ("responder", (9,))


def test_closers_at_once_are_both_named() -> None:
    connection = made()
    connection.observed |= kinds.ACTIVE_CLOSE
    connection.active_closer = BOTH
    connection.originator.fin_frame, connection.responder.fin_frame = 6, 5
    (found,) = judged("LC006", connection)
    assert (found.endpoint, found.frames) == (None, (5, 6))


def test_icmp_errors_have_names_by_version() -> None:
    assert icmp_error_name(4, 3, 1) == "host unreachable"
    assert icmp_error_name(16, 1, 1) == "administratively prohibited"
    assert icmp_error_name(4, 3, 77) == "type 3 code 77"


def ignored(port: int, service: int, time_ns: int) -> Connection:
    """A connection whose third segment the listener ignored once."""
    connection = made(port, service)
    connection.ack_time_ns = time_ns
    connection.note(kinds.SYNACK_REPEATED, False, 4, time_ns + NANOSECONDS, NANOSECONDS, 3, 0)
    return connection


def test_full_accept_queue_keeps_a_bounded_number_of_listeners() -> None:
    finding = accept_queue_overflow.AcceptQueueOverflow()
    for port, service in ((1, 80), (2, 80), (5, 85), (6, 86), (7, 87), (3, 81), (4, 81)):
        finding.see(ignored(port, service, port * NANOSECONDS), FOUR_LISTENERS)
    (found,) = finding.findings(FOUR_LISTENERS)
    assert finding.left_out == 2
    assert found.subject == "198.51.100.1:80"
    assert (found.values["connections"], found.values["listeners_left_out"]) == (2, 2)


def test_full_accept_queue_is_none_where_the_syn_was_repeated() -> None:
    finding = accept_queue_overflow.AcceptQueueOverflow()
    for port in (1, 2):
        connection = made(port)
        connection.note(kinds.SYNACK_REPEATED, False, 4, NANOSECONDS, NANOSECONDS, 3, 1)
        finding.see(connection, LONG_AFTER)
    assert list(finding.findings(LONG_AFTER)) == []


def test_full_accept_queue_that_resets_is_a_warning_on_one_connection_an_error_on_two() -> None:
    finding = accept_queue_overflow.AcceptQueueOverflow()
    for port in (1, 2):
        connection = made(port)
        reset = Reset(False, 4, port * NANOSECONDS)
        reset.form, reset.trigger_frame, reset.trigger_time_ns = FORM_STATELESS, 3, port
        reset.sender_state = reset.sender_proven = 3
        reset.receiver_state = ESTABLISHED
        connection.resets = [reset]
        connection.observed |= kinds.RESET
        finding.see(connection, LONG_AFTER)
        (found,) = finding.findings(LONG_AFTER)
        severity = "warning" if port == 1 else "error"
        assert (found.severity, found.values["resets"]) == (severity, port)


def test_dropped_syns_are_counted_by_listener_within_bounds() -> None:
    finding = syn_dropped_by_listener.SynDroppedByListener()
    for port, service in ((1, 80), (2, 80), (3, 81), (4, 82), (5, 83), (6, 84)):
        connection = made(port, service)
        connection.note(kinds.SYN_DROPPED, True, 10 + port, NANOSECONDS, 3 + port, 7, 1)
        finding.see(connection, FOUR_LISTENERS)
    found, *others = finding.findings(FOUR_LISTENERS)
    assert (len(others), finding.left_out) == (3, 1)
    assert found.frames == (7, 11, 12)
    assert (found.values["syns"], found.values["answered"], found.values["paws"]) == (2, 5, 2)
    assert found.values["listeners_left_out"] == 1


def test_syn_sent_again_after_a_refusal_was_answered_at_once() -> None:
    refusal = (kinds.REFUSED, False, 2, 1000, 64, 0)
    after = noted(refusal, (kinds.SYN_REPEATED, True, 3, NANOSECONDS, 1, 0))
    before = noted((kinds.SYN_REPEATED, True, 2, NANOSECONDS, 1, 0), (*refusal[:2], 3, 1000, 64, 0))
    assert judged("HS002", after) == []
    assert judged("HS002", before)[0].values["syns"] == 2


def test_syn_on_a_closed_end_is_none_on_a_live_connection() -> None:
    assert judged("HS017", noted((kinds.SYN_ON_LIVE, True, 4, 1000, 0, 1))) == []


def test_syn_data_without_an_answer_says_so() -> None:
    connection = noted((kinds.SYN_WITH_DATA, True, 1, 20, -1, 0))
    assert "SYN-ACK (frame 2) did not accept" in judged("HS016", connection)[0].message
    connection.synack_frame = 0
    assert "no SYN-ACK was captured" in judged("HS016", connection)[0].message


@pytest.mark.parametrize(
    ("code", "kind", "explained_by"),
    [
        ("SQ009", stream.ACK_UNACCEPTABLE, kinds.ONE_SIDED),
        ("SQ010", stream.OUTSIDE_WINDOW, kinds.ONE_SIDED),
        ("SQ013", stream.FLIGHT_EXCESSIVE, kinds.ONE_SIDED),
    ],
)
def test_finding_about_numbers_needs_both_directions(
    code: str, kind: int, explained_by: int
) -> None:
    connection = noted((kind, True, 5, 70_000, ESTABLISHED, 9))
    assert len(judged(code, connection)) == 1
    connection.observed |= explained_by
    assert judged(code, connection) == []


def test_numbers_that_both_ends_jump_over_are_a_loss_of_the_capture() -> None:
    bad_ack = (stream.ACK_UNACCEPTABLE, False, 6, 70_000, ESTABLISHED, 0)
    outside = (stream.OUTSIDE_WINDOW, True, 5, 70_000, ESTABLISHED, 9)
    assert (
        judged("SQ009", noted(bad_ack, outside)) == judged("SQ010", noted(bad_ack, outside)) == []
    )


def of_ladder(text: str) -> Connection:
    """The connection of an exchange, as the engine hands it over."""
    (connection,) = observe(capture(Ladder(text)))
    return connection


TALK = (
    OPEN
    + """
    --> <CTL=PSH,ACK><LEN=100> -->
    <-- <CTL=PSH,ACK><LEN=300> <--
    --> <CTL=ACK> -->
"""
)
PROBES = "+75 s\n--> <SEQ=1100><ACK=5301><CTL=ACK> -->\n" * 4


@pytest.mark.parametrize(
    ("tail", "severity", "outcome"),
    [
        ("+75 s\ntick", "warning", "has not given up yet"),
        ("--> <SEQ=1101><ACK=5301><CTL=RST,ACK> -->", "error", "gave up by RST (frame 11)"),
        # A RST of the other end, or of no socket, is no end of the probing.
        ("<-- <SEQ=5301><ACK=1101><CTL=RST,ACK> <--", "warning", "has not given up yet"),
        ("--> <SEQ=1101><CTL=RST> -->", "warning", "has not given up yet"),
    ],
)
def test_probing_that_nobody_answers_ends_by_reset_or_goes_on(
    tail: str, severity: str, outcome: str
) -> None:
    connection = of_ladder(TALK + PROBES + tail)
    view = CaptureView(last_time_ns=connection.last_time_ns + 100 * NANOSECONDS)
    (found,) = judged("KA002", connection, view)
    assert found.severity == severity
    assert outcome in found.message


def test_probing_after_a_reset_that_went_unheard_is_not_ended_by_it() -> None:
    unheard = "--> <SEQ=1101><ACK=5301><CTL=RST,ACK> x\n+1 s\n--> <SEQ=1101><CTL=ACK><LEN=1> -->\n"
    answer = "<-- <SEQ=5301><ACK=1102><CTL=ACK> <--\n"
    connection = of_ladder(TALK + unheard + answer + PROBES.replace("1100", "1101"))
    view = CaptureView(last_time_ns=connection.last_time_ns + 100 * NANOSECONDS)
    (found,) = judged("KA002", connection, view)
    assert "has not given up yet" in found.message


def test_as_many_probes_as_its_system_sends_are_an_error() -> None:
    connection = of_ladder(TALK + PROBES * 3)
    view = CaptureView(last_time_ns=connection.last_time_ns + 100 * NANOSECONDS)
    (found,) = judged("KA002", connection, view)
    assert (found.severity, "as many as its system sends" in found.message) == ("error", True)


LOST = "--> <SEQ=1101><ACK=5301><CTL=PSH,ACK><LEN=100> x\n"
SILENT = TALK + LOST + "".join(f"+{gap} s\n{LOST}" for gap in (1, 2, 4, 8))


def test_silence_that_ended_says_so() -> None:
    assert "spoke again" not in judged("KA003", of_ladder(SILENT))[0].message
    word = "+1 s\n<-- <SEQ=5301><ACK=1201><CTL=ACK> <--\n"
    (found,) = judged("KA003", of_ladder(SILENT + word))
    assert "it spoke again after 16.0" in found.message


@pytest.mark.parametrize("code", ["KA002", "KA003"])
def test_silence_is_none_where_one_direction_was_captured(code: str) -> None:
    connection = of_ladder(TALK + PROBES if code == "KA002" else SILENT)
    view = CaptureView(last_time_ns=connection.last_time_ns + 100 * NANOSECONDS)
    assert len(judged(code, connection, view)) == 1
    connection.one_sided = True
    assert judged(code, connection, view) == []


def test_silence_of_a_client_says_nothing_of_its_host() -> None:
    connection = noted((stream.PEER_SILENT, True, 9, 4, NANOSECONDS, 0))
    (found,) = judged("KA003", connection)
    assert (found.endpoint, found.values["host"]) == ("originator", False)


REFUSED_LATE = "+90 s\n--> <SEQ=1101><ACK=5301><CTL=PSH,ACK><LEN=9> -->\n"
FOREIGN = "<-- <SEQ=5301><CTL=RST><TTL=50> <--\n"


def test_idle_time_of_a_nat_needs_new_connections_that_open_soon() -> None:
    dead = Ladder(TALK + REFUSED_LATE + FOREIGN + "+600 s\ntick")

    def judged_with(seconds: float) -> list[Finding]:
        start_ns = START_NS + round(seconds * SECOND_NS)
        again = Ladder(OPEN, a=Socket("192.0.2.1", 40001), start_ns=start_ns)
        return judged("MB002", observe(capture(dead, again))[0])

    assert judged("MB002", of_ladder(TALK + REFUSED_LATE + FOREIGN)) == []
    (found,) = judged_with(100)
    assert "got a RST from elsewhere after 90" in found.message
    assert judged_with(400) == []


def test_cookie_that_brought_nothing_is_no_fast_open() -> None:
    syn = "--> <CTL=SYN><TFO=0011223344556677><LEN=100> -->\n"
    taken = syn + "<-- <SEQ=5000><ACK=1101><CTL=SYN,ACK> <--\n"
    (found,) = judged("LC009", of_ladder(taken))
    assert found.values["accepted"] == 100
    left = noted((kinds.FAST_OPEN, True, 2, 8, 100, 0))
    assert judged("LC009", left) == []


def test_closer_by_reset_is_not_the_end_whose_reset_was_ignored() -> None:
    connection = made()
    connection.observed |= kinds.ACTIVE_CLOSE
    connection.active_closer = RESPONDER
    ignored_one, other, closing = (
        Reset(side, frame, frame * NANOSECONDS)
        for side, frame in ((False, 7), (True, 8), (False, 9))
    )
    ignored_one.reverted = True
    connection.resets = [ignored_one, other, closing]
    assert judged("LC006", connection)[0].frames == (9,)


@pytest.mark.parametrize(
    ("sign", "words"),
    [
        (cases.PROXIED_TIME, "the first answer 0.500000 s"),
        (cases.PROXIED_TTL, "its TTL is 1000000, that of all others 500000000"),
        (cases.PROXIED_CLOCK, "its timestamp is 1000000, the next one 500000000"),
    ],
)
def test_proxy_shows_by_time_ttl_or_clock(sign: int, words: str) -> None:
    connection = noted((stream.HANDSHAKE_PROXIED, False, 5, sign, 1_000_000, 500_000_000))
    assert words in judged("MB004", connection)[0].message


def test_timestamp_echo_may_be_of_what_the_capture_missed() -> None:
    echo = (stream.TIMESTAMP_DROPPED, True, 5, 1, 777, 700)
    (found,) = judged("OP005", noted(echo))
    assert "TSecr 777" in found.message
    assert judged("OP005", noted(echo, (kinds.ACKED_UNSEEN, False, 4, 10, 1, 11))) == []
    missing = (stream.TIMESTAMP_DROPPED, True, 6, 0, 0, 0)
    (found,) = judged("OP005", noted(missing))
    assert "without the timestamps" in found.message


def resets_at(*frames: int, of_originator: bool = True) -> list[Reset]:
    return [Reset(of_originator, frame, frame * NANOSECONDS) for frame in frames]


def test_challenge_of_another_segment_answers_neither_syn_nor_reset() -> None:
    other = (kinds.CHALLENGE_ACK, False, 6, 77, 1, 0)
    own = (kinds.CHALLENGE_ACK, False, 7, 4, 2, 0)
    syn = (kinds.SYN_ON_LIVE, True, 4, 90_000, CLOSE_WAIT, 0)
    assert "no answer" in judged("HS017", noted(syn, other))[0].message
    assert "challenge ACK (frame 7)" in judged("HS017", noted(syn, other, own))[0].message

    def with_reset(*observations: tuple[int, bool, int, int, int, int]) -> Finding:
        connection = noted(*observations)
        connection.resets = resets_at(5)
        connection.resets[0].verdict = kinds.RST_NOT_EXACT
        connection.resets[0].form = FORM_STATELESS
        connection.observed |= kinds.RESET
        (found,) = judged("RS008", connection)
        return found

    challenge = (kinds.CHALLENGE_ACK, False, 8, 5, 1, 0)
    assert "challenged" not in str(with_reset(other).values)
    assert "challenged" in str(with_reset(other, challenge).values)


def test_answer_to_a_wrong_number_is_a_reset_of_the_other_end() -> None:
    connection = noted((kinds.HANDSHAKE_ACK_WRONG, False, 3, 77_000, 1001, 0))
    connection.resets = [*resets_at(2), *resets_at(4, of_originator=False), *resets_at(5, 6)]
    for reset in connection.resets:
        reset.seq = 77_000
    connection.resets[2].seq = 1  # of the right end, with another number
    assert judged("HS009", connection)[0].values["rst_frame"] == 6


def test_giving_up_is_decided_by_its_reset() -> None:
    connection = noted((stream.GIVEN_UP, True, 9, 3, NANOSECONDS, 21))
    connection.resets = resets_at(20, 21)
    assert judged("SQ005", connection)[0].time_ns == 21 * NANOSECONDS
    connection.resets = None
    assert judged("SQ005", connection)[0].time_ns == 9 * NANOSECONDS


def test_icmp_error_of_an_unknown_sender_says_so() -> None:
    connection = noted((kinds.ICMP_REJECTED, True, 2, 3, 1, 1))
    assert judged("HS005", connection)[0].values["source"] == "unknown"


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ((1000, 3, 0), "1000 RST between"),
        ((3, 1000, 0), "1000 FIN between"),
        ((1000, 2000, 0), "2000 FIN and 1000 RST between"),
        ((0, 3, 101), "101 equal ACKs in turn between"),
    ],
)
def test_storm_says_what_came_in_such_numbers(numbers: tuple[int, int, int], words: str) -> None:
    connection = noted((stream.CONTROL_STORM, True, 9, *numbers))
    connection.analysis = Analysis()
    assert words in judged("FL005", connection)[0].message


def test_close_wait_may_end_by_reset() -> None:
    connection = of_ladder(HALF_CLOSED + "+70 s\n<-- <CTL=RST,ACK> <--\n")
    (found,) = judged("CL005", connection)
    assert "sent RST 70.0" in found.message
    assert connection.last_frame in found.frames


def test_profile_without_a_timer_takes_the_usual_one_where_a_reset_shows_it() -> None:
    # RFC 9293 has no timer in FIN-WAIT-2; that this host has one shows when it is gone.
    held = HALF_CLOSED + "+70 s\n"
    reset = held + "<-- <CTL=PSH,ACK><LEN=9> <--\n--> <SEQ=1002><CTL=RST> -->\n"
    open_still, gone = of_ladder(held + "tick"), of_ladder(reset)
    view = CaptureView(last_time_ns=open_still.last_time_ns + 70 * NANOSECONDS)
    assert judged("CL006", open_still, view)[0].severity == "warning"
    open_still.originator.profile = gone.originator.profile = PROFILE_RFC
    assert judged("CL006", open_still, view) == []
    assert judged("CL006", gone, view)[0].severity == "error"


def test_listeners_with_single_ignored_handshakes_are_remembered_within_bounds() -> None:
    finding = accept_queue_overflow.AcceptQueueOverflow()
    for number in range(accept_queue_overflow.TIMES_KEPT + 1):
        finding.see(ignored(number + 1, 80, 20 * (number + 1) * NANOSECONDS), LONG_AFTER)
    # The very first is forgotten: what comes beside it now is alone again.
    finding.see(ignored(999, 80, 21 * NANOSECONDS), LONG_AFTER)
    assert list(finding.findings(LONG_AFTER)) == []
    finding.see(ignored(999, 80, 61 * NANOSECONDS), LONG_AFTER)
    assert len(list(finding.findings(LONG_AFTER))) == 1


def idle_closed(port: int, seconds: float, service: int = 80) -> Connection:
    connection = made(port, service)
    time_ns = port * NANOSECONDS
    connection.note(stream.IDLE_CLOSE, False, port, time_ns, round(seconds * NANOSECONDS), 0, 0)
    return connection


def test_idle_time_outs_of_a_listener_are_bounded() -> None:
    finding = idle_timeout_close.IdleTimeoutClose()
    for port in range(1, 26):
        finding.see(idle_closed(port, 60), FOUR_LISTENERS)
    for index in range(10):  # further times replace each other, the least frequent first
        finding.see(idle_closed(100 + index, 100 + 10 * index), FOUR_LISTENERS)
    for service in (81, 82, 83, 84):  # no room for the last of these listeners
        finding.see(idle_closed(200, 60, service=service), FOUR_LISTENERS)
    assert finding.left_out == 1
    (found,) = finding.findings(FOUR_LISTENERS)
    assert found.subject == "198.51.100.1:80"
    assert (found.values["connections"], found.frame_count, len(found.frames)) == (25, 25, 20)


def test_copies_of_many_connections_name_the_first_twenty() -> None:
    finding = duplicate_frame.DuplicateFrame()
    for number in range(1, 26):
        connection = noted((kinds.DUPLICATE_FRAME, True, 9, 8, 0, 0))
        connection.number = number
        finding.see(connection, LONG_AFTER)
    (found,) = finding.findings(LONG_AFTER)
    assert found.values["connections"] == 25
    assert found.values["connection_numbers"] == tuple(range(1, 21))


def test_answerers_are_bounded_and_so_are_the_addresses_of_each(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(backscatter, "KEPT", 4)
    finding = backscatter.Backscatter()
    openings = Openings(Settings())
    openings.two_sided = 100
    view = CaptureView(Settings(max_hosts=1), last_time_ns=1000 * NANOSECONDS)
    view.openings = openings
    for host in range(1, 8):
        for service in (80, 81, 82, 83, 84):
            connection = Connection(
                bytes((192, 0, 2, host, 198, 51, 100, 1, 0x9C, 0x40, 0, service)), host
            )
            connection.synack_frame = connection.first_frame = host
            connection.first_time_ns = host * NANOSECONDS
            finding.see(connection, view)
    found, *others = finding.findings(view)
    assert (len(others), finding.left_out) == (3, 7)
    assert found.values["synacks"] == 7
    assert (found.values["destinations"], found.values["senders_left_out"]) == (4, 7)


def churning(octets: int, life_ns: int) -> list[Finding]:
    """What is said of 30 connections a second over 12 seconds."""
    census = Census()
    for number in range(360):
        connection = made(20_000 + number)
        connection.first_time_ns = connection.syn_time_ns = number * NANOSECONDS // 30
        connection.last_time_ns = connection.first_time_ns + life_ns
        connection.originator.payload_octets = octets
        census.opened(connection, connection.first_time_ns)
        census.left(connection)
    make = rules()["FL006"].make
    assert make is not None
    return list(make().findings(CaptureView(census=census)))


def test_churn_is_of_short_and_light_connections() -> None:
    assert len(churning(100, NANOSECONDS // 10)) == 1
    assert churning(100_000, NANOSECONDS // 10) == []
    assert churning(100, 2 * NANOSECONDS) == []


def test_nothing_is_told_of_attempts_that_nobody_counted() -> None:
    assert retries(CaptureView()) == []


def test_request_that_belongs_to_a_flood_is_not_told_alone() -> None:
    openings = Openings(Settings())
    for index in range(150):
        other = Connection((0x0A00_0000 + index).to_bytes(4, "big") + made().key[4:], index)
        openings.failed(other, 4, UNANSWERED, NANOSECONDS + index, index + 1)
    openings.finish(60 * NANOSECONDS)
    view = CaptureView(last_time_ns=60 * NANOSECONDS)
    view.openings = openings
    request = Request(made().key)
    request.time_ns = request.last_time_ns = NANOSECONDS + 5
    of_request = rules()["HS001"].request
    assert of_request is not None
    assert of_request(request, view, Verdict()) == 0
    view.tells_floods = False  # who asks for HS001 alone gets each of them
    verdict = Verdict()
    assert (of_request(request, view, verdict), verdict.time_ns) == (1, request.time_ns)
    request.reset_frame = 2
    assert of_request(request, view, verdict) == 0
