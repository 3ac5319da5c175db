"""Recording while something is going on, on loopback."""

import socket
from pathlib import Path

import pytest

import tcpflow_analyzer as ta
from support.network import installed_engines, why_not
from tcpflow_analyzer.testing import Recorder, Traffic

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not())


def talk() -> int:
    """Open and close one connection on loopback; gives the server's port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as client:
            server, _ = listener.accept()
            with server:
                client.sendall(b"question")
                assert server.recv(100) == b"question"
                client.shutdown(socket.SHUT_WR)
                assert server.recv(100) == b""
    return port


@pytest.mark.parametrize("engine", installed_engines())
def test_everything_between_start_and_stop_is_in_the_file(tmp_path: Path, engine: str) -> None:
    path = tmp_path / "a.pcapng"
    with Recorder("lo", path, "tcp", engine):
        port = talk()
    connections = Traffic([path]).connections(port=port)
    connections.assert_graceful()
    connections.assert_closed_by("originator")
    connections.assert_count(1, 1)


def test_stop_may_be_called_twice(tmp_path: Path) -> None:
    recorder = Recorder("lo", tmp_path / "a.pcapng")
    running = [recorder.is_running]
    for _ in range(2):
        recorder.stop()
        running.append(recorder.is_running)
    assert running == [True, False, False]


def test_file_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Recorder("lo", tmp_path / "none" / "a.pcapng")


def test_interface_that_does_not_exist_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(ta.InputError, match="none0"):
        Recorder("none0", tmp_path / "a.pcapng")


def test_capture_that_breaks_off_is_told_at_the_stop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = Recorder("lo", tmp_path / "a.pcapng")

    def fail(_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(recorder._recording, "tee", fail)
    talk()
    with pytest.raises(ta.InputError, match=r"broke off: .*No space left"):
        recorder.stop()
