"""A step is known by its kind and subject in every version of orgkit; how it is worded may change."""

import json
from dataclasses import fields

import pytest

from orgkit.model.plan import Step
from orgkit.phases.registry import RUNBOOKS, read_step, read_step_of_schema_1
from tests.docs.test_steps_page import example

STEPS = sorted({step for phase in RUNBOOKS for step in phase.steps}, key=lambda step: step.__name__)
# Records have these words for good. A new step adds one; none is changed, and none is taken for another step.
KINDS = {
    "accept-email-change", "start-email-change", "quarantine-account", "tag-quarantined-account", "close-account",
    "accept-invitation", "activate-cost-tag", "attach-policy", "block-public-access", "block-state-public-access",
    "change-policy", "create-account", "create-identity-provider", "create-state-bucket", "create-state-role",
    "create-alias",
    "create-anomaly-monitor", "create-anomaly-subscription", "create-bucket", "create-budget", "create-key",
    "create-organization", "create-policy", "create-read-role", "create-trail", "create-unit", "delete-policy",
    "detach-policy", "enable-policy-type",
    "enable-root-feature", "enable-trusted-access", "invite-account", "make-manageable", "move-account",
    "rename-account", "rename-unit", "set-contact",
    "restrict-read-role", "rotate-key", "set-acl", "set-bucket-policy", "set-encryption", "set-event-selectors",
    "set-key-policy", "set-lifecycle", "set-object-lock", "set-ownership", "set-state-acl",
    "set-state-bucket-policy", "set-state-encryption", "set-state-lifecycle", "set-state-ownership",
    "set-state-role-policy", "set-state-role-trust", "set-state-versioning", "set-versioning", "start-logging",
    "tag-account", "tag-bucket", "tag-state-bucket", "tag-trail", "tag-unit", "update-trail",
}  # fmt: skip


def test_the_kinds_are_those_that_records_have() -> None:
    assert {step.kind for step in STEPS} == KINDS
    assert len(STEPS) == len(KINDS)


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.__name__)
def test_a_step_declares_its_kind_itself_and_has_no_field_that_would_hide_its_id(step: type[Step]) -> None:
    assert "kind" in vars(step)
    assert not {"id", "sentence", "step"} & {field.name for field in fields(step)}


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.__name__)
def test_a_step_is_read_back_from_a_plan(step: type[Step]) -> None:
    made = example(step)
    facts = json.loads(json.dumps(made.facts()))
    assert read_step(facts) == made
    assert read_step({**facts, "sentence": "as an older version said it"}) == made
    assert made.id == f"{step.kind}:{made.subject}"


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.__name__)
def test_a_step_is_read_back_from_a_plan_of_schema_1_by_the_name_of_its_class(step: type[Step]) -> None:
    made = example(step)
    facts = {name: value for name, value in json.loads(json.dumps(made.facts())).items() if name != "id"}
    assert read_step_of_schema_1({**facts, "step": step.__name__, "sentence": "worded otherwise"}) == made


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"id": "create-unit:A"},
        {"id": "burn-unit:A", "path": "A", "tags": [], "starts_from": "absent"},
        {"id": "create-unit:A", "path": "A", "tags": [], "starts_from": "absent", "more": 1},
        {"id": None, "path": "A", "tags": [], "starts_from": "absent"},
    ],
)
def test_what_this_version_does_not_know_as_a_step_is_none(facts: dict[str, object]) -> None:
    assert read_step(facts) is None


@pytest.mark.parametrize("phase", [phase for phase in RUNBOOKS if phase.changes], ids=lambda phase: phase.label)
def test_each_step_of_a_phase_says_how_aws_shows_it(phase) -> None:
    assert sorted(step.kind for step, _ in phase.evidence) == sorted(step.kind for step in phase.steps)
