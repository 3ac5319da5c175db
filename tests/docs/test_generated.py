"""What the documentation makes from the code is complete, and none of it is written by hand."""

import json
import re
from pathlib import Path

import pytest

from support.places import ROOT
from tcpflow_analyzer.findings.registry import rules
from tcpflow_analyzer.observer.transitions import FIGURE_5, NO_EDGE, NOTES_TO_FIGURE_5, OBSERVER
from tcpflow_analyzer.settings import PARAMETERS, PROFILES
from tcpflow_analyzer.tcp.states import STATE_NAMES
from tcpflow_analyzer.where.fields import FIELDS
from tcpflow_docs import configuration, expressions, findings, machine, markdown, schemas

RULES = rules()
HEADINGS = {
    *("When it is set", "Supersedes", "Superseded by", "Why it matters", "What to do"),
    *("Not proof of", "Other tools", "References", "Seen in"),
}


def rows_of(text: str) -> list[list[str]]:
    """The cells of all tables, without their heads."""
    found = []
    for line in text.splitlines():
        if line.startswith("| ") and not line.startswith("| ---"):
            found.append([cell.strip() for cell in line.strip("|").split(" | ")])
    return found


def test_overview_lists_every_finding_once() -> None:
    listed = re.findall(r"^\| \[([A-Z]{2}\d{3})\]\(findings/\1\.md\)", findings.overview(), re.M)
    assert sorted(listed) == sorted(RULES)


def test_every_family_has_a_title() -> None:
    assert set(findings.FAMILIES) == {rule.family for rule in RULES.values()}


@pytest.mark.parametrize("code", ["CL005", "FL001", "HS001", "RS003", "TW010"])
def test_page_of_a_finding_shows_it_on_its_capture(code: str) -> None:
    page = findings.page(RULES[code])
    assert page.startswith(f"# {code} {RULES[code].name}\n")
    example = page.partition("```console\n")[2].partition("```")[0]
    assert re.search(rf"^[✖▲·] {code} {RULES[code].name}", example, re.M), page


def test_page_of_a_finding_has_the_headings_of_its_definition() -> None:
    page = findings.page(RULES["CL005"])
    heads = re.findall(r"^## (.+)", page, re.M)
    assert heads[:3] == ["Example", "When it is set", "Supersedes"]
    assert {"Why it matters", "What to do", "Not proof of", "References"} < set(heads)
    assert "- an endpoint acknowledged its peer's FIN, so it is in CLOSE-WAIT;\n" in page
    assert "Nothing; [CL006](CL006.md) tells" in page
    assert "https://www.rfc-editor.org/rfc/rfc9293.html#section-3.6)" in page


def test_no_sentence_of_a_definition_becomes_a_heading() -> None:
    for rule in RULES.values():
        lead, *rest = findings.definition(rule.definition)
        assert lead == markdown.prose(rule.summary)
        heads = {line[3:] for line in rest if line.startswith("## ")}
        assert heads <= HEADINGS, rule.code


def test_pages_are_written_once_and_old_ones_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(findings, "rules", lambda: {"CL005": RULES["CL005"]})
    (tmp_path / "XX001.md").write_text("withdrawn")
    findings.write_pages(tmp_path)
    assert {path.stem for path in tmp_path.iterdir()} == {"CL005", *findings.FAMILIES}
    before = (tmp_path / "CL005.md").stat().st_mtime_ns
    findings.write_pages(tmp_path)
    assert (tmp_path / "CL005.md").stat().st_mtime_ns == before


def test_diagram_has_every_transition_of_figure_5() -> None:
    drawing = machine.diagram()
    assert drawing.count("marker-end") == len(FIGURE_5) + 1  # and how LISTEN is inferred
    assert drawing.count("<rect") == len(STATE_NAMES) + 1  # CLOSED twice
    for name in STATE_NAMES:
        assert f">{name}</text>" in drawing
    assert "\n\n" not in drawing  # an empty line would end the block of HTML


def test_tables_have_every_transition_and_every_reason_to_stay() -> None:
    edges = [row for row in rows_of(machine.edges()) if row[0] != "state"]
    assert len(edges) == len(FIGURE_5) + len(NOTES_TO_FIGURE_5) + len(OBSERVER)
    assert len(rows_of(machine.stays())) == len(NO_EDGE) + 1


def test_every_field_of_expressions_is_listed() -> None:
    listed = {row[0].strip("`") for row in rows_of(expressions.fields())} - {"field"}
    assert listed == set(FIELDS)


def test_every_parameter_and_profile_is_listed() -> None:
    listed = {row[0].strip("`") for row in rows_of(configuration.parameters())} - {"parameter"}
    assert listed == set(PARAMETERS)
    head, *_ = rows_of(configuration.profiles())
    assert head[1:] == [f"`{profile.name}`" for profile in PROFILES]


def test_every_member_of_the_schemas_is_listed() -> None:
    for name, describe in (
        ("analyze", schemas.analyze),
        ("check", schemas.check),
        ("diff", schemas.diff),
    ):
        schema = json.loads((ROOT / "docs" / "schema" / f"{name}.schema.json").read_text())
        named = {name for part in schema["$defs"].values() for name in part.get("properties", ())}
        listed = {row[0].strip("`") for row in rows_of(describe())}
        assert named <= listed


def test_prose_escapes_markdown_but_not_what_is_quoted() -> None:
    assert markdown.prose("a <b> *c* `d_e*`") == r"a \<b\> \*c\* `d_e*`"
    assert markdown.prose("see CL005", "findings/") == "see [CL005](findings/CL005.md)"
    assert markdown.prose("in fixtures/CL005-x") == "in fixtures/CL005-x"
    linked = "[`close_wait_warn`](../configuration.md#parameters)"
    assert markdown.prose("for close_wait_warn, a backlog") == f"for {linked}, a backlog"
