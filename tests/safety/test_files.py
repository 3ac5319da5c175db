"""Files that are written: whole or not at all, never over what is read, for their owner alone.

All ways to write a file are in support/writers.py; `live` has its own tests (tests/live).
"""

import contextlib
import os
import stat
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from support.in_process import run_here
from support.program import program_command, run_program
from support.small_captures import closed, mixed, refused
from support.writers import NEW_FILES, WRITERS, Writer
from tcpflow_analyzer.cli.anonymise_key import find_key
from tcpflow_analyzer.cli.drafts import Draft, begin_draft, discard_drafts, followed
from tcpflow_analyzer.cli.main import COMMANDS, tcpflow
from tcpflow_analyzer.cli.outputs import Output
from tcpflow_analyzer.errors import OutputError

pytestmark = pytest.mark.skipif(os.name == "nt", reason="permissions and links of POSIX")
EVERY = pytest.mark.parametrize("writer", WRITERS, ids=[writer.name for writer in WRITERS])
REPLACING = [writer for writer in WRITERS if writer.name not in NEW_FILES]
EACH_REPLACING = pytest.mark.parametrize(
    "writer", REPLACING, ids=[writer.name for writer in REPLACING]
)
Words = list[str | Path]
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108  a folder of its own is made in it
SOMEBODY = 12_345  # a user who is nobody here


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    """A capture in a folder of its own."""
    path = tmp_path / "captures" / "a.pcap"
    path.parent.mkdir()
    path.write_bytes(refused())
    return path


@contextlib.contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def drafts_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.startswith(".tcpflow-")]


def test_every_command_that_writes_files_is_among_the_writers() -> None:
    writing = set()
    for name in COMMANDS:
        command = tcpflow.get_command(tcpflow.make_context("tcpflow", ["rules"]), name)
        assert command is not None
        if {"output", "outputs"} & {parameter.name for parameter in command.params}:
            writing.add(name)
    assert writing - {"live"} == {writer.words[0] for writer in WRITERS}


@EVERY
def test_new_file_follows_the_umask(capture: Path, tmp_path: Path, writer: Writer) -> None:
    for mask in (0o077, 0o022):
        out = tmp_path / f"out.{mask}"
        with umask(mask):
            done = run_here(writer.command(capture, out))
        assert done.returncode == writer.status, done.stderr
        assert out.stat().st_size
        assert mode(out) == 0o666 & ~mask
    assert drafts_in(tmp_path) == []


@EACH_REPLACING
def test_file_that_is_replaced_keeps_its_permissions_and_links_lead_to_it(
    capture: Path, tmp_path: Path, writer: Writer
) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_text("x" * 1_000_000)
    target.chmod(0o640)
    link.symlink_to("target")
    done = run_here(writer.command(capture, link))
    assert done.returncode == writer.status, done.stderr
    assert link.is_symlink()
    assert mode(target) == 0o640
    assert 0 < target.stat().st_size < 1_000_000


@EVERY
@pytest.mark.parametrize("how", ["itself", "symbolic link", "hard link"])
def test_capture_is_never_replaced(capture: Path, tmp_path: Path, writer: Writer, how: str) -> None:
    out = tmp_path / "link"
    if how == "itself":
        out = capture.parent / ".." / "captures" / "a.pcap"
    elif how == "symbolic link":
        out.symlink_to(capture)
    else:
        out.hardlink_to(capture)
    done = run_here(writer.command(capture, out))
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.count(b"\n") == 1
    assert b"replace" in done.stderr
    assert capture.read_bytes() == refused()


@pytest.mark.parametrize("command", ["analyze", "show", "extract", "check"])
def test_none_of_several_captures_is_replaced(capture: Path, command: str) -> None:
    other = capture.parent / "b.pcap"
    other.write_bytes(closed())
    choice = ["--connection", "1"] if command in ("show", "extract") else []
    reads: list[Words] = [[capture, other], [capture.parent]]
    for read in reads:
        done = run_here([command, *read, *choice, "-o", other])
        assert done.returncode == 2
        assert b"would replace a capture" in done.stderr
    assert other.read_bytes() == closed()


def test_configuration_and_baseline_are_not_replaced_by_reports(
    capture: Path, tmp_path: Path
) -> None:
    configuration, baseline = tmp_path / "tcpflow.toml", tmp_path / "baseline.json"
    configuration.write_text("[tool.tcpflow]\nfail_on = 'warning'\n")
    common: Words = ["check", "--config", configuration, capture]
    assert run_here([*common, "--write-baseline", baseline]).returncode == 0
    before = configuration.read_bytes(), baseline.read_bytes()
    refused_words: list[Words] = [
        ["--write-baseline", configuration],
        ["-o", f"text:{configuration}"],
        ["--baseline", baseline, "-o", f"text:{baseline}"],
        ["--write-baseline", baseline, "-o", f"text:{baseline}"],
    ]
    for words in refused_words:
        done = run_here([*common, *words])
        assert done.returncode == 2, words
        assert done.stderr.count(b"\n") == 1
    assert (configuration.read_bytes(), baseline.read_bytes()) == before
    update: Words = ["--baseline", baseline, "--write-baseline", baseline]
    assert run_here([*common, *update]).returncode == 0


@EACH_REPLACING
def test_file_stays_as_it_was_if_the_disk_is_full(
    capture: Path, small_disk: Path, writer: Writer
) -> None:
    out = small_disk / "out"
    out.write_bytes(b"as it was")
    fill(small_disk)
    done = run_here(writer.command(capture, out))
    assert done.returncode == 4
    assert (
        done.stderr.decode().splitlines()[-1] == f"tcpflow: error: {out}: No space left on device"
    )
    assert b"Traceback" not in done.stderr
    assert out.read_bytes() == b"as it was"
    assert drafts_in(small_disk) == []


def test_key_that_does_not_fit_on_its_disk_leaves_nothing(capture: Path, small_disk: Path) -> None:
    key = small_disk / "key"
    fill(small_disk)
    words: Words = ["extract", capture, "--port", "80", "--anonymise", "--key", key, "-o", "-"]
    done = run_here(words)
    assert (done.returncode, done.stdout) == (4, b"")
    assert done.stderr.decode() == f"tcpflow: error: {key}: No space left on device\n"
    assert not key.exists()


def test_key_that_another_process_has_just_begun_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "key"
    path.touch()
    monkeypatch.setattr("os.path.lexists", lambda _path: False)  # as it was a moment ago
    with pytest.raises(OutputError, match="File exists"):
        find_key(str(path))
    assert path.is_file()


def fill(folder: Path) -> None:
    """Leave no room on a disk."""
    with (folder / "ballast").open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(bytes(4096)):
            pass


def test_full_folder_for_temporary_files_is_told(
    capture: Path, small_disk: Path, tmp_path: Path
) -> None:
    (capture.parent / "b.pcap").write_bytes(mixed())
    fill(small_disk)
    os.truncate(small_disk / "ballast", 64 * 1024 - 8192)  # the report is larger
    out = tmp_path / "out"
    words: Words = ["analyze", "--separate", "--jobs", "2", capture.parent, "-o", f"json:{out}"]
    done = run_program(words, environment={"TMPDIR": str(small_disk)})
    assert done.returncode == 4, done.stderr
    assert done.stderr.count(b"\n") == 1
    assert b"No space left on device" in done.stderr
    assert not out.exists()
    assert [path.name for path in small_disk.iterdir()] == ["ballast"]


def test_draft_is_private_hidden_and_cannot_be_guessed(tmp_path: Path) -> None:
    place = tmp_path / "report.json"
    place.write_bytes(b"as it was")
    names = set()
    with umask(0):
        for _ in range(3):
            draft = Draft(str(place), "report")
            draft.stream.write(b"new")
            (name,) = drafts_in(tmp_path)
            assert mode(tmp_path / name) == 0o600
            names.add(name)
            draft.discard()
    assert len(names) == 3
    assert all(len(name) == len(".tcpflow-") + 16 for name in names)
    assert place.read_bytes() == b"as it was"


def test_error_while_a_file_is_written_leaves_what_was_there(tmp_path: Path) -> None:
    place = tmp_path / "report.json"
    place.write_bytes(b"as it was")
    with contextlib.suppress(ZeroDivisionError), Output(str(place)) as output:
        output.write(b"new")
        raise ZeroDivisionError
    assert place.read_bytes() == b"as it was"
    assert drafts_in(tmp_path) == []


def test_drafts_of_a_process_that_ends_are_removed(tmp_path: Path) -> None:
    draft = Draft(str(tmp_path / "a"), "a")
    discard_drafts()
    assert list(tmp_path.iterdir()) == []
    draft.stream.close()


def test_file_is_written_in_place_where_the_folder_takes_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "report.json"
    place.write_bytes(b"as it was")

    def refuse(_path: str, _name: str) -> Draft:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tcpflow_analyzer.cli.drafts.Draft", refuse)
    with Output(str(place)) as output:
        output.write(b"new")
    assert place.read_bytes() == b"new"
    with pytest.raises(OutputError, match="Permission denied"):
        Output(str(tmp_path / "other"))


def test_pipes_and_devices_stay_what_they_are(capture: Path, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for writer in WRITERS:
        if writer.name not in NEW_FILES:
            with subprocess.Popen(["cat", pipe], stdout=subprocess.PIPE) as reader:
                done = run_here(writer.command(capture, pipe))
                assert done.returncode == writer.status, done.stderr
                assert reader.communicate(timeout=60)[0]
    assert pipe.is_fifo()
    assert begin_draft("/dev/null") is None


def test_what_is_open_is_written_to_even_if_it_has_no_name(capture: Path) -> None:
    with tempfile.TemporaryFile() as unnamed:
        for path in (f"/proc/self/fd/{unnamed.fileno()}", f"/dev/fd/{unnamed.fileno()}"):
            assert begin_draft(path) is None
            unnamed.truncate(0)
            for form in ("json", "ndjson"):
                assert run_here(["analyze", capture, "-o", f"{form}:{path}"]).returncode == 0
                unnamed.seek(0)
                assert b'"HS004"' in unnamed.read()


@pytest.mark.skipif(not SHARED_MEMORY.is_dir(), reason="needs a folder below /dev")
def test_folder_below_that_of_devices_is_one_like_others() -> None:
    with tempfile.TemporaryDirectory(dir=SHARED_MEMORY) as folder:
        draft = begin_draft(f"{folder}/a")
        assert draft is not None
        draft.discard()


@pytest.mark.parametrize("command", ["live", "analyze"])
def test_packets_and_report_do_not_go_to_one_file(tmp_path: Path, command: str) -> None:
    out = tmp_path / "out"
    done = run_here([command, "--interface", "lo", "--write", out, "-o", out])
    assert done.returncode == 2
    assert done.stderr == b"tcpflow: error: two outputs go to the same place\n"
    assert not out.exists()


def in_shared_folder(tmp_path: Path, owner: int) -> Path:
    """A link of somebody to a file, in a folder as /tmp is."""
    shared, victim = tmp_path / "shared", tmp_path / "victim"
    shared.mkdir()
    shared.chmod(0o1777)
    victim.write_bytes(b"precious")
    link = shared / "report.json"
    link.symlink_to(victim)
    os.chown(link, owner, owner, follow_symlinks=False)
    return link


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs root")
def test_link_of_somebody_else_in_a_shared_folder_is_not_followed(
    tmp_path: Path, capture: Path
) -> None:
    link = in_shared_folder(tmp_path, SOMEBODY)
    for words in (["-o", f"json:{link}"], ["-o", f"ndjson:{link}"]):
        done = run_here(["analyze", capture, *words])
        assert done.returncode == 4
        assert b"a symbolic link of another user" in done.stderr
        assert done.stderr.count(b"\n") == 1
    assert (tmp_path / "victim").read_bytes() == b"precious"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs root")
def test_file_of_somebody_else_in_a_shared_folder_is_replaced_by_ones_own(
    tmp_path: Path, capture: Path
) -> None:
    link = in_shared_folder(tmp_path, SOMEBODY)
    link.unlink()
    link.write_bytes(b"readable by all")
    link.chmod(0o666)
    os.chown(link, SOMEBODY, SOMEBODY)
    with umask(0o077):
        assert run_here(["analyze", capture, "-o", f"json:{link}"]).returncode == 0
    assert (link.stat().st_uid, mode(link)) == (os.geteuid(), 0o600)


def test_ones_own_link_in_a_shared_folder_is_followed(tmp_path: Path) -> None:
    link = in_shared_folder(tmp_path, os.geteuid())
    assert os.path.samefile(followed(str(link)), tmp_path / "victim")


def test_links_in_a_circle_are_an_error(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to("link")
    with pytest.raises(OutputError, match="symbolic links"):
        followed(str(link))


def test_reader_that_goes_away_does_not_cost_the_other_report(
    capture: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.xml"
    check: Words = ["check", "--no-config", capture, "-o", "text:-", "-o", f"junit:{out}"]
    analyze: Words = ["analyze", capture, "-o", "-", "-o", f"csv:{out}"]
    for words, status in ((check, 1), (analyze, 0)):
        done = with_closed_output(words)
        assert (done.returncode, done.stderr) == (status, b"")
        assert out.stat().st_size
        out.unlink()


def with_closed_output(words: Sequence[str | Path]) -> subprocess.CompletedProcess[bytes]:
    """Run the program with nobody who reads its standard output."""
    command, variables = program_command(words)
    reading, writing = os.pipe()
    os.close(reading)
    try:
        return subprocess.run(
            command, env=variables, stdout=writing, stderr=subprocess.PIPE, check=False
        )
    finally:
        os.close(writing)


def test_output_that_cannot_be_opened_comes_before_an_input_that_is_missing(
    capture: Path, tmp_path: Path
) -> None:
    for command in ("analyze", "check"):
        done = run_here([command, tmp_path / "missing", "-o", tmp_path / "none" / "out"])
        assert done.returncode == 4
        assert done.stderr.count(b"\n") == 1
    done = run_here(["analyze", tmp_path / "missing", capture, "-o", tmp_path / "out"])
    assert done.returncode == 2
    assert (tmp_path / "out").stat().st_size
