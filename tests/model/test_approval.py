"""An approval lets through the approved plan, or what is left of it, and nothing else."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orgkit.errors import EXIT_PLAN_CHANGED, ApprovalMismatch
from orgkit.model.approval import ApprovedPlan, changed_since_approval, check_fresh, check_remainder
from orgkit.model.plan import Plan, Step, Target
from orgkit.phases.account_imports.steps import InviteAccount
from orgkit.phases.organizational_units.steps import CreateUnit
from tests.plans.loader import reviewed

TARGET = Target("999999999999", "o-exampleorgid", "aws", "aws")
STEPS = tuple(CreateUnit(path=(path,), tags=(("Name", path),)) for path in "ABCD")
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
PLAN = reviewed(Plan("units", TARGET, STEPS), NOON)
APPROVED = ApprovedPlan.from_plan(PLAN)


def planned(*steps: Step) -> Plan:
    return replace(PLAN, steps=steps)


def test_the_approved_plan_itself_passes() -> None:
    check_remainder(PLAN, APPROVED, committed=())


@given(st.lists(st.booleans(), min_size=4, max_size=4))
def test_whatever_is_left_of_it_in_its_order_passes(stored: list[bool]) -> None:
    left = [step for step, keep in zip(STEPS, stored, strict=True) if keep]
    done = [step.id for step, keep in zip(STEPS, stored, strict=True) if not keep]
    check_remainder(planned(*left), APPROVED, committed=done)


@pytest.mark.parametrize(
    "plan",
    [
        planned(*STEPS, CreateUnit(path=("E",), tags=())),
        planned(CreateUnit(path=("E",), tags=())),
        planned(replace(STEPS[0], tags=())),
        planned(STEPS[1], STEPS[0]),
        planned(STEPS[0], STEPS[0]),
    ],
    ids=["one more", "another", "other tags", "other order", "twice"],
)
def test_a_step_that_was_not_approved_as_it_is_and_where_it_is_does_not_pass(plan: Plan) -> None:
    with pytest.raises(ApprovalMismatch, match="not in the approved plan") as rejection:
        check_remainder(plan, APPROVED, committed=())
    assert plan.digest in rejection.value.remedy
    assert rejection.value.exit_code == EXIT_PLAN_CHANGED


def test_a_step_that_would_replace_something_else_than_was_approved_does_not_pass() -> None:
    changed = planned(STEPS[0], replace(STEPS[1], starts_from="ou-1 of <b>somebody</b> else"))
    with pytest.raises(ApprovalMismatch, match="approved where AWS has absent, and it has ou-1 of <b>") as rejection:
        check_remainder(changed, APPROVED, committed=())
    assert changed.digest in rejection.value.remedy
    assert rejection.value.exit_code == EXIT_PLAN_CHANGED


def test_of_two_long_values_a_message_shows_where_they_differ() -> None:
    same = "x" * 5000
    message = changed_since_approval(replace(STEPS[0], starts_from=f"{same} mine"), f"{same} yours").reason
    assert " mine, and" in message
    assert " yours now" in message
    assert len(message) < 600


def test_a_step_that_was_done_and_came_back_does_not_pass() -> None:
    with pytest.raises(ApprovalMismatch, match=r"undone since: create organizational unit B") as rejection:
        check_remainder(planned(*STEPS[1:]), APPROVED, committed={STEPS[0].id, STEPS[1].id})
    assert "who undid it" in rejection.value.remedy


@pytest.mark.parametrize(
    ("name", "value"),
    [("account", "111111111111"), ("organization", "o-otherotherot"), ("organization", None), ("kind", "emulator"),
     ("partition", "aws-cn")],
)  # fmt: skip
def test_an_approval_for_another_target_does_not_pass(name: str, value: str | None) -> None:
    there = replace(TARGET, **{name: value})
    for plan, approved in ((PLAN, replace(PLAN, target=there)), (replace(PLAN, target=there), PLAN)):
        with pytest.raises(ApprovalMismatch, match="was approved for phase units on"):
            check_remainder(plan, ApprovedPlan.from_plan(approved), committed=())


def test_an_approval_given_on_an_emulator_cannot_be_used_on_aws() -> None:
    rehearsed = ApprovedPlan.from_plan(replace(PLAN, target=replace(TARGET, kind="emulator")))
    with pytest.raises(ApprovalMismatch, match=r"on an emulator, .* on AWS, "):
        check_remainder(PLAN, rehearsed, committed=())


def test_an_approval_for_another_phase_does_not_pass() -> None:
    with pytest.raises(ApprovalMismatch, match=r"approved for phase units .* this is phase accounts"):
        check_remainder(replace(PLAN, phase="accounts"), APPROVED, committed=())


def test_within_01_the_organization_may_come_into_being() -> None:
    before = replace(PLAN, phase="organization", target=replace(TARGET, organization=None))
    after = replace(PLAN, phase="organization", steps=STEPS[1:])
    check_remainder(after, ApprovedPlan.from_plan(before), committed={STEPS[0].id})


def test_it_may_not_come_into_being_within_any_other_phase_nor_cease_to_be_within_01() -> None:
    nowhere = replace(TARGET, organization=None)
    for phase, before, after in (("units", nowhere, TARGET), ("organization", TARGET, nowhere)):
        approved = ApprovedPlan.from_plan(replace(PLAN, phase=phase, target=before))
        with pytest.raises(ApprovalMismatch):
            check_remainder(replace(PLAN, phase=phase, target=after), approved, committed=())


def test_within_01_the_account_must_still_be_the_same() -> None:
    before = replace(PLAN, phase="organization", target=replace(TARGET, organization=None))
    after = replace(PLAN, phase="organization", target=replace(TARGET, account="111111111111"))
    with pytest.raises(ApprovalMismatch):
        check_remainder(after, ApprovedPlan.from_plan(before), committed=())


def test_an_approval_to_invite_again_does_not_outlive_the_answer_that_it_rests_on() -> None:
    """Declined once, approved again, and declined again: somebody has to be asked a second time."""
    invite = InviteAccount(key="dns", name="dns", account_id="1", starts_from="h-1 DECLINED")
    approved = ApprovedPlan.from_plan(planned(invite))
    check_remainder(planned(invite), approved, committed=())
    with pytest.raises(ApprovalMismatch):
        check_remainder(planned(replace(invite, starts_from="h-2 DECLINED")), approved, committed=())


def test_an_empty_rest_passes_whatever_was_done() -> None:
    check_remainder(planned(), APPROVED, committed=[step.id for step in STEPS])


def test_a_kept_plan_can_be_approved_for_so_many_hours_and_not_a_second_longer() -> None:
    assert check_fresh(APPROVED, NOON + timedelta(hours=24), 24) == NOON + timedelta(hours=24)
    with pytest.raises(ApprovalMismatch, match="made 2026-11-23 12:00 UTC and could be approved for 24 hours"):
        check_fresh(APPROVED, NOON + timedelta(hours=24, seconds=1), 24)


class Reworded(CreateUnit):
    """The same step in a version of orgkit that words it otherwise."""

    @property
    def sentence(self) -> str:
        return f"make the OU {self.subject}"


def test_a_version_that_words_a_step_otherwise_goes_on_with_the_approved_plan() -> None:
    reworded = planned(*(Reworded(path=step.path, tags=step.tags) for step in STEPS[1:]))
    check_remainder(reworded, APPROVED, committed={STEPS[0].id})
    with pytest.raises(ApprovalMismatch, match="undone since: make the OU B"):
        check_remainder(reworded, APPROVED, committed={STEPS[1].id})


@pytest.mark.parametrize(("schema", "age"), [(1, "an older"), (None, "an older"), ("2", "an older"), (3, "a newer")])
def test_a_plan_of_another_schema_is_never_applied(schema: object, age: str) -> None:
    """Also not where all of its steps seem to be the same."""
    other = replace(APPROVED, content={**APPROVED.content, "schema": schema})
    with pytest.raises(ApprovalMismatch, match=f"was planned by {age} orgkit") as rejection:
        check_remainder(PLAN, other, committed=())
    assert rejection.value.remedy.startswith("plan and approve again")
    assert PLAN.digest in rejection.value.remedy
    assert rejection.value.exit_code == EXIT_PLAN_CHANGED


def test_a_plan_from_the_future_cannot_be_approved_since_it_would_never_end() -> None:
    assert check_fresh(APPROVED, NOON - timedelta(minutes=5), 24) == NOON + timedelta(hours=24)
    with pytest.raises(ApprovalMismatch, match="says that it was made 2026-11-23 12:00 UTC"):
        check_fresh(APPROVED, NOON - timedelta(minutes=6), 24)
