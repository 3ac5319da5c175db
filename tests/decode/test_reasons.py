"""The closed list of reasons."""

import re

from tcpflow_analyzer.decode import reasons


def test_every_reason_is_in_the_list_and_explained() -> None:
    constants = {
        value for name, value in vars(reasons).items() if name.isupper() and isinstance(value, str)
    }
    assert constants == set(reasons.REASONS)
    assert all(reasons.REASONS.values())


def test_keys_are_words_with_hyphens() -> None:
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", key) for key in reasons.REASONS)
