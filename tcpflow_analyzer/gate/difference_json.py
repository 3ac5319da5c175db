"""Writes a comparison of two recordings as JSON, as docs/schema/diff.schema.json describes it."""

import json
from typing import Final

from tcpflow_analyzer.compiled import is_compiled
from tcpflow_analyzer.gate.difference import Difference, FindingChange, ServiceDifference
from tcpflow_analyzer.report.sink import ByteWriter
from tcpflow_analyzer.version import __version__

SCHEMA_VERSION: Final = 1
Json = dict[str, object]


def write_json(difference: Difference, writer: ByteWriter) -> None:
    """Write the object."""
    document: Json = {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "tcpflow-analyzer", "version": __version__, "compiled": is_compiled()},
        "differs": bool(difference.differing),
        "old": {"path": difference.old, "connections": difference.old_connections},
        "new": {"path": difference.new, "connections": difference.new_connections},
        "services": [_service(service) for service in difference.services],
    }
    writer.write((json.dumps(document, indent=1) + "\n").encode("ascii"))


def _service(service: ServiceDifference) -> Json:
    return {
        "name": service.name,
        "differs": service.differs,
        "counts": [
            {
                "what": each.what,
                "value": each.value or None,
                "old": each.old,
                "new": each.new,
                "differs": each.differs,
            }
            for each in service.counts
        ],
        "times": [
            {
                "what": each.what,
                "part": each.part,
                "old_ns": each.old_ns,
                "new_ns": each.new_ns,
                "much": each.is_much,
            }
            for each in service.times
        ],
        "findings": [_finding(each) for each in service.findings],
    }


def _finding(change: FindingChange) -> Json:
    kind = change.kind
    finding = kind.finding
    old, new = change.counts
    return {
        "code": finding.code,
        "name": finding.name,
        "severity": finding.severity,
        "certainty": finding.certainty,
        "endpoint": finding.endpoint,
        "states": kind.states or None,
        "message": finding.message,
        "places": [{"file": place.path, "frame": place.frame} for place in kind.places],
        "old": old,
        "new": new,
        "differs": change.differs,
        "fingerprint": change.fingerprint,
    }
