"""Each limit of docs/explanation/limits.md is reached, and what it drops is counted and shown."""

import gzip
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest

from benchmarks.hostile import CASES
from support.capture_builder import (
    SECOND_NS,
    START_NS,
    Segment,
    clock_packet,
    ethernet,
    packet,
    pcap,
)
from support.container_builder import section
from support.in_process import run_here
from support.ladder import Ladder, Socket, merged
from support.openings import OPEN
from support.small_captures import closed
from tcpflow_analyzer.tcp.control_bits import ACK, CWR, ECE, RST, SYN

LISTENERS_OF_TWO_HOSTS: Final = 8  # that are known where --set max_hosts=2


ABORTED: Final = OPEN + "--> <SEQ=1001><ACK=5001><CTL=RST,ACK> -->\n"


class Limit(NamedTuple):
    """A limit that a capture reaches.

    Attributes:
        key: in `summary.left_out`.
        octets: makes the capture.
        options: that lower the limit.
        least: what is counted at least.
    """

    key: str
    octets: Callable[[], bytes]
    options: Sequence[str]
    least: int


def case(name: str, count: int) -> Callable[[], bytes]:
    """Make a capture of tests/benchmarks/hostile.py."""
    return lambda: b"".join(CASES[name].blocks(count))


def services() -> bytes:
    """A connection to each of twelve hosts, which stay open."""
    ladders = [Ladder(OPEN, b=Socket(f"198.51.100.{host}", 80)) for host in range(12)]
    return pcap(merged(ladders))


def refused_ecn() -> bytes:
    """Attempts with ECN at twelve services, all of them refused."""
    frames = []
    for port in range(12):
        syn = Segment("192.0.2.1", 40_000, "198.51.100.1", port + 1, 1000, 0, SYN | ECE | CWR)
        refusal = Segment("198.51.100.1", port + 1, "192.0.2.1", 40_000, 0, 1001, RST | ACK)
        for later, each in enumerate((syn, refusal)):
            frames.append((START_NS + port * 1000 + later, ethernet(packet(each))))
    return pcap(frames)


def bad_checksums() -> bytes:
    """A segment whose checksum is wrong."""
    octets = bytearray(
        ethernet(packet(Segment("192.0.2.1", 40_000, "198.51.100.1", 80, 1, 2, ACK)))
    )
    octets[14 + 20 + 16] ^= 1
    return pcap([(START_NS, bytes(octets))])


FEW: Final = ("--set", "max_hosts=2")
LIMITS: Final = (
    Limit("connections", case("attempts", 100), ["--max-connections", "20"], 80),
    Limit("connections", case("attempts", 100), ["--set", "max_connections=20"], 80),
    Limit(
        "remembered",
        case("midstream", 600),
        ["--set", "max_connections=20", "--set", "max_remembered=10"],
        300,
    ),
    Limit("hosts", services, FEW, 10),
    Limit("listeners", services, FEW, 12 - LISTENERS_OF_TWO_HOSTS),
    Limit("attempts", case("scan", 50), FEW, 40),
    Limit("failed_services", case("scan", 50), FEW, 42),
    Limit("ecn_attempts", refused_ecn, FEW, 4),
    Limit("fragments", case("first-fragments", 100), ["--set", "max_fragment_octets=65536"], 36),
    Limit("ranges", case("holes", 100), [], 30),
    Limit("bad_checksums", bad_checksums, ["--checksum", "strict"], 1),
)


def analyze(path: Path, *options: str) -> tuple[dict[str, Any], str]:
    """What `tcpflow analyze` says as JSON and as text, both notes and report."""
    found = run_here(["analyze", path, "--format", "json", *options])
    assert found.returncode == 0, found.stderr
    told = run_here(["analyze", path, *options])
    return json.loads(found.stdout), (told.stdout + told.stderr).decode()


@pytest.mark.parametrize("limit", LIMITS, ids=lambda limit: " ".join([limit.key, *limit.options]))
def test_what_a_limit_drops_is_counted_and_shown(limit: Limit, tmp_path: Path) -> None:
    path = tmp_path / "many.pcap"
    path.write_bytes(limit.octets())
    found, text = analyze(path, *limit.options)
    count = found["summary"]["left_out"][limit.key]
    assert count >= limit.least
    assert f"{limit.key}: {count:,} left out" in text
    if limit.options and limit.key != "bad_checksums":
        without, text = analyze(path)
        assert limit.key not in without["summary"]["left_out"]
        assert "left out" not in text


@pytest.mark.slow
def test_tunnels_beyond_those_that_are_told_apart_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "tunnels.pcap"
    path.write_bytes(case("tunnels", 65_600)())
    found, text = analyze(path)
    assert found["summary"]["left_out"] == {"scopes": 65}
    assert "scopes: 65 left out" in text


@pytest.mark.parametrize("command", ["check", "diff"])
def test_gates_take_limits_from_the_configuration_and_tell_what_they_drop(
    command: str, tmp_path: Path
) -> None:
    (tmp_path / "tcpflow.toml").write_text("[tool.tcpflow.parameters]\nmax_connections = 20\n")
    (tmp_path / "many.pcap").write_bytes(case("attempts", 100)())
    captures = ["many.pcap"] * (1 if command == "check" else 2)
    limited = run_here([command, *captures, "--format", "json"], folder=tmp_path)
    assert b"many.pcap: left out by limits: 81 connections; `tcpflow explain" in limited.stderr
    free = run_here([command, *captures, "--format", "json", "--no-config"], folder=tmp_path)
    assert free.stderr == b""
    if command == "check":
        found = [json.loads(each.stdout)["captures"][0]["left_out"] for each in (limited, free)]
        assert found == [{"connections": 81}, {}]


def test_flood_from_more_sources_than_are_kept_apart_says_so(tmp_path: Path) -> None:
    frames = [
        (
            START_NS + number * 1000,
            ethernet(
                packet(Segment(f"192.0.2.{number % 60}", number, "198.51.100.1", 80, 7, 0, SYN))
            ),
        )
        for number in range(240)
    ]
    path = tmp_path / "flood.pcap"
    path.write_bytes(pcap([*frames, (START_NS + 20 * SECOND_NS, ethernet(clock_packet()))]))
    _, text = analyze(path, "--set", "max_hosts=2")
    assert "from at least 8 sources" in text
    _, text = analyze(path)
    assert "from 60 sources" in text


def test_finding_beyond_the_examples_is_counted(tmp_path: Path) -> None:
    path = tmp_path / "refused.pcap"
    path.write_bytes(
        pcap(merged([Ladder(ABORTED, a=Socket("192.0.2.1", port)) for port in range(1, 31)]))
    )
    found, text = analyze(path)
    assert found["summary"]["codes"]["RS001"] == 30
    assert "RS001 reset-instead-of-close   30 connections" in text
    assert text.count(" in ESTABLISHED (frame") == 3


def deep() -> bytes:
    """A segment in ten headers of IP in IP."""
    inner = ethernet(packet(Segment("192.0.2.1", 40_000, "198.51.100.1", 80, 1, 2, ACK)))[14:]
    for _ in range(10):
        total = (20 + len(inner)).to_bytes(2, "big")
        inner = (
            b"E\0" + total + bytes(4) + b"@\x04\0\0" + bytes([192, 0, 2, 1, 192, 0, 2, 2]) + inner
        )
    return pcap([(START_NS, bytes(12) + b"\x08\0" + inner)])


def long_frame() -> bytes:
    """A record of a frame of 300,000 octets behind a good capture."""
    head = (1).to_bytes(4, "little") * 2 + (300_000).to_bytes(4, "little") * 2
    return closed() + head + bytes(300_000)


def long_block() -> bytes:
    """A block of 512 MiB, of which only the head is there."""
    return section() + (5).to_bytes(4, "little") + (512 << 20).to_bytes(4, "little") + bytes(64)


@pytest.mark.parametrize(
    ("octets", "error"),
    [
        (long_frame, "octet 709: record says that 300000 octets were captured; at most 262144"),
        (long_block, "octet 28: block says that it is 536870912 octets long"),
        (case("interfaces", 66_000), "interfaces"),
        (lambda: gzip.compress(gzip.compress(gzip.compress(closed()))), "(inside gzip+gzip)"),
    ],
    ids=["frame", "block", "interfaces", "layers"],
)
def test_file_beyond_a_limit_says_where_it_ends(
    octets: Callable[[], bytes], error: str, tmp_path: Path
) -> None:
    path = tmp_path / "odd.pcap"
    path.write_bytes(octets())
    done = run_here(["analyze", path])
    assert error in done.stderr.decode()
    found = run_here(["analyze", path, "--format", "json"])
    assert (found.returncode == 2) == (error == "(inside gzip+gzip)")  # no capture at all
    if found.returncode == 0:
        assert error in json.loads(found.stdout)["capture"]["files"][0]["error"]
        assert "damaged" in done.stdout.decode()


def test_headers_within_headers_are_not_followed_without_end(tmp_path: Path) -> None:
    path = tmp_path / "deep.pcap"
    path.write_bytes(deep())
    found, text = analyze(path)
    assert found["capture"]["undecoded"] == {"nesting-too-deep": 1}
    assert "1 not decoded (nesting-too-deep)" in text
