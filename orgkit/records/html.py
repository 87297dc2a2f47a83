"""The record as one HTML file for reading: nothing in it runs, and nothing is fetched from anywhere."""

import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from functools import cache
from html import escape
from importlib.resources import files
from threading import Lock
from typing import Any

from orgkit.records.beautiful_soup import postpone_beautiful_soup
from orgkit.records.iri_parser import postpone_iri_parser
from orgkit.records.result import RunResult
from orgkit.records.run_summary import RecordDocuments, render_head, render_proof, render_summary

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
RENDERED_TYPES = ("image/svg+xml", "image/png", "text/html", "text/plain")  # the first of these that an output has
TAGS = {
    "a", "abbr", "b", "blockquote", "br", "caption", "code", "col", "colgroup", "dd", "del", "details", "div", "dl",
    "dt", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "kbd", "li", "ol", "p", "pre", "q", "s", "small",
    "span", "strong", "sub", "summary", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "u", "ul",
}  # fmt: skip
ATTRIBUTES = {
    "*": {"class", "id", "title"},
    "a": {"href"},
    "ol": {"start"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
}
# A "<" that begins none of these tags, or one that is not complete. nh3 would remove it, and a script with its text:
# a record shows what was there.
NOT_A_TAG = re.compile(rf"""<(?!/?(?:{"|".join(sorted(TAGS))})(?:[\s/](?:[^<>"']|"[^"<]*"|'[^'<]*')*+)?>)""", re.I)
# pandas writes one into every table. None is looked for beyond the next: "<style<style…" would take minutes.
STYLE_BLOCK = re.compile(r"<style\b(?:(?!<style\b).)*?</style\s*>", re.S | re.I)
# What moves a terminal's cursor (`cat`, `less -r`) or turns a line around: no name may do that to its reader.
CONTROL_CHARACTERS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
IMAGE_WITHOUT_ALT = re.compile(r"<img (?![^>]*\balt=)")
ALT = "A picture; what it shows follows as text where there is any."
AS_TEXT = "The same as text"
HEADING = re.compile(r"<(/?)h([1-4])\b")
TREE = 'aria-label="Organization chart"'  # of the drawing of orgkit.runbook.views.tree
MARKED = 'class="sign"'  # stands before each name in it that a plan changes
# Code is for those who look for it: folded, next to what it has shown. What is wider than the page is scrolled, by the
# keyboard as well.
TEMPLATE = """{%- extends "index.html.j2" -%}
{% block input_group -%}
{%- if cell.source | trim -%}
<details class="code"><summary>Code</summary>
{{ super() }}
</details>
{%- endif -%}
{%- endblock input_group %}
{% block output %}
<div class="output_area" role="group" aria-label="output" tabindex="0">
{{ self.output_area_prompt() }}
{{ super.super() }}
</div>
{% endblock output %}
"""
NO_DOCUMENTS = RecordDocuments()

_one_at_a_time = Lock()  # an exporter keeps state while it works


def page(
    notebook: Mapping[str, Any], result: RunResult, *, label: str, run: str, documents: RecordDocuments = NO_DOCUMENTS
) -> str:
    """The whole file: outcome, changes, costs and files first, then the notebook as it was executed.

    The organization is drawn once: as the notebook shows it where most of it is marked as changed.
    """
    whole = (
        f"{head(f'{label}: {result.outcome}')}<body>\n{render_head(result, label)}\n<main>\n"
        f"{render_summary(result, documents, _tree(notebook))}\n{render_proof(result, documents, label, run)}\n"
        f'<section id="runbook">\n<h2>The runbook as it was executed</h2>\n{body(notebook)}\n</section>\n</main>\n'
        f"<footer>Record of run {escape(run)}.</footer>\n</body>\n</html>\n"
    )
    return CONTROL_CHARACTERS.sub("\N{REPLACEMENT CHARACTER}", whole.replace("\r\n", "\n"))


def head(title: str, style: str = "") -> str:
    """The head of a page, with the style sheet of records and what this page adds to it."""
    css = (files("orgkit.records") / "record.css").read_text(encoding="utf-8")
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta name="referrer" content="no-referrer">\n'
        f"<title>{escape(title)}</title>\n<style>\n{css}{style}</style>\n</head>\n"
    )


def body(notebook: Mapping[str, Any]) -> str:
    """The cells of a notebook as HTML, everything in them escaped or on the list of what is harmless."""
    postpone_iri_parser()
    import nbformat  # late: imports that no notebook kernel should pay for

    whole = {"nbformat": 4, "nbformat_minor": 4, "metadata": {}, **notebook}
    node = nbformat.from_dict({**whole, "cells": [_cell(cell) for cell in whole.get("cells", ())]})
    try:
        with _one_at_a_time:
            html: str = _exporter().from_notebook_node(node)[0]
    except nbformat.ValidationError as error:  # somebody's editor made it: the record is sealed all the same
        return f"<p>The notebook cannot be shown as a page: {escape(error.message)}</p>"
    # The page and the section have headings of their own, above those of the notebook.
    return HEADING.sub(_lower_heading, IMAGE_WITHOUT_ALT.sub(f'<img alt="{ALT}" ', html))


def _lower_heading(match: re.Match[str]) -> str:
    return f"<{match[1]}h{int(match[2]) + 2}"


@cache
def _highlighter() -> Any:
    """nbconvert's class for code as HTML, with IPython's lexer from a package of its own: nbconvert imports IPython."""
    from nbconvert.filters.highlight import Highlight2HTML

    class Highlight(Highlight2HTML):  # type: ignore[misc]  # nbconvert has no types
        def __call__(self, source: str, language: str | None = None, metadata: Any = None) -> str:
            if (language or self.pygments_lexer) != "ipython3" or "magics_language" in (metadata or {}):
                return str(super().__call__(source, language, metadata))
            from ipython_pygments_lexers import IPython3Lexer
            from pygments import highlight
            from pygments.formatters import HtmlFormatter

            formatter = HtmlFormatter(cssclass=" highlight hl-ipython3", **self.extra_formatter_options)
            return str(highlight(source or " ", IPython3Lexer(), formatter))

    return Highlight


@cache
def _exporter() -> Any:
    """nbconvert's plainest template with our own sanitizer: its own escapes headings and the heads of tables."""
    postpone_iri_parser()
    postpone_beautiful_soup()
    import nbformat
    from nbconvert.exporters.html import HTMLExporter
    from nbconvert.exporters.templateexporter import TemplateExporter
    from nbconvert.filters.widgetsdatatypefilter import WidgetsDataTypeFilter
    from traitlets.config import Config

    class PageExporter(HTMLExporter):  # type: ignore[misc]  # nbconvert has no types
        """Without nbconvert's second reading of the whole page by Beautiful Soup, a sixth of a run's time in all."""

        def from_notebook_node(self, nb: Any, resources: Any = None, **options: Any) -> tuple[str, Any]:
            """As in HTMLExporter; `body` adds the descriptions of pictures."""
            language = nb.metadata.get("language_info", {})
            lexer = language.get("pygments_lexer", language.get("name"))
            resources = self._init_resources(resources)
            self.register_filter("highlight_code", _highlighter()(lexer, parent=self))
            types = WidgetsDataTypeFilter(notebook_metadata=self._nb_metadata, parent=self, resources=resources)
            self.register_filter("filter_data_type", types)
            return TemplateExporter.from_notebook_node(self, nb, resources, **options)  # type: ignore[no-any-return]

        def _validate_preprocessor(self, nbc: Any, preprocessor: Any) -> None:
            """Try the validator that papermill has compiled; nbconvert's own, which accepts more, is another one."""
            try:
                nbformat.validate(nbc)
            except nbformat.ValidationError:
                super()._validate_preprocessor(nbc, preprocessor)

    exporter = PageExporter(
        template_name="basic",
        raw_template=TEMPLATE,
        sanitize_html=True,
        exclude_anchor_links=True,
        config=Config(NbConvertBase={"display_data_priority": list(RENDERED_TYPES)}),
    )
    exporter.log.setLevel("CRITICAL")
    exporter.register_filter("clean_html", clean)
    return exporter


def clean(html: object) -> str:
    """HTML in which only harmless tags and attributes are left; the other tags are shown as text."""
    import nh3

    text = html.decode() if isinstance(html, bytes) else str(html)
    return nh3.clean(
        NOT_A_TAG.sub("&lt;", STYLE_BLOCK.sub("", text)),
        tags=TAGS, clean_content_tags=set(), attributes=ATTRIBUTES, url_schemes={"https", "http"}, link_rel=None,
    )  # fmt: skip


def _cell(cell: Mapping[str, Any]) -> dict[str, Any]:
    outputs = [item for output in cell.get("outputs", ()) for item in _rendered_outputs(output)]
    return {**cell, **({"outputs": outputs} if "outputs" in cell else {})}


def _rendered_outputs(output: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """An output with only what is shown. What a picture says in words is folded under it; of a tree that is enough."""
    if "data" not in output:
        yield output
        return
    data = {kind: output["data"][kind] for kind in RENDERED_TYPES if kind in output["data"]}
    first = next(iter(data), None)
    if first is None:
        return
    is_tree = _is_tree(output)
    # Its own metadata can name files to load and frames to show: none of it is needed.
    if not is_tree:
        yield {**output, "data": {first: data[first]}, "metadata": {}}
    if first.startswith("image/") and "text/plain" in data:
        summary = "The organization at this point, as text" if is_tree else AS_TEXT
        words = {"text/html": _folded_text(summary, _text_of(data["text/plain"]))}
        yield {"output_type": "display_data", "data": words, "metadata": {}}


def _is_tree(output: Mapping[str, Any]) -> bool:
    data = output.get("data")
    return isinstance(data, Mapping) and TREE in _text_of(data.get("image/svg+xml", ""))


def _tree(notebook: Mapping[str, Any]) -> str:
    """The drawing with most marks, the last of several that have as many; and the same as text."""
    outputs = [output for cell in notebook.get("cells", ()) for output in cell.get("outputs", ())]
    trees = [output["data"] for output in outputs if _is_tree(output)]
    if not trees:
        return ""
    tree = max(reversed(trees), key=lambda data: _text_of(data["image/svg+xml"]).count(MARKED))
    source = b64encode(_text_of(tree["image/svg+xml"]).encode(errors="replace")).decode()
    picture = f'<img alt="The organization as a tree; it follows as text" src="data:image/svg+xml;base64,{source}">'
    return f'<figure tabindex="0">{picture}{_folded_text(AS_TEXT, _text_of(tree.get("text/plain", "")))}</figure>'


def _folded_text(summary: str, text: str) -> str:
    return f"<details><summary>{summary}</summary><pre>{escape(text)}</pre></details>" if text else ""


def _text_of(text: object) -> str:
    """A text of a notebook, which may be kept as a list of its lines."""
    return "".join(map(str, text)) if isinstance(text, list) else str(text)
