"""Annotations and the job's summary."""

import io
import re
from dataclasses import replace

import pytest
from markdown_it import MarkdownIt

from support.check_samples import CAPTURE, FAILED, FINDING, PASSED, every_result, hostile
from tcpflow_analyzer.gate.github import summary, write_github
from tcpflow_analyzer.gate.result import CheckResult

# GitHub documentation, "Workflow commands": ::command name=value,name=value::text
COMMAND = re.compile(r"::(error|warning|notice) ((?:[a-z]+=[^,:\n\r]*,?)*)::([^\n\r]*)")


def written(result: CheckResult) -> list[str]:
    """The annotations."""
    stream = io.BytesIO()
    write_github(result, stream)
    text = stream.getvalue().decode()
    assert text == "" or text.endswith("\n")
    return text.split("\n")[:-1]


@pytest.mark.parametrize("result", every_result())
def test_every_line_is_one_command(result: CheckResult) -> None:
    for line in written(result):
        assert COMMAND.fullmatch(line), line
        assert line.isprintable()


def test_annotation_points_at_the_frame_and_says_what_to_do() -> None:
    first = written(FAILED)[0]
    assert first.startswith(
        "::error file=captures/orders 1.pcap,line=412,title=CL005 close-wait-stuck::"
        "192.0.2.2:80 holds CLOSE-WAIT for 64 s%0AService: port 80"
    )
    assert "%0AWhat to do: Close the socket.%0A" in first


def test_expectation_points_at_the_line_that_asked() -> None:
    (line,) = [line for line in written(FAILED) if "title=database pool%3A closed_by" in line]
    assert line.startswith("::error file=tcpflow.toml,line=9,")


def test_levels_follow_the_severity_the_worst_first() -> None:
    levels = [line.split(" ")[0] for line in written(FAILED)]
    assert levels == ["::error"] * 4 + ["::warning"]


def test_text_of_a_capture_cannot_begin_a_command() -> None:
    lines = written(hostile())
    assert len(lines) == 3
    assert all("%250A::error::" in line for line in lines)


def test_no_more_annotations_than_github_shows() -> None:
    many = tuple(replace(FINDING, fingerprint=f"{n:032x}") for n in range(25))
    lines = written(CheckResult((replace(CAPTURE, findings=many),)))
    assert len(lines) == 10
    assert lines[-1] == "::error title=tcpflow::16 more problems of this kind"


@pytest.mark.parametrize("result", every_result())
def test_summary_shows_captured_text_as_text(result: CheckResult) -> None:
    parsed = MarkdownIt("commonmark", {"html": True}).enable("table").parse(summary(result))
    inner = [child for token in parsed for child in token.children or ()]
    kinds = {token.type for token in (*parsed, *inner)}
    assert not kinds & {"html_inline", "html_block", "link_open", "em_open", "strong_open", "image"}
    rows = [token for token in parsed if token.type == "tr_open"]
    cells = [token for token in parsed if token.type in ("td_open", "th_open")]
    assert len(cells) == 5 * len(rows)


def test_summary_counts_and_lists() -> None:
    text = summary(FAILED)
    assert text.startswith("### TCP traffic: 5 problems in 3 captures\n")
    assert "60 connections, 1,440 TCP segments; 2 known or allowed" in text
    assert "1 entry of the baseline did not occur" in text
    assert summary(PASSED).startswith("### TCP traffic: 1 capture passed\n")
