"""The operating system guessed from a SYN: by TTL, window, order of options."""

import pytest

from support.capture_builder import START_NS, Options, Segment, ethernet, packet, pcap
from support.states import analysis_of_octets, the_connection
from tcpflow_analyzer.decode.segment import Segment as Decoded
from tcpflow_analyzer.observer.fingerprint import guess_profile
from tcpflow_analyzer.pipeline import make_decoder
from tcpflow_analyzer.settings import (
    NANOSECONDS,
    PROFILE_FREEBSD,
    PROFILE_LINUX,
    PROFILE_MACOS,
    PROFILE_RFC,
    PROFILE_WINDOWS,
    Settings,
)
from tcpflow_analyzer.tcp.control_bits import ACK, FIN, SYN

TIMESTAMPS_FIRST = bytes((8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 4, 2))
SACK_FIRST = bytes((4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0))


def decoded(ttl: int, window: int, mss: int | None, raw: bytes) -> Decoded:
    made = Segment(
        "192.0.2.1", 40000, "198.51.100.1", 80, control_bits=SYN, ttl=ttl, window=window,
        options=Options(mss=mss, raw=raw),
    )  # fmt: skip
    frame, segment = ethernet(packet(made)), Decoded()
    make_decoder(Settings()).decode(frame, 0, len(frame), len(frame), 1, segment)
    return segment


@pytest.mark.parametrize(
    ("ttl", "window", "raw", "profile"),
    [
        (64, 64240, SACK_FIRST, PROFILE_LINUX),
        (49, 29200, b"", PROFILE_LINUX),
        (128, 64240, b"", PROFILE_WINDOWS),
        (120, 8192, SACK_FIRST, PROFILE_WINDOWS),
        (64, 65535, TIMESTAMPS_FIRST, PROFILE_MACOS),
        (64, 65535, SACK_FIRST, PROFILE_FREEBSD),
        (64, 65535, b"", PROFILE_LINUX),
        (255, 4128, b"", PROFILE_RFC),
        (0, 64240, b"", PROFILE_RFC),
    ],
)
def test_guess_profile(ttl: int, window: int, raw: bytes, profile: int) -> None:
    assert guess_profile(decoded(ttl, window, 1460, raw)) == profile


def test_guess_profile_of_options_that_lie_about_their_length() -> None:
    for raw in (b"\x03\x00\x00\x00", b"\xfd\xff\x00\x00", b"\x01\x01\x01\x01"):
        segment = decoded(64, 65535, 1460, raw + TIMESTAMPS_FIRST)
        assert guess_profile(segment) in (PROFILE_LINUX, PROFILE_MACOS)


def test_time_wait_lasts_as_long_as_the_guess_says() -> None:
    ends = (("192.0.2.1", 40000), ("198.51.100.1", 80))
    steps = [
        (0, SYN, 0, 0), (1, SYN | ACK, 0, 1), (0, ACK, 1, 1), (0, FIN | ACK, 1, 1),
        (1, FIN | ACK, 1, 2), (0, ACK, 2, 2),
    ]  # fmt: skip
    frames = [
        (
            START_NS + number,
            ethernet(
                packet(
                    Segment(*ends[who], *ends[1 - who], seq, ack, bits, ttl=128 if who == 0 else 64)
                )
            ),
        )
        for number, (who, bits, seq, ack) in enumerate(steps)
    ]
    connection = the_connection(analysis_of_octets(pcap(frames)))
    lasts = connection["close"]["time_wait_until_ns"] - connection["last_time_ns"]
    assert lasts == 120 * NANOSECONDS
