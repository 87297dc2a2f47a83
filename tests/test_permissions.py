"""The policies made from the steps: complete, of actions that exist, small enough, and no wider than a phase."""

import json
from collections.abc import Iterator

import pytest
from policy_sentry.querying.actions import get_actions_for_service

from orgkit.model.accounts import CreateAccount, CreateReadRole, MakeManageable
from orgkit.model.imports import AcceptInvitation
from orgkit.model.roles import extra_reads, read_policy
from orgkit.model.trail import CreateBucket, CreateKey, InLogArchive
from orgkit.permissions import actions_of, policy_for, steps_of
from orgkit.phases import RUNBOOKS, Phase, phase_of
from orgkit.plan import Step
from tests.plans.loader import desired_of
from tests.test_steps_page import example

LARGEST = 6144  # characters of a managed policy
ALL = sorted({step for phase in RUNBOOKS for step in steps_of(phase)}, key=lambda step: step.__name__)


def subclasses(kind: type[Step]) -> Iterator[type[Step]]:
    for step in kind.__subclasses__():
        yield step
        yield from subclasses(step)


def allowed(phase: Phase) -> set[str]:
    return {action for statement in policy_for([phase])["Statement"] for action in statement["Action"]}


def test_every_step_belongs_to_a_phase() -> None:
    made = {step for step in subclasses(Step) if step.__module__.startswith("orgkit.") and step.actions}
    assert made == set(ALL)


def test_a_class_of_steps_that_needs_no_action_is_only_there_for_others_to_be_made_of() -> None:
    bare = {step for step in subclasses(Step) if step.__module__.startswith("orgkit.") and not step.actions}
    assert [step for step in bare if not step.__subclasses__()] == []


@pytest.mark.parametrize("step", ALL, ids=lambda step: step.__name__)
def test_a_step_says_what_it_does_and_what_it_is_about(step: type[Step]) -> None:
    made = example(step)
    assert made.sentence[0].islower()
    assert not made.sentence.endswith(".")
    assert "\n" not in made.sentence
    assert made.subject
    assert made.subject in made.leans_on
    assert step.sign in ("+", "~")
    assert step.__doc__
    json.dumps(made.facts())


@pytest.mark.parametrize("step", ALL, ids=lambda step: step.__name__)
def test_every_action_of_a_step_exists(step: type[Step]) -> None:
    services = {action.split(":")[0] for action in step.actions}
    known = {action for service in services for action in get_actions_for_service(service)}
    assert set(step.actions) - known == set()


@pytest.mark.parametrize("phase", RUNBOOKS, ids=lambda phase: phase.label)
def test_every_action_of_a_policy_exists(phase: Phase) -> None:
    services = {action.split(":")[0] for action in allowed(phase)}
    known = {action for service in services for action in get_actions_for_service(service)}
    assert allowed(phase) - known == set()


def test_every_action_of_the_read_role_exists_and_reads() -> None:
    desired = desired_of()
    policy = read_policy(extra_reads(desired, "log-archive"))
    actions = {action for statement in policy["Statement"] for action in statement["Action"]}
    known = {action for service in ("iam", "s3", "kms", "cloudtrail") for action in get_actions_for_service(service)}
    assert actions - known == set()
    verbs = ("Get", "List", "Describe", "Lookup")
    assert [action for action in actions if not action.split(":")[1].startswith(verbs)] == []


@pytest.mark.parametrize("phase", RUNBOOKS, ids=lambda phase: phase.label)
def test_the_policy_of_a_phase_fits_into_a_managed_policy(phase: Phase) -> None:
    assert len(json.dumps(policy_for([phase]), separators=(",", ":"))) < LARGEST


@pytest.mark.parametrize("phase", [phase for phase in RUNBOOKS if not phase.changes], ids=lambda phase: phase.label)
def test_a_phase_that_changes_nothing_is_allowed_to_read_only(phase: Phase) -> None:
    verbs = ("Get", "List", "Describe", "View")
    assert [action for action in allowed(phase) if not action.split(":")[1].startswith(verbs)] == []


def test_no_statement_allows_by_wildcard() -> None:
    for statement in policy_for(RUNBOOKS)["Statement"]:
        assert [action for action in statement["Action"] if "*" in action] == []
        assert statement["Effect"] == "Allow"


def test_roles_are_entered_and_made_by_name_only() -> None:
    for statement in policy_for(RUNBOOKS)["Statement"]:
        if {"sts:AssumeRole", "iam:CreateServiceLinkedRole"} & set(statement["Action"]):
            assert len(statement["Action"]) == 1
            assert statement["Resource"] != "*"


def test_what_is_done_inside_another_account_is_not_allowed_in_the_management_account() -> None:
    assert actions_of(CreateReadRole) == ("sts:AssumeRole",)
    assert actions_of(MakeManageable) == actions_of(AcceptInvitation) == ()
    assert actions_of(CreateBucket) == actions_of(CreateKey) == ("sts:AssumeRole",)
    for step in subclasses(InLogArchive):
        assert set(actions_of(step)) <= {"sts:AssumeRole"}
    assert [action for action in allowed(phase_of("trail")) if action.startswith(("s3:", "kms:"))] == []


def test_imports_may_not_create_accounts() -> None:
    assert CreateAccount in steps_of(phase_of("accounts"))
    assert CreateAccount not in steps_of(phase_of("imports"))
    assert "organizations:CreateAccount" not in allowed(phase_of("imports"))
    assert MakeManageable not in steps_of(phase_of("accounts"))
