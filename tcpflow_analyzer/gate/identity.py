"""What makes a finding the same one in another recording of the same test.

Code, service, role and states; not ports that the system chose, addresses, times, frame numbers.
"""

import hashlib
import re
from typing import Final

from tcpflow_analyzer.findings.finding import Finding
from tcpflow_analyzer.report.record import ConnectionRecord

# The lowest port that Linux gives to who asks for none (ip_local_port_range); a listener up there
# has another port in the next run.
FIRST_EPHEMERAL: Final = 32768
_PORT: Final = re.compile(r":(\d{1,5})$", re.ASCII)
DIGITS: Final = 32


def fingerprint(*parts: str) -> str:
    """Give DIGITS hexadecimal digits that stand for these words."""
    octets = "\0".join(parts).encode("utf-8", "backslashreplace")
    return hashlib.sha256(octets).hexdigest()[:DIGITS]


def fingerprint_of(finding: Finding, connection: ConnectionRecord | None, service: str) -> str:
    """Give the fingerprint of a finding.

    Args:
        finding: which.
        connection: that it is about, None for one about no single one.
        service: the name that the configuration gives, "" for none.
    """
    return fingerprint(
        finding.code,
        service or _port_of(finding, connection),
        finding.endpoint or "",
        states_text(connection),
    )


def states_text(connection: ConnectionRecord | None) -> str:
    """Write `ORIGINATOR/RESPONDER`, the states after their last events; "" without connection."""
    if connection is None:
        return ""
    return f"{connection.originator.state}/{connection.responder.state}"


def service_text(finding: Finding, connection: ConnectionRecord | None) -> str:
    """Say whom a finding concerns where the configuration has no name for it."""
    if connection is not None:
        return f"port {connection.responder.port}"
    return finding.subject or "the capture"


def _port_of(finding: Finding, connection: ConnectionRecord | None) -> str:
    if connection is not None:
        port = connection.responder.port
    else:
        match = _PORT.search(finding.subject)
        port = int(match[1]) if match else 0
    return f"port {port}" if port < FIRST_EPHEMERAL else "ephemeral port"
