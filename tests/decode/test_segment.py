"""The decoder's output."""

from tcpflow_analyzer.decode.segment import ABSENT, Segment


def test_new_segment_has_no_options() -> None:
    segment = Segment()
    options = (segment.mss, segment.window_scale, segment.tsval, segment.tsecr, segment.fast_open)
    assert options == (ABSENT,) * 5
    assert (segment.sack_permitted, segment.sack_count, segment.multipath) == (False, 0, ABSENT)


def test_sack_edges_by_index() -> None:
    segment = Segment()
    segment.sack_left_1, segment.sack_right_1 = 1, 2
    segment.sack_left_2, segment.sack_right_2 = 3, 4
    segment.sack_left_3, segment.sack_right_3 = 5, 6
    segment.sack_left_4, segment.sack_right_4 = 7, 8
    edges = [(segment.sack_left(index), segment.sack_right(index)) for index in range(4)]
    assert edges == [(1, 2), (3, 4), (5, 6), (7, 8)]
