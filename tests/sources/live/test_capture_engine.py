"""What a capture request works out."""

from tcpflow_analyzer.sources.live.capture_engine import SNAPLEN, WHOLE_FRAMES, CaptureRequest


def test_snaplen_of_0_keeps_whole_frames() -> None:
    assert CaptureRequest(("lo",), snaplen=0).kept_octets == WHOLE_FRAMES
    assert CaptureRequest(("lo",)).kept_octets == SNAPLEN
