"""The report for people."""

from collections.abc import Mapping

import pytest

from support.report_samples import make_capture, make_connection, make_finding, make_summary
from tcpflow_analyzer.findings.finding import Finding
from tcpflow_analyzer.findings.registry import rules
from tcpflow_analyzer.report.page import Look
from tcpflow_analyzer.report.sink import Start
from tcpflow_analyzer.report.terminal import TextOptions, TextReport
from tcpflow_analyzer.report.totals import Capture, Summary
from tcpflow_analyzer.settings import Settings


class Written:
    """Keeps the text."""

    text = ""

    def write_text(self, text: str) -> None:
        self.text += text


def report(
    findings: Mapping[int, list[Finding]] | None = None,
    capture: Capture | None = None,
    summary: Summary | None = None,
    *,
    look: Look | None = None,
    options: TextOptions | None = None,
    paths: tuple[str, ...] = ("a.pcap",),
    host_findings: tuple[Finding, ...] = (),
) -> str:
    """The report of connections with these findings, by number."""
    written = Written()
    findings = {1: []} if findings is None else findings
    sink = TextReport(written, look or Look(width=80), options)
    sink.begin(
        Start(
            paths,
            Settings(),
            rules(),
            lambda _: (None, None),
            lambda frame: ("d/b.pcap", frame - 3),
        )
    )
    for number, each in findings.items():
        sink.connection(make_connection(number), each)
    for finding in host_findings:
        sink.finding(finding)
    sink.end(capture or make_capture(), summary or make_summary(max(len(findings), 1)))
    return written.text


def test_head_says_what_was_read() -> None:
    lines = report().splitlines()
    assert lines[:3] == [
        "a.pcap   pcap, Ethernet, 10 frames in 2 s from 2026-01-01 00:00:00 UTC",
        "1 connection: 1 completed",
        "",
    ]


def test_head_of_a_damaged_file_says_where() -> None:
    capture = make_capture()
    (file,) = capture.files
    damaged = file._replace(truncated=True, error="octet 1234: the record is cut")
    text = report(capture=capture._replace(files=(damaged,)))
    assert "damaged: octet 1234: the record is cut\n" in text
    assert "Capture quality    damaged\n" in text


def test_head_of_many_files_lists_the_first_of_them() -> None:
    capture = make_capture()
    (file,) = capture.files
    files = tuple(file._replace(path=f"{number}.pcap") for number in range(8))
    text = report(capture=capture._replace(files=files), paths=tuple("12345678"))
    assert "8 files   10 frames in 2 s from" in text
    assert "  4.pcap   pcap, Ethernet, 10 frames\n  and 3 more\n" in text


def test_head_without_tcp_says_what_there_is() -> None:
    capture = make_capture(1184, 0, **{"UDP on port 443 that looks like QUIC": 1180, "ARP": 4})
    text = report({}, capture, make_summary(0), look=Look(width=100))
    assert "\n0 TCP segments; 1,180 UDP on port 443 that looks like QUIC, 4 ARP\n" in text
    assert "Who closed first" not in text
    assert "CONNECTIONS" not in text


def test_head_without_frames() -> None:
    text = report({}, make_capture(0, 0)._replace(last_time_ns=0), make_summary(0))
    assert "no frames" in text
    assert "0 TCP segments: the capture holds no frame at all" in text


def test_findings_errors_before_warnings_largest_group_first() -> None:
    text = report(
        {
            1: [make_finding("CL005"), make_finding("HS004", severity="error")],
            2: [make_finding("RS004", connection=2, severity="error")],
            3: [make_finding("RS004", connection=3, severity="error")],
        }
    )
    positions = [text.index(word) for word in ("ERRORS", "RS004", "HS004", "WARNINGS", "CL005")]
    assert positions == sorted(positions)
    assert "✖ RS004" in text
    assert "▲ CL005" in text
    assert "INFORMATION" not in text
    assert text.rstrip().endswith("Explain: tcpflow explain RS004")


def test_findings_example_has_connection_message_and_frames() -> None:
    text = report({7: [make_finding(connection=7)]}, summary=make_summary(30))
    assert "1 connection from 192.0.2.1 to 192.0.2.2:80, at +0.000005 s" in text
    assert "#7 received FIN (frame 4), nothing for 61.500 s (frames 4, 5)" in " ".join(text.split())


def test_findings_frames_in_the_message_are_not_repeated() -> None:
    text = report({1: [make_finding(frames=(4,))]})
    assert "(frame 4), nothing for 61.500 s\n" in text
    assert "(frames" not in text


def test_findings_more_frames_than_kept_are_counted() -> None:
    text = report({1: [make_finding(frames=(4, 5), frame_count=900)]})
    assert "(frames 4, 5 and 898 more)" in " ".join(text.split())


def test_findings_many_show_three_examples_unless_all_are_asked_for() -> None:
    findings = {number: [make_finding(connection=number)] for number in range(1, 31)}
    few = report(findings, summary=make_summary(30))
    assert few.count("received FIN") == 3
    assert "    e.g. #1 " in few
    every = report(findings, summary=make_summary(30), options=TextOptions(show_all=True))
    assert every.count("received FIN") == 30
    assert "e.g." not in every


def test_findings_of_hosts_name_the_host() -> None:
    finding = make_finding("TW009", connection=None, endpoint=None, subject="192.0.2.1")
    assert "192.0.2.1, at +0.000005 s" in report(host_findings=(finding,))


def test_findings_information_is_a_line_of_counts_unless_all_is_asked_for() -> None:
    findings = {1: [make_finding("LC001", severity="info")]}
    summary = make_summary(1, LC001=1, TW001=1_200)
    brief = report(findings, summary=summary)
    assert "\n1,201 facts not shown (TW001 1,200, LC001 1): --all\n" in brief
    assert "received FIN" not in brief
    full = report(findings, summary=summary, options=TextOptions(show_all=True))
    assert "INFORMATION" in full
    assert "· LC001" in full
    assert "not shown" not in full


def test_findings_of_several_files_name_file_and_own_frame() -> None:
    text = report({1: [make_finding()]}, paths=("a.pcap", "d/b.pcap"))
    assert "received FIN (frame b.pcap:1), nothing" in " ".join(text.split())
    assert "(frames b.pcap:1, b.pcap:2)" in " ".join(text.split())


def test_totals_who_closed_what_is_left_and_quality() -> None:
    capture = make_capture()._replace(duplicate_frames=2, undecoded={"encrypted": 3})
    summary = make_summary(9)._replace(
        closers={"originator": 5, "both": 1, "none": 3},
        shapes={"4-segment": 6, "reset": 3},
        by_state={"CLOSED/CLOSED": 2, "TIME-WAIT/CLOSED": 7},
        left_out={"connections": 4},
    )
    lines = report(capture=capture, summary=summary).splitlines()
    assert "Who closed first   originator 5   both at once 1   reset 3" in lines
    assert "Left at the end    TIME-WAIT/CLOSED 7   CLOSED/CLOSED 2" in lines
    assert "Capture quality    2 duplicate frames   3 frames not decoded" in lines
    assert "                   connections: 4 left out" in lines


@pytest.mark.parametrize(("connections", "shown"), [(20, True), (21, False)])
def test_connections_are_shown_when_they_are_few(connections: int, shown: bool) -> None:
    findings: dict[int, list[Finding]] = {number: [] for number in range(1, connections + 1)}
    text = report(findings, summary=make_summary(connections))
    assert ("CONNECTIONS" in text) is shown


def test_connections_on_request_the_worst_up_to_top() -> None:
    findings = {
        number: [make_finding(connection=number)] * (number == 25) for number in range(1, 31)
    }
    options = TextOptions(connections=True, top=2)
    text = report(findings, summary=make_summary(30), options=options, look=Look(width=120))
    assert "CONNECTIONS  the 2 with the worst findings of 30" in text
    rows = text[text.index("CONNECTIONS") :].splitlines()
    assert [row.split()[0] for row in rows[2:4]] == ["25", "1"]


def test_quiet_leaves_only_findings() -> None:
    text = report({1: [make_finding()]}, options=TextOptions(quiet=True))
    assert text.startswith("\nWARNINGS\n▲ CL005")
    for word in ("a.pcap", "Who closed", "CONNECTIONS", "Explain"):
        assert word not in text
    assert report(options=TextOptions(quiet=True)) == ""


@pytest.mark.parametrize("color", [False, True])
def test_lines_of_a_narrow_page_fit(color: bool) -> None:
    import re  # noqa: PLC0415

    findings = {number: [make_finding(connection=number)] for number in range(1, 10)}
    text = report(findings, summary=make_summary(9, LC001=9), look=Look(80, color))
    plain = re.sub(r"\x1b\[[0-9;]*m", "", text)
    assert max(map(len, plain.splitlines())) <= 80
    assert (plain != text) is color


def test_ascii_output_keeps_a_word_and_a_mark_for_severity() -> None:
    text = report({1: [make_finding()]}, look=Look(encoding="ascii"))
    assert text.isascii()
    assert "WARNINGS\n! CL005" in text


def test_hostile_path_cannot_move_the_cursor() -> None:
    capture = make_capture()
    (file,) = capture.files
    text = report(capture=capture._replace(files=(file._replace(path="\x1b[2J\ra.pcap"),)))
    assert "\x1b" not in text
    assert "\r" not in text
