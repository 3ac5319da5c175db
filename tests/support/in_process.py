"""Runs the program in this process: much quicker than one of its own, for what needs none.

Signals, closed pipes and what is imported need a process of their own: support/program.py.
"""

import contextlib
import gc
import io
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tcpflow_analyzer.cli.main import run


def run_here(
    arguments: Sequence[str | Path], *, folder: Path | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Run `tcpflow` with these arguments, and give its exit status and output, in octets.

    Args:
        arguments: of the command line, without the program's name.
        folder: to run in; by default that of the tests.
    """
    out, err = io.BytesIO(), io.BytesIO()
    words = [str(each) for each in arguments]
    with contextlib.ExitStack() as stack:
        if folder is not None:
            stack.enter_context(contextlib.chdir(folder))
        stack.callback(gc.enable)  # commands switch it off, as their processes end soon
        stack.callback(gc.unfreeze)
        texts = [io.TextIOWrapper(each, "utf-8", write_through=True) for each in (out, err)]
        stack.enter_context(contextlib.redirect_stdout(texts[0]))
        stack.enter_context(contextlib.redirect_stderr(texts[1]))
        status = run(words)
        for text in texts:
            text.flush()
        return subprocess.CompletedProcess(words, status, out.getvalue(), err.getvalue())
