"""What one bucket lacks of what the file asks for: each setting that differs is exactly one step."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from orgkit.errors import NeedsDecision
from orgkit.model.desired import TrailSpec
from orgkit.model.observed import Bucket
from orgkit.model.tags import missing
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
from orgkit.trail.documents import (
    RULE,
    STORAGE_CLASS,
    lacks,
    lifecycle_rule,
    normal_rule,
    others,
    render,
    rule_of,
    written_for_another,
)

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

    @property
    def place(self) -> dict[str, Any]:
        """The fields that every step about this bucket has."""
        return {"account": self.spec.log_archive_account, "region": self.spec.region, "bucket": self.name}

    @property
    def encryption(self) -> str | None:
        """As `Bucket.encryption` tells it; None while the key is not made."""
        if not self.key_alias:
            return "AES256"
        return f"aws:kms {self.key_arn} with bucket key" if self.key_arn else None


def bucket_steps(wish: BucketWish, there: Bucket) -> Iterator[Step]:
    """First what keeps others out, then what keeps the content safe, last who may write."""
    _refuse(wish, there)
    if not there.exists:
        lock = wish.spec.object_lock is not None
        yield CreateBucket(**wish.place, object_lock=lock, why="it is not there")
    if not there.public_access_blocked:
        yield BlockPublicAccess(**wish.place, why="it is not blocked in all four ways")
    if there.ownership != "BucketOwnerEnforced":
        yield SetOwnership(**wish.place, why=f"object ownership is {there.ownership or 'not set'}")
    if there.versioning != "Enabled":
        yield SetVersioning(**wish.place, why=f"versioning is {there.versioning or 'off'}")
    if there.encryption is None or there.encryption != wish.encryption:
        yield SetEncryption(
            **wish.place, key_alias=wish.key_alias, why=f"encryption is {there.encryption or 'not set'}"
        )
    yield from _content(wish, there)
    if lacks(there.policy, render(wish.statements, wish.ids)):
        yield SetBucketPolicy(
            **wish.place, trail=wish.trail, statements=wish.statements, why="a statement is missing or differs"
        )


def _content(wish: BucketWish, there: Bucket) -> Iterator[Step]:
    spec = wish.spec
    terms = (spec.transition_days, STORAGE_CLASS, spec.expire_days, spec.noncurrent_days)
    if rule_of(there.lifecycle) != normal_rule(lifecycle_rule(*terms)):
        yield SetLifecycle(
            **wish.place, transition_days=terms[0], storage_class=terms[1], expire_days=terms[2],
            noncurrent_days=terms[3], why=f"lifecycle rule {RULE} is missing or differs",
        )  # fmt: skip
    if spec.object_lock is not None and _may_lock(wish, there) and not _locked_as_asked(wish, there):
        why = f"the lock is {there.object_lock or 'off'}"
        yield SetObjectLock(**wish.place, mode=spec.object_lock.mode, days=spec.object_lock.days, why=why)
    if lacking := missing(spec.tags, there.tags):
        yield TagBucket(**wish.place, tags=lacking, why="these tags are missing or differ")


def bucket_unmanaged(wish: BucketWish, there: Bucket) -> Iterator[str]:
    """Statements and lifecycle rules that somebody else wrote: they stay, and a person should look at them."""
    for statement in others(there.policy, render(wish.statements, wish.ids)):
        yield f"statement {statement.get('Sid', 'without Sid')} ({statement['Effect']}) of bucket {wish.name}"
    for rule in json.loads(there.lifecycle or "[]"):
        if rule.get("ID") != RULE:
            yield f"lifecycle rule {rule.get('ID', 'without ID')} of bucket {wish.name}"


def bucket_warnings(wish: BucketWish, there: Bucket) -> Iterator[str]:
    """A lock that is there and not as asked: orgkit makes locks longer, never shorter, weaker or undone."""
    if there.object_lock and not _locked_as_asked(wish, there) and not _may_lock(wish, there):
        asked = wish.spec.object_lock
        wanted = f"{asked.mode} {asked.days}" if asked else "none"
        yield f"Object Lock of bucket {wish.name} is {there.object_lock} and the file asks for {wanted}: it stays."


def _refuse(wish: BucketWish, there: Bucket) -> None:
    if there.foreign:
        raise NeedsDecision(
            f"bucket {wish.name} exists, and log archive account {wish.spec.log_archive_account} may not see it: "
            "bucket names are shared by all of AWS, and this one is somebody else's.",
            "choose another name in [trail]; if it is yours, see who denies s3:ListBucket to orgkit-read.",
        )
    if there.region is not None and there.region != wish.spec.region:
        raise NeedsDecision(
            f"bucket {wish.name} is in {there.region}, and the file says {wish.spec.region}.",
            "write its region under trail.region, or choose another name: a bucket cannot move.",
        )
    for sid, arn in written_for_another(there.policy, render(wish.statements, wish.ids)):
        raise NeedsDecision(
            f"statement {sid} of bucket {wish.name} lets another trail write: {arn}. Setting ours under that name "
            "would end its delivery.",
            "choose another bucket under [trail], or give that statement another Sid.",
        )


def _locked_as_asked(wish: BucketWish, there: Bucket) -> bool:
    asked = wish.spec.object_lock
    return there.object_lock == (f"{asked.mode} {asked.days}" if asked else None)


def _may_lock(wish: BucketWish, there: Bucket) -> bool:
    """Only a lock at least as strict and as long may take the place of one that is there."""
    asked = wish.spec.object_lock
    if asked is None:
        return False
    if there.object_lock in (None, "on"):
        return True
    mode, _, days = str(there.object_lock).partition(" ")
    return MODES.index(asked.mode) >= MODES.index(mode) and asked.days >= int(days)
