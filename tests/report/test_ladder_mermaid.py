"""Ladders as Mermaid's sequence diagrams."""

import re
from pathlib import Path

from support.places import RECORDINGS
from support.small_captures import closed
from tcpflow_analyzer.exchange import Choice, read_exchanges
from tcpflow_analyzer.report.ladder_mermaid import ladder_mermaid

# Each statement that is written, after https://mermaid.js.org/syntax/sequenceDiagram.html
STATEMENTS = re.compile(
    r"sequenceDiagram"
    r"|    title [^;:]*(?:#\d+;[^;:]*)*"
    r"|    participant [OR] as [^;:<>]*(?:#\d+;[^;:]*)*"
    r"|    (?:O->>R|R->>O): (?:[^#;:<>%]|#\w+;)+"
    r"|    Note (?:left of O|right of R|over O,R): (?:[^#;:<>%]|#\w+;)+"
)


def test_diagram_has_an_arrow_for_each_segment(tmp_path: Path) -> None:
    path = tmp_path / "a.pcap"
    path.write_bytes(closed())
    (found,) = read_exchanges([path], Choice())
    lines = ladder_mermaid(found.connection, found.rungs, found.findings).splitlines()
    arrows = [line.strip()[:5] for line in lines if "->>" in line]
    assert arrows == ["O->>R" if rung.from_originator else "R->>O" for rung in found.rungs]
    assert "    participant O as 192.0.2.1#58;40000" in lines
    assert "    Note right of R: (CLOSED, inferred)" in lines


def test_every_statement_is_one_of_mermaids() -> None:
    for name in ("zero_window", "half_open_reconnect@client", "simultaneous_close@client"):
        for found in read_exchanges([RECORDINGS / f"{name}.pcap"], Choice()):
            text = ladder_mermaid(found.connection, found.rungs, found.findings)
            wrong = [line for line in text.splitlines() if not STATEMENTS.fullmatch(line)]
            assert wrong == []
