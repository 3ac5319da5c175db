"""Entry point of the program: lists the commands and loads each on first use.

Exit statuses: 0 done; 1 and 3 of `check`, failed and incomplete, and 1 of `diff`, different; 2
unusable command line or input; 4 output not written or a worker died; 130 and 143 interrupted and
terminated; a closed pipe ends quietly with 0.
"""

import gc
import importlib
import os
import sys
from collections.abc import Sequence
from typing import Final, NoReturn

import click

from tcpflow_analyzer.cli.drafts import discard_drafts, lost_files
from tcpflow_analyzer.cli.help import HelpGroup
from tcpflow_analyzer.cli.interruption import Interrupted, Terminated, handle_signals
from tcpflow_analyzer.cli.messages import say
from tcpflow_analyzer.errors import OutputError, TcpflowError, WorkerError
from tcpflow_analyzer.version import __version__

STATUS_UNUSABLE: Final = 2
STATUS_OUTPUT: Final = 4
STATUS_INTERRUPTED: Final = 130
STATUS_TERMINATED: Final = 143

# Command -> the module that defines it under the same name, and its line in the list.
COMMANDS: Final = {
    "analyze": "Say what happened to the TCP connections of a capture.",
    "check": "Fail a build if captures hold what they should not.",
    "diff": "Compare two recordings of the same test.",
    "explain": "Explain a finding: what it means, when it is set, what to do.",
    "extract": "Take the frames of connections out of a capture.",
    "live": "Watch the TCP connections of an interface.",
    "report": "Write a page about a capture, with drawings, in one HTML file.",
    "rules": "List the findings and their codes.",
    "show": "Draw connections as ladders, with the states of both ends.",
    "ss": "Show the sockets of all hosts at a moment, as ss would have.",
}


class LazyGroup(HelpGroup):
    """Group whose commands are imported when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Give the names of all commands."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command; None if there is none of this name."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"tcpflow_analyzer.cli.{cmd_name}")
        command: click.Command = getattr(module, cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def _show_version(ctx: click.Context, _option: click.Parameter, wanted: bool) -> None:
    """Print the version and end."""
    if not wanted or ctx.resilient_parsing:
        return
    from tcpflow_analyzer.compiled import is_compiled  # noqa: PLC0415  only --version asks

    how = "compiled" if is_compiled() else "interpreted"
    click.echo(f"tcpflow {__version__} ({how})")
    ctx.exit()


@click.command(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
    epilog="`tcpflow COMMAND --help` shows the options of a command.",
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Show the version and whether the fast modules are compiled.",
)
def tcpflow() -> None:
    """Follow both ends of every TCP connection in a packet capture.

    tcpflow reads packet captures, follows both endpoints of every TCP
    connection through the states of RFC 9293, and says what went wrong with
    opening, closing, resetting and reusing connections, with the frames that
    prove it.
    """


def run(arguments: Sequence[str]) -> int:
    """Run the program and give its exit status; nothing is raised for a user's mistake.

    Args:
        arguments: of the command line, without the program's name.
    """
    try:
        status = tcpflow.main(list(arguments), prog_name="tcpflow", standalone_mode=False)
        _flush_output()
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return STATUS_UNUSABLE
    except click.ClickException as error:
        say("error", _one_line(error))
        return STATUS_UNUSABLE
    except (BrokenPipeError, SystemExit):  # click makes the latter of the former
        _silence_output()
        return 0
    except (OutputError, WorkerError) as error:
        say("error", str(error))
        return STATUS_OUTPUT
    except TcpflowError as error:
        say("error", str(error))
        return STATUS_UNUSABLE
    except OSError as error:  # of help and version, which click writes
        _silence_output()
        say("error", f"standard output: {error.strerror}")
        return STATUS_OUTPUT
    except (Interrupted, click.Abort):
        say("error", f"interrupted{lost_files()}")
        return STATUS_INTERRUPTED
    except Terminated:
        if lost := lost_files():
            say("error", f"terminated{lost}")
        return STATUS_TERMINATED
    return status if isinstance(status, int) else 0


def main() -> NoReturn:
    """Run the program on this process's command line, and end the process."""
    # Nothing that is imported from here on is garbage, nor is what a command makes (analyze.py).
    gc.disable()
    handle_signals()
    status = run(sys.argv[1:])
    if status in (STATUS_INTERRUPTED, STATUS_TERMINATED):
        # A report is flushed by now; for one broken off nobody may be reading.
        _silence_output()
    try:
        _flush_output()
    except BrokenPipeError:
        _silence_output()
    except OutputError as error:
        if status != STATUS_OUTPUT:  # else it was said already
            say("error", str(error))
        status = STATUS_OUTPUT
    discard_drafts()
    # All is written; taking a million objects apart one by one would cost another half second.
    os._exit(status)


def _one_line(error: click.ClickException) -> str:
    """Say what is wrong with the command line, and where its words are explained."""
    message = " ".join(error.format_message().split()).removesuffix(".")
    message = message[:1].lower() + message[1:]
    context = getattr(error, "ctx", None)
    return message if context is None else f"{message}; see `{context.command_path} --help`"


def _flush_output() -> None:
    """Flush standard output.

    Raises:
        OutputError: what was written could not be stored.
        BrokenPipeError: nobody reads it any more.
    """
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        _silence_output()
        raise OutputError(f"standard output: {error.strerror}") from error


def _silence_output() -> None:
    from tcpflow_analyzer.cli.outputs import silence_standard_output  # noqa: PLC0415  rare

    silence_standard_output()
