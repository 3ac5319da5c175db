"""What the tests of capture engines share."""

from collections.abc import Iterator

import pytest

from support.network import Network, network_or_skip


@pytest.fixture
def hosts() -> Iterator[Network]:
    """Two hosts with real sockets."""
    yield from network_or_skip()
