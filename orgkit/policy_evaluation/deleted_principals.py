"""Principals that were deleted: AWS shows their unique ids in policies, and rejects a policy that has one.

Source: IAM User Guide, "AWS JSON policy elements: Principal": when a role or user is deleted, the policy shows its
unique id; saved again, the policy is refused (MalformedPolicyDocument, MalformedPolicy).
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from orgkit.policy_evaluation.conditions import as_list
from orgkit.policy_evaluation.statements import Statement

_UNIQUE_ID = re.compile(r"A(IDA|ROA)[A-Z0-9]{12,124}")


def is_deleted(principal: object) -> bool:
    """Return whether a principal of a policy is the unique id of a deleted role or user."""
    return isinstance(principal, str) and _UNIQUE_ID.fullmatch(principal) is not None


def deleted_principals(statements: Iterable[Statement]) -> tuple[str, ...]:
    """Return the unique ids that statements name."""
    members = ("Principal", "NotPrincipal")
    names = {name for statement in statements for member in members for name in _names(statement.get(member))}
    return tuple(sorted(name for name in names if is_deleted(name)))


def without_deleted_principals(statements: Iterable[Statement]) -> Iterator[Statement]:
    """Return the statements without deleted principals, so that AWS accepts them; they grant and deny the same.

    A statement that names no other principal is left out. NotPrincipal stays unchanged if it would be empty.
    """
    for statement in statements:
        if not deleted_principals([statement]):
            yield statement
            continue
        member = "NotPrincipal" if "NotPrincipal" in statement else "Principal"
        remaining = _remaining(statement[member])
        if remaining:
            yield {**statement, member: remaining}
        elif member == "NotPrincipal":
            yield statement


def _names(principal: Any) -> list[Any]:
    return as_list(principal.get("AWS")) if isinstance(principal, Mapping) else []


def _remaining(principal: Mapping[str, Any]) -> dict[str, Any]:
    names = [name for name in _names(principal) if not is_deleted(name)]
    other_kinds = {kind: value for kind, value in principal.items() if kind != "AWS"}
    return {**other_kinds, **({"AWS": names} if names else {})}
