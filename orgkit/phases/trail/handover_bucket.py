"""A bucket and its settings, each a resource of its own in Terraform."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from orgkit.phases.storage.bucket import Bucket
from orgkit.phases.terraform.hcl import Attribute, Block, Expression, JsonDocument, attributes
from orgkit.phases.terraform.part import Resource
from orgkit.phases.terraform.provider import LOG_ARCHIVE
from orgkit.phases.trail.handover_facts import BucketDetails

Body = tuple[Attribute | Block, ...]
# A setting of the public access block, and its argument in Terraform, whose default is false.
PUBLIC_ACCESS = {
    "BlockPublicAcls": "block_public_acls",
    "BlockPublicPolicy": "block_public_policy",
    "IgnorePublicAcls": "ignore_public_acls",
    "RestrictPublicBuckets": "restrict_public_buckets",
}


def bucket_resources(
    bucket: Bucket, details: BucketDetails, name: str, key: str | Expression | None
) -> Iterator[Resource]:
    """Yield the bucket, then each of its settings that AWS has.

    Args:
        bucket: As it was read.
        details: Its encryption and lock.
        name: Its name in the configuration.
        key: The KMS key of its encryption; None for S3's own.
    """
    lock = True if bucket.object_lock else None
    body = attributes(bucket=bucket.name, object_lock_enabled=lock, tags=dict(bucket.tags))
    yield Resource("aws_s3_bucket", name, body, import_id=bucket.name, provider=LOG_ARCHIVE)
    for setting, arguments in _settings(bucket, details, key).items():
        if arguments:
            own = attributes(bucket=Expression(f"aws_s3_bucket.{name}.id"))
            yield Resource(
                f"aws_s3_bucket_{setting}", name, (*own, *arguments), import_id=bucket.name, provider=LOG_ARCHIVE
            )


def _settings(bucket: Bucket, details: BucketDetails, key: str | Expression | None) -> Mapping[str, Body]:
    return {
        "versioning": _versioning(bucket),
        "public_access_block": _public_access_block(bucket),
        "ownership_controls": _ownership(bucket),
        "server_side_encryption_configuration": _encryption(details, key),
        "lifecycle_configuration": tuple(_rule(rule) for rule in json.loads(bucket.lifecycle or "[]")),
        "object_lock_configuration": _object_lock(details),
        "policy": (Attribute("policy", JsonDocument(json.loads(bucket.policy))),) if bucket.policy else (),
    }


def _versioning(bucket: Bucket) -> Body:
    if bucket.versioning is None:
        return ()
    deletion = "Enabled" if bucket.mfa_delete else None
    return (Block("versioning_configuration", (), attributes(status=bucket.versioning, mfa_delete=deletion)),)


def _public_access_block(bucket: Bucket) -> Body:
    if not bucket.public_access_block:
        return ()
    values = {argument: setting in bucket.public_access_block for setting, argument in PUBLIC_ACCESS.items()}
    return attributes(**values)


def _ownership(bucket: Bucket) -> Body:
    if bucket.ownership is None:
        return ()
    return (Block("rule", (), attributes(object_ownership=bucket.ownership)),)


def _encryption(details: BucketDetails, key: str | Expression | None) -> Body:
    if not details.algorithm:
        return ()
    default = attributes(sse_algorithm=details.algorithm, kms_master_key_id=key)
    inner = Block("apply_server_side_encryption_by_default", (), default)
    bucket_key = attributes(bucket_key_enabled=True if details.has_bucket_key else None)
    return (Block("rule", (), (*bucket_key, inner)),)


def _object_lock(details: BucketDetails) -> Body:
    """Return the default retention, in days or in years as AWS has it: the provider takes one of the two."""
    if not details.lock_mode:
        return ()
    values = attributes(mode=details.lock_mode, days=details.lock_days or None, years=details.lock_years or None)
    return (Block("rule", (), (Block("default_retention", (), values),)),)


def _rule(rule: Mapping[str, Any]) -> Block:
    """Return one lifecycle rule; that of somebody else, too, since Terraform deletes what it does not list."""
    blocks = [
        *(_action("transition", item) for item in rule.get("Transitions", [])),
        *(_action("expiration", item) for item in _present(rule.get("Expiration"))),
        *(_action("noncurrent_version_transition", item) for item in rule.get("NoncurrentVersionTransitions", [])),
        *(_action("noncurrent_version_expiration", item) for item in _present(rule.get("NoncurrentVersionExpiration"))),
        *(_upload(item) for item in _present(rule.get("AbortIncompleteMultipartUpload"))),
    ]
    body = attributes(id=rule.get("ID"), status=rule.get("Status"))
    return Block("rule", (), (*body, *_filter(rule), *blocks))


def _present(item: Mapping[str, Any] | None) -> list[Mapping[str, Any]]:
    return [item] if item else []


def _action(kind: str, item: Mapping[str, Any]) -> Block:
    """Return what a rule does, and after how long."""
    deletes = item.get("ExpiredObjectDeleteMarker") or None
    values = attributes(
        days=item.get("Days"), date=_date(item.get("Date")), noncurrent_days=item.get("NoncurrentDays"),
        newer_noncurrent_versions=item.get("NewerNoncurrentVersions"), expired_object_delete_marker=deletes,
        storage_class=item.get("StorageClass"),
    )  # fmt: skip
    return Block(kind, (), values)


def _upload(item: Mapping[str, Any]) -> Block:
    return Block(
        "abort_incomplete_multipart_upload", (), attributes(days_after_initiation=item.get("DaysAfterInitiation"))
    )


def _date(value: str | None) -> str | None:
    """Return a date, which is midnight UTC in every rule, as the provider writes it."""
    return f"{value[:10]}T00:00:00Z" if value else None


def _filter(rule: Mapping[str, Any]) -> Body:
    """Return which objects a rule is about; the empty filter is written, since a rule without one means another."""
    if "Filter" not in rule:
        return attributes(prefix=rule.get("Prefix") or "")
    criteria = rule["Filter"]
    conjunction = criteria.get("And")
    body: Body = (
        (Block("and", (), _criteria(conjunction, tags="Tags")),) if conjunction else _criteria(criteria, tags="")
    )
    return (Block("filter", (), body),)


def _criteria(criteria: Mapping[str, Any], tags: str) -> Body:
    tag = criteria.get("Tag")
    pairs = {item["Key"]: item["Value"] for item in criteria.get(tags, [])}
    values = attributes(
        prefix=criteria.get("Prefix") or None, object_size_greater_than=criteria.get("ObjectSizeGreaterThan"),
        object_size_less_than=criteria.get("ObjectSizeLessThan"), tags=pairs or None,
    )  # fmt: skip
    return (*values, Block("tag", (), attributes(key=tag["Key"], value=tag["Value"]))) if tag else values
