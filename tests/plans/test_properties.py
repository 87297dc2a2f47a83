"""What holds for every plan: order means nothing, planning is repeatable, and an applied plan leaves nothing to do."""

from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orgkit.model.desired import ACCESS_ROLE, AccountSpec, Desired, ImportSpec, UnitPath, UnitSpec
from orgkit.model.observed import Account, Member, Observed, Organization, Unit
from orgkit.model.plan import Plan, Step
from orgkit.phases.account_imports.facts import ImportFacts, Owner
from orgkit.phases.accounts.moves import MoveFacts
from orgkit.phases.permissions import steps_of
from orgkit.phases.registry import phase_of
from orgkit.phases.registry import plan as plan_phase
from tests.plans.loader import AS_ASKED, CONCEPTS, ORGANIZATION, desired_of, observed_of
from tests.plans.simulation import after

BASE = desired_of()
patient = settings(suppress_health_check=[HealthCheck.too_slow])
# Each key with any of the values or without one; drawn at once, since a world has up to forty such tags.
TAGS = st.sampled_from(
    [
        tuple((key, value) for key, value in zip(("ManagedBy", "Name", "Owner"), values, strict=True) if value)
        for values in product(("", *"xyz"), repeat=3)
    ]
)
NAMES = st.sampled_from(["a", "b", "c d", "Ä", "a/b", "/", "\\"])


@st.composite
def unit_paths(draw: st.DrawFn) -> list[UnitPath]:
    """Some paths, and everything above them."""
    drawn = draw(st.lists(st.lists(NAMES, min_size=1, max_size=5), max_size=6))
    return sorted({tuple(names[:depth]) for names in drawn for depth in range(1, len(names) + 1)})


@st.composite
def worlds(draw: st.DrawFn) -> tuple[Observed, Desired]:
    """Any file with units, accounts and imports, and any organization that has some of it, and more."""
    paths = draw(unit_paths())
    units = tuple(UnitSpec(path, draw(TAGS)) for path in paths)
    keys = draw(st.lists(st.sampled_from("klmnop"), unique=True, max_size=6))
    members = [_spec(draw, key, paths) for key in keys]
    desired = replace(
        BASE,
        units=units,
        accounts=tuple(spec for spec in members if isinstance(spec, AccountSpec)),
        imports=tuple(spec for spec in members if isinstance(spec, ImportSpec)),
    )
    return _observed(draw, desired), desired


def _spec(draw: st.DrawFn, key: str, paths: list[UnitPath]) -> AccountSpec | ImportSpec:
    both: dict[str, Any] = {"key": key, "name": f"the {key}", "email": f"{key}@acme.example", "role_name": ACCESS_ROLE}
    both |= {"unit": draw(st.sampled_from([(), *paths])), "tags": (("orgkit:key", key), *draw(TAGS))}
    if draw(st.booleans()):
        return AccountSpec(**both, iam_access_to_billing=False)
    return ImportSpec(**both, id=f"{ord(key):012}", profile=key, leaves_other_organization=False)


def _observed(draw: st.DrawFn, desired: Desired) -> Observed:
    there = {*draw(unit_paths()), *(unit.path for unit in desired.units if draw(st.booleans()))}
    there |= {path[:depth] for path in there for depth in range(1, 5)}
    accounts = [_account(draw, spec, sorted(there)) for spec in desired.members if draw(st.booleans())]
    return replace(
        observed_of({"organization": {}}),
        units=tuple(Unit(path, f"ou-{n}", draw(TAGS)) for n, path in enumerate(sorted(there))),
        accounts=tuple(accounts),
        members=tuple(Member(a.id, *draw(st.tuples(st.booleans(), st.booleans())), True) for a in accounts),
        phase_facts=(
            MoveFacts(),
            ImportFacts(owners=tuple(Owner(spec.id, None, (), False, False) for spec in desired.imports)),
        ),
    )


def _account(draw: st.DrawFn, spec: AccountSpec | ImportSpec, units: list[UnitPath]) -> Account:
    joined = "CREATED" if isinstance(spec, AccountSpec) else draw(st.sampled_from(["CREATED", "INVITED"]))
    number, unit = spec.id or f"9{ord(spec.key):011}", draw(st.sampled_from([(), *units]))
    return Account(number, spec.name, spec.email, "ACTIVE", unit, joined, draw(TAGS))


def plans(world: tuple[Observed, Desired]) -> list[Plan]:
    return [plan_phase(concept, *world) for concept in CONCEPTS]


@patient
@given(worlds(), st.randoms(use_true_random=False))
def test_the_order_of_the_file_and_of_the_answers_changes_nothing(world: tuple[Observed, Desired], chance: Any) -> None:
    observed, desired = world
    shuffled = replace(
        desired,
        units=tuple(chance.sample(desired.units, len(desired.units))),
        accounts=tuple(chance.sample(desired.accounts, len(desired.accounts))),
        imports=tuple(chance.sample(desired.imports, len(desired.imports))),
    )
    otherwise = replace(
        observed,
        accounts=tuple(chance.sample(observed.accounts, len(observed.accounts))),
        members=tuple(chance.sample(observed.members, len(observed.members))),
    )
    assert [plan.canonical for plan in plans((otherwise, shuffled))] == [plan.canonical for plan in plans(world)]


@patient
@given(worlds())
def test_planning_again_gives_the_same_bytes(world: tuple[Observed, Desired]) -> None:
    assert [plan.digest for plan in plans(world)] == [plan.digest for plan in plans(world)]


@patient
@given(worlds())
def test_after_units_accounts_and_imports_were_applied_nothing_is_left_to_do(world: tuple[Observed, Desired]) -> None:
    observed, desired = world
    for concept in ("units", "accounts", "imports"):
        observed = after(plan_phase(concept, observed, desired), observed, desired)
        assert plan_phase(concept, observed, desired).empty


@patient
@given(worlds())
def test_a_phase_takes_no_step_but_those_that_its_permissions_are_made_of(world: tuple[Observed, Desired]) -> None:
    for plan in plans(world):
        assert {type(step) for step in plan.steps} <= set(steps_of(phase_of(plan.phase)))


@patient
@given(worlds())
def test_no_two_steps_of_a_plan_have_one_id_or_one_sentence(world: tuple[Observed, Desired]) -> None:
    for plan in plans(world):
        for named in ([step.id for step in plan.steps], [step.sentence for step in plan.steps]):
            assert len(set(named)) == len(named)


@patient
@given(worlds())
def test_aws_shows_a_step_when_it_is_done_and_not_before(world: tuple[Observed, Desired]) -> None:
    observed, desired = world
    for concept in ("units", "accounts", "imports"):
        plan, phase = plan_phase(concept, observed, desired), phase_of(concept)
        then = after(plan, observed, desired)
        for step in plan.steps:
            assert not phase.shows(step, observed, desired), step
            assert phase.shows(step, then, desired), step
        observed = then


@patient
@given(worlds(), st.data())
def test_what_is_left_after_any_number_of_steps_is_the_rest_of_the_plan(
    world: tuple[Observed, Desired], data: st.DataObject
) -> None:
    observed, desired = world
    for concept in ("units", "accounts", "imports"):
        whole = plan_phase(concept, observed, desired)
        done = data.draw(st.integers(0, len(whole.steps)))
        half = after(replace(whole, steps=whole.steps[:done]), observed, desired)
        assert plan_phase(concept, half, desired).steps == whole.steps[done:]
        observed = after(whole, observed, desired)


@pytest.mark.parametrize("status", ["PENDING_ENABLE", "PENDING_DISABLE", "ENABLED"])
def test_only_an_enabled_policy_type_counts_as_enabled(status: str) -> None:
    organization = Organization(
        **AS_ASKED
        | {
            "id": ORGANIZATION,
            "policy_types": (("RESOURCE_CONTROL_POLICY", "ENABLED"), ("SERVICE_CONTROL_POLICY", status)),
            "trusted_access": BASE.organization.trusted_access,
            "root_features": ("RootCredentialsManagement", "RootSessions"),
        }
    )
    observed = replace(observed_of({"organization": {}}), organization=organization)
    steps: tuple[Step, ...] = plan_phase("organization", observed, BASE).steps
    assert bool(steps) == (status != "ENABLED")
