"""How Jupyter shows orgkit's nouns: registered once, so that the nouns know nothing of notebooks."""

from collections.abc import Callable
from html import escape
from typing import TYPE_CHECKING, Any

from orgkit.costs.estimate.effect import Effect
from orgkit.costs.estimate.estimate import Estimate
from orgkit.model.desired import Desired
from orgkit.model.outcome import Outcomes
from orgkit.model.plan import Plan
from orgkit.phases.management_account.findings import Findings
from orgkit.runbook.form import show_gate, view_of_gate
from orgkit.runbook.gate import Gate
from orgkit.runbook.interactive.interactive_kernel import hide_credentials
from orgkit.runbook.interactive.session import is_interactive, is_opened_directly
from orgkit.runbook.run import Run
from orgkit.runbook.views import bar_chart, line_chart, palette, views
from orgkit.runbook.views.bar_chart import Bars
from orgkit.runbook.views.guided_style import STYLE
from orgkit.runbook.views.line_chart import Lines
from orgkit.runbook.views.tables import as_html, as_list, as_text, as_text_list, flat
from orgkit.runbook.views.tree import Node, as_svg
from orgkit.runbook.views.tree import as_text as tree_text
from orgkit.runbook.views.views import (
    AssumptionsView,
    CallerIdentity,
    Charges,
    CompletedRun,
    Proposal,
    SensitivityView,
    Verification,
    View,
)

if TYPE_CHECKING:
    from orgkit.phases.state_backend.backend_block import BackendBlock

# By these classes the extension of JupyterLab finds an output; a notebook that nobody is guided through has none.
CLASSES: dict[type, str] = {
    CallerIdentity: "orgkit-identity",
    Proposal: "orgkit-plan",
    Verification: "orgkit-result",
    CompletedRun: "orgkit-done",
}


def render_tree(node: Node) -> View:
    """Picture and text of one tree."""
    return View(tree_text(node), svg=as_svg(node))


def render_findings(findings: Findings) -> View:
    """Every check: which phases it stops, or that it is a warning, and how that is known."""
    headers = ("effect", "check", "known", "what", "what to do")
    rows = [(f.effect, f.item, f.source, f.message, f.remedy) for f in findings]
    return View(as_text(headers[:4], [row[:4] for row in rows]), as_html(headers, rows))


def render_estimate(estimate: Estimate) -> View:
    """The month's range, by account and by service."""
    text = f"{estimate.sentence}."
    tables = [frame.reset_index() for frame in (estimate.by_origin(), estimate.by_account(), estimate.by_service())]
    parts = [([str(c) for c in t.columns], [list(row) for row in t.itertuples(index=False)]) for t in tables]
    lists = (([item.sentence for item in estimate.one_time_costs], "One-time costs"), (estimate.notes, "Notes"))
    return View(
        "\n\n".join([text, *(as_text(headers, rows) for headers, rows in parts)])
        + "".join(as_text_list(items, title) for items, title in lists),
        f"<p><b>{escape(text)}</b></p>"
        + "".join(as_html(headers, rows) for headers, rows in parts)
        + "".join(as_list(items, title) for items, title in lists),
    )


def render_backend_block(block: "BackendBlock") -> View:
    """The file as it is, and where it was written."""
    lines = [flat(line) for line in block.text.split("\n")]
    code = f"<pre>{escape(chr(10).join(lines))}</pre>" if block.text else ""
    return View(
        "\n".join((*(lines if block.text else ()), flat(block.note))), f"{code}<p>{escape(flat(block.note))}</p>"
    )


def render_effect(effect: Effect) -> View:
    """One sentence; each step's share is in review.json."""
    return View(effect.sentence, f"<p>{escape(effect.sentence)}</p>")


def render_run(run: Run) -> View:
    """Which phase, which file, and where the record grows."""
    rows = [
        ("phase", f"{run.phase.run_label}: {run.phase.title}"),
        ("parameters", f"{run.parameters.name} (sha256 {run.desired.sha256[:16]}…)"),
        ("run", run.folder.name),
    ]
    view = View(as_text(("", ""), rows), as_html(("", ""), rows))
    if not is_opened_directly():
        return view
    hint = f"To be guided through this runbook: orgkit open {run.file_argument} {run.phase.number}"
    return View(f"{view.text}\n{flat(hint)}", f"{view.html}<p>{escape(flat(hint))}</p>")


VIEWS: dict[type, Callable[[Any], View]] = {
    Run: render_run,
    CallerIdentity: lambda value: value.view(),
    Desired: views.render_desired,
    Node: render_tree,
    Plan: views.render_plan,
    Proposal: lambda value: value.view(),
    Effect: render_effect,
    Gate: view_of_gate,
    Outcomes: views.render_outcomes,
    Verification: lambda value: value.view(),
    Findings: render_findings,
    Estimate: render_estimate,
    Bars: lambda value: View(bar_chart.as_words(value), svg=bar_chart.as_svg(value)),
    AssumptionsView: lambda value: value.view(),
    Charges: lambda value: value.view(),
    SensitivityView: lambda value: value.view(),
    Lines: lambda value: View(line_chart.as_words(value), svg=line_chart.as_svg(value)),
    CompletedRun: lambda value: value.view(),
    View: lambda value: value,
}


def _render_policies_in_force(value: Any) -> View:
    from orgkit.runbook.views.policies_in_force import render_policies_in_force

    return render_policies_in_force(value)


def _render_actuals(value: Any) -> View:
    from orgkit.runbook.views.actual_views import render_actuals

    return render_actuals(value)


def _render_showbacks(value: Any) -> View:
    from orgkit.runbook.views.actual_views import render_showbacks

    return render_showbacks(value)


# The nouns of one runbook alone: module, name, and view. The other runbooks do not import them.
VIEWS_BY_NAME: dict[tuple[str, str], Callable[[Any], View]] = {
    ("orgkit.phases.policies.in_force", "PoliciesInForce"): _render_policies_in_force,
    ("orgkit.phases.state_backend.backend_block", "BackendBlock"): render_backend_block,
    ("orgkit.costs.bills.actuals", "Actuals"): _render_actuals,
    ("orgkit.runbook.views.actual_views", "Showbacks"): _render_showbacks,
}


def view_for(noun: type) -> Callable[[Any], View]:
    """Return what makes the view of a noun."""
    return VIEWS.get(noun) or VIEWS_BY_NAME[noun.__module__, noun.__qualname__]


def register() -> None:
    """Teach the running IPython to show the nouns; nothing happens outside of one."""
    from IPython import get_ipython

    shell = get_ipython()
    if shell is None:
        return
    hide_credentials(shell)
    if is_interactive() or is_opened_directly():
        show_style()
    shell.display_formatter.ipython_display_formatter.for_type(Gate, show_gate)
    formatter = shell.display_formatter.mimebundle_formatter
    for noun, view in VIEWS.items():
        formatter.for_type(noun, lambda value, noun=noun, view=view, **_: bundle_of(noun, view(value)))
    for (module, name), view in VIEWS_BY_NAME.items():
        formatter.for_type_by_name(module, name, lambda value, view=view, **_: view(value).bundle())


def bundle_of(noun: type, view: View) -> dict[str, str]:
    """The mime types of an output; where a person is guided, with the class by which it is found."""
    bundle = view.bundle()
    if is_interactive() and noun in CLASSES and "text/html" in bundle:
        bundle["text/html"] = f'<div class="{CLASSES[noun]}">{bundle["text/html"]}</div>'
    return bundle


def show_style() -> None:
    """JupyterLab sets every table flush right, where sentences are hard to read; a sealed record has its own style."""
    from IPython.display import display

    display({"text/plain": "", "text/html": f"<style>{STYLE}{palette.JUPYTERLAB_STYLE}</style>"}, raw=True)
