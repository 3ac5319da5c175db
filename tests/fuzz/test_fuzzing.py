"""A short run of the fuzzer finds nothing, and the commands tell what they find."""

import importlib.util
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

import fuzz.__main__ as commands
from fuzz.corpus import HOSTILE, seeds
from fuzz.targets import NAMES, TARGETS, result_of

SECONDS = 15
LEAST = 100  # executions, on a slow machine


@pytest.mark.parametrize("name", NAMES)
def test_target_understands_its_seeds(name: str) -> None:
    made = [octets for octets, _ in zip(seeds(name), range(3), strict=False)]
    assert made
    assert any("refused" not in str(result_of(TARGETS[name], octets))[:20] for octets in made)


def test_replay_prints_what_a_target_makes_of_a_file() -> None:
    words = ["replay", "where", "--octets", str(HOSTILE / "where" / "parentheses.bin")]
    done = CliRunner().invoke(commands.main, words)
    assert done.exit_code == 0
    told = json.loads(done.stdout)
    assert not told["is_defect"]
    assert "more than 50 levels" in told["value"]


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason="needs atheris")
def test_short_run_finds_nothing(tmp_path: Path) -> None:
    (tmp_path / "findings").mkdir()
    ended = commands.fuzz("any_of", tmp_path, SECONDS, seed=1)
    log = (tmp_path / "any_of.log").read_text(errors="replace")
    assert ended.complaint == "", log[-3000:]
    found = [path.read_text() for path in sorted((tmp_path / "findings").glob("*.txt"))]
    assert found == []
    assert ended.executions > LEAST
