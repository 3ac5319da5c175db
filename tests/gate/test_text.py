"""The text of a check: 80 columns, ASCII where it must be, the cause, the cure, the frames."""

import pytest

from support.capture_builder import SECOND_NS, START_NS, pcap
from support.checked import check_all
from support.services import talk
from support.small_captures import clock, closed, without_tcp
from tcpflow_analyzer.gate.baseline import baseline_text, excuse, read_baseline
from tcpflow_analyzer.gate.text import WIDTH, check_text
from tcpflow_analyzer.report.page import Look

LEAK = pcap([*talk("leak"), *clock(START_NS + 1000 * SECOND_NS)])
TEXT = """
[[expect]]
name = "orders api"
where = "responder.port == 8080"
forbid = ["CL005"]
closed_by = "responder"
"""
PLAIN = Look(WIDTH)


def test_failure_says_what_why_and_where() -> None:
    result = check_all([LEAK, closed()], TEXT)
    text = check_text(result, PLAIN)
    lines = text.splitlines()
    assert lines[0].startswith("FAIL ")
    assert lines[0].endswith("0.pcap")
    assert '  ✖ CL005 close-wait-stuck: service "orders api"' in lines
    assert "      expected: no CL005 (tcpflow.toml, line 5)" in lines
    assert "      at: #1 192.0.2.1:40000 > 198.51.100.1:8080; frames 7, 8" in lines
    assert '  ✖ closed_by: service "orders api"' in lines
    assert "the originator closed first in 1 of 1 connection, expected: the responder" in " ".join(
        text.split()
    )
    total = "FAIL 1 capture passed; 1 failed; 1 finding and 1 expectation failed; 2 connections;"
    assert total in " ".join(text.split())
    assert lines[-3] == "     what CL005 means         tcpflow explain CL005"
    assert lines[-2].startswith("     see connection 1         tcpflow show /")
    assert lines[-2].endswith("0.pcap --connection 1")
    assert lines[-1] == (
        "     fail by new ones alone   --write-baseline FILE now, then --baseline FILE"
    )
    assert "1.pcap" not in text  # what passed takes one line for all


def test_advice_is_given_once() -> None:
    text = check_text(check_all([LEAK, LEAK, LEAK], TEXT), PLAIN)
    assert text.count("CL005 close-wait-stuck:") == 3
    assert text.count("do: `ss -tanp state close-wait`") == 1
    assert text.count("do: let the responder close") == 1


def test_text_is_80_columns_wide_and_ascii_where_it_must_be() -> None:
    text = check_text(check_all([LEAK], TEXT), Look(WIDTH, encoding="ascii"))
    assert text.isascii()
    # Names of files are never broken.
    assert max(len(line) for line in text.splitlines() if "/" not in line) <= WIDTH


def test_all_passed_is_one_line() -> None:
    text = check_text(check_all([closed(), closed()]), PLAIN)
    assert text == "PASS 2 captures passed; 2 connections; by tcpflow.toml\n"
    assert check_text(check_all([closed()]), PLAIN, quiet=True) == ""


@pytest.mark.parametrize(
    ("octets", "head", "words"),
    [
        (closed()[:-5], "CUT ", "--allow-truncated lets it pass"),
        (without_tcp(), "NONE", "no TCP segment; --allow-empty lets it pass"),
        (b"", "FAIL", "0 octets"),
    ],
)
def test_incomplete_captures(octets: bytes, head: str, words: str) -> None:
    text = check_text(check_all([octets]), PLAIN)
    assert text.startswith(head)
    assert words.split(maxsplit=1)[0] in text
    assert words in " ".join(text.split()) or "empty" in text


def test_last_line_of_nothing_is_not_that_of_something_cut() -> None:
    assert check_text(check_all([without_tcp()]), PLAIN).splitlines()[-1].startswith("NONE 1 capt")
    both = check_text(check_all([without_tcp(), closed()[:-5]]), PLAIN)
    assert both.splitlines()[-1].startswith("CUT  2 captures incomplete")


def test_unusable_input_is_no_reason_for_a_baseline() -> None:
    lines = check_text(check_all([b""], '[[expect]]\nname="x"\nat_least=1'), PLAIN).splitlines()
    assert len([line for line in lines if line.startswith("FAIL")]) == 2
    assert "expectation" not in lines[-1]


def test_expectation_about_all_captures() -> None:
    text = check_text(check_all([closed(), closed()], '[[expect]]\nname="x"\nat_least=3'), PLAIN)
    assert "FAIL all captures together\n" in text
    assert "2 connections, expected at least 3 (tcpflow.toml, line 3)" in text


def test_stale_entries_and_known_failures_are_told() -> None:
    known = read_baseline("known.json", baseline_text(check_all([LEAK])))
    text = check_text(excuse(check_all([closed()]), known), PLAIN)
    assert "NOTE in the baseline, but not seen any more: CL005 port 8080: close-wait-stuck" in text
    assert "0 known to known.json" in text
    assert "1 known to known.json" in check_text(excuse(check_all([LEAK]), known), PLAIN)
    more = check_all([pcap([*talk("client", service=9090)])], '[[expect]]\nname="x"\nat_least=3')
    ways = check_text(excuse(more, known), PLAIN).splitlines()[-1]
    assert ways == "     accept these too   --write-baseline known.json"


def test_colours_are_only_added() -> None:
    painted = check_text(check_all([LEAK]), Look(WIDTH, color=True))
    assert "\x1b[" in painted
