"""Whatever a file holds, it ends in a clear error that names the place, or in a plan; nothing is left half-done."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from orgkit.costs.estimate.effect import monthly_effect
from orgkit.costs.estimate.estimate import estimate
from orgkit.errors import OrgkitError, ParametersInvalid
from orgkit.model.desired import Desired
from orgkit.model.observed import Account, Member, Observed, Unit
from orgkit.model.plan import Plan, Target
from orgkit.parameters import load
from orgkit.phases.account_imports.facts import Handshake, ImportFacts, Owner
from orgkit.phases.registry import RUNBOOKS
from orgkit.phases.registry import plan as plan_phase
from orgkit.phases.trail.facts import TrailFacts
from orgkit.runbook import stages
from orgkit.runbook.views import display
from orgkit.runbook.views.tree import desired_tree, observed_tree
from tests.parameters.arbitrary import WHOLE, files, odd_trees, toml
from tests.plans.loader import observed_of
from tests.runbook.hostile import HOSTILE, NAMES, check, check_text

ORGANIZED = observed_of({"organization": {}}).organization
PATIENT = settings(suppress_health_check=list(HealthCheck))

CHANGING = [phase.label for phase in RUNBOOKS if phase.changes]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, module_environment: pytest.MonkeyPatch) -> Path:
    place = tmp_path_factory.mktemp("files")
    module_environment.setenv("ORGKIT_OUTPUTS", str(place / "outputs"))
    return place


@pytest.fixture(scope="module")
def module_environment() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        yield patch


def attempt(content: bytes, folder: Path, name: str) -> None:
    """As a runbook begins with it: refused before anything is written, or loaded and planned."""
    file = folder / "acme.toml"
    file.write_bytes(content)
    try:
        desired = load(file)
    except ParametersInvalid as refusal:
        check_refusal(refusal, file)
        with pytest.raises(ParametersInvalid):
            stages.begin("units", str(file))
    else:
        assert plans_of(desired, name)
    assert list(folder.iterdir()) == [file]


def check_refusal(refusal: ParametersInvalid, file: Path) -> None:
    message = str(refusal)
    check_text(message)
    assert str(file) in message
    assert refusal.problems
    for problem in refusal.problems:
        assert problem.place in message
        assert problem.message.strip().endswith((".", "?", ":", ")", "…")) or "The line reads" in problem.message, (
            message
        )
        assert len(problem) < 2000


def plans_of(desired: Desired, *names: str) -> list[Plan]:
    """Every phase on every state of AWS, and everything that a person is shown of it."""
    check(display.VIEWS[Desired](desired))
    check(display.render_tree(desired_tree(desired)))
    check(display.render_estimate(estimate(desired)))
    return [
        plan for observed in states(desired, names) for phase in CHANGING for plan in planned(phase, observed, desired)
    ]


def planned(phase: str, observed: Observed, desired: Desired) -> Iterator[Plan]:
    """A plan, or an orgkit error in its three lines; any other exception is a fault."""
    check(display.render_tree(observed_tree(observed, desired)))
    plan = plan_or_stop(phase, observed, desired)
    if isinstance(plan, OrgkitError):
        check_text(str(plan))
        assert str(plan).count("\n") == 2
        return
    check(display.VIEWS[Plan](plan))
    check(display.render_effect(monthly_effect(plan, desired)))
    plan.canonical.decode()
    yield plan


def plan_or_stop(phase: str, observed: Observed, desired: Desired) -> Plan | OrgkitError:
    try:
        return plan_phase(phase, observed, desired)
    except OrgkitError as stop:
        return stop


def states(desired: Desired, names: Iterable[str]) -> Iterator[Observed]:
    """No organization; a bare one; one that has all of it; one that somebody else has named."""
    id_ = desired.organization.management_account_id
    bare = replace(observed_of({"organization": {}}), target=Target(id_, "o-exampleorgid", "aws", "aws"))
    yield replace(bare, target=Target(id_, None, "aws", "aws"), organization=None)
    yield bare.with_facts(TrailFacts(()))
    yield whole(bare, desired)
    yield from (strange(bare, name) for name in names)


def whole(bare: Observed, desired: Desired) -> Observed:
    accounts = tuple(
        Account(spec.id or f"{n:012}", spec.name, spec.email, "ACTIVE", spec.unit, "CREATED", spec.tags)
        for n, spec in enumerate(desired.members)
    )
    return replace(
        bare,
        units=tuple(Unit(spec.path, f"ou-{n}", spec.tags) for n, spec in enumerate(desired.units)),
        accounts=accounts,
        members=tuple(Member(account.id, True, True, True) for account in accounts),
        phase_facts=(
            ImportFacts(owners=tuple(Owner(spec.id, None, (), True, True) for spec in desired.imports)),
            TrailFacts(()),
        ),
    )


def strange(bare: Observed, name: str) -> Observed:
    return replace(
        bare,
        caller_arn=name,
        units=(Unit((name,), "ou-1", ((name, name),)),),
        accounts=(Account("000000000001", name, name, name, (name,), name, ((name, name),)),),
        phase_facts=(
            ImportFacts(
                (Handshake("h-1", "111111111111", name, "OPEN", name),),
                (Owner("111111111111", name, (name,), True, False, (name,)),),
            ),
            TrailFacts(()),
        ),
    )


def keyed(bare: Observed, name: str) -> Observed:
    """Somebody has named an account so, and tagged it as one that the file asks for under another email."""
    account = Account(
        "000000000002", name, name, "ACTIVE", (), "CREATED", (("orgkit:key", "log-archive"), (name, name))
    )
    return replace(strange(bare, name), accounts=(account,))


@pytest.mark.parametrize("phase", ["accounts", "trail"])
@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_a_strange_account_under_a_key_of_the_file_waits_for_a_decision_that_is_harmless_to_show(
    folder: Path, name: str, phase: str
) -> None:
    file = folder / "acme.toml"
    file.write_text(toml(WHOLE))
    desired = load(file)
    bare = next(iter(states(desired, ())))
    observed = keyed(replace(bare, organization=ORGANIZED, phase_facts=(TrailFacts(()),)), name)
    (made,) = planned(phase, observed, desired)
    (decision,) = made.blocked
    assert decision.blocks == "log-archive"
    assert "log-archive is account 000000000002 by its tag" in decision.what
    assert "log-archive" not in {step.subject for step in made.steps}
    assert phase == "accounts" or made.empty
    view = display.VIEWS[Plan](made)
    (item,) = (item for item in view.html.split("<li>") if "account 000000000002 by its tag" in item)
    assert "planned" in item
    assert "To go on: if this account is meant, write accounts.log-archive.email" in item
    assert not [line for line in view.text.splitlines() if line.startswith(("  do:", "  why:"))]


def test_the_example_with_every_key_in_use_is_planned(folder: Path) -> None:
    """What the properties below mutate is itself a good file; and it names every key that there is."""
    file = folder / "acme.toml"
    file.write_text(toml(WHOLE))
    assert len(plans_of(load(file), *HOSTILE)) > 80


@settings(PATIENT, max_examples=80)
@given(content=files(), name=NAMES)
def test_any_file_is_refused_with_its_place_or_planned(content: bytes, name: str, folder: Path) -> None:
    attempt(content, folder, name)


@settings(PATIENT, max_examples=30)
@given(tree=odd_trees(), name=NAMES)
def test_whatever_name_aws_takes_is_planned(tree: dict[str, object], name: str, folder: Path) -> None:
    file = folder / "acme.toml"
    file.write_bytes(toml(tree).encode())
    assert len(plans_of(load(file), name)) == len(CHANGING) * 4
