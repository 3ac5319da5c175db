"""Which reports a run is to write, and how each of them is to look."""

from typing import TYPE_CHECKING, NamedTuple, Protocol

from tcpflow_analyzer.cli.look import look_for

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
        form: "text", "json" or "ndjson".
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


def make_sink(plan: ReportPlan, writer: Writer) -> "Sink":
    """Make the report that was planned."""
    display = plan.display
    if plan.look is not None:
        from tcpflow_analyzer.report.terminal import TextOptions, TextReport  # noqa: PLC0415

        options = TextOptions(
            display.show_all, display.connections, display.top, display.time, display.quiet
        )
        return TextReport(writer, plan.look, options)
    from tcpflow_analyzer.report.json_report import JsonReport, NdjsonReport  # noqa: PLC0415

    if plan.form == "json":
        return JsonReport(writer, display.ns_as_strings)
    return NdjsonReport(writer, display.ns_as_strings)
