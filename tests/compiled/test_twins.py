"""The compiled modules and their Python source give the same JSON.

Runs the interpreted twin out of the compiled install, in a process of its own, on every capture.
Only `tool.compiled` may differ.
"""

import functools
import json
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from support.analysis import analyze_each
from support.places import FIXTURES, fixture_captures, shared_captures, shared_folder
from tcpflow_analyzer.compiled import is_compiled

pytestmark = pytest.mark.skipif(not is_compiled(), reason="a plain Python install has one twin")


def twins(captures: Iterable[Path]) -> tuple[dict[Path, str], dict[Path, str], str, str]:
    """By capture the text of both twins, compiled first, and what they wrote to standard error."""
    paths = list(captures)
    with ThreadPoolExecutor(2) as pool:
        compiled = pool.submit(analyze_each, paths)
        source = pool.submit(analyze_each, paths, interpreted=True)
    analyses, complaints = compiled.result()
    source_analyses, source_complaints = source.result()
    return texts(analyses, True), texts(source_analyses, False), complaints, source_complaints


def texts(analyses: dict[Path, dict[str, Any]], compiled: bool) -> dict[Path, str]:
    """Each analysis as text without tool.compiled, which has to say which twin it was."""
    for analysis in analyses.values():
        assert analysis["tool"].pop("compiled") is compiled
    return {path: json.dumps(analysis, indent=1) for path, analysis in analyses.items()}


def difference(one: str, other: str) -> str:
    """The first lines in which two texts differ; empty where they agree."""
    pairs = zip([*one.splitlines(), "end"], [*other.splitlines(), "end"], strict=False)
    return next((f"{a.strip()}, from source {b.strip()}" for a, b in pairs if a != b), "")


@functools.cache
def twins_of_fixtures() -> tuple[dict[Path, str], dict[Path, str], str, str]:
    """Both twins on everything in fixtures/, once a test run."""
    return twins(fixture_captures())


@pytest.mark.parametrize(
    "capture", fixture_captures(), ids=lambda path: str(path.relative_to(FIXTURES))
)
def test_twins_agree(capture: Path) -> None:
    compiled, source, _, _ = twins_of_fixtures()
    assert difference(compiled.get(capture, ""), source.get(capture, "")) == ""


def test_twins_read_and_refuse_the_same_captures() -> None:
    compiled, source, complaints, source_complaints = twins_of_fixtures()
    assert len(compiled) > 60
    assert compiled.keys() == source.keys()
    assert complaints == source_complaints


@pytest.mark.slow
@pytest.mark.skipif(shared_folder() is None, reason="no shared folder")
def test_twins_agree_on_captures_outside_the_repository() -> None:
    compiled, source, complaints, source_complaints = twins(shared_captures())
    assert complaints == source_complaints
    assert compiled.keys() == source.keys()
    differences = {
        path.name: difference(text, source[path])
        for path, text in compiled.items()
        if text != source[path]
    }
    assert differences == {}
