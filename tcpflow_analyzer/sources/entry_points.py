"""Finds out whether any installed package declares an entry point of a group, at little cost.

Importing importlib.metadata takes longer than everything else that a short analysis does, and
hardly anybody has such a package. So its files are looked through first, without it.
"""

import os
import sys
from collections.abc import Iterable

_FOLDERS = (".dist-info", ".egg-info")
MOST_OCTETS = 1 << 20


def is_declared(group: str, folders: Iterable[str] | None = None) -> bool:
    """Whether a package in one of some folders may declare an entry point of a group.

    Says yes too often rather than too seldom: a name that contains that of the group is enough,
    and what lies in an archive is not looked into.

    Args:
        group: name of the group.
        folders: that packages are installed in; those that Python imports from by default.
    """
    section = f"[{group}".encode()
    for folder in sys.path if folders is None else folders:
        if not os.path.isdir(folder or os.curdir):
            if os.path.isfile(folder):
                return True  # an archive; importlib.metadata knows what is in it
            continue
        if any(section in _entry_points(path) for path in _packages(folder or os.curdir)):
            return True
    return False


def _packages(folder: str) -> list[str]:
    """The folders in which what is installed is described."""
    try:
        names = os.listdir(folder)
    except OSError:
        return []
    return [os.path.join(folder, name) for name in names if name.endswith(_FOLDERS)]


def _entry_points(folder: str) -> bytes:
    """What a package declares, empty where it declares nothing."""
    try:
        with open(os.path.join(folder, "entry_points.txt"), "rb") as file:
            return file.read(MOST_OCTETS)
    except OSError:
        return b""
