"""The options that decide how captures are read and followed, of commands that look at parts.

`tcpflow analyze` has more of them; connections have the same numbers as there where these agree.
"""

import functools
from collections.abc import Callable
from typing import Any

import click

from tcpflow_analyzer.cli.analysis_options import set_option, set_parameters
from tcpflow_analyzer.cli.option_types import duration, profile_choice
from tcpflow_analyzer.settings import Settings

OPTIONS = (
    click.option(
        "-f",
        "--filter",
        "capture_filter",
        metavar="BPF",
        help="Only frames that this filter passes, as 'tcp port 443'.",
    ),
    set_option,
    click.option(
        "--profile",
        "profiles",
        type=profile_choice,
        multiple=True,
        metavar="[CIDR=]NAME",
        help="How hosts behave where the wire does not show it: linux, windows, macos, freebsd, "
        "rfc.",
    ),
    click.option(
        "--msl",
        type=duration,
        metavar="TIME",
        help="Maximum segment lifetime, as 30s or 2min; TIME-WAIT lasts two of them.",
    ),
    click.option(
        "--checksum",
        type=click.Choice(["auto", "off", "strict"]),
        default="auto",
        help="strict leaves segments with bad checksums out, as their receivers do.",
    ),
    click.option(
        "--tunnel",
        type=click.Choice(["inner", "outer"]),
        default="inner",
        help="Which connection of a tunnel is followed.",
    ),
    click.option(
        "--vlan-separates",
        is_flag=True,
        help="The same addresses in two VLANs are two connections.",
    ),
    click.option(
        "--decoder",
        type=click.Choice(["native", "tshark"]),
        default="native",
        help="tshark reads what Wireshark reads, slowly.",
    ),
)


def capture_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options to a command, which gets what they say as `settings`."""

    @functools.wraps(command)
    def with_settings(**values: Any) -> Any:  # noqa: ANN401 -- click's values
        settings = Settings(
            capture_filter=values.pop("capture_filter") or "",
            profiles=dict(values.pop("profiles")),
            msl_ns=values.pop("msl"),
            checksum=values.pop("checksum"),
            tunnel_outer=values.pop("tunnel") == "outer",
            vlan_separates=values.pop("vlan_separates"),
            decoder=values.pop("decoder"),
        )
        settings = set_parameters(settings, values.pop("assignments"))
        return command(settings=settings, **values)

    decorated: Callable[..., Any] = with_settings
    for option in reversed(OPTIONS):
        decorated = option(decorated)
    return decorated
