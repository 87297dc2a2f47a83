"""Whether AWS shows what a step of phase 09 makes."""

import json
from collections.abc import Callable
from typing import TypeVar

from orgkit.model.canonical_json import normal_form
from orgkit.model.desired import Desired, missing_tags
from orgkit.model.matching import known_ids
from orgkit.model.observed import Observed
from orgkit.model.state_backend import STATE_ACCOUNT_ID
from orgkit.phases.evidence import Check, is_shown_by
from orgkit.phases.state_backend.documents import ORGANIZATION, ROLE_POLICY, fill_in, state_rule
from orgkit.phases.state_backend.facts import StateFacts
from orgkit.phases.state_backend.steps import (
    BlockStatePublicAccess,
    CreateIdentityProvider,
    CreateStateBucket,
    CreateStateRole,
    InStateAccount,
    SetStateAcl,
    SetStateBucketPolicy,
    SetStateEncryption,
    SetStateLifecycle,
    SetStateOwnership,
    SetStateRolePolicy,
    SetStateRoleTrust,
    SetStateVersioning,
    TagStateBucket,
)
from orgkit.phases.storage.bucket import Bucket
from orgkit.phases.storage.documents import normal_rule, render, rule_of
from orgkit.phases.storage.steps import AboutBucket
from orgkit.policy_evaluation.meaning import has_same_meaning
from orgkit.policy_evaluation.merge import is_missing

B = TypeVar("B", bound=AboutBucket)


def _bucket_evidence(step: type[B], is_set: Callable[[B, Bucket], bool]) -> Check:
    """Check a setting of the bucket: None for a bucket that was not read."""

    def is_shown(bucket_step: B, observed: Observed, desired: Desired) -> bool | None:
        bucket = _bucket(bucket_step, observed, desired)
        return bucket.exists and not bucket.foreign and is_set(bucket_step, bucket) if bucket else None

    return is_shown_by(step, is_shown)


def _bucket_policy(step: SetStateBucketPolicy, observed: Observed, desired: Desired) -> bool | None:
    bucket = _bucket(step, observed, desired)
    required = render(step.statements, _ids(step, observed, desired))
    return not is_missing(bucket.policy, required) if bucket else None


def _provider(_step: CreateIdentityProvider, observed: Observed, _: Desired) -> bool | None:
    facts = _facts(observed)
    return facts.provider is not None if facts else None


def _trust(step: CreateStateRole | SetStateRoleTrust, observed: Observed, desired: Desired) -> bool | None:
    facts = _facts(observed)
    role = facts.role(step.role) if facts else None
    if facts is None or role is None:
        return None if facts is None else False
    required = json.loads(fill_in(step.trust, _ids(step, observed, desired)))
    return has_same_meaning(json.loads(role.trust), required)


def _policy(step: SetStateRolePolicy, observed: Observed, desired: Desired) -> bool | None:
    facts = _facts(observed)
    role = facts.role(step.role) if facts else None
    if facts is None:
        return None
    document = dict(role.inline).get(ROLE_POLICY) if role else None
    required = json.loads(fill_in(step.policy, _ids(step, observed, desired)))
    return document is not None and has_same_meaning(json.loads(document), json.loads(normal_form(required)))


def _facts(observed: Observed) -> StateFacts | None:
    """Return what was read of the account; None where nothing was."""
    facts = observed.facts(StateFacts)
    return facts if facts and facts.unread is None and facts.bucket is not None else None


def _bucket(step: AboutBucket, observed: Observed, desired: Desired) -> Bucket | None:
    facts = _facts(observed)
    bucket = facts.bucket if facts else None
    name = fill_in(step.bucket, _ids(step, observed, desired))
    return bucket if bucket is not None and bucket.name == name else None


def _ids(step: InStateAccount | AboutBucket, observed: Observed, desired: Desired) -> dict[str, str]:
    """Return the ids that are known; the others stay placeholders, which equal nothing in AWS."""
    ids = {
        STATE_ACCOUNT_ID: known_ids(desired, observed).get(step.account, ""),
        ORGANIZATION: observed.organization.id if observed.organization else "",
    }
    return {name: value for name, value in ids.items() if value}


EVIDENCE = (
    _bucket_evidence(CreateStateBucket, lambda _step, _bucket: True),
    _bucket_evidence(BlockStatePublicAccess, lambda _, bucket: bucket.public_access_blocked),
    _bucket_evidence(SetStateAcl, lambda _, bucket: not bucket.acl_grants),
    _bucket_evidence(SetStateOwnership, lambda _, bucket: bucket.ownership == "BucketOwnerEnforced"),
    _bucket_evidence(SetStateVersioning, lambda _, bucket: bucket.versioning == "Enabled"),
    _bucket_evidence(
        SetStateEncryption,
        lambda step, bucket: (
            bucket.encryption == (f"aws:kms {step.key_arn} with bucket key" if step.key_arn else "AES256")
        ),
    ),
    is_shown_by(SetStateBucketPolicy, _bucket_policy),
    _bucket_evidence(
        SetStateLifecycle,
        lambda step, bucket: rule_of(bucket.lifecycle) == normal_rule(state_rule(step.noncurrent_days)),
    ),
    _bucket_evidence(TagStateBucket, lambda step, bucket: not missing_tags(step.tags, bucket.tags)),
    is_shown_by(CreateIdentityProvider, _provider),
    is_shown_by(CreateStateRole, _trust),
    is_shown_by(SetStateRoleTrust, _trust),
    is_shown_by(SetStateRolePolicy, _policy),
)
