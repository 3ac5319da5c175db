"""Every finding fires on its capture, stays quiet on the near miss, and says what it means.

`pytest tests/findings --update-golden` writes expected.json of each folder anew. What has to hold
is what authors of findings in other packages test as well: tcpflow_analyzer/testing.
"""

import json
import re
import runpy
from pathlib import Path

import pytest

from support.ladder import Ladder, capture
from support.places import FIXTURES, shared_folder
from tcpflow_analyzer.findings.registry import Rule, rules
from tcpflow_analyzer.report.catalogue import explanation_json
from tcpflow_analyzer.testing import FindingCase

FOLDER = FIXTURES / "findings"
RULES = list(rules().values())


def folder_of(rule: Rule) -> Path:
    """Where the captures of a finding lie."""
    return FOLDER / f"{rule.code}-{rule.name}"


@pytest.fixture(scope="module", params=RULES, ids=lambda rule: f"{rule.code}-{rule.name}")
def case(request: pytest.FixtureRequest) -> FindingCase:
    """The folder of a finding; all tests of one come together, so that it is analysed once."""
    return FindingCase(folder_of(request.param))


def test_finding_fires_on_its_capture(case: FindingCase) -> None:
    case.assert_fires()


def test_finding_stays_quiet_on_the_near_miss(case: FindingCase) -> None:
    case.assert_quiet()


def test_both_captures_give_exactly_the_expected_findings(
    case: FindingCase, update_golden: bool
) -> None:
    case.assert_expected(update_golden)


def test_connection_ends_as_its_ladder_shows(case: FindingCase) -> None:
    """Where a capture is one ladder and one connection; states left out there expect nothing."""
    if case.origin == "recorded":
        pytest.skip("real sockets, no ladder")
    make = runpy.run_path(str(case.folder / "make.py"))
    for name, octets, analysis in (
        ("FIRES", make["CASE"].fires, case.fires),
        ("QUIET", make["CASE"].quiet, case.quiet),
    ):
        if not isinstance(make.get(name), str) or capture(Ladder(make[name])) != octets:
            continue
        rungs = Ladder(make[name]).rungs
        last_a = next((rung.state_a for rung in reversed(rungs) if rung.state_a), None)
        last_b = next((rung.state_b for rung in reversed(rungs) if rung.state_b), None)
        if len(analysis.connections) == 1:
            connection = analysis.connections[0]
            assert last_a in (None, str(connection.originator.state)), name
            assert last_b in (None, str(connection.responder.state)), name


def test_captures_are_what_the_folder_says(case: FindingCase) -> None:
    case.assert_provenance()
    if case.origin == "recorded":
        assert (case.folder / "record.py").is_file()
        return
    made = runpy.run_path(str(case.folder / "make.py"))["CASE"]
    assert (case.folder / "fires.pcap").read_bytes() == made.fires
    assert (case.folder / "quiet.pcap").read_bytes() == made.quiet
    assert case.expects == list(made.expects)
    assert case.expects_not == list(made.expects_not)
    assert case.settings == dict(made.settings)


def test_findings_of_the_capture_say_what_they_rest_on(case: FindingCase) -> None:
    case.assert_evidence()
    assert not [found for found in case.found if "session" in found.message]


def test_definition_has_its_headings_in_order(case: FindingCase) -> None:
    case.assert_definition()
    assert f"Seen in: fixtures/findings/{case}" in case.rule.definition


def test_definition_names_its_sources_and_what_other_tools_call_it(case: FindingCase) -> None:
    explained = json.loads(explanation_json(case.rule))
    for tool in ("Wireshark", "Zeek", "Suricata", "tcptrace", "conntrack"):
        assert tool in explained["peers"], tool
    references = explained["references"]
    assert re.search(r"RFC \d+ (section|figure|appendix)|not in any RFC", references), references


def test_every_folder_belongs_to_a_rule() -> None:
    assert len(RULES) >= 120
    assert {path.name for path in FOLDER.iterdir()} == {folder_of(rule).name for rule in RULES}


def test_most_captures_are_recorded_from_real_sockets() -> None:
    assert sum(FindingCase(folder_of(rule)).origin == "recorded" for rule in RULES) >= 60


def test_findings_are_those_of_the_catalogue() -> None:
    """Code, name, severity and context of each, as they were agreed on."""
    agreed = (Path(__file__).parent / "catalogue.txt").read_text().splitlines()
    found = [f"{rule.code} {rule.name} {rule.severity} {rule.context}" for rule in RULES]
    assert found == agreed


def test_copy_of_the_catalogue_is_that_of_its_source() -> None:
    shared = shared_folder()
    if shared is None or not (shared / "catalogue.json").is_file():
        pytest.skip("the catalogue's source is not here")
    entries = json.loads((shared / "catalogue.json").read_text())
    keys = ("code", "name", "severity", "context")
    lines = [" ".join(entry[key] for key in keys) for entry in entries]
    assert sorted(lines) == (Path(__file__).parent / "catalogue.txt").read_text().splitlines()
