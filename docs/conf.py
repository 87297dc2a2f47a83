"""How `make docs` builds the site with Sphinx.

The source folder is the checkout, not this folder. So a link between two files of the repository is a link of the site
as well, and the executed runbooks are read where the tests keep them.
"""

from itertools import groupby
from pathlib import Path
from typing import Any

from orgkit import __version__

project = "orgkit"
author = "The orgkit authors"
project_copyright = "The orgkit authors. Apache-2.0"
version = release = __version__

root_doc = "docs/index"
include_patterns = [
    "docs/**",
    "tests/notebooks/references/*.ipynb",
    "CHANGELOG.md",
    "CODE_OF_CONDUCT.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
]
exclude_patterns = [".*", "**/.*"]

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_click"]
nb_execution_mode = "off"  # a test executes the runbooks and compares every output: tests/notebooks/test_nbval.py
myst_heading_anchors = 4
default_role = "code"  # `name` in a docstring
python_use_unqualified_type_names = True
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
napoleon_numpy_docstring = False
napoleon_use_rtype = False
nitpick_ignore_regex = [  # types without a page on this site: of other packages, and of orgkit's own modules
    ("py:class", r"(boto3|botocore|collections|datetime|decimal|pathlib|pd)\..*"),
    ("py:class", r"orgkit\.(aws|costs|journal|model)\..*"),
]

html_theme = "furo"
html_title = "orgkit"
html_static_path = ["_site/static"]
html_css_files = ["orgkit.css"]
html_extra_path = ["_site/root"]  # index.html, which leads to docs/index.html
html_copy_source = False
html_show_sourcelink = False


def setup(app: Any) -> None:
    """Sphinx calls this when it has read the settings."""
    app.connect("autodoc-process-docstring", _keep_sentence_of_property, priority=400)  # before napoleon, at 500
    app.connect("sphinx-click-process-description", _keep_columns)
    app.connect("html-page-context", _make_accessible, priority=900)  # after the theme, at 500
    app.connect("build-finished", _name_parts)


def _keep_sentence_of_property(_app: Any, what: str, _name: str, _object: Any, _options: Any, lines: list[str]) -> None:
    """Napoleon takes the words before a colon in a property's first line for its type; after a comment it does not."""
    if what == "property":
        lines[:0] = ["..", ""]


def _keep_columns(_app: Any, _context: Any, lines: list[str]) -> None:
    """Show what a help text aligns in columns, which sphinx-click marks with bars, as it is on a terminal."""
    kept: list[str] = []
    for aligned, group in groupby(lines, key=lambda line: line.startswith("| ")):
        block = [line.removeprefix("| ") for line in group]
        kept += [".. code-block:: none", "", *(f"   {line}" for line in block)] if aligned else block
    lines[:] = kept


def _make_accessible(_app: Any, _page: str, _template: str, context: dict[str, Any], _tree: Any) -> None:
    """Give headings of the navigation a level, and let the keyboard reach code that is wider than the page.

    The empty corner of a table is no header.
    """
    navigation, body = context.get("furo_navigation_tree", ""), context.get("body", "")
    context["furo_navigation_tree"] = navigation.replace('role="heading"', 'role="heading" aria-level="2"')
    for wide in ("<pre>", '<div class="output text_html">'):
        body = body.replace(wide, f'{wide[:-1]} tabindex="0">')
    context["body"] = body.replace("<th></th>", "<td></td>")


def _name_parts(app: Any, error: Exception | None) -> None:
    """Name both sidebars, which a screen reader lists as one otherwise, and the page of the search."""
    if error is not None or app.builder.name != "html":
        return
    for file in Path(app.outdir).rglob("*.html"):
        html = file.read_text(encoding="utf-8")
        for sidebar, name in (("sidebar-drawer", "Pages of the site"), ("toc-drawer", "On this page")):
            html = html.replace(f'<aside class="{sidebar}', f'<aside aria-label="{name}" class="{sidebar}')
        if file.name == "search.html":
            html = html.replace('id="furo-main-content">', 'id="furo-main-content"><h1>Search</h1>')
        file.write_text(html, encoding="utf-8")
