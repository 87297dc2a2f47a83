"""How a member account is made readable and manageable: its two roles, made and looked at."""

from collections.abc import Sequence
from typing import Any

from orgkit.accounts.entering_aws import NOT_YET, until_assumable, usable
from orgkit.aws.retry import Refused
from orgkit.aws.session import Connection
from orgkit.errors import StepFailed
from orgkit.model.accounts import CreateReadRole, MakeManageable
from orgkit.model.desired import READ_ROLE, AccountSpec, ImportSpec
from orgkit.model.directory import Directory
from orgkit.model.observed import Member
from orgkit.model.roles import (
    ADMINISTRATOR,
    READ_POLICY,
    Statement,
    compact,
    extra_reads,
    parsed,
    read_policy,
    trust,
    with_trust,
)

NO_SUCH = ("NoSuchEntity", "NoSuchEntityException")


def read_member(aws: Connection, spec: AccountSpec | ImportSpec, account_id: str, extra: Sequence[Statement]) -> Member:
    """Look into a member account through its read role, never through the access role.

    Only a clear no of AWS counts as "not readable": an answer that was lost must not become a step that makes the role.
    """
    try:
        inside = aws.assume(account_id, READ_ROLE)
        document = inside.read("iam", "GetRolePolicy", RoleName=READ_ROLE, PolicyName=READ_POLICY)["PolicyDocument"]
    except Refused as refused:
        if refused.code not in (*NOT_YET, *NO_SUCH):
            raise
        assumed = refused.operation != "sts:AssumeRole"
        return Member(account_id, readable=assumed, current=False)
    current = parsed(document) == read_policy(extra)
    return Member(account_id, readable=True, current=current, access_role=has_role(inside, spec.role_name))


def has_role(aws: Connection, name: str) -> bool | None:
    """Is the role there? None when AWS does not let us see."""
    try:
        aws.read("iam", "GetRole", RoleName=name)
    except Refused as refused:
        if refused.code in NO_SUCH:
            return False
        if refused.code in NOT_YET:
            return None
        raise
    return True


def create_read_role(aws: Connection, step: CreateReadRole, directory: Directory) -> None:
    """Wait until the account is usable, make the role, and wait until it can be assumed."""
    account = directory.account(step.key)
    inside = usable(aws, account, step)
    _make_role(inside, READ_ROLE, directory)
    _put_read_policy(inside, directory, step.key)
    until_assumable(aws, account, READ_ROLE, step.name)


def make_manageable(aws: Connection, step: MakeManageable, directory: Directory) -> None:
    """Make both roles with the owner's credentials: AWS makes none in accounts that were invited."""
    owner = aws.as_owner(step.profile)
    if owner.caller().account != step.account_id:
        raise StepFailed(
            f"profile {step.profile} belongs to account {owner.caller().account}, not to {step.account_id}.",
            f"name a profile of that account under imports.{step.key}.profile.",
        )
    _make_role(owner, step.role_name, directory)
    _make_administrator(owner, step.role_name)
    _make_role(owner, READ_ROLE, directory)
    _put_read_policy(owner, directory, step.key)
    for role in (step.role_name, READ_ROLE):
        until_assumable(aws, step.account_id, role, step.name)


# A step of several changes looks before each of them: after a lost answer it goes on where it was, and does not begin
# again with changes whose answers may be lost in turn.
def _make_role(inside: Connection, name: str, directory: Directory) -> None:
    """Create it, or add the trust that it needs to one that is there: whom it trusts already stays trusted."""
    there = _trust_of(inside, name)
    if there is None:
        _create_role(inside, name, trust(directory.target.account))
        return
    wider = with_trust(there, directory.target.account)
    if wider != there:
        inside.mutate("iam", "UpdateAssumeRolePolicy", RoleName=name, PolicyDocument=compact(wider))


def _create_role(inside: Connection, name: str, trusted: dict[str, Any]) -> None:
    """IAM may not show yet what it has made already: then it is waited for, as any new role is."""
    try:
        inside.mutate(
            "iam",
            "CreateRole",
            expect="Role",
            RoleName=name,
            AssumeRolePolicyDocument=compact(trusted),
            Description="orgkit: used from the management account",
        )
    except Refused as refused:
        if not refused.code.startswith("EntityAlreadyExists"):
            raise


def _trust_of(inside: Connection, name: str) -> dict[str, Any] | None:
    try:
        document: dict[str, Any] = parsed(
            inside.read("iam", "GetRole", RoleName=name)["Role"]["AssumeRolePolicyDocument"]
        )
    except Refused as refused:
        if refused.code in NO_SUCH:
            return None
        raise
    return document


def _make_administrator(owner: Connection, role: str) -> None:
    attached = owner.pages("iam", "ListAttachedRolePolicies", "AttachedPolicies", RoleName=role)
    if ADMINISTRATOR not in [policy["PolicyArn"] for policy in attached]:
        owner.mutate("iam", "AttachRolePolicy", RoleName=role, PolicyArn=ADMINISTRATOR)


def _put_read_policy(inside: Connection, directory: Directory, key: str) -> None:
    wanted = read_policy(extra_reads(directory.desired, key))
    try:
        there = inside.read("iam", "GetRolePolicy", RoleName=READ_ROLE, PolicyName=READ_POLICY)["PolicyDocument"]
    except Refused as refused:
        if refused.code not in NO_SUCH:
            raise
        there = None
    if there is None or parsed(there) != wanted:
        inside.mutate(
            "iam", "PutRolePolicy", RoleName=READ_ROLE, PolicyName=READ_POLICY, PolicyDocument=compact(wanted)
        )
