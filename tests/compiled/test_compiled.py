"""Which twin runs is what the program says that it is."""

import subprocess
import sys
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import pytest

import tcpflow_analyzer.tcp.sequence
from support.program import run_program
from tcpflow_analyzer.compiled import compiled_modules, is_compiled
from tcpflow_analyzer.version import __version__


def test_is_compiled_tells_what_this_process_imported() -> None:
    origin = tcpflow_analyzer.tcp.sequence.__file__ or ""
    assert is_compiled() == origin.endswith(tuple(EXTENSION_SUFFIXES))


def test_version_names_the_twin() -> None:
    twin = "compiled" if is_compiled() else "interpreted"
    assert run_program(["--version"]).stdout.decode() == f"tcpflow {__version__} ({twin})\n"


def test_version_of_the_source_twin_says_interpreted() -> None:
    done = run_program(["--version"], interpreted=True)
    assert done.stdout.decode() == f"tcpflow {__version__} (interpreted)\n"


@pytest.mark.skipif(not compiled_modules(), reason="a plain Python install has one twin")
def test_source_first_loads_every_compiled_module_from_source() -> None:
    code = (
        "import importlib, sys, support.source_first as s; s.install()\n"
        "for name in sys.argv[1:]: print(importlib.import_module(name).__file__)"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code, *compiled_modules()],
        env={"PYTHONPATH": f"{Path(__file__).parents[1]}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    files = done.stdout.splitlines()
    assert len(files) == len(compiled_modules())
    assert [file for file in files if not file.endswith(".py")] == []


def test_source_first_refuses_to_come_too_late() -> None:
    code = (
        "import tcpflow_analyzer.version, support.source_first as s\n"
        "try: s.install()\n"
        "except RuntimeError as error: print(error)"
    )
    package = Path(tcpflow_analyzer.__path__[0]).parent
    done = subprocess.run(
        [sys.executable, "-P", "-c", code],
        env={"PYTHONPATH": f"{package}:{Path(__file__).parents[1]}"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "too late, already imported: tcpflow_analyzer.version"
