"""Drafts: nothing gets out by itself, and checksums are renewed from the inside."""

from support.anonymity import KEY, OTHER_KEY
from support.capture_builder import checksum
from tcpflow_analyzer.anonymise.draft import Draft, Substitutes, Sum

SUBSTITUTES = Substitutes(KEY)


def test_what_nobody_writes_is_zero() -> None:
    draft = Draft(b"secret", SUBSTITUTES)
    draft.keep(1, 3)
    assert draft.finish() == b"\0ec\0\0\0"


def test_addresses_are_written_one_behind_the_other() -> None:
    octets = b"abcdefABCDEF" + bytes([192, 0, 2, 1, 192, 0, 2, 2])
    draft = Draft(octets, SUBSTITUTES)
    draft.link_addresses(0, 2)
    draft.internet_addresses(12, 2, 4)
    out = draft.finish()
    addresses = SUBSTITUTES.addresses
    assert out[:12] == addresses.link(b"abcdef") + addresses.link(b"ABCDEF")
    assert out[12:16] == addresses.internet(octets[12:16])
    assert out[12:15] == out[16:19]
    draft.link_addresses(0, 1, 0)  # an address without octets, as Linux has of some devices


def test_values_are_the_same_for_the_same() -> None:
    assert SUBSTITUTES.value(b"cookie12") == SUBSTITUTES.value(b"cookie12")
    assert SUBSTITUTES.value(b"cookie12") != SUBSTITUTES.value(b"cookie13")
    assert SUBSTITUTES.value(b"cookie12") != Substitutes(OTHER_KEY).value(b"cookie12")
    assert len(SUBSTITUTES.value(b"abc")) == 3


def test_inner_checksum_is_renewed_before_the_outer_one() -> None:
    content = b"ABsecret"
    inner = checksum(b"\0\0" + content).to_bytes(2, "big") + content
    outer = checksum(b"\0\0" + inner).to_bytes(2, "big") + inner
    draft = Draft(outer, SUBSTITUTES)
    draft.keep(0, 6)
    draft.renew(Sum(0, 0, len(outer), is_whole=True))
    draft.renew(Sum(2, 2, len(outer), is_whole=True))
    out = draft.finish()
    assert out[4:] == b"AB" + bytes(6)
    assert (checksum(out[2:]), checksum(out)) == (0, 0)


def test_damaged_copy_has_the_checksum_of_its_original() -> None:
    def stored_in(octets: bytes, substitutes: Substitutes) -> bytes:
        draft = Draft(octets, substitutes)
        draft.out[:] = bytes(reversed(octets))
        draft.renew(Sum(8, 0, len(octets), is_whole=True, pseudo=(5, 6)))
        return draft.finish()[8:10]

    value = (checksum(b"\0\x05ports+seq" + bytes(3) + b"payload.")).to_bytes(2, "big")
    original, damaged = (b"ports+se" + value + b"q\0" + each for each in (b"payload.", b"pay oad."))
    substitutes = Substitutes(KEY)
    right = stored_in(original, substitutes)
    assert stored_in(damaged, substitutes) == right
    assert stored_in(damaged, Substitutes(KEY)) != right
    assert stored_in(original, substitutes) == right


def test_checksum_of_what_was_not_captured_is_replaced() -> None:
    def value(stored: int, pseudo: tuple[int, int] | None = None) -> int:
        octets = stored.to_bytes(2, "big") + b"sec"
        draft = Draft(octets, SUBSTITUTES)
        draft.renew(Sum(0, 0, 5, is_whole=False, pseudo=pseudo))
        return int.from_bytes(draft.finish()[:2], "big")

    values = {value(stored) for stored in range(1, 500)}
    assert len(values) == 499
    assert 0 not in values
    assert value(0) == 0
    assert value(0x1234, (0x1234, 0x4321)) == 0x4321
    assert value(0xFFFF, (0, 0)) == 0xFFFF
    assert value(0x1235, (0x1234, 0x4321)) == value(0x1235)
