"""Lists of what users may set: parameters of findings, and profiles of operating systems."""

import json
from collections.abc import Iterable, Iterator
from typing import Final

from tcpflow_analyzer.report.page import Look, Page, Span
from tcpflow_analyzer.report.wording import duration_text
from tcpflow_analyzer.settings import COUNT, DURATION, PROFILES, Parameter, Profile

PROFILE_WORDS: Final = {
    "time_wait_ns": "TIME-WAIT lasts",
    "fin_timeout_ns": "an orphan stays in FIN-WAIT-2",
    "syn_retries": "retransmissions of a SYN",
    "syn_give_up_ns": "connect() gives up after",
    "synack_retries": "retransmissions of a SYN-ACK",
    "half_open_ns": "a half-open entry lives",
    "data_give_up_ns": "data is given up after",
    "orphan_give_up_ns": "an orphan's FIN is given up after",
    "keepalive_probes": "unanswered keep-alive probes",
    "first_port": "ephemeral ports from",
    "last_port": "ephemeral ports to",
    "reset_ends_time_wait": "a RST ends TIME-WAIT",
    "time_wait_buckets": "TIME-WAIT entries at most",
    "data_retries": "retransmissions of data",
}


def unit_of(parameter: Parameter) -> str:
    """Name the unit of a parameter's values."""
    if parameter.kind == DURATION:
        return "time"
    return "number" if parameter.kind == COUNT else "part of 1"


def parameters_text(parameters: Iterable[Parameter], look: Look) -> str:
    """Write a line for each parameter, with its default and its findings, and what it means."""
    page = Page(look)
    chosen = list(parameters)
    width = max((len(each.name) for each in chosen), default=0)
    for each in chosen:
        default = each.text(each.default)
        codes = ", ".join(each.codes)
        head = f"  {default:>7}"
        if width + len(head) + 2 + len(codes) <= look.width:
            page.line(Span(f"{each.name:{width}}", "bold"), f"{head}  {codes}".rstrip())
        else:
            page.line(Span(f"{each.name:{width}}", "bold"), head)
            page.paragraph("    ", codes)
        page.paragraph("    ", f"{each.meaning}; {each.range_text}", "dim")
    return page.text()


def parameters_json(parameters: Iterable[Parameter]) -> str:
    """Write the parameters as a JSON list."""
    return json.dumps([parameter_members(each) for each in parameters], indent=1) + "\n"


def parameter_members(parameter: Parameter) -> dict[str, object]:
    """Give what a program may want to know of a parameter; times in nanoseconds."""
    return {
        "name": parameter.name,
        "unit": "ns" if parameter.kind == DURATION else unit_of(parameter),
        "default": parameter.default,
        "least": parameter.least,
        "most": parameter.most,
        "codes": list(parameter.codes),
        "meaning": parameter.meaning,
    }


def profiles_text(look: Look) -> str:
    """Write how each operating system is taken to behave."""
    page = Page(look)
    for profile in PROFILES:
        page.line(Span(profile.name, "bold"))
        for what, value in _profile_items(profile):
            page.line(f"  {what:{max(map(len, PROFILE_WORDS.values()))}}  {value}")
    return page.text()


def profiles_json() -> str:
    """Write the profiles as a JSON list; times in nanoseconds, null where there is no limit."""
    return json.dumps([profile._asdict() for profile in PROFILES], indent=1) + "\n"


def _profile_items(profile: Profile) -> Iterator[tuple[str, str]]:
    for name, value in profile._asdict().items():
        if name == "name":
            continue
        if value is None:
            shown = "no limit"
        elif isinstance(value, bool):
            shown = "yes" if value else "no"
        else:
            shown = duration_text(value) if name.endswith("_ns") else f"{value}"
        yield PROFILE_WORDS[name], shown
