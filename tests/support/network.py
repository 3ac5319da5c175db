"""Two hosts made of network namespaces, joined by a veth pair, with real sockets on both.

Needs root and Linux; `network_or_skip` skips a test elsewhere. Nothing leaves the namespaces.
"""

import contextlib
import ctypes
import itertools
import os
import shutil
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import pytest

A_ADDRESS: Final = "192.0.2.1"
B_ADDRESS: Final = "192.0.2.2"
PORT: Final = 8080
CLONE_NEWNET: Final = 0x4000_0000
LINGER_OFF: Final = struct.pack("ii", 1, 0)

_numbers = itertools.count()


def run(*command: str) -> str:
    """Run a command that must succeed; gives its output."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"
    return done.stdout


class Host:
    """One network namespace.

    Attributes:
        name: as `ip netns` knows it.
        address: of its end of the veth pair, whose device is `eth0`.
    """

    def __init__(self, name: str, address: str) -> None:
        """Describe a namespace that exists."""
        self.name = name
        self.address = address
        self.prefix = ("ip", "netns", "exec", name)

    def run(self, *command: str) -> str:
        """Run a command in the namespace."""
        return run(*self.prefix, *command)

    @contextlib.contextmanager
    def inside(self) -> Iterator[None]:
        """Let this thread be on the host."""
        libc = ctypes.CDLL(None, use_errno=True)
        home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        there = os.open(f"/run/netns/{self.name}", os.O_RDONLY)
        try:
            assert libc.setns(there, CLONE_NEWNET) == 0
            yield
        finally:
            assert libc.setns(home, CLONE_NEWNET) == 0
            os.close(home)
            os.close(there)

    def open_socket(
        self, family: int = socket.AF_INET, kind: int = socket.SOCK_STREAM
    ) -> socket.socket:
        """Make a socket of this host."""
        with self.inside():
            made = socket.socket(family, kind)
        made.settimeout(30)
        return made

    def listen(self, port: int = PORT) -> socket.socket:
        """A listening socket on the host's address."""
        made = self.open_socket()
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((self.address, port))
        made.listen(64)
        return made

    def await_capture(self, devices: int = 1, timeout_s: float = 60) -> None:
        """Wait until packet sockets on so many devices run in the namespace."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            lines = self.run("cat", "/proc/net/packet").splitlines()[1:]
            # sk, RefCnt, Type, Proto, Iface, R(unning), Rmem, User, Inode
            if sum(line.split()[5] == "1" for line in lines) >= devices:
                return
            time.sleep(0.02)
        raise AssertionError("no packet socket came up")


class Network:
    """Two hosts: A (192.0.2.1) and B (192.0.2.2)."""

    def __init__(self, a: Host, b: Host) -> None:
        """Describe hosts that exist."""
        self.a = a
        self.b = b

    def join(self) -> None:
        """Join the hosts by a veth pair, whose ends are called eth0."""
        a, b = self.a, self.b
        a.run("ip", "link", "add", "eth0", "type", "veth", "peer", "eth0", "netns", b.name)
        for host in (a, b):
            host.run("ip", "address", "add", f"{host.address}/24", "dev", "eth0")
            # Neighbour discovery would come between what a test expects.
            host.run("sysctl", "-q", "-w", "net.ipv6.conf.eth0.disable_ipv6=1")
            host.run("ip", "link", "set", "eth0", "up")

    def connect(self, listener: socket.socket) -> tuple[socket.socket, socket.socket]:
        """Open a connection from A to a listener of B; gives both ends."""
        client = self.a.open_socket()
        client.connect(listener.getsockname())
        server, _ = listener.accept()
        server.settimeout(30)
        return client, server


def abort(end: socket.socket) -> None:
    """Close a socket by a RST."""
    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_OFF)
    end.close()


@contextlib.contextmanager
def network() -> Iterator[Network]:
    """Make two hosts and remove them in the end."""
    number = f"{os.getpid()}-{next(_numbers)}"
    a = Host(f"tcpflow-a-{number}", A_ADDRESS)
    b = Host(f"tcpflow-b-{number}", B_ADDRESS)
    try:
        for host in (a, b):
            run("ip", "netns", "add", host.name)
            host.run("ip", "link", "set", "lo", "up")
        made = Network(a, b)
        made.join()
        yield made
    finally:
        for host in (a, b):
            if Path(f"/run/netns/{host.name}").exists():
                run("ip", "netns", "delete", host.name)


def network_or_skip() -> Iterator[Network]:
    """The body of a fixture that gives a network, or skips where none can be made."""
    reason = why_not()
    if reason:
        pytest.skip(reason)
    with network() as made:
        yield made


def why_not() -> str:
    """Why this machine cannot make a network; "" if it can."""
    if not sys.platform.startswith("linux"):
        return "network namespaces exist on Linux only"
    if os.geteuid() != 0:
        return "network namespaces need root"
    if shutil.which("ip") is None:
        return "iproute2 is not installed"
    tried = subprocess.run(["unshare", "-n", "true"], capture_output=True, check=False)
    return "" if tried.returncode == 0 else "this system makes no network namespaces"


def installed_engines(names: Sequence[str] = ("dumpcap", "af-packet")) -> list[str]:
    """The capture engines that this machine has."""
    needs = {"dumpcap": "dumpcap", "pyshark": "tshark"}
    return [name for name in names if name not in needs or shutil.which(needs[name])]
