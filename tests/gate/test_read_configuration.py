"""A configuration is read as it is written, and each mistake names its line."""

import pickle

import pytest

from support.checked import configuration
from support.places import ROOT
from tcpflow_analyzer.errors import UsageError
from tcpflow_analyzer.findings.registry import rules
from tcpflow_analyzer.findings.selection import codes_of
from tcpflow_analyzer.gate.read_configuration import (
    fail_on_of,
    limit_of,
    read_configuration,
)
from tcpflow_analyzer.gate.result import Origin
from tcpflow_analyzer.settings import PARAMETERS

HERE = Origin(text="here")
WHOLE = """\
fail_on = ["warning", "TW004"]
select = ["CL", "RS*", "TW004"]
ignore = ["RS005", { code = "RS003", port = 8080, address = "192.0.2.0/24", reason = "known" }]
min_certainty = "observed"
where = "not midstream"
allow_truncated = true
allow_empty = true
together = true
baseline = "known.json"
msl = "30s"
profile = { "10.0.0.0/8" = "linux" }
counts = { TW004 = "3..5", CL = 2 }

[parameters]
close_wait_warn = "200ms"
time_wait_warn = 5
retransmission_ratio = 0.5

[[expect]]
name = "database pool"
where = "responder.port == 5432"
captures = "orders*.pcap"
closed_by = "originator"
states = ["TIME-WAIT/CLOSED"]
settle = "2s"
max_connections = 20
handshake_p99 = "5ms"
handshake_max = "1.5s"
forbid = ["RS*", "CL005"]
at_least = 1
"""


def test_whole_configuration() -> None:
    found = configuration(WHOLE)
    assert found.fail_on.severity == "warning"
    assert [codes.prefix for codes in found.fail_on.codes] == ["TW004"]
    assert [(codes.prefix, codes.is_whole) for codes in found.select] == [
        ("CL", False),
        ("RS", False),
        ("TW004", True),
    ]
    second = found.ignore[1]
    assert second.where is not None
    assert second.where.text == 'port == 8080 and address in "192.0.2.0/24"'
    assert found.min_certainty == "observed"
    assert found.allow_truncated
    assert found.allow_empty
    assert found.together
    assert found.baseline == "known.json"
    assert [(limit.codes.prefix, limit.least, limit.most) for limit in found.limits] == [
        ("TW004", 3, 5),
        ("CL", 2, 2),
    ]
    assert found.settings.close_wait_warn_ns == 200_000_000
    assert found.settings.time_wait_warn == 5
    assert found.settings.retransmission_ratio == 0.5
    assert found.settings.msl_ns == 30_000_000_000
    assert found.settings.profiles == {"10.0.0.0/8": "linux"}
    (pool,) = found.expectations
    assert pool.quantiles == {"handshake_p99": 5_000_000, "handshake_max": 1_500_000_000}
    assert (pool.closed_by, pool.max_connections, pool.at_least) == ("originator", 20, 1)
    assert pool.states == ("TIME-WAIT/CLOSED",)
    assert pool.settle_ns == 2_000_000_000
    assert str(pool.origin("closed_by")) == "tcpflow.toml, line 23"
    assert pool.concerns("traffic/orders-1.pcap")
    assert not pool.concerns("traffic/login.pcap")


def test_configuration_can_be_sent_to_a_worker() -> None:
    found = configuration(WHOLE)
    assert pickle.loads(pickle.dumps(found)) == found  # noqa: S301  our own


def test_pyproject_of_others_says_nothing() -> None:
    assert read_configuration("a/pyproject.toml", "[project]\nname = 'x'\n", rules()) is None


def test_both_files_may_have_the_table_of_the_tool() -> None:
    text = "[tool.tcpflow]\nallow_empty = true\n"
    for path in ("tcpflow.toml", "pyproject.toml"):
        found = read_configuration(path, text, rules())
        assert found is not None
        assert found.allow_empty


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("\nfail_no = 1", 2, "did you mean fail_on?"),
        ('fail_on = "fatal"', 1, "no finding has the code or name 'fatal'"),
        ("fail_on = 1", 1, "fail_on is a list of texts"),
        ('select = ["ZZ"]', 1, "no finding has the code or name 'ZZ'"),
        ('\nselect = ["CL05"]', 2, "'CL05'"),
        ("ignore = [{ prot = 1 }]", 1, "did you mean port?"),
        ("ignore = [{ port = 70000 }]", 1, "no port 70000"),
        ('ignore = [{ address = "x" }]', 1, "neither address nor network"),
        ('ignore = [{ reason = "x" }]', 1, "needs code, port, address or where"),
        ("ignore = [1]", 1, "is a table, not 1"),
        ('min_certainty = "sure"', 1, "one of observed, inferred, assumed"),
        ('where = "port = 1"', 1, "where: column 6: write == to compare"),
        ('allow_empty = "yes"', 1, "true or false"),
        ('msl = "30 lightyears"', 1, "is no duration"),
        ("msl = 30", 1, "with its unit"),
        ('msl = "30"', 1, "with its unit"),
        ('profile = "beos"', 1, "is no profile"),
        ('[profile]\n"10.0.0.0/99" = "linux"', 2, "neither address nor network"),
        ('[counts]\nTW04 = "3"', 2, "no finding has the code or name 'TW04'"),
        ('[counts]\nTW004 = "5..3"', 2, "ends before it begins"),
        ('[counts]\nTW004 = "some"', 2, "is no count"),
        ("[counts]\nTW004 = true", 2, "is no count"),
        ("counts = 1", 1, "counts is a table"),
        ('[parameters]\nclose_wait = "1s"', 2, "did you mean close_wait_warn?"),
        ("[parameters]\nclose_wait_warn = 1", 2, "with its unit"),
        (
            "[parameters]\nretransmission_ratio = 2",
            2,
            "retransmission_ratio: 2 is not above 0 and at most 1",
        ),
        ('[parameters]\ntime_wait_warn = "x"', 2, "time_wait_warn: 'x' is no number such as 20"),
        ("[parameters]\nscan_targets = 1", 2, "scan_targets: 1 is not at least 2"),
        ("[parameters]\nflood_percent = true", 2, "flood_percent: True is no number"),
        ('[parameters]\nflood_window = "500ms"', 2, "flood_window: 500ms is not at least 1s"),
        ('min_severity = "fatal"', 1, "one of info, warning, error"),
        ("[expect]\nname = 'x'", 1, "[[tool.tcpflow.expect]]"),
        ("[[expect]]\nat_least = 1", 1, "needs a name"),
        ('[[expect]]\nname = "x"', 1, "asks for nothing"),
        ('[[expect]]\nname = ""\nat_least = 1', 2, "name is text"),
        ('[[expect]]\nname = "x"\nclsoed_by = "originator"', 3, "did you mean closed_by?"),
        ('[[expect]]\nname = "x"\nclosed_by = "client"', 3, "one of originator, responder"),
        ('[[expect]]\nname = "x"\nstates = ["TIME_WAIT/CLOSED"]', 3, "did you mean TIME-WAIT?"),
        ('[[expect]]\nname = "x"\nstates = ["CLOSED"]', 3, "is no pair"),
        ('[[expect]]\nname = "x"\nhandshake_p98 = "5ms"', 3, "did you mean handshake_p9"),
        ('[[expect]]\nname = "x"\nhandshake_p99 = 5', 3, "with its unit"),
        ('[[expect]]\nname = "x"\nmax_connections = -1', 3, "a number from 0"),
        ('[[expect]]\nname = "x"\nforbid = ["XX*"]', 3, "no finding has the code or name 'XX*'"),
        ('[[expect]]\nname = "x"\nwhere = "port"\nat_least = 1', 3, "a comparison belongs"),
        (
            '[[expect]]\nname = "x"\nwhere = \'finding.code == "RS001"\'\nat_least = 1',
            3,
            "chooses connections, no findings",
        ),
        (
            '[[expect]]\nname = "x"\nat_least = 1\n[[expect]]\nname = "x"\nat_least = 1',
            5,
            "two expectations",
        ),
    ],
)
def test_mistake_names_its_line(text: str, line: int, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        configuration(text)
    message = str(caught.value)
    assert message.startswith(f"tcpflow.toml, line {line}: "), message
    assert words in message
    assert "\n" not in message


def test_every_threshold_can_be_set() -> None:
    for name, parameter in PARAMETERS.items():
        count = max(7, parameter.least)
        value = {"duration": '"7s"', "count": f"{count}", "share": "0.5"}[parameter.kind]
        found = configuration(f"parameters.{name} = {value}")
        expected = {"duration": 7_000_000_000, "count": count, "share": 0.5}[parameter.kind]
        assert getattr(found.settings, parameter.setting) == expected


def test_severity_below_which_nothing_is_looked_at() -> None:
    assert configuration('min_severity = "warning"').settings.min_severity == "warning"


def test_limits_in_words() -> None:
    codes = codes_of("rs*", rules())
    assert limit_of(codes, 0, HERE).text == "none"
    assert limit_of(codes, 4, HERE).text == "exactly 4"
    assert limit_of(codes, "3..5", HERE).text == "3 to 5"
    assert limit_of(codes, "..5", HERE).text == "at most 5"
    assert limit_of(codes, "3..", HERE).text == "at least 3"


def test_fail_on_takes_the_least_severity_or_none() -> None:
    assert fail_on_of(["error", "warning"], rules(), HERE).severity == "warning"
    assert fail_on_of(["never"], rules(), HERE).severity is None
    assert fail_on_of(["CL005"], rules(), HERE).severity is None


def test_limits_of_the_command_line_replace_those_of_the_file() -> None:
    found = configuration('counts = { RS001 = "3..5", RS = 9 }')
    new = limit_of(codes_of("RS001", rules()), "..1", HERE)
    changed = found.with_limits([new])
    assert [limit.text for limit in changed.limits] == ["exactly 9", "at most 1"]


@pytest.mark.parametrize("table", ["", "[[expect]]\n", "[[ignore]]\n"])
def test_every_key_stands_in_the_reference(table: str) -> None:
    page = (ROOT / "docs" / "reference" / "configuration.md").read_text()
    with pytest.raises(UsageError, match="there is") as error:
        configuration(f"{table}zzzzzzzz = 1")
    keys = str(error.value).rpartition("there is ")[2].split(", ")
    assert len(keys) > 4
    assert [key for key in keys if f"`{key}`" not in page] == []


def test_example_of_the_reference_is_read() -> None:
    page = (ROOT / "docs" / "reference" / "configuration.md").read_text()
    example = page.partition("```toml\n")[2].partition("```")[0]
    found = read_configuration("tcpflow.toml", example, rules())
    assert found is not None
    assert [each.name for each in found.expectations] == ["database pool"]
    assert found.baseline == "tcpflow-baseline.json"


def test_checksum_and_tunnel_are_settings() -> None:
    found = configuration('checksum = "strict"\ntunnel = "outer"').settings
    assert (found.checksum, found.tunnel_outer) == ("strict", True)
    with pytest.raises(UsageError, match="line 1: tunnel is one of inner, outer"):
        configuration('tunnel = "both"')
