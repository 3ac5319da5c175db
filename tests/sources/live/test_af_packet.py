"""The packet socket of Linux on real devices."""

import errno
import fcntl
import socket
import struct
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.network import Network
from tcpflow_analyzer.errors import InputError, UsageError
from tcpflow_analyzer.sources.live import af_packet
from tcpflow_analyzer.sources.live.af_packet import AfPacketEngine
from tcpflow_analyzer.sources.live.capture_engine import (
    CaptureRequest,
    EngineMissing,
    NoRightToCapture,
)
from tcpflow_analyzer.sources.records import RecordWalk

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="packet sockets are Linux's")
PORT = 9999


class Capture:
    """An engine whose octets are walked."""

    def __init__(self, request: CaptureRequest) -> None:
        """Start the engine."""
        self.engine = AfPacketEngine(request)
        self.walk = RecordWalk("x")
        self.frames: list[bytes] = []
        self.read(0)

    def read(self, seconds: float) -> None:
        """Read for some time."""
        deadline = time.monotonic() + seconds
        while True:
            self._take(self.engine.read(max(deadline - time.monotonic(), 0)))
            if time.monotonic() >= deadline:
                return

    def stop(self) -> None:
        """Read the rest."""
        self._take(self.engine.stop())
        self.walk.finish()
        assert self.walk.error == ""

    def _take(self, octets: bytes) -> None:
        self.walk.feed(octets)
        while True:
            while self.walk.advance():
                start = self.walk.start
                self.frames.append(self.walk.buffer[start : start + self.walk.captured_len])
            if self.walk.take_clock() < 0:
                return

    @property
    def drops(self) -> list[int]:
        """Of each interface."""
        return [interface.drops for interface in self.walk.interfaces]


@pytest.fixture
def inside(hosts: Network) -> Iterator[Network]:
    """Two hosts, this thread on A."""
    with hosts.a.inside():
        yield hosts


def send(hosts: Network, count: int, octets: bytes = b"datagram") -> None:
    """Send datagrams from B to A."""
    with hosts.b.open_socket(kind=socket.SOCK_DGRAM) as sender:
        for _ in range(count):
            sender.sendto(octets, (hosts.a.address, PORT))


def udp(frames: list[bytes]) -> list[bytes]:
    """The Ethernet frames of those datagrams."""
    ports = struct.pack(">H", PORT)
    return [each for each in frames if each[12:14] == b"\x08\0" and each[36:38] == ports]


def test_frames_come_whole_and_are_counted(inside: Network) -> None:
    capture = Capture(CaptureRequest(("eth0",), snaplen=0))
    send(inside, 20, bytes(1000))
    capture.read(0.3)
    capture.stop()
    assert [len(each) for each in udp(capture.frames)] == [1042] * 20
    assert capture.drops == [0]
    assert capture.walk.interfaces[0].name == "eth0"


def test_snapshot_length_holds_with_and_without_a_filter(inside: Network) -> None:
    for capture_filter in ("", "udp"):
        request = CaptureRequest(("eth0",), snaplen=60, capture_filter=capture_filter)
        capture = Capture(request)
        send(inside, 3, bytes(1000))
        capture.read(0.3)
        capture.stop()
        assert [len(each) for each in udp(capture.frames)] == [60] * 3


def test_ring_that_overflows_says_how_many_frames_were_lost(inside: Network) -> None:
    capture = Capture(CaptureRequest(("eth0",), snaplen=0, buffer_mebibytes=1))
    count = 4000
    send(inside, count, bytes(1000))
    time.sleep(0.2)
    capture.read(0.3)
    capture.stop()
    seen = len(udp(capture.frames))
    assert seen < count
    # A few frames of neighbour discovery may be among them.
    assert count <= seen + capture.drops[0] <= count + 10


def send_tagged(hosts: Network) -> None:
    """Send a datagram from B to A in VLAN 5; A's system takes the tag off first of all."""
    addresses = b"\xff" * 6 + b"\x02\0\0\0\0\x01"
    header = struct.pack(">BBHHHBBH", 0x45, 0, 29, 0, 0, 64, 17, 0)
    ends = socket.inet_aton(hosts.b.address) + socket.inet_aton(hosts.a.address)
    datagram = struct.pack(">HHHH", 1, PORT, 9, 0) + b"x"
    with hosts.b.inside(), socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as sender:
        sender.bind(("eth0", 0))
        sender.send(addresses + b"\x81\0\0\x05\x08\0" + header + ends + datagram)


@pytest.mark.parametrize("device", ["eth0", "any"])
def test_vlan_tags_are_put_back(inside: Network, device: str) -> None:
    capture = Capture(CaptureRequest((device,)))
    send_tagged(inside)
    capture.read(0.3)
    capture.stop()
    at, protocol_at = (20, 0) if device == "any" else (14, 12)
    tagged = [each for each in capture.frames if each[at : at + 5] == b"\0\x05\x08\0\x45"]
    assert [each[protocol_at : protocol_at + 2] for each in tagged] == [b"\x81\0"]


def test_filter_for_a_vlan_finds_the_tag_beside_the_frame(inside: Network) -> None:
    capture = Capture(CaptureRequest(("eth0",), capture_filter="vlan 5 and udp"))
    send_tagged(inside)
    send(inside, 5)
    capture.read(0.3)
    capture.stop()
    assert [each[12:18] for each in capture.frames] == [b"\x81\0\0\x05\x08\0"]


def test_loopback_gives_each_frame_once(inside: Network) -> None:
    capture = Capture(CaptureRequest(("lo",)))
    with inside.a.open_socket(kind=socket.SOCK_DGRAM) as sender:
        sender.sendto(b"x", ("127.0.0.1", PORT))
    capture.read(0.3)
    capture.stop()
    assert len(udp(capture.frames)) == 1


@pytest.mark.skipif(not Path("/dev/net/tun").exists(), reason="no TUN devices")
def test_device_without_a_link_layer_is_cooked(inside: Network) -> None:
    with open("/dev/net/tun", "r+b", buffering=0) as tun:
        # TUNSETIFF with IFF_TUN | IFF_NO_PI, linux/if_tun.h
        fcntl.ioctl(tun, 0x400454CA, struct.pack("=16sH22x", b"t0", 0x1001))
        inside.a.run("ip", "address", "add", "198.51.100.1/24", "dev", "t0")
        inside.a.run("ip", "link", "set", "t0", "up")
        capture = Capture(CaptureRequest(("t0",), capture_filter=f"udp port {PORT}"))
        with inside.a.open_socket(kind=socket.SOCK_DGRAM) as sender:
            sender.sendto(b"x", ("198.51.100.2", PORT))
        capture.read(0.3)
        capture.stop()
    assert capture.walk.interfaces[0].link_type == 276
    (frame,) = capture.frames
    assert frame[:2] == b"\x08\0"
    assert frame[20] == 0x45


def test_device_that_goes_down_and_comes_back_is_captured_again(inside: Network) -> None:
    capture = Capture(CaptureRequest(("eth0",)))
    inside.a.run("ip", "link", "set", "eth0", "down")
    capture.read(0.7)
    inside.a.run("ip", "link", "set", "eth0", "up")
    capture.read(0.7)
    send(inside, 3)
    capture.read(0.3)
    (note,) = capture.engine.take_notes()
    assert note.startswith("eth0 was down or gone for ")
    capture.stop()
    assert len(udp(capture.frames)) == 3


def test_device_that_is_deleted_and_made_again_is_captured_again(inside: Network) -> None:
    capture = Capture(CaptureRequest(("eth0",)))
    inside.a.run("ip", "link", "delete", "eth0")
    capture.read(0.7)
    inside.join()
    capture.read(0.7)
    send(inside, 3)
    capture.read(0.3)
    capture.stop()
    assert len(udp(capture.frames)) == 3
    assert [each[:20] for each in capture.engine.take_notes()] == ["eth0 was down or gon"]


def test_device_that_stays_away_is_told_in_the_end(inside: Network) -> None:
    capture = Capture(CaptureRequest(("eth0",)))
    inside.a.run("ip", "link", "delete", "eth0")
    capture.read(0.7)
    capture.stop()
    (note,) = capture.engine.take_notes()
    assert note.startswith("eth0 was down or gone for the last ")
    assert capture.engine.read(0) == b""
    with pytest.raises(InputError):
        capture.engine.restart()


@pytest.mark.parametrize(
    ("number", "error"), [(errno.EPERM, NoRightToCapture), (errno.ENOBUFS, InputError)]
)
def test_socket_that_cannot_be_opened_says_why(
    inside: Network, monkeypatch: pytest.MonkeyPatch, number: int, error: type[InputError]
) -> None:
    class Refusing:
        """Stands in for a ring."""

        def __init__(self, *_: object) -> None:
            raise OSError(number, "refused")

    monkeypatch.setattr(af_packet, "Ring", Refusing)
    with pytest.raises(error, match="eth0"):
        AfPacketEngine(CaptureRequest(("eth0",)))


def test_wrong_filter_is_a_mistake_of_the_user(inside: Network) -> None:
    with pytest.raises(UsageError, match="tpc"):
        AfPacketEngine(CaptureRequest(("lo",), capture_filter="tpc"))


def test_other_systems_have_no_packet_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(socket, "AF_PACKET")
    with pytest.raises(EngineMissing, match="needs Linux"):
        AfPacketEngine(CaptureRequest(("eth0",)))
