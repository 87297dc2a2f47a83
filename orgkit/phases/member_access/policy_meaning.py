"""What a policy document means: two documents that AWS evaluates alike are equal, however they are written."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

from orgkit.model.canonical_json import normal_form

ROOT_ARN = re.compile(r"arn:[^:]+:iam::(\d{12}):root")
ACCOUNT_ARN = re.compile(r"arn:[^:]+:(?:iam|sts)::(\d{12}):.+")
ACCOUNT_ID = re.compile(r"\d{12}")
ANYBODY = "*"


@dataclass(frozen=True)
class Grant:
    """One principal, one action and one resource of one statement; what a statement leaves out is empty."""

    effect: str
    principal: str
    action: str
    resource: str
    condition: str


def grants_of(document: Any) -> frozenset[Grant]:
    """Return what a document allows and denies, one by one.

    To AWS these make no difference: the order of statements and lists, a single item in place of a list, the case of
    actions and condition keys, Sids, an account's id in place of its ARN. Version makes one where variables are used.
    """
    version = str(document.get("Version", "")) if "${" in normal_form(document) else ""
    return frozenset(grant for statement in statements_of(document) for grant in _grants(statement, version))


def has_same_meaning(one: Any, other: Any) -> bool:
    """Return whether AWS evaluates both documents alike; None has the meaning of no other document."""
    return one == other or (
        isinstance(one, Mapping) and isinstance(other, Mapping) and grants_of(one) == grants_of(other)
    )


def statements_of(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the statements as a list; AWS takes a single one without."""
    statements = document.get("Statement", [])
    return statements if isinstance(statements, list) else [statements]


def principals_of(statement: Mapping[str, Any]) -> list[str]:
    """Return whom a statement is about, as it names them; what everybody but some may do is about anybody."""
    if "NotPrincipal" in statement:
        return [ANYBODY]
    principal = statement.get("Principal", {})
    if not isinstance(principal, Mapping):
        return [str(principal)]
    return [str(value) for values in principal.values() for value in _as_list(values)]


def account_of_principal(principal: str) -> str:
    """Return the account that a principal is, or lies in; "" for any other."""
    match = ROOT_ARN.fullmatch(principal) or ACCOUNT_ARN.fullmatch(principal)
    return match[1] if match else principal if ACCOUNT_ID.fullmatch(principal) else ""


def _principal(kind: str, value: Any) -> str:
    """An account as its id, which AWS takes for the ARN of its root."""
    root = ROOT_ARN.fullmatch(str(value)) if kind == "AWS" else None
    return root[1] if root else str(value)


def _grants(statement: Mapping[str, Any], version: str) -> Iterator[Grant]:
    condition = normal_form(_condition(statement.get("Condition") or {}))
    elements = (
        _principal_elements(statement),
        _elements(statement, "Action", str.lower),
        _elements(statement, "Resource", str),
    )
    for principal, action, resource in product(*elements):
        suffix = f" Version {version}" if version else ""
        yield Grant(str(statement.get("Effect", "")), principal, action, resource, condition + suffix)


def _principal_elements(statement: Mapping[str, Any]) -> list[str]:
    """One by one, with their kinds: a role and a service of one name are two."""
    if "NotPrincipal" in statement:
        return ["not " + normal_form(statement["NotPrincipal"])]
    principal = statement.get("Principal", {})
    if not isinstance(principal, Mapping):
        return [f"AWS {principal}"]
    items = [f"{kind} {_principal(kind, value)}" for kind, values in principal.items() for value in _as_list(values)]
    return items or [""]


def _elements(statement: Mapping[str, Any], name: str, normalize: Any) -> list[str]:
    """The items of an element one by one; of its opposite (NotAction) all at once, since they hold together."""
    if f"Not{name}" in statement:
        return ["not " + normal_form(sorted({normalize(str(item)) for item in _as_list(statement[f"Not{name}"])}))]
    return [normalize(str(item)) for item in _as_list(statement.get(name, ""))]


def _condition(condition: Mapping[str, Any]) -> dict[str, dict[str, list[str]]]:
    """Keys in lower case; values as texts, since AWS takes a number or a boolean for its text."""
    return {
        operator: {
            str(key).lower(): sorted({_text(value) for value in _as_list(values)}) for key, values in keys.items()
        }
        for operator, keys in condition.items()
    }


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
