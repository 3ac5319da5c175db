"""Options that several commands have, so that they mean and say the same everywhere."""

from typing import Final

import click

from tcpflow_analyzer.cli.option_types import assignment, codes, duration, profile_choice

select_option: Final = click.option(
    "--select",
    type=codes,
    multiple=True,
    metavar="CODES",
    help="Only these findings: codes, names or families, as in CL,TW009.",
)
ignore_option: Final = click.option(
    "--ignore", type=codes, multiple=True, metavar="CODES", help="Not these findings."
)
filter_option: Final = click.option(
    "-f",
    "--filter",
    "capture_filter",
    metavar="BPF",
    help="Only frames that this filter passes, as 'tcp port 443'.",
)
set_option: Final = click.option(
    "--set",
    "assignments",
    type=assignment,
    multiple=True,
    metavar="NAME=VALUE",
    help="A threshold, as close_wait_warn=30s; `tcpflow explain parameters` lists them.",
)
profile_option: Final = click.option(
    "--profile",
    "profiles",
    type=profile_choice,
    multiple=True,
    metavar="[CIDR=]NAME",
    help="How hosts behave where the wire does not show it: linux, windows, macos, freebsd, rfc.",
)
msl_option: Final = click.option(
    "--msl",
    type=duration,
    metavar="TIME",
    help="Maximum segment lifetime, as 30s or 2min; TIME-WAIT lasts two of them.",
)
