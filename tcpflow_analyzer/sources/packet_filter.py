"""Lets capture filters choose frames that lie in files, as the same filter does live.

In: an expression of pcap-filter(7), then frames of any link types. Out: whether a frame is wanted.
libpcap compiles the expression once for each link type and runs the program; frames are taken as
they stand, VLAN tags in their places.
"""

import ctypes
from typing import Final

from tcpflow_analyzer.errors import InputError, UsageError
from tcpflow_analyzer.sources.bpf_compiler import compile_filter, find_library, program_octets
from tcpflow_analyzer.sources.link_types import EN10MB, LINUX_SLL2, RAW

IEEE802_11_RADIO: Final = 127
# A mistake shows before anything is read: some expressions are for some of these only.
TRIED_FIRST: Final = (EN10MB, RAW, LINUX_SLL2, IEEE802_11_RADIO)


class PacketFilter:
    """One expression."""

    def __init__(self, expression: str) -> None:
        """Check an expression.

        Raises:
            UsageError: it is wrong for every usual link type.
            InputError: libpcap is not there.
        """
        library = find_library()
        if library is None:
            raise InputError("--filter needs libpcap for files, and it was not found; install it")
        self._expression = expression
        self._run = library.bpf_filter
        self._run.restype = ctypes.c_uint
        self._run.argtypes = (ctypes.c_char_p, ctypes.c_char_p, ctypes.c_uint, ctypes.c_uint)
        self._programs: dict[int, bytes] = {}
        self._check()

    def _check(self) -> None:
        complaint: UsageError | None = None
        for link_type in TRIED_FIRST:
            try:
                self._compile(link_type)
            except UsageError as error:
                complaint = complaint or error
            else:
                return
        if complaint is not None:
            raise complaint

    def _compile(self, link_type: int) -> bytes:
        program = program_octets(compile_filter(self._expression, link_type))
        self._programs[link_type] = program
        return program

    def keeps(
        self, octets: bytes, start: int, captured_len: int, wire_len: int, link_type: int
    ) -> bool:
        """Whether a frame passes.

        Args:
            octets: that the frame lies in, from `start` on for `captured_len` octets.
            start, captured_len: see above.
            wire_len: its length on the wire.
            link_type: LINKTYPE_ number.

        Raises:
            UsageError: the expression cannot be asked of this link type.
        """
        program = self._programs.get(link_type)
        if program is None:
            program = self._compile(link_type)
        frame = octets[start : start + captured_len]
        return bool(self._run(program, frame, wire_len, captured_len))
