"""`--save-on` writes the packets of the connections that it is asked for, each to a file."""

import json
import os
from pathlib import Path

import pytest

from support.network import Network, abort, installed_engines
from support.program import await_true, run_program, start_program


def test_connection_with_the_finding_is_saved_and_no_other(hosts: Network, tmp_path: Path) -> None:
    folder = tmp_path / "saved"
    arguments = ["live", "-i", "eth0", "--save-on", "RS001,CL", "--save-dir", str(folder)]
    engine = installed_engines()[0]
    program = start_program([*arguments, "--engine", engine], prefix=hosts.a.prefix)
    hosts.a.await_capture()
    with hosts.b.listen() as listener:
        healthy, server = hosts.connect(listener)
        aborted, other = hosts.connect(listener)
        port = aborted.getsockname()[1]
        aborted.sendall(b"question")
        assert other.recv(100) == b"question"
        abort(aborted)
        other.close()
        healthy.close()
        server.close()
        await_true(lambda: folder.exists() and any(folder.iterdir()), "it is saved")
    program.terminate()
    _, messages = program.communicate(timeout=60)
    assert (program.returncode, messages) == (0, b"")
    (path,) = folder.iterdir()
    assert path.name.endswith("-RS001-2.pcapng")
    assert path.stat().st_mode & 0o777 == 0o600
    report = json.loads(run_program(["analyze", path, "--format", "json"]).stdout)
    (connection,) = report["connections"]
    assert connection["originator"]["port"] == port
    assert connection["handshake"]["outcome"] == "completed"
    assert "RS001" in report["summary"]["codes"]
    assert report["capture"]["frames"] == connection["frames"]


@pytest.mark.slow
def test_folder_that_cannot_be_written_ends_the_saving_only(hosts: Network, tmp_path: Path) -> None:
    folder = tmp_path / "saved"
    arguments = ["live", "-i", "eth0", "--save-on", "RS", "--save-dir", str(folder)]
    program = start_program(arguments, prefix=hosts.a.prefix)
    hosts.a.await_capture()
    folder.rmdir()
    with hosts.b.listen() as listener:
        for _ in range(2):
            client, server = hosts.connect(listener)
            abort(client)
            server.close()
        assert program.stdout is not None
        told = [program.stdout.readline()]
        while sum(b" RS001 " in line for line in told) < 2:
            assert told[-1], "it ended"
            told.append(program.stdout.readline())
    program.terminate()
    _, messages = program.communicate(timeout=60)
    assert program.returncode == 4
    assert messages.count(b"\n") == 1
    assert b"No such file or directory; no more connections are saved" in messages


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["-i", "lo", "--save-on", "XX999"], "--save-on: "),
        (["-i", "lo", "--save-on", "RS", "--save-dir", os.devnull], "--save-dir: /dev/null: "),
        (["--follow", ".", "--save-on", "RS"], "--count, --write and --save-on need --interface"),
    ],
)
@pytest.mark.slow
def test_wrong_command_lines_are_refused(arguments: list[str], complaint: str) -> None:
    done = run_program(["live", *arguments])
    assert done.returncode == 2
    assert complaint in done.stderr.decode()
