#!/usr/bin/env python3
"""Builds what a release consists of, and tries each of it in an empty environment.

    tox -e wheels [-- --plain]

Leaves in dist/: the source archive, a wheel of plain Python for every system, and on a system with
a C compiler one whose modules are compiled for this interpreter; on Linux with the widest platform
tag that auditwheel finds it to satisfy. Both wheels are built from the source archive. Each is then
installed into an environment of its own, and must name the right twin and give the same report of
every recording. With SOURCE_DATE_EPOCH (here: the time of the last commit) builds are reproducible.

Options:
    --plain    leave out the compiled wheel, which takes minutes
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DIST = ROOT / "dist"


def run(*command: str | Path, **variables: str) -> str:
    """Run a command outside of the source tree, and give what it prints.

    Raises:
        SystemExit: it failed; what it said is shown.
    """
    words = [str(word) for word in command]
    with tempfile.TemporaryDirectory() as elsewhere:
        done = subprocess.run(
            words,
            cwd=elsewhere,
            env=os.environ | variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        sys.exit(f"{' '.join(words)}: status {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def build(source: Path, kind: str, folder: Path, **variables: str) -> Path:
    """Build a source archive or a wheel in an environment of its own."""
    run(sys.executable, "-m", "build", f"--{kind}", "-o", folder, source, **variables)
    (built,) = folder.iterdir()
    return built


def build_all(work: Path, plain: bool) -> list[tuple[Path, str]]:
    """Fill dist/; what was built, with the twin that it must run."""
    for old in DIST.glob("tcpflow_analyzer-*"):
        old.unlink()
    DIST.mkdir(exist_ok=True)
    archive = build(ROOT, "sdist", work / "sdist")
    unpacked = work / "unpacked"
    shutil.unpack_archive(archive, unpacked, filter="data")
    (source,) = unpacked.iterdir()
    parts = [(archive, "interpreted")]
    parts.append((build(source, "wheel", work / "plain", TCPFLOW_COMPILE="no"), "interpreted"))
    if not plain:
        compiled = build(source, "wheel", work / "compiled", TCPFLOW_COMPILE="require")
        if sys.platform == "linux":
            compiled = widely_tagged(compiled, work / "tagged")
        parts.append((compiled, "compiled"))
    return [(Path(shutil.copy(part, DIST)), twin) for part, twin in parts]


def widely_tagged(wheel: Path, folder: Path) -> Path:
    """A wheel for Linux with the tag of the oldest C library that it can run on."""
    run(sys.executable, "-m", "auditwheel", "repair", "--plat", "auto", "-w", folder, wheel)
    (tagged,) = folder.iterdir()
    return tagged


def try_it(part: Path, twin: str, work: Path) -> str:
    """Install into an empty environment; a digest of the report of every recording."""
    home = work / f"try-{part.name}"
    venv.create(home, with_pip=True)
    programs = home / ("Scripts" if os.name == "nt" else "bin")
    run(programs / "python", "-m", "pip", "install", "-q", part, TCPFLOW_COMPILE="no")
    version = run(programs / "tcpflow", "--version").strip()
    if not version.endswith(f"({twin})"):
        sys.exit(f"{part.name} should be {twin}; it says {version}")
    for program in ("tcpflow", "tcpflow-analyzer"):
        run(programs / program, "--help")
    recordings = sorted((ROOT / "fixtures" / "recordings").glob("*.pcap*"))
    report = run(programs / "tcpflow", "analyze", "--separate", "--format", "json", *recordings)
    captures = json.loads(report)["captures"]
    for capture in captures:
        del capture["tool"]["compiled"]  # the one thing in which the twins differ
    return hashlib.sha256(json.dumps(captures).encode()).hexdigest()


def main() -> None:
    """Build, try, and list what was made with its digest."""
    if "SOURCE_DATE_EPOCH" not in os.environ:
        time = run("git", "-C", ROOT, "log", "-1", "--format=%ct").strip()
        os.environ["SOURCE_DATE_EPOCH"] = time
    with tempfile.TemporaryDirectory(prefix="tcpflow-release-") as folder:
        work = Path(folder)
        parts = build_all(work, "--plain" in sys.argv[1:])
        reports = {part.name: try_it(part, twin, work) for part, twin in parts}
    if len(set(reports.values())) != 1:
        sys.exit(f"reports differ: {reports}")
    for part, twin in parts:
        digest = hashlib.sha256(part.read_bytes()).hexdigest()
        print(f"{digest}  dist/{part.name}  ({twin}, {part.stat().st_size:,} octets)")


if __name__ == "__main__":
    main()
