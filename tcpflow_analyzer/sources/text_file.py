"""Small text files beside the captures: configurations and baselines, and where they lie."""

import os
from collections.abc import Iterator
from typing import Final

from tcpflow_analyzer.errors import UsageError
from tcpflow_analyzer.sources.octets import reason

MOST_OCTETS: Final = 64 << 20
_REPOSITORIES: Final = (".git", ".hg", ".jj", ".svn")  # what lies in the root of one


def read_text(path: str) -> str:
    """Read a text file in UTF-8, with or without a byte order mark.

    Raises:
        UsageError: it cannot be read, is too large, or is not in UTF-8.
    """
    try:
        with open(path, "rb") as file:
            octets = file.read(MOST_OCTETS + 1)
    except (OSError, ValueError) as error:
        why = reason(error) if isinstance(error, OSError) else str(error)
        raise UsageError(f"{path}: {why}") from error
    if len(octets) > MOST_OCTETS:
        raise UsageError(f"{path}: larger than any file of this kind")
    try:
        return octets.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: octet {error.start}: this is not UTF-8") from error


def folders_upward(folder: str) -> Iterator[str]:
    """Give a folder and those around it, up to the root of its repository or of the file system."""
    current = os.path.abspath(folder)
    while True:
        yield current
        parent = os.path.dirname(current)
        if parent == current or any(
            os.path.lexists(os.path.join(current, name)) for name in _REPOSITORIES
        ):
            return
        current = parent


def nearest_files(folder: str, names: tuple[str, ...]) -> Iterator[str]:
    """Give the files with one of these names in a folder and those around it, the nearest first."""
    for each in folders_upward(folder):
        for name in names:
            path = os.path.join(each, name)
            if os.path.isfile(path):
                yield path
