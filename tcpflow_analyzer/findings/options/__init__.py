"""Findings about header fields and options (OP)."""
