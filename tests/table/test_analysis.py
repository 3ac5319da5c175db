"""Counts begin at 0, and each end has a watch of its own."""

from tcpflow_analyzer.table.analysis import Analysis


def test_watch_of_each_end_is_its_own() -> None:
    analysis = Analysis()
    assert analysis.watch(True) is analysis.originator
    assert analysis.watch(False) is analysis.responder
    analysis.watch(True).next_end = 7
    assert analysis.watch(False).next_end == 0


def test_counts_begin_at_zero() -> None:
    analysis = Analysis()
    assert analysis.retransmission == analysis.duplicate_ack == analysis.keep_alive_ack == 0
