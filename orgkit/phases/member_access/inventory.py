"""The two roles of a member account in the inventory: their trust policies, and what they may do."""

import json
from collections.abc import Iterator
from dataclasses import replace

from orgkit.model.canonical_json import normal_form
from orgkit.model.desired import READ_ROLE, AccountSpec, Desired, ImportSpec
from orgkit.model.inventory import NONE, PRESENCE, YES, Gap, Resource, value_or_same, yes_or_no
from orgkit.model.observed import Account, Member, MemberRole, Observed
from orgkit.model.plan import ABSENT
from orgkit.phases.member_access.roles import (
    ADMINISTRATOR,
    READ_POLICY,
    is_administrator,
    is_open_to_others,
    read_policy,
    trust,
    trusts_account,
)
from orgkit.phases.member_access.spec import MembersSpec
from orgkit.policy_evaluation.meaning import has_same_meaning

KIND = "role"
TRUST, BOUNDARY, USABLE = "trust policy", "permissions boundary", "can be assumed"
CALLS = {
    TRUST: ("UpdateAssumeRolePolicy",),
    "inline policy": ("PutRolePolicy", "DeleteRolePolicy"),
    "managed policy": ("AttachRolePolicy", "DetachRolePolicy"),
    BOUNDARY: ("PutRolePermissionsBoundary", "DeleteRolePermissionsBoundary"),
    PRESENCE: ("CreateRole", "DeleteRole"),
    USABLE: ("DeleteRole", "UpdateAssumeRolePolicy", "CreateRole"),
}


def roles_of(
    spec: AccountSpec | ImportSpec, account: Account, observed: Observed, desired: Desired
) -> Iterator[Resource | Gap]:
    """Yield the read role and the access role of an account."""
    names = (READ_ROLE, spec.role_name)
    ids = [f"{account.id}/{name}" for name in names]
    if not desired.section(MembersSpec).read_role:
        yield from (
            Gap(KIND, role_id, "the file has read_role = false in [members]", is_expected=True) for role_id in ids
        )
        return
    if account.is_closed:
        yield from (Gap(KIND, role_id, f"account {account.id} is closed", is_expected=True) for role_id in ids)
        return
    member = observed.member(account.id)
    if member is None:
        reason = f"account {account.id} was not entered: a person has to decide first whether it is the one of the file"
        yield from (Gap(KIND, role_id, reason) for role_id in ids)
    elif not member.readable:
        yield from _unusable(account, member, ids)
    elif member.unread:
        yield from (Gap(KIND, role_id, member.unread) for role_id in ids)
    else:
        yield from _read_role(spec, account, member, observed, desired)
        yield from _access_role(spec, account, member, observed)


NOT_READ = "its policies were not read: an earlier version of the read role's policy lets nobody read them"


def _unusable(account: Account, member: Member, ids: list[str]) -> Iterator[Resource | Gap]:
    reason = member.denial.reason if member.denial else f"{READ_ROLE} cannot be assumed: AWS says no more than that"
    yield _resource(
        account, READ_ROLE, {USABLE: yes_or_no(False)}, {USABLE: YES}, unread=tuple(CALLS.keys() - {USABLE})
    )
    yield from (Gap(KIND, role_id, reason) for role_id in ids[1:])


def _read_role(
    spec: AccountSpec | ImportSpec, account: Account, member: Member, observed: Observed, desired: Desired
) -> Iterator[Resource | Gap]:
    role, management_id = member.role(READ_ROLE), observed.target.account
    required = read_policy(desired.reads_in(spec.key))
    policy = f"inline policy {READ_POLICY}"
    spec_values = {USABLE: YES, TRUST: normal_form(trust(management_id)), policy: normal_form(required)}
    if role is None:  # an earlier version of its policy lets it read itself alone
        yield Gap(KIND, f"{account.id}/{READ_ROLE}", NOT_READ)
        yield _resource(account, READ_ROLE, {USABLE: YES}, {USABLE: YES}, unread=tuple(CALLS.keys() - {USABLE}))
        return
    document = json.loads(role.trust)
    is_trusted = trusts_account(document, management_id) and not is_open_to_others(document, management_id)
    spec_values[TRUST] = value_or_same(spec_values[TRUST], role.trust, is_same=is_trusted)
    existing = dict(role.inline).get(READ_POLICY, ABSENT)
    is_same = existing != ABSENT and has_same_meaning(json.loads(existing), required)
    spec_values[policy] = value_or_same(spec_values[policy], existing, is_same=is_same)
    more = {f"managed policy {arn}": ABSENT for arn in role.attached}
    yield _resource(account, READ_ROLE, {**_values(role), USABLE: YES}, {**spec_values, **more})


def _access_role(
    spec: AccountSpec | ImportSpec, account: Account, member: Member, observed: Observed
) -> Iterator[Resource | Gap]:
    """Yield the access role; of an account that was invited, its owner may trust others too."""
    role, management_id = member.role(spec.role_name), observed.target.account
    if role is None and member.access_role is None:
        yield Gap(KIND, f"{account.id}/{spec.role_name}", "the role was not read")
        return
    spec_values = {TRUST: normal_form(trust(management_id)), f"managed policy {ADMINISTRATOR}": YES}
    if role is None:
        is_there = bool(member.access_role)
        values = {PRESENCE: YES} if is_there else None
        if is_there:
            yield Gap(KIND, f"{account.id}/{spec.role_name}", NOT_READ)
        yield _resource(
            account, spec.role_name, values, {} if is_there else spec_values, unread=tuple(CALLS) if is_there else ()
        )
        return
    document = json.loads(role.trust)
    is_trusted = trusts_account(document, management_id) and not is_open_to_others(document, management_id)
    is_left_to_owner = account.join_method != "CREATED" and trusts_account(document, management_id)
    spec_values[TRUST] = value_or_same(spec_values[TRUST], role.trust, is_same=is_trusted or is_left_to_owner)
    if is_administrator(role):
        del spec_values[f"managed policy {ADMINISTRATOR}"]
    partly_stated = () if is_trusted else (TRUST,)  # the file does not say which principals its owner lets in
    yield replace(_resource(account, spec.role_name, _values(role), spec_values), partly_stated=partly_stated)


def _values(role: MemberRole) -> dict[str, str]:
    return {
        TRUST: role.trust,
        BOUNDARY: role.boundary or NONE,
        **{f"inline policy {name}": document for name, document in role.inline},
        **{f"managed policy {arn}": YES for arn in role.attached},
    }


def _resource(
    account: Account,
    name: str,
    values: dict[str, str] | None,
    spec_values: dict[str, str],
    unread: tuple[str, ...] = (),
) -> Resource:
    return Resource(
        kind=KIND,
        id=f"{account.id}/{name}",
        name=f"{name} in account {account.name}",
        values=values,
        spec_values=spec_values,
        unread=unread,
        account=account.id,
        calls=CALLS,
        identifiers=(name,),
    )
