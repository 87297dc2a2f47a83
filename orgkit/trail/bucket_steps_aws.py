"""One function for each step about the buckets in the log archive account."""

from typing import Any

from orgkit.aws.retry import Refused
from orgkit.aws.session import Connection
from orgkit.aws.tags import as_aws, tags_of
from orgkit.errors import NeedsDecision
from orgkit.model.directory import Directory
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
from orgkit.plan import Step
from orgkit.trail.bucket_aws import BLOCKED, Foreign, Place, encryption_rule
from orgkit.trail.documents import RULE, lifecycle_rule, merged, render
from orgkit.trail.key_aws import ids, key_arn, session

SMALLEST = "TransitionDefaultMinimumObjectSize"


def create_bucket(aws: Connection, step: CreateBucket, directory: Directory) -> None:
    """Look first: in us-east-1, creating one's own bucket again answers 200 and resets its ACLs."""
    place = _place(aws, step, directory)
    try:
        if place.head() is None:
            _create(place, step)
            aws.wait_for(f"bucket {step.bucket} to be visible", place.head, every=2, at_most=60)
    except Foreign:
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
    rule = {**encryption_rule(place), "ApplyServerSideEncryptionByDefault": default}
    rule["BucketKeyEnabled"] = bool(step.key_alias)
    place.set("PutBucketEncryption", ServerSideEncryptionConfiguration={"Rules": [rule]})


def set_bucket_policy(aws: Connection, step: SetBucketPolicy, directory: Directory) -> None:
    """Our statements, and those of others as they are; AWS takes a policy as a whole only."""
    place = _place(aws, step, directory)
    there = place.setting("GetBucketPolicy").get("Policy")
    place.set("PutBucketPolicy", Policy=merged(there, render(step.statements, ids(directory, step))))


def set_lifecycle(aws: Connection, step: SetLifecycle, directory: Directory) -> None:
    """Our rule, and those of others as they are; AWS takes the rules as a whole only.

    The smallest object that a transition takes holds for all of them, and goes back to AWS's default when left out.
    """
    place = _place(aws, step, directory)
    found = place.setting("GetBucketLifecycleConfiguration")
    kept = {SMALLEST: found[SMALLEST]} if found.get(SMALLEST) else {}
    ours = lifecycle_rule(step.transition_days, step.storage_class, step.expire_days, step.noncurrent_days)
    rules = [ours, *(_with_filter(rule) for rule in found.get("Rules", []) if rule.get("ID") != RULE)]
    place.set("PutBucketLifecycleConfiguration", LifecycleConfiguration={"Rules": rules}, **kept)


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


STEPS: dict[type[Step], Any] = {
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


def _with_filter(rule: dict[str, Any]) -> dict[str, Any]:
    """S3 refuses rules of the old form, with a bare prefix, beside those of the new: the same rule in the new form."""
    if "Prefix" not in rule:
        return rule
    kept = {name: value for name, value in rule.items() if name != "Prefix"}
    return {**kept, "Filter": rule.get("Filter") or {"Prefix": rule["Prefix"]}}


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
        if refused.code == "BucketAlreadyExists":
            raise Foreign(step.bucket) from None
        if refused.code != "BucketAlreadyOwnedByYou":
            raise
