"""Numbers that nobody outside of this process knows, for hashes of what a capture names.

Compiled: yes

Whoever makes a capture would else choose addresses that all stand in one bucket of a table, and a
look at it would take as long as the table has entries.
"""

from mypy_extensions import i64


def secret(name: bytes) -> i64:
    """An odd number of 36 bits, by the secret of this process's hash function."""
    return (hash(name) & 0xF_FFFF_FFFF) | 1
