"""The capture engine pyshark, on request: tshark dissects every packet, whatever it is wrapped in.

dumpcap captures, tshark reads its pipe, and packets are built again from the fields that it prints
(sources/tshark.py says what is lost on the way). A thread of its own waits for them; tshark takes
some thousand packets a second.
"""

import contextlib
import os
import queue
import signal
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from tcpflow_analyzer.errors import InputError
from tcpflow_analyzer.sources import pcapng_blocks
from tcpflow_analyzer.sources.bpf_compiler import compile_filter, find_library
from tcpflow_analyzer.sources.link_types import EN10MB, RAW
from tcpflow_analyzer.sources.live.capture_engine import (
    CaptureRequest,
    EngineEnded,
    EngineMissing,
)
from tcpflow_analyzer.sources.live.dumpcap import command_line, find_dumpcap
from tcpflow_analyzer.sources.live.rights import has_raw_sockets, no_right
from tcpflow_analyzer.sources.records import ENHANCED_PACKET_BLOCK
from tcpflow_analyzer.sources.tshark import find_tshark, live_packets, own_live_packets

# dumpcap holds packets for 250 ms, and tshark needs some time for each.
DELAY_NS: Final = 600_000_000
MOST_WAITING: Final = 100_000  # packets; then tshark waits, and dumpcap counts what it drops
AT_ONCE: Final = 10_000  # packets that one read gives
START_S: Final = 15.0
STOP_S: Final = 5.0  # that tshark has to give what it still holds
CAPABILITIES: Final = "security.capability"

WHY_LEN: Final = 200

Packet = tuple[int, bytes, int]
LivePackets = Callable[[Sequence[str], str, Callable[[int], object]], Iterator[Packet]]


class PysharkEngine:
    """A running pyshark; attributes and methods as of `CaptureEngine`."""

    name = "pyshark"
    needs_rights = True  # it is started again if it ends
    delay_ns = DELAY_NS

    def __init__(self, request: CaptureRequest) -> None:
        """Start pyshark.

        Raises:
            EngineMissing: dumpcap or tshark is not installed.
            NoRightToCapture: dumpcap may not capture.
            InputError: it cannot start, for the reason that it gives.
            UsageError: the capture filter is wrong.
        """
        dumpcap = find_dumpcap()
        if dumpcap is None:
            raise EngineMissing("dumpcap was not found; it comes with Wireshark and tshark")
        self._request = request
        self._dumpcap = dumpcap
        self._tshark = find_tshark()
        if not _may_capture(dumpcap):
            raise no_right(request.interfaces, dumpcap)
        if request.capture_filter and find_library() is not None:
            compile_filter(request.capture_filter, EN10MB)  # dumpcap's complaint is not heard
        self._queue: queue.Queue[Packet | None] = queue.Queue(MOST_WAITING)
        self._why = ""
        self._notes: list[str] = []
        self._process = 0
        self._has_started = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._start()
        names = ", ".join(request.interfaces)
        description = pcapng_blocks.interface(RAW, names, 0, request.capture_filter)
        self._pending = pcapng_blocks.section() + description

    def read(self, timeout_s: float) -> bytes:
        """Give what came; see `CaptureEngine`."""
        if self._pending:
            octets, self._pending = self._pending, b""
            return octets
        try:
            packet = self._queue.get(timeout=max(timeout_s, 0.001))
        except queue.Empty:
            return b""
        if packet is None:
            raise EngineEnded(self._why or "tshark ended")
        return self._joined(packet)

    def _joined(self, packet: Packet) -> bytes:
        """A packet and those that wait behind it, as blocks."""
        parts = [_block(packet)]
        with contextlib.suppress(queue.Empty):
            while len(parts) < AT_ONCE:
                following = self._queue.get_nowait()
                if following is None:
                    self._queue.put(None)  # told by the next read
                    break
                parts.append(_block(following))
        return b"".join(parts)

    def clock(self, time_ns: int) -> bytes:
        """Give a clock record; nobody says what was dropped."""
        return pcapng_blocks.statistics(0, time_ns)

    def restart(self) -> bytes:
        """Start pyshark again."""
        self._interrupt()
        self._thread.join(STOP_S)
        self._queue = queue.Queue(MOST_WAITING)
        self._has_started.clear()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._start()
        return b""

    def take_notes(self) -> list[str]:
        """Give whether pyshark had to be done without; a device that goes away ends dumpcap."""
        notes, self._notes = self._notes, []
        return notes

    def stop(self) -> bytes:
        """Interrupt dumpcap; tshark then gives what it holds, and ends."""
        octets, self._pending = self._pending, b""
        parts = [octets]
        self._interrupt()
        deadline = time.monotonic() + STOP_S
        with contextlib.suppress(queue.Empty):
            while (left := deadline - time.monotonic()) > 0:
                packet = self._queue.get(timeout=left)
                if packet is None:
                    break
                parts.append(_block(packet))
        self._thread.join(1)
        parts.append(self.clock(time.time_ns()))
        return b"".join(parts)

    def _start(self) -> None:
        self._thread.start()
        if not self._has_started.wait(START_S) or not self._process:
            raise InputError(f"pyshark: {self._why or 'did not begin'}")

    def _interrupt(self) -> None:
        process, self._process = self._process, 0
        if process:
            with contextlib.suppress(OSError):
                os.kill(process, signal.SIGTERM)

    def _work(self) -> None:
        """Take packets until tshark ends; in a thread of its own."""
        waiting = self._queue
        self._why = ""
        try:
            try:
                self._take(live_packets, waiting)
            except Exception as error:  # whatever a future Python or pyshark trips over
                self._why = " ".join(str(error).split())[:WHY_LEN] or type(error).__name__
                if not self._has_started.is_set():
                    text = f"pyshark cannot start ({self._why}): tshark is read directly"
                    self._notes.append(text)
                    self._take(own_live_packets, waiting)
        except OSError as error:
            self._why = str(error)
        finally:
            self._has_started.set()
            waiting.put(None)

    def _take(self, packets: LivePackets, waiting: "queue.Queue[Packet | None]") -> None:
        command = command_line(self._dumpcap, self._request)
        for packet in packets(command, self._tshark, self._note_start):
            waiting.put(packet)

    def _note_start(self, process: int) -> None:
        self._process = process
        self._has_started.set()


def _block(packet: Packet) -> bytes:
    time_ns, octets, wire_len = packet
    head = struct.pack(
        "=IIIII", 0, time_ns >> 32, time_ns & 0xFFFF_FFFF, len(octets), max(wire_len, len(octets))
    )
    return pcapng_blocks.block(ENHANCED_PACKET_BLOCK, head + octets)


def _may_capture(dumpcap: str) -> bool:
    """Whether dumpcap has the right to capture when this user starts it, as far as is known."""
    if not os.access(dumpcap, os.X_OK):
        return False
    if not sys.platform.startswith("linux") or has_raw_sockets():
        return True
    status = os.stat(dumpcap)
    if status.st_uid == 0 and status.st_mode & 0o4000:
        return True
    try:
        return bool(os.getxattr(dumpcap, CAPABILITIES))
    except OSError:
        return False
