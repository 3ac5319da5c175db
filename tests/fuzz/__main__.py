"""Fuzzing, as commands."""

import hashlib
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, NamedTuple

import click

from fuzz import replay as replaying
from fuzz.corpus import seeds
from fuzz.targets import TARGETS
from support.program import python_environment
from tcpflow_analyzer.compiled import is_compiled

FOLDER: Final = Path(tempfile.gettempdir()) / "tcpflow-fuzzing"
# A process may take so much longer than it was told, to start and to end, on a busy machine.
HELP_S: Final = 600

in_folder = click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=FOLDER,
    show_default=True,
    help="Where corpora and findings are kept.",
)
of_targets = click.argument("names", metavar="[TARGET]...", nargs=-1, type=click.Choice([*TARGETS]))


class Ended(NamedTuple):
    """How the fuzzing of a target ended: inputs tried, and why it ended early, "" if not."""

    executions: int
    complaint: str


@click.group()
def main() -> None:
    """Gives the program octets that nobody meant; docs/CONTRIBUTING.md says how to use it."""


@main.command()
@of_targets
@in_folder
@click.option("--seconds", type=click.IntRange(1), default=60, show_default=True, help="Of each.")
@click.option("--rounds", type=click.IntRange(1), default=1, help="So often, one by one.")
@click.option("--seed", type=click.IntRange(1), default=1, help="Of the first round.")
def run(names: tuple[str, ...], folder: Path, seconds: int, rounds: int, seed: int) -> None:
    """Fuzz TARGETs one after the other, all by default. Status 1 if there is a finding."""
    findings = folder / "findings"
    findings.mkdir(parents=True, exist_ok=True)
    before = set(findings.iterdir())
    for number in range(rounds):
        for name in names or TARGETS:
            ended = fuzz(name, folder, seconds, seed + number)
            click.echo(f"{name}: {ended.executions:,} executions in {seconds} s{ended.complaint}")
    new = sorted(path for path in set(findings.iterdir()) - before if path.suffix != ".txt")
    for path in new:
        click.echo(f"finding: {path}")
    sys.exit(1 if new else 0)


def fuzz(name: str, folder: Path, seconds: int, seed: int) -> Ended:
    """Fuzz a target in a process of its own; what it found lies in FOLDER/findings."""
    corpus = folder / "corpus" / name
    corpus.mkdir(parents=True, exist_ok=True)
    for octets in seeds(name):
        (corpus / hashlib.sha1(octets, usedforsecurity=False).hexdigest()).write_bytes(octets)
    command = [sys.executable, "-P", "-m", "fuzz.loop", name, str(corpus), str(folder / "findings")]
    command += [f"-max_total_time={seconds}", f"-seed={seed}"]
    with (folder / f"{name}.log").open("wb") as log:
        try:
            status = subprocess.run(
                command, env=python_environment(), stdout=log, stderr=log, check=False, cwd=folder,
                timeout=seconds + HELP_S,
            ).returncode  # fmt: skip
        except subprocess.TimeoutExpired:
            status = 1
    text = (folder / f"{name}.log").read_text(errors="replace")
    counted = re.search(r"number_of_executed_units: (\d+)", text)
    complaint = "" if status == 0 else f", ended by {_last_error(text)}"
    return Ended(int(counted[1]) if counted else 0, complaint)


def _last_error(text: str) -> str:
    lines = [line for line in text.splitlines() if "ERROR" in line or "Error" in line]
    return lines[-1].strip() if lines else "a signal"


@main.command()
@of_targets
@click.option("--octets", type=click.Path(exists=True, path_type=Path), required=True)
def replay(names: tuple[str, ...], octets: Path) -> None:
    """Give the files of a folder, or one file, to TARGETs: a line of JSON for each."""
    for name in names:
        for path in replaying.files_of(octets):
            click.echo(json.dumps(replaying.outcome(name, path)._asdict()))


@main.command()
@of_targets
@in_folder
def twins(names: tuple[str, ...], folder: Path) -> None:
    """Compare compiled modules and their source on what fuzzing has found; status 1 if they differ.

    Needs an install that is compiled.
    """
    if not is_compiled():
        raise click.UsageError("this install has no compiled modules")
    wrong = 0
    for name in names or TARGETS:
        corpus = folder / "corpus" / name
        if not corpus.is_dir():
            continue
        different = list(_different(name, corpus))
        wrong += len(different)
        click.echo(f"{name}: {len(list(corpus.iterdir())):,} inputs, {len(different)} differ")
        for line in different:
            click.echo(f"  {line}")
    sys.exit(1 if wrong else 0)


def _different(name: str, corpus: Path) -> Iterable[str]:
    files = {name: replaying.files_of(corpus)}
    with ThreadPoolExecutor(2) as pool:
        both = [
            pool.submit(replaying.outcomes, files, interpreted=interpreted)
            for interpreted in (False, True)
        ]
    compiled, source = (each.result() for each in both)
    for path, outcome in source.items():
        other = compiled.get(path)
        if other is None:
            yield f"{path}: the compiled twin ended before it"
        elif other.value != outcome.value:
            yield f"{path}: {other.value[:80]} compiled, {outcome.value[:80]} from source"


if __name__ == "__main__":
    main()
