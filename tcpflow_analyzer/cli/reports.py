"""Which reports a run is to write, and how each of them is to look."""

from typing import TYPE_CHECKING, NamedTuple, Protocol

from tcpflow_analyzer.cli.look import look_for
from tcpflow_analyzer.cli.outputs import EXPORTS
from tcpflow_analyzer.errors import UsageError

if TYPE_CHECKING:
    from tcpflow_analyzer.cli.outputs import Output
    from tcpflow_analyzer.report.page import Look
    from tcpflow_analyzer.report.sink import Sink


class Display(NamedTuple):
    """What concerns how results are shown, not what they are."""

    time: str
    top: int | None
    show_all: bool
    connections: bool
    color: bool | None
    quiet: bool
    progress: bool | None
    ns_as_strings: bool
    capture: str = ""  # that the report may tell to look into again
    configuration: str = ""  # path of the file that says how to show


class Writer(Protocol):
    """Where a report goes; `Output` is one."""

    def write(self, data: bytes, /) -> object:
        """Write all of the octets."""

    def flush(self) -> object:
        """Pass on what was written."""

    def write_text(self, text: str) -> None:
        """Write text."""


class ReportPlan(NamedTuple):
    """One report: plain values, which can be sent to another process.

    Attributes:
        form: "text", "json", "ndjson" or one of EXPORTS.
        look: of text; None for the others.
        encoding: of text.
        display: what the user asked for.
    """

    form: str
    look: "Look | None"
    encoding: str
    display: Display


def plan_report(form: str, output: "Output", display: Display) -> ReportPlan:
    """Plan the report that goes to an output."""
    look = look_for(output, display.color) if form == "text" else None
    return ReportPlan(form, look, output.encoding, display)


def plan_for(plan: ReportPlan, path: str) -> ReportPlan:
    """Give the plan of a report on one capture, which can be told to look into again."""
    return plan._replace(display=plan.display._replace(capture=path))


def make_sink(plan: ReportPlan, writer: Writer) -> "Sink":
    """Make the report that was planned."""
    display = plan.display
    if plan.look is not None:
        from tcpflow_analyzer.report.terminal import TextOptions, TextReport  # noqa: PLC0415

        options = TextOptions(
            display.show_all,
            display.connections,
            display.top,
            display.time,
            display.quiet,
            display.capture,
            display.configuration,
        )
        return TextReport(writer, plan.look, options)
    if plan.form in EXPORTS:
        return _make_export(plan.form, writer)
    from tcpflow_analyzer.report.json_report import JsonReport, NdjsonReport  # noqa: PLC0415

    if plan.form == "json":
        return JsonReport(writer, display.ns_as_strings)
    return NdjsonReport(writer, display.ns_as_strings)


def _make_export(form: str, writer: Writer) -> "Sink":
    """Make a report with a row for each connection.

    Raises:
        UsageError: the library that it needs is not installed.
    """
    try:
        if form == "csv":
            from tcpflow_analyzer.report.csv_report import CsvReport  # noqa: PLC0415

            return CsvReport(writer)
        if form == "parquet":
            from tcpflow_analyzer.report.parquet import ParquetReport  # noqa: PLC0415

            return ParquetReport(writer)
        from tcpflow_analyzer.report.zeek_log import ZeekLog  # noqa: PLC0415

        return ZeekLog(writer, as_json=form == "zeek-json")
    except ModuleNotFoundError as error:
        extra = form.partition("-")[0]
        install = f"pip install 'tcpflow-analyzer[{extra}]'"
        raise UsageError(f"{form} needs the library {error.name}: {install}") from error
