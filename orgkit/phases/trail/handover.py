"""What phase 05 hands over to Terraform: the trail, and buckets and key in the log archive account."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from orgkit.model.desired import Desired, TrailSpec
from orgkit.model.matching import match_if_clear
from orgkit.model.observed import Observed, Unread
from orgkit.phases.storage.bucket import Bucket
from orgkit.phases.terraform.hcl import Block, Expression, JsonDocument, attributes
from orgkit.phases.terraform.part import Handover, HandoverPart, LeftOut, Resource
from orgkit.phases.terraform.provider import LOG_ARCHIVE
from orgkit.phases.trail.all_steps import STEPS
from orgkit.phases.trail.choice import Choice, choose
from orgkit.phases.trail.facts import Key, Trail, TrailFacts
from orgkit.phases.trail.handover_bucket import bucket_resources
from orgkit.phases.trail.handover_facts import TrailDetails, TrailHandoverFacts
from orgkit.phases.trail.handover_selectors import selector_blocks

UNMANAGED = "the file has bucket_settings = false: orgkit leaves bucket and key as they are"
DEFAULT_ROTATION_DAYS = 365
TITLE = "The organization trail, and its buckets and key in the log archive account."


@dataclass(frozen=True)
class _Names:
    """Names in the configuration of what other resources refer to; others are referred to by name or ARN."""

    buckets: dict[str, str]
    key: str = ""  # ARN of the key that is handed over


def hand_over(observed: Observed, desired: Desired) -> HandoverPart:
    """Return the trail that orgkit made or adopted, with the buckets and the key of the log archive account."""
    facts, details = observed.facts(TrailFacts), observed.facts(TrailHandoverFacts)
    account = match_if_clear(desired.log_archive, observed) if desired.log_archive else None
    if facts is None or details is None or account is None or isinstance(facts.trails, Unread):
        reason = "it could not be read" if desired.log_archive else "it is not in the parameters file"
        return HandoverPart(TITLE, left_out=(LeftOut("the trail", reason),))
    spec = desired.trail.with_account(account.id)
    choice = choose(facts.trails, spec)
    buckets = [] if isinstance(facts.buckets, Unread) else [item for item in facts.buckets if is_present(item)]
    names = {bucket.name: "logs" if bucket.name == spec.bucket else "records" for bucket in buckets}
    key = facts.key if isinstance(facts.key, Key) and details.key else None
    known = _Names(names, key.arn if key else "")
    return HandoverPart(
        TITLE,
        (
            *_trail(choice.trail, details.trail, known),
            *(item for bucket in buckets for item in _bucket_items(bucket, details, known)),
            *_key(key, desired, details),
        ),
        tuple(_left_out(facts.trails, choice, known, spec)),
    )


def is_present(bucket: Bucket) -> bool:
    """Return whether the log archive account has the bucket."""
    return bucket.exists and not bucket.foreign


def _trail(trail: Trail | None, details: TrailDetails | None, known: _Names) -> Iterator[Resource]:
    if trail is None or details is None:
        return
    own = known.buckets.get(trail.bucket)
    body = attributes(
        name=trail.name,
        s3_bucket_name=Expression(f"aws_s3_bucket.{own}.id") if own else trail.bucket,
        s3_key_prefix=trail.prefix or None,
        kms_key_id=key_reference(trail.key, known.key) if trail.key else None,
        is_organization_trail=trail.organization,
        is_multi_region_trail=trail.multi_region,
        include_global_service_events=trail.global_events,
        enable_log_file_validation=trail.validated,
        enable_logging=trail.logging,
        sns_topic_name=details.sns_topic or None,
        cloud_watch_logs_group_arn=details.log_group or None,
        cloud_watch_logs_role_arn=details.log_role or None,
        tags=dict(trail.tags or ()),
    )
    insights = (Block("insight_selector", (), attributes(insight_type=kind)) for kind in details.insights)
    blocks = (*selector_blocks(trail.selectors), *insights)
    yield Resource("aws_cloudtrail", "organization", (*body, *blocks), import_id=trail.arn)


def key_reference(arn: str, own_arn: str) -> str | Expression:
    """Return a reference to the key that is handed over, or the ARN of another one."""
    return Expression("aws_kms_key.trail.arn") if arn == own_arn else arn


def _bucket_items(bucket: Bucket, details: TrailHandoverFacts, known: _Names) -> Iterator[Resource]:
    own = next(item for item in details.buckets if item.name == bucket.name)
    key = key_reference(own.key, known.key) if own.key else None
    yield from bucket_resources(bucket, own, known.buckets[bucket.name], key)


def _key(key: Key | None, desired: Desired, details: TrailHandoverFacts) -> Iterator[Resource]:
    if key is None or details.key is None:
        return
    days = details.key.rotation_days
    body = attributes(
        description=details.key.description,
        enable_key_rotation=key.rotates,
        rotation_period_in_days=days if days not in (0, DEFAULT_ROTATION_DAYS) else None,
        policy=JsonDocument(json.loads(key.policy)),
        tags=dict(details.key.tags),
    )
    key_id, alias = key.arn.rpartition("/")[2], desired.trail.key_alias
    yield Resource("aws_kms_key", "trail", body, import_id=key_id, provider=LOG_ARCHIVE)
    if key.has_alias:
        body = attributes(name=alias, target_key_id=Expression("aws_kms_key.trail.key_id"))
        yield Resource("aws_kms_alias", "trail", body, import_id=alias, provider=LOG_ARCHIVE)


def _left_out(trails: tuple[Trail, ...], choice: Choice, known: _Names, spec: TrailSpec) -> Iterator[LeftOut]:
    for trail in trails:
        if choice.trail is None or trail.arn != choice.trail.arn:
            yield LeftOut(f"trail {trail.name} ({trail.arn})", "orgkit neither made nor adopted it")
    own = choice.trail
    if own and own.bucket not in known.buckets:
        reason = "it is not one of the file's buckets" if spec.bucket_settings else UNMANAGED
        yield LeftOut(f"bucket {own.bucket} of trail {own.name}", reason)
    if own and own.key and own.key != known.key:
        reason = "it is not the file's key" if spec.bucket_settings else UNMANAGED
        yield LeftOut(f"KMS key {own.key} of trail {own.name}", reason)
    yield LeftOut("objects in the buckets", "Terraform does not manage log files")


HANDOVER = Handover(hand_over, STEPS)
