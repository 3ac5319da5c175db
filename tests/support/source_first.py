"""Loads the interpreted twin out of a compiled install.

Install the finder before the first import of a submodule, in a process of its own: one module's
source beside compiled others would still use the compiled ones.

    python -P -c "import support.source_first as s; s.install(); ..."
"""

import importlib.machinery
import sys
from collections.abc import Sequence
from types import ModuleType


class SourceFirst:
    """Meta path finder: below tcpflow_analyzer only .py files are seen."""

    @staticmethod
    def find_spec(
        name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Find the source of a submodule of tcpflow_analyzer; None for everything else."""
        if not name.startswith("tcpflow_analyzer.") or path is None:
            return None
        for entry in path:
            loader = (importlib.machinery.SourceFileLoader, [".py"])
            spec = importlib.machinery.FileFinder(entry, loader).find_spec(name)
            if spec is not None:
                return spec
        return None


def install() -> None:
    """Put the finder in front of all others.

    Raises:
        RuntimeError: a submodule was imported before, and may be the compiled one.
    """
    early = [name for name in sys.modules if name.startswith("tcpflow_analyzer.")]
    if early:
        raise RuntimeError(f"too late, already imported: {', '.join(sorted(early))}")
    sys.meta_path.insert(0, SourceFirst())
