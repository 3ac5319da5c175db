"""Connections and endpoints as they are known, and the table that finds them. No rules."""
