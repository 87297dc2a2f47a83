"""AWS calls that make a bucket and change its settings; all of them keep what others have set there."""

from collections.abc import Collection, Sequence
from typing import Any

from orgkit.aws.rejections import Rejected
from orgkit.aws.tags import as_aws, tags_of
from orgkit.errors import NeedsDecision, StepFailed
from orgkit.model.desired import Tags
from orgkit.phases.storage.bucket import BLOCK_ALL_PUBLIC_ACCESS
from orgkit.phases.storage.bucket_aws import Foreign, Place, encryption_rule
from orgkit.phases.storage.bucket_names import ACCOUNT_REGIONAL
from orgkit.phases.storage.documents import RULE
from orgkit.policy_evaluation.merge import merge
from orgkit.policy_evaluation.statements import Statement

# Errors of a region or an S3 endpoint that does not support the namespace: AWS documents no code for that.
NAMESPACE_REFUSALS = frozenset(
    {
        "InvalidArgument", "InvalidBucketName", "InvalidBucketNamespace", "InvalidNamespaceHeader", "InvalidRequest",
        "MethodNotAllowed", "NotImplemented",
    }
)  # fmt: skip
MINIMUM_SIZE_KEY = "TransitionDefaultMinimumObjectSize"


def create_bucket(place: Place, section: str, namespace: str, *, object_lock: bool = False) -> None:
    """Make the bucket unless it exists: in us-east-1, creating an own bucket again succeeds and resets its ACLs.

    Args:
        place: The bucket, and its owner.
        section: Of the parameters file, which an error names.
        namespace: `global`, or `account-regional`, whose names nobody else can take.
        object_lock: Whether it is to have Object Lock, which cannot be switched off again.

    Raises:
        NeedsDecision: The name belongs to somebody else.
        StepFailed: S3 does not make the bucket in this namespace.
    """
    try:
        if place.head() is None:
            _create(place, section, namespace, object_lock=object_lock)
            place.member.wait_for(f"bucket {place.bucket} to be visible", place.head, every=2, at_most=60)
    except Foreign:
        raise NeedsDecision(
            f"bucket {place.bucket} belongs to somebody else: bucket names are shared by all of AWS.",
            f"choose another name in [{section}] and plan again.",
        ) from None


def block_public_access(place: Place) -> None:
    """Set all four settings."""
    settings = dict.fromkeys(BLOCK_ALL_PUBLIC_ACCESS, True)
    place.set("PutPublicAccessBlock", PublicAccessBlockConfiguration=settings)


def set_acl(place: Place) -> None:
    """Set the canned ACL of a new bucket: only the owner has access."""
    place.set("PutBucketAcl", ACL="private")


def set_ownership(place: Place) -> None:
    """Set BucketOwnerEnforced; S3 still accepts the ACL that CloudTrail sends, and it has no effect."""
    rules = [{"ObjectOwnership": "BucketOwnerEnforced"}]
    place.set("PutBucketOwnershipControls", OwnershipControls={"Rules": rules})


def set_versioning(place: Place) -> None:
    """Enable versioning; it can be suspended later, never switched off."""
    place.set("PutBucketVersioning", VersioningConfiguration={"Status": "Enabled"})


def set_encryption(place: Place, key_arn: str) -> None:
    """Set the default for new objects: a key with a bucket key, or S3's own keys for "".

    The rest of the bucket's rule (blocked kinds of encryption) stays.
    """
    default = {"SSEAlgorithm": "AES256"}
    if key_arn:
        default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key_arn}
    rule = {**encryption_rule(place), "ApplyServerSideEncryptionByDefault": default}
    rule["BucketKeyEnabled"] = bool(key_arn)
    place.set("PutBucketEncryption", ServerSideEncryptionConfiguration={"Rules": [rule]})


def set_bucket_policy(place: Place, required: Sequence[Statement], removes: Collection[str]) -> None:
    """Set orgkit's statements, and keep those of others: AWS replaces a policy as a whole."""
    document = place.setting("GetBucketPolicy").get("Policy")
    place.set("PutBucketPolicy", Policy=merge(document, required, removes=removes).document)


def set_lifecycle(place: Place, new_rule: dict[str, Any]) -> None:
    """Set orgkit's rule, and keep those of others: AWS replaces the rules as a whole.

    The smallest object size for transitions applies to all rules, and AWS resets it to the default when it is left out.
    """
    configuration = place.setting("GetBucketLifecycleConfiguration")
    preserved = {MINIMUM_SIZE_KEY: configuration[MINIMUM_SIZE_KEY]} if configuration.get(MINIMUM_SIZE_KEY) else {}
    rules = [new_rule, *(_with_filter(rule) for rule in configuration.get("Rules", []) if rule.get("ID") != RULE)]
    place.set("PutBucketLifecycleConfiguration", LifecycleConfiguration={"Rules": rules}, **preserved)


def tag_bucket(place: Place, tags: Tags) -> None:
    """Set these tags, and keep the others: AWS replaces a bucket's tags as a whole."""
    existing_tags = dict(tags_of(place.setting("GetBucketTagging").get("TagSet", [])))
    place.set("PutBucketTagging", Tagging={"TagSet": as_aws(tuple((existing_tags | dict(tags)).items()))})


def _with_filter(rule: dict[str, Any]) -> dict[str, Any]:
    """Return the rule in the new form: S3 refuses a mix of new rules and old ones, which have a bare prefix."""
    if "Prefix" not in rule:
        return rule
    preserved = {name: value for name, value in rule.items() if name != "Prefix"}
    return {**preserved, "Filter": rule.get("Filter") or {"Prefix": rule["Prefix"]}}


def _create(place: Place, section: str, namespace: str, *, object_lock: bool) -> None:
    options: dict[str, Any] = {"ObjectLockEnabledForBucket": True} if object_lock else {}
    if namespace == ACCOUNT_REGIONAL:
        options["BucketNamespace"] = namespace
    if place.region != "us-east-1":  # the region that must not be named
        options["CreateBucketConfiguration"] = {"LocationConstraint": place.region}
    try:
        place.member.mutate("s3", "CreateBucket", region=place.region, Bucket=place.bucket, **options)
    except Rejected as rejection:
        if rejection.code == "BucketAlreadyExists":
            raise Foreign(place.bucket) from None
        if namespace == ACCOUNT_REGIONAL and rejection.code in NAMESPACE_REFUSALS:
            raise StepFailed(
                f"S3 did not make bucket {place.bucket} in the account's own namespace in {place.region}: {rejection}.",
                f"nothing else was tried. Choose another region under {section}.region, or write `bucket_namespace = "
                f'"global"` under [{section}] for names that all of AWS shares; then plan again.',
            ) from None
        if rejection.code != "BucketAlreadyOwnedByYou":
            raise
