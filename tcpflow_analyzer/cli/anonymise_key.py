"""The key of `tcpflow extract --anonymise`: from a file, from the environment, or made."""

import contextlib
import os
from typing import Final, NamedTuple

from tcpflow_analyzer.cli.outputs import describe
from tcpflow_analyzer.errors import OutputError

VARIABLE: Final = "TCPFLOW_ANONYMISE_KEY"
_PRIVATE: Final = 0o600  # who has the key can try out who is behind an address


class Key(NamedTuple):
    """A key, and what to say of it.

    Attributes:
        octets: of the key.
        note: for the user, "" where the key was there before.
    """

    octets: bytes
    note: str


def find_key(path: str | None) -> Key:
    """Read the key, or make one.

    Args:
        path: of a file that holds it, or is to hold a new one; None for the environment's.

    Raises:
        UsageError: what stands there is no key.
        OutputError: a new file cannot be written.
    """
    from tcpflow_analyzer.anonymise.secret import new_key, read_key  # noqa: PLC0415  start time
    from tcpflow_analyzer.sources.text_file import read_text  # noqa: PLC0415

    if path is not None and os.path.lexists(path):
        return Key(read_key(read_text(path), path), "")
    if path is not None:
        key = new_key()
        _save(key, path)
        return Key(key, f"{path}: a new key; keep it to yourself, with it others map the same way")
    said = os.environ.get(VARIABLE)
    if said is not None:
        return Key(read_key(said, VARIABLE), "")
    why = "the key was made for this file and forgotten; --key FILE keeps one for others"
    return Key(new_key(), why)


def _save(key: bytes, path: str) -> None:
    """Write a key into a new file that only its owner can read."""
    from tcpflow_analyzer.anonymise.secret import write_key  # noqa: PLC0415

    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE)
    except OSError as error:  # somebody else's by now, mostly: theirs to keep
        raise OutputError(describe(error)) from error
    try:
        with open(handle, "w", encoding="ascii") as file:
            file.write(write_key(key))
    except OSError as error:
        with contextlib.suppress(OSError):
            os.unlink(path)  # half a key would be none the next time
        raise OutputError(f"{path}: {error.strerror}") from error
