"""AWS calls that make and read the two roles of a member account, so that orgkit can read and manage it."""

from collections.abc import Sequence
from typing import Any

from orgkit.aws.rejections import Rejected
from orgkit.aws.session import Connection
from orgkit.aws.waiting import Waits
from orgkit.errors import NeedsDecision, StepFailed
from orgkit.model.canonical_json import compact_json
from orgkit.model.desired import READ_ROLE
from orgkit.model.matching import IdIndex
from orgkit.model.plan import ABSENT, starting_value
from orgkit.phases.member_access.access_aws import until_assumable, usable_connection
from orgkit.phases.member_access.roles import (
    ADMINISTRATOR,
    READ_POLICY,
    is_open_to_others,
    parse_document,
    read_policy,
    restricted_trust,
    roles_to_change,
    trust,
    with_trust,
)
from orgkit.phases.member_access.steps import CreateReadRole, MakeManageable, RestrictReadRole

NOT_FOUND_CODES = ("NoSuchEntity", "NoSuchEntityException")


def create_read_role(aws: Connection, step: CreateReadRole, id_index: IdIndex) -> Waits[None]:
    """Make the role, and wait until it can be assumed; `read_role_of` has checked that the account is usable."""
    account = id_index.account(step.key)
    member = aws.assume(account, step.role_name)
    _make_role(member, READ_ROLE, id_index)
    _put_read_policy(member, id_index, step.key)
    member.release()  # the clients of 1,000 accounts take more than a gigabyte
    yield from until_assumable(aws, account, READ_ROLE, step.name)


def restrict_read_role(aws: Connection, step: RestrictReadRole, id_index: IdIndex) -> None:
    """Set the trust policy without the principals that the step names; its denials and conditions stay."""
    member = aws.assume(id_index.account(step.key), step.role_name)
    document = trust_of(member, READ_ROLE)
    if document is not None and is_open_to_others(document, id_index.target.account):
        restricted = restricted_trust(document, id_index.target.account)
        member.mutate("iam", "UpdateAssumeRolePolicy", RoleName=READ_ROLE, PolicyDocument=compact_json(restricted))
    member.release()


def read_role_trust_of(aws: Connection, step: RestrictReadRole, id_index: IdIndex) -> str:
    """Return the current trust policy of the read role, through the access role."""
    return starting_value(trust_of(aws.assume(id_index.account(step.key), step.role_name), READ_ROLE))


def make_manageable(aws: Connection, step: MakeManageable, id_index: IdIndex) -> Waits[None]:
    """Make both roles with the owner's credentials: AWS makes none in accounts that were invited."""
    owner = _owner_of(aws, step)
    _make_role(owner, step.role_name, id_index)
    _make_administrator(owner, step.role_name)
    _make_role(owner, READ_ROLE, id_index)
    _put_read_policy(owner, id_index, step.key)
    for role in (step.role_name, READ_ROLE):
        yield from until_assumable(aws, step.account_id, role, step.name)


def read_role_of(aws: Connection, step: CreateReadRole, id_index: IdIndex) -> Waits[str]:
    """Wait until the account is usable, and read the role's current policies, through the access role."""
    account = id_index.account(step.key)
    member = yield from usable_connection(aws, account, step)
    value = _roles_to_change(member, (READ_ROLE,), id_index, step.key)
    if value != step.starts_from == ABSENT:
        raise NeedsDecision(
            f"role {READ_ROLE} is in account {step.name} ({account}) already, and planning could not see it: {value}.",
            f"find out who made it; let it trust account {id_index.target.account} and read itself (iam:GetRole, "
            "iam:GetRolePolicy), so that a plan shows what would be replaced, or delete it. Then plan again.",
        )
    return value


def both_roles_of(aws: Connection, step: MakeManageable, id_index: IdIndex) -> str:
    """Return how both roles differ now from the required ones, read with the owner's credentials."""
    return _roles_to_change(_owner_of(aws, step), (step.role_name, READ_ROLE), id_index, step.key)


def _owner_of(aws: Connection, step: MakeManageable) -> Connection:
    owner = aws.as_owner(step.profile)
    if owner.caller().account != step.account_id:
        raise StepFailed(
            f"profile {step.profile} belongs to account {owner.caller().account}, not to {step.account_id}.",
            f"name a profile of that account under imports.{step.key}.profile.",
        )
    return owner


def _roles_to_change(member: Connection, roles: Sequence[str], id_index: IdIndex, key: str) -> str:
    trusts = {role: trust_of(member, role) for role in roles}
    policy = read_policy_of(member) if trusts[READ_ROLE] is not None else None
    return roles_to_change(trusts, policy, id_index.target.account, read_policy(id_index.desired.reads_in(key)))


# A step of several changes reads the state before each of them. After a lost response it resumes where it was, and does
# not repeat changes whose responses may be lost in turn.
def _make_role(member: Connection, name: str, id_index: IdIndex) -> None:
    """Create the role, or add the required trust to an existing one, which keeps the principals that it trusts."""
    existing_trust = trust_of(member, name)
    if existing_trust is None:
        _create_role(member, name, trust(id_index.target.account))
        return
    wider = with_trust(existing_trust, id_index.target.account)
    if wider != existing_trust:
        member.mutate("iam", "UpdateAssumeRolePolicy", RoleName=name, PolicyDocument=compact_json(wider))


def _create_role(member: Connection, name: str, trusted: dict[str, Any]) -> None:
    """Create the role; if it exists but IAM does not show it yet, wait for it as for any new role."""
    try:
        member.mutate(
            "iam",
            "CreateRole",
            expect="Role",
            RoleName=name,
            AssumeRolePolicyDocument=compact_json(trusted),
            Description="orgkit: used from the management account",
        )
    except Rejected as rejection:
        if not rejection.code.startswith("EntityAlreadyExists"):
            raise


def trust_of(member: Connection, name: str) -> dict[str, Any] | None:
    """Return the trust policy of a role; None if the role does not exist."""
    try:
        document: dict[str, Any] = parse_document(
            member.read("iam", "GetRole", RoleName=name)["Role"]["AssumeRolePolicyDocument"]
        )
    except Rejected as rejection:
        if rejection.code in NOT_FOUND_CODES:
            return None
        raise
    return document


def _make_administrator(owner: Connection, role: str) -> None:
    attached = owner.pages("iam", "ListAttachedRolePolicies", "AttachedPolicies", RoleName=role)
    if ADMINISTRATOR not in [policy["PolicyArn"] for policy in attached]:
        owner.mutate("iam", "AttachRolePolicy", RoleName=role, PolicyArn=ADMINISTRATOR)


def _put_read_policy(member: Connection, id_index: IdIndex, key: str) -> None:
    document = read_policy(id_index.desired.reads_in(key))
    if read_policy_of(member) != document:
        member.mutate(
            "iam", "PutRolePolicy", RoleName=READ_ROLE, PolicyName=READ_POLICY, PolicyDocument=compact_json(document)
        )


def read_policy_of(member: Connection) -> Any:
    """Return the policy of the read role; None if it does not exist."""
    try:
        answer = member.read("iam", "GetRolePolicy", RoleName=READ_ROLE, PolicyName=READ_POLICY)
    except Rejected as rejection:
        if rejection.code in NOT_FOUND_CODES:
            return None
        raise
    return parse_document(answer["PolicyDocument"])
