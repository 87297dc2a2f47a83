"""The roles in member accounts, where the file hands them over: a provider for each account, and its roles."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from orgkit.handover.permissions import MEMBER
from orgkit.handover.providers import PERMISSIONS, trail_region
from orgkit.model.desired import READ_ROLE, AccountSpec, Desired, HandoverSpec, ImportSpec, Tags
from orgkit.model.observed import Account, MemberRole, Observed
from orgkit.phases.terraform.hcl import Block, Expression, JsonDocument, attributes
from orgkit.phases.terraform.part import HandoverPart, LeftOut, Resource
from orgkit.phases.terraform.tree import Pair, managed_accounts

FILE = "member-roles.tf"
DEFAULT_SESSION_SECONDS = 3600
TITLE = (
    "The roles by which orgkit works in member accounts. Each account has a provider, which is a process of its own:\n"
    "planning takes that much more memory."
)


@dataclass(frozen=True)
class RoleDetails:
    """What the list of all roles of an account does not have of a role."""

    account: str
    name: str
    path: str
    description: str
    session_seconds: int
    tags: Tags


@dataclass(frozen=True)
class MemberRoleFacts:
    """The details of the roles that are handed over."""

    roles: tuple[RoleDetails, ...] = ()

    def role(self, account: str, name: str) -> RoleDetails | None:
        """Return the details of a role of an account; None where they were not read."""
        return next((role for role in self.roles if (role.account, role.name) == (account, name)), None)


def accounts_with_roles(observed: Observed, desired: Desired) -> list[Pair]:
    """Return the accounts whose roles are handed over; none where the file does not ask for it."""
    if not desired.section(HandoverSpec).members:
        return []
    return managed_accounts((*desired.accounts, *desired.imports), observed)


def role_names(spec: AccountSpec | ImportSpec) -> tuple[str, ...]:
    """Return the roles that orgkit makes in an account; AWS makes the access role of one that it creates."""
    return (READ_ROLE, spec.role_name) if isinstance(spec, ImportSpec) else (READ_ROLE,)


def member_roles(observed: Observed, desired: Desired) -> HandoverPart:
    """Return the providers of the accounts and their roles, and the accounts whose roles were not read."""
    items: list[Block | Resource] = []
    left_out: list[LeftOut] = []
    for spec, account in accounts_with_roles(observed, desired):
        resources = list(_roles(spec, account, observed))
        if resources:
            items += [_provider(spec, account, observed, desired), *resources]
        else:
            subject = f"roles {' and '.join(role_names(spec))} of account {spec.key} ({account.id})"
            left_out.append(LeftOut(subject, "they could not be read"))
    return HandoverPart(TITLE, tuple(items), tuple(left_out))


def _alias(key: str) -> str:
    return f"member_{key}"


def _provider(spec: AccountSpec | ImportSpec, account: Account, observed: Observed, desired: Desired) -> Block:
    arn = f"arn:{observed.target.partition}:iam::{account.id}:role/{spec.role_name}"
    policy = Expression(f'jsonencode(jsondecode(file("${{path.module}}/{PERMISSIONS[MEMBER]}")))')
    role = Block("assume_role", (), attributes(role_arn=arn, policy=policy))
    region = trail_region(observed, desired)
    body = attributes(alias=_alias(spec.key), region=region, allowed_account_ids=[account.id])
    return Block("provider", ("aws",), (*body, role))


def _roles(spec: AccountSpec | ImportSpec, account: Account, observed: Observed) -> Iterator[Resource]:
    member, facts = observed.member(account.id), observed.facts(MemberRoleFacts) or MemberRoleFacts()
    for kind, name in zip(("read_role", "access_role"), role_names(spec), strict=False):
        role, details = member.role(name) if member else None, facts.role(account.id, name)
        if role is not None and details is not None:
            yield from _role(role, details, f"{kind}_{spec.key}", Expression(f"aws.{_alias(spec.key)}"))


def _role(role: MemberRole, details: RoleDetails, name: str, provider: Expression) -> Iterator[Resource]:
    body = attributes(
        name=role.name,
        path=details.path if details.path != "/" else None,
        description=details.description or None,
        max_session_duration=details.session_seconds if details.session_seconds != DEFAULT_SESSION_SECONDS else None,
        permissions_boundary=role.boundary or None,
        assume_role_policy=JsonDocument(json.loads(role.trust)),
        tags=dict(details.tags) or None,
    )
    account = details.account
    yield Resource("aws_iam_role", name, body, role.name, provider=provider, account=account)
    reference = Expression(f"aws_iam_role.{name}.name")
    for number, (policy, document) in enumerate(role.inline, start=1):
        body = attributes(name=policy, role=reference, policy=JsonDocument(json.loads(document)))
        import_id = f"{role.name}:{policy}"
        yield Resource(
            "aws_iam_role_policy", _numbered(name, number), body, import_id, provider=provider, account=account
        )
    for number, arn in enumerate(role.attached, start=1):
        body = attributes(role=reference, policy_arn=arn)
        import_id, kind = f"{role.name}/{arn}", "aws_iam_role_policy_attachment"
        yield Resource(kind, _numbered(name, number), body, import_id, provider=provider, account=account)


def _numbered(name: str, number: int) -> str:
    return name if number == 1 else f"{name}_{number}"
