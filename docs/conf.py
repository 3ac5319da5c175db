"""Configuration of Sphinx: `tox -e docs` builds the site; nothing in it needs the network."""

import sys
from pathlib import Path

from tcpflow_analyzer.version import __version__

sys.path.insert(0, str(Path(__file__).parent / "extensions"))

project = "tcpflow_analyzer"
author = "the authors of tcpflow_analyzer"
version = release = __version__
language = "en"
smartquotes = False  # options begin with two dashes

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",  # Google's form of docstrings
    "sphinx_click",
    "sphinx_copybutton",
    "tcpflow_docs.extension",  # what is made from the code
]
root_doc = "index"
default_role = "code"  # of docstrings: what stands in single backticks
exclude_patterns = ["_build", "examples", "extensions"]

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
suppress_warnings = ["myst.xref_missing_outside"]

autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True
python_display_short_literal_types = True

html_theme = "furo"
html_title = "tcpflow_analyzer"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False

# Only what one types is copied, not what the program answers.
copybutton_prompt_text = "$ "
copybutton_exclude = ".linenos, .go"
