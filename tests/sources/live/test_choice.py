"""Which engine is taken, and interfaces that do not exist."""

import sys

import pytest

from tcpflow_analyzer.errors import InputError
from tcpflow_analyzer.sources.live import choice
from tcpflow_analyzer.sources.live.capture_engine import CaptureRequest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="names of Linux's interfaces")


@pytest.mark.parametrize("name", ["eth99", "", "-w", "lo\n"])
def test_interface_that_does_not_exist_is_refused(name: str) -> None:
    with pytest.raises(InputError, match=r"no such interface: .*; there are .*lo"):
        choice.open_engine(CaptureRequest((name,)))


def test_request_without_interface_is_refused() -> None:
    with pytest.raises(InputError, match="no interface was given"):
        choice.open_engine(CaptureRequest(()))
