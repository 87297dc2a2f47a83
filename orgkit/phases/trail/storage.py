"""The steps in the log archive account for the trail: the key, where the file asks for one, and the two buckets."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from orgkit.model.desired import Desired, TrailSpec, is_name_of
from orgkit.model.observed import Observed, Unread
from orgkit.model.plan import Step, Waiting
from orgkit.phases.trail.bucket_reports import bucket_unmanaged, bucket_waiting, bucket_warnings
from orgkit.phases.trail.buckets import BucketWish, bucket_steps
from orgkit.phases.trail.choice import Choice
from orgkit.phases.trail.documents import (
    LOG_ARCHIVE,
    MANAGEMENT,
    ORGANIZATION,
    log_statements,
    template,
    tls_statements,
    trail_arn,
)
from orgkit.phases.trail.facts import Bucket, Key, Trail, TrailFacts
from orgkit.phases.trail.keys import KeyWish, key_steps, key_unmanaged, key_waiting, key_warnings
from orgkit.phases.trail.stronger import is_foreign_key, trail_notes


@dataclass(frozen=True)
class Storage:
    """The steps for key and buckets, and what the trail's own steps need to know of the key."""

    steps: tuple[Step, ...]
    unmanaged: tuple[str, ...]
    warnings: tuple[str, ...]
    waiting: tuple[Waiting, ...]
    key_alias: str  # "" for no key
    key_arn: str | None  # None also while the key is not made
    keeps_key: bool  # the trail's key is left as it is


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


def storage_of(
    facts: TrailFacts, observed: Observed, desired: Desired, choice: Choice, account_id: str | None
) -> Storage:
    """Compare AWS with the file; for an adopted trail with its own bucket, only the records bucket."""
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
    key_wish = case.key_wish
    return Storage(
        steps=(*key_steps(key_wish), *(step for wish, bucket in pairs for step in bucket_steps(wish, bucket))),
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
        key_alias=case.alias,
        key_arn=case.key.arn if case.key else None,
        keeps_key=keeps_key,
    )


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
    # Records are written from inside the account: nobody else needs to encrypt them, so S3's own keys do.
    records = template(tls_statements(spec.records_bucket, partition=case.partition))
    yield BucketWish(spec, spec.records_bucket, "", records, case.ids)
