"""Budgets, anomaly monitors, alerts and cost allocation tags in the inventory."""

from collections.abc import Iterable, Iterator, Mapping

from orgkit.costs.bills.billing_spec import BillingSpec
from orgkit.costs.estimate.estimate import estimate
from orgkit.costs.estimate.usage import MANAGEMENT
from orgkit.model.desired import Desired
from orgkit.model.inventory import NONE, PRESENCE, Calls, Gap, InventoryPart, Resource, gaps_of
from orgkit.model.matching import known_ids
from orgkit.model.observed import Observed, Unread
from orgkit.phases.billing.facts import AdoptedAlerts
from orgkit.phases.billing.planner import ALERT, MONITOR, limits, name_of
from orgkit.phases.billing.steps import ORGANIZATION

BUDGET, ANOMALY_MONITOR, SUBSCRIPTION = "budget", "anomaly monitor", "anomaly subscription"
COST_TAG = "cost allocation tag"
ACTIVE = "Active"
CALLS: dict[str, Calls] = {
    BUDGET: {PRESENCE: ("CreateBudget", "DeleteBudget"), "limit": ("UpdateBudget",), "period": ("UpdateBudget",)},
    ANOMALY_MONITOR: {PRESENCE: ("CreateAnomalyMonitor", "DeleteAnomalyMonitor")},
    SUBSCRIPTION: {
        PRESENCE: ("CreateAnomalySubscription", "DeleteAnomalySubscription"),
        "emails": ("UpdateAnomalySubscription",),
    },
    COST_TAG: {"state": ("UpdateCostAllocationTagsStatus",), PRESENCE: ("UpdateCostAllocationTagsStatus",)},
}
Attributes = dict[str, dict[str, str]]  # by the name of a resource


def resources(observed: Observed, desired: Desired) -> Iterator[Resource | Gap]:
    """Yield what the file asks for and what is there. The limit of a budget is compared with the last run alone.

    orgkit changes no limit, since the estimate changes with the price book.
    """
    facts = observed.facts(AdoptedAlerts)
    assert facts is not None
    account = observed.target.account
    emails = desired.section(BillingSpec).alerts
    yield from gaps_of(BUDGET, "", facts.budgets)
    if not isinstance(facts.budgets, Unread):
        budgets = {
            item.name: {"type": item.type, "period": item.period, "limit": item.limit or NONE} for item in facts.budgets
        }
        names = _budget_names(observed, desired, {*budgets})
        yield from _all(BUDGET, budgets, {name: {} for name in names}, account)
    yield from gaps_of(ANOMALY_MONITOR, "", facts.monitors)
    if not isinstance(facts.monitors, Unread):
        monitors = {item.name: {"type": item.type, "dimension": item.dimension or NONE} for item in facts.monitors}
        # AWS allows one monitor of all services, whatever its name.
        name = next((item.name for item in facts.monitors if item.dimension == "SERVICE"), MONITOR)
        arns = {item.name: item.arn for item in facts.monitors}
        yield from _all(ANOMALY_MONITOR, monitors, {name: {"dimension": "SERVICE"}}, account, arns)
    yield from gaps_of(SUBSCRIPTION, "", facts.subscriptions)
    if not isinstance(facts.subscriptions, Unread):
        alerts = {item.name: {"emails": _sorted(item.emails)} for item in facts.subscriptions}
        arns = {item.name: item.arn for item in facts.subscriptions}
        yield from _all(SUBSCRIPTION, alerts, {ALERT: {"emails": _sorted(emails)}}, account, arns)
    yield from gaps_of(COST_TAG, "", facts.tags)
    if not isinstance(facts.tags, Unread):
        spec_values = {key: {"state": ACTIVE} for key in desired.section(BillingSpec).cost_allocation_tags}
        yield from _all(COST_TAG, {key: {"state": ACTIVE} for key in facts.tags}, spec_values, account)


def _all(
    kind: str, existing: Attributes, spec_values: Attributes, account: str, arns: Mapping[str, str] | None = None
) -> Iterator[Resource]:
    for name in sorted({*existing, *spec_values}):
        yield Resource(
            kind=kind,
            id=name,
            name=name,
            values=existing.get(name),
            spec_values=spec_values.get(name),
            account=account,
            calls=CALLS[kind],
            identifiers=(name, (arns or {}).get(name, "")),
        )


def _budget_names(observed: Observed, desired: Desired, existing: set[str]) -> set[str]:
    """Return the names of the budgets of the file: those of the accounts that are there, or that were."""
    ids = known_ids(desired, observed)
    keys = {ORGANIZATION, MANAGEMENT, *ids}
    return {name_of(key) for key in limits(estimate(desired, ids)) if key in keys or name_of(key) in existing}


def _sorted(values: Iterable[str]) -> str:
    return ", ".join(sorted(values)) or NONE


INVENTORY = InventoryPart((BUDGET, ANOMALY_MONITOR, SUBSCRIPTION, COST_TAG), resources, AdoptedAlerts)
