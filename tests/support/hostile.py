"""Names that do harm where somebody shows them as they are: in files, captures, configurations."""

import re
from typing import Final

from support.capture_builder import START_NS, Segment, ethernet, packet
from support.container_builder import block, enhanced, interface, option, section
from support.small_captures import Frames, exchange, refusal
from tcpflow_analyzer.tcp.control_bits import ACK, RST, SYN

# Colours, titles and answers of terminals, in 7 and in 8 bits; line breaks; what turns text around
# or hides it; ends of XML and HTML; formulas; commands of build services; shells; templates.
HOSTILE: Final = (
    "=cmd|'/c calc'!A0 \x1b[31m\x1b]0;title\x07\x9b2J\x85\r\n::error file=a::b\n"
    "##vso[task.setvariable]\u202e\u2066\u200b\u2028</script><script>alert(1)</script>"
    "<img src=x onerror=alert(1)>]]>--> %0A%1B[2J \"'`$(id)${HOME}{0}&amp; @you |a|[x](y)\t\x7f"
)
# The same as a file may be called, with octets that are no UTF-8 as well.
HOSTILE_NAME: Final = HOSTILE.replace("/", "").encode()[:200] + b"\xff\xc0\xaf\xed\xa0\x80.pcapng"
OPT_COMMENT, IF_NAME, IF_DESCRIPTION, IF_FILTER, IF_OS, SHB_HARDWARE = 1, 2, 3, 11, 12, 2
NAME_RESOLUTION, NRB_IPV4 = 4, 1
_SGR: Final = re.compile(r"\x1b\[[0-9;]*m")


def hostile_capture() -> bytes:
    """A pcapng of two interfaces, with hostile text wherever the format has text."""
    text = HOSTILE.encode() + b"\x00\xff\xfe"
    on_section = option(OPT_COMMENT, text) + option(SHB_HARDWARE, text) + option(0, b"")
    names = b"".join(option(code, text) for code in (OPT_COMMENT, IF_DESCRIPTION, IF_OS))
    parts = [section(options=on_section)]
    for number in (0, 1):
        name = option(IF_NAME, text[number:]) + option(IF_FILTER, b"\x00" + text)
        parts.append(interface(options=name + names + option(0, b"")))
    parts.append(block(NAME_RESOLUTION, option(NRB_IPV4, bytes([192, 0, 2, 1]) + text + b"\x00")))
    for number, frames in enumerate((exchange(), refusal(port=40_001))):
        for time_ns, octets in [*frames, *_link_local(number)]:
            parts.append(enhanced(octets, time_ns // 1000, number))
    later_ns = START_NS + 30_000_000_000
    parts.append(enhanced(exchange(port=40_002, at_ns=later_ns)[0][1], later_ns // 1000, 1))
    return b"".join(parts)


def _link_local(number: int) -> Frames:
    """A refusal between addresses that mean something on their interface only."""
    syn = Segment("fe80::1", 40_010 + number, "fe80::2", 82, seq=1000, control_bits=SYN)
    reset = Segment("fe80::2", 82, "fe80::1", 40_010 + number, ack=1001, control_bits=RST | ACK)
    return [
        (START_NS + 20_000_000 + at, ethernet(packet(each))) for at, each in enumerate((syn, reset))
    ]


def assert_harmless(octets: bytes) -> None:
    """Text that moves no cursor, hides nothing and breaks no line; its own colours are its own."""
    text = octets.decode("utf-8", "strict")
    for line in _SGR.sub("", text).split("\n"):
        assert line.isprintable(), ascii(line)
