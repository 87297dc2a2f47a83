"""Asks the person in front of a runbook for the one-time codes that AWS has sent by email."""

from getpass import getpass

from orgkit.aws import one_time_codes
from orgkit.model.desired import Desired
from orgkit.model.observed import Observed
from orgkit.phases.root_emails.facts import PENDING, EmailFacts


def ask_for_codes(desired: Desired, observed: Observed) -> bool:
    """Ask for the code of each change that is under way; return whether one was entered.

    What is typed is not shown, and not in the notebook.
    """
    facts = observed.facts(EmailFacts) or EmailFacts()
    is_entered = False
    for spec in desired.members:
        if facts.status(spec.key) != PENDING or spec.key in (*facts.with_code, *facts.to_send_again):
            continue
        question = f"Code that AWS has sent to {spec.email} (empty: not yet; new: send another one): "
        code = getpass(question).strip()
        while code and not one_time_codes.is_valid(code):
            code = getpass(f"That is no code of six letters and digits. {question}").strip()
        if code:
            one_time_codes.enter(spec.key, code)
            is_entered = True
    return is_entered
