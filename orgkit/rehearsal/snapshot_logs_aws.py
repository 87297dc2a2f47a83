"""AWS calls that copy trails, their buckets and keys, and the roles by which member accounts are read."""

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from orgkit.aws.rejections import Rejected
from orgkit.aws.session import Connection
from orgkit.aws.tags import tags_of
from orgkit.model.desired import READ_ROLE, Desired
from orgkit.model.observed import MemberRole
from orgkit.phases.member_access.member_roles_aws import read_roles
from orgkit.phases.storage.bucket_aws import Foreign, Place
from orgkit.phases.trail.key_aws import find_alias
from orgkit.rehearsal.snapshot_reading import Reading
from orgkit.sandbox.snapshot import (
    NotCopied,
    SnapshotAccount,
    SnapshotBucket,
    SnapshotKey,
    SnapshotRole,
    SnapshotTrail,
    as_json_value,
)

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


def read_trails(reading: Reading) -> tuple[SnapshotTrail, ...]:
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


def _trail(aws: Connection, arn: str, region: str) -> SnapshotTrail | None:
    """Return a trail; None if it has been deleted since it was listed."""
    read = partial(aws.read, "cloudtrail", region=region)
    described = read("DescribeTrails", trailNameList=[arn])["trailList"]
    item = next((item for item in described if item["TrailARN"] == arn), None)
    if item is None:
        return None
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


class Members:
    """The member accounts, each entered at most once, by a session that can only read."""

    def __init__(self, reading: Reading, role: str) -> None:
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


def role_names(desired: Desired | None) -> tuple[str, ...]:
    """Return orgkit's read role, and every access role that the file names."""
    names = {member.role_name for member in desired.members} if desired else set()
    return tuple(sorted({READ_ROLE, ACCESS_ROLE, *names}))


def bucket_names(desired: Desired | None, accounts: Iterable[SnapshotAccount]) -> dict[str, str]:
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


def alias_of(desired: Desired | None, accounts: Iterable[SnapshotAccount]) -> str:
    """Return the ARN of the alias that the file wants for the trail's key; "" without one."""
    archive_id = _archive_id(desired, accounts)
    if desired is None or not archive_id or not desired.trail.kms_key:
        return ""
    return f"arn:aws:kms:{desired.trail.region}:{archive_id}:{desired.trail.key_alias}"


def read_keys(members: Members, trails: Iterable[SnapshotTrail], alias: str) -> Iterator[SnapshotKey]:
    """Yield the keys that trails use, and the one of the alias, which need not be there."""
    arns = dict.fromkeys(str(trail.settings["KmsKeyId"]) for trail in trails if trail.settings.get("KmsKeyId"))
    aliased = members.reading.attempt(f"key {alias}", lambda: _arn_of(members, alias), "") if alias else ""
    for arn in dict.fromkeys((*arns, aliased) if aliased else arns):
        names = (alias.split(":")[5],) if arn == aliased else ()
        key = members.reading.attempt(f"key {arn}", partial(_key, members, arn, names), None)
        if key is not None:
            yield key


def _arn_of(members: Members, alias: str) -> str:
    _, _, _, region, account, _ = alias.split(":")
    key = find_alias(members.enter(account), alias, region)
    return key[0] if key else ""


def _key(members: Members, arn: str, aliases: tuple[str, ...]) -> SnapshotKey:
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


def read_buckets(
    members: Members,
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


def _bucket(reading: Reading, place: Place) -> SnapshotBucket | None:
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
