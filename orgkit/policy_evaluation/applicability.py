"""Whether a statement applies to a request: its actions, resources and conditions, whatever its principals.

What AWS does not document counts against the request: such a statement applies if it denies, and not if it allows.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from orgkit.policy_evaluation.conditions import (
    RequestContext,
    as_list,
    conditions_of,
    holds,
    is_negated,
    positive_operator,
)
from orgkit.policy_evaluation.operators import WITH_VARIABLES
from orgkit.policy_evaluation.patterns import matches, matches_resource
from orgkit.policy_evaluation.requests import Request
from orgkit.policy_evaluation.statements import Statement
from orgkit.policy_evaluation.variables import as_plain_text, fill_in, has_variables


def applies(statement: Statement, request: Request, context: RequestContext, document: Mapping[str, Any]) -> bool:
    """Return whether a statement applies to a request.

    Args:
        statement: The statement.
        request: The request.
        context: The condition keys of the request.
        document: The policy of the statement, whose version says whether there are variables.
    """
    if not has_action(statement, request.action):
        return False
    known = context if has_variables(document) else None
    answers = [_has_resource(statement, request.resource, known)]
    if answers == [False]:
        return False
    answers += [
        _condition_holds(operator, key, values, context, with_variables=known is not None)
        for (operator, key), values in conditions_of(statement).items()
    ]
    if False in answers:
        return False
    return None not in answers or statement.get("Effect") == "Deny"


def has_action(statement: Statement, action: str) -> bool:
    """Return whether a statement is about an action."""
    name = "NotAction" if "NotAction" in statement else "Action"
    has_match = any(matches(str(pattern).lower(), action.lower()) for pattern in as_list(statement.get(name)))
    return has_match is (name == "Action")


def _has_resource(statement: Statement, resource: str, context: RequestContext | None) -> bool | None:
    """Return whether a statement is about a resource; trust policies name none, and are about their role.

    A pattern whose variable has no value matches nothing. AWS says that such a statement may be invalid, so that it is
    not known what a NotResource with one excludes.
    """
    if "NotResource" not in statement:
        patterns = _patterns(map(str, as_list(statement.get("Resource", "*"))), context)
        return any(_matches_resource(pattern, resource) for pattern in patterns if pattern is not None)
    excluded = _patterns(map(str, as_list(statement["NotResource"])), context)
    if any(_matches_resource(pattern, resource) for pattern in excluded if pattern is not None):
        return False
    return None if None in excluded else True


def _matches_resource(pattern: str, resource: str) -> bool:
    return matches_resource(pattern, resource) if resource.startswith("arn:") else matches(pattern, resource)


def _condition_holds(
    operator: str, key: str, values: Sequence[str], context: RequestContext, *, with_variables: bool
) -> bool | None:
    """Return whether one condition holds; only operators of strings and ARNs have variables."""
    actual = context.get(key)
    if positive_operator(operator) not in WITH_VARIABLES or actual in (None, ()):
        return holds(operator, values, actual)
    patterns = _patterns(values, context if with_variables else None)
    answer = holds(operator, [pattern for pattern in patterns if pattern is not None], actual)
    return None if None in patterns and is_negated(operator) and answer else answer


def _patterns(values: Iterable[str], context: RequestContext | None) -> list[str | None]:
    return [as_plain_text(value) if context is None else fill_in(value, context) for value in values]
