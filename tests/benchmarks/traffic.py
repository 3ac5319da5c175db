"""Three kinds of traffic as rows of segments: bulk transfers, short web requests, a port scan.

Rows come in blocks, so that memory is bounded for captures of any length. Random numbers of the
traffic come from one generator, those of faults (loss, reordering) from another: the same seed
gives the same connections with and without faults.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from benchmarks.frames import (
    MSS_ONLY,
    NO_OPTIONS,
    SEGMENT,
    SYN_OPTIONS,
    TIMESTAMP,
    Integers,
    Rows,
)

FIN: Final = 1
SYN: Final = 2
RST: Final = 4
PSH: Final = 8
ACK: Final = 16

BEGIN_US: Final = 1_700_000_000 * 1_000_000  # of every capture, microseconds since the epoch
MSS: Final = 1448  # with timestamps
SYN_TIMEOUT_US: Final = 1_000_000  # RFC 6298 section 2.1
LEAST_TIMEOUT_US: Final = 200_000  # Linux, TCP_RTO_MIN
_BLOCK: Final = 1_000_000  # segments, roughly

Numbers = int | Integers | npt.NDArray[np.bool_]
Mask = npt.NDArray[np.bool_]


class Faults(NamedTuple):
    """What goes wrong on the way.

    Attributes:
        loss: share of segments with SYN, data or FIN that are lost behind the point of capture and
            come again a retransmission timeout later, 0 to 1.
        reordering: share of data segments that are overtaken by a later one, 0 to 1.
        random: decides which.
    """

    loss: float
    reordering: float
    random: np.random.Generator

    def lost(self, count: int) -> Mask:
        """Which of so many segments are lost."""
        return self._chosen(self.loss, count)

    def overtaken(self, count: int) -> Mask:
        """Which of so many segments are late."""
        return self._chosen(self.reordering, count)

    def _chosen(self, share: float, count: int) -> Mask:
        return self.random.random(count) < share if share else np.zeros(count, np.bool_)


class Block(NamedTuple):
    """Rows in no order of time, and from when on the rows of later blocks are."""

    rows: Rows
    later_from_us: int


class Direction(NamedTuple):
    """One direction of many connections, or of one, with the window that its sender announces."""

    source: Numbers
    destination: Numbers
    source_port: Numbers
    destination_port: Numbers
    window: int

    def of(self, mask: Mask) -> "Direction":
        """The same direction of some of the connections."""
        return Direction(
            _of(self.source, mask),
            _of(self.destination, mask),
            _of(self.source_port, mask),
            _of(self.destination_port, mask),
            self.window,
        )


def _of(numbers: Numbers, mask: Mask) -> Numbers:
    return numbers[mask] if isinstance(numbers, np.ndarray) else numbers


def _rows(
    time_us: Integers,
    direction: Direction,
    control_bits: Numbers,
    seq: Numbers,
    ack: Numbers = 0,
    *,
    window: int = -1,
    tsval: Numbers = 0,
    tsecr: Numbers = 0,
    payload_len: Numbers = 0,
    options: int = TIMESTAMP,
    ip_id: Numbers = 0,
) -> Rows:
    """One row for each time; numbers may be the same for all rows, and wrap to 32 bits."""
    rows = np.zeros(len(time_us), SEGMENT)
    rows["time_us"] = time_us
    rows["source"], rows["destination"] = direction.source, direction.destination
    rows["source_port"] = direction.source_port
    rows["destination_port"] = direction.destination_port
    rows["control_bits"] = control_bits
    rows["seq"] = seq & 0xFFFF_FFFF
    rows["ack"] = ack & 0xFFFF_FFFF
    rows["window"] = direction.window if window < 0 else window
    rows["tsval"] = tsval & 0xFFFF_FFFF
    rows["tsecr"] = tsecr & 0xFFFF_FFFF
    rows["payload_len"] = payload_len
    rows["options"] = options
    rows["ip_id"] = ip_id & 0xFFFF
    return rows


# Bulk transfers


def bulk(
    random: np.random.Generator, faults: Faults, packets: int, connections: int
) -> Iterator[Block]:
    """Downloads of some seconds, fifty new ones a second, all of the same length.

    Raises:
        ValueError: fewer than 16 packets for each connection.
    """
    each = packets // connections
    if each < 16:
        raise ValueError(f"{each} packets a connection are too few for a transfer: at least 16")
    segments = (each - 7) * 2 // 3 // 2 * 2  # every second one is acknowledged
    together = max(1, _BLOCK // each)
    for first in range(0, connections, together):
        last = min(connections, first + together)
        rows = [_transfer(random, faults, number, segments) for number in range(first, last)]
        yield Block(np.concatenate(rows), BEGIN_US + last * 20_000)


class _Transfer(NamedTuple):
    """One download. Sequence numbers are those after the SYN; clocks are those of timestamps."""

    up: Direction
    down: Direction
    client_seq: int
    server_seq: int
    begin_us: int
    client_clock: int
    server_clock: int
    round_trip_us: int


def _transfer(random: np.random.Generator, faults: Faults, number: int, segments: int) -> Rows:
    """One download: handshake, data by the responder, which also closes first."""
    client, server = 0x0A000001 + number // 4, 0x0A010001 + number % 16
    client_port = 32768 + number * 7 % 32760
    transfer = _Transfer(
        up=Direction(client, server, client_port, 443, 502),
        down=Direction(server, client, 443, client_port, 501),
        client_seq=int(random.integers(0, 1 << 32)) + 1,
        server_seq=int(random.integers(0, 1 << 32)) + 1,
        begin_us=BEGIN_US + number * 20_000 + int(random.integers(0, 10_000)),
        client_clock=int(random.integers(0, 1 << 31)),
        server_clock=int(random.integers(0, 1 << 31)),
        round_trip_us=int(random.integers(5_000, 40_000)),
    )
    data, end_us = _transfer_data(random, faults, transfer, segments)
    closing = _transfer_closing(transfer, end_us + 2000, transfer.server_seq + MSS * segments)
    return np.concatenate([_transfer_opening(transfer), data, closing])


def _transfer_opening(transfer: _Transfer) -> Rows:
    """The handshake."""
    up, down, client_seq, server_seq, begin, client_clock, server_clock, round_trip = transfer
    return np.concatenate([
        _rows(_once(begin), up, SYN, client_seq - 1, window=64240, tsval=client_clock,
              options=SYN_OPTIONS),
        _rows(_once(begin + round_trip), down, SYN | ACK, server_seq - 1, client_seq,
              window=65160, tsval=server_clock, tsecr=client_clock, options=SYN_OPTIONS),
        _rows(_once(begin + round_trip + 50), up, ACK, client_seq, server_seq,
              tsval=client_clock + 20, tsecr=server_clock),
    ])  # fmt: skip


def _transfer_data(
    random: np.random.Generator, faults: Faults, transfer: _Transfer, segments: int
) -> tuple[Rows, int]:
    """Data with an acknowledgement for every second segment; also when the last one has arrived."""
    up, down, client_seq, server_seq, begin, client_clock, server_clock, round_trip = transfer
    index = np.arange(segments)
    sent = begin + 2 * round_trip + np.cumsum(random.integers(200, 1800, segments))
    # An overtaken segment passes after the next two or three; a lost one passes twice.
    seen = np.where(faults.overtaken(segments), sent + 3_500, sent)
    lost = faults.lost(segments)
    arrived = np.where(lost, seen + round_trip + LEAST_TIMEOUT_US, seen)
    bits = np.where(index % 16 == 15, PSH | ACK, ACK)
    rows = [
        _rows(times[which], down, bits[which], server_seq + MSS * index[which], client_seq,
              tsval=server_clock + (times[which] - begin) // 1000, tsecr=client_clock + 20,
              payload_len=MSS, ip_id=index[which] + 1)
        for times, which in ((seen, lost), (arrived, np.ones(segments, np.bool_)))
    ]  # fmt: skip
    # All segments up to n have arrived at in_order[n]: what an acknowledgement can say.
    in_order = np.maximum.accumulate(arrived)
    acked_at = np.union1d(sent[1::2], in_order[-1:])
    complete = np.searchsorted(in_order, acked_at, side="right")
    rows.append(
        _rows(acked_at + 40, up, ACK, client_seq, server_seq + MSS * complete,
              tsval=client_clock + (acked_at + 40 - begin) // 1000,
              tsecr=server_clock + (acked_at - begin) // 1000)
    )  # fmt: skip
    return np.concatenate(rows), int(in_order[-1])


def _transfer_closing(transfer: _Transfer, end: int, end_seq: int) -> Rows:
    """Four segments, the server's FIN first."""
    up, down, client_seq, _, _, client_clock, server_clock, round_trip = transfer
    return np.concatenate([
        _rows(_once(end), down, FIN | ACK, end_seq, client_seq,
              tsval=server_clock + 9, tsecr=client_clock + 20),
        _rows(_once(end + round_trip), up, ACK, client_seq, end_seq + 1,
              tsval=client_clock + 30, tsecr=server_clock + 9),
        _rows(_once(end + round_trip + 100), up, FIN | ACK, client_seq, end_seq + 1,
              tsval=client_clock + 30, tsecr=server_clock + 9),
        _rows(_once(end + 2 * round_trip), down, ACK, end_seq + 1, client_seq + 1,
              tsval=server_clock + 10, tsecr=client_clock + 30),
    ])  # fmt: skip


def _once(time_us: int) -> Integers:
    return np.array([time_us], np.int64)


# Short web requests

FOUR_WAY, COMBINED, CLIENT_RESET, SERVER_RESET = range(4)  # how connections end
_CLOSINGS: Final = (0.45, 0.30, 0.15, 0.10)


class _Requests:
    """Connections of one request and one answer each; arrays have an element a connection.

    Times and clocks move on when something is lost. Sequence numbers are unwrapped.
    """

    def __init__(
        self, random: np.random.Generator, first: int, count: int, begin_us: int, gap_us: float
    ) -> None:
        """Draw connections `first` to `first + count - 1` of a capture."""
        client = 0x0A640000 + random.integers(0, 4000, count)
        server = 0xC6120000 + random.integers(0, 300, count)
        client_port = 1024 + np.arange(first, first + count) * 7919 % 64000
        server_port = np.where(random.random(count) < 0.8, 443, 80)
        self.up = Direction(client, server, client_port, server_port, 502)
        self.down = Direction(server, client, server_port, client_port, 501)
        self.client_seq = random.integers(0, 1 << 32, count)
        self.server_seq = random.integers(0, 1 << 32, count)
        self.client_clock = random.integers(0, 1 << 31, count)
        self.server_clock = random.integers(0, 1 << 31, count)
        gaps = np.cumsum(random.exponential(gap_us, count)).astype(np.int64)
        self.time: Integers = begin_us + gaps
        self.last_begin_us = int(self.time[-1])
        self.round_trip = random.integers(8_000, 60_000, count)
        self.responses = random.integers(2, 5, count)
        self.request_len = random.integers(200, 701, count) // 10 * 10
        self.closing = random.choice(4, count, p=_CLOSINGS)
        self.rows: list[Rows] = []

    def delay(self, lost: Mask, timeout_us: Numbers) -> None:
        """What is lost comes again after so many microseconds, and all else later by as much."""
        delay = lost * timeout_us
        self.time = self.time + delay
        self.client_clock = self.client_clock + delay // 1000
        self.server_clock = self.server_clock + delay // 1000

    def open(self, faults: Faults) -> None:
        """The handshake."""
        lost = faults.lost(len(self.time))
        self._syn(lost)
        self.delay(lost, SYN_TIMEOUT_US)
        self._syn(np.ones(len(lost), np.bool_))
        time, round_trip = self.time, self.round_trip
        self.rows += [
            _rows(time + round_trip, self.down, SYN | ACK, self.server_seq, self.client_seq + 1,
                  window=65160, tsval=self.server_clock, tsecr=self.client_clock,
                  options=SYN_OPTIONS),
            _rows(time + round_trip + 30, self.up, ACK, self.client_seq + 1, self.server_seq + 1,
                  tsval=self.client_clock + 20, tsecr=self.server_clock),
        ]  # fmt: skip
        self.client_seq, self.server_seq = self.client_seq + 1, self.server_seq + 1

    def _syn(self, which: Mask) -> None:
        self.rows.append(
            _rows(self.time[which], self.up.of(which), SYN, self.client_seq[which], window=64240,
                  tsval=self.client_clock[which], options=SYN_OPTIONS)
        )  # fmt: skip

    def request(self, faults: Faults) -> None:
        """The request, one segment, and its acknowledgement."""
        lost = faults.lost(len(self.time))
        self._request(lost)
        self.delay(lost, LEAST_TIMEOUT_US + self.round_trip)
        self._request(np.ones(len(lost), np.bool_))
        self.client_seq = self.client_seq + self.request_len
        self.rows.append(
            _rows(self.time + 2 * self.round_trip + 100, self.down, ACK, self.server_seq,
                  self.client_seq, tsval=self.server_clock + 30, tsecr=self.client_clock + 20)
        )  # fmt: skip

    def _request(self, which: Mask) -> None:
        self.rows.append(
            _rows((self.time + self.round_trip + 200)[which], self.up.of(which), PSH | ACK,
                  self.client_seq[which], self.server_seq[which],
                  tsval=self.client_clock[which] + 20, tsecr=self.server_clock[which],
                  payload_len=self.request_len[which])
        )  # fmt: skip

    def answer(self, random: np.random.Generator, faults: Faults) -> None:
        """Two to four segments; every second one and the last are acknowledged."""
        count = len(self.time)
        self.time = self.time + 2 * self.round_trip + random.integers(2_000, 30_000, count)
        for index in range(4):
            there, last = self.responses > index, self.responses == index + 1
            length = np.where(last, random.integers(20, 145, count) * 10, MSS)
            lost = faults.lost(count) & there
            # The second and the fourth are never late: their acknowledgements follow at once.
            late = faults.overtaken(count) & (index % 2 == 0) & ~last
            self._response(lost, last, length, late)
            self.delay(lost, LEAST_TIMEOUT_US + self.round_trip)
            self._response(there, last, length, late)
            self.server_seq = np.where(there, self.server_seq + length, self.server_seq)
            acked = there & (last | (index % 2 == 1))
            self.rows.append(
                _rows(self.time[acked] + 40, self.up.of(acked), ACK, self.client_seq[acked],
                      self.server_seq[acked], tsval=self.client_clock[acked] + 60,
                      tsecr=self.server_clock[acked] + 40)
            )  # fmt: skip
            self.time = np.where(there, self.time + 120, self.time)

    def _response(self, which: Mask, last: Mask, length: Integers, late: Mask) -> None:
        bits = np.where(last[which], PSH | ACK, ACK)
        self.rows.append(
            _rows(self.time[which] + 150 * late[which], self.down.of(which), bits,
                  self.server_seq[which], self.client_seq[which],
                  tsval=self.server_clock[which] + 40, tsecr=self.client_clock[which] + 20,
                  payload_len=length[which])
        )  # fmt: skip

    def close(self, random: np.random.Generator, faults: Faults) -> None:
        """Each connection in its way, up to 200 ms after the answer."""
        self.time = self.time + random.integers(100, 200_000, len(self.time))
        lost = faults.lost(len(self.time))
        self._four_way_fin(lost & (self.closing == FOUR_WAY))
        self._combined_fin(lost & (self.closing == COMBINED))
        self.delay(lost & (self.closing <= COMBINED), LEAST_TIMEOUT_US + self.round_trip)
        self._four_way_fin(self.closing == FOUR_WAY)
        self._rest_of_four(self.closing == FOUR_WAY)
        self._combined_fin(self.closing == COMBINED)
        self._rest_of_combined(self.closing == COMBINED)
        for direction, seq, ack, closing in (
            (self.up, self.client_seq, self.server_seq, CLIENT_RESET),
            (self.down, self.server_seq, self.client_seq, SERVER_RESET),
        ):
            which = self.closing == closing
            self.rows.append(
                _rows(self.time[which], direction.of(which), RST | ACK, seq[which], ack[which],
                      window=0, options=NO_OPTIONS)
            )  # fmt: skip

    def _four_way_fin(self, which: Mask) -> None:
        """The client's FIN, the first one."""
        self.rows.append(
            _rows(self.time[which], self.up.of(which), FIN | ACK, self.client_seq[which],
                  self.server_seq[which], tsval=self.client_clock[which] + 90,
                  tsecr=self.server_clock[which] + 40)
        )  # fmt: skip

    def _combined_fin(self, which: Mask) -> None:
        """The server's FIN, the first one."""
        self.rows.append(
            _rows(self.time[which], self.down.of(which), FIN | ACK, self.server_seq[which],
                  self.client_seq[which], tsval=self.server_clock[which] + 90,
                  tsecr=self.client_clock[which] + 60)
        )  # fmt: skip

    def _rest_of_four(self, which: Mask) -> None:
        """What follows a FIN of the client that is acknowledged by itself."""
        arrived = (self.time + self.round_trip)[which]
        up, down = self.up.of(which), self.down.of(which)
        client_seq, server_seq = self.client_seq[which], self.server_seq[which]
        client_clock, server_clock = self.client_clock[which], self.server_clock[which]
        self.rows += [
            _rows(arrived, down, ACK, server_seq, client_seq + 1,
                  tsval=server_clock + 99, tsecr=client_clock + 90),
            _rows(arrived + 300, down, FIN | ACK, server_seq, client_seq + 1,
                  tsval=server_clock + 99, tsecr=client_clock + 90),
            _rows(arrived + 340, up, ACK, client_seq + 1, server_seq + 1,
                  tsval=client_clock + 99, tsecr=server_clock + 99),
        ]  # fmt: skip

    def _rest_of_combined(self, which: Mask) -> None:
        """What follows a FIN of the server that the client's FIN acknowledges."""
        time, up, down = self.time[which], self.up.of(which), self.down.of(which)
        client_seq, server_seq = self.client_seq[which], self.server_seq[which]
        client_clock, server_clock = self.client_clock[which], self.server_clock[which]
        self.rows += [
            _rows(time + 60, up, FIN | ACK, client_seq, server_seq + 1,
                  tsval=client_clock + 90, tsecr=server_clock + 90),
            _rows(time + self.round_trip[which], down, ACK, server_seq + 1, client_seq + 1,
                  tsval=server_clock + 99, tsecr=client_clock + 90),
        ]  # fmt: skip


def web(
    random: np.random.Generator, faults: Faults, connections: int, rate: float
) -> Iterator[Block]:
    """Connections with a request and its answer each; so many new ones a second come and go."""
    together = _BLOCK // 10
    begin_us = BEGIN_US
    for first in range(0, connections, together):
        requests = _Requests(
            random, first, min(together, connections - first), begin_us, 1_000_000 / rate
        )
        begin_us = requests.last_begin_us
        requests.open(faults)
        requests.request(faults)
        requests.answer(random, faults)
        requests.close(random, faults)
        yield Block(np.concatenate(requests.rows), begin_us)


# A scan


def scan(
    random: np.random.Generator, faults: Faults, requests: int, answered: float
) -> Iterator[Block]:
    """SYNs of random hosts to the lower ports of 256 hosts, a share of them refused.

    A hundred thousand requests a second. What is lost is the SYN, which comes again.
    """
    together = 7 * _BLOCK // 10
    begin_us = BEGIN_US
    for first in range(0, requests, together):
        count = min(together, requests - first)
        refused = random.random(count) < answered
        source = random.integers(0x01000000, 0xDF000000, count)
        target = 0xCB007100 + random.integers(0, 256, count)
        source_port = random.integers(1024, 65536, count)
        target_port = random.integers(1, 1024, count)
        seq = random.integers(0, 1 << 32, count)
        time = begin_us + np.cumsum(random.exponential(10, count)).astype(np.int64)
        begin_us = int(time[-1])
        lost = faults.lost(count)
        there = Direction(source, target, source_port, target_port, 1024)
        back = Direction(target, source, target_port, source_port, 0)
        again = time + lost * SYN_TIMEOUT_US
        rows = [
            _rows(time[lost], there.of(lost), SYN, seq[lost], options=MSS_ONLY),
            _rows(again, there, SYN, seq, options=MSS_ONLY),
            _rows(again[refused] + 150, back.of(refused), RST | ACK, 0, seq[refused] + 1,
                  options=NO_OPTIONS),
        ]  # fmt: skip
        yield Block(np.concatenate(rows), begin_us)
