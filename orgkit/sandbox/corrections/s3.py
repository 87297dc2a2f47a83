"""S3: defaults of a new bucket since 2023, access to buckets of other accounts, and settings that moto loses."""

import hashlib
import json
import re
from base64 import b64encode
from typing import Any

from moto.iam.access_control import PermissionResult
from moto.s3.exceptions import S3ClientError
from moto.s3.models import FakeBucket, PublicAccessBlock, S3Backend, s3_backends
from moto.s3.responses import S3Response

from orgkit.sandbox.corrections.documents import Caller, allows, denies
from orgkit.sandbox.corrections.registry import corrects, differs
from orgkit.sandbox.propagation import bucket_policy

_create_bucket = S3Backend.create_bucket
_get_object_lock = S3Backend.get_object_lock_configuration
_set_lifecycle = FakeBucket.set_lifecycle
_get_lifecycle = S3Response.get_bucket_lifecycle
_put_object = S3Response.put_object
CHECKSUM = "x-amz-checksum-sha256"
EXPECTED_OWNER_HEADER = "HTTP_X_AMZ_EXPECTED_BUCKET_OWNER"
EXPIRATION = re.compile(r"(<NoncurrentVersionExpiration>)(.*?)(</NoncurrentVersionExpiration>)", re.DOTALL)
# IAM's name of an operation, where the two differ.
ACTIONS = {
    "HeadBucket": "ListBucket",
    "HeadObject": "GetObject",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
}


@differs("s3.other_accounts", moto="S3 accepts any ExpectedBucketOwner, and lets any account into any bucket.")
def is_refused(operation: str, path: str, environ: dict[str, Any], caller: Caller) -> bool:
    """S3 refuses a wrong ExpectedBucketOwner, and another account that the bucket's policy does not allow."""
    # Otherwise a rehearsal would not show that another account took a bucket name, or that a role was not assumed.
    name, _, key = path.lstrip("/").partition("/")
    owner = s3_backends.bucket_accounts.get(name)
    if owner is None or operation == "CreateBucket":
        return False
    if environ.get(EXPECTED_OWNER_HEADER) not in (None, "", owner[1]):
        return True
    bucket = s3_backends[owner[1]][owner[0]].buckets.get(name)
    document = bucket_policy(bucket) if bucket is not None else None
    policy = json.loads(document) if document else {}
    resource = f"arn:aws:s3:::{name}/{key}" if key else f"arn:aws:s3:::{name}"
    action = f"s3:{ACTIONS.get(operation, operation)}"
    if owner[1] == caller.account:
        return denies(policy, caller, action, resource)
    return not allows(policy, caller, action, resource)


@corrects(FakeBucket, moto="A statement of a bucket policy that denies does so whatever its Condition is.")
def get_permission(*_arguments: Any) -> PermissionResult:
    """A statement denies only where its conditions hold: without TLS, say."""
    return PermissionResult.NEUTRAL  # who may is decided above, before moto is asked


@corrects(S3Backend, moto="A new bucket has none of the three: encryption, public access block, BucketOwnerEnforced.")
def create_bucket(self: S3Backend, *args: Any, **kwargs: Any) -> FakeBucket:
    """A new bucket is encrypted (SSE-S3), blocks public access and has no ACLs, since 2023."""
    bucket: FakeBucket = _create_bucket(self, *args, **kwargs)
    bucket.encryption = {"Rule": {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}}
    bucket.public_access_block = PublicAccessBlock(True, True, True, True)
    bucket.ownership_rule = "BucketOwnerEnforced"
    return bucket


@corrects(S3Backend, moto="A default retention has both, the one that was not given being 0.")
def get_object_lock_configuration(self: S3Backend, bucket_name: str) -> tuple[Any, ...]:
    """A default retention has days or years."""
    enabled, mode, days, years = _get_object_lock(self, bucket_name)
    return enabled, mode, days or None, years or None


@corrects(FakeBucket, moto="PutBucketLifecycleConfiguration loses NewerNoncurrentVersions.")
def set_lifecycle(self: FakeBucket, rules: list[dict[str, Any]]) -> None:
    """PutBucketLifecycleConfiguration keeps NewerNoncurrentVersions."""
    _set_lifecycle(self, rules)
    for rule, fields in zip(self.rules, rules, strict=True):
        rule.newer_versions = (fields.get("NoncurrentVersionExpiration") or {}).get("NewerNoncurrentVersions")


@corrects(S3Response, moto="GetBucketLifecycleConfiguration never has NewerNoncurrentVersions.")
def get_bucket_lifecycle(self: S3Response) -> Any:
    """GetBucketLifecycleConfiguration answers with NewerNoncurrentVersions, as it was put."""
    status, headers, body = _get_lifecycle(self)
    rules = [rule for rule in self.backend.get_bucket_lifecycle(self.bucket_name) if rule.nve_noncurrent_days]
    versions = iter(rule.newer_versions for rule in rules)

    def insert(match: re.Match[str]) -> str:
        newer = next(versions, None)
        inner = f"<NewerNoncurrentVersions>{newer}</NewerNoncurrentVersions>" if newer else ""
        return f"{match[1]}{inner}{match[2]}{match[3]}"

    return status, headers, EXPIRATION.sub(insert, body if isinstance(body, str) else body.decode())


class BadDigest(S3ClientError):  # type: ignore[misc]  # moto has no types
    """The content does not have the checksum that was sent with it."""

    code = 400

    def __init__(self) -> None:
        super().__init__("BadDigest", "The SHA256 you specified did not match the calculated checksum.")


@corrects(S3Response, moto="PutObject keeps any ChecksumSHA256, whatever the content is.")
def put_object(self: S3Response) -> Any:
    """PutObject refuses content that does not have the checksum sent with it."""
    checksum = self.headers.get(CHECKSUM)
    if checksum and checksum != b64encode(hashlib.sha256(self.body or b"").digest()).decode():
        raise BadDigest
    return _put_object(self)
