"""Kinds of observation are single bits, each its own; a tally keeps the first few."""

from tcpflow_analyzer.table import observation as kinds
from tcpflow_analyzer.table.observation import FACTS, KEPT, Observation, Tally

NOT_KINDS = {"KEPT", "FACTS"}
KINDS = {
    name: value
    for name, value in vars(kinds).items()
    if name.isupper()
    and isinstance(value, int)
    and not name.startswith(("RST_", "FORM_"))
    and name not in NOT_KINDS
}


def test_every_kind_is_one_bit_of_its_own() -> None:
    values = list(KINDS.values())
    assert len(values) > 40
    assert all(value.bit_count() == 1 for value in values)
    assert len(set(values)) == len(values)
    assert max(values) < 2**62  # the mask is a native integer


def test_facts_are_kinds() -> None:
    assert FACTS & ~sum(KINDS.values()) == 0


def test_tally_keeps_the_first_and_counts_all() -> None:
    made = [Observation(kinds.RESET, True, frame, frame, 0, 0, 0) for frame in range(30)]
    tally = Tally(made[0])
    for each in made[1:]:
        tally.add(each)
    assert tally.count == 30
    assert tally.kept == made[:KEPT]
    assert tally.last is made[-1]
