"""Which capture engine works: the one that was asked for, or the first that can."""

import os
import socket
import sys

from tcpflow_analyzer.errors import InputError
from tcpflow_analyzer.sources.live.capture_engine import (
    ANY_INTERFACE,
    CaptureEngine,
    CaptureRequest,
)
from tcpflow_analyzer.sources.live.dumpcap import DumpcapEngine


def open_engine(request: CaptureRequest) -> CaptureEngine:
    """Start the capture.

    Raises:
        InputError: no engine can, or there is no such interface; the text says what to do.
    """
    _check_interfaces(request)
    return DumpcapEngine(request)


def _check_interfaces(request: CaptureRequest) -> None:
    """Refuse interfaces that do not exist; only Linux names them as its capture engines do."""
    if not request.interfaces:
        raise InputError("no interface was given")
    if not sys.platform.startswith("linux"):
        return
    names = [name for _, name in socket.if_nameindex()]
    for name in request.interfaces:
        if name not in names and name != ANY_INTERFACE and not os.path.exists(name):
            raise InputError(f"no such interface: {name!r}; there are {', '.join(names)}")
