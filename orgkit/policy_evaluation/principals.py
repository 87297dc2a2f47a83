"""How the principals of a resource-based policy, a trust policy or an RCP match the caller.

Source: IAM User Guide, "AWS JSON policy elements: Principal" and "NotPrincipal", and "How AWS enforcement code logic
evaluates requests to allow or deny access".
"""

from collections.abc import Iterator
from enum import IntEnum

from orgkit.policy_evaluation.requests import Principal, PrincipalKind
from orgkit.policy_evaluation.statements import ANYBODY, Statement, principals_of


class Match(IntEnum):
    """How a statement names the caller; what an Allow of it needs in addition, within one account.

    NONE does not name the caller. ACCOUNT names its account, which has to allow the request in its own policies.
    ENTITY names the role of a session, or the user of a federated session: its permissions boundary and session policy
    have to allow the request. DIRECT names the caller itself, or everybody, and needs nothing else.
    """

    NONE = 0
    ACCOUNT = 1
    ENTITY = 2
    DIRECT = 3


def match_of(statement: Statement, principal: Principal, *, has_boundary: bool = False) -> Match:
    """Return how a statement names a caller.

    Args:
        statement: Of a policy whose statements name principals.
        principal: The caller.
        has_boundary: Whether the caller has a permissions boundary: a Deny with NotPrincipal then always applies.
    """
    forms = {**_arns(principal), **dict(_other_forms(principal))}
    if "NotPrincipal" not in statement:
        names = principals_of(statement)
        return Match.DIRECT if ANYBODY in names else max(forms.get(name, Match.NONE) for name in names or [("", "")])
    excluded = principals_of({"Principal": statement["NotPrincipal"]})
    if ANYBODY in excluded:
        return Match.NONE
    if statement.get("Effect") == "Allow":
        return Match.NONE if excluded & set(forms) else Match.DIRECT
    required = set(_arns(principal))
    return Match.NONE if required and required <= excluded and not has_boundary else Match.DIRECT


def _arns(principal: Principal) -> dict[tuple[str, str], Match]:
    """Return the names of a caller and of what it belongs to; a NotPrincipal has to list all of them."""
    if principal.kind in (PrincipalKind.SERVICE, PrincipalKind.FEDERATED):
        return {(principal.kind.value, principal.arn): Match.DIRECT}
    if not principal.is_iam:
        return {}
    if principal.kind is PrincipalKind.ROOT:
        return {("AWS", principal.account.id): Match.DIRECT}
    entities = {("AWS", arn): Match.ENTITY for arn in (principal.role, principal.user) if arn}
    return {("AWS", principal.account.id): Match.ACCOUNT, **entities, ("AWS", principal.arn): Match.DIRECT}


def _other_forms(principal: Principal) -> Iterator[tuple[tuple[str, str], Match]]:
    """Yield the ids that a policy may have in place of an ARN."""
    if principal.account.canonical_id:
        yield ("CanonicalUser", principal.account.canonical_id), Match.ACCOUNT
    unique_id, _, session = principal.unique_id.partition(":")
    if unique_id and principal.kind in (PrincipalKind.USER, PrincipalKind.ROLE_SESSION):
        yield ("AWS", unique_id), Match.ENTITY if session else Match.DIRECT
