"""What `[offboarding]` names is not taken for unmanaged: in plans of other phases, in pictures and by 08-health."""

from dataclasses import replace

import pytest

from orgkit.model.desired import Desired
from orgkit.model.inventory import Resource
from orgkit.model.observed import Observed
from orgkit.model.offboarding import NAME, OffboardingSpec
from orgkit.model.plan import Plan
from orgkit.parameters import load
from orgkit.phases.accounts import inventory as accounts_inventory
from orgkit.phases.accounts import planner as accounts
from orgkit.phases.organizational_units import inventory as units_inventory
from orgkit.phases.organizational_units import planner as units
from orgkit.phases.policies import inventory as policies_inventory
from orgkit.phases.policies import planner as policies
from orgkit.phases.policies.facts import AdoptedPolicies, DescribedPolicy, PolicyFacts
from orgkit.policy_evaluation.policy_types import SCP
from orgkit.runbook.views.plan_overlay import tree_after_plan
from orgkit.runbook.views.tree import as_svg, as_text, observed_tree
from tests.phases.offboarding.test_planner import ENTRY, EXAMPLE, ID, account, policy, world

FILE = load(EXAMPLE)
WANTED = FILE.with_section(OffboardingSpec(accounts=(ENTRY,)))
INVENTORIES = (accounts_inventory, units_inventory, policies_inventory)


@pytest.fixture(scope="module")
def observed() -> Observed:
    own = replace(policy(FILE, "ou-Quarantine"), id="p-q")
    stranger = account("Production", "333333333333", name="stranger")
    reading = world(FILE, accounts=[account(), stranger]).with_facts(PolicyFacts((own,)))
    return reading.with_facts(AdoptedPolicies((DescribedPolicy(own),)))


def unmanaged(observed: Observed, desired: Desired) -> list[str]:
    return [line for each in (units, accounts, policies) for line in each.plan(observed, desired).unmanaged]


def unmanaged_names(observed: Observed, desired: Desired) -> list[str]:
    found = [item for each in INVENTORIES for item in each.resources(observed, desired)]
    return [item.name for item in found if isinstance(item, Resource) and item.is_unmanaged]


def test_the_plans_of_other_phases_list_it_as_in_offboarding(observed: Observed) -> None:
    strangers = ["account 333333333333 (stranger), ACTIVE, in Production"]
    assert unmanaged(observed, WANTED) == [
        "organizational unit Quarantine, in offboarding",
        f"account {ID} (old), ACTIVE, in Quarantine, in offboarding",
        *strangers,
        f"policy {NAME} ({SCP}), in offboarding",
    ]
    assert [line for line in unmanaged(observed, FILE) if "offboarding" in line] == []
    assert len(unmanaged(observed, FILE)) == 4


def test_a_picture_has_a_mark_of_its_own_for_it(observed: Observed) -> None:
    after = tree_after_plan(observed, WANTED, Plan("accounts", observed.target))
    for tree in (observed_tree(observed, WANTED), after):
        lines = as_text(tree).splitlines()
        assert "└─ - Quarantine/  (in offboarding)" in [line.replace("├", "└") for line in lines]
        assert f"   └─ - old  {ID}  <old@acme.dev>  (in offboarding)" in [line.replace("│", " ") for line in lines]
        assert any("? stranger" in line and "(unmanaged)" in line for line in lines)
        assert "- in offboarding: the file wants it closed" in lines[-1]
        assert 'class="account offboarding"' in as_svg(tree)
    assert "offboarding" not in as_text(observed_tree(observed, FILE))


def test_a_picture_says_that_an_account_outside_the_quarantine_goes_and_that_a_closed_one_is_closed() -> None:
    both = [account("Production"), account("Quarantine", state="SUSPENDED", name="closed")]
    for number, each in enumerate(both):
        (line,) = (
            line for line in as_text(observed_tree(world(FILE, accounts=[each]), WANTED)).splitlines() if ID in line
        )
        assert line.endswith(("(in offboarding)", "(in offboarding, SUSPENDED)")[number])


def test_health_does_not_report_it_as_unmanaged_and_takes_quarantine_and_closing_for_wanted(
    observed: Observed,
) -> None:
    assert unmanaged_names(observed, WANTED) == ["stranger"]
    assert {*unmanaged_names(observed, FILE)} == {"old", "stranger", "Quarantine", f"{NAME} ({SCP})"}
    states = {"ACTIVE": {"unit": "Quarantine"}, "PENDING_CLOSURE": {"unit": "Quarantine", "state": "PENDING_CLOSURE"}}
    for state, values in states.items():
        reading = world(FILE, accounts=[account(state=state)])
        found = [item for item in accounts_inventory.resources(reading, WANTED) if isinstance(item, Resource)]
        assert next(item.spec_values for item in found if item.id == ID) == values
    elsewhere = world(FILE, accounts=[account("Production")])
    found = [item for item in accounts_inventory.resources(elsewhere, WANTED) if isinstance(item, Resource)]
    assert next(item.spec_values for item in found if item.id == ID) == {}
