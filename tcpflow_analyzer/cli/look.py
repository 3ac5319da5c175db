"""How text is shown: width and colours of the place where it goes."""

import os
from typing import TYPE_CHECKING

from tcpflow_analyzer.cli.names_option import chosen_names
from tcpflow_analyzer.cli.outputs import STANDARD_OUTPUT, Output

if TYPE_CHECKING:
    from tcpflow_analyzer.report.page import Look


def look_for(output: Output, color: bool | None) -> "Look":
    """Find out how text for an output is to look.

    Args:
        output: where it goes. A terminal gives its width; everything else has a fixed one, less
            where a smaller terminal stands behind the pipe, as for a pager.
        color: what the user said; None if nothing: colours for terminals, unless NO_COLOR is set
            (https://no-color.org) or TERM is dumb.
    """
    from tcpflow_analyzer.report.page import PIPED_WIDTH, Look  # noqa: PLC0415  usage errors first

    if color is None:
        plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
        color = output.is_terminal and not plain
    if output.is_terminal:
        width = _columns(1) or PIPED_WIDTH
    elif output.path == STANDARD_OUTPUT:
        width = min(_columns(2) or PIPED_WIDTH, PIPED_WIDTH)
    else:
        width = PIPED_WIDTH
    return Look(width, color, output.encoding, chosen_names())


def _columns(file_number: int) -> int:
    """Give what COLUMNS says, else the width of the terminal behind a file; 0 if there is none."""
    said = os.environ.get("COLUMNS", "")
    if said.isdigit():
        return int(said)
    try:
        return os.get_terminal_size(file_number).columns
    except (OSError, ValueError):
        return 0
