"""AWS calls that read a member account: its two roles, in one read through the read role."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from orgkit.aws.rejections import Rejected
from orgkit.aws.session import Connection
from orgkit.model.canonical_json import normal_form
from orgkit.model.desired import READ_ROLE, AccountSpec, ImportSpec, MemberRead
from orgkit.model.matching import match_if_clear
from orgkit.model.observed import Member, MemberRole, Observed, Unread
from orgkit.model.plan import ABSENT
from orgkit.phases.member_access.access_aws import NOT_YET
from orgkit.phases.member_access.role_drift import SIMILAR_ROLES, access_is_as_needed
from orgkit.phases.member_access.roles import READ_POLICY, parse_document, read_policy, roles_to_change
from orgkit.phases.member_access.roles_aws import NOT_FOUND_CODES, read_policy_of, trust_of
from orgkit.policy_evaluation.meaning import has_same_meaning

Spec = AccountSpec | ImportSpec
Pair = tuple[Spec, str]  # an account of the file, and its id


def read_member(aws: Connection, spec: Spec, account_id: str, reads: Sequence[MemberRead]) -> Member:
    """Read a member account through its read role, never through the access role: two calls.

    Only a clear rejection by AWS counts as "not readable": a lost response must not lead to a step that makes the role.
    """
    try:
        member = aws.assume(account_id, READ_ROLE)
    except Rejected as rejection:
        if not is_not_readable(rejection):
            raise
        denial = Unread(str(rejection), rejection.remedy) if rejection.is_final else None
        return Member(account_id, readable=False, current=False, denial=denial)
    try:
        roles = read_roles(member, (READ_ROLE, spec.role_name))
    except Rejected as rejection:
        if rejection.code not in NOT_YET:
            raise
        return _read_outdated(aws, member, account_id, spec.role_name, reads, rejection)
    return _member(account_id, spec.role_name, roles, read_policy(reads), aws.caller().account)


def is_not_readable(rejection: Rejected) -> bool:
    """Return whether AWS rejected the read role itself: it is not there, or does not let us in."""
    return rejection.code in (*NOT_YET, *NOT_FOUND_CODES)


def read_roles(member: Connection, names: Sequence[str]) -> tuple[MemberRole, ...]:
    """Read trust, policies and boundary of these roles from the list of all roles; stop when both are found."""
    roles: dict[str, MemberRole] = {}
    for item in member.pages("iam", "GetAccountAuthorizationDetails", "RoleDetailList", Filter=["Role"]):
        if item["RoleName"] in names:
            roles[item["RoleName"]] = _role(item)
        if len(roles) == len(set(names)):
            break
    return tuple(roles[name] for name in sorted(roles))


def _role(item: Mapping[str, Any]) -> MemberRole:
    inline = {
        str(policy["PolicyName"]): normal_form(parse_document(policy["PolicyDocument"]))
        for policy in item.get("RolePolicyList", ())
    }
    return MemberRole(
        name=str(item["RoleName"]),
        trust=normal_form(parse_document(item["AssumeRolePolicyDocument"])),
        inline=tuple(sorted(inline.items())),
        attached=tuple(sorted(str(policy["PolicyArn"]) for policy in item.get("AttachedManagedPolicies", ()))),
        boundary=str((item.get("PermissionsBoundary") or {}).get("PermissionsBoundaryArn", "")),
    )


def _member(
    account_id: str, access_role: str, roles: tuple[MemberRole, ...], required: Mapping[str, Any], management_id: str
) -> Member:
    by_name = {role.name: role for role in roles}
    read_role = by_name.get(READ_ROLE)
    document = dict(read_role.inline).get(READ_POLICY) if read_role else None
    policy = json.loads(document) if document else None
    current = _is_current(document, normal_form(required))
    trusted = {READ_ROLE: json.loads(read_role.trust) if read_role else None}
    return Member(
        account_id,
        readable=True,
        current=current,
        access_role=access_is_as_needed(by_name.get(access_role), management_id),
        read_role=ABSENT if current else roles_to_change(trusted, policy, management_id, required),
        roles=roles,
    )


@lru_cache(maxsize=SIMILAR_ROLES)
def _is_current(document: str | None, required: str) -> bool:
    return document is not None and has_same_meaning(json.loads(document), json.loads(required))


def _read_outdated(
    aws: Connection,
    member: Connection,
    account_id: str,
    access_role: str,
    reads: Sequence[MemberRead],
    rejection: Rejected,
) -> Member:
    """Read one by one what an earlier version of the policy allows; with the current policy, something else denies."""
    try:
        policy = read_policy_of(member)
    except Rejected as policy_rejection:
        if policy_rejection.code not in NOT_YET:
            raise
        return Member(account_id, readable=True, current=False)
    required = read_policy(reads)
    if has_same_meaning(policy, required):
        exists = has_role(member, access_role)
        return Member(account_id, readable=True, current=True, access_role=exists, unread=str(rejection))
    document = _trust_through_itself(member)
    return Member(
        account_id,
        readable=True,
        current=False,
        access_role=has_role(member, access_role),
        read_role=roles_to_change({READ_ROLE: document}, policy, aws.caller().account, required),
        roles=(MemberRole(READ_ROLE, normal_form(document)),) if document else (),
    )


def _trust_through_itself(member: Connection) -> dict[str, Any] | None:
    """Return the read role's trust policy; None where an even older policy does not let the role read it."""
    try:
        return trust_of(member, READ_ROLE)
    except Rejected as rejection:
        if rejection.code not in NOT_YET:
            raise
        return None


class GuessedMembers:
    """Which account of the file an account seems to be, as soon as AWS lists it: by its id, else by its email.

    `members_to_read` decides when everything is known. Where it decides otherwise, two reads were in vain.

    Args:
        specs: The accounts of the file.
        management_id: The management account, which is never entered.
    """

    def __init__(self, specs: Iterable[Spec], management_id: str) -> None:
        self._management_id = management_id
        unique = {spec.key: spec for spec in specs}.values()
        self._by_id = {spec.id: spec for spec in unique if spec.id}
        emails = Counter(spec.email.casefold() for spec in unique)
        self._by_email = {spec.email.casefold(): spec for spec in unique if emails[spec.email.casefold()] == 1}

    def pair_of(self, item: Mapping[str, Any]) -> Pair | None:
        """Return the account of the file and the id; None for an account that is closed, or none of the file."""
        account_id = str(item["Id"])
        spec = self._by_id.get(account_id) or self._by_email.get(str(item.get("Email", "")).casefold())
        if spec is None or item.get("State") != "ACTIVE" or account_id == self._management_id:
            return None
        return (spec, account_id) if spec.id in (None, "", account_id) else None


def members_to_read(observed: Observed, specs: Iterable[Spec]) -> list[Pair]:
    """Return the accounts that are there, each with its id, and each once however many phases read it.

    Accounts that wait for a person's decision are skipped: planning reports them, and the others can be read.
    """
    matches = ((spec, match_if_clear(spec, observed)) for spec in specs)
    return list({account.id: (spec, account.id) for spec, account in matches if account is not None}.values())


def has_role(aws: Connection, name: str) -> bool | None:
    """Return whether the role exists; None if AWS denies the read."""
    try:
        aws.read("iam", "GetRole", RoleName=name)
    except Rejected as rejection:
        if rejection.code in NOT_FOUND_CODES:
            return False
        if rejection.code in NOT_YET:
            return None
        raise
    return True
