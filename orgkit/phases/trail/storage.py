"""What the log archive account lacks for the trail: the key, where one is asked for, and the two buckets."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from orgkit.errors import NeedsDecision
from orgkit.model.desired import Desired, TrailSpec
from orgkit.model.observed import Observed, Unread
from orgkit.model.plan import Step
from orgkit.phases.trail.buckets import BucketWish, bucket_steps, bucket_unmanaged, bucket_warnings
from orgkit.phases.trail.choice import Choice
from orgkit.phases.trail.documents import (
    LOG_ARCHIVE,
    MANAGEMENT,
    ORGANIZATION,
    foreign_statements,
    is_missing,
    key_statements,
    log_statements,
    render,
    template,
    tls_statements,
    trail_arn,
)
from orgkit.phases.trail.facts import Bucket, Key, TrailFacts
from orgkit.phases.trail.steps import CreateKey, RotateKey, SetKeyPolicy


@dataclass(frozen=True)
class Storage:
    """The steps for key and buckets, and what the trail's own steps need to know of the key."""

    steps: tuple[Step, ...]
    unmanaged: tuple[str, ...]
    warnings: tuple[str, ...]
    key_alias: str  # "" for no key
    key_arn: str | None  # None also while the key is not made


@dataclass(frozen=True)
class _TrailCase:
    """What both key and buckets are compared with."""

    spec: TrailSpec
    choice: Choice
    partition: str
    ids: Mapping[str, str]  # those that are known; the others stay names, and nothing observed can equal them
    key: Key | None

    @property
    def alias(self) -> str:
        return self.spec.key_alias if self.spec.kms_key and self.choice.is_own else ""

    @property
    def trail(self) -> str:
        """The trail's ARN, as a plan may name it."""
        return trail_arn(self.partition, self.choice.region, MANAGEMENT, self.choice.name)

    @property
    def key_place(self) -> dict[str, Any]:
        """The fields that every step about the key has."""
        return {"account": self.spec.log_archive_account, "region": self.spec.region, "key_alias": self.alias}


def storage_of(
    facts: TrailFacts, observed: Observed, desired: Desired, choice: Choice, account_id: str | None
) -> Storage:
    """Compare what is there with the file. Beside an adopted trail with its own bucket, only the records bucket."""
    assert not isinstance(facts.buckets, Unread)
    assert not isinstance(facts.key, Unread)
    needs_key = desired.trail.kms_key and choice.is_own
    ids = _ids(observed, account_id)
    case = _TrailCase(desired.trail, choice, observed.target.partition, ids, facts.key if needs_key else None)
    buckets = {bucket.name: bucket for bucket in facts.buckets}
    pairs = [(wish, buckets.get(wish.name, Bucket(wish.name, exists=False))) for wish in _wishes(case)]
    return Storage(
        steps=(*_key_steps(case), *(step for wish, bucket in pairs for step in bucket_steps(wish, bucket))),
        unmanaged=(
            *_foreign_key_statements(case),
            *(line for wish, bucket in pairs for line in bucket_unmanaged(wish, bucket)),
        ),
        warnings=tuple(line for wish, bucket in pairs for line in bucket_warnings(wish, bucket)),
        key_alias=case.alias,
        key_arn=case.key.arn if case.key else None,
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
        yield BucketWish(spec, spec.bucket, choice.name, template(logs), case.ids, case.alias, key_arn)
    # Records are written from inside the account: nobody else needs to encrypt them, so S3's own keys do.
    records = template(tls_statements(spec.records_bucket, partition=case.partition))
    yield BucketWish(spec, spec.records_bucket, "", records, case.ids)


def _key_steps(case: _TrailCase) -> Iterator[Step]:
    if not case.alias:
        return
    key, trail = case.key, case.choice.name
    statements = template(key_statements(case.trail, partition=case.partition))
    if key is None:
        reason = "no key has this alias"
        yield CreateKey(**case.key_place, trail=trail, statements=statements, tags=case.spec.tags, reason=reason)
        return
    _refuse(case.alias, key)
    if is_missing(key.policy, render(statements, case.ids)):
        reason = "a statement is missing or differs"
        start = key.policy_to_change
        yield SetKeyPolicy(**case.key_place, trail=trail, statements=statements, starts_from=start, reason=reason)
    if not key.rotates:
        yield RotateKey(**case.key_place, reason="rotation is off")


def _foreign_key_statements(case: _TrailCase) -> Iterator[str]:
    if case.key is not None:
        required = render(template(key_statements(case.trail, partition=case.partition)), case.ids)
        for statement in foreign_statements(case.key.policy, required):
            yield f"statement {statement.get('Sid', 'without Sid')} ({statement['Effect']}) of KMS key {case.alias}"


def _refuse(alias: str, key: Key) -> None:
    if key.state != "Enabled":
        raise NeedsDecision(
            f"KMS key {alias} ({key.arn}) is {key.state}: what it encrypted cannot be read, and no log can be written.",
            "cancel its deletion or enable it in the log archive account, or give the alias to another key.",
        )
