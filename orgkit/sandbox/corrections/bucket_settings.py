"""S3: settings of a bucket that AWS refuses, since they would make the bucket unusable or its objects unprotected."""

from typing import Any

from moto.core.responses import ActionResult
from moto.s3.exceptions import MalformedXML, S3ClientError
from moto.s3.models import S3Backend
from moto.s3.responses import S3Response

from orgkit.sandbox.corrections.documents import find_problem
from orgkit.sandbox.corrections.registry import corrects

_serialized = S3Response.serialized
_put_policy = S3Backend.put_bucket_policy
_put_versioning = S3Backend.put_bucket_versioning
_put_encryption = S3Backend.put_bucket_encryption
_put_object_lock = S3Backend.put_object_lock_configuration
RECORDINGS = "localstack at 8b9a79f0, tests/aws/services/s3, recorded on AWS"
VERSIONED = "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration"
LOCKED = "An Object Lock configuration is present on this bucket, so the versioning state cannot be changed."


class BucketRefusal(S3ClientError):  # type: ignore[misc]  # moto has no types
    """An error of S3 with its own HTTP status."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(code, message)
        self.status = status


@corrects(
    S3Response,
    moto="An error that the API's model does not have is HTTP 400.",
    source=f"{RECORDINGS}: test_disable_versioning_on_locked_bucket.",
)
def serialized(self: S3Response, action_result: ActionResult) -> Any:
    """InvalidBucketState is HTTP 409, though the API's model does not have it."""
    status, headers, body = _serialized(self, action_result)
    return getattr(action_result.result, "status", status), headers, body


@corrects(
    S3Backend,
    moto="PutBucketPolicy keeps any text; a policy that is not JSON makes every later call for the bucket fail.",
    source=f"{RECORDINGS}: test_bucket_policy_exc.",
)
def put_bucket_policy(self: S3Backend, bucket_name: str, policy: bytes) -> None:
    """PutBucketPolicy refuses an invalid policy: MalformedPolicy, 400."""
    problem = find_problem(policy)
    if problem:
        raise BucketRefusal(400, "MalformedPolicy", problem)
    _put_policy(self, bucket_name, policy)


@corrects(
    S3Backend,
    moto="PutBucketVersioning takes any status, and suspends versioning of a bucket with Object Lock.",
    source=f"{RECORDINGS}: test_disable_versioning_on_locked_bucket, test_bucket_versioning_crud.",
)
def put_bucket_versioning(self: S3Backend, bucket_name: str, status: str) -> None:
    """PutBucketVersioning takes Enabled and Suspended; with Object Lock Enabled alone: InvalidBucketState, 409."""
    if status not in ("Enabled", "Suspended"):
        raise MalformedXML
    if status == "Suspended" and self.get_bucket(bucket_name).object_lock_enabled:
        raise BucketRefusal(409, "InvalidBucketState", LOCKED)
    _put_versioning(self, bucket_name, status)


@corrects(
    S3Backend,
    moto="PutObjectLockConfiguration of a bucket without versioning is refused with HTTP 400.",
    source=f"{RECORDINGS}: test_put_object_lock_configuration_on_existing_bucket.",
)
def put_object_lock_configuration(self: S3Backend, bucket_name: str, *args: Any, **kwargs: Any) -> None:
    """PutObjectLockConfiguration needs versioning that is enabled: InvalidBucketState, 409."""
    if self.get_bucket(bucket_name).versioning_status != "Enabled":
        raise BucketRefusal(409, "InvalidBucketState", VERSIONED)
    _put_object_lock(self, bucket_name, *args, **kwargs)


@corrects(
    S3Backend,
    moto="PutBucketEncryption keeps a KMS key that it will not use, with AES256.",
    source=f"{RECORDINGS}: test_s3_default_bucket_encryption_exc.",
)
def put_bucket_encryption(self: S3Backend, bucket_name: str, encryption: dict[str, Any]) -> None:
    """PutBucketEncryption refuses a KMS key with AES256: InvalidArgument, 400."""
    rule = encryption["Rule"]
    default = (rule[0] if isinstance(rule, list) else rule)["ApplyServerSideEncryptionByDefault"]
    if default["SSEAlgorithm"] == "AES256" and default.get("KMSMasterKeyID"):
        message = "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse"
        raise BucketRefusal(400, "InvalidArgument", message)
    _put_encryption(self, bucket_name, encryption)
