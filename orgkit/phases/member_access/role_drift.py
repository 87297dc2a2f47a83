"""Drift of the two roles of a member account: what orgkit repairs, and what a person decides.

The read role is orgkit's: a step repairs its trust policy, and names the principals that it removes. orgkit detaches
and deletes nothing: what would have to be detached or deleted is reported with its command. The access role was made
by AWS or by the account's owner, who may have added principals, and it is the only way into the account. Its drift is
only reported.
"""

import json
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from orgkit.model.canonical_json import compact_json, normal_form
from orgkit.model.desired import READ_ROLE, AccountSpec, ImportSpec, MemberRead
from orgkit.model.observed import Account, Member, MemberRole
from orgkit.model.plan import Step, Waiting
from orgkit.phases.member_access.roles import (
    ADMINISTRATOR,
    READ_POLICY,
    command_to_allow_reads,
    deleted_in,
    is_administrator,
    is_open_to_others,
    lets_in,
    other_trusted_principals,
    restricted_trust,
    trust,
    trusts_account,
    with_trust,
)
from orgkit.phases.member_access.steps import RestrictReadRole
from orgkit.policy_evaluation.deleted_principals import deleted_principals
from orgkit.policy_evaluation.meaning import grants_of
from orgkit.policy_evaluation.statements import statements_of

# In lower case: what the owner of a delegated administrator may allow the read role in addition, in an inline policy.
STACK_SET_READS = ("cloudformation:describestackset", "cloudformation:liststacksets")

SIMILAR_ROLES = 256  # most accounts have the same two roles: each is evaluated once


def restrict_read_role(
    spec: AccountSpec | ImportSpec, member: Member, management_id: str, *, is_completed: bool
) -> Iterator[Step]:
    """Restrict the trust policy of the read role, if it trusts more than the management account.

    Args:
        spec: The account in the parameters file.
        member: What was read in it.
        management_id: The account that the role should trust.
        is_completed: Whether an earlier step of the plan makes the role, and completes its trust policy.
    """
    role = member.role(READ_ROLE)
    if role is not None:
        document = json.loads(role.trust)
        yield from restrict_trust(
            spec, with_trust(document, management_id) if is_completed else document, management_id
        )


def restrict_trust(
    spec: AccountSpec | ImportSpec, document: dict[str, Any], management_id: str
) -> Iterator[RestrictReadRole]:
    """Restrict a trust policy of the read role, as the earlier steps of the plan leave it."""
    if is_open_to_others(document, management_id):
        other_principals = other_trusted_principals(document, management_id)
        principals = (*other_principals, *deleted_principals(statements_of(document)))
        yield RestrictReadRole(
            key=spec.key, name=spec.name, role_name=spec.role_name, no_longer_trusted=principals,
            starts_from=normal_form(document),
            reason="principals that this role trusts can read the account: only the management account should",
        )  # fmt: skip


def can_be_entered(spec: AccountSpec | ImportSpec, member: Member, management_id: str) -> bool:
    """Return whether orgkit can enter an account through its access role, by what was read."""
    if member.denial is not None:
        return False
    role = member.role(spec.role_name)
    return member.access_role is not False if role is None else lets_in(json.loads(role.trust), management_id)


def access_role_waiting(spec: AccountSpec | ImportSpec, account: Account, management_id: str, effect: str) -> Waiting:
    """Return what the owner has to do if the access role cannot be used, and what is not planned until then."""
    trusted = compact_json(trust(management_id))
    create = f"aws iam create-role --role-name {spec.role_name} --assume-role-policy-document '{trusted}'"
    update = f"aws iam update-assume-role-policy --role-name {spec.role_name} --policy-document '{trusted}'"
    attach = f"aws iam attach-role-policy --role-name {spec.role_name} --policy-arn {ADMINISTRATOR}"
    return Waiting(
        f"{spec.key}: role {spec.role_name} is not there, or does not trust the management account. {effect}",
        f"the owner of account {account.id}",
        (f"{create} || {update}", attach),
        drift=True,
    )


def outdated_read_role(
    spec: AccountSpec | ImportSpec, account: Account, member: Member, reads: Sequence[MemberRead]
) -> Iterator[Waiting]:
    """Return the task to replace the read role's policy, for an account whose access role cannot be used."""
    if member.readable and not member.current:
        yield Waiting(
            f"{spec.key}: the policy of role {READ_ROLE} is not the present one",
            f"the owner of account {account.id}", (command_to_allow_reads(reads),), drift=True,
        )  # fmt: skip


def open_read_role(
    spec: AccountSpec | ImportSpec, account: Account, member: Member, management_id: str
) -> Iterator[Waiting]:
    """Return the task to restrict the read role's trust policy, for an account whose access role cannot be used."""
    role = member.role(READ_ROLE)
    for step in restrict_read_role(spec, member, management_id, is_completed=False):
        assert role is not None
        assert isinstance(step, RestrictReadRole)
        document = compact_json(restricted_trust(json.loads(role.trust), management_id))
        command = f"aws iam update-assume-role-policy --role-name {READ_ROLE} --policy-document '{document}'"
        yield Waiting(
            f"{spec.key}: the trust policy of role {READ_ROLE} lets in {', '.join(step.no_longer_trusted)}",
            f"the owner of account {account.id}", (command,), drift=True,
        )  # fmt: skip


def role_drift(
    spec: AccountSpec | ImportSpec, account: Account, member: Member, management_id: str
) -> Iterator[Waiting]:
    """Yield the drift of both roles that only a person may repair, with the commands for it."""
    owner = f"the owner of account {account.id}"
    if member.denial is not None:
        task = f"{spec.key}: role {READ_ROLE} could not be assumed: {member.denial.reason}. To go on: "
        yield Waiting(f"{task}{member.denial.remedy or 'change that policy'}", "you", drift=True)
    if (read_role := member.role(READ_ROLE)) is not None:
        for problem, command in _read_role_drift(read_role):
            yield Waiting(f"{spec.key}: role {READ_ROLE} {problem}", owner, (command,), drift=True)
    if account.join_method == "CREATED":
        for problem, command in _access_role_drift(spec.role_name, member, management_id):
            yield Waiting(f"{spec.key}: role {spec.role_name} {problem}", owner, (command,), drift=True)
    elif (access_role := member.role(spec.role_name)) is not None:
        for problem, command in _opened(access_role, management_id, wildcards_only=True):
            yield Waiting(f"{spec.key}: role {spec.role_name} {problem}", owner, (command,), drift=True)


def role_warnings(
    spec: AccountSpec | ImportSpec, account: Account, member: Member, management_id: str
) -> Iterator[str]:
    """Yield restrictions of the roles, which stay; principals that an imported account trusts; and unread roles."""
    if member.unread:
        yield f"{spec.key}: the trust and permissions of its roles are not known: {member.unread}"
    yield from (f"{spec.key}: {line}" for role in member.roles for line in _restrictions(role))
    read_role, access_role = member.role(READ_ROLE), member.role(spec.role_name)
    if read_role and _is_narrower(json.loads(read_role.trust), management_id):
        yield f"{spec.key}: role {READ_ROLE} trusts less than orgkit asks for; orgkit leaves it unchanged"
    if access_role and account.join_method != "CREATED":
        principals = other_trusted_principals(json.loads(access_role.trust), management_id)
        names = ", ".join(principal for principal in principals if not _is_wildcard(principal))
        if names:
            yield f"{spec.key}: role {spec.role_name} is an administrator, and trusts also {names}"


def _restrictions(role: MemberRole) -> Iterator[str]:
    """Yield what a role trusts without effect, and what restricts it: a boundary, and policies that deny something."""
    yield from (f"{line}." for line in deleted_in({role.name: json.loads(role.trust)}))
    if role.boundary:
        yield f"role {role.name} has the permissions boundary {role.boundary}, which orgkit leaves unchanged"
    for name, document in role.inline:
        if any(grant.effect == "Deny" for grant in grants_of(json.loads(document))):
            yield f"inline policy {name} of role {role.name} denies something; orgkit leaves it unchanged"


@lru_cache(maxsize=SIMILAR_ROLES)
def access_is_as_needed(role: MemberRole | None, management_id: str) -> bool:
    """Return whether a role is an administrator that principals of the management account can use."""
    if role is None or not is_administrator(role):
        return False
    return lets_in(json.loads(role.trust), management_id)


def _is_narrower(document: dict[str, Any], management_id: str) -> bool:
    is_open = other_trusted_principals(document, management_id)
    return not is_open and not trusts_account(document, management_id)


def _read_role_drift(role: MemberRole) -> Iterator[tuple[str, str]]:
    for arn in role.attached:
        command = f"aws iam detach-role-policy --role-name {READ_ROLE} --policy-arn {arn}"
        yield f"has the managed policy {arn} attached: it may do more than read what orgkit reads", command
    for name, document in role.inline:
        if name != READ_POLICY and _allows_more(document):
            command = f"aws iam delete-role-policy --role-name {READ_ROLE} --policy-name {name}"
            yield f"has the inline policy {name} in addition: it may do more than read what orgkit reads", command


def _allows_more(document: str) -> bool:
    """Whether a policy allows more than reading a delegated administrator's StackSets, which moves need."""
    allowed = [grant for grant in grants_of(json.loads(document)) if grant.effect == "Allow"]
    return any(grant.action not in STACK_SET_READS for grant in allowed)


def _access_role_drift(name: str, member: Member, management_id: str) -> Iterator[tuple[str, str]]:
    """Yield drift of the access role that AWS made, for the management account alone, in an account it created."""
    trusted = compact_json(trust(management_id))
    role = member.role(name)
    if role is None:
        if member.access_role is not False:  # it was not read
            return
        command = f"aws iam create-role --role-name {name} --assume-role-policy-document '{trusted}'"
        yield "is not there: orgkit can change nothing in the account", command
        return
    if not is_administrator(role):
        command = f"aws iam attach-role-policy --role-name {name} --policy-arn {ADMINISTRATOR}"
        yield "is no longer an administrator: what orgkit makes in the account may fail", command
    yield from _opened(role, management_id, wildcards_only=False)


def _opened(role: MemberRole, management_id: str, *, wildcards_only: bool) -> Iterator[tuple[str, str]]:
    document = json.loads(role.trust)
    principals = other_trusted_principals(document, management_id)
    opened = [principal for principal in principals if not wildcards_only or _is_wildcard(principal)]
    deleted = () if wildcards_only else deleted_principals(statements_of(document))
    trusted = compact_json(trust(management_id))
    command = f"aws iam update-assume-role-policy --role-name {role.name} --policy-document '{trusted}'"
    if opened:
        yield f"is an administrator of the account, and its trust policy lets in {', '.join(opened)}", command
    elif deleted:
        yield (
            f"trusts {', '.join(deleted)}, which was deleted: AWS takes no change of its trust policy with it",
            command,
        )
    elif not wildcards_only and not lets_in(document, management_id):
        yield "no longer trusts the management account: orgkit can change nothing in the account", command


def _is_wildcard(principal: str) -> bool:
    return "*" in principal
