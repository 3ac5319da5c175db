"""Severities and sub-cases of the CL, TW and RS findings, each on the exchange that makes it."""

from collections.abc import Callable
from pathlib import Path

import pytest

import tcpflow_analyzer
from support.capture_builder import SECOND_NS, START_NS
from support.ladder import Ladder, Socket, capture
from tcpflow_analyzer.findings.finding import Finding
from tcpflow_analyzer.settings import Settings

Findings = Callable[..., dict[str, Finding]]

OPEN = """
    --> <CTL=SYN> -->
    <-- <CTL=SYN,ACK> <--
    --> <CTL=ACK> -->
"""
TALK = """
    --> <CTL=PSH,ACK><LEN=100> -->
    <-- <CTL=PSH,ACK><LEN=300> <--
    --> <CTL=ACK> -->
"""
A_FIN = """
    --> <CTL=FIN,ACK> -->
    <-- <CTL=ACK> <--
"""
A_CLOSES = """
    --> <CTL=FIN,ACK> -->
    <-- <CTL=FIN,ACK> <--
    --> <CTL=ACK> -->
"""
B_CLOSES = """
    <-- <CTL=FIN,ACK> <--
    --> <CTL=FIN,ACK> -->
    <-- <CTL=ACK> <--
"""


@pytest.fixture
def findings(tmp_path: Path) -> Findings:
    """Findings by code of the capture that some ladders make, given as text or as Ladder."""

    def find(*exchanges: str | Ladder, settings: Settings | None = None) -> dict[str, Finding]:
        ladders = [Ladder(each) if isinstance(each, str) else each for each in exchanges]
        path = tmp_path / "capture.pcap"
        path.write_bytes(capture(*ladders))
        analysis = tcpflow_analyzer.analyze(path, settings=settings)
        return {found.code: found for found in analysis.findings}

    return find


@pytest.mark.parametrize(
    ("held", "severity"), [(59, None), (61, "warning"), (299, "warning"), (301, "error")]
)
def test_close_wait_grows_worse_with_time(
    findings: Findings, held: int, severity: str | None
) -> None:
    found = findings(OPEN + A_FIN + f"+{held} s\ntick").get("CL005")
    assert (found.severity if found else None) == severity


def test_close_wait_counts_from_the_last_data_of_its_holder(findings: Findings) -> None:
    data = "+50 s\n<-- <CTL=PSH,ACK><LEN=10> <--\n--> <CTL=ACK> -->\n+50 s\ntick"
    assert "CL005" not in findings(OPEN + A_FIN + data)


def test_close_wait_threshold_is_a_setting(findings: Findings) -> None:
    settings = Settings(close_wait_warn_ns=5 * SECOND_NS)
    assert findings(OPEN + A_FIN + "+10 s\ntick", settings=settings)["CL005"].severity == "warning"


def test_fin_wait_2_without_a_late_segment_is_assumed(findings: Findings) -> None:
    found = findings(OPEN + A_FIN + "+70 s\ntick")["CL006"]
    assert (found.severity, found.certainty) == ("warning", "assumed")


def test_fin_unacknowledged_waits_for_its_answer(findings: Findings) -> None:
    lost = OPEN + "--> <CTL=FIN,ACK> x\n"
    assert "CL001" not in findings(lost + "+4 s\ntick")
    found = findings(lost + "+6 s\ntick")["CL001"]
    assert found.values["gave_up"] is False
    assert findings(lost + "+101 s\ntick")["CL001"].values["gave_up"] is True


def test_fin_unacknowledged_is_no_matter_where_a_rst_ended_it(findings: Findings) -> None:
    assert "CL001" not in findings(OPEN + "--> <CTL=FIN,ACK> x\n<-- <CTL=RST,ACK> <--\n+10 s\ntick")


@pytest.mark.parametrize(("gap", "cause"), [("0.1", "too-early"), ("0.3", "fin-lost")])
def test_fin_retransmitted_tells_why(findings: Findings, gap: str, cause: str) -> None:
    again = f"--> <CTL=FIN,ACK> x\n+{gap} s\n--> <SEQ=1001><CTL=FIN,ACK> -->\n<-- <CTL=ACK> <--"
    assert findings(OPEN + again)["CL002"].values["cause"] == cause


def test_fin_retransmitted_after_its_ack_lost_the_ack(findings: Findings) -> None:
    again = "--> <CTL=FIN,ACK> -->\nx <CTL=ACK> <--\n+0.3 s\n--> <SEQ=1001><CTL=FIN,ACK> -->"
    found = findings(OPEN + again)["CL002"]
    assert found.values["cause"] == "ack-lost"
    assert found.values["ack_frame"] == 5


def test_time_wait_reack_that_does_not_get_through_is_a_warning(findings: Findings) -> None:
    again = "+1 s\n<-- <SEQ=5001><CTL=FIN,ACK> <--\n--> <CTL=ACK> x\n"
    assert findings(OPEN + A_CLOSES + again)["TW002"].severity == "info"
    assert findings(OPEN + A_CLOSES + again * 6)["TW002"].severity == "warning"


def test_time_wait_after_a_simultaneous_close_is_held_twice(tmp_path: Path) -> None:
    crossing = """
        --> <SEQ=1001><ACK=5001><CTL=FIN,ACK> ...
        <-- <SEQ=5001><ACK=1001><CTL=FIN,ACK> <--
        ... <SEQ=1001><CTL=FIN,ACK> -->
        --> <SEQ=1002><ACK=5002><CTL=ACK> -->
        <-- <SEQ=5002><ACK=1002><CTL=ACK> <--
    """
    path = tmp_path / "capture.pcap"
    path.write_bytes(capture(Ladder(OPEN + crossing)))
    found = [each for each in tcpflow_analyzer.analyze(path).findings if each.code == "TW001"]
    assert {each.endpoint for each in found} == {"originator", "responder"}
    assert [each.values["path"] for each in found] == ["CLOSING", "CLOSING"]


def test_time_wait_from_fin_wait_1_names_its_path(findings: Findings) -> None:
    assert findings(OPEN + A_CLOSES)["TW001"].values["path"] == "FIN-WAIT-1"
    slow = A_FIN + "<-- <CTL=FIN,ACK> <--\n--> <CTL=ACK> -->"
    assert findings(OPEN + slow)["TW001"].values["path"] == "FIN-WAIT-2"


def reopened(seq: int, tsval: int | None = None) -> str:
    """The same pair again, with an initial number and perhaps timestamps."""
    time = "" if tsval is None else f"<TSVAL={tsval}><TSECR=0>"
    return f"""
        +1 s
        --> <SEQ={seq}><CTL=SYN>{time} -->
        <-- <SEQ=90000><ACK={seq + 1}><CTL=SYN,ACK> <--
        --> <SEQ={seq + 1}><ACK=90001><CTL=ACK> -->
    """


def test_newer_timestamp_makes_a_lower_number_safe(findings: Findings) -> None:
    long = "--> <CTL=PSH,ACK><LEN=1400><TSVAL=100><TSECR=50> -->\n<-- <CTL=ACK> <--\n"
    assert "TW005" in findings(OPEN + long + B_CLOSES + reopened(1500))
    found = findings(OPEN + long + B_CLOSES + reopened(1500, tsval=900))
    assert "TW005" not in found
    assert "RFC 6191" in str(found["TW004"].values["rule"])


def test_linux_number_out_of_time_wait_is_named(findings: Findings) -> None:
    # The SYN-ACK of the holder B: its old SND.NXT, 5002, and 65537 more.
    again = "+1 s\n--> <SEQ=70000><CTL=SYN> -->\n<-- <SEQ=70539><CTL=SYN,ACK> <--\n"
    assert findings(OPEN + B_CLOSES + again)["TW004"].values["linux_tw_isn"] is True
    other = again.replace("70539", "70540")
    assert findings(OPEN + B_CLOSES + other)["TW004"].values["linux_tw_isn"] is False


def test_linux_number_shows_that_time_wait_ignored_a_reset(findings: Findings) -> None:
    reset = "--> <SEQ=1002><CTL=RST> -->\n"
    again = "+1 s\n--> <SEQ=70000><CTL=SYN> -->\n<-- <SEQ=70539><CTL=SYN,ACK> <--\n"
    found = findings(OPEN + B_CLOSES + reset + again)
    assert "TW013" not in found
    assert found["TW004"].values["holder"] == "peer"
    found = findings(OPEN + B_CLOSES + reset + again.replace("70539", "70540"))
    assert "TW004" not in found
    assert found["TW013"].values["unprotected"] is True


def test_reuse_after_reset_warns_where_old_octets_lie_in_the_new_window(
    findings: Findings,
) -> None:
    aborted = OPEN + TALK + "--> <CTL=RST,ACK> -->\n"
    assert findings(aborted + reopened(70000))["TW013"].severity == "info"
    assert findings(aborted + reopened(1050))["TW013"].severity == "warning"


def test_time_wait_that_ignores_resets_is_only_told(findings: Findings) -> None:
    chain = "<-- <SEQ=5001><CTL=RST> <--\n"
    settings = Settings(profiles={"": "rfc"})
    hit = findings(OPEN + A_CLOSES + chain.replace("5001", "5002"))["TW007"]
    assert hit.severity == "warning"
    ignored = findings(OPEN + A_CLOSES + chain.replace("5001", "5002"), settings=settings)["TW007"]
    assert ignored.severity == "info"


@pytest.mark.parametrize(("octets", "severity"), [(64, "warning"), (65, "error")])
def test_reset_that_loses_little_of_the_peers_data_is_a_warning(
    findings: Findings, octets: int, severity: str
) -> None:
    lost = f"<-- <CTL=PSH,ACK><LEN={octets}> <--\n--> <ACK=5001><CTL=RST,ACK> -->\n"
    assert findings(OPEN + lost)["RS002"].severity == severity


def test_reset_at_once_behind_own_data_looks_like_linger(findings: Findings) -> None:
    round_trip = "--> <CTL=PSH,ACK><LEN=10> -->\n<-- <CTL=ACK> <--\n"
    data = round_trip + "--> <CTL=PSH,ACK><LEN=100> x\n"
    soon = findings(OPEN + data + "+0.001 s\n--> <CTL=RST,ACK> -->")["RS002"]
    late = findings(OPEN + data + "+0.9 s\n--> <CTL=RST,ACK> -->")["RS002"]
    assert (soon.values["linger0_like"], late.values["linger0_like"]) == (True, False)


def test_challenge_acks_in_a_loop_are_a_warning(findings: Findings) -> None:
    syn = "--> <SEQ=700000><CTL=SYN> -->\n<-- <SEQ=5301><ACK=1101><CTL=ACK> <--\n"
    assert findings(OPEN + TALK + syn)["RS009"].severity == "info"
    assert findings(OPEN + TALK + syn * 7)["RS009"].severity == "warning"


def test_resets_to_both_ends_are_a_burst(findings: Findings) -> None:
    both = "--> <CTL=RST,ACK> -->\n+0.001 s\n<-- <CTL=RST,ACK> <--\n"
    found = findings(OPEN + TALK + both)["RS012"]
    assert found.endpoint is None
    assert "RS012" not in findings(OPEN + TALK + both.replace("0.001", "0.2"))


def test_reset_text_is_shown_as_printable_ascii(findings: Findings) -> None:
    found = findings(OPEN + "--> <CTL=RST,ACK><TEXT=über> -->")["RS013"]
    assert found.values["text"] == "..ber"


def test_listener_that_waits_for_its_time_wait_is_an_error(findings: Findings) -> None:
    def later(text: str, port: int, seconds: float) -> Ladder:
        start_ns = START_NS + round(seconds * SECOND_NS)
        return Ladder(text, a=Socket("192.0.2.1", port), start_ns=start_ns)

    refused = "--> <CTL=SYN> -->\n<-- <SEQ=0><CTL=RST,ACK> <--\n"
    first = Ladder(OPEN + B_CLOSES)
    waited = findings(first, later(refused, 40001, 5), later(OPEN, 40002, 60.5))["TW012"]
    assert (waited.severity, waited.certainty) == ("error", "observed")
    assert waited.values["refused"] == 1
    at_once = findings(first, later(refused, 40001, 5), later(OPEN, 40002, 10))["TW012"]
    assert at_once.severity == "info"


def test_fin_that_was_acknowledged_lies_behind_a_gap_of_the_capture(findings: Findings) -> None:
    fin = "--> <SEQ=201101><CTL=FIN,ACK> -->\n<-- <ACK={}><CTL=ACK> <--\n"
    assert "CL004" in findings(OPEN + TALK + fin.format(1101))
    assert "CL004" not in findings(OPEN + TALK + fin.format(201102))


def test_one_segment_behind_a_reset_may_have_crossed_it(findings: Findings) -> None:
    reset = "--> <CTL=RST,ACK> -->\n"
    more = "+0.5 s\n<-- <CTL=PSH,ACK><LEN=10> <--\n"
    assert "RS010" not in findings(OPEN + TALK + reset + more)
    found = findings(OPEN + TALK + reset + more * 2)["RS010"]
    assert (found.severity, found.values["case"]) == ("warning", "not delivered or rejected")


def test_challenged_reset_that_is_repeated_exactly_was_meant(findings: Findings) -> None:
    # 700 octets of A are lost in front of the tap; its RST stands behind them.
    found = findings(
        OPEN
        + TALK
        + """
        --> <SEQ=1801><ACK=5301><CTL=RST,ACK> -->
        <-- <SEQ=5301><ACK=1101><CTL=ACK> <--
        --> <SEQ=1101><CTL=RST> -->
        """
    )
    assert found["RS002"].values["own_octets"] == 700
    assert {"RS008", "RS009"} <= set(found)
    assert "RS004" not in found


def test_time_wait_that_a_new_incarnation_ended_says_so(findings: Findings) -> None:
    assert "ended after" in findings(OPEN + B_CLOSES + reopened(70000))["TW001"].message
    assert "ended after" not in findings(OPEN + B_CLOSES)["TW001"].message
