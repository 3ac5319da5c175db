"""Where tests find the repository, its captures, and captures that are not part of it."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parents[2]
FIXTURES: Final = ROOT / "fixtures"
RECORDINGS: Final = FIXTURES / "recordings"
CAPTURE_SUFFIXES: Final = (".pcap", ".pcapng", ".cap", ".trace")


def shared_folder() -> Path | None:
    """A folder of captures that may not be copied here, or None: such tests skip without it.

    The environment variable TCPFLOW_SHARED names it; without it, the folder `shared` beside the
    repository is taken if there is one.
    """
    named = os.environ.get("TCPFLOW_SHARED")
    folder = Path(named) if named else ROOT.parent / "shared"
    return folder if folder.is_dir() else None


def fixture_captures() -> list[Path]:
    """Every capture in fixtures/, packed ones too, sorted."""
    return [path for path in sorted(FIXTURES.rglob("*")) if is_capture(path)]


def capture_parameters(captures: Iterable[Path]) -> pytest.MarkDecorator:
    """Let a test run on each of these as `capture`; with the packed ones, which are large, slowly.

    Args:
        captures: in fixtures/.
    """
    return pytest.mark.parametrize(
        "capture",
        [
            pytest.param(
                path,
                id=str(path.relative_to(FIXTURES)),
                marks=[pytest.mark.slow] if path.suffix == ".xz" else [],
            )
            for path in captures
        ],
    )


def shared_captures() -> list[Path]:
    """Every capture in the shared folder, sorted; empty where there is no such folder."""
    folder = shared_folder()
    if folder is None:
        return []
    return [path for path in sorted(folder.rglob("*")) if is_capture(path)]


def is_capture(path: Path) -> bool:
    """Whether the name says that a file is a capture, packed or not."""
    suffixes = path.suffixes[-2:]
    return path.is_file() and any(suffix in CAPTURE_SUFFIXES for suffix in suffixes)
