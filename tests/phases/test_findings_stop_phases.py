"""What a finding of phase 00 does to the plan of each phase: it takes out the steps that it stops, and no others."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest

from orgkit.errors import CheckStops
from orgkit.model.approval import ApprovedPlan, check_remainder, check_stops
from orgkit.model.finding import Finding
from orgkit.model.observed import Observed
from orgkit.model.plan import Plan
from orgkit.phases.management_account import control_tower
from orgkit.phases.registry import RUNBOOKS, may_be_stopped, phase_of, plan
from tests.docs.test_steps_page import example
from tests.phases.trail.conftest import KEY_ARN, OUR_TRAIL, desired_with, everything_there, key_there, world
from tests.plans.loader import cases, reviewed

__all__ = ["world"]

Build = Callable[..., Any]
KEYS = Finding.stops("root access keys", "the root user has access keys.", "delete them.", ("01", "02", "03", "04"))
TOWER = Finding.stops("Control Tower", "it owns ou-1.", "use it.", control_tower.PHASES, control_tower.PARTIAL_PHASES)
QUOTA = Finding.stops("account quota", "2 do not fit.", "ask for more.", ("03", "04"))
WARNING = Finding.warns("Control Tower", "it has controls only: ou-1.", "nothing.", ("02",))
BASELINE_TRAIL = replace(
    OUR_TRAIL, name="aws-controltower-BaselineCloudTrail", bucket="central-logs", validated=False, logging=False
)


@cache
def with_steps() -> dict[str, tuple[Observed, Any]]:
    """One case for each phase in which it has something to do in an organization that exists."""
    found: dict[str, tuple[Observed, Any]] = {}
    for case in cases():
        observed, desired = case.observed, case.desired
        if observed.organization is not None and _plans(case.concept, observed, desired):
            found.setdefault(phase_of(case.concept).number, (observed, desired))
    return found


def _plans(phase: str, observed: Observed, desired: Any) -> bool:
    return may_be_stopped(phase_of(phase), observed, desired)


@pytest.mark.parametrize("finding", [KEYS, TOWER, QUOTA], ids=lambda finding: finding.item)
@pytest.mark.parametrize("number", ["01", "02", "03", "04"])
def test_a_finding_stops_every_step_of_the_phases_that_it_names_also_when_the_organization_exists(
    number: str, finding: Finding
) -> None:
    observed, desired = with_steps()[number]
    free = plan(number, observed, desired)
    stopped = plan(number, replace(observed, findings=(finding,)), desired)
    if number not in finding.phases:
        assert stopped == free
        return
    assert (stopped.steps, stopped.stopped_steps, stopped.stops) == ((), free.steps, (finding,))
    assert stopped.review("now", "0" * 32)["stopped"] == [step.sentence for step in free.steps]
    with pytest.raises(CheckStops, match=re.escape(finding.sentence.removesuffix("."))) as stop:
        check_stops(stopped)
    assert finding.remedy in stop.value.remedy


def test_a_plan_that_was_approved_before_the_finding_is_not_applied() -> None:
    observed, desired = with_steps()["02"]
    approved = ApprovedPlan.from_plan(reviewed(plan("02", observed, desired), datetime(2026, 11, 29, tzinfo=UTC)))
    with pytest.raises(CheckStops):
        check_remainder(plan("02", replace(observed, findings=(KEYS,)), desired), approved, ())


def test_nothing_to_change_is_nothing_to_stop(world: Build) -> None:
    done = world()
    observed = replace(done.observed, findings=(TOWER, KEYS))
    made = plan("trail", observed, done.desired)
    assert (made.steps, made.stops, made.waiting) == ((), (), ())


def test_a_warning_stops_nothing_and_is_shown() -> None:
    observed, desired = with_steps()["02"]
    made = plan("02", replace(observed, findings=(WARNING,)), desired)
    assert made.steps == plan("02", observed, desired).steps
    assert "Control Tower (warning): it has controls only: ou-1." in made.warnings


def kinds(made: Plan) -> list[str]:
    return [step.kind for step in made.steps]


def test_nothing_stops_own_log_bucket_key_and_trail_from_being_created(world: Build) -> None:
    empty = world(kms_key=True).without_storage()
    free = plan("trail", empty.observed, empty.desired)
    assert {"create-bucket", "create-key", "create-trail", "start-logging"} <= set(kinds(free))
    assert plan("trail", replace(empty.observed, findings=(TOWER, KEYS, QUOTA)), empty.desired) == free


def test_nothing_stops_own_bucket_key_and_trail_from_being_repaired(world: Build) -> None:
    worse = world(kms_key=True).storage(key=key_there(rotates=False)).bucket("acme-log", versioning=None, policy=None)
    worse = worse.trails(replace(OUR_TRAIL, key=KEY_ARN, validated=False, logging=False))
    free = plan("trail", worse.observed, worse.desired)
    assert {"rotate-key", "set-versioning", "update-trail", "start-logging"} <= set(kinds(free))
    assert plan("trail", replace(worse.observed, findings=(TOWER, KEYS)), worse.desired) == free


def test_what_control_tower_owns_is_left_alone_in_05_while_the_rest_goes_on(world: Build) -> None:
    adopted = world().trails(BASELINE_TRAIL).bucket("acme-records", versioning=None)
    free = plan("trail", adopted.observed, adopted.desired)
    assert kinds(free) == ["set-versioning", "update-trail", "start-logging"]
    made = plan("trail", replace(adopted.observed, findings=(TOWER,)), adopted.desired)
    assert kinds(made) == ["set-versioning", "start-logging"]
    assert [step.kind for step in made.stopped_steps] == ["update-trail"]
    assert made.stops == ()
    assert "stopped by phase 00, Control Tower (stops 02, 03, 04, 16, and part of 05)" in made.waiting[0].what
    check_stops(made)


@pytest.mark.parametrize("bucket", ["central-logs", "aws-controltower-logs-222222222222-us-east-1"])
def test_a_bucket_or_key_of_control_tower_s_trail_is_its_own_whatever_the_name(world: Build, bucket: str) -> None:
    shared = world(bucket=bucket, kms_key=True).trails(replace(BASELINE_TRAIL, bucket=bucket, key=KEY_ARN))
    shared = shared.bucket(bucket, versioning=None).storage(key=key_there(rotates=False))
    assert {"set-versioning", "rotate-key"} <= set(kinds(plan("trail", shared.observed, shared.desired)))
    made = plan("trail", replace(shared.observed, findings=(TOWER,)), shared.desired)
    assert not {"set-versioning", "rotate-key", "set-key-policy", "set-bucket-policy", "update-trail"} & set(
        kinds(made)
    )


def test_of_phase_10_only_a_step_that_sends_no_alert_may_be_stopped() -> None:
    billing = phase_of("billing")
    assert billing.stoppable is not None
    observed = everything_there(desired_with())
    stoppable = [step.kind for step in billing.steps if billing.stoppable(example(step), observed)]
    assert stoppable == ["activate-cost-tag"]


def test_phases_that_log_or_alert_name_the_steps_that_may_be_stopped() -> None:
    assert [phase.number for phase in RUNBOOKS if phase.stoppable is not None] == ["05", "10"]
