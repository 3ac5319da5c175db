"""Puts the fragments of IP datagrams together.

Compiled: yes

Rules: as at the receiver, a datagram exists when its last missing fragment arrives, so the frame
that completes it is the one that carries the segment, with the lengths of the whole; all others are
fragments only. Octets that a snapshot length cut are filled with zeros and count as not captured.
Where fragments overlap, the octets that came first stay. Memory and time are bounded as in Linux.
"""

from typing import Final

from mypy_extensions import i64

# Linux net/ipv4/ip_fragment.c: IP_FRAG_TIME and the default of ipfrag_high_thresh, which counts the
# kernel's own structures too (settings.max_fragment_octets); what a piece costs here was estimated,
# not measured.
MAX_AGE_NS: Final = 30_000_000_000
MAX_OCTETS: Final = 4 << 20
PIECE_OCTETS: Final = 256
DATAGRAM_OCTETS: Final = 1024  # of the limit: one datagram is allowed for each
MAX_PIECES: Final = 512
MAX_DATAGRAM_LEN: Final = 65535


class Datagram:
    """What has come of one datagram.

    Attributes:
        first_ns: capture time of its first fragment, nanoseconds since the epoch.
        total_len: octets of the datagram, or -1 as long as its last fragment is missing.
        octets: the captured octets kept, and PIECE_OCTETS for each piece.
        protocol: what the datagram carries, or -1 until its first fragment is there.
        starts, lengths, pieces: offset, length on the wire and captured octets of each fragment.
        frames: numbers of the frames that brought them, and copies of them.
    """

    def __init__(self, first_ns: i64) -> None:
        """Begin a datagram."""
        self.first_ns: i64 = first_ns
        self.total_len: i64 = -1
        self.octets: i64 = 0
        self.protocol: i64 = -1
        self.starts: list[int] = []
        self.lengths: list[int] = []
        self.pieces: list[bytes] = []
        self.frames: list[int] = []


class Fragments:
    """Datagrams that are not complete yet.

    Attributes:
        left_out: datagrams given up because of a limit or their age.
        total_len: octets of the datagram that `add` completed, as sent.
        captured_len: how many of them, from the first on, were captured without a gap.
        protocol: what it carries.
        frames: the frames that it came in, the newest last.
    """

    def __init__(self, most_octets: i64 = MAX_OCTETS) -> None:
        """Hold nothing, and never more than so many octets and a datagram for each 1024."""
        self._most_octets: i64 = most_octets
        self._most_datagrams: i64 = most_octets // DATAGRAM_OCTETS
        self._datagrams: dict[bytes, Datagram] = {}
        self._octets: i64 = 0
        self.left_out: i64 = 0
        self.total_len: i64 = 0
        self.captured_len: i64 = 0
        self.protocol: i64 = 0
        self.frames: list[int] = []

    def add(
        self,
        key: bytes,
        frame: i64,
        time_ns: i64,
        fragment_at: i64,
        wire_len: i64,
        more: bool,
        protocol: i64,
        piece: bytes,
    ) -> bytes:
        """Take one fragment.

        Args:
            key: what tells datagrams apart: addresses, identification, protocol, tunnels.
            frame: number of its frame.
            time_ns: capture time, nanoseconds since the epoch.
            fragment_at: offset in the datagram, octets.
            wire_len: octets of the fragment as sent.
            more: whether it says that more fragments follow.
            protocol: what the fragment says that the datagram carries.
            piece: the captured octets, at most `wire_len`.

        Returns:
            The octets of the datagram if this fragment completes it, else b"".
        """
        if fragment_at + wire_len > MAX_DATAGRAM_LEN or wire_len <= 0:
            return b""
        self._expire(time_ns)
        datagram = self._datagrams.get(key)
        if datagram is None:
            datagram = Datagram(time_ns)
            self._datagrams[key] = datagram
        if not more and datagram.total_len < 0:
            datagram.total_len = fragment_at + wire_len
        if fragment_at == 0:
            datagram.protocol = protocol
        if len(datagram.frames) < MAX_PIECES:
            datagram.frames.append(frame)
        if len(datagram.starts) < MAX_PIECES and not _has_piece(datagram, fragment_at, wire_len):
            datagram.starts.append(fragment_at)
            datagram.lengths.append(wire_len)
            datagram.pieces.append(piece)
            datagram.octets += PIECE_OCTETS + len(piece)
            self._octets += PIECE_OCTETS + len(piece)
        if datagram.total_len < 0 or not _is_complete(datagram):
            return b""
        del self._datagrams[key]
        self._octets -= datagram.octets
        return self._put_together(datagram)

    def lost(self) -> i64:
        """Datagrams of which no fragment came any more before they were complete, so far."""
        return self.left_out + len(self._datagrams)

    def _put_together(self, datagram: Datagram) -> bytes:
        """Copy the pieces to their places, the one that came first last, so that it stays."""
        self.total_len = datagram.total_len
        self.protocol = datagram.protocol
        self.frames = datagram.frames
        whole = bytearray(datagram.total_len)
        for index in range(len(datagram.starts) - 1, -1, -1):
            start = datagram.starts[index]
            piece = datagram.pieces[index]
            room = datagram.total_len - start
            if room > 0:
                taken = piece[:room]
                whole[start : start + len(taken)] = taken
        self.captured_len = _captured_len(datagram)
        return bytes(whole)

    def _expire(self, time_ns: i64) -> None:
        """Give up datagrams that are too old, and the oldest ones while there are too many.

        A dict keeps the order in which datagrams began, so the oldest is the first.
        """
        while len(self._datagrams) > 0:
            key = next(iter(self._datagrams))
            datagram = self._datagrams[key]
            if (
                time_ns - datagram.first_ns <= MAX_AGE_NS
                and len(self._datagrams) < self._most_datagrams
                and self._octets < self._most_octets
            ):
                return
            del self._datagrams[key]
            self._octets -= datagram.octets
            self.left_out += 1


def _has_piece(datagram: Datagram, start: i64, length: i64) -> bool:
    """Whether a fragment of the same place and length is there, as in a doubled capture."""
    for index in range(len(datagram.starts)):
        if datagram.starts[index] == start and datagram.lengths[index] == length:
            return True
    return False


def _is_complete(datagram: Datagram) -> bool:
    """Whether the fragments cover the datagram without a hole."""
    reached: i64 = 0
    for start, length in sorted(zip(datagram.starts, datagram.lengths, strict=True)):
        if start > reached:
            return False
        end: i64 = start + length
        reached = max(reached, end)
    return reached >= datagram.total_len


def _captured_len(datagram: Datagram) -> i64:
    """Octets from the start of the datagram that were captured without a gap."""
    reached: i64 = 0
    pieces = sorted(zip(datagram.starts, [len(piece) for piece in datagram.pieces], strict=True))
    for start, length in pieces:
        if start > reached:
            break
        end: i64 = start + length
        reached = max(reached, end)
    return reached if reached < datagram.total_len else datagram.total_len
