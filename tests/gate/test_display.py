"""The table of a configuration that says how results are shown."""

import pytest

from tcpflow_analyzer.errors import UsageError
from tcpflow_analyzer.findings.registry import rules
from tcpflow_analyzer.gate.display import KEYS, TIMES, read_display
from tcpflow_analyzer.gate.read_configuration import read_configuration

WHOLE = """
[tool.tcpflow]
fail_on = "never"

[tool.tcpflow.display]
time = "utc"
top = 5
all = true
connections = true
color = false
progress = false
quiet = true
"""


def test_table_becomes_options_of_analyze() -> None:
    for path in ("tcpflow.toml", "a/pyproject.toml"):
        assert read_display(path, WHOLE) == {
            "time": "utc",
            "top": 5,
            "show_all": True,
            "connections": True,
            "color": False,
            "progress": False,
            "quiet": True,
        }
    assert len(KEYS) == 7
    assert read_display("tcpflow.toml", "[display]\ntime = 'local'") == {"time": "local"}
    assert "utc" in TIMES


@pytest.mark.parametrize(
    "text",
    ["", "[tool.other]\ndisplay = 1", "[project]\ndependencies = ['tcpflow']\ndisplay = broken ="],
)
def test_project_of_others_says_nothing(text: str) -> None:
    assert read_display("pyproject.toml", text) is None


@pytest.mark.parametrize("text", ["", "fail_on = 'never' # no display", "[tool.tcpflow]"])
def test_file_without_the_table_says_so(text: str) -> None:
    assert read_display("tcpflow.toml", text) == {}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "[display]\ntime = 'noon'",
            "line 2: time is one of relative, utc, local,",
        ),
        ("[display]\ntop = 0", "line 2: top is a number from 1, not 0"),
        ("[display]\ntop = true", "line 2: top is a number from 1, not True"),
        ("[display]\nall = 1", "line 2: all is true or false, not 1"),
        ("[display]\ntiem = 'utc'", "line 2: unknown key 'tiem'; did you mean time?"),
        ("[display]\nzzz = 1", "there is time, top, all"),
        ("display = 1", "line 1: display is a table"),
    ],
)
def test_mistakes_name_their_line_for_analyze_and_check(text: str, words: str) -> None:
    for read in (
        lambda: read_display("tcpflow.toml", text),
        lambda: read_configuration("tcpflow.toml", text, rules()),
    ):
        with pytest.raises(UsageError) as caught:
            read()
        assert words in str(caught.value)
        assert str(caught.value).startswith("tcpflow.toml, line ")
