"""Frames of live interfaces: capture engines behind one interface, and what ends a capture."""
