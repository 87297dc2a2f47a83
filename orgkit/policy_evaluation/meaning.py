"""What a policy document means: two documents that AWS evaluates alike are equal, however they are written."""

from collections.abc import Callable, Iterator, Mapping
from itertools import product
from typing import Any

from orgkit.dataclass import dataclass
from orgkit.model.canonical_json import normal_form
from orgkit.policy_evaluation.conditions import as_list, conditions_of
from orgkit.policy_evaluation.statements import Statement, principals_of, statements_of


@dataclass(frozen=True)
class Grant:
    """One principal, one action and one resource of one statement; what a statement leaves out is empty."""

    effect: str
    principal: str
    action: str
    resource: str
    condition: str


ANY, ANY_ACTION = "*", "*:*"
FULL_ACCESS = Grant("Allow", "", ANY, ANY, "{}")


def grants_of(document: Mapping[str, Any]) -> frozenset[Grant]:
    """Return what a document allows and denies, one by one.

    AWS ignores the order of statements and lists, the case of actions, operators and condition keys, and Sids. A single
    item equals a list of it, and an account's id equals its ARN. Version matters only where variables are used.
    """
    version = str(document.get("Version", "")) if "${" in normal_form(document) else ""
    return frozenset(grant for statement in statements_of(document) for grant in _grants(statement, version))


def has_same_meaning(one: Any, other: Any) -> bool:
    """Return whether AWS evaluates both documents alike; None has the meaning of no other document."""
    return one == other or (
        isinstance(one, Mapping) and isinstance(other, Mapping) and grants_of(one) == grants_of(other)
    )


def _grants(statement: Statement, version: str) -> Iterator[Grant]:
    suffix = f" Version {version}" if version else ""
    elements = (_principals(statement), _items(statement, "Action", _action), _items(statement, "Resource", str))
    for principal, action, resource in product(*elements):
        yield Grant(str(statement.get("Effect", "")), principal, action, resource, _condition(statement) + suffix)


def _principals(statement: Statement) -> list[str]:
    """Return the principals with their kinds: a role and a service of one name are two."""
    if "NotPrincipal" in statement:
        return [_opposite(f"{kind} {name}" for kind, name in principals_of({"Principal": statement["NotPrincipal"]}))]
    return [f"{kind} {name}" for kind, name in principals_of(statement)] or [""]


def _items(statement: Statement, element: str, form: Callable[[str], str]) -> list[str]:
    """Return the items of an element one by one; those of its negation (NotAction) together, as one item."""
    if f"Not{element}" in statement:
        return [_opposite(form(str(item)) for item in as_list(statement[f"Not{element}"]))]
    return [form(str(item)) for item in as_list(statement.get(element, ""))]


def _action(text: str) -> str:
    """Return the normal form of an action: IAM ignores case, and all actions of all services equal `*`."""
    return ANY if text == ANY_ACTION else text.lower()


def _opposite(items: Iterator[str]) -> str:
    return "not " + normal_form(sorted(set(items)))


def _condition(statement: Statement) -> str:
    conditions = conditions_of(statement).items()
    return normal_form({f"{operator} {key}": sorted(set(values)) for (operator, key), values in conditions})
