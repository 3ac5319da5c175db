"""Writes the totals of a capture as JSON text.

Field names and order are those of docs/schema/analyze.schema.json. The text has no line feed and
only ASCII characters.
"""

import json
from collections.abc import Mapping, Sequence

from tcpflow_analyzer.compiled import is_compiled
from tcpflow_analyzer.report.totals import SCHEMA_VERSION, Capture, CaptureFile, Summary
from tcpflow_analyzer.version import __version__

TOOL_NAME = "tcpflow-analyzer"

_encode = json.JSONEncoder(ensure_ascii=True, separators=(",", ":")).encode


def tool_text() -> str:
    """Write the object `tool`."""
    return _encode({"name": TOOL_NAME, "version": __version__, "compiled": is_compiled()})


def path_text(path: str) -> str:
    """Write a path in characters: octets that are none in UTF-8 (PEP 383) are replaced."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def start_fields(paths: Sequence[str]) -> str:
    """Write the members of the first line of NDJSON, but for `kind`."""
    files = _encode([{"path": path_text(path)} for path in paths])
    return f'"schema_version":{SCHEMA_VERSION},"tool":{tool_text()},"files":{files}'


def capture_fields(capture: Capture, ns_as_strings: bool) -> str:
    """Write the members of the object `capture`, without the braces."""
    members: dict[str, object] = {
        "files": [file_members(file) for file in capture.files],
        "frames": capture.frames,
        "tcp_segments": capture.tcp_segments,
        "other_frames": capture.other_frames,
        "fragments": capture.fragments,
        "duplicate_frames": capture.duplicate_frames,
        "undecoded": dict(sorted(capture.undecoded.items())),
        "first_time_ns": capture.first_time_ns,
        "last_time_ns": capture.last_time_ns,
    }
    return _encode(times_as_strings(members) if ns_as_strings else members)[1:-1]


def file_members(file: CaptureFile) -> dict[str, object]:
    """Give the members of one object of `capture.files`."""
    return {
        "path": path_text(file.path),
        "format": file.format,
        "link_types": list(file.link_types),
        "first_frame": file.first_frame,
        "frames": file.frames,
        "truncated": file.truncated,
        "error": file.error,
    }


def summary_fields(summary: Summary) -> str:
    """Write the members of the object `summary`, without the braces."""
    return _encode(
        {
            "connections": summary.connections,
            "by_state": dict(summary.by_state),
            "findings": dict(summary.findings),
            "codes": dict(summary.codes),
            "left_out": dict(summary.left_out),
        }
    )[1:-1]


def times_as_strings(members: Mapping[str, object]) -> dict[str, object]:
    """Turn the integers of members whose name ends in _ns into strings, for JavaScript."""
    return {
        name: str(value) if name.endswith("_ns") and isinstance(value, int) else value
        for name, value in members.items()
    }
