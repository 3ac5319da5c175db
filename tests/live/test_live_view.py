"""The screen of `tcpflow live` in a real terminal, beside what the kernel says of its sockets."""

import collections
import os
import re
import signal
import socket
from collections.abc import Iterator

import pytest

from support.network import PORT, Host, Network, abort
from support.program import run_program
from support.terminal import SCREEN_OFF, SCREEN_ON, Terminal

# As `ss` calls the states.
SS_NAMES = {
    "SYN-SENT": "SYN-SENT",
    "SYN-RECV": "SYN-RECEIVED",
    "ESTAB": "ESTABLISHED",
    "FIN-WAIT-1": "FIN-WAIT-1",
    "FIN-WAIT-2": "FIN-WAIT-2",
    "CLOSE-WAIT": "CLOSE-WAIT",
    "CLOSING": "CLOSING",
    "LAST-ACK": "LAST-ACK",
    "TIME-WAIT": "TIME-WAIT",
}
STATE_LINE = re.compile(r"^([A-Z][A-Z0-9-]+) +([\d,]+) +([\d,]+)", re.MULTILINE)


def kernel_states(host: Host) -> dict[str, int]:
    """How many sockets of a host are in which state, by the kernel."""
    lines = host.run("ss", "-Htan").splitlines()
    names = [line.split()[0] for line in lines]
    return dict(collections.Counter(SS_NAMES[name] for name in names if name in SS_NAMES))


def shown_states(screen: str) -> dict[str, int]:
    """How many ends of this host are in which state, by the screen."""
    found = {m[1]: int(m[2].replace(",", "")) for m in STATE_LINE.finditer(screen)}
    return {name: count for name, count in found.items() if count}


def leave_all_states(hosts: Network, listener: socket.socket) -> list[socket.socket]:
    """Leave connections of A in the states that last, and give the sockets that hold them."""
    pairs = [hosts.connect(listener) for _ in range(9)]
    for client, server in pairs[:2]:  # TIME-WAIT at A
        client.close()
        assert server.recv(1) == b""
        server.close()
    for _, server in pairs[2:5]:  # CLOSE-WAIT at A
        server.close()
    for client, _ in pairs[5:6]:  # FIN-WAIT-2 at A
        client.shutdown(socket.SHUT_WR)
    abort(pairs[6][0])
    return [end for pair in pairs for end in pair]


@pytest.fixture
def held() -> Iterator[list[socket.socket]]:
    """Sockets that are held open until the test is over."""
    ends: list[socket.socket] = []
    yield ends
    for end in ends:
        end.close()


@pytest.mark.parametrize("engine", ["auto", pytest.param("af-packet", marks=pytest.mark.slow)])
def test_screen_agrees_with_the_kernel_and_ends_by_q(
    hosts: Network, held: list[socket.socket], engine: str
) -> None:
    arguments = ["live", "-i", "eth0", "--engine", engine]
    with (
        hosts.b.listen() as listener,
        Terminal(arguments, prefix=hosts.a.prefix) as terminal,
    ):
        hosts.a.await_capture()
        held.extend(leave_all_states(hosts, listener))
        # A SYN that nobody answers: the address is not there, and neither is a neighbour's.
        hosts.a.run("ip", "neigh", "add", "192.0.2.9", "lladdr", "02:00:00:00:00:09", "dev", "eth0")
        waiting = hosts.a.open_socket()
        held.append(waiting)
        waiting.setblocking(False)
        waiting.connect_ex(("192.0.2.9", PORT))
        screen = terminal.await_screen(
            lambda shown: shown_states(shown) == kernel_states(hosts.a) and "RS001" in shown
        )
        assert kernel_states(hosts.a) == {
            "SYN-SENT": 1, "ESTABLISHED": 2, "FIN-WAIT-2": 1, "CLOSE-WAIT": 3, "TIME-WAIT": 2,
        }  # fmt: skip
        assert " tcpflow live   eth0 " in screen
        assert "FINDINGS   1 warning" in screen
        listeners = next(line for line in screen.splitlines() if "192.0.2.2:8080" in line)
        assert listeners.endswith("0/4,096          1         0")
        assert not terminal.has_echo()
        terminal.resize(120, 40)
        wide = terminal.await_screen(lambda shown: "192.0.2.1 > 192.0.2.2:8080" in shown)
        assert all(len(line) <= 120 for line in wide.splitlines())
        terminal.press("q")
        status, report = terminal.await_end()
    assert status == 0
    assert SCREEN_ON in terminal.octets
    assert SCREEN_OFF in terminal.octets
    assert "reset-instead-of-close" in report
    assert "Who closed first" in report
    assert "Traceback" not in report


@pytest.mark.slow
@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
def test_both_ends_on_loopback_are_here(
    hosts: Network, held: list[socket.socket], family: socket.AddressFamily
) -> None:
    address = "127.0.0.1" if family == socket.AF_INET else "::1"
    with Terminal(["live", "-i", "any"], prefix=hosts.a.prefix) as terminal:
        hosts.a.await_capture()
        listener = hosts.a.open_socket(family)
        listener.bind((address, PORT))
        listener.listen()
        held.append(listener)
        for number in range(4):
            client = hosts.a.open_socket(family)
            client.connect(listener.getsockname())
            server, _ = listener.accept()
            held += [client, server]
            if number < 2:
                client.close()
        states = {"ESTABLISHED": 4, "FIN-WAIT-2": 2, "CLOSE-WAIT": 2}
        terminal.await_screen(lambda shown: shown_states(shown) == states)
        assert kernel_states(hosts.a) == states
        terminal.press("q")
        assert terminal.await_end()[0] == 0


def test_interrupt_key_ends_a_small_terminal_with_the_report(hosts: Network) -> None:
    arguments = ["live", "-i", "eth0", "-i", "lo"]
    with Terminal(arguments, columns=50, lines=9, prefix=hosts.a.prefix) as terminal:
        terminal.await_screen(lambda shown: "tcpflow live   eth0, lo" in shown)
        terminal.resize(20, 3)
        terminal.await_screen(lambda shown: shown.startswith(" tcpflow"))
        terminal.press("\x03")
        status, report = terminal.await_end()
        assert terminal.has_echo()
    assert status == 0
    assert "0 TCP segments" in report or "no frame" in report


@pytest.mark.slow
def test_stop_key_gives_the_terminal_back_until_it_goes_on(hosts: Network) -> None:
    with Terminal(["live", "-i", "eth0"], prefix=hosts.a.prefix) as terminal:
        terminal.await_screen(lambda shown: "tcpflow live" in shown)
        terminal.press("\x1a")
        terminal.await_screen(lambda _: _stopped(terminal))
        assert terminal.has_echo()
        os.kill(terminal.program.pid, signal.SIGCONT)
        terminal.await_screen(lambda shown: "q quits" in shown and not terminal.has_echo())
        terminal.press("q")
        assert terminal.await_end()[0] == 0


def _stopped(terminal: Terminal) -> bool:
    with open(f"/proc/{terminal.program.pid}/stat") as file:
        return file.read().rpartition(")")[2].split()[0] == "T"


@pytest.mark.slow
def test_messages_wait_until_the_screen_is_gone(hosts: Network) -> None:
    arguments = ["live", "-i", "eth0", "--write", "/dev/full"]
    with Terminal(arguments, prefix=hosts.a.prefix) as terminal:
        terminal.await_screen(lambda shown: "note: /dev/full: No space left" in shown)
        terminal.press("q")
        status, report = terminal.await_end()
    assert status == 4
    assert report.startswith("tcpflow: error: /dev/full: No space left on device; no more packets")


@pytest.mark.slow
def test_events_go_to_a_file_beside_the_view(hosts: Network, tmp_path: object) -> None:
    path = f"{tmp_path}/events.ndjson"
    arguments = ["live", "-i", "eth0", "--view", "-o", path]
    with (
        hosts.b.listen() as listener,
        Terminal(arguments, prefix=hosts.a.prefix) as terminal,
    ):
        hosts.a.await_capture()
        client, server = hosts.connect(listener)
        abort(client)
        server.close()
        terminal.await_screen(lambda shown: "RS001" in shown)
        terminal.program.send_signal(signal.SIGTERM)
        assert terminal.await_end()[0] == 0
    with open(path) as events:
        assert '"code":"RS001"' in events.read()


@pytest.mark.slow
def test_command_without_capture_leaves_the_terminal_alone(hosts: Network) -> None:
    with Terminal(["live", "-i", "eth9"], prefix=hosts.a.prefix) as terminal:
        status, said = terminal.await_end()
    assert status == 2
    assert said.startswith("tcpflow: error: no such interface: 'eth9'")
    assert SCREEN_ON not in terminal.octets


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["-i", "lo", "--view"], "--view needs a terminal as standard output"),
        (["-i", "lo", "--view", "-o", "x"], "--view needs a terminal as standard output"),
    ],
)
def test_view_without_a_terminal_is_refused(arguments: list[str], complaint: str) -> None:
    done = run_program(["live", *arguments])
    assert done.returncode == 2
    assert complaint in done.stderr.decode()
