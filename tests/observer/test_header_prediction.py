"""The short path takes only what moves nothing, and gives what the long one gives."""

import pytest

from support.ladder import Ladder, capture
from support.openings import OPEN
from support.states import Json, analysis_of_octets, the_connection
from tcpflow_analyzer.decode.segment import TCP_SEGMENT, Segment
from tcpflow_analyzer.observer import advance as advance_module
from tcpflow_analyzer.observer.advance import advance
from tcpflow_analyzer.observer.timing import Timing
from tcpflow_analyzer.pipeline import make_decoder
from tcpflow_analyzer.settings import Settings
from tcpflow_analyzer.table.connection import Connection

TALK = (
    OPEN
    + """
    --> <CTL=ACK><LEN=100> -->
    <-- <CTL=ACK>          <--
    <-- <CTL=ACK><LEN=300> <--
    --> <CTL=ACK>          -->
"""
)


def connection_of(text: str, settings: Settings) -> Connection:
    """A connection that took all frames of a ladder."""
    decoder, segment, timing = make_decoder(settings), Segment(), Timing(settings)
    made: Connection | None = None
    for number, (time_ns, frame) in enumerate(Ladder(text).frames(), 1):
        assert decoder.decode(frame, 0, len(frame), len(frame), 1, segment) == TCP_SEGMENT
        segment.frame, segment.time_ns = number, time_ns
        if made is None:
            made = Connection(segment.key, 1)
        advance(made, segment.key == made.key, segment, timing)
    assert made is not None
    return made


def marks(connection: Connection) -> list[tuple[int, ...]]:
    return [
        (
            e.snd_nxt, e.snd_una, e.contiguous, e.window, e.edge, e.segments, e.payload_octets,
            e.unique_octets, e.last_frame, e.last_data_frame, e.last_time_ns, e.retry_time_ns,
            e.retries, e.rtt_ns, e.proven, e.believed,
        )
        for e in (connection.originator, connection.responder)
    ]  # fmt: skip


@pytest.mark.parametrize(
    "more",
    [
        "--> <CTL=ACK><LEN=100> -->\n<-- <CTL=ACK> <--\n" * 5,
        "--> <CTL=PSH,ACK><LEN=100> -->\n" * 5 + "<-- <CTL=ACK> <--",
        "--> <CTL=ACK><LEN=9> -->\n<-- <CTL=ACK><LEN=9> <--\n" * 5,
        "--> <CTL=ACK><LEN=9> -->\n--> <SEQ=1101><ACK=5301><CTL=ACK><LEN=9> -->\n<-- <CTL=ACK> <--",
        "--> <CTL=ACK><LEN=9><UNSEEN> -->\n--> <CTL=ACK><LEN=9> -->\n<-- <CTL=ACK> <--",
        "--> <CTL=ACK><LEN=9><WIN=0> -->\n<-- <CTL=ACK> <--\n--> <CTL=ACK><WIN=500> -->",
    ],
    ids=["request-answer", "bulk", "piggyback", "repeated", "capture-gap", "zero-window"],
)
def test_both_paths_leave_the_same_connection(more: str) -> None:
    assert_alike(more)


def test_both_paths_leave_the_same_connection_where_the_syn_ack_was_not_captured() -> None:
    more = "--> <CTL=ACK><LEN=9> -->\n<-- <CTL=ACK><LEN=9> <--\n" * 4
    unseen = TALK.replace("<CTL=SYN,ACK>", "<CTL=SYN,ACK><UNSEEN>")
    assert_alike(more, unseen)
    connection = connection_of(unseen + more, Settings())
    assert connection.ack_frame == 0  # no handshake was captured whole


def assert_alike(more: str, talk: str = TALK) -> None:
    """Compare what is left of a connection with header prediction and without."""
    with_it = connection_of(talk + more, Settings())
    without = connection_of(talk + more, Settings(header_prediction=False))
    assert marks(with_it) == marks(without)
    assert with_it.observed == without.observed
    assert with_it.completeness == without.completeness


def test_common_segments_take_the_short_path(monkeypatch: pytest.MonkeyPatch) -> None:
    if not advance_module.__file__.endswith(".py"):
        pytest.skip("names inside compiled modules cannot be replaced")
    long_ways: list[int] = []
    general = advance_module._general

    def counted(
        connection: Connection, sender: object, receiver: object, segment: Segment, timing: Timing
    ) -> None:
        long_ways.append(int(segment.frame))
        general(connection, sender, receiver, segment, timing)  # type: ignore[arg-type]

    monkeypatch.setattr(advance_module, "_general", counted)
    exchange = "--> <CTL=ACK><LEN=9> -->\n<-- <CTL=ACK> <--\n"
    connection_of(TALK + 20 * exchange, Settings())
    assert max(long_ways) <= 12  # 3 of the handshake, 4 of the talk, and the first of each kind
    assert len(long_ways) < 13


def test_fin_is_never_predicted() -> None:
    def analysis(settings: Settings) -> Json:
        text = TALK + "FIN-WAIT-1 --> <CTL=FIN,ACK> -->"
        return the_connection(analysis_of_octets(capture(Ladder(text)), settings))

    assert analysis(Settings())["originator"]["state"] == "FIN-WAIT-1"
    assert analysis(Settings()) == analysis(Settings(header_prediction=False))
