"""Kinds of observation about the stream itself: the second word of the mask of a connection.

Compiled: yes

The first word (table/observation.py) has room for no more. A kind of this module carries the mark
STREAM besides its own bit, so that `Connection.note`, `Connection.tally` and `tallies()` take
kinds of both words; its own bit goes to `Connection.stream_observed`, which never holds the mark.
So `connection.stream_observed & KIND` tells whether it is there; `connection.observed & KIND` is
always 0.

A kind of a finding that is a mere fact has one bit for each end, `..._ORIGINATOR` and
`..._RESPONDER`: the findings are then counted by the mask alone (findings/registry.py,
`stream_facts`). Unlike the facts of the first word they have tallies.

Each family has a block of bits; a new kind takes a free one of its family:
SQ 0 to 20, WN 21 to 30, KA 31 to 37, OP 38 to 46, MB 47 to 52, CP 53 to 58, FL 59 and 60.
"""

from typing import Final

STREAM: Final = 0x2000_0000_0000_0000  # bit 61: the mark of the kinds of this module
WORD: Final = 64  # bits by which this word stands above the first, in `both_words`


def both_words(observed: int, stream_observed: int) -> int:
    """The masks of a connection, `observed` and `stream_observed`, as one number."""
    return observed | stream_observed << WORD
