"""Frame counts and times on captures of other projects, against capinfos."""

import csv
import io
import shutil
import subprocess

import pytest

from support.places import shared_captures
from tcpflow_analyzer.errors import InputError
from tcpflow_analyzer.sources.recording import Recording

# Where capinfos itself stumbles: it prints fractions of a second above one, or counts seconds
# beyond 2**31 as before 1970, so that first and last change places.
ODD_TIMES = {
    "transform-base64-7296/input.pcap",
    "tests/bgp_vpn_rt-oobr.pcap",
    "tests/olsr-oobr-2.pcap",
    "tests/rx_serviceid_oobr.pcap",
}


def nanoseconds(value: str) -> int | None:
    if value in ("", "n/a"):
        return None
    seconds, _, fraction = value.partition(".")
    return int(seconds) * 1_000_000_000 + int(fraction.ljust(9, "0"))


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("capinfos") is None, reason="capinfos is not installed")
def test_counts_and_times_are_those_of_capinfos() -> None:
    paths = shared_captures()
    if not paths:
        pytest.skip("there is no folder of shared captures")
    said = subprocess.run(
        ["capinfos", "-TmrcaeS", *map(str, paths)], capture_output=True, text=True, check=False
    )
    rows = list(csv.reader(io.StringIO(said.stdout)))
    assert len(rows) > 900
    differences = []
    for path, count, first, last in (row[:4] for row in rows if row[0] != "File name"):
        times = []
        try:
            for walk, _ in Recording([path]).steps():
                while walk.advance():
                    times.append(walk.time_ns)
        except InputError as error:
            differences.append(str(error))
            continue
        mine = (min(times, default=None), max(times, default=None))
        odd = any(path.endswith(name) for name in ODD_TIMES)
        try:
            theirs = (nanoseconds(first), nanoseconds(last))
        except ValueError:
            theirs = (None, None)
        if len(times) != int(count) or (mine != theirs and not odd):
            differences.append(f"{path}: {len(times)} {mine}, capinfos {count} {theirs}")
    assert differences == []
