"""Which policies hold in each account, as the runbook of the policies shows them."""

from orgkit.phases.policies.in_force import PoliciesInForce
from orgkit.runbook.views import tables
from orgkit.runbook.views.views import View

IN_FORCE_HEADERS = ("account", "type", "policy", "attached to", "basis")
NOTES_TITLE = "Notes"


def render_policies_in_force(policies: PoliciesInForce) -> View:
    """Each account with its policies, where each is attached, and whether orgkit or AWS computed it."""
    rows = [(row.account, row.type, row.policy, row.origin, row.basis) for row in policies.rows]
    title = "Which policies hold in each account, and from where" if rows else "No policy is in force."
    text = f"{title}:\n{tables.as_text(IN_FORCE_HEADERS, rows)}" if rows else title
    html = tables.as_html(IN_FORCE_HEADERS, rows, f"{title}.") if rows else f"<p>{title}</p>"
    notes = policies.notes
    return View(text + tables.as_text_list(notes, NOTES_TITLE), html + tables.as_list(notes, NOTES_TITLE))
