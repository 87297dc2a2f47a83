"""Which policies deny what orgkit, its workflows, break-glass roles or the delivery of logs need; pure functions.

Each call is evaluated as AWS documents it, as if the policy were attached and all else allowed. Where a statement has a
condition on what orgkit does not know of a call, such as its source address, the lock-out is not certain.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from orgkit.model.desired import READ_ROLE, AccountSpec, Desired, ImportSpec, name_in
from orgkit.model.matching import account_ids_in
from orgkit.model.state_backend import StateBackendSpec
from orgkit.phases.member_access.roles import READS_IN_EVERY_MEMBER
from orgkit.phases.member_access.spec import MembersSpec
from orgkit.phases.policies.spec import PoliciesSpec, PolicySpec
from orgkit.policy_evaluation.applicability import applies, has_action
from orgkit.policy_evaluation.conditions import RequestContext, Values, conditions_of
from orgkit.policy_evaluation.guardrails import is_bound_by_rcps, is_bound_by_scps
from orgkit.policy_evaluation.policy_types import GRAMMAR_OF_IAM, SCP
from orgkit.policy_evaluation.requests import Account, Principal, PrincipalKind, Request, request_context
from orgkit.policy_evaluation.service_authorization import find_action, find_service
from orgkit.policy_evaluation.statements import Statement, statement_name, statements_of

Member = AccountSpec | ImportSpec
Document = Mapping[str, Any]

UNKNOWN_ACCOUNT = "111122223333"  # stands for an account that does not exist yet
UNKNOWN_ORGANIZATION = "o-exampleorgid"
_ORGANIZATION = re.compile(r"\bo-[a-z0-9]{10,32}\b")
# Keys that calls of nobody here have: none is the root user's, and those of a service are known.
_NEVER_SENT = frozenset({"aws:assumedroot", "aws:principalservicename", "aws:principalservicenameslist"})
# And of roles and services: no session of a role by AssumeRole has MFA.
_NEVER_SENT_BY_ROLES = _NEVER_SENT | {
    "aws:multifactorauthage", "aws:multifactorauthpresent", "aws:principalorgid", "aws:username",
}  # fmt: skip
# What orgkit does not know of the person who enters an account: the name of the user or role.
_UNKNOWN_OF_PERSONS = frozenset({"aws:principalarn", "aws:principaltype", "aws:userid", "aws:username"})
WORKFLOW_ROLES = ("orgkit-plan", "orgkit-apply")  # of orgkit's workflows, in the management account
# What the access role does in each member account, and in the log archive account; a test compares it with the steps.
ROLE_ACTIONS = (
    "iam:AttachRolePolicy", "iam:CreateRole", "iam:GetRole", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies",
    "iam:PutRolePolicy", "iam:UpdateAssumeRolePolicy",
)  # fmt: skip
BUCKET_ACTIONS = (
    "s3:CreateBucket", "s3:GetBucketAcl", "s3:GetBucketObjectLockConfiguration", "s3:GetBucketOwnershipControls",
    "s3:GetBucketPolicy", "s3:GetBucketPublicAccessBlock", "s3:GetBucketTagging", "s3:GetBucketVersioning",
    "s3:GetEncryptionConfiguration", "s3:GetLifecycleConfiguration", "s3:ListBucket", "s3:PutBucketAcl",
    "s3:PutBucketObjectLockConfiguration", "s3:PutBucketOwnershipControls", "s3:PutBucketPolicy",
    "s3:PutBucketPublicAccessBlock", "s3:PutBucketTagging", "s3:PutBucketVersioning", "s3:PutEncryptionConfiguration",
    "s3:PutLifecycleConfiguration",
)  # fmt: skip
KEY_ACTIONS = (
    "kms:CreateAlias", "kms:CreateKey", "kms:DescribeKey", "kms:EnableKeyRotation", "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus", "kms:ListKeys", "kms:ListResourceTags", "kms:PutKeyPolicy", "kms:TagResource",
)  # fmt: skip
PROVIDER_ACTIONS = ("iam:CreateOpenIDConnectProvider", "iam:GetOpenIDConnectProvider")  # for the roles of the state
# What a break-glass role is for: to see what happened, and to take rights away from an attacker.
RECOVERY_ACTIONS = (
    "cloudtrail:LookupEvents", "ec2:DescribeInstances", "ec2:StopInstances", "iam:DeleteAccessKey",
    "iam:DetachRolePolicy", "iam:GetRole", "iam:ListRoles", "iam:PutRolePolicy", "iam:UpdateAssumeRolePolicy",
    "s3:GetBucketPolicy",
)  # fmt: skip


@dataclass(frozen=True)
class Lockout:
    """One statement of a policy that denies somebody what they need; "" for statements that no longer allow it."""

    subject: str
    action: str
    resource: str
    statement: str
    is_certain: bool = True

    def __str__(self) -> str:
        if not self.statement:
            verb, allows = ("locks out", "nothing") if self.is_certain else ("may lock out", "perhaps nothing")
            return f"{verb} {self.subject}: {allows} allows {self.action} on {self.resource} there any more"
        verb, denies = ("locks out", "denies") if self.is_certain else ("may lock out", "may deny")
        return f"statement {self.statement} {verb} {self.subject}: it {denies} {self.action} on {self.resource}"


@dataclass(frozen=True)
class _Call:
    subject: str
    request: Request


def lockouts(
    policy: PolicySpec, spec: PoliciesSpec, desired: Desired, ids: Mapping[str, str], organization: str = ""
) -> tuple[Lockout, ...]:
    """Return what a policy denies where it is attached, one action for each statement and each of those that need it.

    Args:
        policy: A service control policy or a resource control policy; others lock nobody out.
        spec: The section, which names the break-glass roles.
        desired: The parameters file.
        ids: The ids of the accounts by their keys, as far as they are known.
        organization: The id of the organization; by default that of the file, or the one that the document names.
    """
    if policy.type not in GRAMMAR_OF_IAM or not policy.attach:
        return ()
    organization = organization or desired.organization.organization_id or _organization_in(policy.content)
    denials = _Denials(policy)
    first: dict[tuple[str, str], Lockout] = {}
    for member in _affected(policy, desired, ids):
        account = Account(ids.get(member.key) or member.id or UNKNOWN_ACCOUNT, organization)
        for call in _calls(member, account, spec, desired):
            if (lockout := denials.lockout(call)) is not None:
                key = (lockout.subject, lockout.statement)
                if key not in first or (lockout.is_certain and not first[key].is_certain):
                    first[key] = lockout
    return tuple(first.values())


def _organization_in(content: str) -> str:
    """Return the organization that a document names: most likely the own one, where the file does not pin it."""
    match = _ORGANIZATION.search(content)
    return match.group() if match else UNKNOWN_ORGANIZATION


class _Denials:
    """The statements of a policy that deny, each evaluated by itself: an uncertain one must not hide a certain one."""

    def __init__(self, policy: PolicySpec) -> None:
        self._document, self._is_bound = policy.document, is_bound_by_scps if policy.type == SCP else is_bound_by_rcps
        self._statements = [
            (statement_name(statement, number), statement)
            for number, statement in enumerate(statements_of(self._document), 1)
            if statement.get("Effect") == "Deny"
        ]
        self._by_action: dict[str, list[tuple[str, Statement]]] = {}

    def lockout(self, call: _Call) -> Lockout | None:
        """Return the first statement that denies a call for certain, else the first that may."""
        request, uncertain = call.request, None
        statements = self._statements_of(request.action)
        if not statements or not self._is_bound(request):
            return None
        context = request_context(request)
        known = _known_keys(request, context)
        for name, statement in statements:
            unknown = {key for _, key in conditions_of(statement) if key not in known}
            if applies(_without_conditions(statement, unknown), request, context, self._document):
                lockout = Lockout(call.subject, request.action, request.resource, name, not unknown)
                if lockout.is_certain:
                    return lockout
                uncertain = uncertain or lockout
        return uncertain

    def _statements_of(self, action: str) -> list[tuple[str, Statement]]:
        if action not in self._by_action:
            self._by_action[action] = [item for item in self._statements if has_action(item[1], action)]
        return self._by_action[action]


def _known_keys(request: Request, context: RequestContext) -> frozenset[str]:
    """Return the condition keys whose values orgkit knows of a call, or knows to be missing."""
    keys = frozenset(context)
    if request.principal.kind is PrincipalKind.USER:
        return (keys - _UNKNOWN_OF_PERSONS) | _NEVER_SENT
    return keys | _NEVER_SENT_BY_ROLES


def _without_conditions(statement: Statement, keys: set[str]) -> Statement:
    """Return a statement as if its conditions on these keys held."""
    if not keys:
        return statement
    blocks = {
        operator: {key: values for key, values in block.items() if key.lower() not in keys}
        for operator, block in (statement.get("Condition") or {}).items()
    }
    return {**statement, "Condition": {operator: block for operator, block in blocks.items() if block}}


def _resources_of(action: str, account: Account) -> tuple[str, ...]:
    """Return the ARN of one resource in an account for each type that an action is about; "*" for an action without."""
    service, entry = find_service(action.partition(":")[0]), find_action(action)
    if service is None or entry is None or not entry.required_types:
        return ("*",)
    types = [service.resource_types[name] for name in entry.required_types if name in service.resource_types]
    return tuple(kind.example(account.id) for kind in types)


def _affected(policy: PolicySpec, desired: Desired, ids: Mapping[str, str]) -> Iterator[Member]:
    """Yield the accounts under the targets: the first of those that differ by their ids alone."""
    policy_ids = account_ids_in([policy.content])
    seen = set()
    for member in desired.members:
        is_special = (
            member is desired.log_archive
            or member.key == desired.section(StateBackendSpec).account
            or ids.get(member.key, member.id) in policy_ids
        )
        likeness = member.key if is_special else (member.unit, member.role_name)
        is_below = any(member.unit[: len(unit)] == unit for unit in policy.attach)
        if is_below and likeness not in seen:
            seen.add(likeness)
            yield member


def _calls(member: Member, account: Account, spec: PoliciesSpec, desired: Desired) -> Iterator[_Call]:
    """Yield the calls in an account that must not be denied."""
    management = Account(desired.organization.management_account_id, account.organization, is_management=True)
    reads_members = desired.section(MembersSpec).read_role
    for role in (*((READ_ROLE,) if reads_members else ()), member.role_name):
        yield from _entries(role, account, management)
    read_roles = [f"arn:aws:iam::{account.id}:role/{role}" for role in (READ_ROLE, member.role_name)]
    reads = [
        (action, resource)
        for action in READS_IN_EVERY_MEMBER
        for resource in (read_roles if action.startswith("iam:GetRole") else _resources_of(action, account))
    ]
    reads += [
        (action, name_in(resource, account.id))
        for read in desired.reads_in(member.key)
        for action in read.actions
        for resource in read.resources
    ]
    if reads_members:
        yield from _as_role(READ_ROLE, f"role {READ_ROLE}", account, reads, desired)
    changes = [(action, f"arn:aws:iam::{account.id}:role/{READ_ROLE}") for action in ROLE_ACTIONS]
    if member is desired.log_archive:
        changes += _log_archive_changes(account, desired)
        yield from _deliveries(account, desired)
    if member.key == desired.section(StateBackendSpec).account:
        changes += _state_changes(account, desired.section(StateBackendSpec))
    yield from _as_role(member.role_name, f"the access role {member.role_name}", account, changes, desired)
    recovery = [(action, resource) for action in RECOVERY_ACTIONS for resource in _resources_of(action, account)]
    for role in spec.break_glass_roles:
        yield from _as_role(role, f"break-glass role {role}", account, recovery, desired)


def _entries(role: str, account: Account, management: Account) -> Iterator[_Call]:
    """Yield how the management account enters a role: a person, and the roles of orgkit's workflows."""
    arn = f"arn:aws:iam::{account.id}:role/{role}"
    person = Principal(PrincipalKind.USER, f"arn:aws:iam::{management.id}:user/operator", management)
    yield _Call(f"the management account from role {role}", _request(person, "sts:AssumeRole", arn, account))
    for workflow in WORKFLOW_ROLES:
        principal = _session(workflow, management)
        yield _Call(f"role {workflow} of the workflows", _request(principal, "sts:AssumeRole", arn, account))


def _log_archive_changes(account: Account, desired: Desired) -> list[tuple[str, str]]:
    records = name_in(desired.trail.records_bucket, account.id)
    buckets = [name for name in (name_in(desired.trail.bucket, account.id), records) if name]
    changes = [(action, f"arn:aws:s3:::{bucket}") for bucket in buckets for action in BUCKET_ACTIONS]
    if records:
        changes += [(action, f"arn:aws:s3:::{records}/record") for action in ("s3:GetObject", "s3:PutObject")]
    key = _key(account, desired)
    return [*changes, *((action, key) for action in KEY_ACTIONS)] if desired.trail.kms_key else changes


def _state_changes(account: Account, spec: StateBackendSpec) -> list[tuple[str, str]]:
    bucket = f"arn:aws:s3:::{spec.with_account(account.id).bucket}"
    changes = [(action, bucket) for action in BUCKET_ACTIONS if "ObjectLock" not in action]
    if spec.github is None:
        return changes
    names = [role for role, _ in spec.github.roles]
    changes += [(action, f"arn:aws:iam::{account.id}:role/{name}") for action in ROLE_ACTIONS for name in names]
    changes += [(action, resource) for action in PROVIDER_ACTIONS for resource in _resources_of(action, account)]
    return changes


def _deliveries(account: Account, desired: Desired) -> Iterator[_Call]:
    """Yield what CloudTrail itself calls, to deliver the logs."""
    trail, organization = desired.trail, desired.organization
    service = Principal(PrincipalKind.SERVICE, "cloudtrail.amazonaws.com")
    arn = f"arn:aws:cloudtrail:{trail.region}:{organization.management_account_id}:trail/{trail.name}"
    bucket = f"arn:aws:s3:::{name_in(trail.bucket, account.id)}"
    calls = [("s3:GetBucketAcl", bucket), ("s3:PutObject", f"{bucket}/AWSLogs/{account.organization}/log")]
    if trail.kms_key:
        calls += [(action, _key(account, desired)) for action in ("kms:DescribeKey", "kms:GenerateDataKey")]
    for action, resource in calls:
        context: dict[str, Values] = {
            "aws:SourceArn": arn,
            "aws:SourceAccount": organization.management_account_id,
            "aws:SourceOrgID": account.organization,
            "s3:x-amz-acl": "bucket-owner-full-control",
        }
        request = _request(service, action, resource, account, trail.region, context)
        yield _Call("CloudTrail from the log bucket", request)


def _key(account: Account, desired: Desired) -> str:
    return f"arn:aws:kms:{desired.trail.region}:{account.id}:key/00000000-0000-0000-0000-000000000000"


def _as_role(
    role: str, subject: str, account: Account, calls: Iterable[tuple[str, str]], desired: Desired
) -> Iterator[_Call]:
    principal = _session(role, account)
    for action, resource in calls:
        region = "us-east-1" if action.startswith("iam:") else desired.trail.region
        yield _Call(subject, _request(principal, action, resource, account, region))


def _session(role: str, account: Account) -> Principal:
    return Principal(
        PrincipalKind.ROLE_SESSION, f"arn:aws:sts::{account.id}:assumed-role/{role}/orgkit", account,
        role=f"arn:aws:iam::{account.id}:role/{role}",
    )  # fmt: skip


def _request(
    principal: Principal,
    action: str,
    resource: str,
    owner: Account,
    region: str = "us-east-1",
    context: Mapping[str, Values] | None = None,
) -> Request:
    known = {"aws:SecureTransport": "true", **(context or {})}
    return Request(principal, action, resource, owner, known, region)


def lockouts_by_missing_allow(
    old: Iterable[Document], new: Iterable[Document], members: Iterable[Member], spec: PoliciesSpec,
    desired: Desired, ids: Mapping[str, str], organization: str,
) -> tuple[Lockout, ...]:  # fmt: skip
    """Return what the SCPs of one target no longer allow, one action for each of those that need it.

    Args:
        old: The SCPs that are attached to the target now.
        new: Those that are left.
        members: The accounts of the file in and under the target.
        spec: The section, which names the break-glass roles.
        desired: The parameters file.
        ids: The ids of the accounts by their keys, as far as they are known.
        organization: The id of the organization.
    """
    old, new = list(old), list(new)
    first: dict[str, Lockout] = {}
    for member in members:
        account = Account(ids.get(member.key) or member.id or UNKNOWN_ACCOUNT, organization)
        for call in _calls(member, account, spec, desired):
            request = call.request
            if not is_bound_by_scps(request) or not _allows(old, request, assume_unknown=True):
                continue
            if _allows(new, request, assume_unknown=False):
                continue
            is_certain = not _allows(new, request, assume_unknown=True)
            if call.subject not in first or (is_certain and not first[call.subject].is_certain):
                first[call.subject] = Lockout(call.subject, request.action, request.resource, "", is_certain)
    return tuple(first.values())


def _allows(documents: Iterable[Document], request: Request, *, assume_unknown: bool) -> bool:
    """Return whether a statement allows a request, as if conditions on unknown keys held or not."""
    context = request_context(request)
    known = _known_keys(request, context)
    for document in documents:
        for statement in statements_of(document):
            if statement.get("Effect") != "Allow" or not has_action(statement, request.action):
                continue
            unknown = {key for _, key in conditions_of(statement) if key not in known}
            if unknown and not assume_unknown:
                continue
            if applies(_without_conditions(statement, unknown), request, context, document):
                return True
    return False
