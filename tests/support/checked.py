"""Captures made in a test, analysed or checked in this process."""

import tempfile
from pathlib import Path

from tcpflow_analyzer.check import check_captures
from tcpflow_analyzer.findings.registry import rules
from tcpflow_analyzer.gate.configuration import Configuration
from tcpflow_analyzer.gate.read_configuration import read_configuration
from tcpflow_analyzer.gate.result import CaptureResult, CheckResult
from tcpflow_analyzer.pipeline import Analysis, analyze


def analyzed_capture(octets: bytes) -> Analysis:
    """Analyse the octets of a capture file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.pcap")
        path.write_bytes(octets)
        return analyze(path)


def configuration(text: str = "") -> Configuration:
    """Read what stands below [tool.tcpflow] of a tcpflow.toml."""
    found = read_configuration("tcpflow.toml", text, rules())
    assert found is not None
    return found


def check_all(captures: list[bytes], text: str = "") -> CheckResult:
    """Check the octets of capture files, named 0.pcap, 1.pcap ..., by a configuration."""
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for number, octets in enumerate(captures):
            paths.append(Path(folder, f"{number}.pcap"))
            paths[-1].write_bytes(octets)
        return check_captures(paths, configuration(text), jobs=1)


def check(octets: bytes, text: str = "") -> CaptureResult:
    """Check the octets of one capture file by a configuration."""
    return check_all([octets], text).captures[0]
