"""The command line, as whole processes: output, exit statuses, standard error."""

import contextlib
import fcntl
import json
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pytest
from jsonschema_rs import Draft202012Validator

import tcpflow_analyzer
from support.analyze_schema import analyze_schema
from support.capture_builder import pcap
from support.places import RECORDINGS
from support.program import await_signal_handlers, await_true, run_program
from support.small_captures import closed, exchange, mixed, refused, without_tcp
from tcpflow_analyzer.cli.main import COMMANDS
from tcpflow_analyzer.cli.option_types import codes, duration, profile_choice
from tcpflow_analyzer.cli.outputs import OutputChoice, parse_output

WHOLE = Draft202012Validator(analyze_schema())
PROGRAM = [sys.executable, "-P", "-m", "tcpflow_analyzer"]
ENVIRONMENT = os.environ | {
    "PYTHONPATH": str(Path(tcpflow_analyzer.__path__[0]).parent),
    "PYTHONUNBUFFERED": "",  # a user's program buffers what it writes
}


@pytest.fixture
def captures(tmp_path: Path) -> Path:
    """A folder with a good capture of each kind and some bad inputs."""
    contents = {
        "closed.pcap": closed(),
        "refused.pcap": refused(),
        "mixed.pcap": mixed(),
        "no-tcp.pcap": without_tcp(),
        "no-frames.pcap": pcap([]),
        "cut.pcap": closed()[:-5],
        "unknown-link.pcap": without_tcp(link_type=65_000),
        "empty": b"",
        "text": b"this is no capture at all\n" * 5,
    }
    for name, octets in contents.items():
        (tmp_path / name).write_bytes(octets)
    (tmp_path / "nothing-here").mkdir()
    return tmp_path


def status_and_error(*arguments: str | Path, stdin: bytes = b"") -> tuple[int, str]:
    done = run_program(["analyze", *arguments], stdin=stdin)
    return done.returncode, done.stderr.decode()


def analyzed(*arguments: str | Path, stdin: bytes = b"") -> Any:  # noqa: ANN401  JSON
    done = run_program(["analyze", "--format", "json", *arguments], stdin=stdin)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_version_says_whether_it_is_compiled() -> None:
    done = run_program(["--version"])
    assert done.returncode == 0
    assert done.stdout.decode() in {
        f"tcpflow {tcpflow_analyzer.__version__} ({how})\n" for how in ("compiled", "interpreted")
    }


@pytest.mark.parametrize("arguments", [["--help"], ["analyze", "-h"], ["rules", "--help"]])
def test_help_fits_80_columns(arguments: list[str]) -> None:
    done = run_program(arguments)
    text = done.stdout.decode()
    assert done.returncode == 0
    assert "Options:" in text
    assert max(map(len, text.splitlines())) <= 80
    assert "\x1b" not in text


def test_help_lists_only_commands_that_exist() -> None:
    text = run_program(["--help"]).stdout.decode()
    listed = [
        line.split()[0]
        for line in text.partition("Commands:\n")[2].partition("\n\n")[0].splitlines()
        if line[2:3].strip()
    ]
    assert listed == list(COMMANDS)
    assert listed == sorted(listed)
    for command in listed:
        assert run_program([command, "--help"]).returncode == 0


def test_analyze_text_reports_connection_and_findings(captures: Path) -> None:
    done = run_program(["analyze", captures / "refused.pcap"])
    text = done.stdout.decode()
    assert done.returncode == 0
    assert done.stderr == b""
    for words in ("1 connection: 1 refused", "HS004 connection-refused", "192.0.2.1:40000"):
        assert words in text
    assert "\x1b" not in text


def test_analyze_json_is_valid_and_complete(captures: Path) -> None:
    found = analyzed(captures / "mixed.pcap")
    WHOLE.validate(found)
    assert [connection["id"] for connection in found["connections"]] == list(range(1, 31))
    ids = {finding["id"] for finding in found["findings"]}
    assert {each for connection in found["connections"] for each in connection["findings"]} <= ids
    assert found["summary"]["findings"]["error"] == sum(
        finding["severity"] == "error" for finding in found["findings"]
    )
    assert len(ids) == len(found["findings"])


def test_analyze_ndjson_is_valid_and_equals_json(captures: Path) -> None:
    whole = analyzed(captures / "mixed.pcap")
    done = run_program(["analyze", captures / "mixed.pcap", "--format", "ndjson"])
    validator = Draft202012Validator(analyze_schema() | {"$ref": "#/$defs/line"})
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    for line in lines:
        validator.validate(line)
    assert (lines[0]["kind"], lines[-1]["kind"]) == ("start", "summary")
    by_kind: dict[str, list[dict[str, Any]]] = {}
    for line in lines:
        by_kind.setdefault(line.pop("kind"), []).append(line)
    assert sorted(by_kind["connection"], key=lambda each: each["id"]) == whole["connections"]
    findings = [
        {name: value for name, value in each.items() if name not in {"revision", "withdrawn"}}
        for each in by_kind["finding"]
    ]
    assert sorted(findings, key=lambda each: each["id"]) == sorted(
        whole["findings"], key=lambda each: each["id"]
    )
    assert by_kind["summary"] == [whole["summary"]]
    assert by_kind["capture"] == [whole["capture"]]


@pytest.mark.parametrize("recording", sorted(RECORDINGS.glob("*.pcap"))[::30], ids=lambda p: p.stem)
def test_analyze_json_of_recordings_fits_the_schema(recording: Path) -> None:
    found = analyzed(recording)
    WHOLE.validate(found)
    capture = found["capture"]
    assert capture["frames"] == (
        capture["tcp_segments"]
        + capture["other_frames"]
        + capture["fragments"]
        + sum(capture["undecoded"].values())
    )


@pytest.mark.parametrize(
    "options", [["--block-size", "1"], ["--block-size", "777"], ["--no-prediction"]]
)
def test_analyze_reading_and_prediction_change_nothing(captures: Path, options: list[str]) -> None:
    assert analyzed(captures / "mixed.pcap", *options) == analyzed(captures / "mixed.pcap")


def test_analyze_standard_input_equals_the_file(captures: Path) -> None:
    from_file, from_stdin = analyzed(captures / "mixed.pcap"), analyzed("-", stdin=mixed())
    from_file["capture"]["files"][0]["path"] = "-"
    assert from_stdin == from_file


def test_analyze_folder_and_files_are_one_recording(tmp_path: Path) -> None:
    frames = exchange()
    folder = tmp_path / "ring"
    folder.mkdir()
    (folder / "1.pcap").write_bytes(pcap(frames[5:]))
    (folder / "2.pcap").write_bytes(pcap(frames[:5]))
    found = analyzed(folder)
    assert [
        (Path(file["path"]).name, file["first_frame"]) for file in found["capture"]["files"]
    ] == [
        ("2.pcap", 1),
        ("1.pcap", 6),
    ]
    assert found["summary"]["by_state"] == {"TIME-WAIT/CLOSED": 1}


def test_analyze_separate_treats_each_alone(captures: Path) -> None:
    found = analyzed("--separate", captures / "closed.pcap", captures / "refused.pcap")
    Draft202012Validator(analyze_schema() | {"$ref": "#/$defs/separate"}).validate(found)
    assert list(found) == ["schema_version", "captures"]
    assert [capture["summary"]["connections"] for capture in found["captures"]] == [1, 1]


def test_analyze_separate_text_reports_are_set_apart(captures: Path) -> None:
    paths = [captures / "closed.pcap", captures / "refused.pcap"]
    text = run_program(["analyze", "--separate", *paths]).stdout.decode()
    first, _, second = text.partition(f"\n\n{paths[1]}")
    assert first.startswith(str(paths[0]))
    assert "HS004" in second


def test_analyze_separate_goes_on_after_an_unusable_file(captures: Path) -> None:
    paths = [
        captures / name for name in ("closed.pcap", "empty", "unknown-link.pcap", "refused.pcap")
    ]
    done = run_program(["analyze", "--separate", "--format", "json", *paths])
    assert done.returncode == 2
    assert len(json.loads(done.stdout)["captures"]) == 2
    assert len(done.stderr.splitlines()) == 2


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("missing.pcap", "no such file"),
        ("empty", "octet 0: the file is empty"),
        ("text", "octet 0: not a capture"),
        ("nothing-here", "no captures in this folder"),
        ("unknown-link.pcap", "octet 20: no link type of this capture can be read: 65000"),
    ],
)
def test_analyze_unusable_input_is_one_line_and_status_2(
    captures: Path, name: str, words: str
) -> None:
    status, error = status_and_error(captures / name)
    assert status == 2
    assert error.count("\n") == 1
    assert error.startswith("tcpflow: error: ")
    assert name in error
    assert words in error


def test_analyze_unusable_input_gives_no_output(captures: Path) -> None:
    output = captures / "out.json"
    done = run_program(["analyze", captures / "empty", "-o", f"json:{output}"])
    assert (done.returncode, done.stdout) == (2, b"")
    assert not output.exists()


def test_analyze_one_unusable_of_several_is_status_2_and_the_others_are_analysed(
    captures: Path,
) -> None:
    done = run_program(
        ["analyze", "--format", "json", captures / "empty", captures / "closed.pcap"]
    )
    assert done.returncode == 2
    assert json.loads(done.stdout)["summary"]["connections"] == 1
    assert len(done.stderr.splitlines()) == 1


def test_analyze_damaged_input_is_a_warning_and_status_0(captures: Path) -> None:
    status, error = status_and_error(captures / "cut.pcap")
    assert status == 0
    assert error.count("\n") == 1
    assert error.startswith(f"tcpflow: warning: {captures / 'cut.pcap'}: octet ")
    found = analyzed(captures / "cut.pcap")
    assert found["capture"]["frames"] == 8
    assert found["capture"]["files"][0]["truncated"] is True
    assert found["capture"]["files"][0]["error"].startswith("octet ")


@pytest.mark.parametrize("name", ["no-tcp.pcap", "no-frames.pcap"])
def test_analyze_without_connections_is_status_0(captures: Path, name: str) -> None:
    done = run_program(["analyze", captures / name])
    assert done.returncode == 0
    assert b"0 TCP segments" in done.stdout
    WHOLE.validate(analyzed(captures / name))


@pytest.mark.parametrize(
    "arguments",
    [
        ["analyze"],
        ["analyze", "--no-such-option", "x"],
        ["analyze", "x", "--msl", "soon"],
        ["analyze", "x", "--profile", "beos"],
        ["analyze", "x", "--profile", "10.0.0.0/99=linux"],
        ["analyze", "x", "-o", "a", "-o", "json:a"],
        ["analyze", "{closed}", "--select", "ZZ"],
        ["no-such-command"],
        ["explain", "ZZ999"],
    ],
)
def test_unusable_command_line_is_status_2(captures: Path, arguments: list[str]) -> None:
    line = [argument.format(closed=captures / "closed.pcap") for argument in arguments]
    done = run_program(line)
    assert done.returncode == 2
    assert done.stdout == b""
    assert done.stderr.startswith(b"tcpflow: error: ")
    assert done.stderr.count(b"\n") == 1


def test_names_of_files_cannot_break_lines_or_move_the_cursor(captures: Path) -> None:
    odd = captures / "a\nb\x1b[2J\udcff.pcap"
    status, error = status_and_error(odd)
    assert status == 2
    assert error == f"tcpflow: error: {captures}/a\\nb\\x1b[2J\\udcff.pcap: no such file\n"
    odd.write_bytes((captures / "cut.pcap").read_bytes())
    done = run_program(["analyze", odd])
    assert b"\x1b" not in done.stdout + done.stderr
    assert done.stderr.count(b"\n") == 1
    # JSON without lone surrogates, which strict readers refuse.
    assert analyzed(odd)["capture"]["files"][0]["path"].endswith("a\nb\x1b[2J\ufffd.pcap")


def test_empty_name_is_not_the_folder_at_hand() -> None:
    assert status_and_error("") == (2, "tcpflow: error: '': no such file\n")


def test_no_command_shows_the_commands() -> None:
    done = run_program([])
    assert done.returncode == 2
    assert b"Commands:\n  analyze" in done.stderr


def test_output_never_replaces_a_capture(captures: Path) -> None:
    capture = captures / "closed.pcap"
    octets = capture.read_bytes()
    for read in (capture, captures):
        status, error = status_and_error(read, "-o", f"{captures}/nothing-here/../closed.pcap")
        assert status == 2
        assert "would replace a capture" in error
        assert error.count("\n") == 1
    assert capture.read_bytes() == octets


def test_output_into_a_folder_of_captures_is_replaced(captures: Path) -> None:
    report = captures / "report.json"
    for _ in range(2):
        assert run_program(["analyze", captures, "-o", report]).returncode == 0
    json.loads(report.read_text())


def test_standard_input_that_is_closed_is_one_line() -> None:
    done = subprocess.run(
        ["sh", "-c", '"$@" <&-', "sh", *PROGRAM, "analyze", "-"],
        capture_output=True, env=ENVIRONMENT, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr == b"tcpflow: error: standard input: it is closed\n"


def test_output_files_get_their_formats(captures: Path) -> None:
    json_file, text_file = captures / "out.json", captures / "c:out.txt"
    done = run_program(
        ["analyze", captures / "closed.pcap", "-o", json_file, "-o", f"text:{text_file}",
         "-o", "ndjson:-"]
    )  # fmt: skip
    assert done.returncode == 0
    WHOLE.validate(json.loads(json_file.read_text()))
    assert "1 connection: 1 completed" in text_file.read_text()
    assert json.loads(done.stdout.splitlines()[-1])["kind"] == "summary"


def test_output_replaces_a_longer_file(captures: Path) -> None:
    output = captures / "out.json"
    output.write_text("x" * 1_000_000)
    assert run_program(["analyze", captures / "closed.pcap", "-o", output]).returncode == 0
    json.loads(output.read_text())


def test_output_that_cannot_be_opened_is_status_4(captures: Path) -> None:
    status, error = status_and_error(captures / "closed.pcap", "-o", captures / "no" / "out.json")
    assert status == 4
    assert error.count("\n") == 1
    assert "out.json" in error


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize("form", ["text", "json", "ndjson"])
def test_output_that_is_full_is_status_4(captures: Path, form: str) -> None:
    status, error = status_and_error(captures / "mixed.pcap", "-o", f"{form}:/dev/full")
    assert status == 4
    assert error.count("\n") == 1
    done = into_full_disk("analyze", captures / "mixed.pcap", "--format", form)
    assert done.returncode == 4
    assert done.stderr.count(b"\n") == 1


def into_full_disk(*arguments: str | Path) -> subprocess.CompletedProcess[bytes]:
    with Path("/dev/full").open("wb") as full:
        return subprocess.run(
            [*PROGRAM, *arguments],
            stdout=full, stderr=subprocess.PIPE, env=ENVIRONMENT, check=False,
        )  # fmt: skip


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], ["analyze", "--help"], ["rules"], ["explain", "CL005"]]
)
def test_words_on_a_full_disk_are_status_4(arguments: list[str]) -> None:
    done = into_full_disk(*arguments)
    assert done.returncode == 4
    assert done.stderr.startswith(b"tcpflow: error: standard output: ")
    assert done.stderr.count(b"\n") == 1


@pytest.mark.parametrize("form", ["text", "json", "ndjson"])
def test_output_into_a_closed_pipe_ends_quietly(captures: Path, form: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [*PROGRAM, "analyze", captures / "mixed.pcap", "--format", form],
        stdout=writer, stderr=subprocess.PIPE, env=ENVIRONMENT, check=False,
    )  # fmt: skip
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, b"")


def test_help_into_a_closed_pipe_ends_quietly() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [*PROGRAM, "--help"], stdout=writer, stderr=subprocess.PIPE, env=ENVIRONMENT, check=False
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, b"")


def lines_while_running(child: subprocess.Popen[bytes]) -> Iterator[bytes]:
    """Lines of a process's standard output, as they come; ends after a minute without one."""
    assert child.stdout is not None
    while select.select([child.stdout], [], [], 60)[0]:
        line = child.stdout.readline()
        if not line:
            return
        yield line


def test_ndjson_from_a_pipe_comes_while_data_arrives() -> None:
    octets = mixed()
    with subprocess.Popen(
        [*PROGRAM, "analyze", "-", "--format", "ndjson"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=ENVIRONMENT,
    ) as child:  # fmt: skip
        assert child.stdin is not None
        child.stdin.write(octets[:-10])  # all but the end of the last frame, 400 s later
        child.stdin.flush()
        lines = lines_while_running(child)
        assert json.loads(next(lines))["kind"] == "start"
        child.stdin.write(octets[-10:])
        child.stdin.flush()
        kinds = [json.loads(next(lines))["kind"]]  # decided by the last frame, before the end
        child.stdin.close()
        kinds += [json.loads(line)["kind"] for line in lines]
    assert kinds[0] == "connection"
    assert kinds[-2:] == ["capture", "summary"]


@contextlib.contextmanager
def at_work_on_a_pipe(*arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """The program with a pipe as its input, which stays open, when its first line was read."""
    with subprocess.Popen(
        [*PROGRAM, "analyze", "-", "--format", "ndjson", *arguments],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENVIRONMENT,
    ) as child:  # fmt: skip
        assert child.stdin is not None
        child.stdin.write(mixed())
        child.stdin.flush()
        assert next(lines_while_running(child))
        yield child


def test_interrupt_of_a_pipe_reports_what_was_read() -> None:
    with at_work_on_a_pipe() as child:
        child.send_signal(signal.SIGINT)
        assert child.stdout is not None
        assert child.stderr is not None
        kinds = [json.loads(line)["kind"] for line in child.stdout]
        assert child.wait(60) == 130
        assert child.stderr.read() == (
            b"tcpflow: warning: interrupted; the report covers what was read until then\n"
        )
    assert kinds.count("connection") > 1
    assert kinds[-2:] == ["capture", "summary"]


def unread(pipe: IO[bytes]) -> int:
    """How many octets in a pipe wait for their reader."""
    (count,) = struct.unpack("i", fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)))
    return int(count)


def test_interrupt_waits_for_what_the_other_end_of_the_pipe_still_has() -> None:
    octets = mixed()
    with subprocess.Popen(
        [*PROGRAM, "analyze", "-", "--format", "json"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENVIRONMENT,
    ) as child:  # fmt: skip
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(octets[:24])  # tcpdump keeps frames in a buffer until it is interrupted
        child.stdin.flush()
        stdin = child.stdin
        await_true(lambda: unread(stdin) == 0, "the pipe is read")
        child.send_signal(signal.SIGINT)
        child.stdin.write(octets[24:])
        child.stdin.close()
        found = json.load(child.stdout)
        assert child.wait(60) == 130
    assert found["capture"] == analyzed("-", stdin=octets)["capture"]


def test_interrupt_of_a_pipe_that_brought_nothing() -> None:
    with subprocess.Popen(
        [*PROGRAM, "analyze", "-"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENVIRONMENT,
    ) as child:  # fmt: skip
        assert child.stderr is not None
        await_signal_handlers(child)
        child.send_signal(signal.SIGINT)
        assert child.wait(60) == 130
        assert child.stderr.read() == b"tcpflow: error: interrupted\n"


def test_second_interrupt_stops_at_once() -> None:
    with at_work_on_a_pipe() as child:
        child.send_signal(signal.SIGINT)
        time.sleep(1)  # it waits to write: nobody reads its output
        child.send_signal(signal.SIGINT)
        assert child.wait(60) == 130
        assert child.stderr is not None
        assert child.stderr.read() == b"tcpflow: error: interrupted\n"


def test_termination_ends_with_its_status() -> None:
    with at_work_on_a_pipe() as child:
        child.send_signal(signal.SIGTERM)
        assert child.wait(60) == 143
        assert child.stderr is not None
        assert child.stderr.read() == b""


def in_terminal(*arguments: str | Path, columns: int = 80, **variables: str) -> str:
    """What a terminal of this width gets."""
    primary, secondary = pty.openpty()
    with subprocess.Popen(
        [*PROGRAM, *arguments], stdin=secondary, stdout=secondary, stderr=subprocess.STDOUT,
        env=ENVIRONMENT | {"COLUMNS": str(columns), "TERM": "xterm"} | variables,
    ) as child:  # fmt: skip
        os.close(secondary)
        octets = b""
        while True:
            try:
                block = os.read(primary, 65_536)
            except OSError:  # Linux: the other side is closed
                break
            if not block:
                break
            octets += block
        child.wait(60)
    os.close(primary)
    return octets.decode()


def test_terminal_gets_colors_unless_it_asks_for_none(captures: Path) -> None:
    capture = captures / "refused.pcap"
    assert "\x1b[1;31m" in in_terminal("analyze", capture)
    assert "\x1b" not in in_terminal("analyze", capture, NO_COLOR="1")
    assert "\x1b" not in in_terminal("analyze", capture, "--no-color")
    assert "\x1b" not in in_terminal("analyze", capture, TERM="dumb")
    assert "\x1b[1;31m" in run_program(["analyze", "--color", capture]).stdout.decode()


def test_terminal_of_80_columns_is_not_overrun(captures: Path) -> None:
    for name in ("refused.pcap", "mixed.pcap", "no-tcp.pcap"):
        text = in_terminal("analyze", "--no-color", "--all", captures / name, columns=80)
        lines = [line for line in text.splitlines() if str(captures) not in line]
        assert max(map(len, lines)) <= 80


def test_piped_text_fits_the_columns_that_the_user_has(captures: Path) -> None:
    arguments: list[str | Path] = ["analyze", "--all", captures / "mixed.pcap"]
    widths = {}
    for columns in ("70", "80", "500"):
        text = run_program(arguments, environment={"COLUMNS": columns}).stdout.decode()
        lines = [line for line in text.splitlines() if str(captures) not in line]
        widths[columns] = max(map(len, lines))
    assert widths["70"] <= 70 < widths["80"] <= 80 < widths["500"] <= 100


def test_terminal_shows_progress_of_slow_work_and_removes_it(captures: Path) -> None:
    slow = captures / "slow.fifo"
    os.mkfifo(slow)
    octets = mixed()

    def feed() -> None:
        with slow.open("wb") as pipe:
            for start in range(0, len(octets), 400):
                pipe.write(octets[start : start + 400])
                pipe.flush()
                time.sleep(0.05)

    feeder = threading.Thread(target=feed)
    feeder.start()
    text = in_terminal("analyze", slow)
    feeder.join()
    bar, _, report = text.partition("slow.fifo")
    assert "reading" in bar
    assert "reading" not in report
    assert "Left at the end" in report
    assert "reading" not in in_terminal("analyze", captures / "mixed.pcap")


def test_terminal_without_utf_8_gets_ascii(captures: Path) -> None:
    done = run_program(
        ["analyze", captures / "refused.pcap"], environment={"PYTHONIOENCODING": "ascii"}
    )
    assert done.returncode == 0
    assert done.stdout.isascii()
    assert b"x HS004" in done.stdout


def test_time_utc_shows_the_time_of_day(captures: Path) -> None:
    text = run_program(["analyze", captures / "refused.pcap", "--time", "utc"]).stdout.decode()
    assert "at 00:00:00.000030" in text


def test_ns_as_strings(captures: Path) -> None:
    found = analyzed(captures / "closed.pcap", "--ns-as-strings")
    WHOLE.validate(found)
    assert isinstance(found["connections"][0]["transitions"][0]["time_ns"], str)


def test_select_ignore_and_severity(captures: Path) -> None:
    chosen = analyzed(captures / "mixed.pcap", "--select", "lc,FL007", "--ignore", "LC004")
    # The refusals of one client in a row are no HS004 of their own.
    assert set(chosen["summary"]["codes"]) == {"LC001", "LC006", "FL007"}
    severe = analyzed(captures / "mixed.pcap", "--min-severity", "warning")
    assert {finding["severity"] for finding in severe["findings"]} <= {"warning", "error"}
    assert severe["summary"]["findings"]["info"] == 0


def test_rules_json_lists_every_rule_in_code_order() -> None:
    found = json.loads(run_program(["rules", "--format", "json"]).stdout)
    names = [rule["code"] for rule in found]
    assert names == sorted(names)
    assert "HS004" in names


def test_explain_takes_code_and_name() -> None:
    by_code, by_name = (
        run_program(["explain", "hs004"]),
        run_program(["explain", "connection-refused"]),
    )
    assert by_code.stdout == by_name.stdout
    assert b"What to do:" in by_code.stdout
    found = json.loads(run_program(["explain", "HS004", "--format", "json"]).stdout)
    assert found["advice"]


def test_explain_unknown_suggests() -> None:
    done = run_program(["explain", "HS04"])
    assert done.returncode == 2
    assert b"did you mean" in done.stderr
    assert b"HS004" in done.stderr


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("60", 60_000_000_000),
        ("60s", 60_000_000_000),
        ("1.5min", 90_000_000_000),
        ("2m", 120_000_000_000),
        ("500ms", 500_000_000),
        ("0.000000001", 1),
        ("1h", 3_600_000_000_000),
    ],
)
def test_duration_units(value: str, expected: int) -> None:
    assert duration(value) == expected


@pytest.mark.parametrize("value", ["", "s", "-1", "1d", "1e9", "nan", "999999999999h", "1 2"])
def test_duration_refuses(value: str) -> None:
    with pytest.raises(Exception, match=r"duration|longer"):
        duration(value)


def test_codes_and_profiles_are_split() -> None:
    assert codes("cl, TW009,") == ("cl", "TW009")
    assert profile_choice("192.0.2.1/24=linux") == ("192.0.2.0/24", "linux")
    assert profile_choice("2001:db8::/32=rfc") == ("2001:db8::/32", "rfc")
    assert profile_choice("windows") == ("", "windows")


@pytest.mark.parametrize(
    ("value", "asked", "expected"),
    [
        ("out", None, ("text", "out")),
        ("out", "json", ("json", "out")),
        ("out.json", None, ("json", "out.json")),
        ("out.json", "text", ("text", "out.json")),
        ("json:out", None, ("json", "out")),
        ("ndjson:", None, ("ndjson", "-")),
        ("C:out.txt", None, ("text", "C:out.txt")),
        ("text:C:out", "json", ("text", "C:out")),
    ],
)
def test_parse_output(value: str, asked: str | None, expected: tuple[str, str]) -> None:
    assert parse_output(value, asked) == OutputChoice(*expected)


def seconds_of(command: list[str], runs: int = 7) -> float:
    """The shortest of some runs."""
    shortest = float("inf")
    for _ in range(runs):
        begin = time.perf_counter()
        subprocess.run(command, env=ENVIRONMENT, check=True, capture_output=True)
        shortest = min(shortest, time.perf_counter() - begin)
    return shortest


@pytest.mark.slow
def test_start_up_is_quick(captures: Path) -> None:
    nothing = seconds_of([sys.executable, "-c", "pass"])
    assert seconds_of([*PROGRAM, "--version"]) < nothing + 0.1
    assert seconds_of([*PROGRAM, "analyze", str(captures / "closed.pcap")]) < 0.25
