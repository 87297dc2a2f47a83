"""Accounts about which a person has to decide block their own steps, in every phase, and no others."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from orgkit.cli.github import _plan_annotations
from orgkit.cli.planning import PlannedPhase, exit_code_of, summary_of
from orgkit.errors import EXIT_APPROVAL_NEEDED, EXIT_REFUSED
from orgkit.model.desired import KEY_TAG, Desired, ImportSpec
from orgkit.model.matching import match_if_clear
from orgkit.model.observed import Account, Observed
from orgkit.model.plan import Plan
from orgkit.phases.member_access.member_roles_aws import members_to_read
from orgkit.phases.member_access.steps import AboutAccount
from orgkit.phases.registry import phase_of
from orgkit.phases.registry import plan as plan_phase
from orgkit.runbook.views.plan_overlay import tree_after_plan
from orgkit.runbook.views.tree import as_text
from orgkit.runbook.views.views import render_plan
from tests.plans.loader import desired_of, observed_of
from tests.plans.test_properties import patient, worlds

PHASES = ("accounts", "imports")


def closed(account: Account) -> Account:
    return replace(account, state="SUSPENDED")


def spoiled(observed: Observed, desired: Desired, keys: set[str]) -> tuple[Observed, set[str]]:
    """The accounts of these keys closed, every other one of them claimed by a second live account too."""
    accounts, blocked = list(observed.accounts), set()
    for place, spec in enumerate(spec for spec in desired.members if spec.key in keys):
        account = match_if_clear(spec, observed)
        if account is None:
            continue
        blocked.add(spec.key)
        at = accounts.index(account)
        if place % 2 and not isinstance(spec, ImportSpec):
            tag = ((KEY_TAG, spec.key),)
            copy = Account(f"8{ord(spec.key):011}", "a copy", f"c{spec.key}@acme.example", "ACTIVE", (), "CREATED", tag)
            accounts[at] = replace(account, tags=tag)
            accounts.append(copy)
        else:
            accounts[at] = closed(account)
    return replace(observed, accounts=tuple(accounts)), blocked


@patient
@given(worlds(), st.sets(st.sampled_from("klmnop"), min_size=1))
def test_any_number_of_blocked_accounts_leaves_the_steps_of_all_others_as_they_were(world, keys: set[str]) -> None:
    observed, desired = world
    spoiled_world, blocked = spoiled(observed, desired, keys)
    for phase in PHASES:
        before, after = plan_phase(phase, observed, desired), plan_phase(phase, spoiled_world, desired)
        others = [step for step in before.steps if isinstance(step, AboutAccount) and step.key not in blocked]
        assert list(after.steps) == others
        specs = desired.accounts if phase == "accounts" else desired.imports
        assert {decision.blocks for decision in after.blocked} == blocked & {spec.key for spec in specs}


@settings(max_examples=30)
@given(worlds())
def test_a_closed_account_does_not_keep_the_others_from_being_read(world) -> None:
    observed, desired = world
    everything_closed = replace(observed, accounts=tuple(map(closed, observed.accounts)), members=())
    assert members_to_read(everything_closed, desired.members) == []


ARCHIVE = Account(
    "222222222222", "log-archive", "aws-log-archive@acme.example", "SUSPENDED", ("Security",), "CREATED", ()
)


def closed_archive() -> tuple[Plan, Observed, Desired]:
    observed = replace(observed_of({"organization": {}}), accounts=(ARCHIVE,))
    return plan_phase("accounts", observed, desired_of()), observed, desired_of()


def test_a_plan_without_steps_says_that_it_is_not_whole() -> None:
    plan, observed, desired = closed_archive()
    text = " ".join(render_plan(plan).text.split())
    assert "Nothing to change, apart from what waits for a decision, on AWS" in text
    assert "log-archive: account 222222222222 (log-archive), which the file wants as log-archive, is SUSPENDED." in text
    assert "To go on: reopen it with AWS Support" in text
    assert "waiting for a decision" in as_text(tree_after_plan(observed, desired, plan))


def test_a_blocked_account_is_no_success_of_the_nightly_plan() -> None:
    plan, _, _ = closed_archive()
    assert [waiting.facts()["blocks"] for waiting in plan.waiting] == ["log-archive"]
    blocked = PlannedPhase(phase_of("accounts"), plan)
    assert exit_code_of([blocked]) == EXIT_REFUSED
    assert summary_of([blocked]) == "03 left until a person decides (exit code 1)."
    observed = replace(observed_of({"organization": {}}), accounts=())
    ready = PlannedPhase(phase_of("accounts"), plan_phase("accounts", observed, desired_of()))
    assert exit_code_of([blocked, ready]) == EXIT_APPROVAL_NEEDED
    notes = list(_plan_annotations(blocked))
    assert [note.level for note in notes] == ["error"]
    assert "is SUSPENDED" in notes[0].message
