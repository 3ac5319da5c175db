"""Names in place of addresses, in text only."""

from pathlib import Path

import pytest

from support.small_captures import closed
from tcpflow_analyzer.cli.main import run
from tcpflow_analyzer.errors import UsageError
from tcpflow_analyzer.report.names import NO_NAMES, Names, read_names
from tcpflow_analyzer.report.page import Look, Page

HOSTS = """\
# of the test network
192.0.2.1   client  client.example
198.51.100.1   orders-api   # moved in May
198.51.100.1   second-name
2001:db8:0::1 six
fe80::1%eth0 near
"""
NAMES = read_names("hosts", HOSTS)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("192.0.2.1:40000 > 198.51.100.1:80", "client:40000 > orders-api:80"),
        ("sent by 192.0.2.1.", "sent by client."),
        ("192.0.2.1, 198.51.100.1", "client, orders-api"),
        ("192.0.2.11:1 and 10.192.0.2.1:2", "192.0.2.11:1 and 10.192.0.2.1:2"),
        ("192.0.2.1.40000", "192.0.2.1.40000"),
        ("in 192.0.2.1/32", "in 192.0.2.1/32"),
        ("[2001:db8::1]:443", "six:443"),
        ("from 2001:db8::1 to 2001:db8::2", "from six to 2001:db8::2"),
        ("[fe80::1%eth0]:22 fe80::1", "near:22 near"),
        ("at 10:44:50 +0.5 s", "at 10:44:50 +0.5 s"),
    ],
)
def test_addresses_that_have_a_name_are_replaced(text: str, expected: str) -> None:
    assert NAMES.text(text) == expected
    assert NO_NAMES.text(text) == text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("192.0.2.1 a\nclient 192.0.2.1", "hosts, line 2: 'client' is no address; "),
        ("\n192.0.2.1 # none", "hosts, line 2: 192.0.2.1 has no name"),
    ],
)
def test_lines_that_make_no_sense_are_named(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        read_names("hosts", text)


def test_paragraph_wraps_and_marks_what_is_shown() -> None:
    page = Page(Look(width=40, names=Names({"192.0.2.1": "a-name-that-is-long"})))
    page.paragraph("", "192.0.2.1:80 is what it is about, and more", bold_len=len("192.0.2.1:80"))
    assert page.text() == "a-name-that-is-long:80 is what it is\nabout, and more\n"
    assert page.lines()[0][1] == ("a-name-that-is-long:80", "bold")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a capture and a file of names."""
    (tmp_path / "a.pcap").write_bytes(closed())
    (tmp_path / "hosts").write_text(HOSTS)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    "command",
    [
        ["analyze", "a.pcap"],
        ["show", "a.pcap", "--connection", "1"],
        ["ss", "a.pcap", "--at", "frame:4"],
        ["diff", "a.pcap", "a.pcap", "--all"],
    ],
)
def test_commands_show_names_in_text(
    folder: Path, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    run([*command, "--names", "hosts"])
    text = capsys.readouterr().out
    assert "192.0.2." not in text
    assert "198.51.100." not in text
    if command[0] != "diff":
        assert "client:" in text
        assert "orders-api:" in text


def test_columns_are_as_wide_as_the_names(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(["ss", "a.pcap", "--at", "frame:4", "--names", "hosts"])
    lines = capsys.readouterr().out.splitlines()
    at = lines[0].index("Peer Address")
    assert {line[at - 1] for line in lines} == {" "}
    assert {line[at] != " " for line in lines} == {True}


def test_machine_output_keeps_addresses(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(["analyze", "a.pcap", "--format", "json"])
    without = capsys.readouterr().out
    run(["analyze", "a.pcap", "--format", "json", "--names", "hosts"])
    assert capsys.readouterr().out == without


def test_bad_file_ends_with_2(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["analyze", "a.pcap", "--names", "missing"]) == 2
    assert "missing: " in capsys.readouterr().err
    (folder / "hosts").write_text("x y\n")
    assert run(["analyze", "a.pcap", "--names", "hosts"]) == 2
    assert "hosts, line 1" in capsys.readouterr().err
