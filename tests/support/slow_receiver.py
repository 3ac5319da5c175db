"""Scenarios of a receiver that does not read: its buffer fills, its window closes."""

import contextlib
import socket
import time

from support.recorded_case import Lab


def fill(lab: Lab, seconds: float, octets: int = 36_000) -> tuple[Lab, Lab, int]:
    """The server does not read; the client sends until nothing more fits."""
    listener = lab.new_socket(lab.server, lab.flow[1])
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    listener.listen(5)
    client = lab.dial()
    server = lab.accept(listener)
    client.setblocking(False)
    sent, deadline = 0, time.monotonic() + seconds
    while time.monotonic() < deadline and sent < octets:
        with contextlib.suppress(BlockingIOError):
            sent += client.send(b"z" * min(1000, octets - sent))
        time.sleep(0.005)
    client.settimeout(15)
    return client, server, sent


def read_all(server: Lab, count: int) -> None:
    """Read what was sent."""
    while count > 0:
        count -= len(server.recv(count))
