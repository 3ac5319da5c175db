"""Hypothesis strategies for exchanges of support/two_ends.py and support/two_stacks.py."""

from hypothesis import strategies as st

from support.capture_builder import SECOND_NS, clock_packet, ethernet, packet
from support.two_ends import Act, Played, play
from support.two_stacks import MILLISECOND, Fate, Link, Path, Traits

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


WAITS = st.sampled_from([0, 1, 5, 15, 30, 100, 300, 1000, 5000]).map(
    lambda value: value * MILLISECOND
)
LATE = st.sampled_from([1, 10, 25, 60, 250]).map(lambda value: value * MILLISECOND)
OCTETS = st.sampled_from([1, 1, 700, 1000, 2500, 6000])


def fates() -> st.SearchStrategy[Fate]:
    """One thing that goes wrong on the way."""
    return st.one_of(
        st.sampled_from([Fate(lost_before=True), Fate(lost_behind=True)]),
        LATE.map(lambda late_ns: Fate(late_before=late_ns)),
        LATE.map(lambda late_ns: Fate(late_behind=late_ns)),
        LATE.map(lambda late_ns: Fate(again_before=late_ns)),
        LATE.map(lambda late_ns: Fate(again_behind=late_ns)),
    )


def traits(iss: int) -> st.SearchStrategy[Traits]:
    """Of one stack, with an ISS that may be near the end of the numbers."""
    return st.builds(
        Traits,
        iss=st.sampled_from([iss, 2**32 - 1, 2**31 - 1500, 0]),
        timestamps=st.booleans(),
        window_scale=st.sampled_from([None, 0, 2]),
        probes_with_octet=st.booleans(),
    )


@st.composite
def links(draw: st.DrawFn, *, most_accidents: int = 3) -> Link:
    """What two stacks did until everything was quiet, or for a minute."""
    delay = draw(st.sampled_from([2, 20, 200])) * MILLISECOND
    link = Link(Path(delay, draw(st.integers(0, 4))), (draw(traits(1000)), draw(traits(5000))))
    a, b = link.stacks
    if draw(st.integers(0, 4)):
        b.listen()
    else:
        b.open()
    a.open()
    accidents = draw(st.integers(0, most_accidents))
    for step in draw(st.lists(st.integers(0, 9), min_size=3, max_size=15)):
        stack = link.stacks[draw(ENDS)]
        if step == 0 and accidents:
            accidents -= 1
            link.fates += [Fate()] * draw(st.integers(0, 2)) + [draw(fates())]
        elif step <= 3:
            stack.write(draw(OCTETS))
        elif step <= 5:
            stack.close()
        elif step == 6:
            stack.read(draw(st.booleans()))
        elif step == 7:
            stack.keep_alive()
        link.run(draw(WAITS))
    a.read(True)
    b.read(True)
    link.settle(60 * SECOND_NS)
    return link


def capture_of(link: Link) -> list[tuple[int, bytes]]:
    """What the tap has recorded, and a frame that shows the time."""
    frames = [(time_ns, ethernet(packet(segment))) for time_ns, segment in link.seen]
    return [*frames, (link.now, ethernet(clock_packet()))]
