"""How frames are called."""

from tcpflow_analyzer.findings.finding import Finding
from tcpflow_analyzer.report.frame_names import FrameNames

FINDING = Finding(
    "XX001", "example", "error", "observed", 1, None, 5, (3, 12), 2,
    "{socket} sent SYN (frame {syn_frame}) {count} times",
    {"socket": "192.0.2.1:80", "syn_frame": 12, "count": 12}, "", "",
)  # fmt: skip


def locate(frame: int) -> tuple[str, int] | None:
    """Ten frames in the first file, ten in the second."""
    return None if frame > 20 else (f"folder/{'ab'[frame > 10]}.pcap", (frame - 1) % 10 + 1)


def test_frames_of_one_file_are_numbers() -> None:
    names = FrameNames(1, locate)
    assert names.frame(12) == "12"
    assert names.message(FINDING) == "192.0.2.1:80 sent SYN (frame 12) 12 times"


def test_frames_of_several_files_are_named_by_file_and_other_numbers_stay() -> None:
    names = FrameNames(2, locate)
    assert names.frame(12) == "b.pcap:2"
    assert names.frame(99) == "99"
    assert names.message(FINDING) == "192.0.2.1:80 sent SYN (frame b.pcap:2) 12 times"
