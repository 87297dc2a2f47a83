"""An approval lets through the approved plan, or what is left of it, and nothing else."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orgkit.approval import ApprovedPlan, check_fresh, check_remainder
from orgkit.errors import EXIT_PLAN_CHANGED, ApprovalMismatch
from orgkit.model.imports import InviteAccount
from orgkit.model.units import CreateUnit
from orgkit.plan import Plan, Step, Target

TARGET = Target("999999999999", "o-exampleorgid", "aws", "aws")
STEPS = tuple(CreateUnit(path=path, tags=(("Name", path),)) for path in "ABCD")
PLAN = Plan("units", TARGET, STEPS)
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
APPROVED = ApprovedPlan.of(PLAN, NOON)


def planned(*steps: Step) -> Plan:
    return replace(PLAN, steps=steps)


def test_the_approved_plan_itself_passes() -> None:
    check_remainder(PLAN, APPROVED, committed=())


@given(st.lists(st.booleans(), min_size=4, max_size=4))
def test_whatever_is_left_of_it_in_its_order_passes(kept: list[bool]) -> None:
    left = [step for step, keep in zip(STEPS, kept, strict=True) if keep]
    done = [step.sentence for step, keep in zip(STEPS, kept, strict=True) if not keep]
    check_remainder(planned(*left), APPROVED, committed=done)


@pytest.mark.parametrize(
    "plan",
    [
        planned(*STEPS, CreateUnit(path="E", tags=())),
        planned(CreateUnit(path="E", tags=())),
        planned(replace(STEPS[0], tags=())),
        planned(replace(STEPS[0], rests_on=("something else",))),
        planned(STEPS[1], STEPS[0]),
        planned(STEPS[0], STEPS[0]),
    ],
    ids=["one more", "another", "other tags", "other facts", "other order", "twice"],
)
def test_a_step_that_was_not_approved_as_it_is_and_where_it_is_does_not_pass(plan: Plan) -> None:
    with pytest.raises(ApprovalMismatch, match="not in the approved plan") as refused:
        check_remainder(plan, APPROVED, committed=())
    assert plan.digest in refused.value.do
    assert refused.value.exit_code == EXIT_PLAN_CHANGED


def test_a_step_that_was_done_and_came_back_does_not_pass() -> None:
    with pytest.raises(ApprovalMismatch, match=r"undone since: create organizational unit B") as refused:
        check_remainder(planned(*STEPS[1:]), APPROVED, committed={STEPS[0].sentence, STEPS[1].sentence})
    assert "who undid it" in refused.value.do


@pytest.mark.parametrize(
    ("name", "value"),
    [("account", "111111111111"), ("organization", "o-otherotherot"), ("organization", None), ("kind", "emulator"),
     ("partition", "aws-cn")],
)  # fmt: skip
def test_an_approval_for_another_target_does_not_pass(name: str, value: str | None) -> None:
    there = replace(TARGET, **{name: value})
    for plan, approved in ((PLAN, replace(PLAN, target=there)), (replace(PLAN, target=there), PLAN)):
        with pytest.raises(ApprovalMismatch, match="was approved for phase units on"):
            check_remainder(plan, ApprovedPlan.of(approved, NOON), committed=())


def test_an_approval_given_on_an_emulator_cannot_be_used_on_aws() -> None:
    rehearsed = ApprovedPlan.of(replace(PLAN, target=replace(TARGET, kind="emulator")), NOON)
    with pytest.raises(ApprovalMismatch, match=r"on an emulator, .* on AWS, "):
        check_remainder(PLAN, rehearsed, committed=())


def test_an_approval_for_another_phase_does_not_pass() -> None:
    with pytest.raises(ApprovalMismatch, match=r"approved for phase units .* this is phase accounts"):
        check_remainder(replace(PLAN, phase="accounts"), APPROVED, committed=())


def test_within_01_the_organization_may_come_into_being() -> None:
    before = replace(PLAN, phase="organization", target=replace(TARGET, organization=None))
    after = replace(PLAN, phase="organization", steps=STEPS[1:])
    check_remainder(after, ApprovedPlan.of(before, NOON), committed={STEPS[0].sentence})


def test_it_may_not_come_into_being_within_any_other_phase_nor_cease_to_be_within_01() -> None:
    nowhere = replace(TARGET, organization=None)
    for phase, before, after in (("units", nowhere, TARGET), ("organization", TARGET, nowhere)):
        approved = ApprovedPlan.of(replace(PLAN, phase=phase, target=before), NOON)
        with pytest.raises(ApprovalMismatch):
            check_remainder(replace(PLAN, phase=phase, target=after), approved, committed=())


def test_within_01_the_account_must_still_be_the_same() -> None:
    before = replace(PLAN, phase="organization", target=replace(TARGET, organization=None))
    after = replace(PLAN, phase="organization", target=replace(TARGET, account="111111111111"))
    with pytest.raises(ApprovalMismatch):
        check_remainder(after, ApprovedPlan.of(before, NOON), committed=())


def test_an_approval_to_invite_again_does_not_outlive_the_answer_that_it_rests_on() -> None:
    """Declined once, approved again, and declined again: somebody has to be asked a second time."""
    invite = InviteAccount(key="dns", name="dns", account_id="1", rests_on=("h-1 DECLINED",))
    approved = ApprovedPlan.of(planned(invite), NOON)
    check_remainder(planned(invite), approved, committed=())
    with pytest.raises(ApprovalMismatch):
        check_remainder(planned(replace(invite, rests_on=("h-2 DECLINED",))), approved, committed=())


def test_an_empty_rest_passes_whatever_was_done() -> None:
    check_remainder(planned(), APPROVED, committed=[step.sentence for step in STEPS])


def test_a_kept_plan_can_be_approved_for_so_many_hours_and_not_a_second_longer() -> None:
    assert check_fresh(APPROVED, NOON + timedelta(hours=24), 24) == NOON + timedelta(hours=24)
    with pytest.raises(ApprovalMismatch, match="made 2026-11-23 12:00 UTC and could be approved for 24 hours"):
        check_fresh(APPROVED, NOON + timedelta(hours=24, seconds=1), 24)


def test_a_plan_from_the_future_cannot_be_approved_since_it_would_never_end() -> None:
    assert check_fresh(APPROVED, NOON - timedelta(minutes=5), 24) == NOON + timedelta(hours=24)
    with pytest.raises(ApprovalMismatch, match="says that it was made 2026-11-23 12:00 UTC"):
        check_fresh(APPROVED, NOON - timedelta(minutes=6), 24)
