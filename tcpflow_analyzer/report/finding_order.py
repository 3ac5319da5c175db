"""The order in which findings are written.

Apart from finding_json, so that a run that writes no JSON need not import the `json` package.
"""

from typing import Final

from tcpflow_analyzer.findings.finding import Finding

KEY_LEN: Final = 19 + 6 + 12 + 1 + 12


def finding_key(finding: Finding) -> str:
    """Sort key of the output: time, code, connection, endpoint, first frame; KEY_LEN characters."""
    endpoint = {"originator": "1", "responder": "2"}.get(finding.endpoint or "", "0")
    first_frame = finding.frames[0] if finding.frames else 0
    return (
        f"{finding.time_ns:019d}{finding.code:6.6}{finding.connection or 0:012d}{endpoint}"
        f"{first_frame:012d}"
    )
