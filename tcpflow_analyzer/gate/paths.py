"""Paths as build services want them: with slashes, relative to the folder of the build."""

import os
from urllib.parse import quote


def relative_path(path: str) -> str:
    """Write a path below the current folder relative to it, any other as it is."""
    absolute = os.path.abspath(path)
    below = os.path.relpath(absolute) if _is_below(absolute, os.getcwd()) else path
    return below.replace(os.sep, "/").removeprefix("./")


def relative_uri(path: str) -> str:
    """Write a path as a URI: a relative reference below the current folder, else `file:`."""
    written = relative_path(path)
    if not os.path.isabs(path) or not os.path.isabs(written):
        return quote(_octets(written))
    return "file://" + quote(_octets(written if written.startswith("/") else f"/{written}"))


def _is_below(path: str, folder: str) -> bool:
    try:
        return os.path.commonpath([path, folder]) == folder
    except ValueError:  # another drive
        return False


def _octets(path: str) -> bytes:
    """The octets of a file's name; question marks for what is none on this system."""
    try:
        return os.fsencode(path)
    except UnicodeEncodeError:
        return path.encode("utf-8", "replace")
