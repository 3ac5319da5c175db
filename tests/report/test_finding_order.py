"""The order of findings."""

from support.report_samples import make_finding
from tcpflow_analyzer.report.finding_order import KEY_LEN, finding_key


def test_finding_key_orders_by_time_code_connection_endpoint_frame() -> None:
    in_order = [
        make_finding("TW001", after_ns=1, connection=9),
        make_finding("CL001", after_ns=2, connection=None, endpoint=None),
        make_finding("CL001", after_ns=2, connection=2, endpoint=None, frames=(9,)),
        make_finding("CL001", after_ns=2, connection=2, endpoint="originator", frames=(9,)),
        make_finding("CL001", after_ns=2, connection=2, endpoint="responder", frames=(8,)),
        make_finding("CL001", after_ns=2, connection=2, endpoint="responder", frames=(10,)),
        make_finding("CL001", after_ns=2, connection=10, endpoint="originator", frames=(9,)),
        make_finding("CL002", after_ns=2, connection=1),
    ]
    keys = [finding_key(finding) for finding in in_order]
    assert keys == sorted(keys)
    assert len(set(keys)) == len(keys)
    assert {len(key) for key in keys} == {KEY_LEN}
