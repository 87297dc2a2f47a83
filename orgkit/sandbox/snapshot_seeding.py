"""Fills moto's backends from a snapshot of a live organization: its ids instead of derived ones."""

from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

from moto.cloudtrail.models import CloudTrailBackend, Trail, cloudtrail_backends
from moto.core.utils import unix_time
from moto.iam.models import iam_backends
from moto.kms.models import kms_backends
from moto.organizations.models import (
    FakeDelegatedAdministrator,
    FakeOrganization,
    FakeOrganizationalUnit,
    FakePolicy,
    FakeRoot,
    OrganizationsBackend,
    organizations_backends,
)
from moto.s3.models import FakeBucket, PublicAccessBlock, s3_backends

from orgkit.sandbox.corrections import kms, roles
from orgkit.sandbox.corrections.closing import Closure
from orgkit.sandbox.corrections.handshakes import OPEN_STATES, Handshake, all_handshakes
from orgkit.sandbox.corrections.members import MemberAccount, end_plan
from orgkit.sandbox.corrections.organization import add_aws_policies
from orgkit.sandbox.profiles import REGION
from orgkit.sandbox.snapshot import (
    Snapshot,
    SnapshotAccount,
    SnapshotBucket,
    SnapshotHandshake,
    SnapshotKey,
    SnapshotPolicy,
    SnapshotRole,
    SnapshotTrail,
)
from orgkit.sandbox.world import world

AGE = timedelta(days=365)  # of the organization: AWS does not report when it was created
ACCESS_ROLE = "OrganizationAccountAccessRole"


def seed_snapshot(snapshot: Snapshot) -> None:
    """Make the organization of a snapshot; accounts that AWS has created have the access role."""
    management = snapshot.organization.management_account_id
    backend: OrganizationsBackend = organizations_backends[management]["aws"]
    _organization(backend, snapshot)
    for item in snapshot.units:
        unit = FakeOrganizationalUnit(backend.org, Name=item.name, ParentId=item.parent_id)
        unit.id, unit.tags = item.id, dict(item.tags)
        backend.ou.append(unit)
    for account in snapshot.accounts:
        _account(backend, account)
    for policy in snapshot.policies:
        _policy(backend, policy)
    _attach_default_policies(backend, set(snapshot.organization.policy_types))
    _services(backend, snapshot)
    for handshake in snapshot.handshakes:
        all_handshakes().append(_handshake(backend, handshake))
    for key in snapshot.keys:
        _key(key)
    for bucket in snapshot.buckets:
        _bucket(bucket)
    for trail in snapshot.trails:
        _trail(management, trail)
    end_plan(management)


def _organization(backend: OrganizationsBackend, snapshot: Snapshot) -> None:
    values = snapshot.organization
    org = backend.org = FakeOrganization(values.management_account_id, REGION, values.feature_set)
    org.id, org.root_id, org.master_account_email = values.id, values.root_id, values.management_email
    org.created = world().clock.now() - AGE
    root = FakeRoot(org)
    root.tags = dict(values.root_tags)
    backend.ou.append(root)
    add_aws_policies(backend)
    for policy_type in values.policy_types:
        root.add_policy_type(policy_type)
    world().state.setdefault("root_features", {})[backend.account_id] = list(values.root_features)
    if values.resource_policy:
        world().state["resource_policy"] = values.resource_policy


def _account(backend: OrganizationsBackend, item: SnapshotAccount) -> None:
    account = MemberAccount(backend, item.id, item.name, item.email, item.joined_method)
    account.state = account.status = item.state
    account.create_time, account.parent_id, account.tags = item.joined_at, item.parent_id, dict(item.tags)
    backend.accounts.append(account)
    if item.id == backend.account_id:
        return
    organizations_backends.master_accounts[item.id] = (backend.account_id, "aws")
    # Not a new one: its services answer, also where the copied organization has a clock ahead of this one.
    world().state.setdefault("copied_accounts", set()).add(item.id)
    if item.state == "PENDING_CLOSURE":
        closures = world().state.setdefault("closures", [])
        closures.append(Closure(backend, account, world().clock.now()))
    if item.roles is None and item.joined_method == "CREATED" and item.state == "ACTIVE":
        roles.create_access_role(item.id, ACCESS_ROLE, backend.account_id)
    for role in item.roles or ():
        _role(item.id, role)


def _role(account: str, item: SnapshotRole) -> None:
    """Make a role with the policies that the sandbox has: those of the account itself are not copied."""
    iam = iam_backends[account]["aws"]
    iam.create_role(item.name, item.trust, "/", item.boundary or None, "", [], "3600")
    for arn in item.attached:
        if arn in iam.managed_policies:
            iam.attach_role_policy(arn, item.name)
    for name, document in item.inline.items():
        iam.put_role_policy(item.name, name, document)


def _policy(backend: OrganizationsBackend, item: SnapshotPolicy) -> None:
    """Make a policy, and attach it; AWS's own ones are there already, in the sandbox's version."""
    known = next((policy for policy in backend.policies if policy.id == item.id), None)
    policy = known or _own_policy(backend, item)
    targets = {target.id: target for target in (*backend.ou, *backend.accounts)}
    for target_id in item.targets:
        targets[target_id].attached_policies.append(policy)
        policy.attachments.append(targets[target_id])


def _attach_default_policies(backend: OrganizationsBackend, enabled: set[str]) -> None:
    """Attach AWS's own policy of a type that is not enabled everywhere, as AWS does once the type is enabled."""
    for policy in backend.policies:
        if policy.aws_managed and policy.type not in enabled:
            for target in (*backend.ou, *backend.accounts):
                backend.attach_policy(PolicyId=policy.id, TargetId=target.id)


def _own_policy(backend: OrganizationsBackend, item: SnapshotPolicy) -> FakePolicy:
    policy = FakePolicy(
        backend.org, Content=item.content, Name=item.name, Description=item.description, Type="TAG_POLICY"
    )
    policy.type, policy.id, policy.tags, policy.aws_managed = item.type, item.id, dict(item.tags), item.is_of_aws
    owner = "aws" if item.is_of_aws else "{1}"
    middle = "policy" if item.is_of_aws else "policy/{2}"
    policy._arn_format = f"arn:{{0}}:organizations::{owner}:{middle}/{item.type.lower()}/{{3}}"
    backend.policies.append(policy)
    return policy


def _services(backend: OrganizationsBackend, snapshot: Snapshot) -> None:
    """Whatever the principals are called: AWS adds services sooner than the sandbox learns of them."""
    for service in snapshot.trusted_services:
        enabled = _seconds(service.enabled_at or snapshot.taken_at)
        backend.services.append({"ServicePrincipal": service.principal, "DateEnabled": enabled})
    accounts = {account.id: account for account in backend.accounts}
    for item in snapshot.delegated_administrators:
        admin = FakeDelegatedAdministrator(accounts[item.account_id])
        admin.enabled_date = _naive(item.enabled_at or snapshot.taken_at)
        admin.services = {
            principal: {
                "ServicePrincipal": principal,
                "DelegationEnabledDate": _seconds(since or snapshot.taken_at),
            }
            for principal, since in item.services.items()
        }
        backend.admins.append(admin)


def _handshake(backend: OrganizationsBackend, item: SnapshotHandshake) -> Handshake:
    target = {"Id": item.party_id, "Type": item.party_type} if item.party_type else None
    recipient = item.party_id if item.party_type == "ACCOUNT" else ""
    if item.party_type == "EMAIL":
        owner = world().standalone_by_email(item.party_id)
        recipient = owner.id if owner else ""
    closed = None if item.state in OPEN_STATES else world().clock.now()
    return Handshake(
        backend, item.id, item.action, recipient, item.requested_at, target, item.notes, parent=item.parent,
        state=item.state, closed=closed, expires_at=item.expires_at,
    )  # fmt: skip


def _key(item: SnapshotKey) -> None:
    _, _, _, region, account, name = item.arn.split(":")
    backend = kms_backends[account][region]
    key = backend.create_key(item.policy, "ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT", item.description, None)
    kms.rename_key(backend, key, name.removeprefix("key/"))
    key.policy, key.key_state, key.enabled = item.policy, item.state, item.state == "Enabled"
    key.key_rotation_status, key.creation_date = item.is_rotated, item.created_at.timestamp()
    key.rotation_days, key.rotation_begins = kms.ROTATION_DAYS, world().clock.now()
    for alias in item.aliases:
        backend.create_alias(key.id, alias)


def _bucket(item: SnapshotBucket) -> None:
    """Make a bucket with its settings; without S3's checks, since AWS has accepted what is there."""
    bucket: FakeBucket = s3_backends[item.account_id]["aws"].create_bucket(item.name, item.region)
    settings = deepcopy(item.settings)
    bucket.versioning_status = settings.get("GetBucketVersioning", {}).get("Status")
    bucket.mfa_delete = settings.get("GetBucketVersioning", {}).get("MFADelete")
    rules = settings.get("GetBucketEncryption", {}).get("ServerSideEncryptionConfiguration", {}).get("Rules", [])
    bucket.encryption = {"Rule": _encryption(rules[0])} if rules else None
    block = settings.get("GetPublicAccessBlock", {}).get("PublicAccessBlockConfiguration")
    bucket.public_access_block = _public_access_block(block) if block else None
    controls = settings.get("GetBucketOwnershipControls", {}).get("OwnershipControls", {}).get("Rules", [])
    bucket.ownership_rule = controls[0]["ObjectOwnership"] if controls else None
    policy = settings.get("GetBucketPolicy", {}).get("Policy")
    bucket.policy = policy.encode() if policy else None
    pairs = settings.get("GetBucketTagging", {}).get("TagSet", [])
    if pairs:
        s3_backends[item.account_id]["aws"].put_bucket_tagging(item.name, {tag["Key"]: tag["Value"] for tag in pairs})
    lifecycle = settings.get("GetBucketLifecycleConfiguration", {}).get("Rules", [])
    if lifecycle:
        bucket.set_lifecycle([_lifecycle_rule(rule) for rule in lifecycle])
    _object_lock(bucket, settings.get("GetObjectLockConfiguration", {}).get("ObjectLockConfiguration", {}))


def _encryption(rule: dict[str, Any]) -> dict[str, Any]:
    """Return the rule as moto keeps it: text, as it was in XML."""
    return {name: _as_text(value) for name, value in rule.items()}


def _public_access_block(block: dict[str, bool]) -> PublicAccessBlock:
    names = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    return PublicAccessBlock(*(bool(block.get(name)) for name in names))


def _lifecycle_rule(rule: dict[str, Any]) -> dict[str, Any]:
    """Return a rule with the names that it has in XML, where lists are repeated elements."""
    renamed = {
        {"Transitions": "Transition", "NoncurrentVersionTransitions": "NoncurrentVersionTransition"}.get(
            name, name
        ): part
        for name, part in rule.items()
    }
    conjunction = renamed.get("Filter", {}).get("And", {})
    if "Tags" in conjunction:
        conjunction["Tag"] = conjunction.pop("Tags")
    return {name: _as_text(part) for name, part in renamed.items()}


def _as_text(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _as_text(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_as_text(part) for part in value]
    return str(value).lower() if isinstance(value, bool) else str(value)


def _object_lock(bucket: FakeBucket, configuration: dict[str, Any]) -> None:
    if configuration.get("ObjectLockEnabled") != "Enabled":
        return
    retention = configuration.get("Rule", {}).get("DefaultRetention", {})
    bucket.object_lock_enabled = True
    bucket.default_lock_mode = retention.get("Mode", "")
    bucket.default_lock_days, bucket.default_lock_years = retention.get("Days", 0), retention.get("Years", 0)


def _trail(management: str, item: SnapshotTrail) -> None:
    """Make a trail without CloudTrail's checks: its bucket or key may not be in the snapshot."""
    backend: CloudTrailBackend = cloudtrail_backends[management][item.home_region]
    trail = _UncheckedTrail(
        management, item.home_region, item.name, item.bucket, item.settings.get("S3KeyPrefix"),
        item.settings.get("SnsTopicName"), item.settings.get("IncludeGlobalServiceEvents", False),
        item.settings.get("IsMultiRegionTrail", False), item.settings.get("LogFileValidationEnabled", False),
        item.settings.get("IsOrganizationTrail", False), item.settings.get("CloudWatchLogsLogGroupArn"),
        item.settings.get("CloudWatchLogsRoleArn"), item.settings.get("KmsKeyId"),
    )  # fmt: skip
    if item.settings.get("HasCustomEventSelectors"):
        trail.event_selectors = list(item.event_selectors)
        trail.advanced_event_selectors = list(item.advanced_event_selectors)
    if item.is_logging:
        trail.status.start_logging()
    for name, moment in (("started", item.started_at), ("stopped", item.stopped_at)):
        setattr(trail.status, name, _naive(moment) if moment else None)
    backend.trails[item.name] = trail
    backend.tagging_service.tag_resource(trail.arn, [{"Key": key, "Value": tag} for key, tag in item.tags.items()])


class _UncheckedTrail(Trail):  # type: ignore[misc]  # moto has no types
    """A trail whose bucket and topic need not be there."""

    def check_bucket_exists(self) -> None:
        """Ask nothing: GetTrailStatus reports a bucket that is not there."""

    def check_topic_exists(self) -> None:
        """Ask nothing: topics are not copied."""


def _naive(moment: datetime) -> datetime:
    """Return a time as moto keeps it."""
    return moment.astimezone(UTC).replace(tzinfo=None)


def _seconds(moment: datetime) -> float:
    return float(unix_time(_naive(moment)))
