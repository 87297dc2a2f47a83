"""A bucket in the inventory: each setting as an attribute, and the events that change it."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from orgkit.model.canonical_json import compact_json
from orgkit.model.desired import Tags
from orgkit.model.inventory import NONE, PRESENCE, document_value, tag_values, yes_or_no
from orgkit.phases.storage.bucket import BLOCK_ALL_PUBLIC_ACCESS, Bucket
from orgkit.phases.storage.documents import RULE, normal_rule, rule_of
from orgkit.policy_evaluation.merge import Merge
from orgkit.policy_evaluation.statements import is_policy

KIND = "bucket"
SETTING_OFF = "off"
PUBLIC_ACCESS, OWNERSHIP, VERSIONING, ENCRYPTION = "public access block", "ownership", "versioning", "encryption"
OBJECT_LOCK, POLICY, LIFECYCLE = "Object Lock", "policy", "lifecycle rule"
CALLS = {
    PUBLIC_ACCESS: ("PutBucketPublicAccessBlock", "DeleteBucketPublicAccessBlock"),
    OWNERSHIP: ("PutBucketOwnershipControls", "DeleteBucketOwnershipControls"),
    "ACL grants": ("PutBucketAcl",),
    VERSIONING: ("PutBucketVersioning",),
    "MFA delete": ("PutBucketVersioning",),
    ENCRYPTION: ("PutBucketEncryption", "DeleteBucketEncryption"),
    LIFECYCLE: ("PutBucketLifecycle", "DeleteBucketLifecycle"),
    POLICY: ("PutBucketPolicy", "DeleteBucketPolicy"),
    OBJECT_LOCK: ("PutBucketObjectLockConfiguration",),
    "tag": ("PutBucketTagging", "DeleteBucketTagging"),
    PRESENCE: ("CreateBucket", "DeleteBucket"),
}


def bucket_values(bucket: Bucket) -> dict[str, str]:
    """Return each setting of a bucket as AWS has it."""
    return {
        "region": bucket.region or "",
        VERSIONING: bucket.versioning or SETTING_OFF,
        "MFA delete": yes_or_no(bucket.mfa_delete),
        PUBLIC_ACCESS: ", ".join(bucket.public_access_block) or SETTING_OFF,
        OWNERSHIP: bucket.ownership or SETTING_OFF,
        "ACL grants": ", ".join(bucket.acl_grants) or NONE,
        ENCRYPTION: bucket.encryption or SETTING_OFF,
        POLICY: document_value(bucket.policy),
        OBJECT_LOCK: bucket.object_lock or SETTING_OFF,
        **{f"{LIFECYCLE} {rule.get('ID', 'without ID')}": normal_rule(rule) for rule in _rules(bucket)},
        **tag_values(bucket.tags),
    }


def wanted_values(
    bucket: Bucket,
    *,
    region: str,
    tags: Tags,
    encryption: str,
    rule: Mapping[str, Any] | None,
    merge: Merge | None,
    required: Sequence[Mapping[str, Any]],
) -> dict[str, str]:
    """Return what a file asks for.

    Args:
        bucket: As AWS has it.
        region: Where it should be.
        tags: That it should have.
        encryption: In the form of `Bucket.encryption`.
        rule: orgkit's lifecycle rule; None where the one that is there stays.
        merge: The policy with the required statements; None where the policy is no document.
        required: The required statements.
    """
    name = f"{LIFECYCLE} {RULE}"
    existing_rule = rule_of(bucket.lifecycle)
    wanted_rule = existing_rule if rule is None else normal_rule(rule)
    policy = _whole_policy(required) if merge is None else merge.document if merge.changes else bucket.policy
    return {
        "region": region,
        VERSIONING: "Enabled",
        PUBLIC_ACCESS: ", ".join(BLOCK_ALL_PUBLIC_ACCESS),
        OWNERSHIP: "BucketOwnerEnforced",
        "ACL grants": NONE,
        ENCRYPTION: encryption,
        POLICY: document_value(policy),
        **({name: wanted_rule} if wanted_rule else {}),
        **tag_values(tags),
    }


def partly_stated(bucket: Bucket, required: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Return the attributes with more than the file asks for: the policy, where it has statements of others."""
    is_whole = document_value(bucket.policy) == document_value(_whole_policy(required))
    return () if is_whole else (POLICY,)


def _whole_policy(required: Sequence[Mapping[str, Any]]) -> str:
    return compact_json({"Version": "2012-10-17", "Statement": list(required)})


def has_policy_document(bucket: Bucket) -> bool:
    """Return whether the policy can be compared: it is absent, or a document in JSON."""
    return is_policy(bucket.policy)


def _rules(bucket: Bucket) -> list[dict[str, Any]]:
    rules: list[dict[str, Any]] = json.loads(bucket.lifecycle or "[]")
    return rules
