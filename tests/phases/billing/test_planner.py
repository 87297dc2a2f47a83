"""What phase 10 proposes: from the high scenario, by name, and nothing twice."""

from dataclasses import replace
from decimal import Decimal

import pytest

from orgkit.costs.bills.billing_spec import BillingSpec
from orgkit.costs.estimate.estimate import estimate
from orgkit.costs.estimate.usage import MANAGEMENT
from orgkit.costs.prices.books import shipped_text
from orgkit.model.matching import known_ids
from orgkit.model.observed import Unread
from orgkit.phases.billing.facts import BillingFacts
from orgkit.phases.billing.planner import ALERT, MONITOR, name_of, plan
from orgkit.phases.billing.steps import ActivateCostTag, CreateAnomalyMonitor, CreateAnomalySubscription, CreateBudget
from tests.plans.loader import desired_of, observed_of

EMAILS = ("ada@example.com", "bob@example.com")


@pytest.fixture
def desired():
    return desired_of().with_section(BillingSpec(alerts=EMAILS))


@pytest.fixture
def observed():
    return observed_of({"organization": {}})


def budgets(found):
    return [step for step in found.steps if isinstance(step, CreateBudget)]


def seeing(observed, **facts):
    return observed.with_facts(BillingFacts(**facts))


def test_a_budget_is_the_high_scenario_in_whole_dollars_rounded_up(observed, desired):
    made = estimate(desired, known_ids(desired, observed))
    whole = budgets(plan(observed, desired))[0]
    assert (whole.name, whole.account, whole.emails) == ("orgkit-organization", "", EMAILS)
    assert 0 <= Decimal(whole.limit_usd) - made.high < 1


def test_only_accounts_that_exist_get_a_budget(observed, desired):
    found = {step.account for step in budgets(plan(observed, desired))}
    assert found == {"", "management account", *known_ids(desired, observed)}


def test_without_anybody_to_tell_nothing_is_proposed_and_that_is_said(observed, desired):
    found = plan(observed, desired.with_section(BillingSpec()))
    assert found.empty
    assert any("[billing] alerts names no email" in warning for warning in found.warnings)


def test_the_alert_is_for_a_tenth_of_the_high_scenario(observed, desired):
    found = plan(observed, desired)
    (monitor,) = [step for step in found.steps if isinstance(step, CreateAnomalyMonitor)]
    (alert,) = [step for step in found.steps if isinstance(step, CreateAnomalySubscription)]
    assert (monitor.name, alert.monitor) == (MONITOR, MONITOR)
    assert Decimal(alert.at_least_usd) * 10 >= Decimal(budgets(found)[0].limit_usd)
    assert found.steps.index(monitor) < found.steps.index(alert)


def test_a_monitor_that_is_there_is_used_since_aws_allows_no_second(observed, desired):
    found = plan(seeing(observed, monitors=(("Default-Services-Monitor", "arn:x"),)), desired)
    assert not [step for step in found.steps if isinstance(step, CreateAnomalyMonitor)]
    (alert,) = [step for step in found.steps if isinstance(step, CreateAnomalySubscription)]
    assert alert.monitor == "Default-Services-Monitor"


def test_what_is_there_is_not_made_again_and_not_changed(observed, desired):
    all_of_it = tuple((step.name, Decimal(step.limit_usd)) for step in budgets(plan(observed, desired)))
    there = seeing(observed, budgets=all_of_it, monitors=((MONITOR, "arn:x"),), subscriptions=(ALERT,))
    assert plan(there, desired).empty
    other = seeing(observed, budgets=((all_of_it[0][0], Decimal("5")), ("mine", None)))
    found = plan(other, desired)
    assert "orgkit-organization" not in {step.name for step in budgets(found)}
    assert any("budget orgkit-organization is 5 USD" in warning for warning in found.warnings)
    assert found.unmanaged == ("budget mine",)


@pytest.mark.parametrize(("status", "steps"), [("Inactive", 1), ("Active", 0)])
def test_a_tag_that_aws_knows_is_activated_once(observed, desired, status, steps):
    found = plan(seeing(observed, tags=(("orgkit:key", status),)), desired)
    assert len([step for step in found.steps if isinstance(step, ActivateCostTag)]) == steps
    assert not [warning for warning in found.warnings if "cost allocation tag yet" in warning]


def test_a_tag_that_aws_has_not_seen_is_named_and_not_activated(observed, desired):
    found = plan(observed, desired)
    assert not [step for step in found.steps if isinstance(step, ActivateCostTag)]
    assert any("AWS does not know orgkit:key" in warning for warning in found.warnings)


def test_how_discounts_are_shared_is_shown_or_that_it_could_not_be_read(observed, desired):
    shown = plan(seeing(observed, sharing=("credits are not shared",)), desired)
    assert "preference: credits are not shared." in shown.warnings
    unread = plan(seeing(observed, sharing=Unread("denied")), desired)
    assert any("could not be read: denied" in warning for warning in unread.warnings)


def test_before_there_is_an_organization_it_is_a_preview(desired):
    found = plan(replace(observed_of({"organization": {}}), organization=None), desired)
    assert found.needs


def test_budgets_rest_on_the_prices_that_lie_beside_the_file(observed, desired):
    header, *rows = shipped_text().splitlines()
    (item,) = (row for row in rows if row.startswith("s3.requests.tier1,"))
    dearer = item.replace(",0.000005,", ",0.00005,").replace("2026-11-23", "2026-11-26")
    assert dearer != item
    beside = replace(desired, prices=f"{header}\n{dearer}\n")
    before, after = (Decimal(budgets(plan(observed, each))[0].limit_usd) for each in (desired, beside))
    assert after > before
    assert 0 <= after - estimate(beside, known_ids(desired, observed)).high < 1


def test_no_two_accounts_have_a_budget_of_one_name():
    keys = ("", MANAGEMENT, "management", "management-account", "organization", "account-management")
    assert len({name_of(key) for key in keys}) == len(keys)
