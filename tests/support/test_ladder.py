"""The notation gives the frames and states it shows; tshark agrees on the octets."""

import shutil
import subprocess
from pathlib import Path

import pytest

from support.capture_builder import START_NS, Options, Segment, checksum, ethernet, packet, pcap
from support.ladder import Ladder, LadderError, Socket, capture, numbered
from tcpflow_analyzer.tcp.control_bits import ACK, SYN

FIGURE_7 = """
       TCP Peer A                                       TCP Peer B

   1.  CLOSED                                           CLOSED
   2.  SYN-SENT     --> <SEQ=100><CTL=SYN>              ...
   3.  SYN-RECEIVED <-- <SEQ=300><CTL=SYN>              <-- SYN-SENT
   4.               ... <SEQ=100><CTL=SYN>              --> SYN-RECEIVED
   5.  SYN-RECEIVED --> <SEQ=100><ACK=301><CTL=SYN,ACK> ...
   6.  ESTABLISHED  <-- <SEQ=300><ACK=101><CTL=SYN,ACK> <-- SYN-RECEIVED
   7.               ... <SEQ=100><ACK=301><CTL=SYN,ACK> --> ESTABLISHED
"""

FIGURE_8 = """
   1.  CLOSED                                               LISTEN
   2.  SYN-SENT    --> <SEQ=100><CTL=SYN>               ...
   3.  (duplicate) ... <SEQ=90><CTL=SYN>               --> SYN-RECEIVED
   4.  SYN-SENT    <-- <SEQ=300><ACK=91><CTL=SYN,ACK>  <-- SYN-RECEIVED
   5.  SYN-SENT    --> <SEQ=91><CTL=RST>               --> LISTEN
   6.              ... <SEQ=100><CTL=SYN>               --> SYN-RECEIVED
   7.  ESTABLISHED <-- <SEQ=400><ACK=101><CTL=SYN,ACK>  <-- SYN-RECEIVED
   8.  ESTABLISHED --> <SEQ=101><ACK=401><CTL=ACK>      --> ESTABLISHED
"""
FIGURE_9 = """
   1.  (Crash)                               (send 300,receive 100)
   2.  CLOSED                                           ESTABLISHED
   3.  SYN-SENT --> <SEQ=400><CTL=SYN>              --> (??)
   4.  (!!)     <-- <SEQ=300><ACK=100><CTL=ACK>     <-- ESTABLISHED
   5.  SYN-SENT --> <SEQ=100><CTL=RST>              --> (Abort!!)
   6.  SYN-SENT                                         CLOSED
   7.  SYN-SENT --> <SEQ=400><CTL=SYN>              -->
"""
FIGURE_13 = """
   1.  ESTABLISHED                                          ESTABLISHED
   2.  (Close)                                              (Close)
       FIN-WAIT-1  --> <SEQ=100><ACK=300><CTL=FIN,ACK>  ... FIN-WAIT-1
                   <-- <SEQ=300><ACK=100><CTL=FIN,ACK>  <--
                   ... <SEQ=100><ACK=300><CTL=FIN,ACK>  -->
   3.  CLOSING     --> <SEQ=101><ACK=301><CTL=ACK>      ... CLOSING
                   <-- <SEQ=301><ACK=101><CTL=ACK>      <--
                   ... <SEQ=101><ACK=301><CTL=ACK>      -->
   4.  TIME-WAIT                                            TIME-WAIT
       (2 MSL)                                              (2 MSL)
       CLOSED                                               CLOSED
"""


def test_figure_8_shows_the_old_duplicate_to_the_tap() -> None:
    ladder = Ladder(FIGURE_8)
    sent = [rung.segment for rung in ladder.rungs if rung.frame is not None and rung.segment]
    assert [(segment.seq, segment.source_port) for segment in sent] == [
        (100, 40000), (90, 40000), (300, 80), (91, 40000), (400, 80), (101, 40000),
    ]  # fmt: skip


def test_figures_with_remarks_are_read() -> None:
    assert [number for number, _ in numbered(Ladder(FIGURE_9))] == [0, 1, 2, 3, 3, 4]
    last = Ladder(FIGURE_13).rungs[-1]
    assert (last.state_a, last.state_b) == ("CLOSED", "CLOSED")
    assert len(list(Ladder(FIGURE_13).frames())) == 4


def test_figure_7_has_four_frames_and_its_states() -> None:
    rungs = list(numbered(Ladder(FIGURE_7)))
    assert [(number, rung.state_a, rung.state_b) for number, rung in rungs] == [
        (0, "CLOSED", "CLOSED"),
        (1, "SYN-SENT", None),
        (2, "SYN-RECEIVED", "SYN-SENT"),
        (2, None, "SYN-RECEIVED"),
        (3, "SYN-RECEIVED", None),
        (4, "ESTABLISHED", "SYN-RECEIVED"),
        (4, None, "ESTABLISHED"),
    ]


def test_numbers_left_out_continue_the_streams() -> None:
    ladder = Ladder("""
        --> <CTL=SYN> -->
        <-- <CTL=SYN,ACK> <--
        --> <CTL=ACK><LEN=10> x
        --> <CTL=ACK><LEN=5> -->
        <-- <CTL=ACK> <--
        --> <SEQ=1001><CTL=ACK><LEN=10> -->
        <-- <CTL=FIN,ACK> <--
    """)
    segments = [rung.segment for rung in ladder.rungs if rung.segment is not None]
    assert [(segment.seq, segment.ack) for segment in segments] == [
        (1000, 0), (5000, 1001), (1001, 5001), (1011, 5001), (5001, 1001), (1001, 5001),
        (5001, 1016),
    ]  # fmt: skip


def test_pause_sets_the_time_of_the_next_frame_only() -> None:
    ladder = Ladder("--> <CTL=SYN> -->\n+1.5 s\n--> <CTL=SYN><SEQ=1000> -->\ntick")
    times = [time_ns - START_NS for time_ns, _ in ladder.frames()]
    assert times == [0, 1_500_000_000, 1_510_000_000]


def test_unseen_segment_makes_no_frame_but_arrives() -> None:
    ladder = Ladder("--> <CTL=SYN><UNSEEN> -->\n<-- <CTL=SYN,ACK> <--")
    assert len(list(ladder.frames())) == 1
    assert ladder.rungs[1].segment is not None
    assert ladder.rungs[1].segment.ack == 1001


def test_ladders_merge_by_time() -> None:
    first = Ladder("--> <CTL=SYN> -->\n+1 s\n--> <CTL=SYN><SEQ=1000> -->")
    second = Ladder("--> <CTL=SYN> -->", a=Socket("192.0.2.2", 1), start_ns=START_NS + 500_000_000)
    frames = [frame for _, frame in [*first.frames(), *second.frames()]]
    assert capture(first, second) == pcap(
        zip((START_NS, START_NS + 500_000_000, START_NS + 1_000_000_000),
            (frames[0], frames[2], frames[1]), strict=True)
    )  # fmt: skip


@pytest.mark.parametrize(
    "line",
    ["--> <CTL=SYM> -->", "--> <SEQUENCE=1> -->", "SYN-SENT --> <CTL=SYN>", "NOWHERE CLOSED"],
)
def test_line_outside_the_notation_is_refused(line: str) -> None:
    with pytest.raises(LadderError):
        Ladder(line)


def test_checksum_of_a_packet_with_its_checksum_is_zero() -> None:
    octets = packet(Segment("192.0.2.1", 1, "192.0.2.2", 2, control_bits=SYN))
    assert checksum(octets[:20]) == 0


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
@pytest.mark.parametrize(
    ("source", "destination"), [("192.0.2.1", "192.0.2.2"), ("2001:db8::1", "2001:db8::2")]
)
def test_tshark_reads_what_was_written(tmp_path: Path, source: str, destination: str) -> None:
    options = Options(
        mss=1460,
        window_scale=7,
        sack_permitted=True,
        timestamps=(11, 22),
        sack_blocks=((5, 9),),
    )
    segment = Segment(source, 40000, destination, 80, 7, 9, SYN | ACK, 512, options, b"abc", 61)
    path = tmp_path / "one.pcap"
    path.write_bytes(pcap([(START_NS + 5, ethernet(packet(segment), vlan=12))]))
    names = (
        "tcp.srcport", "tcp.seq_raw", "tcp.ack_raw", "tcp.flags", "tcp.window_size_value",
        "tcp.checksum.status", "tcp.options.mss_val", "tcp.options.wscale.shift",
        "tcp.options.timestamp.tsval", "tcp.options.timestamp.tsecr", "tcp.options.sack_le",
        "tcp.len", "vlan.id", "frame.time_epoch",
    )  # fmt: skip
    command = ["tshark", "-r", str(path), "-o", "tcp.check_checksum:TRUE", "-T", "fields"]
    command += ["-o", "tcp.relative_sequence_numbers:FALSE"]
    for name in names:
        command += ["-e", name]
    fields = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert fields == [
        "40000", "7", "9", "0x0012", "512", "1", "1460", "7", "11", "22", "5", "3", "12",
        "1767225600.000000005",
    ]  # fmt: skip
