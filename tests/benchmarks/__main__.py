"""The measurements, as commands."""

import json
import shlex
import tempfile
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from benchmarks import compare as comparing
from benchmarks import hostile as exhausting
from benchmarks import instructions as counting
from benchmarks import live_load as loading
from benchmarks import soak as soaking
from benchmarks.captures import NAMES, SEED, SHA256, Options, make
from benchmarks.process import installed_program
from tcpflow_analyzer.compiled import is_compiled

FOLDER = Path(tempfile.gettempdir()) / "tcpflow-benchmarks"
in_folder = click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=FOLDER,
    show_default=True,
    help="Where captures are kept.",
)
of_program = click.option(
    "--program",
    default=installed_program(),
    show_default=True,
    help="The command line that is measured.",
)


@click.group()
def main() -> None:
    """Captures and measurements; docs/performance.md says how to read them."""


@main.command()
@click.argument("names", nargs=-1, type=click.Choice(NAMES))
@in_folder
@click.option("--packets", type=click.IntRange(1))
@click.option("--connections", type=click.IntRange(1))
@click.option("--times", type=click.IntRange(1), default=1, help="Longer at the same rate.")
@click.option("--rate", type=float, default=2500.0, help="New connections a second, of web.")
@click.option("--loss", type=click.FloatRange(0, 1), default=0.0, help="Share of segments lost.")
@click.option("--reordering", type=click.FloatRange(0, 1), default=0.0, help="Share overtaken.")
@click.option("--ipv6", is_flag=True)
@click.option("--vlan", type=click.IntRange(0, 4094), default=0, help="802.1Q identifier.")
@click.option("--snap", type=click.IntRange(64), default=262_144, help="Octets captured at most.")
@click.option("--seed", type=int, default=SEED)
@click.option("--output", type=click.Path(path_type=Path), help="Instead of FOLDER/NAME.pcap.")
def generate(names: tuple[str, ...], folder: Path, output: Path | None, **options: object) -> None:
    """Make captures: all standard ones unless NAMES or options say otherwise."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names or NAMES:
        wanted = Options(name, **options)  # type: ignore[arg-type]
        path = output or folder / f"{name}.pcap"
        try:
            made = make(wanted, path)
        except ValueError as error:
            raise click.UsageError(str(error)) from error
        click.echo(
            f"{path}: {made.packets:,} packets, {made.connections:,} connections, "
            f"{made.octets:,} octets"
        )
        if wanted == Options(name) and made.sha256 != SHA256[name]:
            click.echo(f"{path} is not the standard capture: numpy draws other numbers", err=True)


@main.command()
@in_folder
@of_program
@click.option("--runs", type=click.IntRange(1), default=5, show_default=True, help="Pairs.")
@click.option("--files", default=",".join(NAMES), show_default=True, help="In the folder.")
@click.option(
    "--peers", default="capinfos,tcptrace,tshark,argus", show_default=True, help="Of those known."
)
@click.option("--ours", type=click.Choice(list(comparing.OURS)), default="text", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="A JSON array of rows.")
@click.option("--markdown", "as_markdown", is_flag=True, help="The table of the documentation.")
def compare(
    folder: Path,
    program: str,
    runs: int,
    files: str,
    peers: str,
    ours: str,
    as_json: bool,
    as_markdown: bool,
) -> None:
    """Time the program beside others on the standard captures, made where missing.

    Known peers: capinfos, tcptrace, tshark, tshark-fields, argus, cat; and text, json, ndjson, this
    program's own outputs.
    """
    rows = []
    here = [
        peer for peer in peers.split(",")
        if peer in comparing.OURS or list(comparing.installed([peer]))
    ]  # fmt: skip
    for missing in sorted(set(peers.split(",")) - set(here)):
        click.echo(f"{missing}: not installed", err=True)
    folder.mkdir(parents=True, exist_ok=True)
    for name in files.split(","):
        capture = folder / f"{name}.pcap"
        if not capture.exists() and name in NAMES:
            make(Options(name), capture)
        comparing.check(program, capture)
        for peer in here:
            click.echo(f"{name} beside {peer} ...", err=True)
            rows.append(comparing.compare(program, capture, peer, runs, ours))
    if as_json:
        click.echo(json.dumps([row._asdict() for row in rows], indent=1))
    elif as_markdown:
        click.echo(comparing.markdown(rows))
    else:
        _print_table(rows)


def _print_table(rows: list[comparing.Row]) -> None:
    table = Table("capture", "peer", "ours", "peer's", "ratio", "target", "memory", "target")
    for row in rows:
        table.add_row(*comparing.cells(row))
    Console(width=140).print(table)


@main.command()
@in_folder
@of_program
@click.option("--capture", type=click.Choice(NAMES), default="web", show_default=True)
@click.option("--packets", type=click.IntRange(1), default=2_000_000, show_default=True)
@click.option("--times", type=click.IntRange(2), default=10, show_default=True)
@click.option("--rate", type=float, default=soaking.RATE, show_default=True)
@click.option("--runs", type=click.IntRange(1), default=2, show_default=True)
def soak(
    folder: Path, program: str, capture: str, packets: int, times: int, rate: float, runs: int
) -> None:
    """Compare a recording with one several times as long; status 1 if cost is not linear."""
    folder.mkdir(parents=True, exist_ok=True)
    result = soaking.soak(program, capture, packets, times, runs, folder, rate)
    for made, usage in ((result.short, result.short_usage), (result.long, result.long_usage)):
        click.echo(
            f"{made.packets:12,} packets {made.connections:10,} connections "
            f"{usage.seconds:8.2f} s {usage.peak_mib:8.1f} MiB "
            f"{made.packets / usage.seconds:12,.0f} packets/s"
        )
    click.echo(
        f"time for a packet {result.time_ratio:.3f} times, memory {result.memory_ratio:.3f} times; "
        f"{'met' if result.is_linear else 'missed'}: at most {1 + soaking.TOLERANCE:g}"
    )
    if not result.is_linear:
        raise SystemExit(1)


@main.command(context_settings={"ignore_unknown_options": True})
@of_program
@click.option("--rate", type=float, default=2000.0, show_default=True, help="Connections a second.")
@click.option("--seconds", type=float, default=60.0, show_default=True)
@click.option(
    "--warm", type=float, default=330.0, show_default=True, help="Seconds before memory counts."
)
@click.option("--iperf", is_flag=True, help="One stream of iperf3 instead of connections.")
@click.option("--most-slope", type=float, default=1.0, show_default=True, help="MiB a minute.")
@click.argument("options", nargs=-1)
def live(
    program: str,
    rate: float,
    seconds: float,
    warm: float,
    iperf: bool,
    most_slope: float,
    options: tuple[str, ...],
) -> None:
    """Watch real sockets between two namespaces with `tcpflow live OPTIONS`; needs root.

    Status 1 if frames or connections are unaccounted for, frames of short connections are dropped,
    or memory grows.
    """
    if iperf:
        outcome = loading.run_iperf(program, options, seconds)
    else:
        outcome = loading.run_connections(program, options, rate, seconds)
    for line in loading.lines(outcome, warm):
        click.echo(line)
    complaints = list(loading.complaints(outcome, warm, most_slope))
    for complaint in complaints:
        click.echo(complaint, err=True)
    if complaints:
        raise SystemExit(1)


@main.command()
@click.argument("names", nargs=-1, type=click.Choice([case.name for case in counting.cases()]))
def count(names: tuple[str, ...]) -> None:
    """Count instructions with valgrind, beside the limits of targets.toml; status 1 above one."""
    if not counting.is_available():
        raise click.ClickException("no valgrind")
    if not is_compiled():
        raise click.ClickException("limits are those of a compiled install; python -P, perhaps")
    above = False
    for case in counting.cases():
        if not names or case.name in names:
            instructions = counting.cost(case)
            above = above or instructions > case.limit
            click.echo(
                f"{case.name:18} {instructions:10,.0f} instructions a {case.unit}, "
                f"limit {case.limit:,}"
            )
    if above:
        raise SystemExit(1)


@main.command()
@click.argument("names", nargs=-1, type=click.Choice([*exhausting.CASES]))
@in_folder
@of_program
@click.option("--times", type=click.IntRange(1), default=1, help="So many times the small size.")
@click.option("--share", type=click.IntRange(1), default=1, help="One in so many of it.")
@click.option("--pipe", is_flag=True, help="The capture is never a file, however long.")
def hostile(
    names: tuple[str, ...], folder: Path, program: str, times: int, share: int, pipe: bool
) -> None:
    """Analyse captures made to exhaust, NAMES or all, and print a table in Markdown."""
    analyze = shlex.split(program)
    folder.mkdir(parents=True, exist_ok=True)
    click.echo("| capture | size | file | processor | peak memory |\n|---|---|---|---|---|")
    for name in names or exhausting.CASES:
        case = exhausting.CASES[name]
        count = max(case.size * times // share, 1)
        if pipe:
            made = exhausting.measure_streamed(case, count, analyze)
        else:
            made = exhausting.measure_case(case, count, analyze, folder)
        click.echo(
            f"| {case.what} | {count:,} | {made.octets / 1e6:,.1f} MB "
            f"| {made.usage.processor_seconds:.1f} s | {made.usage.peak_mib:,.0f} MiB |"
        )


if __name__ == "__main__":
    main(prog_name="python -P -m benchmarks")
