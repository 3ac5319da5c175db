"""Counts of connection attempts: floods, rows of failures, scans, series of numbers."""

from support.capture_builder import START_NS
from support.ladder import Ladder, Socket, capture
from tcpflow_analyzer.decode.decoder import Decoder
from tcpflow_analyzer.decode.segment import Segment
from tcpflow_analyzer.engine import Engine
from tcpflow_analyzer.observer.openings import (
    ABORTED,
    REFUSED,
    REJECTED,
    SECOND,
    UNANSWERED,
    Openings,
)
from tcpflow_analyzer.settings import PROFILES, Settings
from tcpflow_analyzer.sources.records import RecordWalk
from tcpflow_analyzer.table.connection import Connection, Entry
from tcpflow_analyzer.table.openings import Arrivals, Prober, Retries

START = 1_700_000_000 * SECOND


def entry(source: int, port: int = 80) -> Entry:
    octets = bytes((192, 0, 2, 1)) if source < 0 else (0x0A00_0000 + source).to_bytes(4, "big")
    ports = (40000).to_bytes(2, "big") + port.to_bytes(2, "big")
    return Entry(octets + bytes((198, 51, 100, 1)) + ports)


def flooded(number: int, seconds: int) -> Arrivals | None:
    """Unanswered SYNs of as many sources, evenly over some seconds."""
    openings = Openings(Settings())
    for index in range(number):
        when = START + index * seconds * SECOND // number
        openings.failed(entry(index), 4, UNANSWERED, when, index + 1)
    openings.finish(START + (seconds + 20) * SECOND)
    found = openings.listeners.entries
    return found[0] if found and isinstance(found[0], Arrivals) else None


def test_flood_needs_its_number_within_the_window() -> None:
    full, thin = flooded(150, 8), flooded(150, 30)
    assert full is not None
    assert full.floods == 1
    assert full.total_unfinished == 150
    assert thin is None or thin.floods == 0


def test_flood_explains_its_members_only() -> None:
    openings = Openings(Settings())
    for index in range(150):
        openings.failed(entry(index), 4, UNANSWERED, START + index * SECOND // 50, index + 1)
    openings.finish(START + 60 * SECOND)
    assert openings.explains(entry(3), 4, START + SECOND)
    assert not openings.explains(entry(3), 4, START + 30 * SECOND)
    assert not openings.explains(entry(3, 81), 4, START + SECOND)


def scan(targets: int, gap: int) -> Prober:
    openings = Openings(Settings())
    for index in range(targets):
        openings.failed(entry(-1, 1000 + index), 4, REFUSED, START + index * gap, index + 1)
    found = openings.probers.entries[0]
    assert isinstance(found, Prober)
    return found


def test_scan_needs_different_targets_within_a_minute() -> None:
    assert scan(15, SECOND).scanning
    assert not scan(14, SECOND).scanning
    assert not scan(30, 5 * SECOND).scanning
    assert scan(15, SECOND).refused == 14  # the first stood in the sieve


def test_same_target_again_is_no_scan() -> None:
    openings = Openings(Settings())
    for index in range(40):
        openings.failed(entry(-1, 1000 + index % 14), 4, REFUSED, START + index, index + 1)
    assert openings.scans == 0


def test_row_of_retries_ends_with_a_pause() -> None:
    openings = Openings(Settings())
    for index, second in enumerate((0, 1, 2, 3, 20, 21)):
        openings.failed(entry(-1), 4, REFUSED, START + second * SECOND, index + 1)
    assert openings.rows == 0
    for second in (22, 23, 24):
        openings.failed(entry(-1), 4, REFUSED, START + second * SECOND, 10 + second)
    service = openings.services.entries[0]
    assert isinstance(service, Retries)
    assert service.worst is not None
    assert (service.worst.count, service.worst.refused) == (5, 5)


def connection(number: int, source: int, listener: int = 1, port: int = 40000) -> Connection:
    """A connection from 10.0.0.0/8 + `source` to port 80 of 198.51.100.0/16 + `listener`."""
    addresses = (0x0A00_0000 + source).to_bytes(4, "big") + (0xC633_0000 + listener).to_bytes(4)
    made = Connection(addresses + port.to_bytes(2, "big") + (80).to_bytes(2, "big"), number)
    made.syn_frame, made.synack_frame = 1, 2
    made.syn_time_ns, made.synack_time_ns = START, START + 1
    made.originator.iss_seen = made.responder.iss_seen = True
    made.originator.iss, made.responder.iss = 7919 * number * number, 104_729 * number * number
    return made


def of_ladders(*ladders: Ladder, settings: Settings | None = None) -> Openings:
    """What an engine has counted of a capture."""
    engine = Engine(settings or Settings(), Decoder(False, False, None), lambda _: None)
    walk = RecordWalk("made")
    walk.feed(capture(*ladders))
    engine.run(walk, 1 << 62)
    engine.finish()
    return engine.openings


def at(seconds: float, text: str, host: int = 1, port: int = 40000) -> Ladder:
    """An exchange of 192.0.2.`host` with the listener, so many seconds after the first."""
    start_ns = START_NS + round(seconds * SECOND)
    return Ladder(text, a=Socket(f"192.0.2.{host}", port), start_ns=start_ns)


def arrivals(openings: Openings) -> Arrivals:
    (found,) = openings.listeners.entries
    assert isinstance(found, Arrivals)
    return found


def prober(openings: Openings) -> Prober:
    (found,) = openings.probers.entries
    assert isinstance(found, Prober)
    return found


SYN = "--> <CTL=SYN> -->\n"
OPENED = SYN + "<-- <CTL=SYN,ACK> <--\n--> <CTL=ACK> -->\n"
REFUSAL = SYN + "<-- <SEQ=0><CTL=RST,ACK> <--\n"


def test_tables_are_bounded_and_tell_what_they_left_out() -> None:
    openings = Openings(Settings(max_hosts=400))
    for source in range(200 + 100):
        for port in (1, 2):
            openings.failed(entry(source, port), 4, REFUSED, START, 1)
    assert len(openings.probers.entries) == 200
    assert openings.left_out == 100
    services = len(openings.services.entries)
    for source in range(20_000, 20_000 + 800 - services + 50):
        openings.failed(entry(source, 3), 4, ABORTED, START, 1)
    assert len(openings.services.entries) == 800
    assert openings.left_out == 100 + 50
    openings.succeeded(connection(1, 99_999))
    assert openings.left_out == 100 + 50 + 1


def test_tables_of_listeners_and_hosts_are_bounded() -> None:
    openings = Openings(Settings(max_hosts=100))
    segment = Segment()
    made = connection(1, 1)
    for number in range(1, 100 + 11):
        for source in (1, 2):
            made.set_words((0x0A00_0000 + source) << 16, (0xC633_0000 + number) << 16 | 80)
            openings.answered(made, segment)
    assert len(openings.listeners.entries) == 100
    assert len(openings.hosts.entries) == 100
    # Ten listeners twice each, and as hosts these and the two that opened the connections.
    assert openings.left_out == 10 * 2 + 10 + 2
    openings.repeated(connection(1, 1, 105), START)  # nobody counts for it
    assert all(each.repeats == 0 for each in openings.listeners.entries if type(each) is Arrivals)


def test_rejection_by_icmp_is_a_failure_but_no_probe_and_no_flood() -> None:
    openings = Openings(Settings())
    for index in range(200):
        when = START + index * SECOND // 10
        openings.failed(entry(-1, 1000 + index), 4, REJECTED, when, index + 1)
        openings.failed(entry(-1), 4, REJECTED, when, index + 1)
    openings.finish(START + 60 * SECOND)
    assert (openings.scans, openings.floods, openings.rows) == (0, 0, 1)
    worst = next(each.worst for each in openings.services.entries if isinstance(each, Retries))
    assert worst is None or worst.rejected == worst.count


def test_silent_targets_are_told_from_those_that_refused() -> None:
    openings = Openings(Settings())
    for index in range(16):
        kind = UNANSWERED if index % 4 else REFUSED
        openings.failed(entry(-1, 1000 + index), 4, kind, START + index * SECOND, index + 1)
    found = prober(openings)
    # The first, which was refused, stood in the sieve.
    assert (found.scanning, found.refused, found.unanswered) == (True, 3, 12)


def test_scan_that_goes_on_after_a_pause_is_one_scan() -> None:
    openings = Openings(Settings())

    def fail(port: int, second: int) -> None:
        openings.failed(entry(-1, port), 4, REFUSED, START + second * SECOND, second + 1)

    for index in range(15):
        fail(1000 + index, index)
    attempts = prober(openings).attempts
    fail(5000, 300)  # alone, long after it
    assert prober(openings).attempts == attempts
    for index in range(15):
        fail(6000 + index, 400 + index)
    found = prober(openings)
    assert openings.scans == 1
    assert (found.first_ns, found.last_ns) == (START, START + 414 * SECOND)


def test_targets_of_a_large_scan_are_bounded_and_marked_as_more() -> None:
    openings = Openings(Settings())
    for index in range(4_200):
        openings.failed(entry(-1, 1000 + index), 4, REFUSED, START + index * SECOND // 100, 1)
        if index == 4_000:
            assert not prober(openings).more
    found = prober(openings)
    assert (len(found.distinct), found.more) == (4_096, True)
    openings.failed(entry(-1, 1000), 4, REFUSED, START + 43 * SECOND, 1)
    assert len(found.distinct) == 4_096


def test_targets_far_apart_are_forgotten() -> None:
    openings = Openings(Settings())
    for index in range(200):
        openings.failed(entry(-1, 1000 + index % 150), 4, REFUSED, START + index * 10 * SECOND, 1)
    found = prober(openings)
    assert not found.scanning
    assert len(found.distinct) <= 4 * 15 + 1
    assert len(found.sample) == len(set(found.sample)) == 12


def test_open_ports_of_a_source_are_sampled_once_each() -> None:
    openings = Openings(Settings())
    for index in range(15):
        openings.failed(entry(1, 1000 + index), 4, REFUSED, START + index * SECOND, index + 1)
    for listener in (1, 1, *range(2, 40)):
        openings.open_port(connection(listener, 1, listener))
    found = prober(openings)
    assert (found.open_reset, len(found.open), len(set(found.open))) == (40, 12, 12)


def test_flood_that_stops_and_comes_again_is_counted_twice() -> None:
    openings = Openings(Settings())
    for wave in (0, 120):
        for index in range(150):
            when = START + wave * SECOND + index * SECOND // 50
            openings.failed(entry(1000 * wave + index), 4, UNANSWERED, when, index + 1)
    openings.finish(START + 200 * SECOND)
    found = arrivals(openings)
    assert (openings.floods, found.floods) == (1, 2)
    assert (found.flood_first_ns, found.total_unfinished) == (START, 300)
    assert not openings.in_flood(found.word, START + 199 * SECOND)


def test_flood_ends_once_most_syns_are_finished_again() -> None:
    openings = Openings(Settings())
    for index in range(150):
        openings.failed(entry(index), 4, UNANSWERED, START + index * SECOND // 50, index + 1)
    for index in range(400):  # 2 SYNs of 20 a second remain unfinished
        when = START + (4 * SECOND) + index * SECOND // 20
        if index % 10 == 0:
            openings.failed(entry(index), 4, UNANSWERED, when, index + 1)
            continue
        made = connection(index + 1, index, 0x6401)
        made.syn_time_ns, made.synack_time_ns = when, when + 1
        segment = Segment()
        segment.time_ns = when + 1
        openings.answered(made, segment)
        made.ack_frame = 3
        openings.completed(made)
        openings.sweep(when)
    openings.finish(START + 60 * SECOND)
    found = arrivals(openings)
    assert found.floods == 1
    assert not found.flooding
    # The SYNs of the first three seconds leave the window of ten; then one in ten is unfinished.
    assert START + 10 * SECOND < found.flood_last_ns < START + 11 * SECOND


def test_syn_that_comes_long_after_its_second_was_judged_does_not_count() -> None:
    openings = Openings(Settings())
    for index in range(150):
        openings.failed(entry(index), 4, UNANSWERED, START + index * SECOND // 50, index + 1)
    openings.failed(entry(900), 4, UNANSWERED, START + 60 * SECOND, 900)
    openings.failed(entry(901), 4, UNANSWERED, START + 2 * SECOND, 901)  # a clock was set back
    openings.finish(START + 90 * SECOND)
    assert arrivals(openings).total_unfinished == 150


def test_sources_of_a_flood_are_told_apart_within_bounds() -> None:
    openings = Openings(Settings())
    for index in range(4_200):
        openings.failed(entry(index), 4, UNANSWERED, START + index * SECOND // 1_000, index + 1)
    openings.failed(entry(500), 4, UNANSWERED, START + 5 * SECOND, 1)
    found = arrivals(openings)
    assert found.sources is not None
    assert len(found.sources) == 4_096
    assert found.sources[0x0A00_0000 + 500] == 2


def test_syn_answered_after_it_had_failed_counts_once() -> None:
    flood = [at(index / 100, SYN, port=41_000 + index) for index in range(120)]
    late = at(0.5, SYN + "+11 s\n<-- <CTL=SYN,ACK> <--\n--> <CTL=ACK> -->\n+30 s\ntick", host=9)
    found = arrivals(of_ladders(*flood, late))
    assert (found.floods, found.successes) == (1, 1)
    assert found.total_attempts == found.total_unfinished == 121


def test_half_open_entries_expire_or_are_let_go() -> None:
    openings = of_ladders(
        at(0, SYN + "<-- <CTL=SYN,ACK> <--\n+100 s\ntick\n+20 s\ntick\n+20 s\ntick"),
        at(
            1,
            SYN + "<-- <CTL=SYN,ACK> <--\n+20 s\n--> <SEQ=1001><CTL=RST> -->\n+3 s\ntick",
            port=40001,
        ),
        at(2, OPENED, port=40002),
    )
    found = arrivals(openings)
    assert (found.peak, found.queued, found.expired, found.released) == (3, 0, 1, 2)
    profile = PROFILES[found.profile]
    assert found.longest_ns == profile.half_open_ns


def test_connections_handed_over_leave_the_queue_before_the_next_sweep() -> None:
    openings = Openings(Settings())
    first, second = connection(1, 1), connection(2, 2)
    for each in (first, second):
        openings.answered(each, Segment())
    first.finished = True
    openings.let_go(START + SECOND)
    assert arrivals(openings).queued == 1
    second.finished = True
    openings.let_go(START + SECOND)
    assert arrivals(openings).queued == 0


OFFER = "--> <CTL=SYN><WS=7><SACKOK><TSVAL=100> -->\n"


def test_synack_that_is_repeated_is_none_of_a_cookie() -> None:
    bare = OFFER + "<-- <CTL=SYN,ACK> <--\n"
    full = OFFER + "<-- <CTL=SYN,ACK><WS=7><SACKOK><TSVAL=64><TSECR=100> <--\n"
    again = "+1 s\n<-- <SEQ=5000><CTL=SYN,ACK> <--\n"
    found = arrivals(of_ladders(at(0, full), at(1, bare, port=40001)))
    assert found.bare is not None
    assert (found.bare.missing, found.bare.repeats) == (1, 0)
    found = arrivals(of_ladders(at(0, full), at(1, bare + again, port=40001)))
    assert found.bare is not None
    assert found.bare.repeats == 1


def encoded(second: int, tsval: int) -> Ladder:
    answer = f"<-- <CTL=SYN,ACK><WS=7><SACKOK><TSVAL={tsval}><TSECR=100> <--\n"
    return at(second, OFFER + answer + "--> <CTL=ACK> -->", port=40000 + second)


def test_options_in_the_low_bits_of_tsval_count_in_a_row() -> None:
    # The client's window scale 7, and bit 4 for SACK: 23 of 32.
    row = [encoded(second, 3200 + 32 * second + 23) for second in range(5)]
    same = encoded(5, 3200 + 32 * 4 + 23)
    broken = encoded(6, 7000)
    begun = encoded(7, 3200 + 32 * 300 + 23)
    for ladders, now, most in (
        (row, 5, 5), ([*row, same], 5, 5), ([*row, same, broken], 0, 5),
        ([*row, same, broken, begun], 1, 5),
    ):  # fmt: skip
        bare = arrivals(of_ladders(*ladders)).bare
        assert bare is not None
        assert (bare.encoded, bare.most_encoded) == (now, most)


def outage(seconds: list[float], opened: list[float]) -> Arrivals:
    """Attempts that were refused and attempts that succeeded, at these times."""
    failed = [at(second, REFUSAL, port=41_000 + n) for n, second in enumerate(seconds)]
    succeeded = [at(second, OPENED, port=42_000 + n) for n, second in enumerate(opened)]
    return arrivals(of_ladders(*failed, *succeeded, at(300, "tick")))


def test_outage_lies_between_two_successes() -> None:
    found = outage([10, 11, 12], [0, 60]).outage
    assert found is not None
    assert (found.failures, found.refused) == (3, 3)
    assert (found.before_ns, found.first_ns) == (START_NS, START_NS + 10 * SECOND)
    assert (found.last_ns, found.after_ns) == (START_NS + 12 * SECOND, START_NS + 60 * SECOND)


def test_outage_before_many_successes_is_still_one() -> None:
    # Failures are told ten seconds late; nothing older than the last eight successes is known.
    found = outage([1, 1.1, 1.2], [0, *(2 + index / 10 for index in range(10))]).outage
    assert found is not None
    assert found.failures == 3
    assert found.first_ns == START_NS + SECOND


def test_longest_outage_of_a_listener_is_kept() -> None:
    found = outage([10, 11, 12, 13, 50, 51, 52], [0, 30, 90]).outage
    assert found is not None
    assert (found.failures, found.first_ns) == (4, START_NS + 10 * SECOND)
