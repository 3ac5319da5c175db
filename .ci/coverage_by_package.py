#!/usr/bin/env python3
"""Prints the coverage of each package from what `coverage json` wrote; fails below the limits.

    coverage_by_package.py REPORT.json

Two figures have a limit: coverage's own with branches (lines and branches that ran, of all), and
the branches alone, which many lines cannot hide. Only the core has one: there a branch that nothing
takes is a verdict that nothing checks.
"""

import collections
import json
import sys
from pathlib import Path

LEAST = 95.0  # per cent
LIMITED = ("tcp", "table", "observer", "findings")
COUNTS = ("covered_lines", "num_statements", "covered_branches", "num_branches")


def main() -> int:
    """Print a line for each package."""
    files = json.loads(Path(sys.argv[1]).read_text())["files"]
    sums: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    for name, measured in files.items():
        inside = name.replace("\\", "/").rpartition("tcpflow_analyzer/")[2]
        package = inside.partition("/")[0] if "/" in inside else "(modules)"
        for key in ("(all)", package):
            sums[key].update({count: measured["summary"][count] for count in COUNTS})
    print("package         lines          branches      branches  both")
    low = []
    for package, total in sorted(sums.items()):
        lines, statements, taken, branches = (total[count] for count in COUNTS)
        both = 100 * (lines + taken) / (statements + branches)
        of_branches = 100 * taken / max(branches, 1)
        is_low = package in LIMITED and (both < LEAST or (branches > 0 and of_branches < LEAST))
        low += [package] * is_low
        print(
            f"{package:<12} {lines:>6} of {statements:<6} {taken:>5} of {branches:<5} "
            f"{of_branches:>7.1f}% {both:>6.1f}%"
            f"{f'  below {LEAST} %' if is_low else ''}"
        )
    missing = set(LIMITED) - set(sums)
    return 1 if low or missing else 0


if __name__ == "__main__":
    sys.exit(main())
