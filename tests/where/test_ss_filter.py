"""Filters of `ss`."""

import pytest

from tcpflow_analyzer.errors import UsageError
from tcpflow_analyzer.report.socket_table import SocketRow
from tcpflow_analyzer.tcp.states import State
from tcpflow_analyzer.where.ss_filter import compile_filter


def row(
    local: str = "192.0.2.1",
    local_port: int = 40000,
    peer: str = "198.51.100.1",
    peer_port: int = 443,
    state: State = State.ESTABLISHED,
) -> SocketRow:
    """A socket."""
    return SocketRow(1, local, local_port, peer, peer_port, state, "observed", (state,), None)


def holds(text: str, socket: SocketRow | None = None) -> bool:
    """Whether a filter, as words of a command line, takes a socket."""
    return compile_filter(text.split()).holds(socket or row())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "state established",
        "state ESTAB",
        "state connected exclude time-wait",
        "exclude time-wait",
        "state big",
        "dport = :443",
        "dport == 443",
        "dport eq :https",
        "( dport = :https )",
        "dport :443",
        "sport > :1024",
        "sport ge 40000 and sport le 40000",
        "sport gt :1024 dport lt :1024",
        "src 192.0.2.0/24",
        "src 192.0.2.1:40000",
        "dst 198.51.100.1:https",
        "dst *:443",
        "dst :443",
        "dst != 10.0.0.0/8",
        "not dst 10.0.0.0/8",
        "! ( dport = :80 or dport = :22 )",
        "dport = :80 or dport = :443",
        "dport = :80 | dport = :443",
        "dport = :443 && src 192.0.2.1",
        "state established and dport = :443",
        "state established dport != :80",
        "dport = :80 and sport = :1 or dst 198.51.100.1",
    ],
)
def test_socket_is_taken(text: str) -> None:
    assert holds(text)


@pytest.mark.parametrize(
    "text",
    [
        "state time-wait",
        "exclude established",
        "state bucket",
        "state listening",
        "dport = :80",
        "dport ne :443",
        "sport < :1024",
        "src 198.51.100.0/24",
        "dst 198.51.100.1:80",
        "dst 2001:db8::/32",
        "not dport = :443",
        "dport = :443 and src 10.0.0.1",
        "dport = :443 and ( src 10.0.0.1 or src 10.0.0.2 )",
    ],
)
def test_socket_is_not_taken(text: str) -> None:
    assert not holds(text)


def test_several_states_are_all_wanted() -> None:
    wanted = compile_filter(["state", "time-wait", "state", "syn-recv"])
    assert wanted.states == {State.TIME_WAIT, State.SYN_RECEIVED}


def test_ipv6_ends() -> None:
    socket = row("2001:db8::1", 40000, "2001:db8::2", 80)
    for text in ("src 2001:db8::/32", "src [2001:db8::1]", "dst [2001:db8::2]:80"):
        assert holds(text, socket)
    assert holds("dst [2001:db8::]/32:80", socket)
    assert not holds("dst [2001:db8::2]:81", socket)
    assert holds("src fe80::/10", row("fe80::1%eth0"))


def test_words_may_come_in_one_piece() -> None:
    assert compile_filter(["state established (dport=:443 or sport=:22)"]).holds(row())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("state", "the filter ends where a state should follow"),
        ("state open", "no such state: 'open'"),
        ("dport", "the filter ends where an address or a port should follow"),
        ("dport =", "the filter ends where an address or a port should follow"),
        ("dport = :http-x", "no port such as :443"),
        ("dport = :70000", "no port such as :443"),
        ("src 10.0.0.300", "'10.0.0.300' is neither address nor network"),
        ("src > 10.0.0.1", "src takes no order"),
        ("( dport = :80", "is not closed"),
        ("dport = :80 )", "')' makes no sense there"),
        ("port = 80", "'port' is no condition; there are state, exclude, src, dst, sport, dport"),
        ("dport = :80 and", "the filter ends where a condition should follow"),
        ("dport = :80 state established", "state stands in front"),
        ("(" * 60 + "dport = 1" + ")" * 60, "at most 50 parentheses"),
        ("! " * 60 + "dport = 1", "at most 50 parentheses"),
    ],
)
def test_mistake_is_said(text: str, message: str) -> None:
    with pytest.raises(UsageError) as error:
        compile_filter(text.split())
    assert message in str(error.value)
