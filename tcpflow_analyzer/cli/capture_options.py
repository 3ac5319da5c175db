"""The options that decide how captures are read and followed, of commands that look at parts.

`tcpflow analyze` has more of them; connections have the same numbers as there where these agree.
"""

import functools
from collections.abc import Callable
from typing import Any

import click

from tcpflow_analyzer.cli.analysis_options import set_parameters
from tcpflow_analyzer.cli.shared_options import (
    filter_option,
    msl_option,
    profile_option,
    set_option,
)
from tcpflow_analyzer.settings import Settings

OPTIONS = (
    filter_option,
    set_option,
    profile_option,
    msl_option,
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
