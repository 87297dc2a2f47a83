"""How Jupyter shows orgkit's nouns: registered once, so that the nouns know nothing of notebooks."""

from collections.abc import Callable
from html import escape
from typing import Any

from orgkit.costs.actuals import Actuals
from orgkit.costs.effect import Effect
from orgkit.costs.estimate import Estimate
from orgkit.model.desired import Desired
from orgkit.model.management_account import Findings
from orgkit.outcome import Outcomes
from orgkit.plan import Plan
from orgkit.runbook import bars, lines, views
from orgkit.runbook.actual_views import Showbacks, of_actuals, of_showbacks
from orgkit.runbook.bars import Bars
from orgkit.runbook.form import show_gate, view_of_gate
from orgkit.runbook.gate import Gate
from orgkit.runbook.guided import is_guided
from orgkit.runbook.hiding import hide_credentials
from orgkit.runbook.lines import Lines
from orgkit.runbook.picture import as_svg
from orgkit.runbook.run import Run
from orgkit.runbook.tables import as_html, as_list, as_text, as_text_list
from orgkit.runbook.tree import Node
from orgkit.runbook.tree import as_text as tree_text
from orgkit.runbook.views import Assumed, Charges, Done, Moves, Proposal, Verification, View, WhoAmI


def of_tree(node: Node) -> View:
    """Picture and text of one tree."""
    return View(tree_text(node), svg=as_svg(node))


def of_findings(findings: Findings) -> View:
    """Every check: which stop phase 01, which warn, and how each is known."""
    headers = ("verdict", "check", "known", "what", "what to do")
    rows = [(f.verdict, f.item, f.how, f.what, f.do) for f in findings]
    return View(as_text(headers[:4], [row[:4] for row in rows]), as_html(headers, rows))


def of_estimate(estimate: Estimate) -> View:
    """The month's range, by account and by service."""
    said = f"{estimate.sentence}."
    tables = [frame.reset_index() for frame in (estimate.by_account(), estimate.by_service())]
    parts = [([str(c) for c in t.columns], [list(row) for row in t.itertuples(index=False)]) for t in tables]
    lists = (([each.sentence for each in estimate.one_off], "Once"), (estimate.notes, "Beside this"))
    return View(
        "\n\n".join([said, *(as_text(headers, rows) for headers, rows in parts)])
        + "".join(as_text_list(items, title) for items, title in lists),
        f"<p><b>{escape(said)}</b></p>"
        + "".join(as_html(headers, rows) for headers, rows in parts)
        + "".join(as_list(items, title) for items, title in lists),
    )


def of_effect(effect: Effect) -> View:
    """One sentence; each step's share is in review.json."""
    return View(effect.sentence, f"<p>{escape(effect.sentence)}</p>")


def of_run(run: Run) -> View:
    """Which phase, which file, and where the record grows."""
    rows = [
        ("phase", f"{run.phase.label}: {run.phase.purpose}"),
        ("parameters", f"{run.parameters.name} (sha256 {run.desired.sha256[:16]}…)"),
        ("run", run.folder.name),
    ]
    return View(as_text(("", ""), rows), as_html(("", ""), rows))


STYLE = (
    ".jp-RenderedHTMLCommon td, .jp-RenderedHTMLCommon th, .jp-RenderedHTMLCommon caption"
    " { text-align: left !important; vertical-align: top; }"
    " .jp-RenderedHTMLCommon table { font-size: 13px; }"
)

VIEWS: dict[type, Callable[[Any], View]] = {
    Run: of_run,
    WhoAmI: lambda it: it.view(),
    Desired: views.of_desired,
    Node: of_tree,
    Plan: views.of_plan,
    Proposal: lambda it: it.view(),
    Effect: of_effect,
    Gate: view_of_gate,
    Outcomes: views.of_outcomes,
    Verification: lambda it: it.view(),
    Findings: of_findings,
    Estimate: of_estimate,
    Bars: lambda it: View(bars.as_words(it), svg=bars.as_svg(it)),
    Assumed: lambda it: it.view(),
    Charges: lambda it: it.view(),
    Moves: lambda it: it.view(),
    Actuals: of_actuals,
    Lines: lambda it: View(lines.as_words(it), svg=lines.as_svg(it)),
    Showbacks: of_showbacks,
    Done: lambda it: it.view(),
}


def register() -> None:
    """Teach the running IPython to show the nouns; nothing happens outside of one."""
    from IPython import get_ipython

    shell = get_ipython()
    if shell is None:
        return
    hide_credentials(shell)
    if is_guided():
        show_style()
    shell.display_formatter.ipython_display_formatter.for_type(Gate, show_gate)
    formatter = shell.display_formatter.mimebundle_formatter
    for noun, view in VIEWS.items():
        formatter.for_type(noun, lambda it, view=view, **_: view(it).bundle())


def show_style() -> None:
    """JupyterLab sets every table flush right, where sentences are hard to read; a sealed record has its own style."""
    from IPython.display import display

    display({"text/plain": "", "text/html": f"<style>{STYLE}</style>"}, raw=True)
