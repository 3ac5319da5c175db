"""`tcpflow extract`: the frames of chosen connections as a capture of their own, with comments."""

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import click

from tcpflow_analyzer.cli.anonymise_key import find_key
from tcpflow_analyzer.cli.capture_options import capture_options
from tcpflow_analyzer.cli.choice_options import choice_options
from tcpflow_analyzer.cli.help import HelpCommand
from tcpflow_analyzer.cli.interruption import Interruptible
from tcpflow_analyzer.cli.messages import say
from tcpflow_analyzer.cli.outputs import (
    STANDARD_OUTPUT,
    OutputChoice,
    check_outputs,
    describe,
    whole_file,
)
from tcpflow_analyzer.cli.progress import Progress
from tcpflow_analyzer.cli.runs import work_through
from tcpflow_analyzer.errors import OutputError, UsageError

if TYPE_CHECKING:
    from tcpflow_analyzer.exchange import Choice
    from tcpflow_analyzer.pipeline import Run
    from tcpflow_analyzer.settings import Settings


@click.command(cls=HelpCommand, short_help="Take the frames of connections out of a capture.")
@click.argument("captures", nargs=-1, required=True, metavar="CAPTURE...")
@choice_options
@click.option(
    "-o",
    "--output",
    required=True,
    metavar="PATH",
    help="The pcapng file to write; - is standard output.",
)
@click.option("--slim", is_flag=True, help="Leave payload out; lengths stay what they were.")
@click.option(
    "--anonymise",
    "--anonymize",
    "anonymise",
    is_flag=True,
    help="Replace addresses and payload; findings stay what they are.",
)
@click.option(
    "--key",
    "key_path",
    metavar="FILE",
    help="The key to anonymise by: a file, made if it is not there. Usually that in the "
    "environment's TCPFLOW_ANONYMISE_KEY, or one for this time only.",
)
@capture_options
@click.option("--progress/--no-progress", default=None, help="A bar while it takes longer.")
def extract(
    captures: tuple[str, ...],
    settings: "Settings",
    wanted: "Choice",
    where: str | None,
    output: str,
    slim: bool,
    anonymise: bool,
    key_path: str | None,
    progress: bool | None,
) -> int:
    """Take the frames of chosen connections out of captures.

    CAPTURE is what `tcpflow analyze` takes; several are one recording. Frames
    keep their octets, times and link types. Comments on them, which Wireshark
    shows, tell where both ends stand and which findings a frame proves. All
    given choices have to hold; numbers are those of `tcpflow analyze`.

    Anonymous frames show nothing of who spoke and what was said but lengths,
    times, ports and sequence numbers. The same key gives the same addresses.
    """
    outputs = [OutputChoice("pcapng", output)]
    if key_path is not None:
        if not anonymise:
            raise UsageError("--key goes with --anonymise")
        outputs.append(OutputChoice("key", key_path))
    check_outputs(outputs, captures)
    from tcpflow_analyzer.exchange import Choice  # noqa: PLC0415  mistakes first
    from tcpflow_analyzer.extract import extract as write_frames  # noqa: PLC0415

    settings = replace(settings, where=where or "")
    if wanted == Choice() and not settings.where:
        raise UsageError("choose by --connection, --address, --port, --finding or --where")
    key = find_key(key_path) if anonymise else None
    status = 0

    def work(run: "Run") -> None:
        nonlocal status
        with Interruptible(captures) as interruptible, Progress(progress, False) as bar:
            status = work_through(run, interruptible, bar, partial(_update, bar), False)

    try:
        with whole_file(output) as write:
            done = write_frames(
                captures, wanted, write, settings, slim, work, key.octets if key else None
            )
            if not done.connections:
                raise UsageError("no connection is as asked for; nothing was written")
    except (BrokenPipeError, OutputError):
        raise
    except OSError as error:
        raise OutputError(describe(error)) from error
    if output != STANDARD_OUTPUT:
        counts = f"{_counted(done.frames, 'frame')} of {_counted(done.connections, 'connection')}"
        others = f", without {_counted(done.left_out, 'other')}" if done.left_out else ""
        say("note", f"{output}: {counts}{', anonymous' if key else ''}{others}")
    if key and key.note:
        say("note", key.note)
    return status


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _update(progress: Progress, run: "Run") -> None:
    progress.update(run.recording.octets_read, run.recording.octets_total)
