"""Follows both endpoints of every connection through the state machine, from outside. All rules live here."""
