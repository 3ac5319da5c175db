"""Records the traffic of a test and says what has to hold for its connections.

The pytest plugin is made of it; it works with every other test runner too:

    from tcpflow_analyzer.testing import Recorder, Traffic

    with Recorder("lo", path, "tcp port 8080"):
        ...
    Traffic([path]).connections(port=8080).assert_graceful()

Packages with findings of their own test them as this one does, by `FindingCase`, and write captures
as ladders (testing/ladder.py).
"""

from tcpflow_analyzer.testing.connections import Connections
from tcpflow_analyzer.testing.finding_case import Case, FindingCase, finding_cases
from tcpflow_analyzer.testing.recorder import Recorder
from tcpflow_analyzer.testing.traffic import Traffic, UncertainFinding
from tcpflow_analyzer.testing.values import Values

__all__ = [
    "Case",
    "Connections",
    "FindingCase",
    "Recorder",
    "Traffic",
    "UncertainFinding",
    "Values",
    "finding_cases",
]
