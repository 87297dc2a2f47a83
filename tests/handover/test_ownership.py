"""`[handover]` of the parameters file: what Terraform owns is reported, and no step is planned for it."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from orgkit.errors import ParametersInvalid
from orgkit.model.desired import HandoverSpec
from orgkit.model.plan import starting_value
from orgkit.parameters import load
from orgkit.phases.member_access.steps import CreateReadRole
from orgkit.phases.registry import OWNED_BY_TERRAFORM, RUNBOOKS, plan
from orgkit.runbook.handover_rewrite import is_rewritten
from tests.bootstrap.project import EXAMPLE
from tests.handover.stages import MEMBERS
from tests.plans.loader import desired_of, observed_of

CASES = Path(__file__).parents[1] / "plans"
ACCOUNTS = "".join(f'\n[accounts.app-{n}]\nemail = "aws-app-{n}@example.com"\nunit = "Production"\n' for n in range(20))
HANDED_OVER = tuple(phase for phase in RUNBOOKS if phase.handover)


def planned(case: str, *phases: str):
    """A case of the plans, with and without these phases handed over."""
    folder = CASES / case
    observed = observed_of(json.loads((folder / "observed.json").read_text(encoding="utf-8")))
    desired = desired_of(folder / "desired.toml")
    owned = desired.with_section(HandoverSpec(phases))
    phase = case.partition("/")[0]
    return plan(phase, observed, desired), plan(phase, observed, owned)


def test_every_phase_with_steps_can_be_handed_over_but_five():
    """The state of Terraform, contacts and changes of emails stay orgkit's; what takes away makes nothing."""
    others = {"state-backend", "policy-removal", "contacts", "emails", "offboarding"}
    assert {phase.label for phase in RUNBOOKS if phase.changes} - others == {phase.label for phase in HANDED_OVER}


@pytest.mark.parametrize("phase", HANDED_OVER, ids=lambda phase: phase.label)
def test_what_is_handed_over_are_steps_of_the_phase(phase):
    assert {*phase.handover.steps, *phase.handover.member_steps} <= set(phase.steps)


def test_a_step_that_terraform_owns_is_reported_instead_of_planned():
    usual, owned = planned("units/no-tags-at-all", "units")
    assert usual.steps
    assert owned.steps == ()
    assert [waiting.what for waiting in owned.waiting] == [
        f"{step.sentence}: {OWNED_BY_TERRAFORM}" for step in usual.steps
    ]


def test_a_phase_that_is_not_named_plans_as_before():
    usual, other = planned("units/no-tags-at-all", "accounts")
    assert (usual.steps, usual.waiting) == (other.steps, other.waiting)


def test_the_roles_of_an_account_stay_orgkits():
    usual, owned = planned("accounts/read-role-missing-or-outdated", "accounts")
    assert any(isinstance(step, CreateReadRole) for step in usual.steps)
    assert owned.steps == usual.steps


def test_with_members_a_role_that_is_there_is_terraforms_and_a_new_one_is_made():
    folder = CASES / "accounts" / "read-role-missing-or-outdated"
    observed = observed_of(json.loads((folder / "observed.json").read_text(encoding="utf-8")))
    outdated = starting_value({"policy": {"Statement": []}})
    members = (replace(item, read_role=outdated) if item.readable else item for item in observed.members)
    observed = replace(observed, members=tuple(members))
    desired = desired_of(folder / "desired.toml").with_section(HandoverSpec(("accounts",), members=True))
    planned_now = plan("accounts", observed, desired)
    assert [step.key for step in planned_now.steps if isinstance(step, CreateReadRole)] == ["website"]
    (waiting,) = planned_now.waiting
    assert "account log-archive" in waiting.what
    assert OWNED_BY_TERRAFORM in waiting.what


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"{MEMBERS}{ACCOUNTS}", "the file has 23 accounts: each needs a provider of Terraform"),
        (f"{MEMBERS}\n[members]\nread_role = false\n", "with read_role = false"),
    ],
)
def test_roles_of_too_many_accounts_or_of_none_are_refused(tmp_path, text, message):
    path = tmp_path / "acme.toml"
    example = EXAMPLE.read_text(encoding="utf-8").replace("\n[handover]\n", "\n").replace("\n[members]\n", "\n")
    path.write_text(example + text, encoding="utf-8")
    with pytest.raises(ParametersInvalid, match=rf"handover\.members.*{message}"):
        load(path)


@pytest.mark.parametrize("folder", ["", "infrastructure"])
def test_a_rename_of_what_terraform_owns_is_planned_only_where_the_run_writes_its_files_again(folder):
    case = CASES / "accounts" / "renamed-from"
    observed = observed_of(json.loads((case / "observed.json").read_text(encoding="utf-8")))
    desired = desired_of(case / "desired.toml").with_section(HandoverSpec(("accounts",), folder=folder))
    owned = plan("accounts", observed, desired)
    assert {step.kind for step in owned.steps} == ({"rename-account"} if folder else set())
    assert any("may replace an account" in waiting.what for waiting in owned.waiting) != bool(folder)
    assert is_rewritten("accounts", desired) == is_rewritten("emails", desired) == bool(folder)
    assert not is_rewritten("imports", desired)


def test_what_terraform_has_to_create_first_has_no_further_steps():
    usual, owned = planned("accounts/nothing-there", "accounts")
    assert {type(step) for step in usual.steps} >= {CreateReadRole}
    assert owned.steps == ()


def test_a_phase_that_terraform_cannot_own_is_refused(tmp_path):
    path = tmp_path / "acme.toml"
    text = EXAMPLE.read_text(encoding="utf-8").replace("#phases = []", 'phases = ["unit"]')
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ParametersInvalid, match="units"):
        load(path)
