"""Hypothesis strategies for exchanges of support/two_ends.py."""

from hypothesis import strategies as st

from support.two_ends import Act, Played, play

MILLISECONDS = st.integers(1, 4000).map(lambda value: value * 1_000_000)
ENDS = st.integers(0, 1)


@st.composite
def acts(draw: st.DrawFn, *, may_abort: bool = True) -> list[Act]:
    """What the programs of two ends do: open, talk and close in any order, or never close."""
    simultaneous = draw(st.booleans()) and draw(st.booleans())
    chosen = [Act(0, 0, "open")]
    chosen.append(Act(0, 1, "open" if simultaneous else "listen"))
    for _ in range(draw(st.integers(0, 4))):
        octets = draw(st.integers(1, 2500))
        chosen.append(Act(draw(MILLISECONDS), draw(ENDS), "send", octets))
    first = draw(st.integers(100, 5000)) * 1_000_000
    gap = draw(st.sampled_from([0, 5, 15, 30, 2000])) * 1_000_000
    ending = draw(st.sampled_from(["both", "both", "both", "one", "none", "abort"]))
    end = draw(ENDS)
    if ending == "abort" and may_abort:
        chosen.append(Act(first, end, "abort"))
    elif ending != "none":
        chosen.append(Act(first, end, "close"))
        if ending == "both":
            chosen.append(Act(first + gap, 1 - end, "close"))
    return sorted(chosen, key=lambda act: act.time_ns)


def clean_exchanges() -> st.SearchStrategy[Played]:
    """Exchanges of which nothing is lost and which no end aborts."""
    return acts(may_abort=False).map(play)


@st.composite
def lossy_exchanges(draw: st.DrawFn) -> Played:
    """Exchanges that lose a few segments behind the tap and repeat them until they arrive."""
    lost = draw(st.lists(st.integers(0, 15), max_size=3, unique=True))
    return play(draw(acts(may_abort=False)), lost)
