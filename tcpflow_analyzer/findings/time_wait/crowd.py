"""What findings about hosts share: names of census entries, the output type. Registers nothing."""

from collections.abc import Iterable, Mapping

from tcpflow_analyzer.findings.finding import Finding, Severity
from tcpflow_analyzer.findings.registry import rules
from tcpflow_analyzer.table.socket_pair import address_text


def socket_name(key: bytes, address_len: int, position: int = 0) -> str:
    """`address:port` of a census key whose address begins at `position`, its port behind it."""
    address = address_text(key[position : position + address_len])
    end = position + address_len
    port = int.from_bytes(key[end : end + 2], "big")
    return f"[{address}]:{port}" if address_len == 16 else f"{address}:{port}"


def judge_host(
    code: str,
    *,
    subject: str,
    severity: Severity,
    certainty: str,
    time_ns: int,
    frames: Iterable[int],
    template: str,
    values: Mapping[str, object],
    why: str,
    would_disprove: str,
) -> Finding:
    """Make a finding about a host, a listener or a service, whose name is `subject`."""
    proving = sorted({frame for frame in frames if frame > 0})
    return Finding(
        code=code,
        name=rules()[code].name,
        severity=severity,
        certainty=certainty,
        connection=None,
        endpoint=None,
        time_ns=time_ns,
        frames=tuple(proving),
        frame_count=len(proving),
        template=template,
        values=values,
        why=why,
        would_disprove=would_disprove,
        subject=subject,
    )
