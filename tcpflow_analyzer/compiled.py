"""Tells which twin of the package runs: the compiled modules or their Python source.

Compiled modules are ordinary Python files with an extension module of the same name beside them
(build_compiled.py). Nothing here loads one: import machinery is asked where it would look.
"""

from importlib.machinery import EXTENSION_SUFFIXES
from importlib.util import find_spec
from pathlib import Path
from typing import Final

# All compiled modules are built together or not at all, so that one of them speaks for all.
# This one is small and depends on nothing.
_WITNESS: Final = "tcpflow_analyzer.tcp.control_bits"


def is_compiled() -> bool:
    """Whether this process runs the compiled modules, as `tcpflow --version` says."""
    spec = find_spec(_WITNESS)
    return spec is not None and (spec.origin or "").endswith(tuple(EXTENSION_SUFFIXES))


def compiled_modules() -> tuple[str, ...]:
    """Dotted names of the modules for which this install holds a compiled twin, sorted.

    Empty for a plain Python install. What is installed, not what runs: see `is_compiled`.
    """
    package = Path(__file__).parent
    names = set()
    for source in package.rglob("*.py"):
        for suffix in EXTENSION_SUFFIXES:
            if source.with_suffix(suffix).is_file():
                relative = source.relative_to(package.parent).with_suffix("")
                names.add(".".join(relative.parts))
    return tuple(sorted(names))
