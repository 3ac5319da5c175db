"""OP001: a combination of control bits that no stack sends."""

from collections.abc import Iterator

from tcpflow_analyzer.findings.finding import CaptureView, Finding, endpoint_name, noun
from tcpflow_analyzer.findings.lifecycle.judgement import frames_of, judge, tallies
from tcpflow_analyzer.findings.registry import finding
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.stream_observation import INVALID_FLAGS
from tcpflow_analyzer.tcp.control_bits import CONTROL_BIT_NAMES, FIN, PSH, URG
from tcpflow_analyzer.tcp.states import STATE_NAMES

_XMAS = FIN | PSH | URG


@finding("OP001", severity="warning", since="0.2.0", stream_wakes=INVALID_FLAGS)
def invalid_flags(connection: Connection, capture: CaptureView) -> Iterator[Finding]:
    """A flag combination no stack should send.

    Set when the bits FIN, SYN, RST, ACK and URG of a segment are none of:
      - SYN; SYN, URG; SYN, ACK;
      - RST; RST, ACK;
      - ACK; ACK, URG; FIN, ACK; FIN, ACK, URG.

    Such a segment moves no state, unless it carries RST, which the rules for RSTs judge.

    Supersedes: nothing.
    Why it matters: these are probes: scanners tell open ports and operating systems by the answer,
        and filters that look at single bits let them pass.
    What to do: see who sends them (FL004 for scans); drop them: nftables `ct state invalid`.
    Not proof of: an attack; a broken device on the path may have damaged the header.
    Other tools: Zeek TCP_christmas, baroque_SYN, history I and Q; Suricata fin_syn; conntrack
        "invalid TCP flag combination"; Wireshark shows the flags only; tcptrace has no name for it.
    References: RFC 9293 sections 3.1 and 3.10.7.4; Linux nf_conntrack_proto_tcp.c tcp_valid_flags.
    Seen in: fixtures/findings/OP001-invalid-flags
    """
    for sender, tally in tallies(connection, INVALID_FLAGS):
        first = tally.kept[0]
        frames = {int(item.frame) for item in tally.kept}
        answers = [
            reset
            for reset in connection.resets or ()
            if reset.trigger_frame in frames and reset.of_originator != sender.is_originator
        ]
        answer = answers[0].frame if answers else 0
        template = (
            "{sender} sent {segments} "
            + noun(tally.count, "segment")
            + " with the flags {flags} (0x{bits:02x}; first: frame {frame}) to an end in {state}"
        )
        if answer:
            template += "; the answer was RST (frame {answer_frame})"
        yield judge(
            "OP001",
            connection,
            about=sender,
            certainty="observed",
            time_ns=tally.last.time_ns,
            frames=[*frames_of(tally), answer],
            frame_count=tally.count,
            template=template,
            values={
                "sender": endpoint_name(connection, sender),
                "segments": tally.count,
                "flags": flag_names(first.first),
                "bits": first.first,
                "kind": _kind(first.first),
                "frame": first.frame,
                "state": STATE_NAMES[first.second],
                "answer_frame": answer,
            },
            why="RFC 9293 gives no state in which this combination is sent",
            would_disprove="damage on the way to the tap; the checksum tells",
        )


def flag_names(bits: int) -> str:
    """Names of control bits as in "SYN,FIN"; "none" without any."""
    return ",".join(name for bit, name in CONTROL_BIT_NAMES if bits & bit) or "none"


def _kind(bits: int) -> str:
    """What scanners call it."""
    if bits & 0x3F == 0:
        return "null"
    if bits & 0x3F == _XMAS:
        return "xmas"
    return "fin" if bits & 0x3F == FIN else "other"
