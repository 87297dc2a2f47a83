"""One function for each step about the buckets in the log archive account."""

from typing import Any

from orgkit.aws.rejections import Rejected
from orgkit.aws.session import Connection
from orgkit.aws.tags import as_aws, tags_of
from orgkit.errors import NeedsDecision, StepFailed
from orgkit.model.desired import name_in
from orgkit.model.matching import IdIndex
from orgkit.model.plan import ABSENT, starting_value
from orgkit.phases.handler import handle
from orgkit.phases.trail.acl_step import SetAcl
from orgkit.phases.trail.bucket_aws import SETTINGS, Foreign, Place, encryption_rule
from orgkit.phases.trail.buckets import value_of_setting
from orgkit.phases.trail.documents import RULE, lifecycle_rule, render
from orgkit.phases.trail.facts import BLOCK_ALL_PUBLIC_ACCESS
from orgkit.phases.trail.key_aws import ids, key_arn, session
from orgkit.phases.trail.steps import (
    BlockPublicAccess,
    BucketSetting,
    CreateBucket,
    SetBucketPolicy,
    SetEncryption,
    SetLifecycle,
    SetObjectLock,
    SetOwnership,
    SetVersioning,
    TagBucket,
)
from orgkit.policy_evaluation.merge import merge

# Errors of a region or an S3 endpoint that does not support the namespace: AWS documents no code for that.
NAMESPACE_REFUSALS = frozenset(
    {
        "InvalidArgument", "InvalidBucketName", "InvalidBucketNamespace", "InvalidNamespaceHeader", "InvalidRequest",
        "MethodNotAllowed", "NotImplemented",
    }
)  # fmt: skip
MINIMUM_SIZE_KEY = "TransitionDefaultMinimumObjectSize"


def create_bucket(aws: Connection, step: CreateBucket, id_index: IdIndex) -> None:
    """Make the bucket unless it exists: in us-east-1, creating an own bucket again succeeds and resets its ACLs."""
    place = _place(aws, step, id_index)
    try:
        if place.head() is None:
            _create(place, step)
            aws.wait_for(f"bucket {place.bucket} to be visible", place.head, every=2, at_most=60)
    except Foreign:
        raise NeedsDecision(
            f"bucket {place.bucket} belongs to somebody else: bucket names are shared by all of AWS.",
            "choose another name in [trail] and plan again.",
        ) from None


def block_public_access(aws: Connection, step: BlockPublicAccess, id_index: IdIndex) -> None:
    """Set all four settings."""
    settings = dict.fromkeys(BLOCK_ALL_PUBLIC_ACCESS, True)
    _place(aws, step, id_index).set("PutPublicAccessBlock", PublicAccessBlockConfiguration=settings)


def set_acl(aws: Connection, step: SetAcl, id_index: IdIndex) -> None:
    """Set the canned ACL of a new bucket: only the owner has access."""
    _place(aws, step, id_index).set("PutBucketAcl", ACL="private")


def set_ownership(aws: Connection, step: SetOwnership, id_index: IdIndex) -> None:
    """Set BucketOwnerEnforced; S3 still accepts the ACL that CloudTrail sends, and it has no effect."""
    rules = [{"ObjectOwnership": "BucketOwnerEnforced"}]
    _place(aws, step, id_index).set("PutBucketOwnershipControls", OwnershipControls={"Rules": rules})


def set_versioning(aws: Connection, step: SetVersioning, id_index: IdIndex) -> None:
    """Enable versioning; it can be suspended later, never switched off."""
    _place(aws, step, id_index).set("PutBucketVersioning", VersioningConfiguration={"Status": "Enabled"})


def set_encryption(aws: Connection, step: SetEncryption, id_index: IdIndex) -> None:
    """Set the default for new objects; the rest of the bucket's rule (blocked kinds of encryption) stays."""
    place = _place(aws, step, id_index)
    default = {"SSEAlgorithm": "AES256"}
    if step.key_alias:
        default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key_arn(id_index)}
    rule = {**encryption_rule(place), "ApplyServerSideEncryptionByDefault": default}
    rule["BucketKeyEnabled"] = bool(step.key_alias)
    place.set("PutBucketEncryption", ServerSideEncryptionConfiguration={"Rules": [rule]})


def set_bucket_policy(aws: Connection, step: SetBucketPolicy, id_index: IdIndex) -> None:
    """Set orgkit's statements, and keep those of others: AWS replaces a policy as a whole."""
    place = _place(aws, step, id_index)
    document = place.setting("GetBucketPolicy").get("Policy")
    result = merge(document, render(step.statements, ids(id_index, step)), removes=step.removes)
    place.set("PutBucketPolicy", Policy=result.document)


def set_lifecycle(aws: Connection, step: SetLifecycle, id_index: IdIndex) -> None:
    """Set orgkit's rule, and keep those of others: AWS replaces the rules as a whole.

    The smallest object size for transitions applies to all rules, and AWS resets it to the default when it is left out.
    """
    place = _place(aws, step, id_index)
    configuration = place.setting("GetBucketLifecycleConfiguration")
    preserved = {MINIMUM_SIZE_KEY: configuration[MINIMUM_SIZE_KEY]} if configuration.get(MINIMUM_SIZE_KEY) else {}
    new_rule = lifecycle_rule(step.transition_days, step.storage_class, step.expire_days, step.noncurrent_days)
    rules = [new_rule, *(_with_filter(rule) for rule in configuration.get("Rules", []) if rule.get("ID") != RULE)]
    place.set("PutBucketLifecycleConfiguration", LifecycleConfiguration={"Rules": rules}, **preserved)


def set_object_lock(aws: Connection, step: SetObjectLock, id_index: IdIndex) -> None:
    """Set the default for new objects; the bucket needs versioning, which an earlier step enables."""
    retention = {"DefaultRetention": {"Mode": step.mode, "Days": step.days}}
    lock = {"ObjectLockEnabled": "Enabled", "Rule": retention}
    _place(aws, step, id_index).set("PutObjectLockConfiguration", ObjectLockConfiguration=lock)


def tag_bucket(aws: Connection, step: TagBucket, id_index: IdIndex) -> None:
    """Set the step's tags, and keep the others: AWS replaces a bucket's tags as a whole."""
    place = _place(aws, step, id_index)
    existing_tags = dict(tags_of(place.setting("GetBucketTagging").get("TagSet", [])))
    tags = as_aws(tuple((existing_tags | dict(step.tags)).items()))
    place.set("PutBucketTagging", Tagging={"TagSet": tags})


def region_of_bucket(aws: Connection, step: CreateBucket, id_index: IdIndex) -> str:
    """Return the bucket's current region; if it belongs to another account, the step itself fails."""
    try:
        return starting_value(_place(aws, step, id_index).head())
    except Foreign:
        return ABSENT


def setting_of_bucket(aws: Connection, step: BucketSetting, id_index: IdIndex) -> str:
    """Return the current value that the step would replace."""
    return value_of_setting(step.setting, SETTINGS[step.setting](_place(aws, step, id_index)))


HANDLERS = (
    handle(CreateBucket, create_bucket, region_of_bucket),
    handle(BlockPublicAccess, block_public_access, setting_of_bucket),
    handle(SetAcl, set_acl, setting_of_bucket),
    handle(SetOwnership, set_ownership, setting_of_bucket),
    handle(SetVersioning, set_versioning, setting_of_bucket),
    handle(SetEncryption, set_encryption, setting_of_bucket),
    handle(SetBucketPolicy, set_bucket_policy, setting_of_bucket),
    handle(SetLifecycle, set_lifecycle, setting_of_bucket),
    handle(SetObjectLock, set_object_lock, setting_of_bucket),
    handle(TagBucket, tag_bucket, setting_of_bucket),
)


def _with_filter(rule: dict[str, Any]) -> dict[str, Any]:
    """Return the rule in the new form: S3 refuses a mix of new rules and old ones, which have a bare prefix."""
    if "Prefix" not in rule:
        return rule
    preserved = {name: value for name, value in rule.items() if name != "Prefix"}
    return {**preserved, "Filter": rule.get("Filter") or {"Prefix": rule["Prefix"]}}


def _place(aws: Connection, step: Any, id_index: IdIndex) -> Place:
    account = id_index.account(step.account)
    name = name_in(step.bucket, account)
    return Place(session(aws, step, id_index, name), name, step.region, account)


def _create(place: Place, step: CreateBucket) -> None:
    options: dict[str, Any] = {"ObjectLockEnabledForBucket": True} if step.object_lock else {}
    if step.namespace != "global":
        options["BucketNamespace"] = step.namespace
    if step.region != "us-east-1":  # the region that must not be named
        options["CreateBucketConfiguration"] = {"LocationConstraint": step.region}
    try:
        place.member.mutate("s3", "CreateBucket", region=step.region, Bucket=place.bucket, **options)
    except Rejected as rejection:
        if rejection.code == "BucketAlreadyExists":
            raise Foreign(place.bucket) from None
        if step.namespace != "global" and rejection.code in NAMESPACE_REFUSALS:
            raise StepFailed(
                f"S3 did not make bucket {place.bucket} in the account's own namespace in {step.region}: {rejection}.",
                "nothing else was tried. Choose another region under trail.region, or write `bucket_namespace = "
                '"global"` under [trail] for names that all of AWS shares; then plan again.',
            ) from None
        if rejection.code != "BucketAlreadyOwnedByYou":
            raise
