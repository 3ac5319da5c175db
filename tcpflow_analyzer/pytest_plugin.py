"""pytest plugin: the fixture `tcp_capture` records a test's traffic and judges its connections.

    def test_client_closes_first(tcp_capture):
        talk_to_server(port=8080)
        assert tcp_capture.connections(port=8080).closed_by == "originator"
        tcp_capture.assert_graceful(port=8080)

Every run of pytest where this package is installed imports this module; all that it needs besides
pytest is imported by the fixture.
"""

import re
import shutil
import sys
from collections.abc import Generator, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from tcpflow_analyzer.settings import Settings
    from tcpflow_analyzer.testing import Traffic

LOOPBACK: Final = "lo" if sys.platform.startswith("linux") else "lo0"
MARKER: Final = (
    "tcp_capture(interface=None, filter='', file=None, settings=None): what the fixture "
    "tcp_capture records, or the capture that it reads instead (relative to the test's folder), "
    "and the tcpflow_analyzer.Settings that it is judged with"
)
MARKER_KEYS: Final = ("interface", "filter", "file", "settings")
LONGEST_NAME: Final = 150

_TRAFFIC: Final = pytest.StashKey["Traffic"]()
_LADDERS: Final = pytest.StashKey[list[str]]()  # of comparisons that failed in this test


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the fixture."""
    group = parser.getgroup("tcpflow", "TCP traffic of tests (tcpflow-analyzer)")
    group.addoption(
        "--tcpflow-interface",
        metavar="NAME",
        help="Interface that tcp_capture records.  [default: ini tcpflow_interface, or loopback]",
    )
    group.addoption(
        "--tcpflow-engine",
        choices=("auto", "dumpcap", "af-packet"),
        default="auto",
        help="What captures.",
    )
    group.addoption(
        "--tcpflow-artefacts",
        metavar="DIR",
        type=Path,
        help="Folder that keeps the captures of failing tests.  [default: the test's tmp_path]",
    )
    group.addoption(
        "--tcpflow-require",
        action="store_true",
        help="Fail tests that cannot capture, instead of skipping them.",
    )
    parser.addini("tcpflow_interface", "interface that tcp_capture records", default=LOOPBACK)


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker."""
    config.addinivalue_line("markers", MARKER)
    config.stash[_LADDERS] = []


@pytest.fixture
def tcp_capture(request: pytest.FixtureRequest, tmp_path: Path) -> "Iterator[Traffic]":
    """The TCP traffic of this test, recorded until something is asked about it.

    The marker `tcp_capture` says what is recorded or read. The test is skipped where capturing is
    not allowed or not possible, unless --tcpflow-require is given.
    """
    options = _marker_options(request.node)
    settings = options["settings"]
    if options["file"] is not None:
        from tcpflow_analyzer.testing.traffic import Traffic  # noqa: PLC0415  cheap to import

        yield Traffic([request.path.parent / str(options["file"])], settings)  # type: ignore[arg-type]
        return
    yield from _record(request, tmp_path / "capture.pcapng", options)


def _record(
    request: pytest.FixtureRequest, path: Path, options: Mapping[str, object]
) -> "Iterator[Traffic]":
    from tcpflow_analyzer.errors import InputError  # noqa: PLC0415  cheap to import
    from tcpflow_analyzer.sources.live.capture_engine import (  # noqa: PLC0415
        EngineMissing,
        NoRightToCapture,
    )
    from tcpflow_analyzer.testing.recorded_traffic import RecordedTraffic  # noqa: PLC0415
    from tcpflow_analyzer.testing.recorder import Recorder  # noqa: PLC0415

    config = request.config
    interface = options["interface"] or config.getoption("tcpflow_interface")
    try:
        recorder = Recorder(
            str(interface or config.getini("tcpflow_interface")),
            path,
            str(options["filter"] or ""),
            config.getoption("tcpflow_engine"),
        )
    except (NoRightToCapture, EngineMissing) as error:
        if config.getoption("tcpflow_require"):
            raise
        pytest.skip(f"tcp_capture: {error}")
    settings: Settings | None = options["settings"]  # type: ignore[assignment]
    traffic = RecordedTraffic(recorder, path, settings)
    request.node.stash[_TRAFFIC] = traffic
    try:
        yield traffic
    finally:
        try:
            traffic.stop()
        except InputError as error:
            pytest.fail(f"tcp_capture: {error}", pytrace=False)


def _marker_options(node: pytest.Item) -> dict[str, object]:
    """What the marker asks for; the nearest one wins, key by key."""
    options: dict[str, object] = dict.fromkeys(MARKER_KEYS)
    for marker in reversed(list(node.iter_markers("tcp_capture"))):
        unknown = [key for key in marker.kwargs if key not in MARKER_KEYS]
        if marker.args or unknown:
            words = ", ".join(MARKER_KEYS)
            raise pytest.UsageError(f"the marker tcp_capture takes {words}, each by its name")
        options.update(marker.kwargs)
    return options


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Keep the capture of a test that failed, and say where it is."""
    report = yield
    traffic = item.stash.get(_TRAFFIC, None)
    ladders = item.config.stash[_LADDERS]
    if report.when == "call" and report.failed:
        report.sections += [("Connection at fault", ladder) for ladder in ladders]
        if traffic is not None:
            report.sections.append(("TCP traffic of the test", _keep(item, traffic)))
    ladders.clear()
    return report


def _keep(item: pytest.Item, traffic: "Traffic") -> str:
    """Copy a capture to the artefacts; gives a line about it."""
    from tcpflow_analyzer.errors import InputError  # noqa: PLC0415  cheap to import
    from tcpflow_analyzer.testing.recorded_traffic import RecordedTraffic  # noqa: PLC0415

    problem = ""
    if isinstance(traffic, RecordedTraffic):
        try:
            traffic.stop()
        except InputError as error:
            problem = f" ({error})"
    path = traffic.paths[0]
    folder: Path | None = item.config.getoption("tcpflow_artefacts")
    if folder is not None:
        name = re.sub(r"[^\w.-]+", "-", item.nodeid).strip("-")[-LONGEST_NAME:]
        kept = folder / f"{name}.pcapng"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            path = str(shutil.copyfile(path, kept))
        except OSError as error:
            problem += f" ({kept}: {error.strerror})"
    return f"{path}{problem}"


def pytest_assertrepr_compare(
    config: pytest.Config, op: str, left: object, right: object
) -> list[str] | None:
    """Explain `connections.closed_by == "originator"` and its kind.

    The ladder goes to a section of its own, as pytest shortens what is told here.
    """
    # Whoever compares these values has imported them.
    module = sys.modules.get("tcpflow_analyzer.testing.values")
    if module is None or op != "==" or not isinstance(left, module.Values):
        return None
    ladder: str = left.ladder(right)
    if ladder:
        config.stash[_LADDERS].append(ladder)
    lines: list[str] = left.explain(right)
    return lines
