"""Evaluation of resource and trust policies: what one document allows or denies a caller."""

import json
from dataclasses import dataclass, field
from typing import Any

from orgkit.policy_evaluation.applicability import applies
from orgkit.policy_evaluation.conditions import as_list
from orgkit.policy_evaluation.principals import match_of
from orgkit.policy_evaluation.requests import Account, Principal, PrincipalKind, Request, request_context
from orgkit.policy_evaluation.statements import statements_of


@dataclass(frozen=True)
class Caller:
    """The caller: a principal of an account by its ARNs.

    `context` are the condition keys of the request.
    """

    account: str = ""
    arns: frozenset[str] = frozenset()
    context: dict[str, str] = field(default_factory=dict)

    @property
    def principal(self) -> Principal:
        """The caller as policies name it."""
        arn = min(self.arns, key=lambda arn: ":role/" in arn, default="")
        if not arn:
            return Principal(PrincipalKind.ANONYMOUS)
        role = next((role for role in self.arns if ":role/" in role), "")
        kind = PrincipalKind.ROLE_SESSION if role else PrincipalKind.USER
        return Principal(PrincipalKind.ROOT if arn.endswith(":root") else kind, arn, Account(self.account), role)


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
    statements = as_list(policy.get("Statement"))
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
    return effects(policy, _request(caller, action, resource)) == {"Allow"}


def denies(policy: dict[str, Any], caller: Caller, action: str, resource: str) -> bool:
    """One statement denies it, which counts within an account too."""
    return "Deny" in effects(policy, _request(caller, action, resource))


def _request(caller: Caller, action: str, resource: str | None) -> Request:
    return Request(caller.principal, action, resource or "*", context=caller.context)


def effects(policy: dict[str, Any], request: Request) -> set[str]:
    """Return the effects of the statements that apply to a request."""
    context = request_context(request)
    return {
        statement["Effect"]
        for statement in statements_of(policy)
        if match_of(statement, request.principal) and applies(statement, request, context, policy)
    }
