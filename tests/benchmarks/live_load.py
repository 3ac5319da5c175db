"""Watches real traffic between two namespaces, and compares what is said with what was done.

Traffic: short connections at a rate, or one stream of iperf3 as fast as it goes. What is compared:
connections, frames and drops against the interface's own counters, memory and lag over time.
"""

import contextlib
import json
import os
import re
import shlex
import shutil
import signal
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from support import load_peers
from support.network import Host, Network, network

METRICS: Final = "http://127.0.0.1:9464/metrics"
FIRST_PORT: Final = 8000
PAIRS: Final = 2  # a client and a server process each
SOURCES: Final = 8
START_S: Final = 20.0
UNRELATED_FRAMES: Final = 20  # around the ends of what is watched: neighbour discovery, last ACKs
_RESIDENT: Final = re.compile(r"^VmRSS:\s+(\d+) kB", re.MULTILINE)


class Sample(NamedTuple):
    """One look at the running program.

    Attributes:
        seconds: since the beginning of the traffic.
        resident_mib: its memory.
        processor_seconds: what it has taken; its capture engine apart.
        lag_s: how far it is behind.
    """

    seconds: float
    resident_mib: float
    processor_seconds: float
    lag_s: float


class Outcome(NamedTuple):
    """What was done, and what was said.

    Attributes:
        made: connections, by who made them; None of iperf3.
        counted: connections, by the program.
        passed: frames through the interface while it was watched, by the interface's counters.
        frames, dropped: by the program: captured, and lost before.
        seconds: of traffic.
        samples: about one a second.
        messages: what the program said besides.
        status: its exit status.
        gigabits: a second, of iperf3; None of connections.
    """

    made: int | None
    counted: int
    passed: int
    frames: int
    dropped: int
    seconds: float
    samples: Sequence[Sample]
    messages: str
    status: int
    gigabits: float | None

    def slope(self, after_s: float) -> float:
        """How memory grew after a time of warming up, MiB a minute, by least squares."""
        late = [each for each in self.samples if each.seconds >= after_s]
        if len(late) < 2:
            return 0.0
        found = statistics.linear_regression(
            [each.seconds / 60 for each in late], [each.resident_mib for each in late]
        )
        return found.slope

    @property
    def unaccounted(self) -> int:
        """Frames that passed and were neither captured nor reported as dropped."""
        return self.passed - self.frames - self.dropped


def run_connections(program: str, options: Sequence[str], rate: float, seconds: float) -> Outcome:
    """Watch short connections.

    Args:
        program: a command line, without arguments.
        options: of `tcpflow live`.
        rate: connections a second.
        seconds: how long.
    """
    with network() as hosts:
        sources = [hosts.a.address]
        for number in range(1, SOURCES):
            sources.append(f"192.0.2.{100 + number}")
            hosts.a.run("ip", "address", "add", f"{sources[-1]}/24", "dev", "eth0")
        hosts.a.run("sysctl", "-q", "-w", "net.ipv4.ip_local_port_range=1024 65535")
        with contextlib.ExitStack() as stack:
            for number in range(PAIRS):
                stack.enter_context(_peer(hosts.b, "serve", hosts.b.address, FIRST_PORT + number))
            _await_listeners(hosts.b)
            watched = _Watched(hosts, program, options)
            rest = [str(rate / PAIRS), str(seconds), *sources]
            clients = [
                stack.enter_context(
                    _peer(hosts.a, "connect", hosts.b.address, FIRST_PORT + number, *rest)
                )
                for number in range(PAIRS)
            ]
            samples = watched.sample_while(clients)
            made = sum(int(client.communicate()[0]) for client in clients)
            return watched.end(samples, made)


def run_iperf(program: str, options: Sequence[str], seconds: float, paused_s: float = 0) -> Outcome:
    """Watch one stream as fast as it goes.

    Args:
        program: a command line, without arguments.
        options: of `tcpflow live`.
        seconds: how long.
        paused_s: so long the program is stopped in between, so that frames have to be dropped.
    """
    if shutil.which("iperf3") is None:
        raise RuntimeError("iperf3 is not installed")
    with network() as hosts:
        server = [*hosts.b.prefix, "iperf3", "--server", "--one-off"]
        client = [*hosts.a.prefix, "iperf3", "--json", "--time", str(int(seconds)), "--client"]
        with subprocess.Popen(server, stdout=subprocess.DEVNULL):
            _await_listeners(hosts.b)
            watched = _Watched(hosts, program, options)
            with subprocess.Popen(
                [*client, hosts.b.address], stdout=subprocess.PIPE, text=True
            ) as running:
                if paused_s:
                    watched.pause(paused_s)
                samples = watched.sample_while([running])
                report = json.loads(running.communicate()[0])
            outcome = watched.end(samples, None)
    bits = report["end"]["sum_received"]["bits_per_second"]
    return outcome._replace(gigabits=bits / 1e9)


def lines(outcome: Outcome, warm_s: float) -> Iterator[str]:
    """What is worth knowing of an outcome, for people."""
    if outcome.made is not None:
        yield (
            f"{outcome.made:,} connections made in {outcome.seconds:.1f} s "
            f"({outcome.made / outcome.seconds:,.0f} a second), {outcome.counted:,} counted"
        )
    if outcome.gigabits is not None:
        yield f"{outcome.gigabits:.2f} Gbit/s in {outcome.seconds:.1f} s"
    share = outcome.dropped / max(outcome.passed, 1)
    yield (
        f"{outcome.passed:,} frames passed ({outcome.passed / outcome.seconds:,.0f} a second): "
        f"{outcome.frames:,} captured, {outcome.dropped:,} dropped ({share:.2%}), "
        f"{outcome.unaccounted:,} unaccounted for"
    )
    if outcome.samples:
        samples = outcome.samples
        used = samples[-1].processor_seconds - samples[0].processor_seconds
        took = max(samples[-1].seconds - samples[0].seconds, 1)
        yield (
            f"processor {used / took:.0%}, lag at most {max(s.lag_s for s in samples):.1f} s, "
            f"memory {samples[0].resident_mib:.0f} to {samples[-1].resident_mib:.0f} MiB, at most "
            f"{max(s.resident_mib for s in samples):.0f}"
        )
        step = max(len(samples) // 10, 1)
        yield "MiB over time: " + " ".join(f"{s.resident_mib:.0f}" for s in samples[::step])
        if samples[-1].seconds > warm_s:
            yield f"slope {outcome.slope(warm_s):+.2f} MiB a minute after {warm_s:.0f} s"
    yield f"exit status {outcome.status}"


def complaints(outcome: Outcome, warm_s: float, most_slope: float) -> Iterator[str]:
    """What is not as it should be."""
    if outcome.status != 0 or outcome.messages:
        yield f"it ended with status {outcome.status} and said: {outcome.messages}"
    if abs(outcome.unaccounted) > UNRELATED_FRAMES:
        yield f"{outcome.unaccounted} frames are unaccounted for"
    if outcome.made is not None and outcome.dropped:
        yield f"{outcome.dropped} frames were dropped"
    if outcome.made is not None and not outcome.dropped and outcome.counted != outcome.made:
        yield f"{outcome.counted} connections were counted, {outcome.made} made"
    if (slope := outcome.slope(warm_s)) > most_slope:
        yield f"memory grows by {slope:.2f} MiB a minute"


class _Watched:
    """A running `tcpflow live` on host A."""

    def __init__(self, hosts: Network, program: str, options: Sequence[str]) -> None:
        self._host = hosts.a
        self._before = _frames_passed(self._host)
        command = [
            *self._host.prefix, *shlex.split(program), "live", "--interface", "eth0",
            "--metrics", "9464", "--quiet", *options,
        ]  # fmt: skip
        self._program = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        # Only the last line counts, and reading it must not cost what is measured.
        self._tail = subprocess.Popen(
            ["tail", "-n", "2"], stdin=self._program.stdout, stdout=subprocess.PIPE
        )
        try:
            self._host.await_capture(timeout_s=START_S)
        except AssertionError as error:
            self._program.kill()
            messages = self._program.communicate()[1].decode()
            raise RuntimeError(f"{shlex.join(command)}: {messages}") from error
        self._start = time.monotonic()

    def sample_while(self, running: Sequence[subprocess.Popen[str]]) -> list[Sample]:
        """Look about once a second, as long as one of these runs."""
        samples = []
        self._start = time.monotonic()
        while any(each.poll() is None for each in running):
            time.sleep(1)
            with contextlib.suppress(OSError):
                samples.append(self._sample())
        return samples

    def pause(self, seconds: float) -> None:
        """Stop the program for a time."""
        time.sleep(1)
        self._program.send_signal(signal.SIGSTOP)
        time.sleep(seconds)
        self._program.send_signal(signal.SIGCONT)

    def _sample(self) -> Sample:
        process = Path(f"/proc/{self._program.pid}")
        found = _RESIDENT.search((process / "status").read_text())
        # Behind the name in parentheses: field 14 and 15 of proc(5) are its times.
        fields = (process / "stat").read_text().rpartition(")")[2].split()
        ticks = int(fields[11]) + int(fields[12])
        with self._host.inside(), urllib.request.urlopen(METRICS, timeout=5) as answer:
            text = answer.read().decode()
        lag = re.search(r"^tcpflow_lag_seconds (\S+)", text, re.MULTILINE)
        return Sample(
            time.monotonic() - self._start,
            int(found[1]) / 1024 if found else 0.0,
            ticks / os.sysconf("SC_CLK_TCK"),
            float(lag[1]) if lag else 0.0,
        )

    def end(self, samples: Sequence[Sample], made: int | None) -> Outcome:
        """Let the program end, and give what it says."""
        seconds = time.monotonic() - self._start
        time.sleep(1)
        passed = _frames_passed(self._host) - self._before
        self._program.send_signal(signal.SIGTERM)
        if self._program.stdout is not None:
            self._program.stdout.close()
        last = self._tail.communicate(timeout=120)[0].decode()
        messages = self._program.communicate(timeout=120)[1].decode()
        counted, frames, dropped = totals(last)
        return Outcome(
            made, counted, passed, frames, dropped, seconds, samples, messages,
            self._program.returncode, None,
        )  # fmt: skip


def totals(last: str) -> tuple[int, int, int]:
    """Connections, frames and dropped frames, of the last lines of events, text or NDJSON."""
    lines = last.splitlines()
    if lines and lines[-1].startswith("{"):
        capture, summary = json.loads(lines[-2]), json.loads(lines[-1])
        dropped = summary["left_out"].get("dropped_frames", 0)
        return summary["connections"], capture["frames"], dropped
    end = lines[-1] if lines else ""
    numbers = {
        what: int(number)
        for number, what in re.findall(r"(\d+) (frames|connections|dropped frames)\b", end)
    }
    return numbers["connections"], numbers["frames"], numbers.get("dropped frames", 0)


@contextlib.contextmanager
def _peer(host: Host, *words: object) -> Iterator[subprocess.Popen[str]]:
    """A process of load_peers on a host, killed in the end."""
    command = [*host.prefix, sys.executable, "-I", "-S", load_peers.__file__, *map(str, words)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def _await_listeners(host: Host) -> None:
    deadline = time.monotonic() + START_S
    while "LISTEN" not in host.run("ss", "-tln"):
        if time.monotonic() > deadline:
            raise RuntimeError("nobody listens")
        time.sleep(0.05)
    time.sleep(0.3)


def _frames_passed(host: Host) -> int:
    """Frames through eth0, both directions, by the device's own counters."""
    (link,) = json.loads(host.run("ip", "-s", "-j", "link", "show", "dev", "eth0"))
    counters = link["stats64"]
    return int(counters["rx"]["packets"]) + int(counters["tx"]["packets"])
