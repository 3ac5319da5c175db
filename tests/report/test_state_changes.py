"""When sockets change their states, in buckets."""

from support.report_samples import START_NS, make_connection
from tcpflow_analyzer.report.state_changes import StateChanges, add
from tcpflow_analyzer.tcp.states import CLOSED, LISTEN, STATE_COUNT, SYN_RECEIVED, SYN_SENT

MICROSECOND = 1_000


def differences(changes: StateChanges) -> dict[int, dict[int, int]]:
    """What is not 0, by time after the start."""
    return {
        bucket * changes.width - START_NS: {
            state: count for state, count in enumerate(change) if count
        }
        for bucket, change in changes.buckets.items()
    }


def test_each_end_is_counted_apart() -> None:
    connection = make_connection()
    changes = StateChanges(1, 100)
    changes.count(connection, True, False)
    assert differences(changes) == {0: {CLOSED: -1, SYN_SENT: 1}}
    changes = StateChanges(1, 100)
    changes.count(connection, False, True)
    assert differences(changes) == {9: {CLOSED: -1, SYN_RECEIVED: 1}}


def test_buckets_become_wider_and_lose_nothing() -> None:
    changes = StateChanges(MICROSECOND, 4)
    for number in range(64):
        connection = make_connection()
        for transition in connection.transitions or []:
            transition.time_ns += number * MICROSECOND
        changes.count(connection, True, False)
    assert changes.width == 16 * MICROSECOND
    assert len(changes.buckets) <= 5
    total = [0] * STATE_COUNT
    for change in changes.buckets.values():
        add(total, change)
    assert (total[CLOSED], total[SYN_SENT]) == (-64, 64)


def test_samples_hold_what_lies_between_them() -> None:
    changes = StateChanges(MICROSECOND, 100)
    for number in range(3):
        connection = make_connection()
        for transition in connection.transitions or []:
            transition.time_ns += number * 10 * MICROSECOND
        changes.count(connection, True, True)
    end = START_NS + 30 * MICROSECOND
    samples = changes.sample([START_NS, START_NS + 15 * MICROSECOND, end], START_NS, end)
    assert [counts[SYN_SENT] for counts in samples.counts] == [1, 2, 3]
    assert [top[SYN_SENT] for top in samples.highest] == [1, 2, 3]
    assert samples.peaks[SYN_SENT] == samples.peaks[SYN_RECEIVED] == 3
    assert samples.peak_times[SYN_SENT] == START_NS + 20 * MICROSECOND
    assert samples.peaks[CLOSED] == samples.peaks[LISTEN] == 0
