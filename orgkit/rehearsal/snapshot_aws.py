"""AWS calls that copy a live organization into a snapshot. All of them read."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from orgkit.aws.advice import remedy_for
from orgkit.aws.rejections import Rejected
from orgkit.aws.session import Connection
from orgkit.aws.tags import read_tags, read_tags_of, tags_of
from orgkit.errors import CouldNotRead
from orgkit.model.desired import READ_ROLE, Desired
from orgkit.model.observed import MemberRole
from orgkit.phases.member_access.member_roles_aws import read_roles
from orgkit.phases.organization.aws import read_organization
from orgkit.phases.organizational_units.aws import read_units
from orgkit.phases.policies.aws import policy_summaries
from orgkit.phases.storage.bucket_aws import Foreign, Place
from orgkit.phases.trail.key_aws import find_alias
from orgkit.sandbox.snapshot import (
    DelegatedAdministrator,
    NotCopied,
    Snapshot,
    SnapshotAccount,
    SnapshotBucket,
    SnapshotHandshake,
    SnapshotKey,
    SnapshotOrganization,
    SnapshotPolicy,
    SnapshotRole,
    SnapshotTrail,
    SnapshotUnit,
    TrustedService,
    as_json_value,
)

T = TypeVar("T")
BUCKET_READS = (
    "GetBucketVersioning", "GetBucketEncryption", "GetPublicAccessBlock", "GetBucketOwnershipControls",
    "GetBucketPolicy", "GetBucketTagging", "GetBucketLifecycleConfiguration", "GetObjectLockConfiguration",
)  # fmt: skip
TRAIL_SETTINGS = (
    "S3KeyPrefix", "IncludeGlobalServiceEvents", "IsMultiRegionTrail", "LogFileValidationEnabled", "KmsKeyId",
    "CloudWatchLogsLogGroupArn", "CloudWatchLogsRoleArn", "HasCustomEventSelectors", "IsOrganizationTrail",
)  # fmt: skip
READ_ACTIONS = ("s3:Get*", "s3:ListBucket", "iam:Get*", "kms:Describe*", "kms:Get*", "sts:GetCallerIdentity")
# A session of a member's role can do no more than this, whatever the role may do.
READ_ONLY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": list(READ_ACTIONS), "Resource": "*"}],
    }
)
ACCESS_ROLE = (
    "OrganizationAccountAccessRole"  # that AWS gives a created account, unless CreateAccount names another one
)
HINTS = ("log", "archive", "audit", "security", "trail")  # in the names of accounts that keep logs
NEVER_COPIED = tuple(
    NotCopied(subject=subject, reason=reason, is_general=True)
    for subject, reason in (
        ("IAM users, roles and policies", "accounts have orgkit's read role and the access role, and nothing else"),
        ("keys of KMS that are not those of trails", "a step that needs one fails in the sandbox"),
        ("budgets, anomaly monitors and bills", "the sandbox begins without them"),
        ("contacts of accounts", "the sandbox has its own"),
        ("workloads, and trails and buckets of other purposes", "the sandbox begins without them"),
        ("policies of types that are not enabled", "they are attached to nothing"),
        ("quotas", "the sandbox has those of the rehearsal"),
    )
)


@dataclass
class _Reading:
    """The connection, and what it could not read."""

    aws: Connection
    not_read: list[NotCopied] = field(default_factory=list)

    def attempt(self, subject: str, read: Callable[[], T], default: T) -> T:
        """Return what was read; the default, and an entry in `not_read`, where AWS rejects the read."""
        try:
            return read()
        except Rejected as rejection:
            self.not_read.append(NotCopied(subject=subject, reason=str(rejection)))
            return default

    def map(self, read: Callable[[Any], T], items: Iterable[Any]) -> list[T]:
        return list(self.aws.executor.map(read, list(items)))


def take_snapshot(aws: Connection, read_role: str, desired: Desired | None = None) -> Snapshot:
    """Copy the organization of the caller's account.

    Args:
        aws: A connection as the management account.
        read_role: A role in member accounts, by which orgkit's roles and the buckets of trails are read.
        desired: The parameters file, which names roles and buckets; without it, only those of trails are looked for.

    Returns:
        The snapshot; what AWS does not let us read is in its `not_read`.

    Raises:
        CouldNotRead: There is no organization, or its units and accounts cannot be seen.
    """
    reading = _Reading(aws)
    try:
        organization = read_organization(aws)
        if organization is None:
            raise CouldNotRead(
                f"account {aws.caller().account} is in no organization, so there is nothing to copy.",
                "rehearse without --like-live.",
            )
        units = _units(reading, organization.root_id)
        accounts = _accounts(reading, organization.root_id, units)
        members = _Members(reading, read_role)
        accounts = members.with_roles(accounts, _role_names(desired))
    except Rejected as rejection:
        raise CouldNotRead(f"{rejection}.", remedy_for(rejection)) from None
    enabled = tuple(kind for kind, status in organization.policy_types if status == "ENABLED")
    features = organization.root_features if isinstance(organization.root_features, tuple) else ()
    if features is not organization.root_features:
        reason = str(organization.root_features)
        reading.not_read.append(NotCopied(subject="centralized root access", reason=reason))
    has_features = organization.feature_set == "ALL"
    trails = _trails(reading)
    return Snapshot(
        schema=1,
        taken_at=aws.clock.now(),
        organization=SnapshotOrganization(
            id=organization.id, root_id=organization.root_id,
            feature_set="ALL" if has_features else "CONSOLIDATED_BILLING",
            management_account_id=organization.management_account_id, management_email=organization.management_email,
            root_tags=reading.attempt("tags of the root", lambda: _pairs(aws, organization.root_id), {}),
            policy_types=enabled, root_features=features,
            resource_policy=reading.attempt("the resource policy", lambda: _resource_policy(aws), ""),
        ),
        trusted_services=reading.attempt("trusted services", lambda: _services(aws), ()) if has_features else (),
        delegated_administrators=_delegated(reading) if has_features else (),
        units=units,
        accounts=accounts,
        handshakes=reading.attempt("handshakes", lambda: _handshakes(aws), ()),
        policies=tuple(policy for kind in enabled for policy in _policies(reading, kind)),
        trails=trails,
        buckets=tuple(_buckets(members, trails, accounts, _bucket_names(desired, accounts))),
        keys=tuple(_keys(members, trails, _alias(desired, accounts))),
        not_read=(*reading.not_read, *NEVER_COPIED),
    )  # fmt: skip


def _pairs(aws: Connection, resource_id: str) -> dict[str, str]:
    return dict(read_tags_of(aws, resource_id))


def _units(reading: _Reading, root_id: str) -> tuple[SnapshotUnit, ...]:
    """Return the units from the top down, each with its tags."""
    units = read_units(reading.aws, root_id)
    ids = {(): root_id, **{unit.path: unit.id for unit in units}}
    tags = _tags(reading, [unit.id for unit in units], "unit")
    ordered = sorted(units, key=lambda unit: (len(unit.path), unit.path))
    return tuple(
        SnapshotUnit(id=unit.id, parent_id=ids[unit.path[:-1]], name=unit.path[-1], tags=tags[unit.id])
        for unit in ordered
    )


def _tags(reading: _Reading, ids: list[str], kind: str) -> dict[str, dict[str, str]]:
    """Return the tags of each id: in bulk, and one by one where that is not possible."""
    known = read_tags(reading.aws)
    if known is not None:
        return {item: dict(known.get(item, ())) for item in ids}

    def read_one(item: str) -> dict[str, str]:
        return reading.attempt(f"tags of {kind} {item}", lambda: _pairs(reading.aws, item), {})

    return dict(zip(ids, reading.map(read_one, ids), strict=True))


def _accounts(reading: _Reading, root_id: str, units: Iterable[SnapshotUnit]) -> tuple[SnapshotAccount, ...]:
    """Return the accounts of every parent, the management account first."""
    parents = [root_id, *(unit.id for unit in units)]
    pages = reading.map(partial(_accounts_of, reading.aws), parents)
    items = [(parent, item) for parent, page in zip(parents, pages, strict=True) for item in page]
    tags = _tags(reading, [str(item["Id"]) for _, item in items], "account")
    return tuple(
        SnapshotAccount(
            id=str(item["Id"]), parent_id=parent, name=str(item["Name"]), email=str(item.get("Email", "")),
            state=str(item.get("State", "ACTIVE")), joined_method=str(item.get("JoinedMethod", "CREATED")),
            joined_at=item["JoinedTimestamp"], tags=tags[str(item["Id"])],
        )
        for parent, item in items
    )  # fmt: skip


def _accounts_of(aws: Connection, parent: str) -> list[dict[str, Any]]:
    return list(aws.pages("organizations", "ListAccountsForParent", "Accounts", ParentId=parent))


def _resource_policy(aws: Connection) -> str:
    try:
        return str(aws.read("organizations", "DescribeResourcePolicy")["ResourcePolicy"]["Content"])
    except Rejected as rejection:
        if rejection.code in ("ResourcePolicyNotFoundException", "AWSOrganizationsNotInUseException"):
            return ""
        raise


def _services(aws: Connection) -> tuple[TrustedService, ...]:
    pages = aws.pages("organizations", "ListAWSServiceAccessForOrganization", "EnabledServicePrincipals")
    return tuple(
        TrustedService(principal=str(item["ServicePrincipal"]), enabled_at=item.get("DateEnabled")) for item in pages
    )


def _delegated(reading: _Reading) -> tuple[DelegatedAdministrator, ...]:
    def read() -> tuple[DelegatedAdministrator, ...]:
        pages = reading.aws.pages("organizations", "ListDelegatedAdministrators", "DelegatedAdministrators")
        return tuple(
            DelegatedAdministrator(
                account_id=str(item["Id"]),
                enabled_at=item.get("DelegationEnabledDate"),
                services=_delegated_services(reading.aws, str(item["Id"])),
            )
            for item in pages
        )

    return reading.attempt("delegated administrators", read, ())


def _delegated_services(aws: Connection, account: str) -> dict[str, Any]:
    pages = aws.pages("organizations", "ListDelegatedServicesForAccount", "DelegatedServices", AccountId=account)
    return {str(item["ServicePrincipal"]): item.get("DelegationEnabledDate") for item in pages}


def _handshakes(aws: Connection) -> tuple[SnapshotHandshake, ...]:
    return tuple(map(_handshake, aws.pages("organizations", "ListHandshakesForOrganization", "Handshakes")))


def _handshake(item: Mapping[str, Any]) -> SnapshotHandshake:
    parties = [party for party in item.get("Parties", []) if party["Type"] != "ORGANIZATION"]
    resources = {part["Type"]: str(part.get("Value", "")) for part in item.get("Resources", [])}
    parent = resources.get("PARENT_HANDSHAKE", "")
    return SnapshotHandshake(
        id=str(item["Id"]), action=str(item["Action"]), state=str(item["State"]),
        requested_at=item["RequestedTimestamp"], expires_at=item["ExpirationTimestamp"],
        party_type=str(parties[0]["Type"]) if parties else "", party_id=str(parties[0]["Id"]) if parties else "",
        notes=resources.get("NOTES", ""), parent=f"h-{parent}" if parent else "",
    )  # fmt: skip


def _policies(reading: _Reading, kind: str) -> Iterator[SnapshotPolicy]:
    """Yield the policies of a type; one that cannot be read hides no other."""
    summaries = reading.attempt(
        f"policies of type {kind}", lambda: list(policy_summaries(reading.aws, kind)), list[dict[str, Any]]()
    )

    def read_one(item: dict[str, Any]) -> SnapshotPolicy | None:
        return reading.attempt(f"policy {item['Name']} ({kind})", lambda: _policy(reading.aws, item), None)

    yield from (policy for policy in reading.map(read_one, summaries) if policy is not None)


def _policy(aws: Connection, item: dict[str, Any]) -> SnapshotPolicy:
    policy_id, is_of_aws = str(item["Id"]), bool(item.get("AwsManaged"))
    pages = aws.pages("organizations", "ListTargetsForPolicy", "Targets", PolicyId=policy_id)
    return SnapshotPolicy(
        id=policy_id, name=str(item["Name"]), type=str(item["Type"]), is_of_aws=is_of_aws,
        description=str(item.get("Description") or ""),
        targets=tuple(sorted(str(target["TargetId"]) for target in pages)),
        content=str(aws.read("organizations", "DescribePolicy", PolicyId=policy_id)["Policy"]["Content"]),
        tags={} if is_of_aws else _pairs(aws, policy_id),
    )  # fmt: skip


def _trails(reading: _Reading) -> tuple[SnapshotTrail, ...]:
    """Return the management account's trails of every region."""
    aws = reading.aws
    listed = reading.attempt(
        "trails", lambda: list(aws.pages("cloudtrail", "ListTrails", "Trails")), list[dict[str, Any]]()
    )
    own = [item for item in listed if item["TrailARN"].split(":")[4] == aws.caller().account]

    def read_one(item: dict[str, Any]) -> SnapshotTrail | None:
        name, region = str(item["TrailARN"]), str(item["HomeRegion"])
        return reading.attempt(f"trail {item['Name']}", lambda: _trail(aws, name, region), None)

    return tuple(trail for trail in reading.map(read_one, own) if trail is not None)


def _trail(aws: Connection, arn: str, region: str) -> SnapshotTrail:
    read = partial(aws.read, "cloudtrail", region=region)
    (item,) = read("DescribeTrails", trailNameList=[arn])["trailList"]
    status, selectors = read("GetTrailStatus", Name=arn), read("GetEventSelectors", TrailName=arn)
    pages = aws.pages("cloudtrail", "ListTags", "ResourceTagList", region=region, ResourceIdList=[arn])
    return SnapshotTrail(
        name=str(item["Name"]), home_region=region, bucket=str(item["S3BucketName"]),
        settings={name: as_json_value(item[name]) for name in TRAIL_SETTINGS if item.get(name) is not None},
        is_logging=bool(status.get("IsLogging")),
        started_at=status.get("StartLoggingTime"), stopped_at=status.get("StopLoggingTime"),
        event_selectors=tuple(as_json_value(selectors.get("EventSelectors") or [])),
        advanced_event_selectors=tuple(as_json_value(selectors.get("AdvancedEventSelectors") or [])),
        tags={key: value for page in pages for key, value in tags_of(page.get("TagsList", []))},
    )  # fmt: skip


class _Members:
    """The member accounts, each entered at most once, by a session that can only read."""

    def __init__(self, reading: _Reading, role: str) -> None:
        self.reading = reading
        self.role = role
        self.management = reading.aws.caller().account

    def enter(self, account: str) -> Connection:
        """Return a connection in an account; raises Rejected where the role does not let us in."""
        aws = self.reading.aws
        return aws if account == self.management else aws.assume(account, self.role, policy=READ_ONLY)

    def with_roles(self, accounts: Iterable[SnapshotAccount], names: tuple[str, ...]) -> tuple[SnapshotAccount, ...]:
        """Return the accounts with the roles of these names, where they can be read."""

        def read_one(account: SnapshotAccount) -> SnapshotAccount:
            if account.id == self.management or account.state != "ACTIVE":
                return account
            subject = f"roles in account {account.name} ({account.id})"
            roles = self.reading.attempt(subject, lambda: read_roles(self.enter(account.id), names), None)
            return account if roles is None else account.model_copy(update={"roles": tuple(map(_role, roles))})

        return tuple(self.reading.map(read_one, accounts))


def _role(role: MemberRole) -> SnapshotRole:
    return SnapshotRole(
        name=role.name, trust=role.trust, inline=dict(role.inline), attached=role.attached, boundary=role.boundary
    )


def _role_names(desired: Desired | None) -> tuple[str, ...]:
    """Return orgkit's read role, and every access role that the file names."""
    names = {member.role_name for member in desired.members} if desired else set()
    return tuple(sorted({READ_ROLE, ACCESS_ROLE, *names}))


def _bucket_names(desired: Desired | None, accounts: Iterable[SnapshotAccount]) -> dict[str, str]:
    """Return the buckets that the file names with their region, where their account is there."""
    archive_id = _archive_id(desired, accounts)
    if desired is None or not archive_id:
        return {}
    spec = desired.trail.with_account(archive_id)
    return {name: spec.region for name in (spec.bucket, spec.records_bucket) if name}


def _archive_id(desired: Desired | None, accounts: Iterable[SnapshotAccount]) -> str:
    """Return the log archive account of the file; "" where it is not there yet."""
    archive = desired.log_archive if desired else None
    email = archive.email.casefold() if archive else ""
    return next((account.id for account in accounts if account.email.casefold() == email), "")


def _alias(desired: Desired | None, accounts: Iterable[SnapshotAccount]) -> str:
    """Return the ARN of the alias that the file wants for the trail's key; "" without one."""
    archive_id = _archive_id(desired, accounts)
    if desired is None or not archive_id or not desired.trail.kms_key:
        return ""
    return f"arn:aws:kms:{desired.trail.region}:{archive_id}:{desired.trail.key_alias}"


def _keys(members: _Members, trails: Iterable[SnapshotTrail], alias: str) -> Iterator[SnapshotKey]:
    """Yield the keys that trails use, and the one of the alias, which need not be there."""
    arns = dict.fromkeys(str(trail.settings["KmsKeyId"]) for trail in trails if trail.settings.get("KmsKeyId"))
    aliased = members.reading.attempt(f"key {alias}", lambda: _arn_of(members, alias), "") if alias else ""
    for arn in dict.fromkeys((*arns, aliased) if aliased else arns):
        names = (alias.split(":")[5],) if arn == aliased else ()
        key = members.reading.attempt(f"key {arn}", partial(_key, members, arn, names), None)
        if key is not None:
            yield key


def _arn_of(members: _Members, alias: str) -> str:
    _, _, _, region, account, _ = alias.split(":")
    key = find_alias(members.enter(account), alias, region)
    return key[0] if key else ""


def _key(members: _Members, arn: str, aliases: tuple[str, ...]) -> SnapshotKey:
    _, _, _, region, account, _ = arn.split(":")
    read = partial(members.enter(account).read, "kms", region=region, KeyId=arn)
    metadata = read("DescribeKey")["KeyMetadata"]
    is_enabled = metadata["KeyState"] == "Enabled"  # AWS does not report the rotation of a key that is pending deletion
    return SnapshotKey(
        arn=str(metadata["Arn"]), state=str(metadata["KeyState"]), description=str(metadata.get("Description") or ""),
        policy=str(read("GetKeyPolicy", PolicyName="default")["Policy"]), aliases=aliases,
        created_at=metadata["CreationDate"],
        is_rotated=is_enabled and bool(read("GetKeyRotationStatus")["KeyRotationEnabled"]),
    )  # fmt: skip


def _buckets(
    members: _Members,
    trails: Iterable[SnapshotTrail],
    accounts: Iterable[SnapshotAccount],
    named_buckets: Mapping[str, str],
) -> Iterator[SnapshotBucket]:
    """Yield the buckets of trails and of the file, wherever in the organization they are."""
    reading = members.reading
    regions = {**named_buckets, **{trail.bucket: trail.home_region for trail in trails}}
    missing, closed_accounts = dict(regions), list[str]()
    active = [account for account in accounts if account.state == "ACTIVE"]
    for account in sorted(active, key=partial(_likelihood, members.management)):
        try:
            member = members.enter(account.id) if missing else reading.aws
        except Rejected:
            closed_accounts.append(account.name)
            continue
        for name in list(missing):
            if bucket := _bucket(reading, Place(member, name, regions[name], account.id)):
                del missing[name]
                yield bucket
    seen = f"; role {members.role} cannot be assumed in {len(closed_accounts)} accounts" if closed_accounts else ""
    for name in missing:
        if name not in named_buckets or closed_accounts:  # one that the file names need not be there yet
            reason = f"no account of the organization shows it{seen}"
            reading.not_read.append(NotCopied(subject=f"bucket {name}", reason=reason))


def _likelihood(management: str, account: SnapshotAccount) -> tuple[bool, bool, str]:
    """Sort the management account first, then those whose names hint at logs."""
    return account.id != management, not any(hint in account.name.casefold() for hint in HINTS), account.id


def _bucket(reading: _Reading, place: Place) -> SnapshotBucket | None:
    """Return a bucket of this account; None if it is in none, or in another one."""
    try:
        region = place.head()
    except (Foreign, Rejected):
        return None
    if region is None:
        return None
    place.region = region

    def read_one(operation: str) -> tuple[str, dict[str, Any]]:
        subject = f"{operation} of bucket {place.bucket}"
        return operation, as_json_value(reading.attempt(subject, lambda: place.setting(operation), dict[str, Any]()))

    settings = {operation: value for operation, value in reading.map(read_one, BUCKET_READS) if value}
    return SnapshotBucket(name=place.bucket, account_id=place.owner, region=region, settings=settings)
