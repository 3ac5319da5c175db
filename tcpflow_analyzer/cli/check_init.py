"""`tcpflow check --init`: a configuration from what captures hold."""

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from tcpflow_analyzer.cli.outputs import STANDARD_OUTPUT, Output, OutputChoice, check_outputs
from tcpflow_analyzer.errors import UsageError

if TYPE_CHECKING:
    from tcpflow_analyzer.gate.configuration import Configuration

STANDARD_INPUT: Final = "-"


def write_configuration(
    captures: Sequence[str], configuration: "Configuration", outputs: Sequence[str]
) -> int:
    """Write a configuration to standard output, or to the one file of `--output`.

    Args:
        captures: each alone, as they are checked.
        configuration: of the command line; its settings count.
        outputs: of `--output`.

    Raises:
        UsageError: several outputs, or one that is there already: it may be of a person's work.
        InputError: an input is unusable.
    """
    if len(outputs) > 1:
        raise UsageError("--init writes one configuration")
    path = outputs[0] if outputs else STANDARD_OUTPUT
    if path != STANDARD_OUTPUT and os.path.lexists(path):
        raise UsageError(f"{path}: is there already, and is not replaced")
    check_outputs([OutputChoice("text", path)], captures)
    with Output(path) as output:
        output.write_text(_configuration(captures, configuration))
    return 0


def _configuration(captures: Sequence[str], asked: "Configuration") -> str:
    """Write it; with waiting times as tests need them, if nothing in the captures takes longer."""
    from tcpflow_analyzer.check import survey_captures  # noqa: PLC0415  mistakes first
    from tcpflow_analyzer.gate.configuration import Configuration  # noqa: PLC0415
    from tcpflow_analyzer.gate.first_configuration import (  # noqa: PLC0415
        first_configuration,
        is_slow,
        quick_settings,
    )

    plain = Configuration(settings=asked.settings, together=asked.together)
    if STANDARD_INPUT not in captures:  # which is read only once
        quick = replace(plain, settings=quick_settings(plain.settings))
        services = survey_captures(captures, quick).services
        if not is_slow(services):
            return first_configuration(services, captures, quick=True)
    return first_configuration(survey_captures(captures, plain).services, captures)
