"""The least-privilege IAM policy of each phase, made from its steps and its reads."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from orgkit.model.canonical_json import compact_json
from orgkit.model.desired import ACCESS_ROLE, READ_ROLE, Desired
from orgkit.model.offboarding import OffboardingSpec
from orgkit.model.plan import Step
from orgkit.phases.descriptor import Phase
from orgkit.phases.management_account.findings import reads_for
from orgkit.phases.organization.section import OrganizationModel
from orgkit.phases.registry import RUNBOOKS
from orgkit.phases.trail.section import TrailModel

# What every phase needs to identify the account and to read the tree.
TREE_READS = (
    "iam:ListAccountAliases", "iam:ListOrganizationsFeatures", "organizations:DescribeOrganization",
    "organizations:ListAWSServiceAccessForOrganization", "organizations:ListAccounts",
    "organizations:ListAccountsForParent", "organizations:ListOrganizationalUnitsForParent", "organizations:ListRoots",
    "organizations:ListTagsForResource", "tag:GetResources",
)  # fmt: skip
# What reconciling the record of a phase with changes needs, in the log archive account too; and what four eyes need to
# read the roles of approvers and operators.
RECORD_READS = ("account:ListRegions", "cloudtrail:LookupEvents", "iam:GetRole", "sts:AssumeRole")
ENTER = "sts:AssumeRole"  # of the read role alone, where a phase changes nothing
# An action that can do more than its step needs is restricted as far as IAM allows.
# Roles of these names may be in any account; AWS's data perimeter guidance has the key for sts:AssumeRole.
OWN_ORGANIZATION = {"aws:ResourceOrgID": "${aws:PrincipalOrgID}"}
LINKED_ROLES = ("organizations.amazonaws.com", "cloudtrail.amazonaws.com")
# `aws login` of an IAM user; AWS's managed policy SignInLocalDevelopmentAccess has the same. [Service Authorization
# Reference, AWS Signin]
SIGN_IN_ACTIONS = {"signin:AuthorizeOAuth2Access", "signin:CreateOAuth2Token"}
# Characters of a customer managed policy, and of all inline policies of one IAM user; white space is not counted. [IAM
# and AWS STS quotas]
MAX_MANAGED_POLICY = 6144
MAX_INLINE_POLICIES = 2048


@dataclass(frozen=True)
class Scope:
    """The limits of a policy: one organization, one trail, and what may be enabled.

    Attributes:
        account: The management account, which owns the ARNs of the organization and of the trail.
        organization: The organization's id.
        trail: The name of the organization trail.
        trail_region: Its home region.
        access_roles: The names that the parameters file gives to the access roles of its members.
        trusted_access: The service principals for which trusted access may be enabled.
        policy_types: The types of policy that may be enabled.
        tag_values: Those of the tag ManagedBy, which all that orgkit makes has.
        closable: The ids of the accounts that may be closed: none without a parameters file that names them.
    """

    account: str = "*"
    organization: str = "o-*"
    trail: str = TrailModel.model_fields["name"].default
    trail_region: str = "*"
    access_roles: tuple[str, ...] = (ACCESS_ROLE,)
    trusted_access: tuple[str, ...] = tuple(OrganizationModel.model_fields["trusted_access"].default)
    policy_types: tuple[str, ...] = tuple(OrganizationModel.model_fields["policy_types"].default)
    tag_values: tuple[str, ...] = ("orgkit",)
    closable: tuple[str, ...] = ()

    @classmethod
    def from_desired(cls, desired: Desired) -> "Scope":
        """The scope that a parameters file names; the organization's id is open where the file does not pin it."""
        organization = desired.organization
        return cls(
            account=organization.management_account_id,
            organization=organization.organization_id or cls.organization,
            trail=desired.trail.name,
            trail_region=desired.trail.region,
            access_roles=_access_roles(desired),
            trusted_access=organization.trusted_access,
            policy_types=organization.policy_types,
            tag_values=_tag_values(desired) or cls.tag_values,
            closable=tuple(entry.account for entry in desired.section(OffboardingSpec).accounts),
        )

    def arn(self, kind: str) -> str:
        """The ARN that covers every resource of a kind, such as ou, policy, trail, adopted-trail or public-client."""
        if kind == "public-client":
            return f"arn:aws:signin:*:{self.account}:oauth2/{kind}/*"
        if kind == "adopted-trail":  # an organization trail that is there is adopted, whatever its name and region
            return f"arn:aws:cloudtrail:*:{self.account}:trail/*"
        if kind == "trail":
            return f"arn:aws:cloudtrail:{self.trail_region}:{self.account}:trail/{self.trail}"
        if kind == "member-account":  # as AWS Account Management names a member of the organization
            return f"arn:aws:account::{self.account}:account/{self.organization}/*"
        if kind == "aws-policy":  # FullAWSAccess, which a policy of one's own can replace
            return "arn:aws:organizations::aws:policy/*"
        return f"arn:aws:organizations::{self.account}:{kind}/{self.organization}/*"

    @property
    def closable_accounts(self) -> list[str]:
        """The ARNs of the accounts that may be closed."""
        return [f"{self.arn('account').removesuffix('*')}{account}" for account in self.closable]


def _access_roles(desired: Desired) -> tuple[str, ...]:
    """The access roles of the members of the file, and of the accounts that it wants closed."""
    accounts = (*desired.members, *desired.section(OffboardingSpec).accounts)
    return tuple(sorted({account.role_name for account in accounts}))


def _tag_values(desired: Desired) -> tuple[str, ...]:
    """The values that the file gives to the tag ManagedBy of accounts and units."""
    tags = [tag for item in (*desired.members, *desired.units) for tag in item.tags]
    return tuple(sorted({value for key, value in tags if key == "ManagedBy"}))


@dataclass(frozen=True)
class _Grant:
    """Changes that IAM can narrow to kinds of resource, or by a condition on what is enabled."""

    sid: str
    actions: tuple[str, ...]
    kinds: tuple[str, ...] = ()  # none: AWS takes "*" alone
    condition: str = ""  # a condition key, and the field of Scope with its values; without one, the field's accounts
    field: str = ""


# Every other change is allowed on "*". [Service Authorization Reference]
GRANTS = (
    _Grant("CreateUnits", ("organizations:CreateOrganizationalUnit",), ("ou", "root")),
    _Grant(
        "RenameUnits",
        ("organizations:DescribeOrganizationalUnit", "organizations:UpdateOrganizationalUnit"),
        ("ou",),
    ),
    _Grant("RenameAccounts", ("account:PutAccountName",), ("member-account",)),
    _Grant(
        "ChangeRootEmails",
        ("account:AcceptPrimaryEmailUpdate", "account:StartPrimaryEmailUpdate"),
        ("member-account",),
    ),
    _Grant("ChangeTree", ("organizations:MoveAccount", "organizations:TagResource"), ("account", "ou", "root")),
    # AWS documents no resource of tags that come with CreateAccount, and the account has no ARN before it is made.
    _Grant("TagNewResources", ("organizations:TagResource",), condition="aws:RequestTag/ManagedBy", field="tag_values"),
    _Grant("InviteAccounts", ("organizations:InviteAccountToOrganization",), ("account",)),
    _Grant(
        "EnablePolicyTypes", ("organizations:EnablePolicyType",), ("root",), "organizations:PolicyType", "policy_types"
    ),
    _Grant(
        "EnableTrustedAccess",
        ("organizations:EnableAWSServiceAccess",),
        condition="organizations:ServicePrincipal",
        field="trusted_access",
    ),
    _Grant("CreatePolicies", ("organizations:CreatePolicy",), (), "organizations:PolicyType", "policy_types"),
    _Grant("ChangePolicies", ("organizations:UpdatePolicy",), ("policy",), "organizations:PolicyType", "policy_types"),
    _Grant(  # never to the root or to an account
        "AttachPolicies",
        ("organizations:AttachPolicy",),
        ("ou", "policy"),
        "organizations:PolicyType",
        "policy_types",
    ),
    _Grant(
        "DetachPolicies",
        ("organizations:DetachPolicy",),
        ("account", "aws-policy", "ou", "policy", "root"),
        "organizations:PolicyType",
        "policy_types",
    ),
    _Grant("DeletePolicies", ("organizations:DeletePolicy",), ("policy",), "organizations:PolicyType", "policy_types"),
    _Grant("CloseAccounts", ("organizations:CloseAccount", "organizations:DescribeAccount"), field="closable"),
    _Grant("CreateTrail", ("cloudtrail:CreateTrail",), ("trail",)),
    _Grant(
        "ChangeTrail",
        tuple(
            f"cloudtrail:{name}" for name in ("AddTags", "GetTrail", "PutEventSelectors", "StartLogging", "UpdateTrail")
        ),
        ("adopted-trail",),
    ),
)


def steps_of(phase: Phase) -> list[type[Step]]:
    """Return the steps of a phase by name: with those of the other phases, everything that orgkit can do to AWS."""
    return sorted(phase.steps, key=lambda step: step.__name__)


def reads_of(phase: Phase) -> tuple[str, ...]:
    """Return what planning a phase reads in the management account: the tree, its own facts, and what may stop it."""
    other_phases = [item for item in RUNBOOKS if not item.takes_away] if phase.reads_every_phase else []
    more = [action for item in other_phases if item.changes for action in item.reads if action != ENTER]
    more = [action for action in more if action not in phase.unused_reads]
    return (*(TREE_READS if phase.reads_tree else ()), *phase.reads, *more, *reads_for(phase.number))


def actions_of(step: type[Step]) -> tuple[str, ...]:
    """Return the actions that a step needs from the caller, without those that it takes inside another account."""
    return tuple(action for action in step.actions if action not in step.actions_in_account())


def closes_accounts(phase: Phase) -> bool:
    """Return whether a phase closes accounts; its policy does where the scope names them."""
    return any("organizations:CloseAccount" in step.actions for step in steps_of(phase))


def policy_for(phases: Iterable[Phase], scope: Scope | None = None, *, sign_in: bool = False) -> dict[str, Any]:
    """Return one identity policy for the management account that covers these phases and no more.

    Args:
        phases: The phases to be run under it.
        scope: What it is narrowed to; by default the default names, in whatever organization and account.
        sign_in: Whether it is for a person, who signs in with `aws login`.
    """
    scope, selected = scope or Scope(), list(phases)
    reads = {action for phase in selected for action in reads_of(phase)}
    changes = {action for phase in selected for step in steps_of(phase) for action in actions_of(step)} - reads
    roles = sorted(scope.access_roles) if "sts:AssumeRole" in reads | changes else []  # else only to look
    reads |= set(RECORD_READS) if any(phase.changes for phase in selected) else set()
    reads |= {"sts:AssumeRole"} if any(phase.reads_members for phase in selected) else set()
    statements = [*_statements(reads, changes - reads, roles, scope)]
    if sign_in:
        statements.append(_allow("SignIn", SIGN_IN_ACTIONS, scope.arn("public-client")))
    return {"Version": "2012-10-17", "Statement": statements}


def kind_of_policy(policy: dict[str, Any]) -> str:
    """Return in one sentence what kind of policy a document has to be made, with its size and AWS's limits."""
    size = len(compact_json(policy))
    if size > MAX_MANAGED_POLICY:
        return (
            f"This is too long for one policy: {size:,} characters, and a customer managed policy holds "
            f"{MAX_MANAGED_POLICY:,}. Print it phase by phase (`orgkit permissions 01`), and attach several."
        )
    inline = "would fit too" if size <= MAX_INLINE_POLICIES else "are too small"
    return (
        f"Make it a customer managed policy: {size:,} of {MAX_MANAGED_POLICY:,} characters, white space not counted. "
        f"The inline policies of a user ({MAX_INLINE_POLICIES:,} in all) {inline}."
    )


def reading_policy_for(phases: Iterable[Phase]) -> dict[str, Any]:
    """Return the policy to plan these phases, without a right to carry one of them out."""
    reads = {action for phase in phases for action in reads_of(phase)}
    return {"Version": "2012-10-17", "Statement": list(_statements(reads, set(), [], Scope()))}


def _statements(reads: set[str], changes: set[str], access_roles: list[str], scope: Scope) -> Iterator[dict[str, Any]]:
    plain = {"sts:AssumeRole", "iam:CreateServiceLinkedRole"}
    yield _allow("Read", reads - plain, "*")
    yield from _changes(changes - plain, scope)
    if "sts:AssumeRole" in reads | changes:
        roles = [f"arn:aws:iam::*:role/{name}" for name in (READ_ROLE, *access_roles)]
        statement = _allow("EnterMemberAccounts", {"sts:AssumeRole"}, roles)
        yield statement | {"Condition": {"StringEquals": {**OWN_ORGANIZATION}}}
    if "iam:CreateServiceLinkedRole" in changes:
        statement = _allow("LinkedRoles", {"iam:CreateServiceLinkedRole"}, "arn:aws:iam::*:role/aws-service-role/*")
        yield statement | {"Condition": {"StringEquals": {"iam:AWSServiceName": list(LINKED_ROLES)}}}


def _changes(changes: set[str], scope: Scope) -> Iterator[dict[str, Any]]:
    narrowed = {action for grant in GRANTS for action in grant.actions}
    if changes - narrowed:
        yield _allow("Change", changes - narrowed, "*")
    for grant in GRANTS:
        actions = changes & set(grant.actions)
        values = list(getattr(scope, grant.field)) if grant.field else []
        if not actions or (grant.field and not values):  # a file that enables nothing: IAM rejects an empty list
            continue
        is_about_accounts = bool(grant.field and not grant.condition)
        resources = scope.closable_accounts if is_about_accounts else [scope.arn(kind) for kind in grant.kinds]
        statement = _allow(grant.sid, actions, resources or "*")
        yield statement | ({"Condition": {"StringEquals": {grant.condition: values}}} if grant.condition else {})


def _allow(sid: str, actions: set[str], resource: object) -> dict[str, Any]:
    return {"Sid": sid, "Effect": "Allow", "Action": sorted(actions), "Resource": resource}
