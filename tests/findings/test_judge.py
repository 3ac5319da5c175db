"""Which findings are asked about a connection, and what the judge counts and hands on."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.report_samples import make_finding
from tcpflow_analyzer.findings.finding import WARNING, CaptureView, Finding, Verdict
from tcpflow_analyzer.findings.judge import CountMore, Judge, order_in_connection, sort_findings
from tcpflow_analyzer.findings.registry import EVERY_RESET, Detect, Rule, rules
from tcpflow_analyzer.findings.reset.traits import (
    COMPARABLE,
    NOT_EXACT,
    SEVERAL,
    STATELESS_ANSWER,
    UNACCEPTABLE,
    WITH_PAYLOAD,
    caused,
    traits_of,
)
from tcpflow_analyzer.settings import NANOSECONDS, Settings
from tcpflow_analyzer.table.connection import OUTCOME_COMPLETED, Connection, Entry, Request
from tcpflow_analyzer.table.observation import (
    FIN_REPEATED,
    FORM_LIVE,
    FORM_OTHER,
    FORM_STATELESS,
    ORDERLY_CLOSE,
    RESET,
    RST_NOT_EXACT,
    RST_UNACCEPTABLE,
    SYN_REPEATED,
    TRAFFIC_AFTER_RESET,
    Reset,
)
from tcpflow_analyzer.table.stream_observation import STREAM, both_words
from tcpflow_analyzer.tcp.states import ESTABLISHED

WINDOW_NS = Settings().unread_window_ns


def connection(number: int = 1, observed: int = 0) -> Connection:
    made = Connection(bytes((192, 0, 2, 1, 198, 51, 100, 1, 1, 2, 0, 80)), number)
    made.outcome = OUTCOME_COMPLETED
    made.syn_frame, made.synack_frame, made.ack_frame = 1, 2, 3
    made.observed = observed
    return made


def with_resets(*changes: dict[str, object], observed: int = RESET) -> Connection:
    """A connection with a RST of a live socket for each set of changes to it."""
    made = connection(observed=observed)
    made.resets = []
    for frame, values in enumerate(changes, 20):
        record = Reset(True, frame, frame * NANOSECONDS)
        record.form = FORM_LIVE
        record.sender_state = record.receiver_state = record.sender_proven = ESTABLISHED
        for name, value in values.items():
            assert hasattr(record, name)
            setattr(record, name, value)
        made.resets.append(record)
    return made


def rule(
    code: str, detect: Detect, wakes: int, resets: int = EVERY_RESET, *, fact: bool = False
) -> Rule:
    return Rule(
        code, "a-name", "warning", ("warning",), "conn", "0.1.0", "stable", wakes, fact,
        detect, None, "It is so.", resets,
    )  # fmt: skip


class Calls:
    """Rules that say something of every connection that they are asked about."""

    def __init__(self) -> None:
        """No rule was asked yet."""
        self.codes: list[str] = []

    def rule(self, code: str, wakes: int, resets: int = EVERY_RESET) -> Rule:
        def detect(asked: Connection, _: CaptureView) -> Iterator[Finding]:
            self.codes.append(code)
            yield make_finding(code, connection=asked.number)

        return rule(code, detect, wakes, resets)

    def judge(self, *made: Rule, settings: Settings | None = None) -> Judge:
        return Judge(settings or Settings(), {each.code: each for each in made}, False)


def test_connection_is_shown_to_the_rules_that_its_observations_wake() -> None:
    calls = Calls()
    judge = calls.judge(calls.rule("CL002", FIN_REPEATED), calls.rule("HS002", SYN_REPEATED))
    assert [each.code for each in judge.connection(connection(observed=SYN_REPEATED))] == ["HS002"]
    assert judge.connection(connection(observed=ORDERLY_CLOSE)) == []
    assert calls.codes == ["HS002"]
    assert judge.wanted() == FIN_REPEATED | SYN_REPEATED


def test_rule_woken_by_a_rst_alone_needs_one_of_its_traits() -> None:
    calls = Calls()
    judge = calls.judge(
        calls.rule("RS001", RESET, caused("RS001")),
        calls.rule("RS002", RESET, caused("RS002")),
        calls.rule("RS011", RESET),
        calls.rule("TW003", RESET | FIN_REPEATED, caused("TW003")),
    )
    judge.connection(with_resets({}))
    assert calls.codes == ["RS001", "RS011"]
    calls.codes.clear()
    judge.connection(with_resets({"own_unacked": 5}))
    assert calls.codes == ["RS002", "RS011"]
    calls.codes.clear()
    judge.connection(with_resets({}, observed=RESET | FIN_REPEATED))
    assert calls.codes == ["RS001", "RS011", "TW003"]
    calls.codes.clear()
    judge.connection(with_resets({"verdict": RST_NOT_EXACT, "form": FORM_OTHER}))
    assert calls.codes == ["RS011"]
    calls.codes.clear()
    without_traits = with_resets({"reverted": True})
    without_traits.note(TRAFFIC_AFTER_RESET, True, 21, 0, 20, 1, 0)
    judge.connection(without_traits)
    assert calls.codes == ["RS011"]


@pytest.mark.parametrize(
    ("resets", "traits"),
    [
        ([{}], caused("RS001")),
        ([{"own_unacked": 5}], caused("RS002")),
        ([{"payload_len": 7}], WITH_PAYLOAD | caused("RS001")),
        ([{"verdict": RST_NOT_EXACT}], NOT_EXACT | caused("RS001")),
        ([{"verdict": RST_UNACCEPTABLE}], UNACCEPTABLE),
        ([{}, {}], SEVERAL | caused("RS001")),
        ([{"verdict": RST_UNACCEPTABLE, "form": FORM_STATELESS}], UNACCEPTABLE),
        (
            [{"verdict": RST_UNACCEPTABLE, "form": FORM_STATELESS, "trigger_frame": 19}] * 2,
            UNACCEPTABLE | STATELESS_ANSWER,
        ),
    ],
)
def test_traits_of_the_rsts(resets: list[dict[str, object]], traits: int) -> None:
    assert traits_of(with_resets(*resets), WINDOW_NS) == traits


def test_every_cause_has_a_trait_of_its_own() -> None:
    codes = [code for code, each in rules().items() if each.resets not in (EVERY_RESET, *TRAITS)]
    assert {"RS001", "RS006", "HS008", "HS013", "TW003", "CL008"} <= set(codes)
    assert [rules()[code].resets for code in codes] == [caused(code) for code in codes]
    assert len({caused(code) for code in codes}) == len(codes)
    with pytest.raises(KeyError):
        caused("RS007")


TRAITS = (WITH_PAYLOAD, NOT_EXACT, UNACCEPTABLE, STATELESS_ANSWER, SEVERAL, COMPARABLE)


def test_findings_come_in_the_order_of_the_output() -> None:
    def detect(_connection: Connection, _capture: CaptureView) -> Iterator[Finding]:
        yield make_finding("CL002", endpoint="responder")
        yield make_finding("CL002", endpoint=None)
        yield make_finding("CL002", after_ns=4_000)
        yield make_finding("CL001", frames=(9,))
        yield make_finding("CL001", frames=(8,))

    judge = Judge(Settings(), {"CL002": rule("CL002", detect, FIN_REPEATED)}, False)
    found = judge.connection(connection(observed=FIN_REPEATED))
    assert [(each.code, each.endpoint, each.first_frame) for each in found] == [
        ("CL002", "responder", 4),
        ("CL001", "responder", 8),
        ("CL001", "responder", 9),
        ("CL002", None, 4),
        ("CL002", "responder", 4),
    ]
    assert [order_in_connection(each) for each in found] == sorted(map(order_in_connection, found))
    assert judge.codes == {"CL001": 2, "CL002": 3}
    assert judge.severities == {"warning": 5}


ENDS = st.sampled_from(["originator", "responder", None])
ORDER_FIELDS = st.tuples(st.integers(0, 2), st.sampled_from(["CL001", "CL002"]), ENDS)


@given(st.lists(st.tuples(ORDER_FIELDS, st.integers(1, 3)), max_size=12))
def test_few_and_many_findings_are_sorted_alike(
    fields: list[tuple[tuple[int, str, str | None], int]],
) -> None:
    found = [
        make_finding(code, endpoint=endpoint, after_ns=after_ns, frames=(frame,))
        for (after_ns, code, endpoint), frame in fields
    ]
    expected = sorted(found, key=order_in_connection)
    sort_findings(found)
    assert found == expected


def test_findings_below_min_severity_are_neither_given_nor_counted() -> None:
    calls = Calls()
    settings = Settings(min_severity="error")
    judge = calls.judge(calls.rule("CL002", FIN_REPEATED), settings=settings)
    assert judge.connection(connection(observed=FIN_REPEATED)) == []
    assert calls.codes == ["CL002"]
    assert judge.codes == {}


@pytest.mark.parametrize(
    ("number", "observed", "pass_all", "passed"),
    [(7, 0, False, False), (5, 0, False, True), (7, 0, True, True), (7, FIN_REPEATED, False, True)],
)
def test_take_passes_on_what_somebody_wants(
    number: int, observed: int, pass_all: bool, passed: bool
) -> None:
    calls = Calls()
    judge = calls.judge(calls.rule("CL002", FIN_REPEATED))
    got: list[int] = []
    judge.pass_on = lambda each, found: got.extend([each.number, len(found)])
    judge.pass_all, judge.pass_first = pass_all, 5
    judge.take(connection(number, observed))
    assert got == ([number, 1 if observed else 0] if passed else [])


def test_both_words_of_the_mask_wake_rules() -> None:
    calls = Calls()
    heard = calls.rule("SQ009", 0)._replace(stream_wakes=STREAM | 0x4)
    judge = calls.judge(heard, calls.rule("HS002", SYN_REPEATED))
    made = connection(observed=SYN_REPEATED)
    assert [each.code for each in judge.connection(made)] == ["HS002"]
    made.stream_observed = 0x4
    assert [each.code for each in judge.connection(made)] == ["HS002", "SQ009"]
    assert (judge.wanted(), judge.stream_wanted()) == (SYN_REPEATED, 0x4)


def test_facts_of_the_stream_are_counted_unless_their_rule_is_awake() -> None:
    calls = Calls()
    rule_with_both = calls.rule("SQ001", 0)._replace(
        stream_facts=STREAM | 3, stream_wakes=STREAM | 4
    )
    judge = calls.judge(rule_with_both)
    assert (judge.wanted(), judge.stream_wanted()) == (0, 4)
    judge.count_facts({both_words(RESET, 1): 2, both_words(0, 3): 1, both_words(0, 5): 7, 3: 5})
    assert judge.codes == {"SQ001": 4}
    made = connection()
    made.stream_observed = 3
    assert judge.connection(made) == []
    made.stream_observed = 7
    assert [each.code for each in judge.connection(made)] == ["SQ001"]


def test_facts_that_nobody_looks_at_are_counted_by_the_mask() -> None:
    def detect(_connection: Connection, _capture: CaptureView) -> Iterator[Finding]:
        raise AssertionError

    fact = rule("LC004", detect, ORDERLY_CLOSE, fact=True)
    judge = Judge(Settings(), {"LC004": fact}, False)
    assert judge.connection(connection(observed=ORDERLY_CLOSE)) == []
    judge.count_facts({ORDERLY_CLOSE: 3, ORDERLY_CLOSE | RESET: 2, RESET: 9})
    assert judge.codes == {"LC004": 5}


class Answers:
    """What a rule says in brief: how many findings, how severe; and who counts them."""

    def __init__(self, number: int, severity: int = WARNING) -> None:
        """Say so each time."""
        self.number, self.severity = number, severity
        self.counted: list[int] = []

    def brief(self, _: Connection | Request, __: CaptureView, verdict: Verdict) -> int:
        verdict.severity, verdict.time_ns = self.severity, 7
        return self.number

    def count_more(self, time_ns: int, entry: Entry) -> None:
        assert isinstance(entry, Entry)
        self.counted.append(time_ns)

    def more_of(self, code: str, name: str, severity: str) -> CountMore | None:
        return self.count_more if code == "HS001" else None


@pytest.mark.parametrize(
    ("number", "severity", "code", "made", "counted"),
    [
        pytest.param(1, WARNING, "HS001", 0, 2, id="counted"),
        pytest.param(0, WARNING, "HS001", 0, 0, id="nothing"),
        pytest.param(2, WARNING, "HS001", 2, 0, id="more than one"),
        pytest.param(1, 0, "HS001", 0, 0, id="below the least severity"),
        pytest.param(1, WARNING, "HS004", 2, 0, id="of a kind that is read"),
    ],
)
def test_finding_of_which_only_the_number_matters_is_not_made(
    number: int, severity: int, code: str, made: int, counted: int
) -> None:
    calls, answers = Calls(), Answers(number, severity)
    asked = calls.rule(code, SYN_REPEATED)._replace(brief=answers.brief)
    judge = calls.judge(asked, settings=Settings(min_severity="warning"))
    judge.more_of = answers.more_of
    found = [judge.connection(connection(observed=SYN_REPEATED)) for _ in range(2)]
    assert (sum(map(len, found)), answers.counted) == (made, [7] * counted)
    assert judge.codes == ({code: made + counted} if made + counted else {})


def test_brief_is_not_asked_while_every_finding_is_read() -> None:
    calls, answers = Calls(), Answers(1)
    judge = calls.judge(calls.rule("HS001", SYN_REPEATED)._replace(brief=answers.brief))
    assert len(judge.connection(connection(observed=SYN_REPEATED))) == 1
    assert answers.counted == []


@pytest.mark.parametrize(
    ("numbers", "is_enough", "counted"),
    [
        pytest.param([1], True, 1, id="one"),
        pytest.param([0], True, 0, id="nothing"),
        pytest.param([0, 1], True, 1, id="one of two rules"),
        pytest.param([2], False, 0, id="more than one"),
        pytest.param([1, 1], False, 0, id="of two rules"),
        pytest.param([1, None], False, 0, id="a rule with words only"),
    ],
)
def test_lone_syn_is_judged_by_number_where_one_finding_is_enough(
    numbers: list[int | None], is_enough: bool, counted: int
) -> None:
    calls, answers = Calls(), [Answers(each or 0) for each in numbers]
    asked = [
        calls.rule(code, SYN_REPEATED)._replace(request=None if number is None else each.brief)
        for code, number, each in zip(("HS001", "HS001B"), numbers, answers, strict=False)
    ]
    judge = calls.judge(*asked)
    judge.more_of = lambda *_: answers[0].count_more
    request = Request(connection().key)
    for _ in range(2):
        assert judge.take_request(request, SYN_REPEATED) is is_enough
    assert len(answers[0].counted) == 2 * counted
    assert calls.codes == []


def test_lone_syn_is_made_a_connection_where_its_finding_is_read() -> None:
    calls, answers = Calls(), Answers(1)
    judge = calls.judge(calls.rule("HS004", SYN_REPEATED)._replace(request=answers.brief))
    request = Request(connection().key)
    assert judge.take_request(request, 0)  # nothing that wakes a rule
    assert not judge.take_request(request, SYN_REPEATED)  # nobody counts
    judge.more_of = answers.more_of
    assert not judge.take_request(request, SYN_REPEATED)
    assert judge.codes == {}


def test_preview_says_what_would_be_said_and_counts_nothing() -> None:
    calls = Calls()
    judge = calls.judge(
        calls.rule("CL002", FIN_REPEATED),
        calls.rule("RS001", RESET, caused("RS001")),
        calls.rule("RS002", RESET, caused("RS002")),
    )
    assert [each.code for each in judge.preview(connection(observed=FIN_REPEATED))] == ["CL002"]
    assert [each.code for each in judge.preview(with_resets({}))] == ["RS001"]
    assert judge.preview_hosts() == []
    assert (judge.codes, judge.severities) == ({}, {})


def test_preview_leaves_out_what_is_not_severe_enough() -> None:
    calls = Calls()
    asked = calls.rule("CL002", FIN_REPEATED)
    judge = calls.judge(asked, settings=Settings(min_severity="error"))
    assert judge.preview(connection(observed=FIN_REPEATED)) == []
