"""Traits of a connection's RSTs, as a mask: which of the RST findings have to be asked at all.

Compiled: yes

RESET alone would wake all of them for every RST. Registers nothing.
"""

from typing import Final

from mypy_extensions import i64

from tcpflow_analyzer.findings.reset.cause import all_causes
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.observation import FORM_STATELESS, RST_NOT_EXACT, RST_UNACCEPTABLE

# At least one RST:
WITH_PAYLOAD: Final = 0x1
NOT_EXACT: Final = 0x2
UNACCEPTABLE: Final = 0x4
STATELESS_ANSWER: Final = 0x8  # answers a segment as a stack without a socket does
SEVERAL: Final = 0x10  # at least two RSTs that are no such answers
COMPARABLE: Final = 0x20  # there are BASELINE other segments of its sender to compare it with

BASELINE: Final = 2

_FIRST_CAUSE: Final = 0x100
_CAUSES: Final = (
    "HS004", "HS005", "HS008", "HS009", "HS013", "HS018", "TW003", "TW007", "CL008",
    "RS001", "RS002", "RS003", "RS004", "RS005", "RS006", "KA002",
    "SQ005",
)  # fmt: skip
_TRAITS: Final = {code: _FIRST_CAUSE << index for index, code in enumerate(_CAUSES)}


def traits_of_refusal() -> int:
    """The traits of a RST that refuses a SYN, the only segment of its sender."""
    return caused("HS004")


def caused(code: str) -> int:
    """The trait that `code` is the cause of a RST.

    Raises:
        KeyError: no RST has it for its cause (reset/cause.py).
    """
    return _TRAITS[code]


def traits_of(connection: Connection, unread_window_ns: i64) -> i64:
    """The traits of all RSTs of a connection.

    Args:
        connection: over.
        unread_window_ns: of the settings.
    """
    resets = connection.resets
    if resets is None:
        return 0
    traits: i64 = 0
    others: i64 = 0
    for reset in resets:
        if reset.payload_len > 0:
            traits |= WITH_PAYLOAD
        if reset.verdict == RST_NOT_EXACT:
            traits |= NOT_EXACT
        elif reset.verdict == RST_UNACCEPTABLE:
            traits |= UNACCEPTABLE
        sender = connection.endpoint(reset.of_originator)
        if sender.segments > BASELINE and sender.ttl_min >= 0:
            traits |= COMPARABLE
        if reset.form == FORM_STATELESS and reset.trigger_frame != 0:
            traits |= STATELESS_ANSWER
        else:
            others += 1
    if others > 1:
        traits |= SEVERAL
    for found in all_causes(connection, unread_window_ns):
        trait: i64 = _TRAITS[found.code]
        traits |= trait
    return traits
