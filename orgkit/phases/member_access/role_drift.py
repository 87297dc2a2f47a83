"""How the two roles of a member account differ from what they have to be: what is repaired, and what a person decides.

The read role is orgkit's: whom it trusts is repaired by a step that says who is let in no longer. What would have to be
detached or deleted is reported with its command, since orgkit detaches and deletes nothing. The access role was made by
AWS or by the account's owner, who may have let others in, and it is the way back into the account: it is only
reported.
"""

import json
from collections.abc import Iterator, Sequence
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


def restrict_read_role(
    spec: AccountSpec | ImportSpec, member: Member, management_id: str, *, is_completed: bool
) -> Iterator[Step]:
    """Repair whom the read role trusts, where that is more than the management account.

    Args:
        spec: The account in the parameters file.
        member: What was seen in it.
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
    """Repair a trust policy of the read role, as the earlier steps of the plan leave it."""
    if is_open_to_others(document, management_id):
        other_principals = other_trusted_principals(document, management_id)
        principals = (*other_principals, *deleted_principals(statements_of(document)))
        yield RestrictReadRole(
            key=spec.key, name=spec.name, role_name=spec.role_name, no_longer_trusted=principals,
            starts_from=normal_form(document),
            reason="whom this role trusts can read the account, and orgkit lets in the management account alone",
        )  # fmt: skip


def can_be_entered(spec: AccountSpec | ImportSpec, member: Member, management_id: str) -> bool:
    """Return whether orgkit can enter an account through its access role, as far as that was seen."""
    if member.denial is not None:
        return False
    role = member.role(spec.role_name)
    return member.access_role is not False if role is None else lets_in(json.loads(role.trust), management_id)


def access_role_waiting(spec: AccountSpec | ImportSpec, account: Account, management_id: str, effect: str) -> Waiting:
    """What the owner has to do where the access role cannot be used, and what is not planned until then."""
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
    """A policy of the read role that no step can replace: the access role cannot be used."""
    if member.readable and not member.current:
        yield Waiting(
            f"{spec.key}: the policy of role {READ_ROLE} is not the present one",
            f"the owner of account {account.id}", (command_to_allow_reads(reads),), drift=True,
        )  # fmt: skip


def open_read_role(
    spec: AccountSpec | ImportSpec, account: Account, member: Member, management_id: str
) -> Iterator[Waiting]:
    """The same where no step can repair it: the access role, through which orgkit would, is not as it has to be."""
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
    """What of both roles only a person may change back, with the commands for it."""
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
    """What takes rights away, which is left as it is; whom an imported account lets in; and what could not be read."""
    if member.unread:
        yield f"{spec.key}: whom its roles trust and what they may do is not known: {member.unread}"
    yield from (f"{spec.key}: {line}" for role in member.roles for line in _restrictions(role))
    read_role, access_role = member.role(READ_ROLE), member.role(spec.role_name)
    if read_role and _is_narrower(json.loads(read_role.trust), management_id):
        yield f"{spec.key}: role {READ_ROLE} trusts less than orgkit asks for, which is left as it is"
    if access_role and account.join_method != "CREATED":
        principals = other_trusted_principals(json.loads(access_role.trust), management_id)
        names = ", ".join(principal for principal in principals if not _is_wildcard(principal))
        if names:
            yield f"{spec.key}: role {spec.role_name} is an administrator, and trusts also {names}"


def _restrictions(role: MemberRole) -> Iterator[str]:
    """What a role trusts in vain, and what takes rights from it."""
    yield from (f"{line}." for line in deleted_in({role.name: json.loads(role.trust)}))
    if role.boundary:
        yield f"role {role.name} has the permissions boundary {role.boundary}, which is left as it is"
    for name, document in role.inline:
        if any(grant.effect == "Deny" for grant in grants_of(json.loads(document))):
            yield f"inline policy {name} of role {role.name} denies something, and is left as it is"


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
    """Whether a policy adds more than what shows the StackSets of a delegated administrator, which moves need."""
    allowed = [grant for grant in grants_of(json.loads(document)) if grant.effect == "Allow"]
    return any(grant.action not in STACK_SET_READS for grant in allowed)


def _access_role_drift(name: str, member: Member, management_id: str) -> Iterator[tuple[str, str]]:
    """Of an account that this organization created: AWS made the role, for the management account alone."""
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
        yield "is no administrator any more: what orgkit makes in the account may fail", command
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
        yield "does not trust the management account any more: orgkit can change nothing in the account", command


def _is_wildcard(principal: str) -> bool:
    return "*" in principal
