"""What rests on the profile of an operating system names it, and where the profile comes from."""

from pathlib import Path

import pytest

import tcpflow_analyzer
from support.ladder import Ladder, capture
from support.places import FIXTURES
from tcpflow_analyzer.findings.finding import Finding
from tcpflow_analyzer.settings import Settings
from tcpflow_analyzer.testing import FindingCase

# Findings that rest on how long or how often some operating system does a thing.
CODES = ("CL006", "FL002", "FL006", "SQ005", "TW001", "TW007", "TW009", "TW010")


def found(code: str, profiles: dict[str, str], msl_ns: int | None = None) -> list[Finding]:
    (folder,) = (FIXTURES / "findings").glob(f"{code}-*")
    settings = Settings(profiles=profiles, msl_ns=msl_ns, **FindingCase(folder).settings)
    analysis = tcpflow_analyzer.analyze(folder / "fires.pcap", settings=settings)
    return [each for each in analysis.findings if each.code == code]


@pytest.mark.parametrize("code", CODES)
def test_guessed_profile_is_named_with_where_it_comes_from(code: str) -> None:
    for each in found(code, {}):
        assert each.values["profile"] == "linux"
        assert each.values["profile_source"] == "guessed"
        assert "profile linux" in each.message
        assert "guessed" in each.message


@pytest.mark.parametrize("code", CODES)
def test_chosen_profile_is_named_as_chosen(code: str) -> None:
    findings = found(code, {"0.0.0.0/0": "linux"})
    assert findings
    for each in findings:
        assert each.values["profile_source"] == "chosen"
        assert "chosen" in each.message


def test_profile_of_a_network_holds_for_its_hosts_only() -> None:
    (by_server,) = found("TW007", {"198.51.100.0/24": "windows"})  # 192.0.2.1 holds TIME-WAIT
    assert (by_server.values["profile"], by_server.values["profile_source"]) == ("linux", "guessed")
    (by_client,) = found("TW007", {"192.0.2.0/24": "windows", "": "rfc"})
    assert by_client.values["profile"] == "windows"
    assert "profile windows (chosen)" in by_client.message


CLOSED_FROM_AFAR = """
    SYN-SENT    --> <CTL=SYN><TTL=255>        --> CLOSED
    ESTABLISHED <-- <CTL=SYN,ACK>             <-- SYN-RECEIVED
    ESTABLISHED --> <CTL=ACK><TTL=255>        --> ESTABLISHED
    FIN-WAIT-1  --> <CTL=FIN,ACK><TTL=255>    --> CLOSE-WAIT
    TIME-WAIT   <-- <CTL=FIN,ACK>             <-- LAST-ACK
    TIME-WAIT   --> <CTL=ACK><TTL=255>        --> CLOSED
"""


def test_bounds_of_the_rfc_hold_where_nothing_is_known(tmp_path: Path) -> None:
    path = tmp_path / "a.pcap"
    path.write_bytes(capture(Ladder(CLOSED_FROM_AFAR)))
    (found,) = [each for each in tcpflow_analyzer.analyze(path).findings if each.code == "TW001"]
    assert "240 s by profile rfc (by default)" in found.message


def test_time_wait_by_the_msl_that_is_set_names_no_profile() -> None:
    for each in found("TW001", {}, msl_ns=30_000_000_000):
        assert each.message.count("60 s by the MSL that is set") == 1
        assert "profile" not in each.message


@pytest.mark.parametrize("code", ["TW004", "TW005", "TW006"])
def test_what_would_disprove_names_the_profile_that_says_how_long(code: str) -> None:
    findings = found(code, {"": "linux"})
    assert findings
    for each in findings:
        assert "profile linux (chosen) says how long it lasts" in each.would_disprove
