"""Follows both endpoints of every TCP connection in a capture through the RFC 9293 state machine.

    import tcpflow_analyzer as ta

    analysis = ta.analyze("capture.pcap")
    for connection in analysis.connections:
        print(connection, connection.originator.state, connection.responder.state)

Everything is imported on first use, so that importing this package costs next to nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from tcpflow_analyzer.version import __version__

if TYPE_CHECKING:
    from tcpflow_analyzer.batch import analyze_each
    from tcpflow_analyzer.errors import (
        InputError,
        OutputError,
        TcpflowError,
        UsageError,
        WorkerError,
    )
    from tcpflow_analyzer.findings.finding import Finding, Severity
    from tcpflow_analyzer.pipeline import Analysis, analyze, stream
    from tcpflow_analyzer.report.record import ConnectionRecord as Connection
    from tcpflow_analyzer.report.record import EndpointRecord as Endpoint
    from tcpflow_analyzer.report.record import TransitionRecord as Transition
    from tcpflow_analyzer.report.totals import Capture, CaptureFile, Summary
    from tcpflow_analyzer.settings import Settings
    from tcpflow_analyzer.tcp.states import State

__all__ = [
    "__version__",
    "analyze",
    "analyze_each",
    "stream",
    "Analysis",
    "Connection",
    "Endpoint",
    "Transition",
    "State",
    "Finding",
    "Severity",
    "Capture",
    "CaptureFile",
    "Summary",
    "Settings",
    "TcpflowError",
    "InputError",
    "UsageError",
    "OutputError",
    "WorkerError",
]

# Public name -> where it is defined, and under which name there.
_PLACES = {
    "analyze": ("tcpflow_analyzer.pipeline", "analyze"),
    "analyze_each": ("tcpflow_analyzer.batch", "analyze_each"),
    "stream": ("tcpflow_analyzer.pipeline", "stream"),
    "Analysis": ("tcpflow_analyzer.pipeline", "Analysis"),
    "Connection": ("tcpflow_analyzer.report.record", "ConnectionRecord"),
    "Endpoint": ("tcpflow_analyzer.report.record", "EndpointRecord"),
    "Transition": ("tcpflow_analyzer.report.record", "TransitionRecord"),
    "State": ("tcpflow_analyzer.tcp.states", "State"),
    "Finding": ("tcpflow_analyzer.findings.finding", "Finding"),
    "Severity": ("tcpflow_analyzer.findings.finding", "Severity"),
    "Capture": ("tcpflow_analyzer.report.totals", "Capture"),
    "CaptureFile": ("tcpflow_analyzer.report.totals", "CaptureFile"),
    "Summary": ("tcpflow_analyzer.report.totals", "Summary"),
    "Settings": ("tcpflow_analyzer.settings", "Settings"),
    "TcpflowError": ("tcpflow_analyzer.errors", "TcpflowError"),
    "InputError": ("tcpflow_analyzer.errors", "InputError"),
    "UsageError": ("tcpflow_analyzer.errors", "UsageError"),
    "OutputError": ("tcpflow_analyzer.errors", "OutputError"),
    "WorkerError": ("tcpflow_analyzer.errors", "WorkerError"),
}


def __getattr__(name: str) -> object:
    """Import a public name on first use (PEP 562)."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, attribute = _PLACES[name]
    value = getattr(import_module(module), attribute)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names."""
    return sorted(__all__)
