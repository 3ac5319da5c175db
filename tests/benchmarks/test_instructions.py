"""What a segment and a connection cost stays within limits that do not depend on the clock."""

import platform

import pytest

from benchmarks.instructions import Case, cases, cost, is_available
from tcpflow_analyzer.compiled import is_compiled

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not is_available(), reason="no valgrind"),
    pytest.mark.skipif(not is_compiled(), reason="limits are those of a compiled install"),
    pytest.mark.skipif(platform.machine() != "x86_64", reason="limits are those of x86-64"),
]


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_cost_stays_within_its_limit(case: Case) -> None:
    instructions = cost(case)
    assert instructions <= case.limit, (
        f"{instructions:,.0f} instructions a {case.unit}, limit {case.limit:,}: tests/benchmarks"
        "/targets.toml says how to measure and when to change it"
    )
