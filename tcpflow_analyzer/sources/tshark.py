"""Reads any file that Wireshark knows, through tshark: `--decoder tshark`.

pyshark starts tshark and reads its JSON; where pyshark cannot start, the same JSON is read from a
tshark of our own, and a note says so. tshark prints only the fields that are needed. Each frame
becomes one packet of pcapng octets: innermost TCP headers are built again behind one IP header;
frames without TCP keep their number as packets of another protocol. Tunnel ends, VLAN ids and
payload are lost on the way, and an ICMP error no longer quotes its segment.
"""

import asyncio
import contextlib
import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tcpflow_analyzer.errors import InputError
from tcpflow_analyzer.sources.link_types import RAW
from tcpflow_analyzer.sources.octets import StreamDamage
from tcpflow_analyzer.sources.packet_octets import (
    IPV4_HEADER_LEN,
    TCP_PROTOCOL,
    TcpHeader,
    interface_block,
    internet_header,
    packet_block,
    section_start,
    tcp_packet,
)
from tcpflow_analyzer.sources.records import RecordWalk

if TYPE_CHECKING:
    import pyshark

FIELDS: Final = (
    "frame.number", "frame.protocols", "frame.len", "frame.time_epoch",
    "ip.src", "ip.dst", "ip.ttl", "ip.id", "ip.proto",
    "ipv6.src", "ipv6.dst", "ipv6.hlim", "ipv6.nxt",
    "tcp.srcport", "tcp.dstport", "tcp.seq_raw", "tcp.ack_raw", "tcp.flags",
    "tcp.window_size_value", "tcp.urgent_pointer", "tcp.options", "tcp.len",
    "udp.srcport", "udp.dstport",
)  # fmt: skip
# Every segment counts as it was captured; nothing above TCP is looked at.
PREFERENCES: Final = {
    "tcp.analyze_sequence_numbers": "FALSE",
    "tcp.desegment_tcp_streams": "FALSE",
    "tcp.relative_sequence_numbers": "FALSE",
}
# RFC 3692: a protocol number for what has none here, so that the decoder calls it "other".
EXPERIMENTAL_PROTOCOL: Final = 253
UDP_PROTOCOL: Final = 17
SECOND_NS: Final = 1_000_000_000
CHILD_S: Final = 2.0  # that a process has to end when the other one has
TIME_LIMIT: Final = (1 << 62) - 1

Layers = dict[str, list[str]]


def find_tshark() -> str:
    """Find the tshark program; raises InputError where there is none."""
    found = shutil.which("tshark")
    places = [Path("/Applications/Wireshark.app/Contents/MacOS/tshark")]
    for variable in ("ProgramFiles", "ProgramFiles(x86)"):
        if folder := os.environ.get(variable):
            places.append(Path(folder) / "Wireshark" / "tshark.exe")
    for place in places:
        if found is None and place.exists():
            found = str(place)
    if found is None:
        raise InputError(
            "tshark was not found; install Wireshark's command line tools (package tshark or "
            "wireshark-cli, or the installer of wireshark.org), or leave out --decoder tshark"
        )
    return found


class TsharkCapture:
    """A capture read by tshark; attributes as of `CaptureFile`."""

    def __init__(self, path: str) -> None:
        """Start tshark on `path` and wait for its first frame; raises InputError."""
        self.path = path
        self.name = "standard input" if path == "-" else path
        self.walk = RecordWalk(self.name)
        self.compression = ""
        self.container = "tshark"
        self.ended = False
        self.notes: list[str] = []
        self.octets_read = 0
        self.octets_total: int | None = None
        self._pending: list[bytes] = []
        tshark = find_tshark()
        is_file = self._look_at_file()
        try:
            self._packets = self._start(tshark, is_file)
            self._pending = [section_start() + interface_block(RAW) + self._next_packet()]
        except StreamDamage as damage:
            raise InputError(f"{self.name}: octet 0: {damage}") from damage

    def feed_next(self) -> bool:
        """Feed the next frame to the walk; False when there is none and the walk is finished."""
        if self.ended:
            return False
        try:
            block = self._pending.pop() if self._pending else self._next_packet()
        except StreamDamage as damage:
            self.walk.stop(str(damage))
            block = b""
        if not block:
            self.walk.finish()
            self.close()
            return False
        self.walk.feed(block)
        return True

    def can_end_early(self) -> bool:
        """Give False: what tshark reads is its own."""
        return False

    def end_early(self) -> None:
        """Do nothing."""

    def close(self) -> None:
        """End tshark."""
        self.ended = True
        self.octets_read = self.octets_total or 0
        close = getattr(self._packets, "close", None)
        if close is not None:
            close()

    def _look_at_file(self) -> bool:
        if self.path == "-":
            return False
        try:
            status = os.stat(self.path)
        except (OSError, ValueError) as error:
            text = "no such file" if isinstance(error, FileNotFoundError) else str(error)
            raise InputError(f"{self.name}: {text}") from error
        if not stat.S_ISREG(status.st_mode):
            return False
        if status.st_size == 0:
            raise InputError(f"{self.name}: octet 0: the file is empty")
        self.octets_total = status.st_size
        return True

    def _start(self, tshark: str, is_file: bool) -> Iterator[Layers]:
        if is_file:
            try:
                return _pyshark_frames(self.path, tshark)
            except StreamDamage:
                raise
            except Exception as error:  # whatever a future Python or pyshark trips over
                text = " ".join(str(error).split())
                self.notes.append(f"pyshark cannot start ({text}): tshark was read directly")
        return _own_frames(self.path, tshark)

    def _next_packet(self) -> bytes:
        layers = next(self._packets, None)
        if layers is None:
            return b""
        octets, wire_len = packet_of(layers)
        return packet_block(0, _time_ns(_last(layers, "frame_time_epoch")), octets, wire_len)


# -- frames of tshark ------------------------------------------------------------------------


def _pyshark_frames(path: str, tshark: str) -> Iterator[Layers]:
    """Start pyshark on a file; raises what pyshark raises, frames then come from the result."""
    import pyshark  # noqa: PLC0415 -- slow to import, and used by this option only
    from pyshark.tshark.output_parser import tshark_ek  # noqa: PLC0415

    class FieldParser(tshark_ek.TsharkEkJsonParser):  # type: ignore[misc]
        """Gives the fields as they are; pyshark's own objects cost ten times as much."""

        def _parse_single_packet(self, packet: bytes) -> Layers:
            return _layers(packet)

        async def get_packets_from_stream(
            self, stream: asyncio.StreamReader, existing_data: bytes, got_first_packet: bool = True
        ) -> tuple[Layers | None, bytes]:
            try:
                found: tuple[Layers | None, bytes] = await super().get_packets_from_stream(
                    stream, existing_data, got_first_packet
                )
                return found
            except EOFError:
                # pyshark kills a tshark that closed its output but has not ended: its status,
                # which tells of a damaged file, would be lost.
                for process in list(capture._running_processes if capture is not None else ()):
                    await process.wait()
                raise

    class FieldCapture(pyshark.FileCapture):  # type: ignore[misc]
        """A capture whose frames are mappings of field names to values."""

        def _setup_tshark_output_parser(self) -> FieldParser:
            return FieldParser()

    # A loop of its own: the one of the caller may be running, and pyshark would set a child
    # watcher, which Python 3.12 warns of and 3.14 does not have.
    loop = asyncio.new_event_loop()
    capture: FieldCapture | None = None
    try:
        capture = FieldCapture(
            path,
            keep_packets=False,
            use_ek=True,
            tshark_path=tshark,
            override_prefs=dict(PREFERENCES),
            eventloop=loop,
            custom_parameters=[part for field in FIELDS for part in ("-e", field)],
        )
        # pyshark starts tshark with the first frame: only then it is known to work.
        first = next(capture._packet_generator, None)
    except BaseException as error:
        _end(capture, loop)
        damage = _crash_text(error)
        if damage is not None:
            raise StreamDamage(damage) from error
        raise
    return _pyshark_rest(capture, loop, first)


def live_packets(
    dumpcap_command: Sequence[str], tshark: str, started: Callable[[int], object]
) -> Iterator[tuple[int, bytes, int]]:
    """Capture through pyshark: dumpcap writes into a pipe that tshark reads.

    Args:
        dumpcap_command: command line that captures to standard output.
        tshark: its path.
        started: is told the process number of dumpcap, which ends the capture when interrupted.

    Yields:
        Time in nanoseconds since the epoch, octets of a packet of link type RAW, and its length on
        the wire.

    Whatever pyshark raises comes out.
    """
    import pyshark  # noqa: PLC0415 -- slow to import, and used by this option only
    from pyshark.capture.capture import Capture  # noqa: PLC0415
    from pyshark.tshark.output_parser import tshark_ek  # noqa: PLC0415

    class FieldParser(tshark_ek.TsharkEkJsonParser):  # type: ignore[misc]
        """Gives the fields as they are."""

        def _parse_single_packet(self, packet: bytes) -> Layers:
            return _layers(packet)

    class FieldCapture(pyshark.LiveCapture):  # type: ignore[misc]
        """A capture whose frames are mappings of field names to values."""

        def _setup_tshark_output_parser(self) -> FieldParser:
            return FieldParser()

        def _verify_capture_parameters(self) -> None:
            """Have the interfaces looked for by dumpcap alone."""

        async def _get_tshark_process(
            self, packet_count: int | None = None, stdin: int | None = None
        ) -> object:
            """Start both; pyshark's own way leaves the pipe open, so that tshark never ends."""
            read, write = os.pipe()
            try:
                dumpcap = await asyncio.create_subprocess_exec(
                    *dumpcap_command,
                    stdin=subprocess.DEVNULL,
                    stdout=write,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,  # the interrupt key is for us, who then end it
                )
                self._created_new_process(dumpcap_command, dumpcap, process_name="Dumpcap")
                started(dumpcap.pid)
                shown = await Capture._get_tshark_process(self, packet_count, stdin=read)
                children.extend((dumpcap, shown))
                return shown
            finally:
                os.close(read)
                os.close(write)

    loop = asyncio.new_event_loop()
    capture = None
    children: list[asyncio.subprocess.Process] = []
    try:
        capture = FieldCapture(
            interface="-",
            use_ek=True,
            tshark_path=tshark,
            override_prefs=dict(PREFERENCES),
            eventloop=loop,
            custom_parameters=[part for field in FIELDS for part in ("-e", field)],
        )
        for layers in capture._packets_from_tshark_sync():
            octets, wire_len = packet_of(layers)
            yield _time_ns(_last(layers, "frame_time_epoch")), octets, wire_len
    finally:
        for child in children:
            with contextlib.suppress(TimeoutError, asyncio.TimeoutError):
                loop.run_until_complete(asyncio.wait_for(child.wait(), CHILD_S))
        _end(capture, loop)


def own_live_packets(
    dumpcap_command: Sequence[str], tshark: str, started: Callable[[int], object]
) -> Iterator[tuple[int, bytes, int]]:
    """The same as `live_packets` without pyshark, where that does not work."""
    command = [tshark, "-l", "-n", "-T", "ek", "-i", "-"]
    command += [part for field in FIELDS for part in ("-e", field)]
    command += [part for name, value in PREFERENCES.items() for part in ("-o", f"{name}:{value}")]
    with subprocess.Popen(  # noqa: S603 -- a fixed command line, no shell
        dumpcap_command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # the interrupt key is for us, who then end it
    ) as dumpcap:
        started(dumpcap.pid)
        with subprocess.Popen(  # noqa: S603 -- a fixed command line, no shell
            command,
            stdin=dumpcap.stdout,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        ) as shown:
            if dumpcap.stdout is not None:
                dumpcap.stdout.close()  # tshark has it
            for line in shown.stdout or ():
                if line.startswith(b'{"timestamp"'):
                    layers = _layers(line)
                    octets, wire_len = packet_of(layers)
                    yield _time_ns(_last(layers, "frame_time_epoch")), octets, wire_len


def _crash_text(error: BaseException) -> str | None:
    """What tshark said when it ended with an error; None for other errors."""
    if type(error).__name__ != "TSharkCrashException":
        return None
    for line in str(error).splitlines():
        if line.startswith("Last error line: "):
            return _plain(line.removeprefix("Last error line: "))
    return "tshark failed"


def _pyshark_rest(
    capture: "pyshark.FileCapture", loop: asyncio.AbstractEventLoop, first: Layers | None
) -> Iterator[Layers]:
    try:
        while first is not None:
            yield first
            first = next(capture._packet_generator, None)
    except GeneratorExit:
        capture._packet_generator.close()
        raise
    except Exception as error:
        damage = _crash_text(error)
        if damage is None:
            raise
        raise StreamDamage(damage) from error
    finally:
        _end(capture, loop)


def _end(capture: "pyshark.FileCapture | None", loop: asyncio.AbstractEventLoop) -> None:
    """Close the event loop of a capture, and whatever still runs on it."""
    if capture is not None:
        # pyshark's destructor would use the closed loop again.
        capture._running_processes.clear()
    loop.run_until_complete(_cancel_others())
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.close()


async def _cancel_others() -> None:
    tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _own_frames(path: str, tshark: str) -> Iterator[Layers]:
    """Read tshark's JSON without pyshark: for pipes, and where pyshark does not work."""
    command = [tshark, "-l", "-n", "-T", "ek", "-r", path]
    command += [part for field in FIELDS for part in ("-e", field)]
    command += [part for name, value in PREFERENCES.items() for part in ("-o", f"{name}:{value}")]
    process = subprocess.Popen(  # noqa: S603 -- a fixed command line, no shell
        command,
        stdin=sys.stdin if path == "-" else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        lines: Callable[[], bytes] = process.stdout.readline if process.stdout else bytes
        while line := lines():
            if line.startswith(b'{"timestamp"'):
                yield _layers(line)
        _, errors = process.communicate()
        if process.returncode:
            said = errors.decode("utf-8", "replace").strip().splitlines()
            raise StreamDamage(_plain(said[-1]) if said else "tshark failed")
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def _plain(line: str) -> str:
    text = line.strip("() \r\n")
    return text if text.startswith("tshark") else f"tshark: {text}"


def _layers(line: bytes) -> Layers:
    layers: Layers = json.loads(line).get("layers", {})
    return layers


# -- frames to packets -----------------------------------------------------------------------


def packet_of(layers: Layers) -> tuple[bytes, int]:
    """Build the packet of one frame: octets, and its length on the wire."""
    protocols = (_last(layers, "frame_protocols") or "").split(":")
    addresses = _innermost_addresses(layers, protocols)
    quoted = "icmp" in protocols or "icmpv6" in protocols
    if addresses is None or quoted or "tcp" not in protocols:
        return _other_packet(layers, protocols, addresses)
    header = _tcp_header(layers)
    if header is None:
        return _other_packet(layers, protocols, addresses)
    source, destination, ttl, identification, _ = addresses
    payload_len = _number(layers, "tcp_len")
    return tcp_packet(source, destination, header, payload_len, ttl, identification)


def _tcp_header(layers: Layers) -> TcpHeader | None:
    for name in ("tcp_srcport", "tcp_dstport", "tcp_seq_raw", "tcp_flags"):
        if _last(layers, name) is None:
            return None
    header = TcpHeader(_number(layers, "tcp_srcport"), _number(layers, "tcp_dstport"))
    header.seq = _number(layers, "tcp_seq_raw")
    header.ack = _number(layers, "tcp_ack_raw")
    header.control_bits = _number(layers, "tcp_flags") & 0x1FF
    header.window = min(_number(layers, "tcp_window_size_value"), 0xFFFF)
    header.urgent = min(_number(layers, "tcp_urgent_pointer"), 0xFFFF)
    # Fields of several TCP layers are listed without saying whose they are.
    if len(layers.get("tcp_options", ())) == len(layers["tcp_srcport"]):
        header.options = _octets(_last(layers, "tcp_options"))
    return header


def _innermost_addresses(
    layers: Layers, protocols: list[str]
) -> tuple[bytes, bytes, int, int, int] | None:
    """Source, destination, TTL, IPv4 identification and protocol of the innermost IP header."""
    for protocol in reversed(protocols):
        if protocol not in ("ip", "ipv6"):
            continue
        source = _last(layers, f"{protocol}_src")
        destination = _last(layers, f"{protocol}_dst")
        if source is None or destination is None:
            return None
        try:
            ends = ip_address(source).packed, ip_address(destination).packed
        except ValueError:
            return None
        if protocol == "ip":
            ttl, number = _number(layers, "ip_ttl"), _number(layers, "ip_proto")
        else:
            ttl, number = _number(layers, "ipv6_hlim"), _number(layers, "ipv6_nxt")
        return *ends, ttl & 0xFF, _number(layers, "ip_id") & 0xFFFF, number & 0xFF
    return None


def _other_packet(
    layers: Layers,
    protocols: list[str],
    addresses: tuple[bytes, bytes, int, int, int] | None,
) -> tuple[bytes, int]:
    """Build a packet that is no TCP but says, where it can, what it was."""
    wire_len = _number(layers, "frame_len")
    content = b""
    number = EXPERIMENTAL_PROTOCOL
    source, destination, ttl = bytes(4), bytes(4), 64
    if addresses is not None:
        source, destination, ttl, _, number = addresses
        if number == UDP_PROTOCOL and "udp" in protocols:
            ports = _number(layers, "udp_srcport"), _number(layers, "udp_dstport")
            content = b"".join((port & 0xFFFF).to_bytes(2, "big") for port in ports)
            content += b"\0\x08\0\0"
        elif number in (TCP_PROTOCOL, UDP_PROTOCOL):
            number = EXPERIMENTAL_PROTOCOL
        if not content and len(source) == 16:
            # Extension headers would be looked for behind some numbers.
            number = EXPERIMENTAL_PROTOCOL
    header = bytearray(internet_header(source, destination, len(content), ttl))
    if len(source) == 16:
        header[6] = number
    else:
        header[9] = number
        header[10:12] = b"\0\0"
    octets = bytes(header) + content
    return octets, max(wire_len, IPV4_HEADER_LEN)


def _last(layers: Layers, name: str) -> str | None:
    values = layers.get(name)
    return values[-1] if values else None


def _number(layers: Layers, name: str) -> int:
    """The last value of a field as a number, decimal or 0x; 0 where there is none."""
    value = _last(layers, name)
    try:
        return int(value, 0) if value else 0
    except ValueError:
        return 0


def _octets(value: str | None) -> bytes:
    try:
        return bytes.fromhex((value or "").replace(":", ""))
    except ValueError:
        return b""


def _time_ns(value: str | None) -> int:
    """Nanoseconds since the epoch of tshark's seconds, or of its ISO 8601 form (from 4.2 on)."""
    if not value:
        return 0
    whole, _, fraction = value.rstrip("Z").partition(".")
    try:
        if "T" in whole:
            seconds = int(datetime.fromisoformat(f"{whole}+00:00").timestamp())
        else:
            seconds = int(whole)
        return min(max(seconds * SECOND_NS + int(fraction[:9].ljust(9, "0")), 0), TIME_LIMIT)
    except ValueError:
        return 0
