"""What the program imports before it does something: what is slow to import comes when needed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import tcpflow_analyzer
from support.small_captures import closed

ENVIRONMENT = os.environ | {"PYTHONPATH": str(Path(tcpflow_analyzer.__path__[0]).parent)}
LIST_MODULES = """
import json, sys
from tcpflow_analyzer.cli.main import run
status = run(sys.argv[1:])
sys.stderr.write(json.dumps([status, sorted(sys.modules)]))
"""
# Third-party packages that few inputs or outputs need, and what is slow of the standard library.
SLOW = {
    "asyncio", "backports.zstd", "concurrent.futures", "dpkt", "jinja2", "lz4", "multiprocessing",
    "numpy", "orjson", "pickle", "pyshark", "queue", "rich", "subprocess", "tempfile",
    "xml",
}  # fmt: skip
# What only other commands, formats and sources use.
ELSEWHERE = {
    "bz2",
    "lzma",
    "tcpflow_analyzer.batch",
    "tcpflow_analyzer.cli.separate",
    "tcpflow_analyzer.decode.slow_path",
    "tcpflow_analyzer.report.finding_json",
    "tcpflow_analyzer.report.json_report",
    "tcpflow_analyzer.sources.hex_dump",
    "tcpflow_analyzer.sources.read_ahead",
    "tcpflow_analyzer.sources.text_trace",
    "tcpflow_analyzer.sources.tshark",
    "tcpflow_analyzer.workers",
}


def modules_of(*arguments: str | Path) -> set[str]:
    """What a process has imported when a command is done."""
    done = subprocess.run(
        [sys.executable, "-P", "-c", LIST_MODULES, *map(str, arguments)],
        env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=True,
    )  # fmt: skip
    status, modules = json.loads(done.stderr)
    assert status == 0
    return set(modules)


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    """A capture of some frames."""
    path = tmp_path / "a.pcap"
    path.write_bytes(closed())
    return path


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["analyze", "--help"]])
def test_words_need_nothing_of_the_analysis(arguments: list[str]) -> None:
    modules = modules_of(*arguments)
    assert modules & SLOW == set()
    stages = {
        "decode.decoder",
        "engine",
        "findings.judge",
        "pipeline",
        "sources.recording",
        "table",
    }
    assert modules & {f"tcpflow_analyzer.{stage}" for stage in stages} == set()


def test_version_imports_hardly_anything() -> None:
    ours = {name for name in modules_of("--version") if name.startswith("tcpflow_analyzer.")}
    assert len(ours) <= 12, sorted(ours)


def test_analysis_of_a_plain_capture_imports_only_what_it_uses(capture: Path) -> None:
    modules = modules_of("analyze", capture)
    assert modules & (SLOW | ELSEWHERE) == set()


def test_names_of_modules_are_those_that_are_looked_for(capture: Path) -> None:
    modules = modules_of("analyze", "--separate", "--jobs", "2", capture, capture)
    assert {"multiprocessing", "pickle", "tempfile", "tcpflow_analyzer.workers"} <= modules
    modules = modules_of("analyze", "--format", "json", "--color", capture)
    assert "tcpflow_analyzer.report.json_report" in modules
    assert "rich" in modules_of("analyze", "--color", capture)


def test_package_imports_nothing_before_it_is_used() -> None:
    code = "import sys, tcpflow_analyzer; print(*sorted(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], env=ENVIRONMENT, capture_output=True, check=True
    )
    ours = [name for name in done.stdout.decode().split() if name.startswith("tcpflow_analyzer")]
    assert ours == ["tcpflow_analyzer", "tcpflow_analyzer.version"]
