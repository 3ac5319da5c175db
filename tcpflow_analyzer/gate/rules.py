"""Says of one finding whether it counts, and whether somebody wants it to fail the check."""

from collections.abc import Sequence
from typing import Final

from tcpflow_analyzer.findings.finding import SEVERITIES, Finding
from tcpflow_analyzer.findings.registry import rules
from tcpflow_analyzer.findings.selection import Codes
from tcpflow_analyzer.gate.configuration import Configuration, Expectation, Limit
from tcpflow_analyzer.gate.result import Origin
from tcpflow_analyzer.report.record import ConnectionRecord
from tcpflow_analyzer.tcp.states import CERTAINTY_NAMES

# What a health check leaves behind that opens a connection only to see that it opens.
PROBE_CODES: Final = frozenset({"HS008", "RS001", "TW013"})
FACTS: Final = "LC"  # the family of what a healthy connection does


class Verdict:
    """Who wants a finding to fail the check.

    Attributes:
        expected: what they asked for, in words.
        origin: who they are.
    """

    def __init__(self, expected: str, origin: Origin) -> None:
        """Say who, and what they wanted."""
        self.expected = expected
        self.origin = origin


def counts(
    finding: Finding, connection: ConnectionRecord | None, configuration: Configuration
) -> bool:
    """Whether a finding is selected, not ignored, certain enough, and not in preview."""
    return is_certain(finding, configuration) and is_chosen(finding, connection, configuration)


def is_certain(finding: Finding, configuration: Configuration) -> bool:
    """Whether a finding is as certain as is asked for."""
    least = CERTAINTY_NAMES.index(configuration.min_certainty)
    return CERTAINTY_NAMES.index(finding.certainty) <= least


def is_chosen(
    finding: Finding, connection: ConnectionRecord | None, configuration: Configuration
) -> bool:
    """Whether a finding is selected, not ignored, and not in preview, however certain it is."""
    select = configuration.select
    if select and not any(codes.holds(finding.code) for codes in select):
        return False
    rule = rules().get(finding.code)
    if rule is not None and rule.status == "preview":
        return False
    where = configuration.where
    if where is not None and not where.matches(connection, (finding,)):
        return False
    return not any(
        (entry.codes is None or entry.codes.holds(finding.code))
        and (entry.where is None or entry.where.matches(connection, (finding,)))
        for entry in configuration.ignore
    )


def is_health_probe(connection: ConnectionRecord | None) -> bool:
    """Whether somebody only looked if it opens: no octet of data, aborted by its originator."""
    return (
        connection is not None
        and connection.originator.payload_octets == connection.responder.payload_octets == 0
        and connection.outcome in ("completed", "aborted")
        and connection.shape == "reset"
        and connection.active_closer == "originator"
    )


def meant(codes: Codes, finding: Finding, harmless: bool) -> bool:
    """Whether codes mean a finding: a family means no mere information, a whole code anything.

    Args:
        codes: as somebody wrote them.
        finding: that they may mean.
        harmless: whether it is about a health probe and comes from that.
    """
    if not codes.holds(finding.code):
        return False
    return codes.is_whole or not (harmless or finding.severity == "info")


def limit_for(limits: Sequence[Limit], finding: Finding, harmless: bool) -> Limit | None:
    """Give the last limit that means a finding."""
    for limit in reversed(limits):
        if meant(limit.codes, finding, harmless):
            return limit
    return None


def forbidden_by(
    expectations: Sequence[Expectation], finding: Finding, harmless: bool
) -> tuple[Expectation, Verdict] | None:
    """Give the first expectation that forbids a finding, of those that its connection concerns."""
    for expectation in expectations:
        for codes in expectation.forbid:
            if meant(codes, finding, harmless):
                expected = f"no {finding.code}"
                return expectation, Verdict(expected, expectation.origin("forbid"))
    return None


def failed_by(finding: Finding, configuration: Configuration, harmless: bool) -> Verdict | None:
    """Say whether a finding fails by its code or its severity."""
    fail_on = configuration.fail_on
    for codes in fail_on.codes:
        if meant(codes, finding, harmless):
            return Verdict(f"no {finding.code}", fail_on.origin)
    least = fail_on.severity
    if least is None or harmless or finding.code.startswith(FACTS):
        return None
    if SEVERITIES.index(finding.severity) < SEVERITIES.index(least):
        return None
    expected = "no finding" if least == "info" else f"no {least}"
    return Verdict(expected, fail_on.origin)


def fails_by_code(finding: Finding, configuration: Configuration, harmless: bool) -> bool:
    """Whether somebody wants a finding to fail by its code or family, not its severity alone."""
    return any(meant(codes, finding, harmless) for codes in configuration.fail_on.codes)


def asks_for_facts(configuration: Configuration) -> bool:
    """Whether findings that are usually only counted have to be made: somebody names their code."""
    asked = [*configuration.fail_on.codes, *(limit.codes for limit in configuration.limits)]
    asked += [codes for each in configuration.expectations for codes in each.forbid]
    if configuration.fail_on.severity == "info":
        return True
    known = rules()
    return any(codes.is_whole and known[codes.prefix].facts != 0 for codes in asked)
