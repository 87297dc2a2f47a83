"""Asks the person in front of a runbook for the ids of the accounts that can be closed."""

from orgkit.aws import typed_account_ids
from orgkit.model.desired import Desired
from orgkit.model.observed import Observed
from orgkit.phases.offboarding.planner import closable_accounts
from orgkit.sanitize.terminal import flat


def ask_for_account_ids(desired: Desired, observed: Observed) -> bool:
    """Ask for the id of each account that can be closed now; return whether one was typed."""
    is_entered = False
    for entry, account in closable_accounts(observed, desired):
        if typed_account_ids.id_of(entry.key) == entry.account:
            continue
        question = f"Id of account {flat(account.name)} ({entry.key}), to close it (empty: it stays): "
        text = input(question).strip()
        while text and text != entry.account:
            text = input(f"That is not its id. {question}").strip()
        if text:
            typed_account_ids.enter(entry.key, text)
            is_entered = True
    return is_entered
