"""Names frames as people find them: a number, or of several files the file and its own number.

Numbers of findings count through the whole input; Wireshark counts through a file.
"""

import re
from typing import Final

from tcpflow_analyzer.findings.finding import Finding
from tcpflow_analyzer.report.sink import LocateFrame

SEPARATORS: Final = r"[/\\]"  # of the parts of a path


class FrameNames:
    """Names the frames of one input."""

    def __init__(self, files: int = 1, locate: LocateFrame = lambda _: None) -> None:
        """Take how many files there are, and who knows which of them holds a frame."""
        self._files = files
        self._locate = locate

    def message(self, finding: Finding) -> str:
        """Give the message, with frame numbers of several files as `file:frame`."""
        if self._files == 1:
            return finding.message
        values = {
            name: self.frame(value)
            if isinstance(value, int) and (name == "frame" or name.endswith("_frame"))
            else value
            for name, value in finding.values.items()
        }
        return finding.template.format(**values)

    def frame(self, frame: int) -> str:
        """Write a frame's number: of the only file, or `file:frame` where there are several."""
        found = self._locate(frame) if self._files > 1 else None
        if found is None:
            return str(frame)
        path, own_frame = found
        return f"{re.split(SEPARATORS, path)[-1]}:{own_frame}"
