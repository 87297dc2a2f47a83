"""The conditions of a policy statement, and whether they hold for what is known of a request."""

from collections.abc import Mapping, Sequence
from typing import Any

from orgkit.policy_evaluation.operators import COMPARISONS, NEGATED, Comparison

Conditions = Mapping[tuple[str, str], tuple[str, ...]]  # (operator, key), both in lower case, as AWS compares them
Context = Mapping[str, str]  # condition keys of a request, in lower case
Values = str | tuple[str, ...]  # of one condition key; a tuple is that of a multivalued key
RequestContext = Mapping[str, Values]


def conditions_of(statement: Mapping[str, Any]) -> Conditions:
    """Return the conditions of a statement; a single value becomes a list of one."""
    conditions: dict[tuple[str, str], tuple[str, ...]] = {}
    blocks = statement.get("Condition")
    for operator, block in blocks.items() if isinstance(blocks, Mapping) else ():
        for key, values in block.items() if isinstance(block, Mapping) else ():
            conditions[operator.lower(), key.lower()] = tuple(map(_text, as_list(values)))
    return conditions


def as_list(value: Any) -> list[Any]:
    """Return a value of a policy as a list: policies may have one value or several."""
    return value if isinstance(value, list) else [] if value is None else [value]


def base_operator(operator: str) -> str:
    """Return an operator, in lower case, without its set prefix and without IfExists."""
    return operator.removeprefix("foranyvalue:").removeprefix("forallvalues:").removesuffix("ifexists")


def is_negated(operator: str) -> bool:
    """Return whether an operator, in lower case, holds where none of its values matches."""
    return base_operator(operator) in NEGATED


def positive_operator(operator: str) -> str:
    """Return an operator, in lower case, without its set prefix, without IfExists and not negated."""
    base = base_operator(operator)
    return NEGATED.get(base, base)


def holds(operator: str, values: Sequence[str], actual: Values | None) -> bool | None:
    """Return whether one condition holds; None where that is not known.

    Args:
        operator: In lower case.
        values: Those of the policy.
        actual: What the request has under the condition's key; None when it does not have the key.

    Source: IAM User Guide, "Condition operators": a missing key fails an operator, unless it is negated or has
    IfExists. "Single-valued vs. multivalued context keys": without the key, ForAnyValue fails and ForAllValues holds.
    AWS does not document the result of several values without one of the two.
    """
    members = (actual,) if isinstance(actual, str) else actual or ()
    base = base_operator(operator)
    if base == "null":
        return (not members) == (tuple(value.lower() for value in values) == ("true",))
    compare = COMPARISONS.get(positive_operator(operator))
    if compare is None:
        return None
    if not members:
        return _holds_without_key(operator)
    answers = [_holds_for(compare, values, member, is_negated(operator)) for member in members]
    if operator.startswith("foranyvalue:"):
        return _any(answers)
    if operator.startswith("forallvalues:"):
        return _all(answers)
    return answers[0] if len(answers) == 1 else None


def _holds_without_key(operator: str) -> bool:
    optional = operator.endswith("ifexists")
    if operator.startswith("foranyvalue:"):
        return optional
    return optional or is_negated(operator) or operator.startswith("forallvalues:")


def _holds_for(compare: Comparison, values: Sequence[str], member: str, negated: bool) -> bool | None:
    try:
        return any(compare(value, member) for value in values) is not negated
    except ValueError:
        return None


def _any(answers: Sequence[bool | None]) -> bool | None:
    return True if True in answers else None if None in answers else False


def _all(answers: Sequence[bool | None]) -> bool | None:
    return False if False in answers else None if None in answers else True


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
