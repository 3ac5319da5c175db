"""CP009: what the network card would have done, or has done."""

from collections.abc import Iterator
from typing import Final

from tcpflow_analyzer.findings.capture.whole_input import judge_input
from tcpflow_analyzer.findings.finding import CaptureView, Finding, noun
from tcpflow_analyzer.findings.lifecycle.judgement import tallies
from tcpflow_analyzer.findings.registry import host_finding
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.socket_pair import address_text
from tcpflow_analyzer.table.stream_observation import CHECKSUM_BAD

NAMED: Final = 5  # addresses


@host_finding("CP009", severity="info", since="0.2.0", stream_wakes=CHECKSUM_BAD, context="file")
class OffloadArtifact:
    """NIC offload is visible: unfinished checksums on sent packets, or super-segments.

    Set when one of the following holds:
      - a stored checksum is 0, or the sum of the pseudo header alone, and not the right one;
      - on one direction of a connection all checksums are wrong;
      - a segment carries more payload than its receiver's MSS (TSO, GRO, LRO).

    Supersedes: CP008 of these segments.
    Why it matters: the capture was taken on a host, before or behind its card; segments on the wire
        were others than these, so octets count and numbers of segments do not.
    What to do: nothing; or `ethtool -K DEVICE tx off tso off gso off gro off` while capturing.
    Not proof of: damage.
    Other tools: Wireshark "maybe caused by TCP checksum offload"; Zeek ignore_checksums; Suricata
        checksum-validation auto; tcptrace and conntrack have no name for it.
    References: RFC 9293 sections 3.1, 3.7.1; Linux Documentation/networking/checksum-offloads.rst.
    Seen in: fixtures/findings/CP009-offload-artifact
    """

    def __init__(self) -> None:
        """Begin with no segment."""
        self._wrong = 0
        self._wrong_frame = 0
        self._last_ns = 0
        self._senders: set[bytes] = set()

    def see(self, connection: Connection, capture: CaptureView) -> None:
        """Take note of a direction without a right checksum."""
        for sender, tally in tallies(connection, CHECKSUM_BAD):
            if tally.count < sender.segments:
                continue
            self._wrong += int(tally.count)
            frame = int(tally.kept[0].frame)
            self._wrong_frame = min(self._wrong_frame or frame, frame)
            self._last_ns = max(self._last_ns, int(tally.last.time_ns))
            length = int(connection.address_len)
            if len(self._senders) < NAMED:
                start = 0 if sender.is_originator else length
                self._senders.add(bytes(connection.key)[start : start + length])

    def findings(self, capture: CaptureView) -> Iterator[Finding]:
        """One finding for the whole input."""
        quality = capture.quality
        if quality is None or not quality.unfinished + quality.long + self._wrong:
            return
        parts = []
        if quality.unfinished + self._wrong:
            wrong = noun(
                int(quality.unfinished) + self._wrong,
                "checksum is not that",
                "checksums are not those",
            )
            parts.append(f"{{unfinished}} {wrong} of the wire (sender {{senders}})")
        if quality.long:
            carry = noun(int(quality.long), "segment carries", "segments carry")
            parts.append(
                f"{{long}} {carry} more than the MSS of {{mss}} (up to {{longest}} octets)"
            )
        senders = {*quality.senders, *quality.long_senders, *self._senders}
        yield judge_input(
            "CP009",
            severity="info",
            time_ns=max(int(quality.unfinished_ns), int(quality.long_ns), self._last_ns),
            frames=(int(quality.unfinished_frame), int(quality.long_frame), self._wrong_frame),
            frame_count=int(quality.unfinished + quality.long) + self._wrong,
            template="; ".join(parts),
            values={
                "unfinished": int(quality.unfinished) + self._wrong,
                "verified": int(quality.verified),
                "unverified": int(quality.unverified),
                "senders": ", ".join(address_text(each) for each in sorted(senders)[:NAMED]),
                "long": int(quality.long),
                "longest": int(quality.longest),
                "mss": int(quality.longest_mss),
            },
            why="no sender puts such segments on the wire",
            would_disprove="the same segments captured in the middle of the network",
        )
