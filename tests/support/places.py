"""Where tests find the repository, its captures, and captures that are not part of it."""

import os
from pathlib import Path
from typing import Final

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
