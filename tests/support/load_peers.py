"""Opens and closes real connections at a rate; a program of its own, run inside a namespace.

    python load_peers.py serve ADDRESS PORT
    python load_peers.py connect ADDRESS PORT RATE SECONDS SOURCE...

The client asks, is answered, closes first, and prints how many connections it made. The sources
are used in turn, so that ports do not run out while thousands wait in TIME-WAIT.
"""

import itertools
import socket
import sys
import time
from typing import Final

QUESTION: Final = b"q" * 100
ANSWER: Final = b"a" * 400
BIND_ADDRESS_NO_PORT: Final = 24  # linux/in.h: the port is chosen by connect()
BEHIND_S: Final = 1.0  # what could not be kept up with is not caught up with


def serve(address: str, port: int) -> None:
    """Answer connections one after another, until killed."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, port))
        listener.listen(1024)
        while True:
            made, _ = listener.accept()
            with made:
                if made.recv(1000):
                    made.send(ANSWER)
                    made.recv(1000)


def connect(address: str, port: int, rate: float, seconds: float, sources: list[str]) -> int:
    """Make connections, evenly spread; gives how many."""
    count = 0
    turn = itertools.cycle(sources)
    start = due = time.monotonic()
    while due < start + seconds:
        now = time.monotonic()
        if now < due:
            time.sleep(due - now)
        elif now > due + BEHIND_S:
            due = now
        with socket.socket() as made:
            made.setsockopt(socket.IPPROTO_IP, BIND_ADDRESS_NO_PORT, 1)
            made.bind((next(turn), 0))
            made.connect((address, port))
            made.send(QUESTION)
            made.recv(1000)
        count += 1
        due += 1 / rate
    return count


def main() -> None:
    """Do what the command line says."""
    what, address, port, *rest = sys.argv[1:]
    if what == "serve":
        serve(address, int(port))
    count = connect(address, int(port), float(rest[0]), float(rest[1]), rest[2:])
    sys.stdout.write(f"{count}\n")


if __name__ == "__main__":
    main()
