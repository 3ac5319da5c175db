"""How the stages are joined: selection, counting, order, totals."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from support.capture_builder import SECOND_NS, START_NS, pcap
from support.small_captures import closed, exchange, mixed, refused, without_tcp
from tcpflow_analyzer.errors import InputError
from tcpflow_analyzer.findings.finding import Finding, Severity
from tcpflow_analyzer.findings.registry import rules
from tcpflow_analyzer.pipeline import Run, check_inputs, profile_chooser, selected_rules
from tcpflow_analyzer.report.finding_order import finding_key
from tcpflow_analyzer.report.sink import Start
from tcpflow_analyzer.report.totals import Capture, Summary
from tcpflow_analyzer.settings import PROFILE_LINUX, PROFILE_RFC, PROFILE_WINDOWS, Settings
from tcpflow_analyzer.table.connection import Connection


class Notebook:
    """Sink that writes down what it is told."""

    def __init__(self, connections: bool = False, facts: bool = False, first: int = 0) -> None:
        """Begin with empty pages."""
        self.wants_connections = connections
        self.wants_facts = facts
        self.wants_first = first
        self.events: list[str] = []
        self.numbers: list[int] = []
        self.findings: list[Finding] = []
        self.capture: Capture | None = None
        self.summary: Summary | None = None

    def begin(self, start: Start) -> None:
        self.events.append("begin")

    def connection(self, connection: Connection, findings: Sequence[Finding]) -> None:
        self.numbers.append(connection.number)
        self.findings.extend(findings)

    def finding(self, finding: Finding) -> None:
        self.findings.append(finding)

    def more_of(self, code: str, name: str, severity: Severity) -> None:
        """None: every finding is looked at."""

    def flush(self) -> None:
        self.events.append("flush")

    def end(self, capture: Capture, summary: Summary) -> None:
        self.events.append("end")
        self.capture, self.summary = capture, summary


def run(folder: Path, octets: bytes, sink: Notebook, settings: Settings | None = None) -> Run:
    path = folder / "capture.pcap"
    path.write_bytes(octets)
    made = Run([path], settings or Settings(), [sink])
    made.run()
    return made


def test_selected_rules_all_by_default() -> None:
    assert selected_rules(Settings()) == rules()


def test_selected_rules_by_code_and_family() -> None:
    chosen = selected_rules(Settings(select=("CL", "HS004"), ignore=("CL005",)))
    assert "HS004" in chosen
    assert "CL001" in chosen
    assert "CL005" not in chosen
    assert {code[:2] for code in chosen} == {"CL", "HS"}


def test_selected_rules_min_severity_keeps_what_may_reach_it() -> None:
    chosen = selected_rules(Settings(min_severity="error"))
    assert "LC001" not in chosen
    assert all("error" in rule.severities for rule in chosen.values())
    assert "HS004" in chosen  # a warning or an error


def test_run_min_severity_drops_milder_findings_of_a_rule(tmp_path: Path) -> None:
    notebook = Notebook()
    run(tmp_path, mixed(), notebook, Settings(min_severity="error"))
    assert {finding.severity for finding in notebook.findings} <= {"error"}


def test_run_counts_facts_the_same_whether_they_are_wanted_or_not(tmp_path: Path) -> None:
    seen, unseen = Notebook(connections=True, facts=True), Notebook()
    run(tmp_path, mixed(), seen)
    run(tmp_path, mixed(), unseen)
    assert seen.summary is not None
    assert seen.summary == unseen.summary
    assert seen.summary.codes["LC001"] == 15
    assert seen.summary.findings["info"] > 0
    assert sum(seen.summary.codes.values()) == len(seen.findings)


def test_run_hands_over_only_what_is_wanted(tmp_path: Path) -> None:
    nothing = Notebook()
    run(tmp_path, closed(), nothing)
    assert nothing.numbers == []
    first = Notebook(first=5)
    run(tmp_path, mixed(), first, Settings(select=("CL",)))
    assert sorted(first.numbers) == [1, 2, 3, 4, 5]
    every = Notebook(connections=True)
    run(tmp_path, mixed(), every)
    assert sorted(every.numbers) == list(range(1, 31))


def test_run_each_sink_gets_what_it_wants(tmp_path: Path) -> None:
    path = tmp_path / "capture.pcap"
    path.write_bytes(mixed())
    every, few = Notebook(connections=True, facts=True), Notebook(first=2)
    Run([path], Settings(select=("LC004",)), [every, few]).run()
    assert len(every.numbers) == 30
    assert len(few.numbers) == 16  # two by number, and those with findings: 2 is one of them
    assert every.summary == few.summary


def test_run_tells_sinks_begin_first_end_last(tmp_path: Path) -> None:
    notebook = Notebook()
    run(tmp_path, closed(), notebook)
    assert notebook.events[0] == "begin"
    assert notebook.events[-1] == "end"
    assert set(notebook.events[1:-1]) == {"flush"}


def test_run_totals_add_up(tmp_path: Path) -> None:
    notebook = Notebook()
    run(tmp_path, mixed(), notebook)
    capture, summary = notebook.capture, notebook.summary
    assert capture is not None
    assert summary is not None
    assert (capture.frames, capture.tcp_segments, capture.other_frames) == (166, 165, 1)
    assert dict(capture.others) == {"NTP (UDP port 123)": 1}
    assert dict(summary.outcomes) == {"refused": 15, "completed": 15}
    assert sum(summary.by_state.values()) == sum(summary.closers.values()) == 30
    assert list(summary.by_state) == sorted(summary.by_state)
    assert list(summary.findings) == ["error", "warning", "info"]


def test_run_two_files_are_one_recording(tmp_path: Path) -> None:
    frames = exchange()
    (tmp_path / "b.pcap").write_bytes(pcap(frames[:4]))
    (tmp_path / "a.pcap").write_bytes(pcap(frames[4:]))
    notebook = Notebook(connections=True, facts=True)
    made = Run([tmp_path / "a.pcap", tmp_path / "b.pcap"], Settings(), [notebook])
    made.run()
    assert notebook.summary is not None
    assert dict(notebook.summary.by_state) == {"TIME-WAIT/CLOSED": 1}
    assert made.locate(5) == (str(tmp_path / "a.pcap"), 1)
    assert made.locate(4) == (str(tmp_path / "b.pcap"), 4)


@pytest.mark.parametrize("option", ["header_prediction"])
def test_run_header_prediction_changes_nothing(tmp_path: Path, option: str) -> None:
    on, off = Notebook(facts=True), Notebook(facts=True)
    run(tmp_path, mixed(), on)
    run(tmp_path, mixed(), off, Settings(**{option: False}))  # type: ignore[arg-type]
    assert on.summary == off.summary
    assert on.findings == off.findings


def test_run_block_size_changes_steps_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "capture.pcap"
    path.write_bytes(mixed())
    large, small = Notebook(facts=True), Notebook(facts=True)
    Run([path], Settings(), [large]).run()
    Run([path], Settings(block_octets=100), [small]).run()
    assert small.events.count("flush") > 50 * large.events.count("flush")
    assert small.summary == large.summary
    assert sorted(map(finding_key, small.findings)) == sorted(map(finding_key, large.findings))


def test_run_without_a_readable_link_type_is_an_input_error(tmp_path: Path) -> None:
    octets = without_tcp(link_type=65_000)
    with pytest.raises(InputError, match="no link type"):
        run(tmp_path, octets, Notebook())


def test_run_empty_capture_is_no_error(tmp_path: Path) -> None:
    notebook = Notebook()
    run(tmp_path, pcap([]), notebook)
    assert notebook.capture is not None
    assert notebook.capture.frames == 0


def test_run_without_tcp_is_no_error(tmp_path: Path) -> None:
    notebook = Notebook()
    run(tmp_path, without_tcp(), notebook)
    assert notebook.summary is not None
    assert notebook.summary.connections == 0


def test_run_damage_is_told_with_file_and_octet(tmp_path: Path) -> None:
    made = run(tmp_path, refused()[:-7], Notebook())
    (problem,) = made.problems()
    assert problem.startswith(f"{tmp_path / 'capture.pcap'}: octet ")


def test_check_inputs_tells_usable_from_unusable(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.pcap", tmp_path / "bad.pcap"
    good.write_bytes(closed())
    bad.write_bytes(b"")
    usable, complaints = check_inputs([bad, good, tmp_path / "none.pcap"], Settings())
    assert usable == [str(good)]
    assert len(complaints) == 2
    assert "bad.pcap" in complaints[0]
    assert "none.pcap" in complaints[1]


def test_check_inputs_leaves_a_single_input_to_the_run(tmp_path: Path) -> None:
    assert check_inputs([tmp_path / "none.pcap"], Settings()) == ([str(tmp_path / "none.pcap")], [])


def test_check_inputs_leaves_standard_input_alone(tmp_path: Path) -> None:
    good = tmp_path / "good.pcap"
    good.write_bytes(closed())
    assert check_inputs(["-", good], Settings())[0] == ["-", str(good)]


def test_profile_chooser_takes_the_longest_network() -> None:
    chosen = {"": "rfc", "192.0.2.0/24": "linux", "192.0.2.9": "windows", "2001:db8::/32": "linux"}
    choose = profile_chooser(Settings(profiles=chosen))
    assert choose is not None
    assert choose(bytes([192, 0, 2, 9])) == PROFILE_WINDOWS
    assert choose(bytes([192, 0, 2, 8])) == PROFILE_LINUX
    assert choose(bytes([192, 0, 3, 8])) == PROFILE_RFC
    assert choose(bytes.fromhex("20010db8") + bytes(12)) == PROFILE_LINUX


def test_profile_chooser_without_a_default_leaves_others_to_be_guessed() -> None:
    choose = profile_chooser(Settings(profiles={"192.0.2.0/24": "linux"}))
    assert choose is not None
    assert choose(bytes([198, 51, 100, 1])) == -1
    assert profile_chooser(Settings()) is None


def test_examples_start_is_where_the_capture_starts(tmp_path: Path) -> None:
    notebook = Notebook()
    run(tmp_path, refused(), notebook)
    assert notebook.capture is not None
    assert notebook.capture.first_time_ns == START_NS
    assert notebook.capture.last_time_ns == START_NS + 30 * SECOND_NS
