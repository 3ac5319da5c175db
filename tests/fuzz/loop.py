"""Fuzzes one target until the time is over; a process of its own, started by `python -m fuzz run`.

What raises or takes too long is kept and the loop goes on, each defect once: it is known by its
exception and the innermost line of the program. Only what libFuzzer itself ends (a hang, memory)
ends the process.
"""

import argparse
import hashlib
import resource
import sys
import time
import traceback
from pathlib import Path
from typing import Final

import atheris

import support.source_first

SLOW_S: Final = 8.0  # processor seconds of one input; three quarters are what counting costs
HANG_S: Final = 300  # by the clock, of a machine that may have other things to do
MOST_MIB: Final = 1500
MOST_OCTETS: Final = 4096
# Branches of these are half of all and tell nothing: every digit and bucket is one, in any report.
NOT_COUNTED: Final = ("tcpflow_analyzer.report.json_text", "tcpflow_analyzer.table.kept")


class Findings:
    """Inputs that are defects, in a folder: NAME.bin and NAME.txt."""

    def __init__(self, folder: Path, target: str) -> None:
        """Keep the findings of a target in a folder."""
        self._folder = folder
        self._target = target
        self._known: set[str] = set()

    def keep(self, octets: bytes, text: str, place: str) -> None:
        """Keep an input, if it is the first one of its kind."""
        name = f"{self._target}-{hashlib.sha256(place.encode()).hexdigest()[:12]}"
        if name in self._known:
            return
        self._known.add(name)
        (self._folder / f"{name}.bin").write_bytes(octets)
        (self._folder / f"{name}.txt").write_text(f"{place}\n{text}", errors="replace")


def place_of(error: BaseException) -> str:
    """Name an exception by its type and the innermost line of this project."""
    lines = [
        f"{Path(frame.filename).name}:{frame.lineno}"
        for frame in traceback.extract_tb(error.__traceback__)
        if "tcpflow_analyzer" in frame.filename or "/fuzz/" in frame.filename
    ]
    return f"{type(error).__name__} {lines[-1] if lines else ''}"


def _peak_mib() -> int:
    """The most memory that this process is said to have had.

    On Linux that is at first what the program had that started it: pytest may have had gigabytes.
    """
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def fuzz(target: str, corpus: Path, findings: Path, limits: list[str]) -> None:
    """Fuzz a target; does not come back."""
    support.source_first.install()
    with atheris.instrument_imports(
        include=["tcpflow_analyzer"], exclude=[*NOT_COUNTED], enable_loader_override=False
    ):
        # The program is imported under the eyes of the fuzzer; much of it only when it is used.
        from fuzz.targets import TARGETS, result_of  # noqa: PLC0415

        function = TARGETS[target]
        kept = Findings(findings, target)

        def try_one(octets: bytes) -> None:
            start = time.process_time()
            try:
                result_of(function, octets)
            except Exception as error:
                kept.keep(octets, traceback.format_exc(), place_of(error))
            took = time.process_time() - start
            if took > SLOW_S:
                kept.keep(octets, f"{took:.1f} s\n", f"slow {len(octets) // 500}")

        words = [sys.argv[0], f"-timeout={HANG_S}", f"-rss_limit_mb={MOST_MIB + _peak_mib()}"]
        words += [f"-max_len={MOST_OCTETS}", "-print_final_stats=1", "-len_control=20"]
        words += [f"-artifact_prefix={findings}/{target}-", *limits, str(corpus)]
        atheris.Setup(words, try_one)
        atheris.Fuzz()


def main() -> None:
    """Read the words of the command line."""
    reader = argparse.ArgumentParser()
    reader.add_argument("target")
    reader.add_argument("corpus", type=Path)
    reader.add_argument("findings", type=Path)
    known, limits = reader.parse_known_args()
    fuzz(known.target, known.corpus, known.findings, limits)


if __name__ == "__main__":
    main()
