"""AWS calls that read one bucket with all of its settings."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from orgkit.aws.rejections import Rejected
from orgkit.aws.session import Connection
from orgkit.aws.tags import tags_of
from orgkit.model.canonical_json import compact_json
from orgkit.phases.storage.bucket import BLOCK_ALL_PUBLIC_ACCESS, Bucket

NOT_SET = frozenset(
    {
        "NoSuchPublicAccessBlockConfiguration", "OwnershipControlsNotFoundError", "NoSuchLifecycleConfiguration",
        "ServerSideEncryptionConfigurationNotFoundError", "NoSuchBucketPolicy", "NoSuchTagSet",
        "ObjectLockConfigurationNotFoundError",
    }
)  # fmt: skip


class Foreign(Exception):
    """The name belongs to another account, or AWS does not let the caller see the bucket."""


class Place:
    """One bucket of one owner; every call but CreateBucket names the owner, so that AWS rejects any other's bucket."""

    def __init__(self, member: Connection, bucket: str, region: str, owner: str) -> None:
        self.member = member
        self.bucket = bucket
        self.region = region
        self.owner = owner

    def read(self, operation: str) -> dict[str, Any]:
        return self.member.read("s3", operation, region=self.region, **self._bucket_parameters())

    def setting(self, operation: str) -> dict[str, Any]:
        """Return a setting; {} when AWS reports that it is not set, with a different error for each setting."""
        try:
            return self.read(operation)
        except Rejected as rejection:
            if rejection.code in NOT_SET:
                return {}
            raise

    def set(self, operation: str, **values: Any) -> None:
        self.member.mutate("s3", operation, region=self.region, **self._bucket_parameters(), **values)

    def head(self) -> str | None:
        """Return the bucket's region; None if the name is free; raise Foreign if another account has it."""
        try:
            return str(self.read("HeadBucket").get("BucketRegion", "")) or self.region
        except Rejected as rejection:
            if rejection.code in ("404", "NoSuchBucket", "NotFound"):
                return None
            if rejection.code in ("403", "AccessDenied", "Forbidden"):
                raise Foreign(self.bucket) from None
            raise

    def _bucket_parameters(self) -> dict[str, str]:
        return {"Bucket": self.bucket, "ExpectedBucketOwner": self.owner}


def read_bucket(place: Place) -> Bucket:
    """Read a bucket with all of its settings, those of an existing one at the same time."""
    try:
        region = place.head()
    except Foreign:
        return Bucket(place.bucket, exists=True, foreign=True)
    if region is None:
        return Bucket(place.bucket, exists=False)
    reads = {name: read for name, read in SETTINGS.items() if name not in ("versioning", "acl_grants")}
    reads["versioning"] = lambda place: place.read("GetBucketVersioning")
    values = place.member.executor.map(lambda read: read(place), list(reads.values()))
    settings = dict(zip(reads, values, strict=True))
    versioning = settings.pop("versioning")
    if settings["ownership"] != "BucketOwnerEnforced":  # otherwise its ACL has no effect
        settings["acl_grants"] = _acl_grants(place)
    return Bucket(
        place.bucket,
        exists=True,
        region=region,
        versioning=versioning.get("Status"),
        mfa_delete=versioning.get("MFADelete") == "Enabled",
        **settings,
    )


def _public_access_block(place: Place) -> tuple[str, ...]:
    settings = place.setting("GetPublicAccessBlock").get("PublicAccessBlockConfiguration", {})
    return tuple(name for name in BLOCK_ALL_PUBLIC_ACCESS if settings.get(name))


def _ownership(place: Place) -> str | None:
    controls = place.setting("GetBucketOwnershipControls").get("OwnershipControls", {}).get("Rules", [])
    return controls[0]["ObjectOwnership"] if controls else None


def _acl_grants(place: Place) -> tuple[str, ...]:
    """Return the grants of the ACL without the owner's, which BucketOwnerEnforced keeps."""
    acl = place.read("GetBucketAcl")
    owner = acl.get("Owner", {}).get("ID")
    foreign_grants = (grant for grant in acl.get("Grants", []) if not owner or grant["Grantee"].get("ID") != owner)
    return tuple(sorted(f"{grant['Permission']} to {_grantee(grant['Grantee'])}" for grant in foreign_grants))


def _grantee(grantee: Mapping[str, Any]) -> str:
    if uri := grantee.get("URI"):
        return f"group {str(uri).rpartition('/')[2]}"
    name = grantee.get("EmailAddress") or grantee.get("DisplayName")
    return f"canonical user {grantee.get('ID', '')}{f' ({name})' if name else ''}"


def _lifecycle(place: Place) -> str | None:
    rules = place.setting("GetBucketLifecycleConfiguration").get("Rules")
    return compact_json(rules) if rules else None


def _policy(place: Place) -> str | None:
    """Return the policy as canonical JSON; unchanged if it is not JSON, which the planner refuses."""
    document: str | None = place.setting("GetBucketPolicy").get("Policy")
    try:
        return compact_json(json.loads(document)) if document else None
    except ValueError:
        return document


def encryption_rule(place: Place) -> dict[str, Any]:
    """Return the one rule of a bucket's default encryption, as AWS returns it; {} when there is none."""
    configuration = place.setting("GetBucketEncryption").get("ServerSideEncryptionConfiguration", {})
    return dict(next(iter(configuration.get("Rules", [])), {}))


def _encryption(place: Place) -> str | None:
    rule = encryption_rule(place)
    default = rule.get("ApplyServerSideEncryptionByDefault", {})
    kind: str | None = default.get("SSEAlgorithm")
    key: str | None = default.get("KMSMasterKeyID")
    if kind is None or key is None:
        return kind
    return f"{kind} {key}" + (" with bucket key" if rule.get("BucketKeyEnabled") else "")


def _object_lock(place: Place) -> str | None:
    """Return mode and days, years converted to days: "GOVERNANCE 365"."""
    configuration = place.setting("GetObjectLockConfiguration").get("ObjectLockConfiguration", {})
    if configuration.get("ObjectLockEnabled") != "Enabled":
        return None
    retention = configuration.get("Rule", {}).get("DefaultRetention", {})
    days = retention.get("Days") or 365 * (retention.get("Years") or 0)
    return f"{retention['Mode']} {days}" if retention.get("Mode") and days else "on"


# How each setting of `Bucket` is read, by the name of its field.
SETTINGS: Mapping[str, Callable[[Place], Any]] = {
    "versioning": lambda place: place.read("GetBucketVersioning").get("Status"),
    "public_access_block": _public_access_block,
    "ownership": _ownership,
    "acl_grants": _acl_grants,
    "encryption": _encryption,
    "lifecycle": _lifecycle,
    "policy": _policy,
    "object_lock": _object_lock,
    "tags": lambda place: tags_of(place.setting("GetBucketTagging").get("TagSet", [])),
}
