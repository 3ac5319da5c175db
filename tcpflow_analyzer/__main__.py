"""Runs the command line as `python -m tcpflow_analyzer`."""

from tcpflow_analyzer.cli.main import main

if __name__ == "__main__":
    main()
