"""Numbers, durations and times in words."""

import time

import pytest

from support.report_samples import START_NS
from tcpflow_analyzer.report.wording import (
    SECOND,
    Clock,
    absolute_text,
    counted,
    duration_text,
    printable,
    shortly_listed,
)

DAY_NS = 86_400 * SECOND


@pytest.mark.parametrize(
    ("number", "expected"),
    [(0, "0 frames"), (1, "1 frame"), (2, "2 frames"), (1_180_000, "1,180,000 frames")],
)
def test_counted_plural_and_thousands(number: int, expected: str) -> None:
    assert counted(number, "frame") == expected


def test_shortly_listed_counts_the_rest_if_it_is_more_than_one() -> None:
    words = ["a", "b", "c", "d"]
    assert shortly_listed([], 2) == ""
    assert shortly_listed(words[:3], 2) == "a, b, c"
    assert shortly_listed(words, 2) == "a, b and 2 others"
    assert shortly_listed(words * 1000, 2) == "a, b and 3,998 others"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<b>&amp;", "<b>&amp;"),
        ("a\x1b[31m\n", "a\\x1b[31m\\n"),
        ("a\u202egpj.exe", "a\\u202egpj.exe"),
        ("bad\udcff", "bad\\udcff"),
        ("ошибка", "ошибка"),
    ],
)
def test_what_does_not_print_is_shown_as_escapes(text: str, shown: str) -> None:
    assert printable(text) == shown


@pytest.mark.parametrize(
    ("duration_ns", "expected"),
    [
        (0, "0 ns"),
        (999, "999 ns"),
        (1_000, "1 us"),
        (41_000, "41 us"),
        (999_499, "999 us"),
        (999_500, "1 ms"),
        (410_000, "410 us"),
        (1_234_000, "1.23 ms"),
        (999_499_999, "999 ms"),
        (999_500_000, "1 s"),
        (7_020_000_000, "7.02 s"),
        (99_400_000_000, "99.4 s"),
        (252 * SECOND, "4 min 12 s"),
        (3_599_700_000_000, "1 h 0 min"),
        (12_000 * SECOND, "3 h 20 min"),
        (2 * DAY_NS + 4 * 3600 * SECOND, "2 d 4 h"),
    ],
)
def test_duration_text_two_units(duration_ns: int, expected: str) -> None:
    assert duration_text(duration_ns) == expected


def test_absolute_text_is_utc() -> None:
    assert absolute_text(START_NS + 999_999_999) == "2026-01-01 00:00:00 UTC"


def test_clock_relative_has_six_decimals() -> None:
    clock = Clock("relative", START_NS, START_NS + SECOND)
    assert clock.text(START_NS + 118_000) == "+0.000118"
    assert clock.span(START_NS, START_NS + SECOND) == "+0.000000 to +1.000000 s"
    assert clock.span(START_NS, START_NS) == "at +0.000000 s"


def test_clock_utc_gives_the_date_only_over_midnight() -> None:
    assert Clock("utc", START_NS, START_NS + SECOND).text(START_NS) == "00:00:00.000000"
    two_days = Clock("utc", START_NS - SECOND, START_NS)
    assert two_days.text(START_NS - 1_000) == "2025-12-31 23:59:59.999999"


def test_clock_epoch() -> None:
    assert Clock("epoch", START_NS, START_NS).text(START_NS + 5_000) == "1767225600.000005"


def test_clock_local_follows_the_time_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "XST-3")
    time.tzset()
    try:
        assert Clock("local", START_NS, START_NS).text(START_NS) == "03:00:00.000000"
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize("mode", ["relative", "utc", "local", "epoch"])
@pytest.mark.parametrize("time_ns", [0, (1 << 62) - 1])
def test_clock_any_time_of_a_capture_has_a_text(mode: str, time_ns: int) -> None:
    assert Clock(mode, time_ns, time_ns).text(time_ns)
