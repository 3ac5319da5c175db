"""A small HTTP client and server over loopback, whose server or client closes badly on request."""

import socket
import struct
import threading
import time
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Final, Self

from support.program import await_true

REQUESTS: Final = 3
ANSWER: Final = b"in stock"
# Who does what: "proper" reuses one connection and closes it from the client; "leak": the server
# never closes; "abort": the client resets; "server-closes": the server ends each answer by closing;
# "reconnect": a connection for each request.
BEHAVIOURS: Final = ("proper", "leak", "abort", "server-closes", "reconnect")
LEAKED_S: Final = (
    0.4  # from the leak to the next traffic, by which a capture tells that time passed
)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer; without a length the client has to wait for the server's FIN."""
        self.send_response(200)
        service = self.server
        if isinstance(service, HttpService) and service.behaviour == "server-closes":
            self.send_header("Connection", "close")
            self.close_connection = True
        else:
            self.send_header("Content-Length", str(len(ANSWER)))
        self.end_headers()
        self.wfile.write(ANSWER)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class HttpService(ThreadingHTTPServer):
    """A server on a free port of loopback, in a thread of its own."""

    daemon_threads = True

    def __init__(self, behaviour: str) -> None:
        """Begin to serve."""
        super().__init__(("127.0.0.1", 0), _Handler)
        self.behaviour = behaviour
        self.port: int = self.server_address[1]
        self._opened: list[object] = []
        self._closed: list[object] = []
        self._leaked: list[object] = []
        self._thread = threading.Thread(
            target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        )
        self._thread.start()

    def __enter__(self) -> Self:
        """Use the service in a `with` statement, at whose end it stops."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop; what was leaked is closed."""
        self.shutdown()
        self._thread.join()
        self.server_close()
        for request in self._leaked:
            if isinstance(request, socket.socket):
                request.close()

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of a client that aborts."""

    def process_request(self, request: object, client_address: object) -> None:
        """Note a new connection."""
        self._opened.append(client_address)
        super().process_request(request, client_address)  # type: ignore[arg-type]

    def await_closes(self) -> None:
        """Wait until every connection is closed, or forgotten."""
        await_true(lambda: len(self._closed) == len(self._opened), "connections are closed")

    def shutdown_request(self, request: object) -> None:
        """Close a connection, unless that is what is forgotten."""
        if self.behaviour == "leak":
            self._leaked.append(request)
        else:
            super().shutdown_request(request)  # type: ignore[arg-type]
        self._closed.append(request)


def shop(service: HttpService) -> None:
    """Ask a service some things, and close in its way."""
    if service.behaviour == "leak":
        _ask(service, 1)
        time.sleep(LEAKED_S)
        _ask(service, 1)
    elif service.behaviour in ("server-closes", "reconnect"):
        for _ in range(REQUESTS if service.behaviour == "reconnect" else 1):
            _ask(service, 1)
    else:
        _ask(service, REQUESTS)
    service.await_closes()
    time.sleep(0.1)  # until that is captured


def _ask(service: HttpService, requests: int) -> None:
    connection = HTTPConnection("127.0.0.1", service.port, timeout=30)
    for _ in range(requests):
        connection.request("GET", "/")
        assert connection.getresponse().read() == ANSWER
    if service.behaviour == "abort" and connection.sock is not None:
        linger = struct.pack("ii", 1, 0)
        connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    connection.close()
