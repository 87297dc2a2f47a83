"""The form of the gate, for a person in JupyterLab: it records a decision, and calls nothing else."""

from html import escape

from orgkit.plan import Plan
from orgkit.runbook.gate import Gate
from orgkit.runbook.tables import flat
from orgkit.runbook.views import View

PREFIX = 8  # characters of the digest that a person types: enough to show that it was looked at


def view_of_gate(gate: Gate) -> View:
    """Where the decision stands, in one sentence; with a form under it where a person is."""
    if gate.interactive and not gate.rejected_by:
        _show_form(gate)
    said = flat(standing(gate))
    return View(said, f"<p>{escape(said)}</p>")


def standing(gate: Gate) -> str:
    """One sentence about the decision."""
    if gate.plan.empty:
        return "There is nothing to approve: the plan is empty."
    if gate.approval is not None:
        approval = gate.approval
        by = f" by {approval.asserted_by}" if approval.asserted_by else ""
        return f"Approved{by} ({approval.how}), until {approval.expires_at}: digest {approval.plan_sha256}"
    if gate.rejected_by:
        return f"Rejected by {gate.rejected_by}: nothing will be applied."
    return f"Awaiting approval. {question(gate.plan)} To approve, give this digest: {gate.plan.digest}"


def question(plan: Plan) -> str:
    """What the approval is for, in one sentence, with what it costs at once."""
    first = plan.steps[0].sentence
    more = f", and {len(plan.steps) - 1} more step(s)" if len(plan.steps) > 1 else ""
    return " ".join([f"On {plan.target}: {first}{more}.", *plan.warnings])


def _show_form(gate: Gate) -> None:
    """Text fields and two buttons; errors of a callback would show nowhere, so they are written into the form."""
    import ipywidgets as widgets
    from IPython.display import display

    approver = widgets.Text(description="Approver", placeholder="your name")
    ticket = widgets.Text(description="Ticket", placeholder="optional")
    typed = widgets.Text(description="Digest", placeholder=f"its first {PREFIX} characters")
    approve = widgets.Button(description="Approve", tooltip="Approve exactly this plan")
    reject = widgets.Button(description="Reject", tooltip="Nothing will be applied")
    said = widgets.HTML(f"<p>{escape(flat(question(gate.plan)))}</p><p>Digest {gate.plan.digest}</p>")
    form = widgets.VBox([said, approver, ticket, typed, widgets.HBox([approve, reject])])

    def decide(accept: bool) -> None:
        problem = _decide(gate, accept, approver.value, ticket.value, typed.value)
        said.value = f"<p>{escape(flat(problem or standing(gate)))}</p>"
        if not problem:
            form.children = (said,)

    approve.on_click(lambda _: decide(True))
    reject.on_click(lambda _: decide(False))
    display(form)


def _decide(gate: Gate, accept: bool, approver: str, ticket: str, typed: str) -> str:
    """Take the decision; the text says what is missing, and is empty when it was taken."""
    if not accept:
        gate.reject(approver)
        return ""
    if not approver.strip():
        return "Type your name: the record says who approved."
    if len(typed.strip()) < PREFIX or not gate.plan.digest.startswith(typed.strip().lower()):
        return f"Type the first {PREFIX} characters of the digest: {gate.plan.digest}"
    return _accept(gate, approver.strip(), ticket.strip())


def _accept(gate: Gate, approver: str, ticket: str) -> str:
    try:
        gate.accept(approver, ticket, "button")
    except Exception as error:
        return f"This could not be recorded: {error}"
    return ""
