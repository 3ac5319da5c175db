"""A folder of fixtures/findings whose captures are recordings of real Linux sockets.

Its record.py holds two scenarios for the recorder of fixtures/recordings, `fires` and `quiet`, and
a `RecordedCase`. Run as root, `PYTHONPATH=tests python fixtures/findings/FOLDER/record.py` makes
the captures and case.toml anew. Frames, times and numbers differ at each recording, so tests
compare the octets with the sums in case.toml only.
"""

import hashlib
import importlib
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from support.places import FIXTURES

Lab = Any  # of fixtures/recordings/laboratory/lab.py

LONGEST = 900  # seconds that a recording may take


def laboratory() -> ModuleType:
    """The module laboratory/lab.py of fixtures/recordings, which is no package of the tests."""
    sys.path.insert(0, str(FIXTURES / "recordings"))
    return importlib.import_module("laboratory.lab")


class _NoTrace:
    """In place of the kernel's own account, for which a finding's folder has no use."""

    def close(self) -> None:
        """Nothing was opened."""


@dataclass(frozen=True, slots=True)
class RecordedCase:
    """What record.py of a folder records, and what its case.toml says.

    Attributes:
        purpose: one sentence.
        fires: scenario whose capture gives the finding; gets a `Lab` of the recorder.
        quiet: the near miss, likewise.
        expects, expects_not, settings: as of support.capture_builder.Case.
        wire: whether a thread in the middle relays the frames and may harm them (`Lab.wire`).
        point: "client" or "server": whose device is captured.
    """

    purpose: str
    fires: Callable[[Lab], None]
    quiet: Callable[[Lab], None]
    expects: tuple[str, ...]
    expects_not: tuple[str, ...] = ()
    settings: Mapping[str, int] = field(default_factory=dict)
    wire: bool = False
    point: str = "client"

    def write(self, make: str) -> None:
        """Record both captures and write them with case.toml beside `make`, the path of record.py.

        Arguments on the command line, `fires` or `quiet`, record only that one anew.
        """
        folder = Path(make).resolve().parent
        for scenario in (self.fires, self.quiet):
            if len(sys.argv) == 1 or scenario.__name__ in sys.argv[1:]:
                (folder / f"{scenario.__name__}.pcap").write_bytes(self._record(scenario))
        today = time.strftime("%Y-%m-%d")
        lines = [
            f"purpose = {json.dumps(self.purpose)}",
            'origin = "recorded"',
            f'tool = "fixtures/recordings/record.py, Linux {os.uname().release.partition("-")[0]}"',
            f'command = "PYTHONPATH=tests python fixtures/findings/{folder.name}/record.py"',
            f'date = "{today}"',
            'anonymised = "not needed: network namespaces of their own, no other host"',
            f"expects = {json.dumps(list(self.expects))}",
            f"expects_not = {json.dumps(list(self.expects_not))}",
            "",
            "[sha256]",
        ]
        for name in ("fires.pcap", "quiet.pcap"):
            digest = hashlib.sha256((folder / name).read_bytes()).hexdigest()
            lines.append(f'"{name}" = "{digest}"')
        if self.settings:
            lines += ["", "[settings]", *(f"{key} = {n}" for key, n in self.settings.items())]
        (folder / "case.toml").write_text("\n".join(lines) + "\n")

    def _record(self, run: Callable[[Any], None]) -> bytes:
        lab_module = laboratory()
        setattr(lab_module, "KernelTrace", _NoTrace)  # noqa: B010
        scenario = lab_module.Scenario(
            run, 200, "", "", None, self.wire, False, (self.point,), LONGEST
        )
        with tempfile.TemporaryDirectory() as out:
            with lab_module.Lab(scenario, Path(out)) as lab:
                run(lab)
            return (Path(out) / f"{run.__name__}.pcap").read_bytes()
