"""The traffic of a test that is still running: recorded until something is asked about it."""

from os import PathLike

from tcpflow_analyzer.pipeline import Analysis
from tcpflow_analyzer.settings import Settings
from tcpflow_analyzer.testing.recorder import Recorder
from tcpflow_analyzer.testing.traffic import Traffic


class RecordedTraffic(Traffic):
    """Traffic whose recording ends with the first question, or with `stop`."""

    def __init__(
        self, recorder: Recorder, path: str | PathLike[str], settings: Settings | None = None
    ) -> None:
        """Take over a recorder that writes into `path`; `settings` are those of the analysis."""
        super().__init__([path], settings)
        self._recorder = recorder

    @property
    def analysis(self) -> Analysis:
        """All that is known of the traffic until now; what comes later is not recorded."""
        self.stop()
        return super().analysis

    def stop(self) -> None:
        """End the recording; raises InputError where it broke off before."""
        self._recorder.stop()
