"""README and docs show only commands that run, and what they print.

`pytest tests/docs --update-golden` writes the output of the blocks of `console` anew.
"""

import os
import re
from pathlib import Path

import click
import pytest

from support.documents import WIDTH, Block, Place, blocks, documents, matches, shown_commands
from support.places import ROOT
from tcpflow_analyzer.cli.main import COMMANDS, tcpflow

pytestmark = pytest.mark.skipif(os.name == "nt", reason="these commands are for POSIX shells")

DOCUMENTS = documents()
FAILING = re.compile(r"\btcpflow (?:check|diff)\b")  # commands whose work is to fail
CALL = re.compile(r"(?:^|[ (|`])tcpflow(?: [a-z-]+)?(?: [^|;&<>`\n]*)?")


def name_of(document: Path) -> str:
    return str(document.relative_to(ROOT))


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_commands_run_and_print_what_is_shown(
    document: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, update_golden: bool
) -> None:
    monkeypatch.setenv("COLUMNS", str(WIDTH))
    monkeypatch.setenv("NO_COLOR", "1")
    text = document.read_text()
    shown = [block for block in blocks(text) if is_for_running(block)]
    if not shown:
        return
    (tmp_path / "place").mkdir()
    place = Place(tmp_path / "place")
    lines = text.splitlines()
    moved = 0  # lines that were added above
    for block in shown:
        printed = run_block(block, place, name_of(document), update_golden)
        first, last = block.line + moved, block.line + moved + len(block.lines)
        lines[first:last] = [(block.indent + line).rstrip() for line in printed]
        moved += len(printed) - len(block.lines)
    if update_golden and "\n".join(lines) + "\n" != text:
        document.write_text("\n".join(lines) + "\n")


def is_for_running(block: Block) -> bool:
    """Whether this test has something to do with it."""
    return block.language in {"sh", "console", "python"} or bool(block.marks)


def run_block(block: Block, place: Place, document: str, update_golden: bool) -> list[str]:
    """Do what a block says; give its lines as they should be."""
    where = f"{document}:{block.line}"
    same = list(block.lines)
    if "file" in block.marks:
        path = place.folder / block.marks["file"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.text)
    elif "part of" in block.marks:
        assert block.text in (ROOT / block.marks["part of"]).read_text(), where
    elif "not run" in block.marks:
        return same
    elif block.language == "python":
        place.run_python(block.text)
    elif block.language == "console":
        return run_console(block, place, where, update_golden)
    else:
        for command in commands_of(block):
            status, printed = place.run(command)
            assert status in allowed(block, command), f"{where}: {command}\n{printed}"
    return same


def run_console(block: Block, place: Place, where: str, update_golden: bool) -> list[str]:
    """Compare what commands print with what is shown."""
    lines: list[str] = []
    for shown in shown_commands(block):
        status, text = place.run(shown.command)
        fails = any(line.startswith("tcpflow: error: ") for line in shown.output)
        wanted = {2} if fails else allowed(block, shown.command)
        assert status in wanted, f"{where}: {shown.command}\n{text}"
        printed = [line.rstrip() for line in text.splitlines()]
        lines += shown.typed
        if matches(shown.output, printed):
            lines += shown.output
        elif update_golden:
            lines += printed
        else:
            pytest.fail(f"{where}: {shown.command} prints\n{text}")
    return lines


def commands_of(block: Block) -> list[str]:
    """The commands of a block of `sh`: each line alone, or all as a script if they need a shell."""
    lines = [line.partition("  #")[0].strip() for line in block.lines]
    lines = [line for line in lines if line and not line.startswith("#")]
    if all(line.startswith("tcpflow ") and not line.endswith("\\") for line in lines):
        return lines
    return [block.text]


def allowed(block: Block, command: str) -> set[int]:
    """The statuses with which a command may end."""
    if "status" in block.marks:
        return {int(block.marks["status"])}
    return {0, 1} if FAILING.search(command) else {0}


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_commands_stand_only_in_blocks_that_are_run(document: Path) -> None:
    for block in blocks(document.read_text()):
        if block.language not in {"sh", "console"} and "not run" not in block.marks:
            hidden = [line for line in block.lines if re.match(r"(?:\$ )?tcpflow [a-z-]+", line)]
            assert hidden == [], f"{name_of(document)}:{block.line}: not a block of sh or console"


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_options_that_are_named_exist(document: Path) -> None:
    for call in CALL.findall(document.read_text()):
        words = call[call.index("tcpflow") :].split()[1:]
        if not words or words[0] not in COMMANDS:
            continue
        with click.Context(tcpflow) as context:
            command = tcpflow.get_command(context, words[0])
        assert command is not None
        known = {name for each in command.params for name in [*each.opts, *each.secondary_opts]}
        known |= {"-h", "--help"}
        named = {word.partition("=")[0].rstrip(".,:)") for word in words if word.startswith("-")}
        assert {name for name in named if name.startswith("--") and len(name) > 2} <= known, call
