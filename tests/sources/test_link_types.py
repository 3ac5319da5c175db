"""Names of link types as libpcap prints them."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from support import container_builder as build
from tcpflow_analyzer.sources.link_types import LINK_TYPE_NAMES, link_type_name


@pytest.mark.parametrize(
    ("number", "name"),
    [
        (1, "EN10MB"),
        (113, "LINUX_SLL"),
        (276, "LINUX_SLL2"),
        (101, "RAW"),
        (12, "RAW"),
        (0, "NULL"),
        (108, "LOOP"),
        (127, "IEEE802_11_RADIO"),
        (147, "USER0"),
        (162, "USER15"),
        (9999, "9999"),
    ],
)
def test_name_of_a_number(number: int, name: str) -> None:
    assert link_type_name(number) == name


@pytest.mark.skipif(shutil.which("tcpdump") is None, reason="tcpdump is not installed")
@pytest.mark.parametrize("number", [0, 1, 9, 50, 101, 104, 105, 107, 108, 113, 127, 228, 276])
def test_name_is_the_one_tcpdump_prints(number: int, tmp_path: Path) -> None:
    assert number in LINK_TYPE_NAMES
    path = tmp_path / "x.pcap"
    path.write_bytes(build.pcap_header(link_type=number))
    said = subprocess.run(["tcpdump", "-r", str(path)], capture_output=True, text=True, check=True)
    match = re.search(r"link-type (\w+)", said.stderr)
    assert match is not None
    assert match[1] == link_type_name(number)
