"""What CloudTrail checks before it makes a trail: that it can write to the bucket, and use the key."""

import json
from collections.abc import Iterable

from moto.cloudtrail.models import CloudTrailBackend, Trail, cloudtrail_backends
from moto.kms.models import kms_backends
from moto.s3.models import FakeBucket, s3_backends

from orgkit.sandbox.corrections.documents import Caller, allows
from orgkit.sandbox.corrections.members import management_of, organization_of
from orgkit.sandbox.corrections.registry import refusal
from orgkit.sandbox.propagation import bucket_policy, key_policy


def find_bucket(name: str) -> FakeBucket | None:
    """Bucket names are global: moto looks in the trail's own account, and then in all."""
    owner = s3_backends.bucket_accounts.get(name)
    return None if owner is None else s3_backends[owner[1]][owner[0]].buckets.get(name)


def error_of(trail: Trail) -> str:
    """The code of the error with which S3 refuses a log file of this trail; "" when it takes it."""
    backend, bucket = cloudtrail_backends[trail.account_id][trail.region_name], find_bucket(trail.bucket_name)
    if bucket is None:
        return "NoSuchBucket"
    return (
        ""
        if _takes(bucket, backend, trail.trail_name, trail.s3_key_prefix, bool(trail.is_org_trail))
        else "AccessDenied"
    )


def check_bucket(backend: CloudTrailBackend, name: str, bucket_name: str, prefix: str | None, everywhere: bool) -> None:
    """Its policy lets CloudTrail write, for this trail, where the trail will write."""
    bucket = find_bucket(bucket_name)
    if bucket is None:
        raise refusal("S3BucketDoesNotExistException", f"S3 bucket {bucket_name} does not exist!")
    if not _takes(bucket, backend, name, prefix, everywhere):
        message = f"Incorrect S3 bucket policy is detected for bucket: {bucket_name}"
        raise refusal("InsufficientS3BucketPolicyException", message)


def _takes(bucket: FakeBucket, backend: CloudTrailBackend, name: str, prefix: str | None, everywhere: bool) -> bool:
    policy, caller = json.loads(bucket_policy(bucket) or "{}"), _cloudtrail(backend, name)
    return all(allows(policy, caller, *need) for need in _needs(backend, bucket, prefix, everywhere))


def _cloudtrail(backend: CloudTrailBackend, name: str) -> Caller:
    """The service as it delivers for this trail, which is what a policy's conditions are compared with."""
    source = f"arn:aws:cloudtrail:{backend.region_name}:{backend.account_id}:trail/{name}"
    context = {
        "aws:SourceArn": source,
        "aws:SourceAccount": backend.account_id,
        "aws:SecureTransport": "true",
        "s3:x-amz-acl": "bucket-owner-full-control",
        "kms:EncryptionContext:aws:cloudtrail:arn": source,
    }
    return Caller(service="cloudtrail.amazonaws.com", context=context)


def _needs(
    backend: CloudTrailBackend, bucket: FakeBucket, prefix: str | None, everywhere: bool
) -> Iterable[tuple[str, str]]:
    """The ACL of the bucket, and an object under each prefix: the account's, and the organization's."""
    arn = f"arn:aws:s3:::{bucket.name}"
    yield "s3:GetBucketAcl", arn
    organization = organization_of(backend.account_id) if everywhere else None
    owners = [management_of(backend.account_id) if everywhere else backend.account_id]
    for owner in owners + ([organization.id] if organization else []):
        yield "s3:PutObject", f"{arn}/{prefix + '/' if prefix else ''}AWSLogs/{owner}/a-log-file"


def check_key(backend: CloudTrailBackend, name: str, key: str | None) -> None:
    """In the trail's region, and with a policy that lets CloudTrail use it."""
    if not key:
        return
    _, _, _, region, account, resource = (key if key.startswith("arn:") else f"arn:aws:kms:::{key}").split(":", 5)
    keys = kms_backends[account or backend.account_id][region or backend.region_name]
    kms_key = keys.keys.get(keys.any_id_to_key_id(resource.removeprefix("key/")))
    if kms_key is None or kms_key.region != backend.region_name:
        raise refusal("KmsKeyNotFoundException", f"KMS key {key} does not exist, or is in another region.")
    if not allows(json.loads(key_policy(kms_key)), _cloudtrail(backend, name), "kms:GenerateDataKey*", "*"):
        message = "Insufficient permissions to access S3 bucket or KMS key."
        raise refusal("InsufficientEncryptionPolicyException", message)
