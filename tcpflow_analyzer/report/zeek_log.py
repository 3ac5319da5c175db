"""Connections as Zeek's conn.log, in its text form (TSV) or as lines of JSON.

Fields, types and the lines that begin with # are those of Zeek 6 (base/protocols/conn/main.zeek,
base/frameworks/logging/writers/ascii.zeek). Which end is the originator is Zeek's view too.
What this program does not tell (service, local addresses, octets of IP, parents) is not set.
The order is that of the ends of connections, as in Zeek.
"""

import hashlib
import json
from collections.abc import Sequence
from typing import Final

import communityid

from tcpflow_analyzer.findings.finding import Finding
from tcpflow_analyzer.observer.zeek_history import ROLES_SWAPPED
from tcpflow_analyzer.report.addresses import connection_addresses
from tcpflow_analyzer.report.row_report import RowReport
from tcpflow_analyzer.report.sink import ByteWriter, Start
from tcpflow_analyzer.report.totals import Capture, Summary
from tcpflow_analyzer.report.wording import moment
from tcpflow_analyzer.report.zeek import conn_state, history_text, zeek_octets
from tcpflow_analyzer.table.connection import Connection

Value = int | float | str | None

FIELDS: Final = {
    "ts": "time",
    "uid": "string",
    "id.orig_h": "addr",
    "id.orig_p": "port",
    "id.resp_h": "addr",
    "id.resp_p": "port",
    "proto": "enum",
    "service": "string",
    "duration": "interval",
    "orig_bytes": "count",
    "resp_bytes": "count",
    "conn_state": "string",
    "local_orig": "bool",
    "local_resp": "bool",
    "missed_bytes": "count",
    "history": "string",
    "orig_pkts": "count",
    "orig_ip_bytes": "count",
    "resp_pkts": "count",
    "resp_ip_bytes": "count",
    "tunnel_parents": "set[string]",
    "community_id": "string",
}
_SECONDS: Final = frozenset({"ts", "duration"})
_DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_UID_DIGITS: Final = 17  # behind the C, as most of Zeek's have
_MICROSECOND: Final = 1_000
_LINES_HELD: Final = 1000


class ZeekLog(RowReport):
    """Sink that writes conn.log: with `as_json` a JSON object a line, else tabs between fields."""

    def __init__(self, stream: ByteWriter, as_json: bool) -> None:
        """Make a report; nothing is written before the run begins."""
        super().__init__(stream)
        self._line = _json_line if as_json else _text_line
        self._as_json = as_json
        self._lines: list[bytes] = []
        self._community_id = communityid.CommunityID()

    def begin(self, start: Start) -> None:
        """Write the head of the text form."""
        super().begin(start)
        if not self._as_json:
            self._lines.append(_head())

    def add(
        self,
        connection: Connection,
        findings: Sequence[Finding],
        scope: tuple[str | None, str | None],
    ) -> None:
        """Write a line."""
        self._lines.append(self._line(_values(connection, self._community_id)))
        if len(self._lines) >= _LINES_HELD:
            self.flush()

    def flush(self) -> None:
        """Write the lines that have come together."""
        if self._lines:
            self._stream.write(b"".join(self._lines))
            self._stream.flush()
            self._lines.clear()

    def end(self, capture: Capture, summary: Summary) -> None:
        """Close the text form; with the last frame's time, so that equal input gives equal logs."""
        if not self._as_json:
            close = moment(capture.last_time_ns)
            self._lines.append(f"#close\t{close:%Y-%m-%d-%H-%M-%S}\n".encode("ascii"))
        self.flush()


def _head() -> bytes:
    lines = (
        "#separator \\x09",
        "#set_separator\t,",
        "#empty_field\t(empty)",
        "#unset_field\t-",
        "#path\tconn",
        "#fields\t" + "\t".join(FIELDS),
        "#types\t" + "\t".join(FIELDS.values()),
    )
    return "".join(f"{line}\n" for line in lines).encode("ascii")


def _values(connection: Connection, community_id: communityid.CommunityID) -> list[Value]:
    """The fields of a connection in their order; times in nanoseconds, None for unset."""
    # Zeek knows no zones.
    source, source_port, destination, destination_port = connection_addresses(connection)
    originator, responder = connection.originator, connection.responder
    if connection.history_seen & ROLES_SWAPPED:
        source, source_port, destination, destination_port = (
            destination,
            destination_port,
            source,
            source_port,
        )
        originator, responder = responder, originator
    pair = communityid.FlowTuple.make_tcp(source, destination, source_port, destination_port)
    community = community_id.calc(pair)
    return [
        connection.first_time_ns,
        _uid(f"{community} {connection.number} {connection.first_time_ns}"),
        source,
        source_port,
        destination,
        destination_port,
        "tcp",
        None,
        connection.last_time_ns - connection.first_time_ns,
        zeek_octets(originator),
        zeek_octets(responder),
        conn_state(connection),
        None,
        None,
        None,
        history_text(connection) or None,
        originator.segments,
        None,
        responder.segments,
        None,
        None,
        community,
    ]


def _uid(text: str) -> str:
    """A name for a connection like Zeek's, the same whenever the same capture is read."""
    number = int.from_bytes(hashlib.sha256(text.encode("ascii", "replace")).digest()[:16], "big")
    digits = []
    for _ in range(_UID_DIGITS):
        number, digit = divmod(number, len(_DIGITS))
        digits.append(_DIGITS[digit])
    return "C" + "".join(digits)


def _text_line(values: list[Value]) -> bytes:
    cells = map(_cell, FIELDS, values)
    return ("\t".join(cells) + "\n").encode("utf-8", "replace")


def _cell(field: str, value: Value) -> str:
    if value is None:
        return "-"
    if field in _SECONDS and isinstance(value, int):
        return _seconds(value)
    if isinstance(value, str):
        return value.replace("\\", "\\x5c").replace("\t", "\\x09").replace("\n", "\\x0a")
    return str(value)


def _seconds(nanoseconds: int) -> str:
    """Seconds with six digits behind the point, as Zeek writes them."""
    microseconds = (nanoseconds + _MICROSECOND // 2) // _MICROSECOND
    return f"{microseconds // 1_000_000}.{microseconds % 1_000_000:06d}"


def _json_line(values: list[Value]) -> bytes:
    fields = {
        field: float(_seconds(value)) if field in _SECONDS and isinstance(value, int) else value
        for field, value in zip(FIELDS, values, strict=True)
        if value is not None
    }
    return json.dumps(fields, separators=(",", ":")).encode("ascii") + b"\n"
