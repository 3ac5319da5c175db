"""Findings about keep-alives and idle connections (KA)."""
