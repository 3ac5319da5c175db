"""Keys: read as they were written, and parts that have nothing to do with each other."""

import pytest

from support.anonymity import KEY, OTHER_KEY
from tcpflow_analyzer.anonymise.secret import (
    KEY_OCTETS,
    new_key,
    part_of,
    pseudo_random,
    read_key,
    write_key,
)
from tcpflow_analyzer.errors import UsageError


def test_written_key_is_read_again() -> None:
    key = new_key()
    assert len(key) == KEY_OCTETS
    assert key != new_key()
    assert read_key(f"\n {write_key(key)}", "a.key") == key
    assert read_key(write_key(key).upper(), "a.key") == key


@pytest.mark.parametrize("text", ["", "00", "0" * 62, "0" * 66, "xy" * 32, "é" * 64])
def test_other_text_is_no_key_and_is_not_repeated(text: str) -> None:
    with pytest.raises(UsageError, match=r"^key: a key is 64 hexadecimal digits") as raised:
        read_key(text, "key")
    assert not text or text not in str(raised.value)


def test_parts_differ_by_purpose_and_key() -> None:
    parts = {part_of(key, purpose) for key in (KEY, OTHER_KEY) for purpose in ("ipv4", "ipv6")}
    assert len(parts) == 4
    assert part_of(KEY, "ipv4") == part_of(KEY, "ipv4")


def test_longer_answers_begin_with_shorter_ones() -> None:
    assert pseudo_random(KEY, b"a", 40).startswith(pseudo_random(KEY, b"a", 8))
    assert pseudo_random(KEY, b"a", 8) != pseudo_random(KEY, b"b", 8)
