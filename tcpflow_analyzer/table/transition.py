"""One change of an endpoint's believed state, as reports show it.

Compiled: yes
"""

from typing import Final

from mypy_extensions import i64, mypyc_attr

NO_FRAME: Final = 0  # a timer's expiry has no frame; frames count from 1


# Where transitions are not kept, the next one is made soon after one was proven.
@mypyc_attr(acyclic=True, free_list_len=1)
class Transition:
    """A change of the believed state.

    Attributes:
        time_ns: when it happened: capture time of the frame for what the endpoint sent, half a
            round trip later for what it is believed to have received.
        frame: the frame that caused it, NO_FRAME for a timer.
        proved_by_frame: the frame that proved it later, NO_FRAME while none did or if it is a fact
            at its own frame.
        from_state, to_state: numbers of tcp/states.py.
        event: number of tcp/events.py.
        certainty: what was known at that frame (tcp/states.py).
        from_originator: whose state it is.
        correction: True for one that takes the one before it back.
        next_step: the one behind it in `Endpoint.chain`, None for the last.
    """

    def __init__(
        self,
        time_ns: i64,
        frame: i64,
        from_originator: bool,
        from_state: i64,
        to_state: i64,
        event: i64,
        certainty: i64,
        correction: bool,
    ) -> None:
        """Make a transition; nothing has proved it later yet."""
        self.time_ns: i64 = time_ns
        self.frame: i64 = frame
        self.proved_by_frame: i64 = NO_FRAME
        self.from_state: i64 = from_state
        self.to_state: i64 = to_state
        self.event: i64 = event
        self.certainty: i64 = certainty
        self.from_originator: bool = from_originator
        self.correction: bool = correction
        self.next_step: Transition | None = None
