"""`tcpflow extract`: frames of chosen connections, unchanged, with comments, or nothing at all."""

import os
import shutil
import stat
import struct
import subprocess
from pathlib import Path

import pytest

import support.container_builder as made
from support.anonymity import KEY, findings_of, leaks
from support.capture_builder import START_NS, Options, Segment, ethernet, packet, pcap
from support.evidence import exchange_with_evidence
from support.in_process import run_here
from support.places import FIXTURES
from support.small_captures import exchange
from tcpflow_analyzer import analyze
from tcpflow_analyzer.sources.chosen_frames import chosen_frames
from tcpflow_analyzer.tcp.control_bits import ACK, SYN

CAPTURE = FIXTURES / "recordings" / "half_close.pcap"


def test_extract_gives_the_same_findings_and_octets(tmp_path: Path) -> None:
    target = tmp_path / "out.pcapng"
    done = run_here(["extract", CAPTURE, "--connection", "1", "-o", target])
    assert (done.returncode, done.stdout) == (0, b"")
    assert done.stderr.decode() == f"tcpflow: note: {target}: 228 frames of 1 connection\n"
    before, after = analyze(CAPTURE), analyze(target)
    assert [each.code for each in after.findings] == [each.code for each in before.findings]
    assert after.connections[0].transitions == before.connections[0].transitions
    frames = set(range(1, 229))
    assert [each.octets for each in chosen_frames([str(target)], frames)] == [
        each.octets for each in chosen_frames([str(CAPTURE)], frames)
    ]


def test_slim_extract_has_no_payload_and_the_same_states(tmp_path: Path) -> None:
    target = tmp_path / "out.pcapng"
    assert (
        run_here(["extract", CAPTURE, "--where", "port == 8080", "--slim", "-o", target]).returncode
        == 0
    )
    assert max(len(each.octets) for each in chosen_frames([str(target)], set(range(1, 229)))) <= 74
    before, after = analyze(CAPTURE).connections[0], analyze(target).connections[0]
    assert after.transitions == before.transitions
    assert after.responder.unique_octets == before.responder.unique_octets


def test_extract_ends_when_the_capture_did(tmp_path: Path) -> None:
    (folder,) = (FIXTURES / "findings").glob("CL005-*")
    target = tmp_path / "out.pcapng"
    run_here(["extract", folder / "fires.pcap", "--finding", "CL005", "-o", target])
    before, after = analyze(folder / "fires.pcap"), analyze(target)
    assert after.capture.last_time_ns == before.capture.last_time_ns
    assert [each.code for each in after.findings] == [each.code for each in before.findings]


def test_evidence_that_is_no_segment_is_extracted(tmp_path: Path) -> None:
    capture, target = tmp_path / "a.pcap", tmp_path / "out.pcapng"
    capture.write_bytes(pcap(sorted([*exchange_with_evidence(), *exchange(40001, START_NS + 1)])))
    done = run_here(["extract", capture, "--connection", "1", "-o", target])
    assert done.stderr.endswith(b"out.pcapng: 9 frames of 1 connection, without 9 others\n")
    after = analyze(target)
    assert (after.capture.frames, after.capture.fragments) == (9, 2)
    assert "OP006" in [each.code for each in after.findings]


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
def test_wireshark_shows_the_comments(tmp_path: Path) -> None:
    target = tmp_path / "out.pcapng"
    run_here(["extract", CAPTURE, "--port", "8080", "-o", target])
    shown = subprocess.run(
        [
            "tshark",
            "-r",
            str(target),
            "-Y",
            "frame.number==9",
            "-T",
            "fields",
            "-e",
            "frame.comment",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout.startswith(
        "tcpflow #1: 10.9.6.1:40000 FIN-WAIT-2, 10.9.6.2:8080 CLOSE-WAIT"
    )


def test_slim_leaves_payload_out_of_everything(tmp_path: Path) -> None:
    capture, target = tmp_path / "a.pcap", tmp_path / "out.pcapng"
    capture.write_bytes(pcap(exchange_with_evidence()))
    run_here(["extract", capture, "--connection", "1", "--slim", "-o", target])
    octets = target.read_bytes()
    for word in (b"request", b"nswer", b"more than", b"ragment!"):
        assert word in capture.read_bytes()
        assert word not in octets
    before, after = analyze(capture), analyze(target)
    assert after.connections[0].transitions == before.connections[0].transitions
    assert after.connections[0].responder.unique_octets == 36
    assert {each.code for each in after.findings} >= {each.code for each in before.findings}


def test_slim_keeps_the_options_of_a_syn_with_payload(tmp_path: Path) -> None:
    """OP004: there is no MSS. Cut behind the header, it still has no MSS."""
    syn = Segment("192.0.2.1", 40000, "192.0.2.2", 80, 1000, 0, SYN, payload=b"request")
    syn_ack = Segment(
        "192.0.2.2", 80, "192.0.2.1", 40000, 5000, 1008, SYN | ACK, options=Options(mss=1460)
    )
    done = Segment("192.0.2.1", 40000, "192.0.2.2", 80, 1008, 5001)
    capture, target = tmp_path / "a.pcap", tmp_path / "out.pcapng"
    frames = [ethernet(packet(each)) for each in (syn, syn_ack, done)]
    capture.write_bytes(pcap((START_NS + at, octets) for at, octets in enumerate(frames)))
    run_here(["extract", capture, "--connection", "1", "--slim", "-o", target])
    before, after = analyze(capture), analyze(target)
    assert "OP004" in [each.code for each in before.findings]
    missing = findings_of(before) - findings_of(after)
    assert [code for code, *_ in missing] == []


def test_standard_output_is_a_capture() -> None:
    done = run_here(["extract", CAPTURE, "--finding", "LC007", "-o", "-"])
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout[:4] == b"\n\r\r\n"


def test_anonymous_extract_tells_the_same_of_others(tmp_path: Path) -> None:
    key = tmp_path / "a.key"
    arguments: list[str | Path] = [
        "extract",
        CAPTURE,
        "--connection",
        "1",
        "--anonymise",
        "--key",
        key,
        "-o",
    ]
    done = run_here([*arguments, tmp_path / "one"])
    said = done.stderr.decode().splitlines()
    assert said == [
        f"tcpflow: note: {tmp_path / 'one'}: 228 frames of 1 connection, anonymous",
        f"tcpflow: note: {key}: a new key; keep it to yourself, with it others map the same way",
    ]
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert len(run_here([*arguments, tmp_path / "two"]).stderr.splitlines()) == 1
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    assert_no_word_of(CAPTURE, tmp_path / "one")
    before, after = analyze(CAPTURE), analyze(tmp_path / "one")
    assert findings_of(after) == findings_of(before)
    assert after.connections[0].transitions == before.connections[0].transitions


@pytest.mark.parametrize("asked", [[], ["--slim"], ["--anonymise"], ["--slim", "--anonymise"]])
def test_names_secrets_and_comments_of_a_capture_stay_behind(
    tmp_path: Path, asked: list[str]
) -> None:
    capture, target = tmp_path / "Secret.pcapng", tmp_path / "out.pcapng"
    capture.write_bytes(talkative_capture())
    assert run_here(["extract", capture, "--port", "80", *asked, "-o", target]).returncode == 0
    octets = target.read_bytes()
    assert octets.count(b"Secret") == (0 if "--anonymise" in asked else 1)
    assert (b"SecretDevice" in octets) == ("--anonymise" not in asked)
    assert len(list(chosen_frames([str(target)], range(1, 99)))) == 9


def talkative_capture() -> bytes:
    """A pcapng whose blocks tell of names, keys and comments."""

    def said(*codes: int) -> bytes:
        return b"".join(made.option(code, b"Secret%d" % code) for code in codes) + bytes(4)

    names = b"".join(made.option(code, text) for code, text in INTERFACE_WORDS) + bytes(4)
    blocks = [
        made.section(options=said(1, 2, 3, 4)),
        made.interface(options=names),
        made.block(4, struct.pack("<HH4s", 1, 17, bytes(4)) + b"SecretHost\0\0\0" + bytes(4)),
        made.block(10, struct.pack("<II", 0x544C534B, 12) + b"SecretKeys!!"),
        made.block(0xBAD, struct.pack("<I", 32473) + b"SecretCustom"),
    ]
    for time_ns, octets in exchange():
        head = struct.pack("<IIIII", 0, *divmod(time_ns // 1000, 1 << 32), len(octets), len(octets))
        padded = octets + bytes(-len(octets) % 4)
        blocks.append(made.block(6, head + padded + said(1, 2988)))
    return b"".join(blocks)


INTERFACE_WORDS = [
    (1, b"Secret comment"),
    (2, b"SecretDevice"),
    (3, b"Secret words"),
    (11, b"\0Secret"),
]


def test_keys_come_from_the_environment_or_by_chance(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments: list[str | Path] = ["extract", CAPTURE, "--connection", "1", "--anonymise", "-o"]
    forgotten = run_here([*arguments, tmp_path / "by-chance"]).stderr.decode()
    assert "made for this file and forgotten; --key FILE keeps one" in forgotten
    monkeypatch.setenv("TCPFLOW_ANONYMISE_KEY", KEY.hex())
    files = [tmp_path / name for name in ("one", "two")]
    for file in files:
        assert b"forgotten" not in run_here([*arguments, file]).stderr
    assert files[0].read_bytes() == files[1].read_bytes()
    assert (tmp_path / "by-chance").read_bytes() != files[0].read_bytes()


def test_anonymous_and_slim_go_together(tmp_path: Path) -> None:
    target = tmp_path / "out"
    run_here(["extract", CAPTURE, "--port", "8080", "--anonymize", "--slim", "-o", target])
    assert_no_word_of(CAPTURE, target)
    assert max(len(each.octets) for each in chosen_frames([str(target)], range(1, 229))) <= 74


def assert_no_word_of(capture: Path, extract: Path) -> None:
    """No address, payload or name of a capture is found in an extract of it."""
    octets = extract.read_bytes()
    frames = list(chosen_frames([str(capture)], range(1, 229)))
    assert leaks(frames, list(chosen_frames([str(extract)], range(1, 229)))) == []
    for word in (b"10.9.6.", b"half_close", bytes([10, 9, 6])):
        assert word not in octets


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([CAPTURE, "--port", "8080", "--key", "x"], "--key goes with --anonymise"),
        ([CAPTURE, "--port", "8080", "--anonymise", "--key", CAPTURE], "would replace a capture"),
        ([CAPTURE, "--port", "8080", "--anonymise", "--key", __file__], "a key is 64 hexadecimal"),
        ([CAPTURE], "choose by --connection, --address, --port, --finding or --where"),
        ([CAPTURE, "--connection", "7"], "no connection is as asked for; nothing was written"),
        ([CAPTURE, "--finding", "ZZ"], "ZZ"),
        ([CAPTURE, "--where", "port ="], "where"),
        (["-", "--port", "1"], "a pipe cannot be read twice"),
        (["/missing", "--port", "1"], "/missing"),
    ],
)
def test_mistakes_write_nothing(
    tmp_path: Path, arguments: list[str | Path], complaint: str
) -> None:
    target = tmp_path / "out.pcapng"
    target.write_bytes(b"before")
    done = run_here(["extract", *arguments, "-o", target])
    assert done.returncode == 2
    assert complaint in done.stderr.decode()
    assert target.read_bytes() == b"before"
    assert os.listdir(tmp_path) == ["out.pcapng"]


def test_capture_is_not_overwritten(tmp_path: Path) -> None:
    capture = tmp_path / "a.pcap"
    shutil.copy(CAPTURE, capture)
    done = run_here(["extract", capture, "--connection", "1", "-o", capture])
    assert done.returncode == 2
    assert capture.read_bytes() == CAPTURE.read_bytes()


def test_file_has_the_permissions_of_any_new_file(tmp_path: Path) -> None:
    target = tmp_path / "out.pcapng"
    run_here(["extract", CAPTURE, "--connection", "1", "-o", target])
    (tmp_path / "other").touch()
    assert stat.S_IMODE(target.stat().st_mode) == stat.S_IMODE((tmp_path / "other").stat().st_mode)


def test_key_that_cannot_be_written_is_status_4(tmp_path: Path) -> None:
    arguments: list[str | Path] = [
        "extract",
        CAPTURE,
        "--connection",
        "1",
        "--anonymise",
        "-o",
        tmp_path / "x",
    ]
    done = run_here([*arguments, "--key", tmp_path / "no" / "key"])
    assert done.returncode == 4
    assert os.listdir(tmp_path) == []


def test_unwritable_folder_is_status_4(tmp_path: Path) -> None:
    done = run_here(["extract", CAPTURE, "--connection", "1", "-o", tmp_path / "no" / "x"])
    assert done.returncode == 4
    assert done.stderr.decode().endswith("No such file or directory\n")
