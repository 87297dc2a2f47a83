"""The steps in the log archive account for the trail: the key, where the file asks for one, and the two buckets."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from orgkit.model.desired import Desired, TrailSpec, is_name_of
from orgkit.model.observed import Observed, Unread
from orgkit.model.plan import Step, Waiting
from orgkit.phases.storage.bucket import Bucket
from orgkit.phases.storage.documents import template, tls_statements
from orgkit.phases.trail.bucket_reports import bucket_unmanaged, bucket_waiting, bucket_warnings, merged_policy
from orgkit.phases.trail.buckets import BucketWish, bucket_steps
from orgkit.phases.trail.choice import Choice
from orgkit.phases.trail.documents import LOG_ARCHIVE, MANAGEMENT, ORGANIZATION, log_statements, trail_arn
from orgkit.phases.trail.facts import Key, Trail, TrailFacts
from orgkit.phases.trail.keys import KeyWish, key_steps, key_unmanaged, key_waiting, key_warnings
from orgkit.phases.trail.policy_findings import Policy, denies_delivery, lacks_grant
from orgkit.phases.trail.stronger import is_foreign_key, trail_notes


@dataclass(frozen=True)
class Storage:
    """The steps for key and buckets, and what the trail's own steps need to know of the key.

    Attributes:
        steps: What key and buckets lack.
        unmanaged: What others have there that has no consequence.
        warnings: What others have there that has one.
        waiting: What only its owner can remove.
        key_alias: Of the trail's key; "" for no key.
        key_arn: None also while the key is not made.
        keeps_key: Whether the trail's key is left as it is.
        grants_delivery: Whether the steps give CloudTrail a grant that it lacked where the trail writes now.
        denies_delivery: Whether somebody else's statement keeps CloudTrail from delivering.
    """

    steps: tuple[Step, ...]
    unmanaged: tuple[str, ...]
    warnings: tuple[str, ...]
    waiting: tuple[Waiting, ...]
    key_alias: str
    key_arn: str | None
    keeps_key: bool
    grants_delivery: bool
    denies_delivery: bool


@dataclass(frozen=True)
class Comparison:
    """The trail's key and its buckets: as they should be, and as AWS has them.

    Attributes:
        key: The key; its alias is "" where there should be none.
        buckets: Each bucket of the file with the one of AWS.
        keeps_key: Whether the trail's key is left as it is.
    """

    key: KeyWish
    buckets: tuple[tuple[BucketWish, Bucket], ...]
    keeps_key: bool


@dataclass(frozen=True)
class _TrailCase:
    """What both key and buckets are compared with."""

    spec: TrailSpec
    choice: Choice
    partition: str
    ids: Mapping[str, str]  # those that are known; the others stay names, and nothing observed can equal them
    key: Key | None
    other_trails: tuple[Trail, ...] = ()  # of the management account
    keeps_key: bool = False  # the file does not say whether there is a key, or the trail uses one of another account

    @property
    def alias(self) -> str:
        return self.spec.key_alias if self.spec.kms_key and self.choice.is_own and not self.keeps_key else ""

    @property
    def trail(self) -> str:
        """The trail's ARN, as a plan may name it."""
        return trail_arn(self.partition, self.choice.region, MANAGEMENT, self.choice.name)

    @property
    def key_wish(self) -> KeyWish:
        """What the key is compared with."""
        is_shared = self.key is not None and any(trail.key == self.key.arn for trail in self.other_trails)
        return KeyWish(
            self.spec, self.alias, self.key, self.choice.name, self.trail, self.partition, self.ids, is_shared
        )

    def writers(self, bucket: str) -> tuple[str, ...]:
        """The other trails of the management account that write to a bucket."""
        return tuple(trail.arn for trail in self.other_trails if is_name_of(bucket, trail.bucket))


def compare_storage(
    facts: TrailFacts, observed: Observed, desired: Desired, choice: Choice, account_id: str | None
) -> Comparison:
    """Return the key and the buckets as the file asks for them, next to those that AWS has."""
    assert not isinstance(facts.buckets, Unread)
    assert not isinstance(facts.key, Unread)
    needs_key = desired.trail.kms_key and choice.is_own
    ids = _ids(observed, account_id)
    assert not isinstance(facts.trails, Unread)
    other_trails = tuple(trail for trail in facts.trails if choice.trail is None or trail.arn != choice.trail.arn)
    key = facts.key if needs_key else None
    keeps_key = "kms_key" in desired.trail.left_out or is_foreign_key(desired.trail, choice, key, account_id)
    case = _TrailCase(desired.trail, choice, observed.target.partition, ids, key, other_trails, keeps_key)
    buckets = {bucket.name: bucket for bucket in facts.buckets}
    pairs = [(wish, buckets.get(wish.known_name, Bucket(wish.known_name, exists=False))) for wish in _wishes(case)]
    return Comparison(case.key_wish, tuple(pairs), keeps_key)


def storage_of(
    facts: TrailFacts, observed: Observed, desired: Desired, choice: Choice, account_id: str | None
) -> Storage:
    """Compare AWS with the file; for an adopted trail with its own bucket, only the records bucket."""
    comparison = compare_storage(facts, observed, desired, choice, account_id)
    key_wish, pairs, keeps_key = comparison.key, comparison.buckets, comparison.keeps_key
    # First the steps: they refuse what cannot be read as a policy.
    steps = (*key_steps(key_wish), *(step for wish, bucket in pairs for step in bucket_steps(wish, bucket)))
    policies = list(_delivery_policies(key_wish, pairs, choice.trail))
    return Storage(
        steps=steps,
        unmanaged=(
            *key_unmanaged(key_wish),
            *(line for wish, bucket in pairs for line in bucket_unmanaged(wish, bucket)),
        ),
        warnings=(
            *(trail_notes(desired.trail, choice.trail) if choice.trail and choice.is_own and keeps_key else ()),
            *_in_management_account(facts, choice, observed.target.account),
            *key_warnings(key_wish),
            *(line for wish, bucket in pairs for line in bucket_warnings(wish, bucket)),
        ),
        waiting=(
            *key_waiting(key_wish),
            *(waiting for wish, bucket in pairs for waiting in bucket_waiting(wish, bucket)),
        ),
        key_alias=key_wish.alias,
        key_arn=key_wish.key.arn if key_wish.key else None,
        keeps_key=keeps_key,
        grants_delivery=any(in_use and lacks_grant(policy) for policy, _, in_use in policies),
        denies_delivery=any(denies_delivery(new) for _, new, _ in policies),
    )


def _delivery_policies(
    key_wish: KeyWish, pairs: Iterable[tuple[BucketWish, Bucket]], trail: Trail | None
) -> Iterator[tuple[Policy, Policy, bool]]:
    """The policies that decide whether log files arrive, as they are and will be, and whether the trail uses them."""
    if key_wish.alias and key_wish.key is not None:
        yield key_wish.policy, key_wish.policy_after, trail is not None and trail.key == key_wish.key.arn
    for wish, bucket in pairs:
        if wish.trail:
            in_use = trail is not None and trail.bucket == wish.known_name
            yield wish.policy(bucket), merged_policy(wish, bucket), in_use


def _in_management_account(facts: TrailFacts, choice: Choice, account: str) -> Iterator[str]:
    """Yield a warning if an adopted trail writes to a bucket of the management account itself."""
    if not choice.is_own and choice.bucket in facts.management_buckets:
        yield (
            f"Bucket {choice.bucket} of trail {choice.name} is in the management account {account}, where service "
            "control policies do not apply and its administrators can delete the logs of all accounts. To keep them "
            "in the log archive account, name the trail in [trail]: 05 moves it to the file's bucket."
        )


def _ids(observed: Observed, account_id: str | None) -> dict[str, str]:
    ids = {MANAGEMENT: observed.target.account}
    if observed.organization is not None:
        ids[ORGANIZATION] = observed.organization.id
    if account_id is not None:
        ids[LOG_ARCHIVE] = account_id
    return ids


def _wishes(case: _TrailCase) -> Iterator[BucketWish]:
    spec, choice = case.spec, case.choice
    if choice.is_own:
        logs = log_statements(spec.bucket, case.trail, partition=case.partition, prefix=choice.prefix)
        key_arn = case.key.arn if case.key else None
        writers = case.writers(spec.bucket)
        yield BucketWish(
            spec, spec.bucket, choice.name, template(logs), case.ids, case.alias, key_arn, writers, case.keeps_key
        )
    if not spec.records_bucket:
        return
    # Records are written from inside the account: nobody else needs to encrypt them, so S3's own keys do.
    records = template(tls_statements(spec.records_bucket, partition=case.partition))
    yield BucketWish(spec, spec.records_bucket, "", records, case.ids)
