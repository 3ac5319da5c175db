"""Which capture engine works: the one that was asked for, or the first that can."""

import os
import socket
import sys

from tcpflow_analyzer.errors import InputError
from tcpflow_analyzer.sources.live.af_packet import AfPacketEngine
from tcpflow_analyzer.sources.live.capture_engine import (
    ANY_INTERFACE,
    CaptureEngine,
    CaptureRequest,
    EngineMissing,
    NoRightToCapture,
)
from tcpflow_analyzer.sources.live.dumpcap import DumpcapEngine, find_dumpcap
from tcpflow_analyzer.sources.live.rights import has_raw_sockets, no_right


def open_engine(request: CaptureRequest) -> CaptureEngine:
    """Start the capture.

    Raises:
        InputError: no engine can, or there is no such interface; the text says what to do.
        UsageError: the capture filter is wrong.
    """
    _check_interfaces(request)
    if request.engine == "dumpcap":
        return DumpcapEngine(request)
    if request.engine == "af-packet":
        return AfPacketEngine(request)
    if request.engine == "pyshark":
        from tcpflow_analyzer.sources.live.pyshark_engine import PysharkEngine  # noqa: PLC0415

        return PysharkEngine(request)
    try:
        return DumpcapEngine(request)
    except (EngineMissing, NoRightToCapture):
        if not sys.platform.startswith("linux"):
            raise
        if not has_raw_sockets():
            raise no_right(request.interfaces, find_dumpcap()) from None
    return AfPacketEngine(request)


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
