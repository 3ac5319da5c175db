"""Sphinx extension: the parts of the reference that are made from the code.

Two ways in: the directive `{generated} NAME` puts what a function gives as Markdown in its place;
`findings` writes a page for each finding before Sphinx looks for pages.
"""

import re
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.util.docutils import SphinxDirective

from tcpflow_docs import configuration, expressions, findings, machine, schemas
from tcpflow_docs.console import ConsoleLexer

PARTS = {
    "findings": findings.overview,
    "state-diagram": machine.diagram,
    "state-edges": machine.edges,
    "state-stays": machine.stays,
    "schema-analyze": schemas.analyze,
    "schema-check": schemas.check,
    "schema-diff": schemas.diff,
    "schema-show": schemas.show,
    "schema-ss": schemas.ss,
    "where-fields": expressions.fields,
    "parameters": configuration.parameters,
    "profiles": configuration.profiles,
}

# Overviews of a folder: their tables of contents are added here, as other readers of Markdown show
# such a block as it stands. First come the pages that they link to, in that order.
OVERVIEWS = frozenset({"adr/README", "ci/README", "how-to/index"})
_LINK = re.compile(r"\]\(([\w-]+)\.md\)")
_CONTENTS = "\n```{{toctree}}\n:hidden:\n\n{names}\n```\n"


class Generated(SphinxDirective):
    """Puts one of PARTS, which is Markdown, in its place."""

    required_arguments: ClassVar[int] = 1

    def run(self) -> list[nodes.Node]:
        """Give the nodes."""
        name = self.arguments[0]
        if name not in PARTS:
            raise self.error(f"nothing is generated under the name {name}")
        return self.parse_text_to_nodes(PARTS[name](), allow_section_headings=True)


def _write_pages(app: Sphinx, _config: Config) -> None:
    findings.write_pages(Path(app.srcdir) / "reference" / "findings")


def _add_contents(app: Sphinx, name: str, source: list[str]) -> None:
    if name in OVERVIEWS:
        page = Path(app.srcdir) / f"{name}.md"
        there = sorted(path.stem for path in page.parent.glob("*.md") if path != page)
        names = dict.fromkeys([*_LINK.findall(source[0]), *there])
        source[0] += _CONTENTS.format(names="\n".join(names))


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    app.connect("config-inited", _write_pages)
    app.connect("source-read", _add_contents)
    app.add_lexer("console", ConsoleLexer)
    app.add_directive("generated", Generated)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
