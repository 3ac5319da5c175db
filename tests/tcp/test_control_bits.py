"""Control bits by their place in the header and their names."""

from tcpflow_analyzer.tcp.control_bits import (
    ACK,
    AE,
    CONTROL_BIT_NAMES,
    CWR,
    ECE,
    FIN,
    PSH,
    RST,
    SYN,
    URG,
    control_bit_names,
)


def test_control_bits_stand_as_in_the_header() -> None:
    # RFC 9293 section 3.1, from the least significant bit; AE is RFC 9768's.
    assert [1 << bit for bit in range(9)] == [FIN, SYN, RST, PSH, ACK, URG, ECE, CWR, AE]


def test_control_bit_names_begin_with_what_matters_most() -> None:
    assert control_bit_names(SYN | ACK) == "SYN ACK"
    assert control_bit_names(0x1FF) == "SYN FIN RST PSH ACK URG ECE CWR AE"


def test_control_bit_names_without_any() -> None:
    assert control_bit_names(0) == "none"


def test_every_bit_has_one_name() -> None:
    assert len({bit for bit, _ in CONTROL_BIT_NAMES}) == len({n for _, n in CONTROL_BIT_NAMES}) == 9
