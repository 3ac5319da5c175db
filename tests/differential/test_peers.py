"""tshark's and Zeek's words on captures of public test suites that are no part of the project."""

from pathlib import Path

import pytest

from support.analysis import analyze_each
from support.peers import CLASSES, Comparison, capture_of, compare_streams, compare_zeek, truths
from support.places import shared_folder

pytestmark = pytest.mark.slow

RARE = 5  # streams with a class; below, one stream decides
ENOUGH = 0.95  # F1 of a class that is not rare


def captures_folder() -> Path:
    """The folder with captures and truth files; skips where there is none."""
    folder = shared_folder()
    if folder is None or not (folder / "captures" / "tshark_truth.jsonl").is_file():
        pytest.skip("no captures of public test suites (TCPFLOW_SHARED)")
    return folder / "captures"


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    folder = captures_folder()
    streams = truths(folder, "tshark_truth.jsonl")
    rows: dict[str, list[dict[str, object]]] = {}
    for row in truths(folder, "zeek_truth.jsonl"):
        if not row["flags"]:
            rows.setdefault(row["sha256"], []).append(row)
    analyses, complaints = analyze_each([capture_of(folder, truth) for truth in streams])
    assert "Traceback" not in complaints
    comparison = Comparison()
    for truth in streams:
        path = capture_of(folder, truth)
        comparison.add("captures", path in analyses, True, str(path))
        if path in analyses:
            compare_streams(comparison, truth, analyses[path])
            for row in rows.get(truth["sha256"], []):
                compare_zeek(comparison, row, analyses[path])
    return comparison


@pytest.mark.parametrize(
    ("what", "least"),
    [
        ("captures", 1.0),
        ("streams", 0.98),
        ("completeness", 0.99),
        ("conn_state", 0.93),
        ("history", 0.85),
    ],
)
def test_share_of_equal_words(comparison: Comparison, what: str, least: float) -> None:
    assert comparison.all[what] > 40
    notes = [note for note in comparison.notes if f": {what} " in note]
    assert comparison.share(what) >= least, "\n".join(notes)


@pytest.mark.parametrize("name", CLASSES)
def test_streams_that_have_segments_of_a_class(comparison: Comparison, name: str) -> None:
    have = comparison.classes[name, True, True] + comparison.classes[name, True, False]
    assert have > 0
    notes = [note for note in comparison.notes if f": {name} " in note]
    assert comparison.f1(name) >= (ENOUGH if have > RARE else 0.8), "\n".join(notes)
