"""Evaluation of resource and trust policies, like AWS's, to the extent that a bootstrap needs."""

import fnmatch
import json
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Caller:
    """The caller: an AWS service, a principal of an account by its ARNs, or a user of an identity provider.

    `context` are the condition keys of the request.
    """

    account: str = ""
    arns: frozenset[str] = frozenset()
    service: str = ""
    provider: str = ""  # the ARN of the identity provider
    context: dict[str, str] = field(default_factory=dict)


def find_problem(document: bytes | str, *, has_principals: bool = True) -> str:
    """Return why AWS would reject a document as a policy; "" where it would accept it, by the checks made here.

    Each later call reads the stored document, so an unreadable one must not be stored.
    """
    try:
        policy = json.loads(document)
    except ValueError:  # also for bytes that are not UTF-8
        policy = None
    if not isinstance(policy, dict):
        return "Policies must be valid JSON and the first byte must be '{'"
    statements = as_list(policy.get("Statement", []))
    if not statements or not all(isinstance(statement, dict) for statement in statements):
        return "Missing required field Statement"
    problems = (_find_statement_problem(statement, has_principals) for statement in statements)
    return next((problem for problem in problems if problem), "")


def _find_statement_problem(statement: dict[str, Any], has_principals: bool) -> str:
    if statement.get("Effect") not in ("Allow", "Deny"):
        return "Missing required field Effect"
    if not {"Action", "NotAction"} & set(statement):
        return "Missing required field Action"
    if has_principals and not {"Principal", "NotPrincipal"} & set(statement):
        return "Missing required field Principal"
    principals, conditions = statement.get("Principal", {}), statement.get("Condition", {})
    if principals != "*" and not isinstance(principals, dict):
        return "Invalid principal in policy"
    if not isinstance(conditions, dict) or not all(isinstance(keys, dict) for keys in conditions.values()):
        return "Conditions must be of the form operator, key, value"
    return ""


def allows(policy: dict[str, Any], caller: Caller, action: str, resource: str | None = None) -> bool:
    """One statement allows it, and none denies it. Without a resource (a trust policy) none is compared."""
    return _effects(policy, caller, action, resource) == {"Allow"}


def denies(policy: dict[str, Any], caller: Caller, action: str, resource: str) -> bool:
    """One statement denies it, which counts within an account too."""
    return "Deny" in _effects(policy, caller, action, resource)


def _effects(policy: dict[str, Any], caller: Caller, action: str, resource: str | None) -> set[str]:
    statements = as_list(policy.get("Statement", []))
    return {statement["Effect"] for statement in statements if _applies(statement, caller, action, resource)}


def as_list(value: Any) -> list[Any]:
    """A policy may have one value where it could have several."""
    return value if isinstance(value, list) else [value]


def _applies(statement: dict[str, Any], caller: Caller, action: str, resource: str | None) -> bool:
    return (
        _names(statement.get("Principal", {}), caller)
        and _matches_any([str(pattern).lower() for pattern in as_list(statement.get("Action", []))], action.lower())
        and (resource is None or _matches_any(as_list(statement.get("Resource", [])), resource))
        and _conditions_hold(statement.get("Condition", {}), caller.context)
    )


def _names(principal: Any, caller: Caller) -> bool:
    if principal == "*":
        return True
    if caller.provider:
        return caller.provider in as_list(principal.get("Federated", []))
    people, services = as_list(principal.get("AWS", [])), as_list(principal.get("Service", []))
    if caller.service:
        return caller.service in services or "*" in people
    whole_account = {caller.account, f"arn:aws:iam::{caller.account}:root"}
    return any(person == "*" or person in whole_account | caller.arns for person in people)


def _matches_any(patterns: list[Any], value: str) -> bool:
    return any(fnmatch.fnmatchcase(value, str(pattern)) for pattern in patterns)


def _conditions_hold(conditions: dict[str, Any], context: dict[str, str]) -> bool:
    """All of them; an operator that is not known here does not hold, nor does one whose key the request lacks."""
    known = {name.lower(): value for name, value in context.items()}
    return all(
        _holds(operator.lower(), known.get(key.lower()), as_list(expected))
        for operator, keys in conditions.items()
        for key, expected in keys.items()
    )


def _holds(operator: str, value: str | None, expected: list[Any]) -> bool:
    if value is None:
        return operator.endswith("ifexists") or operator.startswith(("stringnot", "arnnot"))
    operator = operator.removesuffix("ifexists")
    texts = [str(item).lower() if isinstance(item, bool) else str(item) for item in expected]
    if operator.startswith(("stringnot", "arnnot")):
        return not _holds(operator.replace("not", "", 1), value, expected)
    if operator in ("stringlike", "arnlike", "arnequals"):  # ArnEquals and ArnLike are the same
        return _matches_any(texts, value)
    return operator in ("stringequals", "bool") and value in texts
