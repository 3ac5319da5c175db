"""Sorting more lines than memory holds."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcpflow_analyzer.report.spool import SortedSpool


@given(
    st.lists(st.tuples(st.integers(0, 999), st.text("abc", max_size=30)), max_size=60),
    st.integers(1, 400),
)
def test_sorted_lines_any_run_length_equals_sorting_in_memory(
    items: list[tuple[int, str]], run_octets: int
) -> None:
    with SortedSpool(3, run_octets) as spool:
        for number, text in items:
            spool.add(b"%03d" % number, text.encode())
        found = [line.decode() for line in spool.sorted_lines()]
    assert found == [text for _, text in sorted(items)]


def test_sorted_lines_longer_than_what_is_read_at_a_time() -> None:
    order = list(range(20))
    random.Random(1).shuffle(order)
    with SortedSpool(2, run_octets=250_000) as spool:
        for number in order:
            spool.add(b"%02d" % number, b"%d:" % number + b"x" * 100_000)
        found = [int(line.partition(b":")[0]) for line in spool.sorted_lines()]
    assert found == sorted(order)


def test_sorted_lines_few_use_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: object) -> None:
        raise AssertionError

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    with SortedSpool(1) as spool:
        spool.add(b"2", b"b")
        spool.add(b"1", b"a")
        assert list(spool.sorted_lines()) == [b"a", b"b"]


def test_close_removes_the_file() -> None:
    spool = SortedSpool(1, run_octets=1)
    spool.add(b"1", b"a")
    file = spool._file
    assert file is not None
    spool.close()
    assert file.closed
