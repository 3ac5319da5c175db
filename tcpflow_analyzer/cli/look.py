"""How text is shown: width and colours of the place where it goes."""

import os
from typing import TYPE_CHECKING

from tcpflow_analyzer.cli.outputs import Output

if TYPE_CHECKING:
    from tcpflow_analyzer.report.page import Look


def look_for(output: Output, color: bool | None) -> "Look":
    """Find out how text for an output is to look.

    Args:
        output: where it goes. A terminal gives its width; everything else has a fixed one.
        color: what the user said; None if nothing: colours for terminals, unless NO_COLOR is set
            (https://no-color.org) or TERM is dumb.
    """
    from tcpflow_analyzer.report.page import PIPED_WIDTH, Look  # noqa: PLC0415  usage errors first

    if color is None:
        plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
        color = output.is_terminal and not plain
    width = PIPED_WIDTH
    if output.is_terminal:
        import shutil  # noqa: PLC0415  not for pipes

        width = shutil.get_terminal_size((PIPED_WIDTH, 0)).columns
    return Look(width, color, output.encoding)
