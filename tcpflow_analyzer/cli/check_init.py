"""`tcpflow check --init`: a configuration from what captures hold."""

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tcpflow_analyzer.cli.outputs import STANDARD_OUTPUT, Output, OutputChoice, check_outputs
from tcpflow_analyzer.errors import UsageError

if TYPE_CHECKING:
    from tcpflow_analyzer.gate.configuration import Configuration


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
    from tcpflow_analyzer.check import survey_captures  # noqa: PLC0415  mistakes first
    from tcpflow_analyzer.gate.configuration import Configuration  # noqa: PLC0415
    from tcpflow_analyzer.gate.first_configuration import first_configuration  # noqa: PLC0415

    chosen = Configuration(settings=configuration.settings, together=configuration.together)
    with Output(path) as output:
        survey = survey_captures(captures, chosen)
        output.write_text(first_configuration(survey.services, captures))
    return 0
