"""The steps for one bucket: each setting that differs from the file is exactly one step."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from orgkit.errors import NeedsDecision
from orgkit.model.canonical_json import normal_form
from orgkit.model.desired import TrailSpec, missing_tags, name_in
from orgkit.model.plan import Step
from orgkit.phases.storage.bucket import BLOCK_ALL_PUBLIC_ACCESS, Bucket, value_of_setting
from orgkit.phases.storage.documents import RULE, lifecycle_rule, normal_rule, render, rule_of
from orgkit.phases.storage.steps import BucketSetting
from orgkit.phases.trail.acl_step import SetAcl
from orgkit.phases.trail.documents import LOG_ARCHIVE, STORAGE_CLASS
from orgkit.phases.trail.policy_findings import (
    Policy,
    losses_of,
    other_writers,
    refuse_deleted_principals,
)
from orgkit.phases.trail.steps import (
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
from orgkit.phases.trail.stronger import keeps_encryption, keeps_rule
from orgkit.policy_evaluation.merge import Merge, merge
from orgkit.policy_evaluation.statements import is_policy

MODES = ("GOVERNANCE", "COMPLIANCE")  # the weaker first


@dataclass(frozen=True)
class BucketWish:
    """One bucket of the file, as it should be."""

    spec: TrailSpec
    name: str
    trail: str  # that writes to it; "" for none
    statements: tuple[str, ...]
    ids: Mapping[str, str] = field(default_factory=dict)
    key_alias: str = ""
    key_arn: str | None = None
    other_trails: tuple[str, ...] = ()  # of the management account, that write to it too
    keeps_key: bool = False  # the key of the trail is left as it is

    def policy(self, bucket: Bucket) -> Policy:
        """Return the bucket's policy, and the statements that it requires."""
        required = render(self.statements, self.ids)
        return Policy(f"bucket {self.known_name}", bucket.policy, required, self.ids.get(LOG_ARCHIVE, ""))

    def merge(self, bucket: Bucket) -> Merge:
        """Return the bucket's policy merged with the required statements."""
        return merge(bucket.policy, self.policy(bucket).required, is_shared=bool(self.other_trails))

    @property
    def known_name(self) -> str:
        """The name, with the account's id where that is known."""
        return name_in(self.name, self.ids.get(LOG_ARCHIVE, LOG_ARCHIVE))

    @property
    def place(self) -> dict[str, Any]:
        """The fields that every step about this bucket has."""
        return {"account": self.spec.log_archive_account, "region": self.spec.region, "bucket": self.name}

    @property
    def prefixes(self) -> tuple[str, ...]:
        """The prefixes of its objects: those that the trail may write, or the whole bucket."""
        resources = [statement["Resource"] for statement in render(self.statements, self.ids) if self.trail]
        return tuple(
            str(item).partition("/")[2].removesuffix("*") for item in resources if str(item).endswith("/*")
        ) or ("",)

    @property
    def encryption(self) -> str | None:
        """In the form of `Bucket.encryption`; None while the key does not exist."""
        if not self.key_alias:
            return "AES256"
        return f"aws:kms {self.key_arn} with bucket key" if self.key_arn else None


def bucket_steps(wish: BucketWish, bucket: Bucket) -> Iterator[Step]:
    """Yield the steps: first those that deny access to others, then protection of the content, last who may write."""
    _refuse(wish, bucket)
    if not bucket.exists:
        lock = wish.spec.object_lock is not None
        namespace = wish.spec.bucket_namespace
        yield CreateBucket(**wish.place, object_lock=lock, namespace=namespace, reason="it is not there")
    if not bucket.public_access_blocked:
        yield _set(BlockPublicAccess, wish, bucket, reason="it is not blocked in all four ways")
    if bucket.acl_grants:
        reason = "S3 switches off ACLs only where they let nobody else in"
        yield _set(SetAcl, wish, bucket, grants=bucket.acl_grants, reason=reason)
    if bucket.ownership != "BucketOwnerEnforced":
        yield _set(SetOwnership, wish, bucket, reason=f"object ownership is {bucket.ownership or 'not set'}")
    if bucket.versioning != "Enabled" and not bucket.mfa_delete:
        yield _set(SetVersioning, wish, bucket, reason=f"versioning is {bucket.versioning or 'off'}")
    if bucket.encryption is None or not (bucket.encryption == wish.encryption or _keeps_encryption(wish, bucket)):
        reason = f"encryption is {bucket.encryption or 'not set'}"
        yield _set(SetEncryption, wish, bucket, key_alias=wish.key_alias, reason=reason)
    yield from _content(wish, bucket)
    yield from _policy(wish, bucket)


def _policy(wish: BucketWish, bucket: Bucket) -> Iterator[Step]:
    policy, result = wish.policy(bucket), wish.merge(bucket)
    refuse_deleted_principals(policy, result)
    if result.changes:
        yield _set(
            SetBucketPolicy, wish, bucket, trail=wish.trail, statements=wish.statements,
            other_writers=other_writers(replace(policy, document=result.document)),
            removes=tuple(normal_form(statement) for statement in result.removed),
            losses=losses_of(policy, result), reason="a statement is missing or differs",
        )  # fmt: skip


def _set(kind: type[BucketSetting], wish: BucketWish, bucket: Bucket, **fields: Any) -> Step:
    """Return the step; it starts from the bucket's current value, or from AWS's default for a new bucket."""
    existing = bucket if bucket.exists else _new_bucket(wish)
    return kind(**wish.place, starts_from=value_of_setting(kind.setting, getattr(existing, kind.setting)), **fields)


def _new_bucket(wish: BucketWish) -> Bucket:
    """Return a bucket with AWS's defaults since April 2023; Object Lock enables versioning."""
    lock = wish.spec.object_lock is not None
    return Bucket(
        wish.known_name,
        exists=True,
        versioning="Enabled" if lock else None,
        public_access_block=BLOCK_ALL_PUBLIC_ACCESS,
        ownership="BucketOwnerEnforced",
        encryption="AES256",
        object_lock="on" if lock else None,
    )


def _content(wish: BucketWish, bucket: Bucket) -> Iterator[Step]:
    spec = wish.spec
    terms = (spec.transition_days, STORAGE_CLASS, spec.expire_days, spec.noncurrent_days)
    is_current = rule_of(bucket.lifecycle) == normal_rule(lifecycle_rule(*terms))
    if not (is_current or bucket.mfa_delete or keeps_rule(spec, bucket)):
        yield _set(
            SetLifecycle, wish, bucket, transition_days=terms[0], storage_class=terms[1], expire_days=terms[2],
            noncurrent_days=terms[3], reason=f"lifecycle rule {RULE} is missing or differs",
        )  # fmt: skip
    if spec.object_lock is not None and may_lock(wish, bucket) and not is_locked_as_desired(wish, bucket):
        reason = f"the lock is {bucket.object_lock or 'off'}"
        terms_of_lock = {"mode": spec.object_lock.mode, "days": spec.object_lock.days}
        yield _set(SetObjectLock, wish, bucket, **terms_of_lock, reason=reason)
    if missing := missing_tags(spec.tags, bucket.tags):
        yield _set(TagBucket, wish, bucket, tags=missing, reason="these tags are missing or differ")


def _refuse(wish: BucketWish, bucket: Bucket) -> None:
    if bucket.foreign and bucket.owner:
        raise NeedsDecision(
            f"bucket {wish.known_name} is in the management account {bucket.owner}, where service control policies do "
            f"not apply and its administrators can delete the logs; the file keeps them in account "
            f"{wish.spec.log_archive_account}.",
            "choose another name in [trail]: 05 makes that bucket, and the trail goes on there. What was logged stays.",
        )
    if bucket.foreign:
        raise NeedsDecision(
            f"bucket {wish.known_name} exists, and log archive account {wish.spec.log_archive_account} may not see it: "
            "bucket names are shared by all of AWS, and this one is somebody else's.",
            "choose another name in [trail]; if it is yours, see who denies s3:ListBucket to orgkit-read.",
        )
    if bucket.region is not None and bucket.region != wish.spec.region:
        raise NeedsDecision(
            f"bucket {wish.known_name} is in {bucket.region}, and the file says {wish.spec.region}.",
            "write its region under trail.region, or choose another name: a bucket cannot move.",
        )
    if not is_policy(bucket.policy):
        raise NeedsDecision(
            f"the policy of bucket {wish.known_name} is not a policy document in JSON: what it grants cannot be "
            "compared.",
            f"look at it (aws s3api get-bucket-policy --bucket {wish.known_name}), and replace it by one that is.",
        )


def _keeps_encryption(wish: BucketWish, bucket: Bucket) -> bool:
    return keeps_encryption(wish.spec, bucket, wish.encryption, keeps_key=wish.keeps_key)


def is_locked_as_desired(wish: BucketWish, bucket: Bucket) -> bool:
    """Return whether the lock is the file's, or both have none."""
    lock = wish.spec.object_lock
    return bucket.object_lock == (f"{lock.mode} {lock.days}" if lock else None)


def may_lock(wish: BucketWish, bucket: Bucket) -> bool:
    """Return whether the file's lock may replace the existing one: it must be at least as strict and as long."""
    lock = wish.spec.object_lock
    if lock is None:
        return False
    if bucket.object_lock in (None, "on"):
        return True
    mode, _, days = str(bucket.object_lock).partition(" ")
    return MODES.index(lock.mode) >= MODES.index(mode) and lock.days >= int(days)
