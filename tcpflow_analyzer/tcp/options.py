"""TCP options: their kinds, and how they are told to people.

Compiled: yes

Kinds: IANA "TCP Parameters", option kind numbers. Reading them for every segment is the work of
decode/tcp_header.py; here is what only a reader of a report asks for.
"""

from typing import Final

END_OF_LIST: Final = 0  # RFC 9293 section 3.2
NO_OPERATION: Final = 1  # RFC 9293 section 3.2
MAXIMUM_SEGMENT_SIZE: Final = 2  # RFC 9293 section 3.2
WINDOW_SCALE: Final = 3  # RFC 7323 section 2
SACK_PERMITTED: Final = 4  # RFC 2018 section 2
SACK: Final = 5  # RFC 2018 section 3
TIMESTAMPS: Final = 8  # RFC 7323 section 3
MD5_SIGNATURE: Final = 19  # RFC 2385
USER_TIMEOUT: Final = 28  # RFC 5482
AUTHENTICATION: Final = 29  # TCP-AO, RFC 5925
MULTIPATH: Final = 30  # MPTCP, RFC 8684 section 3
FAST_OPEN: Final = 34  # RFC 7413 section 4.1.1
ACCURATE_ECN_0: Final = 172  # RFC 9768
ACCURATE_ECN_1: Final = 174  # RFC 9768
EXPERIMENT_1: Final = 253  # RFC 6994
EXPERIMENT_2: Final = 254  # RFC 6994
FAST_OPEN_MAGIC: Final = 0xF989  # experiment id of Fast Open before it had a kind, RFC 7413

_OCTETS_OF_TYPE_AND_LENGTH: Final = 2

# RFC 8684 section 3, table 2.
MULTIPATH_SUBTYPES: Final = (
    "capable",
    "join",
    "dss",
    "add-addr",
    "remove-addr",
    "prio",
    "fail",
    "fastclose",
    "rst",
)


def describe_options(options: bytes) -> str:
    """Tell the options of a header in a few words, as in "mss 1460 sack ts ws 128".

    Args:
        options: the octets behind the first 20 of the TCP header, as many as were captured.

    Returns:
        The options in their order, padding left out; "" where there is none. What breaks the
        format is told as "malformed" and ends the list.
    """
    words: list[str] = []
    position = 0
    while position < len(options):
        kind = options[position]
        if kind == END_OF_LIST:
            break
        if kind == NO_OPERATION:
            position += 1
            continue
        length = options[position + 1] if position + 1 < len(options) else 0
        if length < _OCTETS_OF_TYPE_AND_LENGTH or position + length > len(options):
            words.append("malformed")
            break
        content = options[position + _OCTETS_OF_TYPE_AND_LENGTH : position + length]
        words.append(_describe_option(kind, content))
        position += length
    return " ".join(words)


def _describe_option(kind: int, content: bytes) -> str:
    """Tell one option; `content` is what follows its kind and length."""
    if kind == MAXIMUM_SEGMENT_SIZE and len(content) == 2:
        return f"mss {int.from_bytes(content, 'big')}"
    if kind == WINDOW_SCALE and len(content) == 1:
        # RFC 7323 section 2.3: a shift above 14 counts as 14.
        return f"ws {2 ** min(content[0], 14)}"
    if kind == MULTIPATH and content:
        subtype = content[0] >> 4
        if subtype < len(MULTIPATH_SUBTYPES):
            return f"mptcp {MULTIPATH_SUBTYPES[subtype]}"
        return "mptcp"
    if kind == FAST_OPEN:
        return "fast-open cookie" if content else "fast-open request"
    if kind in (EXPERIMENT_1, EXPERIMENT_2) and content[:2] == b"\xf9\x89":
        return "fast-open cookie" if content[2:] else "fast-open request"
    if kind == SACK:
        return _describe_sack(content)
    return _describe_by_kind(kind)


def _describe_sack(content: bytes) -> str:
    """Tell how many SACK blocks there are; their edges mean little without the connection."""
    blocks = len(content) // 8
    return "sack 1 block" if blocks == 1 else f"sack {blocks} blocks"


def _describe_by_kind(kind: int) -> str:
    """Tell an option of which only the kind is of interest."""
    if kind == SACK_PERMITTED:
        return "sack"
    if kind == TIMESTAMPS:
        return "ts"
    if kind == MD5_SIGNATURE:
        return "md5"
    if kind == USER_TIMEOUT:
        return "user-timeout"
    if kind == AUTHENTICATION:
        return "ao"
    if kind in (ACCURATE_ECN_0, ACCURATE_ECN_1):
        return "accecn"
    return f"option {kind}"
