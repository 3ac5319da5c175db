"""FL004: one source tries many ports or hosts."""

from collections.abc import Iterator

from tcpflow_analyzer.findings.finding import CaptureView, Finding, noun, seconds
from tcpflow_analyzer.findings.flood.counted import NOT_WOKEN, probers
from tcpflow_analyzer.findings.registry import host_finding
from tcpflow_analyzer.findings.time_wait.crowd import judge_host, socket_name
from tcpflow_analyzer.table.connection import Connection
from tcpflow_analyzer.table.openings import PROBE_NAMES, PROBE_SYN, Prober
from tcpflow_analyzer.table.socket_pair import address_text


@host_finding("FL004", severity="warning", since="0.2.0", wakes=NOT_WOKEN)
class PortScan:
    """One source probes many ports or hosts.

    Set when, for one source and within scan_window (60 s), the following holds:
      - at least scan_targets (15) different sockets refused its segments, or left a SYN
        unanswered for 10 s, with at most one octet of payload on each connection.

    "Axis" is vertical (ports of one host), horizontal (one port of many hosts) or block. "Kind" is
    how it probes: syn (it resets what answers), connect (it completes what answers), syn or connect
    (nothing answered), fin, null, xmas, ack, maimon (FIN and ACK). At most half of
    max_hosts sources that failed at two targets are kept, and 4096 targets of each are told apart.

    Supersedes: HS001, HS004 and FL010 of its members, which become counts.
    Why it matters: it shows an attacker, a worm, or a program with a wrong list of addresses.
    What to do: find the process on the source (`ss -tnp`); see which ports it found open.
    Not proof of: malice: monitoring, service discovery and peer-to-peer programs scan too.
    Other tools: Zeek Scan::Port_Scan, Scan::Address_Scan, conn_state REJ, S0, RSTOS0, SH; Suricata
        scan rules; nmap -sS, -sT, -sF, -sN, -sX, -sA, -sM; Wireshark, tcptrace and conntrack have
        no name for it.
    References: RFC 9293 sections 3.10.7.1, 3.10.7.2.
    Seen in: fixtures/findings/FL004-port-scan
    """

    def see(self, connection: Connection, capture: CaptureView) -> None:
        """Nothing: the observer has counted."""

    def findings(self, capture: CaptureView) -> Iterator[Finding]:
        """One finding for each source that scans."""
        for prober in probers(capture):
            if prober.scanning:
                yield _finding(prober)


def _finding(prober: Prober) -> Finding:
    length = int(prober.address_len)
    name = address_text(bytes(prober.address)[:length])
    hosts = len({target >> 16 for target in prober.distinct})
    ports = len({target & 0xFFFF for target in prober.distinct})
    opened = [socket_name(key, length) for key in prober.open]
    template = (
        "{source} tried {targets} different sockets, {ports} "
        + noun(ports, "port")
        + " of {hosts} "
        + noun(hosts, "host")
        + ", within {lasted:.6f} s: {axis} {kind} scan, {refused} refused, {unanswered} unanswered"
    )
    if opened:
        template += "; open: {open}"
    return judge_host(
        "FL004",
        subject=name,
        severity="warning",
        certainty="observed" if prober.refused >= prober.unanswered else "inferred",
        time_ns=int(prober.last_ns),
        frames=(int(frame) for frame in prober.frames),
        template=template,
        values={
            "source": name,
            "targets": f"at least {len(prober.distinct)}" if prober.more else len(prober.distinct),
            "hosts": hosts,
            "ports": ports,
            "attempts": int(prober.attempts),
            "refused": int(prober.refused),
            "unanswered": int(prober.unanswered),
            "axis": _axis(hosts, ports),
            "kind": _kind(prober),
            "sample": ", ".join(socket_name(key, length) for key in prober.sample),
            "open": ", ".join(opened),
            "since_ns": int(prober.first_ns),
            "until_ns": int(prober.last_ns),
            "lasted": seconds(int(prober.last_ns - prober.first_ns)),
        },
        why="many sockets that are closed or silent were tried by one address in a short time",
        would_disprove="connections of this source to these sockets that carry data",
    )


def _axis(hosts: int, ports: int) -> str:
    if hosts == 1:
        return "vertical"
    return "horizontal" if ports == 1 else "block"


def _kind(prober: Prober) -> str:
    most = max(range(len(PROBE_NAMES)), key=lambda kind: prober.kinds[kind])
    if most != PROBE_SYN:
        return PROBE_NAMES[most]
    if prober.open_reset > prober.open_completed:
        return "syn"
    return "connect" if prober.open_completed else "syn or connect"
