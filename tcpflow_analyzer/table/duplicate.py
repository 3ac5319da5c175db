"""Copies a connection with all that belongs to it alone, so that it can be concluded and go on.

Shared with the original is what belongs to others as well: censuses, what is remembered of the
incarnation before. Works on compiled and on plain objects.
"""

from typing import Any, Final

from tcpflow_analyzer.table.analysis import Analysis, Watch
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.endpoint import Endpoint, Rarities, Trouble, ZeekEnd
from tcpflow_analyzer.table.observation import Observation, Reset, Tally
from tcpflow_analyzer.table.receipt import Receipt
from tcpflow_analyzer.table.transition import Transition

# How a new object of a class is made; all its attributes are then replaced. Compiled classes
# cannot be made without their constructor.
_MAKERS: Final[dict[type, Any]] = {
    Connection: lambda: Connection(b"", 0),
    Endpoint: lambda: Endpoint(True),
    Rarities: Rarities,
    Trouble: Trouble,
    ZeekEnd: ZeekEnd,
    Analysis: Analysis,
    Watch: Watch,
    Reset: lambda: Reset(True, 0, 0),
    Tally: lambda: Tally(Observation(0, True, 0, 0, 0, 0, 0)),
    Receipt: lambda: Receipt(0, 0, 0, 0, 0, 0, 0, 0, False),
    Transition: lambda: Transition(0, 0, True, 0, 0, 0, 0, False),
}
# Links to other connections: a copy stands in no table.
_LINKS: Final = ("next_entry", "older", "candidate")
_ABSENT: Final = object()


def duplicate(connection: Connection) -> Connection:
    """Make an independent copy."""
    copy: Connection = _copy(connection, {})
    copy.position = -1
    return copy


def _copy(original: Any, made: dict[int, Any]) -> Any:  # noqa: ANN401 -- of any class above
    """Copy an object; what was copied before is the same object again."""
    known = made.get(id(original))
    if known is not None:
        return known
    if isinstance(original, list):
        copied_list: list[Any] = []
        made[id(original)] = copied_list
        copied_list.extend(_copy(each, made) for each in original)
        return copied_list
    maker = _MAKERS.get(type(original))
    if maker is None:
        return original
    copied = maker()
    made[id(original)] = copied
    for name in _names(original):
        value = getattr(original, name, _ABSENT)
        if value is not _ABSENT:
            setattr(copied, name, None if name in _LINKS else _copy(value, made))
    return copied


def _names(of: object) -> tuple[str, ...]:
    """The attributes of an object."""
    compiled: tuple[str, ...] = getattr(type(of), "__mypyc_attrs__", ())
    return compiled or tuple(vars(of))
