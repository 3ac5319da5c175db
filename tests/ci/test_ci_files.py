"""The files of docs/ci: valid by the schemas of those who read them, and their commands run."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from pre_commit.clientlib import load_manifest

import tcpflow_analyzer
from support.places import ROOT
from support.small_captures import closed, refused
from tcpflow_analyzer.cli.main import COMMANDS

CI = ROOT / "docs" / "ci"
ACTION = CI / "github-action" / "action.yml"
TEMPLATE = CI / "gitlab" / "tcpflow.gitlab-ci.yml"
HOOKS = ROOT / ".pre-commit-hooks.yaml"
CONTAINERFILE = CI / "container" / "Containerfile"
PAGES = sorted(CI.glob("*.md"))
PACKAGE_FOLDER = str(Path(tcpflow_analyzer.__path__[0]).parent)

pytestmark = pytest.mark.skipif(os.name == "nt", reason="these scripts are for POSIX shells")


@pytest.fixture
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a build, with `tcpflow` on the path and captures that pass and fail."""
    programs = tmp_path / "programs"
    programs.mkdir()
    program = programs / "tcpflow"
    program.write_text(
        f'#!/bin/sh\nPYTHONPATH="{PACKAGE_FOLDER}" exec "{sys.executable}" '
        '-P -m tcpflow_analyzer "$@"\n'
    )
    program.chmod(0o755)
    folder = tmp_path / "build"
    (folder / "captures" / "more").mkdir(parents=True)
    (folder / "captures" / "good one.pcap").write_bytes(closed())
    (folder / "captures" / "more" / "refused.pcap").write_bytes(refused())
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.chdir(folder)
    return folder


def valid_by(schema: str, path: Path) -> None:
    """Check a file against a schema that check-jsonschema brings along."""
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def load(path: Path) -> Any:  # noqa: ANN401  what YAML holds
    """A YAML file."""
    return yaml.safe_load(path.read_text())


# GitHub


def test_action_is_valid_by_githubs_schema() -> None:
    valid_by("vendor.github-actions", ACTION)


def test_workflows_are_valid_by_githubs_schema() -> None:
    for path in (ROOT / ".github" / "workflows").iterdir():
        valid_by("vendor.github-workflows", path)


def test_action_hands_every_input_to_its_script_by_the_environment() -> None:
    action = load(ACTION)
    steps = action["runs"]["steps"]
    assert not any("${{" in step["run"] for step in steps)
    handed = {value for step in steps for value in step["env"].values()}
    assert handed == {f"${{{{ inputs.{name} }}}}" for name in action["inputs"]}
    script = (ACTION.parent / "check.sh").read_text()
    for name in steps[1]["env"]:
        assert f"${name}" in script or f"${{{name}:-}}" in script


def run_action(folder: Path, **inputs: str) -> tuple[int, str, dict[str, str]]:
    """Run the action's script; gives status, log, and the files that GitHub reads."""
    files = {name: folder.parent / name for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    temporary = folder.parent / "temporary"
    temporary.mkdir()
    environment = os.environ | inputs | {"RUNNER_TEMP": str(temporary)}
    environment |= {name: str(path) for name, path in files.items()}
    done = subprocess.run(
        ["bash", str(ACTION.parent / "check.sh")],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert list(temporary.iterdir()) == []
    texts = {name: path.read_text() if path.exists() else "" for name, path in files.items()}
    return done.returncode, done.stdout + done.stderr, texts


def test_action_fails_with_annotations_and_a_summary(build: Path) -> None:
    status, log, files = run_action(
        build, CAPTURES="captures/**/*.pcap\n", JUNIT="junit.xml", SARIF="tcpflow.sarif"
    )
    assert status == 1, log
    assert "HS004" in log.split("::error")[0]
    assert "::error file=captures/more/refused.pcap,line=1,title=HS004 connection-refused::" in log
    assert files["GITHUB_OUTPUT"] == "status=1\n"
    assert files["GITHUB_STEP_SUMMARY"].startswith("### TCP traffic: 1 problem in 2 captures\n")
    assert json.loads((build / "tcpflow.sarif").read_text())["version"] == "2.1.0"
    assert 'name="captures/good one.pcap"' in (build / "junit.xml").read_text()


def test_action_passes_what_is_well(build: Path) -> None:
    status, log, files = run_action(build, CAPTURES="captures/good one.pcap")
    assert status == 0, log
    assert "::" not in log
    assert files["GITHUB_OUTPUT"] == "status=0\n"


def test_action_passes_options_on(build: Path) -> None:
    arguments = "--fail-on\nHS004\n--ignore=HS004"
    status, log, _ = run_action(build, CAPTURES="captures", ARGUMENTS=arguments)
    assert status == 0, log


@pytest.mark.parametrize("captures", ["none/*.pcap", "none.pcap", "$(touch gone)"])
def test_action_without_captures_is_unusable(build: Path, captures: str) -> None:
    status, log, files = run_action(build, CAPTURES=captures)
    assert status == 2, log
    assert files["GITHUB_OUTPUT"] == "status=2\n"
    assert not (build / "gone").exists()


# GitLab


def test_template_is_valid_by_gitlabs_schema() -> None:
    valid_by("vendor.gitlab-ci", TEMPLATE)


@pytest.mark.parametrize(("captures", "expected"), [("captures/more", 1), ("none", 2)])
def test_template_writes_the_reports_that_it_keeps(
    build: Path, captures: str, expected: int
) -> None:
    job = load(TEMPLATE)[".tcpflow-check"]
    variables = job["variables"] | {"TCPFLOW_CAPTURES": captures}
    (script,) = job["script"]
    done = subprocess.run(
        ["bash", "-e", "-c", script], env=os.environ | variables, capture_output=True, check=False
    )
    assert done.returncode == expected, done.stderr
    reports = job["artifacts"]["reports"]
    assert set(reports.values()) == set(job["artifacts"]["paths"])
    if expected == 1:
        assert "<testsuites " in (build / reports["junit"]).read_text()
        (entry,) = json.loads((build / reports["codequality"]).read_text())
        assert entry["check_name"] == "tcpflow/HS004"


# pre-commit


def test_hook_is_read_by_pre_commit() -> None:
    (hook,) = load_manifest(str(HOOKS))
    assert hook["id"] == "tcpflow-check"
    pattern = re.compile(hook["files"])
    for name in ("a.pcap", "b/a.pcapng.zst", "a.cap.gz"):
        assert pattern.search(name)
    for name in ("a.pcap.py", "pcap", "a.capnp"):
        assert not pattern.search(name)


def test_hook_runs_on_the_files_that_are_committed(build: Path) -> None:
    (hook,) = load_manifest(str(HOOKS))
    command = [*hook["entry"].split(), *hook["args"]]
    done = subprocess.run([*command, "captures/good one.pcap"], capture_output=True, check=False)
    assert done.returncode == 0
    paths = [str(path) for path in sorted(build.rglob("*.pcap"))]
    done = subprocess.run([*command, *paths], capture_output=True, check=False)
    assert done.returncode == 1
    assert b"HS004" in done.stdout


# Containers


def instructions() -> list[tuple[str, str]]:
    """The instructions of the recipe, continued lines joined."""
    text = re.sub(r"(?m)^#.*\n", "", CONTAINERFILE.read_text()).replace("\\\n", " ")
    lines = [line.split(None, 1) for line in text.splitlines() if line.strip()]
    return [(name, " ".join(rest.split())) for name, rest in lines]


def test_container_copies_what_is_there_and_all_that_the_build_needs() -> None:
    copied = {
        source
        for name, rest in instructions()
        if name == "COPY" and "--from" not in rest
        for source in rest.split()[:-1]
    }
    assert copied == {"pyproject.toml", "README.md", "LICENSE", "tcpflow_analyzer"}
    for source in copied:
        assert (ROOT / source).exists()


def test_container_runs_the_program_and_not_as_root() -> None:
    recipe = instructions()
    assert [rest for name, rest in recipe if name == "USER"] == ["1000"]
    assert ("ENTRYPOINT", '["tcpflow"]') in recipe
    known = {"FROM", "RUN", "COPY", "ENV", "USER", "WORKDIR", "ENTRYPOINT", "CMD"}
    assert {name for name, _ in recipe} <= known
    assert recipe[0][0] == "FROM"


def test_container_commands_are_shell() -> None:
    for name, rest in instructions():
        if name == "RUN":
            subprocess.run(["sh", "-n", "-c", rest], check=True)


# Pages


def commands_of(page: Path) -> list[list[str]]:
    """The calls of tcpflow in a page, word by word."""
    call = re.compile(rf"\btcpflow ((?:{'|'.join(COMMANDS)}) [^;|\n`>]*)")
    return [found.split() for found in call.findall(page.read_text())]


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_options_on_the_page_exist(page: Path) -> None:
    environment = os.environ | {"PYTHONPATH": PACKAGE_FOLDER, "COLUMNS": "200"}
    for command, *rest in commands_of(page):
        done = subprocess.run(
            [sys.executable, "-P", "-m", "tcpflow_analyzer", command, "--help"],
            env=environment, capture_output=True, text=True, check=True,
        )  # fmt: skip
        for option in {word.partition("=")[0] for word in rest if word.startswith("--")}:
            assert option in done.stdout, f"{command} {option}"


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_links_of_the_page_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text()):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_yaml_of_the_page_is_valid(page: Path, tmp_path: Path) -> None:
    schemas = {"github.md": "vendor.github-workflows", "gitlab.md": "vendor.gitlab-ci"}
    for block in re.findall(r"```yaml\n(.*?)```", page.read_text(), re.DOTALL):
        path = tmp_path / "page.yml"
        path.write_text(("on: push\n" if page.name == "github.md" else "") + block)
        if page.name in schemas:
            valid_by(schemas[page.name], path)
        assert load(path)


def test_page_about_the_action_names_its_inputs() -> None:
    rows = re.findall(r"(?m)^\| (`[^|]+`) \|", (CI / "github.md").read_text())
    names = {name for cell in rows for name in re.findall(r"`([a-z]+)`", cell)}
    assert names == set(load(ACTION)["inputs"])


def test_pages_are_all_listed() -> None:
    overview = (CI / "README.md").read_text()
    for page in PAGES:
        assert page.name == "README.md" or f"({page.name})" in overview
