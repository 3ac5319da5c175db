"""What a package with findings of its own imports; docs/how-to/add-a-finding.md shows how.

A module of that package registers its findings when it is imported, and its pyproject.toml names
the module in the entry point group `tcpflow_analyzer.findings`. Codes are X, another letter and
three digits: no finding of this package will ever have such a code.

Connections and endpoints are those of the analysis itself (table/connection.py, table/endpoint.py):
what they hold may change with a minor version until 1.0. What `record_of` gives is what
`tcpflow_analyzer.analyze` gives, and changes as versioning.md says.
"""

from typing import Final

from tcpflow_analyzer.findings.finding import (
    CaptureView,
    Finding,
    Severity,
    endpoint_name,
    seconds,
)
from tcpflow_analyzer.findings.lifecycle.judgement import judge, peer_of, tallies
from tcpflow_analyzer.findings.registry import finding, host_finding
from tcpflow_analyzer.findings.time_wait.crowd import judge_host
from tcpflow_analyzer.report.record import ConnectionRecord, connection_record
from tcpflow_analyzer.settings import COUNT, DURATION, LONGEST_NS, SHARE, Parameter
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.endpoint import Endpoint

__all__ = [
    "EVERY_CONNECTION",
    "CaptureView",
    "Connection",
    "ConnectionRecord",
    "Endpoint",
    "Finding",
    "Parameter",
    "Severity",
    "count",
    "duration",
    "endpoint_name",
    "finding",
    "host_finding",
    "judge",
    "judge_host",
    "peer_of",
    "record_of",
    "seconds",
    "share",
    "tallies",
]

# `wakes` of a finding that has to see all connections: those without any observation have nothing
# to be told of, but there are none. Costs as much as there are connections; name the kinds of
# table/observation.py that matter where there are some.
EVERY_CONNECTION: Final = (1 << 51) - 1


def duration(name: str, default_ns: int, meaning: str, least_ns: int = 0) -> Parameter:
    """Declare a parameter of a finding, a time in nanoseconds; `meaning` is one line."""
    return Parameter(name, "", DURATION, default_ns, least_ns, LONGEST_NS, meaning, ())


def count(name: str, default: int, meaning: str, least: int = 1, most: int = 1 << 40) -> Parameter:
    """Declare a parameter of a finding, a number."""
    return Parameter(name, "", COUNT, default, least, most, meaning, ())


def share(name: str, default: float, meaning: str) -> Parameter:
    """Declare a parameter of a finding, above 0 and at most 1."""
    return Parameter(name, "", SHARE, default, 0, 1, meaning, ())


def record_of(connection: Connection) -> ConnectionRecord:
    """Give what the public interface tells of a connection, without findings and interface."""
    return connection_record(connection, (), (None, None))
