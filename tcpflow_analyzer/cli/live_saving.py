"""`--save-on`: when a finding is told, the packets of its connection go to a file of their own."""

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Final

from tcpflow_analyzer.cli.messages import say
from tcpflow_analyzer.errors import UsageError
from tcpflow_analyzer.findings.finding import Finding
from tcpflow_analyzer.findings.registry import rules
from tcpflow_analyzer.findings.selection import codes_of
from tcpflow_analyzer.report.event_report import Change
from tcpflow_analyzer.report.live_events import Watcher
from tcpflow_analyzer.report.wording import moment
from tcpflow_analyzer.sources.live.packet_ring import Ends, PacketRing, packets_between
from tcpflow_analyzer.table.connection import Connection

RING_OCTETS: Final = 32 << 20
MOST_OPEN: Final = 16  # connections of which more packets are awaited
MOST_FILES: Final = 1000
A_SECOND: Final = 10  # connections that are begun in a second, so that a flood stops nothing
PRIVATE: Final = 0o600  # packets are nobody else's business


class SavedConnections(Watcher):
    """Writes the packets of connections with certain findings.

    What is in memory of the connection is written at once, what comes later is added until the
    connection is over, or until too many others were begun since.

    Attributes:
        failed: whether a file could not be written; nothing more is saved then.
        left_out: connections that limits left out.
    """

    def __init__(self, codes: Sequence[str], folder: str) -> None:
        """Save nothing yet.

        Args:
            codes: codes, names or families of the findings.
            folder: where the files go; it is made if it is not there.

        Raises:
            UsageError: there is no such code, or the folder cannot be made.
        """
        try:
            self._codes = [codes_of(code, rules()) for code in codes]
        except UsageError as error:
            raise UsageError(f"--save-on: {error}") from error
        self._folder = Path(folder)
        try:
            _make_folder(self._folder)
        except OSError as error:
            raise UsageError(f"--save-dir: {folder}: {error.strerror}") from error
        self.failed = False
        self.left_out = 0
        self._ring = PacketRing(RING_OCTETS)
        self._open: dict[int, tuple[Ends, IO[bytes]]] = {}
        self._files = 0
        self._about: Connection | None = None
        self._second = 0
        self._begun = 0

    def feed(self, octets: bytes) -> None:
        """Take what is captured, whole blocks; called before the findings that rest on it."""
        self._ring.feed(octets)
        for number, (ends, file) in list(self._open.items()):
            packets = packets_between(octets, ends)
            if packets:
                self._write(number, file, packets)

    def about(self, connection: Connection | None) -> None:
        """Hear whose findings come next."""
        self._about = connection

    def decided(self, change: Change) -> None:
        """Save the connection of a finding, if it is one of those that are asked for."""
        finding, connection = change.finding, self._about
        if connection is None or change.withdrawn or finding.connection != connection.number:
            return
        if connection.number in self._open or self.failed:
            return
        if change.revision == 1 and any(codes.holds(finding.code) for codes in self._codes):
            self._begin(finding, connection)

    def finished(self, connection: Connection, findings: Sequence[Finding]) -> None:
        """Close the file of a connection that is over."""
        self._close(int(connection.number))

    def close(self) -> None:
        """Close all files, and say what was left out."""
        for number in list(self._open):
            self._close(number)
        if self.left_out:
            say("warning", f"--save-on: {self.left_out} connections were not saved, there are many")

    def _begin(self, finding: Finding, connection: Connection) -> None:
        second = int(time.monotonic())
        if second != self._second:
            self._second, self._begun = second, 0
        if self._begun >= A_SECOND or self._files >= MOST_FILES:
            self.left_out += 1
            return
        ends = ends_of(connection)
        packets = self._ring.packets_of(ends)
        if not packets:
            return  # its packets are gone from memory
        self._begun += 1
        number = int(connection.number)
        at = moment(finding.time_ns)
        path = self._folder / f"{at:%Y%m%dT%H%M%SZ}-{finding.code}-{number}.pcapng"
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
        except FileExistsError:  # another finding of the same code and second
            return
        except OSError as error:
            self._fail(path, error)
            return
        file = open(handle, "wb", buffering=0)  # noqa: SIM115  closed by _close()
        self._files += 1
        if len(self._open) >= MOST_OPEN:
            self._close(next(iter(self._open)))
        self._open[number] = ends, file
        self._write(number, file, self._ring.head + packets)

    def _write(self, number: int, file: IO[bytes], octets: bytes) -> None:
        try:
            file.write(octets)
        except OSError as error:
            self._close(number)
            self._fail(Path(str(file.name)) if isinstance(file.name, str) else self._folder, error)

    def _fail(self, path: Path, error: OSError) -> None:
        """Say once that nothing is saved any more: the analysis goes on."""
        self.failed = True
        say("error", f"{path}: {error.strerror}; no more connections are saved")

    def _close(self, number: int) -> None:
        opened = self._open.pop(number, None)
        if opened is not None:
            opened[1].close()


def _make_folder(folder: Path) -> None:
    """Make a folder that is not there; it is for the user who called sudo, if somebody did."""
    if folder.is_dir():
        return
    folder.mkdir(parents=True)
    user, group = os.environ.get("SUDO_UID", ""), os.environ.get("SUDO_GID", "")
    if user.isdecimal() and group.isdecimal() and os.geteuid() == 0:
        os.chown(folder, int(user), int(group))


def ends_of(connection: Connection) -> Ends:
    """The sockets of a connection as they stand in packets."""
    key, length = bytes(connection.key), int(connection.address_len)
    ports = 2 * length
    return Ends(key[:length], key[ports : ports + 2], key[length:ports], key[ports + 2 : ports + 4])
