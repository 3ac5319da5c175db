"""Writes the packets of an interface into a pcapng file while something else is going on.

The capture runs in a thread of this process; what the kernel or dumpcap has buffered when it is
stopped is still written, so that a segment sent before `stop` is in the file.
"""

import threading
from os import PathLike
from types import TracebackType
from typing import BinaryIO, Self

from tcpflow_analyzer.errors import InputError
from tcpflow_analyzer.sources.live.capture_engine import CaptureRequest
from tcpflow_analyzer.sources.live.live_recording import LiveRecording
from tcpflow_analyzer.sources.records import RecordWalk


class Recorder:
    """One recording, from its making to `stop`.

    Attributes:
        notes: what happened to the capture, one line each, such as frames that could not be read.
    """

    def __init__(
        self,
        interface: str,
        path: str | PathLike[str],
        capture_filter: str = "",
        engine: str = "auto",
    ) -> None:
        """Start to record; packets are captured when this returns.

        Args:
            interface: name of the device, "any" for all (Linux).
            path: of the file, which is written anew.
            capture_filter: in libpcap's language; "" for everything.
            engine: "auto", "dumpcap" or "af-packet".

        Raises:
            NoRightToCapture: this user may not capture.
            EngineMissing: no capture engine is installed.
            InputError: there is no such interface, or it cannot be captured.
            UsageError: the filter is wrong.
            OSError: the file cannot be written.
        """
        request = CaptureRequest((interface,), engine, capture_filter, promiscuous=False)
        self.notes: list[str] = []
        self._error: Exception | None = None
        self._file: BinaryIO = open(path, "wb")  # noqa: SIM115  closed by stop()
        try:
            self._recording = LiveRecording(request)
        except BaseException:
            self._file.close()
            raise
        self._recording.tee = self._file.write
        self._thread: threading.Thread | None = threading.Thread(
            target=self._work, name="tcpflow-recorder", daemon=True
        )
        self._thread.start()

    def __enter__(self) -> Self:
        """Use the recorder in a `with` statement, at whose end it stops."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop."""
        self.stop()

    @property
    def is_running(self) -> bool:
        """Whether it was not stopped yet."""
        return self._thread is not None

    def stop(self) -> None:
        """Write what came until now, and close the file; nothing if it was stopped before.

        Takes as long as a frame may need through the capture engine: some tenths of a second.

        Raises:
            InputError: the capture broke off; what came before is in the file.
        """
        thread, self._thread = self._thread, None
        if thread is None:
            return
        self._recording.end_early()
        thread.join()
        self._file.close()
        self.notes += self._recording.files[0].notes
        if self._error is not None:
            raise InputError(f"the capture broke off: {self._error}") from self._error

    def _work(self) -> None:
        try:
            for walk, _ in self._recording.steps():
                _pass_over(walk)
        except Exception as error:  # raised again by stop(), in the other thread
            self._error = error
        finally:
            self._recording.close()


def _pass_over(walk: RecordWalk) -> None:
    """Take what was captured without looking at it; the walk would keep it otherwise."""
    while True:
        while walk.advance():
            pass
        if walk.take_clock() < 0:
            return
