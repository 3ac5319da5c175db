"""The options of every command that captures from interfaces."""

import functools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from tcpflow_analyzer.cli.messages import say
from tcpflow_analyzer.cli.option_types import codes, duration, size
from tcpflow_analyzer.cli.shared_options import filter_option
from tcpflow_analyzer.errors import OutputError
from tcpflow_analyzer.sources.live.capture_engine import ENGINES, SNAPLEN, CaptureRequest

if TYPE_CHECKING:
    from tcpflow_analyzer.sources.live.ring_files import RingFiles as _RingFiles
    from tcpflow_analyzer.sources.recording import Source


def _show_interfaces(ctx: click.Context, _option: click.Parameter, wanted: bool) -> None:
    """Print the interfaces and end."""
    if not wanted or ctx.resilient_parsing:
        return
    from tcpflow_analyzer.sources.live.interfaces import list_interfaces  # noqa: PLC0415  rare

    found = list_interfaces()
    width = max((len(each.name) for each in found), default=0)
    for each in found:
        click.echo(f"{each.name:{width}}  {each.description}".rstrip())
    ctx.exit()


OPTIONS = (
    click.option(
        "-i",
        "--interface",
        "interfaces",
        multiple=True,
        metavar="NAME",
        help="Capture on this interface, or any; may be given several times.",
    ),
    click.option(
        "--follow",
        metavar="PATH",
        help="Read a capture as it grows, or a folder into which captures rotate.",
    ),
    click.option(
        "--list-interfaces",
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=_show_interfaces,
        help="List the interfaces and end.",
    ),
    filter_option,
    click.option(
        "--engine",
        type=click.Choice(ENGINES),
        default="auto",
        help="What captures; auto takes dumpcap, else a packet socket of Linux; pyshark lets tshark"
        " dissect every packet, slowly.",
    ),
    click.option(
        "--snaplen",
        type=click.IntRange(min=0, max=262_144),
        default=SNAPLEN,
        metavar="N",
        help=f"Octets kept of each captured frame, 0 for all.  [default: {SNAPLEN}]",
    ),
    click.option(
        "--promiscuous/--no-promiscuous",
        default=True,
        help="Whether frames for other hosts are captured as well.",
    ),
    click.option(
        "--duration", "duration_ns", type=duration, metavar="TIME", help="Capture so long, as 30s."
    ),
    click.option(
        "--count",
        "frames",
        type=click.IntRange(min=1),
        metavar="N",
        help="Capture so many frames.",
    ),
    click.option("--write", "kept", metavar="PATH", help="Keep the packets in this pcapng file."),
    click.option(
        "--ring-size",
        type=size,
        metavar="SIZE",
        help="Begin another file after so many octets, as 100MB; the files are numbered.",
    ),
    click.option(
        "--ring-files",
        type=click.IntRange(min=1),
        metavar="N",
        help="Keep so many of them; the oldest make room.",
    ),
    click.option(
        "--save-on",
        "save_on",
        type=codes,
        multiple=True,
        metavar="CODES",
        help="Save the packets of each connection with one of these findings, as RS001,CL.",
    ),
    click.option(
        "--save-dir",
        "save_dir",
        metavar="FOLDER",
        help="Where these pcapng files go.  [default: .]",
    ),
)


class LiveChoice(NamedTuple):
    """The values of these options, under the names that click gives them."""

    interfaces: tuple[str, ...]
    follow: str | None
    capture_filter: str
    engine: str
    snaplen: int
    promiscuous: bool
    duration_ns: int | None
    frames: int | None
    kept: str | None
    ring_size: int | None
    ring_files: int | None
    save_on: tuple[tuple[str, ...], ...]
    save_dir: str | None


def live_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options to a command, which gets them together as `live`, a LiveChoice."""

    @functools.wraps(command)
    def with_live(**values: Any) -> Any:  # noqa: ANN401 -- click's values
        values["capture_filter"] = values["capture_filter"] or ""
        live = LiveChoice(*(values.pop(name) for name in LiveChoice._fields))
        return command(live=live, **values)

    decorated: Callable[..., Any] = with_live
    for option in reversed(OPTIONS):
        decorated = option(decorated)
    return decorated


def capture_request(choice: LiveChoice, captures: Sequence[str]) -> CaptureRequest | None:
    """What to capture; None where files are to be read.

    Raises:
        click.UsageError: neither or both were asked for, or limits of a capture for files.
    """
    if choice.save_dir is not None and not choice.save_on:
        raise click.UsageError("--save-dir needs --save-on")
    asked = bool(choice.interfaces) + bool(captures) + (choice.follow is not None)
    if asked > 1:
        raise click.UsageError("captures, --interface and --follow exclude one another")
    if choice.follow is not None:
        if choice.frames is not None or choice.kept is not None or choice.save_on:
            raise click.UsageError("--count, --write and --save-on need --interface")
        return CaptureRequest((), duration_ns=choice.duration_ns, follow=choice.follow)
    if choice.interfaces:
        return CaptureRequest(
            tuple(dict.fromkeys(choice.interfaces)),
            choice.engine,
            choice.capture_filter,
            choice.snaplen,
            choice.promiscuous,
            choice.duration_ns,
            choice.frames,
        )
    if not captures:
        raise click.UsageError("missing argument 'CAPTURE...' or option '--interface'")
    limited = choice.duration_ns is not None or choice.frames is not None
    if limited or choice.kept is not None or choice.save_on:
        raise click.UsageError("--duration, --count, --write and --save-on need --interface")
    return None


class KeptPackets:
    """The files that `--write` asks for.

    Attributes:
        failed: whether they could not be written any more.
    """

    def __init__(self, choice: LiveChoice) -> None:
        """Open the first file, if any is wanted; raises OutputError, click.UsageError."""
        self.failed = False
        self._files: _RingFiles | None = None
        if choice.kept is None:
            if choice.ring_size is not None or choice.ring_files is not None:
                raise click.UsageError("--ring-size and --ring-files need --write")
            return
        if choice.ring_files is not None and choice.ring_size is None:
            raise click.UsageError("--ring-files needs --ring-size")
        from tcpflow_analyzer.sources.live.ring_files import RingFiles  # noqa: PLC0415  pathlib

        self._files = RingFiles(choice.kept, choice.ring_size, choice.ring_files)

    def attach(self, recording: "Source") -> None:
        """Keep what is captured from now on."""
        if self._files is not None:
            recording.tee = self._write

    def reopen(self) -> None:
        """Begin another file, if somebody moved this one away or the files are numbered.

        Raises:
            OutputError: it cannot be made; the old one is written on.
        """
        if self._files is not None:
            self._files.reopen()

    def close(self) -> None:
        """Close the last file."""
        if self._files is not None:
            self._files.close()

    def _write(self, octets: bytes) -> None:
        """Write, or say once that it is no longer possible: the analysis goes on."""
        if self._files is None:
            return
        try:
            self._files.write(octets)
        except OutputError as error:
            self.failed = True
            self._files = None
            say("error", f"{error}; no more packets are kept")
