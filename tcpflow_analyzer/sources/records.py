"""Finds the frames in the octets of a pcap or pcapng file.

Compiled: yes

Rules: blocks of any size go in (`feed`), one frame at a time comes out (`advance`), nothing is
opened here and no octets raise. A frame is given as a place in `buffer`; only a record that
straddles two blocks is copied, once. What the file claims is checked where it is read: a length
that cannot be true ends the walk with `error` and `error_offset`, the frames before it stand.

Formats: pcap as in draft-ietf-opsawg-pcap, with libpcap's older variants (sf-pcap.c); pcapng as in
draft-ietf-opsawg-pcapng.
"""

from typing import Final

from librt.strings import (
    read_i16_be,
    read_i16_le,
    read_i32_be,
    read_i32_le,
    read_i64_be,
    read_i64_le,
)
from mypy_extensions import i64

# How the octets are laid out; what `_layout` holds.
UNKNOWN: Final = 0
PCAP_LITTLE: Final = 1
PCAP_BIG: Final = 2
PCAP_SWAPPED: Final = 3  # pcap whose records may have the two lengths the wrong way round
PCAPNG: Final = 4
STOPPED: Final = 5

# What a step of the slow path found.
MORE: Final = 0  # feed another block
AGAIN: Final = 1  # nothing to show, go on
FRAME: Final = 2
CLOCK: Final = 3

U16: Final = 0xFFFF
U32: Final = 0xFFFF_FFFF
NANOSECONDS: Final = 1_000_000_000

# Times are kept below 2**62 so that a caller can say "any time" with 2**62 itself.
TIME_LIMIT: Final = (1 << 62) - 1

PCAP_MICRO: Final = 0xA1B2C3D4
PCAP_NANO: Final = 0xA1B23C4D
PCAP_MODIFIED: Final = 0xA1B2CD34  # Alexey Kuznetsov's patches: 8 more octets a record
SECTION_HEADER: Final = 0x0A0D0D0A
BYTE_ORDER: Final = 0x1A2B3C4D

# libpcap MAXIMUM_SNAPLEN and Wireshark WTAP_MAX_PACKET_SIZE_STANDARD.
FRAME_LIMIT: Final = 262_144
# libpcap max_snaplen_for_dlt: D-Bus messages and USB transfers may be that long.
LONG_FRAME_LIMIT: Final = 128 * 1024 * 1024
LONG_FRAME_LINK_TYPES: Final = (186, 189, 220, 231, 249)
# No block is believed to be longer. Of one longer than HEAD_LIMIT only the frame is held in memory,
# or so much of the options.
BLOCK_LIMIT: Final = 256 * 1024 * 1024
HEAD_LIMIT: Final = 1024 * 1024
# Not in any specification: an interface is a few octets in a file and an object here.
INTERFACE_LIMIT: Final = 65_536
NAME_LIMIT: Final = 255  # octets of an interface's name; Linux has 15, Windows 60
COUNT_LIMIT: Final = 1 << 46  # of dropped frames; INTERFACE_LIMIT times this is below 2**63

INTERFACE_BLOCK: Final = 1
PACKET_BLOCK: Final = 2  # obsolete, before 2009
SIMPLE_PACKET_BLOCK: Final = 3
STATISTICS_BLOCK: Final = 5
ENHANCED_PACKET_BLOCK: Final = 6

OPTION_IF_NAME: Final = 2
OPTION_IF_TSRESOL: Final = 9
OPTION_IF_TSOFFSET: Final = 14
OPTION_ISB_IFDROP: Final = 5
OPTION_ISB_OSDROP: Final = 7
OPTION_SHB_USERAPPL: Final = 4

# Who writes clock records: statistics blocks that say how far a live capture has come. Those of
# others are no clock: they are copied along when times are shifted or packets are left out.
CLOCK_WRITER: Final = b"tcpflow-analyzer"


def unsigned_32(data: bytes, offset: i64, big: bool) -> i64:
    """Read four octets at `offset`, which must lie inside `data`."""
    if big:
        return i64(read_i32_be(data, offset)) & U32
    return i64(read_i32_le(data, offset)) & U32


def unsigned_16(data: bytes, offset: i64, big: bool) -> i64:
    """Read two octets at `offset`, which must lie inside `data`."""
    if big:
        return i64(read_i16_be(data, offset)) & U16
    return i64(read_i16_le(data, offset)) & U16


def frame_limit(link_type: i64) -> i64:
    """Octets that a frame of this link type can have; more means that the file is damaged."""
    return LONG_FRAME_LIMIT if link_type in LONG_FRAME_LINK_TYPES else FRAME_LIMIT


def counter_64(data: bytes, offset: i64, big: bool) -> i64:
    """Read eight octets as a count; what does not fit into 63 bits becomes the largest count."""
    value: i64 = read_i64_be(data, offset) if big else read_i64_le(data, offset)
    return value if value >= 0 else TIME_LIMIT


class Interface:
    """One capture interface of a file.

    Attributes:
        link_type: LINKTYPE_ number.
        offset: of that number, in octets of the uncompressed file.
        name: what the file calls it; "" where it does not say (always for pcap).
        snaplen: most octets kept of a frame, 0 for no limit.
        binary: whether a second has 2**`exponent` units of time, otherwise 10**`exponent`.
        exponent: see `binary`; 6 means microseconds.
        offset_s: seconds to add to every time stamp.
        drops: frames that the interface or the system lost, by the file's own last count; -1
            where it does not say.
    """

    def __init__(self, link_type: i64, snaplen: i64, offset: i64) -> None:
        """Describe an interface with microsecond times and no name."""
        self.link_type: i64 = link_type
        self.offset: i64 = offset
        self.name: str = ""
        self.snaplen: i64 = snaplen
        self.binary: bool = False
        self.exponent: i64 = 6
        self.offset_s: i64 = 0
        self.drops: i64 = -1

    def nanoseconds(self, high: i64, low: i64) -> i64:
        """Turn a 64-bit time stamp, given as two 32-bit halves, into nanoseconds since the epoch.

        Times before the epoch become 0, those beyond `TIME_LIMIT` become it.
        """
        if high > 0x7FFF_FFFF:
            return TIME_LIMIT
        ticks: i64 = high * 4_294_967_296 + low
        seconds: i64
        fraction: i64
        if self.binary:
            exponent: i64 = self.exponent
            if exponent > 62:
                ticks = ticks >> min(exponent - 62, 62)
                exponent = 62
            seconds = ticks >> exponent
            # Not by a mask made from the literal 1: compiled, that shifts in 32 bits.
            fraction = ticks - (seconds << exponent)
            if exponent > 30:
                fraction = fraction >> (exponent - 30)
                exponent = 30
            fraction = (fraction * NANOSECONDS) >> exponent
        else:
            per_second: i64 = 1
            places: i64 = self.exponent
            while places > 18:
                ticks = ticks // 10
                places -= 1
            for _ in range(places):
                per_second *= 10
            seconds = ticks // per_second
            fraction = ticks - seconds * per_second
            if places > 9:
                for _ in range(places - 9):
                    fraction = fraction // 10
            else:
                for _ in range(9 - places):
                    fraction *= 10
        # Both are below 2**63 / 10**9 in size here or the sum is clamped before it is multiplied.
        limit: i64 = TIME_LIMIT // NANOSECONDS
        if seconds > 2 * limit:
            return TIME_LIMIT
        seconds += self.offset_s
        if seconds < 0:
            return 0
        if seconds >= limit:
            return TIME_LIMIT
        return seconds * NANOSECONDS + fraction


class RecordWalk:
    """Finds the frames in the octets of one pcap or pcapng file, fed in blocks of any size.

    Attributes, all of the current frame, valid from an `advance` that gave True to the next one:
        buffer: octets that hold the frame at `start`, `captured_len` of them.
        wire_len: octets of the frame on the wire, never less than `captured_len`.
        time_ns: nanoseconds since the epoch, 0 to `TIME_LIMIT`.
        link_type: LINKTYPE_ number, without the bits that tell of a frame check sequence.
        interface: index into `interfaces`.

    Attributes of the file:
        name: what messages call the file.
        frames: frames found so far, the held one included.
        format: "pcap", "pcapng", or "" as long as the file header was not read.
        interfaces: those described so far; the indices count on over sections.
        drops: frames lost at all interfaces, by the file's own last counts; -1 where none is there.
        error: "" while all is well, else one line that says what is wrong.
        error_offset: where, in octets from the start of the (uncompressed) file.
        damaged: whether `error` is set.
        truncated: whether the file merely ends in the middle of a record.
    """

    def __init__(self, name: str) -> None:
        """Start before the first octet of the file called `name`."""
        self.name: str = name
        self.buffer: bytes = b""
        self.start: i64 = 0
        self.captured_len: i64 = 0
        self.wire_len: i64 = 0
        self.time_ns: i64 = 0
        self.link_type: i64 = 0
        self.interface: i64 = 0
        self.frames: i64 = 0
        self.format: str = ""
        self.interfaces: list[Interface] = []
        self.drops: i64 = -1
        self.error: str = ""
        self.error_offset: i64 = 0
        self.damaged: bool = False
        self.truncated: bool = False
        self._layout: i64 = UNKNOWN
        self._held: bool = False
        # The octets not yet walked over: buffer[_position:_length], then _next[_next_position:];
        # or, while a record waits for its end, all of _parts.
        self._position: i64 = 0
        self._length: i64 = 0
        self._base: i64 = 0  # offset in the file of buffer[0]
        self._next: bytes = b""
        self._next_position: i64 = 0
        self._parts: list[bytes] = []
        self._parts_len: i64 = 0
        self._needed: i64 = 4  # octets of the record that was not complete
        # pcap
        self._header_len: i64 = 16
        self._fraction_ns: i64 = 1000
        self._frame_limit: i64 = FRAME_LIMIT
        self._big: bool = False
        # pcapng
        self._section_base: i64 = 0
        self._skip: i64 = 0
        self._trailer: i64 = -1
        self._block_offset: i64 = 0
        self._has_clock: bool = False
        self._clock_ns: i64 = -1
        # The interface of the last enhanced packet, if its times are simple; see _advance_quickly.
        self._usual_number: i64 = -1
        self._usual_high: i64 = 0
        self._usual_factor: i64 = 1
        self._usual_link_type: i64 = 0

    @property
    def held(self) -> bool:
        """Whether the current frame is given again by the next `advance`."""
        return self._held

    def hold(self) -> None:
        """Give the current frame again at the next `advance`; only after one that gave True."""
        self._held = True

    def take_clock(self) -> i64:
        """Give the time of the clock record at which `advance` stopped; go on with `advance`.

        Returns:
            Nanoseconds since the epoch: until then the capture went on. -1: there was none, so
            that `feed` is next.
        """
        clock_ns: i64 = self._clock_ns
        self._clock_ns = -1
        return clock_ns

    def feed(self, block: bytes) -> None:
        """Take the next octets of the file."""
        block_len: i64 = len(block)
        if block_len == 0 or self._layout == STOPPED:
            return
        if self._parts_len > 0:
            self._parts.append(block)
            self._parts_len += block_len
        elif self._next_position < len(self._next):
            self._next = self._next[self._next_position :] + block
            self._next_position = 0
        elif self._position < self._length or self._held:
            self._next = block
            self._next_position = 0
        else:
            self._base += self._length
            self.buffer = block
            self._length = block_len
            self._position = 0

    def advance(self) -> bool:
        """Make the next frame current.

        Returns:
            True: the frame's attributes are set. False: there is a clock record (`take_clock`), or
            more has to be fed, or the walk has ended.
        """
        if self._held:
            self._held = False
            return True
        if self._layout == PCAP_LITTLE:
            position: i64 = self._position
            start: i64 = position + self._header_len
            if start <= self._length:
                data = self.buffer
                captured: i64 = i64(read_i32_le(data, position + 8)) & U32
                if captured <= self._frame_limit and start + captured <= self._length:
                    wire: i64 = i64(read_i32_le(data, position + 12)) & U32
                    seconds: i64 = i64(read_i32_le(data, position)) & U32
                    fraction: i64 = i64(read_i32_le(data, position + 4)) & U32
                    # At most 2**32 * 10**9 + 2**32 * 1000, which is below 2**62.
                    self.time_ns = seconds * NANOSECONDS + fraction * self._fraction_ns
                    self.start = start
                    self.captured_len = captured
                    self.wire_len = wire if wire > captured else captured
                    self._position = start + captured
                    self.frames += 1
                    return True
        elif self._layout == PCAPNG and self._advance_quickly():
            return True
        return self._advance_slowly()

    def _advance_quickly(self) -> bool:
        """Take the usual pcapng frame: an enhanced packet of the same interface as the last one.

        Whatever is not as usual is left untouched for `_read_block`, which judges it.
        """
        position: i64 = self._position
        if self._big or self._trailer >= 0 or position + 32 > self._length:
            return False
        data = self.buffer
        if i64(read_i32_le(data, position)) != ENHANCED_PACKET_BLOCK:
            return False
        length: i64 = i64(read_i32_le(data, position + 4)) & U32
        number: i64 = i64(read_i32_le(data, position + 8)) & U32
        high: i64 = i64(read_i32_le(data, position + 12)) & U32
        low: i64 = i64(read_i32_le(data, position + 16)) & U32
        captured: i64 = i64(read_i32_le(data, position + 20)) & U32
        wire: i64 = i64(read_i32_le(data, position + 24)) & U32
        end: i64 = position + length
        if end > self._length or captured + 32 > length or number != self._usual_number:
            return False
        if captured > FRAME_LIMIT:
            return False
        # Below 2**62 by `_usual_high`, since `_usual_factor` is 10**9 at most.
        if length & 3 != 0 or high >= self._usual_high:
            return False
        if i64(read_i32_le(data, end - 4)) & U32 != length:
            return False
        self.time_ns = (high * 4_294_967_296 + low) * self._usual_factor
        self.link_type = self._usual_link_type
        self.interface = self._section_base + number
        self.start = position + 28
        self.captured_len = captured
        self.wire_len = wire if wire > captured else captured
        self._position = end
        self.frames += 1
        return True

    def finish(self) -> None:
        """Say that no more octets follow; call it when `advance` has given False.

        What is left over is a record that was cut: then `error` and `truncated` are set.
        """
        if self._layout == STOPPED:
            return
        rest: i64 = self._rest_len()
        if rest > 0 or self._skip > 0 or self._trailer >= 0:
            self.truncated = True
            self._stop(self._cut_message(rest), self._block_offset_at_end())
        elif self._layout == UNKNOWN:
            self._stop("the file is empty", 0)

    def stop(self, message: str) -> None:
        """End the walk behind the last octet fed: the source cannot give what follows.

        Args:
            message: one line for `error`; `truncated` is set.
        """
        if self._layout != STOPPED:
            self.truncated = True
            self._stop(message, self._offset() + self._rest_len())

    # -- slow path: file headers, block changes, all but the usual pcap ----------------------

    def _advance_slowly(self) -> bool:
        if 0 < self._parts_len < self._needed:  # or each block would copy all those before
            return False
        while True:
            layout: i64 = self._layout
            if layout == STOPPED:
                return False
            if layout == UNKNOWN:
                outcome: i64 = self._read_file_header()
            elif layout == PCAPNG:
                outcome = self._read_block()
            else:
                outcome = self._read_record()
            if outcome == FRAME:
                return True
            if outcome == CLOCK:
                return False
            if outcome == MORE and self._layout != STOPPED:
                return False

    def _have(self, needed: i64) -> bool:
        """Whether `needed` octets lie at `_position` in one piece, joining blocks for it."""
        if self._parts_len == 0 and self._position + needed <= self._length:
            return True
        self._needed = needed
        if self._parts_len > 0:
            return self._join_parts(needed)
        return self._join_next(needed)

    def _join_parts(self, needed: i64) -> bool:
        if self._parts_len < needed:
            return False
        last = self._parts.pop()
        before: i64 = self._parts_len - len(last)
        # Of the last block only what completes the record is copied.
        taken: i64 = max(needed - before, 0)
        self._parts.append(last[:taken])
        self._set_buffer(b"".join(self._parts), self._base)
        self._next = last
        self._next_position = taken
        self._parts = []
        self._parts_len = 0
        return True

    def _join_next(self, needed: i64) -> bool:
        offset: i64 = self._base + self._position
        rest: i64 = self._length - self._position
        next_len: i64 = len(self._next) - self._next_position
        if rest == 0 and next_len > 0:
            self._base = offset - self._next_position
            self.buffer = self._next
            self._position = self._next_position
            self._length = len(self._next)
            self._next = b""
            self._next_position = 0
            if next_len >= needed:
                return True
            rest = next_len
            next_len = 0
        if rest + next_len >= needed:
            taken: i64 = self._next_position + needed - rest
            joined = self.buffer[self._position :] + self._next[self._next_position : taken]
            self._set_buffer(joined, offset)
            self._next_position = taken
            return True
        self._set_aside(offset, rest, next_len)
        return False

    def _set_aside(self, offset: i64, rest: i64, next_len: i64) -> None:
        """Keep what there is of an unfinished record until more comes."""
        if rest > 0:
            self._parts.append(self.buffer[self._position :])
        if next_len > 0:
            self._parts.append(self._next[self._next_position :])
        self._parts_len = rest + next_len
        self._next = b""
        self._next_position = 0
        self._set_buffer(b"", offset)

    def _set_buffer(self, data: bytes, offset: i64) -> None:
        self.buffer = data
        self._base = offset
        self._position = 0
        self._length = len(data)

    def _rest_len(self) -> i64:
        in_next: i64 = len(self._next) - self._next_position
        return self._parts_len + self._length - self._position + in_next

    def _offset(self) -> i64:
        return self._base + self._position

    def _block_offset_at_end(self) -> i64:
        if self._skip > 0 or self._trailer >= 0:
            return self._block_offset
        return self._offset()

    def _cut_message(self, rest: i64) -> str:
        if self._skip > 0 or self._trailer >= 0:
            present: i64 = self._offset() + rest - self._block_offset
            return f"block is cut: {present} of {self._block_len()} octets"
        if self._layout == UNKNOWN:
            return f"file header is cut: {rest} of {self._needed} octets"
        what = "block" if self._layout == PCAPNG else "record"
        return f"{what} is cut: {rest} of {self._needed} octets"

    def _block_len(self) -> i64:
        return self._trailer

    def _stop(self, message: str, offset: i64) -> i64:
        self.error = message
        self.error_offset = offset
        self.damaged = True
        self._layout = STOPPED
        self._parts = []
        self._parts_len = 0
        self._next = b""
        self._next_position = 0
        return MORE

    # -- pcap --------------------------------------------------------------------------------

    def _read_file_header(self) -> i64:
        if not self._have(4):
            return MORE
        little = unsigned_32(self.buffer, self._position, False)
        if little == SECTION_HEADER:
            self._layout = PCAPNG
            return AGAIN
        magic = little
        big = False
        if magic not in (PCAP_MICRO, PCAP_NANO, PCAP_MODIFIED):
            magic = unsigned_32(self.buffer, self._position, True)
            big = True
        if magic not in (PCAP_MICRO, PCAP_NANO, PCAP_MODIFIED):
            found = self.buffer[self._position : self._position + 4].hex(" ")
            return self._stop(f"not a capture: starts with the octets {found}", 0)
        if not self._have(24):
            return MORE
        self._start_pcap(magic, big)
        self._position += 24
        return AGAIN

    def _start_pcap(self, magic: i64, big: bool) -> None:
        data = self.buffer
        position: i64 = self._position
        major = unsigned_16(data, position + 4, big)
        minor = unsigned_16(data, position + 6, big)
        snaplen = unsigned_32(data, position + 16, big)
        # The upper bits say how long the frame check sequence is, draft section 4.
        self.link_type = unsigned_32(data, position + 20, big) & U16
        self.format = "pcap"
        self._big = big
        self._layout = PCAP_BIG if big else PCAP_LITTLE
        # libpcap sf-pcap.c lengths_swapped: 2.3 and before, and DG/UX's 543.0.
        if (major == 2 and minor <= 3) or (major == 543 and minor == 0):
            self._layout = PCAP_SWAPPED
        self._header_len = 24 if magic == PCAP_MODIFIED else 16
        self._fraction_ns = 1 if magic == PCAP_NANO else 1000
        self._frame_limit = frame_limit(self.link_type)
        interface = Interface(self.link_type, snaplen, self._offset() + 20)
        interface.exponent = 9 if magic == PCAP_NANO else 6
        self.interfaces.append(interface)

    def _read_record(self) -> i64:
        header_len: i64 = self._header_len
        if not self._have(header_len):
            return MORE
        big = self._big
        captured = unsigned_32(self.buffer, self._position + 8, big)
        wire = unsigned_32(self.buffer, self._position + 12, big)
        if self._layout == PCAP_SWAPPED and captured > wire:
            captured, wire = wire, captured
        if captured > self._frame_limit:
            return self._stop_long_frame("record", captured, self._frame_limit)
        if not self._have(header_len + captured):
            return MORE
        position: i64 = self._position
        seconds = unsigned_32(self.buffer, position, big)
        fraction = unsigned_32(self.buffer, position + 4, big)
        self.time_ns = seconds * NANOSECONDS + fraction * self._fraction_ns
        self.start = position + header_len
        self.captured_len = captured
        self.wire_len = max(wire, captured)
        self._position = self.start + captured
        self.frames += 1
        return FRAME

    def _stop_long_frame(self, what: str, captured: i64, limit: i64) -> i64:
        return self._stop(
            f"{what} says that {captured} octets were captured; at most {limit} can be",
            self._offset(),
        )

    # -- pcapng ------------------------------------------------------------------------------

    def _read_block(self) -> i64:
        if self._skip > 0 or self._trailer >= 0:
            return self._skip_block()
        if not self._have(12):
            return MORE
        kind = unsigned_32(self.buffer, self._position, self._big)
        if kind == SECTION_HEADER and not self._read_byte_order():
            return MORE
        length = unsigned_32(self.buffer, self._position + 4, self._big)
        if length < 12 or length % 4 != 0 or length > BLOCK_LIMIT:
            return self._stop(f"block says that it is {length} octets long", self._offset())
        if kind not in (
            ENHANCED_PACKET_BLOCK,
            INTERFACE_BLOCK,
            SIMPLE_PACKET_BLOCK,
            PACKET_BLOCK,
            STATISTICS_BLOCK,
            SECTION_HEADER,
        ):
            self._block_offset = self._offset()
            self._skip = length - 12
            self._trailer = length
            self._position += 8
            return AGAIN
        if length > HEAD_LIMIT:
            return self._read_long_block(kind, length)
        if not self._have(length):
            return MORE
        trailer = unsigned_32(self.buffer, self._position + length - 4, self._big)
        if trailer != length:
            return self._stop(
                f"block starts with the length {length} and ends with the length {trailer}",
                self._offset(),
            )
        outcome = self._read_known_block(kind, length, length - 4)
        self._position += length
        return outcome

    def _read_long_block(self, kind: i64, length: i64) -> i64:
        """Read the beginning of a block and pass over the rest; its end is checked afterwards."""
        head_len: i64 = HEAD_LIMIT
        if kind in (ENHANCED_PACKET_BLOCK, PACKET_BLOCK, SIMPLE_PACKET_BLOCK):
            if not self._have(28):
                return MORE
            head_len = self._packet_head_len(kind, length)
        if not self._have(head_len):
            return MORE
        self._block_offset = self._offset()
        outcome = self._read_known_block(kind, length, head_len)
        if self._layout != STOPPED:
            self._position += head_len
            self._skip = length - head_len - 4
            self._trailer = length
        return outcome

    def _skip_block(self) -> i64:
        """Pass over a block of unknown type without keeping its octets."""
        while self._skip > 0:
            if not self._have(1):
                return MORE
            step: i64 = min(self._skip, self._length - self._position)
            self._position += step
            self._skip -= step
        if not self._have(4):
            return MORE
        trailer = unsigned_32(self.buffer, self._position, self._big)
        length: i64 = self._trailer
        self._trailer = -1
        if trailer != length:
            return self._stop(
                f"block starts with the length {length} and ends with the length {trailer}",
                self._block_offset,
            )
        self._position += 4
        return AGAIN

    def _packet_head_len(self, kind: i64, length: i64) -> i64:
        """Octets of a packet block up to the end of its frame; of one too long, its header's."""
        start: i64 = 12
        number: i64 = 0
        captured: i64 = length - 16
        if kind != SIMPLE_PACKET_BLOCK:
            start = 28
            number = unsigned_32(self.buffer, self._position + 8, self._big)
            captured = min(unsigned_32(self.buffer, self._position + 20, self._big), length - 32)
        if kind == PACKET_BLOCK:
            number = unsigned_16(self.buffer, self._position + 8, self._big)
        index: i64 = self._section_base + number
        limit: i64 = FRAME_LIMIT
        if index < len(self.interfaces):
            limit = frame_limit(self.interfaces[index].link_type)
        if kind == SIMPLE_PACKET_BLOCK:  # it has no length of its own and may end in padding
            return start + min(captured, limit)
        return start + captured if captured <= limit else start

    def _read_known_block(self, kind: i64, length: i64, head_len: i64) -> i64:
        """Read a block of which `head_len` octets are here, all but its end if it is short."""
        if kind in (ENHANCED_PACKET_BLOCK, PACKET_BLOCK):
            return self._read_packet(kind, length)
        if kind == SIMPLE_PACKET_BLOCK:
            return self._read_simple_packet(length)
        if kind == INTERFACE_BLOCK:
            return self._read_interface(length, head_len)
        if kind == STATISTICS_BLOCK:
            return self._read_statistics(length, head_len)
        return self._read_section_header(length, head_len)

    def _read_byte_order(self) -> bool:
        if unsigned_32(self.buffer, self._position + 8, False) == BYTE_ORDER:
            self._big = False
        elif unsigned_32(self.buffer, self._position + 8, True) == BYTE_ORDER:
            self._big = True
        else:
            self._stop("section header has no byte-order magic", self._offset())
            return False
        return True

    def _read_section_header(self, length: i64, head_len: i64) -> i64:
        if length < 28:
            return self._stop(f"section header is {length} octets long", self._offset())
        major = unsigned_16(self.buffer, self._position + 12, self._big)
        if major != 1:
            return self._stop(f"section has the unknown version {major}", self._offset())
        self.format = "pcapng"
        self._section_base = len(self.interfaces)
        self._usual_number = -1
        self._has_clock = self._is_written_by_clock_writer(head_len)
        return AGAIN

    def _is_written_by_clock_writer(self, head_len: i64) -> bool:
        option: i64 = self._position + 24
        end: i64 = self._position + head_len
        while option + 4 <= end:
            code = unsigned_16(self.buffer, option, self._big)
            option_len = unsigned_16(self.buffer, option + 2, self._big)
            if code == 0 or option + 4 + option_len > end:
                break
            if code == OPTION_SHB_USERAPPL:
                value = self.buffer[option + 4 : option + 4 + option_len]
                return value.startswith(CLOCK_WRITER)
            option += 4 + ((option_len + 3) & ~3)
        return False

    def _read_packet(self, kind: i64, length: i64) -> i64:
        data = self.buffer
        position: i64 = self._position
        big = self._big
        if length < 32:
            return self._stop(f"packet block is {length} octets long", self._offset())
        number = unsigned_32(data, position + 8, big)
        if kind == PACKET_BLOCK:
            number = unsigned_16(data, position + 8, big)
        captured = unsigned_32(data, position + 20, big)
        wire = unsigned_32(data, position + 24, big)
        if captured > length - 32:
            return self._stop(
                f"packet block of {length} octets says that {captured} were captured",
                self._offset(),
            )
        index: i64 = self._section_base + number
        if index >= len(self.interfaces):
            return self._stop_unknown_interface(number)
        interface = self.interfaces[index]
        limit = frame_limit(interface.link_type)
        if captured > limit:
            return self._stop_long_frame("packet block", captured, limit)
        high = unsigned_32(data, position + 12, big)
        low = unsigned_32(data, position + 16, big)
        self.time_ns = interface.nanoseconds(high, low)
        if kind == ENHANCED_PACKET_BLOCK:
            self._note_usual(interface, number)
        return self._give(interface, index, position + 28, captured, wire)

    def _note_usual(self, interface: Interface, number: i64) -> None:
        """Prepare `_advance_quickly` for more frames of this interface, if it can take them."""
        self._usual_number = -1
        if interface.binary or interface.exponent > 9 or interface.offset_s != 0:
            return
        factor: i64 = 1
        for _ in range(9 - interface.exponent):
            factor *= 10
        self._usual_number = number
        self._usual_factor = factor
        # high * 2**32 + low stays below (high + 1) * 2**32, and that times factor below 2**62.
        self._usual_high = TIME_LIMIT // factor // 4_294_967_296
        self._usual_link_type = interface.link_type

    def _read_simple_packet(self, length: i64) -> i64:
        if length < 16:
            return self._stop(f"simple packet block is {length} octets long", self._offset())
        index: i64 = self._section_base
        if index >= len(self.interfaces):
            return self._stop_unknown_interface(0)
        interface = self.interfaces[index]
        wire = unsigned_32(self.buffer, self._position + 8, self._big)
        captured: i64 = min(wire, length - 16)
        if 0 < interface.snaplen < captured:
            captured = interface.snaplen
        limit = frame_limit(interface.link_type)
        if captured > limit:
            return self._stop_long_frame("simple packet block", captured, limit)
        # There is no time in this block: the time of the frame before is the best guess.
        return self._give(interface, index, self._position + 12, captured, wire)

    def _give(self, interface: Interface, index: i64, start: i64, captured: i64, wire: i64) -> i64:
        self.link_type = interface.link_type
        self.interface = index
        self.start = start
        self.captured_len = captured
        self.wire_len = max(wire, captured)
        self.frames += 1
        return FRAME

    def _stop_unknown_interface(self, number: i64) -> i64:
        described: i64 = len(self.interfaces) - self._section_base
        return self._stop(
            f"packet of interface {number}, but the section describes {described}", self._offset()
        )

    def _read_interface(self, length: i64, head_len: i64) -> i64:
        if length < 20:
            return self._stop(f"interface block is {length} octets long", self._offset())
        if len(self.interfaces) >= INTERFACE_LIMIT:
            return self._stop(
                f"more than {INTERFACE_LIMIT} interfaces are described", self._offset()
            )
        position: i64 = self._position
        link_type = unsigned_16(self.buffer, position + 8, self._big)
        snaplen = unsigned_32(self.buffer, position + 12, self._big)
        interface = Interface(link_type, snaplen, self._offset() + 8)
        option: i64 = position + 16
        end: i64 = position + head_len
        while option + 4 <= end:
            code = unsigned_16(self.buffer, option, self._big)
            option_len = unsigned_16(self.buffer, option + 2, self._big)
            if code == 0 or option + 4 + option_len > end:
                break
            self._read_interface_option(interface, code, option + 4, option_len)
            option += 4 + ((option_len + 3) & ~3)
        self.interfaces.append(interface)
        return AGAIN

    def _read_interface_option(
        self, interface: Interface, code: i64, start: i64, option_len: i64
    ) -> None:
        data = self.buffer
        if code == OPTION_IF_NAME:
            name = data[start : start + min(option_len, NAME_LIMIT)].decode("utf-8", "replace")
            interface.name = name.rstrip("\0")
        elif code == OPTION_IF_TSRESOL and option_len >= 1:
            resolution: i64 = data[start]
            interface.binary = resolution >= 0x80
            interface.exponent = resolution & 0x7F
        elif code == OPTION_IF_TSOFFSET and option_len >= 8:
            value: i64 = read_i64_be(data, start) if self._big else read_i64_le(data, start)
            # Beyond this every time is clamped anyway; sums must not wrap.
            interface.offset_s = max(min(value, TIME_LIMIT), -TIME_LIMIT)

    def _read_statistics(self, length: i64, head_len: i64) -> i64:
        if length < 24:
            return self._stop(f"statistics block is {length} octets long", self._offset())
        position: i64 = self._position
        index: i64 = self._section_base + unsigned_32(self.buffer, position + 8, self._big)
        if index >= len(self.interfaces):
            return AGAIN
        drops: i64 = -1
        option: i64 = position + 20
        end: i64 = position + head_len
        while option + 4 <= end:
            code = unsigned_16(self.buffer, option, self._big)
            option_len = unsigned_16(self.buffer, option + 2, self._big)
            if code == 0 or option + 4 + option_len > end:
                break
            is_drop = code in (OPTION_ISB_IFDROP, OPTION_ISB_OSDROP)
            if is_drop and option_len == 8:
                count = counter_64(self.buffer, option + 4, self._big)
                drops = min(max(drops, 0) + min(count, COUNT_LIMIT), COUNT_LIMIT)
            option += 4 + ((option_len + 3) & ~3)
        if drops >= 0:
            # The counts are since the start of the capture, so the last block has them all.
            before: i64 = max(self.interfaces[index].drops, 0)
            self.interfaces[index].drops = drops
            self.drops = max(self.drops, 0) + drops - before
        if not self._has_clock:
            return AGAIN
        high = unsigned_32(self.buffer, position + 12, self._big)
        low = unsigned_32(self.buffer, position + 16, self._big)
        self._clock_ns = self.interfaces[index].nanoseconds(high, low)
        return CLOCK
