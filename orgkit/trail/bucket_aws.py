"""How AWS is asked about one bucket, and about all of its settings."""

import json
from collections.abc import Iterator
from typing import Any

from orgkit.aws.retry import Refused
from orgkit.aws.session import Connection
from orgkit.aws.tags import tags_of
from orgkit.model.desired import TrailSpec
from orgkit.model.observed import Bucket
from orgkit.trail.documents import compact

BLOCKED = {"BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": True, "RestrictPublicBuckets": True}
NOT_SET = frozenset(
    {
        "NoSuchPublicAccessBlockConfiguration", "OwnershipControlsNotFoundError", "NoSuchLifecycleConfiguration",
        "ServerSideEncryptionConfigurationNotFoundError", "NoSuchBucketPolicy", "NoSuchTagSet",
        "ObjectLockConfigurationNotFoundError",
    }
)  # fmt: skip


class Foreign(Exception):
    """The name is somebody else's, or AWS does not let us see that it is ours."""


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
        """The region of our bucket; None when nobody has one of this name; Foreign when somebody else has."""
        try:
            return str(self.read("HeadBucket").get("BucketRegion", "")) or self.region
        except Refused as refused:
            if refused.code in ("404", "NoSuchBucket", "NotFound"):
                return None
            if refused.code in ("403", "AccessDenied", "Forbidden"):
                raise Foreign(self.bucket) from None
            raise

    def _who(self) -> dict[str, str]:
        return {"Bucket": self.bucket, "ExpectedBucketOwner": self.owner}


def read_buckets(member: Connection, spec: TrailSpec, account_id: str) -> Iterator[Bucket]:
    """The log bucket and the records bucket, each with all of its settings."""
    for name in (spec.bucket, spec.records_bucket):
        yield _bucket(Place(member, name, spec.region, account_id))


def _bucket(place: Place) -> Bucket:
    try:
        region = place.head()
    except Foreign:
        return Bucket(place.bucket, exists=True, foreign=True)
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
        encryption=_encryption(encryption_rule(place)),
        lifecycle=compact(rules) if rules else None,
        policy=_policy(place),
        object_lock=_object_lock(place.setting("GetObjectLockConfiguration").get("ObjectLockConfiguration", {})),
        tags=tags_of(place.setting("GetBucketTagging").get("TagSet", [])),
    )


def _policy(place: Place) -> str | None:
    found = place.setting("GetBucketPolicy").get("Policy")
    return compact(json.loads(found)) if found else None


def encryption_rule(place: Place) -> dict[str, Any]:
    """The one rule that a bucket's default encryption has, in AWS's words; {} when there is none."""
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
