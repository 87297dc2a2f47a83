"""What a move costs: policies, stacks and shares that an account gains and loses, as the step states them."""

from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orgkit.model.desired import AccountSpec, Desired, ImportSpec, UnitPath, UnitSpec
from orgkit.model.observed import Account, Observed, Unit
from orgkit.model.plan import Plan
from orgkit.phases.account_imports.facts import ImportFacts
from orgkit.phases.accounts.moves import AttachedPolicy, MoveFacts, Share, StackSet, effects_of, nodes_to_read
from orgkit.phases.accounts.steps import MoveAccount
from orgkit.phases.registry import plan, read_step
from tests.plans.loader import desired_of, observed_of

PATHS: tuple[UnitPath, ...] = ((), ("A",), ("A", "B"), ("A", "B", "C"), ("D",), ("D", "B"))
SCP, TAG = "SERVICE_CONTROL_POLICY", "TAG_POLICY"
ACCOUNT = "222222222222"


def node(path: UnitPath) -> str:
    return f"ou-{'-'.join(path)}" if path else "r-root"


def chain(path: UnitPath) -> set[str]:
    return {node(path[:depth]) for depth in range(len(path) + 1)}


def moved(
    source: UnitPath, destination: UnitPath, facts: MoveFacts | None, *, allowed: bool = False
) -> tuple[Observed, Desired]:
    """The log archive account is at `source`, and the file wants it at `destination`."""
    base = desired_of()
    spec = replace(base.accounts[0], unit=destination, allow_stack_deletion=allowed)
    desired = replace(base, units=tuple(UnitSpec(path, ()) for path in PATHS if path), accounts=(spec,))
    tags = (*spec.tags,)
    account = Account(ACCOUNT, spec.name, spec.email, "ACTIVE", source, "CREATED", tags)
    observed = replace(
        observed_of({"organization": {}}),
        units=tuple(Unit(path, node(path), ()) for path in PATHS if path),
        accounts=(account,),
        phase_facts=() if facts is None else (facts,),
    )
    return observed, desired


def move_of(made: Plan) -> MoveAccount:
    (step,) = (step for step in made.steps if isinstance(step, MoveAccount))
    return step


@given(
    st.sampled_from(PATHS), st.sampled_from(PATHS),
    st.dictionaries(st.sampled_from(PATHS), st.lists(st.sampled_from("abcd"), max_size=3), max_size=6),
)  # fmt: skip
def test_a_move_states_each_policy_that_is_inherited_before_or_after_and_not_both(
    source: UnitPath, destination: UnitPath, attached: dict[UnitPath, list[str]]
) -> None:
    policies = {name: AttachedPolicy(SCP if name in "ab" else TAG, name, f"p-{name}") for name in "abcd"}
    facts = MoveFacts(tuple((node(path), tuple(policies[name] for name in names)) for path, names in attached.items()))
    before, after = (
        {name for path, names in attached.items() if node(path) in chain(end) for name in names}
        for end in (source, destination)
    )
    effects = set(effects_of(source, destination, moved(source, destination, facts)[0]))
    assert effects == {f"gains {policies[name]}" for name in after - before} | {
        f"loses {policies[name]}" for name in before - after
    }


@pytest.mark.parametrize(("target", "retains", "allowed"), list(product(PATHS, (True, False), (True, False))))
def test_a_move_that_deletes_stacks_needs_a_line_in_the_file(target: UnitPath, retains: bool, allowed: bool) -> None:
    source, destination = ("A", "B"), ("D", "B")
    facts = MoveFacts(stack_sets=(StackSet("baseline", "eu-west-1", (node(target),), retains),))
    observed, desired = moved(source, destination, facts, allowed=allowed)
    made = plan("accounts", observed, desired)
    leaves = node(target) in chain(source) - chain(destination)
    joins = node(target) in chain(destination) - chain(source)
    lines = [waiting.what for waiting in made.waiting]
    if leaves and not retains and not allowed:
        assert not [step for step in made.steps if isinstance(step, MoveAccount)]
        (line,) = lines
        assert "out of the targets of StackSet baseline (eu-west-1) would delete stacks" in line
        assert "accounts.log-archive.allow_stack_deletion = true" in line
        return
    assert lines == []
    expected = []
    if leaves:
        expected = [f"leaves StackSet baseline (eu-west-1), which {'keeps' if retains else 'DELETES'} its stacks"]
    if joins:
        expected = ["gets the stacks of StackSet baseline (eu-west-1)"]
    assert list(move_of(made).effects) == expected


def test_an_import_that_would_lose_its_stacks_is_held_back_too() -> None:
    facts = MoveFacts(stack_sets=(StackSet("baseline", "us-east-1", (node(("A",)),), False),))
    observed, desired = moved(("A",), ("D",), facts)
    (spec,) = desired.accounts
    values: dict[str, Any] = {
        name: getattr(spec, name) for name in ("key", "name", "email", "unit", "role_name", "tags")
    }
    imported = ImportSpec(**values, id=ACCOUNT, profile=None, leaves_other_organization=False)
    observed = observed.with_facts(ImportFacts())
    held = plan("imports", observed, replace(desired, accounts=(), imports=(imported,)))
    assert not [step for step in held.steps if isinstance(step, MoveAccount)]
    assert any("imports.log-archive.allow_stack_deletion = true" in waiting.what for waiting in held.waiting)
    allowed = replace(imported, allow_stack_deletion=True)
    assert nodes_to_read((allowed,), observed) == ("ou-A", "ou-D", "r-root")


def test_resource_shares_with_a_unit_are_gained_and_lost() -> None:
    shares = (
        Share("subnets", "us-east-1", node(("A",))), Share("subnets", "eu-west-1", node(("A", "B"))),
        Share("gateway", "us-east-1", node(("D",))), Share("both", "us-east-1", node(("A",))),
        Share("both", "us-east-1", node(("D",))),
    )  # fmt: skip
    observed, desired = moved(("A", "B"), ("D",), MoveFacts(shares=shares))
    assert move_of(plan("accounts", observed, desired)).effects == (
        "gains resource share gateway (us-east-1)",
        "loses resource share subnets (eu-west-1)",
        "loses resource share subnets (us-east-1)",
    )


def test_what_could_not_be_read_stands_in_the_step_as_not_known() -> None:
    facts = MoveFacts(unread_policies=((node(("A",)), SCP), (node(("D", "B")), TAG)), unread=("StackSets of x",))
    observed, desired = moved(("A",), ("D",), facts)
    step = move_of(plan("accounts", observed, desired))
    assert step.effects == ("not known: service control policies of ou-A", "not known: StackSets of x")
    assert step.sentence == (
        "move account log-archive to D; not known: service control policies of ou-A; not known: StackSets of x"
    )


def test_a_move_about_which_nothing_was_read_says_so() -> None:
    observed, desired = moved(("A",), ("D",), None)
    assert move_of(plan("accounts", observed, desired)).effects == ("what it gains and loses is not known",)


def test_what_a_move_costs_is_part_of_what_is_approved() -> None:
    policy = AttachedPolicy(SCP, "guard", "p-1")
    with_it, without = (
        plan("accounts", *moved(("A",), ("D",), MoveFacts(((node(("A",)), attached),)))) for attached in ((policy,), ())
    )
    assert with_it.sha256 != without.sha256
    assert "loses service control policy guard (p-1)" in with_it.canonical.decode()
    step = move_of(with_it)
    assert read_step(step.facts()) == step


def test_only_the_units_on_the_way_of_a_move_are_read() -> None:
    observed, desired = moved(("A", "B"), ("A", "B"), MoveFacts())
    assert nodes_to_read(desired.accounts, observed) == ()
    new = AccountSpec("new", "new", "new@acme.example", ("D", "B"), "Role", False, ())
    assert nodes_to_read((*desired.accounts, new), observed) == ("ou-D", "ou-D-B", "r-root")


def test_nothing_is_read_for_an_account_about_which_a_person_has_to_decide_first() -> None:
    observed, desired = moved(("A", "B"), ("D",), MoveFacts())
    (account,) = observed.accounts
    closed = replace(observed, accounts=(replace(account, state="SUSPENDED"),))
    assert nodes_to_read(desired.accounts, observed) == ("ou-A", "ou-A-B", "ou-D", "r-root")
    assert nodes_to_read(desired.accounts, closed) == ()
