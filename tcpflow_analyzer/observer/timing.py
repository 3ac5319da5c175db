"""What the observer takes from settings: times by operating system profile, as plain lists.

Compiled: yes
"""

from typing import Final

from mypy_extensions import i64

from tcpflow_analyzer.settings import PROFILES, Settings

IDLE_NS: Final = 30_000_000_000  # MB003: shorter pauses are no idle time


class Timing:
    """Times in nanoseconds, indexed by `Endpoint.profile`."""

    def __init__(self, settings: Settings) -> None:
        """Copy what the observer needs."""
        self.time_wait: list[int] = []
        self.syn_give_up: list[int] = []
        self.half_open: list[int] = []
        self.orphan_give_up: list[int] = []
        self.fin_timeout: list[int] = []
        self.reset_ends_time_wait: list[bool] = []
        self.data_retries: list[int] = []
        for profile in PROFILES:
            two_msl = profile.time_wait_ns if settings.msl_ns is None else 2 * settings.msl_ns
            self.time_wait.append(two_msl)
            self.syn_give_up.append(profile.syn_give_up_ns)
            self.half_open.append(profile.half_open_ns)
            self.orphan_give_up.append(profile.orphan_give_up_ns)
            self.fin_timeout.append(profile.fin_timeout_ns or 0)
            self.reset_ends_time_wait.append(profile.reset_ends_time_wait)
            self.data_retries.append(profile.data_retries or 0)
        # How much of an endpoint's chain the current fold has confirmed (observer/belief.py).
        self.position: i64 = 0
        self.close_wait_warn: i64 = settings.close_wait_warn_ns
        self.silent_window: i64 = settings.silent_window_ns
        self.idle_note: i64 = settings.idle_note_ns
        # Header prediction does not see a segment after so long a pause (observer/liveness.py).
        self.idle_least: i64 = min(settings.idle_note_ns, IDLE_NS)
        self.retries_warn: i64 = settings.retries_warn
        self.retransmission_limit: i64 = settings.retransmission_limit_ns
        self.retransmission_ratio: i64 = int(settings.retransmission_ratio * 10_000)
        self.header_prediction: bool = settings.header_prediction
        self.keep_transitions: bool = settings.keep_transitions
        self.keep_history: bool = settings.keep_history

    def time_wait_of(self, profile: i64) -> i64:
        """How long TIME-WAIT lasts."""
        return self.time_wait[profile]
