"""Measures the program: captures made by code, other programs beside it, instructions counted.

`PYTHONPATH=tests python -P -m benchmarks --help` tells what there is, docs/performance.md what came
out.
"""
