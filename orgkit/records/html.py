"""The record as one HTML file for reading: nothing in it runs, and nothing is fetched from anywhere."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from html import escape
from importlib.resources import files
from threading import Lock
from typing import Any

from orgkit.costs.estimate.assumptions import SCENARIOS
from orgkit.errors import EXIT_APPROVAL_NEEDED, EXIT_RETRY_LATER, EXIT_WAITING
from orgkit.records.iri_parser import postpone_iri_parser
from orgkit.records.result import RunResult

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

_one_at_a_time = Lock()  # an exporter keeps state while it works


def page(notebook: Mapping[str, Any], result: RunResult, *, label: str, run: str) -> str:
    """The whole file: a head with the outcome, then the notebook as it was executed."""
    title = escape(f"{label}: {result.outcome}")
    css = (files("orgkit.records") / "record.css").read_text(encoding="utf-8")
    whole = (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta name="referrer" content="no-referrer">\n'
        f"<title>{title}</title>\n<style>\n{css}</style>\n</head>\n<body>\n"
        f"{_head(result, label, run)}\n<main>\n{body(notebook)}\n</main>\n"
        f"<footer>Record of run {escape(run)}. Beside this page lie the notebook, the plan, the events and, in "
        f"manifest.json, the sha256 of each.</footer>\n</body>\n</html>\n"
    )
    return CONTROL_CHARACTERS.sub("\N{REPLACEMENT CHARACTER}", whole.replace("\r\n", "\n"))


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
    return IMAGE_WITHOUT_ALT.sub(f'<img alt="{ALT}" ', html)


@cache
def _exporter() -> Any:
    """nbconvert's plainest template with our own sanitizer: its own escapes headings and the heads of tables."""
    postpone_iri_parser()
    from nbconvert.exporters.html import HTMLExporter
    from nbconvert.exporters.templateexporter import TemplateExporter
    from nbconvert.filters.highlight import Highlight2HTML
    from nbconvert.filters.widgetsdatatypefilter import WidgetsDataTypeFilter
    from traitlets.config import Config

    class PageExporter(HTMLExporter):  # type: ignore[misc]  # nbconvert has no types
        """Without nbconvert's second reading of the whole page by Beautiful Soup, a sixth of a run's time in all."""

        def from_notebook_node(self, nb: Any, resources: Any = None, **options: Any) -> tuple[str, Any]:
            """As in HTMLExporter; `body` adds the descriptions of pictures."""
            language = nb.metadata.get("language_info", {})
            lexer = language.get("pygments_lexer", language.get("name"))
            resources = self._init_resources(resources)
            self.register_filter("highlight_code", Highlight2HTML(pygments_lexer=lexer, parent=self))
            types = WidgetsDataTypeFilter(notebook_metadata=self._nb_metadata, parent=self, resources=resources)
            self.register_filter("filter_data_type", types)
            return TemplateExporter.from_notebook_node(self, nb, resources, **options)  # type: ignore[no-any-return]

    exporter = PageExporter(
        template_name="basic",
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
    """An output with only what is shown; under a picture comes what it says in words."""
    if "data" not in output:
        yield output
        return
    data = {kind: output["data"][kind] for kind in RENDERED_TYPES if kind in output["data"]}
    first = next(iter(data), None)
    if first is None:
        return
    # Its own metadata can name files to load and frames to show: none of it is needed.
    yield {**output, "data": {first: data[first]}, "metadata": {}}
    if first.startswith("image/") and "text/plain" in data:
        yield {"output_type": "display_data", "data": {"text/plain": data["text/plain"]}, "metadata": {}}


def _head(result: RunResult, label: str, run: str) -> str:
    kind = (
        "good"
        if result.exit_code == 0
        else "stop"
        if result.exit_code in (EXIT_APPROVAL_NEEDED, EXIT_WAITING, EXIT_RETRY_LATER)
        else "bad"
    )
    reasons = "".join(f"<p>{escape(reason)}</p>" for reason in result.reasons)
    facts = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in _facts(result, run) if value)
    return (
        f'<header class="{kind}"><div class="outcome">{escape(label)}: <b>{escape(result.outcome)}</b></div>'
        f"{reasons}<dl>{facts}</dl></header>"
    )


def _facts(result: RunResult, run: str) -> Iterator[tuple[str, str]]:
    identity, approval, usd = result.identity, result.approval, result.estimate
    yield "run", run
    yield "account", f"{identity['account']} ({identity.get('target', '')})" if identity.get("account") else ""
    yield "identity", str(identity.get("arn", ""))
    yield ("digest", result.digest) if result.digest else ("plan", result.plan_sha256)
    yield (
        "approved",
        f"{approval.get('asserted_by') or 'no name given'}, by {approval.get('how')}, {approval.get('at')}"
        if approval
        else "",
    )
    yield "ticket", str(approval.get("ticket", ""))
    yield "steps", ", ".join([str(result.steps), *(f"{count} {name}" for name, count in result.ended.items())])
    yield "calls that change", ", ".join(f"{count} {name}" for name, count in result.mutations.items() if count)
    if "made_expected" in usd:
        yield "USD a month, made by orgkit", " / ".join(str(usd.get(f"made_{name}")) for name in SCENARIOS)
        yield "USD a month, switched on later", " / ".join(str(usd.get(f"later_{name}")) for name in SCENARIOS)
    yield (
        "USD a month",
        f"{usd.get('low')} / {usd.get('expected')} / {usd.get('high')} (low / expected / high)" if usd else "",
    )
    if not result.succeeded:
        yield from (
            (approval, "; ".join(step["sentence"] for step in steps)) for approval, steps in result.how_far.items()
        )
        yield "next", result.next_command
    yield "seconds", f"{result.seconds:.1f}"
