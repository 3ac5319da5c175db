"""Methods of the configuration's values; how they are read is in test_read_configuration.py."""

from tcpflow_analyzer.findings.selection import Codes
from tcpflow_analyzer.gate.configuration import Configuration, Expectation, Limit
from tcpflow_analyzer.gate.result import Origin

HERE = Origin(text="--max RS=1")


def test_with_limits_replaces_those_of_the_same_codes() -> None:
    family, whole = Codes("RS*", "RS", False), Codes("RS001", "RS001", True)
    before = Configuration(limits=(Limit(family, 0, 5, HERE), Limit(whole, 0, 5, HERE)))
    after = before.with_limits([Limit(Codes("rs", "RS", False), 0, 1, HERE)])
    assert [(limit.codes.prefix, limit.most) for limit in after.limits] == [("RS001", 5), ("RS", 1)]


def test_expectation_concerns_paths_and_names() -> None:
    assert Expectation("x").concerns("any.pcap")
    assert Expectation("x", captures=("a*.pcap",)).concerns("folder/a1.pcap")
    assert Expectation("x", captures=("folder/*",)).concerns("folder/a1.pcap")
    assert not Expectation("x", captures=("b*",)).concerns("folder/a1.pcap")
    assert str(Expectation("x").origin("states")) == "x"
