"""The same octets sent twice with different content (SQ011).

Compiled: yes

A capture is read once and payload is not kept, so only the first 16 octets of each end's newest
data are remembered: of what is sent again that is what a forged answer differs in, and what a
sender that changes its mind sends again. docs/differences.md says what this does not see.
"""

from librt.strings import BytesWriter, read_i64_le, write_i64_le
from mypy_extensions import i64

from tcpflow_analyzer.decode.segment import Segment
from tcpflow_analyzer.table.analysis import Watch
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.endpoint import Endpoint
from tcpflow_analyzer.table.stream_observation import OVERLAP_CONFLICT


def keep_excerpt(sender: Endpoint, segment: Segment, sequence: i64) -> None:
    """Remember how the newest data of an end begins.

    Args:
        sender: of the segment.
        segment: with payload beyond everything sent before.
        sequence: SEG.SEQ as an offset in the sender's stream.
    """
    captured = segment.payload_captured
    if captured < 8:
        sender.excerpt_len = 0
        return
    start = segment.payload_start
    sender.excerpt_at = sequence
    sender.excerpt_frame = segment.frame
    sender.excerpt_first = read_i64_le(segment.buffer, start)
    if captured < 16:
        sender.excerpt_len = 8
        return
    sender.excerpt_len = 16
    sender.excerpt_second = read_i64_le(segment.buffer, start + 8)


def compare_excerpt(
    connection: Connection, sender: Endpoint, watch: Watch, segment: Segment, sequence: i64
) -> None:
    """Note a copy that begins as the newest data does, and goes on differently.

    Args:
        connection: of the segment.
        sender: of the segment. watch: of what it sends.
        segment: with payload that was sent before.
        sequence: SEG.SEQ as an offset in the sender's stream.
    """
    captured = segment.payload_captured
    if sender.excerpt_len == 0 or sequence != sender.excerpt_at or captured < 8:
        return
    start = segment.payload_start
    octets: i64 = 8
    differs = read_i64_le(segment.buffer, start) != sender.excerpt_first
    if sender.excerpt_len == 16 and captured >= 16:
        octets = 16
        differs = differs or read_i64_le(segment.buffer, start + 8) != sender.excerpt_second
    if not differs:
        return
    if len(watch.conflict_first) == 0:
        watch.conflict_first = _excerpt(sender, octets)
        watch.conflict_again = segment.buffer[start : start + octets]
    connection.note(
        OVERLAP_CONFLICT,
        sender.is_originator,
        segment.frame,
        segment.time_ns,
        sequence,
        octets,
        sender.excerpt_frame,
    )


def _excerpt(sender: Endpoint, octets: i64) -> bytes:
    writer = BytesWriter()
    write_i64_le(writer, sender.excerpt_first)
    if octets > 8:
        write_i64_le(writer, sender.excerpt_second)
    return writer.getvalue()
