"""Octets that nobody meant to be read: targets for fuzzing, and the cases that came of it.

`PYTHONPATH=tests python -P -m fuzz --help` tells what there is, docs/CONTRIBUTING.md how to use it.
"""
