"""Trails, the log bucket, the records bucket and the trail's key in the inventory."""

from collections.abc import Iterator

from orgkit.model.desired import LOG_ARCHIVE_ID, Desired, name_in
from orgkit.model.inventory import (
    NONE,
    PRESENCE,
    YES,
    Gap,
    InventoryPart,
    Resource,
    document_value,
    gaps_of,
    tag_values,
    value_or_same,
    yes_or_no,
)
from orgkit.model.matching import match_if_clear
from orgkit.model.observed import Observed, Unread
from orgkit.model.plan import ABSENT
from orgkit.phases.member_access.spec import MembersSpec
from orgkit.phases.storage.bucket import Bucket
from orgkit.phases.storage.documents import lifecycle_rule
from orgkit.phases.storage.inventory import CALLS as BUCKET_CALLS
from orgkit.phases.storage.inventory import (
    ENCRYPTION,
    OBJECT_LOCK,
    bucket_values,
    has_policy_document,
    wanted_values,
)
from orgkit.phases.storage.inventory import KIND as BUCKET
from orgkit.phases.trail.buckets import BucketWish, may_lock
from orgkit.phases.trail.choice import Choice, choose, is_repairable
from orgkit.phases.trail.documents import STORAGE_CLASS
from orgkit.phases.trail.facts import Trail, TrailFacts
from orgkit.phases.trail.keys import KeyWish
from orgkit.phases.trail.storage import Comparison, compare_storage
from orgkit.phases.trail.stronger import keeps_encryption, keeps_rule
from orgkit.policy_evaluation.statements import is_policy

TRAIL, KEY = "trail", "KMS key"
LOGGING, SELECTORS = "logging", "event selectors"
UPDATED = (
    "organization trail",
    "multi-region",
    "log file validation",
    "global service events",
    "bucket",
    "prefix",
    "KMS key",
    "copies",
)
TRAIL_CALLS = {
    LOGGING: ("StartLogging", "StopLogging"),
    SELECTORS: ("PutEventSelectors",),
    "tag": ("AddTags", "RemoveTags"),
    PRESENCE: ("CreateTrail", "DeleteTrail"),
    **dict.fromkeys(UPDATED, ("UpdateTrail",)),
}
KEY_CALLS = {
    "rotation": ("EnableKeyRotation", "DisableKeyRotation"),
    "state": ("DisableKey", "EnableKey", "ScheduleKeyDeletion", "CancelKeyDeletion"),
    "alias": ("CreateAlias", "UpdateAlias", "DeleteAlias"),
    "ARN": ("CreateAlias", "UpdateAlias", "DeleteAlias"),
    "policy": ("PutKeyPolicy",),
    PRESENCE: ("DeleteAlias", "ScheduleKeyDeletion", "CreateKey"),
}


def resources(observed: Observed, desired: Desired) -> Iterator[Resource | Gap]:
    """Yield the trails first, then what the organization trail of the file writes to."""
    facts = observed.facts(TrailFacts)
    assert facts is not None
    if isinstance(facts.trails, Unread):
        yield from (gap for kind in (TRAIL, BUCKET, KEY) for gap in gaps_of(kind, "", facts.trails))
        return
    archive = desired.log_archive
    account = match_if_clear(archive, observed) if archive else None
    spec = desired.trail.with_account(account.id if account else None)
    choice = choose(facts.trails, spec) if archive else None
    gap = _gap(facts, desired, observed, account.id if account else None)
    comparison = None
    if choice is not None and gap is None:
        comparison = compare_storage(facts, observed, desired, choice, account.id if account else None)
    yield from _trails(facts, observed, desired, choice, comparison)
    if archive is None:
        return
    if gap is not None or comparison is None or account is None:
        yield from (Gap(kind, "", gap.reason, gap.is_expected) for kind in (BUCKET, KEY) if gap)
        return
    for wish, bucket in comparison.buckets:
        yield _bucket(wish, bucket, account.id)
    yield from _key(comparison.key, account.id)
    yield from _left_as_they_are(choice.trail if choice else None, desired, comparison)


def _left_as_they_are(trail: Trail | None, desired: Desired, comparison: Comparison) -> Iterator[Gap]:
    """Yield the bucket and the key of the trail that the file does not describe: nobody compares them."""
    if trail is None:
        return
    reason = "it is not the one of the file, and stays as it is"
    if not desired.trail.bucket_settings:
        reason = "the file has bucket_settings = false in [trail]"
    if trail.bucket not in {bucket.name for _, bucket in comparison.buckets}:
        yield Gap(BUCKET, trail.bucket, reason, is_expected=True)
    if trail.key and not comparison.key.alias:
        yield Gap(KEY, trail.key, reason, is_expected=True)


def _gap(facts: TrailFacts, desired: Desired, observed: Observed, account_id: str | None) -> Gap | None:
    """Return why the log archive account is not known; None where it is."""
    if not desired.section(MembersSpec).read_role:
        return Gap(BUCKET, "", "the file has read_role = false in [members]", is_expected=True)
    if account_id is None:
        return Gap(BUCKET, "", "the log archive account is not there, or a person has to decide which one it is")
    member = observed.member(account_id)
    if member is None or not member.readable:
        return Gap(BUCKET, "", f"orgkit-read cannot be assumed in log archive account {account_id}")
    unread = next((part for part in (facts.buckets, facts.key) if isinstance(part, Unread)), None)
    return Gap(BUCKET, "", unread.reason) if unread else None


def _trails(
    facts: TrailFacts, observed: Observed, desired: Desired, choice: Choice | None, comparison: Comparison | None
) -> Iterator[Resource]:
    assert not isinstance(facts.trails, Unread)
    existing_trail = choice.trail if choice else None
    for trail in facts.trails:
        is_chosen = choice is not None and existing_trail is not None and trail.arn == existing_trail.arn
        spec_values = _wanted_trail(trail, choice, desired, observed, comparison) if choice and is_chosen else None
        yield _trail(trail, observed, spec_values)
    if choice is not None and existing_trail is None:
        yield Resource(
            kind=TRAIL,
            id="",
            name=choice.name,
            values=None,
            spec_values={LOGGING: YES},
            account=observed.target.account,
            region=choice.region,
            calls=TRAIL_CALLS,
            identifiers=(choice.name,),
        )


def _trail(trail: Trail, observed: Observed, spec_values: dict[str, str] | None) -> Resource:
    values = {
        "home region": trail.home_region,
        "organization trail": yes_or_no(trail.organization),
        "multi-region": yes_or_no(trail.multi_region),
        "log file validation": yes_or_no(trail.validated),
        "global service events": yes_or_no(trail.global_events),
        "bucket": trail.bucket,
        "prefix": trail.prefix or NONE,
        "KMS key": trail.key or NONE,
        "copies": ", ".join(trail.copies) or NONE,
        LOGGING: yes_or_no(trail.logging),
        "delivery error": trail.delivery_error or trail.digest_error or NONE,
        SELECTORS: trail.selectors.value,
        **tag_values(trail.tags or ()),
    }
    return Resource(
        kind=TRAIL,
        id=trail.arn,
        name=trail.name,
        values=values,
        spec_values=spec_values,
        unread=("tag",) if trail.tags is None else (),
        account=observed.target.account,
        region=trail.home_region,
        calls=TRAIL_CALLS,
        identifiers=(trail.arn, trail.name),
    )


def _wanted_trail(
    trail: Trail, choice: Choice, desired: Desired, observed: Observed, comparison: Comparison | None
) -> dict[str, str]:
    account = match_if_clear(desired.log_archive, observed) if desired.log_archive else None
    spec_values = dict.fromkeys(("organization trail", "multi-region", "log file validation", LOGGING), YES)
    spec_values["bucket"] = name_in(choice.bucket, account.id if account else LOG_ARCHIVE_ID)
    spec_values["delivery error"] = NONE
    complete = trail.selectors.with_all_management_events()
    if complete is not None and not trail.selectors.log_all_management_events:
        spec_values[SELECTORS] = complete.value
    if comparison is not None and choice.is_own and not comparison.keeps_key:
        key = comparison.key.key
        spec_values["KMS key"] = (key.arn if key else comparison.key.alias) or NONE
    if is_repairable(trail, desired.trail):
        spec_values |= tag_values(desired.trail.tags)
    return spec_values


def _bucket(wish: BucketWish, bucket: Bucket, account_id: str) -> Resource | Gap:
    if bucket.foreign:
        return Gap(BUCKET, bucket.name, f"account {account_id} may not see it: it is in another account, or denied")
    spec = wish.spec
    is_kept = keeps_encryption(spec, bucket, wish.encryption, keeps_key=wish.keeps_key)
    encryption = bucket.encryption if is_kept else wish.encryption
    stays = bucket.mfa_delete or keeps_rule(spec, bucket)
    rule = lifecycle_rule(spec.transition_days, STORAGE_CLASS, spec.expire_days, spec.noncurrent_days)
    spec_values = wanted_values(
        bucket,
        region=spec.region,
        tags=spec.tags,
        encryption=encryption or f"aws:kms {wish.key_alias}",
        rule=None if stays else rule,
        merge=wish.merge(bucket) if has_policy_document(bucket) else None,
        required=wish.policy(bucket).required,
    )
    spec_values[ENCRYPTION] = value_or_same(spec_values[ENCRYPTION], bucket.encryption or "", is_same=is_kept)
    if spec.object_lock is not None and may_lock(wish, bucket):
        spec_values[OBJECT_LOCK] = f"{spec.object_lock.mode} {spec.object_lock.days}"
    return Resource(
        kind=BUCKET,
        id=bucket.name,
        name=bucket.name,
        values=bucket_values(bucket) if bucket.exists else None,
        spec_values=spec_values,
        account=account_id,
        region=spec.region,
        calls=BUCKET_CALLS,
        identifiers=(bucket.name,),
    )


def _key(wish: KeyWish, account_id: str) -> Iterator[Resource]:
    if not wish.alias:
        return
    key, values, spec_values = wish.key, None, {"rotation": YES, "state": "Enabled", "alias": wish.alias}
    if key is not None:
        values = {
            "ARN": key.arn,
            "rotation": yes_or_no(key.rotates),
            "state": key.state,
            "policy": document_value(key.policy),
            "alias": wish.alias if key.has_alias else ABSENT,
        }
        result = wish.merge() if is_policy(key.policy) else None
        spec_values["policy"] = document_value(result.document if result and result.changes else key.policy)
    yield Resource(
        kind=KEY,
        id=key.arn if key else "",
        name=wish.alias,
        values=values,
        spec_values=spec_values,
        account=account_id,
        region=wish.spec.region,
        calls=KEY_CALLS,
        identifiers=(key.arn, key.arn.rpartition("/")[2], wish.alias) if key else (wish.alias,),
    )


INVENTORY = InventoryPart((TRAIL, BUCKET, KEY), resources, TrailFacts)
