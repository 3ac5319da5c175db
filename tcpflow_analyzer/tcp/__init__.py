"""Vocabulary of RFC 9293: states, control bits, sequence arithmetic, options."""
