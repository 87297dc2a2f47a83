"""What CloudTrail checks before it makes a trail: that it can write to the bucket, and use the key."""

import json
from collections.abc import Iterable
from functools import partial

from moto.cloudtrail.models import CloudTrailBackend, Trail, cloudtrail_backends
from moto.kms.models import kms_backends
from moto.s3.models import FakeBucket, s3_backends

from orgkit.policy_evaluation.conditions import Values
from orgkit.policy_evaluation.evaluation import Policies, Policy, evaluate
from orgkit.policy_evaluation.policy_types import RCP
from orgkit.policy_evaluation.requests import Principal as IamPrincipal
from orgkit.policy_evaluation.requests import PrincipalKind, Request
from orgkit.sandbox.corrections.attached_policies import account_of, levels_of
from orgkit.sandbox.corrections.members import management_of, organization_of
from orgkit.sandbox.corrections.registry import refusal
from orgkit.sandbox.propagation import bucket_policy, key_policy
from orgkit.sandbox.world import world

KEY_USES = ("kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext")  # CloudTrail asks for kms:GenerateDataKey*


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
    document, owner = bucket_policy(bucket) or b"{}", s3_backends.bucket_accounts[bucket.name][1]
    return all(_may(backend, name, owner, document, *need) for need in _needs(backend, bucket, prefix, everywhere))


def _may(backend: CloudTrailBackend, name: str, owner: str, document: str | bytes, action: str, resource: str) -> bool:
    """Return whether the policy of a bucket or key, and the RCPs of its account, let CloudTrail deliver for a trail."""
    request = Request(
        IamPrincipal(PrincipalKind.SERVICE, "cloudtrail.amazonaws.com"),
        action,
        resource,
        account_of(owner),
        _context(backend, name),
        region=backend.region_name,
        time=world().clock.now(),
    )
    rcps = levels_of(owner, RCP) if world().seed.evaluate_policies else ()
    decision = evaluate(request, Policies(resource=Policy(json.loads(document), name=resource), rcps=rcps))
    if not decision.is_allowed:
        world().state.setdefault("denied_services", []).append((request, decision))
    return decision.is_allowed


def _context(backend: CloudTrailBackend, name: str) -> dict[str, Values]:
    """What conditions are compared with when the service delivers for this trail."""
    source = f"arn:aws:cloudtrail:{backend.region_name}:{backend.account_id}:trail/{name}"
    account = account_of(backend.account_id)
    context: dict[str, Values] = {
        "aws:SourceArn": source,
        "aws:SourceAccount": backend.account_id,
        "aws:SecureTransport": "true",
        "s3:x-amz-acl": "bucket-owner-full-control",
        "kms:EncryptionContext:aws:cloudtrail:arn": source,
    }
    if account.organization:
        context |= {"aws:SourceOrgID": account.organization, "aws:SourceOrgPaths": (account.path,)}
    return context


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
    may = partial(_may, backend, name, kms_key.account_id, key_policy(kms_key), resource=kms_key.arn)
    if not all(may(action) for action in KEY_USES):
        message = "Insufficient permissions to access S3 bucket or KMS key."
        raise refusal("InsufficientEncryptionPolicyException", message)
