"""Findings of other packages: found by their entry point, tested by their authors as ours are."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import tcpflow_analyzer
from support.places import FIXTURES, ROOT
from support.program import run_program
from support.small_captures import closed, mixed
from tcpflow_analyzer.errors import ExtensionError
from tcpflow_analyzer.extension import (
    EVERY_CONNECTION,
    CaptureView,
    Connection,
    Finding,
    count,
    duration,
    record_of,
    share,
)
from tcpflow_analyzer.findings import registry
from tcpflow_analyzer.findings.registry import guarded, rules
from tcpflow_analyzer.settings import PARAMETERS

EXAMPLE = ROOT / "docs" / "examples" / "slow-handshake"
PACKAGE_FOLDER = str(Path(tcpflow_analyzer.__path__[0]).parent)

MODULE = '''
from tcpflow_analyzer.extension import EVERY_CONNECTION, finding, host_finding, judge, record_of

@finding("XA001", severity="info", since="1.0", wakes=EVERY_CONNECTION)
def any_connection(connection, capture):
    """There is a connection."""
    record = record_of(connection)
    if record.responder.port == 81:
        {raised}
    yield judge(
        "XA001", connection, about=None, certainty="observed", time_ns=connection.last_time_ns,
        frames=(connection.first_frame,), template="{{port}}",
        values={{"port": record.responder.port}},
        why="it is there", would_disprove="nothing",
    )

@host_finding("XA002", severity="info", since="1.0", wakes=EVERY_CONNECTION)
class NumberOfConnections:
    """Counts."""
    def __init__(self):
        self.number = 0
    def see(self, connection, capture):
        self.number += 1
    def findings(self, capture):
        {at_end}
        yield from ()
'''


def install(folder: Path, module: str, name: str = "acme") -> dict[str, str]:
    """Lay a package into a folder as an installer would; gives the environment that sees it."""
    (folder / f"{name}_findings.py").write_text(module)
    described = folder / f"{name}_findings-1.5.dist-info"
    described.mkdir()
    (described / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {name}-findings\nVersion: 1.5\n"
    )
    (described / "entry_points.txt").write_text(f"[{registry.GROUP}]\n{name} = {name}_findings\n")
    return {"PYTHONPATH": f"{PACKAGE_FOLDER}:{ROOT / 'tests'}:{folder}"}


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    """Closed and refused connections."""
    path = tmp_path / "mixed.pcap"
    path.write_bytes(mixed(6))
    return path


def test_finding_of_another_package_is_one_of_all(tmp_path: Path, capture: Path) -> None:
    environment = install(tmp_path, MODULE.format(raised="pass", at_end="pass"))
    done = run_program(["rules", "--format", "json"], environment=environment)
    entries = {each["code"]: each for each in json.loads(done.stdout)}
    assert entries["XA001"]["package"] == "acme-findings 1.5"
    assert "package" not in entries["LC001"]
    analyze: list[str | Path] = [
        "analyze",
        capture,
        "--format",
        "json",
        "--select",
        "any-connection",
    ]
    found = json.loads(run_program(analyze, environment=environment).stdout)
    assert found["summary"]["codes"] == {"XA001": 6}
    assert {each["message"] for each in found["findings"]} == {"80", "81"}
    text = run_program(["explain", "xa001"], environment=environment).stdout.decode()
    assert text.startswith("XA001 any-connection   info, from acme-findings 1.5")


@pytest.mark.parametrize(
    ("raised", "at_end", "words"),
    [
        ("1 / 0", "pass", "XA001 any-connection of acme-findings 1.5 failed on connection"),
        ("pass", "1 / 0", "XA002 number-of-connections of acme-findings 1.5 failed:"),
    ],
)
def test_finding_that_fails_is_named(
    tmp_path: Path, capture: Path, raised: str, at_end: str, words: str
) -> None:
    environment = install(tmp_path, MODULE.format(raised=raised, at_end=at_end))
    done = run_program(["analyze", capture], environment=environment)
    assert done.returncode == 2
    (line,) = done.stderr.decode().splitlines()
    assert words in line
    assert line.endswith("ZeroDivisionError: division by zero")


@pytest.mark.parametrize(
    ("module", "words"),
    [
        ("import no_such_module", "ModuleNotFoundError: No module named 'no_such_module'"),
        (
            MODULE.format(raised="pass", at_end="pass").replace("XA001", "LC001"),
            "ValueError: code LC001 is registered twice",
        ),
        (
            MODULE.format(raised="pass", at_end="pass").replace("XA001", "AC001"),
            "code AC001: those of other packages are X, a letter and three digits",
        ),
        (
            MODULE.format(raised="pass", at_end="pass").replace("any_connection", "self_connect"),
            "XA001: a finding called self-connect exists",
        ),
    ],
)
def test_package_whose_findings_cannot_be_used_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str, words: str
) -> None:
    name = f"acme_{hash(module):x}".replace("-", "m")  # modules are imported once
    install(tmp_path, module, name)
    rules()
    monkeypatch.setattr(registry, "_RULES", dict(registry._RULES))
    monkeypatch.setattr(registry, "registered", dict(registry.registered))
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ExtensionError) as caught:
        registry.import_extensions()
    message = str(caught.value)
    assert f"the findings of {name}-findings 1.5 ({name}_findings) cannot be used: " in message
    assert words in message
    assert "\n" not in message


def test_finding_that_fails_in_a_worker_is_named_too(tmp_path: Path, capture: Path) -> None:
    module = MODULE.format(raised="raise RuntimeError('two\\nlines')", at_end="pass")
    done = run_program(
        ["check", "--no-config", "--jobs", "2", capture, capture],
        environment=install(tmp_path, module),
    )
    assert done.returncode == 2
    (line,) = done.stderr.decode().splitlines()
    assert line.startswith("tcpflow: error: XA001 any-connection of acme-findings 1.5 failed on")
    assert line.endswith("RuntimeError: two lines")


def test_every_connection_has_some_observation(tmp_path: Path) -> None:
    paths = [*FIXTURES.glob("findings/HS*/fires.pcap"), *FIXTURES.glob("findings/CP*/fires.pcap")]
    assert len(paths) > 20
    environment = install(tmp_path, MODULE.format(raised="pass", at_end="pass"))
    done = run_program(
        ["analyze", "--separate", "--format", "json", "--select", "XA001", *sorted(paths)],
        environment=environment,
    )
    assert done.returncode == 0, done.stderr
    for each in json.loads(done.stdout)["captures"]:
        assert each["summary"]["codes"].get("XA001", 0) == each["summary"]["connections"]


def test_guard_leaves_results_as_they_are() -> None:
    rule = rules()["LC001"]._replace(package="acme 1.0")
    assert guarded(rule).detect is not rule.detect

    def finds_nothing(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
        """Nothing."""
        yield from ()

    def fails(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
        """Fail."""
        nothing: dict[str, list[Finding]] = {}
        yield from nothing["x"]

    connection, view = Connection(b"", 7), CaptureView()
    quiet = guarded(rule._replace(detect=finds_nothing)).detect
    wrong = guarded(rule._replace(detect=fails)).detect
    assert quiet is not None
    assert wrong is not None
    assert list(quiet(connection, view)) == []
    with pytest.raises(ExtensionError, match=r"LC001 three-way-handshake of acme 1.0 .* 7: Key"):
        wrong(connection, view)


def test_parameters_of_findings_have_bounds() -> None:
    assert duration("slow", 5, "as said").range_text == "any duration"
    assert count("many", 5, "as said", least=2).range_text == "at least 2"
    assert share("part", 0.5, "as said").of_text("20%") == 0.2
    assert not {"slow", "many", "part"} & PARAMETERS.keys()
    assert EVERY_CONNECTION > 0


def test_record_of_a_connection_is_the_public_one(tmp_path: Path) -> None:
    path = tmp_path / "a.pcap"
    path.write_bytes(closed())
    (expected,) = tcpflow_analyzer.analyze(path).connections
    connection = Connection(b"\x7f\x00\x00\x01\x7f\x00\x00\x01\x9c\x40\x00\x50", 1)
    assert type(record_of(connection)) is type(expected)


@pytest.mark.slow
def test_example_package_is_installed_and_passes_its_own_tests(tmp_path: Path) -> None:
    folder = tmp_path / "installed"
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--no-build-isolation", "--no-deps",
         "--no-index", "--target", folder, EXAMPLE],
        check=True, timeout=120,
    )  # fmt: skip
    environment = {"PYTHONPATH": f"{PACKAGE_FOLDER}:{ROOT / 'tests'}:{folder}"}
    case = EXAMPLE / "tests" / "findings" / "XH001-slow-handshake"
    done = run_program(["analyze", case / "quiet.pcap", "--quiet"], environment=environment)
    assert b"XH001" not in done.stdout
    arguments: list[str | Path] = ["analyze", case / "quiet.pcap", "--set", "slow_handshake=150ms"]
    assert b"XH001 slow-handshake" in run_program(arguments, environment=environment).stdout
    check: list[str | Path] = [
        "check",
        case / "fires.pcap",
        "--fail-on",
        "slow-handshake",
        "--no-config",
    ]
    assert run_program(check, environment=environment, folder=tmp_path).returncode == 1
    own = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", "/dev/null",
         "--rootdir", tmp_path, EXAMPLE / "tests"],
        env=environment | {"PATH": "/usr/bin:/bin"}, cwd=tmp_path, capture_output=True, check=False,
        timeout=120,
    )  # fmt: skip
    assert own.returncode == 0, own.stdout.decode()
    assert b"4 passed" in own.stdout
