"""Whether the resource policy of the organization delegates to an account; pure functions."""

from orgkit.policy_evaluation.conditions import conditions_of, is_negated
from orgkit.policy_evaluation.statements import (
    ANYBODY,
    Statement,
    account_of,
    is_policy,
    principals_of,
    statements_of,
)


def delegates_to(document: str, account: str) -> bool | None:
    """Return whether a policy allows an account something by its id; None for a policy that cannot be understood.

    A statement for everybody names the accounts in its conditions. A Deny delegates nothing.
    """
    if not is_policy(document):
        return None
    allowed = (statement for statement in statements_of(document) if statement["Effect"] == "Allow")
    return any(_names(statement, account) for statement in allowed)


def _names(statement: Statement, account: str) -> bool:
    principals = principals_of(statement)
    if principals and ANYBODY not in principals:
        return account in {account_of(name) for _, name in principals}
    conditions = conditions_of(statement).items()
    values = [value for (operator, _), values in conditions if not is_negated(operator) for value in values]
    return any(account in value for value in values)
