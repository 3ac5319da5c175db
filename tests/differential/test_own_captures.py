"""What tshark says of the project's own recordings, stream by stream, against our words."""

import shutil

import pytest

from support.peers import CLASSES, Comparison
from support.places import RECORDINGS, fixture_captures
from support.tshark import compare_captures

NEEDED = pytest.mark.skipif(shutil.which("tshark") is None, reason="no tshark")
# docs/differences.md, "Peers": tshark opens another stream for a SYN that a living end challenged.
DIVIDED = {"streams": 0.99, "completeness": 0.99}
RARE = 5  # streams with a class; below, one stream decides


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    return compare_captures([path for path in fixture_captures() if RECORDINGS in path.parents])


@NEEDED
@pytest.mark.slow
@pytest.mark.parametrize("what", ["packets", "octets", "streams", "completeness"])
def test_recordings_have_tsharks_streams(comparison: Comparison, what: str) -> None:
    assert comparison.all[what] > 1000
    notes = [note for note in comparison.notes if f": {what} " in note]
    assert comparison.share(what) >= DIVIDED.get(what, 1.0), "\n".join(notes)


@NEEDED
@pytest.mark.slow
@pytest.mark.parametrize("name", CLASSES)
def test_recordings_have_tsharks_classes(comparison: Comparison, name: str) -> None:
    have = comparison.classes[name, True, True] + comparison.classes[name, True, False]
    divided = {note.partition(":")[0] for note in comparison.notes if ": streams " in note}
    notes = [
        note
        for note in comparison.notes
        if f": {name} " in note and note.partition(":")[0] not in divided
    ]
    assert len(notes) <= (have if have < RARE else have * 0.05), "\n".join(notes)


@NEEDED
def test_some_recordings_have_tsharks_words() -> None:
    """Few enough to run always: loss, a tunnel, cut frames, programs."""
    names = ("sack_on@client", "gre_tunnel", "capture_snaplen_64", "nginx_requests")
    comparison = compare_captures([RECORDINGS / f"{name}.pcap" for name in names])
    assert comparison.notes == []
    assert comparison.all["streams"] == 7
