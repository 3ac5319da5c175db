"""Runs the command line, as `tcpflow` and as `python -m tcpflow_analyzer`."""

import signal
from typing import NoReturn


def main() -> NoReturn:
    """Run the program on this process's command line, and end the process."""
    # Python's own handler would show a traceback while the program is imported, which then says
    # itself what the interrupt key does.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from tcpflow_analyzer.cli.main import main as run  # noqa: PLC0415  see above

    run()


if __name__ == "__main__":
    main()
