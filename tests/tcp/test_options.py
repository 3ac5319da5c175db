"""Options told to people."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcpflow_analyzer.tcp.options import describe_options


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ("", ""),
        ("020405b40402080a0000000a0000000001030307", "mss 1460 sack ts ws 128"),
        ("0101080a0000000100000002", "ts"),
        ("030300", "ws 1"),
        ("0303ff", "ws 16384"),
        ("0101050a0000000100000002", "sack 1 block"),
        ("05120000000100000002" + "0000000300000004", "sack 2 blocks"),
        ("2202", "fast-open request"),
        ("2206aabbccdd", "fast-open cookie"),
        ("fd04f989", "fast-open request"),
        ("fe06f989aabb", "fast-open cookie"),
        ("fd041234", "option 253"),
        ("1312" + "00" * 16, "md5"),
        ("1d0400aa", "ao"),
        ("1c040001", "user-timeout"),
        ("1e0c01" + "00" * 9, "mptcp capable"),
        ("1e0c70" + "00" * 9, "mptcp fastclose"),
        ("1e03f0", "mptcp"),
        ("ac02", "accecn"),
        ("ae02", "accecn"),
        ("4d0200", "option 77"),
        ("0001010204", ""),
        ("020405b40200", "mss 1460 malformed"),
        ("020405", "malformed"),
        ("01010108", "malformed"),
        ("0203ff", "option 2"),
    ],
)
def test_describe_options(options: str, told: str) -> None:
    assert describe_options(bytes.fromhex(options)) == told


@given(st.binary(max_size=40))
def test_any_octets_are_told(options: bytes) -> None:
    assert isinstance(describe_options(options), str)
