"""Buckets in the log archive account's own namespace: their names hold an id that may not be known when planned."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from orgkit.cli.project import _adapt_example
from orgkit.errors import ParametersInvalid
from orgkit.model.desired import LOG_ARCHIVE_ID, Desired, is_name_of, name_in
from orgkit.model.plan import Plan
from orgkit.parameters import load
from orgkit.phases.registry import phase_of
from orgkit.phases.trail import reads as reads
from orgkit.phases.trail import steps as steps
from orgkit.phases.trail.facts import TrailFacts
from orgkit.phases.trail.planner import plan
from tests.parameters.test_example import EXAMPLE

Build = Callable[..., Any]
LOG = f"acme-log-{LOG_ARCHIVE_ID}-us-east-1-an"
RECORDS = f"acme-records-{LOG_ARCHIVE_ID}-us-east-1-an"
REGIONAL = {"bucket": LOG, "records_bucket": RECORDS, "bucket_namespace": "account-regional"}
ARCHIVE = "222222222222"


def file_with(folder: Path, lines: str) -> Path:
    text = EXAMPLE.read_text(encoding="utf-8").replace("\n[trail]\n", f"\n[trail]\n{lines}\n")
    file = folder / "x.toml"
    file.write_text(text, encoding="utf-8")
    return file


def trail_of(folder: Path, lines: str) -> Any:
    return load(file_with(folder, lines)).trail


def test_names_hold_account_and_region_and_a_file_that_says_nothing_has_its_names_as_ever(tmp_path: Path) -> None:
    assert trail_of(tmp_path, "").bucket == "org-trail-999999999999"
    trail = trail_of(tmp_path, 'bucket_namespace = "account-regional"\nregion = "eu-central-1"')
    assert trail.bucket == f"org-trail-{LOG_ARCHIVE_ID}-eu-central-1-an"
    assert trail.records_bucket == f"orgkit-records-{LOG_ARCHIVE_ID}-eu-central-1-an"
    named = trail_of(tmp_path, 'bucket_namespace = "account-regional"\nbucket = "acme"\nname = "a.trail"')
    assert (named.bucket, trail.with_account(ARCHIVE).bucket) == (
        f"acme-{LOG_ARCHIVE_ID}-us-east-1-an",
        f"org-trail-{ARCHIVE}-eu-central-1-an",
    )


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        (f'bucket = "{"a" * 38}"', "has 38 characters; before account and us-east-1, S3 takes 37"),
        (f'records_bucket = "{"a" * 34}"\nregion = "ap-southeast-2"', "has 34 characters"),
        ('bucket = "same"\nrecords_bucket = "same"', "is the log bucket too"),
        (f'name = "{"a" * 38}"', "has 38 characters"),
    ],
)
def test_names_are_checked_with_what_stands_behind_them(tmp_path: Path, lines: str, problem: str) -> None:
    with pytest.raises(ParametersInvalid, match=re.escape(problem)):
        load(file_with(tmp_path, f'bucket_namespace = "account-regional"\n{lines}'))


def test_the_longest_name_that_fits_is_taken(tmp_path: Path) -> None:
    trail = trail_of(tmp_path, f'bucket_namespace = "account-regional"\nbucket = "{"a" * 37}"')
    assert len(trail.with_account(ARCHIVE).bucket) == 63


def test_a_new_project_has_names_that_nobody_else_can_take(tmp_path: Path) -> None:
    file = tmp_path / "example.toml"
    file.write_text(EXAMPLE.read_text(encoding="utf-8"), encoding="utf-8")
    _adapt_example(file)
    assert load(file).trail.bucket == f"org-trail-{LOG_ARCHIVE_ID}-us-east-1-an"


@pytest.mark.parametrize(
    ("bucket", "is_it"),
    [(name_in(LOG, ARCHIVE), True), (name_in(LOG, "3"), False), (LOG, False), ("acme-log", False)],
)
def test_a_name_is_known_again_in_whatever_account(bucket: str, is_it: bool) -> None:
    assert is_name_of(LOG, bucket) is is_it
    assert is_name_of("a.b", "acb") is False


def regional(world: Build, **fields: Any) -> Any:
    """Everything is there, under the names that AWS has."""
    there = world(**REGIONAL, **fields)
    names = {name: name_in(name, ARCHIVE) for name in (LOG, RECORDS)}
    buckets = tuple(
        replace(bucket, name=names[bucket.name], policy=name_in(bucket.policy, ARCHIVE))
        for bucket in there.facts.buckets
    )
    trails = tuple(replace(trail, bucket=names[LOG]) for trail in there.facts.trails)
    return there.storage(buckets=buckets, trails=trails)


def of(world: Any) -> Plan:
    return plan(world.observed, world.desired)


def test_buckets_that_are_there_are_found_by_the_names_with_the_id(world: Build) -> None:
    made = of(regional(world))
    assert (made.steps, made.warnings, made.unmanaged, made.waiting) == ((), (), (), ())


def test_the_plan_is_the_same_before_and_after_the_account_exists(world: Build) -> None:
    after = world(**REGIONAL).without_storage()
    before = world(**REGIONAL).without_storage()
    before.observed = replace(before.observed, accounts=(), members=())
    before.storage(buckets=(), key=None)
    assert of(before).steps == of(after).steps
    created = [step for step in of(after).steps if isinstance(step, steps.CreateBucket)]
    assert [(step.bucket, step.namespace) for step in created] == [
        (LOG, "account-regional"),
        (RECORDS, "account-regional"),
    ]
    assert f"create bucket {LOG} in the account's own namespace" in created[0].sentence
    assert ARCHIVE not in str([step.facts() for step in of(after).steps])


def test_each_step_is_shown_when_everything_is_there(world: Build) -> None:
    nothing, there = world(**REGIONAL).without_storage(), regional(world)
    for step in of(nothing).steps:
        assert phase_of("trail").shows(step, there.observed, there.desired) is True, step
        assert not phase_of("trail").shows(step, nothing.observed, nothing.desired), step


def test_a_trail_that_writes_elsewhere_is_moved_to_the_name_without_the_id(world: Build) -> None:
    there = regional(world)
    (trail,) = there.facts.trails
    (step,) = of(there.trails(replace(trail, bucket="elsewhere"))).steps
    assert isinstance(step, steps.UpdateTrail)
    assert step.bucket == LOG
    assert phase_of("trail").shows(step, there.observed, there.desired) is False
    assert phase_of("trail").shows(step, regional(world).observed, there.desired) is True


def test_the_read_role_may_look_into_the_buckets_of_its_own_account(world: Build) -> None:
    desired: Desired = world(**REGIONAL).desired
    buckets, _ = reads.member_reads(desired, "log-archive")
    assert buckets.resources[0] == "arn:aws:s3:::acme-log-${aws:PrincipalAccount}-us-east-1-an"
    assert LOG_ARCHIVE_ID not in str(desired.reads_in("log-archive"))
    assert isinstance(world().facts, TrailFacts)
