"""The targets of a policy: their names, and the accounts in and under them; pure functions."""

from collections.abc import Collection

from orgkit.model.desired import format_path
from orgkit.model.observed import Observed
from orgkit.policy_evaluation.policy_types import GRAMMAR_OF_IAM


def name_of_target(target: str, observed: Observed) -> str:
    """Return how a person names a root, unit or account; its id where AWS has not listed it."""
    if observed.organization and target == observed.organization.root_id:
        return "the organization root"
    unit = next((unit for unit in observed.units if unit.id == target), None)
    account = observed.account(target)
    return format_path(unit.path) if unit else f"account {account.name}" if account else target


def accounts_under(targets: Collection[str], kind: str, observed: Observed) -> tuple[str, ...]:
    """Return the names of the open accounts in or under these targets that policies of the type bind.

    Args:
        targets: Ids of the root, of units and of accounts.
        kind: The type of policy.
        observed: The tree of the organization.
    """
    paths = [unit.path for unit in observed.units if unit.id in targets]
    paths += [()] if observed.organization and observed.organization.root_id in targets else []
    bound = (
        account
        for account in observed.accounts
        if not account.is_closed and (kind not in GRAMMAR_OF_IAM or account.id != observed.target.account)
    )
    return tuple(
        sorted(
            account.name
            for account in bound
            if account.id in targets or any(account.unit[: len(path)] == path for path in paths)
        )
    )
