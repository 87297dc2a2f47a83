"""Planning and showing a plan take time in proportion to the number of accounts, whatever has to be done for them."""

import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from orgkit.costs.estimate.effect import monthly_effect
from orgkit.model.desired import ACCESS_ROLE, KEY_TAG, AccountSpec, Desired, ImportSpec, UnitSpec
from orgkit.model.matching import IdIndex
from orgkit.model.observed import Account, Member, Observed, Unit
from orgkit.phases.account_imports.facts import Handshake, ImportFacts, Owner
from orgkit.phases.registry import plan
from orgkit.runbook.views.plan_overlay import tree_after_plan
from orgkit.runbook.views.tree import as_svg, as_text, desired_tree
from orgkit.runbook.views.views import render_plan
from tests.plans.loader import MANAGEMENT, desired_of, observed_of

SMALL, TIMES = 100, 10
# A linear step takes ten times as long; a scan of the accounts for each account took 80 to 100 times as long.
AT_MOST = 25
MANAGING = Account(MANAGEMENT, "acme", "aws@acme.example", "ACTIVE", (), "INVITED", ())

World = tuple[Desired, Observed]


def as_asked(count: int) -> World:
    """An organization with so many accounts, and an organizational unit for every 20: nothing is left to do."""
    desired = desired_of()
    units = tuple(_unit(number) for number in range(count // 20))
    accounts = tuple(
        AccountSpec(
            key=f"key-{number:05}", name=f"Account {number:05}", email=f"aws-{number}@acme.example",
            unit=units[number % len(units)].path, role_name=ACCESS_ROLE, iam_access_to_billing=False,
            tags=((KEY_TAG, f"key-{number:05}"),),
        )
        for number in range(count)
    )  # fmt: skip
    desired = replace(desired, units=(*desired.units, *units), accounts=(*desired.accounts, *accounts))
    return desired, replace(
        observed_of({"organization": {}}),
        units=tuple(Unit(spec.path, f"ou-root-{n:08}", spec.tags) for n, spec in enumerate(desired.units)),
        accounts=(MANAGING, *(_account(number, spec) for number, spec in enumerate(desired.accounts))),
        members=tuple(
            Member(_id(number), readable=True, current=True, access_role=True) for number in range(len(accounts) + 1)
        ),
    )


def nothing_there(count: int) -> World:
    desired, observed = as_asked(count)
    return desired, replace(observed, units=(), accounts=(MANAGING,), members=())


def all_in_the_root(count: int) -> World:
    desired, observed = as_asked(count)
    return desired, replace(observed, accounts=tuple(replace(account, unit=()) for account in observed.accounts))


def unreadable(count: int) -> World:
    desired, observed = as_asked(count)
    members = tuple(replace(member, readable=False, current=False) for member in observed.members)
    accounts = tuple(replace(account, tags=()) for account in observed.accounts)
    return desired, replace(observed, accounts=accounts, members=members)


def emails_changed(count: int) -> World:
    """A person has to decide about each account, since there is one of its name."""
    desired, observed = as_asked(count)
    accounts = tuple(replace(account, email=f"new-{account.email}", tags=()) for account in observed.accounts)
    return desired, replace(observed, accounts=accounts)


def units_renamed(count: int) -> World:
    desired, observed = as_asked(count)
    renamed = {unit.path: (f"{unit.path[0]} renamed",) for unit in observed.units}
    return desired, replace(
        observed,
        units=tuple(replace(unit, path=renamed[unit.path]) for unit in observed.units),
        accounts=tuple(replace(account, unit=renamed.get(account.unit, ())) for account in observed.accounts),
    )


def invited(count: int) -> World:
    """All accounts but the log archive account are imported; each has an invitation that is open, and its owner."""
    desired, observed = as_asked(count)
    archive, *others = desired.accounts
    imports = tuple(
        ImportSpec(spec.key, _id(number), spec.name, spec.email, spec.unit, ACCESS_ROLE, "owner", False, spec.tags)
        for number, spec in enumerate(others, 1)
    )
    facts = ImportFacts(
        tuple(Handshake(f"h-{spec.id}", spec.id, "", "OPEN", "2026-12-01 00:00 UTC") for spec in imports),
        tuple(Owner(spec.id, None, (), False, False) for spec in imports),
    )
    observed = replace(observed, accounts=observed.accounts[:2]).with_facts(facts)
    return replace(desired, accounts=(archive,), imports=imports), observed


def _unit(number: int) -> UnitSpec:
    return UnitSpec((f"Unit {number:04}",), (("ManagedBy", "orgkit"), ("Name", f"Unit {number:04}")))


def _account(number: int, spec: AccountSpec) -> Account:
    return Account(_id(number), spec.name, spec.email, "ACTIVE", spec.unit, "CREATED", spec.tags)


def _id(number: int) -> str:
    return f"{number + 1:012}"


def show(phase: str, world: World) -> None:
    """Everything that `orgkit plan` and a runbook do with one reading of AWS."""
    desired, observed = world
    proposed = plan(phase, observed, desired)
    IdIndex(observed, desired)
    assert proposed.sha256
    monthly_effect(proposed, desired)
    tree = tree_after_plan(observed, desired, proposed)
    assert as_text(tree)
    assert as_svg(tree)
    assert render_plan(proposed).html
    desired_tree(desired)


def seconds(phase: str, world: Callable[[int], World], count: int) -> float:
    """CPU time, the least of two: whatever else runs on the machine makes it longer, never shorter."""

    def once() -> float:
        made = world(count)  # anew, without the indexes of the round before
        started = time.process_time()
        show(phase, made)
        return time.process_time() - started

    return min(once(), once())


@pytest.mark.parametrize(
    ("phase", "world"),
    [
        ("accounts", as_asked),
        ("accounts", nothing_there),
        ("accounts", all_in_the_root),
        ("accounts", unreadable),
        ("accounts", emails_changed),
        ("accounts", units_renamed),
        ("units", nothing_there),
        ("units", units_renamed),
        ("imports", invited),
    ],
)
def test_ten_times_as_many_accounts_take_about_ten_times_as_long(phase: str, world: Callable[[int], World]) -> None:
    show(phase, world(SMALL))  # what is loaded once
    few, many = seconds(phase, world, SMALL), seconds(phase, world, SMALL * TIMES)
    print(f"{few:.3f} s, {many:.3f} s")
    assert many / few <= AT_MOST
