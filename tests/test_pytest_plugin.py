"""The pytest plugin: real sockets on loopback, and captures that are read."""

import subprocess
import sys
from pathlib import Path

import pytest

from support.small_captures import closed, refused
from tcpflow_analyzer.errors import InputError
from tcpflow_analyzer.pytest_plugin import LOOPBACK
from tcpflow_analyzer.sources.live import live_recording
from tcpflow_analyzer.sources.live.capture_engine import CaptureRequest, NoRightToCapture
from tcpflow_analyzer.sources.live.choice import open_engine

PLUGIN = "tcpflow_analyzer.pytest_plugin"

# A server and clients of a test that is run by a pytest of its own.
PEERS = '''
import socket, struct, threading, time
import pytest
import tcpflow_analyzer as ta

class Server:
    """Answers each question of a connection; `ending` says how it closes."""

    def __init__(self, ending="graceful"):
        self.ending = ending
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.kept = []
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()

    def serve(self):
        while True:
            end, _ = self.listener.accept()
            if end.recv(100) == b"stop":
                end.close()
                return
            end.sendall(b"answer")
            if self.ending == "first":
                end.close()
                continue
            if self.ending == "leak":
                end.recv(100)
                self.kept.append(end)
                continue
            if self.ending == "abort":
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            else:
                end.recv(100)
            end.close()

    def stop(self):
        with socket.create_connection(("127.0.0.1", self.port)) as end:
            end.sendall(b"stop")
        self.thread.join()
        self.listener.close()
        for end in self.kept:
            end.close()

def ask(server):
    with socket.create_connection(("127.0.0.1", server.port)) as end:
        end.sendall(b"question")
        assert end.recv(100) == b"answer"
        if server.ending in ("first", "abort"):
            try:
                end.recv(100)
            except ConnectionResetError:
                pass
    time.sleep(0.02)

@pytest.fixture
def serve():
    servers = []
    def make(ending="graceful"):
        servers.append(Server(ending))
        return servers[-1]
    yield make
    for server in servers:
        server.stop()
'''


@pytest.fixture
def inner(pytester: pytest.Pytester, pytestconfig: pytest.Config) -> pytest.Pytester:
    """A pytest with the plugin, which is there by itself where the package is installed."""
    is_installed = pytestconfig.pluginmanager.has_plugin("tcpflow")
    plugin = "" if is_installed else f"-p {PLUGIN}"
    pytester.makeconftest(PEERS)
    pytester.makeini(f"[pytest]\naddopts = --strict-markers -p no:cacheprovider {plugin}\n")
    return pytester


@pytest.fixture
def live(inner: pytest.Pytester) -> pytest.Pytester:
    """Likewise, on a machine that can capture on loopback."""
    try:
        open_engine(CaptureRequest((LOOPBACK,))).stop()
    except InputError as error:
        pytest.skip(str(error))
    return inner


def run(pytester: pytest.Pytester, test: str, *arguments: str) -> pytest.RunResult:
    """Run a module that holds one test."""
    pytester.makepyfile(test_it=f"from conftest import ask, ta\nimport pytest\n\n{test}")
    return pytester.runpytest_inprocess(*arguments)


def test_graceful_connection_passes(live: pytest.Pytester) -> None:
    result = run(
        live,
        """
def test_it(tcp_capture, serve):
    server = serve()
    ask(server)
    ask(server)
    connections = tcp_capture.connections(port=server.port)
    assert len(connections) == 2
    assert connections.closed_by == "originator"
    assert connections.outcome == "completed"
    connections.assert_graceful()
    connections.assert_closed_by("originator")
    connections.assert_count(2, 2)
    connections.assert_no("RS", "CL", "HS004")
""",
    )
    result.assert_outcomes(passed=1)


def test_wrong_side_closes_and_the_comparison_draws_the_connection(live: pytest.Pytester) -> None:
    result = run(
        live,
        """
def test_it(tcp_capture, serve):
    server = serve("first")
    ask(server)
    assert tcp_capture.connections(port=server.port).closed_by == "originator"
""",
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "E *closed_by: responder 1> == 'originator'*",
            "E *#* 127.0.0.1:* > 127.0.0.1:*",
            "*- Connection at fault -*",
            "#* 127.0.0.1:* > 127.0.0.1:*close by the responder*",
            " *SYN-SENT *-- SYN seq 0*-->",
            " *<*-- FIN ACK seq *FIN-WAIT-1",
            "*TCP traffic of the test*",
            "*capture.pcapng",
        ]
    )


def test_leak_fails_with_its_code_and_its_ladder(live: pytest.Pytester) -> None:
    result = run(
        live,
        """
@pytest.mark.tcp_capture(settings=ta.Settings(close_wait_warn_ns=100_000_000))
def test_it(tcp_capture, serve):
    import time
    server = serve("leak")
    ask(server)
    time.sleep(0.5)
    tcp_capture.connections(port=server.port).assert_no("CL005")
""",
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "E *1 finding of CL005, expected none",
            "E *CL005 close-wait-stuck: *",
            "E *what to do: tcpflow explain CL005",
            "E *half-closed close by the originator; left*",
            "E *!*FIN-WAIT-1 *FIN ACK*>*CLOSE-WAIT",
        ]
    )


def test_leak_is_not_graceful_without_any_waiting(live: pytest.Pytester) -> None:
    result = run(
        live,
        """
def test_it(tcp_capture, serve):
    server = serve("leak")
    ask(server)
    tcp_capture.assert_graceful(port=server.port)
""",
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "E *1 of 1 connection (port *) not closed gracefully",
            "E *half-closed: left in FIN-WAIT-2/CLOSE-WAIT",
        ]
    )


def test_abort_fails_with_the_family_of_resets(live: pytest.Pytester) -> None:
    result = run(
        live,
        """
def test_it(tcp_capture, serve):
    server = serve("abort")
    ask(server)
    tcp_capture.connections(port=server.port).assert_no("RS")
""",
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["E *finding* of RS, expected none", "E *RS0*", "E *<*RST*"])


def test_connection_per_request_fails_the_count(live: pytest.Pytester) -> None:
    result = run(
        live,
        """
def test_it(tcp_capture, serve):
    server = serve()
    for _ in range(4):
        ask(server)
    tcp_capture.connections(port=server.port).assert_count(at_most=1)
""",
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["E *4 connections (port *), expected at most 1"])


def test_capture_of_a_failing_test_goes_to_the_artefacts(
    live: pytest.Pytester, tmp_path: Path
) -> None:
    folder = tmp_path / "artefacts"
    test = """
@pytest.mark.parametrize("what", ["a/b", "good"])
def test_it(tcp_capture, serve, what):
    ask(serve())
    assert what == "good"
"""
    result = run(live, test, f"--tcpflow-artefacts={folder}")
    result.assert_outcomes(passed=1, failed=1)
    (kept,) = folder.iterdir()
    assert kept.name == "test_it.py-test_it-a-b.pcapng"
    assert b"question" in kept.read_bytes()
    result.stdout.fnmatch_lines([str(kept)])


def test_capture_filter_of_the_marker_is_used(live: pytest.Pytester) -> None:
    result = run(
        live,
        """
@pytest.mark.tcp_capture(filter="tcp port 1")
def test_it(tcp_capture, serve):
    ask(serve())
    tcp_capture.connections().assert_count()
""",
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["E *0 connections, expected at least 1"])


def refuse(_: CaptureRequest) -> None:
    """Stand in for a system that does not let capture."""
    raise NoRightToCapture("no right to capture on lo: run it with sudo")


def test_without_the_right_the_test_is_skipped_with_the_reason(
    inner: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_recording, "open_engine", refuse)
    result = run(inner, "def test_it(tcp_capture):\n    pass\n", "-rs")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["*tcp_capture: no right to capture on lo: run it with sudo*"])


def test_without_the_right_the_test_fails_where_captures_are_required(
    inner: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_recording, "open_engine", refuse)
    result = run(inner, "def test_it(tcp_capture):\n    pass\n", "--tcpflow-require")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*NoRightToCapture: no right to capture on lo: run it with sudo*"])


def test_unknown_interface_is_an_error(inner: pytest.Pytester) -> None:
    result = run(inner, "def test_it(tcp_capture):\n    pass\n", "--tcpflow-interface=none0")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*InputError: *none0*"])


def test_file_of_the_marker_is_read_instead(inner: pytest.Pytester) -> None:
    (inner.path / "closed.pcap").write_bytes(closed())
    result = run(
        inner,
        """
@pytest.mark.tcp_capture(file="closed.pcap")
def test_it(tcp_capture):
    tcp_capture.assert_graceful()
    assert tcp_capture.connections(address="192.0.2.1").states == "TIME-WAIT/CLOSED"
    tcp_capture.assert_no("RS", "CL005")
""",
    )
    result.assert_outcomes(passed=1)


def test_file_with_a_refusal_fails_and_is_named(inner: pytest.Pytester) -> None:
    (inner.path / "refused.pcap").write_bytes(refused())
    result = run(
        inner,
        """
@pytest.mark.tcp_capture(file="refused.pcap")
def test_it(tcp_capture):
    tcp_capture.assert_no("HS004")
""",
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["E *1 finding of HS004, expected none", "E *<*RST ACK*"])


def test_marker_with_a_word_that_it_does_not_know_is_an_error(inner: pytest.Pytester) -> None:
    test = "@pytest.mark.tcp_capture(port=80)\ndef test_it(tcp_capture):\n    pass\n"
    result = run(inner, test)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*the marker tcp_capture takes interface, filter, file*"])


def test_plugin_imports_next_to_nothing() -> None:
    code = (
        f"import sys, pytest; before = set(sys.modules); import {PLUGIN}; "
        "print(sorted(m for m in set(sys.modules) - before if not m.startswith('_')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert eval(done.stdout) == [  # noqa: S307  a list that was printed
        "tcpflow_analyzer",
        PLUGIN,
        "tcpflow_analyzer.version",
    ]
