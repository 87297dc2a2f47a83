"""The least-privilege IAM policy of each phase, made from its steps and its reads."""

from collections.abc import Iterable, Iterator
from typing import Any

from orgkit.model import accounts, billing, imports, organization, trail, units
from orgkit.model.desired import ACCESS_ROLE, READ_ROLE
from orgkit.model.management_account import READS as ACCOUNT_READS
from orgkit.model.management_account import WORKLOAD_READS
from orgkit.model.trail import READS_IN_MANAGEMENT
from orgkit.phases import Phase
from orgkit.plan import Step

# What it takes, in every phase, to say which account this is and to read the tree.
TREE_READS = (
    "iam:ListAccountAliases", "iam:ListOrganizationsFeatures", "organizations:DescribeOrganization",
    "organizations:ListAWSServiceAccessForOrganization", "organizations:ListAccounts",
    "organizations:ListAccountsForParent", "organizations:ListOrganizationalUnitsForParent", "organizations:ListRoots",
    "organizations:ListTagsForResource", "tag:GetResources",
)  # fmt: skip
# With which the record of a phase that changes something is reconciled, in the log archive account too.
RECORD_READS = ("account:ListRegions", "cloudtrail:LookupEvents", "sts:AssumeRole")
READS: dict[str, tuple[str, ...]] = {
    "management_account": (*ACCOUNT_READS, *WORKLOAD_READS),
    "organization": ACCOUNT_READS,
    "units": (),
    "accounts": (
        "organizations:DescribeCreateAccountStatus", "organizations:ListCreateAccountStatus",
        "organizations:ListParents", "sts:AssumeRole",
    ),
    "imports": ("organizations:ListHandshakesForOrganization", "organizations:ListParents", "sts:AssumeRole"),
    "trail": READS_IN_MANAGEMENT,
    "costs": (),
    "actual_costs": ("ce:GetCostAndUsage",),
    "billing": billing.READS,
}  # fmt: skip
# The file of each phase's steps. Imported accounts are placed, tagged and made readable by the steps of accounts.
_MODELS = {
    "organization": organization,
    "units": units,
    "accounts": accounts,
    "imports": imports,
    "trail": trail,
    "billing": billing,
}
_BORROWED: dict[str, tuple[type[Step], ...]] = {
    "imports": (accounts.CreateReadRole, accounts.MakeManageable, accounts.MoveAccount, accounts.TagAccount),
}
_LENT = (accounts.MakeManageable,)  # taken by the borrower alone
# An action that can do more than its step needs is tied down as far as IAM allows.
# Roles of these names may be in any account; AWS's data perimeter guidance has the key for sts:AssumeRole.
OWN_ORGANIZATION = {"aws:ResourceOrgID": "${aws:PrincipalOrgID}"}
LINKED_ROLES = ("organizations.amazonaws.com", "cloudtrail.amazonaws.com")


def steps_of(phase: Phase) -> list[type[Step]]:
    """The steps that a phase can take: with those of the other phases, everything that orgkit can do to AWS."""
    model = _MODELS.get(phase.name)
    found = vars(model).values() if model else ()
    own = {t for t in found if isinstance(t, type) and issubclass(t, Step) and t.actions and t not in _LENT}
    return sorted({*own, *_BORROWED.get(phase.name, ())}, key=lambda step: step.__name__)


def actions_of(step: type[Step]) -> tuple[str, ...]:
    """What a step needs of the identity that calls; what it does inside another account is that account's matter."""
    return tuple(action for action in step.actions if action not in step.inside())


def policy_for(phases: Iterable[Phase], access_roles: Iterable[str] = (ACCESS_ROLE,)) -> dict[str, Any]:
    """One identity policy for the management account that covers these phases and no more.

    `access_roles` are the names that the parameters file gives to the roles of its members.
    """
    wanted = list(phases)
    reads = {action for phase in wanted for action in (*TREE_READS, *READS[phase.name])}
    changes = {action for phase in wanted for step in steps_of(phase) for action in actions_of(step)} - reads
    roles = sorted(set(access_roles)) if "sts:AssumeRole" in reads | changes else []  # else only to look
    reads |= set(RECORD_READS) if any(phase.changes for phase in wanted) else set()
    return {"Version": "2012-10-17", "Statement": list(_statements(reads, changes - reads, roles))}


def reading_policy_for(phases: Iterable[Phase]) -> dict[str, Any]:
    """What it takes to plan these phases, and nothing with which one of them could be carried out."""
    reads = {action for phase in phases for action in (*TREE_READS, *READS[phase.name])}
    return {"Version": "2012-10-17", "Statement": list(_statements(reads, set(), []))}


def _statements(reads: set[str], changes: set[str], access_roles: list[str]) -> Iterator[dict[str, Any]]:
    plain = {"sts:AssumeRole", "iam:CreateServiceLinkedRole"}
    yield _allow("Read", reads - plain, "*")
    if changes - plain:
        yield _allow("Change", changes - plain, "*")
    if "sts:AssumeRole" in reads | changes:
        roles = [f"arn:aws:iam::*:role/{name}" for name in (READ_ROLE, *access_roles)]
        statement = _allow("EnterMemberAccounts", {"sts:AssumeRole"}, roles)
        yield statement | {"Condition": {"StringEquals": {**OWN_ORGANIZATION}}}
    if "iam:CreateServiceLinkedRole" in changes:
        statement = _allow("LinkedRoles", {"iam:CreateServiceLinkedRole"}, "arn:aws:iam::*:role/aws-service-role/*")
        yield statement | {"Condition": {"StringEquals": {"iam:AWSServiceName": list(LINKED_ROLES)}}}


def _allow(sid: str, actions: set[str], resource: object) -> dict[str, Any]:
    return {"Sid": sid, "Effect": "Allow", "Action": sorted(actions), "Resource": resource}
