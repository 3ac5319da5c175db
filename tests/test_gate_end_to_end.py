"""The gate as a team uses it: real sockets, recorded on loopback, then `tcpflow check` and pytest.

A small HTTP service is used well, and badly in four ways (support/http_service.py).
"""

import gc
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import pytest

from support.http_service import BEHAVIOURS, HttpService, shop
from tcpflow_analyzer.cli.main import run
from tcpflow_analyzer.errors import InputError
from tcpflow_analyzer.pytest_plugin import LOOPBACK
from tcpflow_analyzer.testing.recorder import Recorder

# Times are short, as those of the test are.
CONFIGURATION: Final = """
[parameters]
close_wait_warn = "400ms"
close_wait_error = "600ms"

[[expect]]
name = "shop"
closed_by = "originator"
states = ["TIME-WAIT/CLOSED"]
settle = "600ms"
max_connections = 2
handshake_p99 = "5s"
forbid = ["RS*", "CL005"]
at_least = 1
"""
# What fails: codes of findings and keys of the expectation.
FAILURES: Final = {
    "proper": set[str](),
    "leak": {"CL005", "states"},
    "abort": {"RS001", "states"},
    "server-closes": {"closed_by", "states"},
    "reconnect": {"max_connections"},
}


def record(behaviour: str, folder: Path) -> None:
    """Record the traffic of one service."""
    with HttpService(behaviour) as service:
        path = folder / f"{behaviour}.pcapng"
        with Recorder(LOOPBACK, path, f"tcp port {service.port}"):
            shop(service)


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same test recorded twice, in the folders `first` and `second`."""
    folder = tmp_path_factory.mktemp("recordings")
    (folder / "tcpflow.toml").write_text(CONFIGURATION)
    names = [(each, folder / run) for run in ("first", "second") for each in BEHAVIOURS]
    for name in ("first", "second"):
        (folder / name).mkdir()
    try:
        with ThreadPoolExecutor(len(names)) as threads:
            list(threads.map(lambda each: record(*each), names))
    except InputError as error:
        pytest.skip(str(error))
    return folder


@pytest.fixture
def folder(recordings: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The recordings, in whose folder the test runs."""
    monkeypatch.chdir(recordings)
    return recordings


def checked(*arguments: str) -> tuple[int, Any]:
    """Status and JSON of a check."""
    status = run(["check", *arguments, "-o", "json:result.json", "--quiet"])
    gc.unfreeze()  # what a process of its own would not need again
    return status, json.loads(Path("result.json").read_text())


def failures(result: Any) -> set[str]:  # noqa: ANN401  JSON
    """Codes and keys of all that fails."""
    found = set[str]()
    for capture in result["captures"]:
        found |= {each["code"] for each in capture["findings"] if not each["known"]}
        found |= {
            each["key"]
            for each in capture["expectations"]
            if not each["passed"] and not each["known"] and each["key"] != "forbid"
        }
    return found


@pytest.mark.parametrize("behaviour", BEHAVIOURS)
def test_behaviour_fails_with_its_code_on_the_command_line(folder: Path, behaviour: str) -> None:
    status, result = checked(f"first/{behaviour}.pcapng")
    assert failures(result) == FAILURES[behaviour]
    assert status == (1 if FAILURES[behaviour] else 0)


def test_same_test_recorded_again_gives_nothing_new(folder: Path) -> None:
    assert run(["check", "first", "--write-baseline", "known.json", "--quiet"]) == 0
    status, result = checked("second", "--baseline", "known.json")
    assert (status, result["failures"], result["stale"]) == (0, 0, [])
    assert result["known"] == 7
    # Without any configuration, too: services are then known by their ports, here random ones.
    options = ["--no-config", "--fail-on", "warning"]
    assert run(["check", "first", "--write-baseline", "bare.json", "--quiet", *options]) == 0
    status, result = checked("second", "--baseline", "bare.json", *options)
    assert (status, result["failures"], result["stale"]) == (0, 0, [])
    # What is not in the baseline still fails.
    assert run(["check", "first/proper.pcapng", "--write-baseline", "none.json", "--quiet"]) == 0
    assert checked("second", "--baseline", "none.json")[0] == 1


def test_same_test_recorded_again_does_not_differ(folder: Path) -> None:
    for behaviour in BEHAVIOURS:
        name = f"{behaviour}.pcapng"
        assert run(["diff", f"first/{name}", f"second/{name}", "-o", "text:diff.txt"]) == 0
    assert run(["diff", "first/proper.pcapng", "first/leak.pcapng", "-o", "text:diff.txt"]) == 1
    assert "left in FIN-WAIT-2/CLOSE-WAIT" in Path("diff.txt").read_text()


def test_first_configuration_of_a_recording_passes_the_next(folder: Path) -> None:
    assert run(["check", "--init", "first/proper.pcapng", "-o", "first.toml"]) == 0
    path = folder / "first.toml"
    path.write_text(path.read_text().replace('"5s"', '"600ms"'))  # as short as this test
    for behaviour in BEHAVIOURS:
        status, result = checked(f"second/{behaviour}.pcapng", "--config", "first.toml")
        assert status == (0 if behaviour == "proper" else 1), result


@pytest.mark.slow  # test_pytest_plugin.py tries each assertion
def test_behaviours_fail_through_the_plugin(
    folder: Path, pytester: pytest.Pytester, pytestconfig: pytest.Config
) -> None:
    plugin = (
        ""
        if pytestconfig.pluginmanager.has_plugin("tcpflow")
        else "-p tcpflow_analyzer.pytest_plugin"
    )
    pytester.makeini(f"[pytest]\naddopts = --strict-markers -p no:cacheprovider {plugin}\n")
    pytester.makefile(".toml", tcpflow=CONFIGURATION)
    pytester.makepyfile(
        test_shop="""
import pytest
from support.http_service import BEHAVIOURS, HttpService, shop

@pytest.mark.parametrize("behaviour", BEHAVIOURS)
def test_shop(tcp_capture, behaviour, request):
    with HttpService(behaviour) as service:
        shop(service)
        expected = request.path.with_name("tcpflow.toml")
        text = expected.read_text() + f'\\nwhere = "responder.port == {service.port}"\\n'
        expected.with_name("here.toml").write_text('fail_on = "never"\\n' + text)
        tcp_capture.assert_check(expected.with_name("here.toml"))
"""
    )
    result = pytester.runpytest_inprocess("--tcpflow-artefacts=kept")
    result.assert_outcomes(passed=1, failed=4)
    result.stdout.fnmatch_lines_random(
        [
            "E *CL005 close-wait-stuck: service *shop*",
            "E *RS001 reset-instead-of-close: service *shop*",
            "E *closed_by: service *shop*",
            "E *max_connections: service *shop*",
        ]
    )
    kept = sorted(path.name for path in (pytester.path / "kept").iterdir())
    assert len(kept) == 4
