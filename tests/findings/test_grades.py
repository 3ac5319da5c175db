"""Severities and sub-cases that a finding may take, each on the exchange that makes the difference.

The folders of fixtures/findings hold one capture a finding; what else its definition says is here.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

import tcpflow_analyzer
from support.capture_builder import SECOND_NS, START_NS
from support.ladder import SOCKET_B, Ladder, Socket, capture
from tcpflow_analyzer.findings.finding import Finding

Findings = Callable[..., dict[str, Finding]]

HANDSHAKE = """
    --> <CTL=SYN> -->
    <-- <CTL=SYN,ACK> <--
    --> <CTL=ACK> -->
"""
SECOND_PORT = Socket("192.0.2.1", 40001)


@pytest.fixture
def findings(tmp_path: Path) -> Findings:
    """Findings by code of the capture that some ladders make, given as text or as Ladder."""

    def find(*exchanges: str | Ladder) -> dict[str, Finding]:
        ladders = [Ladder(each) if isinstance(each, str) else each for each in exchanges]
        path = tmp_path / "capture.pcap"
        path.write_bytes(capture(*ladders))
        return {found.code: found for found in tcpflow_analyzer.analyze(path).findings}

    return find


def later(text: str, seconds: float, b: Socket = SOCKET_B) -> Ladder:
    """An exchange from another port that begins so many seconds after the first."""
    return Ladder(text, a=SECOND_PORT, b=b, start_ns=START_NS + round(seconds * SECOND_NS))


UNANSWERED = "--> <CTL=SYN> -->\n+1 s\n--> <SEQ=1000><CTL=SYN> -->\n+30 s\ntick"


def test_syn_unanswered_is_an_error_where_no_other_attempt_succeeds(findings: Findings) -> None:
    assert findings(UNANSWERED)["HS001"].severity == "error"


def test_syn_unanswered_is_a_warning_where_another_attempt_succeeds(findings: Findings) -> None:
    again = later(HANDSHAKE, 5)
    assert findings(UNANSWERED, again)["HS001"].severity == "warning"


def test_syn_unanswered_is_an_error_where_another_attempt_comes_too_late(
    findings: Findings,
) -> None:
    again = later(HANDSHAKE, 20)
    assert findings(UNANSWERED, again)["HS001"].severity == "error"


def test_syn_unanswered_says_that_the_originator_gave_up(findings: Findings) -> None:
    copies = "+1 s\n--> <SEQ=1000><CTL=SYN> -->\n" * 6
    found = findings("--> <CTL=SYN> -->\n" + copies + "+15 s\ntick")["HS001"]
    assert found.values["gave_up"] is True
    assert found.values["syns"] == 7


REFUSED = "--> <CTL=SYN> -->\n<-- <SEQ=0><CTL=RST,ACK> <--\n"


def test_refusal_is_an_error_as_the_last_word(findings: Findings) -> None:
    assert findings(REFUSED + "+12 s\ntick")["HS004"].severity == "error"


def test_refusal_is_a_warning_where_the_capture_ends_before_another_attempt_could(
    findings: Findings,
) -> None:
    assert findings(REFUSED + "+5 s\ntick")["HS004"].severity == "warning"


def test_refusal_is_a_warning_where_another_attempt_succeeds(findings: Findings) -> None:
    again = later(HANDSHAKE, 5)
    assert findings(REFUSED + "+30 s\ntick", again)["HS004"].severity == "warning"


def test_changed_isn_is_an_error_beyond_three_variants(findings: Findings) -> None:
    syns = [f"+2 s\n--> <SEQ={number}><CTL=SYN> -->" for number in (2000, 3000, 4000)]
    three = "--> <CTL=SYN> -->\n" + "\n".join(syns[:2])
    four = "--> <CTL=SYN> -->\n" + "\n".join(syns)
    assert findings(three)["HS003"].severity == "warning"
    assert findings(four)["HS003"].severity == "error"


def test_lower_isn_is_suspicious(findings: Findings) -> None:
    higher = findings("--> <CTL=SYN> -->\n+2 s\n--> <SEQ=90000><CTL=SYN> -->")["HS003"]
    lower = findings("--> <CTL=SYN> -->\n+2 s\n--> <SEQ=900><CTL=SYN> -->")["HS003"]
    assert (higher.values["suspicious"], lower.values["suspicious"]) == (False, True)


ICMP_FIRST = """
    --> <CTL=SYN> -->
    <-- <ICMP=3/1><FROM=198.51.100.254> <--
    +1 s
    --> <SEQ=1000><CTL=SYN> -->
"""


def test_icmp_error_is_a_warning_where_the_connection_opened(findings: Findings) -> None:
    opened = ICMP_FIRST + "<-- <CTL=SYN,ACK> <--\n--> <CTL=ACK> -->"
    assert findings(opened)["HS005"].severity == "warning"
    assert findings(ICMP_FIRST)["HS005"].severity == "error"


def test_icmp_error_names_its_sender_and_its_kind(findings: Findings) -> None:
    values = findings(ICMP_FIRST)["HS005"].values
    assert values["source"] == "198.51.100.254"
    assert values["error"] == "host unreachable"


def test_icmpv6_error_is_read_as_well(findings: Findings) -> None:
    text = "--> <CTL=SYN> -->\n<-- <ICMP=1/4><FROM=2001:db8::9> <--\n+1 s\ntick"
    ladder = Ladder(text, a=Socket("2001:db8::1", 40000), b=Socket("2001:db8::2", 80))
    found = findings(ladder)["HS005"]
    assert found.values["error"] == "port unreachable"
    assert found.values["source"] == "2001:db8::9"
    assert "[2001:db8::1]:40000" in found.message


def test_synack_cause_tells_whether_an_ack_was_seen(findings: Findings) -> None:
    before = "--> <CTL=SYN> -->\n<-- <CTL=SYN,ACK> <--\n"
    again = "+1 s\n<-- <SEQ=5000><ACK=1001><CTL=SYN,ACK> <--\n"
    unseen = findings(before + again)["HS006"]
    seen = findings(before + "--> <CTL=ACK> x\n" + again)["HS006"]
    assert (unseen.values["cause"], seen.values["cause"]) == ("no-ack-seen", "ack-seen")


def test_synack_cause_tells_that_the_syn_was_repeated(findings: Findings) -> None:
    text = """
        --> <CTL=SYN> -->
        <-- <CTL=SYN,ACK> x
        +1 s
        --> <SEQ=1000><CTL=SYN> -->
        <-- <SEQ=5000><CTL=SYN,ACK> <--
        --> <CTL=ACK> -->
    """.replace("<-- <CTL=SYN,ACK> x", "x <CTL=SYN,ACK> <--")
    assert findings(text)["HS006"].values["cause"] == "syn-repeated"


def test_abandoned_handshake_expires_with_the_last_synack(findings: Findings) -> None:
    begin = "--> <CTL=SYN> -->\n<-- <CTL=SYN,ACK> <--\n"
    copies = [f"+{2**n} s\n<-- <SEQ=5000><CTL=SYN,ACK> <--\n" for n in range(5)]
    some = findings(begin + "".join(copies[:2]) + "+12 s\ntick")["HS007"]
    every = findings(begin + "".join(copies) + "+40 s\ntick")["HS007"]
    assert (some.values["expired"], every.values["expired"]) == (False, True)


def test_abandoned_handshake_needs_the_capture_to_go_on(findings: Findings) -> None:
    text = "--> <CTL=SYN> -->\n<-- <CTL=SYN,ACK> <--\n"
    assert "HS007" not in findings(text + "+9 s\ntick")
    assert "HS007" in findings(text + "+11 s\ntick")


def test_aborted_handshake_tells_the_two_forms(findings: Findings) -> None:
    text = "--> <CTL=SYN> -->\n<-- <CTL=SYN,ACK> <--\n"
    bare = findings(text + "--> <SEQ=1001><CTL=RST> -->\n+5 s\ntick")["HS008"]
    live = findings(text + "--> <SEQ=1001><ACK=5001><CTL=RST,ACK> -->\n+5 s\ntick")["HS008"]
    assert (bare.values["class"], live.values["class"]) == ("no-socket", "abort")


IGNORED = """
    --> <CTL=SYN> -->
    <-- <CTL=SYN,ACK> <--
    --> <CTL=ACK> -->
    +1 s
    <-- <SEQ=5000><ACK=1001><CTL=SYN,ACK> <--
    --> <SEQ=1001><CTL=ACK> -->
"""


def test_ignored_handshakes_are_an_error_on_two_connections_within_ten_seconds(
    findings: Findings,
) -> None:
    assert findings(IGNORED, later(IGNORED, 5))["HS013"].severity == "error"
    assert "HS013" not in findings(IGNORED, later(IGNORED, 25))


def test_handshake_ignored_twice_is_a_warning_on_one_connection(findings: Findings) -> None:
    again = "+2 s\n<-- <SEQ=5000><ACK=1001><CTL=SYN,ACK> <--\n--> <SEQ=1001><CTL=ACK> -->"
    assert findings(IGNORED + again)["HS013"].severity == "warning"


def test_ignored_handshakes_of_two_listeners_are_kept_apart(findings: Findings) -> None:
    other = later(IGNORED, 1, b=Socket("198.51.100.1", 81))
    assert "HS013" not in findings(IGNORED, other)


def test_syn_data_that_never_came_again_is_a_warning(findings: Findings) -> None:
    begin = "--> <CTL=SYN><LEN=20> -->\n<-- <ACK=1001><CTL=SYN,ACK> <--\n"
    lost = begin + "--> <SEQ=1001><CTL=ACK> -->\n--> <SEQ=1001><CTL=FIN,ACK> -->\n"
    lost += "<-- <ACK=1002><CTL=FIN,ACK> <--\n--> <SEQ=1002><CTL=ACK> -->"
    sent = begin + "--> <SEQ=1001><CTL=ACK><LEN=20> -->\n<-- <ACK=1021><CTL=ACK> <--"
    assert findings(lost)["HS016"].severity == "warning"
    assert findings(sent)["HS016"].severity == "info"


def test_late_duplicate_of_the_syn_is_information(findings: Findings) -> None:
    same = HANDSHAKE + "+1 s\n--> <SEQ=1000><CTL=SYN> -->\n<-- <CTL=ACK> <--"
    other = HANDSHAKE + "+1 s\n--> <SEQ=900000><CTL=SYN> -->\n<-- <ACK=1001><CTL=ACK> <--"
    assert findings(same)["HS017"].severity == "info"
    assert findings(other)["HS017"].severity == "warning"
    assert "challenge ACK" in findings(other)["HS017"].message


def test_closer_by_reset_is_named(findings: Findings) -> None:
    found = findings(HANDSHAKE + "<-- <CTL=RST,ACK> <--\n+5 s\ntick")["LC006"]
    assert (found.endpoint, found.values["by"]) == ("responder", "RST")


def test_close_by_both_is_about_no_endpoint(findings: Findings) -> None:
    crossing = HANDSHAKE + "--> <SEQ=1001><ACK=5001><CTL=FIN,ACK> ...\n"
    crossing += "<-- <SEQ=5001><ACK=1001><CTL=FIN,ACK> <--"
    assert findings(crossing)["LC006"].endpoint is None


@pytest.mark.parametrize(
    ("close", "shape"),
    [
        ("--> <CTL=FIN,ACK> -->\n<-- <CTL=FIN,ACK> <--\n--> <CTL=ACK> -->", "3-segment"),
        (
            "--> <CTL=FIN,ACK> -->\n<-- <CTL=ACK> <--\n<-- <CTL=FIN,ACK> <--\n--> <CTL=ACK> -->",
            "4-segment",
        ),
        (
            "--> <CTL=FIN,ACK> -->\n<-- <CTL=ACK><LEN=9> <--\n<-- <CTL=FIN,ACK> <--\n"
            "--> <CTL=ACK> -->",
            "piggyback",
        ),
    ],
)
def test_close_has_its_shape(findings: Findings, close: str, shape: str) -> None:
    assert findings(HANDSHAKE + close)["LC004"].values["shape"] == shape


def test_half_close_counts_what_was_delivered(findings: Findings) -> None:
    text = HANDSHAKE + "--> <CTL=FIN,ACK> -->\n<-- <CTL=ACK> <--\n"
    text += "<-- <CTL=ACK><LEN=100> <--\n--> <CTL=ACK> -->\n" * 12
    text += "<-- <CTL=ACK><LEN=100> <--\n"
    assert findings(text)["LC007"].values["octets"] == 1200


def test_fast_open_request_without_data_is_told(findings: Findings) -> None:
    text = "--> <CTL=SYN><TFO> -->\n<-- <CTL=SYN,ACK><TFO=0123456789abcdef> <--\n--> <CTL=ACK> -->"
    assert findings(text)["LC009"].values["use"] == "request"


def test_fin_with_data_of_both_ends_is_two_findings(tmp_path: Path) -> None:
    text = HANDSHAKE + "--> <CTL=FIN,ACK><LEN=5> -->\n<-- <CTL=FIN,ACK><LEN=5> <--\n"
    path = tmp_path / "both.pcap"
    path.write_bytes(capture(Ladder(text + "--> <CTL=ACK> -->")))
    found = [each for each in tcpflow_analyzer.analyze(path).findings if each.code == "LC008"]
    assert [each.endpoint for each in found] == ["originator", "responder"]


def test_synack_as_first_segment_is_a_missed_syn(findings: Findings) -> None:
    text = "--> <CTL=SYN><UNSEEN> -->\n<-- <CTL=SYN,ACK> <--\n--> <CTL=ACK> -->"
    assert findings(text)["CP001"].values["sub_case"] == "syn-missed"


def test_unseen_octets_are_counted_by_range(findings: Findings) -> None:
    text = HANDSHAKE + "--> <CTL=ACK><LEN=300><UNSEEN> -->\n+0.1 s\n<-- <CTL=ACK> <--\n"
    text += "--> <CTL=ACK><LEN=700> -->\n+0.1 s\n<-- <CTL=ACK> <--"
    found = findings(text)["CP004"]
    assert (found.values["octets"], found.values["share"]) == (300, 0.3)
    assert found.values["ranges"] == [[1, 301]]
