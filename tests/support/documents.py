"""Reads the commands that README and docs show, and runs them in a folder of examples.

A block of `sh` is a script; one of `console` shows commands behind `$ ` and what they print, in
which a line `...` stands for any lines; one of `python` is a program. A comment in the line before
a block says more about it:

    <!-- not run: needs root -->        the reason is not optional
    <!-- file: tcpflow.toml -->         the block is a file that later commands read
    <!-- part of: a/program.py -->      the block stands in that file of the repository
    <!-- status: 2 -->                  its commands end with this status

Without it commands end with 0; `check` and `diff` may also end with 1, as failing is their work;
and with 2 where the output that is shown is an error of the program.
"""

import contextlib
import io
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import tcpflow_analyzer
from support.places import FIXTURES, RECORDINGS, ROOT
from tcpflow_analyzer.cli.main import run

SHELL: Final = ("sh", "console")
WIDTH: Final = 100  # columns of reports that go to no terminal
_FENCE: Final = re.compile(r"( *)(```+)(\{?[\w-]*\}?)")
_MARKER: Final = re.compile(r" *<!-- (not run|file|part of|status): (.+) -->")
_QUOTED: Final = re.compile(r"'[^']*'|\"[^\"$`]*\"")
_FOR_SHELLS: Final = re.compile(r"[|&;<>$*?~`(){}\n]")  # what only a shell understands


class Block(NamedTuple):
    """A fenced block of a document.

    Attributes:
        language: "" if it says none.
        line: number of the line that opens it.
        lines: between its fences, without the indentation of the fence.
        indent: of the fence.
        marks: what the comment before it says.
    """

    language: str
    line: int
    lines: tuple[str, ...]
    indent: str
    marks: dict[str, str]

    @property
    def text(self) -> str:
        """All of it."""
        return "\n".join(self.lines) + "\n"


class Shown(NamedTuple):
    """A command of a block, as it stands there, and the lines that are shown as its output."""

    command: str
    typed: tuple[str, ...]
    output: tuple[str, ...]


def documents() -> list[Path]:
    """README and the pages of docs, without those that are made from the code."""
    generated = ROOT / "docs" / "reference" / "findings"
    pages = [page for page in (ROOT / "docs").rglob("*.md") if page.parent != generated]
    return [ROOT / "README.md", ROOT / "tests" / "README.md", *sorted(pages)]


def blocks(text: str) -> Iterator[Block]:
    """The fenced blocks of a document."""
    lines = text.splitlines()
    number = 0
    while number < len(lines):
        opened = _FENCE.match(lines[number])
        if opened is None:
            number += 1
            continue
        indent, fence, language = opened.groups()
        end = lines.index(indent + fence, number + 1)
        inside = tuple(line.removeprefix(indent) for line in lines[number + 1 : end])
        marked = _MARKER.fullmatch(lines[number - 1]) if number else None
        marks = {marked[1]: marked[2]} if marked else {}
        yield Block(language, number + 1, inside, indent, marks)
        number = end + 1


def shown_commands(block: Block) -> list[Shown]:
    """The commands of a block of `console`, with continued lines as one."""
    found: list[Shown] = []
    lines = iter(block.lines)
    for line in lines:
        if not line.startswith("$ "):
            found[-1] = found[-1]._replace(output=(*found[-1].output, line))
            continue
        command, typed = line[2:], [line]
        while command.endswith("\\"):
            typed.append(next(lines))
            command = command[:-1] + typed[-1].lstrip("> ")
        found.append(Shown(command, tuple(typed), ()))
    return found


def matches(shown: tuple[str, ...], printed: list[str]) -> bool:
    """Whether the output that is shown is what was printed, lines `...` standing for any."""
    parts = [r"(?:.*\n)*" if line == "..." else re.escape(line) + r"\n" for line in shown]
    return re.fullmatch("".join(parts), "".join(f"{line}\n" for line in printed)) is not None


class Place:
    """A folder in which the commands of a document run, with captures under the names it uses."""

    def __init__(self, folder: Path) -> None:
        """Fill the folder."""
        self.folder = folder
        (folder / "fixtures").symlink_to(FIXTURES, target_is_directory=True)
        for name in ("capture.pcap", "capture.pcapng"):
            shutil.copy(FIXTURES / "tutorial" / "orders.pcap", folder / name)
        for name in ("captures", "ring", "nightly"):
            (folder / name).mkdir()
            for capture in ("close_by_client.pcap", "close_by_server.pcap"):
                shutil.copy(RECORDINGS / capture, folder / name / capture)
        self._environment = os.environ | {
            "PATH": f"{self._programs()}{os.pathsep}{os.environ['PATH']}",
            "COLUMNS": str(WIDTH),
            "LC_ALL": "C.UTF-8",
        }

    def run(self, command: str) -> tuple[int, str]:
        """Run a command or a script; give its status, and all that it printed."""
        if not _FOR_SHELLS.search(_QUOTED.sub("", command)):
            name, *arguments = shlex.split(command)
            if name == "tcpflow":
                return self._run_here(arguments)
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", command],
            cwd=self.folder, env=self._environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, check=False,
        )  # fmt: skip
        return done.returncode, done.stdout.decode()

    def run_python(self, program: str) -> None:
        """Run a block of Python in a process of its own."""
        variables = self._environment | {"PYTHONPATH": self._package()}
        command = [sys.executable, "-P", "-W", "error", "-c", program]
        subprocess.run(
            command, cwd=self.folder, env=variables, check=True, capture_output=True, timeout=60
        )

    def _run_here(self, arguments: list[str]) -> tuple[int, str]:
        """Run the program in this process, which saves its start."""
        printed = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
        with (
            contextlib.chdir(self.folder),
            contextlib.redirect_stdout(printed),
            contextlib.redirect_stderr(printed),
        ):
            status = run(arguments)
        buffer = printed.buffer
        assert isinstance(buffer, io.BytesIO)
        return status, buffer.getvalue().decode()

    def _programs(self) -> Path:
        """A folder with a program `tcpflow` that runs the package under test."""
        programs = self.folder.parent / f"{self.folder.name}-programs"
        programs.mkdir()
        program = programs / "tcpflow"
        program.write_text(
            f"#!/bin/sh\nPYTHONPATH={shlex.quote(self._package())} "
            f'exec {shlex.quote(sys.executable)} -P -m tcpflow_analyzer "$@"\n'
        )
        program.chmod(0o755)
        return programs

    def _package(self) -> str:
        return str(Path(tcpflow_analyzer.__path__[0]).parent)
