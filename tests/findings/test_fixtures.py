"""Every finding fires on its capture, stays quiet on the near miss, and says what it means.

`pytest tests/findings --update-golden` writes expected.json of each folder anew.
"""

import collections
import functools
import hashlib
import json
import re
import runpy
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import tcpflow_analyzer
from support.ladder import Ladder, capture
from support.places import FIXTURES, shared_folder
from tcpflow_analyzer.findings.registry import Rule, rules
from tcpflow_analyzer.pipeline import Analysis
from tcpflow_analyzer.settings import Settings

FOLDER = FIXTURES / "findings"
RULES = list(rules().values())
# (what a definition has to contain, at the beginning of a line)
HEADINGS = (
    r"Set when\b.*:",
    r"Supersede(s|d by): \S",
    r"Why it matters: \S",
    r"What to do: \S",
    r"Not proof of: \S",
    r"Other tools: \S",
    r"References: \S",
    r"Seen in: fixtures/findings/\S+",
)

every_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.code}-{rule.name}")


def folder_of(rule: Rule) -> Path:
    """Where the captures of a finding lie."""
    return FOLDER / f"{rule.code}-{rule.name}"


@dataclass(frozen=True, slots=True)
class CaseToml:
    """What case.toml of a folder says; see support.capture_builder.Case."""

    origin: str
    sums: dict[str, str]
    expects: list[str]
    expects_not: list[str]
    settings: dict[str, Any]


def case_of(rule: Rule) -> CaseToml:
    """What case.toml of a folder says."""
    case = tomllib.loads((folder_of(rule) / "case.toml").read_text())
    return CaseToml(
        case["origin"],
        case["sha256"],
        case["expects"],
        case["expects_not"],
        case.get("settings", {}),
    )


@functools.lru_cache(maxsize=8)
def analyze(rule: Rule, path: Path) -> Analysis:
    """Analysis of a capture of a folder, with the settings of its case."""
    return tcpflow_analyzer.analyze(path, settings=Settings(**case_of(rule).settings))


def codes_of(analysis: Analysis) -> dict[str, int]:
    """How many findings of each code, by code."""
    return dict(sorted(collections.Counter(found.code for found in analysis.findings).items()))


def golden(rule: Rule, folder: Path) -> dict[str, Any]:
    """What expected.json holds.

    All codes of both captures with their counts, so that a finding that comes or goes anywhere is
    seen; of the capture that fires, this code's findings and the states the connections end in.
    """
    analysis = analyze(rule, folder / "fires.pcap")
    return {
        "fires": codes_of(analysis),
        "quiet": codes_of(analyze(rule, folder / "quiet.pcap")),
        "findings": [
            {
                "code": found.code,
                "endpoint": found.endpoint,
                "frames": list(found.frames),
                "severity": found.severity,
                "certainty": found.certainty,
            }
            for found in analysis.findings
            if found.code == rule.code
        ],
        "states": [
            [str(connection.originator.state), str(connection.responder.state)]
            for connection in analysis.connections
        ],
    }


@every_rule
def test_finding_fires_on_its_capture(rule: Rule) -> None:
    analysis = analyze(rule, folder_of(rule) / "fires.pcap")
    codes = {found.code for found in analysis.findings}
    case = case_of(rule)
    assert rule.code in codes
    assert rule.code in case.expects
    assert set(case.expects) <= codes
    assert not set(case.expects_not) & codes


@every_rule
def test_finding_stays_quiet_on_the_near_miss(rule: Rule) -> None:
    analysis = analyze(rule, folder_of(rule) / "quiet.pcap")
    assert analysis.capture.tcp_segments > 0
    assert rule.code not in {found.code for found in analysis.findings}


@every_rule
def test_both_captures_give_exactly_the_expected_findings(rule: Rule, update_golden: bool) -> None:
    expected = folder_of(rule) / "expected.json"
    found = golden(rule, folder_of(rule))
    if update_golden:
        expected.write_text(json.dumps(found, indent=1) + "\n")
    written = json.loads(expected.read_text())
    assert found == written
    assert written["fires"][rule.code] == len(written["findings"]) > 0
    assert rule.code not in written["quiet"]


@every_rule
def test_connection_ends_as_its_ladder_shows(rule: Rule) -> None:
    """Where a capture is one ladder and one connection; states left out there expect nothing."""
    if case_of(rule).origin == "recorded":
        pytest.skip("real sockets, no ladder")
    make = runpy.run_path(str(folder_of(rule) / "make.py"))
    for name, octets in (("FIRES", make["CASE"].fires), ("QUIET", make["CASE"].quiet)):
        if not isinstance(make.get(name), str) or capture(Ladder(make[name])) != octets:
            continue
        rungs = Ladder(make[name]).rungs
        last_a = next((rung.state_a for rung in reversed(rungs) if rung.state_a), None)
        last_b = next((rung.state_b for rung in reversed(rungs) if rung.state_b), None)
        analysis = analyze(rule, folder_of(rule) / f"{name.lower()}.pcap")
        if len(analysis.connections) == 1:
            connection = analysis.connections[0]
            assert last_a in (None, str(connection.originator.state)), name
            assert last_b in (None, str(connection.responder.state)), name


@every_rule
def test_captures_are_what_the_folder_says(rule: Rule) -> None:
    folder, case = folder_of(rule), case_of(rule)
    captures = {name: (folder / name).read_bytes() for name in ("fires.pcap", "quiet.pcap")}
    assert captures["fires.pcap"] != captures["quiet.pcap"]
    for name, octets in captures.items():
        assert hashlib.sha256(octets).hexdigest() == case.sums[name]
    if case.origin == "recorded":
        assert (folder / "record.py").is_file()
        return
    made = runpy.run_path(str(folder / "make.py"))["CASE"]
    assert captures["fires.pcap"] == made.fires
    assert captures["quiet.pcap"] == made.quiet
    assert case.expects == list(made.expects)
    assert case.expects_not == list(made.expects_not)
    assert case.settings == dict(made.settings)


@every_rule
def test_findings_of_the_capture_say_what_they_rest_on(rule: Rule) -> None:
    analysis = analyze(rule, folder_of(rule) / "fires.pcap")
    for found in analysis.findings:
        if found.code == rule.code:
            assert found.name == rule.name
            assert found.severity in rule.severities
            assert found.frames
            assert list(found.frames) == sorted(set(found.frames))
            assert found.frames[0] > 0
            assert found.frames[-1] <= analysis.capture.frames
            assert found.frame_count >= len(found.frames)
            assert analysis.capture.first_time_ns <= found.time_ns <= analysis.capture.last_time_ns
            assert found.message
            assert "{" not in found.message
            assert "session" not in found.message
            assert "\n" not in found.why + found.would_disprove
            assert (found.connection is None) == (rule.context in ("host", "file"))


@every_rule
def test_definition_has_its_headings_in_order(rule: Rule) -> None:
    definition = rule.definition
    positions = []
    for heading in HEADINGS:
        found = re.search(rf"^\s*{heading}", definition, re.MULTILINE)
        assert found, f"{rule.code}: no line {heading}"
        positions.append(found.start())
    assert positions == sorted(positions)
    assert rule.summary.endswith(".")
    assert f"Seen in: fixtures/findings/{rule.code}-{rule.name}" in definition


def test_every_folder_belongs_to_a_rule() -> None:
    assert len(RULES) >= 120
    assert {path.name for path in FOLDER.iterdir()} == {folder_of(rule).name for rule in RULES}


def test_catalogue_has_the_rule() -> None:
    """Code, name, severity and context agree with the index of the catalogue."""
    shared = shared_folder()
    if shared is None or not (shared / "catalogue.json").is_file():
        pytest.skip("the catalogue's source is not here")
    entries = {
        entry["code"]: entry for entry in json.loads((shared / "catalogue.json").read_text())
    }
    for rule in RULES:
        entry = entries[rule.code]
        assert (rule.name, rule.severity) == (entry["name"], entry["severity"]), rule.code
        assert rule.context == entry["context"], rule.code
        assert rule.severity in rule.severities
