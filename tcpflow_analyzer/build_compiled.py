"""Build hook: compiles the hot modules with mypyc, or leaves them as Python.

A machine without a C compiler or without Python's header files still gets a working install. The
environment variable TCPFLOW_COMPILE says otherwise: "no" never compiles, "require" makes a failure
fatal (release builds, continuous integration), "auto" is the default. Nothing is written into the
source tree. An editable install is never compiled: it runs the source that one edits.

Used by hatchling at build time only (pyproject.toml lists the modules); not part of the wheel.
"""

import os
import platform
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any, Final

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

REQUIRES: Final = ("mypy[mypyc]==2.4.1", "setuptools>=77")

# Runs in a process of its own: mypyc and setuptools change global state, and a compiler that dies
# must not take the build with it. --follow-imports=silent keeps mypyc from following the package's
# __init__ into click and dpkt, which it cannot compile.
COMPILE: Final = """
import sys
from mypyc.build import mypycify
from setuptools import Distribution
target, *modules = sys.argv[1:]
extensions = mypycify(
    ["--config-file", "pyproject.toml", "--cache-dir", target + "/cache",
     "--follow-imports=silent", "--ignore-missing-imports", *modules],
    opt_level="3", target_dir=target + "/c", group_name="tcpflow_analyzer",
)
if sys.platform != "win32":
    for extension in extensions:
        extension.extra_compile_args += [
            # Functions that nobody outside calls can be inlined: a tenth of the time.
            "-fvisibility=hidden",
            # Half the wheel, and with the next line equal octets wherever it is built.
            "-g0",
            "-ffile-prefix-map=" + target + "=.",
        ]
distribution = Distribution({"name": "tcpflow_analyzer", "ext_modules": extensions})
command = distribution.get_command_obj("build_ext")
command.build_lib, command.build_temp = target + "/lib", target + "/o"
command.ensure_finalized()
command.run()
"""


class CompiledBuildHook(BuildHookInterface[Any]):
    """Adds the extension modules of the listed Python modules to a wheel."""

    PLUGIN_NAME = "custom"
    _target: Path | None = None

    def dependencies(self) -> list[str]:
        """Give what has to be installed to compile; nothing where nothing will be compiled."""
        return list(REQUIRES) if self._is_wanted() else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile into a temporary folder and hand the result to the wheel.

        Raises:
            RuntimeError: compiling failed although TCPFLOW_COMPILE is "require".
        """
        if version == "editable" or not self._is_wanted():
            return
        self._target = Path(tempfile.mkdtemp(prefix="tcpflow-build-"))
        result = subprocess.run(  # noqa: S603 - the arguments are this project's own
            [sys.executable, "-c", COMPILE, str(self._target), *self.config["modules"]],
            cwd=self.root,
            env=os.environ | {"MYPYPATH": ""},
            capture_output=True,
            text=True,
            check=False,
        )
        if result.returncode != 0:
            self._remove_target()
            if _wish() == "require":
                raise RuntimeError(f"compiling failed:\n{result.stdout}\n{result.stderr}")
            self.app.display_warning(
                "No compiled modules (TCPFLOW_COMPILE=require shows why); installing plain Python."
            )
            return
        library = self._target / "lib"
        for built in sorted(library.rglob("*")):
            if built.is_file():
                build_data["force_include"][str(built)] = str(built.relative_to(library))
        build_data["pure_python"] = False
        build_data["infer_tag"] = True

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove the temporary folder once the wheel is written."""
        self._remove_target()

    def _is_wanted(self) -> bool:
        wish = _wish()
        if wish == "require":
            return True
        if wish == "no" or platform.python_implementation() != "CPython":
            return False
        if sys.platform == "win32":
            return True  # setuptools finds the compiler by the registry; the attempt is cheap
        compiler = (os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc").split()[0]
        header = Path(sysconfig.get_path("include")) / "Python.h"
        return shutil.which(compiler) is not None and header.is_file()

    def _remove_target(self) -> None:
        if self._target is not None:
            shutil.rmtree(self._target, ignore_errors=True)
            self._target = None


def _wish() -> str:
    """TCPFLOW_COMPILE: "auto", "no" or "require".

    Raises:
        ValueError: any other value; a misspelt "require" must not pass for "auto".
    """
    wish = os.environ.get("TCPFLOW_COMPILE", "auto")
    if wish not in {"auto", "no", "require"}:
        raise ValueError(f'TCPFLOW_COMPILE is "{wish}"; it can be auto, no or require')
    return wish
