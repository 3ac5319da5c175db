"""Exchanges as ladders: what the package exports for authors of findings, under the name here."""

from tcpflow_analyzer.testing.ladder import (
    DEFAULT_GAP_NS,
    DEFAULT_MSS,
    MIDDLE_COLUMN,
    SOCKET_A,
    SOCKET_B,
    Ladder,
    LadderError,
    Rung,
    Socket,
    capture,
    merged,
    numbered,
)

__all__ = [
    "DEFAULT_GAP_NS",
    "DEFAULT_MSS",
    "Ladder",
    "LadderError",
    "MIDDLE_COLUMN",
    "Rung",
    "SOCKET_A",
    "SOCKET_B",
    "Socket",
    "capture",
    "merged",
    "numbered",
]
