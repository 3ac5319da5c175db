"""Writes one finding as JSON text, by hand because there are many of them.

Compiled: yes

Field names and order are those of docs/schema/analyze.schema.json. The text has no line feed and
only ASCII characters. What the findings of one code have in common is made ready once: there are
hundreds of thousands of findings and some hundred codes, templates and names of values.
"""

import json
from collections.abc import Mapping
from math import isfinite
from typing import Final

from mypy_extensions import i64

from tcpflow_analyzer.findings.finding import Finding, pieces_of
from tcpflow_analyzer.report.json_text import JsonText

_encode: Final = json.JSONEncoder(ensure_ascii=True, separators=(",", ":")).encode
_MOST: Final = 1 << 62  # larger numbers are written as Python does
_MOST_WORDS: Final = 4096
_WORDS: Final[dict[str, bytes]] = {}  # texts that are the same for most findings of a code
_NAMES: Final[dict[str, bytes]] = {}  # of values, with the colon
_NO_FORM: Final = -1
_OTHER_FORM: Final = -2


class _Field:
    """A part of a message: text as JSON has it, and the name of the value behind it, if any.

    Attributes:
        digits: behind the point, where the form asks for a number of them, or _NO_FORM.
    """

    def __init__(self, text: str, name: str, form: str) -> None:
        self.text: Final = json.dumps(text)[1:-1].encode("ascii")
        self.name: Final = name
        self.form: Final = form
        self.digits: i64 = _digits_asked_for(form)


class _Head:
    """What is equal in all findings of a code, a severity and a certainty."""

    def __init__(self, finding: Finding, following: "_Head | None") -> None:
        self.severity: Final = finding.severity
        self.certainty: Final = finding.certainty
        self.name: Final = finding.name
        self.text: Final = (
            f',"code":{json.dumps(finding.code)},"name":{json.dumps(finding.name)},'
            f'"severity":{json.dumps(finding.severity)},'
            f'"certainty":{json.dumps(finding.certainty)},"connection":'
        ).encode("ascii")
        self.following: Final = following


_HEADS: Final[dict[str, _Head]] = {}  # by code
_TEMPLATES: Final[dict[str, list[_Field] | None]] = {}  # None: to be formatted by Python


def _digits_asked_for(form: str) -> i64:
    """The number of digits behind the point that a format asks for: 6 for ".6f"."""
    if not form:
        return _NO_FORM
    if len(form) == 3 and form[0] == "." and form[2] == "f" and form[1] in "0123456789":
        return int(form[1])
    return _OTHER_FORM


def write_identifier(out: JsonText, finding: Finding) -> None:
    """Write Finding.identifier, with its quotes."""
    out.raw(b'"')
    out.number(finding.connection or 0)
    out.raw(b":")
    out.characters(finding.code)
    endpoint = finding.endpoint
    if endpoint is None:
        out.raw(b":-:")
    elif endpoint == "originator":
        out.raw(b":originator:")
    else:
        out.raw(b":responder:")
    frames = finding.frames
    out.number(frames[0] if len(frames) > 0 else 0)
    out.raw(b'"')


def write_finding(out: JsonText, finding: Finding) -> None:
    """Write the members of a finding's object, without the braces."""
    out.raw(b'"id":')
    write_identifier(out, finding)
    out.raw(_head_of(finding).text)
    connection = finding.connection
    if connection is None:
        out.raw(b"null")
    else:
        out.number(connection)
    endpoint = finding.endpoint
    if endpoint is None:
        out.raw(b',"endpoint":null,"time_ns":')
    elif endpoint == "originator":
        out.raw(b',"endpoint":"originator","time_ns":')
    else:
        out.raw(b',"endpoint":"responder","time_ns":')
    out.time(finding.time_ns)
    _write_frames(out, finding)
    out.raw(b',"message":"')
    _write_message(out, finding)
    out.raw(b'","why":')
    out.raw(_word(finding.why))
    out.raw(b',"would_disprove":')
    out.raw(_word(finding.would_disprove))
    out.raw(b',"values":{')
    _write_values(out, finding.values)
    out.raw(b"}")


def _head_of(finding: Finding) -> _Head:
    first = _HEADS.get(finding.code)
    head = first
    while head is not None:
        if (
            head.severity == finding.severity
            and head.certainty == finding.certainty
            and head.name == finding.name
        ):
            return head
        head = head.following
    head = _Head(finding, first)
    if len(_HEADS) < _MOST_WORDS:
        _HEADS[finding.code] = head
    return head


def _word(text: str) -> bytes:
    """A string with its quotes, remembered."""
    word = _WORDS.get(text)
    if word is None:
        word = json.dumps(text).encode("ascii")
        if len(_WORDS) < _MOST_WORDS:
            _WORDS[text] = word
    return word


def _name_of_value(text: str) -> bytes:
    """The name of a value with its quotes and the colon, remembered."""
    name = _NAMES.get(text)
    if name is None:
        name = json.dumps(text).encode("ascii") + b":"
        if len(_NAMES) < _MOST_WORDS:
            _NAMES[text] = name
    return name


def _write_frames(out: JsonText, finding: Finding) -> None:
    frames = finding.frames
    out.raw(b',"frames":[')
    for index in range(len(frames)):
        if index > 0:
            out.raw(b",")
        out.number(frames[index])
    out.raw(b'],"frame_count":')
    out.number(finding.frame_count)


def _fields_of(template: str) -> list[_Field] | None:
    """The parts of a template, remembered; None unless its fields are all plain names."""
    fields = _TEMPLATES.get(template)
    if fields is None and template not in _TEMPLATES:
        pieces = pieces_of(template)
        if pieces is not None:
            fields = [_Field(piece.text, piece.name, piece.form) for piece in pieces]
        if len(_TEMPLATES) < _MOST_WORDS:
            _TEMPLATES[template] = fields
    return fields


def _write_message(out: JsonText, finding: Finding) -> None:
    """Write Finding.message, without its quotes."""
    fields = _fields_of(finding.template)
    if fields is None:
        out.characters(finding.message)
        return
    values = _members(finding.values)
    for field in fields:
        out.raw(field.text)
        if len(field.name) > 0:
            _write_formatted(out, values[field.name], field)


def _write_formatted(out: JsonText, value: object, field: _Field) -> None:
    """Write a value as format() does: words, whole numbers and seconds at once."""
    digits = field.digits
    if digits == _NO_FORM:
        if isinstance(value, str):
            out.characters(value)
            return
        if type(value) is int and -_MOST < value < _MOST:  # not bool
            out.number(value)
            return
    elif digits >= 0 and type(value) is float and out.fixed(value, digits):
        return
    out.characters(format(value, field.form))


def _write_values(out: JsonText, values: Mapping[str, object]) -> None:
    """Numbers and words at once, which is all that most findings have."""
    first = True
    for name, value in _members(values).items():
        if not first:
            out.raw(b",")
        first = False
        out.raw(_name_of_value(name))
        if type(value) is int:  # not bool
            _write_integer(out, name, value)
        elif isinstance(value, str):
            out.string(value)
        elif isinstance(value, float):
            _write_float(out, value)
        else:
            out.raw(_encode(value).encode("ascii"))


def _members(values: Mapping[str, object]) -> dict[str, object]:
    """The values as a dictionary, which they nearly always are: looking into one is cheaper."""
    return values if isinstance(values, dict) else dict(values)


def _write_float(out: JsonText, value: float) -> None:
    if out.decimal(value):
        return
    # JSON has no word for what is not finite.
    out.raw(repr(value).encode("ascii") if isfinite(value) else b"null")


def _write_integer(out: JsonText, name: str, value: int) -> None:
    if not -_MOST < value < _MOST:
        out.raw(str(value).encode("ascii"))
    elif out.ns_as_strings and name.endswith("_ns"):
        out.time(value)
    else:
        out.number(value)
