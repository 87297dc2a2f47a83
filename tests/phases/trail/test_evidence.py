"""AWS shows each step of the trail when it is done, and not before; what was not read is neither."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from orgkit.model.desired import ObjectLockSpec
from orgkit.model.observed import Unread
from orgkit.phases.registry import phase_of
from orgkit.phases.trail.facts import TrailFacts
from orgkit.phases.trail.planner import plan
from orgkit.phases.trail.steps import UpdateTrail

TRAIL = phase_of("trail")
LOCK = ObjectLockSpec("GOVERNANCE", 30)


@pytest.mark.parametrize(
    "trail", [{}, {"kms_key": True}, {"object_lock": LOCK}, {"kms_key": True, "object_lock": LOCK}]
)
def test_each_step_is_shown_when_everything_is_there_and_not_when_nothing_is(
    world: Callable[..., Any], trail: dict[str, Any]
) -> None:
    there, nothing = world(**trail), world(**trail).without_storage()
    steps = plan(nothing.observed, nothing.desired).steps
    assert len({step.id for step in steps}) == len(steps) > 10
    for step in steps:
        assert not TRAIL.shows(step, nothing.observed, nothing.desired), step
        assert TRAIL.shows(step, there.observed, there.desired), step


@pytest.mark.parametrize("change", [{"organization": False}, {"multi_region": False}, {"validated": False}])
def test_a_changed_trail_is_shown_when_all_of_it_is_as_it_should_be(
    world: Callable[..., Any], change: dict[str, Any]
) -> None:
    there = world()
    (trail,) = there.facts.trails
    before = world().trails(replace(trail, **change))
    (step,) = plan(before.observed, before.desired).steps
    assert isinstance(step, UpdateTrail)
    assert TRAIL.shows(step, before.observed, before.desired) is False
    assert TRAIL.shows(step, there.observed, there.desired) is True


def test_what_could_not_be_read_is_not_known(world: Callable[..., Any]) -> None:
    nothing = world(kms_key=True).without_storage()
    unread = Unread("AccessDenied")
    blind = nothing.observed.with_facts(TrailFacts(unread, unread, unread))
    for step in plan(nothing.observed, nothing.desired).steps:
        assert TRAIL.shows(step, blind, nothing.desired) is None
