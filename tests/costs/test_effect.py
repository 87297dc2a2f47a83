"""What a plan would cost per month, step by step."""

import dataclasses
from decimal import Decimal

import pytest

from orgkit.costs.estimate.assumptions import SCENARIOS
from orgkit.costs.estimate.effect import UNKNOWN_CHARGE, monthly_effect
from orgkit.costs.estimate.estimate import estimate
from orgkit.model.plan import Plan, Step
from orgkit.phases.account_imports.steps import AcceptInvitation, InviteAccount
from orgkit.phases.accounts.steps import CreateAccount
from orgkit.phases.member_access.steps import CreateReadRole
from orgkit.phases.organization.steps import CreateOrganization, EnableTrustedAccess
from orgkit.phases.organizational_units.steps import CreateUnit
from orgkit.phases.registry import RUNBOOKS
from orgkit.phases.trail.steps import CreateKey, CreateTrail, StartLogging


def make(kind, **known):
    """A step of which only its name and what it is about matter here."""
    needed = [f.name for f in dataclasses.fields(kind) if f.default is dataclasses.MISSING]
    return kind(**{name: known.get(name, "") for name in needed})


def create(key):
    return make(CreateAccount, key=key)


def invite(key):
    return make(InviteAccount, key=key)


def accept(key):
    return make(AcceptInvitation, key=key)


CONFIG = make(EnableTrustedAccess, principal="config.amazonaws.com")
LOGGING = (make(CreateTrail), make(StartLogging))
KEY = make(CreateKey)


@pytest.fixture
def effect(build, target):
    def of(phase, *steps, desired=None, **more):
        return monthly_effect(Plan(phase, target, steps), desired or build(), **more)

    return of


def test_an_empty_plan_costs_nothing(effect):
    found = effect("units")
    assert (found.low, found.expected, found.high, found.lines) == (0, 0, 0, ())
    assert found.sentence == "These steps cost nothing per month."


def test_organizational_units_cost_nothing_and_say_so(effect):
    (line,) = effect("units", make(CreateUnit, path="Security")).lines
    assert (line.low, line.expected, line.high) == (0, 0, 0)
    assert line.reason == "organizational units cost nothing"


def test_every_step_says_why_it_costs_nothing_or_what_its_amount_is_for():
    steps = {step for phase in RUNBOOKS for step in phase.steps}
    assert [step.__name__ for step in steps if not (step.cost_note or step.usage_note)] == []


def test_a_step_that_nobody_has_priced_says_that(effect):
    class Unheard(Step):
        kind = "do-something-new"
        sentence = "do something new"

    (line,) = effect("units", Unheard(starts_from="absent")).lines
    assert (line.expected, line.reason) == (0, UNKNOWN_CHARGE)


def test_an_account_costs_what_config_would_record_in_it(effect):
    found = effect("accounts", create("website-prod"), create("log-archive"))
    assert [line.expected for line in found.lines] == [Decimal("1.80"), Decimal("1.80")]
    assert [line.later_usd for line in found.lines] == [Decimal("1.80"), Decimal("1.80")]
    assert "assumed to be switched on later" in found.lines[0].reason
    assert found.sentence == (
        "These steps cost about 3.60 USD per month (between 0.66 and 22.00); "
        "3.60 of it only once AWS Config records, which orgkit does not switch on."
    )


def test_an_account_costs_nothing_where_config_is_not_asked_for(effect, build):
    found = effect("accounts", create("website-prod"), desired=build(trusted_access=()))
    assert found.lines[0].reason == "an account costs nothing; what is done in it does"
    assert found.expected == 0


def test_an_account_adds_its_files_to_a_trail_that_logs_already(effect, build):
    desired = build(trusted_access=())
    found = effect("accounts", create("website-prod"), desired=desired, trail_logs=True)
    files, digests, storage = 8760 * Decimal("0.000005"), 17 * 730 * Decimal("0.000005"), Decimal("0.0023")
    assert found.expected == (files + digests + storage).quantize(Decimal("0.01"))
    assert found.lines[0].later_usd == 0


def test_an_account_that_is_invited_and_accepts_counts_once(effect):
    both = effect("imports", invite("dns"), accept("dns"))
    assert [line.expected for line in both.lines] == [Decimal("1.80"), 0]
    assert "where it is invited" in both.lines[1].reason
    assert effect("imports", accept("dns")).expected == Decimal("1.80")


def test_files_count_where_logging_starts(effect):
    trail, logging = effect("trail", *LOGGING).lines
    assert (trail.low, trail.high) == (0, 0)
    assert (logging.low, logging.expected) == (Decimal("0.32"), Decimal("0.43"))


def test_a_key_counts_where_it_is_made(effect, build):
    found = effect("trail", KEY, *LOGGING, desired=build(kms_key=True))
    assert [str(line.high) for line in found.lines] == ["1.09", "0.00", "14.15"]


@pytest.mark.parametrize("accounts", [4, 500])
def test_the_phases_add_up_to_the_estimate_but_for_what_no_phase_makes(build, target, accounts):
    desired = build(("log-archive", *(f"a{n}" for n in range(accounts - 3))), kms_key=True, config_items_per_account=0)
    road = (
        Plan("organization", target, (make(CreateOrganization), CONFIG)),
        Plan("accounts", target, tuple(create(spec.key) for spec in desired.accounts)),
        Plan("imports", target, (invite("dns"), accept("dns"))),
        Plan("trail", target, (KEY, *LOGGING)),
    )
    effects = [monthly_effect(plan, desired) for plan in road]
    whole = estimate(desired)
    later = ("DNS queries", "writes of IaC state", "reads of IaC state", "logs", "reading actual costs")
    none_makes = ("hosted zones", "further KMS keys", *later)
    for scenario in SCENARIOS:
        rest = sum(c.effective_cost for c in whole.charges[scenario] if c.usage.driver in none_makes)
        output = sum(getattr(effect, scenario) for effect in effects) + rest
        assert abs(output - whole.total(scenario)) <= Decimal("0.02")  # each of four plans is rounded to cents


def test_lines_stand_in_the_order_of_the_steps_and_add_up(effect):
    steps = (*LOGGING, create("website-prod"))
    found = effect("trail", *steps)
    assert [line.sentence for line in found.lines] == [step.sentence for step in steps]
    assert sum(line.high for line in found.lines) == found.high


def test_the_facts_of_an_effect_are_strings(effect):
    facts = effect("accounts", create("website-prod"), make(CreateReadRole)).facts()
    assert (facts["low"], facts["expected"], facts["high"]) == ("0.33", "1.80", "11.00")
    assert facts["lines"][1]["why"] == "IAM roles cost nothing"


@pytest.mark.parametrize(
    ("forfeited", "expected"),
    [("200.00", "USD 200.00 of credits, lost"), ("?", "credits of an amount that could not be read, lost")],
)
def test_the_step_that_forfeits_credits_says_so_where_its_cost_stands(effect, forfeited, expected):
    step = dataclasses.replace(make(CreateOrganization), forfeited_usd=forfeited)
    found = effect("organization", step)
    assert found.lines[0].price == f"nothing a month; once: {expected}"
    assert found.sentence == f"These steps cost nothing per month. Once: {expected}."
    assert found.facts()["lines"][0]["once_usd"] == forfeited


def test_a_step_that_forfeits_nothing_costs_nothing(effect):
    found = effect("organization", make(CreateOrganization), CONFIG)
    assert found.lines[0].price == "nothing"
    assert found.lines[1].price == "1.80 (0.33 to 11.00)"
    assert "Once" not in found.sentence


def test_the_forfeited_amount_is_no_part_of_the_digest(target):
    plans = [
        Plan("organization", target, (dataclasses.replace(make(CreateOrganization), forfeited_usd=amount),))
        for amount in ("", "200.00", "199.50")
    ]
    assert len({plan.sha256 for plan in plans}) == 1
