"""Decides whether captures pass: rules, expectations, a baseline of what is known."""
