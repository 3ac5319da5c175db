"""CP008: segments that their receiver will drop."""

from collections.abc import Iterator

from tcpflow_analyzer.findings.finding import CaptureView, Finding, endpoint_name
from tcpflow_analyzer.findings.lifecycle.judgement import frames_of, judge, peer_of, tallies
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.stream_observation import CHECKSUM_BAD
from tcpflow_analyzer.tcp.sequence import distance


@finding("CP008", severity="warning", since="0.2.0", stream_wakes=CHECKSUM_BAD)
def checksum_bad(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """Wrong TCP checksum that is not explained by offload.

    Set when all of the following hold:
      - the checksum of a wholly captured segment is wrong, and is neither 0 nor the sum of its
        pseudo header, which a sender leaves to its network card (CP009);
      - other segments of the same direction of this connection are right.

    Verified are segments with SYN, FIN or RST, the first 64 of a direction, and those that repeat
    octets (--checksum off: none; strict: all, and bad ones are not observed). The segment still
    moves states; what its receiver does afterwards corrects them (CP011). Alone it opens no
    connection: a segment without SYN of sockets of which nothing else was captured is left out and
    counted, unless most checksums of the capture are wrong. Its ports may be what was damaged.

    Superseded by: CP009 where no segment of that direction is right.
    Why it matters: the receiver drops it without a word, so it looks like loss to the sender.
    What to do: compare captures before and behind each device; look for a card, a cable or a
        middlebox that damages frames (`ethtool -S`, `nstat -az TcpInCsumErrors`).
    Not proof of: damage on the network; the capture may have damaged its copy.
    Other tools: Wireshark tcp.checksum_bad.expert; Zeek bad_TCP_checksum, history c; Suricata
        stream invalid checksum; tcptrace warn_printbadcsum; conntrack "bad TCP checksum".
    References: RFC 9293 section 3.1; RFC 1071.
    Seen in: fixtures/findings/CP008-checksum-bad
    """
    for sender, tally in tallies(connection, CHECKSUM_BAD):
        if tally.count >= sender.segments:
            continue
        first = tally.kept[0]
        receiver = peer_of(connection, sender)
        reached = (sender.iss + sender.snd_una) & 0xFFFF_FFFF
        acknowledged = receiver.segments > 0 and distance(reached, tally.last.third) >= 0
        yield judge(
            "CP008",
            connection,
            about=sender,
            certainty="observed",
            time_ns=tally.last.time_ns,
            frames=frames_of(tally),
            frame_count=tally.count,
            template=(
                "{bad} of {segments} segments of {socket} carry a wrong checksum (frame {frame}: "
                "0x{stored:04x}, should be 0x{computed:04x}); what they carried was {fate}"
            ),
            values={
                "socket": endpoint_name(connection, sender),
                "bad": tally.count,
                "segments": sender.segments,
                "share": int(tally.count) / max(int(sender.segments), 1),
                "frame": first.frame,
                "stored": first.first,
                "computed": first.second,
                "fate": "acknowledged later" if acknowledged else "never acknowledged",
                "retransmitted": sender.retransmitted,
            },
            why="the sum over pseudo header and segment is not what the header says",
            would_disprove="a capture that changed octets of the segment",
        )
