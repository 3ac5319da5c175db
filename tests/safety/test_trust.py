"""What is not trusted stays what it is: data. Repositories under review, folders, networks."""

import json
import os
import socket
import sys
from pathlib import Path

import pytest

from support.hostile import assert_harmless, hostile_capture
from support.in_process import run_here
from support.program import run_program
from support.small_captures import closed, refused
from tcpflow_analyzer.cli.live_metrics import LiveMetrics, MetricsServer
from tcpflow_analyzer.cli.option_types import host_port
from tcpflow_analyzer.report.spool import SortedSpool
from tcpflow_analyzer.sources.text_file import MOST_OCTETS


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository under review with a capture that fails a check."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "a.pcap").write_bytes(refused())
    return tmp_path


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="127.0.0.2 needs Linux")
def test_metrics_are_for_this_machine_unless_told_otherwise() -> None:
    with MetricsServer(LiveMetrics(), host_port("0")) as server:
        server.start()
        assert server.address.host == "127.0.0.1"
        assert server.address.port
        # The whole of 127.0.0.0/8 is this machine, but only one address is bound.
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(("127.0.0.2", server.address.port), 5)


@pytest.mark.parametrize(
    "key", ["output", "outputs", "on_finding", "write", "format", "engine", "plugins", "include"]
)
def test_configuration_can_neither_write_nor_start_anything(repository: Path, key: str) -> None:
    (repository / "tcpflow.toml").write_text(f'[tool.tcpflow]\n{key} = "touch gone"\n')
    done = run_here(["check", "a.pcap"], folder=repository)
    assert done.returncode == 2
    assert b"tcpflow.toml, line 2" in done.stderr
    assert sorted(path.name for path in repository.iterdir()) == [".git", "a.pcap", "tcpflow.toml"]


def test_configuration_that_lets_everything_pass_is_named_and_can_be_left_out(
    repository: Path,
) -> None:
    (repository / "tcpflow.toml").write_text('[tool.tcpflow]\nfail_on = "never"\n')
    done = run_here(["check", "a.pcap"], folder=repository)
    assert done.returncode == 0
    assert b"by tcpflow.toml" in done.stdout
    found = json.loads(run_here(["check", "a.pcap", "--format", "json"], folder=repository).stdout)
    assert found["configuration"] == "tcpflow.toml"
    assert run_here(["check", "--no-config", "a.pcap"], folder=repository).returncode == 1


def test_analyze_takes_nothing_but_how_to_show_from_a_repository(repository: Path) -> None:
    before = run_here(["analyze", "a.pcap", "--format", "json"], folder=repository).stdout
    (repository / "tcpflow.toml").write_text(
        '[tool.tcpflow]\nfail_on = "never"\nselect = ["CL"]\nwhere = "number == 9"\n'
        '[tool.tcpflow.parameters]\nclose_wait_warn = "1s"\n'
    )
    after = run_here(["analyze", "a.pcap", "--format", "json"], folder=repository)
    assert (after.returncode, after.stdout) == (0, before)


@pytest.mark.parametrize("name", ["tcpflow.toml", "baseline.json"])
def test_file_without_end_is_one_line(repository: Path, name: str) -> None:
    with (repository / name).open("wb") as file:
        file.truncate(MOST_OCTETS + 1)
    option = "--config" if name.endswith("toml") else "--baseline"
    done = run_here(["check", option, name, "a.pcap"], folder=repository)
    assert done.returncode == 2
    assert done.stderr.decode() == f"tcpflow: error: {name}: larger than any file of this kind\n"


def test_nothing_in_the_folder_at_hand_is_imported(repository: Path) -> None:
    declared = repository / "evil-1.0.dist-info"
    declared.mkdir()
    (declared / "METADATA").write_text("Metadata-Version: 2.1\nName: evil\nVersion: 1.0\n")
    (declared / "entry_points.txt").write_text("[tcpflow_analyzer.findings]\nevil = evil\n")
    for name in ("evil", "click", "rich", "dpkt", "json", "tcpflow_analyzer", "sitecustomize"):
        (repository / f"{name}.py").write_text("import pathlib\npathlib.Path('gone').touch()\n")
    done = run_program(["check", "--no-config", "a.pcap"], folder=repository)
    assert done.returncode == 1
    assert b"HS004" in done.stdout
    assert not (repository / "gone").exists()


@pytest.mark.skipif(os.name == "nt", reason="such files have names there")
def test_what_is_spooled_has_no_name_in_the_folder_for_temporary_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with SortedSpool(1, run_octets=10) as spool:
        for number in range(9):
            spool.add(b"%d" % number, b"a line of a report")
        assert list(tmp_path.iterdir()) == []
        assert len(list(spool.sorted_lines())) == 9


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="such names of files need POSIX")
@pytest.mark.parametrize("form", ["text", "ndjson"])
def test_events_of_a_hostile_capture_are_harmless(tmp_path: Path, form: str) -> None:
    path = tmp_path / "a\x1b[2J\nb.pcapng"
    path.write_bytes(hostile_capture())
    done = run_program(["live", "--follow", path, "--duration", "1s", "--format", form])
    assert done.returncode == 0
    assert b"HS004" in done.stdout
    assert_harmless(done.stdout)
    assert_harmless(done.stderr)


def test_message_of_a_mistake_never_repeats_what_a_file_holds(tmp_path: Path) -> None:
    secret = tmp_path / "shadow"
    secret.write_text("root:secret-of-root:1:2\n")
    (tmp_path / "a.pcap").write_bytes(closed())
    for option in ("--config", "--baseline"):
        done = run_here(["check", "--no-config", option, secret, "a.pcap"], folder=tmp_path)
        if option == "--config":
            done = run_here(["check", option, secret, "a.pcap"], folder=tmp_path)
        assert done.returncode == 2
        assert b"secret-of-root" not in done.stdout + done.stderr
