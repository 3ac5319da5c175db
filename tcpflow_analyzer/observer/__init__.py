"""Follows both endpoints of every connection through the state machine. All rules live here."""
