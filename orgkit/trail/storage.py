"""What the log archive account lacks for the trail: the key, where one is asked for, and the two buckets."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from orgkit.errors import NeedsDecision
from orgkit.model.desired import Desired
from orgkit.model.observed import Bucket, Key, Observed, TrailFacts, Unread
from orgkit.model.trail import CreateKey, RotateKey, SetKeyPolicy
from orgkit.plan import Step
from orgkit.trail.buckets import BucketWish, bucket_steps, bucket_unmanaged, bucket_warnings
from orgkit.trail.choice import Choice
from orgkit.trail.documents import (
    LOG_ARCHIVE,
    MANAGEMENT,
    ORGANIZATION,
    key_statements,
    lacks,
    log_statements,
    others,
    render,
    template,
    tls_statements,
    trail_arn,
)


@dataclass(frozen=True)
class Storage:
    """The steps for key and buckets, and what the trail's own steps need to know of the key."""

    steps: tuple[Step, ...]
    unmanaged: tuple[str, ...]
    warnings: tuple[str, ...]
    key_alias: str  # "" for no key
    key_arn: str | None  # None also while the key is not made


def storage_of(
    facts: TrailFacts, observed: Observed, desired: Desired, choice: Choice, account_id: str | None
) -> Storage:
    """Compare what is there with the file. Beside an adopted trail with its own bucket, only the records bucket."""
    assert not isinstance(facts.buckets, Unread)  # noqa: S101 - the planner has refused it
    assert not isinstance(facts.key, Unread)  # noqa: S101
    alias = f"alias/{desired.trail.name}" if desired.trail.kms_key and choice.ours else ""
    key = facts.key if alias else None
    ids = _ids(observed, account_id)
    wishes = _wishes(desired, choice, observed.target.partition, ids, alias, key)
    there = {bucket.name: bucket for bucket in facts.buckets}
    pairs = [(wish, there.get(wish.name, Bucket(wish.name, exists=False))) for wish in wishes]
    key_steps, key_others = _key(desired, choice, observed.target.partition, ids, alias, key)
    return Storage(
        steps=(*key_steps, *(step for wish, bucket in pairs for step in bucket_steps(wish, bucket))),
        unmanaged=(*key_others, *(line for wish, bucket in pairs for line in bucket_unmanaged(wish, bucket))),
        warnings=tuple(line for wish, bucket in pairs for line in bucket_warnings(wish, bucket)),
        key_alias=alias,
        key_arn=key.arn if key else None,
    )


def _ids(observed: Observed, account_id: str | None) -> dict[str, str]:
    """What is known of the ids that a document needs; the others stay names, and nothing observed can equal them."""
    ids = {MANAGEMENT: observed.target.account}
    if observed.organization is not None:
        ids[ORGANIZATION] = observed.organization.id
    if account_id is not None:
        ids[LOG_ARCHIVE] = account_id
    return ids


def _wishes(
    desired: Desired, choice: Choice, partition: str, ids: Mapping[str, str], alias: str, key: Key | None
) -> Iterator[BucketWish]:
    spec, arn = desired.trail, trail_arn(partition, choice.region, MANAGEMENT, choice.name)
    if choice.ours:
        statements = template(log_statements(spec.bucket, arn, partition=partition))
        yield BucketWish(spec, spec.bucket, choice.name, statements, ids, alias, key.arn if key else None)
    # Records are written by orgkit from inside the account: no service needs the key, and S3's own keys do.
    yield BucketWish(
        spec, spec.records_bucket, "", template(tls_statements(spec.records_bucket, partition=partition)), ids
    )


def _key(
    desired: Desired, choice: Choice, partition: str, ids: Mapping[str, str], alias: str, key: Key | None
) -> tuple[tuple[Step, ...], tuple[str, ...]]:
    if not alias:
        return (), ()
    statements = template(
        key_statements(trail_arn(partition, choice.region, MANAGEMENT, choice.name), partition=partition)
    )
    if key is None:
        return (_create_key(desired, choice, alias, statements),), ()
    if key.state != "Enabled":
        raise NeedsDecision(
            f"KMS key {alias} ({key.arn}) is {key.state}: what it encrypted cannot be read, and no log can be written.",
            "cancel its deletion or enable it in the log archive account, or give the alias to another key.",
        )
    ours = render(statements, ids)
    foreign = tuple(f"statement {s.get('Sid', 'without Sid')} of KMS key {alias}" for s in others(key.policy, ours))
    return tuple(_key_drift(desired, choice, alias, statements, key, lacks(key.policy, ours))), foreign


def _create_key(desired: Desired, choice: Choice, alias: str, statements: tuple[str, ...]) -> CreateKey:
    spec = desired.trail
    return CreateKey(
        account=spec.log_archive_account,
        region=spec.region,
        key_alias=alias,
        trail=choice.name,
        statements=statements,
        tags=spec.tags,
        why="no key has this alias",
    )


def _key_drift(
    desired: Desired, choice: Choice, alias: str, statements: tuple[str, ...], key: Key, policy_lacks: bool
) -> Iterator[Step]:
    account, region = desired.trail.log_archive_account, desired.trail.region
    if policy_lacks:
        yield SetKeyPolicy(
            account=account, region=region, key_alias=alias, trail=choice.name, statements=statements,
            why="a statement is missing or differs",
        )  # fmt: skip
    if not key.rotates:
        yield RotateKey(account=account, region=region, key_alias=alias, why="rotation is off")
