"""Findings about what acts between the ends (MB)."""
