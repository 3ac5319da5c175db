"""Secrets of hashes: other numbers in other processes, the same within one."""

import subprocess
import sys

from support.program import python_environment
from tcpflow_analyzer.table.secret import secret

PRINT = "from tcpflow_analyzer.table.secret import secret; print(secret(b'low half'))"


def test_secret_is_odd_has_36_bits_and_stays() -> None:
    for name in (b"low half", b"high half"):
        assert secret(name) % 2 == 1
        assert 0 < secret(name) < 1 << 36
        assert secret(name) == secret(name)


def test_secret_differs_from_process_to_process() -> None:
    found = set()
    for _ in range(3):
        command = [sys.executable, "-P", "-c", PRINT]
        done = subprocess.run(
            command, env=python_environment(), capture_output=True, text=True, check=True
        )
        found.add(int(done.stdout))
    assert len(found) > 1
