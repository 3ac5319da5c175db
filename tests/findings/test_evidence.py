"""What findings make of observations that few captures hold: connections noted by hand.

Most sub-cases are shown by exchanges (test_grades.py, fixtures/findings); here are the bounds, the
precedence between findings, and words for rare evidence.
"""

import pytest

from tcpflow_analyzer.findings.finding import CaptureView, Finding
from tcpflow_analyzer.findings.handshake import accept_queue_overflow, syn_dropped_by_listener
from tcpflow_analyzer.findings.handshake.icmp_error import icmp_error_name
from tcpflow_analyzer.findings.registry import rules
from tcpflow_analyzer.settings import NANOSECONDS
from tcpflow_analyzer.table import observation as kinds
from tcpflow_analyzer.table.connection import BOTH, RESPONDER, Connection
from tcpflow_analyzer.table.observation import FORM_STATELESS, Reset
from tcpflow_analyzer.tcp.states import CLOSE_WAIT, ESTABLISHED, SYN_SENT

LONG_AFTER = CaptureView(last_time_ns=1000 * NANOSECONDS)


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
    assert rule.wakes & connection.observed
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


def test_full_accept_queue_keeps_a_bounded_number_of_listeners(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(accept_queue_overflow, "LISTENERS_KEPT", 1)
    finding = accept_queue_overflow.AcceptQueueOverflow()
    for port, service in ((1, 80), (2, 80), (3, 81), (4, 81)):
        finding.see(ignored(port, service, port * NANOSECONDS), LONG_AFTER)
    (found,) = finding.findings(LONG_AFTER)
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


def test_dropped_syns_are_counted_by_listener_within_bounds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(syn_dropped_by_listener, "LISTENERS_KEPT", 1)
    finding = syn_dropped_by_listener.SynDroppedByListener()
    for port, service in ((1, 80), (2, 80), (3, 81)):
        connection = made(port, service)
        connection.note(kinds.SYN_DROPPED, True, 10 + port, NANOSECONDS, 3 + port, 7, 1)
        finding.see(connection, LONG_AFTER)
    (found,) = finding.findings(LONG_AFTER)
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
