"""Whether a finding counts, and who wants it to fail; the rest is in test_watch.py."""

from support.capture_builder import pcap
from support.checked import analyzed_capture, configuration
from support.services import talk
from support.small_captures import closed
from tcpflow_analyzer.findings.finding import Finding, Severity
from tcpflow_analyzer.gate.rules import (
    asks_for_facts,
    failed_by,
    forbidden_by,
    is_health_probe,
    limit_for,
)


def finding(code: str, severity: Severity) -> Finding:
    return Finding(code, "name", severity, "observed", 1, None, 5, (1,), 1, "", {}, "", "")


def test_health_probe_sends_no_data_and_is_aborted_by_its_originator() -> None:
    assert is_health_probe(analyzed_capture(pcap(talk("probe"))).connections[0])
    for octets in (closed(), pcap(talk("reset")), pcap(talk("open"))):
        assert not is_health_probe(analyzed_capture(octets).connections[0])
    assert not is_health_probe(None)


def test_facts_are_made_only_where_somebody_names_one() -> None:
    assert not asks_for_facts(configuration())
    assert not asks_for_facts(configuration('fail_on = ["LC", "CL005"]'))
    assert asks_for_facts(configuration('fail_on = ["LC001"]'))
    assert asks_for_facts(configuration('counts = { TW001 = "..5" }'))
    assert asks_for_facts(configuration('[[expect]]\nname = "x"\nforbid = ["LC005"]'))
    assert asks_for_facts(configuration('fail_on = "info"'))


def test_last_limit_that_means_a_finding_counts() -> None:
    limits = configuration('counts = { "CL*" = 1, CL005 = 2 }').limits
    found = limit_for(limits, finding("CL005", "error"), harmless=False)
    assert found is not None
    assert found.least == 2
    other = limit_for(limits, finding("CL006", "warning"), harmless=False)
    assert other is not None
    assert other.least == 1
    assert limit_for(limits, finding("CL006", "info"), harmless=False) is None


def test_first_expectation_that_forbids_is_named() -> None:
    expectations = configuration(
        '[[expect]]\nname = "a"\nforbid = ["TW"]\n[[expect]]\nname = "b"\nforbid = ["RS", "CL"]'
    ).expectations
    found = forbidden_by(expectations, finding("RS001", "warning"), harmless=False)
    assert found is not None
    assert found[0].name == "b"
    assert found[1].expected == "no RS001"
    assert forbidden_by(expectations, finding("RS001", "warning"), harmless=True) is None
    assert forbidden_by(expectations, finding("RS005", "info"), harmless=False) is None


def test_severity_fails_but_not_what_is_harmless() -> None:
    warnings = configuration('fail_on = "warning"')
    assert failed_by(finding("RS001", "warning"), warnings, harmless=False) is not None
    assert failed_by(finding("RS001", "warning"), warnings, harmless=True) is None
    assert failed_by(finding("RS001", "info"), warnings, harmless=False) is None
    named = configuration('fail_on = ["RS001"]')
    assert failed_by(finding("RS001", "warning"), named, harmless=True) is not None
