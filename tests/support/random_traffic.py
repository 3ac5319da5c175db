"""Random exchanges with losses, reordering, repeats, closed windows and keep-alive probes; seeded.

They need not make sense as TCP: what two programs say about the same octets is compared.
"""

import random

from support.capture_builder import SECOND_NS
from support.exchange import MILLISECOND, Exchange
from tcpflow_analyzer.observer.stream_analysis import _scale

_GAPS_MS = (0.1, 0.5, 1, 2, 4, 15, 25, 50, 200)


class _Talk:
    """One connection and what its ends would send next."""

    def __init__(self, exchange: Exchange, source: random.Random) -> None:
        self.exchange = exchange
        self.random = source
        self.next = {True: 1, False: 1}
        self.acknowledged = {True: 1, False: 1}
        self.window = {True: 1000, False: 1000}

    def open(self) -> None:
        """A three-way handshake, with window scaling or without."""
        scale = self.random.choice([-1, 2, 7])
        answer = scale if self.random.random() < 0.8 else -1
        exchange = self.exchange
        exchange(">", "S", 0, scale=scale)
        exchange("<", "SA", 0, 1, after_ns=self.random.choice([1, 5, 30]) * MILLISECOND,
                 scale=answer)  # fmt: skip
        exchange(">", "A", 1, 1)
        exchange.connection.syn_time_ns = exchange.connection.first_time_ns
        exchange.connection.ack_time_ns = exchange.connection.last_time_ns

    def step(self) -> None:
        """One segment, or one that the capture missed."""
        side = self.random.random() < 0.6
        kind = self.random.random()
        after_ns = int(self.random.choice(_GAPS_MS) * MILLISECOND)
        if self.random.random() < 0.1:
            self.window[side] = self.random.choice([0, 1000, 1001, 500, 100])
        acknowledgement = self.acknowledged[not side]
        if self.random.random() < 0.5:
            acknowledgement = self.next[not side]
        if self.random.random() < 0.05:
            acknowledgement = self.next[not side] + self.random.choice([1, 50, 100])
        self.acknowledged[not side] = max(self.acknowledged[not side], acknowledgement)
        sequence, length, letters = self._choose(side, kind)
        if letters:
            self.exchange(
                ">" if side else "<", letters, sequence, acknowledgement, length,
                0 if "R" in letters else self.window[side], after_ns,
            )  # fmt: skip

    def _choose(self, side: bool, kind: float) -> tuple[int, int, str]:
        """Offset, payload and control bits of the next segment; "" for one that was missed."""
        after = self.next[side]
        if kind < 0.3:
            length = self.random.choice([1, 50, 100, 100, 100])
            self.next[side] += length
            return after, length, "A"
        if kind < 0.6:
            return after, 0, "A"
        if kind < 0.7:
            self.next[side] += self.random.choice([50, 100])
            return 0, 0, ""
        if kind < 0.85:
            sequence = max(1, after - self.random.choice([1, 50, 100, 150, 200]))
            return sequence, self.random.choice([1, 50, 100, 150]), "A"
        if kind < 0.9:
            return after - 1, self.random.choice([0, 1]), "A"
        if kind < 0.94:
            return self._to_the_edge(side)
        if kind < 0.98:
            return after, self.random.choice([0, 10]), "FA"
        return after, 0, "RA"

    def _to_the_edge(self, side: bool) -> tuple[int, int, str]:
        """Fill the peer's window, if that takes no more than an ordinary segment."""
        sender = self.exchange.connection.endpoint(side)
        peer = self.exchange.connection.endpoint(not side)
        scale = max(int(_scale(sender, peer)), 0)
        edge = self.acknowledged[side] + (self.window[not side] << scale)
        length = edge - self.next[side]
        if not 0 < length < 1400:
            return self.next[side], 0, "A"
        self.next[side] = edge
        return edge - length, length, "A"


def random_exchanges(seed: int, count: int) -> list[Exchange]:
    """Exchanges on ports of their own, one after the other in time."""
    source = random.Random(seed)
    exchanges = []
    for number in range(count):
        exchange = Exchange(1024 + number).at((1_000 + 100 * number) * SECOND_NS)
        talk = _Talk(exchange, source)
        if source.random() < 0.8:
            talk.open()
        for _ in range(source.randrange(5, 30)):
            talk.step()
        exchanges.append(exchange)
    return exchanges
