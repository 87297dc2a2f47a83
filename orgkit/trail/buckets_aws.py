"""How AWS is asked about the buckets in the log archive account, and one function for each step about them."""

import json
from collections.abc import Iterator
from typing import Any

from orgkit.aws.retry import Refused
from orgkit.aws.session import Connection
from orgkit.aws.tags import as_aws, tags_of
from orgkit.errors import NeedsDecision
from orgkit.model.desired import TrailSpec
from orgkit.model.directory import Directory
from orgkit.model.observed import Bucket
from orgkit.model.trail import (
    BlockPublicAccess,
    CreateBucket,
    SetBucketPolicy,
    SetEncryption,
    SetLifecycle,
    SetObjectLock,
    SetOwnership,
    SetVersioning,
    TagBucket,
)
from orgkit.trail.documents import RULE, compact, lifecycle_rule, merged, render
from orgkit.trail.key_aws import ids, key_arn, session

BLOCKED = {"BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": True, "RestrictPublicBuckets": True}
NOT_SET = frozenset(
    {
        "NoSuchPublicAccessBlockConfiguration", "OwnershipControlsNotFoundError", "NoSuchLifecycleConfiguration",
        "ServerSideEncryptionConfigurationNotFoundError", "NoSuchBucketPolicy", "NoSuchTagSet",
        "ObjectLockConfigurationNotFoundError",
    }
)  # fmt: skip


class Place:
    """One bucket of one owner: every call but CreateBucket names the owner, so that nobody's namesake is touched."""

    def __init__(self, member: Connection, bucket: str, region: str, owner: str) -> None:
        self.member = member
        self.bucket = bucket
        self.region = region
        self.owner = owner

    def read(self, operation: str) -> dict[str, Any]:
        return self.member.read("s3", operation, region=self.region, **self._who())

    def setting(self, operation: str) -> dict[str, Any]:
        """A setting; {} when AWS says, each time in other words, that it is not set."""
        try:
            return self.read(operation)
        except Refused as refused:
            if refused.code in NOT_SET:
                return {}
            raise

    def set(self, operation: str, **values: Any) -> None:
        self.member.mutate("s3", operation, region=self.region, **self._who(), **values)

    def head(self) -> str | None:
        """The region of our bucket; None when nobody has one of this name; Refused (403) when somebody else has."""
        try:
            return str(self.read("HeadBucket").get("BucketRegion", "")) or self.region
        except Refused as refused:
            if refused.code in ("404", "NoSuchBucket", "NotFound"):
                return None
            raise

    def _who(self) -> dict[str, str]:
        return {"Bucket": self.bucket, "ExpectedBucketOwner": self.owner}


def read_buckets(member: Connection, spec: TrailSpec, account_id: str) -> Iterator[Bucket]:
    """The log bucket and the records bucket, each with all of its settings."""
    for name in (spec.bucket, spec.records_bucket):
        yield _bucket(Place(member, name, spec.region, account_id))


def create_bucket(aws: Connection, step: CreateBucket, directory: Directory) -> None:
    """Look first: in us-east-1, creating one's own bucket again answers 200 and resets its ACLs."""
    place = _place(aws, step, directory)
    try:
        if place.head() is None:
            _create(place, step)
            aws.wait_for(f"bucket {step.bucket} to be visible", place.head, every=2, at_most=60)
    except Refused as refused:
        if refused.code not in ("403", "AccessDenied", "Forbidden", "BucketAlreadyExists"):
            raise
        raise NeedsDecision(
            f"bucket {step.bucket} belongs to somebody else: bucket names are shared by all of AWS.",
            "choose another name in [trail] and plan again.",
        ) from None


def block_public_access(aws: Connection, step: BlockPublicAccess, directory: Directory) -> None:
    """All four."""
    _place(aws, step, directory).set("PutPublicAccessBlock", PublicAccessBlockConfiguration=BLOCKED)


def set_ownership(aws: Connection, step: SetOwnership, directory: Directory) -> None:
    """CloudTrail goes on sending its ACL; with BucketOwnerEnforced S3 accepts that one, and it changes nothing."""
    rules = [{"ObjectOwnership": "BucketOwnerEnforced"}]
    _place(aws, step, directory).set("PutBucketOwnershipControls", OwnershipControls={"Rules": rules})


def set_versioning(aws: Connection, step: SetVersioning, directory: Directory) -> None:
    """Enabled; it can be suspended later, never switched off."""
    _place(aws, step, directory).set("PutBucketVersioning", VersioningConfiguration={"Status": "Enabled"})


def set_encryption(aws: Connection, step: SetEncryption, directory: Directory) -> None:
    """The default for new objects; what else the bucket's rule says (blocked kinds of encryption) stays."""
    place = _place(aws, step, directory)
    default = {"SSEAlgorithm": "AES256"}
    if step.key_alias:
        default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key_arn(directory)}
    rule = {**_encryption_rule(place), "ApplyServerSideEncryptionByDefault": default}
    rule["BucketKeyEnabled"] = bool(step.key_alias)
    place.set("PutBucketEncryption", ServerSideEncryptionConfiguration={"Rules": [rule]})


def set_bucket_policy(aws: Connection, step: SetBucketPolicy, directory: Directory) -> None:
    """Our statements, and those of others as they are; AWS takes a policy as a whole only."""
    place = _place(aws, step, directory)
    there = place.setting("GetBucketPolicy").get("Policy")
    place.set("PutBucketPolicy", Policy=merged(there, render(step.statements, ids(directory, step))))


def set_lifecycle(aws: Connection, step: SetLifecycle, directory: Directory) -> None:
    """Our rule, and those of others as they are; AWS takes the rules as a whole only."""
    place = _place(aws, step, directory)
    there = place.setting("GetBucketLifecycleConfiguration").get("Rules", [])
    ours = lifecycle_rule(step.transition_days, step.storage_class, step.expire_days, step.noncurrent_days)
    rules = [ours, *(rule for rule in there if rule.get("ID") != RULE)]
    place.set("PutBucketLifecycleConfiguration", LifecycleConfiguration={"Rules": rules})


def set_object_lock(aws: Connection, step: SetObjectLock, directory: Directory) -> None:
    """The default for new objects; the bucket needs versioning, which comes before."""
    retention = {"DefaultRetention": {"Mode": step.mode, "Days": step.days}}
    lock = {"ObjectLockEnabled": "Enabled", "Rule": retention}
    _place(aws, step, directory).set("PutObjectLockConfiguration", ObjectLockConfiguration=lock)


def tag_bucket(aws: Connection, step: TagBucket, directory: Directory) -> None:
    """AWS takes a bucket's tags as a whole only: those that are there go along."""
    place = _place(aws, step, directory)
    there = dict(tags_of(place.setting("GetBucketTagging").get("TagSet", [])))
    tags = as_aws(tuple((there | dict(step.tags)).items()))
    place.set("PutBucketTagging", Tagging={"TagSet": tags})


STEPS = {
    CreateBucket: create_bucket,
    BlockPublicAccess: block_public_access,
    SetOwnership: set_ownership,
    SetVersioning: set_versioning,
    SetEncryption: set_encryption,
    SetBucketPolicy: set_bucket_policy,
    SetLifecycle: set_lifecycle,
    SetObjectLock: set_object_lock,
    TagBucket: tag_bucket,
}


def _place(aws: Connection, step: Any, directory: Directory) -> Place:
    member = session(aws, step, directory, step.bucket)
    return Place(member, step.bucket, step.region, directory.account(step.account))


def _create(place: Place, step: CreateBucket) -> None:
    how: dict[str, Any] = {"ObjectLockEnabledForBucket": True} if step.object_lock else {}
    if step.region != "us-east-1":  # the region that must not be named
        how["CreateBucketConfiguration"] = {"LocationConstraint": step.region}
    try:
        place.member.mutate("s3", "CreateBucket", region=step.region, Bucket=step.bucket, **how)
    except Refused as refused:
        if refused.code != "BucketAlreadyOwnedByYou":
            raise


def _bucket(place: Place) -> Bucket:
    try:
        region = place.head()
    except Refused as refused:
        if refused.code in ("403", "AccessDenied", "Forbidden"):
            return Bucket(place.bucket, exists=True, foreign=True)
        raise
    if region is None:
        return Bucket(place.bucket, exists=False)
    block = place.setting("GetPublicAccessBlock").get("PublicAccessBlockConfiguration", {})
    rules = place.setting("GetBucketLifecycleConfiguration").get("Rules")
    controls = place.setting("GetBucketOwnershipControls").get("OwnershipControls", {}).get("Rules", [])
    return Bucket(
        place.bucket,
        exists=True,
        region=region,
        versioning=place.read("GetBucketVersioning").get("Status"),
        public_access_blocked=all(block.get(name) for name in BLOCKED),
        ownership=controls[0]["ObjectOwnership"] if controls else None,
        encryption=_encryption(_encryption_rule(place)),
        lifecycle=compact(rules) if rules else None,
        policy=_policy(place),
        object_lock=_object_lock(place.setting("GetObjectLockConfiguration").get("ObjectLockConfiguration", {})),
        tags=tags_of(place.setting("GetBucketTagging").get("TagSet", [])),
    )


def _policy(place: Place) -> str | None:
    found = place.setting("GetBucketPolicy").get("Policy")
    return compact(json.loads(found)) if found else None


def _encryption_rule(place: Place) -> dict[str, Any]:
    found = place.setting("GetBucketEncryption").get("ServerSideEncryptionConfiguration", {})
    return dict(next(iter(found.get("Rules", [])), {}))


def _encryption(rule: dict[str, Any]) -> str | None:
    default = rule.get("ApplyServerSideEncryptionByDefault", {})
    kind: str | None = default.get("SSEAlgorithm")
    key: str | None = default.get("KMSMasterKeyID")
    if kind is None or key is None:
        return kind
    return f"{kind} {key}" + (" with bucket key" if rule.get("BucketKeyEnabled") else "")


def _object_lock(found: dict[str, Any]) -> str | None:
    """Years are days to us: "GOVERNANCE 365"."""
    if found.get("ObjectLockEnabled") != "Enabled":
        return None
    retention = found.get("Rule", {}).get("DefaultRetention", {})
    days = retention.get("Days") or 365 * (retention.get("Years") or 0)
    return f"{retention['Mode']} {days}" if retention.get("Mode") and days else "on"
