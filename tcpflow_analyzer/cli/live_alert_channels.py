"""The ways in which alerts leave: a command that reads them, and the system's log."""

import contextlib
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
from logging import LogRecord
from logging.handlers import SysLogHandler
from typing import Final

from tcpflow_analyzer.cli.live_alerts import Alert, DeliveryError
from tcpflow_analyzer.cli.option_types import host_port
from tcpflow_analyzer.errors import UsageError
from tcpflow_analyzer.gate.plain_text import in_one_line

COMMAND_SECONDS: Final = 10.0  # a command that takes longer is killed
SYSLOG_PORT: Final = 514
LOCAL_LOGS: Final = ("/dev/log", "/var/run/syslog")  # Linux; macOS
PRIORITIES: Final = {"info": "info", "warning": "warning", "error": "err"}
MOST_OCTETS: Final = 1000  # of a message: RFC 3164 section 4.1 allows 1024 with its head


class CommandChannel:
    """Starts a command for each alert, with the finding as a line of JSON on standard input."""

    name = "--on-finding"

    def __init__(self, words: str, ns_as_strings: bool = False) -> None:
        """Take a command.

        Args:
            words: the command and its arguments, quoted as in a shell, which is not started.
            ns_as_strings: times in the JSON are strings.

        Raises:
            UsageError: there is no such command.
        """
        try:
            self._command = shlex.split(words)
        except ValueError as error:
            raise UsageError(f"--on-finding {words!r}: {str(error).lower()}") from error
        if not self._command:
            raise UsageError("--on-finding: the command is empty")
        if shutil.which(self._command[0]) is None:
            raise UsageError(f"--on-finding: no such command: {self._command[0]!r}")
        self._ns_as_strings = ns_as_strings
        self._process: subprocess.Popen[bytes] | None = None

    def deliver(self, alert: Alert) -> None:
        """Run the command; raises DeliveryError if it fails or takes too long."""
        name = self._command[0]
        try:
            process = subprocess.Popen(  # noqa: S603 -- the user's own command, no shell
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,  # events may go to our standard output
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # the interrupt key is for us; and it may have children
            )
        except OSError as error:
            raise DeliveryError(f"{name}: {error.strerror or error}") from error
        self._process = process
        try:
            with contextlib.suppress(BrokenPipeError):  # it need not read
                process.communicate(alert.json_line(self._ns_as_strings), COMMAND_SECONDS)
            status = process.wait(COMMAND_SECONDS)
        except subprocess.TimeoutExpired as error:
            self.abandon()
            process.wait()
            text = f"{name} took longer than {COMMAND_SECONDS:.0f} s and was killed"
            raise DeliveryError(text) from error
        finally:
            self._process = None
        if status:
            how = f"exit status {status}" if status > 0 else f"killed by signal {-status}"
            raise DeliveryError(f"{name}: {how}")

    def abandon(self) -> None:
        """Kill the command, if it runs, with what it started."""
        process = self._process
        if process is None or process.poll() is not None:
            return
        with contextlib.suppress(OSError):
            if sys.platform == "win32":
                process.kill()
            else:
                os.killpg(process.pid, signal.SIGKILL)

    def close(self) -> None:
        """Nothing stays open."""


class SyslogChannel:
    """Writes each alert into the system's log, or sends it to another host's."""

    name = "--syslog"

    def __init__(self, address: str = "") -> None:
        """Open the log.

        Args:
            address: `HOST[:PORT]` of a log that takes UDP, the path of a socket, or "" for this
                machine's log.

        Raises:
            UsageError: there is no such log.
        """
        place = address or next(filter(os.path.exists, LOCAL_LOGS), LOCAL_LOGS[0])
        try:
            if place.startswith("/"):
                os.stat(place)  # the handler would wait for it to come
                self._handler = _Handler(place)
            else:
                self._handler = _Handler(_resolved(place))
        except OSError as error:
            raise UsageError(f"--syslog: {place}: {error.strerror or error}") from error
        # Of RFC 3164, which all daemons read: the time and the host are added by the one that
        # takes it.
        self._handler.ident = f"tcpflow[{os.getpid()}]: "
        self._handler.append_nul = False

    def deliver(self, alert: Alert) -> None:
        """Write one line; raises DeliveryError if it cannot be."""
        finding = alert.finding
        number = f" connection {finding.connection}" if finding.connection else ""
        left_out = f" ({alert.left_out} more were left out before)" if alert.left_out else ""
        text = in_one_line(
            f"{finding.severity} {finding.code} {finding.name}{number}: {finding.message}{left_out}"
        )
        record = LogRecord("tcpflow", 0, "", 0, text[:MOST_OCTETS], None, None)
        record.levelname = finding.severity
        try:
            self._handler.emit(record)
        except OSError as error:
            raise DeliveryError(error.strerror or str(error)) from error

    def abandon(self) -> None:
        """Let the thread be: it dies with the program."""

    def close(self) -> None:
        """Close the log."""
        self._handler.close()


class _Handler(SysLogHandler):
    """A handler that says what went wrong instead of printing a traceback."""

    def __init__(self, address: str | tuple[str, int]) -> None:
        super().__init__(address, SysLogHandler.LOG_DAEMON)

    def mapPriority(self, levelName: str) -> str:
        """A severity as syslog calls it."""
        return PRIORITIES[levelName]

    def handleError(self, record: LogRecord) -> None:
        """Raise again what `emit` caught."""
        error = sys.exc_info()[1]
        if error is not None:
            raise error


def _resolved(address: str) -> tuple[str, int]:
    """Address and port of `HOST[:PORT]`; raises OSError where there is no such host."""
    has_port = address.rpartition(":")[2].isdecimal() and (
        address.count(":") == 1 or address.startswith("[")
    )
    found = host_port(address if has_port else f"{address}:{SYSLOG_PORT}")
    first = socket.getaddrinfo(found.host, found.port, type=socket.SOCK_DGRAM)[0]
    return str(first[4][0]), found.port
