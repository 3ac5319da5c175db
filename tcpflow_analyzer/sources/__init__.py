"""Where frames come from: capture files, text traces, live interfaces.

Only this package opens anything.
"""
