"""Transitions as they were known at a time: what a cut capture has to give as well."""

from typing import Any

Changes = dict[int, list[dict[str, Any]]]


def changes_until(analysis: dict[str, Any], time_ns: int, frame: int) -> Changes:
    """By connection, the transitions up to a time that no later frame caused."""
    found: Changes = {}
    for connection in analysis["connections"]:
        if connection["first_frame"] > frame:
            continue
        found[connection["id"]] = [
            {key: value for key, value in change.items() if key != "proved_by_frame"}
            for change in connection["transitions"]
            if change["time_ns"] <= time_ns and (change["frame"] or 0) <= frame
        ]
    return found


def brief(changes: list[dict[str, Any]] | None) -> str:
    """Transitions in a line, for a failure."""
    return ", ".join(
        f"{c['endpoint'][0]} {c['from']}>{c['to']} {c['time_ns'] % 10**12} "
        f"({c['frame']}, {c['event']}, {c['certainty']}{', correction' * c['correction']})"
        for c in changes or []
    )
