"""Whether AWS shows what a step of phase 05 makes."""

from collections.abc import Callable
from typing import TypeVar

from orgkit.model.canonical_json import normal_form
from orgkit.model.desired import Desired, is_name_of, missing_tags
from orgkit.model.matching import known_ids
from orgkit.model.observed import Observed, Unread
from orgkit.phases.evidence import Check, is_shown_by
from orgkit.phases.storage.bucket import Bucket
from orgkit.phases.storage.documents import lifecycle_rule, normal_rule, render, rule_of
from orgkit.phases.trail.acl_step import SetAcl
from orgkit.phases.trail.documents import LOG_ARCHIVE, MANAGEMENT, ORGANIZATION
from orgkit.phases.trail.event_selectors import EventSelectors
from orgkit.phases.trail.facts import Key, Trail, TrailFacts
from orgkit.phases.trail.key_steps import CreateAlias
from orgkit.phases.trail.selector_steps import SetEventSelectors, TagTrail
from orgkit.phases.trail.steps import (
    BlockPublicAccess,
    CreateBucket,
    CreateKey,
    CreateTrail,
    RotateKey,
    SetBucketPolicy,
    SetEncryption,
    SetKeyPolicy,
    SetLifecycle,
    SetObjectLock,
    SetOwnership,
    SetVersioning,
    StartLogging,
    TagBucket,
    UpdateTrail,
)
from orgkit.policy_evaluation.merge import is_missing
from orgkit.policy_evaluation.statements import Statement, statements_of

B = TypeVar(
    "B",
    CreateBucket,
    BlockPublicAccess,
    SetAcl,
    SetOwnership,
    SetVersioning,
    SetObjectLock,
    TagBucket,
    SetLifecycle,
)


def _bucket_evidence(step: type[B], is_set: Callable[[B, Bucket], bool]) -> Check:
    """Check a setting of a bucket: None for a bucket that was not read."""

    def is_shown(bucket_step: B, observed: Observed, _: Desired) -> bool | None:
        bucket = _bucket(bucket_step.bucket, observed)
        return bucket.exists and is_set(bucket_step, bucket) if bucket else None

    return is_shown_by(step, is_shown)


def _encryption(step: SetEncryption, observed: Observed, desired: Desired) -> bool | None:
    bucket = _bucket(step.bucket, observed)
    if bucket is None or not step.key_alias:
        return bucket.encryption == "AES256" if bucket else None
    key = _key(step.key_alias, observed, desired)
    return bucket.encryption == f"aws:kms {key.arn} with bucket key" if key else None


def _bucket_policy(step: SetBucketPolicy, observed: Observed, desired: Desired) -> bool | None:
    bucket = _bucket(step.bucket, observed)
    return _is_merged(bucket.policy, step, observed, desired) if bucket else None


def _created_key(step: CreateKey, observed: Observed, desired: Desired) -> bool | None:
    """Check the alias: it is made last, so with it all of the step is done."""
    key = _key(step.key_alias, observed, desired)
    return True if key and key.has_alias else None


def _created_alias(step: CreateAlias, observed: Observed, desired: Desired) -> bool | None:
    key = _key(step.key_alias, observed, desired)
    return key.has_alias if key else None


def _key_policy(step: SetKeyPolicy, observed: Observed, desired: Desired) -> bool | None:
    key = _key(step.key_alias, observed, desired)
    return _is_merged(key.policy, step, observed, desired) if key else None


def _rotation(step: RotateKey, observed: Observed, desired: Desired) -> bool | None:
    key = _key(step.key_alias, observed, desired)
    return key.rotates if key else None


def _created_trail(step: CreateTrail, observed: Observed, _: Desired) -> bool | None:
    trails = _trails(observed)
    return None if trails is None else any(trail.name == step.trail for trail in trails)


def _updated_trail(step: UpdateTrail, observed: Observed, desired: Desired) -> bool | None:
    trail = _trail(step, observed)
    if trail is None:
        return None
    whole = trail.organization and trail.multi_region and trail.validated
    whole = whole and is_name_of(step.bucket, trail.bucket)
    if not step.key_alias:
        return whole and (step.key_alias is None or not trail.key)
    key = _key(step.key_alias, observed, desired)
    return whole and trail.key == key.arn if key else None


def _event_selectors(step: SetEventSelectors, observed: Observed, _: Desired) -> bool | None:
    trail = _trail(step, observed)
    return trail.selectors.value == EventSelectors(step.form, step.selectors).value if trail else None


def _trail_tags(step: TagTrail, observed: Observed, _: Desired) -> bool | None:
    trail = _trail(step, observed)
    return not missing_tags(step.tags, trail.tags) if trail and trail.tags is not None else None


def _logging(step: StartLogging, observed: Observed, _: Desired) -> bool | None:
    trail = _trail(step, observed)
    return trail.logging if trail else None


def _bucket(name: str, observed: Observed) -> Bucket | None:
    facts = observed.facts(TrailFacts)
    buckets = facts.buckets if facts else ()
    if isinstance(buckets, Unread):
        return None
    return next((bucket for bucket in buckets if is_name_of(name, bucket.name)), None)


def _key(alias: str, observed: Observed, desired: Desired) -> Key | None:
    """Return the key that was read, if this alias is the file's: the key was read by that one."""
    facts = observed.facts(TrailFacts)
    key = facts.key if facts and alias == desired.trail.key_alias else None
    return key if isinstance(key, Key) else None


def _trails(observed: Observed) -> tuple[Trail, ...] | None:
    facts = observed.facts(TrailFacts)
    trails = facts.trails if facts else None
    return None if isinstance(trails, Unread) else trails


def _trail(step: UpdateTrail | SetEventSelectors | TagTrail | StartLogging, observed: Observed) -> Trail | None:
    return next((trail for trail in _trails(observed) or () if trail.name == step.trail), None)


def _is_merged(
    document: str | None, step: SetBucketPolicy | SetKeyPolicy, observed: Observed, desired: Desired
) -> bool:
    """Return whether nothing is missing, and nothing is left that the step removes."""
    is_left = any(normal_form(statement) in step.removes for statement in statements_of(document))
    return not is_left and not is_missing(document, _render(step, observed, desired))


def _render(step: SetBucketPolicy | SetKeyPolicy, observed: Observed, desired: Desired) -> list[Statement]:
    """Return the statements with ids; unknown ids stay placeholders, which equal nothing in AWS."""
    ids = {
        MANAGEMENT: observed.target.account,
        ORGANIZATION: observed.organization.id if observed.organization else "",
        LOG_ARCHIVE: known_ids(desired, observed).get(step.account, ""),
    }
    return render(step.statements, {name: value for name, value in ids.items() if value})


EVIDENCE = (
    _bucket_evidence(
        CreateBucket, lambda step, bucket: not (bucket.foreign or (step.object_lock and not bucket.object_lock))
    ),
    _bucket_evidence(BlockPublicAccess, lambda _, bucket: bucket.public_access_blocked),
    _bucket_evidence(SetOwnership, lambda _, bucket: bucket.ownership == "BucketOwnerEnforced"),
    _bucket_evidence(SetAcl, lambda _, bucket: not bucket.acl_grants),
    _bucket_evidence(SetVersioning, lambda _, bucket: bucket.versioning == "Enabled"),
    _bucket_evidence(SetObjectLock, lambda step, bucket: bucket.object_lock == f"{step.mode} {step.days}"),
    _bucket_evidence(TagBucket, lambda step, bucket: not missing_tags(step.tags, bucket.tags)),
    _bucket_evidence(
        SetLifecycle,
        lambda step, bucket: (
            rule_of(bucket.lifecycle)
            == normal_rule(
                lifecycle_rule(step.transition_days, step.storage_class, step.expire_days, step.noncurrent_days)
            )
        ),
    ),
    is_shown_by(SetEncryption, _encryption),
    is_shown_by(SetBucketPolicy, _bucket_policy),
    is_shown_by(CreateKey, _created_key),
    is_shown_by(CreateAlias, _created_alias),
    is_shown_by(SetKeyPolicy, _key_policy),
    is_shown_by(RotateKey, _rotation),
    is_shown_by(CreateTrail, _created_trail),
    is_shown_by(UpdateTrail, _updated_trail),
    is_shown_by(SetEventSelectors, _event_selectors),
    is_shown_by(TagTrail, _trail_tags),
    is_shown_by(StartLogging, _logging),
)
