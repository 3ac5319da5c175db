"""The public interface."""

import subprocess
import sys
from pathlib import Path

import pytest

import tcpflow_analyzer as ta
from support.capture_builder import START_NS
from support.small_captures import closed, mixed, refused


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    path = tmp_path / "mixed.pcap"
    path.write_bytes(mixed())
    return path


def test_analyze_gives_connections_findings_and_totals(tmp_path: Path) -> None:
    path = tmp_path / "closed.pcap"
    path.write_bytes(closed())
    analysis = ta.analyze(path)
    (connection,) = analysis.connections
    assert str(connection) == "#1 192.0.2.1:40000 > 198.51.100.1:80"
    assert connection.originator.state is ta.State.TIME_WAIT
    assert connection.responder.state is ta.State.CLOSED
    assert connection.responder.certainty == "inferred"
    assert connection.shape == "4-segment"
    assert [
        str(each.to_state) for each in connection.transitions if each.endpoint == "originator"
    ] == [*("SYN-SENT", "ESTABLISHED", "FIN-WAIT-1", "FIN-WAIT-2", "TIME-WAIT")]
    codes = [finding.code for finding in analysis.findings]
    assert {"LC001", "LC004", "TW001"} <= set(codes)
    assert list(connection.findings) == [finding.identifier for finding in analysis.findings]
    assert analysis.capture.first_time_ns == START_NS
    assert analysis.summary.connections == 1
    assert analysis.warnings == []


def test_analyze_puts_connections_in_order_of_number(capture: Path) -> None:
    analysis = ta.analyze(str(capture))
    assert [each.number for each in analysis.connections] == list(range(1, 31))
    times = [finding.time_ns for finding in analysis.findings]
    assert times == sorted(times)


def test_analyze_selects_findings(capture: Path) -> None:
    analysis = ta.analyze(capture, settings=ta.Settings(select=("FL007",)))
    assert {finding.code for finding in analysis.findings} == {"FL007"}
    assert dict(analysis.summary.codes) == {"FL007": 1}


def test_what_explains_them_gives_way_where_only_the_attempts_are_asked_for(
    capture: Path,
) -> None:
    analysis = ta.analyze(capture, settings=ta.Settings(select=("HS004",)))
    assert dict(analysis.summary.codes) == {"HS004": 15}
    assert "HS004" not in ta.analyze(capture).summary.codes  # FL007 tells of all of them


def test_stream_gives_the_same_as_analyze(capture: Path) -> None:
    analysis = ta.analyze(capture)
    records = list(ta.stream(capture))
    connections = [each for each in records if isinstance(each, ta.Connection)]
    findings = [each for each in records if isinstance(each, ta.Finding)]
    assert sorted(connections, key=lambda each: each.number) == analysis.connections
    assert len(findings) == len(analysis.findings)
    assert {each.identifier for each in findings} == {f.identifier for f in analysis.findings}
    assert records[-2:] == [analysis.capture, analysis.summary]


def test_stream_gives_findings_behind_their_connection(capture: Path) -> None:
    number = None
    for record in ta.stream(capture):
        if isinstance(record, ta.Connection):
            number = record.number
        elif isinstance(record, ta.Finding) and record.connection is not None:
            assert record.connection == number


def test_stream_can_be_left_early(capture: Path) -> None:
    records = ta.stream(capture)
    assert isinstance(next(records), ta.Connection)
    records.close()


def test_analyze_missing_file_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(ta.InputError, match=r"none\.pcap"):
        ta.analyze(tmp_path / "none.pcap")


def test_analyze_without_a_path_is_a_usage_error() -> None:
    with pytest.raises(ta.UsageError, match="no capture"):
        ta.analyze()


@pytest.mark.parametrize(
    "settings",
    [
        ta.Settings(select=("ZZ",)),
        ta.Settings(ignore=("",)),
        ta.Settings(min_severity="fatal"),
        ta.Settings(profiles={"": "beos"}),
        ta.Settings(profiles={"192.0.2.0/40": "linux"}),
    ],
)
def test_analyze_unusable_settings_are_a_usage_error(capture: Path, settings: ta.Settings) -> None:
    with pytest.raises(ta.UsageError):
        ta.analyze(capture, settings=settings)


def test_analyze_damaged_capture_warns_and_keeps_what_was_readable(tmp_path: Path) -> None:
    path = tmp_path / "cut.pcap"
    path.write_bytes(closed()[:-5])
    analysis = ta.analyze(path)
    assert analysis.capture.frames == 8
    (warning,) = analysis.warnings
    assert "cut.pcap: octet " in warning
    assert analysis.capture.files[0].truncated


def time_wait_seconds(folder: Path, profile: str) -> int:
    """How long the client holds TIME-WAIT under a profile, whole seconds from the first frame."""
    path = folder / "closed.pcap"
    path.write_bytes(closed())
    settings = ta.Settings(profiles={"192.0.2.0/24": profile, "": "freebsd"})
    (connection,) = ta.analyze(path, settings=settings).connections
    assert connection.time_wait_until_ns is not None
    return (connection.time_wait_until_ns - START_NS) // 1_000_000_000


@pytest.mark.parametrize(
    ("profile", "seconds"), [("linux", 60), ("windows", 120), ("macos", 30), ("rfc", 240)]
)
def test_profile_decides_how_long_time_wait_lasts(
    tmp_path: Path, profile: str, seconds: int
) -> None:
    assert time_wait_seconds(tmp_path, profile) == seconds


def test_public_names_are_all_there() -> None:
    for name in ta.__all__:
        assert getattr(ta, name) is not None
    assert set(ta.__all__) <= set(dir(ta))
    with pytest.raises(AttributeError, match="nonsense"):
        ta.nonsense  # noqa: B018


def test_import_loads_nothing_heavy() -> None:
    heavy = ("dpkt", "pyshark", "rich", "click", "tcpflow_analyzer.pipeline")
    code = f"import sys, tcpflow_analyzer; print([n for n in {heavy!r} if n in sys.modules])"
    package_folder = str(Path(ta.__path__[0]).parent)
    done = subprocess.run(
        [sys.executable, "-P", "-c", f"import sys; sys.path.insert(0, {package_folder!r}); {code}"],
        capture_output=True,
        check=True,
    )
    assert done.stdout.strip() == b"[]"


def test_settings_refused_capture_has_one_error(tmp_path: Path) -> None:
    path = tmp_path / "refused.pcap"
    path.write_bytes(refused())
    (finding,) = [each for each in ta.analyze(path).findings if each.severity == "error"]
    assert finding.code == "HS004"
    assert "198.51.100.1:81" in finding.message
