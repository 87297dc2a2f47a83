"""The two roles that make a member account manageable, as IAM documents."""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from orgkit.model.canonical_json import compact_json
from orgkit.model.desired import READ_ROLE, MemberRead
from orgkit.model.observed import MemberRole
from orgkit.model.plan import starting_value
from orgkit.policy_evaluation.conditions import as_list
from orgkit.policy_evaluation.deleted_principals import (
    deleted_principals,
    is_deleted,
    without_deleted_principals,
)
from orgkit.policy_evaluation.meaning import FULL_ACCESS, grants_of
from orgkit.policy_evaluation.patterns import matches
from orgkit.policy_evaluation.statements import (
    ANYBODY,
    Statement,
    account_of,
    covers,
    grantees_of,
    principals_of,
    statements_of,
)

ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"  # what AWS gives the access role of a created account
READ_POLICY = READ_ROLE  # the inline policy has the role's name

# GetRole and GetRolePolicy are used where reading all roles at once is denied, for example by an SCP.
READS_IN_EVERY_MEMBER = (
    "iam:GetAccountAuthorizationDetails", "iam:GetRole", "iam:GetRolePolicy", "cloudtrail:LookupEvents",
)  # fmt: skip


def trust(management_account_id: str) -> dict[str, Any]:
    """Return the trust policy of both roles: they trust the management account, whose policies say who may use them."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{management_account_id}:root"},
                "Action": "sts:AssumeRole",
            }
        ],
    }


def with_trust(document: dict[str, Any], management_account_id: str) -> dict[str, Any]:
    """Return a role's trust policy with orgkit's statement added: AWS replaces it as a whole, so all others stay.

    Principals that were deleted are left out: IAM rejects their unique ids.
    """
    if trusts_account(document, management_account_id):
        return document
    existing_statements = without_deleted_principals(statements_of(document))
    return {**document, "Statement": [*existing_statements, *trust(management_account_id)["Statement"]]}


def trusts_account(document: Mapping[str, Any], account_id: str) -> bool:
    """Return whether a trust policy trusts the account by name, as orgkit's own does, without further conditions."""
    (own,) = trust(account_id)["Statement"]
    return any(
        ("AWS", account_id) in principals_of(statement)
        and covers({**statement, "Resource": "*"}, {**own, "Resource": "*"}, {})
        for statement in statements_of(document)
    )


def roles_to_change(
    trusts: Mapping[str, Any], policy: Any, management_account_id: str, required: Mapping[str, Any]
) -> str:
    """Return how roles differ from what orgkit makes of them, in normal form; ABSENT when they do not.

    It leaves out what a killed step may have done already: orgkit's statement of a trust policy, and its read policy.

    Args:
        trusts: The trust policies by the names of the roles; None for one that is not there.
        policy: The read policy, None when it is not there.
        management_account_id: The account that both roles trust.
        required: The read policy as it should be.
    """
    foreign = {name: _foreign_trust(document or {}, management_account_id) for name, document in trusts.items()}
    values = {**foreign, "policy": policy if policy != required else None}
    return starting_value({name: value for name, value in values.items() if value})


def _foreign_trust(document: Mapping[str, Any], management_account_id: str) -> list[Statement]:
    own_statements = trust(management_account_id)["Statement"]
    return [
        statement
        for statement in without_deleted_principals(statements_of(document))
        if {key: value for key, value in statement.items() if key != "Sid"} not in own_statements
    ]


def other_trusted_principals(document: dict[str, Any], management_account_id: str) -> tuple[str, ...]:
    """Return the principals outside the management account that a role's trust policy allows; "*" is anybody."""
    principals = (name for kind, name in grantees_of(document) if not _is_of(management_account_id, kind, name))
    return tuple(sorted(name for name in principals if not is_deleted(name)))


def lets_in(document: dict[str, Any], account_id: str) -> bool:
    """Return whether a trust policy allows an account, a principal in it, or anybody, and denies none of them."""
    names_it = any(principal == ANYBODY or _is_of(account_id, *principal) for principal in grantees_of(document))
    return names_it and not denies(document, account_id)


def denies(document: dict[str, Any], account_id: str) -> bool:
    """Return whether a trust policy denies all principals of an account, without a condition."""
    return any(_denies(statement, account_id) for statement in statements_of(document))


def _denies(statement: Statement, account_id: str) -> bool:
    actions = [str(action).lower() for action in as_list(statement.get("Action"))]
    if statement.get("Effect") != "Deny" or statement.get("Condition"):
        return False
    if not any(matches(action, "sts:assumerole") for action in actions):
        return False
    if "NotPrincipal" in statement:  # where all that it names were deleted, it denies everybody
        exempt = principals_of({"Principal": statement["NotPrincipal"]})
        return not any(_is_of(account_id, *principal) for principal in exempt)
    return not principals_of(statement).isdisjoint({ANYBODY, ("AWS", account_id)})


def _is_of(account_id: str, kind: str, name: str) -> bool:
    return kind == "AWS" and account_of(name) == account_id


def is_open_to_others(document: dict[str, Any], management_account_id: str) -> bool:
    """Return whether a trust policy names principals that `restricted_trust` takes out of it."""
    if other_trusted_principals(document, management_account_id):
        return True
    deleted_ids = deleted_principals(statements_of(document))
    return deleted_ids != deleted_principals(without_deleted_principals(statements_of(document)))


def deleted_in(trusts: Mapping[str, Any]) -> tuple[str, ...]:
    """Return a line for each role whose trust policy names principals that were deleted."""
    deleted = {name: deleted_principals(statements_of(document)) for name, document in trusts.items()}
    return tuple(
        f"role {name} trusts {', '.join(ids)}, which was deleted: IAM rejects a trust policy that names it, so a step "
        "that changes this policy leaves it out"
        for name, ids in deleted.items()
        if ids
    )


def restricted_trust(document: dict[str, Any], management_account_id: str) -> dict[str, Any]:
    """Return a trust policy without those principals; its denials and conditions stay.

    If no principal is left, it trusts the management account as a new role does. Deleted principals are left out.
    """
    statements = [
        restricted
        for statement in without_deleted_principals(statements_of(document))
        if (restricted := _restricted(statement, management_account_id)) is not None
    ]
    if not any(statement.get("Effect") == "Allow" for statement in statements):
        statements += trust(management_account_id)["Statement"]
    return {**document, "Statement": statements}


def _restricted(statement: Statement, management_account_id: str) -> Statement | None:
    if statement.get("Effect") != "Allow":
        return statement
    principals = statement.get("Principal")
    values = as_list(principals.get("AWS")) if isinstance(principals, Mapping) else []
    own = [value for value in values if account_of(str(value)) == management_account_id]
    return {**statement, "Principal": {"AWS": own}} if own else None


def is_administrator(role: MemberRole) -> bool:
    """Return whether a role may do everything: by AWS's policy, as AWS attaches it, or by one of its own."""
    attached = any(arn.endswith(":iam::aws:policy/AdministratorAccess") for arn in role.attached)
    return attached or any(FULL_ACCESS in grants_of(json.loads(document)) for _, document in role.inline)


def parse_document(value: Any) -> Any:
    """Parse a document of IAM: its API encodes it for URLs, and botocore usually decodes it."""
    return json.loads(unquote(value)) if isinstance(value, str) else value


def read_policy(reads: Sequence[MemberRead]) -> dict[str, Any]:
    """Return what the read role may read: its roles and event history, and what phases read in this account."""
    usual = MemberRead("Read", READS_IN_EVERY_MEMBER, ("*",))
    return {"Version": "2012-10-17", "Statement": [_statement(read) for read in (usual, *reads)]}


def _statement(read: MemberRead) -> Statement:
    resource = read.resources[0] if read.resources == ("*",) else list(read.resources)
    return {"Sid": read.sid, "Effect": "Allow", "Action": sorted(read.actions), "Resource": resource}


def commands_to_make(role_name: str, management_account_id: str, reads: Sequence[MemberRead]) -> tuple[str, ...]:
    """Return the AWS CLI commands with which an account's owner makes both roles."""
    trusted = compact_json(trust(management_account_id))
    return (
        f"aws iam create-role --role-name {role_name} --assume-role-policy-document '{trusted}'",
        f"aws iam attach-role-policy --role-name {role_name} --policy-arn {ADMINISTRATOR}",
        f"aws iam create-role --role-name {READ_ROLE} --assume-role-policy-document '{trusted}'",
        command_to_allow_reads(reads),
    )


def command_to_allow_reads(reads: Sequence[MemberRead]) -> str:
    """Return the AWS CLI command that gives the read role its policy."""
    policy = compact_json(read_policy(reads))
    return f"aws iam put-role-policy --role-name {READ_ROLE} --policy-name {READ_POLICY} --policy-document '{policy}'"
