"""Writes one finding as JSON text, by hand because there are many of them.

Compiled: yes

Field names and order are those of docs/schema/analyze.schema.json. The text has no line feed and
only ASCII characters.
"""

import json
from collections.abc import Mapping
from math import isfinite
from typing import Final

from tcpflow_analyzer.findings.finding import Finding
from tcpflow_analyzer.report.json_text import JsonText

_encode: Final = json.JSONEncoder(ensure_ascii=True, separators=(",", ":")).encode
_MOST: Final = 1 << 62  # larger numbers are written as Python does
_WORDS: Final[dict[str, bytes]] = {}  # texts that are the same for most findings of a code
_MOST_WORDS: Final = 4096


def identifier_text(finding: Finding) -> bytes:
    """Finding.identifier."""
    return finding.identifier.encode("ascii")


def write_finding(out: JsonText, finding: Finding, identifier: bytes) -> None:
    """Write the members of a finding's object, without the braces.

    Args:
        out: to write into.
        finding: which one.
        identifier: `identifier_text` of it.
    """
    out.raw(b'"id":')
    out.word(identifier)
    out.raw(b',"code":')
    out.raw(_word(finding.code))
    out.raw(b',"name":')
    out.raw(_word(finding.name))
    out.raw(b',"severity":')
    out.raw(_word(finding.severity))
    out.raw(b',"certainty":')
    out.raw(_word(finding.certainty))
    out.raw(b',"connection":')
    connection = finding.connection
    if connection is None:
        out.raw(b"null")
    else:
        out.number(connection)
    out.raw(b',"endpoint":')
    endpoint = finding.endpoint
    out.raw(b"null" if endpoint is None else _word(endpoint))
    out.raw(b',"time_ns":')
    out.time(finding.time_ns)
    _write_frames(out, finding)
    out.raw(b',"message":')
    out.string(finding.message)
    out.raw(b',"why":')
    out.raw(_word(finding.why))
    out.raw(b',"would_disprove":')
    out.raw(_word(finding.would_disprove))
    out.raw(b',"values":{')
    _write_values(out, finding.values)
    out.raw(b"}")


def _word(text: str) -> bytes:
    """A string with its quotes, remembered."""
    word = _WORDS.get(text)
    if word is None:
        word = json.dumps(text).encode("ascii")
        if len(_WORDS) < _MOST_WORDS:
            _WORDS[text] = word
    return word


def _write_frames(out: JsonText, finding: Finding) -> None:
    frames = finding.frames
    out.raw(b',"frames":[')
    for index in range(len(frames)):
        if index > 0:
            out.raw(b",")
        out.number(frames[index])
    out.raw(b'],"frame_count":')
    out.number(finding.frame_count)


def _write_values(out: JsonText, values: Mapping[str, object]) -> None:
    """Numbers and words at once, which is all that most findings have."""
    first = True
    for name, value in values.items():
        if not first:
            out.raw(b",")
        first = False
        out.raw(_word(name))
        out.raw(b":")
        if type(value) is int:  # not bool
            _write_integer(out, name, value)
        elif isinstance(value, str):
            out.string(value)
        elif isinstance(value, float):
            # JSON has no word for what is not finite.
            out.raw(repr(value).encode("ascii") if isfinite(value) else b"null")
        else:
            out.raw(_encode(value).encode("ascii"))


def _write_integer(out: JsonText, name: str, value: int) -> None:
    if not -_MOST < value < _MOST:
        out.raw(str(value).encode("ascii"))
    elif out.ns_as_strings and name.endswith("_ns"):
        out.time(value)
    else:
        out.number(value)
