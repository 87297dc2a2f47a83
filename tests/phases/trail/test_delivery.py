"""Phase 05 on log files that do not arrive: what a step of the plan repairs is no drift, and all else stays drift."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from orgkit.model.canonical_json import compact_json
from orgkit.model.plan import Plan
from orgkit.phases.storage.bucket import Bucket
from orgkit.phases.storage.documents import tls_statements
from orgkit.phases.trail.documents import key_statements, log_statements
from orgkit.phases.trail.facts import Trail
from orgkit.phases.trail.planner import plan
from orgkit.policy_evaluation.merge import merge
from tests.phases.trail.conftest import ARCHIVE, ARN, KEY_ARN, MANAGEMENT, ORGANIZATION, key_there

Build = Callable[..., Any]
ERRORS = {
    "log files": {"delivery_error": "AccessDenied"},
    "digest files": {"digest_error": "AccessDenied"},
    "silence": {"silent_since": "2026-11-27 10:00 UTC"},
}
OTHER_KEY = KEY_ARN.replace("11111111", "99999999")
TLS = merge(None, tls_statements("acme-log", partition="aws")).document
GRANTS = log_statements("acme-log", ARN, partition="aws", management_id=MANAGEMENT, organization_id=ORGANIZATION)[:3]
DENY = {"Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::acme-log/*"}
ONLY_DENY = compact_json({"Version": "2012-10-17", "Statement": [DENY]})


def of(world: Any) -> Plan:
    return plan(world.observed, world.desired)


def without_bucket_policy(build: Build, trail: Trail) -> Any:
    return build().trails(trail).bucket("acme-log", policy=None)


def bucket_policy_without_cloudtrail(build: Build, trail: Trail) -> Any:
    return build().trails(trail).bucket("acme-log", policy=TLS)


def without_bucket(build: Build, trail: Trail) -> Any:
    world = build().trails(trail)
    _, records = world.facts.buckets
    return world.storage(buckets=(Bucket("acme-log", exists=False), records))


def another_bucket(build: Build, trail: Trail) -> Any:
    return build().trails(replace(trail, bucket="other-log"))


def key_policy_without_cloudtrail(build: Build, trail: Trail) -> Any:
    statements = key_statements(ARN, partition="aws", management_id=MANAGEMENT, log_archive_id=ARCHIVE)[:1]
    key = key_there(policy=merge(None, statements).document)
    return build(kms_key=True).trails(replace(trail, key=KEY_ARN)).storage(key=key)


def another_key(build: Build, trail: Trail) -> Any:
    return build(kms_key=True).trails(replace(trail, key=OTHER_KEY))


@pytest.mark.parametrize("error", ERRORS.values(), ids=ERRORS)
@pytest.mark.parametrize(
    "cause",
    [
        without_bucket_policy, bucket_policy_without_cloudtrail, without_bucket, another_bucket,
        key_policy_without_cloudtrail, another_key,
    ],
)  # fmt: skip
def test_logs_that_a_step_lets_arrive_are_a_warning_and_no_drift(
    world: Build, our_trail: Trail, cause: Build, error: dict[str, str]
) -> None:
    made = of(cause(world, replace(our_trail, **error)))
    assert made.steps
    assert made.drift == ()
    (line,) = (line for line in made.warnings if "deliver" in line)
    assert next(iter(error.values())) in line
    assert "The steps of this plan let CloudTrail deliver" in line


def only_tls_is_missing(build: Build, trail: Trail) -> Any:
    return build().trails(trail).bucket("acme-log", policy=merge(None, GRANTS).document)


def another_setting_differs(build: Build, trail: Trail) -> Any:
    return build().trails(replace(trail, validated=False)).bucket("acme-log", versioning=None)


def denied_by_somebody_else(build: Build, trail: Trail) -> Any:
    return build().trails(trail).bucket("acme-log", policy=ONLY_DENY)


def another_bucket_where_it_is_denied(build: Build, trail: Trail) -> Any:
    return build().trails(replace(trail, bucket="other-log")).bucket("acme-log", policy=ONLY_DENY)


def first_key(build: Build, trail: Trail) -> Any:
    return build(kms_key=True).trails(trail)


def key_that_is_not_used_yet(build: Build, trail: Trail) -> Any:
    return key_policy_without_cloudtrail(build, trail).trails(trail)


def adopted(build: Build, trail: Trail) -> Any:
    return build().trails(replace(trail, name="baseline", bucket="baseline-log", validated=False))


@pytest.mark.parametrize(
    "cause",
    [
        only_tls_is_missing, another_setting_differs, denied_by_somebody_else, another_bucket_where_it_is_denied,
        first_key, key_that_is_not_used_yet, adopted,
    ],
)  # fmt: skip
def test_logs_that_no_step_lets_arrive_stay_drift(world: Build, our_trail: Trail, cause: Build) -> None:
    made = of(cause(world, replace(our_trail, delivery_error="AccessDenied")))
    assert made.steps
    assert "could not deliver its last log file: AccessDenied. See whether" in made.drift[0]
    assert not any("AccessDenied" in line for line in made.warnings)


def test_steps_that_are_held_back_repair_nothing(world: Build, our_trail: Trail) -> None:
    there = without_bucket_policy(world, replace(our_trail, delivery_error="AccessDenied"))
    there.observed = replace(
        there.observed, accounts=tuple(replace(a, state="SUSPENDED") for a in there.observed.accounts)
    )
    made = of(there)
    assert made.steps == ()
    assert "AccessDenied" in made.drift[0]
