"""`tcpflow analyze --format csv|zeek|zeek-json|parquet`: the command line's side."""

import csv
import io
import json
from pathlib import Path

from support.places import FIXTURES
from support.program import run_program

CAPTURE = FIXTURES / "recordings" / "half_close.pcap"


def test_csv_goes_where_text_would(tmp_path: Path) -> None:
    done = run_program(["analyze", CAPTURE, "--format", "csv"])
    assert (done.returncode, done.stderr) == (0, b"")
    (row,) = csv.DictReader(io.StringIO(done.stdout.decode("utf-8")))
    assert row["outcome"] == "completed"
    file = tmp_path / "out.csv"
    assert run_program(["analyze", CAPTURE, "-o", file]).returncode == 0
    assert file.read_bytes() == done.stdout


def test_several_exports_of_one_run(tmp_path: Path) -> None:
    arguments: list[str | Path] = ["analyze", CAPTURE]
    for name in ("csv:a", "zeek:b", "zeek-json:c", "parquet:d", "text:-"):
        form, _, path = name.partition(":")
        arguments += ["-o", f"{form}:{path if path == '-' else tmp_path / path}"]
    done = run_program(arguments)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"1 connection" in done.stdout
    assert (tmp_path / "b").read_text("ascii").startswith("#separator")
    assert json.loads((tmp_path / "c").read_text("ascii"))["proto"] == "tcp"
    assert (tmp_path / "d").read_bytes().startswith(b"PAR1")


def test_exports_are_of_one_recording() -> None:
    done = run_program(["analyze", CAPTURE, "--separate", "--format", "csv"])
    assert done.returncode == 2
    assert b"--separate writes text or json or ndjson, not csv" in done.stderr
