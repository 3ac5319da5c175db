"""The capture engine of Linux: a packet socket with a ring in memory (TPACKET_V3).

Numbers are from linux/if_packet.h, linux/if_arp.h and asm-generic/socket.h; the ring is
described in the kernel's Documentation/networking/packet_mmap.rst.
"""

import contextlib
import ctypes
import errno
import mmap
import os
import select
import socket
import struct
import time
from typing import Final

from tcpflow_analyzer.errors import InputError
from tcpflow_analyzer.sources import pcapng_blocks
from tcpflow_analyzer.sources.bpf_compiler import (
    Instruction,
    Program,
    compile_filter,
    program_octets,
)
from tcpflow_analyzer.sources.link_types import EN10MB, LINUX_SLL2, RAW
from tcpflow_analyzer.sources.live.capture_engine import (
    ANY_INTERFACE,
    CaptureRequest,
    EngineMissing,
)
from tcpflow_analyzer.sources.live.devices import hardware_type, is_up
from tcpflow_analyzer.sources.live.rights import no_right
from tcpflow_analyzer.sources.live.ring_block import RingBlockReader
from tcpflow_analyzer.sources.octets import reason

SOL_PACKET: Final = 263
PACKET_ADD_MEMBERSHIP: Final = 1
PACKET_RX_RING: Final = 5
PACKET_STATISTICS: Final = 6
PACKET_VERSION: Final = 10
TPACKET_V3: Final = 2
PACKET_MR_PROMISC: Final = 1
SO_ATTACH_FILTER: Final = 26
ETH_P_ALL: Final = 3
STATUS_USER: Final = 1  # the block is ours

# Devices with Ethernet headers; all others are captured without a link layer, as libpcap does with
# what it calls cooked.
ETHERNET_TYPES: Final = (1, 772)  # ARPHRD_ETHER, ARPHRD_LOOPBACK

BLOCK_OCTETS: Final = 1 << 19
FRAME_OCTETS: Final = 1 << 11  # only a divisor of the block: frames of a block have any length
BLOCK_STATUS: Final = 8  # offsets in struct tpacket_block_desc
BLOCK_LEN: Final = 20
RETIRE_MS: Final = 50  # a block is given so long after its first frame, full or not
DELAY_NS: Final = 250_000_000
BLOCKS_AT_ONCE: Final = 8  # 4 MiB: what one read gives at most, so that others get their turn
LOOK_S: Final = 0.5  # how often a device that went away is looked for

KEEP: Final = 0x06  # BPF_RET | BPF_K


class Ring:
    """One socket and its ring.

    Attributes:
        name: of the device.
        received, dropped: frames since the capture began, by the system's count; received ones
            include those that were dropped.
    """

    def __init__(self, name: str, number: int, request: CaptureRequest) -> None:
        """Open a socket that captures from now on; raises OSError, InputError, UsageError."""
        self.name = name
        self.received = 0
        self.dropped = 0
        self._request = request
        self._number = number
        self._index = 0
        self._cooked = name == ANY_INTERFACE or hardware_type(name) not in ETHERNET_TYPES
        self.link_type = LINUX_SLL2 if self._cooked else EN10MB
        loopback = next((i for i, each in socket.if_nameindex() if each == "lo"), 0)
        self._reader = RingBlockReader(number, self._cooked, loopback, pcapng_blocks.IS_BIG_ENDIAN)
        kind = socket.SOCK_DGRAM if self._cooked else socket.SOCK_RAW
        # Protocol 0: nothing is received before the socket is bound, with filter and ring in place.
        self._socket = socket.socket(socket.AF_PACKET, kind, 0)
        try:
            self._attach_filter()
            self._map = self._make_ring()
            self.bind()
        except BaseException:
            self._socket.close()
            raise
        self._next = 0
        self._due_look = 0.0

    def _make_ring(self) -> mmap.mmap:
        self._socket.setsockopt(SOL_PACKET, PACKET_VERSION, TPACKET_V3)
        self._blocks = max(self._request.buffer_mebibytes * (1 << 20) // BLOCK_OCTETS, 2)
        while True:
            frames = self._blocks * (BLOCK_OCTETS // FRAME_OCTETS)
            # struct tpacket_req3
            ring = struct.pack(
                "=7I", BLOCK_OCTETS, self._blocks, FRAME_OCTETS, frames, RETIRE_MS, 0, 0
            )
            try:
                self._socket.setsockopt(SOL_PACKET, PACKET_RX_RING, ring)
            except OSError as error:
                if error.errno != errno.ENOMEM or self._blocks <= 2:
                    raise
                self._blocks //= 2
                continue
            return mmap.mmap(self._socket.fileno(), self._blocks * BLOCK_OCTETS)

    def _attach_filter(self) -> None:
        """Let the system leave out, and cut, what is not wanted."""
        kept = self._request.kept_octets
        program: Program = (Instruction(KEEP, 0, 0, kept),)
        if self._request.capture_filter:
            # Without a link layer a frame begins with its IP header.
            link_type = RAW if self._cooked else EN10MB
            device = None if self._cooked else self.name
            program = compile_filter(self._request.capture_filter, link_type, kept, device)
        octets = program_octets(program)
        held = ctypes.create_string_buffer(octets, len(octets))
        # struct sock_fprog: the number of instructions and where they are
        self._socket.setsockopt(
            socket.SOL_SOCKET,
            SO_ATTACH_FILTER,
            struct.pack("HP", len(program), ctypes.addressof(held)),
        )

    def bind(self) -> None:
        """Receive from the device of this name; raises OSError where there is none."""
        if self.name == ANY_INTERFACE:
            self._bind_to_all()
            return
        self._index = socket.if_nametoindex(self.name)
        self._socket.bind((self.name, ETH_P_ALL))
        if self._request.promiscuous:
            # struct packet_mreq
            member = struct.pack("=iHH8s", self._index, PACKET_MR_PROMISC, 0, b"")
            self._socket.setsockopt(SOL_PACKET, PACKET_ADD_MEMBERSHIP, member)

    def _bind_to_all(self) -> None:
        """Receive from all devices: index 0, for which Python's `bind` has no name."""
        # struct sockaddr_ll
        address = struct.pack(
            "=HHiHBB8s", socket.AF_PACKET, socket.htons(ETH_P_ALL), 0, 0, 0, 0, b""
        )
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.bind(self._socket.fileno(), address, len(address)):
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))

    def fileno(self) -> int:
        """The socket, for `select`."""
        return self._socket.fileno()

    @property
    def has_block(self) -> bool:
        """Whether a block can be read now."""
        status = struct.unpack_from("=I", self._map, self._next * BLOCK_OCTETS + BLOCK_STATUS)[0]
        return bool(status & STATUS_USER)

    def read(self) -> bytes:
        """Give the packets of the next blocks, and the blocks back to the system."""
        parts: list[bytes] = []
        while len(parts) < BLOCKS_AT_ONCE and self.has_block:
            start = self._next * BLOCK_OCTETS
            length = min(struct.unpack_from("=I", self._map, start + BLOCK_LEN)[0], BLOCK_OCTETS)
            parts.append(self._reader.read(self._map[start : start + length]))
            struct.pack_into("=I", self._map, start + BLOCK_STATUS, 0)
            self._next = (self._next + 1) % self._blocks
        return b"".join(parts)

    def error(self) -> int:
        """Error number of the socket, which is forgotten; 0 for none."""
        return self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)

    def is_bound(self) -> bool:
        """Whether the device that the socket is bound to is still that of the name."""
        if self.name == ANY_INTERFACE:
            return True
        try:
            return socket.if_nametoindex(self.name) == self._index
        except OSError:
            return False

    def count(self) -> None:
        """Ask the system for its counters, which it sets to 0 by that."""
        # struct tpacket_stats_v3
        answer = self._socket.getsockopt(SOL_PACKET, PACKET_STATISTICS, 12)
        received, dropped, _ = struct.unpack("=III", answer)
        self.received += received
        self.dropped += dropped

    def statistics(self, time_ns: int) -> bytes:
        """A clock record with the counters."""
        with contextlib.suppress(OSError):
            self.count()
        # Loopback's outgoing copies were received, but nobody misses them.
        received = self.received - self._reader.left_out
        return pcapng_blocks.statistics(self._number, time_ns, received, self.dropped)

    def description(self) -> bytes:
        """The interface's block."""
        return pcapng_blocks.interface(
            self.link_type, self.name, self._request.snaplen, self._request.capture_filter
        )

    def close(self) -> None:
        """Give the ring back."""
        self._map.close()
        self._socket.close()


class AfPacketEngine:
    """Packet sockets of all interfaces; attributes and methods as of `CaptureEngine`."""

    name = "af-packet"
    needs_rights = False
    delay_ns = DELAY_NS

    def __init__(self, request: CaptureRequest) -> None:
        """Open the sockets.

        Raises:
            EngineMissing: the system has no such sockets.
            NoRightToCapture: the user may not open them.
            InputError: they cannot be opened, for the reason that is given.
        """
        if not hasattr(socket, "AF_PACKET"):
            raise EngineMissing("the engine af-packet needs Linux")
        self._rings: list[Ring] = []
        self._notes: list[str] = []
        self._away: dict[str, float] = {}
        self._due_look = 0.0
        try:
            for number, name in enumerate(request.interfaces):
                self._rings.append(Ring(name, number, request))
        except PermissionError as error:
            self._close()
            raise no_right(request.interfaces, None) from error
        except OSError as error:
            self._close()
            raise InputError(f"{name}: {reason(error)}") from error
        except BaseException:
            self._close()
            raise
        descriptions = [ring.description() for ring in self._rings]
        self._pending = pcapng_blocks.section() + b"".join(descriptions)

    def read(self, timeout_s: float) -> bytes:
        """Give what came; see `CaptureEngine`."""
        octets, self._pending = self._pending, b""
        if not octets:
            if not any(ring.has_block for ring in self._rings):
                self._wait(timeout_s)
            octets = b"".join([ring.read() for ring in self._rings])
        self._look_for_devices()
        return octets

    def _wait(self, timeout_s: float) -> None:
        """Wait for a block, but not for one of a device that is away."""
        waiting = [ring for ring in self._rings if ring.name not in self._away]
        poll = select.poll()
        by_number = {ring.fileno(): ring for ring in waiting}
        for number in by_number:
            poll.register(number, select.POLLIN | select.POLLERR)
        for number, events in poll.poll(max(timeout_s, 0) * 1000):
            ring = by_number[number]
            if events & select.POLLERR and ring.error():
                self._away[ring.name] = time.monotonic()

    def _look_for_devices(self) -> None:
        """Bind sockets anew whose device went away and came back under its name."""
        now = time.monotonic()
        if now < self._due_look:
            return
        self._due_look = now + LOOK_S
        for ring in self._rings:
            if not ring.is_bound():
                self._away.setdefault(ring.name, now)
                with contextlib.suppress(OSError):
                    ring.bind()
            since = self._away.get(ring.name)
            if since is not None and ring.is_bound() and is_up(ring.name):
                del self._away[ring.name]
                self._notes.append(f"{ring.name} was down or gone for {now - since:.1f} s")

    def take_notes(self) -> list[str]:
        """Give what happened to the devices since the last call, a line each."""
        notes, self._notes = self._notes, []
        return notes

    def clock(self, time_ns: int) -> bytes:
        """Give clock records of all interfaces, with their counters."""
        return b"".join([ring.statistics(time_ns) for ring in self._rings])

    def restart(self) -> bytes:
        """Sockets do not end by themselves."""
        raise InputError("packet sockets were closed")

    def stop(self) -> bytes:
        """Give what the rings hold."""
        now = time.monotonic()
        for name, since in self._away.items():
            self._notes.append(f"{name} was down or gone for the last {now - since:.1f} s")
        self._away = {}
        octets, self._pending = self._pending, b""
        parts = [octets]
        for ring in self._rings:
            with contextlib.suppress(ValueError, OSError):
                while rest := ring.read():
                    parts.append(rest)
        parts.append(self.clock(time.time_ns()))
        self._close()
        return b"".join(parts)

    def _close(self) -> None:
        for ring in self._rings:
            ring.close()
        self._rings = []
