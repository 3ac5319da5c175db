"""What makes two findings the same, and what does not."""

from dataclasses import replace

from support.checked import analyzed_capture
from support.small_captures import closed
from tcpflow_analyzer.findings.finding import Finding
from tcpflow_analyzer.gate.identity import (
    DIGITS,
    fingerprint,
    fingerprint_of,
    service_text,
    states_text,
)
from tcpflow_analyzer.tcp.states import State

ANALYSIS = analyzed_capture(closed())
CONNECTION = ANALYSIS.connections[0]


def finding(code: str = "CL005", endpoint: str | None = "responder", subject: str = "") -> Finding:
    return Finding(
        code, "name", "error", "observed", 1, endpoint, 5, (1,), 1, "", {}, "", "", subject
    )


def test_fingerprint_does_not_join_words() -> None:
    assert fingerprint("a", "bc") != fingerprint("ab", "c")
    assert len(fingerprint("a")) == DIGITS


def test_fingerprint_ignores_client_port_times_and_addresses() -> None:
    other = replace(
        CONNECTION,
        number=7,
        first_time_ns=1,
        first_frame=99,
        originator=replace(CONNECTION.originator, address="203.0.113.1", port=50000),
        responder=replace(CONNECTION.responder, address="203.0.113.2"),
    )
    assert fingerprint_of(finding(), CONNECTION, "") == fingerprint_of(finding(), other, "")


def test_fingerprint_tells_code_role_service_and_states_apart() -> None:
    responder = CONNECTION.responder
    other_port = replace(CONNECTION, responder=replace(responder, port=81))
    other_state = replace(CONNECTION, responder=replace(responder, state=State.CLOSE_WAIT))
    every = {
        fingerprint_of(finding(), CONNECTION, ""),
        fingerprint_of(finding("CL006"), CONNECTION, ""),
        fingerprint_of(finding(endpoint="originator"), CONNECTION, ""),
        fingerprint_of(finding(), CONNECTION, "orders api"),
        fingerprint_of(finding(), other_port, ""),
        fingerprint_of(finding(), other_state, ""),
    }
    assert len(every) == 6


def test_fingerprint_of_a_host_finding_keeps_its_port_only() -> None:
    one, two, three = (
        fingerprint_of(finding(subject=subject), None, "")
        for subject in ("192.0.2.1:80", "192.0.2.9:80", "192.0.2.1:81")
    )
    assert one == two
    assert one != three


def test_words() -> None:
    assert states_text(CONNECTION) == "TIME-WAIT/CLOSED"
    assert states_text(None) == ""
    assert service_text(finding(), CONNECTION) == "port 80"
    assert service_text(finding(subject="192.0.2.1"), None) == "192.0.2.1"
