"""What is known already: failures that do not fail the check again, by their fingerprints.

A baseline is JSON, an entry for each failure, sorted, so that it can be reviewed and merged.
"""

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Final, NamedTuple

from tcpflow_analyzer.errors import UsageError
from tcpflow_analyzer.gate.identity import DIGITS
from tcpflow_analyzer.gate.result import (
    CaptureResult,
    CheckResult,
    ExpectationResult,
    FindingResult,
    StaleEntry,
)

VERSION: Final = 1
_HEXADECIMAL: Final = frozenset("0123456789abcdef")


class Baseline(NamedTuple):
    """What is known.

    Attributes:
        path: of the file.
        entries: fingerprint -> what it is about.
    """

    path: str
    entries: dict[str, StaleEntry]


def baseline_text(result: CheckResult) -> str:
    """Write everything that fails, or is known already, as a baseline."""
    found: dict[str, dict[str, object]] = {}
    for each in _wrong(result):
        entry = found.setdefault(each.fingerprint, _entry(each))
        captures = entry["captures"]
        if isinstance(captures, list) and each.capture and each.capture not in captures:
            captures.append(each.capture)
    entries = sorted(found.values(), key=lambda entry: [str(entry[key]) for key in _ORDER])
    return json.dumps({"baseline_version": VERSION, "entries": entries}, indent=1) + "\n"


_ORDER: Final = ("code", "service", "fingerprint")


def read_baseline(path: str, text: str) -> Baseline:
    """Read a baseline.

    Raises:
        UsageError: it is none; the text says why.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path}: no baseline: {error}") from error
    version = document.get("baseline_version") if isinstance(document, dict) else None
    if version != VERSION:
        raise UsageError(f"{path}: no baseline of version {VERSION}; write it anew")
    entries = document.get("entries")
    if not isinstance(entries, list):
        raise UsageError(f"{path}: no baseline: entries is no list")
    found = [_read_entry(path, number, entry) for number, entry in enumerate(entries, 1)]
    return Baseline(path, {entry.fingerprint: entry for entry in found})


def excuse(result: CheckResult, baseline: Baseline) -> CheckResult:
    """Mark what the baseline knows, and tell which of its entries nothing matched."""
    known = baseline.entries
    seen = {each.fingerprint for each in _wrong(result)}
    stale = [entry for identity, entry in known.items() if identity not in seen]
    return replace(
        result,
        captures=tuple(_excused_capture(capture, known) for capture in result.captures),
        expectations=_excused(result.expectations, known),
        stale=tuple(stale),
        baseline=baseline.path,
    )


def _wrong(result: CheckResult) -> Iterable[FindingResult | ExpectationResult]:
    """Everything that would fail without a baseline; a `forbid` is told by its findings."""
    for capture in result.captures:
        yield from capture.findings
        for each in capture.expectations:
            if not each.passed and each.key != "forbid":
                yield each
    yield from (each for each in result.expectations if not each.passed)


def _entry(failure: FindingResult | ExpectationResult) -> dict[str, object]:
    """What stands in the file, in words where that helps who reviews it."""
    if isinstance(failure, FindingResult):
        code, service = failure.code, failure.service
        text = f"{failure.name}: {failure.states or 'no single connection'}"
    else:
        code, service = failure.key, failure.name
        text = f"expected {failure.expected}"
    return {
        "fingerprint": failure.fingerprint,
        "code": code,
        "service": service,
        "text": text,
        "captures": [],
    }


def _read_entry(path: str, number: int, entry: object) -> StaleEntry:
    if isinstance(entry, dict):
        identity = entry.get("fingerprint")
        if isinstance(identity, str) and len(identity) == DIGITS and set(identity) <= _HEXADECIMAL:
            words = [str(entry.get(key, "")) for key in ("code", "service", "text")]
            return StaleEntry(identity, *words)
    raise UsageError(f"{path}: entry {number} has no fingerprint of {DIGITS} hexadecimal digits")


def _excused_capture(capture: CaptureResult, known: dict[str, StaleEntry]) -> CaptureResult:
    findings = tuple(replace(each, known=each.fingerprint in known) for each in capture.findings)
    new = {each.expectation for each in findings if not each.known}
    expectations = tuple(
        replace(each, known=not each.passed and each.name not in new)
        if each.key == "forbid"
        else each
        for each in _excused(capture.expectations, known)
    )
    return replace(capture, findings=findings, expectations=expectations)


def _excused(
    expectations: tuple[ExpectationResult, ...], known: dict[str, StaleEntry]
) -> tuple[ExpectationResult, ...]:
    return tuple(
        replace(each, known=not each.passed and each.fingerprint in known) for each in expectations
    )
