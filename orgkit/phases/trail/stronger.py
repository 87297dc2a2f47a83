"""Settings that are stronger in AWS than in the file: they are reported and stay, unless the file says otherwise."""

import json
from collections.abc import Iterator, Sequence

from orgkit.model.desired import TrailSpec
from orgkit.model.plan import Waiting
from orgkit.phases.storage.bucket import Bucket
from orgkit.phases.storage.documents import RULE, lifecycle_rule, normal_rule
from orgkit.phases.trail.choice import Choice, choose
from orgkit.phases.trail.documents import STORAGE_CLASS
from orgkit.phases.trail.facts import Key, Trail
from orgkit.policy_evaluation.statements import account_of

KMS = "aws:kms"  # the beginning of each kind of encryption with a KMS key, as `Bucket.encryption` has it
DUAL_LAYER = "aws:kms:dsse"
_FOR_EVER = 10**9  # days
_HOW_TO_REMOVE = (
    "`kms_key = false` in [trail] removes it; `kms_key = true` gives trail and log bucket a key that orgkit manages."
)
_HOW_TO_REPLACE = (
    "The key is not of the log archive account: to replace it by one that orgkit manages, apply with `kms_key = false` "
    "in [trail] first, which removes it, then with `kms_key = true`."
)


def keys_in_use(
    trails: Sequence[Trail], buckets: Sequence[Bucket], spec: TrailSpec, log_archive_id: str
) -> tuple[str, ...]:
    """Return the ARNs of the log archive account's keys that the file's trail and its bucket name."""
    choice = choose(trails, spec)
    trail_key = choice.trail.key if choice.trail and choice.is_own else None
    bucket_keys = [key_of(bucket) for bucket in buckets if bucket.name == spec.bucket and choice.is_own]
    candidates = dict.fromkeys(filter(None, (trail_key, *bucket_keys)))
    return tuple(key for key in candidates if account_of(key) == log_archive_id and key.split(":")[3] == spec.region)


def key_of(bucket: Bucket) -> str:
    """Return the ARN of the key of a bucket's encryption; "" where it has none, or AWS's own."""
    return next((word for word in (bucket.encryption or "").split(" ") if word.startswith("arn:")), "")


def is_foreign_key(spec: TrailSpec, choice: Choice, key: Key | None, log_archive_id: str | None) -> bool:
    """Return whether our trail uses a key of another account, which orgkit does not replace by one of its own.

    Where the file says `kms_key = false`, that decides.
    """
    arn = choice.trail.key if choice.trail and choice.is_own and spec.kms_key else None
    return key is None and arn is not None and account_of(arn) not in ("", log_archive_id)


def keeps_encryption(spec: TrailSpec, bucket: Bucket, wish: str | None, *, keeps_key: bool) -> bool:
    """Return whether a bucket's encryption is stronger than what the file asks for, and stays.

    Args:
        spec: `[trail]`.
        bucket: As it is.
        wish: The encryption that it should have; None while its key is not made.
        keeps_key: Whether the trail's own key is left as it is.
    """
    existing = bucket.encryption or ""
    if not existing.startswith(KMS):
        return False
    if wish == "AES256":
        return keeps_key or "kms_key" in spec.left_out
    is_dual = existing.startswith(DUAL_LAYER) and wish is not None
    return is_dual and existing.split(" ")[1:2] == str(wish).split(" ")[1:2]


def keeps_rule(spec: TrailSpec, bucket: Bucket) -> bool:
    """Return whether orgkit's lifecycle rule keeps objects longer, by days that the file leaves out."""
    existing = next((rule for rule in json.loads(bucket.lifecycle or "[]") if rule.get("ID") == RULE), None)
    if existing is None:
        return False
    expire = (existing.get("Expiration") or {}).get("Days") or 0
    noncurrent = (existing.get("NoncurrentVersionExpiration") or {}).get("NoncurrentDays") or 0
    pairs = {"expire_days": (expire, spec.expire_days), "noncurrent_days": (noncurrent, spec.noncurrent_days)}
    differing = {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
    same_otherwise = normal_rule(existing) == normal_rule(
        lifecycle_rule(spec.transition_days, STORAGE_CLASS, expire, noncurrent)
    )
    return (
        bool(differing)
        and same_otherwise
        and all(
            name in spec.left_out and (days or _FOR_EVER) > (wish or _FOR_EVER)
            for name, (days, wish) in differing.items()
        )
    )


def bucket_notes(spec: TrailSpec, bucket: Bucket, wish: str | None, *, keeps_key: bool) -> Iterator[str]:
    """Yield the settings of a bucket that stay though the file asks for less."""
    if keeps_encryption(spec, bucket, wish, keeps_key=keeps_key):
        yield (
            f"Bucket {bucket.name} is encrypted with {bucket.encryption}, which is stronger than what the file asks "
            f"for ({wish}): it stays. {_HOW_TO_REMOVE if wish == 'AES256' else ''}".strip()
        )
    if keeps_rule(spec, bucket):
        yield (
            f"Lifecycle rule {RULE} of bucket {bucket.name} keeps objects longer than the defaults of expire_days and "
            "noncurrent_days: it stays. Write these keys in [trail] to change it."
        )
    if bucket.mfa_delete:
        yield (
            f"Bucket {bucket.name} has MFA delete, which is stronger than what the file asks for: it stays, and S3 "
            "takes no lifecycle rules for it."
        )


def trail_notes(spec: TrailSpec, trail: Trail) -> Iterator[str]:
    """Yield a note if orgkit leaves a trail's key unchanged."""
    if trail.key:
        remedy = _HOW_TO_REPLACE if spec.kms_key else _HOW_TO_REMOVE
        yield f"Trail {trail.name} encrypts with KMS key {trail.key}, which orgkit does not manage: it stays. {remedy}"


def root_user_tasks(spec: TrailSpec, bucket: Bucket) -> Iterator[Waiting]:
    """Yield what only the root user can do, with its MFA device: resume versioning where MFA delete is on."""
    if bucket.mfa_delete and bucket.versioning != "Enabled":
        command = (
            f"aws s3api put-bucket-versioning --bucket {bucket.name} --mfa 'SERIAL CODE' "
            "--versioning-configuration Status=Enabled,MFADelete=Enabled"
        )
        task = f"versioning of bucket {bucket.name} is {bucket.versioning or 'off'}, and MFA delete is on"
        root_user = f"the root user of log archive account {spec.log_archive_account}"
        yield Waiting(task, root_user, (command,), drift=True)
