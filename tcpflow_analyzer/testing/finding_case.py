"""The captures that show a finding, in a folder of their own, and what has to hold for them.

A folder is called CODE-name and holds:

  - fires.pcap, on which the finding is given, and quiet.pcap, a near miss, on which it is not;
  - case.toml, which says where they come from and what they should give;
  - expected.json, the findings and states in full, written by `assert_expected(update=True)`;
  - make.py, which makes a `Case` of both captures and writes it, unless they are recordings.

The findings of this package and those of others are tested by the same class:

    @pytest.mark.parametrize("case", finding_cases("tests/findings"), ids=str)
    def test_finding(case: FindingCase) -> None:
        case.assert_all()
"""

import collections
import datetime
import functools
import hashlib
import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any, Final

from tcpflow_analyzer.errors import UsageError
from tcpflow_analyzer.findings.finding import Finding
from tcpflow_analyzer.findings.registry import Rule, parameters, rules
from tcpflow_analyzer.pipeline import Analysis, analyze
from tcpflow_analyzer.settings import Settings, with_parameters

CAPTURES: Final = ("fires.pcap", "quiet.pcap")
# What a definition has to contain, each at the beginning of a line, in this order.
HEADINGS: Final = (
    r"Set when\b.*:",
    r"Supersede(s|d by): \S",
    r"Why it matters: \S",
    r"What to do: \S",
    r"Not proof of: \S",
    r"Other tools: \S",
    r"References: \S",
)


@dataclass(frozen=True, slots=True)
class Case:
    """Both captures of a finding, and what case.toml says of them.

    Attributes:
        purpose: one sentence.
        fires: octets of fires.pcap, on which the finding is given.
        quiet: octets of quiet.pcap, a near miss, on which it is not.
        expects: codes that fires.pcap gives, the folder's own among them.
        expects_not: codes that fires.pcap must not give, such as superseded ones.
        settings: settings that differ from the defaults, for thresholds that no small capture
            reaches; parameters of other packages by their names.
    """

    purpose: str
    fires: bytes
    quiet: bytes
    expects: tuple[str, ...]
    expects_not: tuple[str, ...] = ()
    settings: Mapping[str, int] = field(default_factory=dict)

    def write(self, make: str) -> None:
        """Write both captures and case.toml beside `make`, the path of make.py."""
        folder = Path(make).resolve().parent
        lines = [
            f"purpose = {json.dumps(self.purpose)}",
            'origin = "generated"',
            'tool = "tcpflow_analyzer.testing: ladder, captures"',
            f'command = "python {folder.name}/make.py"',
            f'date = "{datetime.date.today()}"',
            f"expects = {json.dumps(list(self.expects))}",
            f"expects_not = {json.dumps(list(self.expects_not))}",
            "",
            "[sha256]",
        ]
        for name, octets in zip(CAPTURES, (self.fires, self.quiet), strict=True):
            (folder / name).write_bytes(octets)
            lines.append(f'"{name}" = "{hashlib.sha256(octets).hexdigest()}"')
        if self.settings:
            lines += ["", "[settings]", *(f"{key} = {n}" for key, n in self.settings.items())]
        (folder / "case.toml").write_text("\n".join(lines) + "\n")


class FindingCase:
    """A folder that shows a finding.

    Attributes:
        folder: the folder.
        code, name: of the finding.
        origin: "generated", "recorded" or "public".
        sums: sha256 of each capture, by file name.
        expects, expects_not, settings: see `Case`.
    """

    def __init__(self, folder: str | PathLike[str]) -> None:
        """Read case.toml of a folder; raises UsageError where the folder is none of a finding."""
        self.folder = Path(folder)
        self.code, _, self.name = self.folder.name.partition("-")
        try:
            case = tomllib.loads((self.folder / "case.toml").read_text())
            self.origin: str = case["origin"]
            self.sums: dict[str, str] = case["sha256"]
            self.expects: list[str] = case["expects"]
            self.expects_not: list[str] = case["expects_not"]
        except (OSError, KeyError, tomllib.TOMLDecodeError) as error:
            raise UsageError(f"{self.folder}: no case of a finding: {error!r}") from error
        self.settings: dict[str, Any] = case.get("settings", {})

    def __str__(self) -> str:
        """Write code and name."""
        return self.folder.name

    @property
    def rule(self) -> Rule:
        """The finding; raises UsageError where none of that code and name is installed."""
        rule = rules().get(self.code)
        if rule is None or rule.name != self.name:
            raise UsageError(f"{self.folder}: no finding has this code and name")
        return rule

    @functools.cached_property
    def fires(self) -> Analysis:
        """The analysis of fires.pcap."""
        return self._analysis("fires.pcap")

    @functools.cached_property
    def quiet(self) -> Analysis:
        """The analysis of quiet.pcap."""
        return self._analysis("quiet.pcap")

    @property
    def found(self) -> list[Finding]:
        """What the finding says of fires.pcap."""
        return [each for each in self.fires.findings if each.code == self.code]

    def assert_all(self, update: bool = False) -> None:
        """Make all assertions; `update` is that of `assert_expected`."""
        __tracebackhide__ = True
        self.assert_definition()
        self.assert_provenance()
        self.assert_fires()
        self.assert_quiet()
        self.assert_evidence()
        self.assert_expected(update)

    def assert_fires(self) -> None:
        """Fail unless fires.pcap gives the finding, and only what it may give."""
        __tracebackhide__ = True
        codes = _codes(self.fires).keys()
        _hold(self.code in codes, f"{self}: not found in fires.pcap, which gives {sorted(codes)}")
        _hold(self.code in self.expects, f"{self}: case.toml does not expect the folder's own code")
        missing, wrong = set(self.expects) - codes, set(self.expects_not) & codes
        _hold(not missing, f"{self}: fires.pcap does not give {sorted(missing)}")
        _hold(not wrong, f"{self}: fires.pcap must not give {sorted(wrong)}")

    def assert_quiet(self) -> None:
        """Fail if quiet.pcap gives the finding, or holds no TCP."""
        __tracebackhide__ = True
        _hold(self.quiet.capture.tcp_segments > 0, f"{self}: quiet.pcap holds no TCP segment")
        _hold(self.code not in _codes(self.quiet), f"{self}: found in quiet.pcap, the near miss")

    def assert_expected(self, update: bool = False) -> None:
        """Fail unless both captures give exactly what expected.json says.

        Args:
            update: write expected.json anew instead; review the difference.
        """
        __tracebackhide__ = True
        path = self.folder / "expected.json"
        found = self._golden()
        if update:
            path.write_text(json.dumps(found, indent=1) + "\n")
        written = json.loads(path.read_text())
        _hold(found == written, f"{self}: not as expected.json says: {json.dumps(found)}")
        _hold(
            written["fires"].get(self.code, 0) == len(written["findings"]) > 0,
            f"{self}: expected.json holds no finding of this code",
        )
        _hold(self.code not in written["quiet"], f"{self}: expected.json expects the near miss")

    def assert_provenance(self) -> None:
        """Fail unless the captures are those that case.toml names, and differ."""
        __tracebackhide__ = True
        octets = [(self.folder / name).read_bytes() for name in CAPTURES]
        _hold(octets[0] != octets[1], f"{self}: fires.pcap and quiet.pcap are the same")
        for name, content in zip(CAPTURES, octets, strict=True):
            is_same = hashlib.sha256(content).hexdigest() == self.sums.get(name)
            _hold(is_same, f"{self}: {name} is not the one of case.toml")

    def assert_evidence(self) -> None:
        """Fail unless each finding of fires.pcap says what it rests on."""
        __tracebackhide__ = True
        rule, capture = self.rule, self.fires.capture
        about_all = rule.context in ("host", "file")
        for each in self.found:
            frames = each.frames
            checks = {
                "name and severity are those of the rule": (
                    each.name == rule.name and each.severity in rule.severities
                ),
                "frames prove it, in ascending order": bool(frames)
                and list(frames) == sorted(set(frames))
                and frames[0] > 0
                and frames[-1] <= capture.frames
                and each.frame_count >= len(frames),
                "its time is within the capture": (
                    capture.first_time_ns <= each.time_ns <= capture.last_time_ns
                ),
                "its message is filled in": bool(each.message) and "{" not in each.message,
                "why and would_disprove are one line each": all(
                    line and "\n" not in line for line in (each.why, each.would_disprove)
                ),
                "it is about a connection unless it is about hosts or the file": (
                    (each.connection is None) == about_all
                ),
            }
            for what, holds in checks.items():
                _hold(holds, f"{self}: not so: {what}: {each!r}")

    def assert_definition(self) -> None:
        """Fail unless the docstring has its headings, in their order."""
        __tracebackhide__ = True
        definition = self.rule.definition
        last = -1
        for heading in HEADINGS:
            found = re.search(rf"^\s*{heading}", definition, re.MULTILINE)
            _hold(found is not None, f"{self}: the docstring has no line {heading}")
            position = -1 if found is None else found.start()
            _hold(position > last, f"{self}: {heading} stands in the wrong place of the docstring")
            last = position
        _hold(self.rule.summary.endswith("."), f"{self}: the first line is no sentence")

    def _analysis(self, name: str) -> Analysis:
        return analyze(self.folder / name, settings=self._settings())

    def _settings(self) -> Settings:
        known = parameters()
        own = {name: n for name, n in self.settings.items() if name in known}
        plain = {name: n for name, n in self.settings.items() if name not in known}
        return with_parameters(Settings(**plain), own, known)

    def _golden(self) -> dict[str, Any]:
        """What expected.json holds.

        All codes of both captures with their counts, so that a finding that comes or goes anywhere
        is seen; of the capture that fires, this code's findings and the states that connections
        end in.
        """
        return {
            "fires": _codes(self.fires),
            "quiet": _codes(self.quiet),
            "findings": [
                {
                    "code": each.code,
                    "endpoint": each.endpoint,
                    "frames": list(each.frames),
                    "severity": each.severity,
                    "certainty": each.certainty,
                }
                for each in self.found
            ],
            "states": [
                [str(each.originator.state), str(each.responder.state)]
                for each in self.fires.connections
            ],
        }


def finding_cases(folder: str | PathLike[str]) -> list[FindingCase]:
    """Give the cases of a folder of folders, by their codes."""
    return [FindingCase(path.parent) for path in sorted(Path(folder).glob("*/case.toml"))]


def _codes(analysis: Analysis) -> dict[str, int]:
    """How many findings of each code, by code."""
    return dict(sorted(collections.Counter(found.code for found in analysis.findings).items()))


def _hold(condition: bool, message: str) -> None:
    """Fail with a message unless a condition holds."""
    __tracebackhide__ = True
    if not condition:
        raise AssertionError(message)
