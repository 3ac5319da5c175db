"""Floods, scans, outages: what only many connections together show."""
