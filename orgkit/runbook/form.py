"""The form of the gate, for a person in JupyterLab: it records a decision, and calls nothing else."""

from html import escape
from typing import Any

from orgkit.errors import require_packages
from orgkit.model.plan import Plan
from orgkit.runbook.default_approver import default_approver
from orgkit.runbook.gate import Gate
from orgkit.runbook.interactive.session import is_interactive
from orgkit.runbook.views.tables import as_list, as_status, flat
from orgkit.runbook.views.views import View

PREFIX = 8  # characters of the digest that a person types: enough to show that it was looked at
FORM_CLASS = "orgkit-form"  # while a decision is due: JupyterLab's extension brings it into view
NOTES = "Worth knowing"
NEXT_STEP = "Run the apply cell now, and all below it (Run > Run Selected Cell and All Below)."


def show_gate(gate: Gate) -> None:
    """What is asked, in a place that the decision will replace; under it a form, where a person is there to decide."""
    from IPython.display import display

    place = display(_bundle(gate), raw=True, display_id=True)
    if gate.interactive and not gate.rejected_by:
        _show_form(gate, place)


def _bundle(gate: Gate) -> dict[str, str]:
    """The view of the gate; where a person is guided, with a class that says a rejection to JupyterLab's extension."""
    bundle = view_of_gate(gate).bundle()
    if is_interactive() and gate.rejected_by:
        bundle["text/html"] = f'<div class="orgkit-rejected">{bundle["text/html"]}</div>'
    return bundle


def view_of_gate(gate: Gate) -> View:
    """The target, large, and where the decision stands, in one sentence."""
    location, message = flat(_describe_target(gate.plan)), flat(describe_decision(gate))
    if gate.plan.empty:
        return View(message, f"<p>{escape(message)}</p>")
    html = _render_question(gate) if _is_asked(gate) else f"<p>{escape(message)}</p>"
    return View(f"{location}\n{message}", f"<h2>{escape(location)}</h2>{html}")


def _is_asked(gate: Gate) -> bool:
    return gate.approval is None and not gate.rejected_by and not gate.four_eyes


def _render_question(gate: Gate) -> str:
    """What is asked, what should be known before, and the digest, each in a place of its own."""
    plan = gate.plan
    return (
        f"<p>Awaiting approval. {escape(flat(_first_step(plan)))}</p>{as_list((*plan.drift, *plan.warnings), NOTES)}"
        f"<p>To approve, give this digest:</p><p><b>{escape(plan.digest)}</b></p>"
    )


def describe_decision(gate: Gate) -> str:
    """One sentence about the decision."""
    if gate.plan.empty:
        return "There is nothing to approve: the plan is empty."
    if gate.approval is not None:
        approval = gate.approval
        suffix = f" by {approval.asserted_by}" if approval.asserted_by else " by nobody who is named"
        for_ticket = f", for {approval.ticket}" if approval.ticket else ""
        earlier = " (an earlier planning: the one above has a digest of its own)"
        digest = f"digest {approval.digest}{earlier if approval.digest != gate.plan.digest else ''}"
        return f"Approved{suffix}{for_ticket} ({approval.how}), until {approval.expires_at}: {digest}"
    if gate.rejected_by:
        return f"Rejected by {gate.rejected_by}: nothing will be applied."
    if gate.four_eyes:
        return f"Awaiting a signed approval. {question(gate.plan)} {gate.four_eyes_remedy}"
    return f"Awaiting approval. {question(gate.plan)} To approve, give this digest: {gate.plan.digest}"


def question(plan: Plan) -> str:
    """What the approval is for, in one sentence, with what it costs at once."""
    return " ".join([_first_step(plan), *plan.drift, *plan.warnings])


def _first_step(plan: Plan) -> str:
    suffix = f", and {len(plan.steps) - 1} more step(s)" if len(plan.steps) > 1 else ""
    return f"On {plan.target}: {plan.steps[0].sentence}{suffix}."


def problem_of(gate: Gate, approver: str, typed: str, account: str) -> str:
    """What keeps the form from being an approval; "" when nothing does."""
    target = gate.plan.target
    if not approver.strip():
        return "Type your name as approver: the record says who approved."
    if len(typed.strip()) < PREFIX or not gate.plan.digest.startswith(typed.strip().lower()):
        return f"Type the first {PREFIX} characters of the digest: {gate.plan.digest}"
    if target.kind == "aws" and account.strip() != target.account:
        return f"Type the id of the account that this changes, all twelve digits: {target.account}"
    return ""


def _describe_target(plan: Plan) -> str:
    return f"{'AWS' if plan.target.kind == 'aws' else 'Sandbox'} account {plan.target.account}"


def _show_form(gate: Gate, place: Any) -> None:
    """Text fields and two buttons; errors of a callback would show nowhere, so they are written into the form."""
    require_packages("The approval form", "ipywidgets")
    import ipywidgets as widgets
    from IPython.display import display

    def field(label: str, hint: str) -> Any:
        return widgets.Text(
            description=label, placeholder=hint, style={"description_width": "14em"},
            layout={"width": "100%", "max_width": "40em"}, continuous_update=True,
        )  # fmt: skip

    approver = field("Approver", "your name")
    approver.value = default_approver()
    ticket = field("Ticket", "where the change was asked for (optional)")
    typed = field(f"First {PREFIX} of the digest", gate.plan.digest[:2] + "…")
    account = field("Id of the AWS account", "twelve digits")
    on_aws = gate.plan.target.kind == "aws"
    approve = widgets.Button(description="Approve", tooltip="Approve exactly this plan", button_style="success")
    reject = widgets.Button(description="Reject", tooltip="Nothing will be applied")
    status = widgets.HTML(as_status("Nothing is decided yet."))
    fields = [approver, ticket, typed, *([account] if on_aws else [])]
    form = widgets.VBox([*fields, widgets.HBox([approve, reject]), status])
    form.add_class(FORM_CLASS)

    def decide(accept: bool) -> None:
        problem = problem_of(gate, approver.value, typed.value, account.value) if accept else ""
        problem = problem or _take(gate, accept, approver.value.strip(), ticket.value.strip())
        approved = gate.approval is not None  # the place above says of what, for how long and for which ticket
        status.value = as_status(
            problem or (f"Approved by {approver.value.strip()}." if approved else describe_decision(gate))
        )
        if not problem:
            form.remove_class(FORM_CLASS)
            form.children = (status, *_apply_widgets(widgets)) if accept else (status,)
            place.update(_bundle(gate), raw=True)

    approve.on_click(lambda _: decide(True))
    reject.on_click(lambda _: decide(False))
    display(form)


def _apply_widgets(widgets: Any) -> tuple[Any, Any]:
    """The button, on which JupyterLab's extension runs the apply cell and those below; without it, how a person does.

    The button has no callback: no widget of orgkit calls AWS. It is hidden until the extension shows it.
    """
    button = widgets.Button(
        description="Apply", tooltip="Run the apply cell and all below it", button_style="primary",
        layout={"display": "none", "width": "auto", "align_self": "flex-start"},
    )  # fmt: skip
    button.add_class("orgkit-apply")
    sentence = widgets.HTML(f"<p>{escape(NEXT_STEP)}</p>")
    sentence.add_class("orgkit-without-extension")
    return button, sentence


def _take(gate: Gate, accept: bool, approver: str, ticket: str) -> str:
    """Take the decision; the text says why it could not be taken, and is empty when it was."""
    try:
        if accept:
            gate.accept(approver, ticket, "button")
        else:
            gate.reject(approver)
    except Exception as error:
        return f"This could not be recorded: {error}"
    return ""
