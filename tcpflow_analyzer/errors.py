"""Exceptions: they mean that the caller or the file is at fault, never the traffic.

Anything that stands in a captured frame gives values (see decode/segment.py), not exceptions.
"""


class TcpflowError(Exception):
    """Base of all errors that this package raises on purpose. Its text is one line for users."""


class InputError(TcpflowError):
    """The input is unusable: missing, empty, or not a capture (exit status 2)."""


class UsageError(TcpflowError):
    """The command line or the settings are unusable (exit status 2)."""


class OutputError(TcpflowError):
    """The output could not be written (exit status 4)."""


class WorkerError(TcpflowError):
    """A worker process ended before its work was done (exit status 4)."""


class ExtensionError(TcpflowError):
    """A finding of another package cannot be imported, or failed; the text names both."""
