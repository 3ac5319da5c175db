"""Times of every profile reach the observer; 2 MSL of the settings overrides them all."""

from tcpflow_analyzer.observer.timing import Timing
from tcpflow_analyzer.settings import NANOSECONDS, PROFILE_RFC, PROFILES, Settings


def test_time_wait_of_every_profile() -> None:
    timing = Timing(Settings())
    assert [timing.time_wait_of(n) for n in range(len(PROFILES))] == [
        profile.time_wait_ns for profile in PROFILES
    ]
    assert timing.time_wait_of(PROFILE_RFC) == 240 * NANOSECONDS


def test_time_wait_is_twice_the_msl_that_was_set() -> None:
    timing = Timing(Settings(msl_ns=7 * NANOSECONDS))
    assert {timing.time_wait_of(n) for n in range(len(PROFILES))} == {14 * NANOSECONDS}


def test_settings_are_taken_over() -> None:
    timing = Timing(Settings(header_prediction=False, close_wait_warn_ns=5))
    assert not timing.header_prediction
    assert timing.close_wait_warn == 5
    assert timing.reset_ends_time_wait == [p.reset_ends_time_wait for p in PROFILES]
