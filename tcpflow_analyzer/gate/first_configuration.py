"""Writes a commented configuration under which what a capture holds today passes.

Rules: what all connections of a service do becomes an expectation; what only some do becomes a
comment. Times and counts get room, so that the next run of the same test passes too.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from tcpflow_analyzer.gate.identity import FIRST_EPHEMERAL
from tcpflow_analyzer.gate.survey import EPHEMERAL, NO_SERVICE, Service, quantile
from tcpflow_analyzer.report.wording import counted, duration_text
from tcpflow_analyzer.settings import NANOSECONDS, Settings

QUICK_NS: Final = 5 * NANOSECONDS
SETTLE_NS: Final = 24 * 3600 * NANOSECONDS
ROOM: Final = 2  # twice as many connections as seen
MOST_SERVICES: Final = 20
# Limits of a handshake, 5 ms to 500 s: less is a matter of the scheduler of a machine that builds.
_STEPS_NS: Final = tuple(
    step * 10**power
    for power in range(6, 12)
    for step in (1, 2, 5)
    if step * 10**power >= 5 * 10**6
)
_STATES_LEFT: Final = 5
# What a test of a service can be expected never to do, unless it does already.
_FORBIDDEN: Final = ("RS", "CL005", "CL009", "HS001", "HS004")

_HEAD: Final = """\
# What `tcpflow check` expects of captures of this project's tests. Options win.
# Put it into tcpflow.toml or pyproject.toml. All keys: docs/reference/configuration.md
# Written from {sources}.

[tool.tcpflow]
fail_on = "error"             # error, warning, info, never, or codes as "CL005"
min_certainty = "inferred"    # findings less certain do not fail
# select = ["CL", "RS"]       # only these
# baseline = "tcpflow-baseline.json"    # made by --write-baseline
# profile = "linux"           # how the hosts behave; guessed from SYNs without
"""


def quick_settings(settings: Settings) -> Settings:
    """Give settings that wait as long as a test lasts, not as long as a service runs."""
    return replace(settings, close_wait_warn_ns=QUICK_NS, close_wait_error_ns=QUICK_NS)


def is_slow(services: Mapping[str, Service]) -> bool:
    """Whether something was found that takes longer here than `quick_settings` wait."""
    return any("CL005" in service.findings for service in services.values())


def first_configuration(
    services: Mapping[str, Service], captures: Sequence[str], quick: bool = False
) -> str:
    """Write a configuration.

    Args:
        services: name -> what it did.
        captures: paths, for the comment at its head.
        quick: whether the services were followed with `quick_settings`.
    """
    head = _HEAD.format(sources=_sources(captures))
    parts = [head, _ignore(services), _parameters(quick), _COUNTS]
    chosen = [each for each in services.values() if each.port != NO_SERVICE and each.connections]
    chosen.sort(key=lambda each: (-each.connections, each.port))
    parts += [_expectation(each, quick) for each in chosen[:MOST_SERVICES]]
    if len(chosen) > MOST_SERVICES:
        left = counted(len(chosen) - MOST_SERVICES, "service")
        parts.append(f"# {left} with fewer connections left out.\n")
    if not chosen:
        parts.append("# No TCP connection was found.\n")
    return "\n".join(parts)


def _parameters(quick: bool) -> str:
    """The waiting times: what a test leaves behind shows in seconds or not at all."""
    off = "" if quick else "# "
    return (
        "# Waiting times. A socket counts as leaked (CL005) if the capture goes on so long after\n"
        "# the other end's FIN: record some seconds more than the tests take.\n"
        f"{off}[tool.tcpflow.parameters]\n"
        f'{off}close_wait_warn = "{_exact(QUICK_NS)}"\n'
        f'{off}close_wait_error = "{_exact(QUICK_NS)}"\n'
    )


_COUNTS: Final = """\
# How many findings there may be, in each capture.
# [tool.tcpflow.counts]
# TW004 = "..5"
"""


def _sources(captures: Sequence[str]) -> str:
    names = [json.dumps(path, ensure_ascii=True) for path in captures[:3]]
    more = len(captures) - len(names)
    return ", ".join(names) + (f" and {more} more" if more else "")


def _ignore(services: Mapping[str, Service]) -> str:
    """Mention what would fail now."""
    errors = Counter[str]()
    names: dict[str, str] = {}
    for service in services.values():
        for kind in service.kinds.values():
            finding = kind.finding
            if finding.severity == "error":
                errors[finding.code] += kind.count
                names[finding.code] = finding.name
    if not errors:
        return '# ignore = [{ code = "RS003", port = 8080, reason = "known" }]\n'
    lines = ["# These fail now; ignore what is meant to be so.", "# ignore = ["]
    for code, count in sorted(errors.items()):
        lines.append(f'#   {{ code = "{code}" }},    # {names[code]}, {counted(count, "time")}')
    return "\n".join([*lines, "# ]", ""])


def _expectation(service: Service, quick: bool) -> str:
    where = f"responder.port == {service.port}"
    if service.port == EPHEMERAL:
        where = f"responder.port >= {FIRST_EPHEMERAL}"
    entries = [
        f'name = "{service.name}"    # {counted(service.connections, "connection")} seen',
        f'where = "{where}"',
        *_closed_by(service),
        *_states(service, quick),
        f"max_connections = {service.connections * ROOM}",
        *_handshake(service),
        *_forbid(service),
        "at_least = 1",
    ]
    return "\n".join(["[[tool.tcpflow.expect]]", *entries, ""])


def _closed_by(service: Service) -> list[str]:
    seen = _listed(service.closers)
    one = set(service.closers) - {"both"}
    if len(one) == 1:
        return [f'closed_by = "{one.pop()}"    # who closes first: {seen}']
    return [f'# closed_by = "originator"    # who closes first: {seen or "nobody did"}']


def _states(service: Service, quick: bool) -> list[str]:
    """Allow the states of connections that are over; the others are a comment."""
    over = [pair for pair, _ in service.states.most_common() if _is_over(pair)]
    others = _listed(Counter({p: n for p, n in service.states.items() if not _is_over(p)}))
    if not over or len(over) > _STATES_LEFT:
        return [f'# states = ["TIME-WAIT/CLOSED"]    # seen: {_listed(service.states)}']
    listed = ", ".join(f'"{pair}"' for pair in over)
    if others and service.longest_left_ns >= SETTLE_NS:  # these are left so
        return [f"# states = [{listed}]    # seen too: {others}"]
    if others:
        return [f"states = [{listed}]", f'settle = "24h"    # also seen, not over: {others}']
    settle = f'settle = "{_exact(QUICK_NS)}"    # open so long after its last segment: left so'
    return [f"states = [{listed}]", *([settle] if quick else [])]


def _is_over(pair: str) -> bool:
    return set(pair.split("/")) <= {"CLOSED", "LISTEN", "TIME-WAIT"}


def _handshake(service: Service) -> list[str]:
    if not service.handshakes:
        return []
    seen_ns = quantile(service.handshakes, 0.99)
    limit_ns = next((step for step in _STEPS_NS if step >= seen_ns * ROOM), None)
    if limit_ns is None:
        return []
    return [f'handshake_p99 = "{_exact(limit_ns)}"    # {duration_text(seen_ns)} seen']


def _exact(duration_ns: int) -> str:
    for unit, length in (("s", 10**9), ("ms", 10**6)):
        if duration_ns % length == 0:
            return f"{duration_ns // length}{unit}"
    return f"{duration_ns // 1000}us"


def _forbid(service: Service) -> list[str]:
    """Forbid what was not found; information about health probes may be found later."""
    free = [
        code for code in _FORBIDDEN if not any(each.startswith(code) for each in service.findings)
    ]
    listed = ", ".join(f'"{code}*"' if len(code) == 2 else f'"{code}"' for code in free)
    return [f"forbid = [{listed}]"] if free else []


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.most_common())
