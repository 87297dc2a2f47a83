"""The conditions of a policy statement: their operators, and whether they hold for what is known of a request."""

from collections.abc import Mapping, Sequence
from typing import Any

from orgkit.policy_evaluation.patterns import matches

Conditions = Mapping[tuple[str, str], tuple[str, ...]]  # (operator, key), both in lower case, as AWS compares them
Context = Mapping[str, str]  # condition keys of a request, in lower case

_ARNS = ("arnlike", "arnequals")  # the two are the same
_NUMBERS = {
    "numericequals": lambda actual, limit: actual == limit,
    "numericlessthan": lambda actual, limit: actual < limit,
    "numericlessthanequals": lambda actual, limit: actual <= limit,
    "numericgreaterthan": lambda actual, limit: actual > limit,
    "numericgreaterthanequals": lambda actual, limit: actual >= limit,
}


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


def holds(operator: str, values: Sequence[str], actual: str | None) -> bool | None:
    """Return whether one condition holds; None where that is not known.

    Args:
        operator: In lower case.
        values: Those of the policy.
        actual: What the request has under the condition's key; None when it does not have the key.

    Source: IAM User Guide, "Condition operators": a missing key fails an operator, unless it is negated or has
    IfExists. "Set operators": without the key, ForAnyValue fails and ForAllValues holds.
    """
    base = base_operator(operator)
    if base == "null":
        return (actual is None) == (values == ("true",))
    optional = operator.endswith("ifexists")
    negated, base = "not" in base, base.replace("not", "", 1)
    if actual is None:
        if operator.startswith("foranyvalue:"):
            return optional
        return optional or negated or operator.startswith("forallvalues:")
    positive = _compare(base, values, actual)
    return None if positive is None else positive is not negated


def _compare(operator: str, values: Sequence[str], actual: str) -> bool | None:
    if operator == "stringlike":
        return any(matches(value, actual) for value in values)
    if operator in _ARNS:
        return any(_matches_arn(value, actual) for value in values)
    if operator == "stringequals":
        return actual in values
    if operator in ("stringequalsignorecase", "bool"):
        return actual.lower() in [value.lower() for value in values]
    if operator in _NUMBERS:
        try:
            return any(_NUMBERS[operator](float(actual), float(value)) for value in values)
        except ValueError:
            return None
    return None


def _matches_arn(pattern: str, arn: str) -> bool:
    """Compare each of the six parts of an ARN separately."""
    patterns, parts = pattern.split(":", 5), arn.split(":", 5)
    return pattern == "*" or (len(patterns) == len(parts) and all(map(matches, patterns, parts)))


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
