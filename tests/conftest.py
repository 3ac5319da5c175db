"""Settings that hold for all tests."""

import os
import signal

import pytest
from hypothesis import settings

settings.register_profile("dev", deadline=None)
# The same examples in every run, so that a change and not chance decides whether it passes.
settings.register_profile("ci", deadline=None, derandomize=True)
settings.register_profile("nightly", deadline=None, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "dev"))


# What a shell runs in the background ignores these, and so would the programs that tests start.
for _number, _handler in (("SIGINT", signal.default_int_handler), ("SIGQUIT", signal.SIG_DFL)):
    if hasattr(signal, _number) and signal.getsignal(getattr(signal, _number)) == signal.SIG_IGN:
        signal.signal(getattr(signal, _number), _handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write the expected results anew instead of comparing; review the difference",
    )


@pytest.fixture(scope="session")
def update_golden(request: pytest.FixtureRequest) -> bool:
    """Whether expected results are to be written anew."""
    return bool(request.config.getoption("--update-golden"))
