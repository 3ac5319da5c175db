"""Compiles capture filters to BPF: by libpcap, or by tcpdump where the library is not found.

In: an expression of pcap-filter(7) and a link type. Out: instructions of classic BPF.
"""

import ctypes
import ctypes.util
import os
import re
import shutil
import struct
import subprocess
from functools import lru_cache
from typing import Final, NamedTuple

from tcpflow_analyzer.errors import InputError, UsageError
from tcpflow_analyzer.sources.link_types import LINK_TYPE_NAMES

# libpcap's names for files, in the order of likelihood: Linux, macOS, Windows.
LIBRARIES: Final = ("libpcap.so.0.8", "libpcap.so.1", "libpcap.dylib", "wpcap.dll")
NETMASK_UNKNOWN: Final = 0xFFFF_FFFF  # pcap/pcap.h PCAP_NETMASK_UNKNOWN
# Link types whose number in files is not that in programs (libpcap pcap-common.c).
DLT_OF: Final = {100: 11, 101: 12, 102: 15, 103: 16, 106: 19}
SNAPLEN: Final = 262_144
SECONDS: Final = 10


class Instruction(NamedTuple):
    """One instruction of classic BPF: struct bpf_insn."""

    code: int
    jump_true: int
    jump_false: int
    operand: int


Program = tuple[Instruction, ...]


class _Instruction(ctypes.Structure):
    _fields_ = (
        ("code", ctypes.c_ushort),
        ("jt", ctypes.c_ubyte),
        ("jf", ctypes.c_ubyte),
        ("k", ctypes.c_uint32),
    )


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_uint), ("instructions", ctypes.POINTER(_Instruction)))


def compile_filter(
    expression: str, link_type: int, snaplen: int = SNAPLEN, device: str | None = None
) -> Program:
    """Compile a capture filter.

    Args:
        expression: of pcap-filter(7).
        link_type: LINKTYPE_ number of the frames.
        snaplen: what the program returns for a frame that is wanted.
        device: that is captured live, where VLAN tags lie beside the frame; None for frames with
            their tags in place.

    Raises:
        UsageError: the expression is wrong, or cannot be asked of this link type.
        InputError: neither libpcap nor tcpdump is there.
    """
    if "\0" in expression:
        raise _wrong(expression, link_type, "a NUL in it")
    library = find_library()
    if library is not None:
        return _compile_by_library(library, expression, link_type, snaplen, device)
    tcpdump = shutil.which("tcpdump")
    if tcpdump is None:
        raise InputError("a capture filter needs libpcap or tcpdump, and neither was found")
    return _compile_by_tcpdump(tcpdump, expression, link_type, snaplen)


@lru_cache(maxsize=1)
def find_library() -> ctypes.CDLL | None:
    """Load libpcap; None where it is not found."""
    found = ctypes.util.find_library("pcap")
    for name in (found, *LIBRARIES) if found else LIBRARIES:
        try:
            library = ctypes.CDLL(str(name))
            library.pcap_open_dead.restype = ctypes.c_void_p
            library.pcap_create.restype = ctypes.c_void_p
            library.pcap_geterr.restype = ctypes.c_char_p
        except (OSError, AttributeError):
            continue
        return library
    return None


def _compile_by_library(
    library: ctypes.CDLL, expression: str, link_type: int, snaplen: int, device: str | None
) -> Program:
    handle = _live_handle(library, device, snaplen) if device is not None else None
    if handle is None:
        dlt = DLT_OF.get(link_type, link_type)
        handle = ctypes.c_void_p(library.pcap_open_dead(dlt, snaplen))
    program = _Program()
    try:
        failed = library.pcap_compile(
            handle, ctypes.byref(program), os.fsencode(expression), 1, NETMASK_UNKNOWN
        )
        if failed:
            raise _wrong(expression, link_type, library.pcap_geterr(handle).decode())
        made = tuple(
            Instruction(each.code, each.jt, each.jf, each.k)
            for each in program.instructions[: program.length]
        )
        library.pcap_freecode(ctypes.byref(program))
    finally:
        library.pcap_close(handle)
    return made


def _live_handle(library: ctypes.CDLL, device: str, snaplen: int) -> ctypes.c_void_p | None:
    """Open a device, so that libpcap looks for VLAN tags where live capture has them."""
    errors = ctypes.create_string_buffer(512)
    handle = ctypes.c_void_p(library.pcap_create(device.encode(), errors))
    if not handle.value:
        return None
    library.pcap_set_snaplen(handle, snaplen)
    if library.pcap_activate(handle) < 0:
        library.pcap_close(handle)
        return None
    return handle


def _compile_by_tcpdump(tcpdump: str, expression: str, link_type: int, snaplen: int) -> Program:
    name = LINK_TYPE_NAMES.get(link_type, "")
    command = [tcpdump, "-y", name, "-s", str(snaplen), "-ddd", "--", expression]
    done = subprocess.run(  # noqa: S603 -- a fixed command line, no shell
        command, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
        raise _wrong(expression, link_type, lines[-1].removeprefix("tcpdump: "))
    return read_program(done.stdout)


def program_octets(program: Program) -> bytes:
    """The instructions as they lie in memory, struct bpf_insn after struct bpf_insn."""
    return b"".join(struct.pack("=HBBI", *each) for each in program)


def read_program(text: str) -> Program:
    """Read what `tcpdump -ddd` prints: the number of instructions, then a line for each."""
    numbers = [int(each) for each in re.findall(r"\d+", text)]
    rest = numbers[1:]
    return tuple(Instruction(*rest[at : at + 4]) for at in range(0, len(rest), 4))


def _wrong(expression: str, link_type: int, why: str) -> UsageError:
    name = LINK_TYPE_NAMES.get(link_type, str(link_type))
    return UsageError(f"filter {expression!r} (for {name}): {why}")
